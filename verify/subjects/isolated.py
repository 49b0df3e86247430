"""A subject in a worker: a separate process, so that a crash, a hang or a lack of memory is a verdict."""

from __future__ import annotations

import json
import os
import shlex
import signal
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import KW_ONLY, dataclass, field, replace
from functools import cached_property, partial
from typing import Any, ClassVar

from verify.cases.case import Case
from verify.cases.domain import NoReply
from verify.cases.large import seconds_for
from verify.cases.operands import Array
from verify.checks.bulk import Swept
from verify.checks.clock import TimeUp
from verify.checks.deviations import Deviation
from verify.checks.relations import made_from
from verify.checks.subject import Declined, Description, Elsewhere, Subject, describe, elsewhere, split_label
from verify.checks.ways import split_way
from verify.oracle.compare import Verdict
from verify.subjects.answers import answer_in, most_bytes, swept_in, verdict_in
from verify.subjects.by_path import canonical
from verify.subjects.described import PLAIN_OF_WAYS, declared_of, own_of
from verify.subjects.device import is_gpu
from verify.subjects.here import CAN_CONTAIN, NO_WORKERS, stays_here
from verify.subjects.life import Ending, Life
from verify.subjects.losses import lost_error, printable, why_lost
from verify.subjects.protocol import DATA_BYTES, BrokenStream, data_of_bytes
from verify.subjects.registry import is_ours, load, through
from verify.subjects.server import PATIENCE_S, NoWorker, Server, import_ahead, kept_server

TIMEOUT_S = 10.0
"""Seconds that a case may take. The first one of a process includes the framework's initialisation."""

COMPILING_S = 60.0
"""Seconds more for the first case of a shape of a subject that says that it compiles each."""

MEMORY_BYTES = 8 * 2**30
"""Address space that a process may take beyond what its imports have mapped.

Arrays of a case are at most 1 GiB as float64; threads and allocators reserve more than they use. A large case
adds what its own arrays take, several times.
"""


def usual(name: str) -> Description:
    """The subject of a name as a run loads it: in a worker, where one can be started.

    Native code may crash its process, Python code end it, and a worker costs only a fraction of a
    millisecond a case. What this package plants itself, `fault:NAME`, stays in this process.
    """
    if is_ours(name):
        return load(name)
    return isolated(name) if CAN_CONTAIN else stays_here(load(name), NO_WORKERS)


def import_all_ahead(labels: Iterable[str], *, python: str = sys.executable) -> None:
    """Begin the imports of subjects in workers, while this process has other things to do.

    What is wrong with a name or an interpreter is said when the subject is loaded.
    """
    for label in labels if CAN_CONTAIN else ():
        name, environment = split_label(label)
        with suppress(ValueError):
            if not is_ours(name):
                base = split_way(canonical(name))[0]
                where: dict[str, Any] = {"python": python, "environment": environment}
                import_ahead(base, **where, memory_bytes=_limit(MEMORY_BYTES, environment))


