"""`conformance`: a class of pytest tests for one subject, built from its properties, pins and faults."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache, partial, wraps
from inspect import signature
from pathlib import Path
from typing import Any, Unpack

import pytest
from hypothesis import event, given, reject
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable

from verify.cases.case import Case
from verify.cases.domain import EVERY_CASE, with_fill
from verify.cases.fills import FILLS
from verify.cases.modes import ZEROS
from verify.cases.narrowings import Narrowings, checked
from verify.cases.regions import is_in
from verify.cases.word import InvalidCase
from verify.checks.deviations import Deviation
from verify.checks.examination import LOUD, Mismatch
from verify.checks.relations import RELATIONS, demanded
from verify.checks.subject import Description, Subject
from verify.corpus.words import SHIPPED, cases_in
from verify.gate.complaints import complaint, is_asked, limits_of, wrong_deviation, wrong_limit
from verify.gate.drawing import DRAWN_FILLS, cases
from verify.gate.judging import Judge, mismatches_in, together
from verify.gate.properties import (
    ELSEWHERE,
    EVERYTHING,
    KNOWN,
    LARGE,
    LIMITS,
    MET,
    PROPERTIES,
    RELATED,
    WITNESSED,
    Property,
)
from verify.gate.relating import Related, lacking
from verify.gate.search import Drawing, drawing_of, is_quick, searching
from verify.gate.under_test import Gate


def conformance(
    subject: str | Subject,
    *,
    corpus: str | Path | None = None,
    known: Sequence[Deviation] | None = None,
    large: bool = False,
    relations: bool = False,
    demand: Collection[str] = (),
    **narrowings: Unpack[Narrowings],
) -> type:
    """A test class for pytest that gates a subject.

    `TestMine = conformance("mylib.conv:conv2d")` in a test file is all that you write.
    `subject` is a name, as on the command line, or a callable. `corpus` is a file or a directory of
    pinned words, a test of their own beside the lecture's example (where the narrowings allow it).
    Unless the narrowings choose, a subject is asked the `operations` and the steps `around` them that its
    attributes name; without these, convolutions with a bias and relu.
    `known` are deviations to report as known, by default those that the subject brings. With `large`, some
    large cases are asked, too, which are judged by projection. With `relations` it is measured in which
    regions answers have the same bits when they are asked otherwise; those in `demand` must have. The
    narrowings are those of `strategies.cases`; a property whose fills they leave out is skipped.
    Raises ValueError at once for a wrong narrowing, demand or corpus; a subject that cannot be gated is one
    error of its tests.
    """
    chosen = checked(narrowings)
    cases(**chosen)
    due = demanded(demand)
    gate = Gate(subject, known)
    gate.narrowings = chosen
    related = _relations_test(gate, chosen, due, RELATIONS if relations else due)
    drawn = {f"test_{judged.name}": _drawn_test(gate, judged, chosen) for judged in PROPERTIES}
    written = {
        "test_pinned": _pinned_test(gate, chosen, cases_in(corpus) if corpus else None),
        "test_elsewhere": _elsewhere_test(gate, chosen),
        "test_known": _known_test(gate),
        "test_limits": _limits_test(gate),
        "test_faults": _faults_test(gate, chosen),
        "test_met": _met_test(gate, chosen),
        **({"test_large": _large_test(gate, chosen)} if large else {}),
        **({"test_relations": related} if relations or due else {}),
    }
    return type("Conformance", (), {**written, **drawn, "__module__": __name__, "gate": gate})


def _drawn_test(gate: Gate, judged: Property, narrowings: dict[str, Any]) -> Callable[..., None]:
    name = f"test_{judged.name}"
    fills = [fill for fill in narrowings.get("fills", DRAWN_FILLS) if fill in judged.fills]
    chosen = {**narrowings, "fills": fills}
    if not fills or _narrowed(chosen) is None:
        return _skipped(f"the narrowings leave no case for {judged.title}")
    counts = Counter[str]()

    def test(self: Any, asked: tuple[str, Case]) -> None:
        way, case = asked
        outcomes = [
            gate.judge(judged).judge(sibling, way)
            for sibling in _siblings(case, gate.routes[way], fills=judged.fills)
        ]
        for outcome in outcomes:
            event(f"outcome: {outcome}")
        if set(outcomes) == {"declined"}:
            reject()  # which uses up no example

    test.__name__ = test.__qualname__ = f"{name}_of_{re.sub(r'[^a-zA-Z0-9]', '_', gate.name)}"
    _keep_by(test, test.__name__)
    test.__doc__ = f"{judged.title} of {gate.name}"
    drawn = cache(lambda: gate.illegal(narrowings) if judged.illegal else gate.legal(chosen, counts))
    strategy = st.deferred(lambda: drawn())  # noqa: PLW0108 - Hypothesis takes a function alone

    @wraps(given(asked=strategy)(test))  # so that pytest and Hypothesis see a test of Hypothesis
    def searched(self: Any) -> None:
        __tracebackhide__ = True
        if drawn().is_empty:
            gate.skip_absent(judged, narrowings)
        tallier = gate.judge(judged).tallier
        drawing = drawing_of(gate.session.options, gate.name, name, fewer=gate.subject.fewer)
        tallier.draws, tallier.examples = counts, drawing.used.max_examples
        counts.clear()
        shard = gate.session.options.regional
        _keep_by(test, f"{test.__name__}{f' {shard}' * shard.is_part}")

        def search(drawing: Drawing) -> None:
            searching(test, strategy, drawing)(self)

        if settled := list(_searches(gate.judge(judged), search, drawing)):
            raise together(settled, "disagreements") from settled[0].__cause__

    return searched


def _keep_by(test: Callable[..., None], name: str) -> None:
    """Have a test's examples kept, and drawn, by a name: Hypothesis takes its source and signature alone."""
    test.__signature__ = signature(test).replace(return_annotation=name)  # type: ignore[attr-defined]


