"""Watching a model at work: which layers and functions are called, and what comes out."""

from collections import namedtuple
from contextlib import ExitStack
from copy import deepcopy

import torch
from torch import nn

Layer = namedtuple("Layer", "name type output_shape parameters")
# Read without a call; the last is a part of MultiheadAttention.
UNCALLED = {nn.ParameterList, nn.ParameterDict, nn.modules.linear.NonDynamicallyQuantizableLinear}
NO_STEP = {"__get__", "clone", "contiguous", "cpu", "cuda", "detach", "double", "float", "to"}


def trace(model, x, outputs=None):
    """Run `model` on `x`, a tensor or a tuple of tensors; return a `Layer` per call, as it ends.

    Recorded are layers without parts (and MultiheadAttention), not what they do inside; layers
    with parts, if they own parameters directly; elsewhere, as type "function", what makes tensors
    from tensors, but no booleans, copies, casts, constants (new_*, *_like), attributes (x.T).
    `name`: the first path to the layer, or the model's class. `output_shape`: of the first tensor,
    or None. `parameters`: not counting those of earlier calls. `outputs`: a list, to which copies
    of those tensors are added. In evaluation mode, without gradients; puts everything back.
    Raises TypeError for no model or tensor, ValueError if lazy.
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"model must be an nn.Module object, such as Net(), got {model!r}")
    inputs = x if isinstance(x, tuple) else (x,)
    for wrong in [value for value in inputs if not isinstance(value, torch.Tensor)]:
        raise TypeError(f"x must be a tensor or a tuple of tensors, got {type(wrong).__name__}")
    kind, tensors = type(model).__name__, [*model.parameters(), *model.buffers()]
    if any(map(nn.parameter.is_lazy, tensors)):
        raise ValueError(f"{kind} is lazy: call it on data first")
    watch = _Watch({module: path or kind for path, module in model.named_modules()}, outputs)
    with ExitStack() as stack:
        stack.enter_context(torch.random.fork_rng({t.device for t in tensors if t.is_cuda}))
        for module in watch.names:
            stack.callback(vars(module).update, training=module.training, _buffers=module._buffers)
            module.training, module._buffers = False, deepcopy(module._buffers)
            stack.enter_context(module.register_forward_pre_hook(watch.enter, prepend=True))
            stack.enter_context(module.register_forward_hook(watch.leave, always_call=True))
        with torch.no_grad(), watch:
            model(*[tensor.detach().clone() for tensor in inputs])
    return watch.records


class _Watch(torch.overrides.TorchFunctionMode):
    def __init__(self, names, outputs):
        super().__init__()
        self.names, self.outputs, self.records, self.counted = names, outputs, [], set()
        self.inside = 0
        self.leaves = {m for m in names if set(map(type, m.children())) <= UNCALLED}

    def __torch_function__(self, func, types, args=(), kwargs=None):
        output = func(*args, **(kwargs or {}))
        name, made, fed = func.__name__, _tensors(output), _tensors([args, kwargs])
        skipped = name in NO_STEP or name.startswith("new_") or name.endswith("_like")
        if made and fed and not (skipped or self.inside or made[0].dtype == torch.bool):
            self.note(name.replace("__", ""), "function", made, 0)
        return output

    def enter(self, module, args):
        self.inside += module in self.leaves

    def leave(self, module, args, output):
        leaf = module in self.leaves
        self.inside -= leaf
        own = set(module.parameters(recurse=leaf))
        if not self.inside and (leaf or own):
            new = sum(parameter.numel() for parameter in own - self.counted)
            self.note(self.names[module], type(module).__name__, _tensors(output), new)
            self.counted |= own

    def note(self, name, kind, made, parameters):
        self.records.append(Layer(name, kind, tuple(made[0].shape) if made else None, parameters))
        if self.outputs is not None:
            self.outputs.append(made[0].clone() if made else None)


def _tensors(value):
    if isinstance(value, torch.Tensor):
        return [value]
    parts = value.values() if isinstance(value, dict) else value
    return [t for v in parts for t in _tensors(v)] if isinstance(value, (tuple, list, dict)) else []
