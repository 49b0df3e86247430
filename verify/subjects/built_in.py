"""What the subjects that are built in have in common: how they are written, and conditions of their ways."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from verify.cases.case import Case
from verify.cases.domain import Condition, Domain, joined
from verify.checks.deviations import Deviation, about, condition
from verify.subjects.documented import deviations_in


class NoCall(Exception):
    """An entry point cannot be called for a case, as its framework has no argument for it."""


@dataclass(frozen=True, kw_only=True)
class BuiltIn:
    """A subject of ways, and what is common to these; None says nothing, as in `Declared`."""

    name: str
    version: str
    ways: Mapping[str, Any]
    known: Collection[Deviation] | None = None
    switches: Mapping[str, str] | None = None
    matrix: Mapping[str, Collection[str]] | None = None
    condition_names: Mapping[str, Any] | None = None
    usual: Mapping[str, Any] | None = None
    refuses: Collection[str] | None = None
    compiles: bool | None = None
    cost: int | None = None

    @cached_property
    def domain(self) -> Domain:
        """What any of its ways answers."""
        return joined(way.domain for way in self.ways.values())

    def __call__(self, case: Case) -> Any:
        raise AssertionError("a case is put to a way")


HAS_CELLS = "batch > 0 and 0 not in size and 0 not in out"
"""What holds where there are cells to repeat, and a window that reads them."""

FILLED = ((HAS_CELLS, "there are no cells of an empty array to repeat"),)
"""What holds of the cases of a way that pads first, by cells of the input."""


def known_of(name: str, *, version: str) -> tuple[Deviation, ...]:
    """The known deviations of a built-in subject in this version of its framework."""
    return about(deviations_in(name.partition(":")[0]), subject=name, version=version)


def conditions_inside(texts: Iterable[tuple[str, str]]) -> tuple[Condition, ...]:
    """What holds inside a domain, each with the reason why a case is outside."""
    return tuple(Condition(condition(text), reason, is_inside=True) for text, reason in texts)


def conditions_of_illegal(texts: Iterable[tuple[str, str]]) -> tuple[Condition, ...]:
    """What holds of the illegal calls that a domain has, each with the reason why another is not asked."""
    return tuple(each._replace(of_illegal=True) for each in conditions_inside(texts))


MISQUANTISED = (
    "misquantised",
    "of illegal calls it is asked those that are so by scales, zero points and dtypes alone",
)
"""What models of a quantised operator can say that is wrong."""


def operations_of(ways: Iterable[Any]) -> tuple[str, ...]:
    """The operations of which any of these ways refuses illegal calls."""
    return tuple(dict.fromkeys(operation for way in ways for operation in way.refuses))
