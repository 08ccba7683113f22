"""Which tensors went where in a model: the edges between the layers that `trace` records."""

from contextlib import suppress

import torch
from torch.utils._pytree import tree_map

from utils.shapes import Watch
from utils.shapes.watching import tensors_in

LEAVING = {"numpy", "tolist", "item", "data_ptr", "__array__", "__dlpack__"}
LEAVING |= {"__float__", "__int__", "__index__", "__complex__"}


class Flow(Watch):
    """Records, beside the layers, what each took: `.sources` holds a set of places for a record.

    The model's inputs have the first places, the records the next. A tensor of parameters and
    constants alone has no source. `.used` has the ids of all tensors that anything took, `.left`
    the functions by which values left PyTorch, where they cannot be followed. A tensor that is
    passed on as it was becomes two: one object could have one origin only.
    """

    def start(self, names, inputs):
        super().start(names, inputs)
        self.inputs, self.sources, self.used, self.left = len(inputs), [], set(), set()
        self.made, self.changed = [], []  # inside of the layer at work
        self.origins = {id(tensor): (tensor, {place}) for place, tensor in enumerate(inputs)}

    def __torch_function__(self, func, types, args=(), kwargs=None):
        count, name, fed = len(self.records), func.__name__, tensors_in([args, kwargs])
        before = [_version(tensor) for tensor in fed]
        output = super().__torch_function__(func, types, args, kwargs)
        changed = _changed(name, fed, before, tensors_in(output))
        output = _apart(output, fed, changed)
        constant = name.startswith("new_") or name.endswith("_like")  # takes the first one's shape
        read = tensors_in([args, (kwargs or {}) | {"out": None}])[constant:]
        made, leaving = tensors_in(output), name in LEAVING
        if made or changed or leaving:  # who asks for a size takes nothing
            self.used |= {id(tensor) for tensor in read}
        if self.inside:  # what a layer makes and changes comes from the layer, see `leave`
            self.made += [tensor for tensor in made if not _holds(fed, tensor)]
            self.changed += changed
        else:
            self.left |= {f"{name.strip('_')}()" for t in read if leaving and self._origin(t)}
            self._follow(read, made, changed, len(self.records) > count)
        return output

    def leave(self, module, args, kwargs, output):
        count, fed = len(self.records), tensors_in([args, kwargs])
        super().leave(module, args, kwargs, output)
        if len(self.records) > count and module not in self.leaves:
            self.records.pop()  # its parameters were taken by functions, which are recorded
        elif len(self.records) > count:
            self.used |= {id(tensor) for tensor in [*module.parameters(), *fed]}
            with torch._C.DisableTorchFunction():  # or these lines would be seen as the model's
                output = _apart(output, fed, self.changed)
                self._follow(fed, self.made + tensors_in(output), self.changed, True)
            self.made, self.changed = [], []
        return output

    def _follow(self, read, made, changed, recorded):
        taken = set().union(*map(self._origin, read))
        if recorded:
            self.sources.append(taken)
            taken = {self.inputs + len(self.records) - 1}
        for tensor in changed:
            self._change(tensor, taken, recorded)
        for tensor in made:
            self.origins[id(tensor)] = tensor, taken  # kept, or its id would serve another

    def _origin(self, tensor):
        return self.origins.get(id(tensor), (tensor, set()))[1]

    def _change(self, tensor, taken, recorded):
        """Let all tensors that share the changed one's memory come from there.

        Where a record changed a part of it, or there is none, they keep their own origins, too.
        """
        self.origins.setdefault(id(tensor), (tensor, set()))
        memory = _memory(tensor)
        for key, (other, origin) in self.origins.items():
            if _memory(other) == memory:
                alone = other is tensor or (recorded and tensor.nbytes == memory[1])
                self.origins[key] = other, taken if alone else taken | origin


def _version(tensor):
    """Return the number of changes in place; nobody counts those in inference mode."""
    return 0 if tensor.is_inference() else tensor._version


def _changed(name, fed, before, made):
    """Return the tensors changed in place: those returned, or else those with a new version."""
    made = fed[:1] if name == "__setitem__" else made
    counted = [t for t, old in zip(fed, before, strict=True) if _version(t) != old]
    known = counted + [t for t in fed if name.endswith("_") or t.is_inference()]
    return [tensor for tensor in made if _holds(fed, tensor) and _holds(known, tensor)] or counted


def _apart(output, fed, changed):
    """Return the output, with others that share their memory for tensors passed on as they were.

    What a model takes gradients of, in its pass, stays itself.
    """
    same = [t for t in tensors_in(output) if _holds(fed, t) and not _holds(changed, t)]
    same = [tensor for tensor in same if not tensor.requires_grad]
    return tree_map(lambda t: t.detach() if _holds(same, t) else t, output) if same else output


def _holds(tensors, tensor):
    return any(other is tensor for other in tensors)


def _memory(tensor):
    """Return what identifies a tensor's memory, and its bytes."""
    with suppress(RuntimeError):  # a sparse tensor has no such thing
        return tensor.untyped_storage()._cdata, tensor.untyped_storage().nbytes()
    return id(tensor), 0
