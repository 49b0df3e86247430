"""The words on which some built-in subject was wrong: the smallest one of each known deviation.

Those that fill the memory are left out, as each takes seconds of every subject.
"""

from __future__ import annotations

from functools import cache

from verify.cases.case import Case
from verify.subjects.documented import words_that_fail


@cache
def failed_words() -> tuple[Case, ...]:
    """Each word of a known deviation once; no framework is imported for them."""
    return tuple(dict.fromkeys(map(Case.parse, words_that_fail())))
