"""A run of the gate through pytest: progress while it goes, then what it proved."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from rich.text import Text

from verify.cases.case import Case
from verify.checks.journal import left
from verify.checks.message import replay
from verify.config.session import Options, Session
from verify.corpus.failures import Failed, remember
from verify.corpus.words import SHIPPED, cases_in, pin
from verify.reports import github
from verify.reports.records import Stream, end, nowhere
from verify.reports.summary import distinct, exit_code, print_summary, sentence
from verify.reports.tally import Tally
from verify.reports.terminal import Terminal
from verify.runs.behaviour.baseline import Watch
from verify.runs.watcher import Watcher

ENDED = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED)
"""How pytest ends where it could run."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is asked of a run: subjects that `options.load` can load, and what is to be kept of it.

    No case is drawn after `until`, a time of `time.monotonic`. The options' pins are asked of each
    subject first, then what has failed and lies in their database. What disagrees is pinned in
    `pin_to`, and recorded in the file `failures`. Records of every case go to the file `report`.
    """

    subjects: Sequence[str]
    options: Options
    profile: str
    until: float
    operations: Sequence[str] | None = None
    failures: Path | None = None
    pin_to: Path | None = None
    report: Path | None = None


def run(console: Terminal, request: Request, watch: Watch | None = None) -> int:
    """Gate the subjects and print what was proved; the exit code. A `watch` compares with a baseline."""
    start = time.monotonic()
    stream = Stream.anew(request.report) if request.report else None
    session = Session(options=request.options, record=stream.write if stream else nowhere)
    for line in _lost():
        console.print(line, style="dim", highlight=False, markup=False, soft_wrap=True)
    watcher = Watcher(console, session, subjects=request.subjects, end=request.until)
    status = _gated(request, session, [watcher, *([watch] if watch else [])])
    interrupted = status == pytest.ExitCode.INTERRUPTED and not watcher.broken
    tallies, shard = watcher.tallies(), request.options.shard
    if tallies:
        console.print()
        print_summary(console, tallies, interrupted=interrupted, shard=shard)
    _keep(console, request, tallies, watcher.failures() if request.failures else [])
    reasons = [
        *watcher.broken,
        *([] if status in ENDED else [f"pytest ended with exit code {int(status)}"]),
        *([f"the report is incomplete: {stream.broken}"] if stream and stream.broken else []),
    ]
    broken = reasons[0] if reasons else ""
    if broken:
        console.say(f"\nCould not run: {broken}")
    code = 2 if broken else exit_code(tallies, shard=shard) or (3 if interrupted else 0)
    changed = ""
    if watch and not broken and not interrupted:
        code, changed = _compared(console, watch, code)
    proved = " ".join(filter(None, (sentence(tallies, interrupted=interrupted, shard=shard), changed)))
    github.publish(tallies, proved, holds=code == 0, say=console.say)
    elapsed = time.monotonic() - start
    session.record(end(elapsed, code, interrupted=interrupted, broken=broken, baseline=changed))
    return code


def _gated(request: Request, session: Session, plugins: Sequence[object]) -> int:
    """Pytest's exit code for a test file that gates the subjects."""
    with (
        tempfile.TemporaryDirectory(prefix="conv-verify-") as folder,
        _interruptible(session),
        _no_addopts(),
    ):
        return pytest.main([*_arguments(Path(folder), request)], plugins=plugins)


def _compared(console: Terminal, watch: Watch, code: int) -> tuple[int, str]:
    """Say what became of a baseline; the exit code, of the gate's and its own that which says more."""
    conclusion = watch.conclude()
    for text in conclusion.lines:
        console.say(text)
    if conclusion.sentence:
        console.print(Text(f"\n{conclusion.sentence}", style="bold"), soft_wrap=True)
    return min(filter(None, (code, conclusion.code)), default=0), conclusion.sentence


def _keep(console: Terminal, request: Request, tallies: Sequence[Tally], failures: Sequence[Failed]) -> None:
    """Record failures and pin what disagrees, where the request names places; say so."""
    if request.failures and failures:
        console.say(_recorded(request.failures, failures))
    if request.pin_to:
        _pin(console, tallies, request.pin_to)


def _recorded(file: Path, failures: Sequence[Failed]) -> str:
    """Record failures; a line that says so, or why it could not be."""
    try:
        remember(file, failures)
    except OSError as wrong:
        return f"unrecorded  {wrong}"
    return f"recorded  {file}  (`replay` asks again what failed)"


def _pin(console: Terminal, tallies: Sequence[Tally], place: Path) -> None:
    """Pin what disagrees under the first line of its message, and say what is new there."""
    failures = [failure for failure, _ in distinct(tallies) if failure.word]
    reasons = {Case.parse(failure.word): failure.text.splitlines()[0] for failure in failures}
    for case in cases_in(SHIPPED):
        reasons.pop(case, None)  # every run asks it already
    for case, file in pin(place, reasons, today=date.today()).items():
        console.say(f"pinned    {case}  ({file})")


def _lost() -> list[str]:
    """What processes that were killed have left in their journals."""
    return [
        f"An earlier process was killed when {subject} was at {word}; replay it by: "
        + replay(word, subject, options="--isolate")
        for subject, word in left()
    ]


@contextmanager
def _interruptible(session: Session) -> Iterator[None]:
    """Let Ctrl-C end the run between two cases.

    Raised at once it may land in a callback of the garbage collector, where Python drops it.
    """

    def interrupt(number: int, frame: object) -> None:
        if session.interrupted:
            raise KeyboardInterrupt
        session.interrupted = True

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _no_addopts() -> Iterator[None]:
    """Keep the environment's options for other test runs out of this one."""
    kept = {name: os.environ.pop(name) for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS") if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)


def _arguments(folder: Path, request: Request) -> list[str]:
    """Pytest's arguments for a test file like the one that a user would write."""
    narrowed = f", operations={tuple(request.operations)!r}" if request.operations else ""
    gates = [
        f"Test{number} = conformance({subject!r}{narrowed})"
        for number, subject in enumerate(request.subjects)
    ]
    file, settings = folder / "test_gate.py", folder / "pytest.ini"
    file.write_text("\n".join(["from verify.gate import conformance", *gates, ""]), encoding="utf-8")
    settings.write_text("[pytest]\n", encoding="utf-8")
    plugins = ["-p", "verify.pytest_plugin", "-p", "no:terminal", "-p", "no:cacheprovider"]
    profile = ["--hypothesis-profile", request.profile]
    return [str(file), "-c", str(settings), "--rootdir", str(folder), *plugins, *profile]
