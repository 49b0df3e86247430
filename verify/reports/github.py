"""What GitHub shows of a run: annotations of a check, and the summary of a job in Markdown."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from verify.reports.explanation.lines import plural
from verify.reports.fault_coverage import sights
from verify.reports.summary import distinct, failure_texts
from verify.reports.tally import Tally

ANNOTATED = 10
"""Errors that GitHub shows of one step."""

SHOWN = 20
"""Failures whose messages are in the summary of a job, which may have 1 MiB."""


def tell(tallies: Sequence[Tally], sentence: str, *, holds: bool, say: Callable[[str], None]) -> None:
    """Say annotations, and add to the summary of the job, where GitHub runs this and asks for them."""
    if os.environ.get("GITHUB_ACTIONS") == "true":
        for line in commands(tallies, sentence, holds=holds):
            say(line)
    if file := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(file).open("a", encoding="utf-8") as summary:
            summary.write(f"{job_summary(tallies, sentence)}\n")


def commands(tallies: Sequence[Tally], sentence: str, *, holds: bool) -> list[str]:
    """One workflow command for each distinct failure, or one for a run that does not hold without any."""
    texts = failure_texts(tallies) or ([] if holds else [sentence])
    return [f"::error title={_property(text.splitlines()[0])}::{_data(text)}" for text in texts[:ANNOTATED]]


def _data(text: str) -> str:
    """A text as the message of a workflow command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """A text as the value of a workflow command's property."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def job_summary(tallies: Sequence[Tally], sentence: str) -> str:
    """The run in Markdown: its sentence, failures with their replay lines, properties and faults."""
    parts = [f"### conv-verify\n\n**{_inline(sentence)}**", *_failures(tallies)]
    for subject in dict.fromkeys(tally.subject for tally in tallies):
        parts.append(_table([tally for tally in tallies if tally.subject == subject]))
    return "\n\n".join([*parts, *_faults(tallies)]) + "\n"


def _failures(tallies: Sequence[Tally]) -> Iterator[str]:
    found = distinct(tallies)
    for text in failure_texts(tallies)[:SHOWN]:
        fence = "```"
        while fence in text:
            fence += "`"
        yield f"{fence}text\n{text}\n{fence}"
    if more := found[SHOWN:]:
        yield f"… and {len(more)} more {plural(len(more), 'disagreement')}."


def _table(tallies: Sequence[Tally]) -> str:
    head = [tallies[0].subject, "cases", "declined", "vacuous", "known", "verdict"]
    rows = [head, [":--", "--:", "--:", "--:", "--:", ":--"]]
    for tally in tallies:
        counts = (tally.cases, tally.declined.total(), tally.vacuous, tally.known.total())
        rows.append([tally.title, *(f"{count:,}" for count in counts), _marked(tally.verdict)])
    return "\n".join(f"| {' | '.join(map(_inline, row))} |" for row in rows)


def _marked(verdict: str) -> str:
    marks = {"holds": "✅ ", "disagrees": "❌ ", "nothing graded": "⚠️ ", "too little": "⚠️ "}
    return f"{marks.get(verdict, '')}{verdict}"


def _faults(tallies: Sequence[Tally]) -> Iterator[str]:
    """How many faults the cases of each subject would have shown, and which they would not."""
    for sight in sights(tallies):
        share = f"{sight.seen} of {len(sight.visible)}"
        yield f"Faults that the cases of {_inline(sight.subject)} would have shown: {share}."


def _inline(text: str) -> str:
    """A text on one line, of which Markdown takes nothing for its own."""
    line = " ".join(text.split())
    return "".join(f"\\{each}" if each in "\\|<>*_`[]" else each for each in line)
