"""What `fit` counts, and what it refuses: sums that stay on the device, errors that name values."""

from operator import length_hint

import torch
from torch.optim.lr_scheduler import ReduceLROnPlateau


class Tally:
    """Losses, hits and sizes of one epoch's batches, kept on the device until somebody asks."""

    def __init__(self, epoch=None):
        self.epoch, self.losses, self.hits = epoch, [], []
        self.sizes, self.learning_rates = [], []

    def add(self, loss, logits, labels, learning_rate=None):
        """Note a batch: loss, a scalar tensor; logits (N, classes); labels (N,)."""
        self.losses.append(loss.detach())
        self.hits.append((logits.argmax(dim=1) == labels).sum())
        self.sizes.append(len(labels))
        self.learning_rates.append(learning_rate)

    def look(self):
        """Return the losses on the CPU; raise FloatingPointError if one is no finite number."""
        losses = torch.stack(self.losses).cpu().double()
        if self.epoch and not losses.isfinite().all():
            step = losses.isfinite().long().argmin().item() + 1
            self._stop(f"the loss became {losses[step - 1]:.4g}", step)
        return losses

    def means(self):
        """Return loss and accuracy over all images, as two floats."""
        require_batches(len(self.sizes))
        sizes = torch.tensor(self.sizes, dtype=torch.float64)
        loss = (self.look() * sizes).sum() / sizes.sum()
        return loss.item(), torch.stack(self.hits).sum().item() / int(sizes.sum())

    def require_finite(self, model):
        """Raise FloatingPointError if the last step has spoilt a parameter."""
        for name, parameter in model.named_parameters():
            if not parameter.isfinite().all():
                self._stop(f"{name} became infinite or NaN", len(self.sizes))

    def _stop(self, what, step):
        raise FloatingPointError(
            f"{what} in epoch {self.epoch}, step {step}, at learning rate "
            f"{self.learning_rates[step - 1]:.4g}. Training stopped; the parameters are spoilt, a "
            "checkpoint of the epoch before is not. Try a smaller learning rate, clip the "
            "gradients, and look for values in the images that are not finite."
        )


def require_batches(count):
    if not count:
        raise ValueError("the loader is empty: it gives no batch. Is its dataset empty, or "
                         "smaller than a batch with drop_last=True?")  # fmt: skip


def require_trainable(model, optimizer, scheduler, num_epochs, loaders):
    """Raise ValueError or TypeError for arguments of `fit` that cannot work."""
    own = {id(parameter) for parameter in model.parameters() if parameter.requires_grad}
    held = {id(p) for group in optimizer.param_groups for p in group["params"]}
    if not own:
        raise ValueError(f"{type(model).__name__} has no parameters that need a gradient: there "
                         "is nothing to train.")  # fmt: skip
    if not own & held:
        raise ValueError("the optimizer holds no parameter of this model: make it from "
                         "model.parameters() after the model.")  # fmt: skip
    if getattr(scheduler, "optimizer", optimizer) is not optimizer:
        raise ValueError("the scheduler steps another optimizer: make it anew after the optimizer.")
    if isinstance(scheduler, ReduceLROnPlateau):
        raise TypeError("ReduceLROnPlateau needs a loss to step; give a scheduler that counts, "
                        "such as OneCycleLR.")  # fmt: skip
    if isinstance(num_epochs, bool) or not isinstance(num_epochs, int) or num_epochs < 1:
        raise ValueError(f"num_epochs must be a whole number from 1 on, got {num_epochs!r}")
    for loader in loaders:
        require_batches(length_hint(loader, 1))


def batches(loader, device):
    """Yield (images, labels, labels as they came), the first two on the device."""
    for batch in loader:
        parts = batch if isinstance(batch, list | tuple) else [batch]
        if [isinstance(part, torch.Tensor) for part in parts] != [True, True]:
            kinds = ", ".join(type(part).__name__ for part in parts)
            raise TypeError(f"a loader must give pairs of tensors (images, labels), got: {kinds}")
        images, labels = parts
        yield images.to(device), labels.to(device), labels


def checked_loss(loss_fn, logits, labels, given):
    """Return loss_fn(logits, labels); raise ValueError if they do not fit together.

    `given` are the labels where the loader left them: on the CPU, looking at them costs no wait.
    """
    if logits.ndim != 2 or labels.shape != logits.shape[:1] or labels.dtype != torch.int64:
        raise ValueError(
            f"logits must be (N, classes) and labels (N,) of int64, got {tuple(logits.shape)} and "
            f"{tuple(labels.shape)} of {str(labels.dtype).removeprefix('torch.')}"
        )
    if given.device.type == "cpu" and len(given):
        lowest, highest = given.aminmax()
        if lowest < 0 or highest >= logits.shape[1]:
            wrong = (lowest if lowest < 0 else highest).item()
            raise ValueError(f"labels must be from 0 to {logits.shape[1] - 1}, one for each logit; "
                             f"a batch holds {wrong}")  # fmt: skip
    loss = loss_fn(logits, labels)
    if loss.ndim:
        raise ValueError(f"loss_fn must give one number a batch, got shape {tuple(loss.shape)}")
    return loss
