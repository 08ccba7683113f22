"""What every check sees, whatever the exercise: changes left behind, luck, and the answer told."""

import os
import random
import threading
import warnings
from collections import OrderedDict
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from utils.exercises import WrongAnswer, check, verify
from utils.exercises.calling import call
from utils.exercises.change import put_back


class Bag:
    def __init__(self):
        self.things = [1, {"a": torch.ones(2)}]


def layer():
    return nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))


NESTED = [
    ([1, 2, 3], lambda x: x.pop(), "`x` was [1, 2, 3] and is [1, 2] now"),
    ([1, 2, 3], lambda x: x.clear(), "is [] now"),
    ([3, 1], lambda x: x.sort(), "`x[0]` was 3 and is 1 now"),
    ([[1], [2]], lambda x: x[1].append(3), "`x[1]`"),
    (([1], 2), lambda x: x[0].pop(), "`x[0]`"),
    ({"a": {"b": 1}}, lambda x: x["a"].update(b=2), "`x['a']['b']` was 1 and is 2 now"),
    ({"a": 1}, lambda x: x.pop("a"), "is {} now"),
    (OrderedDict(a=1), lambda x: x.update(c=2), "`x`"),
    ({1, 2}, lambda x: x.discard(1), "`x`"),
    (np.zeros(3), lambda x: x.fill(1), "`x`"),
    (np.array([np.nan, 1]), lambda x: x.sort(), "`x`"),
    (bytearray(b"ab"), lambda x: x.pop(), "`x`"),
    (torch.zeros(2), lambda x: x.add_(1), "`x` was tensor([0., 0.]) and is tensor([1., 1.])"),
    (torch.zeros(2), lambda x: x.requires_grad_(), "`x.requires_grad`"),
    (torch.zeros(2, 1), lambda x: x.t_(), "`x`"),
    (torch.ones(1, requires_grad=True), lambda x: (x * 2).sum().backward(), "`x.grad`"),
    ([(torch.zeros(2), torch.ones(1))], lambda x: x[0][1].zero_(), "`x[0][1]`"),
    (torch.tensor([float("nan"), 1]), lambda x: x.nan_to_num_(), "`x`"),
    (Bag(), lambda x: x.things[1]["a"].mul_(2), "`x.things[1]['a']`"),
    (Bag(), lambda x: setattr(x, "new", 1), "`x`"),
    (SimpleNamespace(n=[0]), lambda x: x.n.append(1), "`x.n`"),
    (layer(), lambda x: x[1].eval(), "`x.1.training` was True and is False now"),
    (layer(), lambda x: x(torch.rand(4, 2)), "`x.1.running_mean`"),
    (layer(), lambda x: nn.init.zeros_(x[0].weight), "`x.0.weight`"),
    (layer(), lambda x: x[0].weight.requires_grad_(False), "`x.0.weight.requires_grad`"),
    (layer(), lambda x: x[0].register_forward_hook(print), "`x.0._forward_hooks`"),
    (layer(), lambda x: x.append(nn.ReLU()), "`x`"),
    (layer(), lambda x: setattr(x[1], "momentum", 0.5), "`x.1.momentum` was 0.1"),
    (torch.Generator(), lambda x: torch.rand(1, generator=x), "`x`"),
]


@pytest.mark.parametrize(("argument", "change", "named"), NESTED, ids=map(str, range(len(NESTED))))
def test_any_change_inside_an_argument_is_named(argument, change, named):
    def answer(x):
        if isinstance(x, nn.Module) and named.endswith("running_mean`"):
            return x(torch.rand(4, 2, generator=torch.Generator())).sum().item()
        change(x)

    with pytest.raises(WrongAnswer, match="in place") as caught:
        call(answer, argument)
    assert named in str(caught.value)


@pytest.mark.parametrize("argument", [case[0] for case in NESTED], ids=map(str, range(len(NESTED))))
def test_an_argument_left_alone_is_no_change(argument):
    cycle = [argument]
    cycle.append(cycle)
    call(lambda x, y: None, argument, cycle)


def set_folder():
    os.chdir("/")


