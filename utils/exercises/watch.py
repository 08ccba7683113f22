"""What an answer does besides returning: which functions of PyTorch it calls, what it leaves."""

from torch import nn
from torch.autograd.graph import saved_tensors_hooks
from torch.overrides import TorchFunctionMode

from utils.exercises.compare import NotAttempted, WrongAnswer, call, show


class _Names(TorchFunctionMode):
    def __init__(self):
        super().__init__()
        self.names = []

    def __torch_function__(self, function, types, args=(), kwargs=None):
        self.names.append(getattr(function, "__name__", ""))
        return function(*args, **(kwargs or {}))


def torch_calls(function, *arguments, containing):
    """Return the names of PyTorch's functions that `function` calls, those with a given part."""
    with _Names() as watched:
        call(function, *arguments)
    return [name for name in watched.names if containing in name]


def require_no_autograd(answer, *arguments):
    """Raise WrongAnswer if a right answer lets PyTorch record something for a way back."""

    def refuse(tensor):
        raise RuntimeError("recorded")

    try:
        with saved_tensors_hooks(refuse, refuse):  # torch.func's transforms refuse the hooks
            answer(*arguments)
    except RuntimeError as error:
        raise WrongAnswer("the numbers are right; now without autograd") from error


def require_module(answer):
    """Raise NotAttempted for a stub, WrongAnswer for what is no class that extends nn.Module."""
    if not isinstance(answer, type):
        raise WrongAnswer(f"got {show(answer)}, expected the class itself, not an object of it")
    if not vars(answer).keys() & {"__init__", "forward"}:
        if issubclass(answer, nn.Module) and answer.__module__.startswith("torch."):
            raise WrongAnswer(f"got {answer.__name__} of PyTorch, expected a class of your own")
        raise NotAttempted("not attempted yet")
    if not issubclass(answer, nn.Module):
        raise WrongAnswer(f"{answer.__name__} does not extend nn.Module, the first of the steps")
    if answer.forward is nn.Module.forward:
        raise WrongAnswer(f"{answer.__name__} has no method `forward`, the third of the steps")


def hooks_left(model):
    """Return the names of the modules that still have a hook, "all modules" for a global one."""
    kinds = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    left = [
        name or "the model"
        for name, module in model.named_modules()
        if any(getattr(module, kind) for kind in kinds)
    ]
    shared = nn.modules.module
    anywhere = shared._global_forward_hooks, shared._global_forward_pre_hooks
    return left + ["all modules"] * any(anywhere)


def modes_of(model):
    """Return {a module's type and name: whether it is in training mode}."""
    return {
        f"{type(module).__name__} {name}".rstrip(): module.training
        for name, module in model.named_modules()
    }


class _Shared(list):
    def __deepcopy__(self, memo):
        return self


class Witness(nn.Module):
    """Notes of each run, also of its copies, (whether gradients are recorded, training mode)."""

    def __init__(self):
        super().__init__()
        self.seen = _Shared()

    def forward(self, x):
        self.seen.append((x.requires_grad, self.training))
        return x
