"""The numbers of a case's operands made in slabs, so that large ones need no copy in a wider dtype."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar
from zlib import crc32

import numpy as np

from verify.cases.fills import Part, Values, parts_of
from verify.cases.operands import Array, Operands

if TYPE_CHECKING:
    from verify.cases.case import Case

SLAB = 2**18
"""Numbers that are made at a time: so few that their memory is used again."""

THREADS = 2
"""Threads that make slabs side by side."""

_Item = TypeVar("_Item")
_Made = TypeVar("_Made")

Block = tuple[slice, slice]
"""Images, and cells of their first spatial axis, as `_viewed` has them."""


def numbers(part: Part, places: range) -> Values:
    """The numbers of an operand at flat indices, channels last, that follow each other."""
    return part.case.fill_traits.make(part._replace(slab=places))


def numbers_from(part: Part, place: Sequence[int], count: int) -> Values:
    """So many numbers from a place on, which has an index along each of the first axes."""
    rest = (0,) * (len(part.shape) - len(place))
    start = int(np.ravel_multi_index((*place, *rest), part.shape))
    return numbers(part, range(start, start + count))


def make_in_slabs(case: Case) -> Operands:
    """The operands of a case of integers, as `make_operands` makes them."""
    return Operands(**{part.operand: _made(part) for part in parts_of(case)})


def digests_of(operands: Operands) -> dict[str, tuple[int, ...]]:
    """A checksum of each slab of each operand, which a write to it changes, but for one in 2**32."""
    arrays = {name: part for name, part in operands._asdict().items() if part is not None}
    return {name: tuple(_side_by_side(crc32, _pieces(array))) for name, array in arrays.items()}


def first_changed(case: Case) -> str:
    """The first operand of a large case, by its name, that is not as it was made; "" where all are."""
    now = digests_of(case.operands)
    return next((name for name, digest in case.digests.items() if now[name] != digest), "")


def _pieces(array: Array) -> Iterator[memoryview]:
    """The bytes of an array, a slab at a time, without a copy."""
    data = array.reshape(-1).view(np.uint8).data
    for start in range(0, len(data), SLAB):
        yield data[start : start + SLAB]


def _made(part: Part) -> Array:
    shape = (part.shape[0], part.shape[-1], *part.shape[1:-1]) if _is_moved(part) else part.shape
    array = np.empty(shape, part.case.dtype)
    view = _viewed(part, array)

    def fill(block: Block) -> None:
        view[block] = _values(part, view, block)

    _side_by_side(fill, _blocks(view))
    return array


def _side_by_side(act: Callable[[_Item], _Made], items: Iterable[_Item]) -> list[_Made]:
    """What comes of each item, in their order."""
    from concurrent.futures import ThreadPoolExecutor  # which few commands need, and imports a logger

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(act, items))


def _is_moved(part: Part) -> bool:
    return part.is_image and part.case.channels_first


def _viewed(part: Part, array: Array) -> Array:
    """An operand in the order in which its numbers are made, images first: where it can be, as one row."""
    return np.moveaxis(array, 1, -1) if _is_moved(part) else array.reshape(1, -1)


def _values(part: Part, view: Array, block: Block) -> Values:
    """The numbers of a block of a view."""
    images, rows = block
    inner = math.prod(view.shape[2:])
    start = (images.start * view.shape[1] + rows.start) * inner
    shape = (images.stop - images.start, rows.stop - rows.start, *view.shape[2:])
    return numbers(part, range(start, start + math.prod(shape))).reshape(shape)


def _blocks(view: Array) -> Iterator[Block]:
    """Blocks that cut a view, of about a slab each: whole images, or cells of one."""
    batch, first = view.shape[:2]
    inner = max(math.prod(view.shape[2:]), 1)
    images, rows = max(SLAB // max(first * inner, 1), 1), max(SLAB // inner, 1)
    for image in range(0, batch, images):
        for row in range(0, first, rows):
            yield slice(image, min(image + images, batch)), slice(row, min(row + rows, first))
