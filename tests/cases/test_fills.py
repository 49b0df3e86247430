"""What the fills promise: the same numbers for ever, and sums that no order of summation changes."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import strategies
from tests.models import rational, summation
from tests.planted.plain import cases
from verify import Case, compare, conv, reference
from verify.cases.dtypes import FORMATS
from verify.cases.exactness import promises_exactness, scale_of
from verify.cases.scales import exact_limit

quick = settings(max_examples=40, deadline=None, database=None)

FILLS = ("ones", "iota", "impulse", "ints", "dyadic", "reals", "unread", "cs231n")
EXACT_FILLS = ("ones", "iota", "impulse", "ints", "dyadic", "unread")
LECTURE = "conv_i7x7_c3_k3x3_f2_s2x2_valid_{}bias_cs231n"

EVERY_FILL = [
    Case.parse(f"conv_{geometry}_{dtype}{form}_bias_{fill}{seed}")
    for fill, dtype, form in product(FILLS, FORMATS, ("", "_cf"))
    if not (dtype == "i32" and fill in ("reals", "unread"))
    for geometry in [
        "n1_i7x7_c3_k3x3_f2_s2x2_valid" if fill == "cs231n" else "n2_i8x5_c4_k3x2_f6_s2x2_g2_valid"
    ]
    for seed in ["" if fill in ("ones", "iota", "cs231n") else "5"]
]

small = {"max_side": 6, "max_kernel": 3, "max_channels": 6}


def promised(**narrowings: object) -> st.SearchStrategy[Case]:
    """Cases whose fill promises exact sums."""
    return cases(**{"fills": EXACT_FILLS, **small, **narrowings}).filter(promises_exactness)


def digest(word: str) -> str:
    """The operands of a word, as the first digits of a hash of their bytes, channels last."""
    given = Case.parse(word).make_operands()
    parts = [part for part in given if part is not None]
    return hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()[:16]


def bits(answers: dict[str, np.ndarray]) -> set[bytes]:
    return {answer.tobytes() for answer in answers.values()}


def differing(case: Case) -> list[str]:
    """The orders of summation whose answer is not the reference's, rounded once to the dtype."""
    wanted = reference(case).astype(case.dtype)
    return [name for name, answer in summation.answers(case) if not np.array_equal(answer, wanted)]


def unread_cells(case: Case) -> set[tuple[int, ...]]:
    return set(np.ndindex(*case.size)) - rational.read_cells(case)


def poisoned_cells(case: Case) -> list[set[tuple[int, ...]]]:
    """For each batch element and channel, the spatial cells that are not finite."""
    x = np.moveaxis(case.input, 1, -1) if case.channels_first else case.input
    planes = ~np.isfinite(np.moveaxis(x, -1, 1).reshape(case.batch * case.channels, *case.size).astype(float))
    return [set(map(tuple, np.argwhere(plane).tolist())) for plane in planes]


def shortened(values: np.ndarray, precision: int) -> np.ndarray:
    """Values rounded to so many bits of significand, to nearest even."""
    fraction, exponent = np.frexp(values.astype(np.float64))
    return np.ldexp(np.rint(np.ldexp(fraction, precision)), exponent - precision).astype(values.dtype)


