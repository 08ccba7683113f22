"""Exercises 4.7 to 4.9: weights from a file, a new head, and starting values."""

from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import nn

from utils.exercises.calling import call
from utils.exercises.compare import require_function
from utils.exercises.verdict import WrongAnswer, show


class _Net(nn.Module):
    def __init__(self, classes, width=4, middle=True):
        super().__init__()
        self.conv = nn.Conv2d(1, width, 3)
        self.norm = nn.BatchNorm2d(width)
        if middle:
            self.middle = nn.Linear(width, width)
        self.out = nn.Linear(width, classes)


def _net(seed, *sizes):
    """Return a network whose tensors, buffers too, all differ from another seed's."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = _Net(*sizes)
        for tensor in net.state_dict().values():
            tensor.copy_(9 * torch.rand(tensor.shape) + 10 * seed)
    return net


def _made_by_the_file():
    return {}


class _Command:
    def __reduce__(self):
        return _made_by_the_file, ()


def exercise_7(answer):
    """Load what fits, leave the rest, and say what was left."""
    require_function(answer)
    for saved_sizes, own_sizes in [((3,), (10,)), ((10, 4, False), (10,)), ((2, 4), (2, 4, False))]:
        saved, own = _net(1, *saved_sizes), _net(2, *own_sizes)
        there, before = saved.state_dict(), {n: t.clone() for n, t in own.state_dict().items()}
        left = _from_file(answer, own, there)
        fits = [n for n, t in there.items() if n in before and t.shape == before[n].shape]
        now = own.state_dict()
        if {n: t.shape for n, t in now.items()} != {n: t.shape for n, t in before.items()}:
            raise WrongAnswer("the model has other tensors, or other shapes, than before")
        for name, tensor in now.items():
            wanted = there[name] if name in fits else before[name]
            if torch.equal(tensor, wanted):
                continue
            buffers = ". Buffers are in the file, too: `state_dict()` has them"
            reason = buffers if name in dict(own.named_buffers()) else ""
            if name in fits:
                raise WrongAnswer(f"`{name}` fits, but was not loaded{reason}")
            raise WrongAnswer(f"`{name}` does not fit, and should be as it was")
        _left(left, [name for name in there if name not in fits], fits)
    try:
        _from_file(answer, own, _Command())
    except WrongAnswer:
        return
    raise WrongAnswer("a command that stood in the file was run: leave `weights_only=True`")


def _from_file(answer, model, saved):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "weights.pt"
        torch.save(saved, path)
        return call(lambda: answer(model, path))


def _left(got, expected, fits):
    if got is None:
        raise WrongAnswer("it returns None, expected the list of names. Is the `return` missing?")
    if not isinstance(got, list | tuple | set | dict) or len(got) != len(set(got)):
        raise WrongAnswer(f"got {show(got)}, expected a list of names")
    if set(got) == set(expected):
        return
    reason = ". Those are the names that were loaded" if set(got) == set(fits) else ""
    strange = [name for name in got if name not in (*fits, *expected)]
    if strange:
        reason = f". {strange[0]!r} is not in the file: asked for are names of the file"
    raise WrongAnswer(f"got {show(sorted(got))}, expected {show(sorted(expected))}{reason}")


def exercise_8(answer):
    """A frozen trunk, a new head, and an optimizer for the head alone."""
    require_function(answer)
    for width, classes in [(4, 2), (7, 5)]:
        model = _net(1, 10, width)
        old, trunk = model.out, {n: t.clone() for n, t in model.state_dict().items()}
        run = lambda model=model, classes=classes: answer(model, classes)  # noqa: E731
        optimizer = call(run, draws=True)
        if not isinstance(optimizer, torch.optim.Optimizer):
            raise WrongAnswer(f"got {show(optimizer)}, expected an optimizer: return it")
        if model.out is old:
            raise WrongAnswer("`model.out` is still the old head: assign a new layer to it")
        if not isinstance(model.out, nn.Linear) or model.out.weight.shape != (classes, width):
            shape = (width, classes)
            raise WrongAnswer(f"`model.out` is {model.out}, expected a Linear with {shape}: "
                              "model.out.in_features numbers arrive")  # fmt: skip
        _frozen_but_head(model)
        _holds_the_head(optimizer, model, old)
        changed = [n for n, t in model.state_dict().items()
                   if not n.startswith("out.") and not torch.equal(t, trunk[n])]  # fmt: skip
        if changed:
            raise WrongAnswer(f"`{changed[0]}` has other values now: the trunk stays as it was")


def _frozen_but_head(model):
    for name, weight in model.named_parameters():
        if name.startswith("out.") and not weight.requires_grad:
            raise WrongAnswer("the new head is frozen, too: freeze first, then replace the head")
        if not name.startswith("out.") and weight.requires_grad:
            raise WrongAnswer(f"`{name}` still asks for gradients: model.requires_grad_(False)")


def _holds_the_head(optimizer, model, old):
    held = {id(weight) for group in optimizer.param_groups for weight in group["params"]}
    if held & {id(weight) for weight in old.parameters()}:
        raise WrongAnswer("the optimizer holds the old head: make it after the new one")
    if {id(weight) for weight in model.out.parameters()} - held:
        raise WrongAnswer("the optimizer does not hold all of the new head: weight and bias")
    if len(held) > 2:
        raise WrongAnswer("the optimizer holds frozen parameters, too: give it the head's alone")
    rates = [group["lr"] for group in optimizer.param_groups]
    if not isinstance(optimizer, torch.optim.SGD) or any(rate != 0.1 for rate in rates):
        kind = type(optimizer).__name__
        raise WrongAnswer(f"the optimizer is {kind} with {rates[0]}, expected SGD with lr=0.1")


def _by(inputs, outputs, slope):
    return (2 / ((1 + slope**2) * inputs)) ** 0.5


MISTAKES = [
    (lambda i, o, k, a: (2 / i) ** 0.5, "That is the start for ReLU: use the slope in line 2"),
    (lambda i, o, k, a: (2 / ((1 + a) * i)) ** 0.5, "It is about squares: slope², not slope"),
    (lambda i, o, k, a: (2 / ((1 - a**2 + 1e-9) * i)) ** 0.5, "The two halves add up: 1 + slope²"),
    (lambda i, o, k, a: _by(i, o, a) ** 2, "That is the variance: take the square root"),
    (lambda i, o, k, a: _by(o, i, a), "A sum over the inputs, not over the outputs"),
    (lambda i, o, k, a: _by(i / k, o, a), "A filter has in · k · k inputs, not in"),
    (lambda i, o, k, a: _by(i, o, a) / 2**0.5, "Where is the 2? Half of the squares are changed"),
    (lambda i, o, k, a: (3 * i) ** -0.5, "The weights are as PyTorch draws them: nothing changed"),
]


def exercise_9(answer):
    """Weights that keep the signal behind a leaky ReLU."""
    require_function(answer)
    found, cases = [], [(kind, slope) for kind in range(3) for slope in (0.5, 0.0, 0.9)]
    for kind, slope in cases:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(kind)
            layer = [nn.Linear(300, 400), nn.Conv2d(32, 64, 3), nn.Linear(500, 90, bias=False)][
                kind
            ]
            torch.manual_seed(7)
            call(lambda layer=layer, slope=slope: answer(layer, slope), draws=True)
        weight = layer.weight.detach()
        if not weight.isfinite().all() or weight.std() == 0:
            raise WrongAnswer("the weights are all equal, or no numbers: draw them at random")
        window = weight[0, 0].numel()
        std, largest = weight.std().item(), weight.abs().max().item()
        found.append((weight[0].numel(), len(weight) * window, window, slope, std, largest))
        if abs(weight.mean()) > 0.05 * weight.std():
            raise WrongAnswer(f"the weights' mean is {weight.mean():.3f}, expected about 0")
        if layer.bias is not None and layer.bias.any():
            raise WrongAnswer("the biases are not 0: nn.init.zeros_(layer.bias)")
    for inputs, outputs, _, slope, std, largest in found:
        wanted = _by(inputs, outputs, slope)
        if not _near(std, wanted):
            reasons = [words for wrong, words in MISTAKES
                       if all(_near(f[4], wrong(*f[:4])) for f in found)]  # fmt: skip
            said = f"{inputs} inputs, slope {slope}: got {std:.4f}, expected {wanted:.4f}"
            raise WrongAnswer(". ".join([said, *reasons[:1]]))
        if largest < 2 * std:  # a normal one of so many thousands goes to about 4
            raise WrongAnswer("the standard deviation is right; draw from a normal distribution")


def _near(std, wanted):
    return abs(std / wanted - 1) < 0.03
