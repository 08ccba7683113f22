"""Training: the loop of chapter 07 with its checkpoints, loaders, and the ladder of chapter 08."""

from utils.training.augmentation import mirrored, shifted
from utils.training.checkpoints import CheckpointError, load_checkpoint, save_checkpoint
from utils.training.devices import pick_device
from utils.training.ladder import accuracy_after, images_per_second, running
from utils.training.loaders import TensorLoader, as_tensors
from utils.training.loop import evaluate, fit, seed_everything
from utils.training.timing import synchronize, time_calls

__all__ = ["CheckpointError", "TensorLoader", "accuracy_after", "as_tensors", "evaluate", "fit"]
__all__ += ["images_per_second", "load_checkpoint", "mirrored", "pick_device", "running"]
__all__ += ["save_checkpoint", "seed_everything", "shifted", "synchronize", "time_calls"]