AROUND = [
    (lambda: torch.set_grad_enabled(False), "whether gradients are recorded"),
    (lambda: torch.set_num_threads(torch.get_num_threads() + 1), "the number of threads"),
    (lambda: torch.set_default_dtype(torch.float64), "the default dtype"),
    (lambda: torch.set_default_device("meta"), "the default device"),
    (set_folder, "the working folder"),
    (lambda: torch.autograd.set_detect_anomaly(True), "whether anomalies"),
    (lambda: torch.use_deterministic_algorithms(True), "deterministic"),
    (lambda: nn.modules.module.register_module_forward_hook(lambda *a: None), "hooks of all"),
    (lambda: torch.manual_seed(0), "common random sequence"),
    (lambda: torch.rand(1), "common random sequence"),
    (lambda: random.random(), "common random sequence"),
    (lambda: np.random.seed(3), "common random sequence"),
]


def state():
    hooks = len(nn.modules.module._global_forward_hooks)
    return (
        torch.is_grad_enabled(), torch.get_num_threads(), torch.get_default_dtype(),
        torch.get_default_device(), os.getcwd(), torch.is_anomaly_enabled(), hooks,
        torch.are_deterministic_algorithms_enabled(), random.getstate(),
        torch.overrides._len_torch_function_stack(),
        torch.get_rng_state().tolist(), np.random.get_state()[1].tolist(), threading.active_count(),
    )  # fmt: skip


@pytest.mark.parametrize(("change", "named"), AROUND, ids=[case[1] for case in AROUND])
def test_what_is_changed_around_the_call_is_named_and_put_back(change, named):
    before = state()
    with pytest.raises(WrongAnswer, match=named):
        call(lambda: change() and None)
    assert state() == before


@pytest.mark.parametrize(("change", "named"), AROUND, ids=[case[1] for case in AROUND])
def test_what_is_changed_by_an_answer_that_raises_is_put_back(change, named):
    before = state()
    with pytest.raises(WrongAnswer, match="ZeroDivisionError"):
        call(lambda: (change() and None) or 1 / 0)
    assert state() == before


def test_nothing_is_named_of_a_caller_without_gradients():
    with torch.no_grad(), put_back() as changed:
        assert changed() == []


def test_an_answer_that_is_right_once_is_refused():
    class Shared(nn.Module):
        def __init__(self, gain=nn.Parameter(torch.ones(1))):  # noqa: B008
            super().__init__()
            self.gain = gain

        def forward(self, x):
            return self.gain * x

    with pytest.raises(WrongAnswer, match="right once, but not when asked again"):
        verify("4.2", Shared)


COMPUTED = {
    "3.1": 57, "3.2": (1812, 300), "4.1": 69_240, "5.1": 256, "5.4": 4, "6.1": 30,
    "8.1": 160, "8.2": 20 / 14, "9.1": 235,
}  # fmt: skip


@pytest.mark.parametrize("number", COMPUTED)
def test_a_refused_number_is_not_told_the_right_one(number, capsys):
    right = COMPUTED[number]
    for wrong in (0, 1, -7, 10**9, 3.25, "x", None, torch.tensor(77.5), (1, 2), (1, 2, 3)):
        check(number, wrong)
        said = capsys.readouterr().out.replace(number, "", 1)
        told = [str(part) for part in (right if isinstance(right, tuple) else [right])]
        assert "right." not in said
        assert not any(part in said.replace(str(wrong), "").split() for part in told)
        assert not any(f"expected {part}" in said for part in told)
    check(number, torch.tensor(right) if not isinstance(right, tuple) else list(right))
    assert capsys.readouterr().out.startswith(f"{number} right.")


@pytest.mark.parametrize("number", [n for n in COMPUTED if n not in ("3.2", "5.4")])
def test_a_refused_number_gets_the_direction(number):
    with pytest.raises(WrongAnswer, match="That is too large"):
        verify(number, 10**7 + 1)
    with pytest.raises(WrongAnswer, match="That is too small"):
        verify(number, -(10**7) - 1)


def test_the_direction_names_the_number_of_a_tuple():
    with pytest.raises(WrongAnswer, match="Number 2 of 2: that is too large"):
        verify("3.2", (1812, 301))


@pytest.mark.parametrize("number", ["4.2", "4.4", "4.5", "5.5"])
def test_several_gpus_are_left_alone(number, monkeypatch):
    def touched(*args, **kwargs):
        raise AssertionError("CUDA was started")

    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "_lazy_init", touched)
    monkeypatch.setattr(torch.cuda, "get_rng_state", touched)
    with warnings.catch_warnings(), pytest.raises(WrongAnswer):
        warnings.simplefilter("error")
        verify(number, type("Answer", (nn.Module,), {"forward": lambda self, *a: None})
               if number in ("4.2", "4.4") else lambda model, x: (model(x), None)[1])  # fmt: skip
