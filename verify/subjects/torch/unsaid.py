"""What PyTorch's functions have no argument for, so that an illegal call cannot be put to them."""

from __future__ import annotations

from verify.cases.case import Case


def cannot_say(key: str, case: Case) -> str:
    """Why an entry point cannot be called for an illegal case; or nothing."""
    shapes = dict(case.given_shapes)
    if not isinstance(case.padding, str):
        if key == "by_rule":
            return "padding by a rule has no cells"
        if any(before != after for before, after in case.padding):
            return "padding is as many cells at both ends"
    if any(len(shapes.get(letter, ())) == case.rank + 1 for letter in "xy"):
        return "an image without a batch is taken, as documented"
    if case.traits.has_multiplier and {"w", "v"} & shapes.keys():
        return "filters of this shape may be those of another depthwise convolution"
    if any(len(shape) < 2 for shape in shapes.values()):
        return "an array of less than two axes has no channels to be brought first"
    return NO_SIZES if key == "transposed" and not _is_said(case) else ""


NO_SIZES = "F.conv_transpose has no argument for the sizes of its answer"


def _is_said(case: Case) -> bool:
    """Whether what is wrong is an argument of `F.conv_transpose1d` and its kin."""
    if case.given_out or "x" in dict(case.given_shapes) or _has_other_taps(case):
        return False
    is_grouped = case.groups > 0 and case.filter_count > 0 and case.filter_count % case.groups == 0
    is_walk = min((*case.strides, *case.dilations)) > 0 and len(case.kernel) == case.rank
    return bool(case.given_shapes or case.given_dtypes) or not (is_grouped and is_walk and case.channels)


def _has_other_taps(case: Case) -> bool:
    """Whether filters alone are given, of another kernel, from which the sizes of the answer follow."""
    if [letter for letter, _ in case.given_shapes] != ["w"] or case.given_dtypes:
        return False
    [(_, shape)] = case.given_shapes
    counts = (case.channels // max(case.groups, 1), case.filter_count)
    return len(shape) == case.rank + 2 and shape[-2:] == counts and min(shape) > 0
