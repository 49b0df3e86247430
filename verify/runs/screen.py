"""What is shown of a run while it goes, and the tallies of the records that it says."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from rich.text import Text

from verify.checks.subject import split_label
from verify.gate.session import environment
from verify.reports.heartbeat import Noted
from verify.reports.live import going_on
from verify.reports.phrases import plural
from verify.reports.records import Record
from verify.reports.summary import STYLES
from verify.reports.tally import Tallies, Tally
from verify.reports.terminal import Terminal
from verify.runs.gating import Begun, Judged, Request
from verify.runs.jobs import Crew, Done, Jobs
from verify.runs.sharing import Part


class Screen:
    """Takes what the parts of a run say, writes their records, and shows how far they are."""

    def __init__(self, console: Terminal, request: Request, write: Callable[[Record], None]) -> None:
        self._console = console
        self._request = request
        self._write = write
        self._tallies = Tallies()
        self._now: Begun | None = None
        self._begun: dict[int, Begun] = {}
        self._ended = 0
        self._cases = 0
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

    def live(self) -> AbstractContextManager[None]:
        """Show in the block what this process does."""
        return going_on(self._console, self._line)

    def live_of(self, crew: Crew[Part]) -> AbstractContextManager[None]:
        """Show in the block how many parts jobs have done, and what each does."""
        parts = len(crew.parts)

        def phrase() -> str:
            return f"{self._ended} of {parts} {plural(parts, 'part')} done, {self._cases:,} cases"

        def at() -> list[Noted]:
            return [(self._asked(part, subject), word) for part, (subject, word) in crew.at().items()]

        def lines() -> str:
            return "\n".join([phrase(), *(f"  {self._asked(part, '')}" for part in crew.at())])

        return going_on(self._console, phrase, at=at, lines=lines)

    def _asked(self, part: int, subject: str) -> str:
        """The subject of a part, or its way, and the property that is asked of it."""
        begun = self._begun.get(part)
        return f"{subject or begun.subject} {begun.title}" if begun else subject or "loading …"

    def arrive(self, part: int, message: Any) -> None:
        """Note how far a part is, whose messages may be taken later."""
        if isinstance(message, Begun):
            self._begun[part] = message
        elif isinstance(message, Done):
            self._ended += 1
        elif not isinstance(message, Judged):
            self._cases += message["type"] == "case"

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
        line, detail = judged.line, self._request.detail
        if detail == "all":
            self._console.print(Text(judged.subject, style="bold"), soft_wrap=True)
        if not line or detail == "result":
            return
        name = split_label(judged.subject)[0]
        shared = line.removeprefix(name)
        if detail == "all" or shared not in self._said:
            self._said.add(shared)
            is_named = detail == "all" or shared != line
            self._console.print(
                Text(f"  {line if is_named else f'{name}: {line}'}", style="dim"), soft_wrap=True
            )

    def _line(self) -> str:
        if self._now is None:
            return "loading …"
        subject, name, title = self._now
        tally = self._tallies.of(subject, name)
        what = "shrinking a disagreement" if tally.failures else f"{tally.cases:,} cases"
        return f"{subject} {title}: {what}"
