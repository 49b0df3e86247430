"""Correct convolutions whose way of adding up is a setting of the environment, and so may change."""

from __future__ import annotations

import os

from verify import Case
from verify.cases.case import Array
from verify.faults.summation import CORRECT


def adds(case: Case) -> Array:
    """Adds up in the order of `ORDER`."""
    return CORRECT[os.environ.get("ORDER", "forward")](case)
