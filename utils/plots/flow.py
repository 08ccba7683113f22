"""Which tensors went where in a model: the edges between the layers that `trace` records."""

from utils.shapes import Watch
from utils.shapes.watching import tensors_in

BEHIND = {"__setitem__"}  # changes its first argument and returns nothing


class Flow(Watch):
    """Records, beside the layers, what each took: `.sources` holds a set of places for a record.

    The model's inputs have the first places, the records the next. A tensor of parameters and
    constants alone has no source. `.used` has the ids of all tensors that anything took.
    """

    def start(self, names, inputs):
        super().start(names, inputs)
        self.inputs, self.sources, self.used = len(inputs), [], set()
        self.origins = {id(tensor): (tensor, {place}) for place, tensor in enumerate(inputs)}

    def __torch_function__(self, func, types, args=(), kwargs=None):
        count = len(self.records)
        output = super().__torch_function__(func, types, args, kwargs)
        fed, made = tensors_in([args, kwargs]), tensors_in(output)
        changed = [tensor for tensor in made if any(tensor is other for other in fed)]
        if func.__name__ in BEHIND:
            changed = fed[:1]
        self._follow(fed, made, changed, len(self.records) > count)
        return output

    def leave(self, module, args, kwargs, output):
        count = len(self.records)
        super().leave(module, args, kwargs, output)
        if len(self.records) == count:
            return
        if module not in self.leaves:  # its parameters were taken by functions, which are recorded
            self.records.pop()
            return
        self.used |= {id(parameter) for parameter in module.parameters()}
        self._follow(tensors_in([args, kwargs]), tensors_in(output), [], True)

    def _follow(self, fed, made, changed, recorded):
        taken = set().union(*(self._origin(tensor) for tensor in fed))
        if made or changed:  # who asks for a size takes nothing
            self.used |= {id(tensor) for tensor in fed}
        if recorded:
            self.sources.append(taken)
            taken = {self.inputs + len(self.records) - 1}
        for tensor in changed:
            self._change(tensor, taken)
        for tensor in made:
            self.origins[id(tensor)] = tensor, taken  # kept, or its id would serve another

    def _origin(self, tensor):
        return self.origins.get(id(tensor), (tensor, set()))[1]

    def _change(self, tensor, taken):
        """Let all tensors that share the changed one's memory come from there, too."""
        memory = tensor.untyped_storage()._cdata
        for key, (other, origin) in self.origins.items():
            if other.untyped_storage()._cdata == memory and origin != taken:
                self.origins[key] = other, origin | taken
