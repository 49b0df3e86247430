"""The pytest plugin of a suite that has a gate: its session, and a summary of what the gate saw."""

from __future__ import annotations

import sys
import time
from collections.abc import Generator, Sequence
from typing import Any

import pytest
from hypothesis.errors import HypothesisException

from verify.checks import exits, losses
from verify.checks.broken import Broken, broken_by, is_of_ours
from verify.checks.examination import Mismatch
from verify.checks.files import refusal_of, require_folder
from verify.checks.interrupts import interruptible
from verify.checks.journal import journal
from verify.checks.reading import brief
from verify.checks.subject import NotAsked
from verify.commands.cli import command_of
from verify.config import flags
from verify.config.database import database_at
from verify.config.session import Options, Session
from verify.corpus.words import cases_in, existing
from verify.gate.leftovers import Leftovers
from verify.gate.reported import (
    BROKEN,
    HERE,
    KEY,
    LOST,
    broken_in,
    is_judged,
    messages_of,
    printable,
    reports_in,
    said_of,
    say_once,
    show,
    tallies_in,
)
from verify.gate.session import NOTHING, OURS, SESSION, beginning, gate_of
from verify.gate.told import Told
from verify.gate.under_test import Gate
from verify.reports.conclusion import exit_code
from verify.reports.findings import findings
from verify.reports.records import Record, Stream, end
from verify.reports.tally import Tally

pytest_plugins = ("verify.entry",)  # the options, where this is loaded by its name alone

PROVES_TOO_LITTLE = 3

OUTCOMES = (pytest.fail.Exception, pytest.skip.Exception, pytest.exit.Exception)
"""What ends a test as it is meant to."""

FIRST = pytest.StashKey[dict[Gate, str]]()
"""The first test of each gate, which fails for a subject that cannot be gated; the others are skipped."""

INCOMPLETE = "the report is incomplete; name another by --conv-report"

STREAM = pytest.StashKey[Stream]()
"""The records of a session, where they are wanted."""

START = pytest.StashKey[float]()
"""The start of a session whose records are wanted."""


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Leftovers())
    if SESSION in config.stash:
        return
    try:
        session = config.stash[SESSION] = Session(options=_options(config))
        _open_report(config, session)
    except OSError as wrong:
        raise pytest.UsageError(printable(refusal_of(wrong))) from None
    except ValueError as wrong:
        raise pytest.UsageError(printable(brief(str(wrong)))) from None


def _options(config: pytest.Config) -> Options:
    """The options from the command line and the settings; ValueError, one sentence, if they are wrong."""
    corpus, known, database, isolation = flags.of_tests(config.rootpath, command_of("run"))
    pins = existing(corpus)
    if pins:
        cases_in(pins)  # a stale word is found before anything runs
    return Options(
        examples=config.getoption("--conv-examples", None),
        excuse=known.excuse and not config.getoption("--conv-no-known", default=False),
        deviations=known.deviations,
        corpus=pins,
        database=database_at(database) if database else None,
        **_where(config, isolation),
    )


def _where(config: pytest.Config, isolation: flags.Isolation) -> dict[str, Any]:
    """How the subjects of gates are loaded: for a debugger in this process, where it can stop in them."""
    asked = config.getoption
    if asked("--conv-no-isolate", default=False):
        isolation = flags.Isolation(isolate=False, device=isolation.device)
    is_debugged = asked("usepdb", default=False) or asked("trace", default=False)
    return flags.loaders_of_tests(isolation, is_debugged=is_debugged)


def _open_report(config: pytest.Config, session: Session) -> None:
    """Write records to a new file; xdist's workers append to the same file."""
    file = config.getoption("--conv-report", None)
    if file is None:
        return
    if hasattr(config, "workerinput"):
        session.record = Stream(file).write
        return
    require_folder(file, "--conv-report")
    stream = config.stash[STREAM] = Stream.anew(file)
    session.record = stream.write
    session.record(beginning(session.options))
    config.stash[START] = time.monotonic()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Hand the session to the gates that were collected, and note the first test of each."""
    first = session.config.stash.setdefault(FIRST, {})
    for item in session.items:
        if gate := gate_of(item):
            first.setdefault(gate, item.nodeid)
            # There is none if the settings are wrong, which pytest is about to report.
            gate.session = session.config.stash.get(SESSION, gate.session)


@pytest.hookimpl(trylast=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Try a gate's subject once: what is misused is one error, and no disagreement of every property."""
    gate = gate_of(item)
    if gate and (unusable := gate.unusable()):
        first = item.config.stash[FIRST].get(gate, item.nodeid)
        if item.nodeid == first:
            pytest.fail(printable(unusable), pytrace=False)
        pytest.skip(printable(f"{gate.name} cannot be gated: {first} says why"))


