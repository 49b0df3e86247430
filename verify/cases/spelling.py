"""A word of a list, and the one that was meant where it is none."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from verify.cases.modes import PADDING_MODES, hint_of_mode
from verify.cases.word import quoted

LONG = 4
"""Letters of a word that another may begin with because it was meant."""


def nearest(word: object, words: Iterable[object]) -> str:
    """What ends a refusal: the word that was meant, if one is near, begins alike or is NumPy's name of it.

    In whatever case it is written, and a number for a text that says it.
    """
    listed, text = {str(choice).lower(): choice for choice in words}, str(word).lower()
    if set(PADDING_MODES) <= {*listed} and (said := hint_of_mode(text)):
        return said
    alike = (name for name in listed if len(name) >= LONG and text.startswith(name))
    exchanged = [name for name in listed if sorted(name) == sorted(text)]
    near = exchanged or get_close_matches(text, listed, n=1) or [*alike]
    return "".join(f"; did you mean {listed[name]!r}?" for name in near[:1])


def with_article(noun: str) -> str:
    """A noun after "a" or "an"."""
    return f"{'an' if noun[0] in 'aeiouAEIOU' else 'a'} {noun}"


def one_of(word: str, words: Iterable[str], *, others: Iterable[str] = ()) -> str:
    """The word; ValueError, one sentence, for one not in the list; `others` are other spellings."""
    listed = list(words)
    if word not in listed:
        near = nearest(word, (*listed, *others))
        raise ValueError(f"{quoted(word)} is none of {', '.join(listed)}{near}")
    return word
