"""How the operands of a case lie in memory: the tokens, and which layouts an operand may have."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from verify.cases.case import Case

LAYOUTS: Mapping[str, str] = MappingProxyType(
    {
        "strided": "every second element of a larger array",
        "sliced": "the middle of an array that is larger by a cell at each end of each axis",
        "reversed": "from its last element back to its first, by negative strides",
        "offset": "in C order, one element behind an aligned address",
        "transposed": "channels first in memory where they are last by its axes, or the reverse",
        "expanded": "one image, filter or number that stands for all, by a stride of 0",
        "fortran": "in Fortran order, the first axis changing fastest",
        "readonly": "in C order, and read-only",
        "paged": "in C order, in the middle of a larger page",
        "odd": "in C order, but for a stride of 13 elements along axes of length 1",
    }
)
"""Name of a layout → what it is. What lies around and between its elements is NaN, or a far integer."""

OPERANDS: Mapping[str, str] = MappingProxyType(
    {"x": "input", "w": "filters", "v": "second filters", "y": "cotangent", "b": "bias"}
)
"""Letter of a token → the operand, in the order in which tokens are written."""

Memory = tuple[tuple[str, str], ...]
"""Pairs of a letter and a layout; an operand without one is C-contiguous, as NumPy makes it."""


def memory_field(token: str) -> tuple[str, Any] | None:
    """The field of a token such as `memwstrided`: a letter and a layout."""
    match = re.fullmatch(f"mem([{''.join(OPERANDS)}])({'|'.join(LAYOUTS)})", token)
    return ("memory", (match[1], match[2])) if match else None


def memory_tokens(memory: Memory) -> list[str]:
    return [f"mem{letter}{layout}" for letter, layout in memory]


def unlike_memory(token: str) -> str:
    """What a token that begins like one of memory should be."""
    said = f"mem, one of {', '.join(OPERANDS)} and one of {', '.join(LAYOUTS)}"
    every = [f"mem{letter}{layout}" for letter in OPERANDS for layout in LAYOUTS]
    near = difflib.get_close_matches(token.lower(), every, n=1, cutoff=0.75)
    return f"how an operand lies in memory: {said}" + (f"; did you mean {near[0]!r}?" if near else "")


def normal_memory(value: Any) -> Memory:
    """The pairs in the order of the letters; ValueError for a letter or a layout that there is not."""
    if value == ():  # of nearly every case
        return ()
    given = [*value.items()] if isinstance(value, Mapping) else value
    if isinstance(given, str) or not all(isinstance(pair, Sequence) and len(pair) == 2 for pair in given):
        raise ValueError(f"memory is {value!r}, not pairs such as ('x', 'strided')")
    pairs = [(str(letter), str(layout)) for letter, layout in given]
    for letter, layout in pairs:
        if letter not in OPERANDS or layout not in LAYOUTS:
            raise ValueError(f"memory has {(letter, layout)!r}, and takes {[*OPERANDS]} and {[*LAYOUTS]}")
    if len(dict(pairs)) < len(pairs):
        raise ValueError("memory names an operand twice")
    return tuple(sorted(pairs, key=lambda pair: [*OPERANDS].index(pair[0])))


def parts_in_memory(case: Case) -> dict[str, str]:
    """Letter of each operand that may have a layout → its name in `Operands`."""
    traits = case.traits
    letters = {"source": "x", "filters": "w", "result": "y"}
    parts = {letters[traits.input]: "input", letters[traits.factor]: "factor"}
    if traits.has_pointwise:
        parts["v"] = "pointwise"
    if "bias" in case.epilogue and traits.answer != "filters":
        parts["b"] = "bias"
    return parts


def shape_in_memory(case: Case, operand: str) -> tuple[int, ...]:
    """The shape of such an operand, by its name in `Operands`."""
    match operand:
        case "input":
            return case.input_shape
        case "factor":
            return case.factor_shape
        case "pointwise":
            return case.pointwise_shape
    return (case.output_channels,)


def expanded_axis(case: Case, operand: str) -> int:
    """The axis along which an expanded operand repeats: that of images, or its last, of filters or a bias."""
    is_image = operand == "input" or (operand == "factor" and case.traits.factor == "result")
    return 0 if is_image else -1


def layouts_of(case: Case, letter: str, among: Iterable[str] = tuple(LAYOUTS)) -> list[str]:
    """The layouts that an operand of a case may have, of some."""
    return [layout for layout in among if not _why_not(case, letter, layout)]


def wrong_memory(case: Case) -> str | None:
    """Why no operands lie so; one sentence."""
    if not case.memory:
        return None
    for (letter, layout), token in zip(case.memory, memory_tokens(case.memory), strict=True):
        if case.illegal:
            return f"{token!r} is for a legal call"
        if why := _why_not(case, letter, layout):
            return f"{token!r} is {why}"
    if case.is_large:
        return f"{memory_tokens(case.memory)[0]!r} is for operands that are judged whole, and these are large"
    return None


def _why_not(case: Case, letter: str, layout: str) -> str:
    """What an operand would need to have a layout, in a phrase; "" where it may have it."""
    parts = parts_in_memory(case)
    if letter not in parts:
        has = ", ".join(OPERANDS[each] for each in OPERANDS if each in parts)
        return f"for the {OPERANDS[letter]} of a case, and this one has {has} alone"
    shape = shape_in_memory(case, parts[letter])
    if layout in ("transposed", "fortran") and len(shape) == 1:
        return f"for an operand of several axes, not for the {OPERANDS[letter]}"
    if layout == "odd" and 1 not in shape:
        return f"for an operand with an axis of length 1, and this one has the shape {shape}"
    if layout == "expanded" and shape[expanded_axis(case, parts[letter])] < 2:
        what = "images" if expanded_axis(case, parts[letter]) == 0 and len(shape) > 1 else "filters"
        what = "numbers" if letter == "b" else what
        return f"for several {what} that are alike, and there is one at most"
    return ""
