"""The convolution of plain arrays and its two gradients, for those who have no case."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from verify.cases.dtypes import FORMATS
from verify.cases.operands import Array
from verify.oracle.arguments import Numbers, Padding
from verify.oracle.at_the_call import shown_at_the_call
from verify.oracle.calls import Arguments, Call
from verify.oracle.epilogue import follow
from verify.oracle.readings import call_or_hint
from verify.oracle.reference import linear


@shown_at_the_call
def conv(
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
) -> Array:
    """The convolution of plain arrays, with the arguments of `tf.nn.convolution`, or PyTorch's.

    `x` is (batch, *spatial, channels) or without the batch, `w` is (*kernel, channels / groups, filters),
    for 1 to 3 spatial axes. `data_format` names another order of x, in any case of letters: "NCHW",
    "channels_first", "CHW" …; the answer has the same. `filter_format` names another order of w, in which
    I counts its channels and O its filters: "OIHW" is PyTorch's, "OHWI" TensorFlow Lite's.
    Arrays are of NumPy, TensorFlow, PyTorch, JAX or any library that offers them to NumPy.

    `strides` and `dilations` are one number or one for each spatial axis, in cells. `padding` is "SAME",
    "VALID", a number of cells of zeros before and after every axis, one for each axis, or (before, after)
    pairs for the spatial axes, or for all axes as TensorFlow takes them. `padding_mode` is what the cells
    hold: "zeros", "reflect", "symmetric", "circular" or "replicate", as PyTorch and `tf.pad` have them.

    What follows, in this order: a `bias`, one number for each filter, or a `norm`, the (mean, variance,
    scale, offset) of a batch normalisation with its `norm_epsilon`; a `residual` in the answer's shape; an
    `activation`: "relu", "relu6", "leaky0.25" (any slope), "elu", "tanh" or "sigmoid".

    The answer is float64, or int64 (wrapping at 64 bits) where all of the arrays hold integers and nothing
    but a bias follows. Raises ValueError, one sentence, for arguments that no convolution has.

    Formula: y[n, o, f] = Σ x[n, o·stride + t·dilation − before, c] · w[t, c, f], cells outside x
    being 0, or as the mode says; a correlation, as in every framework (Dumoulin and Visin,
    arXiv:1603.07285).
    """
    return answer_of(call_or_hint(Arguments.of("conv", locals())))


@shown_at_the_call
def conv_transpose(
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
) -> Array:
    """The transpose of a convolution: its gradient with respect to its input, given its answer `x`.

    The arguments are those of `conv`, but `w` is (*kernel, channels of the answer / groups, channels of x),
    as `tf.nn.conv2d_transpose` takes it; in a `filter_format`, I counts the channels of x and O those of the
    answer, so that this is "HWOI", and PyTorch's is "IOHW". Strides, dilations, padding and its mode are
    those of the convolution whose transpose it is. It answers and raises as `conv` does.

    `output_shape` is the answer's spatial sizes, or its whole shape. Without it they are size · stride for
    SAME, and for another padding the least that the convolution can have had, (size − 1) · stride +
    (kernel − 1) · dilation + 1 − padding; `output_padding` cells are added after each axis, as in PyTorch.

    Formula: the answer's [n, o·stride + t·dilation − before, c] adds up x[n, o, f] · w[t, c, f].
    """
    return answer_of(call_or_hint(Arguments.of("transpose", locals())))


@shown_at_the_call
def filter_gradient(
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
) -> Array:
    """The gradient of a convolution with respect to its filters.

    `x` is its input, and `cotangent` the gradient with respect to its answer, in the answer's shape and in
    the layout of x. `kernel` is the kernel's size: one number, or one for each spatial axis. The others are
    those of `conv`; the answer is (*kernel, channels / groups, filters), or in `filter_format`. It answers
    and raises as `conv` does.

    Formula: w[t, c, f] = Σ_(n, o) x[n, o·stride + t·dilation − before, c] · cotangent[n, o, f].
    """
    return answer_of(call_or_hint(Arguments.of("filtergrad", locals())))


def answer_of(call: Call) -> Array:
    """The answer to a call in the caller's layout, as float64, or int64 where all arrays hold integers."""
    operands, problem = call.case.arrays, call.problem._replace(format=FORMATS["float64"])
    if any(part.dtype.kind not in "iub" for part in call.given.values()):
        operands = operands._replace(input=operands.input.astype(np.float64))
    answer = linear(problem, operands, exact=True)
    if problem.epilogue not in ((), ("bias",)):
        answer, _ = follow(problem, operands, answer.astype(np.float64))
    return call.layout.from_base(answer)
