"""The small strategies that cases are drawn from, each legal by construction."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from verify.geometry import Axis, dilated, largest_dilation, same_padding, turning_sizes
from verify.word import ACTIVATIONS, EPILOGUE

STEPS = ("plain", "strided", "dilated", "both")
BLOCKS = (3, 4, 5, 7, 8, 9, 15, 16, 17, 17)
"""Counts at and about the blocks of 4, 8 and 16 that kernels work in; a tail after 16 has one chance more."""


LEAKY = ("leaky0.25", "leaky0.2", "leaky0.01", "leaky1.5")
"""Slopes below 1 and above, exact and not."""


def steps() -> SearchStrategy[str]:
    """Which of strides and dilations may exceed 1: "plain", "strided", "dilated" or "both".

    Shrinks towards "plain".
    """
    return st.sampled_from(STEPS)


def paddings(modes: tuple[str, ...] = ("same", "valid", "explicit")) -> SearchStrategy[str]:
    """A mode of padding. Shrinks towards the first."""
    return st.sampled_from(modes)


def batches(largest: int = 3, *, long: int | None = None) -> SearchStrategy[int]:
    """A batch of 1, often more, seldom none, more seldom a `long` one. Shrinks towards 1."""
    usual = [1] * 12 + [0] * 2 + list(range(1, largest + 1)) * 6
    return st.sampled_from(usual if long is None else [*usual, long])


def channel_counts(largest: int = 17, *, long: int | None = None) -> SearchStrategy[int]:
    """A count of channels or filters: small, at the edge of a block of 4, 8 or 16, seldom a `long` one.

    Shrinks towards 1.
    """
    blocks = [count for count in BLOCKS if count <= largest]
    if long is not None:
        blocks += [*blocks, long]
    small = st.integers(1, min(largest, 3))
    return small | st.sampled_from(blocks) if len(blocks) > 1 else small


def epilogues(
    operation: str = "conv", dtype: str = "f32", steps: Sequence[str] = EPILOGUE
) -> SearchStrategy[tuple[str, ...]]:
    """What follows the operation, of these steps: often nothing or a bias, else any legal epilogue.

    Shrinks towards nothing.
    """
    having = [step for step in steps if dtype != "i32" or step in ("bias", "residual", "relu", "relu6")]
    if operation == "filtergrad":
        having = [step for step in steps if step == "bias"]

    def stage(kinds: Sequence[str], *, nothing: int) -> SearchStrategy[tuple[str, ...]]:
        spelled = [LEAKY if kind == "leaky" else (kind,) for kind in kinds if kind in having]
        return st.sampled_from([()] * nothing + [(step,) for each in spelled for step in each])

    # Three draws, whatever is drawn, so that each stage shrinks to nothing alone.
    stages = (
        stage(("bias", "bias", "bias", "norm"), nothing=3),
        stage(("residual",), nothing=4),
        stage(("relu", "relu", *ACTIVATIONS), nothing=10),
    )
    return st.tuples(*stages).map(lambda parts: sum(parts, ()))


def borders(rank: int) -> SearchStrategy[tuple[tuple[int, int], ...]]:
    """Cells of zeros before and after each axis, seldom any. Shrinks towards none."""
    cells = st.integers(0, 2)
    some = st.tuples(*[st.tuples(cells, cells)] * rank)
    return st.sampled_from([False] * 7 + [True]).flatmap(lambda given: some if given else st.just(()))


def seeds() -> SearchStrategy[int]:
    """The seed of a fill. Shrinks towards 0."""
    return st.integers(0, 2**16 - 1)


@st.composite
def axes(
    draw: DrawFn,
    *,
    padding: str = "same",
    step: str = "both",
    max_side: int = 12,
    max_kernel: int = 5,
    max_stride: int = 4,
    max_dilation: int = 3,
    skips: bool = False,
) -> Axis:
    """One legal axis with the given mode of padding.

    Half of the sizes are drawn at the turning points of the kernel, stride and dilation, a few of
    them without an answer.
    Explicit padding is small, or as large as the dilated kernel and one more, on either side alone.
    With `skips`, some cell is read by no window, where any size of the axis can have that.
    Shrinks towards a kernel of 1 over an axis of 1.
    """
    is_strided = step in ("strided", "both") and max_stride > 1
    stride = draw(st.integers(2 if skips else 1, max_stride)) if is_strided else 1
    # SAME leaves a cell unread only between two windows.
    between = skips and is_strided and padding == "same"
    largest = min(max_kernel, max_side, stride - 1 if between else max_kernel)
    kernel = draw(st.sampled_from([1, *range(1, largest + 1)]))
    dilation = 1
    if step in ("dilated", "both") and kernel > 1 and not between:
        dilation = draw(st.integers(1, min(max_dilation, largest_dilation(kernel, max_side))))
    before = after = 0
    if padding == "explicit":
        span = dilated(kernel, dilation)
        cells = st.integers(0, 2) | st.sampled_from([span, span + 1])
        before, after = draw(cells), draw(cells)

    def with_size(size: int) -> Axis:
        pads = same_padding(size, kernel, stride, dilation) if padding == "same" else (before, after)
        return Axis(size, kernel, stride, dilation, *pads)

    turns = [with_size(size) for size in (0, *turning_sizes(kernel, stride, dilation)) if size <= max_side]
    answered = [axis.size for axis in turns if axis.out and axis.size]
    empty = [
        axis.size for axis in turns if axis.size not in answered and (padding == "same" or not axis.shortfall)
    ]
    sizes = st.integers(min(answered), max_side) | st.sampled_from([*answered * 2, *empty, *answered * 2])
    if skips and (skipping := [size for size in range(1, max_side + 1) if with_size(size).skips]):
        # Two branches here as well: choices that Hypothesis varies stay where they are.
        sizes = st.sampled_from(skipping) | st.sampled_from(skipping[::-1])
    return with_size(draw(sizes))
