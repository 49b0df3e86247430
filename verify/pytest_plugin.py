"""The pytest plugin of a suite that has a gate: its session, and a summary of what the gate saw."""

from __future__ import annotations

import io
import json
import shutil
import sys
import time
from collections.abc import Generator, Sequence
from functools import partial
from typing import Any, Literal

import pytest
from hypothesis.errors import HypothesisException

from verify.checks import exits, losses
from verify.checks.broken import Broken, broken_by, is_of_ours
from verify.checks.escaping import inert, shown
from verify.checks.examination import Mismatch
from verify.checks.files import refusal_of, require_folder
from verify.checks.interrupts import interruptible
from verify.checks.journal import journal
from verify.checks.reading import brief
from verify.checks.subject import NotAsked, split_label
from verify.commands.cli import command_of
from verify.config import flags
from verify.config.database import database_at
from verify.config.session import Options, Session
from verify.corpus.words import cases_in, existing
from verify.gate.leftovers import Leftovers
from verify.gate.properties import TITLES
from verify.gate.session import NOTHING, OURS, SESSION, beginning, environment, gate_of
from verify.gate.told import Told
from verify.gate.under_test import Gate
from verify.reports import github
from verify.reports.conclusion import LITTLE, exit_code, run_sentence
from verify.reports.findings import findings
from verify.reports.overview import Detail, print_proved
from verify.reports.records import Record, Stream, end
from verify.reports.tally import Failure, Tally
from verify.reports.terminal import Plain
from verify.subjects.sources import Place, place_in, place_of_subject

pytest_plugins = ("verify.entry",)  # the options, where this is loaded by its name alone

KEY = "conv_verify"
"""The attribute of a report that holds its tally, by which `verify.entry` recognises it."""

PROVES_TOO_LITTLE = 3

HERE = "conv_verify_here"
"""The attribute of a report that says that its subject runs in this process, and why."""

BROKEN = "conv_verify_broken"
"""The attribute of a report that says why a gate's test could not judge anything."""

LOST = "conv_verify_lost"
"""The attribute of a report that holds what xdist's worker lost of a subject where no case is counted."""

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
        isolation = flags.Isolation(isolate=False)
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
    if call.when == "call" and gate:
        tally = gate.close(item.name, call.duration)
        if tally is not None:
            report.__dict__[KEY] = tally.to_json()  # which xdist sends along
            if here := gate.subject.here:
                report.__dict__[HERE] = f"{gate.name} runs {here}"
            item.user_properties += properties_of(tally)  # which the report of its teardown gives JUnit
            if report.passed and tally.verdict == "nothing graded" and not gate.session.options.shard.is_part:
                report.outcome = "failed"
                report.longrepr = f"{tally.title}: {NOTHING}"
            elif tally.failures and not report.failed:  # skipped, as its time was up
                report.outcome, report.longrepr = "failed", _messages(tally)
            elif report.failed and tally.failures and item.config.get_verbosity() < 1:
                # The messages are enough; -v also shows where they were raised.
                report.longrepr = _messages(tally)
    if broken:
        found = [report.longreprtext] if _judged(report) else []
        report.outcome, report.longrepr = "failed", "\n\n".join((*found, broken))
        report.__dict__[OURS] = report.__dict__[BROKEN] = broken
    elif gate and report.failed and not _judged(report):
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


def printable(text: str, *, is_styled: bool = False) -> str:
    """A text as it is shown in the encoding of pytest's own output; one that we style has no hidden text."""
    encoding = getattr(sys.__stdout__, "encoding", None) or "utf-8"
    safe = inert(text) if is_styled else shown(text)
    return safe.encode(encoding, "backslashreplace").decode(encoding)


def _judged(report: pytest.TestReport) -> bool:
    """Whether a test of a gate failed for what it judged, and not for an error."""
    tally = Tally.from_json(report.__dict__[KEY]) if KEY in report.__dict__ else None
    return tally is not None and bool(tally.failures or tally.verdict in LITTLE)


def _messages(tally: Tally) -> str:
    return "\n\n".join(failure.text for failure in tally.failures.values())


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
    tallies = _tallies(reporter) if reporter is not None else []
    for report in _reports(reporter) if reporter is not None else []:
        losses.take_over(getattr(report, "__dict__", {}).pop(LOST, ()))
    if exitstatus == pytest.ExitCode.OK and tallies and exit_code(tallies) == PROVES_TOO_LITTLE:
        session.exitstatus = PROVES_TOO_LITTLE
    session.exitstatus = losses.code_after_losses(session.exitstatus, is_lost=losses.are_kept())
    is_broken = exitstatus == pytest.ExitCode.INTERNAL_ERROR and session.config.stash.get(FIRST, {})
    if is_broken or (reporter is not None and _said_of(reporter, OURS)):
        session.exitstatus = exits.COULD_NOT_RUN
    exits.say(lambda: int(session.exitstatus))
    if reporter is not None and session.config.get_verbosity() < 1:
        _say_once(reporter)
    stash = session.config.stash
    if START in stash:
        broken = _broken(reporter) if reporter is not None else ""
        for finding in findings(tallies):
            stash[SESSION].record(finding.record())
        stash[SESSION].record(_ending(stash[START], tallies, session.exitstatus, broken))


