"""The words on which some built-in subject was wrong: the smallest one of each known deviation.

Those that fill the memory are left out, as each takes seconds of every subject.
"""

from __future__ import annotations

from functools import cache

from verify.cases.case import Case
from verify.subjects.documented import every_deviation


@cache
def failed_words() -> tuple[Case, ...]:
    """Each word of a known deviation once; no framework is imported for them."""
    entries = (entry for entry in every_deviation() if "out of memory" not in entry.kinds)
    return tuple(dict.fromkeys(Case.parse(entry.word) for entry in entries))
