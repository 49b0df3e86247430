"""Mutations of valid files of data: bytes, lines and values that nobody meant."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

NASTY: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2, 7, 10**12, 10**18, -(10**18), 2**63, 2**64, 10**30, 1.5, -1.5, 1e308),
    *("", " ", "x", "\x00", "\x1b[31m", "::error::x", "##[group]", "a\nb", "\ud800", "é", "\u2028", "²"),
    *(
        "nan",
        "inf",
        "-inf",
        "1/0",
        "0/9999",
        "1/9999",
        "--help",
        "-h",
        "--python=/bin/false",
        "[/x]",
        "[red]",
    ),
    *("conv_i1_k1_same_ones", "conv_i999999999_k1_same_ones", "conv_", "fault:kernel-flipped", "os:system"),
    *("this:x", "tests/test_gate.py:f", "../../etc/passwd.py:f", "/bin/sh", "x" * 5000, "a=b 'c", "x 'y"),
    *(
        [],
        [[]],
        [1],
        ["x"],
        [0, 0, 0, 0],
        {},
        {"": ""},
        {"x": 1},
        {"LD_PRELOAD": "/tmp/x.so"},
        {"a": {"b": []}},
    ),
)
"""Values of wrong types, out of range, and with what terminals, shells and logs obey."""

RAW = (
    *("NaN", "Infinity", "-Infinity", "1e999", "9" * 50, "9" * 5000, "[" * 50 + "]" * 50, "[" * 100_000),
    *(
        '{"a":' * 100_000,
        '"\\ud800"',
        '"\\u0000"',
        "tru",
        "'",
        '"',
        "\\",
        "\x00",
        "0x10",
        "1_000",
        "2026-13-45",
    ),
    *("00:61:00", "a.b.c = 1", "{a = {b = 1}}", '"""', "'''", "#", "[[x]]", "=", "\ufeff", "\r\n", "\n\n"),
    *("." + "a." * 100_000, "__import__('os')", "lambda: 0", "(" * 3000, "x**x**x**x", "1 if 1 else 2", "*"),
)
"""Pieces of text that are put in the place of others."""


def mutations(
    valid: bytes, count: int, *, seed: int, values: Callable[[bytes, Random], bytes]
) -> Iterator[bytes]:
    """Mutations of a file: by `values`, its own values changed; else by bytes and pieces of text."""
    random = Random(seed)
    for _ in range(count):
        data = valid
        for _ in range(random.choice((1, 1, 1, 2, 5))):
            mutate = random.choice((values, values, values, _piece, _piece, *_OF_BYTES))
            data = mutate(data, random)
        yield data


def json_values(data: bytes, random: Random) -> bytes:
    """A JSON text, or one of the lines of a file of them, with a value or a key of it changed."""
    whole, lines = data.strip(), data.split(b"\n")
    number = random.randrange(len(lines))
    text = whole if whole.startswith(b"{\n") else lines[number]
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return data
    changed = json.dumps(_changed(value, random)).encode()
    if text is whole:
        return changed
    if random.random() < 0.1:  # a key that is there twice
        changed = b'{"type": "case", ' + changed[1:] if changed[:1] == b"{" else changed
    return b"\n".join([*lines[:number], changed, *lines[number + 1 :]])


def _changed(value: Any, random: Random) -> Any:
    places = [*_places(value, ())]
    if not places:
        return random.choice(NASTY)
    place = random.choice(places)
    parent = value
    for key in place[:-1]:
        parent = parent[key]
    last, act = place[-1], random.randrange(6)
    if act == 0:
        del parent[last]
    elif act == 1 and isinstance(parent, dict):
        parent[str(random.choice(NASTY))[:100]] = parent.pop(last)
    elif act == 2 and isinstance(parent, list):
        parent *= 3
    else:
        parent[last] = random.choice(NASTY)
    return value


def _places(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in pairs:
        yield (*path, key)
        yield from _places(part, (*path, key))


_TOML_VALUE = re.compile(rb"(?m)= *(.+)$")


def toml_values(data: bytes, random: Random) -> bytes:
    """A TOML text with a value, a key or a line of it changed."""
    found = [*_TOML_VALUE.finditer(data)]
    if not found or random.random() < 0.2:
        return _lines(data, random)
    chosen = random.choice(found)
    nasty = random.choice(NASTY)
    written = json.dumps(nasty) if random.random() < 0.7 else random.choice(RAW)
    return data[: chosen.start(1)] + written.encode("utf-8", "replace") + data[chosen.end(1) :]


def word_values(data: bytes, random: Random) -> bytes:
    """A file of words with a token of one changed."""
    tokens = re.split(rb"([_\n# ])", data)
    token = random.choice(
        ("k0", "i-1", "s999999999", "p1.2", "g3", "leaky" + "9" * 400, "é", "x" * 9000, "_", "")
    )
    tokens[random.randrange(len(tokens))] = token.encode()
    return b"".join(tokens)


def array_values(data: bytes, random: Random) -> bytes:
    """A file of NumPy with a piece of text in its header, or of an archive of these anywhere."""
    start = random.randrange(len(data[:120]) + 1) if data[:1] == b"\x93" else random.randrange(len(data) + 1)
    piece = random.choice(
        ("'|O'", "'V8'", "-3", "(10**9,)", "(1, 99999999999)", "999999999999", "True", *RAW)
    )
    return data[:start] + piece.encode("utf-8", "surrogatepass") + data[start:]


def _piece(data: bytes, random: Random) -> bytes:
    """A piece of text put in the place of a part."""
    start = random.randrange(len(data) + 1)
    piece = random.choice(RAW).encode("utf-8", "surrogatepass")
    return data[:start] + piece + data[start + random.choice((0, 0, 1, len(piece), 50)) :]


def _flipped(data: bytes, random: Random) -> bytes:
    place = random.randrange(len(data) + 1)
    return data[:place] + bytes([random.randrange(256)]) + data[place + 1 :]


def _cut(data: bytes, random: Random) -> bytes:
    return data[: random.randrange(len(data) + 1)]


def _begun_late(data: bytes, random: Random) -> bytes:
    return data[random.randrange(len(data) + 1) :]


def _lines(data: bytes, random: Random) -> bytes:
    """Lines that are left out, twice there, or in another order."""
    lines = data.split(b"\n")
    place, other = random.randrange(len(lines)), random.randrange(len(lines))
    act = random.randrange(3)
    if act == 0:
        del lines[place]
    elif act == 1:
        lines.insert(other, lines[place])
    else:
        lines[place], lines[other] = lines[other], lines[place]
    return b"\n".join(lines)


_OF_BYTES = (_flipped, _cut, _begun_late, _lines)