def _say_once(terminalreporter: Any) -> None:
    """Leave a line of each failure that the summary shows whole: one finding may fail every property."""
    for report in terminalreporter.stats.get("failed", ()):
        text = report.__dict__.get(KEY)
        tally = Tally.from_json(text) if text else None
        if tally and tally.failures and report.longrepr == printable(_messages(tally)):
            report.longrepr = printable("\n".join(map(_in_a_line, tally.failures.values())))


def _in_a_line(failure: Failure) -> str:
    return " ".join(filter(None, (failure.text.partition("\n")[0], failure.word and f"({failure.word})")))


def _ending(start: float, tallies: Sequence[Tally], status: int, broken: str) -> Record:
    """The last record of a session."""
    interrupted = status == pytest.ExitCode.INTERRUPTED
    done = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, PROVES_TOO_LITTLE)
    if not broken and not interrupted and status not in done:
        broken = f"pytest ended with exit code {int(status)}"
    code = 2 if broken else exit_code(tallies) or (3 if interrupted else 0)
    code = losses.code_after_losses(code, is_lost=losses.are_kept())
    return end(time.monotonic() - start, code, interrupted=interrupted, broken=broken)


def _tallies(terminalreporter: Any) -> list[Tally]:
    """The tallies that the reports of a session carry, those of xdist's workers included, by subject."""
    reports = _reports(terminalreporter)
    texts = [report.__dict__.get(KEY) for report in reports if getattr(report, "when", "") == "call"]
    tallies = [Tally.from_json(text) for text in texts if text]
    return sorted(tallies, key=lambda tally: (tally.subject, [*TITLES].index(tally.name)))


def _broken(terminalreporter: Any) -> str:
    """The first error that kept a test of a gate from judging, or nothing."""
    return next(iter(_said_of(terminalreporter, BROKEN)), "")


def _said_of(terminalreporter: Any, attribute: str) -> list[str]:
    """What reports have under an attribute of ours, each once."""
    said = (getattr(report, "__dict__", {}).get(attribute) for report in _reports(terminalreporter))
    return list(dict.fromkeys(filter(None, said)))


def _reports(terminalreporter: Any) -> list[Any]:
    return [report for group in terminalreporter.stats.values() for report in group]


def pytest_terminal_summary(terminalreporter: Any) -> None:
    tallies = _tallies(terminalreporter)
    texts = losses.losses_told()
    if tallies:
        _show(terminalreporter, tallies)
    for text in texts:
        terminalreporter.write_line(printable(f"\n{text}"))


def _detail(config: pytest.Config) -> Detail:
    """How much of the summary is printed, by pytest's own -q and -v."""
    verbosity = config.get_verbosity()
    return "all" if verbosity > 0 else "result" if verbosity < 0 else "overview"


def _show(terminalreporter: Any, tallies: Sequence[Tally]) -> None:
    """The summary of what the gates of a session saw."""
    broken, detail = _broken(terminalreporter), _detail(terminalreporter.config)
    if detail != "result":
        terminalreporter.section("conv-verify")
        terminalreporter.write_line(printable(environment()))
    for line in _said_of(terminalreporter, HERE):
        terminalreporter.write_line(printable(line))
    text, conclusion = io.StringIO(), run_sentence(tallies, broken=broken)
    width = shutil.get_terminal_size().columns
    colours: Literal["standard"] | None = "standard" if terminalreporter.hasmarkup else None
    console = Plain(file=text, width=width, no_color=False, force_terminal=False, color_system=colours)
    print_proved(console, tallies, conclusion, detail=detail, more="pytest -v shows every count")
    terminalreporter.write(printable(text.getvalue(), is_styled=bool(colours)))
    for ours in _said_of(terminalreporter, OURS):
        if not conclusion.endswith(ours):  # beside what disagrees
            terminalreporter.write_line(printable(f"Could not run: {ours}"))
    stream = terminalreporter.config.stash.get(STREAM, None)
    if stream is not None and stream.broken:
        terminalreporter.write_line(printable(f"unwritten  {stream.broken}: {INCOMPLETE}"))
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
    for report in _reports(terminalreporter):
        text = getattr(report, "__dict__", {}).get(KEY)
        if text and report.failed and subject in (name := json.loads(text)["subject"], split_label(name)[0]):
            file, _, test = report.nodeid.partition("::")
            return place_in(terminalreporter.config.rootpath / file, test.partition("::")[0])
    return place_of_subject(subject)
