"""Right convolutions whose bits depend on how they are asked."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from tests.planted.memories import right
from verify import Case
from verify.subjects.numpy.ways import WAYS

Array = np.ndarray[Any, Any]


def by_batch(case: Case) -> Array:
    """Several images are added up in another order than one."""
    return WAYS["im2col"](case) if case.batch > 1 else right(case)


def by_threads(case: Case) -> Array:
    """With several threads sums are added up in another order."""
    return WAYS["im2col"](case) if os.environ.get("OMP_NUM_THREADS") == "2" else right(case)