def answer_to(case: Case, x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """The convolution of other operands by a case's problem, in its dtype."""
    return conv(
        x,
        w,
        strides=case.strides,
        padding=rational.pads_of(case),
        dilations=case.dilations,
        groups=case.groups,
        data_format=case.data_format,
    ).astype(case.dtype)


def downcast(case: Case, precision: int) -> np.ndarray:
    """The answer from operands that were rounded to so many bits."""
    return answer_to(case, shortened(case.input, precision), shortened(case.filters, precision))


def unseen_drops(case: Case) -> int:
    """The products of cells of the input that could be left out without changing the answer."""
    x, w = summation.factors(case)
    x, w = np.broadcast_arrays(x.astype(np.float64), w.astype(np.float64))
    products = x * w
    total = products.sum(axis=-1, keepdims=True)
    same = (total - products).astype(case.dtype) == total.astype(case.dtype)
    return int((same & (x != 0)).sum())


def unseen_changes(case: Case, part: int) -> list[tuple[int, ...]]:
    """The elements of the input (0) or the filters (1) that may grow by 1 without changing the answer."""
    unseen = []
    for index in np.ndindex(*case.make_operands()[part].shape):
        given = case.make_operands()
        given[part][index] += 1
        if np.array_equal(
            answer_to(case, given.input, given.factor), answer_to(case, case.input, case.filters)
        ):
            unseen.append(index)
    return unseen


@pytest.mark.parametrize("case", EVERY_FILL, ids=str)
def test_operands_have_the_shapes_that_the_case_declares(case):
    assert [part.shape for part in case.make_operands() if part is not None] == [
        case.input_shape,
        case.filter_shape,
        (case.filter_count,),
    ]


@pytest.mark.parametrize("case", EVERY_FILL, ids=str)
def test_operands_have_the_dtype_of_the_case(case):
    assert {part.dtype for part in case.make_operands() if part is not None} == {case.dtype}


@pytest.mark.parametrize("case", EVERY_FILL, ids=str)
def test_operands_have_the_same_bits_each_time(case):
    first, second = case.make_operands(), replace(case).make_operands()
    assert [p if p is None else p.tobytes() for p in first] == [
        p if p is None else p.tobytes() for p in second
    ]


@pytest.mark.parametrize("case", EVERY_FILL, ids=str)
def test_operands_are_contiguous_and_may_be_written_to(case):
    flags = [part.flags for part in case.make_operands() if part is not None]
    assert all(each.c_contiguous and each.writeable for each in flags)


@pytest.mark.parametrize("case", [case for case in EVERY_FILL if case.channels_first], ids=str)
def test_both_data_formats_hold_the_same_numbers(case):
    last = replace(case, channels_first=False)
    assert np.array_equal(
        np.moveaxis(case.input.astype(float), 1, -1), last.input.astype(float), equal_nan=True
    )
    assert case.filters.tobytes() == last.filters.tobytes()
    assert case.bias.tobytes() == last.bias.tobytes()


@given(case=cases(**small))
@quick
def test_every_drawn_case_can_be_filled(case):
    assert case.input.shape == case.input_shape


@pytest.mark.parametrize(
    ("word", "prefix"),
    [
        ("conv_n2_i5x4_c3_k3x2_f4_same_bias_ones", "fff91e873df93b4f"),
        ("conv_n2_i5x4_c3_k3x2_f4_same_bias_iota", "5815fa3453dca321"),
        ("conv_n2_i5x4_c3_k3x2_f4_same_f64_bias_impulse7", "192b1b6fb51ec961"),
        ("conv_n2_i5x4_c3_k3x2_f4_same_bias_ints7", "23b11b50d21d3073"),
        ("conv_n2_i5x4_c3_k3x2_f4_same_f16_bias_ints7", "5d7497849188d3c5"),
        ("conv_n2_i5x4_c3_k3x2_f4_same_bias_dyadic7", "86b9dc56952a521f"),
        ("conv_n2_i5x4_c3_k3x2_f4_same_f64_bias_dyadic8", "c3a75daac910c9fb"),
        ("conv_n2_i5x4_c3_k3x2_f4_same_i32_bias_dyadic8", "d290cbd6ce6d9e36"),
        ("conv_n2_i5x4_c3_k3x2_f4_same_f64_bias_reals0", "c7f0df29ba43c134"),
        ("conv_n2_i5x4_c3_k3x2_f4_same_f64_bias_reals1", "c6b3fc07f3456b88"),
        ("conv_n2_i5x4_c3_k3x2_f4_same_bf16_bias_reals2", "c83091d0dd4ce57d"),
        ("conv_n2_i5x4_c3_k3x2_f4_s3x3_valid_bias_unread7", "8408928a28608a8b"),
        ("conv_i7x7_c3_k3x3_f2_s2x2_valid_bias_cs231n", "b442e7bdb4e79a60"),
    ],
)
def test_word_means_the_same_numbers_for_ever(word, prefix):
    assert digest(word) == prefix


@pytest.mark.parametrize(
    ("word", "numbers"),
    [
        ("conv_i8_k2_valid_ones", [1, 1, 1, 1, 1, 1, 1, 1]),
        ("conv_i15_k2_valid_iota", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 1, 2]),
        ("conv_i8_k2_valid_impulse5", [0, 0, 0, 0, 0, 0, 1, 0]),
        ("conv_i8_k2_valid_ints1", [-1, 4, -8, 6, 7, -1, 8, 4]),
        (
            "conv_i8_k2_valid_dyadic2",
            [2041553, 1412335, -31675, -380865, -311643, -1627111, -1338819, 1217031],
        ),
        ("conv_i8_k2_valid_dyadic1", [-2, -2, -1, -2, 2, -1, 1, 1]),
    ],
)
def test_input_is_literally(word, numbers):
    assert Case.parse(word).input.ravel().tolist() == numbers


