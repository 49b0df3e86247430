"""Witnesses: for each fault a case that shows it, among those that a subject answers and may be drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import product
from types import MappingProxyType
from typing import Any, NamedTuple

from verify.cases.case import Case
from verify.cases.domain import DATA_FORMATS, Domain, Space, format_of, joined, with_rank
from verify.cases.dtypes import DTYPES
from verify.cases.fills import FILLS
from verify.cases.modes import ZEROS
from verify.cases.predicates import names_of
from verify.cases.trimming import BELOW_STRIDE, output_padding
from verify.cases.word import InvalidCase, Padding
from verify.faults import FAULTS, Fault
from verify.faults.catalogue.output_padding import OUTPUT_PADDED
from verify.faults.visibility import is_visible

_Fields = dict[str, Any]

_PADDING_OF: dict[str, Padding] = {"same": "SAME", "valid": "VALID"}

Witnesses = Mapping[str, tuple[str, Case]]
"""Fault → a way and a case."""

Missing = Callable[[], list[Fault]]
"""The faults of which no case is found so far."""

_found: dict[Any, Witnesses] = {}


class Declared(NamedTuple):
    """The scheme and the arithmetic of a way, "" for none."""

    scheme: str
    arithmetic: str


def witnesses(
    domains: Mapping[str, Domain],
    fills: Sequence[str] = tuple(FILLS),
    schemes: Mapping[str, str] = MappingProxyType({}),
    arithmetics: Mapping[str, str] = MappingProxyType({}),
) -> Witnesses:
    """By the name of each fault that can be shown, a way and a case of its domain that shows it.

    `schemes` and `arithmetics` have the scheme and the arithmetic that a way declares, where it does.
    The fault's own word where that is inside; else the word with another dtype, padding, data format or
    rank; else the first of many larger cases.
    """
    declared = {way: Declared(schemes.get(way, ""), arithmetics.get(way, "")) for way in domains}
    keys = tuple((way, domain.key, declared[way]) for way, domain in domains.items())
    key = (keys, tuple(fills))
    if key not in _found:
        _found[key] = _search(domains, fills, declared)
    return _found[key]


def _search(
    domains: Mapping[str, Domain], fills: Sequence[str], declared: Mapping[str, Declared]
) -> Witnesses:
    space = joined(domains.values())
    has_views = any(part.views for part in space.spaces.values())
    has_trimmed = any(part.output_paddings != BELOW_STRIDE for part in space.spaces.values())
    possible = [
        fault
        for fault in FAULTS
        if any(fault.is_of(said.scheme) for said in declared.values())
        and (has_views or fault.family != "memory")
        and (has_trimmed or fault not in OUTPUT_PADDED)
    ]
    first: dict[str, tuple[str, Case]] = {}

    def missing() -> list[Fault]:
        return [fault for fault in possible if fault.name not in first]

    for candidates in (_words, _larger):
        if not missing():
            break  # usually after the words, and the many larger cases are not made
        for fault, case in candidates(space, fills, missing):
            if fault.name in first or case.fill not in fills:
                continue
            having = (
                way for way in domains if fault.is_of(declared[way].scheme) and domains[way].holds(case)
            )
            way = next(having, None)
            if way is not None and is_visible(fault, case.held_to(*declared[way])):
                first[fault.name] = way, case
    return {fault.name: first[fault.name] for fault in FAULTS if fault.name in first}


def _words(domain: Domain, fills: Sequence[str], missing: Missing) -> Iterator[tuple[Fault, Case]]:
    """Every fault with its word, and with that word in what else the domain has."""
    for fault in missing():
        word = Case.parse(fault.word)
        yield fault, word
        for operation, space in domain.spaces.items():
            for rank, dtype, padding, mode, data_format in product(
                _only(word.rank, space.ranks),
                _only(word.format.token, space.dtypes),
                _only(word.padding_kind, space.paddings),
                _only(word.padding_mode, space.padding_modes),
                _only(format_of(word), space.data_formats),
            ):
                with suppress(InvalidCase):
                    ranked = _within_dilation(with_rank(word, rank), space)
                    case = replace(ranked, operation=operation, dtype=DTYPES[dtype].dtype)
                    if padding != case.padding_kind:
                        case = replace(case, padding=_PADDING_OF.get(padding, ((1, 0),) * rank))
                    case = replace(case, channels_first=data_format == "channels_first")
                    yield fault, replace(case, padding_mode=ZEROS if padding == "valid" else mode)


def _within_dilation(word: Case, space: Space) -> Case:
    """A word with dilations beyond its output padding, where a space takes none beyond both."""
    if not word.trimmed or "any" in space.output_paddings:
        return word
    return replace(word, dilations=(1 + max(map(output_padding, word.axes)),) * word.rank)


def _only(value: Any, allowed: Sequence[Any]) -> Sequence[Any]:
    return [value] if value in allowed else allowed


def _larger(domain: Domain, fills: Sequence[str], missing: Missing) -> Iterator[tuple[Fault, Case]]:
    """Every missing fault with cases that have something of everything; those that it may be seen in."""
    sizes, taps, pads = (6, 5, 4), (3, 2, 2), ((1, 0), (0, 2), (2, 1))
    steps = (((1, 1, 1), (1, 1, 1)), ((2, 3, 1), (1, 1, 1)), ((1, 1, 1), (2, 1, 1)), ((2, 2, 2), (2, 2, 2)))
    counts: tuple[_Fields, ...] = (
        {},
        {"batch": 2},
        {"batch": 0},
        {"channels": 4, "filter_count": 4, "groups": 2},
        {"channels": 17},
        {"filter_count": 17},
        {"channels": 5, "multiplier": 2},
    )
    fill = next(fill for fill in ("coded", "dyadic", "ints", *fills) if fill in fills)
    plans = (
        (operation, space, rank, mode, *plan)
        for operation, space in domain.spaces.items()
        for rank in dict.fromkeys((space.ranks[0], space.ranks[-1]))
        for mode in _modes(space, missing())
        for plan in product(space.paddings, (taps, (1, 1, 1)), steps, counts)
    )
    for operation, space, rank, mode, padding, kernel, (strides, dilations), count in plans:
        with suppress(InvalidCase):
            case = Case(
                operation=operation,
                size=sizes[:rank],
                kernel=kernel[:rank],
                strides=strides[:rank],
                dilations=dilations[:rank],
                padding=_PADDING_OF.get(padding, pads[:rank]),
                padding_mode=ZEROS if padding == "valid" else mode,
                dtype=DTYPES[space.dtypes[0]].dtype,
                channels_first=DATA_FORMATS[0] not in space.data_formats,
                fill=fill,
                **count,
            )
            names = names_of(case)
            shown = (fault for fault in missing() if fault.applies.holds(names) and fault.needs.holds(names))
            yield from ((fault, case) for fault in shown)


def _modes(space: Space, missing: Sequence[Fault]) -> Sequence[str]:
    """The modes of padding of a space; without a fault that depends on them, the first alone."""
    is_needed = any("padding_mode" in fault.applies.text for fault in missing)
    return space.padding_modes if is_needed else space.padding_modes[:1]
