"""The same cases put to a subject in two interpreters: where either is wrong, and where bits differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from verify.cases.case import Array, Case
from verify.checks.check import Mismatch, check
from verify.checks.journal import journal
from verify.checks.known import explained
from verify.gate.judging import Gate
from verify.oracle.compare import different_bits
from verify.subjects.isolated import Isolated
from verify.subjects.protocol import form

ROWS = 20
"""Cases of differing bits that are listed, the shortest words first."""

OUTCOMES = ("agrees", "declined", "vacuous", "known", "disagrees")


def diff(console: Console, first: Isolated, second: Isolated, named: Iterable[Case]) -> int:
    """Ask both and print where they are wrong and where they differ; the exit code.

    1 where either disagrees with the reference, unless that is known, or where their bits differ or
    one of them declines what the other answers; 3 where nothing was graded; else 0.
    """
    sides = [_Side("A", first), _Side("B", second)]
    rows = []
    # From long words to short ones, so that of each kind of disagreement the smallest is shown.
    named = sorted(dict.fromkeys(named), key=lambda case: len(str(case)), reverse=True)
    for case in named:
        for side in sides:
            side.ask(case)
        if row := _row(case, *sides):
            rows.append(row)
    for side in sides:
        console.print(
            f"{side.label}  {side.subject.described}", highlight=False, markup=False, soft_wrap=True
        )
    console.print(_counts(sides))
    if rows:
        text = "\n".join(["", *_differences(rows[::-1])])
        console.print(text, highlight=False, markup=False, soft_wrap=True)
    for side in sides:
        for message in side.failures.values():
            text = f"\n{side.label}: {message}"
            console.print(text, highlight=False, markup=False, soft_wrap=True)
    wrong = [side.counts["disagrees"] for side in sides]
    graded = any(side.counts[each] for side in sides for each in ("agrees", "known", "disagrees"))
    console.print(Text(f"\n{_sentence(len(named), wrong, len(rows), graded=graded)}", style="bold"))
    if any(wrong) or rows:
        return 1
    return 0 if graded else 3


class _Side:
    """A subject in one interpreter, and what came of the cases there."""

    def __init__(self, label: str, subject: Isolated) -> None:
        self.label = label
        self.subject = subject
        self.counts: Counter[str] = Counter()
        self.failures: dict[str, Mismatch] = {}
        self.outcome = ""
        self.answer: Array | None = None
        self._gate = Gate(subject, subject.known)

    def ask(self, case: Case) -> None:
        """Have a case judged, and keep the answer."""
        journal.note(self.subject.name, str(case))
        keeping = _Keeping(self.subject)
        try:
            self.outcome = check(case, keeping).outcome
        except Mismatch as mismatch:
            known = explained(mismatch, self._gate.subject, self._gate.known)
            self.outcome = "known" if known else "disagrees"
            if not known:
                self.failures[f"{mismatch.verdict.kind} {type(mismatch.__cause__).__name__}"] = mismatch
        self.answer = keeping.answer
        self.counts[self.outcome] += 1


class _Keeping:
    """A subject, and its last answer."""

    def __init__(self, subject: Isolated) -> None:
        self.name, self.switches, self.options = subject.name, subject.switches, subject.options
        self.answer: Array | None = None
        self._subject = subject

    def __call__(self, case: Case) -> Array:
        self.answer = self._subject(case)
        return self.answer


def _row(case: Case, first: _Side, second: _Side) -> tuple[str, ...] | None:
    """A case whose answers differ: its word, how many values, the first place, and what is there."""
    if first.answer is None or second.answer is None:
        outcomes = (first.outcome, second.outcome)
        return (str(case), "", "", *outcomes) if outcomes.count("declined") == 1 else None
    if form(first.answer) != form(second.answer):
        return (
            str(case),
            "all",
            "",
            *(f"{each.dtype} {each.shape}" for each in (first.answer, second.answer)),
        )
    differ = different_bits(first.answer, second.answer)
    if not differ.any():
        return None
    index = tuple(int(i) for i in np.argwhere(differ)[0])
    values = (str(side.answer[index]) for side in (first, second) if side.answer is not None)
    return (str(case), f"{differ.sum():,} of {differ.size:,}", str(index), *values)


def _counts(sides: Sequence[_Side]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("", no_wrap=True)
    for outcome in OUTCOMES:
        table.add_column(outcome, justify="right")
    for side in sides:
        table.add_row(side.label, *(f"{side.counts[outcome]:,}" for outcome in OUTCOMES))
    return table


def _differences(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """The rows as aligned lines, which unlike a table's are never broken: a word can be pasted."""
    shown = [("differ in", "values", "first at", "A", "B"), *rows[:ROWS]]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in shown]
    return [*lines, f"and in {len(rows) - ROWS:,} more"] if len(rows) > ROWS else lines


def _sentence(cases: int, wrong: Sequence[int], differing: int, *, graded: bool) -> str:
    if not any(wrong) and not differing:
        holds = f"The same: {cases:,} cases, no bit differs and neither disagrees with the reference."
        return holds if graded else "Proves too little: no case was judged on values that could have failed."
    return (
        f"Of {cases:,} cases {differing:,} differ between A and B; "
        f"A disagrees with the reference in {wrong[0]:,} and B in {wrong[1]:,}."
    )
