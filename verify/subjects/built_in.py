"""What the subjects that are built in have in common: how the conditions of their ways are written."""

from __future__ import annotations

from collections.abc import Iterable

from verify.cases.domain import Condition
from verify.checks.deviations import condition


def conditions_inside(texts: Iterable[tuple[str, str]]) -> tuple[Condition, ...]:
    """What holds inside a domain, each with the reason why a case is outside."""
    return tuple(Condition(condition(text), reason, is_inside=True) for text, reason in texts)
