"""Tasks dealt out to workers and dealt out again where they are lost, until the time is up."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any

from verify.runs.campaign.link import Link
from verify.runs.campaign.losses import records_of_a_loss
from verify.runs.campaign.tasks import Task

TICK_S = 0.2
"""Seconds between two looks at the clock and the scheduler."""

TRIES = 3
"""How often a task may end its process, or the workers that do it, before that is a finding."""

GATHER_S = 60.0
"""Seconds in which what a task came to is fetched."""

AHEAD = 2
"""Tasks that are dealt out for each thread, so that none waits for the next."""


CANCELLED = ("CancelledError", "FutureCancelledError", "TimeoutError", "FuturesNotFound")
"""The errors of a task that nobody has any more, as its scheduler was lost, or whose result was."""


class Unfit(ValueError):
    """A worker that cannot do the tasks of a campaign, in one sentence."""


@dataclass(eq=False)
class Dealing:
    """Deals the tasks of a campaign out; `message` is what a worker is told of one, `until` when it ends.

    No task is begun after `until`, a time of `time.monotonic`; those that are begun end.
    """

    link: Link
    campaign: str
    tasks: Iterator[Task]
    message: Callable[[Task], dict[str, Any]]
    until: float
    limit_s: float
    say: Callable[[str], None]
    again: int = 0
    _out: dict[str, tuple[Task, Any]] = field(default_factory=dict)
    _back: list[Task] = field(default_factory=list)
    _tries: Counter[str] = field(default_factory=Counter)
    _arrived: SimpleQueue[str] = field(default_factory=SimpleQueue)
    _dealt: int = 0
    _rests: bool = False
    _is_empty: bool = False

    @property
    def dealt_out(self) -> int:
        """The tasks that workers have."""
        return len(self._out)

    def answers(self) -> Iterator[tuple[Task, Mapping[str, Any]]]:
        """Each task that is done, with its answer, which has records; Unfit, Unreachable or Broken."""
        while not self._is_over():
            if not self._rests:
                self._deal_out()
            try:
                key = self._arrived.get(timeout=TICK_S)
            except Empty:
                self._look_after()
                continue
            if key in self._out:
                task, future = self._out.pop(key)
                if (answer := self._taken(task, future, key)) is not None:
                    yield task, answer

    def _is_over(self) -> bool:
        """Whether nothing more is to come; workers are told when the time is up."""
        now = time.monotonic()
        if now > self.until and not self._rests:
            self._rests = True
            self.link.tell("rest", self.campaign)
        if self._rests and (self.link.count()[0] == 0 or now > self.until + 2 * self.limit_s):
            return True  # nobody ends what was begun
        return not self._out and (self._rests or (self._is_empty and not self._back))

    def _deal_out(self) -> None:
        """Have each thread of the workers a task, and one that waits."""
        while len(self._out) < AHEAD * max(self.link.count()[1], 1) and self.link.is_there:
            task = self._back.pop(0) if self._back else next(self.tasks, None)
            if task is None:
                self._is_empty = True
                return
            told = {**self.message(task), "campaign": self.campaign, "limit": self.limit_s}
            self._dealt += 1
            key = f"{self.campaign}-{self._dealt}-{task.name}"
            try:
                future = self.link.submit({**told, "place": self._dealt}, key=key)
            except Exception:  # noqa: BLE001 - the scheduler is lost, which is seen next
                self._back.insert(0, task)
                return
            self._out[key] = task, future
            future.add_done_callback(lambda _, key=key: self._arrived.put(key))

    def _look_after(self) -> None:
        """Come back to a scheduler that was lost, and deal its tasks out again."""
        if self.link.is_there:
            return
        self.link.come_back(self.say)
        for key in [*self._out]:
            self._deal_again(self._out.pop(key)[0])

    def _deal_again(self, task: Task) -> None:
        self.again += 1
        self._back.append(task)

    def _taken(self, task: Task, future: Any, key: str) -> Mapping[str, Any] | None:
        """The answer of a task, if it has records; else it is dealt out again, or left."""
        try:
            answer = future.result(timeout=GATHER_S)
        except BaseException as error:  # noqa: BLE001 - that of Ctrl-C is raised again
            return self._without_answer(task, error)
        finally:
            future.release()
        if "unfit" in answer:
            raise Unfit(f"the worker {answer['worker']} cannot do the tasks: {answer['unfit']}")
        if "broken" in answer:
            raise Unfit(f"{task}: {answer['broken']}")
        if "late" in answer:
            return None
        return self._after_a_loss(task, answer) if "lost" in answer else answer

    def _without_answer(self, task: Task, error: BaseException) -> Mapping[str, Any] | None:
        """A task whose workers were lost, or whose scheduler was: it is dealt out again."""
        name = type(error).__name__
        if name == "KilledWorker":
            lost = "the workers that do it are lost, one after another"
            return self._after_a_loss(task, {"lost": lost, "word": ""})
        if name in CANCELLED:
            self._deal_again(task)
            return None
        if not isinstance(error, Exception):
            raise error
        said = " ".join(str(error).split())[:200]
        raise Unfit(f"{task} cannot be dealt out, as Dask says {name}: {said}") from error

    def _after_a_loss(self, task: Task, answer: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """A task that was lost: dealt out again, or after enough tries its finding."""
        self._tries[task.name] += 1
        tries = self._tries[task.name]
        if tries < TRIES:
            self._deal_again(task)
            return None
        records = records_of_a_loss(self.message(task), answer, tries=tries)
        return {"records": records, "failures": [], "seconds": 0.0, "whole": 0.0}
