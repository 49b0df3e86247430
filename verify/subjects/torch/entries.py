"""The table of PyTorch's entry points: what each computes, of which cases."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from verify.cases.domain import Space
from verify.subjects.built_in import HAS_CELLS
from verify.subjects.torch import calls, mapped

FORWARD = ("conv", "depthwise", "separable")

_RULES = Space(paddings=("same", "valid"))
PADDED = Space(
    dtypes=("float16", "bfloat16", "float32", "float64"),
    paddings=("same", "explicit"),
    padding_modes=("zeros", "reflect", "circular", "replicate"),
)
FILLED = (
    (HAS_CELLS, "F.pad has no cells of an empty array to repeat"),
    ("not border", "a border is padding by F.pad of its own"),
)
_SUMMED = Space(dtypes=("float32", "float64"))
"""Where sums of gradients, each of which is rounded to the dtype, are sums of its accumulator."""

DILATED = Space(output_paddings=("below-stride", "below-dilation"))
"""What `output_padding` goes to: below the stride or the dilation."""

_NO_BIAS = ("epilogue == ()", "the bias of a transpose is that of another side")


class Entry(NamedTuple):
    """An entry point: the function of `calls` or `mapped` that it is.

    It is given the tensors of the case's arrays, and a bias or None where it `takes_bias`; one that
    `takes_zeros` is given an image first whose gradient it answers. `conditions` say what no list says, and
    the reason.
    """

    operations: tuple[str, ...]
    compute: Callable[..., Any]
    space: Space = Space()
    conditions: tuple[tuple[str, str], ...] = ()
    takes_bias: bool = False
    takes_zeros: bool = False


ENTRIES: Mapping[str, Entry] = MappingProxyType(
    {
        "conv": Entry(FORWARD, calls.conv, takes_bias=True),
        "by_rule": Entry(FORWARD, calls.conv_by_rule, _RULES, takes_bias=True),
        "padded": Entry(FORWARD, calls.conv_padded, PADDED, FILLED, takes_bias=True),
        "by_transposed": Entry(("conv",), calls.conv_by_transposed, takes_zeros=True),
        "images": Entry(FORWARD, mapped.conv_of_images, takes_bias=True),
        "filters": Entry(("conv",), mapped.conv_of_filters, Space(max_groups=1)),
        "pairs": Entry(FORWARD, mapped.conv_of_pairs, takes_bias=True),
        "transposed": Entry(("transpose",), calls.transposed, DILATED, takes_bias=True),
        "transposed_images": Entry(("transpose",), mapped.transposed_of_images, DILATED, takes_bias=True),
        "input_gradient": Entry(("transpose",), calls.input_gradient, takes_zeros=True),
        "padded_input": Entry(("transpose",), calls.padded_input_gradient, PADDED, FILLED, takes_zeros=True),
        "named_input": Entry(("transpose",), calls.named_input_gradient),
        "filter_gradient": Entry(("filtergrad",), calls.filter_gradient),
        "padded_filter": Entry(("filtergrad",), calls.padded_filter_gradient, PADDED, FILLED),
        "named_filter": Entry(("filtergrad",), calls.named_filter_gradient, conditions=(_NO_BIAS,)),
        "of_transposed": Entry(("filtergrad",), calls.gradient_of_transposed, conditions=(_NO_BIAS,)),
        "per_image": Entry(("filtergrad",), mapped.gradients_of_images, _SUMMED, (_NO_BIAS,)),
    }
)
"""Every entry point by its name in the table of ways."""
