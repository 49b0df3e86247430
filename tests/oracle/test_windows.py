"""Windows in slabs: every place once, in blocks that fit."""

from __future__ import annotations

import math
from itertools import chain, product

import numpy as np
import pytest

from verify.oracle.reference import slabs

SHAPES = [
    shape for rank, side in ((1, 6), (2, 4), (3, 4), (4, 3)) for shape in product(range(side), repeat=rank)
]


def blocks(shape: tuple[int, ...], rows: int) -> list[list[int]]:
    """The places of each slab, numbered in order."""
    places = np.arange(math.prod(shape)).reshape(shape)
    return [places[slab].ravel().tolist() for slab in slabs(shape, rows)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_slabs_cover_every_place_once_in_order(shape):
    cut = [list(chain.from_iterable(blocks(shape, rows))) for rows in range(1, 30)]
    assert cut == [list(range(math.prod(shape)))] * 29


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_slabs_hold_at_most_the_limit(shape):
    assert [rows for rows in range(1, 30) if any(len(b) > rows for b in blocks(shape, rows))] == []


def test_slab_as_large_as_the_whole_is_the_whole():
    assert list(slabs((2, 3, 4), 24)) == [()]


@pytest.mark.parametrize(
    ("rows", "count"), [(1, 24), (2, 12), (3, 12), (4, 6), (7, 6), (8, 4), (11, 4), (12, 2), (23, 2)]
)
def test_slabs_are_few(rows, count):
    assert len(blocks((2, 3, 4), rows)) == count
