"""The one way out: standard output and error, where no text acts and no failure changes an exit code."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import NamedTuple, TextIO, cast

from verify.checks.escaping import inert, shown

LOST = 2000
"""Characters that could not be written, which are kept."""

_LINE = 100
"""Characters of a line, at its end, in which a command to a log could have begun."""


@dataclass
class Fate:
    """What became of a standard stream: why it cannot be written, and what it was to say then."""

    name: str
    why: str = ""
    lost: str = ""
    is_left: bool = False
    """Whether its reader has closed it, as `head` does."""

    @property
    def sentence(self) -> str:
        return f"conv-verify: {self.name} cannot be written, as {self.why}"


class Out(io.TextIOBase):
    """A standard stream which shows what it is given, and never fails.

    A character that its encoding lacks is written by its code. One for what is `styled` passes on the
    escape sequences of a style, which its writer keeps out of all text. After a failure it keeps
    what it cannot write in its fate, which copies of it share. One that is closed has the number of a
    `stand_in`, as those who ask for a number may insist on one.
    """

    def __init__(
        self, stream: TextIO | None, fate: Fate, *, is_styled: bool = False, stand_in: int | None = None
    ) -> None:
        self.fate = fate
        self._stream, self._is_styled = stream, is_styled
        self._file, self._is_own = _file_of(stream) if stream else stand_in, False
        self._line = ""

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return getattr(self._stream, "encoding", None) or "utf-8"

    def styled(self) -> Out:
        """A copy for text that we style, on a file of its own, as pytest takes the other during a run."""
        copy = Out(self._stream, self.fate, is_styled=True)
        if self._file is not None:
            copy._file, copy._is_own = os.dup(self._file), True
        return copy

    def close(self) -> None:
        """Close the file of a copy, also when nobody has it any more; the stream itself is another's."""
        if self._is_own and self._file is not None:
            os.close(self._file)
            self._file, self._is_own = None, False
        super().close()

    def write(self, text: str, /) -> int:
        safe = (inert if self._is_styled else shown)(text, self._line)
        self._line = _last_line(self._line + safe)
        self._put(safe)
        return len(text)

    def command(self, line: str) -> None:
        """Write a command to a log of CI, as a line of its own."""
        self._put("\n" * bool(self._line) + f"{line}\n")
        self._line = ""

    def _put(self, text: str) -> None:
        if not self.fate.why:
            try:
                self._pass_on(text.encode(self.encoding, "backslashreplace"))
            except BrokenPipeError:
                self.fate.why, self.fate.is_left = "its reader has closed it", True
            except OSError as error:
                self.fate.why = f"the system says {(error.strerror or str(error)).lower()!r}"
            except ValueError:  # of a stream that is closed
                self.fate.why = "it is closed"
        if self.fate.why:
            self.fate.lost = (self.fate.lost + text)[-LOST:]

    def _pass_on(self, data: bytes) -> None:
        if self._file is None:
            assert self._stream is not None
            self._stream.write(data.decode(self.encoding))
        while data and self._file is not None:
            data = data[os.write(self._file, data) :]

    def fileno(self) -> int:
        if self._file is None:
            raise io.UnsupportedOperation
        return self._file

    def isatty(self) -> bool:
        return self._file is not None and os.isatty(self._file)

    def writable(self) -> bool:
        return True


class Streams(NamedTuple):
    """The two ways out of a command."""

    output: Out
    error: Out

    def say_what_is_lost(self, code: int, *, is_verdict: bool) -> None:
        """Say on one stream, if it can be written, what could not be written to the other."""
        if self.output.fate.lost and not (self.output.fate.is_left and not (is_verdict and code)):
            verdict = f": exit code {code} is the verdict all the same" if is_verdict else ""
            self.error.write(f"{self.output.fate.sentence}{verdict}; direct it elsewhere, and run again\n")
        elif self.error.fate.lost and not self.error.fate.is_left:
            said = " ".join(self.error.fate.lost.split())
            self.output.write(f"{self.error.fate.sentence}; what it was to say is: {said}\n")


def styled_output() -> TextIO:
    """Standard output, for text that we style."""
    return _styled(sys.stdout, "standard output")


def styled_error() -> TextIO:
    """Standard error, for text that we style."""
    return _styled(sys.stderr, "standard error")


def _styled(stream: TextIO, name: str) -> TextIO:
    out = stream if isinstance(stream, Out) else Out(stream, Fate(name))
    return cast(TextIO, out.styled())


@contextmanager
def standard_streams() -> Iterator[Streams]:
    """Put the one way out in the place of standard output and error, of which either may be closed."""
    _occupy()
    before = sys.stdin, sys.stdout, sys.stderr
    for stream in before[1:]:
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    names = ("standard output", "standard error")
    output, error = (
        Out(stream, Fate(name, "" if stream else "it is closed"), stand_in=number)
        for number, (name, stream) in enumerate(zip(names, before[1:], strict=True), start=1)
    )
    with open(os.devnull, encoding="utf-8") as nothing:  # noqa: PTH123 - as `sys.stdin` is opened
        sys.stdin, sys.stdout, sys.stderr = before[0] or nothing, cast(TextIO, output), cast(TextIO, error)
        try:
            yield Streams(output, error)
        finally:
            sys.stdin, sys.stdout, sys.stderr = before


def _occupy() -> None:
    """Open the numbers of standard streams that are closed, so that no file of ours gets one."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            nothing = os.open(os.devnull, os.O_RDWR)
            if nothing != number:
                os.dup2(nothing, number)
                os.close(nothing)


def _file_of(stream: TextIO | None) -> int | None:
    """The number of a stream's file, if it has one."""
    if stream is None:
        return None
    with suppress(OSError, ValueError, AttributeError):
        return stream.fileno()
    return None


def _last_line(text: str) -> str:
    """The end of a line, with something before it if it is not all; blanks begin a line as none do."""
    line = text.rpartition("\n")[2].lstrip()
    return line if len(line) <= _LINE else f"…{line[-_LINE:]}"
