"""Witnesses: for each fault a case that shows it, among the cases that may be drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache
from itertools import product
from typing import Any, NamedTuple

from verify.cases.case import Case
from verify.cases.dtypes import FORMATS
from verify.cases.fills import FILLS
from verify.cases.operations import AROUND, OPERATIONS, kind_of
from verify.cases.predicates import names_of
from verify.cases.word import PADDING_MODES, InvalidCase, Padding
from verify.faults import FAULTS, Fault
from verify.faults.visibility import is_visible

_Fields = dict[str, Any]

_PADDING_OF: dict[str, Padding] = {"same": "SAME", "valid": "VALID"}


class Drawn(NamedTuple):
    """What may be drawn, under the names of the narrowings of `strategies.cases`."""

    operations: tuple[str, ...] = tuple(OPERATIONS)
    ranks: tuple[int, ...] = (1, 2, 3)
    dtypes: tuple[str, ...] = tuple(FORMATS)
    paddings: tuple[str, ...] = PADDING_MODES
    fills: tuple[str, ...] = tuple(FILLS)
    around: tuple[str, ...] = AROUND
    data_formats: tuple[str, ...] = ("channels_last", "channels_first")

    @classmethod
    def of(cls, narrowings: Mapping[str, Any]) -> Drawn:
        return cls(**{name: tuple(value) for name, value in narrowings.items() if name in cls._fields})

    def holds(self, case: Case) -> bool:
        """Whether a case is among them."""
        steps = {kind_of(step) for step in case.epilogue} | ({"border"} if case.border else set())
        return (
            case.operation in self.operations
            and case.rank in self.ranks
            and case.format.token in self.dtypes
            and case.padding_mode in self.paddings
            and case.fill in self.fills
            and steps <= set(self.around)
            and ("channels_first" if case.channels_first else "channels_last") in self.data_formats
        )


@cache
def witnesses(drawn: Drawn) -> dict[str, Case]:
    """By the name of each fault that can be shown, a case that may be drawn and shows it.

    The fault's own word where that may be drawn; else the word with another dtype, padding or rank; else
    the first of many larger cases.
    """
    first: dict[str, Case] = {}
    for candidates in (_words, _larger):
        for fault, case in candidates(drawn):
            if fault.name not in first and drawn.holds(case) and is_visible(fault, case):
                first[fault.name] = case
        if len(first) == len(FAULTS):
            break  # usually none is missing, and the many larger cases are not made
    return {fault.name: first[fault.name] for fault in FAULTS if fault.name in first}


def _words(drawn: Drawn) -> Iterator[tuple[Fault, Case]]:
    for fault in FAULTS:
        word = Case.parse(fault.word)
        if drawn.holds(word):
            yield fault, word
            continue
        for operation, rank, dtype, padding in product(
            drawn.operations,
            _only(word.rank, drawn.ranks),
            _only(word.format.token, drawn.dtypes),
            _only(word.padding_mode, drawn.paddings),
        ):
            with suppress(InvalidCase):
                case = replace(_with_rank(word, rank), operation=operation, dtype=FORMATS[dtype].dtype)
                if padding != case.padding_mode:
                    case = replace(case, padding=_PADDING_OF.get(padding, ((1, 0),) * rank))
                is_first = word.channels_first or "channels_last" not in drawn.data_formats
                yield fault, replace(case, channels_first=is_first)


def _only(value: Any, allowed: Sequence[Any]) -> Sequence[Any]:
    return [value] if value in allowed else allowed


def _larger(drawn: Drawn) -> Iterator[tuple[Fault, Case]]:
    """Every fault with the larger cases in which it may be visible, each with all features at once."""
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
    fills = [fill for fill in ("coded", "dyadic", "ints", *drawn.fills) if fill in drawn.fills]
    for operation, rank, padding, kernel, (strides, dilations), count in product(
        drawn.operations, drawn.ranks[:1] + drawn.ranks[-1:], drawn.paddings, (taps, (1, 1, 1)), steps, counts
    ):
        with suppress(InvalidCase):
            case = Case(
                operation=operation,
                size=sizes[:rank],
                kernel=kernel[:rank],
                strides=strides[:rank],
                dilations=dilations[:rank],
                padding=_PADDING_OF.get(padding, pads[:rank]),
                dtype=FORMATS[drawn.dtypes[0]].dtype,
                channels_first="channels_last" not in drawn.data_formats,
                fill=fills[0],
                **count,
            )
            names = names_of(case)
            possible = [fault for fault in FAULTS if fault.applies.holds(names) and fault.needs.holds(names)]
            yield from ((fault, case) for fault in possible)


def _with_rank(word: Case, rank: int) -> Case:
    """A case with axes of one cell put before its own, or with its first axes left out."""
    more = max(rank - word.rank, 0)
    names = ("size", "kernel", "strides", "dilations")
    change: dict[str, Any] = {name: ((1,) * more + getattr(word, name))[-rank:] for name in names}
    for name, pairs in (("padding", word.padding), ("border", word.border)):
        if pairs and not isinstance(pairs, str):
            change[name] = (((0, 0),) * more + pairs)[-rank:]
    return replace(word, **change)
