"""Sizes by watching: what came out of each layer of a model."""

from collections import namedtuple
from contextlib import ExitStack
from copy import deepcopy

import torch
from torch import nn
from torch.utils._pytree import tree_leaves, tree_map

Layer = namedtuple("Layer", "name type output_shape parameters")
# Parts that are read without a call; the last is one of MultiheadAttention.
UNCALLED = {nn.ParameterList, nn.ParameterDict, nn.modules.linear.NonDynamicallyQuantizableLinear}
NO_STEP = {"__get__", "clone", "contiguous", "cpu", "cuda", "detach", "double", "float", "to"}


def trace(model, x, outputs=None, watch=None):
    """Run `model` on `x` and return a `Layer` per call, as it ends.

    `x`: a tensor; a tuple or list of the model's inputs, or a dict of them by name, which may hold
    tensors, tuples, lists and dicts of tensors. Recorded are layers without parts (and
    MultiheadAttention), not what they do inside; layers with parts, if they own parameters
    directly; elsewhere, as type "function", what makes tensors from tensors, but no booleans,
    copies, casts, constants (new_*, *_like), attributes (x.T). `name`: the first path to the
    layer, or the model's class. `output_shape`: of the first tensor, or None. `parameters`: not
    counting those of earlier calls. `outputs`: a list, to which copies of those tensors are added.
    `watch`: a `Watch` that sees more. In evaluation mode, without gradients; puts everything back.
    Raises TypeError for no model or tensor, ValueError if lazy.
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"model must be an nn.Module object, such as Net(), got {model!r}")
    for wrong in [value for value in tree_leaves(x) if not isinstance(value, torch.Tensor)]:
        how = "for a shape give torch.zeros(shape), for a picture or an array its tensor"
        raise TypeError(f"x must hold tensors, got {type(wrong).__name__}: {how}")
    kind, tensors = type(model).__name__, [*model.parameters(), *model.buffers()]
    if any(map(nn.parameter.is_lazy, tensors)):
        raise ValueError(f"{kind} is lazy: call it on data first")
    x = tree_map(lambda tensor: tensor.detach().clone(), x)
    watch = watch or Watch(outputs)
    watch.start({module: path or kind for path, module in model.named_modules()}, tensors_in(x))
    with torch.random.fork_rng({t.device for t in tensors if t.is_cuda}), ExitStack() as stack:
        for module in watch.names:
            stack.callback(vars(module).update, training=module.training, _buffers=module._buffers)
            module.training, module._buffers = False, deepcopy(module._buffers)
            stack.enter_context(module.register_forward_pre_hook(watch.enter, prepend=True))
            hook = module.register_forward_hook(watch.leave, with_kwargs=True, always_call=True)
            stack.enter_context(hook)
        with torch.no_grad(), watch:
            model(**x) if isinstance(x, dict) else model(*(x if type(x) in (tuple, list) else [x]))
    return watch.records


class Watch(torch.overrides.TorchFunctionMode):
    """What `trace` sees of a model at work."""

    def __init__(self, outputs=None):
        super().__init__()
        self.outputs, self.records, self.counted, self.inside = outputs, [], set(), 0

    def start(self, names, inputs):
        self.names = names
        self.leaves = {m for m in names if set(map(type, m.children())) <= UNCALLED}

    def __torch_function__(self, func, types, args=(), kwargs=None):
        output = func(*args, **(kwargs or {}))
        name, made, fed = func.__name__, tensors_in(output), tensors_in([args, kwargs])
        skipped = name in NO_STEP or name.startswith("new_") or name.endswith("_like")
        if made and fed and not (skipped or self.inside or made[0].dtype == torch.bool):
            self.note(name.replace("__", ""), "function", made, 0)
        return output

    def enter(self, module, args):
        self.inside += module in self.leaves

    def leave(self, module, args, kwargs, output):
        leaf = module in self.leaves
        self.inside -= leaf
        own = set(module.parameters(recurse=leaf))
        if not self.inside and (leaf or own):
            new = sum(parameter.numel() for parameter in own - self.counted)
            self.note(self.names[module], type(module).__name__, tensors_in(output), new)
            self.counted |= own

    def note(self, name, kind, made, parameters):
        self.records.append(Layer(name, kind, tuple(made[0].shape) if made else None, parameters))
        if self.outputs is not None:
            self.outputs.append(made[0].clone() if made else None)


def tensors_in(value):
    return [leaf for leaf in tree_leaves(value) if isinstance(leaf, torch.Tensor)]
