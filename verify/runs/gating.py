"""A part of a run: some of its gates, judged by pytest in one process, which says what it sees as it goes."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from verify.cases.case import Case
from verify.checks.broken import broken_by
from verify.checks.carried import Carried
from verify.checks.interrupts import interruptible
from verify.checks.losses import handed_over
from verify.checks.scratch import scratch_folder
from verify.checks.subject import split_label
from verify.config.session import Options, Session
from verify.corpus.failures import Failed, failed, remember
from verify.gate.judging import Judge
from verify.gate.properties import TITLES
from verify.gate.recorder import Tallier
from verify.gate.session import NOTHING, OURS, SESSION
from verify.gate.under_test import Gate
from verify.reports.overview import Detail
from verify.reports.tally import UNDRAWN
from verify.runs.behaviour.baseline import Observed, Watch
from verify.runs.jobs import Say

ENDED = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED)
"""Pytest's exit codes of a run that took place."""

TEST_FILE = "test_gate.py"


@dataclass(frozen=True, kw_only=True)
class Request:
    """The request for a run: subjects that `options.load` can load, and what to keep of it.

    No case is drawn after `until`, a time of `time.monotonic`. The options' pins are asked of each
    subject first, then the failures in their database, and of large cases some, where `large` says so. Of the
    `relations` all are measured, or those in `demand`, which must hold.
    What disagrees is pinned in `pin_to`, and recorded in the file `failures`. Records of every case go to the
    file `report`. `detail` is how much of the summary is printed, as `print_proved` has it. `jobs` are how
    many were asked for, and `alone` says why there can be only one; `costs` says of a subject by its name how
    many times fewer cases than usual it is given. `only` names the properties that are
    asked, where these are not all. Each has its share of the time, or all that is left, if it is `undivided`.
    """

    subjects: Sequence[str]
    options: Options
    profile: str
    until: float
    narrowings: Mapping[str, Any] = field(default_factory=dict)
    large: bool = False
    relations: bool = False
    demand: Sequence[str] = ()
    failures: Path | None = None
    pin_to: Path | None = None
    report: Path | None = None
    detail: Detail = "overview"
    jobs: int | None = 1
    alone: str = ""
    costs: Mapping[str, int] = field(default_factory=dict)
    only: Sequence[str] = ()
    undivided: bool = False

    @property
    def is_quick(self) -> bool:
        """Whether what is written down of all subjects comes before anything is drawn."""
        return self.profile == "quick"


class Begun(NamedTuple):
    """Said when a property of a subject is begun."""

    subject: str
    name: str
    title: str


