"""A subject in a worker: a separate process, so that a crash, a hang or a lack of memory is a verdict."""

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
    """The subject of a name as a run loads it: a built-in one has a worker, if one can be started.

    Native code may crash its process, and a worker costs only a fraction of a millisecond a case. A user's
    own function stays in this process by default.
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

    `python` needs only NumPy and what the subject imports. `environment` is set there in
    addition to this process's own. A case may take `timeout_s` seconds and a process `memory_bytes` of
    address space beyond its imports; None sets no limit, as drivers of GPUs need. One that is `alone`
    shares its process with no other subject, so that several can be asked at a time.
    The worker starts with the first case, or by `start`. Raises NoWorker if it cannot.
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
        """The options with which the command line runs the subject in the same way."""
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
        """Whether a case is known to crash sporadically, so that its process may die at a later case."""
        crashes = self._sporadic_crashes
        return any(deviation.explains(case, "crashed", self.condition_names) for deviation in crashes)

    def start(self) -> dict[str, Any]:
        """Start the worker if necessary; returns what it declares."""
        if self._server is None or self._server.is_stopped:
            make = Server if self.alone else kept_server
            where: dict[str, Any] = {"python": self.python, "environment": self.environment}
            self._server = make(self.name, **where, memory_bytes=self.memory_bytes)
        return {**self._server.hello, **self._server.hello["subjects"][self.name]}

    def close(self) -> None:
        """End the worker, which other subjects may share; the next case starts another."""
        if self._server is not None:
            self._server.stop()
            self._server = None

    def __call__(self, case: Case) -> Array:
        """The worker's answer.

        Operands that the subject modified are modified in `case`. Raises Declined, or
        Elsewhere with the verdict if the worker has none or was lost.
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
        except BaseException:  # Ctrl-C: the answer may still arrive, and nobody waits for it
            self._end(0)
            life.output.close()
            raise
        if verdict.outcome == "declined":
            raise Declined(verdict.sentence)
        raise elsewhere(f"{header.get('error')} {verdict.place}".rstrip())(verdict)

    def sweep(self, enumeration: str, *, start: int, stop: int, known: str) -> Swept | None:
        """The result of a block of an enumeration in the worker, or None if the worker was lost.

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
        """The server's current life, or a new one; from a new server if the last one has ended."""
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
        """End the life after waiting this many seconds; its exit code, or None if unknown."""
        assert self._server is not None
        code = self._server.end(patience_s)
        if code is None:
            self.close()
        return code

    def _lost(self, life: Life) -> Elsewhere:
        """The error to raise for a life that ended unexpectedly."""
        code = self._end(PATIENCE_S)
        if code == -signal.SIGKILL:
            return _lost(life, kind="out of memory", sentence="it was killed by SIGKILL, as the kernel does")
        lost_too = "it was lost with the process that forked it"
        return _lost(life, kind="crashed", sentence=lost_too if code is None else how_it_ended(code))


def _answer(case: Case, header: Mapping[str, Any], *, body: memoryview) -> Array:
    """The answer of a message; modified operands are copied to the case's."""
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
    """The error to raise for a life that has ended, with its last output."""
    stderr, place = last_lines(life.output)
    life.output.close()
    if kind == "crashed" and any(_MEMORY.search(line) for line in stderr):
        kind = "out of memory"
    verdict = replace(disagrees(kind, sentence), stderr=stderr, place=place)
    return elsewhere(f"{sentence} {place}".rstrip())(verdict)


_MEMORY = re.compile(r"std::bad_alloc|\bMemoryError\b|[Oo]ut of memory|[Cc]annot allocate memory")
