"""Python source: of an array as one expression, and of calls that are recorded instead of made.

A subject calls `tf` and `keras`. With recorders in place of these its code yields statements of the calls
that it would have made, so that a script makes the same calls as the subject.
"""

from __future__ import annotations

import base64
import math
import re
import sys
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple, Self

import numpy as np

from verify.cases.operands import Array

LITERAL = 320
"""Characters that the numbers of an array may take; a longer array is packed."""

PACKED_WITH = ("base64", "zlib")
"""The modules that packed bytes need."""


def literal_of(array: Array) -> str:
    """An expression over `np` (and `tf` for bfloat16) whose value is the array, bit for bit."""
    flat = array.reshape(-1)
    shape, dtype = list(array.shape), dtype_source(array.dtype)
    if not flat.size:
        return f"np.zeros({shape}, {dtype})"
    if flat.size > 1 and _same_bits(flat, np.full_like(flat, flat[0])):
        return f"np.full({shape}, {literal_of_number(flat[0])}, {dtype})"
    text = ", ".join(map(literal_of_number, flat)) if flat.size <= LITERAL else ""
    if 0 < len(text) <= LITERAL:
        return f"np.array([{text}], {dtype}).reshape({shape})"
    return f"{_counted(flat) or _packed(flat)}.astype({dtype}).reshape({shape})"


def dtype_source(dtype: np.dtype[Any]) -> str:
    """The source of a dtype; NumPy's bfloat16 is TensorFlow's extension of it."""
    return "tf.bfloat16.as_numpy_dtype" if dtype.name == "bfloat16" else f'"{dtype.name}"'


def literal_of_number(value: Any) -> str:
    """One number, in the fewest digits that its dtype needs."""
    as_float = float(value)
    if not math.isfinite(as_float):
        return "np.nan" if math.isnan(as_float) else f"{'-' * (as_float < 0)}np.inf"
    if as_float.is_integer() and abs(as_float) < 2**53 and (as_float or math.copysign(1, as_float) > 0):
        return str(int(as_float))
    short = str(value)
    return short if value.dtype.type(float(short)) == value else repr(as_float)


def _counted(flat: Array) -> str | None:
    """The source of 1, 2, 3 …, which start again after the largest; None for other numbers."""
    values = flat.astype(np.float64)
    if not np.isfinite(values).all() or not 1 <= values.max() <= flat.size:
        return None
    largest = int(values.max())
    counted = np.arange(flat.size) % largest + 1
    is_counted = _same_bits(flat, counted.astype(flat.dtype))
    return f"(np.arange({flat.size}) % {largest} + 1)" if is_counted else None


def _packed(flat: Array) -> str:
    """The source of compressed bytes, in the narrowest dtype that holds every value."""
    is_finite = np.isfinite(flat.astype(np.float64)).all()
    # The conversion from an integer may overflow to an infinity.
    kinds = ("<i1", "<i2", "<i4", "<f4", "<f8") if is_finite else ("<f4", "<f8")
    with np.errstate(invalid="ignore", over="ignore"):
        dtype = next(kind for kind in kinds if _same_bits(flat, flat.astype(kind).astype(flat.dtype)))
    text = base64.b85encode(zlib.compress(flat.astype(dtype).tobytes(), 9)).decode()
    return f'np.frombuffer(zlib.decompress(base64.b85decode("{text}")), "{dtype}")'


def _same_bits(first: Array, second: Array) -> bool:
    return first.tobytes() == second.tobytes()


_SUBJECTS = "verify.subjects.tensorflow."
"""The prefix of modules that name TensorFlow and Keras."""


class _Statement(NamedTuple):
    """A line of the script: how deep it is indented, the name of its value if it has one, its source."""

    depth: int
    name: str
    text: str


class Recording:
    """The statements of recorded calls; arrays have the names that the script gives them."""

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
        return literal_of(array)

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
def recorded_calls(arrays: Mapping[str, Array], dtype: str) -> Iterator[Recording]:
    """Record the calls that the code of the TensorFlow subjects makes in the block, without making them."""
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
