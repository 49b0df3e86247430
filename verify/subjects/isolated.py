"""A subject in a process of its own, so that a crash, a hang or a want of memory is a verdict."""

from __future__ import annotations

import atexit
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from signal import SIGKILL, Signals
from socket import send_fds, socket, socketpair
from typing import IO, Any, NamedTuple, get_args

import numpy as np

from verify.cases.case import Case
from verify.cases.operands import Array
from verify.checks.bulk import Swept
from verify.checks.check import Declined, Elsewhere, Subject, elsewhere
from verify.checks.deviations import Deviation, deviation_of
from verify.oracle.compare import KINDS, Lost, Outcome, Verdict, disagrees
from verify.subjects.protocol import BrokenStream, array_of, receive, send
from verify.subjects.registry import BUILTIN, load, relatives, split_label

LIMIT_S = 10.0
"""Seconds that a case may take. The first one of a process includes the framework's initialisation."""

LIMIT_BYTES = 8 * 2**30
"""Address space that a process may take beyond what its imports have mapped.

Arrays of a case are at most 1 GiB as float64; threads and allocators reserve more than they use.
"""

START_S = 120.0
"""Seconds that the imports of a subject may take."""

STDERR_LINES = 8
"""Lines of a lost process's output that are quoted."""

# The package is found by its place, so that nothing else which lies beside it, such as another
# NumPy, comes to the worker's path.
_BOOT = """
import sys
if sys.version_info < (3, 11):
    sys.exit("it is Python %d.%d, and a worker needs 3.11" % sys.version_info[:2])
import json
from importlib.util import module_from_spec, spec_from_file_location
init, path, *arguments = json.loads(sys.argv[1])
sys.path += [place for place in path if place not in sys.path]
spec = spec_from_file_location("verify", init)
sys.modules["verify"] = module_from_spec(spec)
spec.loader.exec_module(sys.modules["verify"])
from verify.subjects.worker import serve
serve(*arguments)
"""


