"""The words on which some built-in subject was wrong: the smallest one of each known deviation."""

from __future__ import annotations

from functools import cache

from verify.cases.case import Case
from verify.subjects.tensorflow.tables import deviations


@cache
def failed_words() -> tuple[Case, ...]:
    """Each word of a known deviation once; no framework is imported for them."""
    return tuple(dict.fromkeys(Case.parse(entry.word) for entry in deviations()))
