"""Phrases that several reports share: a noun after its count, counts with their labels."""

from __future__ import annotations

from collections import Counter
from typing import TypeAlias

LabelledText: TypeAlias = tuple[str, str]
"""The label of a line of a summary, and the text beside it."""


def plural(count: int, noun: str) -> str:
    """The noun as it stands after a count: 1 batch, 2 batches."""
    return noun if count == 1 else noun + ("es" if noun.endswith("ch") else "s")


def most_common(label: str, counts: Counter[str], *, limit: int | None = None) -> list[LabelledText]:
    """The largest counts, each beside the label, and what is left of them in one more line."""
    listed = [(label, f"{count:,}: {text}") for text, count in counts.most_common(limit)]
    more = len(counts) - len(listed)
    rest = counts.total() - sum(count for _, count in counts.most_common(limit))
    return [*listed, (label, f"{rest:,}: for {more:,} more {plural(more, 'reason')}")] if rest else listed
