"""A subject in a worker: a separate process, so that a crash, a hang or a lack of memory is a verdict."""

from __future__ import annotations

import os
import re
import shlex
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from functools import cached_property, partial
from itertools import accumulate
from typing import Any, get_args

import numpy as np

from verify.cases.case import Case
from verify.cases.operands import Array
from verify.checks.bulk import Swept
from verify.checks.clock import TimeUp
from verify.checks.deviations import Deviation
from verify.checks.subject import Declined, Description, Elsewhere, Subject, describe, elsewhere, split_label
from verify.checks.ways import split_way
from verify.oracle.compare import KINDS, Lost, Outcome, Verdict, disagrees
from verify.subjects.by_path import canonical
from verify.subjects.described import declared_of, own_of
from verify.subjects.protocol import BrokenStream, array_of, receive, send
from verify.subjects.registry import is_builtin, load, through
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

COMPILING_S = 60.0
"""Seconds more for the first case of a shape of a subject that says that it compiles each."""

MEMORY_BYTES = 8 * 2**30
"""Address space that a process may take beyond what its imports have mapped.

Arrays of a case are at most 1 GiB as float64; threads and allocators reserve more than they use.
"""


def usual(name: str) -> Description:
    """The subject of a name as a run loads it: one that is built in has a worker, where one can be started.

    Native code may crash its process, and a worker costs only a fraction of a millisecond a case. A user's
    own function stays in this process by default.
    """
    is_contained = is_builtin(split_label(name)[0]) and sys.platform == "linux"
    return isolated(name) if is_contained else load(name)


def isolated(label: str, **options: Any) -> Description:
    """The subject of a label, its name with settings, in a worker that has been started.

    Raises UnknownSubject for a way that it does not have.
    """
    name, settings = split_label(label)
    subject = Isolated(canonical(name), environment=settings, **options)
    subject.start()
    return through(describe(subject, name=subject.base), subject.way)


