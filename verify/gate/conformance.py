"""`conformance`: a class of pytest tests for one subject, built from its properties, pins and faults."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial, wraps
from inspect import signature
from pathlib import Path
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from verify.cases.case import Case
from verify.cases.fills import FILLS
from verify.cases.operations import SAME_WAY
from verify.cases.word import InvalidCase, as_narrowed
from verify.checks.deviations import Deviation
from verify.checks.examination import Mismatch
from verify.checks.subject import Subject, split_label
from verify.corpus.words import SHIPPED, cases_in
from verify.gate.drawing import DRAWN_FILLS, cases
from verify.gate.judging import Gate, mismatches_in, together
from verify.gate.properties import EVERYTHING, KNOWN, PROPERTIES, WITNESSED, Property
from verify.gate.search import Sieve, drawing_of, searching
from verify.subjects.registry import COMPILED


def conformance(
    subject: str | Subject,
    *,
    corpus: str | Path | None = None,
    known: Sequence[Deviation] | None = None,
    **narrowings: Any,
) -> type:
    """A test class for pytest that gates a subject.

    `TestMine = conformance("mylib.conv:conv2d")` in a test file is all that you write.
    `subject` is a name, as on the command line, or a callable. `corpus` is a file or a directory of
    pinned words, a test of their own beside the lecture's example (where the narrowings allow it).
    Unless the narrowings choose, a subject is asked the `operations` and the steps `around` them that its
    attributes name; without these, convolutions with a bias and relu.
    `known` are deviations to report as known, by default those that the subject brings. The
    narrowings are those of `strategies.cases`; a property whose fills they leave out is skipped.
    Raises ValueError at once for a wrong narrowing or corpus; an unknown subject fails its tests.
    """
    cases(**narrowings)
    narrowings = {name: as_narrowed(name, chosen) for name, chosen in narrowings.items()}
    gate = Gate(subject, known)
    drawn = {f"test_{judged.name}": _drawn_test(gate, judged, narrowings) for judged in PROPERTIES}
    written = {
        "test_pinned": _pinned_test(gate, narrowings, cases_in(corpus) if corpus else None),
        "test_known": _known_test(gate),
        "test_faults": _faults_test(gate, narrowings),
    }
    return type("Conformance", (), {**written, **drawn, "__module__": __name__, "gate": gate})


def _drawn_test(gate: Gate, judged: Property, narrowings: dict[str, Any]) -> Callable[..., None]:
    name = f"test_{judged.name}"
    fills = [fill for fill in narrowings.get("fills", DRAWN_FILLS) if fill in judged.fills]
    chosen = {**narrowings, "fills": fills}
    if not fills or _narrowed(chosen) is None:
        return _skipped(f"the narrowings leave no case for {judged.title}")
    sieve = Sieve()
    siblings_of = partial(_siblings, fills=judged.fills if split_label(gate.name)[0] in COMPILED else ())

    def test(self: Any, case: Case) -> None:
        for sibling in siblings_of(case):
            if sieve.passes(sibling):
                event(f"outcome: {gate.judge(judged).judge(sibling)}")

    test.__name__ = test.__qualname__ = f"{name}_of_{re.sub(r'[^a-zA-Z0-9]', '_', gate.name)}"
    # Hypothesis keeps examples, and draws the same ones, by a test's source and signature, not its name.
    test.__signature__ = signature(test).replace(return_annotation=test.__name__)  # type: ignore[attr-defined]
    test.__doc__ = f"{judged.title} of {gate.name}"
    strategy = st.deferred(lambda: gate.illegal(narrowings) if judged.illegal else gate.legal(chosen))

    @wraps(given(case=strategy)(test))  # so that pytest and Hypothesis see a test of Hypothesis
    def searched(self: Any) -> None:
        __tracebackhide__ = True
        if judged.illegal and gate.illegal(narrowings).is_empty:
            pytest.skip(f"{gate.name} says of no operation that is left that it refuses illegal calls")
        drawing = drawing_of(gate.session.options, gate.name, name)
        try:
            searching(test, strategy, drawing, shard=gate.session.options.shard, sieve=sieve)(self)
        except (Mismatch, BaseExceptionGroup) as failed:
            mismatches = mismatches_in(failed)
            if not mismatches:
                raise
            settled = [gate.judge(judged).settle(mismatch) for mismatch in mismatches]
            raise together(settled, "distinct disagreements") from settled[0].__cause__

    return searched


def _skipped(reason: str) -> Callable[..., None]:
    def skipped(self: Any) -> None:
        pytest.skip(reason)

    return skipped


def _siblings(case: Case, fills: Sequence[str]) -> Iterator[Case]:
    """A case and, given fills, up to two others of its shape, for a subject that compiles each shape."""
    yield case
    if not fills:
        return
    others = [fill for fill in fills if fill != case.fill][:2]
    if FILLS[case.fill].is_seeded and not others:
        yield replace(case, seed=case.seed + SAME_WAY)
    for fill in others:
        with suppress(InvalidCase):
            yield replace(case, fill=fill, seed=case.seed if FILLS[fill].is_seeded else 0)


def _narrowed(narrowings: dict[str, Any]) -> Any:
    """The strategy, or None if none of the dtypes left can hold any of the fills left."""
    try:
        return cases(**narrowings)
    except ValueError:
        return None


def _is_within(case: Case, narrowings: dict[str, Any]) -> bool:
    """Whether the narrowings allow a case, by its operation, rank, dtype and padding."""
    values = {
        "operations": case.operation,
        "ranks": case.rank,
        "dtypes": case.format.token,
        "paddings": case.padding_mode,
    }
    return all(value in narrowings.get(name, (value,)) for name, value in values.items())


def _pinned_test(gate: Gate, narrowings: dict[str, Any], pins: Sequence[Case] | None) -> Callable[..., None]:
    """The test of the lecture's example and of the pins: the gate's own, else the session's."""
    lecture = [case for case in cases_in(SHIPPED) if _is_within(case, narrowings)]

    def test_pinned(self: Any) -> None:
        """Every pinned word holds, for all kinds of disagreement at once."""
        options = gate.session.options
        usual = cases_in(options.corpus) if options.corpus and pins is None else []
        pinned = [*lecture, *(pins or usual)]
        if not pinned:
            pytest.skip("no word is pinned")
        judge = gate.judge(EVERYTHING)
        asked = [case for case in pinned if options.shard.holds(str(case))]
        mismatches = [mismatch for case in asked if (mismatch := judge.disagreement_on(case))]
        if mismatches:
            raise together(mismatches, f"of {len(asked)} pinned words disagree")

    return test_pinned


