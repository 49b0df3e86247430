"""The convolutions of a model as a file of words: the layers of each above it, and what has no word."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from verify.cases.case import Case
from verify.cases.word import InvalidCase
from verify.corpus.words import MARK
from verify.reports.phrases import plural
from verify.subjects.tensorflow.models.nodes import Layer


class Words(NamedTuple):
    """The layers of a model by their word, and those of which no word says what they compute."""

    title: str
    by_case: dict[Case, list[Layer]]
    without: list[Layer]

    @property
    def sentence(self) -> str:
        """How many convolutions there are, in how many words, and how many have none."""
        read = sum(map(len, self.by_case.values()))
        total, words = read + len(self.without), len(self.by_case)
        rest = f"; {len(self.without)} of them {'has' if len(self.without) == 1 else 'have'} no word"
        counts = f"{total} {plural(total, 'convolution')} in {words} {plural(words, 'word')}"
        return f"{self.title}: {counts}{rest if self.without else ''}"


def words_of(title: str, layers: Iterable[Layer]) -> Words:
    """The layers of a model, those of one word together, in the order of the first of each."""
    words = Words(title, {}, [])
    for layer in layers:
        if layer.case is None:
            words.without.append(layer)
        else:
            words.by_case.setdefault(layer.case, []).append(layer)
    return words


def corpus_of(words: Words, fills: Sequence[str] = ()) -> str:
    """The text of a file of words, each in these fills where they are given."""
    return "\n".join([MARK, _comment(words.sentence), *_blocks(words, fills), ""])


def _blocks(words: Words, fills: Sequence[str]) -> Iterator[str]:
    for case, layers in words.by_case.items():
        many = f"# {len(layers)} {plural(len(layers), 'layer')}"
        yield from ("", many, *(_comment(layer.line) for layer in layers), *_filled(case, fills))
    if words.without:
        yield from ("", "# no word")
        yield from (_comment(f"{layer.name}: {layer.reason}") for layer in words.without)


def _filled(case: Case, fills: Sequence[str]) -> Iterator[str]:
    """The word in each fill, or a comment on why there is none."""
    for fill in fills or (case.fill,):
        try:
            yield str(replace(case, fill=fill))
        except InvalidCase as refusal:
            yield _comment(f"no {fill}: {refusal}")


def _comment(text: str) -> str:
    """A line of comment; what a terminal or a file would take for more than text is left out."""
    return f"# {''.join(letter if letter.isprintable() else '?' for letter in text)}"
