"""A case as a model of OpenVINO, which is channels first, with its weights as constants."""

from __future__ import annotations

from typing import Any

import numpy as np
from openvino import Model, opset13

from verify.cases.case import Case
from verify.cases.modes import ZEROS, numpy_mode
from verify.cases.operands import Array
from verify.cases.operations import kind_of, slope_of
from verify.subjects.channels_first import filters_of, first, groups_of, pads_of, unread_of

PADS = {mode: numpy_mode(mode) for mode in ("reflect", "symmetric", "replicate")}
"""Mode of padding that repeats cells → that of OpenVINO's Pad, which has no circular one."""


def model_of(case: Case, *, auto_pad: bool) -> tuple[Model, list[Array]]:
    """The model of a legal channels-first case that is no gradient of filters, and its inputs."""
    inputs = [case.input] if case.residual is None else [case.input, case.residual]
    given = [opset13.parameter(array.shape, array.dtype) for array in inputs]
    answer = _operated(case, given[0], auto_pad=auto_pad)
    for step in case.epilogue:
        answer = _followed(case, answer, step, given)
    return Model([answer], given, "case"), [np.ascontiguousarray(array) for array in inputs]


def _operated(case: Case, x: Any, *, auto_pad: bool) -> Any:
    if case.border:
        before, after = zip(*case.border, strict=True)
        x = opset13.pad(x, [0, 0, *before], [0, 0, *after], "constant")
    if case.traits.answer == "source":
        return _transposed(case, x)
    if case.padding_mode != ZEROS:
        firsts, lasts = pads_of(case)
        x = opset13.pad(x, [0, 0, *firsts], [0, 0, *lasts], PADS[case.padding_mode])
    rule = case.padding_kind.replace("same", "same_upper") if auto_pad else "explicit"
    pads = ([0] * case.rank,) * 2 if auto_pad or case.padding_mode != ZEROS else pads_of(case)
    answer = _convolved(x, filters_of(case), groups_of(case), [case.strides, *pads, case.dilations], rule)
    if case.pointwise is None:
        return answer
    ones, zeros = [1] * case.rank, [0] * case.rank
    return _convolved(answer, first(case.pointwise), 1, [ones, zeros, zeros, ones], "explicit")


def _convolved(x: Any, filters: Array, groups: int, walk: list[Any], rule: str) -> Any:
    walk = [list(numbers) for numbers in walk]
    if groups == 1:
        return opset13.convolution(x, _constant(filters), *walk, rule)
    return opset13.group_convolution(x, _constant(_grouped(filters, groups)), *walk, rule)


def _transposed(case: Case, x: Any) -> Any:
    """What no window reads at the end is `output_padding`."""
    filters, (before, after) = filters_of(case), pads_of(case)
    named = {
        "strides": list(case.strides),
        "pads_begin": before,
        "pads_end": after,
        "dilations": list(case.dilations),
        "output_padding": unread_of(case),
    }
    if case.groups == 1:
        return opset13.convolution_backprop_data(x, _constant(filters), **named)
    return opset13.group_convolution_backprop_data(x, _constant(_grouped(filters, case.groups)), **named)


def _grouped(filters: Array, groups: int) -> Array:
    """Filters with an axis of groups before that of the filters of each."""
    return filters.reshape(groups, filters.shape[0] // groups, *filters.shape[1:])


def _constant(array: Array) -> Any:
    return opset13.constant(np.ascontiguousarray(array))


def _followed(case: Case, x: Any, step: str, given: list[Any]) -> Any:
    """One step of the epilogue after a value."""
    match kind_of(step):
        case "bias":
            assert case.bias is not None
            return opset13.add(x, _constant(case.bias.reshape(1, -1, *(1,) * case.rank)))
        case "norm":
            assert case.norm is not None
            order = ("scale", "offset", "mean", "variance")
            parameters = [_constant(getattr(case.norm, name)) for name in order]
            return opset13.batch_norm_inference(x, *parameters, epsilon=case.norm_epsilon)
        case "residual":
            return opset13.add(x, given[1])
        case "relu6":
            return opset13.clamp(x, 0.0, 6.0)
        case "leaky":
            return opset13.prelu(x, _constant(np.array([slope_of(step)], case.dtype)))
        case "elu":
            return opset13.elu(x, 1.0)
        case kind:
            return getattr(opset13, kind)(x)
