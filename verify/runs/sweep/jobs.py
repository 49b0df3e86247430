"""The jobs of a sweep: the blocks that they share, counted in order."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import monotonic, perf_counter
from typing import Any

from verify.cases.enumeration import Enumeration
from verify.checks.broken import Broken
from verify.checks.bulk import Swept
from verify.checks.deviations import Deviation
from verify.checks.files import refusal_of
from verify.checks.interrupts import interruptible, shielded
from verify.checks.journal import journal
from verify.checks.project import require_kept
from verify.checks.subject import Subject, describe
from verify.config.flags import Isolation
from verify.reports.heartbeat import Noted
from verify.runs.jobs import Crew, Done, cores
from verify.runs.sweep.blocks import Blocks
from verify.runs.sweep.progress import OPTION, Progress, save_state
from verify.subjects.device import choose
from verify.subjects.here import ASKED, CAN_CONTAIN, NO_WORKERS
from verify.subjects.isolated import TIMEOUT_S, isolated, worker_of
from verify.subjects.trial import tried, tried_here

SAVE_S = 2.0
"""Seconds between two writings of the state."""

CASES_A_JOB = 2_000
"""The number of cases that justify another job, which is forked with its framework imported."""

MOST_JOBS = 8
"""The most jobs that are started by default."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is swept, and how: `make` gives the subject, unless it is the `first`, and `jobs` share its cases.

    `jobs_phrase` says why there are not as many as were asked for. Recorded deviations, and the user's
    `deviations`, are reported as known where they `excuse`. `again` is the command line that takes the sweep
    up from `state`.
    """

    enumeration: Enumeration
    make: Callable[[], Subject]
    first: Subject | None = None
    jobs: int = 1
    jobs_phrase: str = ""
    excuse: bool = True
    deviations: tuple[Deviation, ...] = ()
    state: Path
    resume: bool = False
    keep_going: bool = False
    again: str = ""


def maker(name: str, isolation: Isolation) -> Callable[[], Subject]:
    """The function that makes the subject and tries it: in a worker, or here with `--no-isolate`."""
    choose(isolation.device)
    if not isolation.is_asked and (isolation.isolate is False or not CAN_CONTAIN):
        return lambda: tried_here(name, why=NO_WORKERS if isolation.isolate is None else ASKED)
    python, timeout_s = isolation.python or sys.executable, isolation.timeout or TIMEOUT_S
    return lambda: tried(isolated(name, python=python, timeout_s=timeout_s))


def usual_jobs(enumeration: Enumeration) -> int:
    """One for each core, and no more than the number of cases justifies."""
    return max(min(cores(), MOST_JOBS, -(-enumeration.count // CASES_A_JOB)), 1)


class Sweeping:
    """Puts blocks to a subject, in this process or in a job, and says how long each took."""

    def __init__(
        self, plan: Plan, progress: Progress, *, subject: Subject, known: tuple[Deviation, ...]
    ) -> None:
        self._places, self._last = progress.places, 0.0
        self._blocks = Blocks(
            subject=describe(subject), enumeration=plan.enumeration, known=known, journal=journal
        )

    def __call__(self, number: int, left: int, say: Callable[[Any], object]) -> Swept:
        """The result of a block; what its first parts come to is said."""
        last = self._last or perf_counter()
        swept = self._blocks.examine(self._places(number), say)
        self._last = perf_counter()
        swept.seconds["job"] = self._last - last  # type: ignore[assignment]
        return swept


class Jobs:
    """Processes that share the blocks, or this one, and the results of the blocks in their order."""

    def __init__(
        self, plan: Plan, progress: Progress, *, first: Subject, known: tuple[Deviation, ...]
    ) -> None:
        self._plan, self._progress, self._first = plan, progress, first
        self._numbers = range(progress.done, progress.blocks)
        self._sweeping = Sweeping(plan, progress, subject=first, known=known)
        self._crew = Crew(self._numbers, self._sweeping, arrive=self._arrive)
        self._uncounted: dict[int, Swept] = {}
        self._begun, self._saved = monotonic(), float("-inf")
        self._before = progress.swept.cases
        self.rate, self.unsaved, self._is_ending = 0.0, "", False

    @property
    def is_over(self) -> bool:
        """Whether all cases are done, or enough counterexamples are found."""
        return self._progress.is_complete or (self._progress.is_enough and not self._plan.keep_going)

    def run(self) -> Iterator[None]:
        """Start, and count block after block; no job is running at the end.

        Blocks count in their order, whichever job was faster, up to the one that ends the sweep. Raises the
        error of a block before that; of one in a job as Broken, one sentence.
        """
        if self.is_over:
            return
        is_shared = self._plan.jobs > 1 and self._crew.start(min(self._plan.jobs, len(self._numbers))) > 0
        try:
            for number, result in self._of_jobs() if is_shared else self._of_this_process():
                with shielded():
                    self._progress.add(number, result)
                    self._uncounted.pop(number, None)
                self.rate = (self._progress.swept.cases - self._before) / (monotonic() - self._begun)
                yield
                if self.is_over:
                    break
        finally:
            self._crew.interrupt()  # blocks beyond the end are abandoned
            self._crew.close()

    def _of_this_process(self) -> Iterator[tuple[int, Swept]]:
        numbers = enumerate(self._numbers)
        return (
            (number, self._sweeping(number, 1, partial(self._arrive, place))) for place, number in numbers
        )

    def _of_jobs(self) -> Iterator[tuple[int, Swept]]:
        for place, done in self._crew.said():
            if isinstance(done, Swept):
                continue
            if done.lost:
                raise Broken(done.lost)
            if done.result is not None:
                yield self._numbers[place], done.result

    def _arrive(self, place: int, message: Done | Swept) -> None:
        """Keep what a block has come to until it is counted: its parts so far, or all of it."""
        number = self._numbers[place]
        if isinstance(message, Swept):
            self._uncounted.setdefault(number, Swept()).add(message)
        elif message.result is not None:
            self._uncounted[number] = message.result

    def so_far(self) -> Swept:
        """What was counted, and of a sweep that has not ended what else was answered in its blocks."""
        swept = Swept()
        for each in (self._progress.swept, *(() if self.is_over else self._uncounted.values())):
            swept.add(each)
        return swept

    def save(self, what: dict[str, Any]) -> None:
        """Write the state, at first and every few seconds; `unsaved` says why it cannot be written."""
        if monotonic() - self._saved > SAVE_S:
            self._saved = monotonic()
            self._save(what)

    def leave(self, what: dict[str, Any]) -> None:
        """Write the state of a sweep that is not finished; remove that of a finished one."""
        if self.is_over:
            with suppress(OSError):
                require_kept(self._plan.state)
                self._plan.state.unlink(missing_ok=True)
        elif self._progress.done:
            self._save(what)

    def _save(self, what: dict[str, Any]) -> None:
        self.unsaved = ""
        try:
            save_state(self._plan.state, self._progress, what)
        except OSError as error:
            self.unsaved = refusal_of(error, OPTION)

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Let Ctrl-C end the jobs, whose running blocks are abandoned."""

        def end() -> None:
            self._is_ending = True
            self._crew.interrupt()

        with interruptible(end):
            yield

    def at(self) -> list[Noted]:
        """The subject and the word that each job is at."""
        return [*self._crew.at().values()]

    def line(self) -> str:
        """The current state of the sweep, for a terminal."""
        swept, total = self.so_far(), self._plan.enumeration.count
        rate = f", {self.rate:,.0f} a second" if self.rate else ""
        left = f", {duration((total - swept.cases) / self.rate)} left" if self.rate else ""
        wrong = f", {swept.counterexamples.total():,} wrong" if swept.counterexamples else ""
        ending = ", ending" if self._is_ending else ""
        name = describe(self._first).name
        return f"{name}: {swept.cases:,} of {total:,} cases{rate}{wrong}{ending or left}"


def close(subject: Subject | None) -> None:
    """End a subject's worker."""
    worker = worker_of(subject) if subject else None
    if worker:
        worker.close()


def duration(seconds: float) -> str:
    """A length of time as hours, minutes and seconds."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
