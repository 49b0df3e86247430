"""A run of the gate through pytest: progress while it goes, then what it proved."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from rich.live import Live
from rich.text import Text

from verify.cases.case import Case
from verify.checks.broken import broken_by
from verify.checks.files import why_unwritten
from verify.checks.interrupts import interruptible
from verify.checks.losses import code_after_losses, losses_told
from verify.checks.scratch import scratch_folder
from verify.checks.subject import split_label
from verify.config.session import Options, Session
from verify.corpus.failures import OPTION, Failed, failed, remember
from verify.corpus.words import SHIPPED, cases_in, pin
from verify.gate.judging import Judge
from verify.gate.recorder import Tallier
from verify.gate.session import NOTHING, OURS, SESSION, beginning, environment
from verify.gate.under_test import Gate
from verify.reports import github
from verify.reports.conclusion import exit_code, run_sentence
from verify.reports.findings import findings
from verify.reports.heartbeat import doing
from verify.reports.overview import Detail, print_proved
from verify.reports.records import Stream, end, nowhere
from verify.reports.summary import STYLES
from verify.reports.tally import UNDRAWN, Tally
from verify.reports.terminal import Terminal
from verify.runs.behaviour.baseline import Conclusion, Watch
from verify.runs.interrupted import say_interrupted

ENDED = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED)
"""Pytest's exit codes of a run that took place."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """The request for a run: subjects that `options.load` can load, and what to keep of it.

    No case is drawn after `until`, a time of `time.monotonic`. The options' pins are asked of each
    subject first, then the failures in their database. What disagrees is pinned in
    `pin_to`, and recorded in the file `failures`. Records of every case go to the file `report`. `detail` is
    how much of the summary is printed, as `print_proved` has it.
    """

    subjects: Sequence[str]
    options: Options
    profile: str
    until: float
    narrowings: Mapping[str, Any] = field(default_factory=dict)
    failures: Path | None = None
    pin_to: Path | None = None
    report: Path | None = None
    detail: Detail = "overview"


def run(console: Terminal, request: Request, watch: Watch | None = None) -> int:
    """Gate the subjects, print what was proved, return the exit code. A `watch` compares with a baseline."""
    start = time.monotonic()
    stream = Stream.anew(request.report) if request.report else None
    session = Session(options=request.options, record=stream.write if stream else nowhere)
    say_interrupted(partial(console.print, style="dim", soft_wrap=True))
    watcher = Watcher(console, session, request)
    status = _gated(request, session, [watcher, *([watch] if watch else [])])
    ended = _ended(request, watcher, status, watch)
    kept = _keep(request, ended.tallies, watcher.failures() if request.failures else [])
    for finding in findings(ended.tallies):
        session.record(finding.record())
    elapsed, changed = time.monotonic() - start, ended.compared.sentence
    session.record(
        end(elapsed, ended.code, interrupted=ended.interrupted, broken=ended.broken, baseline=changed)
    )
    if stream and stream.broken:
        kept.append(f"unwritten  {stream.broken}: the report is incomplete; name another by --report")
    _print_end(console, ended, kept, request.detail)
    return ended.code


class Ended(NamedTuple):
    """The end of a run: its tallies, sentence and exit code, and how it compares with its baseline."""

    tallies: Sequence[Tally]
    conclusion: str
    code: int
    interrupted: bool
    broken: str
    losses: Sequence[str]
    compared: Conclusion


def _ended(request: Request, watcher: Watcher, status: int, watch: Watch | None) -> Ended:
    """What a run comes to, with the exit code of the gate and of the baseline together."""
    interrupted = status == pytest.ExitCode.INTERRUPTED and not watcher.broken
    tallies, shard = watcher.tallies(), request.options.shard
    reasons = [
        *watcher.broken,
        *([] if status in ENDED else [f"pytest ended with exit code {int(status)}"]),
    ]
    broken = reasons[0] if reasons else ""
    conclusion = run_sentence(tallies, interrupted=interrupted, shard=shard, broken=broken)
    code = 2 if broken else exit_code(tallies, shard=shard) or (3 if interrupted else 0)
    losses = losses_told()
    code, compared = code_after_losses(code, is_lost=bool(losses)), Conclusion([])
    if watch and not broken and not interrupted:
        compared = watch.conclude()
        code = min(filter(None, (code, compared.code)), default=0)
    return Ended(tallies, conclusion, code, interrupted, broken, losses, compared)


def _print_end(console: Terminal, ended: Ended, kept: Sequence[str], detail: Detail) -> None:
    """Print what was found, after it was recorded: the summary, what was kept of it, and the baseline."""
    conclusion, broken, compared = ended.conclusion, ended.broken, ended.compared
    if ended.tallies:
        console.print()
        print_proved(console, ended.tallies, conclusion, detail=detail)
    for line in kept:
        console.say(line)
    if broken and not conclusion.endswith(broken):  # beside what disagrees
        console.say(f"\nCould not run: {broken}")
    elif not ended.tallies:
        console.say(f"\n{conclusion}")
    for text in ended.losses:
        console.say(f"\n{text}")
    for text in compared.lines:
        console.say(text)
    if compared.sentence:
        console.print(Text(f"\n{compared.sentence}", style="bold"), soft_wrap=True)
    proved = " ".join(filter(None, (conclusion, compared.sentence)))
    github.publish(ended.tallies, proved, holds=ended.code == 0, say=console.command)


def _gated(request: Request, session: Session, plugins: Sequence[object]) -> int:
    """Pytest's exit code for a test file that gates the subjects."""
    with (
        scratch_folder() as folder,
        interruptible(session.interrupt),
        _no_addopts(),
    ):
        return pytest.main([*_arguments(folder, request)], plugins=plugins)