def test_seeds_differ():
    assert len({digest(f"conv_i9_k2_valid_ints{seed}") for seed in range(50)}) == 50


def test_iota_starts_again_after_thirteen():
    assert Case.parse("conv_i1_k20_same_bias_iota").filters.ravel().tolist() == [*range(1, 14), *range(1, 8)]


@pytest.mark.parametrize("channels", [3, 4, 5, 7, 8, 9, 15, 16, 17])
def test_iota_tells_neighbouring_cells_apart_in_every_block_of_channels(channels):
    cells = Case.parse(f"conv_i9_c{channels}_k1_same_iota").input[0]
    assert not (cells[1:] == cells[:-1]).all(axis=1).any()


@pytest.mark.parametrize("dtype", ["f16", "bf16", "f32", "f64"])
@pytest.mark.parametrize("taps", [1, 2, 7, 25, 200, 999])
@pytest.mark.parametrize("bias", ["", "_bias"])
def test_iota_has_the_largest_period_that_keeps_sums_exact(dtype, taps, bias):
    case = Case.parse(f"conv_i1_k{taps}_same_{dtype}{bias}_iota")
    periods = [each for each in (1, 2, 3, 5, 7, 11, 13) if (taps + 1) * each * each <= exact_limit(case)]
    assert scale_of(case).input == max(periods, default=1)


@pytest.mark.parametrize("fill", ["ints", "unread"])
@pytest.mark.parametrize("dtype", ["f16", "bf16", "f32", "f64"])
@pytest.mark.parametrize("taps", [1, 2, 7, 25, 200, 999])
@pytest.mark.parametrize("bias", ["", "_bias"])
def test_small_integers_are_the_largest_up_to_nine_that_keep_sums_exact(fill, dtype, taps, bias):
    case = Case.parse(f"conv_i1_k{taps}_same_{dtype}{bias}_{fill}")
    largest = scale_of(case).input
    fitting = [each for each in range(1, 10) if (taps + 1) * each * each <= exact_limit(case)]
    assert largest == max(fitting, default=1)


def test_ints_have_both_signs_and_zero():
    values = Case.parse("conv_i99_k3_valid_ints4").input.ravel().tolist()
    assert set(values) == set(range(-9, 10))


def test_ints_leave_no_value_out_where_they_are_smaller():
    case = Case.parse("conv_i99_c99_k1_valid_f16_bias_ints4")
    assert set(case.input.ravel().tolist()) == {float(each) for each in range(-4, 5)}


@pytest.mark.parametrize(
    ("dtype", "bias", "limit"),
    [
        ("f16", "", 2**15),
        ("f16", "_bias", 2**11),
        ("bf16", "", 2**24),
        ("bf16", "_bias", 2**8),
        ("f32", "", 2**24),
        ("f32", "_bias", 2**24),
        ("f64", "", 2**53),
        ("f64", "_bias", 2**53),
        ("i32", "", 2**31 - 1),
        ("i32", "_bias", 2**31 - 1),
    ],
)
def test_exact_limit_is_the_significand_that_sums_are_held_in(dtype, bias, limit):
    assert exact_limit(Case.parse(f"conv_i3_k2_same_{dtype}{bias}")) == limit


