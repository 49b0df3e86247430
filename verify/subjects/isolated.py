"""A subject in a worker: a process of its own, in which a crash, a hang or too little memory is a verdict."""

from __future__ import annotations

import os
import re
import shlex
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from functools import cached_property
from itertools import accumulate
from typing import Any, get_args

import numpy as np

from verify.cases.case import Case
from verify.cases.operands import Array
from verify.checks.bulk import Swept
from verify.checks.deviations import Deviation, deviation_of
from verify.checks.subject import Declined, Elsewhere, Subject, elsewhere, split_label
from verify.oracle.compare import KINDS, Lost, Outcome, Verdict, disagrees
from verify.subjects.protocol import BrokenStream, array_of, receive, send
from verify.subjects.registry import BUILTIN, load
from verify.subjects.server import (
    PATIENCE_S,
    Life,
    NoWorker,
    Server,
    how_it_ended,
    kept_server,
    last_lines,
)

TIMEOUT_S = 10.0
"""Seconds that a case may take. The first one of a process includes the framework's initialisation."""

MEMORY_BYTES = 8 * 2**30
"""Address space that a process may take beyond what its imports have mapped.

Arrays of a case are at most 1 GiB as float64; threads and allocators reserve more than they use.
"""


def usual(name: str) -> Subject:
    """The subject of a name as a run loads it: one that is built in has a worker, where one can be started.

    A worker costs a fraction of a millisecond a case, and native code may end its process. A user's own
    function stays in this process unless it is asked otherwise.
    """
    is_contained = split_label(name)[0] in BUILTIN and sys.platform == "linux"
    return isolated(name) if is_contained else load(name)


def isolated(label: str, **options: Any) -> Isolated:
    """The subject of a label, its name with settings, in a worker that has been started."""
    name, settings = split_label(label)
    subject = Isolated(name, environment=settings, **options)
    subject.start()
    return subject


