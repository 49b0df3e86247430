"""A fault: a wrong convolution as data, with what it takes to see it and the change that makes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from verify.cases.case import Array, Case, Operands
from verify.cases.geometry import Axis
from verify.cases.predicates import Predicate, names_of
from verify.faults.index_maps import Maps, cast, finished, sums_of_reads
from verify.oracle.compare import NUMERIC_KINDS, Kind
from verify.oracle.epilogue import follow
from verify.oracle.problem import Problem, problem_of
from verify.oracle.reference import linear, reference

Family = Literal["padding", "geometry", "channels", "batch and bias", "precision", "behaviour", "gradients"]


class Geometry(NamedTuple):
    """Windows that read other cells: `maps(case)`, or None where they read the right ones."""

    maps: Callable[[Case], Maps | None]


class Inputs(NamedTuple):
    """Another problem or other operands: `given(case, problem, operands)`, or None where nothing changes."""

    given: Callable[[Case, Problem, Operands], tuple[Problem, Operands] | None]


class Answer(NamedTuple):
    """Another answer: `answer(case, right)`, or None where it is right; it must not write to `right`."""

    answer: Callable[[Case, Array], Array | None]


class Call(NamedTuple):
    """A right convolution called with other numbers: `axes(case)`, or None where `windows` alone change."""

    axes: Callable[[Case], tuple[Axis, ...] | None]
    windows: Geometry

    def reshapes(self, case: Case) -> bool:
        axes = self.axes(case)
        return axes is not None and outs_of(axes) != outs_of(case.axes)


def outs_of(axes: tuple[Axis, ...]) -> list[int]:
    return [axis.out for axis in axes]


class Conduct(NamedTuple):
    """A subject that misbehaves beside its answer: `act(case, right)` answers, now and then wrongly."""

    act: Callable[[Case, Array], Array]


@dataclass(frozen=True)
class Fault:
    """One way in which convolutions are wrong.

    `sentence` completes "looks like …". Cases that `applies` holds of could have the fault, by their
    operation, dtype, mode of padding and so on; it can be visible only where `needs` holds as well.
    `word` is a smallest case that shows it, as a disagreement of one of `kinds`.
    """

    name: str
    family: Family
    sentence: str
    applies: Predicate
    needs: Predicate
    word: str
    change: Geometry | Inputs | Answer | Call | Conduct
    kinds: frozenset[Kind] = NUMERIC_KINDS

    def __call__(self, case: Case) -> Array:
        """The fault as a subject: its answer to a case."""
        right = right_answer(case)
        if not self.applies.holds(names_of(case)):
            return right
        if isinstance(self.change, Conduct):
            return self.change.act(case, right)
        wrong = wrong_answer(self, case, right)
        return right if wrong is None else wrong


def wrong_answer(fault: Fault, case: Case, right: Array) -> Array | None:
    """What a fault answers, or None where it changes nothing; `right` is the right answer."""
    match fault.change:
        case Call(axes) if (moved := axes(case)) is not None:
            return worked(case, problem_of(case)._replace(axes=moved), case.operands)
        case Geometry(maps) | Call(_, Geometry(maps)):
            read = maps(case)
            return None if read is None else finished(case, sums_of_reads(case, case.operands, read))
        case Inputs(change):
            changed = change(case, problem_of(case), case.operands)
            return None if changed is None else worked(case, *changed)
        case Answer(change):
            return change(case, right)
        case Conduct():
            return None


def right_answer(case: Case) -> Array:
    return cast(case, reference(case))


def worked(case: Case, problem: Problem, given: Operands) -> Array:
    """The answer of a problem to operands, in a case's dtype."""
    values, _ = follow(problem, given, linear(problem, given, exact=True), 0.0)
    return cast(case, values)
