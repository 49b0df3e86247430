"""What is shown of a run while it goes, and the tallies of the records that it says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import reduce
from typing import Any

from rich.live import Live
from rich.text import Text

from verify.gate.session import environment
from verify.reports.heartbeat import doing, with_case
from verify.reports.records import Record
from verify.reports.summary import STYLES
from verify.reports.tally import Tallies, Tally
from verify.reports.terminal import Terminal
from verify.runs.gating import Begun, Judged, Request
from verify.runs.jobs import Jobs


class Screen:
    """Takes what the parts of a run say, writes their records, and shows how far they are."""

    def __init__(self, console: Terminal, request: Request, write: Callable[[Record], None]) -> None:
        self._console = console
        self._request = request
        self._write = write
        self._tallies = Tallies()
        self._now: Begun | None = None
        self._named = ""
        self._said: set[str] = set()

    def tallies(self) -> list[Tally]:
        """The tallies in the order of the subjects, including that of an interrupted property."""
        order = [*self._request.subjects]
        return sorted(self._tallies, key=lambda tally: order.index(tally.subject))

    def begin(self, jobs: Jobs) -> None:
        """Show where the run is made, and by how many jobs."""
        if self._request.detail != "result":
            header = "; ".join(filter(None, (environment(self._request.profile), jobs.phrase)))
            self._console.print(header, style="dim", highlight=False, soft_wrap=True)

    @contextmanager
    def live(self, at: Callable[[], list[tuple[str, str]]]) -> Iterator[None]:
        """Show in the block what is being done, and `at` which cases the jobs are."""

        def beside() -> str:
            return reduce(lambda phrase, case: with_case(phrase, *case), at(), self._line())

        live = Live(get_renderable=lambda: Text(self._line()), console=self._console, transient=True)
        with live if self._console.is_terminal else doing(beside):
            yield

    def take(self, message: Any) -> None:
        """Take what a part has said: a record, or which property has begun or ended."""
        if isinstance(message, Begun):
            self._now = message
        elif isinstance(message, Judged):
            self._show(message)
        else:
            self._tallies.add(message)
            self._write(message)

    def _show(self, judged: Judged) -> None:
        if self._named != judged.subject:
            self._named = judged.subject
            self._introduce(judged)
        if self._request.detail == "all":
            tally = self._tallies.of(judged.subject, judged.name)
            counts = f"  {tally.title:<30}{tally.cases:>7,} cases {tally.elapsed:>6.1f} s  "
            self._console.print(Text(counts).append(tally.verdict, STYLES[tally.verdict]))

    def _introduce(self, judged: Judged) -> None:
        """Say with which versions a subject runs; in an overview once for subjects that share them."""
        subject, line, detail = judged.subject, judged.line, self._request.detail
        if detail == "all":
            self._console.print(Text(subject, style="bold"), soft_wrap=True)
        of_all = line.removeprefix(subject)
        if line and detail != "result" and (detail == "all" or of_all not in self._said):
            self._said.add(of_all)
            self._console.print(Text(f"  {line}", style="dim"), soft_wrap=True)

    def _line(self) -> str:
        if self._now is None:
            return "loading …"
        subject, name, title = self._now
        tally = self._tallies.of(subject, name)
        what = "shrinking a disagreement" if tally.failures else f"{tally.cases:,} cases"
        return f"{subject} {title}: {what}"
