"""The jobs of a sweep: threads that each have a subject, and the blocks that they share, counted in order."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Lock, Thread
from time import monotonic, perf_counter
from typing import Any, NamedTuple, TypeVar

from verify.cases.enumeration import Enumeration
from verify.checks.bulk import Swept
from verify.checks.deviations import Deviation
from verify.checks.files import refusal_of
from verify.checks.interrupts import interruptible, shielded
from verify.checks.journal import Journal, current, own_journal
from verify.checks.project import require_kept
from verify.checks.subject import Subject, describe
from verify.config.flags import Isolation
from verify.runs.sweep.blocks import Blocks
from verify.runs.sweep.progress import OPTION, Progress, save_state
from verify.subjects.here import ASKED, CAN_CONTAIN, NO_WORKERS
from verify.subjects.isolated import TIMEOUT_S, isolated, worker_of
from verify.subjects.trial import tried, tried_here

SAVE_S = 2.0
"""Seconds between two writings of the state."""

CASES_A_JOB = 20_000
"""The number of cases that justify another job, as each has to import its framework."""

MOST_JOBS = 8
"""The most jobs that are started by default."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is swept, and how: `make` gives a subject for each of the `jobs`, or each but the `first`.

    Recorded deviations, and the user's `deviations`, are reported as known where they `excuse`.
    `again` is the command line that takes the sweep up from `state`.
    """

    enumeration: Enumeration
    make: Callable[[], Subject]
    first: Subject | None = None
    jobs: int = 1
    excuse: bool = True
    deviations: tuple[Deviation, ...] = ()
    state: Path
    resume: bool = False
    keep_going: bool = False
    again: str = ""


def maker(name: str, isolation: Isolation) -> Callable[[], Subject]:
    """The function that makes a job's subject and tries it: in a worker, or here with `--no-isolate`."""
    if not isolation.is_asked and (isolation.isolate is False or not CAN_CONTAIN):
        return lambda: tried_here(name, why=NO_WORKERS if isolation.isolate is None else ASKED)
    python, timeout_s = isolation.python or sys.executable, isolation.timeout or TIMEOUT_S
    return lambda: tried(isolated(name, alone=True, python=python, timeout_s=timeout_s))


def usual_jobs(enumeration: Enumeration) -> int:
    """One for each core, and no more than the number of cases justifies."""
    return max(min(os.cpu_count() or 1, MOST_JOBS, -(-enumeration.count // CASES_A_JOB)), 1)


T = TypeVar("T")


def in_order(results: Iterable[tuple[int, T]], first: int) -> Iterator[tuple[int, T]]:
    """Numbered results in the order of their numbers from `first`, each once all before it have arrived."""
    early: dict[int, T] = {}
    for number, result in results:
        early[number] = result
        while first in early:
            yield first, early.pop(first)
            first += 1


class End(NamedTuple):
    """The last message of a job; with the error that kept it from its subject, if any."""

    job: int
    error: BaseException | None


class Jobs:
    """Threads that each have a subject, take blocks and return their results."""

    def __init__(
        self, plan: Plan, progress: Progress, *, first: Subject, known: tuple[Deviation, ...]
    ) -> None:
        self._plan, self._progress, self._first, self._known = plan, progress, first, known
        self._left, self._lock, self._stop = iter(range(progress.done, progress.blocks)), Lock(), Event()
        self._messages: SimpleQueue[tuple[int, Swept | BaseException] | End] = SimpleQueue()
        self._without_subject: dict[int, BaseException] = {}
        self._begun, self._saved = monotonic(), float("-inf")
        self._before = progress.swept.cases
        self.rate, self.unsaved = 0.0, ""
        self._journals: list[Journal] = []

    @property
    def is_over(self) -> bool:
        """Whether all cases are done, or enough counterexamples are found."""
        return self._progress.is_complete or (self._progress.is_enough and not self._plan.keep_going)

    def run(self) -> Iterator[None]:
        """Start, and count block after block; no thread is running at the end.

        Blocks count in their order, whichever job was faster, up to the one that ends the sweep. Once all
        jobs have ended, raises the error that kept a job from its subject, or that of a block before the end.
        """
        if self.is_over:
            return
        current().rest()  # each job has a journal of its own
        makers = [lambda: self._first, *[self._plan.make] * (self._plan.jobs - 1)]
        for job, make in enumerate(makers):
            Thread(target=self._work, args=(job, make), daemon=True).start()
        failure: BaseException | None = None
        for number, result in in_order(self._handed_in(len(makers)), self._progress.done):
            if failure or self.is_over:
                continue  # another job was ahead
            if isinstance(result, BaseException):
                failure = result
                continue
            with shielded():
                self._progress.add(number, result)
            self.rate = (self._progress.swept.cases - self._before) / (monotonic() - self._begun)
            if self.is_over:
                self._stop.set()
            yield
        if self._without_subject:
            raise self._without_subject[min(self._without_subject)]
        if failure:
            raise failure

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
        """Let Ctrl-C end the wait for the jobs, whose running blocks are abandoned."""
        with interruptible(self._stop.set):
            yield

    def doing(self) -> str:
        """The current state of the sweep, and the case of each job."""
        at = [word for _, word in map(Journal.noted, self._journals) if word]
        return ", at ".join((self.line(), *at[:1])) + "".join(f" and {word}" for word in at[1:])

    def line(self) -> str:
        """The current state of the sweep, for a terminal."""
        swept, total = self._progress.swept, self._plan.enumeration.count
        rate = f", {self.rate:,.0f} a second" if self.rate else ""
        left = f", {duration((total - swept.cases) / self.rate)} left" if self.rate else ""
        wrong = f", {swept.counterexamples.total():,} wrong" if swept.counterexamples else ""
        ending = ", ending" if self._stop.is_set() else ""
        name = describe(self._first).name
        return f"{name}: {swept.cases:,} of {total:,} cases{rate}{wrong}{ending or left}"

    def _handed_in(self, jobs: int) -> Iterator[tuple[int, Swept | BaseException]]:
        """The results of blocks as they arrive, until this many jobs have ended."""
        while jobs:
            message = self._messages.get()
            if not isinstance(message, End):
                yield message
                continue
            jobs -= 1
            if message.error:
                self._without_subject[message.job] = message.error

    def _work(self, job: int, make: Callable[[], Subject]) -> None:
        subject, error = None, None
        with own_journal() as own:
            self._journals.append(own)
            try:
                subject = make()
            except BaseException as failure:  # noqa: BLE001 - raised by the thread that waits for the jobs
                error = failure
                self._stop.set()
            else:
                self._take_blocks(subject, own)
        if subject is not self._first:
            close(subject)
        self._messages.put(End(job, error))

    def _take_blocks(self, subject: Subject, own: Journal) -> None:
        last = perf_counter()
        enumeration = self._plan.enumeration
        blocks = Blocks(subject=describe(subject), enumeration=enumeration, known=self._known, journal=own)
        while (number := self._next()) is not None:
            try:
                swept = blocks.examine(self._progress.places(number))
            except BaseException as failure:  # noqa: BLE001 - it is raised when the block is counted
                self._stop.set()
                self._messages.put((number, failure))
                return
            now = perf_counter()
            swept.seconds["job"], last = now - last, now  # type: ignore[assignment]
            self._messages.put((number, swept))

    def _next(self) -> int | None:
        with self._lock:
            return None if self._stop.is_set() else next(self._left, None)


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