@dataclass(eq=False)
class Isolated:
    """A subject that a worker process runs: by name, which may have a way, in this or another interpreter.

    `python` needs only NumPy and what the subject imports. `environment` is set there in
    addition to this process's own. A case may take `timeout_s` seconds and a process `memory_bytes` of
    address space beyond its imports; None sets no limit, as drivers of GPUs need. One that is `alone`
    shares its process with no other subject, so that several can be asked at a time.
    The worker starts with the first case, or by `start`. Raises NoWorker if it cannot.
    """

    label: str
    _: KW_ONLY
    python: str = sys.executable
    environment: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float = TIMEOUT_S
    memory_bytes: int | None = MEMORY_BYTES
    alone: bool = False
    _server: Server | None = field(default=None, init=False)
    _compiled: set[tuple[str, Case]] = field(default_factory=set, init=False)

    @property
    def name(self) -> str:
        """What messages call it, which starts no worker."""
        return self.base

    @property
    def base(self) -> str:
        """The name without a way."""
        return split_way(self.label)[0]

    @property
    def way(self) -> str:
        """The way, or the pattern of ways, that is asked; "" for all."""
        return split_way(self.label)[1]

    @property
    def options(self) -> str:
        """What the command line needs to run the subject in the same way."""
        where = "--isolate" if not is_builtin(self.base) else ""
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
        said = self.start()
        switches = {**self.environment, **said["switches"]}
        packages = {name: number for name, number in said["versions"].items() if name != "hypothesis"}
        versions = [f"{name} {number}" for name, number in packages.items()]
        if said["version"] and said["version"] not in packages.values():
            versions.insert(0, f"version {said['version']}")
        settings = [f"{name}={value}" for name, value in switches.items()]
        parts = filter(None, (versions, settings))
        declared = declared_of(said, partial(self.is_inside, way=""), switches)
        return {
            **declared,
            "versions": said["versions"],
            "headline": f"{self.label} in {self.python}: " + "; ".join(map(", ".join, parts)),
            "ways": {
                name: IsolatedWay(
                    self,
                    name,
                    {
                        **own_of(own, partial(self.is_inside, way=name), declared["condition_names"]),
                        "version": own["version"],
                        "switches": {**self.environment, **own["switches"]},
                    },
                )
                for name, own in said["ways"].items()
            },
        }

    @cached_property
    def _sporadic_crashes(self) -> Sequence[Deviation]:
        sporadic = (entry for entry in self.known if entry.sporadic and "crashed" in entry.kinds)
        return [entry for entry in sporadic if entry.applies(self.condition_names)]

    def _may_crash_later(self, case: Case, way: str) -> bool:
        """Whether a case is known to crash at times, so that a life it leaves may die at a later one."""
        crashes, names = self._sporadic_crashes, {**self.condition_names, "way": way}
        return any(deviation.explains(case, "crashed", names) for deviation in crashes)

    def _limit_s(self, case: Case, way: str) -> float:
        """The seconds that a case may take, without those that its compilation may."""
        if not self._declared["compiles"]:
            return self.timeout_s
        shape = way, replace(case, fill="ones", seed=0)
        is_new = shape not in self._compiled
        self._compiled.add(shape)
        return self.timeout_s + COMPILING_S * is_new

    def start(self) -> dict[str, Any]:
        """Start the worker if necessary; returns what it declares."""
        if self._server is None or self._server.is_stopped:
            make = Server if self.alone else kept_server
            where: dict[str, Any] = {"python": self.python, "environment": self.environment}
            self._server = make(self.base, **where, memory_bytes=self.memory_bytes)
        return {**self._server.hello, **self._server.hello["subjects"][self.base]}

    def close(self) -> None:
        """End the worker, which other subjects may share; the next case starts another."""
        if self._server is not None:
            self._server.stop()
            self._server = None

    def __call__(self, case: Case) -> Array:
        """The worker's answer, by the first way that has the case where the subject has ways."""
        return self.answer(case, self.way)

    def is_inside(self, case: Case, *, way: str) -> bool:
        """Whether a case is in the domain of the subject, or of a way, as only the worker can say."""
        life = self._begin()
        try:
            send(life.stream, {"subject": self.base, "way": way, "inside": str(case)})
            return bool(receive(life.stream, self.timeout_s)[0]["inside"])
        except (OSError, BrokenStream, KeyError):
            raise self._lost(life) from None

    def answer(self, case: Case, way: str) -> Array:
        """The worker's answer by a way.

        Operands that the subject modified are modified in `case`. Raises Declined, or
        Elsewhere with the verdict if the worker has none or was lost.
        """
        life = self._begin()
        try:
            os.ftruncate(life.output.fileno(), 0)
            send(life.stream, {"subject": self.base, "way": way, "word": str(case)})
            header, body = receive(life.stream, self._limit_s(case, way))
            if self._may_crash_later(case, way):
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

    def misuse_on(self, case: Case, way: str) -> str:
        """What `trial.misuse_on` says of the subject where it runs; "" where the worker is lost."""
        life = self._begin()
        try:
            send(life.stream, {"subject": self.base, "way": way, "tried": str(case)})
            return str(receive(life.stream, self.timeout_s)[0]["misuse"])
        except BaseException as lost:
            self._end(0)
            life.output.close()
            if isinstance(lost, OSError | BrokenStream | TimeUp):
                return ""
            raise

    def sweep(self, enumeration: str, *, start: int, stop: int, known: str) -> Swept | None:
        """The result of a block of an enumeration in the worker, or None if the worker was lost.

        The enumeration and the known deviations are the texts of `cases.enumeration` and `deviations`.
        """
        life = self._begin()
        try:
            os.ftruncate(life.output.fileno(), 0)
            block = {"enumeration": enumeration, "start": start, "stop": stop, "known": known}
            send(life.stream, {"subject": self.base, "way": self.way, **block})
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
                        f"no worker of {self.base!r} can be started with {self.python!r}"
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


class IsolatedWay:
    """A way of a subject in a worker, with what it says of itself there."""

    def __init__(self, subject: Isolated, way: str, declared: Mapping[str, Any]) -> None:
        self.subject = subject
        self._way = way
        self.domain = declared["domain"]
        self.limits = declared["limits"]
        self.version = declared["version"]
        self.switches = declared["switches"]

    def __call__(self, case: Case) -> Array:
        return self.subject.answer(case, self._way)


def worker_of(subject: Subject) -> Isolated | None:
    """The worker that a subject runs in, or None for one in this process."""
    call = subject.call if isinstance(subject, Description) else subject
    return call.subject if isinstance(call, IsolatedWay) else call if isinstance(call, Isolated) else None


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
