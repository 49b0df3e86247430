"""What the reports of a pytest session carry of its gates: read back when it ends, and shown."""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Sequence
from functools import partial
from typing import Any, Literal

import pytest

from verify.checks.escaping import inert, shown
from verify.checks.subject import split_label
from verify.gate.properties import TITLES
from verify.gate.session import OURS, environment
from verify.reports import github
from verify.reports.conclusion import LITTLE, exit_code, run_sentence
from verify.reports.overview import Detail, print_proved
from verify.reports.tally import Failure, Tally
from verify.reports.terminal import Plain
from verify.subjects.sources import Place, place_in, place_of_subject

KEY = "conv_verify"
"""The attribute of a report that holds its tally, by which `verify.entry` recognises it."""

HERE = "conv_verify_here"
"""The attribute of a report that says that its subject runs in this process, and why."""

BROKEN = "conv_verify_broken"
"""The attribute of a report that says why a gate's test could not judge anything."""

LOST = "conv_verify_lost"
"""The attribute of a report that holds what xdist's worker lost of a subject where no case is counted."""


def tally_of(report: Any) -> Tally | None:
    """The tally that a report carries, if it does."""
    text = getattr(report, "__dict__", {}).get(KEY)
    return Tally.from_json(text) if text else None


def is_judged(tally: Tally | None) -> bool:
    """Whether a test that failed did so for what it judged, and not for an error."""
    return tally is not None and bool(tally.failures or tally.verdict in LITTLE)


def messages_of(tally: Tally) -> str:
    """The messages of all failures of a property."""
    return "\n\n".join(failure.text for failure in tally.failures.values())


def printable(text: str, *, is_styled: bool = False) -> str:
    """A text as it is shown in the encoding of pytest's own output; one that we style has no hidden text."""
    encoding = getattr(sys.__stdout__, "encoding", None) or "utf-8"
    safe = inert(text) if is_styled else shown(text)
    return safe.encode(encoding, "backslashreplace").decode(encoding)


def say_once(terminalreporter: Any) -> None:
    """Leave a line of each failure that the summary shows whole: one finding may fail every property."""
    for report in terminalreporter.stats.get("failed", ()):
        tally = tally_of(report)
        if tally and tally.failures and report.longrepr == printable(messages_of(tally)):
            report.longrepr = printable("\n".join(map(_in_a_line, tally.failures.values())))


def _in_a_line(failure: Failure) -> str:
    return " ".join(filter(None, (failure.text.partition("\n")[0], failure.word and f"({failure.word})")))


def tallies_in(terminalreporter: Any) -> list[Tally]:
    """The tallies that the reports of a session carry, those of xdist's workers included, by subject."""
    reports = (report for report in reports_in(terminalreporter) if getattr(report, "when", "") == "call")
    return sorted(
        filter(None, map(tally_of, reports)), key=lambda tally: (tally.subject, [*TITLES].index(tally.name))
    )


def broken_in(terminalreporter: Any) -> str:
    """The first error that kept a test of a gate from judging, or nothing."""
    return next(iter(said_of(terminalreporter, BROKEN)), "")


def said_of(terminalreporter: Any, attribute: str) -> list[str]:
    """What reports have under an attribute of ours, each once."""
    said = (getattr(report, "__dict__", {}).get(attribute) for report in reports_in(terminalreporter))
    return list(dict.fromkeys(filter(None, said)))


def reports_in(terminalreporter: Any) -> list[Any]:
    """The reports of a session, in the order of their outcomes."""
    return [report for group in terminalreporter.stats.values() for report in group]


def _detail(config: pytest.Config) -> Detail:
    """How much of the summary is printed, by pytest's own -q and -v."""
    verbosity = config.get_verbosity()
    return "all" if verbosity > 0 else "result" if verbosity < 0 else "overview"


def show(terminalreporter: Any, tallies: Sequence[Tally], *, unwritten: str) -> None:
    """Print the summary of what the gates of a session saw, and what of it could not be written."""
    broken, detail = broken_in(terminalreporter), _detail(terminalreporter.config)
    if detail != "result":
        terminalreporter.section("conv-verify")
        terminalreporter.write_line(printable(environment()))
    for line in said_of(terminalreporter, HERE):
        terminalreporter.write_line(printable(line))
    text, conclusion = io.StringIO(), run_sentence(tallies, broken=broken)
    width = shutil.get_terminal_size().columns
    colours: Literal["standard"] | None = "standard" if terminalreporter.hasmarkup else None
    console = Plain(file=text, width=width, no_color=False, force_terminal=False, color_system=colours)
    print_proved(console, tallies, conclusion, detail=detail, more="pytest -v shows every count")
    terminalreporter.write(printable(text.getvalue(), is_styled=bool(colours)))
    for ours in said_of(terminalreporter, OURS):
        if not conclusion.endswith(ours):  # beside what disagrees
            terminalreporter.write_line(printable(f"Could not run: {ours}"))
    if unwritten:
        terminalreporter.write_line(printable(f"unwritten  {unwritten}"))
    holds = exit_code(tallies) == 0 and not broken
    github.publish(
        tallies,
        conclusion,
        holds=holds,
        say=terminalreporter.write_line,
        place_of=partial(_place_of, terminalreporter),
    )


def _place_of(terminalreporter: Any, subject: str) -> Place | None:
    """The line of the test class that gates a subject, the first that failed for it; else of the subject."""
    for report in reports_in(terminalreporter):
        tally = tally_of(report)
        if tally and report.failed and subject in (tally.subject, split_label(tally.subject)[0]):
            file, _, test = report.nodeid.partition("::")
            return place_in(terminalreporter.config.rootpath / file, test.partition("::")[0])
    return place_of_subject(subject)
