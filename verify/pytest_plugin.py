"""The pytest plugin: a header, `--conv-examples`, and a summary of what the gate saw."""

from __future__ import annotations

import argparse
import io
import shutil
import time
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from rich.console import Console

from verify.checks.journal import journal
from verify.checks.subject import versions
from verify.config import flags
from verify.config.database import database_at
from verify.config.options import positive
from verify.config.session import limits
from verify.corpus.pins import existing
from verify.gate.conformance import register_profiles
from verify.gate.judging import Gate
from verify.gate.properties import EVERYTHING, KNOWN, PROPERTIES, WITNESSED
from verify.reports import github
from verify.reports.fault_coverage import never_visible
from verify.reports.records import Record, Stream, begin, end
from verify.reports.summary import exit_code, print_summary, sentence
from verify.reports.tally import Tally
from verify.subjects.tensorflow.switches import onednn, threads

KEY = "conv_verify"
TITLES = {
    EVERYTHING.name: EVERYTHING.title,
    "known": KNOWN,
    WITNESSED.name: WITNESSED.title,
    **{each.name: each.title for each in PROPERTIES},
}
"""Every property by its name, in the order of a summary."""

PROVES_TOO_LITTLE = 3
NOTHING = "nothing was graded, so that this proves nothing"


START = pytest.StashKey[float]()
"""When a session began whose records are asked for."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("conv-verify", "verification of convolutions")
    group.addoption(
        "--conv-examples", type=_positive, metavar="N", help="cases to draw for each property of a gate"
    )
    group.addoption(
        "--conv-no-known", action="store_true", help="fail for disagreements that are recorded as known, too"
    )
    group.addoption(
        "--conv-report", type=Path, metavar="FILE", help="write a record of every case, as JSON lines"
    )


def _positive(text: str) -> int:
    try:
        return positive(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    limits.excuse = not config.getoption("--conv-no-known")
    limits.examples = config.getoption("--conv-examples")
    try:
        _use_settings(config.rootpath)
        _open_report(config)
    except (ValueError, OSError) as wrong:
        raise pytest.UsageError(str(wrong)) from None


def _open_report(config: pytest.Config) -> None:
    """Write records to a file: anew, but in xdist's workers, which write to the end of the same file."""
    file = config.getoption("--conv-report")
    if file is None:
        return
    if hasattr(config, "workerinput"):
        limits.record = Stream(file).write
        return
    limits.record = Stream.anew(file).write
    limits.record(beginning())
    config.stash[START] = time.monotonic()


def beginning(subjects: Sequence[str] = ()) -> Record:
    """The first record of a run; `subjects` are those that are known before any of them is gated."""
    return begin(
        versions=versions(),
        environment=environment(),
        seed=limits.seed,
        profile=settings.get_current_profile_name(),
        subjects=list(subjects),
        properties=TITLES,
        shard=str(limits.shard),
    )


def _use_settings(folder: Path) -> None:
    """Take pins, known deviations and examples from the settings; a run has them from its command line."""
    corpus, known, database = flags.of_tests(folder)
    limits.excuse &= known.excuse
    limits.own = limits.own or known.deviations
    limits.corpus = existing(corpus)
    limits.database = limits.database or (database_at(database) if database else None)


def pytest_unconfigure() -> None:
    journal.close()


register_profiles()


def pytest_report_header() -> str:
    return f"conv-verify: {environment()}"


def environment() -> str:
    """Versions, switches, threads and the Hypothesis profile, in one line."""
    found = ", ".join(f"{name} {number}" for name, number in versions().items())
    profile = settings.get_current_profile_name()
    return f"{found}; oneDNN {onednn()}, threads {threads()}; profile {profile}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    held = getattr(getattr(item, "cls", None), "gate", None)
    if call.when == "call" and isinstance(held, Gate):
        tally = held.close(item.name, call.duration)
        if tally is not None:
            report.__dict__[KEY] = tally.to_json()  # which xdist sends along
            item.user_properties += properties_of(tally)  # which the report of its teardown gives JUnit
            if report.passed and tally.verdict == "nothing graded" and not limits.shard.is_part:
                report.outcome = "failed"
                report.longrepr = f"{tally.title}: {NOTHING}"
            elif tally.failures and not report.failed:  # skipped, as its time was up
                report.outcome, report.longrepr = "failed", _messages(tally)
            elif report.failed and tally.failures and item.config.get_verbosity() < 1:
                # The messages say it all; -v shows where they were raised, too.
                report.longrepr = _messages(tally)
    return report


def _messages(tally: Tally) -> str:
    return "\n\n".join(failure.text for failure in tally.failures.values())


def tallies_of(reports: list[Any]) -> list[Tally]:
    """The tallies that reports carry, those of xdist's workers included."""
    found = [each.__dict__.get(KEY, "") for each in reports]
    return [Tally.from_json(text) for text in found if text]


def properties_of(tally: Tally) -> list[tuple[str, object]]:
    """What JUnit's XML says of a property beside its failures."""
    counts = {"declined": tally.declined.total(), "known": tally.known.total()}
    return [
        ("subject", tally.subject),
        ("property", tally.title),
        ("verdict", tally.verdict),
        ("cases", tally.cases),
        ("graded", tally.agreed),
        ("vacuous", tally.vacuous),
        *counts.items(),
        *(("failed", failure.word) for failure in tally.failures.values() if failure.word),
    ]


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """End with 3, as the command line does, where all holds and a fault would have gone unseen."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    told = _told(reporter) if reporter is not None else []
    if exitstatus == pytest.ExitCode.OK and never_visible(told):
        session.exitstatus = PROVES_TOO_LITTLE
    if START in session.config.stash:
        limits.record(_ending(session.config.stash[START], told, session.exitstatus))


def _ending(start: float, tallies: Sequence[Tally], status: int) -> Record:
    """The last record of a session."""
    interrupted = status == pytest.ExitCode.INTERRUPTED
    done = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, PROVES_TOO_LITTLE)
    broken = "" if interrupted or status in done else f"pytest ended with exit code {int(status)}"
    found = exit_code(tallies) or (3 if interrupted else 0)
    return end(time.monotonic() - start, 2 if broken else found, interrupted=interrupted, broken=broken)


def _told(terminalreporter: Any) -> list[Tally]:
    """The tallies of a session, subject by subject."""
    reports = [each for group in terminalreporter.stats.values() for each in group]
    calls = [each for each in reports if getattr(each, "when", "") == "call"]
    return sorted(tallies_of(calls), key=lambda tally: (tally.subject, [*TITLES].index(tally.name)))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    tallies = _told(terminalreporter)
    if not tallies:
        return
    terminalreporter.section("conv-verify")
    text = io.StringIO()
    width = shutil.get_terminal_size().columns
    print_summary(Console(file=text, width=width, no_color=True), tallies)
    terminalreporter.write(text.getvalue())
    said, holds = sentence(tallies), exit_code(tallies) == 0
    github.publish(tallies, said, holds=holds, say=terminalreporter.write_line)
