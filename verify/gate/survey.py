"""A survey of a release that the data does not have: which deviations happen, which limits are lifted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from verify.cases.case import Case
from verify.cases.predicates import names_of
from verify.checks.asking import ask
from verify.checks.deviations import Deviation, explains, routes_of
from verify.checks.examination import Examination
from verify.checks.limits import Limit
from verify.checks.path import Examiner
from verify.checks.subject import Description
from verify.oracle.compare import Verdict

TRIES = 20
"""How often the word of a deviation that is not repeatable is asked before it counts as gone."""


@dataclass(frozen=True, kw_only=True)
class Survey:
    """What is recorded of a subject, as it is in the release that runs.

    `known` are the deviations that are excused, and `routes` the ways by name, or the subject by "", each in
    the domain that its limits leave. Of a release that the data does not have, `happening` and `gone` are the
    deviations that were asked, `lifted` and `reworded` the limits, with the answer of one of their words.
    """

    known: tuple[Deviation, ...]
    routes: Mapping[str, Description]
    happening: tuple[Deviation, ...] = ()
    gone: tuple[Deviation, ...] = ()
    limits: int = 0
    lifted: Mapping[Limit, str] = field(default_factory=dict)
    reworded: Mapping[Limit, str] = field(default_factory=dict)

    def lines(self, subject: Description) -> Iterator[str]:
        """What an upgrader wants to know; nothing where the data has the release."""
        if not (self.happening or self.gone or self.limits):
            return
        asked = len(self.happening) + len(self.gone)
        parts = []
        if asked:
            parts.append(f"{len(self.happening)} of {asked} deviations happen, {len(self.gone)} are gone")
        if self.limits:
            lifted, reworded = len(self.lifted), len(self.reworded)
            parts.append(f"{lifted} of {self.limits} limits are lifted, {reworded} speak in other words")
        what = "" if asked and self.limits else " for its limits" if self.limits else " for its deviations"
        yield (
            f"{subject.name} {subject.version}, not in the data{what}: {'; '.join(parts)}; "
            "`known --update` writes it down"
        )
        if self.gone:
            yield f"gone: {', '.join(entry.name for entry in self.gone)}"
        yield from (f"lifted: {limit.says[0]} ({answer})" for limit, answer in self.lifted.items())
        yield from (f"reworded: {limit.says[0]} → {answer}" for limit, answer in self.reworded.items())


def survey_of(subject: Description, known: Sequence[Deviation]) -> Survey:
    """Ask the words of the deviations and the limits that are not recorded of this release."""
    routes = dict(subject.ways) or {"": subject}
    assumed = [entry for entry in known if not entry.covers(subject.version)]
    happening = tuple(entry for entry in assumed if _happens(subject, entry))
    lifted: dict[Limit, str] = {}
    reworded: dict[Limit, str] = {}
    limits = set()
    for way, limit, word in words_of_limits(routes.values()):
        if limit.covers(subject.version):
            continue
        limits.add(limit)
        answer = refusal(way, limit, word)
        if answer == "answered":
            lifted[limit] = f"{way.name} answers {word}"
        elif answer:
            reworded[limit] = f"{way.name} on {word}: {answer}"
    return Survey(
        known=tuple(entry for entry in known if entry.covers(subject.version) or entry in happening),
        routes={name: _without(way, lifted) for name, way in routes.items()},
        happening=happening,
        gone=tuple(entry for entry in assumed if entry not in happening),
        limits=len(limits),
        lifted=lifted,
        reworded={limit: answer for limit, answer in reworded.items() if limit not in lifted},
    )


def _happens(subject: Description, deviation: Deviation) -> bool:
    if deviation.sporadic:
        return True  # whether it happens is chance
    examinations = examinations_of(subject, deviation)
    return any(explains(deviation, examination) for examination in examinations)


def examinations_of(subject: Description, deviation: Deviation) -> Iterator[Examination]:
    """A deviation's word put to each way that it is of, and again where it is not repeatable."""
    case, routes = Case.parse(deviation.word), routes_of(deviation, subject)
    for way in [way for way in routes if way.domain.holds(case)] or routes[:1]:
        for _ in range(TRIES if "not repeatable" in deviation.kinds else 1):
            yield Examiner(subject=way, repeats=2, noted_as=way.label).examine(case)


def words_of_limits(ways: Iterable[Description]) -> list[tuple[Description, Limit, str]]:
    """Each limit's words, each with the first way that has the limit and that it is about."""
    asked: dict[tuple[Limit, str], Description] = {}
    for way in ways:
        for limit in way.limits:
            for word in () if limit.ours else limit.words:
                case = Case.parse(word)
                space = way.domain.spaces.get(case.operation)
                is_about = space and not space.why_not(case)
                if is_about and limit.when.holds(names_of(case, way.condition_names)):
                    asked.setdefault((limit, word), way)
    return [(way, limit, word) for (limit, word), way in asked.items()]


def refusal(way: Description, limit: Limit, word: str) -> str:
    """What a limit's word is answered with: "" for a refusal in its words, "answered", or other words."""
    answer, _ = ask(way, Case.parse(word))
    if not isinstance(answer, Verdict) or answer.kind is None:
        return "answered"
    return "" if any(says in answer.sentence for says in limit.says) else answer.sentence


def _without(way: Description, lifted: Iterable[Limit]) -> Description:
    """A way in the domain that it has without limits that are lifted."""
    conditions = {limit.condition for limit in lifted}
    kept = tuple(condition for condition in way.domain.conditions if condition not in conditions)
    return replace(way, domain=replace(way.domain, conditions=kept))
