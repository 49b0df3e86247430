"""NumPy's own `pad` as a model of padding that repeats cells."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from verify import Case
from verify.cases.operands import Array

NUMPYS: Mapping[str, Any] = MappingProxyType(
    {"reflect": "reflect", "symmetric": "symmetric", "circular": "wrap", "replicate": "edge"}
)
"""Mode of padding → NumPy's name of it."""


def padded_source(case: Case, source: Array) -> Array:
    """A forward input of a case, channels last, with its padding."""
    ends = [(axis.before, axis.after) for axis in case.axes]
    return np.pad(source, [(0, 0), *ends, (0, 0)], mode=NUMPYS[case.padding_mode])


def beforehand(case: Case, padded: Array) -> Case:
    """The case without padding whose input is padded already."""
    wide = case.copied(padding="VALID", padding_mode="zeros", size=padded.shape[1:-1])
    moved = np.moveaxis(padded, -1, 1) if case.channels_first else padded
    vars(wide)["operands"] = case.operands._replace(input=moved)
    return wide
