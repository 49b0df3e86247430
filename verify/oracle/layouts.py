"""Layouts: in which order an array has its axes, written as letters such as NHWC and OIHW."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from verify.cases.operands import Array
from verify.oracle.at_the_call import WrongArgument

SPATIAL = "DHW"
"""Depth, height and width; one axis is the width, two are the height and the width."""

_NAMED = {"CHANNELS_LAST": "N{}C", "CHANNELS_FIRST": "NC{}"}


class Layout(NamedTuple):
    """The letters of an array's axes, and those of the order in which the reference has them.

    N is the batch, C the channels; I and O are the channels and the filters of filters. `letters` lacks
    the N of `base` where an array has no batch.
    """

    letters: str
    base: str

    def to_base(self, array: Array) -> Array:
        """An array of these axes in the reference's order, with a batch of 1 where it has none."""
        letters = self.letters
        if len(letters) < len(self.base):
            array, letters = array[np.newaxis], f"N{letters}"
        return array.transpose([letters.index(letter) for letter in self.base])

    def from_base(self, array: Array) -> Array:
        """An array in the reference's order with these axes."""
        if len(self.letters) < len(self.base):
            array = array[0]
        kept = [letter for letter in self.base if letter in self.letters]
        return array.transpose([kept.index(letter) for letter in self.letters])

    def index_of(self, index: tuple[int, ...]) -> tuple[int, ...]:
        """The index of an element of which this is the index in the reference's order."""
        return tuple(index[self.base.index(letter)] for letter in self.letters)

    def index_in_base(self, index: tuple[int, ...]) -> tuple[int, ...]:
        """The index in the reference's order of an element of which this is the index; 0 in no batch."""
        return tuple(
            index[self.letters.index(letter)] if letter in self.letters else 0 for letter in self.base
        )


def spatial_letters(rank: int) -> str:
    return SPATIAL[-rank:]


def rank_said(data_format: Any) -> int | None:
    """The spatial axes that a data format has letters for, or None where it has none."""
    letters = data_format.strip().upper() if isinstance(data_format, str) else ""
    return None if letters in ("", *_NAMED) else len(letters.replace("N", "")) - 1


def image_layout(data_format: Any, *, rank: int, ndim: int) -> Layout:
    """The layout of an image of so many axes; ValueError for a data format that none has.

    Channels come last by default. The channels of an unusual order are moved last.
    """
    spatial = spatial_letters(rank)
    batched = letters = f"N{spatial}C"
    if data_format is not None:
        text = data_format.strip().upper() if isinstance(data_format, str) else ""
        letters = _letters(_NAMED.get(text, text).format(spatial), rank)
    if sorted(letters) not in (sorted(batched), sorted(batched[1:])):
        raise WrongArgument(
            f"data_format {data_format!r} is none of {batched!r}, 'NC{spatial}', 'channels_last' and "
            f"'channels_first', nor another order of {_listed(batched)}, with or without the N"
        )
    if "N" not in letters and ndim == rank + 2:
        raise WrongArgument(f"data_format {data_format!r} has no batch, and x has {ndim} axes: name its N")
    if ndim == rank + 1:
        letters = letters.replace("N", "")
    is_first = letters.replace("N", "") == f"C{spatial}"
    return Layout(letters, f"NC{spatial}" if is_first else batched)


def filter_layout(filter_format: Any, *, rank: int, is_transpose: bool = False) -> Layout:
    """The layout of filters; ValueError for a format that none has.

    I counts the channels that a call reads and O those that it answers, so that a transpose, which reads
    what its forward convolution answers, has HWOI where that has HWIO.
    """
    base = spatial_letters(rank) + ("OI" if is_transpose else "IO")
    letters = base
    if filter_format is not None:
        letters = _letters(filter_format.strip().upper() if isinstance(filter_format, str) else "", rank)
    if sorted(letters) != sorted(base):
        first = "IO" if is_transpose else "OI"
        raise WrongArgument(
            f"filter_format {filter_format!r} is neither {base!r}, '{first}{spatial_letters(rank)}' nor "
            f"another order of {_listed(base)}"
        )
    return Layout(letters, base)


def filter_formats(rank: int, *, is_transpose: bool = False) -> list[str]:
    """The orders in which libraries keep filters, spatial axes together, the usual ones first."""
    spatial = spatial_letters(rank)
    usual = [f"{spatial}IO", f"OI{spatial}", f"O{spatial}I", f"{spatial}OI", f"IO{spatial}", f"I{spatial}O"]
    swap = str.maketrans("IO", "OI") if is_transpose else {}
    return [order.translate(swap) for order in usual]


def _letters(text: str, rank: int) -> str:
    """Letters of axes, of which a single one is the width whatever it is called."""
    return text.replace("L", "W") if rank == 1 else text


def _listed(letters: str) -> str:
    return f"{', '.join(letters[:-1])} and {letters[-1]}"
