"""Resuming compares what is asked for with what the file holds; and goes on with other settings."""

import copy

import pytest
import torch
from torch import nn
from torch.optim import SGD, Adam, AdamW, RMSprop
from torch.optim.lr_scheduler import (
    ChainedScheduler,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    CyclicLR,
    ExponentialLR,
    LinearLR,
    MultiStepLR,
    OneCycleLR,
    SequentialLR,
    StepLR,
)

from utils.training import CheckpointError, TensorLoader, fit, load_checkpoint, save_checkpoint

IMAGES, LABELS = torch.rand(24, 6, generator=torch.Generator().manual_seed(0)), torch.arange(24) % 3
STEPS = 4  # batches in an epoch


def run(optimizer, schedule=None):
    """Return the parts of a run: always the same model and order of images."""
    model = nn.Linear(6, 3)
    with torch.no_grad():
        model.weight.copy_(torch.arange(18.0).reshape(3, 6) / 20)
        model.bias.zero_()
    loader = TensorLoader(
        IMAGES, LABELS, 6, shuffle=True, generator=torch.Generator().manual_seed(1)
    )
    optimizer = optimizer(model.parameters())
    return {"model": model, "train_loader": loader, "optimizer": optimizer,
            "scheduler": schedule and schedule(optimizer)}  # fmt: skip


def sgd(**how):
    return lambda parameters: SGD(parameters, **({"lr": 0.01} | how))


def one_cycle(**how):
    return lambda optimizer: OneCycleLR(optimizer, **({"max_lr": 0.1, "total_steps": 40} | how))


def chain(gamma):
    return lambda optimizer: ChainedScheduler(
        [LinearLR(optimizer, 0.5), ExponentialLR(optimizer, gamma)]
    )


def sequence(gamma=0.9, milestone=3):
    return lambda optimizer: SequentialLR(
        optimizer, [LinearLR(optimizer, 0.5), ExponentialLR(optimizer, gamma)], [milestone]
    )


def groups(*rates):
    return lambda parameters: SGD(
        [{"params": [p], "lr": rate} for p, rate in zip(parameters, rates, strict=True)]
    )


def annealing(steps):
    return lambda optimizer: CosineAnnealingLR(optimizer, steps)


OTHER = {
    "rate": [(sgd(),), (sgd(lr=0.0001),), "lr of group 0 is 0.01 there and 0.0001 here"],
    "rate under a schedule": [(sgd(), annealing(40)), (sgd(lr=0.5), annealing(40)),
                              "initial_lr of group 0 is 0.01 there and 0.5 here"],
    "longer cosine": [(sgd(), annealing(6)), (sgd(), annealing(12)),
                      "T_max of the schedule is 6 there and 12 here"],
    "momentum": [(sgd(momentum=0.9),), (sgd(momentum=0.5),), "momentum of group 0 is 0.9 there"],
    "weight decay": [(sgd(),), (sgd(weight_decay=0.01),), "weight_decay of group 0 is 0 there"],
    "nesterov": [(sgd(momentum=0.9),), (sgd(momentum=0.9, nesterov=True),), "nesterov of group 0"],
    "betas": [(Adam,), (lambda p: Adam(p, betas=(0.8, 0.999)),), "betas of group 0 is [0.9"],
    "eps": [(AdamW,), (lambda p: AdamW(p, eps=1e-6),), "eps of group 0 is 1e-08 there"],
    "amsgrad": [(Adam,), (lambda p: Adam(p, amsgrad=True),), "amsgrad of group 0 is False there"],
    "second group": [(groups(0.1, 0.2),), (groups(0.1, 0.3),), "lr of group 1 is 0.2 there"],
    "total_steps": [(sgd(), one_cycle()), (sgd(), one_cycle(total_steps=80)),
                    "total_steps of the schedule is 40 there and 80 here"],
    "highest rate": [(sgd(), one_cycle()), (sgd(), one_cycle(max_lr=0.2)), "max_lr of group 0"],
    "pct_start": [(sgd(), one_cycle()), (sgd(), one_cycle(pct_start=0.5)), "_schedule_phases of"],
    "cycled momentum": [(sgd(momentum=0.9), one_cycle()),
                        (sgd(momentum=0.9), one_cycle(max_momentum=0.9)), "max_momentum of"],
    "step size": [(sgd(), lambda o: StepLR(o, 5)), (sgd(), lambda o: StepLR(o, 6)), "step_size of"],
    "milestones": [(sgd(), lambda o: MultiStepLR(o, [5, 9])),
                   (sgd(), lambda o: MultiStepLR(o, [5])),
                   "milestones of the schedule"],
    "restarts": [(sgd(), lambda o: CosineAnnealingWarmRestarts(o, 3)),
                 (sgd(), lambda o: CosineAnnealingWarmRestarts(o, 4)), "T_0 of the schedule is 3"],
    "cycle": [(sgd(momentum=0.9), lambda o: CyclicLR(o, 0.01, 0.1, 5)),
              (sgd(momentum=0.9), lambda o: CyclicLR(o, 0.01, 0.2, 5)), "max_lrs of the schedule"],
    "part of a chain": [(sgd(), chain(0.9)), (sgd(), chain(0.8)),
                        "gamma in part 1 of the schedule is 0.9 there and 0.8 here"],
    "part of a sequence": [(sgd(), sequence()), (sgd(), sequence(gamma=0.8)), "gamma in part 1"],
    "milestone of a sequence": [(sgd(), sequence()), (sgd(), sequence(milestone=5)), "_milestones"],
}  # fmt: skip