@dataclass(eq=False)
class Isolated:
    """A subject that a worker process runs: by name, in this or another interpreter.

    `python` needs NumPy and what the subject imports, and no more. `environment` is set there in
    addition to this process's own. A case may take `timeout_s` seconds and a process `memory_bytes` of
    address space beyond its imports; None leaves that open, as drivers of GPUs need. One that is `alone`
    shares its process with no other subject, so that several can be asked at a time.
    The worker starts with the first question, or by `start`. Raises NoWorker where there is none.
    """

    name: str
    _: KW_ONLY
    python: str = sys.executable
    environment: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float = TIMEOUT_S
    memory_bytes: int | None = MEMORY_BYTES
    alone: bool = False
    _server: Server | None = field(default=None, init=False)

    @property
    def options(self) -> str:
        """What the command line needs to run the subject in the same way."""
        where = "--isolate" if self.name not in BUILTIN else ""
        if self.python != sys.executable:
            where = f"--python {shlex.quote(self.python)}"
        return where if self.timeout_s == TIMEOUT_S else f"{where} --timeout {self.timeout_s:g}".lstrip()

    def __getattr__(self, name: str) -> Any:
        """What the subject declares where it runs, under the names of `Declared`."""
        if name.startswith("_") or name not in self._declared:
            raise AttributeError(f"a subject in a worker has no {name!r}")
        return self._declared[name]

    @cached_property
    def _declared(self) -> dict[str, Any]:
        declared = self.start()
        switches = {**self.environment, **declared["switches"]}
        versions = [
            f"{name} {number}" for name, number in declared["versions"].items() if name != "hypothesis"
        ]
        settings = [f"{name}={value}" for name, value in switches.items()]
        parts = filter(None, (versions, settings))
        return {
            **declared,
            "switches": switches,
            "condition_names": {**declared["condition_names"], "switches": switches},
            "known": tuple(map(deviation_of, declared["known"])),
            "headline": f"{self.name} in {self.python}: " + "; ".join(map(", ".join, parts)),
        }

    @cached_property
    def _sporadic_crashes(self) -> Sequence[Deviation]:
        sporadic = (entry for entry in self.known if entry.sporadic and "crashed" in entry.kinds)
        return [entry for entry in sporadic if entry.applies(self.condition_names)]

    def _may_crash_later(self, case: Case) -> bool:
        """Whether a case is known to crash at times, so that a life it leaves may die at a later one."""
        crashes = self._sporadic_crashes
        return any(deviation.explains(case, "crashed", self.condition_names) for deviation in crashes)

    def start(self) -> dict[str, Any]:
        """Start the worker, if it is not there; what it says of itself."""
        if self._server is None or self._server.is_stopped:
            make = Server if self.alone else kept_server
            where: dict[str, Any] = {"python": self.python, "environment": self.environment}
            self._server = make(self.name, **where, memory_bytes=self.memory_bytes)
        return {**self._server.hello, **self._server.hello["subjects"][self.name]}

    def close(self) -> None:
        """End the worker, which may be that of other subjects too; the next question starts another."""
        if self._server is not None:
            self._server.stop()
            self._server = None

    def __call__(self, case: Case) -> Array:
        """The worker's answer.

        What the subject wrote to its operands is written to those of `case`. Raises Declined, or
        Elsewhere with the verdict where the worker has none or was lost.
        """
        life = self._begin()
        try:
            os.ftruncate(life.output.fileno(), 0)
            send(life.stream, {"subject": self.name, "word": str(case)})
            header, body = receive(life.stream, self.timeout_s)
            if self._may_crash_later(case):
                self._end(0)
                life.output.close()
            if "answer" in header:
                return _answer(case, header, body=memoryview(body))
            verdict = _verdict(header)
        except TimeoutError:
            self._end(0)
            sentence = f"it gave no answer in {self.timeout_s:g} s"
            raise _lost(life, kind="timed out", sentence=sentence) from None
        except (OSError, BrokenStream):
            raise self._lost(life) from None
        except BaseException:  # Ctrl-C: the answer may still come, and is no one's
            self._end(0)
            life.output.close()
            raise
        if verdict.outcome == "declined":
            raise Declined(verdict.sentence)
        raise elsewhere(f"{header.get('error')} {verdict.place}".rstrip())(verdict)

    def sweep(self, enumeration: str, *, start: int, stop: int, known: str) -> Swept | None:
        """What became of a block of an enumeration in the worker, or None where that was lost on the way.

        The enumeration and the known deviations are the texts of `cases.enumeration` and `deviations`.
        """
        life = self._begin()
        try:
            os.ftruncate(life.output.fileno(), 0)
            block = {"enumeration": enumeration, "start": start, "stop": stop, "known": known}
            send(life.stream, {"subject": self.name, **block})
            while not (header := receive(life.stream, self.timeout_s)[0]):
                pass
            return Swept.from_data(header["swept"])
        except BaseException as lost:
            self._end(0)
            life.output.close()
            if isinstance(lost, OSError | BrokenStream):
                return None
            raise

    def _begin(self) -> Life:
        """The life that the server has, or a new one; with a new server where the last one has gone."""
        for last in (False, True):
            self.start()
            assert self._server is not None
            try:
                return self._server.life or self._server.fork()
            except (OSError, BrokenStream):
                self.close()
                if last:
                    raise NoWorker(
                        f"no worker of {self.name!r} can be started with {self.python!r}"
                    ) from None
        raise AssertionError

    def _end(self, patience_s: float) -> int | None:
        """End the life after so much patience; its exit code, or None where that is not known."""
        assert self._server is not None
        code = self._server.end(patience_s)
        if code is None:
            self.close()
        return code

    def _lost(self, life: Life) -> Elsewhere:
        """What to raise for a life that broke off."""
        code = self._end(PATIENCE_S)
        if code == -signal.SIGKILL:
            return _lost(life, kind="out of memory", sentence="it was killed by SIGKILL, as the kernel does")
        lost_too = "it was lost with the process that forked it"
        return _lost(life, kind="crashed", sentence=lost_too if code is None else how_it_ended(code))


def _answer(case: Case, header: Mapping[str, Any], *, body: memoryview) -> Array:
    """The answer of a message; what was written to the operands is written to the case's."""
    try:
        modified, sizes = header["modified"], header["sizes"]
        parts = [body[end - size : end] for end, size in zip(accumulate(sizes), sizes, strict=True)]
        for name, part in zip(modified, parts[1:], strict=True):
            operand = getattr(case.operands, name)
            operand[...] = np.ndarray(operand.shape, operand.dtype, part)
        return array_of(header["answer"], parts[0])
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise BrokenStream from error


def _verdict(header: Mapping[str, Any]) -> Verdict:
    outcome: Any = header.get("outcome")
    kind: Any = header.get("kind")
    if outcome not in get_args(Outcome) or kind not in (None, *KINDS):
        raise BrokenStream
    sentence, place = str(header.get("sentence", "")), str(header.get("place", ""))
    return Verdict(outcome=outcome, kind=kind, sentence=sentence, place=place)


def _lost(life: Life, *, kind: Lost, sentence: str) -> Elsewhere:
    """What to raise for a life that is over, with what it printed last."""
    stderr, place = last_lines(life.output)
    life.output.close()
    if kind == "crashed" and any(_MEMORY.search(line) for line in stderr):
        kind = "out of memory"
    verdict = replace(disagrees(kind, sentence), stderr=stderr, place=place)
    return elsewhere(f"{sentence} {place}".rstrip())(verdict)


_MEMORY = re.compile(r"std::bad_alloc|\bMemoryError\b|[Oo]ut of memory|[Cc]annot allocate memory")
