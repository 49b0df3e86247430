"""The gate: one pytest test for each property that a subject must hold."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from inspect import signature
from pathlib import Path
from typing import Any

import pytest
from hypothesis import event, settings
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

from verify.cases.case import Case
from verify.cases.fills import FILLS
from verify.cases.seeds import SAME_WAY
from verify.cases.word import InvalidCase
from verify.checks.check import Mismatch, Subject
from verify.checks.deviations import Deviation
from verify.config.session import limits
from verify.corpus import words as corpora
from verify.gate.drawing import DRAWN_FILLS, cases
from verify.gate.judging import Gate, complaint, judge, judge_whole, mismatches_in, settle, sort_of, together
from verify.gate.properties import EVERYTHING, KNOWN, PROPERTIES, WITNESSED, Property
from verify.gate.search import Sieve, searching
from verify.subjects.registry import COMPILED, split_label

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
                event(f"outcome: {judge(gate, judged, tallier, each)}")

    def searched(self: Any) -> None:
        __tracebackhide__ = True
        if judged.illegal and gate.illegal(narrowings).is_empty:
            pytest.skip(f"{gate.name} says of no operation that is left that it refuses illegal calls")
        try:
            tested(self)
        except (Mismatch, BaseExceptionGroup) as failed:
            found = mismatches_in(failed)
            if not found:
                raise
            settled = [settle(gate, judged, gate.talliers[name], each) for each in found]
            raise together(settled, "distinct disagreements") from settled[0].__cause__

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
    if FILLS[case.fill].is_seeded and not others:
        yield replace(case, seed=case.seed + SAME_WAY)
    for fill in others:
        with suppress(InvalidCase):
            yield replace(case, fill=fill, seed=case.seed if FILLS[fill].is_seeded else 0)


def _narrowed(narrowings: dict[str, Any]) -> Any:
    """The strategy, or None where the dtypes that are left cannot hold the fills that are left."""
    try:
        return cases(**narrowings)
    except ValueError:
        return None


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
        found = [mismatch for case in own if (mismatch := judge_whole(gate, tallier, case))]
        if found:
            raise together(found, f"of {len(own)} pinned words disagree")

    return test_pinned


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
                judge(gate, WITNESSED, tallier, case, shows=name)
            except Mismatch as mismatch:
                found.setdefault(sort_of(mismatch), mismatch)
            if not tallier.tally.visible[name]:
                tallier.hides(name, case)
        if found:
            settled = [settle(gate, WITNESSED, tallier, each) for each in found.values()]
            raise together(settled, "distinct disagreements")

    return test_faults


def _known_test(gate: Gate) -> Callable[..., None]:
    def test_known(self: Any) -> None:
        """Every recorded deviation still happens, shown by its smallest word."""
        if not gate.known:
            pytest.skip(f"nothing is recorded of {gate.name}")
        tallier = gate.tallier("test_known", KNOWN)
        own = [each for each in gate.known if limits.shard.holds(each.word)]
        complaints = [text for each in own if (text := complaint(gate, tallier, each))]
        for text in complaints:
            tallier.complained(text)
        if complaints:
            pytest.fail("\n".join(complaints), pytrace=False)

    return test_known
