"""PyTorch's functions: convolutions and their transposes, each as a function of tensors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from verify.cases.case import Case
from verify.subjects.channels_first import groups_of, pads_of, unread_of
from verify.subjects.torch.imported import torch

F = torch.nn.functional

CONV = (F.conv1d, F.conv2d, F.conv3d)
TRANSPOSE = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)

Pair = tuple[int, int]


def flat(pairs: Iterable[Pair]) -> list[int]:
    """Cells before and after each axis as `F.pad` takes them: the last axis first."""
    return [cells for pair in reversed([*pairs]) for cells in pair]


def bordered(case: Case, x: Any) -> Any:
    """The input with its border of zeros."""
    return F.pad(x, flat(case.border)) if case.border else x


def cells_of(case: Case) -> tuple[list[int], list[Pair]]:
    """The padding as PyTorch takes it, as many cells at both ends, and what `F.pad` adds: one of the two."""
    if case.illegal:
        return written_of(case), []
    before, after = pads_of(case)
    if before == after:
        return before, []
    return [0] * case.rank, [*zip(before, after, strict=True)]


def written_of(case: Case) -> list[int]:
    """The padding of an illegal call, whose two ends are the same; of SAME as much as a window covers."""
    if case.padding == "SAME":
        windows = [*zip(case.kernel, case.dilations, strict=False)][: case.rank]
        return [max((kernel - 1) * dilation, 0) for kernel, dilation in windows]
    return [0] * case.rank if isinstance(case.padding, str) else [pair[0] for pair in case.padding]


def conv(case: Case, x: Any, w: Any, *rest: Any) -> Any:
    """`F.conv1d` and its kin, with `F.pad` before it where the two ends of an axis differ."""
    cells, pairs = cells_of(case)
    return _convolved(case, F.pad(x, flat(pairs)) if pairs else x, w, *rest, padding=cells)


_NAMED = {"zeros": "constant"}
"""Mode of padding → what `F.pad` calls it, where that has another name."""


def conv_padded(case: Case, x: Any, w: Any, *rest: Any) -> Any:
    """A convolution without padding of an input that `F.pad` has padded in the mode of the case."""
    pairs = [*zip(*pads_of(case), strict=True)]
    mode = _NAMED.get(case.padding_mode, case.padding_mode)
    wide = F.pad(x, flat(pairs), mode) if any(map(any, pairs)) else x
    return _convolved(case, wide, w, *rest, padding=0)


def conv_by_rule(case: Case, x: Any, w: Any, *rest: Any) -> Any:
    """The same with padding "same" or "valid"."""
    return _convolved(case, x, w, *rest, padding=case.padding_kind)


def _convolved(case: Case, x: Any, w: Any, *rest: Any, padding: Any) -> Any:
    """A convolution by filters, and by pointwise ones where there are two; the last has the bias."""
    *pointwise, bias = rest
    call = CONV[case.rank - 1]
    walk = list(case.strides), padding, list(case.dilations), groups_of(case)
    if pointwise:
        return call(call(x, w, None, *walk), *pointwise, bias)
    return call(x, w, bias, *walk)


def transposed(case: Case, y: Any, w: Any, bias: Any) -> Any:
    """`F.conv_transpose1d` and its kin; cells by which the two ends of an axis differ are cut off."""
    cells, more, cut = transposed_cells(case)
    call = TRANSPOSE[case.rank - 1]
    x = call(y, w, bias, list(case.strides), cells, more, case.groups, list(case.dilations))
    return F.pad(x, cut) if any(cut) else x


def transposed_cells(case: Case) -> tuple[list[int], list[int], list[int]]:
    """The `padding` and the `output_padding` of a transpose, and what `F.pad` cuts off its answer."""
    if case.illegal:
        return written_of(case), [0] * case.rank, []
    before, after = pads_of(case)
    least = [*map(min, before, after)]
    cut = [(low - first, low - last) for low, first, last in zip(least, before, after, strict=True)]
    return least, unread_of(case), flat(cut)


def input_gradient(case: Case, z: Any, y: Any, w: Any) -> Any:
    """What autograd says of a convolution's input, which is `z`."""
    return torch.autograd.grad(conv(case, z, w, None), z, y)[0]


def filter_gradient(case: Case, x: Any, y: Any) -> Any:
    """What autograd says of the filters, or of the bias."""
    w, bias = _weights(case, x)
    wanted = bias if case.is_bias_gradient else w
    return torch.autograd.grad(conv(case, x, w, bias), wanted, y)[0]


def _weights(case: Case, x: Any) -> tuple[Any, Any]:
    """Filters and a bias of zeros, whose gradients are asked."""
    w = torch.zeros(weight_shape(case), dtype=x.dtype, device=x.device, requires_grad=True)
    bias = torch.zeros(case.filter_count, dtype=x.dtype, device=x.device, requires_grad=True)
    return w, bias if case.is_bias_gradient else None


def weight_shape(case: Case) -> tuple[int, ...]:
    """The shape of the filters of a filter gradient, (filters, channels of a group, *kernel)."""
    *kernel, channels, count = case.filter_shape
    return (count, channels, *kernel)


def gradient_of_transposed(case: Case, x: Any, y: Any) -> Any:
    """What autograd says of the filters of `F.conv_transpose1d` and its kin, which are the same."""
    w, _ = _weights(case, x)
    return torch.autograd.grad(transposed(case, y, w, None), w, x)[0]


def conv_by_transposed(case: Case, z: Any, x: Any, w: Any) -> Any:
    """A convolution as what autograd says of the input of a transpose, which is `z`."""
    return torch.autograd.grad(transposed(case, z, w, None), z, x)[0]


def padded_input_gradient(case: Case, x: Any, y: Any, w: Any) -> Any:
    """What autograd says of the input of `F.pad` before a convolution."""
    return torch.autograd.grad(conv_padded(case, x, w, None), x, y)[0]


def padded_filter_gradient(case: Case, x: Any, y: Any) -> Any:
    """What autograd says of the filters, or of the bias, of a convolution after `F.pad`."""
    w, bias = _weights(case, x)
    wanted = bias if case.is_bias_gradient else w
    return torch.autograd.grad(conv_padded(case, x, w, bias), wanted, y)[0]


def named_input_gradient(case: Case, y: Any, w: Any) -> Any:
    """`torch.nn.grad.conv1d_input` and its kin, of an image padded before where the ends differ."""
    cells, pairs = cells_of(case)
    call = getattr(torch.nn.grad, f"conv{case.rank}d_input")
    walk = list(case.strides), cells, list(case.dilations), case.groups
    x = call(_padded_shape(case, pairs), w, y, *walk)
    return F.pad(x, [-each for each in flat(pairs)]) if pairs else x


def _padded_shape(case: Case, pairs: Sequence[Pair]) -> list[int]:
    """The shape of an image, channels first, with these cells around it."""
    shape = case.source_shape
    if not case.channels_first:
        shape = (shape[0], shape[-1], *shape[1:-1])
    spatial = zip(shape[2:], pairs, strict=True) if pairs else ((size, (0, 0)) for size in shape[2:])
    return [*shape[:2], *(size + sum(pair) for size, pair in spatial)]


def named_filter_gradient(case: Case, x: Any, y: Any) -> Any:
    """`torch.nn.grad.conv1d_weight` and its kin."""
    cells, pairs = cells_of(case)
    call = getattr(torch.nn.grad, f"conv{case.rank}d_weight")
    x = F.pad(x, flat(pairs)) if pairs else x
    return call(x, weight_shape(case), y, list(case.strides), cells, list(case.dilations), case.groups)
