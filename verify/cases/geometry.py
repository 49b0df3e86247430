"""The integer arithmetic of one spatial axis: its padding, its windows and its output size."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from verify.cases.modes import ZEROS, Places, most_cells, sources_of


def ceil_div(dividend: int, divisor: int) -> int:
    """⌈dividend / divisor⌉ for a positive divisor, without a float."""
    return -(-dividend // divisor)


def dilated(kernel: int, dilation: int) -> int:
    """Cells from the first tap of a kernel to its last, both included."""
    return (kernel - 1) * dilation + 1


def same_padding(size: int, kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    """SAME's padding cells (before, after) one axis: the least that gives ⌈size/stride⌉ outputs.

    The odd cell goes after.
    Source: TensorFlow's `tf.nn.convolution` notes on padding, with the dilated kernel in place of
    the kernel; the clamp at 0 is for strides that step over cells.
    """
    out = ceil_div(size, stride)
    covered = (out - 1) * stride + dilated(kernel, dilation) if out else 0
    total = max(covered - size, 0)
    before = total // 2
    return before, total - before


class Axis(NamedTuple):
    """One spatial axis of a convolution; every number counts cells, and the mode says what padding holds.

    But for `fewer`: the windows that fit at its end and that the input of a transpose lacks.
    """

    size: int
    kernel: int
    stride: int = 1
    dilation: int = 1
    before: int = 0
    after: int = 0
    mode: str = ZEROS
    fewer: int = 0

    @property
    def span(self) -> int:
        """Cells that one window covers, the skipped ones included."""
        return dilated(self.kernel, self.dilation)

    @property
    def padded(self) -> int:
        return self.before + self.size + self.after

    @property
    def out(self) -> int:
        """Windows that fit into the padded axis, but for the last ones of a trimmed transpose."""
        return max(ceil_div(self.padded - self.span + 1, self.stride) - self.fewer, 0)

    @property
    def shortfall(self) -> int:
        """Cells that the axis lacks even for an empty answer; 0 if VALID is legal.

        Frameworks compute (padded − span + stride) // stride and refuse it below 0, so the span
        may exceed the padded size by up to one stride.
        """
        return max(self.span - self.padded - self.stride, 0)

    def refusal(self, number: int) -> str:
        """Why VALID or explicit padding refuses this axis, which has that number."""
        return (
            f"on axis {number} the dilated kernel covers {self.span} cells of a padded input of "
            f"{self.padded}, so the output size would be negative (stride {self.stride})"
        )

    def unrepeatable(self, number: int) -> str:
        """Why the mode cannot fill the padding of this axis, which has that number; "" where it can."""
        most, cells = most_cells(self.mode, self.size), max(self.before, self.after)
        if most is None or cells <= most:
            return ""
        return (
            f"on axis {number} {self.mode!r} padding of {cells} cells has only {most} to repeat "
            f"in an input of {self.size}"
        )

    @property
    def sources(self) -> Places:
        """The cell of the input that each place of the padded axis stands for; the size for a zero."""
        return sources_of(self.mode, np.arange(-self.before, self.size + self.after), self.size)

    def source(self, place: int) -> int | None:
        """The cell of the input that a place stands for, counted from the first; None for a zero."""
        cell = int(sources_of(self.mode, np.array(place), self.size))
        return cell if cell < self.size else None

    @property
    def skips(self) -> bool:
        """Whether windows skip cells of the input: between two of them, or after the last."""
        if self.mode != ZEROS and self.out:
            return len(np.unique(self.sources[self.places])) < self.size
        end = (self.out - 1) * self.stride + self.span - self.before
        return self.out > 0 and (end < self.size or (self.out > 1 and self.stride > self.span))

    @property
    def misses(self) -> bool:
        """Whether no tap meets some cell of the input: windows skip it, or it lies between dilated taps."""
        if self.skips or self.dilation == 1 or not self.out or self.mode != ZEROS:
            return self.skips
        read = self.places - self.before
        return len(np.unique(read[(read >= 0) & (read < self.size)])) < self.size

    @property
    def places(self) -> Places:
        """The places of the padded axis that taps meet, counted from its first: (out, kernel)."""
        windows, taps = np.arange(self.out) * self.stride, np.arange(self.kernel) * self.dilation
        return np.asarray(windows[:, np.newaxis] + taps)

    def cells(self, window: int) -> range:
        """Input cells that the taps of a window read; those outside 0 … size−1 are padding."""
        first = window * self.stride - self.before
        return range(first, first + self.span, self.dilation)


def mode_phrase(axis: Axis) -> str:
    """What an axis's padding holds, after the count of its cells; "" for zeros and for no padding."""
    return f" ({axis.mode})" if axis.mode != ZEROS and (axis.before or axis.after) else ""


def largest_dilation(kernel: int, cells: int) -> int:
    """The largest dilation with which a kernel covers at most `cells` cells; 1 if there is none."""
    return max((cells - 1) // (kernel - 1) if kernel > 1 else cells, 1)


def turning_sizes(kernel: int, stride: int, dilation: int) -> list[int]:
    """Sizes around which the windows or the padding of an axis change, in ascending order.

    No window yet, the first, one cell that no window reads, the most such cells, the second window;
    and, for SAME, one output, the first cell of a second, two outputs.
    """
    span = dilated(kernel, dilation)
    about = {span - 1, span, span + 1, span + stride - 1, span + stride, stride, stride + 1, 2 * stride}
    return sorted(about)
