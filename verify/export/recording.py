"""Recorded calls: the source of a script, made by running a subject's code without TensorFlow.

A subject's calls are Python over `tf` and `keras`. Run with recorders in place of these, they leave
the statements that they would have run, so that a script makes the same calls as the subject.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple, Self

import numpy as np

from verify.cases.operands import Array
from verify.export.source import source_of

_SUBJECTS = "verify.subjects.tensorflow."
"""What the names begin with of modules that have TensorFlow and Keras by name."""


class _Statement(NamedTuple):
    """A line of the script: how deep it is indented, the name of its value if it has one, its source."""

    depth: int
    name: str
    text: str


class Recording:
    """The statements that calls have left; arrays have the names that the script gives them."""

    def __init__(self, arrays: Mapping[str, Array], dtype: str) -> None:
        self.dtype = dtype
        self._names = {id(array): name for name, array in arrays.items()}
        self._statements: list[_Statement] = []
        self._depth = 0

    def call(self, text: str) -> Expression:
        """Add a statement that gives its value a new name."""
        name = f"y{len(self._statements) + 1}"
        self._statements.append(_Statement(self._depth, name, text))
        return Expression(self, name)

    def enter(self, name: str) -> None:
        """Make a value, of the last statement or an earlier one, the context of what follows."""
        last = self._statements[-1] if self._statements else None
        if last and last.name == name:
            self._statements[-1] = last._replace(name="", text=f"with {last.text} as {name}:")
        else:
            self._statements.append(_Statement(self._depth, "", f"with {name}:"))
        self._depth += 1

    def leave(self) -> None:
        self._depth -= 1

    def source(self, answer: Any, width: int) -> list[str]:
        """The statements, and one that returns a value.

        A value that is used once is written where it is used, as long as that line fits the width.
        """
        statements = [*self._statements, _Statement(0, "", f"return {self.text(answer)}")]
        for name in [statement.name for statement in self._statements if statement.name]:
            start = next(place for place, other in enumerate(statements) if other.name == name)
            place = _only_use(statements, start)
            if place and (joined := _joined(statements[start], statements[place], width=width)):
                statements[place] = joined
                del statements[start]
        return [_written(statement, statements) for statement in statements]

    def text(self, value: Any) -> str:
        """The source of a value."""
        match value:
            case Expression():
                return str(value)
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
        """The name of an array, or of the array that it views; the source of one without a name."""
        if id(array) in self._names:
            return self._names[id(array)]
        whole = self._names.get(id(array.base))
        if whole and array.flags.c_contiguous and array.nbytes == array.base.nbytes:  # type: ignore[union-attr]
            return f"{whole}.reshape({list(array.shape)})"
        return source_of(array)

    def arguments(self, positional: tuple[Any, ...], keywords: Mapping[str, Any]) -> str:
        return ", ".join([*map(self.text, positional), *([self._keywords(keywords)] if keywords else [])])

    def _keywords(self, keywords: Mapping[str, Any]) -> str:
        return ", ".join(f"{name}={self.text(value)}" for name, value in keywords.items())


class Expression:
    """A value that a script will have; only its source is known, which is its text as a string.

    The dtype of a tensor is the recording's; its shape, if it is passed, has None for unknown sizes.
    """

    def __init__(
        self, recording: Recording, text: str, *, shape: tuple[int | None, ...] | None = None
    ) -> None:
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

    def __str__(self) -> str:
        return self._text

    def __call__(self, *positional: Any, **keywords: Any) -> Expression:
        return self._recording.call(f"{self._text}({self._recording.arguments(positional, keywords)})")

    def __getitem__(self, key: Any) -> Expression:
        return Expression(self._recording, f"{self._text}[{key!r}]")

    def __add__(self, other: Any) -> Expression:
        return self._recording.call(f"{self._text} + {self._recording.text(other)}")

    def __enter__(self) -> Self:
        self._recording.enter(self._text)
        return self

    def __exit__(self, *error: object) -> None:
        self._recording.leave()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expression) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(self._text)


@contextmanager
def recording(arrays: Mapping[str, Array], dtype: str) -> Iterator[Recording]:
    """Record the calls that the code of the TensorFlow subjects makes within, and make none of them."""
    record = Recording(arrays, dtype)
    modules = [module for name, module in sys.modules.items() if name.startswith(_SUBJECTS)]
    places = [(module, name) for module in modules for name in ("tf", "keras") if hasattr(module, name)]
    originals = [(module, name, getattr(module, name)) for module, name in places]
    for module, name in places:
        setattr(module, name, Expression(record, name))
    try:
        yield record
    finally:
        for module, name, original in originals:
            setattr(module, name, original)


def _only_use(statements: list[_Statement], start: int) -> int | None:
    """The place of the statement that alone uses a value, once and in the same block; else None."""
    uses = [_uses(statements[start].name, statement.text) for statement in statements]
    if sum(uses) != 1:
        return None
    place, depth = uses.index(1), statements[start].depth
    block = statements[start : place + 1]
    is_one_block = all(other.depth == depth and not other.text.startswith("with ") for other in block)
    return place if is_one_block else None


def _joined(statement: _Statement, user: _Statement, *, width: int) -> _Statement | None:
    """The statement that uses a value, with the value in place of its name; None if that is too wide."""
    name, value = statement.name, statement.text
    is_argument = re.search(rf"(^return |[(,] ?){name}([),]|$)", user.text)
    if not is_argument and " + " in value:
        value = f"({value})"
    text = re.sub(rf"\b{name}\b", lambda _: value, user.text)
    fits = len(text) + 4 * statement.depth <= width or user.text == f"return {name}"
    return user._replace(text=text) if fits else None


def _uses(name: str, text: str) -> int:
    return len(re.findall(rf"\b{name}\b", text))


def _written(statement: _Statement, statements: list[_Statement]) -> str:
    """A line of source; a value that no statement uses has no name."""
    name = statement.name
    is_used = name and any(_uses(name, other.text) for other in statements)
    return "    " * statement.depth + (f"{name} = " if is_used else "") + statement.text
