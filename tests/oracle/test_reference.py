"""The reference: against a second convolution in exact arithmetic, and against known numbers."""

from __future__ import annotations

import importlib
import math
import tracemalloc
from dataclasses import replace
from fractions import Fraction
from itertools import chain, product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.models import rational
from tests.planted.plain import cases
from verify import Case, conv, reference
from verify.cases.case import Operands
from verify.cases.dtypes import FORMATS
from verify.cases.fills import promises_exactness
from verify.cases.word import OPERATIONS
from verify.oracle.compensated import SPLITTABLE, dot2, two_product, two_sum
from verify.oracle.reference import is_doubled, linear, problem_of, slabs

reference_module = importlib.import_module("verify.oracle.reference")
compensated_module = importlib.import_module("verify.oracle.compensated")

quick = settings(max_examples=25, deadline=None, database=None)

RANKS = (1, 2, 3)
SMALL = {1: 8, 2: 5, 3: 3}
EXACT_FILLS = ("ones", "iota", "impulse", "ints", "dyadic", "unread")
U = Fraction(1, 2**53)
SLAB = 2**21
"""Bytes of window matrix that are worked at a time."""

SHAPES = [
    shape for rank, side in ((1, 6), (2, 4), (3, 4), (4, 3)) for shape in product(range(side), repeat=rank)
]

LECTURE = Case.parse("conv_i7x7_c3_k3x3_f2_s2x2_valid_bias_cs231n")

X = np.arange(1.0, 26.0).reshape(1, 5, 5, 1)
W = np.ones((3, 3, 1, 1))


def little(rank: int, **narrowings: Any) -> st.SearchStrategy[Case]:
    """Cases of one rank that seven loops in exact arithmetic can answer."""
    sizes = {"max_side": SMALL[rank], "max_kernel": 3, "max_channels": 4, "max_batch": 2}
    return cases(ranks=(rank,), **{**sizes, **narrowings})


def gamma(terms: int) -> Fraction:
    return terms * U / (1 - terms * U)


def errors(case: Case) -> Any:
    """|reference − exact| for each element, as Fractions."""
    return np.abs(rational.fractions(reference(case)) - rational.answer(case))


def terms(case: Case) -> int:
    return case.products + ("bias" in case.epilogue)


def plain(case: Case) -> Any:
    """The case's convolution by `conv`, over its plain arrays."""
    padding = case.padding
    return conv(
        case.input,
        case.filters,
        strides=case.strides,
        padding=padding,
        dilations=case.dilations,
        groups=case.groups,
        bias=case.bias,
        data_format=case.data_format,
    )


def with_setting(module: Any, name: str, value: int, case: Case) -> Any:
    """The reference's answer with another setting of a module."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, name, value)
        return reference(case)


def refusal(x: Any = X, w: Any = W, **arguments: Any) -> str:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the callers pin the sentence
        conv(x, w, **arguments)
    return str(refused.value)


def peak_over_limit(word: str) -> float:
    """The reference's peak memory over operands, window matrix and answer together."""
    case = Case.parse(word)
    operands = case.make_operands()
    problem = problem_of(case)
    exact = promises_exactness(case)
    linear(problem, operands, exact=exact)
    tracemalloc.start()
    try:
        linear(problem, operands, exact=exact)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    answer = 8 * math.prod(case.output_shape)
    windows = 8 * math.prod(case.output_shape) // case.filter_count * case.products
    held = sum(part.nbytes for part in operands if part is not None)
    return (held + peak) / (held + min(windows, SLAB) + answer)


def blocks(shape: tuple[int, ...], rows: int) -> list[list[int]]:
    """The places of each slab, numbered in order."""
    places = np.arange(math.prod(shape)).reshape(shape)
    return [places[slab].ravel().tolist() for slab in slabs(shape, rows)]


