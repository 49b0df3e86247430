"""A block of a sweep: cases one after another put to a subject, quickly judged, and counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from time import perf_counter
from typing import Any, NamedTuple

from verify.cases.case import Case
from verify.cases.enumeration import Enumeration
from verify.cases.exactness import promises_exact_sums, scale_of
from verify.cases.operands import Array, Operands
from verify.checks.check import MISMATCHES, Subject, ask, compare, modified, subject_name
from verify.checks.clock import Clock
from verify.checks.deviations import Deviation
from verify.checks.known import explained
from verify.oracle.compare import Verdict, Worst, agreement
from verify.oracle.problem import problem_of
from verify.oracle.reference import linear

BEAT_S = 1.0
"""Seconds between two signs of life."""


class Counterexample(NamedTuple):
    """A case of an enumeration, by its place there, and its disagreement."""

    place: int
    word: str
    verdict: Verdict


@dataclass(kw_only=True)
class Swept:
    """What became of cases, each counted once; everything in it survives JSON.

    `agreed` could have failed, `vacuous` proved little, `known` are explained by the recorded
    deviation of that name. `counterexamples` counts the others by what they have in common, and
    `first` keeps the one of the least place. `repeated` counts cases, whatever became of them,
    whose operands hold a number twice. `seconds` says where the time went.
    """

    agreed: int = 0
    vacuous: int = 0
    repeated: int = 0
    declined: Counter[str] = field(default_factory=Counter)
    known: Counter[str] = field(default_factory=Counter)
    counterexamples: Counter[str] = field(default_factory=Counter)
    first: dict[str, Counterexample] = field(default_factory=dict)
    seconds: Counter[str] = field(default_factory=Counter)

    @property
    def cases(self) -> int:
        several = (self.declined, self.known, self.counterexamples)
        return self.agreed + self.vacuous + sum(each.total() for each in several)

    @property
    def graded(self) -> int:
        """Cases whose values were judged and could have failed."""
        return self.agreed + self.known.total() + self.counterexamples.total()

    def add(self, other: Swept) -> None:
        self.agreed += other.agreed
        self.vacuous += other.vacuous
        self.repeated += other.repeated
        for name in ("declined", "known", "counterexamples", "seconds"):
            getattr(self, name).update(getattr(other, name))
        for kind, found in other.first.items():
            self._keep(kind, found)

    def disagreed(self, place: int, case: Case, verdict: Verdict) -> None:
        kind = f"{case.operation} {case.format.token} {case.padding_mode} {verdict.kind}"
        self.counterexamples[kind] += 1
        self._keep(kind, Counterexample(place, str(case), verdict))

    def _keep(self, kind: str, found: Counterexample) -> None:
        self.first[kind] = min(found, self.first.get(kind, found), key=lambda each: each.place)

    def to_data(self) -> dict[str, Any]:
        first = {kind: [each.place, each.word, asdict(each.verdict)] for kind, each in self.first.items()}
        return {**vars(self), "first": first}

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Swept:
        counters = {name: Counter(value) for name, value in data.items() if isinstance(value, dict)}
        first = {
            kind: Counterexample(place, word, _verdict_from(verdict))
            for kind, (place, word, verdict) in data["first"].items()
        }
        return cls(**{**data, **counters, "first": first})


def _verdict_from(data: dict[str, Any]) -> Verdict:
    worst = data["worst"] and Worst(**{**data["worst"], "index": tuple(data["worst"]["index"])})
    return Verdict(**{**data, "worst": worst, "stderr": tuple(data["stderr"])})


def sweep_block(
    enumeration: Enumeration,
    start: int,
    stop: int,
    subject: Subject,
    *,
    known: Sequence[Deviation] = (),
    beat: Callable[[], None] = lambda: None,
) -> Swept:
    """Put the cases of these places to a subject; `beat` is called every second or so."""
    swept, clock = Swept(), Clock()
    begun = last = perf_counter()
    for place, case in enumeration.cases(start, stop):
        given = operands_of(case)
        swept.repeated += not given.is_distinct
        verdict, answer = _judged(case, given, subject, clock)
        if verdict.kind is None:
            _count(swept, verdict)
        elif deviation := _deviation(case, verdict, answer, subject, known):
            swept.known[deviation.name] += 1
        else:
            swept.disagreed(place, case, verdict)
        if perf_counter() - last > BEAT_S:
            beat()
            last = perf_counter()
    swept.seconds = Counter({**clock.seconds, "block": perf_counter() - begun})
    return swept


def _count(swept: Swept, verdict: Verdict) -> None:
    if verdict.outcome == "declined":
        swept.declined[verdict.sentence] += 1
    elif verdict.outcome == "vacuous":
        swept.vacuous += 1
    else:
        swept.agreed += 1


def _deviation(
    case: Case,
    verdict: Verdict,
    answer: Array | None,
    subject: Subject,
    known: Sequence[Deviation],
) -> Deviation | None:
    if not known or verdict.kind is None:
        return None
    switches = getattr(subject, "switches", {})
    name = subject_name(subject)
    mismatch = MISMATCHES[verdict.kind](case, name, switches, verdict, answer=answer)
    return explained(mismatch, subject, known)


class Given(NamedTuple):
    """The operands of a case, whether sums over them are exact, and whether no number is there twice."""

    operands: Operands
    is_exact: bool
    is_distinct: bool


KEPT = 2**12
"""Operands that are kept for the cases to come."""

_kept: dict[tuple[Any, ...], Given] = {}


def operands_of(case: Case) -> Given:
    """As `case.make_operands()` has them, made once for all cases that share them."""
    shapes: tuple[Any, ...] = (case.size, case.kernel)
    if case.operation in ("transpose", "filtergrad"):
        shapes = (*shapes, case.result_shape, case.products)
    numbers = (case.batch, case.channels, case.filter_count, case.multiplier, case.groups)
    key = (case.operation, case.format.token, case.channels_first, numbers, shapes)
    if key not in _kept:
        if len(_kept) >= KEPT:
            _kept.clear()
        _kept[key] = _made(case)
    return _kept[key]


def _made(case: Case) -> Given:
    operands, scale = case.make_operands(), scale_of(case)
    assert scale is not None
    parts = [(scale.input, operands.input), (scale.factor, operands.factor)]
    if operands.pointwise is not None:
        parts.append((scale.pointwise, operands.pointwise))
    is_distinct = all(largest >= part.size for largest, part in parts)
    return Given(operands, promises_exact_sums(case), is_distinct)


def _judged(case: Case, given: Given, subject: Subject, clock: Clock) -> tuple[Verdict, Array | None]:
    """The verdict of `verify.check`, of all kinds at once, and the answer where there is one.

    An answer that equals the reference bit for bit, and came of operands left alone, agrees; whatever
    else comes is judged as everywhere.
    """
    vars(case)["operands"] = Operands._make(part if part is None else part.copy() for part in given.operands)
    answer, _ = ask(subject, case, clock)
    if isinstance(answer, Verdict):
        return answer, None
    with clock.part("reference"):
        wanted = linear(problem_of(case), given.operands, exact=True).astype(case.dtype)
    with clock.part("comparison"):
        if given.is_exact and _is_equal(answer, wanted) and _is_untouched(case, given):
            return agreement(wanted), answer
        return modified(case, case) or compare(case, answer), answer


def _is_equal(answer: Array, wanted: Array) -> bool:
    same = answer.shape == wanted.shape and answer.dtype == wanted.dtype
    return same and answer.tobytes() == wanted.tobytes()


def _is_untouched(case: Case, given: Given) -> bool:
    pairs = zip(case.operands, given.operands, strict=True)
    return all(now is None or was is None or now.tobytes() == was.tobytes() for now, was in pairs)