SIBLINGS = 2
"""Other cases of a shape at most, of a way that compiles each shape."""

SEARCHES = 5
"""How often a property searches at most, each time without what was found."""


def _searches(judge: Judge, search: Callable[[Drawing], None], drawing: Drawing) -> Iterator[Mismatch]:
    """The disagreements of a property, settled.

    Hypothesis soon ends a search that has found one. An error, which is often seen at once, would so hide a
    wrong value, and a wrong value another: the search goes on without what was found, errors by their words
    and values by the fault that gives them, until as many cases are drawn as without it.
    """
    siblings = 1 + SIBLINGS * judge.gate.subject.compiles
    judge.found.clear()
    judge.named.clear()
    for _ in range(SEARCHES):
        judge.progress.begin()
        mismatches = _found_by(search, drawing)
        for mismatch in mismatches:
            settled = judge.settle(mismatch)
            judge.pass_over(mismatch.examination, settled.examination)
            yield settled
        left = drawing.used.max_examples - judge.progress.asked // siblings
        goes_on = judge.named or any(mismatch.verdict.kind in LOUD for mismatch in mismatches)
        if not mismatches or not goes_on or left <= 0 or judge.is_late:
            return
        drawing = drawing.again(left)


def _found_by(search: Callable[[Drawing], None], drawing: Drawing) -> list[Mismatch]:
    """The disagreements that a search found, each the smallest of its kind."""
    try:
        with suppress(Unsatisfiable):  # all was declined, which the tally tells
            search(drawing)
    except (Mismatch, BaseExceptionGroup) as failed:
        if mismatches := mismatches_in(failed):
            return mismatches
        raise
    except pytest.skip.Exception:
        if drawing.reuses:
            raise
    return []


def _skipped(reason: str) -> Callable[..., None]:
    def skipped(self: Any) -> None:
        pytest.skip(reason)

    return skipped


def _siblings(case: Case, way: Description, fills: Sequence[str]) -> Iterator[Case]:
    """A case and, where its way compiles each shape, up to two others of this shape."""
    yield case
    if not way.compiles or case.illegal:
        return
    others = [fill for fill in fills if fill != case.fill][:SIBLINGS]
    if FILLS[case.fill].is_seeded and not others:
        yield replace(case, seed=case.seed + 1)
    for fill in others:
        with suppress(InvalidCase):
            sibling = with_fill(case, fill, seed=case.seed)
            if way.domain.holds(sibling):
                yield sibling


