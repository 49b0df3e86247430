"""The gate: one pytest test for each property that a subject must hold."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import Phase, example, given, settings

from strategies import cases
from strategies.cases import DRAWN_FILLS
from verify import corpus as corpora
from verify.case import Case
from verify.check import Mismatch, Subject, check, subject_name
from verify.compare import KINDS, Kind
from verify.deviations import Deviation, explaining
from verify.subjects import load
from verify.tally import Failure, Tallier, Tally

VALUE_KINDS: tuple[Kind, ...] = ("refused", "value", "non-finite")


class Property(NamedTuple):
    """What one test of the gate judges: on cases of these fills, disagreements of these kinds."""

    name: str
    title: str
    fills: tuple[str, ...]
    kinds: tuple[Kind, ...]
    repeats: int = 1


PROPERTIES = (
    Property("values", "values on exact fills", ("ones", "iota", "ints", "impulse"), VALUE_KINDS),
    Property("precision", "precision on dyadic", ("dyadic",), VALUE_KINDS),
    Property("rounding", "rounding on reals", ("reals",), VALUE_KINDS),
    Property("unread", "unread cells", ("unread",), VALUE_KINDS),
    Property("form", "shape and dtype", DRAWN_FILLS, ("shape", "dtype")),
    Property("inputs", "inputs left alone", DRAWN_FILLS, ("input modified",)),
    Property("bits", "the same bits twice", DRAWN_FILLS, ("not repeatable",), repeats=2),
)

PROFILES: dict[str, dict[str, Any]] = {
    "dev": {"max_examples": 200},
    "ci": {"max_examples": 500, "derandomize": True, "database": None},
    "night": {"max_examples": 20_000},
}


PHASES = [Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink]
"""All but Hypothesis's guesses at the lines to blame: a case is explained by its arithmetic."""


def register_profiles() -> None:
    """Register `dev`, `ci` (derandomised) and `night` with Hypothesis; none has a deadline."""
    for name, chosen in PROFILES.items():
        settings.register_profile(name, deadline=None, **chosen)


@dataclass
class Limits:
    """What the command line sets for the whole process: examples a property, and when to stop."""

    examples: int | None = None
    until: float = float("inf")


limits = Limits()


def conformance(
    subject: str | Subject,
    *,
    corpus: str | Path | None = None,
    known: Sequence[Deviation] | None = None,
    **narrowings: Any,
) -> type:
    """A test class for pytest that gates a subject: `TestMine = conformance("mylib.conv:conv2d")`.

    `subject` is a name, as on the command line, or a callable. `corpus` is a file or a directory of
    pinned words that are run before cases are drawn, beside the lecture's example. `known` are
    deviations to report as known, by default those that the subject brings. The narrowings are
    those of `strategies.cases`; a property whose fills they leave out is skipped.
    Raises ValueError at once for a wrong narrowing or corpus; an unknown subject fails its tests.
    """
    cases(**narrowings)
    pinned = [*corpora.read(corpora.SHIPPED), *(corpora.read(corpus) if corpus else [])]
    gate = Gate(subject, known)
    tests = {f"test_{each.name}": _test(gate, each, pinned, narrowings) for each in PROPERTIES}
    body = {**tests, "test_known_deviations": _known_test(gate), "__module__": __name__, "gate": gate}
    return type("Conformance", (), body)


class Gate:
    """A subject under test, loaded on first use, and what its tests have seen."""

    def __init__(self, subject: str | Subject, known: Sequence[Deviation] | None) -> None:
        self.name = subject if isinstance(subject, str) else subject_name(subject)
        self._subject = subject
        self._known = known
        self.talliers: dict[str, Tallier] = {}

    @property
    def subject(self) -> Subject:
        if isinstance(self._subject, str):
            self._subject = load(self._subject)
        return self._subject

    @property
    def known(self) -> list[Deviation]:
        """The deviations that apply under the subject's switches."""
        recorded = getattr(self.subject, "known", ()) if self._known is None else self._known
        return [each for each in recorded if each.applies(getattr(self.subject, "switches", {}))]

    def tallier(self, test: str, title: str) -> Tallier:
        return self.talliers.setdefault(test, Tallier(self.name, title))

    def close(self, test: str, elapsed: float) -> Tally | None:
        """The tally of a test that has ended, or None for one that judged nothing."""
        return self.talliers[test].close(elapsed) if test in self.talliers else None


