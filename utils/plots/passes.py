"""A pass through a model in blocks: layers that share a tensor's shape, and who takes from whom."""

from collections import Counter

from torch.utils._pytree import tree_leaves

from utils.plots.boxes import Block, count
from utils.plots.flow import Flow
from utils.shapes import trace

MOST_BLOCKS = 100
# A weight enters here, even one that was counted before or that belongs to no layer.
WEIGHING = ("conv", "linear", "bilinear", "matmul", "mm", "bmm", "addmm", "einsum", "embedding")
SPATIAL = {"1d": 2, "2d": 3, "3d": 4}  # axes of what these layers take without a batch axis


def blocks_of(model, x):
    """Return a model's blocks, for each the blocks that it takes from, and notes on the rest."""
    flow = Flow()
    records = trace(model, x, watch=flow)
    _require_batch(x, records)
    names = _input_names(x)
    blocks, sources = [], [[] for _ in names]
    for name, tensor in zip(names, tree_leaves(x), strict=True):
        blocks.append(Block(_sizes(tensor.shape, name), [name], [], []))
    places = list(range(len(blocks)))  # of the block that each input and each record went into
    takers = Counter(source for taken in flow.sources for source in taken)
    seen, last = set(), {}
    for record, taken in zip(records, flow.sources, strict=True):
        place = _goes_on(record, taken, takers, places, last, blocks)
        if place is None:
            place = len(blocks)
            sources.append(sorted({places[source] for source in taken}))
            blocks.append(Block(_sizes(record.output_shape or (), record.name), [], [], []))
        last[place] = len(places)
        places.append(place)
        _note(blocks[place], record, seen)
    if len(blocks) > MOST_BLOCKS:
        raise ValueError(
            f"{len(blocks)} blocks are too many to read, at most {MOST_BLOCKS}: draw a part, "
            "as in plot_model(model.layer1, x)"
        )
    return blocks, sources, _notes(model, blocks, flow)


def _require_batch(x, records):
    for tensor in tree_leaves(x):
        lone = any(
            len(record.output_shape or ()) == axes and kind.endswith(end)
            for record in records
            for end, axes in SPATIAL.items()
            if (kind := record.type).startswith(("Conv", "MaxPool", "AvgPool"))
        )
        if tensor.ndim < 2 or lone:
            raise ValueError(
                f"x has shape {tuple(tensor.shape)}, without a batch axis: give x[None]"
            )


def _input_names(x):
    if isinstance(x, dict) and len(tree_leaves(x)) == len(x):
        return [f"input {name}" for name in x]
    number = len(tree_leaves(x))
    return ["input"] if number == 1 else [f"input {index}" for index in range(number)]


def _goes_on(record, taken, takers, places, last, blocks):
    """Return the place of the block that the record belongs to as well, None if it begins one."""
    if len(taken) != 1:
        return None
    [source] = taken
    place = places[source]
    kept = record.output_shape is None or tuple(record.output_shape[1:]) == blocks[place].shape
    alone = takers[source] == 1 and last.get(place) == source  # nobody else takes it as it was
    kind = record.name if record.type == "function" else record.type
    return place if kept and alone and not _weighs(kind.strip("_"), record.parameters) else None


def _weighs(kind, parameters):
    return kind.lower().startswith(WEIGHING) or (parameters > 0 and "Norm" not in kind)


def _note(block, record, seen):
    name, is_layer = record.name.strip("_"), record.type != "function"
    block.names.append(name)
    block.kinds.extend([record.type] * is_layer)
    if record.parameters or (is_layer and name in seen):
        block.parameters.append((record.type, record.parameters))
        seen.add(name)


def _sizes(shape, name):
    if len(shape) > 4:
        raise ValueError(
            f"{name} has shape {tuple(shape)}; blocks are drawn for (N, C, H, W), (N, C, L) and "
            "(N, features): print utils.shapes.trace(model, x) instead"
        )
    return tuple(shape[1:]) or (1,)


def _notes(model, blocks, flow):
    """Return what the picture does not show: parameters beside the layers, and those left out."""
    named = {name: p for name, p in model.named_parameters() if id(p) not in flow.used}
    outside = sum(parameter.numel() for parameter in model.parameters())
    outside -= sum(number for block in blocks for _, number in block.parameters)
    idle = sum(parameter.numel() for parameter in named.values())
    notes = []
    if outside > idle:
        notes.append(f"{count(outside - idle)} of all belong to no layer: functions take them.")
    if named:
        names = ", ".join([*named][:4]) + ", …" * (len(named) > 4)
        notes.append(f"{count(idle)} of all are not used in this pass: {names}.")
    left = ", ".join(sorted(flow.left))
    notes += [f"{left} took values out of PyTorch: no arrow shows where they went."] * bool(left)
    return notes
