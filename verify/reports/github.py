"""What GitHub shows of a run: annotations of a check, and the summary of a job in Markdown."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from verify.checks.escaping import shown
from verify.checks.files import naming, why_unwritten
from verify.reports.conclusion import LITTLE
from verify.reports.coverage import fault_coverages
from verify.reports.findings import findings
from verify.reports.phrases import plural
from verify.reports.tally import COLUMNS, Tally, by_subject
from verify.subjects.sources import Place, place_of_subject

ANNOTATED = 10
"""Errors that GitHub shows of one step."""

SUMMARY = "GITHUB_STEP_SUMMARY"
"""The variable that names the file of a job's summary."""

SUMMARISED = 20
"""Findings whose messages are in the summary of a job, which may have 1 MiB."""

_MARKS = {"holds": "✅ ", "disagrees": "❌ ", **dict.fromkeys(LITTLE, "⚠️ ")}


PlaceOf: TypeAlias = Callable[[str], Place | None]
"""What says where the subject of a name is written, or the test that found it to be wrong."""


def publish(
    tallies: Sequence[Tally],
    sentence: str,
    *,
    holds: bool,
    say: Callable[[str], None],
    place_of: PlaceOf = place_of_subject,
) -> None:
    """Print the annotations, and append to the summary of the job, if this runs in a GitHub action.

    `say` prints a line as it is, as a command to the log has to be.
    """
    if os.environ.get("GITHUB_ACTIONS") == "true":
        for line in commands(tallies, sentence, holds=holds, place_of=place_of):
            say(line)
    if file := os.environ.get(SUMMARY):
        try:
            with naming(Path(file)):
                _append(Path(file), f"{shown(job_summary(tallies, sentence))}\n")
        except (OSError, ValueError) as error:  # a name with a zero byte is a ValueError
            say(shown(f"unwritten  {why_unwritten(error, SUMMARY)}"))


def _append(file: Path, text: str) -> None:
    """Append to a file, which is never waited for."""
    handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK, 0o666)
    with os.fdopen(handle, "a", encoding="utf-8") as stream:
        stream.write(text)


def commands(
    tallies: Sequence[Tally], sentence: str, *, holds: bool, place_of: PlaceOf = place_of_subject
) -> list[str]:
    """A workflow command for each finding; one with the sentence if a run fails without any.

    It stands at the line of the subject, or of its test, where there is one.
    """
    found = [(finding.text, finding.subject) for finding in findings(tallies)]
    little = [tally.subject for tally in tallies if tally.verdict in LITTLE]
    said = found or ([] if holds else [(sentence, little[0] if little else "")])
    return [_command(text, place_of(subject)) for text, subject in said[:ANNOTATED]]


def _command(text: str, place: Place | None) -> str:
    where = f"file={_property(place.file)},line={place.line}," if place else ""
    return f"::error {where}title={_property(text.splitlines()[0])}::{_data(text)}"


def _data(text: str) -> str:
    """A text as the message of a workflow command."""
    return shown(text.replace("%", "%25").replace("\r", "%0D")).replace("\n", "%0A")


def _property(text: str) -> str:
    """A text as the value of a workflow command's property."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def job_summary(tallies: Sequence[Tally], sentence: str) -> str:
    """The run in Markdown: its sentence, findings with their replay lines, properties and faults."""
    tables = map(_table, by_subject(tallies).values())
    faults = [
        f"Faults that the cases of {_inline(coverage.subject)} would have shown: {coverage.share}."
        for coverage in fault_coverages(tallies)
    ]
    parts = [f"### conv-verify\n\n**{_inline(sentence)}**", *_failures(tallies), *tables, *faults]
    return "\n\n".join(parts) + "\n"


def _failures(tallies: Sequence[Tally]) -> Iterator[str]:
    texts = [finding.text for finding in findings(tallies)]
    for text in texts[:SUMMARISED]:
        fence = "```"
        while fence in text:
            fence += "`"
        yield f"{fence}text\n{text}\n{fence}"
    if more := len(texts[SUMMARISED:]):
        yield f"… and {more} more {plural(more, 'finding')}."


def _table(tallies: Sequence[Tally]) -> str:
    rows = [[tallies[0].subject, *COLUMNS, "verdict"], [":--", *("--:" for _ in COLUMNS), ":--"]]
    for tally in tallies:
        verdict = _MARKS.get(tally.verdict, "") + tally.verdict
        rows.append([tally.title, *tally.counts.values(), verdict])
    return "\n".join(f"| {' | '.join(map(_inline, row))} |" for row in rows)


def _inline(text: str) -> str:
    """A text on one line, with every character escaped that Markdown would interpret."""
    line = " ".join(text.split())
    return "".join(f"\\{character}" if character in "\\|<>*_`[]" else character for character in line)