def usual(name: str) -> Subject:
    """The subject of a name as a run loads it: one that is built in has a worker, where that can be had.

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


class NoWorker(ValueError):
    """A subject or an interpreter of which no worker can be had; the sentence says why."""


class Isolated:
    """A subject that a worker process runs: by name, in this or another interpreter.

    `python` needs NumPy and what the subject imports, and no more. `environment` is set there in
    addition to this process's own. A case may take `limit_s` seconds and a process `limit_bytes` of
    address space beyond its imports; None sets no limit, as drivers of GPUs need. One that is `alone`
    shares its process with no other subject, so that several can be asked at a time.
    The worker starts with the first question, or by `start`. Raises NoWorker where there is none.
    """

    def __init__(
        self,
        name: str,
        *,
        python: str = sys.executable,
        environment: Mapping[str, str] | None = None,
        limit_s: float = LIMIT_S,
        limit_bytes: int | None = LIMIT_BYTES,
        alone: bool = False,
    ) -> None:
        self.name = name
        self.python = python
        self._environment = dict(environment or {})
        self._limit_s = limit_s
        self._limit_bytes = limit_bytes
        self._alone = alone
        self._server: _Server | None = None

    @property
    def options(self) -> str:
        """What the command line needs to run the subject in the same way."""
        where = "--isolate" if self.name not in BUILTIN else ""
        if self.python != sys.executable:
            where = f"--python {shlex.quote(self.python)}"
        return where if self._limit_s == LIMIT_S else f"{where} --timeout {self._limit_s:g}".lstrip()

    @cached_property
    def _hello(self) -> dict[str, Any]:
        return self.start()

    @property
    def switches(self) -> Mapping[str, str]:
        """The subject's settings as they are in the worker, and what was set there."""
        return {**self._environment, **self._hello["switches"]}

    @property
    def versions(self) -> Mapping[str, str]:
        """What is in play in the worker, by name."""
        found: dict[str, str] = self._hello["versions"]
        return found

    @property
    def version(self) -> str | None:
        """What the subject says of its own version."""
        said: str | None = self._hello["version"]
        return said

    @property
    def operations(self) -> tuple[str, ...]:
        return tuple(self._hello["declared"]["operations"])

    @property
    def around(self) -> tuple[str, ...]:
        return tuple(self._hello["declared"]["around"])

    @property
    def refuses(self) -> tuple[str, ...]:
        return tuple(self._hello["declared"]["refuses"])

    @property
    def source(self) -> str:
        """A digest of the file that the subject is written in."""
        return str(self._hello["source"])

    @property
    def described(self) -> str:
        """The subject, its interpreter, and the versions and settings there, in one line."""
        left_out = ("hypothesis",)  # of no use there
        found = [f"{name} {number}" for name, number in self.versions.items() if name not in left_out]
        settings = [f"{name}={value}" for name, value in self.switches.items()]
        return f"{self.name} in {self.python}: " + "; ".join(map(", ".join, filter(None, (found, settings))))

    @cached_property
    def known(self) -> Sequence[Deviation]:
        """The deviations that the subject brings, for the versions in the worker."""
        return tuple(deviation_of(entry) for entry in self._hello["known"])

    @cached_property
    def _spoiling(self) -> Sequence[Deviation]:
        return [
            each
            for each in self.known
            if each.sporadic and "crashed" in each.kinds and each.applies(self.switches)
        ]

    def _spoils(self, case: Case) -> bool:
        """Whether a case is known to crash at times, so that a life it leaves may die at a later one."""
        return any(each.explains(case, "crashed", self.switches) for each in self._spoiling)

    def start(self) -> dict[str, Any]:
        """Start the worker, if it is not there; what it says of itself."""
        if self._server is None or self._server.is_stopped:
            make = _Server if self._alone else _server_of
            self._server = make(self.name, self.python, self._environment, self._limit_bytes)
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
            header, body = receive(life.stream, self._limit_s)
            if self._spoils(case):
                self._end(0)
                life.output.close()
            if "answer" in header:
                return _answer(case, header, memoryview(body))
            told = _verdict(header)
        except TimeoutError:
            self._end(0)
            raise _lost("timed out", f"it gave no answer in {self._limit_s:g} s", life) from None
        except (OSError, BrokenStream):
            raise self._lost(life) from None
        except BaseException:  # Ctrl-C: the answer may still come, and is no one's
            self._end(0)
            raise
        if told.outcome == "declined":
            raise Declined(told.sentence)
        raise elsewhere(f"{header.get('error')} {told.place}".rstrip())(told)

    def sweep(self, enumeration: str, start: int, stop: int, *, known: str) -> Swept | None:
        """What became of a block of an enumeration in the worker, or None where that was lost on the way.

        The enumeration and the known deviations are the texts of `cases.enumeration` and `deviations`.
        """
        life = self._begin()
        places = {"start": start, "stop": stop, "known": known}
        try:
            os.ftruncate(life.output.fileno(), 0)
            send(life.stream, {"subject": self.name, "enumeration": enumeration, **places})
            while not (header := receive(life.stream, self._limit_s)[0]):
                pass
            return Swept.from_data(header["swept"])
        except BaseException as lost:
            self._end(0)
            life.output.close()
            if isinstance(lost, OSError | BrokenStream):
                return None
            raise

    def _begin(self) -> _Life:
        """The life that the server has, or a new one; with a new server where the last one has gone."""
        for last in (False, True):
            self.start()
            assert self._server is not None
            try:
                return self._server.life or self._server.fork()
            except (OSError, BrokenStream):
                self.close()
                if last:
                    raise NoWorker(f"no worker of {self.name!r} can be had from {self.python!r}") from None
        raise AssertionError

    def _end(self, patience_s: float) -> int | None:
        """End the life after so much patience; its exit code, or None where that is not known."""
        assert self._server is not None
        code = self._server.end(patience_s)
        if code is None:
            self.close()
        return code

    def _lost(self, life: _Life) -> Elsewhere:
        """What to raise for a life that broke off."""
        code = self._end(PATIENCE_S)
        if code is None:
            return _lost("crashed", "it was lost, with the process that it was forked from", life)
        if code == -SIGKILL:
            return _lost("out of memory", "it was killed by SIGKILL, as the kernel does", life)
        sentence = f"it was killed by {_signal(code)}" if code < 0 else f"it exited with code {code}"
        return _lost("crashed", sentence, life)


