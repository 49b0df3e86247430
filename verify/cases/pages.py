"""The memory that laid-out operands lie in: pages, whose other cells are NaN or a far integer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from verify.cases.memory import LAYOUTS, OPERANDS, expanded_axis, parts_in_memory
from verify.cases.operands import Array, Operands
from verify.cases.quantised import zero_point_of

if TYPE_CHECKING:
    from verify.cases.case import Case

ALIGNED = 64
"""Bytes that the address of a page, and of what begins an array in it, is a multiple of."""

PAGE = 4096
"""Bytes at least before and after an array; as many as it takes itself, where that is more."""

ODD = 13
"""Elements between two along an axis of length 1, in the layout of odd strides."""

Strides = tuple[int, ...]
"""Elements, not bytes, from one to the next along each axis."""


class Page(NamedTuple):
    """A row of cells, and the array in it: its first element, strides and shape, in elements."""

    cells: Array
    first: int
    strides: Strides
    shape: tuple[int, ...]
    wild: Any
    is_writable: bool = True

    def view(self) -> Array:
        """The array, which lies in the page."""
        size = self.cells.itemsize
        strides = tuple(size * stride for stride in self.strides)
        raw = self.cells.base
        start = self.cells.ctypes.data - raw.ctypes.data + size * self.first  # type: ignore[union-attr]
        view: Array = np.ndarray(self.shape, self.cells.dtype, raw, start, strides)
        view.flags.writeable = self.is_writable
        return view

    def read(self, first: int, strides: Strides) -> Array:
        """What an array of this shape would hold that began and went on so; outside the page it is wild."""
        places = _places(self.shape, first, strides)
        inside = (places >= 0) & (places < self.cells.size)
        read: Array = np.where(inside, self.cells[np.where(inside, places, 0)], self.wild)
        return read.astype(self.cells.dtype, copy=False)

    @property
    def dense(self) -> Strides:
        """The strides of C order."""
        return dense(self.shape)

    @property
    def beside(self) -> NDArray[np.intp]:
        """The cells that belong to no element."""
        free = np.ones(self.cells.size, bool)
        free[_places(self.shape, self.first, self.strides).reshape(-1)] = False
        return np.flatnonzero(free)

    @property
    def written(self) -> int:
        """How many cells beside the array are not as they were made."""
        size = self.cells.itemsize
        wild = np.full(1, self.wild, self.cells.dtype).view(np.uint8)
        now = self.cells[self.beside].view(np.uint8).reshape(-1, size)
        return int((now != wild).any(axis=1).sum())


def dense(shape: Sequence[int]) -> Strides:
    """The strides of C order."""
    return tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))


def _places(shape: tuple[int, ...], first: int, strides: Strides) -> NDArray[np.intp]:
    """The cell of each element."""
    places = np.full(shape, first, np.intp)
    for axis, stride in enumerate(strides):
        steps = np.arange(shape[axis]) * stride
        places += steps.reshape((-1,) + (1,) * (len(shape) - axis - 1))
    return places


class _Block(NamedTuple):
    """Where an array lies in a block of so many cells."""

    cells: int
    first: int
    strides: Strides


def _block(case: Case, operand: str, layout: str, shape: tuple[int, ...]) -> _Block:
    """Where an operand, or an answer in its place, lies."""
    size, plain = math.prod(shape), dense(shape)
    match layout:
        case "strided":
            return _Block(2 * size, 0, tuple(2 * stride for stride in plain))
        case "sliced":
            larger = tuple(length + 2 for length in shape)
            return _Block(math.prod(larger), sum(dense(larger)), dense(larger))
        case "reversed":
            return _Block(size, max(size - 1, 0), tuple(-stride for stride in plain))
        case "offset":
            return _Block(size + 1, 1, plain)
        case "transposed":
            return _Block(size, 0, _permuted(shape, _memory_order(case, operand, len(shape))))
        case "expanded":
            axis = expanded_axis(case, operand) % len(shape)
            one = dense((*shape[:axis], 1, *shape[axis + 1 :]))
            strides = (*one[:axis], 0, *one[axis + 1 :])
            return _Block(size // max(shape[axis], 1), 0, strides)
        case "fortran":
            return _Block(size, 0, _permuted(shape, range(len(shape))[::-1]))
        case "odd":
            pairs = zip(shape, plain, strict=True)
            return _Block(size, 0, tuple(ODD if length == 1 else stride for length, stride in pairs))
    return _Block(size, 0, plain)


def _memory_order(case: Case, operand: str, rank: int) -> list[int]:
    """The axes of an operand in the order of the other data format, the slowest first."""
    is_image = operand in ("input", "out") or (operand == "factor" and case.traits.factor == "result")
    if not is_image:
        return [rank - 1, rank - 2, *range(rank - 2)]
    return [0, *range(2, rank), 1] if case.channels_first else [0, rank - 1, *range(1, rank - 1)]


def _permuted(shape: tuple[int, ...], order: Sequence[int]) -> Strides:
    """Strides of an array whose axes lie in memory in this order, the slowest first."""
    walked = dense([shape[axis] for axis in order])
    strides = dict(zip(order, walked, strict=True))
    return tuple(strides[axis] for axis in range(len(shape)))


def _new_page(block: _Block, shape: tuple[int, ...], dtype: np.dtype[Any], wild: Any) -> Page:
    """A page of wild cells around an array of a shape."""
    size = dtype.itemsize
    before = -(-max(PAGE, math.prod(shape) * size) // ALIGNED) * ALIGNED
    count = 2 * (before // size) + block.cells
    raw = np.empty(count * size + ALIGNED, np.uint8)
    start = -raw.ctypes.data % ALIGNED
    cells: Array = np.ndarray((count,), dtype, raw, start)
    cells[...] = wild
    return Page(cells, before // size + block.first, block.strides, shape, wild)


def _wild(case: Case, operand: str, dtype: np.dtype[Any]) -> Any:
    """NaN, or of integers the end of the dtype that lies farther from what stands for 0."""
    if dtype.kind not in "iu":
        return np.array(np.nan, dtype)[()]
    ends = np.iinfo(dtype)
    zero = zero_point_of(case.quantised, operand) if case.format.is_quantised else 0
    return np.array(ends.max if ends.max - zero >= zero - ends.min else ends.min, dtype)[()]


def laid_out(case: Case, operands: Operands) -> Operands:
    """The operands as views of new pages, which the case keeps."""
    parts, pages = parts_in_memory(case), dict[str, Page]()
    for letter, layout in case.memory:
        operand = parts[letter]
        array: Array = getattr(operands, operand)
        block = _block(case, operand, layout, array.shape)
        page = _new_page(block, array.shape, array.dtype, _wild(case, operand, array.dtype))
        page.view()[...] = array
        pages[operand] = page._replace(is_writable=layout != "readonly")
    vars(case)["pages"] = pages
    return operands._replace(**{operand: page.view() for operand, page in pages.items()})


def repeated(case: Case, operands: Operands) -> Operands:
    """The operands with one image, filter or number of an expanded one in place of all of them."""
    parts, repeats = parts_in_memory(case), dict[str, Array]()
    for operand in (parts[letter] for letter, layout in case.memory if layout == "expanded"):
        array: Array = getattr(operands, operand)
        first = array.take([0], axis=expanded_axis(case, operand))
        repeats[operand] = np.ascontiguousarray(np.broadcast_to(first, array.shape))
    return operands._replace(**repeats)


def pages_of(case: Case) -> Mapping[str, Page]:
    """The pages of the operands that have a layout, by their names in `Operands`; none of a plain case."""
    if case.memory:
        case.operands  # noqa: B018 - which makes them
    made: Mapping[str, Page] = vars(case).get("pages", {})
    return made


def answer_page(case: Case) -> Page:
    """The page for the answer, which lies in it as the input does, where an array may be written so."""
    if "out" not in vars(case):
        vars(case)["out"] = _answer_page(case)
    made: Page = vars(case)["out"]
    return made


def _answer_page(case: Case) -> Page:
    layout = dict(case.memory).get("y" if case.traits.input == "result" else "x", "paged")
    if layout in ("expanded", "readonly", "odd") or len(case.output_shape) < 2:
        layout = "paged"
    block = _block(case, "out" if case.traits.answers_image else "factor", layout, case.output_shape)
    return _new_page(block, case.output_shape, case.dtype, _wild(case, "answer", case.dtype))


def said_of_memory(case: Case) -> list[str]:
    """How each operand that is not C-contiguous lies in memory, in a phrase, with its strides in bytes."""
    parts, pages, said = parts_in_memory(case), pages_of(case), []
    for letter, layout in case.memory:
        strides = ", ".join(map(str, pages[parts[letter]].view().strides))
        said.append(f"{OPERANDS[letter]}: {LAYOUTS[layout]}; strides of {strides} bytes")
    return said


def written_beside(case: Case) -> Mapping[str, int]:
    """How many cells beside each operand, and beside the case's `out`, were written to, where any were."""
    made = vars(case)
    if "beside" in made:  # which a worker has counted
        said: Mapping[str, int] = made["beside"]
        return said
    if "pages" not in made and "out" not in made:  # as of nearly every case
        return {}
    pages = {**made.get("pages", {}), **({"out": made["out"]} if "out" in made else {})}
    counts = {name: page.written for name, page in pages.items()}
    return {name: count for name, count in counts.items() if count}


def sentence_beside(case: Case, written: Mapping[str, int]) -> str:
    """What was written to, in one sentence."""
    name, count = next(iter(written.items()))
    cells = f"{count} cell{'s' * (count != 1)}"
    if name == "out":
        return f"it wrote to {cells} around or between the elements of the `out` that it was given"
    letter = next(letter for letter, operand in parts_in_memory(case).items() if operand == name)
    token = f"mem{letter}{dict(case.memory)[letter]}"
    return f"it wrote to {cells} around or between the elements of its {OPERANDS[letter]} ({token})"