def _keep(request: Request, tallies: Sequence[Tally], failures: Sequence[Failed]) -> list[str]:
    """Record failures and pin what disagrees, if the request names places; what to print of that."""
    kept = []
    if request.failures and failures:
        try:
            remember(request.failures, failures)
            kept.append(f"recorded  {request.failures}  (`replay` asks again what failed)")
        except (OSError, ValueError) as wrong:
            kept.append(f"unrecorded  {why_unwritten(wrong, OPTION)}")
    if request.pin_to:
        shipped = cases_in(SHIPPED)  # every run asks them already
        failures_of_cases = [found.failure for found in findings(tallies) if found.failure.word]
        reasons = {Case.parse(failure.word): failure.text.splitlines()[0] for failure in failures_of_cases}
        new = {case: line for case, line in reasons.items() if case not in shipped}
        try:
            added = pin(request.pin_to, new, today=date.today())
            kept += [f"pinned    {case}  ({file})" for case, file in added.items()]
        except (OSError, ValueError) as wrong:
            kept.append(f"unpinned  {why_unwritten(wrong, '--corpus')}")
    return kept


@contextmanager
def _no_addopts() -> Iterator[None]:
    """Keep the environment's options for other test runs out of this one."""
    kept = {name: os.environ.pop(name) for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS") if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)


def _arguments(folder: Path, request: Request) -> list[str]:
    """Pytest's arguments for a test file such as a user would write."""
    narrowed = "".join(f", {name}={value!r}" for name, value in request.narrowings.items())
    gates = [
        f"Test{number} = conformance({subject!r}{narrowed})"
        for number, subject in enumerate(request.subjects)
    ]
    file, settings = folder / "test_gate.py", folder / "pytest.ini"
    file.write_text("\n".join(["from verify.gate import conformance", *gates, ""]), encoding="utf-8")
    settings.write_text("[pytest]\n", encoding="utf-8")
    alone = ["--disable-plugin-autoload", "-p", "hypothesispytest", "-p", "verify.pytest_plugin"]
    plugins = [*alone, "-p", "no:terminal", "-p", "no:cacheprovider"]
    profile = ["--hypothesis-profile", request.profile]
    return [str(file), "-c", str(settings), "--rootdir", str(folder), *plugins, *profile]


class Watcher:
    """Shows the gates that a request asks for as they go, and gives each test its part of its time.

    `broken` says why the run could not be done.
    """

    def __init__(self, console: Terminal, session: Session, request: Request) -> None:
        self.console = console
        self.session = session
        self.request = request
        self.is_quick = request.profile == "quick"
        self.broken: list[str] = []
        self._gates: list[Gate] = []
        self._left = 0
        self._item: Any = None
        self._start = 0.0
        self._named = ""
        self._said: set[str] = set()
        self._live = Live(get_renderable=self._line, console=console, transient=True)

    def tallies(self) -> list[Tally]:
        """The tallies in order, including that of an interrupted property."""
        return [judge.tallier.reported() for gate in self._gates for judge in gate.judges.values()]

    def failures(self) -> list[Failed]:
        """What to record: of each property the smallest case of each kind of disagreement."""
        talliers = (judge.tallier for gate in self._gates for judge in gate.judges.values())
        return [failure for tallier in talliers for failure in _failures_of(tallier)]

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[SESSION] = self.session

    def pytest_sessionstart(self) -> None:
        self.session.record(beginning(self.session, self.request.subjects))
        if self.request.detail != "result":
            self.console.print(environment(), style="dim", highlight=False)

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        self._gates = list(dict.fromkeys(item.cls.gate for item in items))
        if self.is_quick:  # what is written down of every subject, before anything is drawn
            items.sort(key=lambda item: item.name.removeprefix("test_") not in UNDRAWN)
        self._left = len(items)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self) -> Any:
        with self._live if self.console.is_terminal else doing(lambda: self._line().plain):
            return (yield)

    def pytest_runtest_setup(self, item: Any) -> None:
        now = time.monotonic()
        parts = 1 if self.is_quick else max(self._left, 1)
        self.session.until = now + max(self.request.until - now, 0) / parts
        self._left -= 1
        self._item, self._start = item, now
        if now > self.request.until:
            item.cls.gate.skip_late(item.name)

    def pytest_runtest_logreport(self, report: Any) -> None:
        tally = self._tally()
        explained = report.when == "call" and tally is not None and tally.failures
        if ours := report.__dict__.get(OURS):
            self.broken.append(ours)
        elif report.failed and not explained and not report.longreprtext.endswith(NOTHING):
            self.broken.append(report.longreprtext.strip().splitlines()[-1])
        if report.when == "call" and tally is not None:
            self._remember()
            if self._named != tally.subject:
                self._named = tally.subject
                self._introduce(tally.subject)
            if self.request.detail == "all":
                counts = f"  {tally.title:<30}{tally.cases:>7,} cases {tally.elapsed:>6.1f} s  "
                self.console.print(Text(counts).append(tally.verdict, STYLES[tally.verdict]))

    def _introduce(self, subject: str) -> None:
        """Say with which versions a subject runs; in an overview once for subjects that share them."""
        line = "" if " " in subject else self._item.cls.gate.subject.line
        if self.request.detail == "all":
            self.console.print(Text(subject, style="bold"), soft_wrap=True)
        of_all = line.removeprefix(subject)
        if (
            line
            and self.request.detail != "result"
            and (self.request.detail == "all" or of_all not in self._said)
        ):
            self._said.add(of_all)
            self.console.print(Text(f"  {line}", style="dim"), soft_wrap=True)

    def pytest_runtest_teardown(self, item: Any, nextitem: Any) -> None:
        """End a worker before the next is needed, so that there is one at a time."""
        settings = [split_label(test.cls.gate.name)[1] for test in (item, nextitem) if test is not None]
        if settings[0] != settings[-1] or nextitem is None:
            item.cls.gate.close_subject()

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self.broken.append(report.longreprtext.strip().splitlines()[-1])

    def pytest_internalerror(self, excinfo: Any) -> bool:
        self.broken.append(str(broken_by(excinfo.value)))
        return True  # so that pytest does not print it

    def pytest_keyboard_interrupt(self) -> None:
        if self._item is not None:
            self._item.cls.gate.close(self._item.name, time.monotonic() - self._start)

    def _remember(self) -> None:
        """Record what the property found before it is printed; the end of the run says if this cannot be."""
        judge = self._judge()
        failures = _failures_of(judge.tallier) if judge is not None else []
        if self.request.failures and failures:
            with suppress(OSError, ValueError):
                remember(self.request.failures, failures)

    def _judge(self) -> Judge | None:
        return self._item.cls.gate.judges.get(self._item.name) if self._item is not None else None

    def _tally(self) -> Tally | None:
        judge = self._judge()
        return judge.tallier.tally if judge is not None else None

    def _line(self) -> Text:
        tally = self._tally()
        if tally is None:
            return Text("loading …")
        what = "shrinking a disagreement" if tally.failures else f"{tally.cases:,} cases"
        return Text(f"{tally.subject} {tally.title}: {what}")


def _failures_of(tallier: Tallier) -> list[Failed]:
    """What to record of a property."""
    return [
        failed(tallier.failures[Case.parse(failure.word)])
        for failure in tallier.tally.failures.values()
        if failure.word
    ]
