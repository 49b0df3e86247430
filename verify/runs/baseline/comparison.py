"""What a reader is told of a subject and its baseline: as it was, new, or what has changed and why."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from textwrap import wrap
from typing import NamedTuple

from verify.reports.explanation.lines import WIDTH, plural
from verify.runs.baseline.behaviour import is_answer
from verify.runs.baseline.changes import Change, changes, circumstances, sentences, words_of
from verify.runs.baseline.likeness import likeness
from verify.runs.baseline.record import Record, Records
from verify.subjects.registry import split_label

INDENT = 18
"""The column at which what is said of a property begins."""


class Comparison(NamedTuple):
    """The lines on one subject, and whether it has changed."""

    lines: list[str]
    changed: bool = False


def compared(label: str, now: Record, before: Records, file: Path) -> Comparison:
    """A subject as it is now, compared with what a file had recorded."""
    if label not in before:
        added = _headed(label, f"new in {file}", now)
        return Comparison([added, *_beside(label, now, before)])
    was = before[label]
    if not (found := changes(was, now)):
        return Comparison([_headed(label, f"the same bits as in {file}", now), *_unknown(was, now)])
    head = f"{label} answers otherwise than {file} says"
    return Comparison(["", head, *_block(was, now, found), *_unknown(was, now)], True)


def _headed(label: str, what: str, record: Record) -> str:
    """A line on a subject: what is said of it, its cases, and how many of them have no answer, and why."""
    texts = [text for behaviour in record.behaviours.values() for text in behaviour.cases.values()]
    silent = Counter(text.strip("()") for text in texts if not is_answer(text))
    counts = [f"{len(texts)} {plural(len(texts), 'case')}", *(f"{n} {why}" for why, n in silent.items())]
    return f"baseline   {label}: {what}, {', '.join(counts)}"


def _beside(label: str, now: Record, before: Records) -> list[str]:
    """How a subject that is new differs from itself under those other switches that are most like its own."""
    name, switches = split_label(label)
    others = {other: split_label(other)[1] for other in before if split_label(other)[0] == name}
    if not others:
        return []
    nearest = max(others, key=lambda other: len(switches.items() & others[other].items()))
    found = changes(before[nearest], now)
    if not found:
        return [f"  beside {nearest}: no bit differs"]
    return [f"  beside {nearest}", *_block(before[nearest], now, found)]


def _block(was: Record, now: Record, found: list[Change]) -> list[str]:
    """The changes, where they show, and what else is not as it was."""
    smallest = min((word for change in found for word in change.words), key=len)
    same = sorted(now.behaviours.keys() & was.behaviours.keys() - {each.group for each in found})
    return [
        *(text for change in found for text in _lines(change.group, _said(change))),
        *(_lines("the same", wrap(", ".join(same), WIDTH - INDENT)) if same else ()),
        *_lines("such as", [smallest]),
        *(text for name, what in circumstances(was, now).items() for text in _lines(name, [what])),
    ]


def _said(change: Change) -> list[str]:
    """What has changed of a property, and what its answers look like now."""
    alike = likeness({word: change.after.cases[word] for word in change.words})
    return [*sentences(change), *([f"looks like {alike}"] if alike else [])]


def _lines(label: str, texts: list[str]) -> list[str]:
    """Texts below one another, the first of them behind a label."""
    labels = [label, *[""] * (len(texts) - 1)]
    return [f"  {each:<{INDENT - 2}}{text}" for each, text in zip(labels, texts, strict=True)]


def _unknown(was: Record, now: Record) -> list[str]:
    """A word on cases that a record does not have yet."""
    new = len(words_of(now) - words_of(was))
    said = f"{new} {plural(new, 'case')} that it does not have yet: --update-baseline adds them"
    return _lines("not compared", [said]) if new else []
