"""Subjects that are wrong on purpose, each in one way."""

from __future__ import annotations

from itertools import count
from typing import Any

import ml_dtypes
import numpy as np

from verify import Case, Declined, conv, reference
from verify.cases.geometry import Axis, same_padding
from verify.cases.operands import Array
from verify.checks.subject import Subject
from verify.oracle.problem import problem_of
from verify.oracle.reference import linear, pad


def answer(case: Case, *, epilogue: tuple[str, ...] | None = None, **changed: Any) -> Array:
    """The right answer to a case, or a wrong one where an argument of `conv` is changed."""
    arguments: dict[str, Any] = {
        "x": case.input,
        "w": case.filters,
        "strides": case.strides,
        "padding": case.padding,
        "dilations": case.dilations,
        "groups": case.groups,
        "bias": case.bias,
        "data_format": case.data_format,
    }
    y = conv(**{**arguments, **changed}).astype(case.dtype)
    steps = case.epilogue if epilogue is None else epilogue
    return np.maximum(y, y.dtype.type(0)) if "relu" in steps else y


def same(case: Case, strides: tuple[int, ...], dilations: tuple[int, ...]) -> Any:
    """A case's padding, where it is SAME with other strides and dilations in its formula."""
    if case.padding != "SAME" or 0 in case.size:
        return case.padding
    return [same_padding(*axis) for axis in zip(case.size, case.kernel, strides, dilations, strict=True)]


def channels_of(case: Case, x: Array) -> Array:
    """A view of a copy of the input with its channels first of all axes."""
    return np.moveaxis(x, 1 if case.channels_first else -1, 0)


def right(case: Case) -> Array:
    return answer(case)


def odd_cell_before(case: Case) -> Array:
    """SAME's odd cell goes before."""
    if case.padding != "SAME" or 0 in case.size:
        return answer(case)
    return answer(case, padding=[(axis.after, axis.before) for axis in case.axes])


def same_ignores_stride(case: Case) -> Array:
    """SAME's padding is that of stride 1."""
    return answer(case, padding=same(case, (1,) * case.rank, case.dilations))


def dilation_ignored(case: Case) -> Array:
    """The kernel is never dilated."""
    ones = (1,) * case.rank
    return answer(case, dilations=ones, padding=same(case, case.strides, ones))


def kernel_flipped(case: Case) -> Array:
    """A convolution as mathematics has it, not a correlation."""
    return answer(case, w=np.flip(case.filters, tuple(range(case.rank))))


def strides_exchanged(case: Case) -> Array:
    """The first axis takes the last one's stride, and the other way round."""
    strides = case.strides[::-1]
    return answer(case, strides=strides, padding=same(case, strides, case.dilations))


def last_bias_lost(case: Case) -> Array:
    """The last filter has no bias."""
    keeps = np.arange(case.filter_count) < case.filter_count - 1
    return answer(case, bias=None if case.bias is None else np.where(keeps, case.bias, case.bias * 0))


def last_group_reads_its_neighbour(case: Case) -> Array:
    """The last group's filters are applied to the channels of the group before."""
    x, members = case.input.copy(), case.channels // case.groups
    channels = channels_of(case, x)
    channels[-members:] = channels[-2 * members :][:members]
    return answer(case, x=x)


def batch_repeats_its_first(case: Case) -> Array:
    """Every answer of a batch is that to its first input."""
    return np.broadcast_to(answer(case)[:1], case.output_shape) if case.batch else answer(case)


