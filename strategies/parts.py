"""The small strategies that cases are drawn from, each legal by construction, and the bytes that decide."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from verify.cases.dtypes import DTYPES
from verify.cases.enumeration import steps_in
from verify.cases.geometry import Axis, dilated, largest_dilation, same_padding, turning_sizes
from verify.cases.narrowings import DILATED, STEPS, STRIDED
from verify.cases.operations import ACTIVATIONS, EPILOGUE, OPERATIONS
from verify.cases.word import PADDINGS

Value = TypeVar("Value")

BLOCKS = (3, 4, 5, 7, 8, 9, 15, 16, 17, 17, 17)
"""Counts at and around the blocks of 4, 8 and 16 that kernels work in; a tail after 16 has a chance more."""

LEAKY = ("leaky0.25", "leaky0.2", "leaky0.01", "leaky1.5")
"""Slopes below 1 and above, exact and not."""

AXIS_BYTES, EPILOGUE_BYTES, BORDER_BYTES, SEED_BYTES, MODE_BYTES = 6, 3, 7, 2, 1
"""The number of bytes that each part uses, whatever it decides."""


class Row:
    """Bytes that are read one after another; each chooses one of several options."""

    def __init__(self, row: bytes) -> None:
        self._row = row
        self._next = 0

    def of(self, options: Sequence[Value]) -> Value:
        """The option that the next byte chooses; the first is the simplest."""
        return options[self.byte() % len(options)]

    def byte(self) -> int:
        self._next += 1
        return self._row[self._next - 1]

    def bytes(self, count: int) -> list[int]:
        return [self.byte() for _ in range(count)]

    def last(self, count: int) -> Row:
        """The last bytes, which nothing else reads where the row was made longer for them."""
        return Row(self._row[-count:])

    def beyond(self, count: int) -> Row:
        """The bytes after the first ones, which nothing else reads where the row was made longer for them."""
        return Row(self._row[count:])

    def rest(self) -> Row:
        """The bytes that are not read yet, to be read a second time."""
        return Row(self._row[self._next :])


def decided(length: int, decide: Callable[[Row], Value]) -> SearchStrategy[Value]:
    """What a row of `length` bytes decides.

    One draw decides everything, so that Hypothesis shrinks each decision independently of the
    others, and varies all of them at once: cases recombined from parts of earlier ones show little that is
    new. Shrinks towards a row of zeros.
    """
    return st.binary(min_size=length, max_size=length).map(lambda row: decide(Row(row)))


def steps() -> SearchStrategy[str]:
    """Which of strides and dilations may exceed 1: "plain", "strided", "dilated" or "both".

    Shrinks towards "plain".
    """
    return st.sampled_from(STEPS)


def paddings(modes: tuple[str, ...] = PADDINGS) -> SearchStrategy[str]:
    """A mode of padding. Shrinks towards the first."""
    return st.sampled_from(modes)


def batches(largest: int = 3, *, long: int | None = None) -> SearchStrategy[int]:
    """A batch of 1, often more, rarely none, more rarely a `long` one. Shrinks towards 1."""
    return st.sampled_from(batch_options(largest, long))


def batch_options(largest: int, long: int | None) -> list[int]:
    usual = [1] * 8 + [0] * 2 + list(range(1, largest + 1)) * 6
    return usual if long is None else [*usual, long]


def channel_counts(largest: int = 17, *, long: int | None = None) -> SearchStrategy[int]:
    """A count of channels or filters: small, at the edge of a block of 4, 8 or 16, rarely a `long` one.

    Shrinks towards 1.
    """
    return st.sampled_from(channel_options(largest, long))


def channel_options(largest: int, long: int | None) -> list[int]:
    blocks = [count for count in BLOCKS if count <= largest]
    small = list(range(1, min(largest, 3) + 1))
    usual = small * 4 + blocks if len(blocks) > 1 else small
    return usual if long is None else [*usual, *usual, long]


def epilogues(
    operation: str = "conv", dtype: str = "float32", around: Sequence[str] = EPILOGUE
) -> SearchStrategy[tuple[str, ...]]:
    """What follows the operation, of the steps in `around`: often nothing or a bias, else any legal epilogue.

    Shrinks towards nothing.
    """
    return decided(EPILOGUE_BYTES, partial(epilogue_of, operation=operation, dtype=dtype, around=around))


def epilogue_of(row: Row, *, operation: str, dtype: str, around: Sequence[str]) -> tuple[str, ...]:
    taken = OPERATIONS[operation].epilogue
    allowed = [step for step in around if step in taken and step in steps_in(dtype)]

    def stage(kinds: Sequence[str], *, nothing: int) -> tuple[str, ...]:
        spelled = [
            step for kind in kinds if kind in allowed for step in (LEAKY if kind == "leaky" else [kind])
        ]
        return row.of([()] * nothing + [(step,) for step in spelled])

    first = stage(("bias", "bias", "bias", "norm", "norm"), nothing=3)
    second = stage(("residual",), nothing=3)
    is_short = DTYPES[dtype].is_quantised  # where nothing but these follows
    often = ("relu", "relu6") if is_short else ("relu", "relu")  # as the end of relu6 has a scale there
    return first + second + stage((*often, *ACTIVATIONS), nothing=5 if is_short else 10)


def borders(rank: int) -> SearchStrategy[tuple[tuple[int, int], ...]]:
    """Cells of zeros before and after each axis, rarely any. Shrinks towards none."""
    return decided(BORDER_BYTES, partial(border_of, rank=rank))


def border_of(row: Row, *, rank: int) -> tuple[tuple[int, int], ...]:
    is_bordered = row.of([False] * 7 + [True])
    cells = tuple((row.of((0, 1, 2)), row.of((0, 1, 2))) for _ in range(3))
    return cells[:rank] if is_bordered else ()


def seeds() -> SearchStrategy[int]:
    """The seed of a fill. Shrinks towards 0."""
    return decided(SEED_BYTES, seed_of)


def seed_of(row: Row) -> int:
    return 256 * row.byte() + row.byte()


def axes(
    *,
    padding: str = "same",
    step: str = "both",
    max_side: int = 12,
    max_kernel: int = 5,
    max_stride: int = 4,
    max_dilation: int = 3,
    skips: bool = False,
) -> SearchStrategy[Axis]:
    """One legal axis with the given mode of padding.

    Half of the sizes are drawn at the turning points of the kernel, stride and dilation, a few of
    them with an empty answer.
    Explicit padding is small, or as large as the dilated kernel and one more, on either side alone.
    With `skips`, some cell is read by no window, if any size of the axis allows it.
    Shrinks towards a kernel of 1 over an axis of 1.
    """
    return decided(AXIS_BYTES, partial(axis_of, **locals()))


def axis_of(
    row: Row,
    *,
    padding: str,
    step: str,
    max_side: int,
    max_kernel: int,
    max_stride: int,
    max_dilation: int,
    skips: bool,
) -> Axis:
    is_strided = step in STRIDED and max_stride > 1
    stride = row.of([*([] if skips and is_strided else [1]), *_more(max_stride if is_strided else 1)])
    # SAME leaves a cell unread only between two windows.
    between = skips and is_strided and padding == "same"
    most_taps = min(max_kernel, max_side, stride - 1 if between else max_kernel)
    # Without strides, cells are skipped between the taps of a dilated kernel alone.
    within = skips and not is_strided and step in DILATED and min(most_taps, max_dilation, max_side - 1) > 1
    kernel = row.of([*range(2, most_taps + 1)] if within else [1, *range(1, most_taps + 1)])
    is_dilated = step in DILATED and kernel > 1 and not between
    dilations = _more(min(max_dilation, largest_dilation(kernel, max_side)) if is_dilated else 1)
    dilation = row.of(dilations if within and dilations else [1, *dilations])
    span = dilated(kernel, dilation)
    before, after = (row.of([0, 1, 2, 0, 1, 2, span, span + 1]) for _ in range(2))
    if padding != "explicit":
        before = after = 0

    def with_size(size: int) -> Axis:
        pads = same_padding(size, kernel, stride, dilation) if padding == "same" else (before, after)
        return Axis(size, kernel, stride, dilation, *pads)

    if skips:
        axes = map(with_size, range(1, max_side + 1))
        if unread := [axis.size for axis in axes if (axis.misses if within else axis.skips)]:
            return with_size(row.of(unread))
    return with_size(row.of(_sizes(with_size, max_side, is_same=padding == "same")))


def _more(largest: int) -> list[int]:
    """2 … largest, twice."""
    return [*range(2, largest + 1)] * 2


def _sizes(with_size: Callable[[int], Axis], max_side: int, *, is_same: bool) -> list[int]:
    """The sizes that an axis may have: all that give an answer, and as many at turning points."""
    one = with_size(1)
    turning = (0, *turning_sizes(one.kernel, one.stride, one.dilation))
    turns = [with_size(size) for size in turning if size <= max_side]
    answered = [axis.size for axis in turns if axis.out and axis.size]
    empty = [axis.size for axis in turns if axis.size not in answered and (is_same or not axis.shortfall)]
    anywhere = list(range(min(answered), max_side + 1))
    turns_drawn = [*answered * 4, *empty]
    return anywhere * max(len(turns_drawn) // len(anywhere), 1) + turns_drawn
