"""What an entry point has no argument for, so that an illegal call cannot be put to it."""

from __future__ import annotations

import math

from verify.cases.case import Case
from verify.cases.large import MEMORY_LIMIT
from verify.cases.misfits import asked_of
from verify.subjects.tensorflow.layers import NO_GROUPS

_TAKE_GROUPS = ("raw_general_conv", "layer_conv")

_BATCHED = ("conv_nd", "convolution")

NO_SIZES = "a transposed convolution of Keras has no argument for the sizes of its answer"
NO_CELLS = "the cells of SAME, which tf.pad is given, follow from the numbers of a legal call"
NO_TENSOR = "GradientTape takes the sizes of its answer from a tensor, which cannot have these"


def cannot_say(entry: str, case: Case) -> str:
    """Why an entry point cannot be called for an illegal case, as it lacks an argument; or nothing."""
    if entry.startswith("padded") and case.padding == "SAME" and not _has_cells(case):
        return NO_CELLS
    is_layer, shapes = entry.startswith("layer"), dict(case.given_shapes)
    if entry == "layer_transpose" and (reason := _not_transposed_by_keras(case)):
        return reason
    if case.groups < 1 and not entry.startswith(_TAKE_GROUPS):
        return "it takes no number of groups, which follow from the filters"
    if entry.startswith(_BATCHED) and len(shapes.get("x", ())) > case.rank + 2:
        return "it takes an input with more than one axis of the batch, as documented"
    if is_layer and ({"w", "v"} & {*shapes, *dict(case.given_dtypes)} or "x" in dict(case.given_dtypes)):
        return "a layer has filters of its own shape and dtype, and casts its input to it"
    if entry.endswith("gradient") and not entry.startswith("raw") and not _is_a_tensor(case):
        return NO_TENSOR
    is_converted = "depthwise" in entry and "w" in shapes and not case.traits.has_multiplier
    if is_converted and len(shapes["w"]) == case.rank + 2:
        return "filters of this shape may be those of another depthwise convolution"
    is_row = case.rank == 1 and not is_layer and ("depthwise" in entry or "separable" in entry)
    if is_row and any(not shape for shape in shapes.values()):
        return "one axis is an image of one row, of which a scalar has none"
    return ""


def _not_transposed_by_keras(case: Case) -> str:
    if case.groups != 1:
        return NO_GROUPS
    numbers = (*case.kernel, *case.strides, *case.dilations)
    has_axes = len(dict(case.given_shapes).get("y", (1,) * (case.rank + 2))) == case.rank + 2
    is_said = len(case.kernel) != case.rank or min(numbers) < 1 or not has_axes
    return "" if is_said and "x" not in dict(case.given_shapes) else NO_SIZES


def _has_cells(case: Case) -> bool:
    """Whether the numbers of an illegal call say how many cells SAME has."""
    return not case.copied(illegal=False, given_shapes=(), given_dtypes=(), given_out=()).why_illegal


def _is_a_tensor(case: Case) -> bool:
    """Whether a tensor can have the shape that a gradient is asked for."""
    if not asked_of(case):
        return True
    shape = case.output_shape
    return min(shape, default=0) >= 0 and math.prod(shape) * case.dtype.itemsize <= MEMORY_LIMIT
