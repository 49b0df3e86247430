"""A convolution of images in NumPy, and how a case is put to it."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from verify import Declined


def convolve(images, filters, strides, padding, dilations):
    """Images (n, height, width, c) by filters (height, width, c, f): (n, rows, columns, f)."""
    spans = [(taps - 1) * step + 1 for taps, step in zip(filters.shape[:2], dilations, strict=True)]
    if padding == "SAME":
        padding = [same(*axis) for axis in zip(images.shape[1:3], spans, strides, strict=True)]
    elif padding == "VALID":
        padding = [(0, 0), (0, 0)]
    padded = np.pad(images, [(0, 0), *padding, (0, 0)])
    room = [size - span for size, span in zip(padded.shape[1:3], spans, strict=True)]
    if min(room) < 0:
        out = [less // stride + 1 for less, stride in zip(room, strides, strict=True)]
        return np.zeros((len(images), *out, filters.shape[3]), images.dtype)
    windows = sliding_window_view(padded, spans, axis=(1, 2))[:, :: strides[0], :: strides[1]]
    return np.einsum("nhwcij,ijcf->nhwf", windows[..., :: dilations[0], :: dilations[1]], filters)


def same(size, span, stride):
    """The cells before and after an axis for which every stride begins a window."""
    out = -(-size // stride)
    total = max((out - 1) * stride + span - size, 0)
    return total // 2, total - total // 2


def conv2d(case):
    is_plain = case.rank == 2 and case.groups == 1 and case.data_format == "NHWC" and not case.border
    if not is_plain or case.dtype.name not in ("float32", "float64") or case.epilogue not in ((), ("bias",)):
        raise Declined("images of float32 or float64, channels last, in one group, with a bias at most")
    answer = convolve(case.input, case.filters, case.strides, case.padding, case.dilations)
    return answer if case.bias is None else answer + case.bias


conv2d.around = ("bias",)
