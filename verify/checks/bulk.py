"""Cases of an enumeration put to a subject in bulk: judged quickly, and counted."""

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
from verify.checks.asking import ask, modified
from verify.checks.clock import Clock
from verify.checks.deviations import Deviation
from verify.checks.examination import Examination
from verify.checks.path import compare, excused
from verify.checks.subject import Description, Subject, describe
from verify.oracle.compare import Verdict, Worst, agreement
from verify.oracle.problem import problem_of
from verify.oracle.reference import linear

BEAT_S = 1.0
"""Seconds between two calls of `beat`."""


class Counterexample(NamedTuple):
    """A case that disagrees, with its place in the enumeration."""

    place: int
    word: str
    verdict: Verdict


@dataclass(kw_only=True)
class Swept:
    """What became of cases, each counted once; all of it can be written as JSON and read again.

    `agreed` could have failed, `vacuous` proved little, `known` are explained by the recorded
    deviation of that name. `counterexamples` counts the other disagreements by operation, dtype,
    padding and kind, and `first` keeps the first of each in the order of the enumeration. `repeated`
    counts the cases whose operands hold a number twice, whatever their outcome. `seconds` says where
    the time went.
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
        counters = (self.declined, self.known, self.counterexamples)
        return self.agreed + self.vacuous + sum(counter.total() for counter in counters)

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
        for kind, counterexample in other.first.items():
            self._keep(kind, counterexample)

    def count(self, place: int, examination: Examination) -> None:
        """Count the case at this place."""
        case, verdict = examination.case, examination.verdict
        if examination.fails:
            kind = f"{case.operation} {case.format.token} {case.padding_mode} {verdict.kind}"
            self.counterexamples[kind] += 1
            self._keep(kind, Counterexample(place, str(case), verdict))
        elif examination.deviation:
            self.known[examination.deviation.name] += 1
        elif verdict.outcome == "declined":
            self.declined[verdict.sentence] += 1
        elif verdict.outcome == "vacuous":
            self.vacuous += 1
        else:
            self.agreed += 1

    def _keep(self, kind: str, counterexample: Counterexample) -> None:
        earlier = self.first.get(kind, counterexample)
        self.first[kind] = min(counterexample, earlier, key=lambda candidate: candidate.place)

    def to_data(self) -> dict[str, Any]:
        first = {kind: [place, word, asdict(verdict)] for kind, (place, word, verdict) in self.first.items()}
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


def examine_in_bulk(
    subject: Subject,
    enumeration: Enumeration,
    *,
    places: range,
    known: Sequence[Deviation] = (),
    beat: Callable[[], None] = lambda: None,
) -> Swept:
    """Put the cases at these places of an enumeration to a subject; calls `beat` about every second."""
    swept, clock, description = Swept(), Clock(), describe(subject)
    last = perf_counter()
    for place, case in enumeration.cases(places.start, places.stop):
        shared = shared_operands(case)
        swept.repeated += not shared.is_distinct
        swept.count(place, excused(_examined(case, shared, subject=description, clock=clock), known))
        if perf_counter() - last > BEAT_S:
            beat()
            last = perf_counter()
    swept.seconds = Counter(clock.seconds)
    return swept


class SharedOperands(NamedTuple):
    """The operands of a case, whether sums over them are exact, and whether all their numbers differ."""

    operands: Operands
    is_exact: bool
    is_distinct: bool


KEPT_OPERANDS = 2**12
"""Sets of operands that are cached for later cases."""

_kept: dict[tuple[Any, ...], SharedOperands] = {}


def shared_operands(case: Case) -> SharedOperands:
    """The operands that `case.make_operands()` makes, made once for all cases that share them."""
    shapes: tuple[Any, ...] = (case.size, case.kernel)
    if case.traits.answer != "result":
        shapes = (*shapes, case.result_shape, case.products)
    numbers = (case.batch, case.channels, case.filter_count, case.multiplier, case.groups)
    key = (case.operation, case.format.token, case.channels_first, numbers, shapes)
    if key not in _kept:
        if len(_kept) >= KEPT_OPERANDS:
            _kept.clear()
        _kept[key] = _made(case)
    return _kept[key]


def _made(case: Case) -> SharedOperands:
    operands, scale = case.make_operands(), scale_of(case)
    assert scale is not None
    parts = [(scale.input, operands.input), (scale.factor, operands.factor)]
    if operands.pointwise is not None:
        parts.append((scale.pointwise, operands.pointwise))
    is_distinct = all(largest >= part.size for largest, part in parts)
    return SharedOperands(operands, promises_exact_sums(case), is_distinct)


def _examined(case: Case, shared: SharedOperands, *, subject: Description, clock: Clock) -> Examination:
    """What `Examiner` finds when it judges all kinds at once, but quicker.

    An answer that equals the reference bit for bit agrees, if the operands were not modified; every other
    answer is judged in the usual way.
    """
    vars(case)["operands"] = Operands._make(part if part is None else part.copy() for part in shared.operands)
    subject, declined = subject.route(case)
    if declined:
        return Examination(case=case, subject=subject, verdict=Verdict(outcome="declined", sentence=declined))
    answer, error = ask(subject, case, clock)
    if isinstance(answer, Verdict):
        return Examination(case=case, subject=subject, verdict=answer, error=error)
    with clock.part("reference"):
        wanted = linear(problem_of(case), shared.operands, exact=True).astype(case.dtype)
    with clock.part("comparison"):
        is_right = shared.is_exact and _is_equal(answer, wanted)
        verdict = modified(case, shared.operands) or (
            agreement(wanted) if is_right else compare(case, answer)
        )
    return Examination(case=case, subject=subject, verdict=verdict, answer=answer)


def _is_equal(answer: Array, wanted: Array) -> bool:
    same = answer.shape == wanted.shape and answer.dtype == wanted.dtype
    return same and answer.tobytes() == wanted.tobytes()
