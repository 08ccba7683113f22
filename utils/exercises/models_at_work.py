"""Checks of what is done with a whole model: ask it for labels, write its graph to a log."""

import copy
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import nn

from utils.exercises.compare import WrongAnswer, call, difference, expect, require_function
from utils.exercises.watch import Witness, hooks_left, modes_of


def _judged():
    """Return a model of layers in several modes, nested, with a witness in it."""
    inner = nn.Sequential(nn.Linear(40, 20), nn.BatchNorm1d(20), nn.Dropout(0.5), Witness())
    model = nn.Sequential(
        nn.Flatten(), nn.Linear(12, 40), nn.BatchNorm1d(40), inner, nn.Linear(20, 5)
    )
    model[2].eval()
    return model


def predicts(answer):
    """Raise WrongAnswer unless it gives a model's labels for images, and leaves the model alone."""
    require_function(answer)
    for enabled in (True, False):  # a caller may have switched gradients off, too
        with torch.set_grad_enabled(enabled):
            _predicts(answer)


def _predicts(answer):
    generator = torch.Generator().manual_seed(0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model, images = _judged(), torch.randn(60, 1, 3, 4, generator=generator)
    modes, before, pictures = modes_of(model), copy.deepcopy(model.state_dict()), images.clone()
    labels = call(lambda: answer(model, images), draws=True)
    after, seen = modes_of(model), model[3][3].seen[:]
    kept = [difference(model.state_dict()[name], value) for name, value in before.items()]
    frozen = any(not p.requires_grad or p.grad is not None for p in model.parameters())
    left = hooks_left(model)
    model.load_state_dict(before)
    with torch.no_grad():
        logits = model.eval()(pictures)
    if not seen:
        raise WrongAnswer("the model was not called")
    mistakes = [(logits, "Those are the logits; the label is the place of the largest")]
    mistakes += [(logits.softmax(1), "Those are probabilities; the label is the largest's place")]
    mistakes += [(logits.argmax(0), "The largest of each image, along axis 1")]
    if any(training for _, training in seen) and isinstance(labels, torch.Tensor):
        mistakes += [(labels, "Without `eval` dropout makes every answer a lottery")]
    expect(labels, logits.argmax(dim=1), mistakes)
    if any(recorded for recorded, _ in seen):
        raise WrongAnswer("the labels are right, but gradients were recorded: torch.no_grad()")
    if any(kept) or frozen:
        raise WrongAnswer("the model is changed: its weights, its buffers or their requires_grad")
    if left or difference(images, pictures):
        raise WrongAnswer(f"left behind: hooks on {left}, or other images than came")
    wrong = [name for name in modes if modes[name] != after[name]]
    if wrong:
        now = "train" if after[wrong[0]] else "eval"
        raise WrongAnswer(
            f"modes are not as before: {wrong[0]} is now in {now} mode. Remember each module's own"
        )


def logs_graph(answer):
    """Raise WrongAnswer unless it writes a model's graph to a folder and returns its operations."""
    require_function(answer)
    with torch.random.fork_rng(devices=[]):
        chain = nn.Sequential(nn.Flatten(), nn.Linear(12, 5), nn.ReLU(), nn.Linear(5, 3), nn.ReLU())
        maps = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Sigmoid(), nn.MaxPool2d(2), chain[0])
    for model, size in ((chain, (3, 4)), (maps, (9, 8))):
        _logs_graph(answer, model, torch.ones(1, 1, *size))


def _logs_graph(answer, model, image):
    with TemporaryDirectory(ignore_cleanup_errors=True) as ours:
        _write(model, image, ours)
        nodes = _nodes(ours)
    names = [node.op for node in nodes if node.op.startswith("aten::")]
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        got = call(answer, model, image, folder)
        found = _nodes(folder)
    expect(got, names, [
        ([node.op for node in nodes], "All nodes; only those whose `op` begins with aten::"),
        ([node.name for node in nodes if node.op in names],
         "Those are the nodes' names, `node.name`; the operation is `node.op`"),
        ([name.removeprefix("aten::") for name in names], "Leave `aten::` in front"),
        (names[::-1], "The other way round: the first operation first"),
        (sorted(names), "Sorted; the order of the graph was asked"),
        (list(dict.fromkeys(names)), "Each name once; an operation may come several times"),
        (len(names), "That is how many there are; their names were asked"),
        (None, "Is the `return` missing?"),
    ])  # fmt: skip
    if [node.op for node in found] != [node.op for node in nodes]:
        raise WrongAnswer(
            "the names are right, but the folder holds no graph of the model: "
            "SummaryWriter(folder) and add_graph(model, image)"
        )


def _write(model, image, folder):
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(folder) as writer, warnings.catch_warnings(action="ignore"):
        writer.add_graph(model, image)


def _nodes(folder):
    """Return the nodes of the graph in a folder, [] if there is none."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    if not any(Path(folder).glob("*tfevents*")):
        return []
    events = EventAccumulator(folder).Reload()
    return list(events.Graph().node) if events.Tags()["graph"] else []
