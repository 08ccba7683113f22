"""Training: the loop of chapter 07 with its checkpoints, loaders, and the ladder of chapter 08."""

from utils.training.augmentation import mirrored, shifted
from utils.training.checkpoints import CheckpointError, load_checkpoint, save_checkpoint
from utils.training.ladder import PLAIN, Run, accuracy_after, images_per_second, running
from utils.training.loaders import TensorLoader, as_tensors
from utils.training.loop import evaluate, fit, pick_device, seed_everything
from utils.training.timing import synchronize, time_calls

__all__ = ["PLAIN", "CheckpointError", "Run", "TensorLoader", "accuracy_after", "as_tensors"]
__all__ += ["evaluate", "fit", "images_per_second", "load_checkpoint", "mirrored", "pick_device"]
__all__ += ["running", "save_checkpoint", "seed_everything", "shifted", "synchronize", "time_calls"]
