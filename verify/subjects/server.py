"""The parent's side of workers: the processes that have subjects imported, and the lives that they fork."""

from __future__ import annotations

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from verify.checks.exits import ending_of
from verify.checks.subject import NotAsked
from verify.subjects.descendants import ENDING_S
from verify.subjects.life import Ending, Life
from verify.subjects.losses import is_installed, last_lines
from verify.subjects.protocol import DATA_BYTES, HELLO, BrokenStream, data_of_bytes, receive
from verify.subjects.registry import relatives

START_S = 120.0
"""Seconds that the imports of a subject may take."""

PATIENCE_S = 5.0
"""Seconds after a process has closed its stream until it is killed."""

SERVERS = 2
"""The number of processes with a framework imported that are kept: `diff` uses two alternately."""

_PACKAGE = Path(__file__).resolve().parent.parent

# The package is imported by its path, so that nothing beside it, such as another NumPy, gets onto the
# worker's path. What it imports may take seconds: it ends with its parent from the first line on, and at
# once where that has closed its stream, as a parent does that was killed before.
_BOOT = """
import sys
if sys.version_info < (3, 11):
    sys.exit("it is Python %d.%d, and a worker needs 3.11" % sys.version_info[:2])
import ctypes, json, os, select
from importlib.util import module_from_spec, spec_from_file_location
init, path, *arguments = json.loads(sys.argv[1])
try:
    ctypes.CDLL(None).prctl(1, 9)
except (OSError, AttributeError):
    pass
ended = select.poll()
ended.register(arguments[0], 0)
if ended.poll(0):
    os._exit(2)
sys.path += [place for place in path if place not in sys.path]
spec = spec_from_file_location("verify", init)
sys.modules["verify"] = module_from_spec(spec)
spec.loader.exec_module(sys.modules["verify"])
from verify.subjects.worker import serve
serve(*arguments)
"""


class NoWorker(NotAsked):
    """A subject or an interpreter for which no worker can be started; the sentence says why."""


