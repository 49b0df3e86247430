"""The operations beside the convolution: against exact sums over what meets, and against one another."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import strategies
from tests.models import rational
from tests.models.exactness import promises_exactness
from tests.planted import convolutions
from verify import Case, reference
from verify.cases.operations import is_exact_step
from verify.oracle.problem import problem_of
from verify.oracle.reference import depthwise, linear

quick = settings(max_examples=25, deadline=None, database=None)

OTHERS = ("depthwise", "separable", "transpose", "filtergrad")
EXACT_FILLS = ("ones", "iota", "coded", "impulse", "ints", "dyadic")
EXACT_STEPS = ("border", "bias", "residual", "relu", "relu6", "leaky")
SMALL = {1: 7, 2: 4, 3: 3}
RANKED = [(operation, rank) for operation in OTHERS for rank in (1, 2, 3)]
RANKED = [pair for pair in RANKED if pair not in [("depthwise", 3), ("separable", 3)]]

AXES = list(product(range(5), range(1, 4), (1, 2, 3), (1, 2), ("same", "valid", "p1.0", "p0.2", "p3.1")))
"""Sizes, kernels, strides, dilations and paddings of a small domain of one axis."""


def little(operation: str, rank: int, **narrowings: Any) -> st.SearchStrategy[Case]:
    """Exact cases that loops over fractions can answer."""
    limits = {"max_side": SMALL[rank], "max_kernel": 3, "max_channels": 3, "max_batch": 2}
    exact = {"operations": (operation,), "ranks": (rank,), "fills": EXACT_FILLS, "around": EXACT_STEPS}
    drawn = strategies.cases(**{**limits, **exact, **narrowings})
    return drawn.filter(lambda case: promises_exactness(case) and all(map(is_exact_step, case.epilogue)))


def differs(case: Case) -> bool:
    """Whether the reference is not the exact answer, element by element."""
    return not np.array_equal(rational.fractions(reference(case)), rational.answer(case))


def on_one_axis(operation: str, rest: str) -> list[str]:
    """The words of the small domain on which the reference is wrong."""
    counts = {"depthwise": "m2", "separable": "f2_m2"}.get(operation, "f2")
    return [word for word in legal(operation, f"c2_{counts}_{rest}") if differs(Case.parse(word))]


def legal(operation: str, rest: str) -> list[str]:
    """The words over every axis of the small domain whose kernel is not too long."""
    words = [f"{operation}_i{i}_k{k}_s{s}_d{d}_{mode}_{rest}" for i, k, s, d, mode in AXES]
    return [word for word in words if is_case(word)]


def is_case(word: str) -> bool:
    try:
        Case.parse(word)
    except ValueError:
        return False
    return True


def wrong(subject: Any, words: list[str]) -> list[str]:
    """The words on which a subject's answer is not the exact one."""
    return [
        word for word in words if not agrees(subject(Case.parse(word)), rational.answer(Case.parse(word)))
    ]


def agrees(answer: Any, exact: Any) -> bool:
    return answer.shape == exact.shape and np.array_equal(rational.fractions(answer), exact)


def inner(a: Any, b: Any) -> Any:
    return (rational.fractions(a) * rational.fractions(b)).sum()


def products(case: Case) -> list[Any]:
    """⟨conv(x, w), y⟩, ⟨x, transpose(y, w)⟩ and ⟨w, filtergrad(x, y)⟩ over the same arrays, as fractions.

    x and w are the case's.
    """
    x, w, y = case.input, case.filters, cotangent_of(case)
    problem, operands = problem_of(case), case.operands
    back = linear(problem._replace(operation="transpose"), operands._replace(input=y, factor=w))
    weights = linear(problem._replace(operation="filtergrad"), operands._replace(input=x, factor=y))
    return [inner(linear(problem, operands), y), inner(x, back), inner(w, weights)]


def cotangent_of(case: Case) -> Any:
    """Small integers in the shape of a convolution's answer: the input of another that keeps its sizes."""
    like = Case(
        batch=case.batch,
        size=tuple(axis.out for axis in case.axes),
        channels=case.filter_count,
        kernel=(1,) * case.rank,
        padding="VALID",
        dtype=case.dtype,
        channels_first=case.channels_first,
        fill="ints",
        seed=5,
    )
    return like.input


def adjoint(case: Case) -> bool:
    return len(set(products(case))) == 1


@pytest.mark.parametrize(("operation", "rank"), RANKED)
@given(data=st.data())
@quick
def test_reference_of_an_exact_fill_is_the_exact_answer(operation, rank, data):
    assert not differs(data.draw(little(operation, rank)))


@pytest.mark.parametrize(("operation", "rank"), RANKED)
@given(data=st.data())
@quick
def test_integers_of_every_operation_wrap(operation, rank, data):
    assert not differs(data.draw(little(operation, rank, dtypes=("int32",), fills=("dyadic",))))


@pytest.mark.parametrize("padding", ["same", "valid", "explicit"])
@pytest.mark.parametrize("operation", OTHERS)
@given(data=st.data())
@quick
def test_reference_in_float64_is_the_exact_answer_with_every_padding(operation, padding, data):
    assert not differs(data.draw(little(operation, 1, dtypes=("float64",), paddings=(padding,))))


@pytest.mark.parametrize("rank", [1, 2, 3])
@given(data=st.data())
@quick
def test_border_of_a_convolution_is_a_border_of_zeros(rank, data):
    case = data.draw(little("conv", rank, around=("bias",)))
    border = data.draw(st.tuples(*[st.tuples(st.integers(0, 2), st.integers(0, 2))] * rank))
    assert not differs(replace(case, border=border))