@pytest.mark.parametrize("seed", range(30))
def test_impulse_has_one_cell_that_is_not_zero(seed):
    case = Case.parse(f"conv_n2_i4x3_c2_k2x2_same_impulse{seed}")
    assert case.input.sum() == case.input.max() == 1


def test_impulse_reaches_every_cell():
    places = {int(Case.parse(f"conv_i3x2_k2x2_same_impulse{seed}").input.argmax()) for seed in range(60)}
    assert places == set(range(6))


def test_impulse_over_no_cells_is_empty():
    assert Case.parse("conv_n0_i3_k2_same_impulse5").input.size == 0


def test_impulse_puts_the_mirrored_filter_into_the_answer():
    case = Case.parse("conv_i5_k3_same_impulse4")
    place = int(case.input.argmax())
    assert (
        reference(case).ravel()[max(place - 1, 0) : place + 2].tolist()
        == [3, 2, 1][max(1 - place, 0) :][: 5 - max(place - 1, 0)]
    )


@given(case=cases(fills=("unread",), steps=("strided", "both"), **small))
@settings(max_examples=150, deadline=None, database=None)
def test_unread_poisons_exactly_the_cells_that_no_window_reads(case):
    assert all(cells == unread_cells(case) for cells in poisoned_cells(case))


@pytest.mark.parametrize(
    ("word", "cells"),
    [
        ("conv_i9_k2_s4_valid_unread", {(2,), (3,), (6,), (7,), (8,)}),
        ("conv_i8_k2_d3_s2_valid_unread", {(1,), (6,)}),
        ("conv_i5_k1_s2_p1.0_unread", {(0,), (2,), (4,)}),
        ("conv_i2x2_k3x1_s1x2_valid_unread", {(0, 0), (0, 1), (1, 0), (1, 1)}),
    ],
)
def test_unread_cells_are_the_remainders_that_a_reader_would_name(word, cells):
    assert poisoned_cells(Case.parse(word)) == [cells]


def test_unread_uses_nan_and_both_infinities():
    values = Case.parse("conv_i99_k1_s9_valid_unread").input
    assert np.isnan(values).any()
    assert np.isposinf(values).any()
    assert np.isneginf(values).any()


@given(case=cases(fills=("unread",), **small))
@quick
def test_answer_of_unread_is_finite(case):
    assert np.isfinite(reference(case)).all()


@pytest.mark.parametrize("dtype", FORMATS)
@given(data=st.data())
@quick
def test_every_order_of_summation_gives_the_reference_after_one_rounding(dtype, data):
    case = data.draw(promised(dtypes=(dtype,), fills=EXACT_FILLS[: 5 if dtype == "i32" else 6]))
    assert differing(case) == []


@pytest.mark.parametrize("dtype", FORMATS)
@given(data=st.data())
@quick
def test_every_order_of_summation_gives_the_same_bits(dtype, data):
    case = data.draw(promised(dtypes=(dtype,), fills=EXACT_FILLS[: 5 if dtype == "i32" else 6]))
    assert len(bits(dict(summation.answers(case)))) == 1


@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize("fill", EXACT_FILLS)
@pytest.mark.parametrize("bias", ["", "_bias"])
@pytest.mark.parametrize("taps", [1, 2, 30, 81, 127])
def test_long_sums_keep_the_promise(dtype, fill, bias, taps):
    token = "ints" if (dtype, fill) == ("i32", "unread") else fill
    case = Case.parse(f"conv_n2_i{taps + 4}_k{taps}_f3_p2.2_{dtype}{bias}_{token}")
    assert promises_exactness(case)
    assert differing(case) == []


@pytest.mark.parametrize("dtype", FORMATS)
def test_lecture_keeps_the_promise(dtype):
    case = Case.parse(LECTURE.format(f"{dtype}_"))
    assert promises_exactness(case)
    assert differing(case) == []


@pytest.mark.parametrize("dtype", ["f16", "bf16", "f32", "f64"])
def test_reals_promise_nothing(dtype):
    assert not promises_exactness(Case.parse(f"conv_i1_k1_same_{dtype}_reals"))