def pytest_unconfigure() -> None:
    journal.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop() -> Generator[None, object, object]:
    """Tell Ctrl-C from a KeyboardInterrupt that a subject raises by itself."""
    with interruptible(ends=False):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    gate = gate_of(item)
    broken = _broken_by(call) if gate else ""
    tally = gate.close(item.name, call.duration) if gate and call.when == "call" else None
    if gate and tally is not None:
        report.__dict__[KEY] = tally.to_json()  # which xdist sends along
        if here := gate.subject.here:
            report.__dict__[HERE] = f"{gate.name} runs {here}"
        item.user_properties += properties_of(tally)  # which the report of its teardown gives JUnit
        if report.passed and tally.verdict == "nothing graded" and not gate.session.options.shard.is_part:
            report.outcome = "failed"
            report.longrepr = f"{tally.title}: {NOTHING}"
        elif tally.failures and not report.failed:  # skipped, as its time was up
            report.outcome, report.longrepr = "failed", messages_of(tally)
        elif report.failed and tally.failures and item.config.get_verbosity() < 1:
            # The messages are enough; -v also shows where they were raised.
            report.longrepr = messages_of(tally)
    if broken:
        found = [report.longreprtext] if is_judged(tally) else []
        report.outcome, report.longrepr = "failed", "\n\n".join((*found, broken))
        report.__dict__[OURS] = report.__dict__[BROKEN] = broken
    elif gate and report.failed and not is_judged(tally):
        report.__dict__[BROKEN] = (report.longreprtext.strip().splitlines() or [""])[-1]
    if gate and report.failed:
        _keep_harmless(report)
    _hand_over_losses(item.config, report)
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if KEY in report.__dict__ and report.failed and isinstance(report.longrepr, str):
        report.longrepr = Told(report.longrepr)


def _hand_over_losses(config: pytest.Config, report: pytest.TestReport) -> None:
    """Send what was lost in a worker of xdist along, which this session does not tell."""
    if hasattr(config, "workerinput") and losses.are_kept():
        report.__dict__[LOST] = losses.handed_over()


def _broken_by(call: pytest.CallInfo[None]) -> str:
    """What kept a gate's test from judging, in one sentence; "" for what it found, and for its refusals."""
    error = call.excinfo.value if call.excinfo else None
    while isinstance(error, BaseExceptionGroup):  # of a search that also found disagreements
        error = next((each for each in error.exceptions if not isinstance(each, Mismatch)), None)
    if isinstance(error, Broken | NotAsked):
        return str(error)
    if error is None or isinstance(error, (Mismatch, HypothesisException, *OUTCOMES)):
        return ""
    return str(broken_by(error))


def _keep_harmless(report: pytest.TestReport) -> None:
    """Let no text of a subject act on the terminal or on a log of CI, and none be left out by an encoding."""
    text = report.longreprtext
    if printable(text) != text:
        report.longrepr = printable(text)
    report.sections = [(printable(title), printable(content)) for title, content in report.sections]


def properties_of(tally: Tally) -> list[tuple[str, object]]:
    """The properties of a test case in JUnit's XML."""
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


def pytest_internalerror(excinfo: pytest.ExceptionInfo[BaseException]) -> bool:
    """Say an error of our own hooks in one sentence, where pytest would print the traceback."""
    if not is_of_ours(excinfo.value):
        return False
    sys.stderr.write(f"\n{broken_by(excinfo.value)}\n")
    return True


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """End with 3, as the command line does, if all passes but that proves too little; with 1 after a loss."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    tallies = tallies_in(reporter) if reporter is not None else []
    for report in reports_in(reporter) if reporter is not None else []:
        losses.take_over(getattr(report, "__dict__", {}).pop(LOST, ()))
    if exitstatus == pytest.ExitCode.OK and tallies and exit_code(tallies) == PROVES_TOO_LITTLE:
        session.exitstatus = PROVES_TOO_LITTLE
    session.exitstatus = losses.code_after_losses(session.exitstatus, is_lost=losses.are_kept())
    is_broken = exitstatus == pytest.ExitCode.INTERNAL_ERROR and session.config.stash.get(FIRST, {})
    if is_broken or (reporter is not None and said_of(reporter, OURS)):
        session.exitstatus = exits.COULD_NOT_RUN
    exits.say(lambda: int(session.exitstatus))
    if reporter is not None and session.config.get_verbosity() < 1:
        say_once(reporter)
    stash = session.config.stash
    if START in stash:
        broken = broken_in(reporter) if reporter is not None else ""
        for finding in findings(tallies):
            stash[SESSION].record(finding.record())
        stash[SESSION].record(_ending(stash[START], tallies, session.exitstatus, broken))


def _ending(start: float, tallies: Sequence[Tally], status: int, broken: str) -> Record:
    """The last record of a session."""
    interrupted = status == pytest.ExitCode.INTERRUPTED
    done = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, PROVES_TOO_LITTLE)
    if not broken and not interrupted and status not in done:
        broken = f"pytest ended with exit code {int(status)}"
    code = 2 if broken else exit_code(tallies) or (3 if interrupted else 0)
    code = losses.code_after_losses(code, is_lost=losses.are_kept())
    return end(time.monotonic() - start, code, interrupted=interrupted, broken=broken)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    tallies = tallies_in(terminalreporter)
    texts = losses.losses_told()
    if tallies:
        stream = terminalreporter.config.stash.get(STREAM, None)
        unwritten = f"{stream.broken}: {INCOMPLETE}" if stream is not None and stream.broken else ""
        show(terminalreporter, tallies, unwritten=unwritten)
    for text in texts:
        terminalreporter.write_line(printable(f"\n{text}"))
