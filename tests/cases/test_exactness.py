"""What the fills promise: sums that no order of summation changes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import strategies
from tests.models import rational, summation
from tests.models.exactness import promises_exactness
from tests.planted.plain import cases
from verify import Case, compare, reference
from verify.cases.dtypes import FORMATS

quick = settings(max_examples=40, deadline=None, database=None)

EXACT_FILLS = ("ones", "iota", "impulse", "ints", "dyadic", "unread")

LECTURE = "conv_i7x7_c3_k3x3_f2_s2x2_valid_{}bias_cs231n"

small = {"max_side": 6, "max_kernel": 3, "max_channels": 6}


def promised(**narrowings: object) -> st.SearchStrategy[Case]:
    """Cases whose fill promises exact sums."""
    return cases(**{"fills": EXACT_FILLS, **small, **narrowings}).filter(promises_exactness)


def bits(answers: dict[str, np.ndarray]) -> set[bytes]:
    return {answer.tobytes() for answer in answers.values()}


def differing(case: Case) -> list[str]:
    """The orders of summation whose answer is not the reference's, rounded once to the dtype."""
    wanted = reference(case).astype(case.dtype)
    return [name for name, answer in summation.answers(case) if not np.array_equal(answer, wanted)]


@pytest.mark.parametrize("dtype", FORMATS)
@given(data=st.data())
@quick
def test_every_order_of_summation_gives_the_reference_after_one_rounding(dtype, data):
    case = data.draw(promised(dtypes=(dtype,), fills=EXACT_FILLS[: 5 if dtype == "int32" else 6]))
    assert differing(case) == []


@pytest.mark.parametrize("dtype", FORMATS)
@given(data=st.data())
@quick
def test_every_order_of_summation_gives_the_same_bits(dtype, data):
    case = data.draw(promised(dtypes=(dtype,), fills=EXACT_FILLS[: 5 if dtype == "int32" else 6]))
    assert len(bits(dict(summation.answers(case)))) == 1


@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize("fill", EXACT_FILLS)
@pytest.mark.parametrize("bias", ["", "_bias"])
@pytest.mark.parametrize("taps", [1, 2, 30, 81, 127])
def test_long_sums_keep_the_promise(dtype, fill, bias, taps):
    token = "ints" if (dtype, fill) == ("int32", "unread") else fill
    case = Case.parse(f"conv_n2_i{taps + 4}_k{taps}_f3_p2.2_{dtype}{bias}_{token}")
    assert promises_exactness(case)
    assert differing(case) == []


@pytest.mark.parametrize("dtype", FORMATS)
def test_lecture_keeps_the_promise(dtype):
    case = Case.parse(LECTURE.format(f"{dtype}_"))
    assert promises_exactness(case)
    assert differing(case) == []


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_reals_promise_nothing(dtype):
    assert not promises_exactness(Case.parse(f"conv_i1_k1_same_{dtype}_reals"))


@pytest.mark.parametrize("fill", ["ones", "iota", "ints", "unread", "dyadic"])
def test_promise_ends_where_the_sum_exceeds_the_significand(fill):
    longest = {"dyadic": 127}.get(fill, 255)
    assert promises_exactness(Case.parse(f"conv_i1_k{longest}_same_bfloat16_bias_{fill}"))
    assert not promises_exactness(Case.parse(f"conv_i1_k{2**8}_same_bfloat16_bias_{fill}"))


def test_ones_beyond_the_promise_do_depend_on_the_order():
    case = Case.parse("conv_i301_k301_valid_bfloat16_bias_ones")
    assert not promises_exactness(case)
    assert len(bits(dict(summation.answers(case)))) > 1


NORMAL = st.floats(-1e9, 1e9, width=32).map(lambda number: number if abs(number) > 1e-9 else 0.0)


@given(numbers=st.lists(st.tuples(*[NORMAL] * 3), min_size=1, max_size=20))
@quick
def test_emulated_fused_multiply_add_of_float32_rounds_once(numbers):
    a, b, c = np.array(numbers, dtype=np.float32).T
    exact = rational.fractions(a) * rational.fractions(b) + rational.fractions(c)
    assert summation.fused(a, b, c).tolist() == [rational.nearest(fraction, 24) for fraction in exact]