@pytest.mark.parametrize("fill", ["ones", "iota", "ints", "unread", "dyadic"])
def test_promise_ends_where_the_sum_exceeds_the_significand(fill):
    longest = {"dyadic": 127}.get(fill, 255)
    assert promises_exactness(Case.parse(f"conv_i1_k{longest}_same_bf16_bias_{fill}"))
    assert not promises_exactness(Case.parse(f"conv_i1_k{2**8}_same_bf16_bias_{fill}"))


def test_ones_beyond_the_promise_do_depend_on_the_order():
    case = Case.parse("conv_i301_k301_valid_bf16_bias_ones")
    assert not promises_exactness(case)
    assert len(bits(dict(summation.answers(case)))) > 1


@pytest.mark.parametrize("taps", [1, 2, 3, 9, 32, 100, 512, 1024])
@pytest.mark.parametrize("seed", range(6))
def test_tf32_operands_change_a_dyadic_answer_of_up_to_1024_products(taps, seed):
    case = Case.parse(f"conv_n4_i{taps + 3}_k{taps}_valid_dyadic{seed}")
    assert not np.array_equal(downcast(case, 11), reference(case))


@pytest.mark.parametrize("taps", [1, 2, 3, 9, 32, 100, 1024, 8192])
@pytest.mark.parametrize("seed", range(6))
def test_bfloat16_operands_change_a_dyadic_answer_of_up_to_8192_products(taps, seed):
    case = Case.parse(f"conv_n4_i{taps + 3}_k{taps}_valid_dyadic{seed}")
    assert not np.array_equal(downcast(case, 8), reference(case))


@pytest.mark.parametrize(("precision", "products"), [(11, 2048), (8, 2**14)])
def test_dyadic_of_more_products_is_too_small_to_see_a_downcast(precision, products):
    case = Case.parse(f"conv_i{products}_k{products}_valid_dyadic")
    assert np.array_equal(downcast(case, precision), reference(case))


@pytest.mark.parametrize("precision", [8, 11])
@pytest.mark.parametrize("seed", range(2, 12, 2))
def test_downcast_changes_every_single_product_with_a_wide_operand(precision, seed):
    case = Case.parse(f"conv_i99_k1_valid_dyadic{seed}")
    changed = downcast(case, precision) != reference(case)
    assert np.array_equal(changed, np.abs(case.input) > 2**precision)


def test_dyadic_operands_are_odd_against_one_and_two():
    wide, narrow = Case.parse("conv_i99_c3_k3_valid_dyadic4").make_operands()[:2]
    assert set(np.abs(narrow).ravel().tolist()) <= {1, 2}
    assert (np.abs(wide) % 2 == 1).all()


@pytest.mark.parametrize(("seed", "wide"), [(0, 0), (1, 1), (2, 0), (3, 1)])
def test_dyadic_swaps_its_roles_by_the_parity_of_the_seed(seed, wide):
    given = Case.parse(f"conv_i9_c9_k3_f9_valid_dyadic{seed}").make_operands()
    assert np.abs(given[wide]).max() > 2 >= np.abs(given[1 - wide]).max()


@pytest.mark.parametrize("taps", [1, 3, 27, 500])
def test_wide_dyadic_operands_reach_a_quarter_of_the_significand_over_the_products(taps):
    case = Case.parse(f"conv_n9_i{taps * 30}_k{taps}_valid_dyadic")
    limit = 2**22 // taps
    assert limit / 2 < np.abs(case.input).max() <= limit


@given(case=cases(fills=("dyadic",), dtypes=("f32", "f64"), **small))
@quick
def test_no_product_of_dyadic_can_be_dropped_unseen(case):
    assert unseen_drops(case) == 0


@pytest.mark.parametrize("dtype", ["f32", "f64"])
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("geometry", ["i6_c2_k3_f2_same", "i5x4_k3x2_s2x1_same", "n2_i4_c4_k2_f2_g2_d2_p1.2"])
@pytest.mark.parametrize("part", [0, 1])
def test_no_element_of_dyadic_can_change_unseen(dtype, seed, geometry, part):
    assert unseen_changes(Case.parse(f"conv_{geometry}_{dtype}_dyadic{seed}"), part) == []


