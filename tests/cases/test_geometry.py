"""The arithmetic of an axis, by counting, over every small one."""

from __future__ import annotations

from itertools import product

import pytest

from tests.models import rational
from verify.cases.geometry import (
    Axis,
    ceil_div,
    dilated,
    largest_dilation,
    same_padding,
    turning_sizes,
)

STEPS = list(product(range(1, 8), range(1, 6), range(1, 4)))
"""Kernel, stride and dilation."""

AXES = [(size, *steps) for size in range(13) for steps in STEPS]
"""Size, kernel, stride and dilation."""

PADDED = [
    Axis(size, *steps, before, after)
    for size, steps, before, after in product(range(7), STEPS, (0, 1, 4), (0, 2, 9))
]


def same_axis(size: int, kernel: int, stride: int, dilation: int) -> Axis:
    return Axis(size, kernel, stride, dilation, *same_padding(size, kernel, stride, dilation))


def tensorflow_out(axis: Axis) -> int:
    """The output size as TensorFlow computes it; it refuses one below 0."""
    span = (axis.kernel - 1) * axis.dilation + 1
    return (axis.before + axis.size + axis.after - span + axis.stride) // axis.stride


def fitting(axis: Axis) -> int:
    return rational.windows(axis.before + axis.size + axis.after, axis.kernel, axis.stride, axis.dilation)


def valid_sizes_with(count: int, kernel: int, stride: int, dilation: int) -> list[int]:
    """The sizes below 60 with so many VALID windows."""
    return [size for size in range(60) if rational.windows(size, kernel, stride, dilation) == count]


def same_sizes_with(count: int, stride: int) -> list[int]:
    """The sizes below 60 with so many SAME outputs."""
    return [size for size in range(60) if len(range(0, size, stride)) == count]


def test_ceil_div_counts_the_groups_that_hold_so_many():
    wrong = [(n, d) for n, d in product(range(50), range(1, 9)) if ceil_div(n, d) != len(range(0, n, d))]
    assert wrong == []


def test_ceil_div_rounds_a_negative_dividend_up():
    assert [ceil_div(n, 3) for n in (-4, -3, -2, -1)] == [-1, -1, 0, 0]


def test_ceil_div_is_exact_beyond_the_integers_of_a_float():
    assert ceil_div(2**60 + 1, 2) == 2**59 + 1


def test_dilated_kernel_runs_from_its_first_tap_to_its_last():
    wrong = [
        (kernel, dilation)
        for kernel, dilation in product(range(1, 8), range(1, 6))
        if dilated(kernel, dilation) != max(range(0, kernel * dilation, dilation)) + 1
    ]
    assert wrong == []


def test_same_pads_the_least_that_gives_an_output_for_each_stride():
    wrong = [axis for axis in AXES if sum(same_padding(*axis)) != sum(rational.same(*axis))]
    assert wrong == []


def test_odd_cell_of_same_padding_goes_after():
    wrong = [axis for axis in AXES if (pads := same_padding(*axis))[1] - pads[0] != sum(pads) % 2]
    assert wrong == []


def test_same_gives_the_size_over_the_stride_rounded_up():
    wrong = [axis for axis in AXES if same_axis(*axis).out != len(range(0, axis[0], axis[2]))]
    assert wrong == []


def test_valid_gives_the_windows_that_fit():
    wrong = [axis for axis in AXES if Axis(*axis).out != rational.windows(*axis)]
    assert wrong == []


def test_explicit_padding_gives_the_windows_that_fit():
    assert [axis for axis in PADDED if axis.out != fitting(axis)] == []


def test_axis_pads_nothing_by_default():
    assert (Axis(5, 3).before, Axis(5, 3).after) == (0, 0)


def test_padded_axis_has_its_cells_and_its_padding():
    assert Axis(5, 3, before=2, after=4).padded == 11


def test_axis_is_refused_where_tensorflow_computes_a_negative_output():
    assert [axis for axis in PADDED if (axis.shortfall > 0) != (tensorflow_out(axis) < 0)] == []


def test_legal_axis_has_the_output_that_tensorflow_computes():
    legal = [axis for axis in PADDED if not axis.shortfall]
    assert [axis for axis in legal if axis.out != tensorflow_out(axis)] == []


def test_shortfall_is_the_cells_that_make_an_axis_legal():
    short = [axis for axis in PADDED if axis.shortfall]
    mended = [axis._replace(size=axis.size + axis.shortfall) for axis in short]
    almost = [axis._replace(size=axis.size + axis.shortfall - 1) for axis in short]
    assert len(short) > 100
    assert [axis for axis in mended if tensorflow_out(axis) < 0] == []
    assert [axis for axis in almost if tensorflow_out(axis) >= 0] == []


def test_shortfall_is_never_negative():
    assert min(axis.shortfall for axis in PADDED) == 0


def test_window_reads_one_cell_for_each_tap():
    wrong = [
        axis
        for axis in PADDED
        if [list(axis.cells(window)) for window in range(axis.out)]
        != [
            [window * axis.stride + tap * axis.dilation - axis.before for tap in range(axis.kernel)]
            for window in range(axis.out)
        ]
    ]
    assert wrong == []


