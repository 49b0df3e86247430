"""Files of data, read within bounds: size, nesting and numbers are checked before a value is used."""

from __future__ import annotations

import errno
import gzip
import json
import math
import os
import re
import stat
import tomllib
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any, cast

MOST_BYTES = 2**26
"""The size of a file that is read whole; a file of records is read line by line."""

LONGEST_LINE = 2**22
"""Bytes of a line of JSON."""

LARGEST_TOML = 2**22
"""Bytes of a TOML file."""

DEEPEST = 32
"""Brackets within brackets, and the parts of a dotted key."""

MOST_DIGITS = 100
"""Digits of a whole number."""

_JSON_PARTS = re.compile(r'"(?:[^"\\]++|\\.)*+"|[\[{]|[\]}]', re.DOTALL)
_TOML_TEXTS = re.compile(
    r'"""(?:[^\\]|\\.)*?"""|\'\'\'.*?\'\'\'|"(?:[^"\\\n]++|\\.)*+"|\'[^\'\n]*\'|#[^\n]*', re.DOTALL
)
_BRACKETS = re.compile(r"[\[{]|[\]}]")


class DataError(ValueError):
    """What is wrong in a text of data, and in which of its lines."""

    def __init__(self, why: str, line: int = 1) -> None:
        super().__init__(why)
        self.line = line


