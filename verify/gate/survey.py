"""A survey of a release that the data does not have: which deviations happen, which limits are lifted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from verify.cases.case import Case
from verify.cases.domain import Condition
from verify.cases.predicates import names_of
from verify.checks.asking import ask
from verify.checks.clock import within
from verify.checks.deviations import Deviation, applying, recorded, routes_of
from verify.checks.examination import Examination
from verify.checks.journal import journal
from verify.checks.limits import Limit
from verify.checks.losses import keep_if_lost
from verify.checks.path import Examiner
from verify.checks.predictions import explains
from verify.checks.subject import Description
from verify.oracle.compare import Verdict
from verify.subjects.registry import BUILTIN

UPDATE = "`known --update` writes it down"
UPDATE_YOURS = "add the release to the `versions` of what happens, and remove what is gone"
"""What to do for the data on the release that runs: ours, and a user's."""

TRIES = 20
"""How often the word of a deviation that is not repeatable is asked before it counts as gone."""


@dataclass(frozen=True, kw_only=True)
class Survey:
    """What is recorded of a subject, as it is in the release that runs.

    `known` are the deviations that are excused, and `routes` the ways by name, or the subject by "", each in
    the domain that its limits leave. Of a release that the data does not have, `happening` and `gone` are the
    deviations that were asked, `lifted` and `reworded` the limits, with the answer of one of their words.
    There was no time to ask the `unasked` ones, which are taken as they are recorded.
    """

    known: tuple[Deviation, ...]
    routes: Mapping[str, Description]
    happening: tuple[Deviation, ...] = ()
    gone: tuple[Deviation, ...] = ()
    limits: int = 0
    unasked: int = 0
    lifted: Mapping[Limit, str] = field(default_factory=dict)
    reworded: Mapping[Limit, str] = field(default_factory=dict)

    def lines(self, subject: Description) -> Iterator[str]:
        """What an upgrader wants to know; nothing where the data has the release."""
        if not (self.happening or self.gone or self.limits or self.unasked):
            return
        asked = len(self.happening) + len(self.gone)
        parts = []
        if asked:
            parts.append(f"{len(self.happening)} of {asked} deviations happen, {len(self.gone)} are gone")
        if self.limits:
            lifted, reworded = len(self.lifted), len(self.reworded)
            parts.append(f"{lifted} of {self.limits} limits are lifted, {reworded} speak in other words")
        if self.unasked:
            parts.append(f"{self.unasked} could not be asked in the time and are assumed")
        what = "" if asked and self.limits else " for its limits" if self.limits else " for its deviations"
        yield (
            f"{subject.name} {subject.version}, not in the data{what}: {'; '.join(parts)}; "
            f"{UPDATE if subject.name.partition('/')[0] in BUILTIN else UPDATE_YOURS}"
        )
        if self.gone:
            yield f"gone: {', '.join(entry.name for entry in self.gone)}"
        yield from (f"lifted: {limit.says[0]} ({answer})" for limit, answer in self.lifted.items())
        yield from (f"reworded: {limit.says[0]} → {answer}" for limit, answer in self.reworded.items())


def surveyed(subject: Description, users: Iterable[Deviation]) -> tuple[Description, Survey]:
    """A subject without the limits that are lifted in the release that runs, and the survey of that.

    The deviations are the user's that apply to it, and its own.
    """
    survey = survey_of(subject, applying(recorded(subject, users), subject))
    return replace(subject, ways=survey.routes) if subject.ways else survey.routes[""], survey


def survey_of(subject: Description, known: Sequence[Deviation], *, until: float = float("inf")) -> Survey:
    """Ask the words of the deviations and the limits that are not recorded of this release.

    Nothing is asked after `until`, a time of `time.monotonic`.
    """
    routes = dict(subject.ways) or {"": subject}
    assumed = [entry for entry in known if not entry.covers(subject.version)]
    happens = {entry.name: within(until, partial(_happens, subject, entry)) for entry in assumed}
    limits = [asked for asked in words_of_limits(routes.values()) if not asked[1].covers(subject.version)]
    answers = {
        (way.name, limit, word): within(until, partial(refusal, way, limit, word))
        for way, limit, word in limits
    }
    lifted = {
        limit: f"{name} answers {word}"
        for (name, limit, word), answer in answers.items()
        if answer == "answered"
    }
    reworded = {
        limit: f"{name} on {word}: {answer}"
        for (name, limit, word), answer in answers.items()
        if answer and answer != "answered" and limit not in lifted
    }
    return Survey(
        known=tuple(entry for entry in known if happens.get(entry.name, True) is not False),
        routes={name: _without(way, lifted) for name, way in routes.items()},
        happening=tuple(entry for entry in assumed if happens[entry.name]),
        gone=tuple(entry for entry in assumed if happens[entry.name] is False),
        limits=len({limit for (_, limit, _), answer in answers.items() if answer is not None}),
        unasked=[*happens.values(), *answers.values()].count(None),
        lifted=lifted,
        reworded=reworded,
    )


def _happens(subject: Description, deviation: Deviation) -> bool:
    if deviation.sporadic:
        return True  # whether it happens is chance
    for examination in examinations_of(subject, deviation):
        if explains(deviation, examination):
            return True
        keep_if_lost(examination, asked=f"whether {deviation.name} happens in this release")
    return False


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
    case = Case.parse(word)
    journal.note(way.name, word)
    answer, _ = ask(way, case)
    if isinstance(answer, Verdict) and not any(says in answer.sentence for says in limit.says):
        lost = Examination(case=case, subject=way, verdict=answer)
        keep_if_lost(lost, asked=f"whether it is refused as documented: {limit.says[0]}")
    if not isinstance(answer, Verdict) or answer.kind is None:
        return "answered"
    return "" if any(says in answer.sentence for says in limit.says) else answer.sentence


def judgeable_routes(routes: Mapping[str, Description], known: Sequence[Deviation]) -> dict[str, Description]:
    """Ways by name, each in the part of its domain that can be judged."""
    return {name: judgeable(way, known) for name, way in routes.items()}


def judgeable(way: Description, known: Iterable[Deviation]) -> Description:
    """A way in the part of its domain that can be judged."""
    outside = tuple(
        Condition(entry.when, f"{entry.name} says what cannot be judged", unjudged=True)
        for entry in known
        if entry.unjudged and entry.is_of_way(way.name)
    )
    return replace(way, domain=replace(way.domain, conditions=(*way.domain.conditions, *outside)))


def _without(way: Description, lifted: Iterable[Limit]) -> Description:
    """A way in the domain that it has without limits that are lifted."""
    conditions = {limit.condition for limit in lifted}
    kept = tuple(condition for condition in way.domain.conditions if condition not in conditions)
    return replace(way, domain=replace(way.domain, conditions=kept))
