"""Exercise 4.5: models that are crossed or fail, and the hooks left on them."""

import torch
from torch import nn

from utils.exercises.calling import call
from utils.exercises.compare import difference, expect, require_function
from utils.exercises.verdict import WrongAnswer, show
from utils.exercises.watch import hooks_left


class _Crossed(nn.Module):
    """Children registered in another order than they are called in, with a function between."""

    def __init__(self):
        super().__init__()
        self.last, self.first = nn.Linear(7, 3), nn.Sequential(nn.Linear(4, 7), nn.ReLU())

    def forward(self, x):
        return self.last(self.first(x.flip(0)).unsqueeze(1)).squeeze(1)


class _Fails(nn.Module):
    def __init__(self, error):
        super().__init__()
        self.error = error

    def forward(self, x):
        raise self.error


def _raises(answer, x):
    """Raise WrongAnswer unless hooks are removed, and the error let through, whatever it is."""
    for error in (RuntimeError("made to fail"), ZeroDivisionError(), KeyboardInterrupt()):
        broken = nn.Sequential(nn.Flatten(), _Fails(error))
        try:
            answer(broken, x)
        except type(error):
            if left := hooks_left(broken):
                raise WrongAnswer(
                    f"when the model raises {type(error).__name__}, hooks are left on "
                    f"{', '.join(left)}: try ... finally"
                ) from None
        else:
            raise WrongAnswer("the model's own error is swallowed; let it through")


def notes_shapes(answer):
    """Raise WrongAnswer unless `answer` notes shapes by hooks and leaves none behind."""
    require_function(answer)
    with torch.random.fork_rng(devices=[]):
        model = _Crossed()
    x = torch.ones(2, 4)
    shapes = call(lambda: answer(model, x))
    if left := hooks_left(model):
        raise WrongAnswer(f"hooks are left on {', '.join(left)}: call `.remove()` on each handle")
    if not model.training:
        raise WrongAnswer("the model was put into eval mode; leave it as it was")
    expected = {"last": (2, 1, 3), "first": (2, 7)}
    shapes = dict(shapes) if isinstance(shapes, dict) else shapes
    if isinstance(shapes, dict) and difference(shapes, expected):
        if "first.0" in shapes:
            raise WrongAnswer(f"got {show(shapes)}; asked for are direct children: named_children")
        if set(shapes) == {"first"}:
            raise WrongAnswer(f"got {show(shapes)}. All hooks see the loop's last name: bind it")
        if set(shapes) == {"last", "first"} and not all(type(s) is tuple for s in shapes.values()):
            raise WrongAnswer(f"got {show(shapes)}; give each shape as a tuple")
    expect(shapes, expected)
    _raises(answer, x)
    others = model.first.register_forward_hook(lambda *_: None)
    call(lambda: answer(model, x))
    if hooks_left(model) != ["first"]:
        raise WrongAnswer("hooks of others are removed, too: remove only your own handles")
    others.remove()
