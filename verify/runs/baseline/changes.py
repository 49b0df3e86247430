"""Two records of one subject, compared: which bits are others, and what became of the errors.

Other bits of a fixed case are the evidence of a change, the errors only describe it: where all bits are
the same nothing has changed, and where one is not something has, though every bound holds.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from verify.reports.explanation.lines import plural
from verify.runs.baseline.behaviour import Behaviour, is_answer
from verify.runs.baseline.record import Record
from verify.runs.baseline.ulps import distances

NOTABLE = 1.1
"""A ratio of errors from which on they are said to be larger, or smaller."""

DEVIATIONS = 4.0
"""Standard errors that a bias has moved by where it is worth a word."""


class Change(NamedTuple):
    """What has changed of a property and dtype.

    Of `cases`, which are those that are answered or were, `words` are answered otherwise; `turned` counts
    those of them that now have an answer or no longer, and of all `values` of the others `other` have
    other bits.
    """

    group: str
    cases: int
    words: tuple[str, ...]
    values: int
    other: int
    turned: Mapping[str, int]
    before: Behaviour
    after: Behaviour


def changes(before: Record, after: Record) -> list[Change]:
    """What has changed from one record to another, by property and dtype, in cases that both have."""
    both = [group for group in after.behaviours if group in before.behaviours]
    found = [_change(group, before.behaviours[group], after.behaviours[group]) for group in both]
    return [each for each in found if each.words]


def words_of(record: Record) -> set[str]:
    """Every case that a record has."""
    return {word for behaviour in record.behaviours.values() for word in behaviour.cases}


def sentences(change: Change) -> list[str]:
    """What has changed, how much of it, and what it did to the errors."""
    said = []
    if change.other:
        share = f"{len(change.words)} of {change.cases} {plural(change.cases, 'case')}"
        said.append(f"{change.other:,} of {change.values:,} values have other bits, in {share}")
    operations = Counter(map(_operation, change.words))
    if len(change.words) < change.cases and len(set(map(_operation, change.after.cases))) > 1:
        said.append(f"of {', '.join(f'{operation} {count}' for operation, count in operations.items())}")
    said += [f"{count} {plural(count, 'case')}: {turn}" for turn, count in change.turned.items()]
    if change.before.cases.keys() == change.after.cases.keys() and not change.turned:
        equal = [each.values().count("0") for each in (change.before, change.after)]
        said += [*_errors(change), f"correctly rounded: {equal[0]:,} → {equal[1]:,} of {change.values:,}"]
    return said


def _operation(word: str) -> str:
    return word.partition("_")[0]


def circumstances(before: Record, after: Record) -> dict[str, str]:
    """What became of the versions and of the machine."""
    return {
        "versions": _differences(before.versions, after.versions),
        "machine": _differences(before.machine, after.machine),
    }


def _change(group: str, before: Behaviour, after: Behaviour) -> Change:
    common = [word for word in after.cases if word in before.cases]
    both = [
        word for word in common if is_answer(after.cases[word]) or before.cases[word] != after.cases[word]
    ]
    turned: Counter[str] = Counter()
    values = other = 0
    for word in both:
        was, now = before.cases[word], after.cases[word]
        if is_answer(was) and is_answer(now):
            pairs = [*zip(distances(was), distances(now), strict=True)]
            values += len(pairs)
            other += sum(a != b for a, b in pairs)
        elif was != now:
            turned[f"{_said(was)} → {_said(now)}"] += 1
    words = tuple(word for word in both if before.cases[word] != after.cases[word])
    return Change(group, len(both), words, values, other, turned, before, after)


def _said(text: str) -> str:
    return "answered" if is_answer(text) else text.strip("()")


def _errors(change: Change) -> list[str]:
    """What became of the errors of a property, where there is a bound to measure them by."""
    was, now = change.before.error, change.after.error
    if not was or not now:
        return []
    low, high = was["95 %"], now["95 %"]
    size = "larger" if high > NOTABLE * low else "smaller" if high * NOTABLE < low else "about as large"
    said = [f"errors are {size}: 95 % within {low:g} → {high:g} of the bound"]
    if now["largest"] > 1:
        said.append(f"the largest: {was['largest']:g} → {now['largest']:g} of the bound")
    unsure = math.sqrt((was["variance"] + now["variance"]) / change.values)
    if abs(now["bias"] - was["bias"]) > DEVIATIONS * unsure:
        said.append(f"bias: {was['bias']:g} → {now['bias']:g} of the bound")
    return said


def _differences(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    pairs = [(name, before.get(name, "unknown"), after.get(name, "unknown")) for name in names]
    return ", ".join(f"{name} {was} → {now}" for name, was, now in pairs) or "the same"
