"""Whether a run asks for the hyperparameters of its checkpoint, and how it goes on with others."""

import reprlib
import warnings

import torch

# What a schedule counts or computes as it goes; everything else in its state was asked for
PROGRESS = {"last_epoch", "base_lrs", "verbose", "T_cur", "T_i", "_step_count", "_last_lr"}
PROGRESS |= {"_get_lr_called_within_step", "_is_initial", "_schedulers"}
SHORT = reprlib.Repr()
SHORT.maxdict, SHORT.maxlist = 2, 4


def differences(saved, asked):
    """Return a sentence for each hyperparameter that differs, with both values.

    `saved`, `asked`: pairs of the state_dict of an optimizer and of its scheduler, or None. Rates
    are compared as they were set, not as a schedule has left them. Functions, as in LambdaLR,
    cannot be compared.
    """
    found = []
    groups = zip(saved[0]["param_groups"], asked[0]["param_groups"], strict=True)
    for number, pair in enumerate(groups):
        found += _compare(*map(_group, pair), f"of group {number}")
    if saved[1] and asked[1]:
        found += _compare(_schedule(saved[1]), _schedule(asked[1]), "of the schedule")
    return [one for one in found if one[0] != "_"] or found  # torch's own names tell a reader less


def _compare(old, new, whose):
    return [
        f"{name} {whose} is {SHORT.repr(old[name])} there and {SHORT.repr(new[name])} here"
        for name in sorted(old.keys() & new.keys())
        if old[name] != new[name]
    ]  # what one torch knows and another does not is no difference


def _group(group):
    """Return the hyperparameters of a parameter group, without what a schedule moves."""
    moved = {"params"} | ({"lr"} if "initial_lr" in group else set())
    if "base_momentum" in group:  # the schedule cycles the momentum, or Adam's first beta
        moved |= {"momentum", "betas"}
    return {name: _plain(value) for name, value in group.items() if name not in moved}


def _schedule(state):
    own = {name: _plain(value) for name, value in state.items() if name not in PROGRESS}
    for number, part in enumerate(state.get("_schedulers", ())):
        own |= {f"{name} in part {number}": value for name, value in _schedule(part).items()}
    return own


def _plain(value):
    if isinstance(value, torch.Tensor):
        return value.tolist()
    return list(value) if isinstance(value, tuple) else value


def go_on(optimizer, scheduler, saved, step):
    """Give the optimizer its old state with the settings of this run; count the schedule on.

    `saved`: the optimizer's state_dict of the checkpoint, of `step` batches. Raises ValueError if
    the schedule ends before that, or if the new settings need a state that was never kept.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of steps without the optimizer's, which were done before
        for _ in range(step if scheduler else 0):
            scheduler.step()
    groups = optimizer.state_dict()["param_groups"]
    missing = _state_names(optimizer) - {name for own in saved["state"].values() for name in own}
    if saved["state"] and missing:
        raise ValueError(f"these settings need {', '.join(sorted(missing))}, never kept before")
    optimizer.load_state_dict({"state": saved["state"], "param_groups": groups})


def _state_names(optimizer):
    """Return what an optimizer of this kind and these settings cannot do without."""
    single = torch.zeros(1, requires_grad=True)
    single.grad = torch.zeros(1)
    trial = type(optimizer)([single], lr=0.1)
    for group in optimizer.param_groups:
        trial.param_groups[0] |= {name: v for name, v in group.items() if name != "params"}
    trial.step()
    begins_late = {"momentum_buffer"} if isinstance(optimizer, torch.optim.SGD) else set()
    return trial.state[single].keys() - begins_late
