"""Calls that are written down instead of made: the source of a script from the code of a subject.

A subject's calls are Python over `tf` and `keras`. Run with names in their place, they leave the lines
that they would have run, so that a script makes the very calls that the subject makes.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from verify.cases.operands import Array
from verify.export.source import source_of


class _Line(NamedTuple):
    depth: int
    name: str
    text: str


class Recording:
    """The lines that calls have left, with arrays under the names that the script has for them."""

    def __init__(self, arrays: Mapping[str, Array], dtype: str) -> None:
        self.dtype = dtype
        self._names = {id(array): name for name, array in arrays.items()}
        self._lines: list[_Line] = []
        self._depth = 0

    def name(self, text: str, shape: tuple[int | None, ...] | None = None) -> Expression:
        """A name of the script: a module, or a tensor of a shape whose unknown sizes are None."""
        return Expression(self, text, shape)

    def call(self, text: str) -> Expression:
        """A line that gives its value a new name."""
        name = f"y{len(self._lines) + 1}"
        self._lines.append(_Line(self._depth, name, text))
        return Expression(self, name)

    def enter(self, name: str) -> None:
        """The last line's value, or one that has a name, as the context of what follows."""
        made = self._lines[-1] if self._lines else None
        if made and made.name == name:
            self._lines[-1] = made._replace(name="", text=f"with {made.text} as {name}:")
        else:
            self._lines.append(_Line(self._depth, "", f"with {name}:"))
        self._depth += 1

    def leave(self) -> None:
        self._depth -= 1

    def source(self, answer: Any, width: int) -> list[str]:
        """The lines and the return of a value.

        A value that is used once is written where it is used, up to so many columns.
        """
        lines = [*self._lines, _Line(0, "", f"return {self.text(answer)}")]
        for name in [line.name for line in self._lines if line.name]:
            start = next(place for place, line in enumerate(lines) if line.name == name)
            place = _only_use(lines, start)
            joined = None if place is None else _joined(lines[start], lines[place], width)
            if place is not None and joined:
                lines[place] = joined
                del lines[start]
        return [_written(line, lines) for line in lines]

    def text(self, value: Any) -> str:
        """The source of a value."""
        match value:
            case Expression():
                return value._text
            case np.ndarray():
                return self._array(value)
            case np.dtype():
                return f'"{value.name}"'
            case str():
                return f'"{value}"'
            case list() | tuple():
                return f"[{', '.join(map(self.text, value))}]"
            case partial():
                return f"lambda y: {self.text(value.func)}(y, {self._keywords(value.keywords)})"
        return repr(value)

    def _array(self, array: Array) -> str:
        """The name of an array, or of the one that it is a view of; else what makes it."""
        if id(array) in self._names:
            return self._names[id(array)]
        whole = self._names.get(id(array.base))
        if whole and array.flags.c_contiguous and array.nbytes == array.base.nbytes:  # type: ignore[union-attr]
            return f"{whole}.reshape({list(array.shape)})"
        return source_of(array)

    def arguments(self, given: tuple[Any, ...], named: Mapping[str, Any]) -> str:
        return ", ".join([*map(self.text, given), *([self._keywords(named)] if named else [])])

    def _keywords(self, named: Mapping[str, Any]) -> str:
        return ", ".join(f"{name}={self.text(value)}" for name, value in named.items())


class Expression:
    """A value that a script will have, of which the source is known and nothing else.

    A tensor's dtype is the recording's, and its shape what it was given, where that is known.
    """

    def __init__(self, recording: Recording, text: str, shape: tuple[int | None, ...] | None = None) -> None:
        self._recording = recording
        self._text = text
        self._shape = shape

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name == "shape" and self._shape is not None:
            return self._shape
        text = f"tf.{self._recording.dtype}" if name == "dtype" else f"{self._text}.{name}"
        return Expression(self._recording, text)

    def __call__(self, *given: Any, **named: Any) -> Expression:
        return self._recording.call(f"{self._text}({self._recording.arguments(given, named)})")

    def __getitem__(self, key: Any) -> Expression:
        return Expression(self._recording, f"{self._text}[{key!r}]")

    def __add__(self, other: Any) -> Expression:
        return self._recording.call(f"{self._text} + {self._recording.text(other)}")

    def __enter__(self) -> Expression:
        self._recording.enter(self._text)
        return self

    def __exit__(self, *error: object) -> None:
        self._recording.leave()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expression) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)


def _places() -> list[tuple[ModuleType, str]]:
    """Where the code of the subjects has TensorFlow and Keras by name."""
    modules = [
        module for name, module in sys.modules.items() if name.startswith("verify.subjects.tensorflow.")
    ]
    return [(module, name) for module in modules for name in ("tf", "keras") if hasattr(module, name)]


@contextmanager
def recording(arrays: Mapping[str, Array], dtype: str) -> Iterator[Recording]:
    """What the code of the TensorFlow subjects does within is written down, and not done."""
    made = Recording(arrays, dtype)
    kept = [(module, name, getattr(module, name)) for module, name in _places()]
    for module, name, _ in kept:
        setattr(module, name, made.name(name))
    try:
        yield made
    finally:
        for module, name, was in kept:
            setattr(module, name, was)


def _only_use(lines: list[_Line], start: int) -> int | None:
    """The line that alone uses the value of another, once, and in the same block; else None."""
    uses = [_uses(lines[start].name, line.text) for line in lines]
    if sum(uses) != 1:
        return None
    place = uses.index(1)
    block = lines[start : place + 1]
    is_one_block = all(line.depth == lines[start].depth and line.text[:5] != "with " for line in block)
    return place if is_one_block else None


def _joined(line: _Line, user: _Line, width: int) -> _Line | None:
    """A line with another's value in place of its name, or None where that is too wide."""
    is_argument = re.search(rf"(^return |[(,] ?){line.name}([),]|$)", user.text)
    value = line.text if is_argument or " + " not in line.text else f"({line.text})"
    text = re.sub(rf"\b{line.name}\b", lambda _: value, user.text)
    fits = len(text) + 4 * line.depth <= width or user.text == f"return {line.name}"
    return user._replace(text=text) if fits else None


def _uses(name: str, text: str) -> int:
    return len(re.findall(rf"\b{name}\b", text))


def _written(line: _Line, lines: list[_Line]) -> str:
    """A line of source; a value that no line uses has no name."""
    is_used = line.name and any(_uses(line.name, each.text) for each in lines)
    return "    " * line.depth + (f"{line.name} = " if is_used else "") + line.text
