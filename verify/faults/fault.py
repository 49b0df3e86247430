"""A fault: a wrong convolution as data, with what it takes to see it and the change that makes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Literal, NamedTuple

import numpy as np

from verify.cases.case import Case
from verify.cases.geometry import Axis
from verify.cases.operands import Array, Operands
from verify.cases.predicates import Predicate, names_of
from verify.faults.index_maps import Maps, cast, finished, map_of, outs_of, right_maps, sums_by_maps
from verify.oracle.compare import NUMERIC_KINDS, Kind
from verify.oracle.epilogue import follow
from verify.oracle.problem import Problem, problem_of
from verify.oracle.reference import linear, reference

Family = Literal[
    "padding",
    "geometry",
    "channels",
    "batch and bias",
    "precision",
    "behaviour",
    "gradients",
    "quantised",
    "memory",
]

FORWARD = "operation in ('conv', 'depthwise', 'separable')"
IMAGE = "operation != 'filtergrad'"
"""The condition that the answer has a batch and spatial axes."""
WINDOWED = "not (operation == 'filtergrad' and 'bias' in epilogue)"
"""The condition that the operation has windows; the gradient of a bias has none."""


class Geometry(NamedTuple):
    """Windows that read other cells: `maps(case)`, or None where they read the right ones."""

    maps: Callable[[Case], Maps | None]


class Inputs(NamedTuple):
    """Other operands: `operands(case)`, or None where nothing changes.

    Where they change along each axis alike, `along(axes)` are those that change along some alone.
    """

    operands: Callable[[Case], Operands | None]
    along: Callable[[tuple[int, ...]], Inputs] | None = None


class Steps(NamedTuple):
    """Other steps after the sums: `epilogue(case)`."""

    epilogue: Callable[[Case], tuple[str, ...]]


class Answer(NamedTuple):
    """Another answer: `answer(case, right)`, or None where it is right; it must not write to `right`."""

    answer: Callable[[Case, Array], Array | None]


class Shape(NamedTuple):
    """An answer of another shape, `shape(case)`, by which alone it is known, not by its values."""

    shape: Callable[[Case], tuple[int, ...]]


class Call(NamedTuple):
    """A right convolution called with other numbers: `axes(case)`, or None where `windows` alone change."""

    axes: Callable[[Case], tuple[Axis, ...] | None]
    windows: Geometry

    def reshapes(self, case: Case) -> bool:
        axes = self.axes(case)
        return axes is not None and outs_of(axes) != outs_of(case.axes)


class Other(NamedTuple):
    """Another case that is computed in place of one: `case(case)`, or None where it is the same."""

    case: Callable[[Case], Case | None]


class Sums(NamedTuple):
    """Other sums over the cells of maps, before a bias: `sums(case, maps)`, masked where none is written."""

    sums: Callable[[Case, Maps], np.ma.MaskedArray[Any, Any]]


class Conduct(NamedTuple):
    """A subject that misbehaves: `act(case, right)` is its answer, which may be right.

    `shows(case, right)` says whether that is seen when it is asked twice; `is_known_by_kind` whether nothing
    else gives a disagreement of its kind.
    """

    act: Callable[[Case, Array], Array]
    shows: Callable[[Case, Array], bool]
    is_known_by_kind: bool = True


Change = Geometry | Inputs | Steps | Answer | Shape | Call | Other | Sums | Conduct


def shifted(befores: Callable[[Case], list[int]]) -> Geometry:
    """Windows that begin as if `befores(case)` were the cells of padding, a border's not counted."""

    def maps(case: Case) -> Maps | None:
        firsts = [first + ends[0] for first, ends in zip(befores(case), case.borders, strict=True)]
        if firsts == [axis.before for axis in case.axes]:
            return None
        return [map_of(axis, before=first) for axis, first in zip(case.axes, firsts, strict=True)]

    return Geometry(maps)


def own_padding(case: Case) -> list[tuple[int, int]]:
    """The operation's own padding of each axis, without the border."""
    pairs = zip(case.axes, case.borders, strict=True)
    return [(axis.before - before, axis.after - after) for axis, (before, after) in pairs]


