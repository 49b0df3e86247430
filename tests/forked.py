"""`python -m MODULE` in a fork of one process that has imported what these commands share.

Half a second of most commands is the import of NumPy, pytest, Hypothesis and the harness. A fork has a
module's own `__main__`, arguments, environment, folder and files as a new process does, and ends as one.
A third of a run of few cases finds what is the same for each: a case for each fault and region, the words
that failed elsewhere, and what Hypothesis reads of all modules before its first search. Forks have it found.
What a fork shares with the next one is what was read before: the seed of Python's hashes, and variables
that modules read when they are imported. A command that has others of these is a new process.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import pkgutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import cache
from pathlib import Path
from typing import IO, Any

from tests.places import ALONE, ROOT
from tests.progress import settled

_LATE = {"PYTHONPATH", "COLUMNS", "HOME", "USERPROFILE", "ORDER", "PY_COLORS", ALONE}
"""Variables that are read after the imports, or set here."""

_LATE_PREFIXES = ("PYTEST_", "TF_CPP_", "TF_ENABLE_", "TF2_", "TPU_", "KERAS_")

_USUAL = dict(os.environ)
"""The environment of the tests, before any of them changes it."""

_PACKAGES = ("verify.commands", "verify.gate", "verify.reports", "verify.runs")

_MODULES = ("hypothesis.internal.conjecture.engine", "pytest", "rich.live", "rich.table", "strategies")

_GATED = ({}, {"operations": ("conv",), "ranks": (1,), "dtypes": ("float32",)})
"""The narrowings of most runs."""

_BOOT = """
import runpy, sys
from tests.forked import command_of_a_fork
runpy.run_module(command_of_a_fork(int(sys.argv[1])), run_name="__main__", alter_sys=True)
"""


class Fork:
    """A command that runs, with as much of `subprocess.Popen` as it takes to wait for it."""

    stdin = None

    def __init__(self, control: socket.socket) -> None:
        self._control = control

    def wait(self) -> int:
        return int(self._control.recv(16))


class Forker:
    """The process that has the imports, and forks one command at a time."""

    def __init__(self) -> None:
        self._control, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _BOOT, str(theirs.fileno())],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, pass_fds=[theirs.fileno()],
                cwd=ROOT, env={**_USUAL, "PYTHONPATH": str(ROOT)},
            )  # fmt: skip
        atexit.register(self._stop)

    def start(
        self, command: list[str], *, files: list[int], folder: Path, environment: Mapping[str, str]
    ) -> Fork:
        """Start a module, the first word of the command, with standard input, output and error."""
        with tempfile.TemporaryFile("w+") as asked:
            json.dump({"command": command, "folder": str(folder), "environment": dict(environment)}, asked)
            asked.flush()
            socket.send_fds(self._control, [b"+"], [asked.fileno(), *files])
        return Fork(self._control)

    def _stop(self) -> None:
        self._control.close()
        self._process.wait()


def _is_usual(environment: Mapping[str, str]) -> bool:
    """Whether the variables that modules may read when they are imported are those of the tests."""
    return _early(environment) == _early(_USUAL)


def _early(environment: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in environment.items()
        if name not in _LATE and not name.startswith(_LATE_PREFIXES)
    }


forker = cache(Forker)


def run(
    *command: str, folder: Path | None = None, words: str = "", environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run `python -m` this command to its end, as `subprocess.run` does; what it prints is `settled`."""
    place = folder or Path.cwd()
    if not _is_usual(environment):
        done = subprocess.run(
            [sys.executable, "-m", *command],
            input=words, capture_output=True, text=True, check=False, cwd=place, env=environment,
        )  # fmt: skip
        return settled(done)
    with ExitStack() as files:
        given, printed, complained = (files.enter_context(tempfile.TemporaryFile("w+")) for _ in range(3))
        given.write(words)
        given.seek(0)
        numbers = [file.fileno() for file in (given, printed, complained)]
        code = forker().start([*command], files=numbers, folder=place, environment=environment).wait()
        texts = _content(printed), _content(complained)
        return settled(subprocess.CompletedProcess([*command], code, *texts))


def popen(
    command: Sequence[str], *, stdin: object, stdout: IO[str], stderr: IO[str]
) -> Fork | subprocess.Popen[bytes]:
    """A run of pytest, as `pytester` starts it: `python -mpytest …` in the folder where the test is."""
    _, module, *arguments = command
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(Path.cwd()), os.environ["PYTHONPATH"]))}
    with Path(os.devnull).open() as nothing:
        if not _is_usual(environment):
            return subprocess.Popen(command, stdin=nothing, stdout=stdout, stderr=stderr, env=environment)
        files = [file.fileno() for file in (nothing, stdout, stderr)]
        words = [module.removeprefix("-m"), *arguments]
        return forker().start(words, files=files, folder=Path.cwd(), environment=environment)


def _content(file: IO[str]) -> str:
    file.seek(0)
    return file.read()


def command_of_a_fork(channel: int) -> str:
    """In the process that forks: wait for commands. In each fork, all set: the module to run."""
    control = socket.socket(fileno=channel)
    for package in _PACKAGES:
        for module in pkgutil.iter_modules(importlib.import_module(package).__path__, f"{package}."):
            importlib.import_module(module.name)
    for name in _MODULES:
        importlib.import_module(name)
    _search_once()
    for narrowings in _GATED:
        _find_what_is_asked(narrowings)
    gc.freeze()
    with suppress(OSError):  # the tests have ended
        while (request := socket.recv_fds(control, 1, 4))[0]:
            if not (pid := os.fork()):
                control.close()
                return _set_up(*request[1])
            for file in request[1]:
                os.close(file)
            control.send(str(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])).encode())
    os._exit(0)


def _search_once() -> None:
    """Let Hypothesis read the constants of the modules, which it does when it first searches."""
    from hypothesis import Phase, given, settings
    from hypothesis import strategies as st

    @settings(database=None, max_examples=1, phases=(Phase.generate,))
    @given(st.binary())
    def search(row: bytes) -> None:
        pass

    search()


def _find_what_is_asked(narrowings: dict[str, Any]) -> None:
    """Fill the caches of what a gate asks of any subject that declares nothing, without asking one."""
    from tests.planted.convolutions import right
    from verify.cases.fills import FILLS
    from verify.checks.subject import describe
    from verify.faults.witnesses import witnesses
    from verify.gate.drawing import region_cases
    from verify.subjects.failed import failed_words

    domains = {"": describe(right).drawn(**narrowings)}
    witnesses(domains, tuple(FILLS))
    region_cases(domains, "ints", narrowings)
    failed_words()


def _set_up(request: int, *files: int) -> str:
    """Take the files, the folder, the environment and the arguments of a command; its module."""
    for place, file in enumerate(files):
        os.dup2(file, place)
        os.close(file)
    with os.fdopen(request) as asked:
        asked.seek(0)
        content = json.load(asked)
    os.chdir(content["folder"])
    os.environ.clear()
    os.environ.update(content["environment"])
    # The first place is that of the command's own script, the second the checkout, by PYTHONPATH.
    places = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:2] = [content["folder"], *filter(None, places)]
    importlib.invalidate_caches()
    sys.argv = content["command"]
    return str(sys.argv[0])