PATIENCE_S = 5.0
"""Seconds from the end of a process's stream to its own end, before it is killed."""


class _Life(NamedTuple):
    """One process that answers cases: its stream, and the file that its output goes to."""

    stream: socket
    output: IO[bytes]

    def close(self) -> None:
        self.stream.close()
        self.output.close()


class _Server:
    """The process that has subjects imported and forks the lives, one at a time."""

    life: _Life | None = None
    is_stopped = False

    def __init__(
        self, name: str, python: str, environment: Mapping[str, str], limit_bytes: int | None
    ) -> None:
        if sys.platform != "linux":
            raise NoWorker(f"a worker needs Linux, and this is {sys.platform}")
        self._control, theirs = socketpair()
        arguments = [str(_PACKAGE / "__init__.py"), _path(), theirs.fileno(), name, limit_bytes]
        with tempfile.TemporaryFile() as output, theirs:
            try:
                self._process = subprocess.Popen(
                    [python, "-c", _BOOT, json.dumps(arguments)],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    pass_fds=[theirs.fileno()],
                    env={**os.environ, **environment},
                    start_new_session=True,  # so that Ctrl-C is the parent's alone
                )
            except OSError as wrong:
                self._control.close()
                raise NoWorker(f"{python!r} cannot be run: {wrong.strerror or wrong}") from None
            theirs.close()
            self.hello = self._receive_hello(name, python, output)

    def _receive_hello(self, name: str, python: str, output: IO[bytes]) -> dict[str, Any]:
        try:
            hello, _ = receive(self._control, START_S)
        except TimeoutError:
            self._kill()
            raise NoWorker(f"{python!r} has not imported {name!r} in {START_S:g} s") from None
        except BrokenStream:
            try:
                code = self._process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                code = -SIGKILL
            self._kill()
            how = f"it was killed by {_signal(code)}" if code < 0 else f"it exited with code {code}"
            said = _last_lines(output)[0][-1:]
            raise NoWorker(f"{python!r} cannot run {name!r}: {': '.join((how, *said))}") from None
        except BaseException:
            self._kill()
            raise
        if "refused" in hello:
            self._kill()
            raise NoWorker(f"{hello['refused']} (in {python})")
        return hello

    def fork(self) -> _Life:
        """A process that is ready for a case."""
        import fcntl  # here, as a system without it can ask subjects in this process

        mine, theirs = socketpair()
        output = tempfile.TemporaryFile()  # noqa: SIM115 - the life closes it
        fcntl.fcntl(output, fcntl.F_SETFL, os.O_APPEND)  # so that it can be emptied while it is open
        life = _Life(mine, output)
        with theirs:
            try:
                send_fds(self._control, [b"+"], [theirs.fileno(), output.fileno()])
            except OSError:
                life.close()
                raise
        try:
            receive(mine, START_S)
        except BaseException:
            life.close()
            raise
        self.life = life
        return life

    def end(self, patience_s: float) -> int | None:
        """End the life; its exit code, which it may have had before, or None where this is lost.

        Its output can still be read.
        """
        if self.life is not None:
            self.life.stream.close()
            self.life = None
        try:
            if patience_s:
                try:
                    return int(receive(self._control, patience_s)[0]["ended"])
                except TimeoutError:
                    pass
            self._control.send(b"-")
            return int(receive(self._control, START_S)[0]["ended"])
        except (OSError, BrokenStream, KeyError):
            return None

    def stop(self) -> None:
        """End the process and its life."""
        self.is_stopped = True
        if self.life is not None:
            self.life.close()
            self.life = None
        self._control.close()
        try:
            self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._kill()

    def _kill(self) -> None:
        self._control.close()
        self._process.kill()
        self._process.wait()


SERVERS = 2
"""Processes with a framework imported that are kept for the next subject: `diff` has two in turn."""

