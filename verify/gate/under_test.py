"""A gate: a subject under test, what is asked of it, and the results of its tests in a session."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import cached_property
from typing import Any, NoReturn, TypeVar

import pytest
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from verify.cases.case import Case
from verify.cases.domain import Domain, as_grouped
from verify.cases.fills import FILLS
from verify.cases.narrowings import narrows
from verify.cases.regions import is_in
from verify.checks.deviations import Deviation, applying, recorded
from verify.checks.examination import Examination
from verify.checks.losses import told_elsewhere
from verify.checks.subject import Description, Subject, describe, name_of
from verify.config.session import Session
from verify.faults.witnesses import witnesses
from verify.gate.drawing import (
    ILLEGAL_OPERATIONS,
    cases_by_way,
    illegal_cases_by_way,
    large_cases_by_way,
    likely_cases,
    marginals,
    region_cases,
    sample,
)
from verify.gate.judging import Judge
from verify.gate.properties import ELSEWHERE, EVERYTHING, MET, PROPERTIES, WITNESSED, Property
from verify.gate.recorder import Tallier, record_of
from verify.gate.relating import wider
from verify.gate.search import Drawing, is_quick
from verify.gate.survey import Survey, judgeable_routes, survey_of
from verify.reports.tally import NONE_FOUND, TIME_UP, UNDRAWN, Tally
from verify.subjects.failed import failed_words

Item = TypeVar("Item")

COSTLY = 16
"""Where a case costs more than so many quick ones, of what is written down, too, a share is asked."""

SHARE_OF_LARGE = 20
"""A large case takes seconds, or minutes."""


class Gate:
    """A subject under test, loaded and described on first use, and the results of its tests in a session."""

    def __init__(self, subject: str | Subject, known: Sequence[Deviation] | None) -> None:
        if not callable(subject) and not isinstance(subject, str):
            describe(subject)  # raises TypeError
        self._subject = subject
        self._description: Description | None = None
        self._unusable: str | None = None
        self._known = known
        self.narrowings: Mapping[str, Any] = {}
        self.name = subject if isinstance(subject, str) else name_of(subject)
        self.session = Session()  # until the session that collects it is known

    @property
    def session(self) -> Session:
        return self._session

    @session.setter
    def session(self, session: Session) -> None:
        self._session = session
        self._survey: Survey | None = None
        self._routes: Mapping[str, Description] | None = None
        self.causes: list[Examination] = []
        self.__dict__.pop("earlier_causes", None)
        self.judges: dict[str, Judge] = {}

    @property
    def subject(self) -> Description:
        if self._description is None:
            options, subject = self.session.options, self._subject
            with self._told_once():
                loaded = options.load(subject) if isinstance(subject, str) else options.place(subject)
            self._description = describe(loaded)
        return self._description

    def _told_once(self) -> AbstractContextManager[None]:
        """Keeps no loss within the block, where the process that judges the first properties does so."""
        return told_elsewhere() if self.session.earlier else nullcontext()

    @cached_property
    def earlier_causes(self) -> list[Examination]:
        """The causes that were found by properties before those of this session, which it waits for."""
        carried = self.session.earlier() if self.session.earlier else ()
        return [each.failure(self._way_named) for each in carried]

    def _way_named(self, way: str) -> Description:
        """The way of that name, or the subject, which may be a way itself, or some of them."""
        return self.routes.get(way) or self.routes.get("", self.subject)

    def unusable(self) -> str:
        """Why the subject cannot be gated, in one sentence; "" for one that can. It is tried once."""
        if self._unusable is None:
            self._unusable = ""
            try:
                self.subject  # noqa: B018 - loaded and tried here
            except (TypeError, ValueError) as wrong:
                self._unusable = str(wrong)
        return self._unusable

    def close_subject(self) -> None:
        """End the subject's worker, if it has one; the next case starts another."""
        if self._description is not None:
            self._description.close()

    @property
    def known(self) -> tuple[Deviation, ...]:
        """The deviations that are excused, of those that apply to the subject as it runs here."""
        return self.survey.known if self.session.options.excuse else ()

    @property
    def routes(self) -> Mapping[str, Description]:
        """The subject's ways by name, or itself by "", each in the part of its domain that can be judged."""
        if self._routes is None:
            self._routes = judgeable_routes(self.survey.routes, self.known)
        return self._routes

    @property
    def survey(self) -> Survey:
        """What is recorded of the subject, once it is asked what of that holds for the release that runs."""
        if self._survey is None:
            if not self.session.earlier:
                self.session.record(record_of(self.subject, self.name))
            entries = recorded(self.subject, self.session.options.deviations, brought=self._known)
            known = applying(entries, self.subject)
            with self._told_once():
                self._survey = survey_of(self.subject, known, until=self.session.until)
        return self._survey

    def _domains(self, narrowings: Mapping[str, Any]) -> dict[str, Domain]:
        return {name: way.drawn(**narrowings) for name, way in self.routes.items()}

    def legal(self, narrowings: dict[str, Any], counts: Counter[str]) -> SearchStrategy[tuple[str, Case]]:
        """Pairs of a way and a case of its domain; empty where the narrowings leave none of it."""
        with suppress(ValueError):
            shard = self.session.options.regional
            return cases_by_way(self._domains(narrowings), thrown=counts, shard=shard, **narrowings)
        return st.nothing()

    def illegal(self, narrowings: dict[str, Any]) -> SearchStrategy[tuple[str, Case]]:
        """Calls that the subject says it refuses; empty where it says so of none that can be drawn."""
        refused = [name for name in self.subject.refuses if name in ILLEGAL_OPERATIONS]
        operations = [name for name in refused if name in narrowings.get("operations", refused)]
        others = {
            name: value for name, value in narrowings.items() if name not in ("fills", "around", "views")
        }
        with suppress(ValueError):  # the narrowings leave none
            domains = self._refusing(self._domains(narrowings))
            return illegal_cases_by_way(domains, **{**others, "operations": operations})
        return st.nothing()

    def _refusing(self, domains: Mapping[str, Domain]) -> dict[str, Domain]:
        """The domains of the ways that refuse anything: one may say that it refuses nothing."""
        return {name: domain for name, domain in domains.items() if self.routes[name].refuses}

    def large(self, narrowings: Mapping[str, Any], drawing: Drawing) -> list[tuple[str, Case]]:
        """Pairs of a way and a large case, one for each `SHARE_OF_LARGE` cases of another property."""
        count = max(drawing.used.max_examples // SHARE_OF_LARGE, 1)
        seed = secrets.randbits(32) if drawing.seed is None else drawing.seed
        with suppress(ValueError):
            return sample(count, seed, large_cases_by_way(self._domains(narrowings), narrowings))
        return []

    def witnesses(self, narrowings: dict[str, Any]) -> Mapping[str, tuple[str, Case]]:
        """For each fault that a drawn case could show, by its name, a way and a case that does."""
        fills = tuple(narrowings.get("fills", FILLS))
        schemes = {name: way.scheme for name, way in self.routes.items()}
        arithmetics = {name: way.arithmetic for name, way in self.routes.items()}
        shown = witnesses(self._domains(narrowings), fills, schemes, arithmetics)
        chosen = narrowings.get("regions")
        return {name: (way, case) for name, (way, case) in shown.items() if is_in(case, chosen)}

    def marginals(self, narrowings: dict[str, Any], fill: str) -> list[tuple[str, Case]]:
        """A case for each way, operation and dtype that is drawn."""
        pairs, chosen = marginals(self._domains(narrowings), fill), narrowings.get("regions")
        return [(way, case) for way, case in pairs if is_in(case, chosen)]

    def region_cases(self, narrowings: dict[str, Any], fill: str) -> Mapping[str, tuple[str, Case]]:
        """A way and a case for each region of which there is something to draw."""
        return region_cases(self._domains(narrowings), fill, narrowings)

    def likely_cases(self, narrowings: dict[str, Any], fill: str) -> list[tuple[str, Case]]:
        """Each way that compiles nothing, with a case of each region in which errors are the most likely."""
        domains = self._domains(narrowings)
        quick = {name: domains[name] for name, way in self.routes.items() if not way.compiles}
        return likely_cases(quick, fill, narrowings)

    def related(self, narrowings: dict[str, Any], fill: str) -> dict[str, tuple[str, Case]]:
        """A way and a case for each region, with several images and filters where it has such a case."""
        pairs, domains = self.region_cases(narrowings, fill), self._domains(narrowings)
        return {name: (way, wider(case, name, domains[way].holds)) for name, (way, case) in pairs.items()}

    def elsewhere(self, narrowings: Mapping[str, Any]) -> list[tuple[str, Case]]:
        """The words on which a built-in subject was wrong, as far as the subject has them, with its ways.

        One that is in no domain is carried into the first that takes it in another data format, dtype or
        rank, a depthwise one also as a convolution of many groups. Where cases cost much, or time is short,
        each is asked by one of its ways, these in turn, and of the words every second, or fewer where both.
        """
        domains, pairs = self._domains(narrowings), list[tuple[str, Case]]()
        inside = [*filter(narrows(narrowings), failed_words())][:: 2 if is_quick() else 1]
        for number, case in enumerate(self.few(inside)):
            ways = self._ways_of(case, domains)
            is_one = ways and (is_quick() or self.subject.fewer > 1)
            pairs += [ways[number % len(ways)]] if is_one else ways
        return list(dict.fromkeys(pairs))

    def few(self, items: Iterable[Item]) -> list[Item]:
        """All that is written down; where time is short or cases are costly, the subject's share of cases."""
        is_share = is_quick() or self.subject.fewer > COSTLY
        return [*items][:: self.subject.fewer if is_share else 1]

    def _ways_of(self, case: Case, domains: Mapping[str, Domain]) -> list[tuple[str, Case]]:
        """The ways whose domain has a case, or where none has it the first that it is carried into."""
        if case.illegal:
            return _inside(case, self._refusing(domains)) if case.operation in self.subject.refuses else []
        alike = [case, as_grouped(case)] if case.operation == "depthwise" else [case]
        return _inside(case, domains) or _carried(alike, domains)

    def has(self, case: Case) -> bool:
        """Whether a case is of the shard that this session asks."""
        return self.session.options.shard.holds(str(case))

    def asked(self, words: Iterable[Case], *, carry: bool = False) -> list[tuple[str, Case]]:
        """Each word with each way whose domain has it, and one that none has with none.

        Where they `carry`, a word that is in no domain goes into the first that has it in another data
        format, dtype or rank, and is left out where none has.
        """
        domains = {name: way.domain for name, way in self.routes.items()}
        pairs: list[tuple[str, Case]] = []
        for case in words:
            elsewhere = _carried([case], domains) if carry else [("", case)]
            pairs += _inside(case, domains) or elsewhere
        return pairs

    def judge(self, judged: Property) -> Judge:
        """The judge of a property in this session."""
        test = f"test_{judged.name}"
        if test not in self.judges:
            tallier = Tallier(self.name, judged, self.session.record)
            self.judges[test] = Judge(gate=self, judged=judged, tallier=tallier)
        return self.judges[test]

    def skip_late(self, test: str) -> None:
        """Skip a test for which there is no time left, before its subject is loaded."""
        for judged in (EVERYTHING, ELSEWHERE, WITNESSED, MET, *PROPERTIES):
            if test == f"test_{judged.name}":
                self.judge(judged).tallier.note = TIME_UP
                self.judge(judged).tallier.is_absent = is_quick() and judged.name not in UNDRAWN
                self.close(test, 0.0)
        pytest.skip("the time is up")

    def skip_absent(self, judged: Property, narrowings: Mapping[str, Any]) -> NoReturn:
        """Skip a property that has no case; a legal one is listed as absent, or as none was found."""
        if judged.illegal:
            pytest.skip(f"{self.name} says of no operation that is left that it refuses illegal calls")
        tallier = self.judge(judged).tallier
        if self._is_found(narrowings):
            tallier.is_absent, tallier.note = True, "the domain has no case for it"
            pytest.skip(f"the domain of {self.name} has no case for {judged.title}")
        tallier.note = NONE_FOUND
        pytest.skip(f"no case of {self.name} was found: {NONE_FOUND}")

    def _is_found(self, narrowings: Mapping[str, Any]) -> bool:
        """Whether any case can be drawn, of whatever fill, or what leaves none are lists and bounds."""
        domains = self._domains(narrowings)
        if not any(domain.conditions for domain in domains.values()):
            return True
        others = {name: value for name, value in narrowings.items() if name != "fills"}
        return not self.legal(others, Counter()).is_empty

    def close(self, test: str, elapsed: float) -> Tally | None:
        """The tally of a test that has ended, or None for one that judged nothing."""
        return self.judges[test].tallier.close(elapsed) if test in self.judges else None


def _inside(case: Case, domains: Mapping[str, Domain]) -> list[tuple[str, Case]]:
    """The names of the domains that have a case, each with it."""
    return [(name, case) for name, domain in domains.items() if domain.holds(case)]


def _carried(words: Iterable[Case], domains: Mapping[str, Domain]) -> list[tuple[str, Case]]:
    """The first domain that a word can be carried into, with what it becomes there, if there is one."""
    moved = ((name, domain.carried(word)) for word in words for name, domain in domains.items())
    return [(name, word) for name, word in moved if word is not None][:1]