def channels_after_blocks_lost(case: Case) -> Array:
    """Channels that fill no block of 8 are left out, once there is a block."""
    x = case.input.copy()
    if case.channels > 8:
        channels_of(case, x)[case.channels // 8 * 8 :] = 0
    return answer(case, x=x)


def input_downcast(case: Case) -> Array:
    """Floating-point inputs are rounded to bfloat16 on the way."""
    if case.format.exact_integers:
        return answer(case)
    return answer(case, x=case.input.astype(ml_dtypes.bfloat16).astype(case.dtype))


def relu_missing(case: Case) -> Array:
    """Negative answers stay negative."""
    return answer(case, epilogue=())


def multipliers_before_channels(case: Case) -> Array:
    """A depthwise whose answers lie channel by channel for each multiplier, not the other way round."""
    y = np.moveaxis(reference(case), 1, -1) if case.channels_first else reference(case)
    y = y.reshape(*y.shape[:-1], case.channels, case.multiplier).swapaxes(-1, -2).reshape(y.shape)
    return (np.moveaxis(y, -1, 1) if case.channels_first else y).astype(case.dtype)


def not_cropped(case: Case) -> Array:
    """A transpose that returns the gradient of the padding as well."""
    return _uncropped(case).astype(case.dtype)


def cropped_at_the_start(case: Case) -> Array:
    """A transpose that takes the first cells, those of the padding before included."""
    y = np.moveaxis(_uncropped(case), 1, -1) if case.channels_first else _uncropped(case)
    y = y[(slice(None), *map(slice, case.size))]
    return (np.moveaxis(y, -1, 1) if case.channels_first else y).astype(case.dtype)


def _uncropped(case: Case) -> Array:
    axes = (axis._replace(size=axis.padded, before=0, after=0) for axis in case.axes)
    return linear(problem_of(case)._replace(axes=tuple(axes)), case.operands)


def windows_without_stride(case: Case) -> Array:
    """A gradient of the filters that reads each window one cell after the last, whatever the stride."""
    problem, operands = problem_of(case), case.operands
    if "bias" in case.epilogue or 0 in case.output_shape or not all(axis.out for axis in case.axes):
        return reference(case).astype(case.dtype)
    x = operands.input if not case.channels_first else np.moveaxis(operands.input, 1, -1)
    y = operands.factor if not case.channels_first else np.moveaxis(operands.factor, 1, -1)
    axes = tuple(Axis(axis.out + axis.span - 1, axis.kernel, 1, axis.dilation) for axis in case.axes)
    near = pad(x, problem.axes, kind=x.dtype)[(slice(None), *(slice(axis.size) for axis in axes))]
    changed = problem._replace(axes=axes, channels_first=False)
    return linear(changed, operands._replace(input=near, factor=y)).astype(case.dtype)


def widened(case: Case) -> Array:
    """The right numbers in float64."""
    return answer(case).astype(np.float64)


def flattened(case: Case) -> Array:
    return answer(case).ravel()


def cropped(case: Case) -> Array:
    """The last filter's answers are left out."""
    return answer(case)[..., :-1]


def off_by_one(case: Case) -> Array:
    y = answer(case).copy()
    y.flat[0] += 1
    return y


def poisoned(case: Case) -> Array:
    y = answer(case).copy()
    y.flat[-1] = np.nan
    return y


def zeros(case: Case) -> Array:
    return np.zeros(case.output_shape, case.dtype)


def raises(case: Case) -> Array:
    raise RuntimeError("no kernel\n  for this shape")


def raises_with_a_traceback(case: Case) -> Array:
    """Its message quotes where, as that of a graph of TensorFlow does."""
    raise RuntimeError('at node Conv\n  File "a.py", line 1, in f\n\n  File "b.py", line 2, in g\nno kernel')


def raises_at_length(case: Case) -> Array:
    raise RuntimeError("x" * 1000)


def exits(case: Case) -> Array:
    raise SystemExit(0)


def declines(case: Case) -> Array:
    raise Declined("no kernel for this shape")


def writing_to(part: str) -> Subject:
    """Right, but it changes one of its operands in place."""

    def writes(case: Case) -> Array:
        y = answer(case)
        getattr(case, part).flat[0] += 1
        return y

    return writes


def wavering() -> Subject:
    """Right on the first, third, fifth … call, off by one on the others."""
    calls = count()
    return lambda case: off_by_one(case) if next(calls) % 2 else answer(case)


def in_one_buffer() -> Subject:
    """Wavering, and every answer is written over the one before."""
    wavers, kept = wavering(), {}

    def answers(case: Case) -> Array:
        y = kept.setdefault(case, np.empty(case.output_shape, case.dtype))
        y[...] = wavers(case)
        return y

    return answers


def returning(value: object) -> Subject:
    return lambda case: value
