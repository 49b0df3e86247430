"""The assertions on plain arrays, for tests that know nothing of cases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from verify.cases.dtypes import QUANTISED
from verify.checks.arrays import complaint, verdict_on
from verify.checks.asking import as_array
from verify.oracle.arguments import Numbers, Padding
from verify.oracle.at_the_call import Unequal, WrongArgument, shown_at_the_call
from verify.oracle.calls import Arguments, Call
from verify.oracle.compare import Verdict
from verify.oracle.readings import call_or_hint


@shown_at_the_call
def assert_conv(
    actual: Any,
    x: Any,
    w: Any,
    *,
    strides: Numbers = 1,
    padding: Padding = "VALID",
    padding_mode: str = "zeros",
    dilations: Numbers = 1,
    groups: int = 1,
    bias: Any = None,
    norm: Sequence[Any] | None = None,
    norm_epsilon: float | None = None,
    residual: Any = None,
    activation: str | None = None,
    data_format: str | None = None,
    filter_format: str | None = None,
    x_scale: float | None = None,
    x_zero_point: int | None = None,
    w_scale: Any = None,
    w_zero_point: int | None = None,
    y_scale: float | None = None,
    y_zero_point: int | None = None,
    scheme: str = "",
) -> None:
    """Assert that an array is the convolution of plain arrays; the arguments are those of `verify.conv`.

    `x` is (batch, *spatial, channels), or without the batch, or in the order that `data_format` names;
    `actual` has the answer's shape in the same order. `w` is (*kernel, channels / groups, filters), or in
    the order that `filter_format` names: "OIHW" is PyTorch's. Arrays are those of any library.

    The values must be equal where the data shows that every order of summation gives the same bits,
    and within the bound of `verify.oracle.bounds` elsewhere. The answer must have x's dtype, one of
    float16, bfloat16, float32, float64 and int32, as must `w` and every other array.

    With scales, after ONNX's names, `x` and `actual` are quantised: int8, uint8, or int16 with `w` of int8;
    `w_scale` is one number, or one for each channel of the answer, and a zero point is 0 by default. A `bias`
    is int32, int64 beside int16, and "relu" and "relu6" may follow. The answer is the nearest step, or either
    where two are right; that of a `scheme`, one of `verify.oracle.schemes`, where one is named.
    Raises AssertionError for a disagreement, with the shapes, the arithmetic of each axis, the worst element,
    what was allowed there, and what the answer looks like; ValueError, one sentence, for arguments that no
    convolution has.
    """
    _require(actual, Arguments.of("conv", locals()))


@shown_at_the_call
def assert_transpose(
    actual: Any,
    x: Any,
    w: Any,
    *,
    strides: Numbers = 1,
    padding: Padding = "VALID",
    padding_mode: str = "zeros",
    dilations: Numbers = 1,
    groups: int = 1,
    output_shape: Sequence[int] | None = None,
    output_padding: Numbers = 0,
    bias: Any = None,
    norm: Sequence[Any] | None = None,
    norm_epsilon: float | None = None,
    residual: Any = None,
    activation: str | None = None,
    data_format: str | None = None,
    filter_format: str | None = None,
) -> None:
    """Assert that an array is the transpose of a convolution, its gradient with respect to its input.

    The arguments are those of `verify.conv_transpose`: `x` is what is transposed, (batch, *spatial,
    channels) or as `data_format` says, and so is `actual`; `w` is (*kernel, channels of the answer / groups,
    channels of x), "HWOI", or as `filter_format` says: "IOHW" is PyTorch's. `output_shape` or
    `output_padding` say which of the sizes that a transpose can have the answer has.
    It is judged, and raises, as `assert_conv` does.
    """
    _require(actual, Arguments.of("transpose", locals()))


@shown_at_the_call
def assert_filter_gradient(
    actual: Any,
    x: Any,
    cotangent: Any,
    *,
    kernel: Numbers,
    strides: Numbers = 1,
    padding: Padding = "VALID",
    padding_mode: str = "zeros",
    dilations: Numbers = 1,
    groups: int = 1,
    data_format: str | None = None,
    filter_format: str | None = None,
) -> None:
    """Assert that an array is the gradient of a convolution with respect to its filters.

    The arguments are those of `verify.filter_gradient`: `x` is the convolution's input, (batch, *spatial,
    channels) or as `data_format` says, `cotangent` the gradient with respect to its answer, in the answer's
    shape, and `kernel` the sizes of the filters. `actual` is (*kernel, channels / groups, filters), or as
    `filter_format` says. It is judged, and raises, as `assert_conv` does.
    """
    _require(actual, Arguments.of("filtergrad", locals()))


def _require(actual: Any, arguments: Arguments) -> None:
    """Raise Unequal for an answer that is not right."""
    answer = as_array(actual)
    call = call_or_hint(arguments, answered=None if isinstance(answer, Verdict) else answer.shape)
    _require_one_dtype(call)
    if isinstance(answer, Verdict):
        raise Unequal(f"actual is no array: {answer.sentence}")
    verdict = verdict_on(call, answer)
    if not verdict.holds:
        raise Unequal(complaint(call, verdict, answer, arguments=arguments))


def _require_one_dtype(call: Call) -> None:
    """Raise WrongArgument unless the arrays have one dtype, in which a case could be."""
    dtype = call.given["x"].dtype
    if call.case.format.is_quantised:
        return  # whose dtypes are checked with their scales
    for name, part in call.given.items():
        if part.dtype != dtype:
            raise WrongArgument(f"x is {dtype.name} and {name} is {part.dtype.name}; give both one dtype")
    if call.case.dtype != dtype:
        raise WrongArgument(
            f"x is {dtype.name}; {_NAMES[call.case.operation]} judges float16, bfloat16, float32, float64 "
            f"and int32{_with_scales(call)}"
        )


def _with_scales(call: Call) -> str:
    """What an array of integers needs to be judged as a quantised one."""
    is_quantised = call.given["x"].dtype.name in QUANTISED and call.case.operation == "conv"
    return ", or quantised arrays with x_scale, w_scale and y_scale" * is_quantised


_NAMES = {"conv": "assert_conv", "transpose": "assert_transpose", "filtergrad": "assert_filter_gradient"}
