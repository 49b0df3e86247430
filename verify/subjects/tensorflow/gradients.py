"""Gradients that GradientTape takes of TensorFlow's forward calls."""

from __future__ import annotations

from typing import Any

from verify.cases.case import Case
from verify.subjects.tensorflow import forward
from verify.subjects.tensorflow.epilogue import add_bias
from verify.subjects.tensorflow.imported import tf


class NoGradient(Exception):
    """TensorFlow answers None where a gradient is asked for."""


def input_gradient(entry_point: forward.EntryPoint) -> forward.EntryPoint:
    """The gradient of a forward call with respect to its input, which it does not depend on."""

    def gradient(case: Case, y: Any, w: Any) -> Any:
        x = tf.zeros(forward.shape(case, y), case.dtype)
        with tf.GradientTape() as tape:
            tape.watch(x)
            answer = entry_point(case, x, w)
        return required(tape.gradient(answer, x, output_gradients=y))

    return gradient


def filter_gradient(entry_point: forward.EntryPoint) -> forward.EntryPoint:
    """The gradient with respect to the filters, or to the bias where that is asked for."""

    def gradient(case: Case, x: Any, y: Any) -> Any:
        w = tf.zeros(case.filter_shape, case.dtype)
        b = tf.zeros(case.filter_count, case.dtype)
        with tf.GradientTape() as tape:
            tape.watch((w, b))
            answer = entry_point(case, x, w)
            if case.epilogue:
                answer = add_bias(case, answer, b)
        return required(tape.gradient(answer, b if case.epilogue else w, output_gradients=y))

    return gradient


def required(gradient: Any) -> Any:
    """The gradient; raises NoGradient where there is none."""
    if gradient is None:
        raise NoGradient("GradientTape gives no gradient: it watches floating-point tensors alone")
    return gradient


def as_depthwise(case: Case, x: Any, w: Any) -> Any:
    """A convolution with as many groups as channels, through the depthwise call that it is."""
    return forward.depthwise(case, x, tf.reshape(w, forward.depthwise_shape(case)))


def as_separable(case: Case, x: Any, w: Any) -> Any:
    """A convolution through the separable call that it is, one of whose two steps changes nothing.

    With as many groups as channels the second filters are the identity; one with a kernel of single
    cells is the second step itself, after filters of ones.
    """
    spatial = (1,) * case.rank
    if separable_step(case) == "depthwise":
        identity = tf.eye(case.filter_count, dtype=w.dtype)
        pointwise = tf.reshape(identity, (*spatial, case.filter_count, case.filter_count))
        return forward.separable(case, x, tf.reshape(w, forward.depthwise_shape(case)), pointwise)
    return forward.separable(case, x, tf.ones((*spatial, case.channels, 1), w.dtype), w)


def separable_step(case: Case) -> str:
    """The step of a separable convolution that a convolution is: "depthwise" or "pointwise".

    Raises NoCall where it is neither, where the identity would spread what is not finite, and
    where it is strided and dilated, as separable convolutions are documented not to be.
    """
    if max(case.strides) > 1 and max(case.dilations) > 1:
        raise forward.NoCall("a separable convolution has strides of 1 where it is dilated")
    if case.groups == case.channels:
        if case.fill in ("unread", "nonfinite") and case.filter_count > 1:
            raise forward.NoCall("its second filters would multiply what is not finite by 0")
        return "depthwise"
    if case.groups == 1 and max(case.kernel) == 1:
        return "pointwise"
    raise forward.NoCall("neither step of a separable convolution has these groups and kernel")