def cancelling(size: int, spread: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two vectors whose dot product is far smaller than its terms."""
    random = np.random.default_rng(seed)
    x = np.ldexp(random.standard_normal(size), random.integers(-spread, spread, size))
    w = np.ldexp(random.standard_normal(size), random.integers(-spread, spread, size))
    half = size // 2
    x[half : 2 * half], w[half : 2 * half] = x[:half], -w[:half] * (1 + 2.0**-50)
    return x, w


def dot_of(x: np.ndarray, w: np.ndarray) -> float:
    out = np.empty((1, 1))
    dot2(x[np.newaxis], w[:, np.newaxis], offset=None, out=out)
    return out.item()


floats = st.floats(-1e100, 1e100, allow_subnormal=False).filter(lambda v: v == 0 or abs(v) > 1e-100)


@pytest.mark.parametrize("rank", RANKS)
@given(data=st.data())
@quick
def test_reference_of_an_exact_fill_is_the_exact_answer(rank, data):
    case = data.draw(little(rank, fills=EXACT_FILLS).filter(promises_exactness))
    assert np.array_equal(rational.fractions(reference(case)), rational.answer(case))


@pytest.mark.parametrize("rank", RANKS)
@given(data=st.data())
@quick
def test_reference_of_narrow_reals_errs_by_the_rounding_of_float64_at_most(rank, data):
    case = data.draw(little(rank, fills=("reals",), dtypes=("f16", "bf16", "f32")))
    assert (errors(case) <= gamma(terms(case)) * rational.magnitudes(case)).all()


@pytest.mark.parametrize("rank", RANKS)
@given(data=st.data())
@quick
def test_reference_of_float64_reals_errs_by_one_rounding_and_a_second_order_at_most(rank, data):
    case = data.draw(little(rank, fills=("reals",), dtypes=("f64",)))
    allowed = U * np.abs(rational.linear(case)) + gamma(terms(case)) ** 2 * rational.magnitudes(case)
    assert (errors(case) <= allowed).all()


@given(case=cases(max_side=7, max_channels=4))
@quick
def test_reference_is_float64_in_the_shape_of_the_output(case):
    answer = reference(case)
    assert (answer.shape, answer.dtype) == (case.output_shape, np.float64)


@pytest.mark.parametrize("rank", RANKS)
@given(data=st.data())
@quick
def test_conv_of_plain_arrays_is_the_exact_answer_before_any_activation(rank, data):
    case = data.draw(little(rank, fills=EXACT_FILLS).filter(promises_exactness))
    assert np.array_equal(rational.fractions(plain(case)), rational.linear(case))


@pytest.mark.parametrize("rank", RANKS)
@given(data=st.data())
@quick
def test_conv_of_plain_reals_errs_by_the_rounding_of_float64_at_most(rank, data):
    case = data.draw(little(rank, fills=("reals",)))
    distance = np.abs(rational.fractions(plain(case)) - rational.linear(case))
    assert (distance <= gamma(terms(case)) * rational.magnitudes(case)).all()


@pytest.mark.parametrize(
    ("filter_number", "plane"),
    [(0, [[6, 4, 3], [13, 7, 4], [10, 9, 5]]), (1, [[-1, -3, 1], [0, 6, 2], [1, -3, 12]])],
)
@pytest.mark.parametrize("dtype", FORMATS)
def test_lecture_gives_the_numbers_that_it_shows(dtype, filter_number, plane):
    case = replace(LECTURE, dtype=FORMATS[dtype].dtype)
    assert reference(case)[0, :, :, filter_number].tolist() == plane


def test_lecture_gives_the_same_numbers_channels_first():
    first = reference(replace(LECTURE, channels_first=True))
    assert np.array_equal(np.moveaxis(first, 1, -1), reference(LECTURE))


def test_relu_of_the_lecture_has_no_negative_number():
    answer = reference(replace(LECTURE, epilogue=("bias", "relu")))
    assert np.array_equal(answer, np.maximum(reference(LECTURE), 0))
    assert answer.min() == 0


def test_integers_of_32_bits_wrap():
    case = Case.parse("conv_i9_c9_k3_same_i32_dyadic3")
    exact = rational.linear(case)
    assert max(np.abs(exact).ravel()) >= 2**31
    assert np.array_equal(rational.fractions(reference(case)), (exact + 2**31) % 2**32 - 2**31)


def test_relu_follows_the_wrapping():
    case = Case.parse("conv_i9_c9_k3_same_i32_relu_dyadic3")
    assert np.array_equal(reference(case), np.maximum(reference(replace(case, epilogue=())), 0))


@pytest.mark.parametrize(
    "word", ["conv_n0_i3_k2_same", "conv_i2_k3_valid", "conv_i0_k3_same", "conv_i0x2_k1x1_valid"]
)
@pytest.mark.parametrize("fill", ["ones", "reals"])
@pytest.mark.parametrize("dtype", ["f32", "f64"])
def test_reference_of_an_empty_answer_is_empty(word, fill, dtype):
    case = Case.parse(f"{word}_{dtype}_bias_{fill}")
    assert reference(case).shape == case.output_shape


def test_output_of_padding_alone_is_the_bias():
    assert reference(Case.parse("conv_i1_k2_p2.2_bias_iota")).ravel().tolist() == [1, 3, 2, 1]


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


@pytest.mark.parametrize("slab", [1, 64, 1000])
@given(case=cases(fills=EXACT_FILLS, max_side=6, max_channels=6).filter(promises_exactness))
@quick
def test_exact_answer_is_the_same_in_slabs_of_any_size(slab, case):
    assert np.array_equal(with_setting(reference_module, "SLAB", slab, case), reference(case))


@pytest.mark.parametrize(("module", "name"), [(reference_module, "SLAB"), (compensated_module, "WORK")])
@given(case=cases(fills=("reals",), dtypes=("f64",), max_side=6, max_channels=6))
@quick
def test_compensated_answer_has_the_same_bits_in_pieces_of_any_size(module, name, case):
    assert with_setting(module, name, 1, case).tobytes() == reference(case).tobytes()


@pytest.mark.parametrize(
    "word",
    [
        "conv_n4_i40x40_c16_k3x3_f16_same_ints",
        "conv_n8_i40x40_c16_k5x5_same_ints",
        "conv_n4_i40x40_c16_k3x3_f16_same_cf_bias_relu_reals",
        "conv_n2_i64x64_c64_k1x1_f64_same_f16_ints",
        "conv_n2_i40x40_c16_k3x3_f16_same_i32_ints",
        "conv_n2_i20x20_c16_k3x3_f16_same_f64_reals",
        "conv_n2_i40x40_c16_k3x3_f2_same_f64_bias_reals",
        "conv_i300000_k1_same_f64_reals",
        "conv_n2_i12x12x12_c8_k3x3x3_f8_g2_same_reals",
        "conv_n2_i40x40_c64_k3x3_f64_s8x8_valid_ints",
    ],
)
def test_reference_needs_at_most_three_times_operands_window_matrix_and_answer(word):
    assert peak_over_limit(word) <= 3


def test_window_matrix_is_worked_in_pieces_of_the_size_that_its_memory_is_held_to():
    assert reference_module.SLAB == SLAB


def doubled(word: str, **changed: Any) -> bool:
    """Whether the sums of a case are doubled, with operands filled with another number."""
    case = Case.parse(word)
    filled = {
        name: np.full_like(part, changed[name]) if name in changed else part
        for name, part in case.operands._asdict().items()
    }
    return is_doubled(problem_of(case), Operands(**filled))


@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_sums_are_doubled_in_convolutions_of_float64_alone(operation, dtype):
    is_float64_conv = (operation, dtype) == ("conv", "f64")
    assert doubled(f"{operation}_i3_k2_same_{dtype}_ones") == is_float64_conv


@pytest.mark.parametrize("part", ["input", "factor", "bias"])
def test_sums_are_doubled_where_every_product_can_be_split(part):
    word = "conv_i3_k2_same_f64_bias_ones"
    assert doubled(word, **{part: -SPLITTABLE / 2})
    assert not doubled(word, **{part: -SPLITTABLE})
    assert not doubled(word, **{part: SPLITTABLE * 2})


def test_sums_of_nothing_are_doubled():
    assert doubled("conv_n0_i3_k2_same_f64_ones")


@given(a=floats, b=floats)
@quick
def test_two_sum_is_exact(a, b):
    total, lost = two_sum(np.array(a), np.array(b))
    assert float(total) == a + b
    assert Fraction(float(total)) + Fraction(float(lost)) == Fraction(a) + Fraction(b)


@given(a=floats, b=floats)
@quick
def test_two_product_is_exact(a, b):
    product_, lost = two_product(np.array(a), np.array(b))
    assert float(product_) == a * b
    assert Fraction(float(product_)) + Fraction(float(lost)) == Fraction(a) * Fraction(b)


@pytest.mark.parametrize("size", [2, 3, 9, 64, 101, 1000])
@pytest.mark.parametrize("spread", [1, 20, 200])
@pytest.mark.parametrize("seed", range(3))
def test_compensated_dot_keeps_its_bound_where_sums_cancel(size, spread, seed):
    x, w = cancelling(size, spread, seed)
    products = rational.fractions(x) * rational.fractions(w)
    allowed = U * abs(products.sum()) + gamma(size) ** 2 * np.abs(products).sum()
    assert abs(Fraction(dot_of(x, w)) - products.sum()) <= allowed


def test_compensated_dot_sees_what_a_plain_sum_loses():
    x = np.array([1e16, 1.0, -1e16, 2.0**-60])
    assert dot_of(x, np.ones(4)) == 1.0
    assert x[:3].sum() == 0


def test_conv_takes_a_number_for_every_axis():
    assert np.array_equal(conv(X, W, strides=2, dilations=2), conv(X, W, strides=(2, 2), dilations=[2, 2]))


def test_conv_takes_its_options_by_name():
    with pytest.raises(TypeError, match="positional"):
        conv(X, W, 2)
    assert np.array_equal(conv(x=X, w=W), conv(X, W))


def test_linear_takes_exactness_by_name():
    case = Case.parse("conv_i3_k2_same_ones")
    with pytest.raises(TypeError, match="positional"):
        linear(problem_of(case), case.operands, True)
    assert linear(problem=problem_of(case), operands=case.operands).shape == case.output_shape


def test_conv_takes_numbers_of_numpy():
    assert np.array_equal(conv(X, W, strides=np.int64(2)), conv(X, W, strides=np.array([2, 2])))


def test_conv_is_valid_without_strides_or_dilations_unless_told():
    assert np.array_equal(conv(X, W), conv(X, W, strides=1, dilations=1, padding="VALID", groups=1))
    assert conv(X, W)[0, 0, 0, 0] == 63


@pytest.mark.parametrize("padding", ["same", "valid"])
def test_conv_reads_padding_in_either_case_of_letters(padding):
    assert np.array_equal(conv(X, W, padding=padding), conv(X, W, padding=padding.upper()))


@pytest.mark.parametrize(
    ("rank", "last", "first"), [(1, "NWC", "NCW"), (2, "NHWC", "NCHW"), (3, "NDHWC", "NCDHW")]
)
def test_conv_reads_channels_where_the_data_format_puts_them(rank, last, first):
    x = np.arange(2 * 4**rank * 3.0).reshape(2, *[4] * rank, 3)
    w = np.arange(2**rank * 3 * 5.0).reshape(*[2] * rank, 3, 5)
    moved = conv(np.moveaxis(x, -1, 1), w, data_format=first)
    assert np.array_equal(np.moveaxis(moved, 1, -1), conv(x, w, data_format=last))
    assert np.array_equal(conv(x, w), conv(x, w, data_format=last))


PAIRS = list(product([(0, 0), (1, 2)], repeat=2))


@pytest.mark.parametrize("pairs", PAIRS)
def test_conv_takes_tensorflows_padding_of_all_axes_channels_last(pairs):
    assert np.array_equal(conv(X, W, padding=[(0, 0), *pairs, (0, 0)]), conv(X, W, padding=pairs))


@pytest.mark.parametrize("pairs", PAIRS)
def test_conv_takes_tensorflows_padding_of_all_axes_channels_first(pairs):
    x = np.moveaxis(X, -1, 1)
    whole = conv(x, W, padding=[[0, 0], [0, 0], *pairs], data_format="NCHW")
    assert np.array_equal(whole, conv(x, W, padding=pairs, data_format="NCHW"))


@pytest.mark.parametrize("padding", [[(0, 0), (0, 0), (1, 1), (2, 2)], [(1, 1), (0, 0), (0, 0), (0, 0)]])
def test_conv_refuses_to_pad_the_batch_or_the_channels(padding):
    assert refusal(padding=padding) == (
        f"padding {padding!r} is not a (before, after) pair for each spatial axis"
    )


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "int32", "int64"])
def test_conv_of_integers_is_int64(dtype):
    answer = conv(np.full((1, 3, 1), 100, dtype), np.full((3, 1, 1), 100, dtype))
    assert (answer.dtype, answer.item()) == (np.int64, 30000)


@pytest.mark.parametrize(
    "dtype", [*(form.dtype for form in FORMATS.values() if form.token != "i32")], ids=str
)
def test_conv_of_floats_is_float64(dtype):
    answer = conv(np.full((1, 3, 1), 1.5, dtype), np.full((3, 1, 1), 0.5, dtype))
    assert (answer.dtype, answer.item()) == (np.float64, 2.25)


def test_conv_of_integers_wraps_at_64_bits():
    assert conv(np.full((1, 2, 1), 2**62), np.ones((2, 1, 1), np.int64)).item() == -(2**63)


def test_conv_of_integers_with_real_filters_keeps_their_fractions():
    assert conv(np.ones((1, 3, 1), np.int32), np.full((3, 1, 1), 0.5)).item() == 1.5


def test_conv_of_integers_with_a_real_bias_keeps_its_fraction():
    answer = conv(np.ones((1, 3, 1), np.int32), np.ones((3, 1, 1), np.int32), bias=np.array([0.5]))
    assert answer.item() == 3.5


def test_conv_takes_nested_lists():
    assert conv([[[1.0], [2.0]]], [[[3.0]], [[4.0]]], bias=[5.0]).tolist() == [[[16.0]]]


def test_conv_leaves_its_operands_alone():
    x, w, b = X.copy(), W.copy(), np.ones(1)
    conv(x, w, padding="SAME", bias=b)
    assert (x.tobytes(), w.tobytes(), b.tobytes()) == (X.tobytes(), W.tobytes(), np.ones(1).tobytes())


def test_conv_adds_a_bias_to_each_filter():
    w = np.ones((3, 3, 1, 2))
    assert np.array_equal(conv(X, w, bias=np.array([1.0, -2.0])), conv(X, w) + np.array([1, -2]))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"x": np.ones((5, 5))}, "x and w have 2 and 4 axes; both need the same 3, 4 or 5"),
        ({"x": np.ones((1, 5, 1))}, "x and w have 3 and 4 axes; both need the same 3, 4 or 5"),
        ({"data_format": "NWC"}, "data_format 'NWC' is neither 'NHWC' nor 'NCHW'"),
        ({"data_format": "nchw"}, "data_format 'nchw' is neither 'NHWC' nor 'NCHW'"),
        (
            {"data_format": "NCHW"},
            "x has 5 channels and w has shape (3, 3, 1, 1), which does not fit 1 groups",
        ),
        ({"groups": 2}, "x has 1 channels and w has shape (3, 3, 1, 1), which does not fit 2 groups"),
        ({"groups": 0}, "x has 1 channels and w has shape (3, 3, 1, 1), which does not fit 0 groups"),
        ({"strides": 0}, "strides 0 is not a positive number, or one for each of 2 axes"),
        (
            {"strides": (1, 2, 2, 1)},
            "strides (1, 2, 2, 1) is not a positive number, or one for each of 2 axes",
        ),
        ({"dilations": [1]}, "dilations [1] is not a positive number, or one for each of 2 axes"),
        ({"dilations": (1, -1)}, "dilations (1, -1) is not a positive number, or one for each of 2 axes"),
        ({"padding": "FULL"}, "padding 'FULL' is neither 'SAME', 'VALID' nor (before, after) pairs"),
        ({"padding": [(1, 1)]}, "padding [(1, 1)] is not a (before, after) pair for each spatial axis"),
        (
            {"padding": [(1, -1), (0, 0)]},
            "padding [(1, -1), (0, 0)] is not a (before, after) pair for each spatial axis",
        ),
        (
            {"padding": [(1,), (0, 0)]},
            "padding [(1,), (0, 0)] is not a (before, after) pair for each spatial axis",
        ),
        ({"w": np.ones((0, 3, 1, 1))}, "w has shape (0, 3, 1, 1), a filter without elements"),
        (
            {"dilations": (1, 3)},
            (
                "on axis 1 the dilated kernel covers 7 cells of a padded input of 5, "
                "so the output size would be negative (stride 1)"
            ),
        ),
        ({"bias": np.ones(3)}, "bias has shape (3,), not one number for each of 1 filters"),
        ({"bias": np.ones((1, 1))}, "bias has shape (1, 1), not one number for each of 1 filters"),
        ({"strides": 1.5}, "strides 1.5 is not a positive number, or one for each of 2 axes"),
        ({"strides": (1.5, 2)}, "strides (1.5, 2) is not a positive number, or one for each of 2 axes"),
    ],
)
def test_conv_refuses_with_one_sentence(arguments, sentence):
    assert refusal(**arguments) == sentence
