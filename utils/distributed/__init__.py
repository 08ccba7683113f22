"""Training on many workers: `launch` starts them, each runs the script in `worker`."""

import os

from utils.distributed.launching import LaunchError, available_cores, launch

__all__ = ["LaunchError", "available_cores", "launch"]

if os.name == "nt":  # where torch is built without libuv, on which its stores rely by default
    os.environ.setdefault("USE_LIBUV", "0")
