"""Narrowings: the arguments by which less is drawn, their types and what each may have."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypedDict

from verify.cases.case import Case
from verify.cases.domain import BOUNDS, LISTS, spelled, words_of
from verify.cases.fills import FILLS
from verify.cases.regions import is_in, region_names
from verify.cases.spelling import nearest

STEPS = ("plain", "strided", "dilated", "both")
STRIDED, DILATED = ("strided", "both"), ("dilated", "both")
REDUCTIONS = ("short", "long")
DRAWN_FILLS = tuple(fill.name for fill in FILLS.values() if fill.chance)

CHOICES: Mapping[str, Sequence[Any]] = MappingProxyType(
    {**LISTS, "fills": DRAWN_FILLS, "steps": STEPS, "reductions": REDUCTIONS, "regions": region_names()}
)
"""Narrowing that is a list → everything that it may have."""

MAY_BE_EMPTY = ("around", "views")


class Narrowings(TypedDict, total=False):
    """What narrows the cases that are drawn; what each means is in `strategies.cases`."""

    operations: Sequence[str]
    ranks: Sequence[int]
    dtypes: Sequence[str]
    paddings: Sequence[str]
    padding_modes: Sequence[str]
    output_paddings: Sequence[str]
    weight_dtypes: Sequence[str]
    fills: Sequence[str]
    around: Sequence[str]
    views: Sequence[str]
    steps: Sequence[str]
    reductions: Sequence[str]
    data_formats: Sequence[str]
    regions: Sequence[str]
    max_side: int
    max_kernel: int
    max_stride: int
    max_dilation: int
    max_channels: int
    max_groups: int
    max_batch: int


def checked(narrowings: Mapping[str, Any]) -> dict[str, Any]:
    """The narrowings that are given, as lists of the words that we use for "NHWC", "SAME" and the like.

    Raises ValueError, one sentence, for another name or type, and for a choice that is empty or unknown.
    """
    return {name: _checked(name, value) for name, value in narrowings.items() if value is not None}


def narrows(narrowings: Mapping[str, Any]) -> Callable[[Case], bool]:
    """What says whether fills, steps and regions of narrowings leave a case, as no domain has these."""
    fills = narrowings.get("fills", tuple(FILLS))
    steps = {"plain", *narrowings.get("steps", STEPS)}

    def leaves(case: Case) -> bool:
        if not is_in(case, narrowings.get("regions")):
            return False
        return case.fill in fills and ("both" in steps or step_of(case.strides, case.dilations) in steps)

    return leaves


def step_of(strides: Iterable[int], dilations: Iterable[int]) -> str:
    """Which of STEPS strides and dilations are."""
    return STEPS[(max(strides) > 1) + 2 * (max(dilations) > 1)]


def _checked(name: str, value: Any) -> Any:
    if name in BOUNDS:
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise ValueError(f"{name} is {value!r}, not a whole number above 0")
        return value
    if name not in CHOICES:
        raise ValueError(f"{name} is no narrowing{nearest(name, (*CHOICES, *BOUNDS))}")
    if isinstance(value, str | Mapping) or not isinstance(value, Collection):
        meant = f": write {name}=({value!r},)" if spelled(name, value) in CHOICES[name] else ""
        raise ValueError(f"{name} is {value!r}, not a list{meant}")  # noqa: TRY004
    words = [spelled(name, word) for word in value]
    unknown = [word for word in words if isinstance(word, bool) or word not in CHOICES[name]]
    if unknown or not (words or name in MAY_BE_EMPTY):
        what = repr(unknown[0]) if unknown else "nothing"
        near = nearest(unknown[0], (*CHOICES[name], *words_of(name))) if unknown else ""
        raise ValueError(f"{name} has {what}; choose from {', '.join(map(str, CHOICES[name]))}{near}")
    return words
