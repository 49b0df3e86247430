"""Correct convolutions in NumPy by several algorithms: examples of subjects, and controls of the bounds."""

from __future__ import annotations

import numpy as np

from verify.subjects.built_in import BuiltIn


def subject(name: str) -> BuiltIn:
    """The subject of a built-in name."""
    from verify.subjects.numpy.ways import AROUND, WAYS

    return BuiltIn(name=name, version=np.__version__, ways=WAYS, usual={"around": AROUND})