_servers: dict[tuple[Any, ...], _Server] = {}


def _server_of(name: str, python: str, environment: Mapping[str, str], limit_bytes: int | None) -> _Server:
    """The process that has a subject imported: one for all on the same framework, as its import is dear."""
    key = (relatives(name), python, tuple(environment.items()), limit_bytes, os.getcwd())
    server = _servers.pop(key, None)
    if server is None or server.is_stopped:
        while len(_servers) >= SERVERS:
            _servers.pop(next(iter(_servers))).stop()
        server = _Server(name, python, environment, limit_bytes)
    _servers[key] = server
    return server


@atexit.register
def _stop_all() -> None:
    for server in _servers.values():
        server.stop()


_PACKAGE = Path(__file__).resolve().parent.parent


def _path() -> list[str]:
    """Where this process finds modules, less what belongs to its interpreter."""
    roots = {sys.prefix, sys.base_prefix, sys.exec_prefix}
    places = [os.path.abspath(place) for place in sys.path]
    return [
        place
        for place in places
        if not any(Path(place).is_relative_to(root) for root in roots)
        and not {"site-packages", "dist-packages"} & set(Path(place).parts)
    ]


def _answer(case: Case, header: Mapping[str, Any], body: memoryview) -> Array:
    """The answer of a message; what was written to the operands is written to the case's."""
    try:
        modified, sizes = header["modified"], header["sizes"]
        parts = [body[end - size : end] for end, size in zip(accumulate(sizes), sizes, strict=True)]
        for name, part in zip(modified, parts[1:], strict=True):
            operand = getattr(case.operands, name)
            operand[...] = np.ndarray(operand.shape, operand.dtype, part)
        return array_of(header["answer"], parts[0])
    except (KeyError, TypeError, ValueError, IndexError) as wrong:
        raise BrokenStream from wrong


def _verdict(header: Mapping[str, Any]) -> Verdict:
    outcome: Any = header.get("outcome")
    kind: Any = header.get("kind")
    if outcome not in get_args(Outcome) or kind not in (None, *KINDS):
        raise BrokenStream
    sentence, place = str(header.get("sentence", "")), str(header.get("place", ""))
    return Verdict(outcome=outcome, kind=kind, sentence=sentence, place=place)


def _lost(kind: Lost, sentence: str, life: _Life) -> Elsewhere:
    """What to raise for a life that is over, with what it printed last."""
    stderr, place = _last_lines(life.output)
    life.output.close()
    if kind == "crashed" and any(_MEMORY.search(line) for line in stderr):
        kind = "out of memory"
    verdict = replace(disagrees(kind, sentence), stderr=stderr, place=place)
    return elsewhere(f"{sentence} {place}".rstrip())(verdict)


_MEMORY = re.compile(r"std::bad_alloc|\bMemoryError\b|[Oo]ut of memory|[Cc]annot allocate memory")
_FRAME = re.compile(r'^  File "(.+)", line (\d+) in (.+)$', re.MULTILINE)


def _last_lines(output: IO[bytes]) -> tuple[tuple[str, ...], str]:
    """What a process printed last, and the line of the subject's code that it died in, if it said so."""
    output.seek(max(0, output.seek(0, os.SEEK_END) - 2**16))
    text, _, traceback = output.read().decode(errors="replace").partition("Fatal Python error: ")
    lines = ["".join(c if c.isprintable() else " " for c in line).rstrip() for line in text.splitlines()]
    stderr = tuple(line[:300] for line in lines if line.strip())[-STDERR_LINES:]
    # Most recent call first; the thread that died comes before those that waited for it.
    for part in (traceback.partition("Current thread")[2], traceback):
        for file, number, function in _FRAME.findall(part):
            if not {"site-packages", "dist-packages"} & set(Path(file).parts) and "/lib/python" not in file:
                return stderr, f"at {file}:{number} in {function}"
    return stderr, ""


def _signal(code: int) -> str:
    try:
        return Signals(-code).name
    except ValueError:
        return f"signal {-code}"