def _test(
    gate: Gate, judged: Property, pinned: list[Case], narrowings: dict[str, Any]
) -> Callable[..., None]:
    name = f"test_{judged.name}"
    fills = [fill for fill in narrowings.get("fills", DRAWN_FILLS) if fill in judged.fills]
    strategy = _narrowed({**narrowings, "fills": fills}) if fills else None

    if strategy is None:

        def skipped(self: Any) -> None:
            pytest.skip(f"the narrowings leave no case for {judged.title}")

        return skipped

    def test(self: Any, case: Case) -> None:
        __tracebackhide__ = True
        _judge(gate, judged, gate.tallier(name, judged.title), case)

    test.__name__ = test.__qualname__ = name
    test.__doc__ = f"{judged.title} of {gate.name}"
    tested: Callable[..., None] = given(case=strategy)(test)
    for case in reversed([case for case in pinned if _belongs(case, judged)]):
        tested = example(case=case)(tested)
    examples = limits.examples or settings().max_examples
    return settings(deadline=None, phases=PHASES, max_examples=examples)(tested)


def _narrowed(narrowings: dict[str, Any]) -> Any:
    """The strategy, or None where the dtypes that are left cannot hold the fills that are left."""
    try:
        return cases(**narrowings)
    except ValueError:
        return None


def _belongs(case: Case, judged: Property) -> bool:
    """Pinned words are judged by the property of their fill, those of no fill by their values."""
    return case.fill in judged.fills or (judged.name == "values" and case.fill not in DRAWN_FILLS)


def _judge(gate: Gate, judged: Property, tallier: Tallier, case: Case) -> None:
    __tracebackhide__ = True
    if time.monotonic() > limits.until:
        _stop(tallier, case)
        return
    with tallier.clock.part("loading"):
        subject = gate.subject
    try:
        verdict = check(case, subject, kinds=judged.kinds, repeats=judged.repeats, clock=tallier.clock)
    except Mismatch as mismatch:
        deviation = explaining(gate.known, case, mismatch.verdict.kind, mismatch.switches)
        if deviation is None:
            tallier.failed(mismatch)
            raise
        tallier.deviated(case, deviation)
        return
    tallier.judged(case, verdict)


def _stop(tallier: Tallier, case: Case) -> None:
    """End a property whose time is up; what has failed goes on failing, so that it is reported."""
    tallier.tally.note = "stopped: its time was up"
    if case in tallier.mismatches:
        raise tallier.mismatches[case]
    if not tallier.mismatches:
        pytest.skip("the time is up")


def _known_test(gate: Gate) -> Callable[..., None]:
    def test_known_deviations(self: Any) -> None:
        """Every recorded deviation still happens, shown by its smallest word."""
        if not gate.known:
            pytest.skip(f"nothing is recorded of {gate.name}")
        tallier = gate.tallier("test_known_deviations", "known deviations still happen")
        gone = [each for each in gate.known if not _still(gate, tallier, each)]
        if gone:
            text = "\n".join(_gone(gate.name, each) for each in gone)
            tallier.tally.failures["fixed"] = Failure(kind="fixed", word=gone[0].word, text=text)
            pytest.fail(text, pytrace=False)

    return test_known_deviations


def _still(gate: Gate, tallier: Tallier, deviation: Deviation) -> bool:
    case = Case.parse(deviation.word)
    try:
        check(case, gate.subject, kinds=KINDS, clock=tallier.clock)
    except Mismatch as mismatch:
        tallier.deviated(case, deviation)
        return deviation.explains(case, mismatch.verdict.kind, mismatch.switches)
    return False


def _gone(subject: str, deviation: Deviation) -> str:
    return (
        f"{subject} no longer deviates as recorded in {deviation.name!r}: delete its entry\n"
        f"  case     {deviation.word}\n"
        f"  entry    {' '.join(deviation.sentence.split())}"
    )
