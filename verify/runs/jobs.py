"""Jobs: processes that do the parts of a command side by side; what they say, in the order of the parts."""

from __future__ import annotations

import os
import signal
import warnings
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from socket import socket
from typing import Any, Generic, NamedTuple, TypeVar

from verify.checks.broken import Broken, broken_by
from verify.checks.exits import ending_of
from verify.checks.interrupts import interruptible
from verify.checks.journal import Journal, journal
from verify.checks.parent import end_with_the_parent
from verify.reports.phrases import plural
from verify.subjects.here import CAN_CONTAIN
from verify.subjects.server import Server, copies_of_kept

Part = TypeVar("Part")

Say = Callable[[Any], None]
"""Takes a message of a part, which can be pickled."""

ENDING_S = 5.0
"""Seconds that a process has to end which has said all."""


def cores() -> int:
    """The number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Jobs(NamedTuple):
    """How many jobs there are, and why not as many as were asked for, in a phrase."""

    number: int
    why: str = ""

    @property
    def phrase(self) -> str:
        """What a header says; nothing of one job that nobody asked to be more."""
        many = f"{self.number} {plural(self.number, 'job')}"
        return f"{many}, as {self.why}" if self.why else many * (self.number > 1)


def jobs_for(parts: int, asked: int | None, noun: str, *, alone: str = "") -> Jobs:
    """The jobs for so many parts: as many as `asked`, or one for each core, and no more than there are parts.

    The `noun` says what a part is, and `alone` why there can only be one job.
    """
    if not CAN_CONTAIN:
        alone = alone or "jobs are forked on Linux alone"
    limits = {
        cores(): f"this process may use {cores()} {plural(cores(), 'core')}",
        max(parts, 1): f"there {'is' if parts == 1 else 'are'} {parts} {plural(parts, noun)}",
        **({1: alone} if alone else {}),
    }
    most = min(limits)
    return Jobs(most, limits[most]) if asked and asked > most else Jobs(min(asked or most, most))


class Done(NamedTuple):
    """The last message of a part: its result, or why its process was lost before it had one.

    Both are missing of a part that was interrupted before it had begun.
    """

    result: Any
    lost: str = ""


class _Wants(NamedTuple):
    """The message of a part that waits for the results of these."""

    parts: Sequence[int]


@dataclass(frozen=True)
class Line:
    """What a part has of its crew: it says messages, and may wait for the results of other parts."""

    stream: Connection

    def __call__(self, message: Any) -> None:
        self.stream.send(message)

    def results_of(self, parts: Sequence[int]) -> list[Any]:
        """The results of parts that were begun before this one, once they have ended; None for a lost one.

        Its crew `keeps` them.
        """
        self.stream.send(_Wants(parts))
        results: list[Any] = self.stream.recv()
        return results


@dataclass(eq=False)
class _Job:
    """A process, the stream on which it takes parts and says messages, and what it waits for."""

    process: ForkProcess
    stream: Connection
    journal: Journal
    part: int | None = None
    last: int | None = None
    wants: Sequence[int] | None = None


Choose = Callable[[Sequence[int], int | None, Sequence[int]], int]
"""The part that a job takes of those that are left, by its last part and those that others are doing."""


def first_left(left: Sequence[int], last: int | None, others: Sequence[int]) -> int:
    """The first part that is left."""
    return left[0]


@dataclass(eq=False)
class Crew(Generic[Part]):
    """Shares parts out to jobs. `work` does a part in one of them, says messages, and returns its result.

    It is told how many parts are left, with its own. Results that parts wait for are kept, where it `keeps`
    them. `arrive` is told each message as it comes, with the number of its part. `interrupt` has no further
    part begun, and those that are being done end as they do at Ctrl-C.
    """

    parts: Sequence[Part]
    work: Callable[[Part, int, Line], Any]
    choose: Choose = first_left
    keeps: bool = False
    arrive: Callable[[int, Any], object] = lambda part, message: None
    _jobs: list[_Job] = field(default_factory=list)
    _results: dict[int, Any] = field(default_factory=dict)
    _left: list[int] = field(default_factory=list)
    _is_interrupted: bool = False

    def start(self, count: int) -> int:
        """Fork this many processes, before this one has a thread; returns how many could be."""
        self._left = [*range(len(self.parts))]
        journal.rest()  # each job has a journal of its own
        for _ in range(count):
            try:
                self._jobs.append(self._forked())
            except OSError:  # there is no memory, or no process more
                break
        return len(self._jobs)

    def _forked(self) -> _Job:
        mine, theirs = get_context("fork").Pipe()
        own, copies = Journal(), copies_of_kept()
        inherited = [mine, *(job.stream for job in self._jobs)]
        process = get_context("fork").Process(
            target=self._serve, args=(theirs, own.place, inherited, copies, os.getpid()), daemon=True
        )
        try:
            with warnings.catch_warnings():  # of threads that NumPy's libraries have, which they start anew
                warnings.simplefilter("ignore", DeprecationWarning)
                process.start()
        except BaseException:
            mine.close()
            own.close()
            raise
        finally:
            theirs.close()
            for _, copy in copies:
                if copy is not None:
                    copy.close()
        return _Job(process, mine, own)

    def _serve(
        self,
        stream: Connection,
        place: str,
        inherited: Sequence[Connection],
        copies: list[tuple[Server, socket | None]],
        parent: int,
    ) -> None:
        """Do part after part, in a job's process, until the stream is closed."""
        end_with_the_parent(parent)
        for other in inherited:
            other.close()
        for server, copy in copies:
            server.go_on_with(copy)
        with suppress(EOFError, OSError, KeyboardInterrupt), interruptible(int):
            while True:
                number, left = stream.recv()
                _write_to(place)
                try:
                    done = Done(self.work(self.parts[number], left, Line(stream)))
                except (Exception, Broken) as error:  # noqa: BLE001 - of ours: the command says so
                    done = Done(None, str(broken_by(error)))
                stream.send(done)

    def said(self) -> Iterator[tuple[int, Any]]:
        """Each message with the number of its part, in the order of the parts; the last of each is its end.

        Those of parts that were not begun are missing.
        """
        early: defaultdict[int, deque[Any]] = defaultdict(deque)
        current = 0
        for job in self._jobs:
            self._hand_out(job)
        while any(job.part is not None for job in self._jobs):
            for number, message in self._received():
                early[number].append(message)
                while early.get(current):
                    yield current, (message := early[current].popleft())
                    if isinstance(message, Done):
                        del early[current]
                        current += 1
        for number in sorted(early):  # after one that was never begun
            yield from ((number, message) for message in early[number])

    def interrupt(self) -> None:
        """Have the parts end that are being done, and begin no other."""
        self._is_interrupted = True
        for job in self._jobs:
            if job.process.pid and job.part is not None:
                with suppress(ProcessLookupError):
                    os.kill(job.process.pid, signal.SIGINT)

    @property
    def is_left(self) -> bool:
        """Whether there are parts that no job has begun."""
        return bool(self._left)

    def at(self) -> dict[int, tuple[str, str]]:
        """Each part that is being done, with the subject and the word that it is at."""
        return {job.part: job.journal.noted() for job in self._jobs if job.part is not None}

    def close(self) -> None:
        """End the processes."""
        for job in self._jobs:
            job.stream.close()
        for job in self._jobs:
            job.process.join(ENDING_S)
            if job.process.exitcode is None:
                job.process.kill()
                job.process.join()
            job.journal.close()
        self._jobs.clear()

    def _hand_out(self, job: _Job) -> None:
        """Give a job its next part, or none if none is left."""
        job.last, job.part = job.part, None
        if self._left and not self._is_interrupted:
            others = [other.part for other in self._jobs if other.part is not None]
            number = self.choose(self._left, job.last, others)
            with suppress(OSError):  # its end is what is received next
                job.stream.send((number, len(self._left)))
            self._left.remove(number)
            job.part = number

    def _received(self) -> Iterator[tuple[int, Any]]:
        """The messages that have arrived, at least one."""
        busy = {job.stream: job for job in self._jobs if job.part is not None}
        for stream in wait([*busy]):
            job = busy[stream]  # type: ignore[index]
            number, message = job.part, self._message_of(job)
            assert number is not None
            if isinstance(message, _Wants):
                job.wants = message.parts
                continue
            self.arrive(number, message)
            if isinstance(message, Done):
                if self.keeps:
                    self._results[number] = message.result
                if job in self._jobs:
                    self._hand_out(job)
            yield number, message
        self._answer_waiting()

    def _answer_waiting(self) -> None:
        """Send the jobs that wait for results what they wait for, if it is there."""
        for job in self._jobs:
            if job.wants is not None and all(number in self._results for number in job.wants):
                with suppress(OSError):  # its end is what is received next
                    job.stream.send([self._results[number] for number in job.wants])
                job.wants = None

    def _message_of(self, job: _Job) -> Any:
        try:
            return job.stream.recv()
        except (EOFError, OSError):
            why = self._why_lost(job)
            return Done(None, "" if self._is_interrupted else why)

    def _why_lost(self, job: _Job) -> str:
        """How a process ended that has not done its part; its job takes no other."""
        job.process.join(ENDING_S)
        code = job.process.exitcode
        subject, word = job.journal.noted()
        where = f" when {subject} was at {word}" if word else ""
        how = "closed its stream" if code is None else ending_of(code)
        self._jobs.remove(job)
        job.journal.close()
        return f"a job of this command {how}{where}, before it had said what it found"


def _write_to(place: str) -> None:
    """Have this process write its cases to the file of its job, where there is one; it is at none yet."""
    if place:
        journal.lend(place)
        journal.rest()


def all_of(parts: Sequence[Part], work: Callable[[Part], Any], *, jobs: int) -> list[Any]:
    """The results of all parts in their order, in this process or in jobs; Broken, if a job was lost."""
    return heard_of(parts, lambda part, say: work(part), jobs=jobs, heard=lambda message: None)


def heard_of(parts: Sequence[Part], work: Callable[[Part, Say], Any], *, jobs: int, heard: Say) -> list[Any]:
    """The same, of work that says messages, which are `heard` as they come."""

    def arrive(_: int, message: Any) -> None:
        if not isinstance(message, Done):
            heard(message)

    crew = Crew(parts, lambda part, left, say: work(part, say), arrive=arrive)
    if jobs < 2 or not crew.start(jobs):
        return [work(part, heard) for part in parts]
    try:
        with interruptible(crew.interrupt):
            ended = [message for _, message in crew.said() if isinstance(message, Done)]
    finally:
        crew.close()
    for done in ended:
        if done.lost:
            raise Broken(done.lost)
    return [done.result for done in ended]