def test_dyadic_integers_wrap():
    case = Case.parse("conv_i9_k3_same_i32_dyadic")
    assert np.array_equal(rational.answer(case), rational.fractions(reference(case)))
    assert not np.array_equal(rational.answer(case), rational.linear(case))


@pytest.mark.parametrize("seed", [0, 3])
def test_reals_of_the_first_kind_lie_within_four_of_zero(seed):
    values = Case.parse(f"conv_i999_k1_same_f64_reals{seed}").input
    assert abs(values.mean()) < 0.15
    assert 1.1 < values.std() < 1.2
    assert np.abs(values).max() < 4


@pytest.mark.parametrize("seed", [1, 4])
def test_reals_of_the_second_kind_spread_over_eight_binades(seed):
    values = np.abs(Case.parse(f"conv_i999_k1_same_f64_reals{seed}").input)
    assert values.max() > 2
    assert np.median(values) < 0.15


@pytest.mark.parametrize("seed", [2, 5])
def test_reals_of_the_third_kind_cancel(seed):
    case = Case.parse(f"conv_i64_k64_valid_f64_reals{seed}")
    assert np.abs(np.abs(case.input) - 1).max() < 0.02
    assert abs(reference(case).item()) < 0.02 * 64


def test_border_of_the_lecture_is_zero():
    x = Case.parse(LECTURE.format("")).input[0]
    assert x.sum() == x[1:-1, 1:-1].sum()


def test_lecture_has_the_numbers_that_it_shows():
    x, w, b = Case.parse(LECTURE.format("")).make_operands()[:3]
    assert (set(x.ravel()), set(w.ravel()), b.tolist()) == ({0, 1, 2}, {-1, 0, 1}, [1, 0])


def test_first_window_of_the_lecture_is_the_one_it_draws():
    x, w = Case.parse(LECTURE.format("")).make_operands()[:2]
    assert x[0, :3, :3, 0].tolist() == [[0, 0, 0], [0, 0, 1], [0, 2, 1]]
    assert w[:, :, 0, 0].tolist() == [[0, 0, 1], [-1, 1, 1], [0, 1, 0]]
    assert w[:, :, 2, 1].tolist() == [[1, 1, 0], [-1, -1, 0], [0, -1, 1]]


NORMAL = st.floats(-1e9, 1e9, width=32).map(lambda number: number if abs(number) > 1e-9 else 0.0)


@given(numbers=st.lists(st.tuples(*[NORMAL] * 3), min_size=1, max_size=20))
@quick
def test_emulated_fused_multiply_add_of_float32_rounds_once(numbers):
    a, b, c = np.array(numbers, dtype=np.float32).T
    exact = rational.fractions(a) * rational.fractions(b) + rational.fractions(c)
    assert summation.fused(a, b, c).tolist() == [rational.nearest(each, 24) for each in exact]


@given(numbers=st.lists(st.tuples(*[st.integers(-(2**53), 2**53)] * 3, st.integers(-60, 60)), min_size=1))
@quick
def test_emulated_fused_multiply_add_of_float64_rounds_once(numbers):
    a, b, c, shift = np.array(numbers, dtype=np.float64).T
    c = np.ldexp(c, shift.astype(int))
    exact = rational.fractions(a) * rational.fractions(b) + rational.fractions(c)
    assert summation.fused(a, b, c).tolist() == [each.numerator / each.denominator for each in exact]


STEPS = ("border", "bias", "residual", "relu", "relu6", "leaky")
OTHERS = ("depthwise", "separable", "transpose", "filtergrad")


def promised_of(*operations: str, **narrowings: object) -> st.SearchStrategy[Case]:
    """Cases of some operations whose fill promises exact sums, and whose steps round nothing."""
    limits = {"max_side": 4, "max_kernel": 3, "max_channels": 4, "max_batch": 2}
    given = {"operations": operations, "fills": (*EXACT_FILLS, "coded"), "around": STEPS}
    return strategies.cases(**{**limits, **given, **narrowings}).filter(promises_exactness)


def spoilt(case: Case) -> np.ndarray:
    """Where the input is not finite."""
    return ~np.isfinite(case.input.astype(np.float64))


