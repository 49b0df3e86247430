"""What a sweep enumerates: numbers that are chosen, as narrowings and a subject's domain leave them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from verify.cases.domain import BOUNDS, LISTS, Domain, Space, smaller
from verify.cases.enumeration import Enumeration, enumeration_upto

USUAL: Mapping[str, tuple[Any, ...]] = MappingProxyType(
    {
        "operations": ("conv",),
        "ranks": (2,),
        "dtypes": ("float32",),
        "paddings": ("same", "valid"),
        "padding_modes": ("zeros",),
        "data_formats": ("channels_last",),
    }
)
"""What is enumerated unless it is chosen, of what a domain has; of a domain without it, its first."""

_BOUNDED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "max_side": ("size",),
        "max_kernel": ("kernel",),
        "max_stride": ("stride",),
        "max_dilation": ("dilation",),
        "max_channels": ("channels", "filters"),
        "max_groups": ("groups",),
        "max_batch": ("batch",),
    }
)
"""Bound → the numbers of an enumeration that it bounds."""

UNNARROWED: Mapping[str, str] = MappingProxyType(
    {
        "reductions": "them all: --kernel and --channels say how long its sums are",
        "views": "none: its operands are C-contiguous; replay a word with a token such as memxstrided",
        "output_paddings": "below-stride alone: no input lacks windows; replay a word with a token like t1",
        "weight_dtypes": "own alone: replay a word with a token such as float16weights",
        "regions": "them all: what it enumerates are small cases of every kind",
    }
)
"""Narrowing that a sweep does not take → what does instead, or why."""


def enumeration_of(
    domain: Domain, upto: int, *, narrowings: Mapping[str, Any], cells: int | None = None, **numbers: Any
) -> Enumeration:
    """The enumeration of a size and these largest numbers, inside the lists and bounds of a domain.

    Conditions of the domain are left to the sweep. Raises ValueError as `Enumeration` does.
    """
    operations = narrowings.get("operations") or _of_domain("operations", domain.operations)
    spaces = [domain.spaces[name] for name in operations if name in domain.spaces] or [Space()]
    lists = {
        name: _of_domain(name, tuple(value for space in spaces for value in getattr(space, name)))
        for name in USUAL
        if name != "operations"
    }
    given = {name: value for name, value in narrowings.items() if name not in BOUNDS}
    chosen = {**lists, "operations": operations, **given}
    if cells and "explicit" not in chosen["paddings"]:
        chosen["paddings"] = (*chosen["paddings"], "explicit")
    whole = enumeration_upto(upto, cells=cells, **numbers)
    return replace(whole, **_lowered(whole, narrowings, spaces), **chosen)


def _of_domain(name: str, has: tuple[Any, ...]) -> tuple[Any, ...]:
    """The usual values of a list that a domain has, or else its first."""
    usual = tuple(value for value in USUAL[name] if value in has)
    return usual or tuple(value for value in LISTS[name] if value in has)[:1] or USUAL[name]


def _lowered(whole: Enumeration, narrowings: Mapping[str, Any], spaces: list[Space]) -> dict[str, Any]:
    """The numbers of an enumeration, each at most what the narrowings and some operation's space allow."""
    lowered: dict[str, Any] = {}
    for bound, names in _BOUNDED.items():
        bounds = [getattr(space, bound) for space in spaces]
        most = smaller(None if None in bounds else max(bounds), narrowings.get(bound))
        lowered |= {name: smaller(getattr(whole, name), most) for name in names}
    return lowered
