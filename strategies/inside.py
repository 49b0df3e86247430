"""The regions of which a domain has a case, and the cases that are drawn in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache, cached_property, lru_cache
from itertools import chain
from random import Random
from typing import Any, TypeVar
from zlib import crc32

from verify.cases.case import Case
from verify.cases.domain import Space, with_fill
from verify.cases.fills import FILLS
from verify.cases.operations import Operation
from verify.cases.regions import Region, is_affordable, regions
from verify.cases.word import InvalidCase

from .narrowed import Narrowing
from .parts import Row
from .plans import Plan, plainer
from .regional import INSIDE_BYTES, NotOpenError, case_of, choice
from .weighing import weighed

Value = TypeVar("Value")


LOOKS = 8
"""Regions at most that are looked at for one that is open, before a case of the whole domain is drawn."""

TRIES = 4
"""Rows by which each choice of rank, padding, dtype and format is tried, to see whether a region is open."""


class Inside:
    """The regions of which a plan has a case, and the cases that are drawn in them."""

    def __init__(self, plan: Plan, narrowing: Narrowing) -> None:
        self._plan = plan
        self._narrowing = narrowing
        self._known = _known(plan.key, tuple(narrowing.reductions))
        self._opened: dict[int, Region | None] = {}

    @cached_property
    def weighed(self) -> list[Region]:
        """The regions that have the plan's operation, each as often as its chance, in a mixed order.

        Whether one is open takes long to find out, so it is asked of those alone that are drawn.
        """
        named = (regions()[name] for name in self._narrowing.regions)
        having = [region for region in named if self._plan.operation.name in region.operations]
        mixed = sorted(having, key=lambda region: crc32(region.name.encode()))
        return [region for region in mixed for _ in range(region.chance)]

    @property
    def is_empty(self) -> bool:
        """Whether no region is open."""
        return not any(map(self.is_open, self.weighed))

    def opened(self, place: int) -> Region | None:
        """The first open region from a place of the weighed ones on; None where none of some is.

        Where regions alone are drawn, all are looked at.
        """
        if place not in self._opened:
            around = self.weighed[place:] + self.weighed[:place]
            few = around[:LOOKS] if self._narrowing.is_whole else around
            self._opened[place] = next(filter(self.is_open, few), None)
        return self._opened[place]

    def is_open(self, region: Region) -> bool:
        """Whether a region has a case inside the plan; with a wanted fill where regions alone are drawn."""
        return (self.example(region) if self._narrowing.is_whole else self.wanted(region)) is not None

    def example(self, region: Region) -> Case | None:
        """A case of a region inside the plan, whatever its fill; None where there is none."""
        if region.name not in self._known:
            self._known[region.name] = next(self._examples(region), None)
        return self._known[region.name]

    def wanted(self, region: Region) -> Case | None:
        """An example with a fill that is wanted; None where there is none."""
        example = self.example(region)
        if example is None:
            return None
        for case in chain((example,), self._examples(region)):
            for fill in self._fills_of(case.operation, case.format.token)[:1]:
                other = with_fill(case, fill, seed=1)
                if self.takes(other, region):
                    return other
        return None

    def near(self, case: Case, region: Region) -> Case | None:
        """A case, or one near it that is inside; None where its fill can be in none."""
        return next((near for near in self._near(case, region) if self.takes(near, region)), None)

    def _near(self, case: Case, region: Region) -> Iterator[Case]:
        """A case, the same with another fill where its own needs cells that are not read, plainer ones."""
        yield case
        if not self._narrowing.takes_cells(case):
            fills = self._fills_of(case.operation, case.format.token)
            others = [name for name in fills if not FILLS[name].needs_unread]
            if not others:
                return
            case = with_fill(case, others[case.seed % len(others)], seed=case.seed)
            yield case
        for change in plainer(case):
            with suppress(InvalidCase):
                yield replace(case, **change)
        example = self.example(region)
        if example is not None:
            with suppress(InvalidCase):
                yield with_fill(example, case.fill, seed=case.seed)

    def _fills_of(self, operation: str, dtype: str) -> tuple[str, ...]:
        return self._narrowing.fills_of(operation, dtype, self._plan.space.weight_dtypes)

    def takes(self, case: Case, region: Region) -> bool:
        """Whether a case is of a region, inside the plan, and wanted."""
        return (
            case.fill in self._narrowing.fills
            and self._narrowing.takes_cells(case)
            and self._is_inside(case, region)
        )

    def _is_inside(self, case: Case, region: Region) -> bool:
        """Whether a case is of a region and inside the plan, whatever its fill."""
        return _is_of(case, region) and self._holds(case)

    def _holds(self, case: Case) -> bool:
        """Whether a case, of whatever region and fill, is inside the plan."""
        plan = self._plan
        return not plan.space.why_not(case) and self._narrowing.takes_shape(case) and plan.holds(case)

    def _examples(self, region: Region) -> Iterator[Case]:
        """Cases of a region inside the plan, for each choice that is open before the numbers."""
        plan = self._plan
        bounds = plan.space._replace(ranks=(), dtypes=(), data_formats=(), paddings=())
        for made in self._choices(region):
            tried = (_kept(case, plan.space) for case in _tried(region.name, plan.operation, bounds, made))
            yield from filter(self._holds, tried)

    def _choices(self, region: Region) -> Iterator[tuple[Any, ...]]:
        """Rank, padding, dtype and format, as far as a region and the plan have them in common."""
        plan, operation = self._plan, self._plan.operation.name
        usual = region.drawn(operation, "float32")
        for rank in common(usual.ranks, plan.open()):
            for padding in common(usual.paddings, plan.open((rank,))):
                for dtype in common(usual.dtypes, plan.open((rank, padding))):
                    for data_format in common(usual.formats, plan.open((rank, padding, dtype))):
                        yield rank, padding, dtype, data_format

    def drawn(self, row: Row, region: Region) -> Case | None:
        """The case that a row decides, from the places that also decide a case of the whole domain.

        So one that shrinks keeps much of what it is when it leaves its region.
        """
        plan, operation = self._plan, self._plan.operation.name
        usual = region.drawn(operation, "float32")
        rank, padding, dtype, fill, data_format = row.bytes(5)
        fills = self._fills_of
        try:
            made: tuple[Any, ...] = ()
            for wanted, byte in ((usual.ranks, rank), (usual.paddings, padding)):
                made = (*made, _among(byte, wanted, plan.open(made)))
            having = [token for token in plan.open(made) if fills(operation, token)]
            made = (*made, _among(dtype, usual.dtypes, having))
            chosen = choice(fill, fills(operation, made[-1]))
            made = (*made, _among(data_format, usual.formats, plan.open(made)))
            return case_of(
                row, region=region, operation=plan.operation, bounds=plan.space, made=made, fill=chosen
            )
        except (InvalidCase, NotOpenError):
            example = self.example(region)
            left = fills(operation, example.format.token) if example else ()
            return with_fill(example, left[fill % len(left)], seed=dtype) if example and left else None


@lru_cache(maxsize=2**12)
def _tried(name: str, operation: Operation, bounds: Space, made: tuple[Any, ...]) -> tuple[Case, ...]:
    """The cases of a region that a few rows decide, without and with their epilogue.

    They depend on no condition, so that the plans of all ways share them.
    """
    region, tried = regions()[name], list[Case]()
    for row in (bytes(INSIDE_BYTES), *map(_row, range(1, TRIES))):
        with suppress(InvalidCase, NotOpenError):
            case = case_of(
                Row(row), region=region, operation=operation, bounds=bounds, made=made, fill="ints"
            )
            tried += [replace(case, epilogue=()), *([case] if case.epilogue else [])]
    return tuple(case for case in tried if _is_of(case, region))


def _kept(case: Case, space: Space) -> Case:
    """A case with its filters kept as a space has them."""
    return next(weighed(case, space.weight_dtypes), case) if case.weights not in space.weight_dtypes else case


def _is_of(case: Case, region: Region) -> bool:
    """Whether a case is of a region, and its reference takes no longer than it may."""
    return is_affordable(case) and region.holds(case)


def _row(seed: int) -> bytes:
    """A row of bytes, always the same for a seed."""
    return Random(seed).randbytes(INSIDE_BYTES)  # noqa: S311 - no secret


@cache
def _known(*key: Any) -> dict[str, Case | None]:
    """The examples of regions that are known so far, shared by the plans that decide alike."""
    return {}


def common(wanted: Sequence[Value], others: Sequence[Value]) -> list[Value]:
    """The distinct values of both, in the order of the first."""
    return [value for value in dict.fromkeys(wanted) if value in others]


def _among(byte: int, wanted: Sequence[Value], others: Sequence[Value]) -> Value:
    """What a byte chooses of the wanted values that are among others; a repeated one more often."""
    return choice(byte, [value for value in wanted if value in others])
