"""TensorFlow, but that it aborts on a batch of two."""

from __future__ import annotations

import os

from verify import Case
from verify.cases.operands import Array
from verify.subjects.registry import load

tensorflow = load("tensorflow")


def aborts_on_two(case: Case) -> Array:
    if case.batch == 2:
        os.abort()
    return tensorflow(case)