@pytest.mark.parametrize("bias", ["ints3", "bias_ints3"])
@pytest.mark.parametrize("operation", OTHERS)
def test_reference_is_exact_on_every_axis_of_a_small_domain(operation, bias):
    assert on_one_axis(operation, bias) == []


@pytest.mark.parametrize("border", ["z1.0", "z0.2", "z2.1"])
@pytest.mark.parametrize("operation", ["conv", "depthwise"])
def test_reference_is_exact_on_every_axis_with_a_border(operation, border):
    assert on_one_axis(operation, f"{border}_coded".replace("f2", "")) == []


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        (convolutions.multipliers_before_channels, legal("depthwise", "c2_m2_ints3")),
        (convolutions.not_cropped, legal("transpose", "c2_ints3")),
        (convolutions.cropped_at_the_start, legal("transpose", "c2_ints3")),
        (convolutions.windows_without_stride, legal("filtergrad", "c2_ints3")),
    ],
)
def test_small_domain_shows_a_planted_fault(subject, words):
    assert len(wrong(subject, words)) > len(words) // 10


@pytest.mark.parametrize("operation", OTHERS)
def test_small_domain_is_of_so_many_words(operation):
    assert len(legal(operation, "ints")) == 423


@pytest.mark.parametrize("rank", [1, 2, 3])
@given(data=st.data())
@quick
def test_gradients_are_adjoint_to_the_convolution(rank, data):
    drawn = little("conv", rank, dtypes=("float64", "int32"), fills=("ints",), around=("border",))
    assert adjoint(data.draw(drawn))


@pytest.mark.parametrize("word", legal("conv", "c2_f4_g2_float64_ints3")[::7])
def test_gradients_are_adjoint_on_the_small_domain(word):
    assert adjoint(Case.parse(word))


def test_adjoint_identity_sees_a_gradient_of_other_cells():
    case = Case.parse("conv_i5_k3_s2_same_float64_ints3")
    axes = tuple(axis._replace(before=axis.after + 1, after=axis.before) for axis in case.axes)
    problem = problem_of(case)._replace(operation="filtergrad", axes=axes)
    shifted = linear(problem, case.operands._replace(factor=cotangent_of(case)))
    assert inner(case.filters, shifted) not in products(case)


@pytest.mark.parametrize("rank", [1, 2])
@given(data=st.data())
@quick
def test_depthwise_is_a_convolution_of_as_many_groups_as_channels(rank, data):
    case = data.draw(little("depthwise", rank, around=("border",), data_formats=("channels_last",)))
    w = case.filters.reshape(*case.kernel, 1, case.channels * case.multiplier)
    problem = problem_of(case)._replace(operation="conv", groups=case.channels)
    grouped = linear(problem, case.operands._replace(factor=w))
    assert np.array_equal(grouped, reference(case))


@pytest.mark.parametrize("multiplier", [2, 3])
def test_multipliers_of_a_channel_lie_side_by_side(multiplier):
    x = np.array([[[1.0, 100.0]]])
    w = np.arange(1.0, 2 * multiplier + 1).reshape(1, 2, multiplier)
    problem = problem_of(Case.parse(f"depthwise_i1_c2_k1_m{multiplier}_same"))
    wanted = [*range(1, multiplier + 1), *(100 * j for j in range(multiplier + 1, 2 * multiplier + 1))]
    assert depthwise(x, w, problem=problem, kind=np.float64).ravel().tolist() == wanted


def test_transpose_of_a_worked_example():
    assert reference(Case.parse("transpose_i5_k3_s2_valid_iota")).ravel().tolist() == [1, 2, 5, 4, 6]


def test_transpose_leaves_cells_that_no_window_read_at_the_bias():
    assert reference(Case.parse("transpose_i4_k1_s3_valid_bias_iota")).ravel().tolist() == [2, 1, 1, 3]


def test_transpose_drops_what_falls_on_the_padding():
    assert reference(Case.parse("transpose_i2_k3_same_ones")).ravel().tolist() == [2, 2]


def test_filtergrad_of_a_worked_example():
    assert reference(Case.parse("filtergrad_i4_k2_s2_valid_iota")).ravel().tolist() == [1 + 6, 2 + 8]


def test_filtergrad_with_a_bias_is_the_sum_of_the_cotangent():
    case = Case.parse("filtergrad_n2_i4_k2_f3_same_bias_iota")
    assert np.array_equal(reference(case), case.cotangent.sum(axis=(0, 1)))


@pytest.mark.parametrize("operation", [*OTHERS, "conv"])
def test_empty_batch_has_an_answer(operation):
    answer = reference(Case.parse(f"{operation}_n0_i3_c2_k2_same_ints"))
    assert (answer == 0).all()


@pytest.mark.parametrize("word", [f"{op}_n2_i5x4_c3_k3x2_s2x1_same_residual_ints7" for op in OTHERS[:3]])
def test_answer_is_the_same_numbers_channels_first(word):
    last = Case.parse(word)
    assert np.array_equal(np.moveaxis(reference(replace(last, channels_first=True)), 1, -1), reference(last))


def test_filter_gradient_is_the_same_channels_first():
    last = Case.parse("filtergrad_n2_i5x4_c4_k3x2_f2_s2x1_g2_same_ints7")
    assert np.array_equal(reference(replace(last, channels_first=True)), reference(last))
