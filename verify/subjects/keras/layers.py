"""Keras's layers for a case, with its weights, and with its bias and activation if a layer takes them.

They are the same on each backend: TensorFlow's own and the subject `keras` hand in what they have imported.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from itertools import takewhile
from types import MappingProxyType
from typing import Any, NamedTuple

from verify.cases.case import Case
from verify.cases.operands import Array
from verify.subjects.built_in import NoCall


class Library(NamedTuple):
    """Keras as it was imported, and what makes a tensor of its backend from an array."""

    keras: Any
    tensor: Callable[[Array], Any]


NAMES: Mapping[str, tuple[str, list[str]]] = MappingProxyType(
    {
        "conv": ("Conv{n}D", ["kernel"]),
        "depthwise": ("DepthwiseConv{n}D", ["depthwise"]),
        "separable": ("SeparableConv{n}D", ["depthwise", "pointwise"]),
        "transpose": ("Conv{n}DTranspose", ["kernel"]),
    }
)
"""Operation → the name of its layer, and the layer's names for its filters."""


NO_GROUPS = "Keras has no groups in a transposed convolution"


def stack_of(library: Library, case: Case) -> Any:
    """The answer of the layers of a case, each called eagerly."""
    y = library.tensor(case.input)
    if case.border:
        pads = case.border[0] if case.rank == 1 else case.border
        y = _layer(library, case, f"ZeroPadding{case.rank}D", padding=pads, **_data_format(case))(y)
    steps = list(takewhile(lambda step: step not in ("norm", "residual"), case.epilogue))
    layer = operation_layer(library, case, steps)
    layer.build(y.shape)
    weights = (case.filters, case.pointwise, case.bias if "bias" in steps else None)
    layer.set_weights([library.tensor(weight) for weight in weights if weight is not None])
    y = layer(y)
    for step in case.epilogue[len(steps) :]:
        y = _step(library, case, step, y)
    return y


def operation_layer(library: Library, case: Case, steps: list[str]) -> Any:
    """The operation's layer with the steps that it takes, a bias and an activation; it has no weights yet."""
    kind, filters = NAMES[case.operation]
    return _layer(
        library,
        case,
        kind.format(n=case.rank),
        **_sizes(case),
        kernel_size=case.kernel,
        strides=case.strides,
        dilation_rate=case.dilations,
        padding=padding_of(case),
        use_bias="bias" in steps,
        activation=_activation(library, steps[-1]) if steps and steps[-1] != "bias" else None,
        # The default draws real numbers, which integer weights cannot hold.
        **{f"{name}_initializer": "zeros" for name in filters},
        **_data_format(case),
    )


def _sizes(case: Case) -> dict[str, Any]:
    """How many filters a layer has, and what else its operation needs."""
    traits = case.traits
    if traits.answer == "source":
        if case.groups > 1:
            raise NoCall(NO_GROUPS)
        return {"filters": case.channels, "output_padding": output_padding(case)}
    sizes = {
        "filters": (traits.has_filters, case.filter_count),
        "depth_multiplier": (traits.has_multiplier, case.multiplier),
        "groups": (traits.has_groups, case.groups),
    }
    return {name: size for name, (is_taken, size) in sizes.items() if is_taken}


def padding_of(case: Case) -> str:
    if isinstance(case.padding, str):
        return case.padding.lower()
    causal = ((case.axes[0].span - 1, 0),)
    if case.operation == "conv" and case.padding == causal:
        return "causal"
    raise NoCall("Keras has no explicit padding in a convolution, except for the causal one of Conv1D")


def output_padding(case: Case) -> tuple[int, ...] | None:
    """The cells to add for the answer's size, if it is not the one that the layer assumes."""
    if case.illegal:
        return None  # it has no answer
    is_same = case.padding == "SAME"
    last = [(axis, (axis.out - 1) * axis.stride) for axis in case.axes]
    assumed = tuple(start + (axis.stride if is_same else max(axis.span, axis.stride)) for axis, start in last)
    if case.size == assumed:
        return None
    return tuple(axis.size - start - (axis.span % 2 if is_same else axis.span) for axis, start in last)


def _step(library: Library, case: Case, step: str, y: Any) -> Any:
    match step:
        case "norm":
            axis = 1 if case.channels_first else -1
            layer = _layer(library, case, "BatchNormalization", axis=axis, epsilon=case.norm_epsilon)
            layer.build(y.shape)
            assert case.norm is not None
            order = (case.norm.scale, case.norm.offset, case.norm.mean, case.norm.variance)
            layer.set_weights([*map(library.tensor, order)])
            return layer(y, training=False)
        case "residual":
            assert case.residual is not None
            return _layer(library, case, "Add")([y, library.tensor(case.residual)])
        case "bias":
            raise NoCall("Keras adds a bias in a convolution alone")
    return _layer(library, case, "Activation", activation=_activation(library, step))(y)


def _activation(library: Library, step: str) -> Any:
    if step.startswith("leaky"):
        return partial(library.keras.activations.leaky_relu, negative_slope=float(step[5:]))
    return library.keras.activations.get(step)


def _layer(library: Library, case: Case, kind: str, **arguments: Any) -> Any:
    return getattr(library.keras.layers, kind)(dtype=case.dtype.name, **arguments)


def _data_format(case: Case) -> dict[str, str]:
    return {"data_format": "channels_first" if case.channels_first else "channels_last"}
