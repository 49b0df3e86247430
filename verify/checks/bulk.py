"""Cases of an enumeration put to a subject in bulk: judged quickly, and counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from time import perf_counter
from typing import Any, NamedTuple

from verify.cases.case import Case
from verify.cases.enumeration import Enumeration
from verify.cases.exactness import Scale, promises_exact_sums, scale_of
from verify.cases.fills import shows_nothing
from verify.cases.operands import Array, Operands
from verify.checks.asking import ask, modified
from verify.checks.clock import Clock
from verify.checks.deviations import Deviation
from verify.checks.examination import Examination
from verify.checks.path import compare, excused
from verify.checks.subject import Description, Subject, describe
from verify.checks.ways import split_way
from verify.oracle.compare import Verdict, Worst, agreement
from verify.oracle.problem import problem_of
from verify.oracle.reference import linear

BEAT_S = 1.0
"""Seconds between two calls of `beat`."""


class Counterexample(NamedTuple):
    """A case that disagrees, with its place in the enumeration, and the way that was asked or "".

    `asked` are the places, from one to another, that a process was asked in their order which was lost.
    """

    place: int
    word: str
    verdict: Verdict
    way: str = ""
    asked: tuple[tuple[int, int], ...] = ()


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
            kind = f"{case.operation} {case.format.token} {case.padding_kind} {verdict.kind}"
            self.counterexamples[kind] += 1
            way = split_way(examination.subject.name)[1]
            self._keep(kind, Counterexample(place, str(case), verdict, way))
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
        first = {
            kind: [*each[:2], asdict(each.verdict), each.way, each.asked] for kind, each in self.first.items()
        }
        return {**vars(self), "first": first}

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Swept:
        counters = {name: Counter(value) for name, value in data.items() if isinstance(value, dict)}
        first = {
            kind: Counterexample(place, word, _verdict_from(verdict), way, _ranges_from(*asked))
            for kind, (place, word, verdict, way, *asked) in data["first"].items()
        }
        return cls(**{**data, **counters, "first": first})


def _ranges_from(asked: Sequence[Sequence[int]] = ()) -> tuple[tuple[int, int], ...]:
    """Places from one to another; there are none in what an earlier version has written."""
    return tuple((int(start), int(stop)) for start, stop in asked)


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
    """Put the cases at these places of an enumeration to a subject; calls `beat` about every second.

    Each case is counted once, by what the ways that are asked it come to together.
    """
    swept, clock, description = Swept(), Clock(), describe(subject)
    last = perf_counter()
    for place, case in enumeration.cases(places.start, places.stop):
        shared = shared_operands(case)
        swept.repeated += not shared.is_distinct
        examinations = _examined(case, shared, subject=description, clock=clock)
        swept.count(place, foremost(excused(examination, known) for examination in examinations))
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
    if case.fill != "coded" or case.epilogue:
        return _made(case)
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
    is_distinct = case.fill != "coded" or scale is None or _is_distinct(operands, scale)
    return SharedOperands(operands, promises_exact_sums(case), is_distinct)


def _is_distinct(operands: Operands, scale: Scale) -> bool:
    parts = [(scale.input, operands.input), (scale.factor, operands.factor)]
    if operands.pointwise is not None:
        parts.append((scale.pointwise, operands.pointwise))
    return all(largest >= part.size for largest, part in parts)


def ways_asked(subject: Description, case: Case) -> list[Description]:
    """The ways that a case of a sweep is put to: all whose domain has it, or the first of what compiles."""
    ways = (way for way in subject.ways.values() if way.domain.holds(case))
    return [*islice(ways, 1)] if subject.compiles else [*ways]


_WEIGHTS = ("declined", "vacuous", "agrees", "known", "disagrees")
"""Outcomes, the one that counts for all ways of a case last."""


def foremost(examinations: Iterable[Examination]) -> Examination:
    """What a case counts as of what its ways came to: the first of those that count most."""
    return max(examinations, key=lambda examination: _WEIGHTS.index(examination.outcome))


def _examined(
    case: Case, shared: SharedOperands, *, subject: Description, clock: Clock
) -> Iterator[Examination]:
    """What `Examiner` finds by each way that is asked, when it judges all kinds at once, but quicker."""
    ways = ways_asked(subject, case)
    if not ways:
        way, declined = subject.route(case)
        if declined:
            verdict = Verdict(outcome="declined", sentence=declined)
            yield Examination(case=case, subject=way, verdict=verdict)
            return
        ways = [way]
    wanted = None
    if shared.is_exact and not case.epilogue:
        with clock.part("reference"):
            wanted = linear(problem_of(case), shared.operands, exact=True).astype(case.dtype)
    for way in ways:
        yield _judged(case, shared, wanted, subject=way, clock=clock)


def _judged(
    case: Case, shared: SharedOperands, wanted: Array | None, *, subject: Description, clock: Clock
) -> Examination:
    """An answer that equals what is `wanted` bit for bit agrees, if the operands were not modified.

    Every other answer is judged in the usual way.
    """
    vars(case)["operands"] = Operands._make(part if part is None else part.copy() for part in shared.operands)
    answer, error = ask(subject, case, clock)
    if isinstance(answer, Verdict):
        return Examination(case=case, subject=subject, verdict=answer, error=error)
    with clock.part("comparison"):
        right = agreement(wanted) if wanted is not None and _is_equal(answer, wanted) else None
        verdict = modified(case, shared.operands) or right or compare(subject.held(case), answer)
        if verdict.outcome == "agrees" and shows_nothing(case):
            verdict = Verdict(outcome="vacuous", sentence="every cell of the input is read")
    return Examination(case=case, subject=subject, verdict=verdict, answer=answer)


def _is_equal(answer: Array, wanted: Array) -> bool:
    same = answer.shape == wanted.shape and answer.dtype == wanted.dtype
    return same and answer.tobytes() == wanted.tobytes()
