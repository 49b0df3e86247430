"""Convolutions by NumPy's `pad` that repeat the wrong cells, each where a condition holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.models.padding import NUMPYS, beforehand
from verify import Case, reference
from verify.cases.modes import PADDING_MODES
from verify.cases.operands import Array
from verify.checks.subject import Subject
from verify.oracle.problem import channels_last, problem_of
from verify.oracle.reference import linear

Pad = Callable[[Case, Array, list[tuple[int, int]]], Array]


def by(mode: str) -> Pad:
    """Padding by one of NumPy's modes, whatever the case's is."""
    return lambda case, x, ends: np.pad(x, [(0, 0), *ends, (0, 0)], mode=mode)  # type: ignore[call-overload]


def turned_round(case: Case, x: Array, ends: list[tuple[int, int]]) -> Array:
    """The padding of the input turned round, beside the input as it is."""
    spatial, mode = tuple(range(1, 1 + case.rank)), NUMPYS[case.padding_mode]
    padded = np.pad(np.flip(x, spatial), [(0, 0), *ends, (0, 0)], mode=mode)
    inside = tuple(slice(before, before + size) for (before, _), size in zip(ends, case.size, strict=True))
    padded[(slice(None), *inside)] = x
    return padded


def from_near_end(case: Case, x: Array, ends: list[tuple[int, int]]) -> Array:
    """Slices of the same end joined on, along one axis."""
    ((before, after),) = ends
    return np.concatenate([x[:, :before], x, x[:, x.shape[1] - after :]], axis=1)


def along_one(axis: int) -> Pad:
    """The mode along one axis, zeros along the other."""

    def pad(case: Case, x: Array, ends: list[tuple[int, int]]) -> Array:
        alone = [pair if place == axis else (0, 0) for place, pair in enumerate(ends)]
        others = [(0, 0) if place == axis else pair for place, pair in enumerate(ends)]
        padded = np.pad(x, [(0, 0), *alone, (0, 0)], mode=NUMPYS[case.padding_mode])
        return np.pad(padded, [(0, 0), *others, (0, 0)])

    return pad


def padded_by(pad: Pad, mode: str, where: Callable[[Case], bool]) -> Subject:
    """A convolution without padding of an input that is padded so in a mode, where a condition holds."""

    def subject(case: Case) -> Any:
        if case.padding_mode != mode or case.operation != "conv" or not where(case):
            return reference(case).astype(case.dtype)
        ends = [(axis.before, axis.after) for axis in case.axes]
        wide = beforehand(case, pad(case, channels_last(case, case.input), ends))
        return linear(problem_of(wide), wide.operands, exact=True).astype(case.dtype)

    subject.padding_modes = PADDING_MODES  # type: ignore[attr-defined]
    return subject
