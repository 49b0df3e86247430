"""The table of JAX's entry points: what each computes, of which cases."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

from verify.cases.domain import Space
from verify.cases.modes import REPEATING
from verify.cases.trimming import OUTPUT_PADDINGS
from verify.subjects.built_in import FILLED
from verify.subjects.jax import calls
from verify.subjects.jax.layers import layer_gradient, layered

FORWARD = ("conv", "depthwise", "separable")

_FLOATS = ("float16", "bfloat16", "float32", "float64")
"""The dtypes that have a gradient: of integers it is of float0, which holds no numbers."""

_RULES = Space(paddings=("same", "valid"), max_groups=1)
_CELLS = Space(max_groups=1, output_paddings=OUTPUT_PADDINGS)
_SUMMED = Space(dtypes=("float32", "float64"))
"""Where sums of gradients, each of which is rounded to the dtype, are sums of its accumulator."""


_PADDED = Space(paddings=("same", "explicit"), padding_modes=REPEATING)
_PADDED_FLOATS = _PADDED._replace(dtypes=_FLOATS)

_OF_RULE = (
    """all(i == (o * s if padding == 'same' else o * s + max(k - s, 0)) \
        for i, o, s, k in zip(size, out, strides, span))""",
    "conv_transpose by a rule takes no sizes of its answer",
)

_ALL_READ = (
    "all(i + sum(p) == (o - 1) * s + k for i, p, o, s, k in zip(size, pads, out, strides, span))",
    "the cells of a convolution do not say that a transpose has more at its end",
)


class Entry(NamedTuple):
    """An entry point: the function of `calls`, or the stack of layers, that it is.

    `space` has the cases of each of its operations, `conditions` what no list says and the reason.
    """

    operations: tuple[str, ...]
    compute: Callable[..., Any]
    space: Space = Space()
    conditions: tuple[tuple[str, str], ...] = ()
    is_layer: bool = False


_LAYERS = Space(data_formats=("channels_last",))

ENTRIES: Mapping[str, Entry] = MappingProxyType(
    {
        "conv": Entry(FORWARD, calls.conv),
        "high": Entry(FORWARD, partial(calls.conv, precision="high")),
        "highest": Entry(FORWARD, partial(calls.conv, precision="highest")),
        "images": Entry(FORWARD, calls.mapped_images),
        "filters": Entry(("conv",), calls.mapped_filters, Space(max_groups=1)),
        "groups": Entry(("conv", "depthwise"), calls.mapped_groups),
        "transposed": Entry(("transpose",), calls.transposed, _RULES, (_OF_RULE,)),
        "cells": Entry(("transpose",), calls.transposed_with_cells, _CELLS),
        "consistent": Entry(("transpose",), calls.transposed_consistently, Space(max_groups=1), (_ALL_READ,)),
        "dilated": Entry(("transpose",), calls.dilated_input, Space(output_paddings=OUTPUT_PADDINGS)),
        "input_gradient": Entry(("transpose",), calls.input_gradient, Space(dtypes=_FLOATS)),
        "padded": Entry(FORWARD, calls.conv_padded, _PADDED, FILLED),
        "padded_input": Entry(("transpose",), calls.input_gradient, _PADDED_FLOATS, FILLED),
        "padded_filter": Entry(("filtergrad",), calls.filter_gradient, _PADDED_FLOATS, FILLED),
        "filter_gradient": Entry(("filtergrad",), calls.filter_gradient, Space(dtypes=_FLOATS)),
        "per_image": Entry(("filtergrad",), calls.filter_gradients_of_images, _SUMMED),
        "batch_groups": Entry(("filtergrad",), calls.filter_gradient_by_hand, Space(around=())),
        "flax_conv": Entry(FORWARD, layered, _LAYERS, is_layer=True),
        "flax_transpose": Entry(("transpose",), layered, _LAYERS.within(_RULES), (_OF_RULE,), is_layer=True),
        "flax_gradient": Entry(("filtergrad",), layer_gradient, _LAYERS, is_layer=True),
    }
)
"""Every entry point by its name in the table of ways."""
