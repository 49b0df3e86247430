"""A case by the functions of `keras.ops`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from verify.cases.case import Case
from verify.cases.modes import numpy_mode
from verify.cases.operations import kind_of, slope_of
from verify.subjects.built_in import NoCall
from verify.subjects.keras.imported import keras, tensor_of
from verify.subjects.keras.layers import NO_GROUPS, output_padding, padding_of

ops = keras.ops


MODES = ("zeros", "reflect", "symmetric")
"""The modes of `ops.pad`, whose zeros are its "constant"."""


def computed(case: Case, *, is_padded_first: bool = False) -> Any:
    """The operation and what comes before and after it, without padding where `ops.pad` comes first."""
    x, w = tensor_of(case.input), tensor_of(case.filters)
    called = case
    if is_padded_first:
        cells = [(axis.before, axis.after) for axis in case.axes]
        x, called = _padded(case, x, cells, numpy_mode(case.padding_mode)), case.copied(padding="VALID")
    elif case.border:
        x = _padded(case, x, case.border)
    y = _operated(called, x, w, *([] if case.pointwise is None else [tensor_of(case.pointwise)]))
    for step in case.epilogue:
        y = _followed(case, y, step)
    return y


def _padded(case: Case, x: Any, cells: Iterable[tuple[int, int]], mode: str = "constant") -> Any:
    """An image with cells at the ends of each spatial axis."""
    return ops.pad(x, [(0, 0), (0, 0), *cells] if case.channels_first else [(0, 0), *cells, (0, 0)], mode)


def _operated(case: Case, x: Any, w: Any, *pointwise: Any) -> Any:
    walk = {"strides": case.strides, "padding": padding_of(case), "dilation_rate": case.dilations}
    walk["data_format"] = "channels_first" if case.channels_first else "channels_last"
    if case.traits.answer == "source":
        if case.groups > 1:
            raise NoCall(NO_GROUPS)
        return ops.conv_transpose(x, w, output_padding=output_padding(case), **walk)
    if pointwise:
        return ops.separable_conv(x, w, *pointwise, **walk)
    return (ops.depthwise_conv if case.traits.has_multiplier else ops.conv)(x, w, **walk)


def _followed(case: Case, y: Any, step: str) -> Any:
    match kind_of(step):
        case "bias":
            assert case.bias is not None
            shape = (1, -1, *(1,) * case.rank) if case.channels_first else (-1,)
            return y + ops.reshape(tensor_of(case.bias), shape)
        case "norm":
            assert case.norm is not None
            mean, variance, scale, offset = map(tensor_of, case.norm)
            axis = 1 if case.channels_first else -1
            return ops.batch_normalization(y, mean, variance, axis, offset, scale, case.norm_epsilon)
        case "residual":
            assert case.residual is not None
            return y + tensor_of(case.residual)
        case "leaky":
            return ops.leaky_relu(y, slope_of(step))
        case kind:
            return getattr(ops, kind)(y)
