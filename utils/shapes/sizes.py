"""Sizes by formula: what comes out of a convolution or a pooling, and how much it sees."""

from torch import nn

ARGUMENTS = ("size", "kernel_size", "stride", "padding", "dilation", "output_padding")
SLIDING = (nn.modules.conv._ConvNd, nn.modules.pooling._MaxPoolNd, nn.modules.pooling._AvgPoolNd)
POINTWISE = (nn.Identity, nn.PReLU, nn.modules.dropout._DropoutNd, nn.modules.batchnorm._BatchNorm)
POINTWISE += (nn.ReLU, nn.LeakyReLU, nn.Hardtanh, nn.ELU, nn.GELU, nn.SiLU, nn.Sigmoid, nn.Tanh)


def conv_output_size(size, kernel_size, stride=1, padding=0, dilation=1):
    """Return floor((size + 2 padding - dilation (kernel_size - 1) - 1) / stride) + 1, in pixels.

    `size`: an int gives an int; 1 to 3 axes, as in (height, width), give a tuple. The rest: an
    int or, if size has axes, one for each. `padding` also "valid" (0) or "same" (with stride 1).
    Raises ValueError for what torch refuses, TypeError for no int. Source: torch.nn's manual.
    """
    word = padding if isinstance(padding, str) else "valid"
    _require(word in ("same", "valid"), f'padding is a number, "same" or "valid", not "{word}"')
    same, padding = word == "same", 0 if padding is word else padding
    return _each_axis(lambda *v: _conv(*v, same), size, kernel_size, stride, padding, dilation)


def pool_output_size(size, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    """Return the size after max or average pooling; `stride` is kernel_size unless given.

    As `conv_output_size`, but padding is at most half of kernel_size; `ceil_mode` rounds up,
    unless the last window would then start beyond the input and its left padding.
    """
    _require(type(ceil_mode) is bool, f"ceil_mode is True or False, not {ceil_mode!r}", TypeError)
    stride = kernel_size if stride is None else stride
    return _each_axis(lambda *v: _pool(*v, ceil_mode), size, kernel_size, stride, padding, dilation)


def conv_transpose_output_size(size, kernel_size, stride=1, padding=0, output_padding=0,
                               dilation=1):  # fmt: skip
    """Return (size - 1) stride - 2 padding + dilation (kernel_size - 1) + output_padding + 1.

    As `conv_output_size`, but padding is never a word, output_padding below stride or dilation.
    """
    return _each_axis(_transposed, size, kernel_size, stride, padding, dilation, output_padding)


def _each_axis(rule, size, *values):
    """Return rule(size, *values), for each axis if size has axes; errors then name the axis."""
    many = isinstance(size, (tuple, list))
    rows, axes = ([size], len(size)) if many else ([[size]], 1)
    _require(0 < axes < 4, f"size {size} must have 1 to 3 axes, as images.shape[2:] has")
    for name, value in zip(ARGUMENTS[1:], values, strict=False):
        rows.append(value if isinstance(value, (tuple, list)) else [value] * axes)
        fits = rows[-1] is not value or (many and len(value) == axes)
        _require(fits, f"{name} {value} must be one number, or one for each axis of size {size}")
    outputs = []
    for axis, column in enumerate(zip(*rows, strict=True)):
        try:
            outputs.append(rule(*map(_checked, ARGUMENTS, column)))
        except (TypeError, ValueError) as error:
            raise type(error)(f"axis {axis}: {error}" if many else str(error)) from None
    return tuple(outputs) if many else outputs[0]


def _checked(name, value):
    _require(type(value) is int, f"{name} must be an int, got {value!r}", TypeError)
    least = 0 if "padding" in name else 1
    _require(value >= least, f"{name} must be at least {least}, got {value}")
    return value


def _require(condition, message, error=ValueError):
    if not condition:
        raise error(message)


def _conv(size, kernel, stride, padding, dilation, same=False, spare=0):
    _require(not same or stride == 1, f'padding "same" needs stride 1, got {stride}')
    span, padded = dilation * (kernel - 1) + 1, size + 2 * padding
    spans = f"the kernel spans {span} pixels (kernel_size {kernel}, dilation {dilation})"
    _require(same or span <= padded + spare, f"{spans}, the padded input only {padded}: pad more")
    return size if same else (padded - span + spare) // stride + 1


def _pool(size, kernel, stride, padding, dilation, ceil_mode):
    _require(2 * padding <= kernel, f"padding {padding} exceeds half of kernel_size {kernel}")
    windows = _conv(size, kernel, stride, padding, dilation, spare=ceil_mode * (stride - 1))
    return windows - (ceil_mode and (windows - 1) * stride >= size + padding)


def _transposed(size, kernel, stride, padding, dilation, output_padding):
    most = f"must be below stride {stride} or dilation {dilation}"
    _require(output_padding < max(stride, dilation), f"output_padding {output_padding} {most}")
    full = (size - 1) * stride + dilation * (kernel - 1) + 1 + output_padding
    _require(full > 2 * padding, f"padding {padding} cuts off all {full} pixels: take less")
    return full - 2 * padding


def conv_receptive_field(layers):
    """Return how many pixels along an axis one output sees: a number, a tuple if axes differ.

    `layers`: an nn.Sequential or a list of convolutions, pooling, activations, Dropout, BatchNorm
    (as in evaluation) and tuples (kernel_size, stride) or (kernel_size, stride, dilation); others
    raise ValueError. Backwards, field = (field - 1) stride + dilation (kernel_size - 1) + 1.
    Source: Araujo, Norris and Sim, "Computing Receptive Fields ...", Distill (2019).
    """
    windows = list(_windows([layers] if isinstance(layers, nn.Module) else layers))
    axes = {len(value) for window in windows for value in window if isinstance(value, tuple)}
    _require(len(axes) < 2, f"layers must have the same number of axes, got {sorted(axes)}")
    field = (1,) * max(axes, default=1)
    for kernel_size, stride, dilation in reversed(windows):
        field = conv_transpose_output_size(field, kernel_size, stride, dilation=dilation)
    return field[0] if len(set(field)) == 1 else field


def _windows(layers):
    for layer in layers:
        if isinstance(layer, nn.Sequential):
            yield from _windows(layer)
        elif isinstance(layer, tuple) and len(layer) in (2, 3):
            yield (*layer, 1)[:3]
        elif isinstance(layer, SLIDING) and not getattr(layer, "transposed", False):
            yield layer.kernel_size, layer.stride, getattr(layer, "dilation", 1)
        else:
            why = "slides no window of fixed size, it may see every input: stop before it"
            _require(isinstance(layer, POINTWISE), f"{type(layer).__name__} {why}")