def test_window_with_padding_before_it_reads_negative_cells():
    assert list(Axis(4, 3, 1, 2, before=3, after=3).cells(0)) == [-3, -1, 1]


def test_no_window_reads_beyond_the_padding():
    reading = [axis for axis in PADDED if axis.out]
    wrong = [
        axis
        for axis in reading
        if axis.cells(0)[0] < -axis.before or axis.cells(axis.out - 1)[-1] >= axis.size + axis.after
    ]
    assert wrong == []


def test_one_more_window_would_read_beyond_the_padding():
    assert [axis for axis in PADDED if axis.cells(axis.out)[-1] < axis.size + axis.after] == []


def skipped(axis: Axis) -> set[int]:
    """Input cells that no window covers, between two of them or after the last."""
    starts = [window * axis.stride - axis.before for window in range(fitting(axis))]
    span = (axis.kernel - 1) * axis.dilation + 1
    covered = {cell for start in starts for cell in range(start, start + span)}
    return {cell for cell in range(axis.size) if starts and cell > starts[0]} - covered


def test_windows_of_same_and_valid_skip_what_none_covers():
    axes = [Axis(*axis) for axis in AXES] + [same_axis(*axis) for axis in AXES]
    assert [axis for axis in axes if axis.skips != bool(skipped(axis))] == []


def test_windows_of_explicit_padding_skip_what_none_covers():
    assert [axis for axis in PADDED if skipped(axis) and not axis.skips] == []


def missed(axis: Axis) -> set[int]:
    """Input cells that no tap of any window meets, where there are windows."""
    read = {cell for window in range(axis.out) for cell in axis.cells(window)}
    return set(range(axis.size)) - read if read else set()


def test_taps_of_same_and_valid_miss_what_none_of_them_meets():
    axes = [Axis(*axis) for axis in AXES] + [same_axis(*axis) for axis in AXES]
    assert [axis for axis in axes if axis.misses != bool(missed(axis))] == []
    assert [axis for axis in axes if axis.misses and not axis.skips]


def test_taps_of_dilated_explicit_padding_miss_what_none_of_them_meets():
    dilated = [axis for axis in PADDED if axis.dilation > 1 and not axis.skips]
    assert [axis for axis in dilated if axis.misses != bool(missed(axis))] == []


def test_windows_that_are_next_to_each_other_skip_nothing():
    assert not Axis(4, 2, 2).skips
    assert not Axis(3, 2, 1, 1, 2, 2).skips


def test_axis_walks_cell_by_cell_by_default():
    assert Axis(5, 3) == Axis(size=5, kernel=3, stride=1, dilation=1, before=0, after=0)


def test_axis_says_why_it_is_refused():
    assert Axis(2, 3, 2, 4, 1, 0).refusal(1) == (
        "on axis 1 the dilated kernel covers 9 cells of a padded input of 3, so the output size would be "
        "negative (stride 2)"
    )


def test_largest_dilation_is_the_last_that_fits():
    pairs = list(product(range(2, 8), range(1, 20)))
    counted = [max([d for d in range(1, 20) if (k - 1) * d < cells], default=1) for k, cells in pairs]
    assert [largest_dilation(*pair) for pair in pairs] == counted


def test_largest_dilation_of_one_tap_is_the_cells():
    assert [largest_dilation(1, cells) for cells in (1, 2, 9)] == [1, 2, 9]


@pytest.mark.parametrize("kernel", [1, 2, 7])
def test_largest_dilation_over_no_cells_is_one(kernel):
    assert largest_dilation(kernel, 0) == 1


def test_turning_sizes_grow():
    wrong = [steps for steps in STEPS if (s := turning_sizes(*steps)) != sorted(set(s)) or s[0] < 0]
    assert wrong == []


def test_turning_sizes_have_the_last_size_with_no_window():
    wrong = [s for s in STEPS if max(valid_sizes_with(0, *s)) not in turning_sizes(*s)]
    assert wrong == []


def test_turning_sizes_have_the_first_size_with_one_window():
    wrong = [s for s in STEPS if min(valid_sizes_with(1, *s)) not in turning_sizes(*s)]
    assert wrong == []


def test_turning_sizes_have_the_first_size_with_an_unread_cell():
    wrong = [s for s in STEPS if min(valid_sizes_with(1, *s)) + 1 not in turning_sizes(*s)]
    assert wrong == []


def test_turning_sizes_have_the_most_unread_cells_after_one_window():
    wrong = [s for s in STEPS if max(valid_sizes_with(1, *s)) not in turning_sizes(*s)]
    assert wrong == []


def test_turning_sizes_have_the_first_size_with_two_windows():
    wrong = [s for s in STEPS if min(valid_sizes_with(2, *s)) not in turning_sizes(*s)]
    assert wrong == []


def test_turning_sizes_have_the_last_size_with_one_same_output():
    wrong = [s for s in STEPS if max(same_sizes_with(1, s[1])) not in turning_sizes(*s)]
    assert wrong == []


def test_turning_sizes_have_the_first_and_last_size_with_two_same_outputs():
    ends = [(s, same_sizes_with(2, s[1])) for s in STEPS]
    assert [s for s, sizes in ends if not {sizes[0], sizes[-1]} <= set(turning_sizes(*s))] == []