def kinds_of(values: np.ndarray) -> set[str]:
    numbers = values.astype(np.float64)
    kinds = {"nan": np.isnan(numbers), "inf": np.isposinf(numbers), "-inf": np.isneginf(numbers)}
    return {name for name, found in kinds.items() if found.any()}


def reordered(case: Case) -> set[bytes]:
    """The bits that every order of summation gives, one NaN being like another."""
    with np.errstate(invalid="ignore", over="ignore"):
        answers = [answer.astype(np.float64) for _, answer in summation.answers(case)]
    return {np.where(np.isnan(each), np.nan, each).tobytes() for each in answers}


@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize("operation", OTHERS)
@given(data=st.data())
@quick
def test_every_order_of_every_operation_gives_the_reference_after_one_rounding(operation, dtype, data):
    assert differing(data.draw(promised_of(operation, dtypes=(dtype,)))) == []


@pytest.mark.parametrize("dtype", ["f16", "bf16"])
@pytest.mark.parametrize("fill", ["ones", "iota", "coded", "ints", "dyadic3", "impulse3"])
@pytest.mark.parametrize("geometry", ["i6_c2_k2", "i9_c4_k3_m2_f3", "i4x5_c3_k3x2_f2", "i7_c3_k2_s2"])
def test_separable_holds_its_promise_where_what_lies_between_is_stored(geometry, fill, dtype):
    case = Case.parse(f"separable_{geometry}_same_{dtype}_bias_{fill}")
    assert not promises_exactness(case) or differing(case) == []


@pytest.mark.parametrize("fill", ["iota", "coded", "ints", "dyadic", "impulse"])
def test_separable_of_a_narrow_dtype_may_promise_exactness(fill):
    assert promises_exactness(Case.parse(f"separable_i9_c2_k3_f2_same_f16_{fill}"))


def test_separable_between_the_steps_is_exact_in_the_dtype_itself():
    assert exact_limit(Case.parse("separable_i5_k3_same_f16")) == 2**11
    assert exact_limit(Case.parse("separable_i5_k3_same_bf16")) == 2**8


def test_ones_that_separable_cannot_store_do_depend_on_the_order():
    case = Case.parse("separable_i257_c3_k257_valid_bf16_ones")
    assert not promises_exactness(case)
    assert len(bits(dict(summation.answers(case)))) > 1


@pytest.mark.parametrize("dtype", FORMATS)
@given(data=st.data())
@quick
def test_every_order_gives_the_same_bits_for_coded_cells(dtype, data):
    case = data.draw(promised(dtypes=(dtype,), fills=("coded",)))
    assert len(bits(dict(summation.answers(case)))) == 1
    assert differing(case) == []


@pytest.mark.parametrize("dtype", ["f32", "f64", "i32"])
@pytest.mark.parametrize("geometry", ["i9_k3_valid", "i8x8_c3_k3x3_f4_same", "n2_i4x4x4_c2_k2x2x2_f3_same"])
@pytest.mark.parametrize("part", [0, 1])
def test_coded_tells_every_cell_and_every_tap_apart(geometry, dtype, part):
    numbers = Case.parse(f"conv_{geometry}_{dtype}_coded").make_operands()[part].ravel().tolist()
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("operation", OTHERS)
def test_coded_tells_every_cell_of_every_operation_apart(operation):
    given = Case.parse(f"{operation}_i5x5_c2_k2x2_same_f64_coded").make_operands()
    parts = [part.ravel().tolist() for part in given if part is not None]
    assert parts == [list(range(1, len(part) + 1)) for part in parts]


@pytest.mark.parametrize("dtype", FORMATS)
@given(data=st.data())
@quick
def test_coded_promises_exactness_where_ones_do(dtype, data):
    case = data.draw(cases(dtypes=(dtype,), fills=("coded",), **small))
    assert promises_exactness(case) or not promises_exactness(replace(case, fill="ones"))


def test_coded_counts_no_further_than_its_sums_allow():
    case = Case.parse("conv_i5000_k9_same_bf16_coded")
    assert case.input.astype(float).max() <= 2**8
    assert promises_exactness(case)


