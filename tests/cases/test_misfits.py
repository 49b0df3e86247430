"""Illegal calls whose operands are not as their numbers make them: their words, arrays, and why they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strategies import illegal_cases
from verify import Case
from verify.cases.misfits import PARTS
from verify.cases.word import InvalidCase, fields_of

pytestmark = pytest.mark.injected

WHY = {
    "conv_i4x4_c2_k2x2_same_ones_x4x4x2_illegal": "its input has shape (4, 4, 2), of 3 axes and not 4",
    "conv_i4_k2_same_ones_wscalar_illegal": "its filters have shape (), of 0 axes and not 3",
    "conv_i4_k2_same_ones_wfloat16_illegal": "its filters have dtype float16, and its input has float32",
    "conv_i4_c3_k2_same_ones_w2x2x1_illegal": "its filters have shape (2, 2, 1), and its input 3 channels",
    "separable_i4_k2_m2_same_ones_v1x3x1_illegal": (
        "its second filters have shape (1, 3, 1), not (1, 2) and a count"
    ),
    "transpose_i4_k1_same_ones_yint32_illegal": "its filters have dtype float32, and its cotangent has int32",
    "transpose_i4_k1_same_ones_x1x-1x1_illegal": (
        "the sizes that it is asked for have shape (1, -1, 1), with a size below 0"
    ),
    "filtergrad_i4_k1_same_ones_w1x1x4294967296_illegal": (
        "its cotangent has shape (1, 4, 1), where the forward convolution of (1, 4, 1) by "
        "(1, 1, 4294967296) answers (1, 4, 4294967296)"
    ),
    "filtergrad_i4_k1_same_ones_o3_illegal": "its cotangent has o3, where the forward convolution answers 4",
    "filtergrad_i1_k1_s0_same_ones_illegal": "'s0' has a number below 1",
    "conv_i4_c0_k1_same_ones_illegal": "'c0' has a number below 1",
    "conv_i4_k1_g0_same_ones_illegal": "'g0' has a number below 1",
    "conv_i4_k2_d4294967296_valid_ones_illegal": (
        "on axis 0 the dilated kernel covers 4294967297 cells of a padded input of 4, "
        "so the output size would be negative (stride 1)"
    ),
}
REFUSED = {
    "conv_i4_k2_same_ones_x1x5x1_illegal": "nothing about it is illegal",
    "conv_i4_k2_same_ones_xfloat16_wfloat16_illegal": "nothing about it is illegal",
    "conv_i4_k2_same_x4": "'x4' is for an illegal call",
    "conv_i4_k2_same_ones_y1x4x1_illegal": "'y1x4x1' is no operand of a conv",
    "conv_i4_k2_same_ones_yfloat16_illegal": "'yfloat16' is no array that a conv takes",
    "conv_i4_k2_same_ones_x-1_illegal": "'x-1' has a size below 0, which no array can have",
    "transpose_i4_k2_same_ones_xfloat16_illegal": "'xfloat16' is no array that a transpose takes",
    "transpose_i4_k2_same_ones_o3_y1_illegal": "its y token gives the sizes of its o token a second time",
    "conv_i4_k2_same_ones_x1_x2_illegal": "'x2' gives its given shapes a second time",
    "conv_i4_k2_same_ones_x1x1x1x1x1x1x1x1x1_illegal": (
        "'x1x1x1x1x1x1x1x1x1' is not the shape of an operand, of at most 8 axes, such as x1x3x1"
    ),
    "conv_i4_k2_s4294967297_same_ones_illegal": "a number of an illegal case is above 4294967296",
    "conv_i4_k2_d4294967296_same_ones_illegal": "nothing about it is illegal",
    "conv_i4_k2_d10000000000_same_ones_illegal": (
        "'d10000000000' is not 1 to 3 sizes of at most 10 digits, such as d3x3"
    ),
    "conv_i4_c1_k1_f4294967296_s0_same_ones_illegal": (
        "its arrays would take 32.0 GiB as float64, more than the limit of 1 GiB"
    ),
}


@pytest.mark.parametrize(("word", "why"), WHY.items())
def test_what_is_illegal_is_said_in_one_phrase_and_the_word_is_kept(word: str, why: str):
    case = Case.parse(word)
    assert (str(case), case.why_illegal) == (word, why)


@pytest.mark.parametrize(("word", "sentence"), REFUSED.items())
def test_what_is_no_such_call_is_refused_in_one_sentence(word: str, sentence: str):
    with pytest.raises(InvalidCase) as refused:
        Case.parse(word)
    assert str(refused.value) == f"{word!r} is no case: {sentence}"


@given(illegal_cases(), st.randoms())
def test_word_with_its_tokens_in_another_order_is_the_same_case(case: Case, random):
    operation, *tokens = str(case).split("_")
    random.shuffle(tokens)
    assert Case.parse("_".join([operation, *tokens])) == case


@given(illegal_cases())
def test_arrays_have_the_shapes_and_dtypes_that_are_given(case: Case):
    arrays = {case.traits.input: case.input, case.traits.factor: case.operands.factor}
    if case.pointwise is not None:
        arrays["pointwise"] = case.pointwise
    shapes, dtypes = dict(case.given_shapes), dict(case.given_dtypes)
    asked = {letter for letter, part in PARTS.items() if part == case.traits.answer}
    assert all(
        arrays[PARTS[letter]].shape == shape for letter, shape in shapes.items() if letter not in asked
    )
    assert all(arrays[PARTS[letter]].dtype.name == dtype for letter, dtype in dtypes.items())


def test_fields_take_a_table_by_letter_and_keep_their_order():
    case = Case.parse("transpose_i4_k2_same_ones_x3_wscalar_yfloat16_illegal")
    fields = {**fields_of(str(case)), "given_shapes": {"w": (), "x": [3]}}
    assert Case(**fields) == case
    assert case.given_shapes == (("x", (3,)), ("w", ()))


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"given_shapes": {"q": (1,)}}, "'q' is none of x, w, v, y"),
        ({"given_dtypes": {"w": "float31"}}, "'float31' is none of float16, "),
        ({"given_shapes": {"w": (1.5,)}}, "'float' object cannot be interpreted as an integer"),
    ],
)
def test_fields_of_the_wrong_type_are_one_sentence(fields: dict[str, object], sentence: str):
    with pytest.raises(InvalidCase, match=sentence):
        Case(size=(4,), kernel=(2,), padding="SAME", illegal=True, **fields)  # type: ignore[arg-type]