def _narrowed(narrowings: dict[str, Any]) -> Any:
    """The strategy, or None if none of the dtypes left can hold any of the fills left."""
    try:
        return cases(**narrowings)
    except ValueError:
        return None


def _pinned_test(gate: Gate, narrowings: dict[str, Any], pins: Sequence[Case] | None) -> Callable[..., None]:
    """The test of the lecture's example and of the gate's pins, or where it has none the session's."""

    def test_pinned(self: Any) -> None:
        """Every pinned word holds, in all respects at once, by each way that has it."""
        options = gate.session.options
        usual = cases_in(options.corpus) if options.corpus and pins is None else []
        inside, chosen = EVERY_CASE.narrowed(narrowings), narrowings.get("regions")
        of_others = narrowings.get("views") or ZEROS not in narrowings.get("padding_modes", (ZEROS,))
        lecture = () if of_others else cases_in(SHIPPED)  # which shows no layout and no mode of padding
        shipped = [case for case in lecture if inside.holds(case) and is_in(case, chosen)]
        pinned = [*dict.fromkeys((*(pins or usual), *options.words))]
        asked = [*gate.asked(shipped, carry=True), *gate.asked(pinned)]
        if not asked:
            pytest.skip("no word is pinned")
        judge = gate.judge(EVERYTHING)
        asked = [(way, case) for way, case in asked if gate.has(case)]
        mismatches = [mismatch for way, case in asked if (mismatch := judge.disagreement_on(case, way))]
        if mismatches:
            raise together(mismatches, f"of {len(asked)} pinned words disagree")

    return test_pinned


def _elsewhere_test(gate: Gate, narrowings: dict[str, Any]) -> Callable[..., None]:
    def test_elsewhere(self: Any) -> None:
        """Every word on which a built-in subject is known to have been wrong holds."""
        judge = gate.judge(ELSEWHERE)
        asked = [("", way, case) for way, case in gate.elsewhere(narrowings) if gate.has(case)]
        if not asked:
            pytest.skip("no such word is in the domain that is left")
        _ask(judge, asked)

    return test_elsewhere


def _faults_test(gate: Gate, narrowings: dict[str, Any]) -> Callable[..., None]:
    def test_faults(self: Any) -> None:
        """A case for each fault that the subject could have: the smallest that shows it."""
        words = dict(gate.few(gate.witnesses(narrowings).items()))
        if not words:
            pytest.skip("no fault can be shown by the cases that are left")
        tallier = gate.judge(WITNESSED).tallier
        tallier.looked_for = words
        asked = [(name, way, case) for name, (way, case) in words.items() if gate.has(case)]
        _ask(gate.judge(WITNESSED), _unshown(gate, asked) if is_quick() else asked)

    return test_faults


def _unshown(gate: Gate, asked: list[tuple[str, str, Case]]) -> Iterator[tuple[str, str, Case]]:
    """Those whose fault no case has shown yet when their turn comes; a long word shows many, and is first."""
    for name, way, case in sorted(asked, key=lambda each: -len(str(each[-1]))):
        if not any(judge.tallier.tally.visible[name] for judge in gate.judges.values()):
            yield name, way, case


def _ask(judge: Judge, asked: Iterable[tuple[str, str, Case]]) -> list[tuple[Case, str]]:
    """Ask each case by its way, for the fault that it is there to show; the outcome of each.

    Raises what disagrees, diagnosed.
    """
    mismatches: dict[Any, Mismatch] = {}
    outcomes = []
    for shows, way, case in asked:
        try:
            outcomes.append((case, judge.judge(case, way, shows=shows)))
        except Mismatch as mismatch:
            mismatches.setdefault(mismatch.examination.signature, mismatch)
    if settled := list(map(judge.settle, mismatches.values())):
        raise together(settled, "disagreements")
    return outcomes


