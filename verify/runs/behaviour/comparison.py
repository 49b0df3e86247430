"""Two records of behaviour, compared: which answers have other bits, and whether they are more accurate.

A change is judged by the bits, and only described by the errors: if all bits are the same nothing has
changed, and if one differs something has, even if every bound holds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from verify.cases.case import Case
from verify.oracle.compare import different_bits
from verify.reports.phrases import plural
from verify.runs.behaviour.record import ANSWERED, Behaviour, Response


class Difference(NamedTuple):
    """A case that two records have answered differently.

    `other` of the `values` have different bits; the first of them, at `place`, is `shown`. If either
    answer has a wrong dtype or shape, or is none, what each is instead is shown.
    """

    case: Case
    before: Response
    after: Response
    shown: tuple[str, str]
    place: tuple[int, ...] = ()
    other: int = 0
    values: int = 0

    @property
    def row(self) -> tuple[str, ...]:
        counts = (f"{self.other:,} of {self.values:,}", str(self.place)) if self.place else ("", "")
        return (str(self.case), *counts, *self.shown)


def differences(before: Behaviour, after: Behaviour) -> list[Difference]:
    """The differences of two records in the cases that both have, the shortest words first."""
    words = sorted(before.cases.keys() & after.cases.keys(), key=lambda word: (len(word), word))
    pairs = ((Case.parse(word), before.cases[word], after.cases[word]) for word in words)
    return [_difference(*pair) for pair in pairs if not pair[1].is_as(pair[2])]


def _difference(case: Case, before: Response, after: Response) -> Difference:
    if not before.outcome == after.outcome == ANSWERED:
        return Difference(case, before, after, (before.outcome, after.outcome))
    values = before.values(case), after.values(case)
    differ = different_bits(*values)
    place = tuple(int(i) for i in np.argwhere(differ)[0])
    shown = str(values[0][place]), str(values[1][place])
    return Difference(case, before, after, shown, place, int(differ.sum()), differ.size)


def table_of(changes: Sequence[Difference], names: tuple[str, str], *, most: int) -> list[str]:
    """The first differences as aligned lines without line breaks, so that a word can be pasted."""
    rows = [("differ in", "values", "first at", *names), *(change.row for change in changes[:most])]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    return [*lines, f"and in {len(changes) - most:,} more"] if len(changes) > most else lines


def summary_of(changes: Sequence[Difference], before: Behaviour, after: Behaviour) -> list[str]:
    """How much differs by operation and dtype, whether it is more accurate, and what else has changed."""
    both = before.cases.keys() & after.cases.keys()
    answered = [word for word in both if ANSWERED in (before.cases[word].outcome, after.cases[word].outcome)]
    cases = Counter(_group(Case.parse(word)) for word in answered)
    turns = Counter(" → ".join(change.shown) for change in changes if not change.place)
    rows: list[tuple[str, str]] = []
    for group in dict.fromkeys(_group(change.case) for change in changes if change.place):
        part = [change for change in changes if change.place and _group(change.case) == group]
        rows += [(group, _extent(part, cases[group])), ("", _nearness(part))]
    rows += [("turned", f"{count} {plural(count, 'case')}: {turn}") for turn, count in turns.items()]
    rows += [("versions", _changed(before.versions, after.versions))]
    rows += [("machine", _changed(before.machine, after.machine))]
    return [f"{label:<21}{text}" for label, text in rows]


def _group(case: Case) -> str:
    return f"{case.operation} {case.format.token}"


def _extent(changes: Sequence[Difference], cases: int) -> str:
    other, values = sum(change.other for change in changes), sum(change.values for change in changes)
    share = f"{len(changes)} of {cases} {plural(cases, 'case')}"
    return f"{other:,} of {values:,} values have other bits, in {share}"


def _nearness(changes: Sequence[Difference]) -> str:
    """In how many cases the largest error is smaller than before, and larger; and the largest of all."""
    errors = [(change.before.error, change.after.error) for change in changes]
    nearer, farther = sum(new < old for old, new in errors), sum(new > old for old, new in errors)
    old, new = map(max, zip(*errors, strict=True))
    return f"nearer in {nearer}, farther in {farther}; the largest error {old:g} → {new:g} of the bound"


def _changed(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    pairs = (f"{name} {before.get(name, 'unknown')} → {after.get(name, 'unknown')}" for name in names)
    return ", ".join(pairs) or "the same"
