"""Convolutions of one filter over large images, which gather what is inside: right ones, and wrong ones."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from verify import Case
from verify.cases.operands import Array

WRAPS_AT = int(os.environ.get("WRAPS_AT", str(2**31)))
"""Elements of the input after which an index of few bits begins anew."""


def _gathered(case: Case, wrap: int | None = None) -> Array:
    """Σ x · w of each place, of which the input's flat index may wrap."""
    x, w = case.input.reshape(case.batch, -1), case.filters
    answer = np.zeros(case.output_shape)
    for tap in np.ndindex(*case.kernel):
        flat, inside = np.zeros(1, np.int64), np.ones(1, bool)
        for number, axis in enumerate(case.axes):
            cells = np.arange(axis.out) * axis.stride + tap[number] * axis.dilation - axis.before
            flat = flat[..., np.newaxis] * axis.size + np.clip(cells, 0, axis.size - 1)
            inside = inside[..., np.newaxis] & (cells >= 0) & (cells < axis.size)
        index = flat[0] if wrap is None else flat[0] % wrap
        read = np.where(inside[0], x[:, index], 0).astype(np.float64)
        answer += read[..., np.newaxis] * w[tap][0].astype(np.float64)
    return answer.astype(case.dtype)


def right(case: Case) -> Array:
    return _gathered(case)


def wraps(case: Case) -> Array:
    """The input's index is of too few bits."""
    return _gathered(case, WRAPS_AT)


def writes(case: Case) -> Array:
    """The last cell of the input is written to once it has been read."""
    answer = _gathered(case)
    case.input.flat[-1] += 1
    return answer


def writes_filters(case: Case) -> Array:
    """So are the filters."""
    answer = _gathered(case)
    case.filters.flat[0] += 1
    return answer


def in_float64(case: Case) -> Array:
    """The answer is of another dtype."""
    return _gathered(case).astype(np.float64)


def dies(case: Case) -> Any:
    """The process ends on all but small images."""
    if max(case.size) > 100:
        os._exit(7)
    return _gathered(case)


for subject in (right, wraps, writes, writes_filters, in_float64, dies):
    vars(subject).update(operations=("conv",), around=("border",), max_channels=1, max_groups=1)