class Server:
    """The process that has a subject and its relatives imported and forks the lives, one at a time.

    It imports them while this process goes on. Raises NoWorker if it cannot be started.
    """

    life: Life | None = None
    is_stopped = False

    def __init__(
        self, name: str, *, python: str, environment: Mapping[str, str], memory_bytes: int | None
    ) -> None:
        if sys.platform != "linux":
            raise NoWorker(f"a worker needs Linux, and this is {sys.platform}")
        self._control, theirs = socket.socketpair()
        arguments = [str(_PACKAGE / "__init__.py"), _path(), theirs.fileno(), name, memory_bytes]
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - `_kill` and `stop` close it
        with theirs:
            try:
                self._process = subprocess.Popen(
                    [python, "-c", _BOOT, json.dumps(arguments)],
                    stdin=subprocess.DEVNULL,
                    stdout=self._output,
                    stderr=self._output,
                    pass_fds=[theirs.fileno()],
                    env={**os.environ, **environment},
                    start_new_session=True,  # so that Ctrl-C reaches only the parent
                )
            except OSError as error:
                self._control.close()
                self._output.close()
                raise NoWorker(f"{python!r} cannot be run: {error.strerror or error}") from None
        self._name, self._python = name, python

    @cached_property
    def hello(self) -> dict[str, Any]:
        """Its first message, which is waited for; NoWorker, which says why, where there is none."""
        try:
            return self._receive_hello(name=self._name, python=self._python)
        except BaseException:
            self.is_stopped = True
            self._kill()
            raise

    @property
    def is_importing(self) -> bool:
        """Whether nobody has waited for its imports yet."""
        return "hello" not in self.__dict__

    def _receive_hello(self, *, name: str, python: str) -> dict[str, Any]:
        try:
            hello, declared, _ = receive(self._control, HELLO, most=DATA_BYTES, limit_s=START_S)
            hello = {**hello, **(data_of_bytes(declared) if declared else {})}
        except TimeoutError:
            raise NoWorker(f"{python!r} has not imported {name!r} in {START_S:g} s") from None
        except BrokenStream as broken:
            raise NoWorker(f"{python!r} cannot run {name!r}: {str(broken) or self._why_it_ended()}") from None
        if "refused" in hello:
            raise NoWorker(hello["refused"] + f" (in {python})" * (python != sys.executable))
        return hello

    def _why_it_ended(self) -> str:
        """How the process ended, and the last line that it printed."""
        try:
            code = self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            code = -signal.SIGKILL
        return ": ".join((f"it {ending_of(code)}", *last_lines(self._output)[0][-1:]))

    def fork(self) -> Life:
        """A process that is ready for a case; BrokenStream, which says why, where none can be started."""
        import fcntl

        mine, theirs = socket.socketpair()
        output = tempfile.TemporaryFile()  # noqa: SIM115 - the life closes it
        fcntl.fcntl(output, fcntl.F_SETFL, os.O_APPEND)  # so that it can be truncated while it is open
        life = Life(mine, output)
        try:
            with theirs:
                socket.send_fds(self._control, [b"+"], [theirs.fileno(), output.fileno()])
            receive(mine, HELLO, limit_s=START_S)
        except BrokenStream as broken:
            why = str(broken) or self._why_none(life)
            life.close()
            raise BrokenStream(why) from None
        except BaseException:
            life.close()
            raise
        self.life = life
        return life

    def _why_none(self, life: Life) -> str:
        """Why a process that was asked for is not there."""
        try:
            answer = receive(self._control, HELLO, limit_s=PATIENCE_S)[0]
        except (OSError, BrokenStream):
            return f"the process that forks it is lost: {self._why_it_ended()}"
        if "refused" in answer:
            return f"it cannot be forked: {answer['refused']}"
        return ": ".join((f"it {ending_of(int(answer['ended']))}", *last_lines(life.output)[0][-1:]))

    def end(self, patience_s: float) -> Ending:
        """End the life, if it has not ended after so many seconds. Its output can still be read."""
        if self.life is not None:
            self.life.stream.close()
            self.life = None
        try:
            if patience_s:
                with suppress(TimeoutError):
                    return Ending(self._ended(patience_s), is_forced=False)
            self._control.send(b"-")
            return Ending(self._ended(START_S), is_forced=True)
        except (OSError, BrokenStream, KeyError):
            return Ending(None, is_forced=False)

    def end_life(self) -> None:
        """End the life, if there is one, and forget what it printed."""
        if self.life is not None:
            output = self.life.output
            self.end(0)
            output.close()

    def _ended(self, limit_s: float) -> int:
        return int(receive(self._control, HELLO, limit_s=limit_s)[0]["ended"])

    def copied(self) -> socket.socket:
        """The stream of a copy of the process, without a life; BrokenStream where there can be none.

        It ends with its parent, which is this process's, and when its stream is closed.
        """
        self.end_life()
        mine, theirs = socket.socketpair()
        try:
            with theirs:
                socket.send_fds(self._control, [b"*"], [theirs.fileno()])
            receive(mine, HELLO, limit_s=START_S)
        except BaseException:
            mine.close()
            raise
        return mine

    def go_on_with(self, copy: socket.socket | None) -> None:
        """Ask a copy from now on, in a process that was forked from the one that has the original."""
        self._control.close()
        if copy is None:
            self.is_stopped = True
        else:
            self._control = copy

    def stop(self) -> None:
        """End the process and its life."""
        self.is_stopped = True
        if self.is_importing:
            self._kill()  # it does not look at its stream before it is done
            return
        if self.life is not None:
            self.life.close()
            self.life = None
        self._control.close()
        try:
            self._process.wait(ENDING_S + PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._kill()
        self._output.close()

    def _kill(self) -> None:
        self._control.close()
        self._process.kill()
        self._process.wait()
        self._output.close()


_kept: dict[tuple[Any, ...], Server] = {}


def kept_server(
    name: str, *, python: str, environment: Mapping[str, str], memory_bytes: int | None
) -> Server:
    """The server of a subject: one for all on the same framework, as importing it is expensive."""
    key = _key(name, python, environment, memory_bytes)
    server = _kept.pop(key, None)
    if server is None or server.is_stopped:
        while len(_kept) >= SERVERS:
            _kept.pop(next(iter(_kept))).stop()
        server = Server(name, python=python, environment=environment, memory_bytes=memory_bytes)
    server.hello  # noqa: B018 - it is kept if there is one
    _kept[key] = server
    return server


def import_ahead(name: str, *, python: str, environment: Mapping[str, str], memory_bytes: int | None) -> None:
    """Begin the imports of a subject that `kept_server` will be asked for, unless too many are kept."""
    key = _key(name, python, environment, memory_bytes)
    if key not in _kept and len(_kept) < SERVERS:
        _kept[key] = Server(name, python=python, environment=environment, memory_bytes=memory_bytes)


def _key(name: str, python: str, environment: Mapping[str, str], memory_bytes: int | None) -> tuple[Any, ...]:
    return relatives(name), python, tuple(environment.items()), memory_bytes, Path.cwd()


def copies_of_kept() -> list[tuple[Server, socket.socket | None]]:
    """Each server that is kept with the stream of a copy, for a process that is about to be forked."""
    copies: list[tuple[Server, socket.socket | None]] = []
    for server in _kept.values():
        try:
            server.hello  # noqa: B018 - which has its imports done
            copies.append((server, server.copied()))
        except (OSError, BrokenStream, NoWorker):  # it has ended: another is started when it is asked
            copies.append((server, None))
    return copies


def end_lives() -> None:
    """End the lives of the servers that are kept, which take memory; another is forked when one is asked."""
    for server in _kept.values():
        server.end_life()


@atexit.register
def stop_kept() -> None:
    """End the servers that are kept, and their lives."""
    while _kept:
        _kept.popitem()[1].stop()


def _path() -> list[str]:
    """This process's module path, without the folders of its interpreter."""
    roots = (sys.prefix, sys.base_prefix, sys.exec_prefix)
    places = [place for place in map(Path.absolute, map(Path, sys.path)) if not is_installed(place)]
    return [str(place) for place in places if not any(map(place.is_relative_to, roots))]