def _met_test(gate: Gate, narrowings: dict[str, Any]) -> Callable[..., None]:
    def test_met(self: Any) -> None:
        """A case for each way, operation, dtype and region of the domain, whatever is drawn."""
        if is_quick():
            pytest.skip("the profile quick asks for what is written down, and draws a little")
        judge, fills = gate.judge(MET), narrowings.get("fills", ("ints",))
        fill = "ints" if "ints" in fills else fills[0]
        regional = gate.region_cases(narrowings, fill)
        likely = gate.likely_cases(narrowings, fill)
        pairs = dict.fromkeys([*gate.marginals(narrowings, fill), *likely, *regional.values()])
        asked = [("", way, case) for way, case in pairs if gate.has(case)]
        if not asked:
            pytest.skip("the narrowings leave nothing of the domain")
        judge.tallier.regions = regional
        outcomes = dict(_ask(judge, asked))
        judge.tallier.declined_regions = {
            name: str(case) for name, (_, case) in regional.items() if outcomes.get(case) == "declined"
        }

    return test_met


def _large_test(gate: Gate, narrowings: dict[str, Any]) -> Callable[..., None]:
    def test_large(self: Any) -> None:
        """Some cases that are too large to be judged whole hold, judged by projection."""
        drawing = drawing_of(gate.session.options, gate.name, "test_large", fewer=gate.subject.fewer)
        pairs = gate.large(narrowings, drawing)
        if not pairs:
            pytest.skip("the domain that is left has no large case")
        _ask(gate.judge(LARGE), [("", way, case) for way, case in pairs])

    return test_large


def _relations_test(
    gate: Gate, narrowings: dict[str, Any], due: Sequence[str], wanted: Iterable[str]
) -> Callable[..., None]:
    def test_relations(self: Any) -> None:
        """What is asked otherwise has the same bits, in a case of each region, where that is demanded."""
        fills = narrowings.get("fills", DRAWN_FILLS)
        fill = next((name for name in ("reals", "dyadic", "ints") if name in fills), fills[0])
        asked = gate.related(narrowings, fill)
        if not asked:
            pytest.skip("the narrowings leave no region of the domain")
        judge = gate.judge(RELATED)
        pairs = {name: (gate.routes[way], case) for name, (way, case) in asked.items()}
        related = Related(subject=gate.subject, asked=pairs)
        first, found = related.answers(), judge.tallier.relations
        found.update({relation: related.measured(relation, first) for relation in wanted})
        lacked = [text for name in due if (text := lacking(gate.name, related, name, found[name]))]
        for text in lacked:
            judge.tallier.complained(text)
        _ask(judge, [("", way, case) for way, case in asked.values()])
        if lacked:
            pytest.fail("\n".join(lacked), pytrace=False)

    return test_relations


def _known_test(gate: Gate) -> Callable[..., None]:
    def test_known(self: Any) -> None:
        """Every recorded deviation still happens, shown by its smallest word."""
        remarks = list(gate.survey.lines(gate.subject))
        if not (gate.known or remarks):
            pytest.skip(f"nothing is recorded of {gate.name}")
        judge = gate.judge(KNOWN)
        judge.tallier.remarks, judge.tallier.is_absent = remarks, not gate.known
        shard = gate.session.options.shard
        asked = [entry for entry in gate.known if shard.holds(entry.word) and is_asked(gate, entry)]
        wrong = (partial(wrong_deviation, judge, entry) for entry in gate.few(asked))
        _fail_with(judge, [complaint(judge, each) for each in wrong])

    return test_known


def _limits_test(gate: Gate) -> Callable[..., None]:
    def test_limits(self: Any) -> None:
        """Every documented limit is still refused in its own words."""
        limits = [asked for asked in limits_of(gate) if gate.session.options.shard.holds(asked[-1])]
        if not limits:
            pytest.skip(f"{gate.name} documents no limit")
        judge = gate.judge(LIMITS)
        _fail_with(
            judge, [complaint(judge, partial(wrong_limit, judge, *asked)) for asked in gate.few(limits)]
        )

    return test_limits


def _fail_with(judge: Judge, complaints: Sequence[str]) -> None:
    """Record what is wrong with entries, and fail where there is anything."""
    told = [text for text in complaints if text]
    for text in told:
        judge.tallier.complained(text)
    if told:
        pytest.fail("\n".join(told), pytrace=False)
