"""A life: one process that answers cases, as its parent sees it."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from socket import socket
from typing import IO, Any, NamedTuple

from verify.cases.case import Case
from verify.subjects.evidence import memory_kills
from verify.subjects.protocol import BrokenStream, is_silent, receive, receive_end, send


class Ending(NamedTuple):
    """How a life ended: its exit code, or None if that is lost, and whether it had to be ended."""

    code: int | None
    is_forced: bool


@dataclass(eq=False)
class Life:
    """One process that answers cases: its stream, and the file that its output goes to.

    Requests are numbered from a number that nobody guesses, so that what a subject writes into the stream is
    not taken for an answer. `kills` is how often the kernel had ended a process for lack of memory before,
    and `compiled` has the shapes that it was asked of subjects that compile each: the subject's name, the
    way, and a case.
    """

    stream: socket
    output: IO[bytes]
    kills: int = field(default_factory=memory_kills)
    compiled: set[tuple[str, str, Case]] = field(default_factory=set)
    _number: int = field(default_factory=lambda: secrets.randbits(62))
    _asked: str = ""

    def ask(
        self, request: Mapping[str, Any], parts: Iterable[bytes] = (), *, most: int = 0, limit_s: float
    ) -> tuple[dict[str, Any], bytearray]:
        """The header and the body of the answer to a request, which may have `most` bytes.

        Raises TimeoutError if there is none in time, OSError or BrokenStream if there will be none.
        """
        self.begin(request, parts)
        header, body = self.next(most=most, limit_s=limit_s)
        self.finish(limit_s)
        return header, body

    def begin(self, request: Mapping[str, Any], parts: Iterable[bytes] = ()) -> None:
        """Send a request."""
        if not is_silent(self.stream):
            raise BrokenStream(f"it sent more after it had answered {self._asked}")
        self._number += 1
        self._asked = str(request.get("word", "what it was asked before"))
        os.ftruncate(self.output.fileno(), 0)
        send(self.stream, self._number, request, parts)

    def next(self, *, most: int = 0, limit_s: float) -> tuple[dict[str, Any], bytearray]:
        """The header and the body of the next message that has the number of the request."""
        header, body, _ = receive(self.stream, self._number, most=most, limit_s=limit_s)
        return header, body

    def finish(self, limit_s: float) -> None:
        """Wait for the end of the answer."""
        receive_end(self.stream, self._number, limit_s)

    def was_out_of_memory(self) -> bool:
        """Whether the kernel has ended a process for lack of memory since this one began."""
        return memory_kills() > self.kills

    def close(self) -> None:
        self.stream.close()
        self.output.close()
