"""Convolutions taken apart: which numbers meet at each step, and their products as text."""

from itertools import product
from typing import NamedTuple

from utils.plots.cells import MINUS, TIMES


class Convolution(NamedTuple):
    """A convolution as drawn: the kernel moves over a large grid, one cell over a small grid.

    The large grid is the padded input, the small one the output; transposed, the small grid is
    the input and the large one the output before `padding` cuts its margin off.
    """

    image: list
    kernel: list
    output: list
    stride: tuple
    padding: tuple
    dilation: tuple
    transposed: bool
    extra: tuple  # output_padding
    large: list  # the large grid's numbers at each step; they change only when transposed

    @property
    def shapes(self):
        """Rows and columns of the small grid, and of the large one."""
        return shape_of(self.image if self.transposed else self.output), shape_of(self.large[0])

    @property
    def steps(self):
        rows, columns = self.shapes[0]
        return rows * columns


def convolve(image, kernel, stride=1, padding=0, dilation=1, transposed=False, output_padding=0):
    """Return a Convolution, computed by torch; ValueError for arguments that make none."""
    import torch
    import torch.nn.functional as F

    image, kernel = _numbers(image, "image"), _numbers(kernel, "kernel")
    stride, padding = _pair(stride, "stride", 1), _pair(padding, "padding", 0)
    dilation, extra = _pair(dilation, "dilation", 1), _pair(output_padding, "output_padding", 0)
    if any(extra) and not transposed:
        raise ValueError(
            f"output_padding={output_padding} is for transposed=True only; leave it out"
        )
    x, w = (torch.tensor(rows, dtype=torch.float64)[None, None] for rows in (image, kernel))
    try:
        if transposed:
            one_by_one = torch.eye(x.numel(), dtype=x.dtype).cumsum(0).view(-1, *x.shape[1:]) * x
            large = F.conv_transpose2d(one_by_one, w, None, stride, 0, extra, 1, dilation)[:, 0]
            output = F.conv_transpose2d(x, w, None, stride, padding, extra, 1, dilation)
        else:
            output = F.conv2d(x, w, None, stride, padding, dilation)
            padded = F.pad(x, (padding[1], padding[1], padding[0], padding[0]))
            large = padded[0].expand(output.numel(), -1, -1)
    except RuntimeError as error:
        raise ValueError(_impossible(transposed, error)) from error
    case = (image, kernel, output[0, 0].tolist(), stride, padding, dilation)
    return Convolution(*case, transposed, extra, large.tolist())


def _impossible(transposed, error):
    remedy = "Add padding, or choose a smaller kernel or dilation"
    if transposed:
        remedy = "Choose less padding, and output_padding below stride or dilation"
    return f"there is no such convolution. {remedy}. PyTorch says: {str(error).splitlines()[0]}"


def shape_of(rows):
    return len(rows), len(rows[0])


def _numbers(values, name):
    import torch

    try:
        table = torch.as_tensor(values, dtype=torch.float64)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"{name} must be rows of numbers, got {values!r}") from error
    if table.ndim != 2 or table.numel() == 0:
        shape = tuple(table.shape)
        raise ValueError(f"{name} has shape {shape}; expected (H, W), one channel of one picture")
    if not table.isfinite().all():
        raise ValueError(f"{name} holds NaN or infinite values, which no sum survives")
    return table.tolist()


def _pair(value, name, least):
    pair = (value, value) if isinstance(value, int) else value
    is_pair = isinstance(pair, tuple | list) and len(pair) == 2
    if not is_pair or not all(type(part) is int and part >= least for part in pair):
        expected = f"an integer of at least {least}, or two of them: (down, right)"
        raise ValueError(f"{name} must be {expected}; got {value!r}")
    return tuple(pair)


def places(case, index):
    """Return where the kernel's weights lie at a step: [(row, column)] in the large grid."""
    start = divmod(index, case.shapes[0][1])
    return [
        tuple(
            p * s + k * d for p, s, k, d in zip(start, case.stride, at, case.dilation, strict=True)
        )
        for at in product(*map(range, shape_of(case.kernel)))
    ]


def products(case, index):
    """Return one step's products, [(pixel, weight)], in the order of `places`."""
    weights = [weight for row in case.kernel for weight in row]
    if case.transposed:
        row, column = divmod(index, case.shapes[0][1])
        return [(case.image[row][column], weight) for weight in weights]
    pixels = [case.large[index][row][column] for row, column in places(case, index)]
    return list(zip(pixels, weights, strict=True))


def number(value):
    """Write integers as integers, other numbers with two decimals, or digits if they are small."""
    small = 0 < abs(value) < 0.095
    text = f"{value:.2g}" if small else f"{value:.2f}".rstrip("0").rstrip(".")
    return text.replace("-", MINUS) if text != "-0" else "0"


def _factor(value):
    return f"({number(value)})" if value < 0 else number(value)


def written(case, index):
    """Return one step as parts of a line of text: ["1·1", "+ 2·2", ..., "= 10"]."""
    pairs = products(case, index)
    terms = [f"{_factor(pixel)}·{_factor(weight)}" for pixel, weight in pairs]
    if case.transposed:
        sums = [f"{term} = {number(a * b)}" for term, (a, b) in zip(terms, pairs, strict=True)]
        return [f"{text}," for text in sums[:-1]] + sums[-1:]
    row, column = divmod(index, case.shapes[0][1])
    return [terms[0], *(f"+ {term}" for term in terms[1:]), f"= {number(case.output[row][column])}"]


def by(rows):
    """Write a size: (5, 3) as 5 times 3."""
    return TIMES.join(str(side) for side in rows)


def one_or_two(pair):
    return str(pair[0]) if pair[0] == pair[1] else str(pair)


def in_words(case):
    """Return the arguments and sizes of a convolution as one line."""
    named = {"stride": case.stride, "padding": case.padding, "dilation": case.dilation}
    named |= {"output padding": case.extra} if any(case.extra) else {}
    settings = ", ".join(f"{name} {one_or_two(pair)}" for name, pair in named.items())
    sizes = f"{by(shape_of(case.image))} → {by(shape_of(case.output))}"
    return f"kernel {by(shape_of(case.kernel))}, {settings}: {sizes}"