@pytest.mark.parametrize("word", ["filtergrad_n0_i3_k2_same_coded", "filtergrad_i2_k3_valid_coded"])
def test_coded_of_an_empty_cotangent_is_empty(word):
    assert Case.parse(word).cotangent.size == 0


@given(case=strategies.cases(fills=("nonfinite",), **small))
@quick
def test_nonfinite_spoils_the_input_alone(case):
    given = case.make_operands()
    others = [part for part in given[1:] if part is not None]
    assert all(np.isfinite(part.astype(np.float64)).all() for part in others)
    assert spoilt(case).any() == bool(case.input.size)


@pytest.mark.parametrize("seed", range(40))
def test_nonfinite_reaches_the_answer_where_every_cell_is_read(seed):
    case = Case.parse(f"conv_i5x4_c2_k2x2_f3_same_nonfinite{seed}")
    read = reference(replace(case, dtype=np.dtype(np.float64)))
    assert not np.isfinite(read).all()


def test_nonfinite_is_nan_or_an_infinity_or_all_three():
    seen = {frozenset(kinds_of(Case.parse(f"conv_i30_k1_same_nonfinite{s}").input)) for s in range(60)}
    alone = {frozenset({kind}) for kind in ("nan", "inf", "-inf")}
    assert seen >= {*alone, frozenset({"nan", "inf", "-inf"})}


@pytest.mark.parametrize("dtype", ["f16", "bf16", "f32", "f64"])
@given(data=st.data())
@quick
def test_no_order_of_summation_changes_what_is_not_finite(dtype, data):
    case = data.draw(promised(dtypes=(dtype,), fills=("nonfinite",)))
    assert len(reordered(case)) == 1


@pytest.mark.parametrize("dtype", ["f16", "bf16", "f32", "f64"])
@given(data=st.data())
@quick
def test_nonfinite_answer_of_every_order_is_that_of_the_reference(dtype, data):
    case = data.draw(promised_of("conv", *OTHERS, dtypes=(dtype,), fills=("nonfinite",), around=("bias",)))
    with np.errstate(invalid="ignore", over="ignore"):
        assert [name for name, answer in summation.answers(case) if not compare(case, answer).holds] == []


def test_nonfinite_answer_without_its_nan_is_caught():
    case = Case.parse("conv_i5_k2_same_nonfinite1")
    assert not compare(case, np.nan_to_num(reference(case)).astype(np.float32)).holds


@pytest.mark.parametrize("steps", ["relu6", "leaky0.25", "residual", "bias_residual_relu6"])
@pytest.mark.parametrize("operation", ["conv", *OTHERS[:3]])
def test_steps_that_round_nothing_keep_the_promise(operation, steps):
    assert promises_exactness(Case.parse(f"{operation}_i5_k3_same_{steps}_ints3"))


@pytest.mark.parametrize("steps", ["norm", "leaky0.2", "elu", "tanh", "sigmoid", "residual_tanh"])
@pytest.mark.parametrize("fill", ["ones", "coded", "ints3"])
def test_steps_that_round_promise_nothing(steps, fill):
    assert not promises_exactness(Case.parse(f"conv_i5_k3_same_{steps}_{fill}"))


@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize("fill", EXACT_FILLS[:5])
def test_gradient_of_a_bias_keeps_the_promise_over_many_places(fill, dtype):
    case = Case.parse(f"filtergrad_i12x12_k2x2_f3_same_{dtype}_bias_{fill}")
    assert not promises_exactness(case) or differing(case) == []


def test_gradient_of_a_bias_adds_up_more_than_an_impulse():
    assert not promises_exactness(Case.parse("filtergrad_i70x70_k1x1_same_f16_bias_impulse"))
    assert promises_exactness(Case.parse("filtergrad_i70x70_k1x1_same_f16_impulse"))


@pytest.mark.parametrize("operation", ["conv", *OTHERS[:3]])
@pytest.mark.parametrize("dtype", FORMATS)
def test_impulse_leaves_room_for_a_bias_and_a_residual(dtype, operation):
    assert promises_exactness(Case.parse(f"{operation}_i5_k3_same_{dtype}_bias_residual_impulse"))
