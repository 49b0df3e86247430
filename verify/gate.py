"""The gate: one pytest test for each property that a subject must hold."""

from __future__ import annotations

import re
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from inspect import signature
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import pytest
from hypothesis import event, settings
from hypothesis import strategies as st
from hypothesis.database import ExampleDatabase
from hypothesis.errors import InvalidArgument
from hypothesis.strategies import SearchStrategy

from strategies import cases, illegal_cases
from strategies.cases import DRAWN_FILLS
from verify import corpus as corpora
from verify.adequacy import shown
from verify.case import Case
from verify.check import Mismatch, Subject, check, subject_name
from verify.compare import KINDS, Kind
from verify.deadline import GRACE_S, TimeUp, stopping_at
from verify.deviations import Deviation
from verify.diagnosis import diagnose
from verify.journal import journal
from verify.known import expired, explained, explains, recorded
from verify.records import Record, nowhere
from verify.search import Sieve, searching
from verify.shards import ALL, Shard
from verify.simplify import LIMIT_S, simplest
from verify.subjects import COMPILED, declared, split_label
from verify.subjects.isolated import usual
from verify.tallier import Tallier
from verify.tally import Tally
from verify.witnesses import Drawn, witnesses
from verify.word import FILLS, SEEDED_FILLS, InvalidCase

VALUE_KINDS: tuple[Kind, ...] = ("refused", "value", "non-finite")


class Property(NamedTuple):
    """What one test of the gate judges: on cases of these fills, disagreements of these kinds."""

    name: str
    title: str
    fills: tuple[str, ...]
    kinds: tuple[Kind, ...]
    repeats: int = 1
    illegal: bool = False


PROPERTIES = (
    Property("values", "values on exact fills", ("ones", "iota", "coded", "ints", "impulse"), VALUE_KINDS),
    Property("precision", "precision on dyadic", ("dyadic",), VALUE_KINDS),
    Property("rounding", "rounding on reals", ("reals",), VALUE_KINDS),
    Property("unread", "unread cells", ("unread",), VALUE_KINDS),
    Property("nonfinite", "NaN and infinity that are read", ("nonfinite",), VALUE_KINDS),
    Property("form", "shape and dtype", DRAWN_FILLS, ("shape", "dtype")),
    Property("inputs", "inputs left alone", DRAWN_FILLS, ("input modified",)),
    Property("bits", "the same bits twice", DRAWN_FILLS, ("not repeatable",), repeats=2),
    Property("refusals", "illegal calls refused", ("ones",), ("answered",), illegal=True),
)

KNOWN = "known deviations still happen"
WITNESSED = Property("faults", "a case for each fault", FILLS, KINDS, repeats=2)
EVERYTHING = Property("pinned", "pinned words", FILLS, KINDS, repeats=2)

TRIES = 20
"""How often the word of a deviation that is not repeatable is asked before it counts as gone."""

PROFILES = {"dev": 200, "ci": 500, "night": 20_000}
"""Hypothesis profile → cases for each property."""


def register_profiles() -> None:
    """Register those of `dev`, `ci` and `night` that Hypothesis does not know; none has a deadline.

    Hypothesis has a `ci` of its own, which draws the same cases every time, and a user may have others.
    """
    for name, examples in PROFILES.items():
        try:
            settings.get_profile(name)
        except InvalidArgument:
            derandomize = name == "ci"
            settings.register_profile(name, deadline=None, derandomize=derandomize, max_examples=examples)