@given(numbers=st.lists(st.tuples(*[st.integers(-(2**53), 2**53)] * 3, st.integers(-60, 60)), min_size=1))
@quick
def test_emulated_fused_multiply_add_of_float64_rounds_once(numbers):
    a, b, c, shift = np.array(numbers, dtype=np.float64).T
    c = np.ldexp(c, shift.astype(int))
    exact = rational.fractions(a) * rational.fractions(b) + rational.fractions(c)
    assert summation.fused(a, b, c).tolist() == [
        fraction.numerator / fraction.denominator for fraction in exact
    ]


STEPS = ("border", "bias", "residual", "relu", "relu6", "leaky")

OTHERS = ("depthwise", "separable", "transpose", "filtergrad")


def promised_of(*operations: str, **narrowings: object) -> st.SearchStrategy[Case]:
    """Cases of some operations whose fill promises exact sums, and whose steps round nothing."""
    limits = {"max_side": 4, "max_kernel": 3, "max_channels": 4, "max_batch": 2}
    choices = {"operations": operations, "fills": (*EXACT_FILLS, "coded"), "around": STEPS}
    return strategies.cases(**{**limits, **choices, **narrowings}).filter(promises_exactness)


def reordered(case: Case) -> set[bytes]:
    """The bits that every order of summation gives, one NaN being like another."""
    with np.errstate(invalid="ignore", over="ignore"):
        answers = [answer.astype(np.float64) for _, answer in summation.answers(case)]
    return {np.where(np.isnan(answer), np.nan, answer).tobytes() for answer in answers}


@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize("operation", OTHERS)
@given(data=st.data())
@quick
def test_every_order_of_every_operation_gives_the_reference_after_one_rounding(operation, dtype, data):
    assert differing(data.draw(promised_of(operation, dtypes=(dtype,)))) == []


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("fill", ["ones", "iota", "coded", "ints", "dyadic3", "impulse3"])
@pytest.mark.parametrize("geometry", ["i6_c2_k2", "i9_c4_k3_m2_f3", "i4x5_c3_k3x2_f2", "i7_c3_k2_s2"])
def test_separable_holds_its_promise_where_what_lies_between_is_stored(geometry, fill, dtype):
    case = Case.parse(f"separable_{geometry}_same_{dtype}_bias_{fill}")
    assert not promises_exactness(case) or differing(case) == []


@pytest.mark.parametrize("fill", ["iota", "coded", "ints", "dyadic", "impulse"])
def test_separable_of_a_narrow_dtype_may_promise_exactness(fill):
    assert promises_exactness(Case.parse(f"separable_i9_c2_k3_f2_same_float16_{fill}"))


def test_ones_that_separable_cannot_store_do_depend_on_the_order():
    case = Case.parse("separable_i257_c3_k257_valid_bfloat16_ones")
    assert not promises_exactness(case)
    assert len(bits(dict(summation.answers(case)))) > 1


@pytest.mark.parametrize("dtype", FORMATS)
@given(data=st.data())
@quick
def test_every_order_gives_the_same_bits_for_coded_cells(dtype, data):
    case = data.draw(promised(dtypes=(dtype,), fills=("coded",)))
    assert len(bits(dict(summation.answers(case)))) == 1
    assert differing(case) == []


@pytest.mark.parametrize("dtype", FORMATS)
@given(data=st.data())
@quick
def test_coded_promises_exactness_where_ones_do(dtype, data):
    case = data.draw(cases(dtypes=(dtype,), fills=("coded",), **small))
    assert promises_exactness(case) or not promises_exactness(replace(case, fill="ones"))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@given(data=st.data())
@quick
def test_no_order_of_summation_changes_what_is_not_finite(dtype, data):
    case = data.draw(promised(dtypes=(dtype,), fills=("nonfinite",)))
    assert len(reordered(case)) == 1


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
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
    assert not promises_exactness(Case.parse("filtergrad_i70x70_k1x1_same_float16_bias_impulse"))
    assert promises_exactness(Case.parse("filtergrad_i70x70_k1x1_same_float16_impulse"))


@pytest.mark.parametrize("operation", ["conv", *OTHERS[:3]])
@pytest.mark.parametrize("dtype", FORMATS)
def test_impulse_leaves_room_for_a_bias_and_a_residual(dtype, operation):
    assert promises_exactness(Case.parse(f"{operation}_i5_k3_same_{dtype}_bias_residual_impulse"))
