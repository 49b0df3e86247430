"""A word of a list, and the one that was meant where it is none."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from verify.cases.word import quoted


def nearest(word: str, words: Iterable[str]) -> str:
    """A question that ends a refusal: the word that was meant, if one is near."""
    return "".join(f"; did you mean {near!r}?" for near in get_close_matches(word, words, n=1))


def one_of(word: str, words: Iterable[str]) -> str:
    """The word; ValueError, one sentence, for one that is not in the list."""
    listed = list(words)
    if word not in listed:
        raise ValueError(f"{quoted(word)} is none of {', '.join(listed)}{nearest(word, listed)}")
    return word
