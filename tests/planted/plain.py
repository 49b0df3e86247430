"""Convolutions alone, with a bias and relu at most: what the planted subjects answer."""

from __future__ import annotations

from typing import Any

from hypothesis.strategies import SearchStrategy

import strategies
from verify import Case

PLAIN = {"operations": ("conv",), "around": ("bias", "relu")}


def cases(**narrowings: Any) -> SearchStrategy[Case]:
    return strategies.cases(**{**PLAIN, **narrowings})