def _limit(memory_bytes: int | None, environment: Mapping[str, str]) -> int | None:
    """The address space of a process; of one on a GPU no limit, as drivers map more than any."""
    return None if is_gpu({**os.environ, **environment}) else memory_bytes


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
    shares its process with no other subject, so that several can be asked at a time. `lives` counts the
    processes that it was asked in: what one was asked before may be why the next case ends it. The worker of
    a sweep notes each case in the file `journal`, by its path.
    The worker starts with the first case, or by `start`. Raises NoWorker if it cannot.
    """

    label: str
    _: KW_ONLY
    python: str = sys.executable
    environment: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float = TIMEOUT_S
    memory_bytes: int | None = MEMORY_BYTES
    alone: bool = False
    runs_elsewhere: ClassVar[bool] = True
    _server: Server | None = field(default=None, init=False)
    lives: int = field(default=0, init=False)
    journal: str = field(default="", init=False)
    _refused: NoWorker | None = field(default=None, init=False)

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
        where = "" if self.python == sys.executable else f"--python {shlex.quote(self.python)}"
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
                        "usual": own["usual"],
                        "switches": {**self.environment, **own["switches"]},
                        **{attribute: own[attribute] for attribute in PLAIN_OF_WAYS},
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

    def _least_s(self, case: Case) -> float:
        """The seconds that a case may take once it is compiled."""
        return self.timeout_s + (seconds_for(case) if case.is_large else 0.0)

    def _limit_s(self, life: Life, case: Case, way: str) -> float:
        """The seconds that a case may take in a life, with those that its compilation there may."""
        least_s = self._least_s(case)
        if not self._declared["compiles"]:
            return least_s
        shape = self.base, way, replace(case, fill="ones", seed=0)
        is_new = shape not in life.compiled
        life.compiled.add(shape)
        return least_s + COMPILING_S * is_new

    def start(self) -> dict[str, Any]:
        """Start the worker if necessary; returns what it declares."""
        if self._server is None or self._server.is_stopped:
            make = Server if self.alone else kept_server
            where: dict[str, Any] = {"python": self.python, "environment": self.environment}
            self._server = make(self.base, **where, memory_bytes=_limit(self.memory_bytes, self.environment))
        return {**self._server.hello, **self._server.hello["subjects"][self.base]}

    def close(self) -> None:
        """End the worker, which other subjects may share; the next case starts another."""
        self._refused = None
        if self._server is not None:
            self._server.stop()
            self._server = None

    def __call__(self, case: Case) -> Array:
        """The worker's answer, by the first way that has the case where the subject has ways."""
        return self.answer(case, self.way)

    def is_inside(self, case: Case, *, way: str) -> bool:
        """Whether a case is in the domain of the subject, or of a way, as only the worker can say.

        Raises NoReply, one sentence, where what says so raised an error there, or lost the worker.
        """
        request = {"subject": self.base, "way": way, "inside": str(case)}
        try:
            with self._asked(self.timeout_s) as life:
                header, _ = life.ask(request, limit_s=self.timeout_s)
        except Elsewhere as lost:
            raise NoReply(f"`supports` said nothing of {case}: {lost.verdict.sentence}") from lost
        if reason := header.get("no_reply"):
            raise NoReply(str(reason))
        return bool(header.get("inside"))

    def answer(self, case: Case, way: str) -> Array:
        """The worker's answer by a way.

        Operands that the subject modified are modified in `case`. Raises Declined, or
        Elsewhere with the verdict if the worker has none or was lost.
        """
        request = {"subject": self.base, "way": way, **_named(case)}
        with self._asked(self._least_s(case)) as life:
            most, limit_s = most_bytes(case), self._limit_s(life, case, way)
            header, body = life.ask(request, most=most, limit_s=limit_s)
            if self._may_crash_later(case, way):
                self.begin_anew()
            if "answer" in header:
                return answer_in(case, header, body=memoryview(body))
            verdict = verdict_in(header)
        if verdict.outcome == "declined":
            raise Declined(verdict.sentence)
        raise elsewhere(printable(f"{header.get('error')} {verdict.place}"))(verdict)

    def tried_on(self, case: Case, way: str) -> str | Verdict:
        """What `trial.misuse_on` says of the subject where it runs, or how the worker was lost."""
        request = {"subject": self.base, "way": way, "tried": str(case)}
        try:
            with self._asked(self.timeout_s) as life:
                return str(life.ask(request, limit_s=self.timeout_s)[0].get("misuse", ""))
        except Elsewhere as lost:
            return lost.verdict
        except TimeUp:
            return ""

    def sweep(self, enumeration: str, *, start: int, stop: int, known: str) -> Swept | Verdict:
        """The result of a block of an enumeration in the worker, or how the worker was lost.

        The enumeration and the known deviations are the texts of `cases.enumeration` and `deviations`.
        """
        where = {"start": start, "stop": stop, "journal": self.journal}
        request = {"subject": self.base, "way": self.way, **where}
        limit_s = self.timeout_s + COMPILING_S * self._declared["compiles"]
        try:
            with self._asked(limit_s) as life:
                life.begin(request, [json.dumps({"enumeration": enumeration, "known": known}).encode()])
                header, body = life.next(most=DATA_BYTES, limit_s=limit_s)
                for _ in range(start, stop):  # there is a beat after a case, at most
                    if not header:
                        header, body = life.next(most=DATA_BYTES, limit_s=limit_s)
                life.finish(limit_s)
                return swept_in(data_of_bytes(body), cases=stop - start)
        except Elsewhere as lost:
            return lost.verdict

    def begin_anew(self) -> None:
        """End the process that answers: the next case is the first of another."""
        if self._server is not None and self._server.life is not None:
            output = self._server.life.output
            self._end(0)
            output.close()

    @contextmanager
    def _asked(self, seconds: float) -> Iterator[Life]:
        """The life that answers; raises Elsewhere where it is lost, or says nothing in its time."""
        life = self._begin()
        try:
            yield life
        except TimeoutError:
            self._end(0)
            sentence = f"it gave no answer in {seconds:g} s"
            raise lost_error(life, kind="timed out", sentence=sentence) from None
        except (OSError, BrokenStream) as lost:
            raise self._lost(life, lost) from None
        except BaseException:  # Ctrl-C: the answer may still arrive, and nobody waits for it
            self._end(0)
            life.output.close()
            raise

    def _begin(self) -> Life:
        """The server's current life, or a new one; from a new server if the last one has ended.

        Once none can be started, none is tried again until `close`.
        """
        for last in (False, True) if self._refused is None else ():
            self.start()
            assert self._server is not None
            try:
                self.lives += self._server.life is None
                return self._server.life or self._server.fork()
            except (OSError, BrokenStream) as lost:
                self.close()
                if last:
                    sentence = f"no worker of {self.base!r} can be started with {self.python!r}: {lost}"
                    self._refused = NoWorker(sentence)
        assert self._refused is not None
        raise self._refused

    def _end(self, patience_s: float) -> Ending:
        """End the life after waiting this many seconds."""
        assert self._server is not None
        ending = self._server.end(patience_s)
        if ending.code is None:
            self.close()
        return ending

    def _lost(self, life: Life, broken: Exception) -> Elsewhere:
        """The error to raise for a life that ended, or that said what is no answer."""
        said = str(broken) if isinstance(broken, BrokenStream) else ""
        ending = self._end(0 if said else PATIENCE_S)
        sentence = said or why_lost(ending)
        if life.was_out_of_memory() and not said and ending.code in (None, -signal.SIGKILL):
            why = f"{sentence}: the kernel ended a process that ran out of memory"
            return lost_error(life, kind="out of memory", sentence=why)
        return lost_error(life, kind="crashed", sentence=sentence, says_where=not said)


def _named(case: Case) -> dict[str, str]:
    """A case by its word, or by that of the one that it was made from and the relation."""
    made = made_from(case)
    return {"word": made[0], "relation": made[1]} if made else {"word": str(case)}


class IsolatedWay:
    """A way of a subject in a worker, with what it says of itself there."""

    runs_elsewhere = True

    def __init__(self, subject: Isolated, way: str, declared: Mapping[str, Any]) -> None:
        self.subject = subject
        self._way = way
        self.domain = declared["domain"]
        self.limits = declared["limits"]
        self.version = declared["version"]
        self.switches, self.usual = declared["switches"], declared["usual"]
        self.scheme, self.arithmetic, self.compiles, self.cost, self.refuses = (
            declared[name] for name in PLAIN_OF_WAYS
        )

    @property
    def way(self) -> str:
        return self._way

    def __call__(self, case: Case) -> Array:
        return self.subject.answer(case, self._way)


def worker_of(subject: Subject) -> Isolated | None:
    """The worker that a subject runs in, or None for one in this process."""
    call = subject.call if isinstance(subject, Description) else subject
    return call.subject if isinstance(call, IsolatedWay) else call if isinstance(call, Isolated) else None
