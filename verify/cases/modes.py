"""Modes of padding: what padding holds, zeros or cells of the input once more, and which cells these are.

The cell that a place outside an axis of n cells stands for, counted from the first cell of the input:

* `replicate`: the nearest, the first or the last;
* `circular`: place mod n, as if the input followed itself;
* `reflect`: the place mirrored at the first or the last cell, which is not repeated: period 2n − 2;
* `symmetric`: mirrored at the edge between cells, so that the first or the last is repeated: period 2n.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.int64]

ZEROS = "zeros"

PADDING_MODES = (ZEROS, "reflect", "symmetric", "circular", "replicate")
"""The names of PyTorch, and `symmetric` of NumPy and TensorFlow."""

_IN_NUMPY = {"zeros": "constant", "circular": "wrap", "replicate": "edge"}
"""Mode → what NumPy calls it, where that has another name."""

REPEATING = PADDING_MODES[1:]
"""Those of which padding is no zeros."""


def numpy_mode(mode: str) -> str:
    """What `numpy.pad` calls a mode, and so do `jnp.pad`, and ONNX and OpenVINO those that they have."""
    return _IN_NUMPY.get(mode, mode)


def hint_of_mode(word: str) -> str:
    """What ends the refusal of a word that is NumPy's name of a mode; "" for another."""
    word = word.lower()
    meant = next((mode for mode, name in _IN_NUMPY.items() if name == word), "")
    return f"; NumPy's {word!r} is {meant!r} here" if meant else ""


def most_cells(mode: str, size: int) -> int | None:
    """The cells of padding that an end of an axis may have at most; None for as many as are wanted.

    Beyond them a cell would be repeated by what is repeated: NumPy does that, PyTorch and TensorFlow refuse.
    """
    if mode == "reflect":
        return max(size - 1, 0)
    if mode in ("symmetric", "circular") or (mode == "replicate" and not size):
        return size
    return None


def sources_of(mode: str, places: NDArray[Any], size: int) -> Places:
    """The cell of the input that each place of an axis stands for; the size, which is no cell, for a zero.

    Places beyond `most_cells` go on in the same way, as in NumPy.
    """
    is_inside = (places >= 0) & (places < size)
    if mode == ZEROS or not size:
        return np.where(is_inside, places, size)
    return np.where(is_inside, places, _REPEATED[mode](places, size))


def _reflected(places: NDArray[Any], size: int) -> Places:
    if size == 1:
        return np.zeros_like(places)
    folded = places % (2 * size - 2)
    return np.where(folded < size, folded, 2 * size - 2 - folded)


def _mirrored(places: NDArray[Any], size: int) -> Places:
    folded = places % (2 * size)
    return np.where(folded < size, folded, 2 * size - 1 - folded)


_REPEATED: Mapping[str, Callable[[NDArray[Any], int], Places]] = MappingProxyType(
    {
        "reflect": _reflected,
        "symmetric": _mirrored,
        "circular": lambda places, size: places % size,
        "replicate": lambda places, size: np.clip(places, 0, size - 1),
    }
)