class Judged(NamedTuple):
    """Said when a property of a subject has ended; `line` has the subject's versions."""

    subject: str
    name: str
    line: str


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a part came to beside its records.

    `broken` says why it could not be done, `failures` are what to record: of each property the smallest case
    of each kind of disagreement. `losses` are as `handed_over` has them, and `causes` the first disagreement
    of each cause.
    """

    interrupted: bool = False
    broken: Sequence[str] = ()
    failures: Sequence[Failed] = ()
    losses: Sequence[tuple[str, str]] = ()
    observed: Observed | None = None
    causes: Sequence[Carried] = ()


def gate_all(
    request: Request,
    say: Say,
    watch: Watch | None = None,
    *,
    earlier: Callable[[], Sequence[Carried]] | None = None,
) -> Outcome:
    """Gate the subjects of a request; what is said are records, and which property has begun and ended.

    `earlier` is that of a session, for the properties of a subject that come after those of another process.
    """
    session = Session(options=request.options, record=say, earlier=earlier)
    watcher = Watcher(session, request, say)
    with (
        scratch_folder() as folder,
        interruptible(session.interrupt),
        _no_addopts(),
    ):
        sys.modules.pop(TEST_FILE.removesuffix(".py"), None)  # of a part before this one
        status = pytest.main([*_arguments(folder, request)], plugins=[watcher, *([watch] if watch else [])])
    reasons = [*watcher.broken]
    if status not in ENDED:
        reasons.append(f"pytest ended with exit code {int(status)}")
    return Outcome(
        interrupted=status == pytest.ExitCode.INTERRUPTED and not watcher.broken,
        broken=reasons,
        failures=watcher.failures(),
        losses=handed_over(),
        observed=watch.observed() if watch else None,
        causes=watcher.causes(),
    )


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
    asked = {name: getattr(request, name) for name in ("large", "relations", "demand")}
    options = {**request.narrowings, **{name: value for name, value in asked.items() if value}}
    narrowed = "".join(f", {name}={value!r}" for name, value in options.items())
    gates = [
        f"Test{number} = conformance({subject!r}{narrowed})"
        for number, subject in enumerate(request.subjects)
    ]
    file, settings = folder / TEST_FILE, folder / "pytest.ini"
    file.write_text("\n".join(["from verify.gate import conformance", *gates, ""]), encoding="utf-8")
    settings.write_text("[pytest]\n", encoding="utf-8")
    alone = ["--disable-plugin-autoload", "-p", "hypothesispytest", "-p", "verify.pytest_plugin"]
    plugins = [*alone, "-p", "no:terminal", "-p", "no:cacheprovider"]
    profile = ["--hypothesis-profile", request.profile]
    return [str(file), "-c", str(settings), "--rootdir", str(folder), *plugins, *profile]


class Watcher:
    """A plugin that says which property is judged, and gives each test its part of the time.

    `broken` says why the run could not be done.
    """

    def __init__(self, session: Session, request: Request, say: Say) -> None:
        self.session = session
        self.request = request
        self.broken: list[str] = []
        self._say = say
        self._gates: list[Gate] = []
        self._left = 0
        self._item: Any = None
        self._start = 0.0

    def failures(self) -> list[Failed]:
        """What to record: of each property the smallest case of each kind of disagreement."""
        talliers = (judge.tallier for gate in self._gates for judge in gate.judges.values())
        return [failure for tallier in talliers for failure in _failures_of(tallier)]

    def causes(self) -> list[Carried]:
        """The first disagreement of each cause, as another process can take it."""
        return [Carried.of(cause) for gate in self._gates for cause in gate.causes]

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[SESSION] = self.session

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        if self.request.only:
            items[:] = [item for item in items if item.name.removeprefix("test_") in self.request.only]
        self._gates = list(dict.fromkeys(item.cls.gate for item in items))
        if self.request.is_quick:  # what is written down of every subject, before anything is drawn
            items.sort(key=lambda item: item.name.removeprefix("test_") not in UNDRAWN)
        self._left = len(items)

    def pytest_runtest_setup(self, item: Any) -> None:
        now = time.monotonic()
        parts = 1 if self.request.is_quick or self.request.undivided else max(self._left, 1)
        self.session.until = now + max(self.request.until - now, 0) / parts
        self._left -= 1
        self._item, self._start = item, now
        name = item.name.removeprefix("test_")
        self._say(Begun(item.cls.gate.name, name, TITLES[name]))
        if now > self.request.until:
            item.cls.gate.skip_late(item.name)

    def pytest_runtest_logreport(self, report: Any) -> None:
        judge = self._judge()
        explained = report.when == "call" and judge is not None and judge.tallier.tally.failures
        if ours := report.__dict__.get(OURS):
            self.broken.append(ours)
        elif report.failed and not explained and not report.longreprtext.endswith(NOTHING):
            self.broken.append(report.longreprtext.strip().splitlines()[-1])
        if report.when == "call" and judge is not None:
            self._remember(judge)
            tally = judge.tallier.tally
            self._say(Judged(tally.subject, tally.name, judge.gate.subject.line))

    def pytest_runtest_teardown(self, item: Any, nextitem: Any) -> None:
        """End a worker before one with other settings is needed, so that there is one at a time."""
        settings = [split_label(test.cls.gate.name)[1] for test in (item, nextitem) if test is not None]
        if settings[0] != settings[-1]:
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

    def pytest_sessionfinish(self) -> None:
        """Say what was found by a property that was cut short."""
        for gate in self._gates:
            for judge in gate.judges.values():
                judge.tallier.reported()

    def _remember(self, judge: Judge) -> None:
        """Record what the property found before it is printed; the end of the run says if this cannot be."""
        failures = _failures_of(judge.tallier)
        if self.request.failures and failures:
            with suppress(OSError, ValueError):
                remember(self.request.failures, failures)

    def _judge(self) -> Judge | None:
        return self._item.cls.gate.judges.get(self._item.name) if self._item is not None else None


def _failures_of(tallier: Tallier) -> list[Failed]:
    """What to record of a property."""
    return [
        failed(tallier.failures[Case.parse(failure.word)])
        for failure in tallier.tally.failures.values()
        if failure.word
    ]
