"""What `fit` counts: sums that stay on the device until somebody asks."""

from functools import partial

import torch
from torch import nn
from torch.nn.functional import cross_entropy, nll_loss


class Tally:
    """Losses, hits and sizes of one epoch's batches, kept on the device until somebody asks."""

    def __init__(self, loss_fn, epoch):
        self.loss_fn, self.epoch = loss_fn, epoch
        self.losses, self.learning_rates = [], []
        self.hits, self.counts, self.shares = [], [], []

    def add(self, loss, logits, labels, learning_rate):
        """Note a batch: loss, a scalar tensor; logits (N, classes); labels (N,)."""
        self.losses.append(loss.detach())
        self.learning_rates.append(learning_rate)
        counted = count(self.loss_fn, logits, labels)
        for numbers, number in zip((self.hits, self.counts, self.shares), counted, strict=True):
            numbers.append(number)

    def look(self):
        """Return the losses on the CPU; raise FloatingPointError if one is no finite number."""
        losses = torch.stack(self.losses).cpu().double()
        if not losses.isfinite().all():
            step = losses.isfinite().long().argmin().item() + 1
            why = "" if self.counts[step - 1] else " (all labels of the batch are ignored ones)"
            self._stop(f"the loss became {losses[step - 1]:.4g}{why}", step)
        return losses

    def means(self):
        """Return loss and accuracy over all images, as two floats."""
        counts, shares = _on_cpu(self.counts), _on_cpu(self.shares)
        loss = (self.look() * shares).sum() / shares.sum()
        return loss.item(), torch.stack(self.hits).sum().item() / int(counts.sum())

    def require_finite(self, model):
        """Raise FloatingPointError if the last step has spoilt a parameter."""
        for name, parameter in model.named_parameters():
            if not parameter.isfinite().all():
                self._stop(f"{name} became infinite or NaN", len(self.losses))

    def _stop(self, what, step):
        raise FloatingPointError(
            f"{what} in epoch {self.epoch}, step {step}, at learning rate "
            f"{self.learning_rates[step - 1]:.4g}. Training stopped; the parameters are spoilt, a "
            "checkpoint of the epoch before is not. Try a smaller learning rate, clip the "
            "gradients, and look for values in the images that are not finite."
        )


def _on_cpu(numbers):
    """Return numbers, or scalar tensors of one device, as one tensor: a single wait."""
    on_device = isinstance(numbers[0], torch.Tensor)
    return (torch.stack(numbers).cpu() if on_device else torch.tensor(numbers)).double()


def count(loss_fn, logits, labels):
    """Return how many labels (N,) are right, how many count, and what their mean is divided by.

    The last two differ where classes have weights; labels of `ignore_index` count for nothing.
    """
    settings, right = settings_of(loss_fn), logits.argmax(dim=1) == labels
    if not settings:
        return right.sum(), len(labels), len(labels)
    weight, kept = settings.get("weight"), labels != settings.get("ignore_index", -100)
    share = kept if weight is None else weight[labels * kept] * kept
    return (right & kept).sum(), kept.sum(), share.sum()


def settings_of(loss_fn):
    """Return weight, ignore_index and reduction of torch's losses for labels, {} for others."""
    if isinstance(loss_fn, nn.CrossEntropyLoss | nn.NLLLoss):
        return {name: getattr(loss_fn, name) for name in ("weight", "ignore_index", "reduction")}
    if isinstance(loss_fn, partial) and loss_fn.func in (cross_entropy, nll_loss):
        return loss_fn.keywords
    return {}
