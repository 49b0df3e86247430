"""A plugin of pytest for a run: it shows each property as it goes, and shares out the time."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import pytest
from rich.live import Live
from rich.text import Text

from verify.cases.case import Case
from verify.checks.subject import split_label
from verify.config.session import Session
from verify.corpus.failures import Failed, failed
from verify.gate.judging import Gate
from verify.gate.session import NOTHING, SESSION, beginning, environment
from verify.reports.summary import STYLES
from verify.reports.tally import Tally
from verify.reports.terminal import Terminal


def _settings(item: Any) -> dict[str, str]:
    return split_label(item.cls.gate.name)[1]


class Watcher:
    """Shows the gates of these subjects as they go, and gives each test its part of the time until `end`.

    `broken` says why the run could not be done.
    """

    def __init__(self, console: Terminal, session: Session, *, subjects: Sequence[str], end: float) -> None:
        self.console = console
        self.session = session
        self.subjects = subjects
        self.end = end
        self.broken: list[str] = []
        self._gates: list[Gate] = []
        self._left = 0
        self._item: Any = None
        self._start = 0.0
        self._named = ""
        self._live = Live(get_renderable=self._line, console=console, transient=True)

    def tallies(self) -> list[Tally]:
        """What was seen, in order; the property that was interrupted included."""
        return [tallier.reported() for gate in self._gates for tallier in gate.talliers.values()]

    def failures(self) -> list[Failed]:
        """What is to be recorded: of each property the smallest case of each kind of disagreement."""
        return [
            failed(tallier.failures[Case.parse(failure.word)])
            for gate in self._gates
            for tallier in gate.talliers.values()
            for failure in tallier.tally.failures.values()
            if failure.word
        ]

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[SESSION] = self.session

    def pytest_sessionstart(self) -> None:
        self.session.record(beginning(self.session, self.subjects))
        self.console.print(environment(), style="dim", highlight=False)

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        self._gates = list(dict.fromkeys(item.cls.gate for item in items))
        self._left = len(items)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self) -> Any:
        if not self.console.is_terminal:
            return (yield)
        with self._live:
            return (yield)

    def pytest_runtest_setup(self, item: Any) -> None:
        now = time.monotonic()
        self.session.until = now + max(self.end - now, 0) / max(self._left, 1)
        self._left -= 1
        self._item, self._start = item, now
        if now > self.end:
            item.cls.gate.skip_late(item.name)

    def pytest_runtest_logreport(self, report: Any) -> None:
        tally = self._tally()
        explained = report.when == "call" and tally is not None and tally.failures
        if report.failed and not explained and not report.longreprtext.endswith(NOTHING):
            self.broken.append(report.longreprtext.strip().splitlines()[-1])
        if report.when == "call" and tally is not None:
            if self._named != tally.subject:
                self.console.print(Text(tally.subject, style="bold"), soft_wrap=True)
                self._named = tally.subject
                is_labelled = " " in tally.subject
                if not is_labelled and (line := self._item.cls.gate.subject.described):
                    self.console.print(Text(f"  {line}", style="dim"), soft_wrap=True)
            counts = f"  {tally.title:<30}{tally.cases:>7,} cases {tally.elapsed:>6.1f} s  "
            self.console.print(Text(counts).append(tally.verdict, STYLES[tally.verdict]))

    def pytest_runtest_teardown(self, item: Any, nextitem: Any) -> None:
        """End a worker before another is needed, so that there is one at a time."""
        if nextitem is None or _settings(nextitem) != _settings(item):
            item.cls.gate.close_subject()

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self.broken.append(report.longreprtext.strip().splitlines()[-1])

    def pytest_keyboard_interrupt(self) -> None:
        if self._item is not None:
            self._item.cls.gate.close(self._item.name, time.monotonic() - self._start)

    def _tally(self) -> Tally | None:
        tallier = self._item.cls.gate.talliers.get(self._item.name) if self._item is not None else None
        return tallier.tally if tallier is not None else None

    def _line(self) -> Text:
        tally = self._tally()
        if tally is None:
            return Text("loading …")
        doing = "shrinking a disagreement" if tally.failures else f"{tally.cases:,} cases"
        return Text(f"{tally.subject} {tally.title}: {doing}")
