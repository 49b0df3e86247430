"""Hypothesis strategies that draw convolution cases, legal ones that aim at the corners and illegal ones."""

from .cases import cases
from .illegal import illegal_cases
from .parts import axes, batches, borders, channel_counts, epilogues, paddings, seeds, steps

__all__ = [
    "axes",
    "batches",
    "borders",
    "cases",
    "channel_counts",
    "epilogues",
    "illegal_cases",
    "paddings",
    "seeds",
    "steps",
]
