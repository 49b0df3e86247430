"""How the filters of a drawn case are kept: in its own dtype, or in a narrower one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np

from verify.cases.case import Case
from verify.cases.quantised import PLAIN
from verify.cases.weights import EPILOGUE, MOST, OWN
from verify.cases.word import InvalidCase

WEIGHTS_BYTES = 1

SPREADS = ((1.0,), (1.0, 1.0), (1.0, 0.3), (0.25, 1.0, 0.7), (1.0, 2.0**-10), (1.0, 1.0000001), (1.0,) * 3)
"""Scales of the channels of int8 filters beside each other; the first are 1, whatever the filters are."""


def weighed(case: Case, weights: Sequence[str], turn: int = 0) -> Iterator[Case]:
    """A case with its filters kept in each of some dtypes that it may have, from one of them on.

    Without a border and the steps that do not follow such filters.
    """
    spread, turn = SPREADS[turn // len(weights) % len(SPREADS)], turn % len(weights)
    steps = tuple(step for step in case.epilogue if step in EPILOGUE)
    for kept in (*weights[turn:], *weights[:turn]):
        plainer: dict[str, Any] = {} if kept == OWN else {"epilogue": steps, "border": ()}
        if kept == "int8":
            plainer["quantised"] = PLAIN._replace(w_scale=_scales(case, spread))
        with suppress(InvalidCase):
            yield replace(case, weights=kept, **plainer)


def _scales(case: Case, spread: Sequence[float]) -> tuple[float, ...]:
    """Scales of filters: 1, or by what the largest of them is 127 steps, as a converter has it."""
    scales = spread[: max(case.output_channels, 1)]
    if spread == SPREADS[0] or case.is_large:
        return tuple(scales)
    largest = float(np.abs(case.filters).max(initial=0.0))
    return tuple((largest or 1.0) / MOST * part for part in scales)