OTHER_END = shifted(lambda case: [after for _, after in own_padding(case)])
"""Padding before each axis as it should be after it."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One way in which convolutions are wrong.

    `sentence` completes "looks like …". Cases for which `applies` holds could have the fault, by their
    operation, dtype, mode of padding and so on; it can be visible only if `needs` holds as well.
    `word` is a smallest case that shows it, as a disagreement of one of `kinds`. `is_narrow` says that few
    drawn cases show it, so that its word is asked instead. Where `unknown(case)` is true, the answer
    depends on memory that belongs to nobody: the fault has a 0 there, and is not compared. As a subject it
    has the right value, so that a case shows it by what is known of it alone.
    `schemes` are those of quantised answers beside which alone it is wrong: a subject that declares one of
    them could have it, and as a subject it declares the first.
    """

    name: str
    family: Family
    sentence: str
    applies: Predicate
    needs: Predicate
    change: Change
    word: str = "conv_i1_k1_same_ones"
    kinds: frozenset[Kind] = NUMERIC_KINDS
    is_narrow: bool = False
    unknown: Callable[[Case], Array] | None = None
    schemes: tuple[str, ...] = ()

    def __call__(self, case: Case) -> Array:
        """The fault as a subject: its answer to a case."""
        case = self.held(case)
        right = right_answer(case)
        if isinstance(self.change, Conduct):
            return self.change.act(case, right) if self.applies.holds(names_of(case)) else right
        wrong = self.wrong(case, right)
        return right if wrong is None else self.known(wrong, case, right=right)

    def wrong(self, case: Case, right: Array) -> Array | None:
        """What it answers to a case whose right answer is given, or None where it changes nothing."""
        could_be = self.is_of(case.scheme) and self.applies.holds(names_of(case))
        return wrong_answer(self, case, right=right) if could_be else None

    def is_of(self, scheme: str) -> bool:
        """Whether a subject that declares this scheme, "" for none, could have it."""
        return not self.schemes or scheme in self.schemes

    @property
    def scheme(self) -> str:
        """The scheme that it declares as a subject."""
        return self.schemes[0] if self.schemes else ""

    def held(self, case: Case) -> Case:
        """The case as it is judged of the fault as a subject, unless it is held to a scheme already."""
        return case if case.scheme else case.held_to(self.scheme)

    def known(self, wrong: Array, case: Case, *, right: Array) -> Array:
        """Its wrong answer, with the right values where it depends on memory that belongs to nobody."""
        return wrong if self.unknown is None else np.where(self.unknown(case), right, wrong)


_condition = cache(partial(Predicate, is_ours=True))  # half of their texts are those of other faults


def make_fault(*, applies: str = "True", needs: str = "True", **fields: Any) -> Fault:
    """A fault whose conditions are texts over the names of `verify.cases.predicates`."""
    return Fault(applies=_condition(applies), needs=_condition(needs), **fields)


@np.errstate(invalid="ignore", over="ignore")
def wrong_answer(fault: Fault, case: Case, *, right: Array) -> Array | None:
    """What a fault answers, or None where it changes nothing; `right` is the right answer."""
    match fault.change:
        case Call(axes) if (moved := axes(case)) is not None:
            return answer_to(problem_of(case)._replace(axes=moved), case.operands)
        case Geometry(maps) | Call(_, Geometry(maps)):
            wrong = maps(case)
            return None if wrong is None else finished(case, sums_by_maps(case, wrong))
        case Inputs(change):
            operands = change(case)
            return None if operands is None else answer_to(problem_of(case), operands)
        case Steps(epilogue):
            return answer_to(problem_of(case)._replace(epilogue=epilogue(case)), case.operands)
        case Answer(answer):
            return answer(case, right)
        case Shape(shape):
            return None if shape(case) == right.shape else np.zeros(shape(case), right.dtype)
        case Other(other):
            changed = other(case)
            return None if changed is None else answer_to(problem_of(changed), changed.operands)
        case Sums(sums):
            return finished(case, sums(case, right_maps(case)).filled(0))
        case Conduct():
            return None


def right_answer(case: Case) -> Array:
    return cast(reference(case), case.dtype)


def answer_to(problem: Problem, operands: Operands) -> Array:
    """The right answer to a problem with these operands, in its dtype."""
    values, _ = follow(problem, operands, linear(problem, operands, exact=True))
    return cast(values, problem.format.dtype)
