"""The ladder of chapter 08: one training, made faster one change at a time."""

from contextlib import contextmanager
from itertools import chain, repeat

import torch
from torch.nn.functional import cross_entropy
from torch.profiler import record_function
from torch.utils.data import DataLoader

from utils.models import FashionNet
from utils.training.loaders import TensorLoader
from utils.training.loop import evaluate, seed_everything
from utils.training.timing import time_calls

PLAIN = {
    "wait": True,  # for the loss and the hits, in each step
    "workers": 0,  # processes that prepare images
    "pinned": False,  # their batches, in memory from which a GPU copies by itself
    "resident": False,  # all images as tensors on the device
    "batch_size": 100,
    "max_lr": 0.01,
    "one_cycle": False,
    "channels_last": False,
    "bf16": False,
    "compiled": None,  # or a mode of torch.compile
}

LONG = 100_000  # steps: a schedule that outlasts what is timed


class Run:
    """FashionNet, its optimizer and its batches, set up as `settings` say.

    `train_set` gives (image, label) pairs, `tensors` the same as (images, labels) on `device`.
    Settings are those of PLAIN; `total_steps` is the length of the one-cycle schedule.
    Raises ValueError for a setting that PLAIN does not have.
    """

    def __init__(self, train_set, tensors, device, total_steps=None, seed=0, **settings):
        if unknown := settings.keys() - PLAIN.keys():
            raise ValueError(f"no such setting: {min(unknown)}; there are {', '.join(PLAIN)}")
        seed_everything(seed)
        self.device, self.settings = torch.device(device), PLAIN | settings
        self.model = FashionNet().to(self.device)
        if self.settings["channels_last"]:
            self.model.to(memory_format=torch.channels_last)
        if self.settings["compiled"]:
            self.model.compile(mode=self.settings["compiled"])
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=self.settings["max_lr"])
        self.schedule = None
        if self.settings["one_cycle"] and total_steps:
            self.schedule = torch.optim.lr_scheduler.OneCycleLR(
                self.optimizer, self.settings["max_lr"], total_steps=total_steps
            )
        self.loader = self._loader(train_set, tensors, torch.Generator().manual_seed(seed))
        self.batches = chain.from_iterable(repeat(self.loader))

    def _loader(self, train_set, tensors, generator):
        how = {"batch_size": self.settings["batch_size"], "generator": generator}
        if self.settings["resident"]:
            return TensorLoader(*tensors, shuffle=True, **how)
        workers = self.settings["workers"]
        how |= {"num_workers": workers, "persistent_workers": workers > 0}
        how["pin_memory"] = self.settings["pinned"] and self.device.type == "cuda"
        return DataLoader(train_set, shuffle=True, **how)

    def steps(self, count):
        """Train for `count` batches; the parts are labelled for the profiler."""
        for _ in range(count):
            with record_function("pictures"):
                batch = next(self.batches)
                how = {"non_blocking": self.device.type == "cuda"}  # pinned memory is CUDA's
                images, labels = (tensor.to(self.device, **how) for tensor in batch)
            with record_function("forward"), self._precision():
                logits = self.model(images)
                loss = cross_entropy(logits, labels)
            with record_function("backward"):
                self.optimizer.zero_grad()
                loss.backward()
            with record_function("update"):
                self.optimizer.step()
                if self.schedule:
                    self.schedule.step()
            if self.settings["wait"]:
                with record_function("waiting"):
                    loss.item(), (logits.argmax(dim=1) == labels).sum().item()

    def _precision(self):
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.settings["bf16"])


@contextmanager
def running(*args, **settings):
    """Give a Run for the length of a `with` block, and end its workers afterwards."""
    run = Run(*args, **settings)
    try:
        yield run
    finally:
        run.batches = run.loader = None


def images_per_second(train_set, tensors, device, *, images=1000, repeats=5, **settings):
    """Return `repeats` rates of training, in images per second, sorted; warmed up before.

    What is timed is the beginning of a schedule, if `one_cycle` asks for one.
    """
    with running(train_set, tensors, device, total_steps=LONG, **settings) as run:
        size = run.settings["batch_size"]
        steps = max(4, images // size)
        seconds = time_calls(lambda: run.steps(steps), device=device, repeats=repeats)
    return sorted(steps * size / second for second in seconds)


def accuracy_after(num_epochs, train_set, tensors, validation_loader, device, **settings):
    """Return the accuracy on `validation_loader` after `num_epochs` passes over the images."""
    size = (PLAIN | settings)["batch_size"]
    total = num_epochs * -(-len(tensors[0]) // size)
    with running(train_set, tensors, device, total_steps=total, **settings) as run:
        run.steps(total)
        return evaluate(run.model, validation_loader)[1]