def _faults_test(gate: Gate, narrowings: dict[str, Any]) -> Callable[..., None]:
    def test_faults(self: Any) -> None:
        """A case for each fault that the subject could have: the smallest that shows it."""
        words = gate.witnesses(narrowings)
        if not words:
            pytest.skip("no fault can be shown by the cases that are left")
        judge, tallier = gate.judge(WITNESSED), gate.judge(WITNESSED).tallier
        tallier.looked_for = words
        mismatches: dict[Any, Mismatch] = {}
        for name, case in words.items():
            if not gate.session.options.shard.holds(str(case)):
                continue
            try:
                judge.judge(case, shows=name)
            except Mismatch as mismatch:
                mismatches.setdefault(mismatch.examination.signature, mismatch)
            if not tallier.tally.visible[name]:
                tallier.hidden[name] = str(case)
        if mismatches:
            settled = list(map(judge.settle, mismatches.values()))
            raise together(settled, "distinct disagreements")

    return test_faults


def _known_test(gate: Gate) -> Callable[..., None]:
    def test_known(self: Any) -> None:
        """Every recorded deviation still happens, shown by its smallest word."""
        if not gate.known:
            pytest.skip(f"nothing is recorded of {gate.name}")
        judge = gate.judge(KNOWN)
        asked = [entry for entry in gate.known if gate.session.options.shard.holds(entry.word)]
        complaints = list(filter(None, map(judge.complaint, asked)))
        for text in complaints:
            judge.tallier.complained(text)
        if complaints:
            pytest.fail("\n".join(complaints), pytrace=False)

    return test_known
