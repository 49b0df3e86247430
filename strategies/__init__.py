"""Hypothesis strategies that draw convolution cases, legal ones that aim at the corners and illegal ones."""

from . import _copies  # noqa: F401 - first, so that nothing is loaded twice
from .cases import DRAWN_FILLS, cases
from .illegal import ILLEGAL_OPERATIONS, illegal_cases
from .parts import axes, batches, borders, channel_counts, epilogues, paddings, seeds, steps
from .sample import sample

__all__ = [
    "DRAWN_FILLS",
    "ILLEGAL_OPERATIONS",
    "axes",
    "batches",
    "borders",
    "cases",
    "channel_counts",
    "epilogues",
    "illegal_cases",
    "paddings",
    "sample",
    "seeds",
    "steps",
]
