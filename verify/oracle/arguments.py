"""The arguments of a call over plain arrays, each read by itself: numbers, padding, steps, arrays."""

from __future__ import annotations

import operator
import re
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from verify.cases.exchange import numpy_of
from verify.cases.geometry import same_padding
from verify.cases.modes import PADDING_MODES, hint_of_mode
from verify.cases.operands import Array
from verify.cases.operations import ACTIVATIONS, leaky
from verify.oracle.at_the_call import WrongArgument

Numbers: TypeAlias = int | Sequence[int]
Padding: TypeAlias = str | int | Sequence[int] | Sequence[Sequence[int]]

SAID = 200
"""Characters of another library's error that are quoted."""

_LEAKY = re.compile(r"leaky(?:relu)?(\d*\.?\d+)")


def array_named(name: str, value: Any) -> Array:
    """An argument as an array of real numbers; ValueError, naming it, where it is none."""
    try:
        array = numpy_of(value)
    except Exception as error:  # noqa: BLE001 - it runs the `__array__` of an unknown argument
        said = " ".join(str(error).split())
        said = said if len(said) <= SAID else f"{said[:SAID]}…"
        raise WrongArgument(f"{name} cannot be read as an array of numbers: {said}") from None
    if array.dtype.kind in "cOSUMm" or array.dtype.type is np.void:
        raise WrongArgument(f"{name} is {array.dtype.name}, not an array of real numbers")
    return array


def steps_of(name: str, numbers: Any, *, rank: int, least: int = 1) -> tuple[int, ...]:
    """One number for each axis, of one or of as many; ValueError for others, or for any below the least."""
    steps = whole_numbers(numbers, rank) or ()
    if len(steps) != rank or min(steps) < least:
        what = "a positive number" if least else "0, a positive number"
        raise WrongArgument(f"{name} {numbers!r} is not {what}, or one for each of {rank} axes")
    return steps


def padding_of(
    padding: Any, *, walks: Sequence[tuple[int, int, int, int]], is_first: bool
) -> list[tuple[int, int]]:
    """The padding of each axis of this size, kernel, stride and dilation; `is_first` is for channels."""
    rank = len(walks)
    if isinstance(padding, str):
        match padding.strip().upper():
            case "SAME":
                return [same_padding(*walk) for walk in walks]
            case "VALID":
                return [(0, 0)] * rank
        raise WrongArgument(
            f"padding {padding!r} is neither 'SAME', 'VALID' nor (before, after) pairs, nor a number of "
            f"cells, or one for each of {rank} axes"
        )
    cells = whole_numbers(padding, rank)
    pairs = _pairs(padding, rank, is_first=is_first) if cells is None else [(cell, cell) for cell in cells]
    if len(pairs) != rank or min(map(min, pairs)) < 0:
        raise WrongArgument(
            f"padding {padding!r} is not a (before, after) pair for each spatial axis, nor a number of "
            f"cells, or one for each of {rank} axes, nor 'SAME' or 'VALID'"
        )
    return pairs


def mode_of(padding_mode: Any) -> str:
    """A mode of padding in any case of letters; ValueError for an unknown one."""
    word = padding_mode.strip().lower() if isinstance(padding_mode, str) else ""
    if word not in PADDING_MODES:
        listed = ", ".join(PADDING_MODES)
        raise WrongArgument(f"padding_mode {padding_mode!r} is none of {listed}{hint_of_mode(word)}")
    return word


def whole_numbers(numbers: Any, rank: int) -> tuple[int, ...] | None:
    """A whole number for each axis, or those that are listed; None for anything else."""
    try:
        plain = numbers.tolist() if isinstance(numbers, np.ndarray) else numbers
        listed = plain if isinstance(plain, Sequence) else (plain,) * rank
        return tuple(operator.index(number) for number in listed)
    except TypeError:
        return None


def _pairs(padding: Any, rank: int, *, is_first: bool) -> list[tuple[int, int]]:
    """Pairs of cells; of all axes, TensorFlow's way, batch and channels come with a pair of (0, 0) each."""
    try:
        pairs = [(operator.index(before), operator.index(after)) for before, after in padding]
    except (TypeError, ValueError):
        return []
    if len(pairs) != rank + 2:
        return pairs
    batch, channels = pairs[0], pairs[1 if is_first else -1]
    spatial = pairs[2:] if is_first else pairs[1:-1]
    return spatial if batch == channels == (0, 0) else []


def groups_of(groups: Any) -> int:
    try:
        return operator.index(groups)
    except TypeError:
        raise WrongArgument(f"groups is {groups!r}, not a whole number") from None


def activation_named(activation: Any) -> tuple[str, ...]:
    """The step of an activation, spelled in any case, or none; ValueError for an unknown one."""
    text = re.sub(r"[\s_-]", "", activation.lower()) if isinstance(activation, str) else ""
    if activation is None or text in ("linear", "none"):
        return ()
    if slope := _LEAKY.fullmatch(text):
        return (leaky(float(slope[1])),)
    if text not in ACTIVATIONS or text == "leaky":
        known = ", ".join(f"{name}0.25 (any slope)" if name == "leaky" else name for name in ACTIVATIONS)
        raise WrongArgument(f"activation {activation!r} is none of {known}")
    return (text,)


def norm_of(norm: Any, epsilon: Any) -> dict[str, Array]:
    """The four arrays of a batch normalisation by name; ValueError where there are others."""
    if norm is None:
        if epsilon is not None:
            raise WrongArgument(f"norm_epsilon is {epsilon!r}, and norm is not given")
        return {}
    names = ("mean", "variance", "scale", "offset")
    if not isinstance(norm, tuple | list) or len(norm) != len(names):
        raise WrongArgument("norm is not the four arrays (mean, variance, scale, offset)")
    if isinstance(epsilon, bool) or not isinstance(epsilon, int | float) or not 0 <= epsilon < np.inf:
        raise WrongArgument(
            f"norm_epsilon is {epsilon!r}, not what is added to the variance: 1e-3 in Keras, 1e-5 in PyTorch"
        )
    pairs = zip(names, norm, strict=True)
    return {name: array_named(f"the {name} of norm", part) for name, part in pairs}
