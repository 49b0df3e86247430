"""Subjects that misuse what their worker has: the stream on which it answers, processes and threads."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
import threading
from pathlib import Path
from socket import SHUT_RDWR, socket
from typing import Any, NoReturn

from tests.planted.convolutions import answer
from verify import Case
from verify.cases.operands import Array
from verify.subjects import protocol


def _frame() -> Any:
    """Where the worker has its stream and the number of the request."""
    frame = sys._getframe()
    while "stream" not in frame.f_locals or "number" not in frame.f_locals:
        frame = frame.f_back
    return frame


def stream() -> socket:
    return _frame().f_locals["stream"]


def _head(*lengths: int) -> bytes:
    return struct.pack("<QIQ", _frame().f_locals["number"], *lengths)


def sends_garbage(case: Case) -> Array:
    stream().sendall(b"\xff" * 16)
    return answer(case)


def sends_text(case: Case) -> Array:
    stream().sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    return answer(case)


def announces_gigabytes(case: Case) -> Array:
    stream().sendall(_head(2, 3 << 30) + b"{}")
    return answer(case)


def announces_a_long_header(case: Case) -> Array:
    stream().sendall(_head(2**32 - 1, 0))
    return answer(case)


def sends_no_json(case: Case) -> Array:
    stream().sendall(_head(3, 0) + b"{]}")
    return answer(case)


def sends_deep_json(case: Case) -> Array:
    stream().sendall(_head(60_000, 0) + b"[" * 60_000)
    return answer(case)


def _says(header: dict[str, Any], parts: list[bytes]) -> NoReturn:
    """Answer in the worker's place."""
    number = _frame().f_locals["number"]
    protocol.send(stream(), number, header, parts)
    protocol.send_end(stream(), number)
    os._exit(0)


def says_that_it_agrees(case: Case) -> Array:
    _says({"outcome": "agrees"}, [])


def sends_another_array(case: Case) -> Array:
    header = {"answer": {"dtype": "<f4", "shape": [10**6]}, "modified": [], "sizes": [4]}
    _says(header, [b"four"])


def sends_other_operands(case: Case) -> Array:
    header = {"answer": {"dtype": "<f4", "shape": [1]}, "modified": ["input"], "sizes": [4, 1]}
    _says(header, [b"four", b"1"])


def answers_first(case: Case) -> Array:
    """Once itself, and once as it should."""
    y = answer(case)
    body, number = y.tobytes(), _frame().f_locals["number"]
    header = {"answer": protocol.form(y), "modified": [], "sizes": [len(body)]}
    protocol.send(stream(), number, header, [body])
    return y


def closes(case: Case) -> Array:
    stream().close()
    return answer(case)


def shuts(case: Case) -> Array:
    stream().shutdown(SHUT_RDWR)
    return answer(case)


def closes_and_waits(case: Case) -> Array:
    os.close(stream().fileno())
    signal.pause()
    raise AssertionError


def leaves_bytes(case: Case) -> Array:
    """Sends more once it has answered."""
    own = socket(fileno=os.dup(stream().fileno()))

    def after(frame: Any, event: str, argument: Any) -> None:
        if event == "return" and frame.f_code is protocol.send_end.__code__:
            sys.setprofile(None)
            own.sendall(b"and more")

    sys.setprofile(after)
    return answer(case)


def comes_back_twice(case: Case) -> Array:
    """In a copy of its process, too."""
    os.fork()
    return answer(case)


def starts_what_leaves_its_group(case: Case) -> Array:
    """A child in a session of its own, and a daemon's child of a child; writes their numbers down."""
    if not (child := os.fork()):
        os.setsid()
        _sleeper("daemon")
        os._exit(0)
    os.waitpid(child, 0)
    _sleeper("session")
    return answer(case)


def starts_and_hangs(case: Case) -> Array:
    starts_what_leaves_its_group(case)
    while True:
        signal.pause()


def starts_and_aborts(case: Case) -> Array:
    starts_what_leaves_its_group(case)
    os.abort()


def _sleeper(name: str) -> None:
    sleeper = subprocess.Popen(["sleep", "1000"], start_new_session=True)
    Path(os.environ["SLEEPERS"], name).write_text(str(sleeper.pid))
    sleeper.returncode = 0  # so that Python does not wait for it


def starts_threads(case: Case) -> Array:
    """One that never ends."""
    threading.Thread(target=threading.Event().wait).start()
    return answer(case)


def starts_threads_and_is_wrong(case: Case) -> Array:
    return starts_threads(case) + case.dtype.type(1)