@pytest.mark.parametrize("name", OTHER)
def test_other_settings_are_named_with_both_values(name, tmp_path):
    before, now, words = OTHER[name]
    path = tmp_path / "run.pt"
    fit(**run(*before), num_epochs=2, checkpoint=path, progress=False)
    parts = run(*now)
    kept = copy.deepcopy((parts["model"].state_dict(), parts["optimizer"].state_dict()))
    with pytest.raises(CheckpointError, match="other settings") as caught:
        fit(**parts, num_epochs=4, checkpoint=path, progress=False)
    assert words in str(caught.value)
    assert 'settings="new"' in str(caught.value)
    assert len(str(caught.value)) < 600
    assert str(kept) == str((parts["model"].state_dict(), parts["optimizer"].state_dict()))


@pytest.mark.parametrize("name", OTHER)
def test_the_same_settings_go_on_as_if_never_stopped(name, tmp_path):
    before, *_ = OTHER[name]
    straight, halves = run(*before), tmp_path / "run.pt"
    fit(**straight, num_epochs=4, progress=False)
    for epochs in (2, 4):
        parts = run(*before)
        fit(**parts, num_epochs=epochs, checkpoint=halves, progress=False)
    assert torch.equal(straight["model"].weight, parts["model"].weight)


def test_new_settings_keep_what_the_optimizer_has_gathered(tmp_path):
    """By hand: the same momentum buffer, the new rate, one step."""
    path, first = tmp_path / "run.pt", run(sgd(momentum=0.9))
    fit(**first, num_epochs=2, checkpoint=path, progress=False)
    buffer = first["optimizer"].state[first["model"].weight]["momentum_buffer"].clone()
    second = run(sgd(lr=0.001, momentum=0.9))
    found = load_checkpoint(path, second["model"], second["optimizer"],
                            loaders=[second["train_loader"]], settings="new")  # fmt: skip
    assert found["step"] == 2 * STEPS
    assert torch.equal(second["optimizer"].state[second["model"].weight]["momentum_buffer"], buffer)
    images, labels = next(iter(second["train_loader"]))
    before = second["model"].weight.detach().clone()
    nn.functional.cross_entropy(second["model"](images), labels).backward()
    second["optimizer"].step()
    expected = before - 0.001 * (0.9 * buffer + second["model"].weight.grad)
    assert torch.allclose(second["model"].weight, expected, atol=1e-7)


@pytest.mark.parametrize(
    "schedule", [annealing(30), one_cycle(total_steps=20), sequence(0.5), chain(0.5), None]
)
@pytest.mark.parametrize("before", [None, annealing(16), one_cycle()])
def test_a_new_schedule_counts_on_from_where_the_file_stands(schedule, before, tmp_path):
    path = tmp_path / "run.pt"
    fit(**run(sgd(), before), num_epochs=2, checkpoint=path, progress=False)
    now = run(sgd(lr=0.3), schedule)
    history = fit(**now, num_epochs=4, checkpoint=path, settings="new", progress=False)
    alone = run(sgd(lr=0.3), schedule)  # the same schedule from the start, and nothing learnt
    rates = []
    for _ in range(4 * STEPS):
        rates.append(alone["optimizer"].param_groups[0]["lr"])
        alone["optimizer"].step()
        if schedule:
            alone["scheduler"].step()
    assert history[2]["learning_rate"] == pytest.approx(rates[3 * STEPS - 1])
    assert history[3]["learning_rate"] == pytest.approx(rates[4 * STEPS - 1])
    again = run(sgd(lr=0.3), schedule)  # the file asks for the new settings from now on
    assert (
        len(fit(**again, num_epochs=5 if not schedule else 4, checkpoint=path, progress=False)) > 3
    )


def test_a_new_schedule_that_is_over_already_is_refused(tmp_path):
    path = tmp_path / "run.pt"
    fit(**run(sgd()), num_epochs=2, checkpoint=path, progress=False)
    with pytest.raises(CheckpointError, match=r"cannot go on with these settings.*total"):
        fit(**run(sgd(), one_cycle(total_steps=5)), num_epochs=4, checkpoint=path, settings="new")


@pytest.mark.parametrize("kind, how", [(Adam, {"amsgrad": True}), (RMSprop, {"centered": True}),
                                       (RMSprop, {"momentum": 0.9})])  # fmt: skip
def test_settings_that_need_what_was_never_kept_are_refused(kind, how, tmp_path):
    path = tmp_path / "run.pt"
    fit(**run(kind), num_epochs=2, checkpoint=path, progress=False)
    with pytest.raises(CheckpointError, match="never kept before"):
        fit(**run(lambda p: kind(p, **how)), num_epochs=4, checkpoint=path, settings="new")


def test_momentum_may_begin_late(tmp_path):
    path = tmp_path / "run.pt"
    fit(**run(sgd()), num_epochs=1, checkpoint=path, progress=False)
    parts = run(sgd(momentum=0.9))
    assert len(fit(**parts, num_epochs=2, checkpoint=path, settings="new", progress=False)) == 2


def test_other_words_for_settings_are_refused(tmp_path):
    parts = run(sgd())
    save_checkpoint(tmp_path / "run.pt", parts["model"], parts["optimizer"])
    with pytest.raises(ValueError, match="'same' or 'new', got 'old'"):
        load_checkpoint(tmp_path / "run.pt", parts["model"], settings="old")