def _examples(subject: str) -> int:
    """The cases to draw for each property: the command line's, else the profile's.

    A subject that compiles each shape is given a quarter of them, and several fills for each.
    """
    drawn = limits.examples or PROFILES.get(settings.get_current_profile_name(), settings().max_examples)
    return -(-drawn // 4) if split_label(subject)[0] in COMPILED else drawn


@dataclass
class Limits:
    """What the command line sets for the whole process.

    The examples of a property, the seed, when to stop, whether recorded deviations are excused, the
    user's own ones, pins and examples, what makes a subject of a name, the cases that are to be asked
    and what records are given to.
    """

    examples: int | None = None
    excuse: bool = True
    own: Sequence[Deviation] = ()
    corpus: Path | None = None
    database: ExampleDatabase | None = None
    seed: int | None = None
    until: float = float("inf")
    interrupted: bool = False
    load: Callable[[str], Subject] = usual
    shard: Shard = ALL
    record: Callable[[Record], None] = nowhere


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
    pinned words, a test of their own beside the lecture's example (where the narrowings allow it).
    Unless the narrowings choose, a subject is given the `operations` that it names as its own, and
    `around` them what it names so; where it names none, convolutions with a bias and relu.
    `known` are deviations to report as known, by default those that the subject brings. The
    narrowings are those of `strategies.cases`; a property whose fills they leave out is skipped.
    Raises ValueError at once for a wrong narrowing or corpus; an unknown subject fails its tests.
    """
    cases(**narrowings)
    shipped = [case for case in corpora.read(corpora.SHIPPED) if _is_within(case, narrowings)]
    pinned = [*shipped, *(corpora.read(corpus) if (corpus := corpus or limits.corpus) else [])]
    gate = Gate(subject, known)
    drawn = {f"test_{each.name}": _drawn_test(gate, each, narrowings) for each in PROPERTIES}
    written = {
        "test_pinned": _pinned_test(gate, pinned),
        "test_known": _known_test(gate),
        "test_faults": _faults_test(gate, narrowings),
    }
    return type("Conformance", (), {**written, **drawn, "__module__": __name__, "gate": gate})


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
            self._subject = limits.load(self._subject)
        return self._subject

    def close_subject(self) -> None:
        """End the subject's worker, if it has one; the next question starts another."""
        close = getattr(self._subject, "close", None)
        if callable(close):
            close()

    @property
    def known(self) -> list[Deviation]:
        """The deviations that apply under the subject's switches."""
        if not limits.excuse:
            return []
        found = recorded(self.subject, limits.own, self._known)
        return [each for each in found if each.applies(getattr(self.subject, "switches", {}))]

    @property
    def refuses(self) -> tuple[str, ...]:
        """The operations of which the subject says that it refuses illegal calls."""
        return declared(self.subject)["refuses"]

    def legal(self, narrowings: dict[str, Any]) -> SearchStrategy[Case]:
        said = declared(self.subject)
        return cases(**{"operations": said["operations"], "around": said["around"], **narrowings})

    def illegal(self, narrowings: dict[str, Any]) -> SearchStrategy[Case]:
        chosen = set(narrowings.get("operations", self.refuses)) & set(self.refuses)
        kept = {name: value for name, value in narrowings.items() if name in ("ranks", "dtypes")}
        return illegal_cases(operations=sorted(chosen), **kept)

    def witnesses(self, narrowings: dict[str, Any]) -> dict[str, Case]:
        """For each fault that a drawn case could show, by its name, a case that does."""
        said = declared(self.subject)
        chosen = {"operations": said["operations"], "around": said["around"], **narrowings}
        return witnesses(Drawn.of(chosen))

    def tallier(self, test: str, title: str) -> Tallier:
        if test not in self.talliers:
            name = test.removeprefix("test_")
            self.talliers[test] = Tallier(self.name, name, title, limits.record)
        return self.talliers[test]

    def skip_late(self, test: str) -> None:
        """Skip a test for which there is no time, before its subject is loaded for it."""
        for each in (EVERYTHING, WITNESSED, *PROPERTIES):
            if test == f"test_{each.name}":
                self.tallier(test, each.title).cut_short()
                self.close(test, 0.0)
        pytest.skip("the time is up")

    def close(self, test: str, elapsed: float) -> Tally | None:
        """The tally of a test that has ended, or None for one that judged nothing."""
        return self.talliers[test].close(elapsed) if test in self.talliers else None


def _drawn_test(gate: Gate, judged: Property, narrowings: dict[str, Any]) -> Callable[..., None]:
    name = f"test_{judged.name}"
    fills = [fill for fill in narrowings.get("fills", DRAWN_FILLS) if fill in judged.fills]
    chosen = {**narrowings, "fills": fills}

    if not fills or _narrowed(chosen) is None:

        def skipped(self: Any) -> None:
            pytest.skip(f"the narrowings leave no case for {judged.title}")

        return skipped

    sieve = Sieve()

    def test(self: Any, case: Case) -> None:
        tallier = gate.tallier(name, judged.title)
        for each in _siblings(case, judged.fills) if split_label(gate.name)[0] in COMPILED else [case]:
            if sieve.passes(each):
                event(f"outcome: {_judge(gate, judged, tallier, each)}")

    def searched(self: Any) -> None:
        __tracebackhide__ = True
        if judged.illegal and not gate.refuses:
            pytest.skip(f"{gate.name} does not say of which operations it refuses illegal calls")
        try:
            tested(self)
        except (Mismatch, BaseExceptionGroup) as failed:
            found = _mismatches(failed)
            if not found:
                raise
            settled = [_settled(gate, judged, gate.talliers[name], each) for each in found]
            raise _together(settled, "distinct disagreements") from settled[0].__cause__

    test.__name__ = test.__qualname__ = f"{name}_of_{re.sub(r'[^a-zA-Z0-9]', '_', gate.name)}"
    # Hypothesis keeps examples, and draws the same ones, by a test's source and signature, not its name.
    test.__signature__ = signature(test).replace(return_annotation=test.__name__)  # type: ignore[attr-defined]
    test.__doc__ = f"{judged.title} of {gate.name}"
    strategy = st.deferred(lambda: gate.illegal(narrowings) if judged.illegal else gate.legal(chosen))
    used = settings(deadline=None, max_examples=_examples(gate.name), print_blob=False)
    is_fixed = limits.seed is not None or used.derandomize
    # Each property draws cases of its own, or all would see the same geometry.
    drawn_by = zlib.crc32(f"{limits.seed} {gate.name} {name}".encode()) if is_fixed else None
    if is_fixed or limits.database is not None:
        # Hypothesis has no database where it draws the same every time, which a seed does beside one.
        database = limits.database if limits.seed is None else None
        used = settings(used, derandomize=False, database=database)
    tested = searching(test, strategy, used, drawn_by=drawn_by, shard=limits.shard, sieve=sieve)
    return searched


def _siblings(case: Case, fills: Sequence[str]) -> Iterator[Case]:
    """A case and up to two others of its shape, for subjects to which a shape is dear."""
    yield case
    others = [fill for fill in fills if fill != case.fill][:2]
    if case.fill in SEEDED_FILLS and not others:
        yield replace(case, seed=case.seed + 2)  # an odd seed stays odd: some subjects take another road
    for fill in others:
        with suppress(InvalidCase):
            yield replace(case, fill=fill, seed=case.seed % 2 if fill in SEEDED_FILLS else 0)


def _narrowed(narrowings: dict[str, Any]) -> Any:
    """The strategy, or None where the dtypes that are left cannot hold the fills that are left."""
    try:
        return cases(**narrowings)
    except ValueError:
        return None


def _judge(gate: Gate, judged: Property, tallier: Tallier, case: Case, shows: str = "") -> str:
    """Ask a case and tell what became of it; its outcome. `shows` is the fault that it is there to show."""
    if limits.interrupted:
        raise KeyboardInterrupt
    if time.monotonic() > limits.until:
        _stop(tallier)
    try:
        with stopping_at(limits.until + GRACE_S):
            return _judge_in_time(gate, judged, tallier, case, shows)
    except TimeUp:
        _stop(tallier)


def _judge_in_time(gate: Gate, judged: Property, tallier: Tallier, case: Case, shows: str) -> str:
    with tallier.clock.part("loading"):
        subject = gate.subject
    journal.note(gate.name, str(case))
    try:
        verdict = check(case, subject, kinds=judged.kinds, repeats=judged.repeats, clock=tallier.clock)
    except Mismatch as mismatch:
        deviation = explained(mismatch, gate.subject, gate.known)
        if deviation is None:
            tallier.failed(mismatch, [shows] if shows else ())
            raise
        tallier.deviated(mismatch, deviation)
        return "known"
    visible: tuple[str, ...] = ()
    if tallier.is_new(case) and verdict.outcome != "declined" and not judged.illegal:
        with tallier.clock.part("faults"):
            faults = tallier.faults()
            visible = shown(case, kinds=judged.kinds, repeats=judged.repeats, faults=faults).visible
    tallier.judged(case, verdict, visible)
    return verdict.outcome


def _settled(gate: Gate, judged: Property, tallier: Tallier, found: Mismatch) -> Mismatch:
    """A disagreement that was searched for, brought down further and diagnosed, if there is time."""
    if time.monotonic() > limits.until:
        tallier.settle()
        return found
    seen = {found.case: found}

    def fails(case: Case) -> bool:
        journal.note(gate.name, str(case))
        try:
            check(case, gate.subject, kinds=judged.kinds, repeats=judged.repeats, clock=tallier.clock)
        except Mismatch as mismatch:
            seen[case] = mismatch
            is_same = _sort(mismatch) == _sort(found)
            return is_same and explained(mismatch, gate.subject, gate.known) is None
        return False

    slow = found.verdict.kind == "timed out"
    left = 0.0 if slow else min(limits.until - time.monotonic(), LIMIT_S)
    settled = found
    with suppress(TimeUp), stopping_at(limits.until + GRACE_S):
        settled = seen[simplest(found.case, fails, limit_s=left)]
        diagnose(settled, gate.subject)
    tallier.failed(settled)
    return settled


def _mismatches(failed: BaseException) -> list[Mismatch]:
    """The disagreements that a search has ended with; none where there is something else among them."""
    if isinstance(failed, Mismatch):
        return [failed]
    several = failed.exceptions if isinstance(failed, BaseExceptionGroup) else ()
    found = [each for each in several if isinstance(each, Mismatch)]
    return found if len(found) == len(several) else []


def _together(found: Sequence[Mismatch], what: str) -> Exception:
    """One disagreement as it is, each once where there are several."""
    distinct = list({mismatch.case: mismatch for mismatch in found}.values())
    return distinct[0] if len(distinct) == 1 else ExceptionGroup(f"{len(distinct)} {what}", distinct)


def _sort(mismatch: Mismatch) -> tuple[type, type]:
    """What tells one disagreement of a search from another, to Hypothesis as well."""
    return type(mismatch), type(mismatch.__cause__)


def _stop(tallier: Tallier) -> NoReturn:
    """End a property whose time is up; what has failed is reported with the smallest case so far."""
    tallier.cut_short()
    tallier.settle()
    pytest.skip("the time is up")


def _is_within(case: Case, narrowings: dict[str, Any]) -> bool:
    """Whether narrowings leave room for a case, by its operation, rank, dtype and padding."""
    has = {
        "operations": case.operation,
        "ranks": case.rank,
        "dtypes": case.format.token,
        "paddings": case.padding_mode,
    }
    return all(value in narrowings.get(name, (value,)) for name, value in has.items())


def _pinned_test(gate: Gate, pinned: list[Case]) -> Callable[..., None]:
    def test_pinned(self: Any) -> None:
        """Every pinned word holds, in all respects at once."""
        if not pinned:
            pytest.skip("no word is pinned")
        tallier = gate.tallier("test_pinned", EVERYTHING.title)
        own = [case for case in pinned if limits.shard.holds(str(case))]
        found = [mismatch for case in own if (mismatch := _mismatch(gate, tallier, case))]
        if found:
            raise _together(found, f"of {len(own)} pinned words disagree")

    return test_pinned


def _mismatch(gate: Gate, tallier: Tallier, case: Case) -> Mismatch | None:
    try:
        _judge(gate, EVERYTHING, tallier, case)
    except Mismatch as mismatch:
        with suppress(TimeUp), stopping_at(limits.until + GRACE_S):
            diagnose(mismatch, gate.subject)
        return mismatch
    return None


def _faults_test(gate: Gate, narrowings: dict[str, Any]) -> Callable[..., None]:
    def test_faults(self: Any) -> None:
        """A case for each fault that the subject could have: the smallest that shows it."""
        words = gate.witnesses(narrowings)
        if not words:
            pytest.skip("no fault can be shown by the cases that are left")
        tallier = gate.tallier("test_faults", WITNESSED.title)
        tallier.looks_for(words)
        found: dict[Any, Mismatch] = {}
        for name, case in words.items():
            if not limits.shard.holds(str(case)):
                continue
            try:
                _judge(gate, WITNESSED, tallier, case, shows=name)
            except Mismatch as mismatch:
                found.setdefault(_sort(mismatch), mismatch)
            if not tallier.tally.visible[name]:
                tallier.hides(name, case)
        if found:
            settled = [_settled(gate, WITNESSED, tallier, each) for each in found.values()]
            raise _together(settled, "distinct disagreements")

    return test_faults


def _known_test(gate: Gate) -> Callable[..., None]:
    def test_known(self: Any) -> None:
        """Every recorded deviation still happens, shown by its smallest word."""
        if not gate.known:
            pytest.skip(f"nothing is recorded of {gate.name}")
        tallier = gate.tallier("test_known", KNOWN)
        own = [each for each in gate.known if limits.shard.holds(each.word)]
        complaints = [text for each in own if (text := _complaint_in_time(gate, tallier, each))]
        for text in complaints:
            tallier.complained(text)
        if complaints:
            pytest.fail("\n".join(complaints), pytrace=False)

    return test_known


def _complaint_in_time(gate: Gate, tallier: Tallier, deviation: Deviation) -> str:
    """What is wrong with an entry, or nothing where there is no time left to ask."""
    try:
        with stopping_at(limits.until + GRACE_S):
            if time.monotonic() <= limits.until:
                return _complaint(gate, tallier, deviation)
    except TimeUp:
        pass
    tallier.cut_short()
    return ""


def _complaint(gate: Gate, tallier: Tallier, deviation: Deviation) -> str:
    """What is wrong with an entry, or nothing where its word disagrees as it says.

    What is not repeatable, such as memory that was never written, is asked for several times, and is
    not held to happen where the entry says that it is sporadic.
    """
    if deviation.expires and deviation.expires < date.today():
        return expired(gate.name, deviation)
    case = Case.parse(deviation.word)
    for _ in range(TRIES if "not repeatable" in deviation.kinds else 1):
        try:
            verdict = check(case, gate.subject, kinds=KINDS, repeats=2, clock=tallier.clock)
        except Mismatch as mismatch:
            if explains(deviation, mismatch):
                tallier.deviated(mismatch, deviation)
                return ""
            return f"{mismatch}\n  entry    {deviation.name} records another kind: {deviation.described}"
    if deviation.sporadic:
        return ""
    became = f"is {verdict.outcome}" if verdict.outcome == "declined" else "no longer deviates"
    return (
        f"{gate.name} {became} where {deviation.name!r} records a deviation: delete its entry\n"
        f"  case     {deviation.word}\n"
        f"  entry    {' '.join(deviation.sentence.split())}"
    )
