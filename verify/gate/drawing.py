"""The strategies, found by their place beside `verify`: a user's own module may be called `strategies`."""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from strategies import (
        DRAWN_FILLS,
        ILLEGAL_OPERATIONS,
        cases,
        cases_by_way,
        illegal_cases,
        illegal_cases_by_way,
        large_cases_by_way,
        likely_cases,
        marginals,
        region_cases,
        sample,
    )
else:
    STRATEGIES_NAME = "verify.strategies"
    if STRATEGIES_NAME not in sys.modules:
        _spec = PathFinder.find_spec(STRATEGIES_NAME, [str(Path(__file__).parents[2])])
        sys.modules[STRATEGIES_NAME] = module_from_spec(_spec)
        _spec.loader.exec_module(sys.modules[STRATEGIES_NAME])
    _package = sys.modules[STRATEGIES_NAME]
    DRAWN_FILLS, ILLEGAL_OPERATIONS = _package.DRAWN_FILLS, _package.ILLEGAL_OPERATIONS
    cases, illegal_cases, sample = _package.cases, _package.illegal_cases, _package.sample
    cases_by_way, illegal_cases_by_way = _package.cases_by_way, _package.illegal_cases_by_way
    large_cases_by_way = _package.large_cases_by_way
    marginals, region_cases = _package.marginals, _package.region_cases
    likely_cases = _package.likely_cases

__all__ = [
    "DRAWN_FILLS",
    "ILLEGAL_OPERATIONS",
    "cases",
    "cases_by_way",
    "illegal_cases",
    "illegal_cases_by_way",
    "large_cases_by_way",
    "likely_cases",
    "marginals",
    "region_cases",
    "sample",
]
