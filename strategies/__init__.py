"""Hypothesis strategies that draw convolution cases, legal ones that aim at the corners and illegal ones."""

from verify.cases.narrowings import DRAWN_FILLS

from . import _copies  # noqa: F401 - first, so that nothing is loaded twice
from .cases import cases, cases_by_way
from .illegal import ILLEGAL_OPERATIONS, illegal_cases, illegal_cases_by_way
from .large import large_cases_by_way
from .marginals import likely_cases, marginals, region_cases
from .parts import axes, batches, borders, channel_counts, epilogues, paddings, seeds, steps
from .sample import sample

__all__ = [
    "DRAWN_FILLS",
    "ILLEGAL_OPERATIONS",
    "axes",
    "batches",
    "borders",
    "cases",
    "cases_by_way",
    "channel_counts",
    "epilogues",
    "illegal_cases",
    "illegal_cases_by_way",
    "large_cases_by_way",
    "likely_cases",
    "marginals",
    "paddings",
    "region_cases",
    "sample",
    "seeds",
    "steps",
]
