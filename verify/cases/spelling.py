"""A word of a list, and the one that was meant where it is none."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from verify.cases.modes import PADDING_MODES, hint_of_mode
from verify.cases.word import quoted

LONG = 4
"""Letters of a word that another may begin with because it was meant."""


def nearest(word: str, words: Iterable[str]) -> str:
    """What ends a refusal: the word that was meant, if one is near, begins alike or is NumPy's name of it."""
    listed = list(words)
    if set(PADDING_MODES) <= {*listed} and (said := hint_of_mode(word)):
        return said
    alike = (each for each in listed if len(each) >= LONG and word.startswith(each))
    near = get_close_matches(word, listed, n=1) or [*alike]
    return "".join(f"; did you mean {each!r}?" for each in near[:1])


def with_article(noun: str) -> str:
    """A noun after "a" or "an"."""
    return f"{'an' if noun[0] in 'aeiouAEIOU' else 'a'} {noun}"


def one_of(word: str, words: Iterable[str]) -> str:
    """The word; ValueError, one sentence, for one that is not in the list."""
    listed = list(words)
    if word not in listed:
        raise ValueError(f"{quoted(word)} is none of {', '.join(listed)}{nearest(word, listed)}")
    return word
