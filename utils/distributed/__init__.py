"""Training on many workers: `launch` starts them, each runs the script in `worker`."""

from utils.distributed.launching import LaunchError, available_cores, launch

__all__ = ["LaunchError", "available_cores", "launch"]