def opened(file: Path, *, option: str = "", follows: bool = True) -> int:
    """A handle of a regular file, or of the null device; it never waits.

    Raises OSError for anything else, such as a link unless it `follows` these; `option` is that by which
    another file is named.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
    handle = os.open(file, flags if follows else flags | getattr(os, "O_NOFOLLOW", 0))
    found = os.fstat(handle)
    if stat.S_ISREG(found.st_mode) or os.path.samestat(found, Path(os.devnull).stat()):
        return handle
    os.close(handle)
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(file))
    what = "a pipe" if stat.S_ISFIFO(found.st_mode) else "a device"
    another = f"name another by {option}" if option else "name another"
    raise OSError(f"{str(file)!r} is {what} where a file is needed: {another}")


def text_in(file: Path, *, option: str = "", most: int = MOST_BYTES, follows: bool = True) -> str:
    """The text of a file in UTF-8, which may be a link where it `follows` these.

    Raises OSError for what is no file, and ValueError, one sentence with the file and the line, for what is
    no text or is too large.
    """
    with os.fdopen(opened(file, option=option, follows=follows), "rb") as stream:
        data = stream.read(most + 1)
    another = f"; name another by {option}" if option else ""
    if len(data) > most:
        raise ValueError(f"{file} is larger than {most // 2**20} MiB, which no file of its kind is{another}")
    return text_of(data, str(file), another)


def text_of(data: bytes, source: str, more: str = "") -> str:
    """Bytes as text; raises ValueError, one sentence with the source and the line, for what is none."""
    try:
        return decoded(data)
    except DataError as wrong:
        raise ValueError(f"{source}, line {wrong.line}: {wrong}{more}") from None


def decoded(data: bytes) -> str:
    """Bytes as text; raises DataError for what is not UTF-8, and for a NUL."""
    try:
        text = data.decode("utf-8").removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")
    except UnicodeDecodeError as wrong:
        why = f"it is not text in UTF-8, as its byte 0x{data[wrong.start]:02x} shows"
        raise DataError(why, 1 + data.count(b"\n", 0, wrong.start)) from None
    if "\0" in text:
        raise DataError("it is not text: it has a NUL", 1 + text.count("\n", 0, text.index("\0")))
    return text


def json_lines(file: Path) -> Iterator[tuple[int, bytes]]:
    """The lines of a file, which may be compressed, with their numbers; one without an end is the last.

    Raises OSError for what is no file, and ValueError, one sentence, for a line that is too long.
    """
    with os.fdopen(opened(file), "rb") as raw, _inside(raw, file) as stream:
        number = 0
        while line := _line(stream, file, number + 1):
            number += 1
            if len(line) > LONGEST_LINE:
                raise ValueError(f"{file}, line {number}: it is longer than {LONGEST_LINE // 2**20} MiB")
            yield number, line


def _inside(stream: IO[bytes], file: Path) -> IO[bytes]:
    """What a file holds: of one by gzip what it had before."""
    return cast(IO[bytes], gzip.GzipFile(fileobj=stream)) if file.suffix == ".gz" else stream


def _line(stream: IO[bytes], file: Path, number: int) -> bytes:
    try:
        return stream.readline(LONGEST_LINE + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as wrong:
        raise ValueError(f"{file}, line {number}: it is not whole as gzip has it: {wrong}") from None


def json_of(text: str, *, has_constants: bool = False) -> Any:
    """The value of a JSON text, which may have Python's NaN and Infinity where it `has_constants`.

    Raises DataError for what is none, nested too deep, has a key twice or a number beyond range. What no
    text may hold, half of a pair of surrogates, is escaped.
    """
    if text.count("[") + text.count("{") > DEEPEST:
        _require_flat(text, (part for part in _JSON_PARTS.finditer(text) if part[0][0] != '"'))
    try:
        value = (_PYTHONS_DECODER if has_constants else _DECODER).decode(text)
    except json.JSONDecodeError as wrong:
        raise DataError(f"{wrong.msg} at column {wrong.colno}", wrong.lineno) from None
    except (DataError, RecursionError) as wrong:
        raise DataError(str(wrong)) from None
    return _whole_texts(value) if "\\ud" in text or "\\uD" in text else value


def toml_of(text: str) -> dict[str, Any]:
    """The table of a TOML text; raises DataError, as `json_of` does."""
    rest = _TOML_TEXTS.sub(lambda found: "\n" * found[0].count("\n"), text)
    _require_flat(rest, _BRACKETS.finditer(rest))
    if any(part.count(".") >= DEEPEST for part in re.split(r"[=,\[\]{}\n]", rest)):
        raise DataError(f"a key has more than {DEEPEST} parts")
    try:
        table = tomllib.loads(text)
        _require_small(table)
    except tomllib.TOMLDecodeError as wrong:
        why, _, place = str(wrong).rpartition(" (at ")
        line = re.match(r"line (\d+), column (\d+)\)", place)
        if line is None:
            raise DataError(f"{why or wrong} at its end", 1 + text.count("\n")) from None
        raise DataError(f"{why} at column {line[2]}", int(line[1])) from None
    except DataError:
        raise
    except (ValueError, OverflowError, RecursionError):
        raise DataError("it has a number or a date beyond range") from None
    return table


def value_shown(value: Any, most: int = 200) -> str:
    """A value of a file in a sentence, cut where it is longer."""
    text = repr(value)
    return text if len(text) <= most else f"{text[:most]}…"


def brief(sentence: str, most: int = 1_000) -> str:
    """A sentence that is cut where what it repeats of a file is long."""
    return sentence if len(sentence) <= most else f"{sentence[: most // 2]} … {sentence[-most // 2 :]}"


def line_with(text: str, part: str) -> int:
    """The first line of a text that has a part, or the first."""
    place = text.find(part)
    return 1 + text.count("\n", 0, max(place, 0))


def line_of(text: str, header: str, key: str = "", *, number: int = 0) -> int:
    """The line of a TOML text in which a key stands, below a header, or the header's, or the first.

    There may be several headers alike, of which `number` counts from 0.
    """
    headers = [n for n, line in enumerate(text.split("\n"), 1) if _plain(line) == header]
    start = headers[number] if number < len(headers) else 0
    wanted = re.compile(rf"""\s*(?:[\w".'-]+\.)?["']?{re.escape(key)}["']?\s*[.=]""")
    for place, line in enumerate(text.split("\n")[start:], start + 1):
        if key and wanted.match(line):
            return place
        if start and line.lstrip().startswith("["):
            break
    return start or 1


def _plain(header: str) -> str:
    return re.sub(r"""[\s"']""", "", header.partition("#")[0])


def _require_flat(text: str, brackets: Iterable[re.Match[str]]) -> None:
    depth = 0
    for bracket in brackets:
        depth += 1 if bracket[0] in "[{" else -1
        if depth > DEEPEST:
            line = 1 + text.count("\n", 0, bracket.start())
            raise DataError(f"it is nested too deep, more than {DEEPEST} levels", line)


def _require_small(value: Any) -> None:
    left = [value]
    while left:
        part = left.pop()
        if isinstance(part, dict):
            left += part.values()
        elif isinstance(part, list):
            left += part
        elif isinstance(part, int) and abs(part) >= 10**MOST_DIGITS:
            raise DataError(f"it has a number of more than {MOST_DIGITS} digits")


def _whole(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise DataError(f"it has a number of {len(digits):,} digits, more than {MOST_DIGITS}")
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise DataError(f"it has a number beyond range, {digits[:20]}")
    return number


def _no_constant(name: str) -> float:
    raise DataError(f"{name} is no number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        twice, _ = Counter(key for key, _ in pairs).most_common(1)[0]
        raise DataError(f"it has the key {twice[:50]!r} twice")
    return table


_DECODER, _PYTHONS_DECODER = (
    json.JSONDecoder(object_pairs_hook=_once, parse_int=_whole, parse_float=_finite, parse_constant=constant)
    for constant in (_no_constant, float)
)


def _whole_texts(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_whole_texts(key): _whole_texts(part) for key, part in value.items()}
    return [*map(_whole_texts, value)] if isinstance(value, list) else value
