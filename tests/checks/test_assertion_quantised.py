"""The assertion on plain arrays of integers with scales and zero points."""

from __future__ import annotations

import numpy as np
import pytest

from strategies import cases
from strategies.sample import sample
from verify import Case, assert_conv, reference
from verify.cases.quantised import Quantised
from verify.oracle.bounds import judgement

WORD = "conv_i5x4_c3_k3x2_f4_same_int8_qx0.1z-3_qw0.02x0.01x0.005x0.04_qy1.7z4_bias_relu_levels"


def scales_of(quantised: Quantised, channels: int) -> dict[str, object]:
    return {**quantised._asdict(), "w_scale": quantised.w_scales(channels)}


def arguments(case: Case) -> dict[str, object]:
    """The arguments of a call that computes a case."""
    activation = next((step for step in case.epilogue if step != "bias"), None)
    return {
        "x": case.input,
        "w": case.filters,
        "strides": case.strides,
        "dilations": case.dilations,
        "padding": case.padding,
        "groups": case.groups,
        "bias": case.bias,
        "activation": activation,
        "data_format": case.data_format,
        **scales_of(case.quantised, case.output_channels),
    }


CASE = Case.parse(WORD)
ANSWER = reference(CASE).astype(np.int8)


def changed(**fields: object) -> dict[str, object]:
    return {**arguments(CASE), **fields}


def test_what_is_right_of_drawn_cases_passes_and_the_next_integer_does_not():
    drawn = cases(operations=("conv",), dtypes=("int8", "uint8", "int16"), around=("bias", "relu", "relu6"))
    for case in sample(25, 0, drawn):
        answer = reference(case).astype(case.dtype)
        assert_conv(answer, **arguments(case))
        if answer.size:
            wrong = answer.copy()
            wrong.reshape(-1).view(f"u{answer.itemsize}")[-1] ^= 64
            with pytest.raises(AssertionError, match=r"1 of [0-9]+ values differ"):
                assert_conv(wrong, **arguments(case))


def test_scheme_that_is_named_must_be_followed():
    case = Case.parse("conv_i9x9_k1x1_same_int8_qy2_coded")
    even = judgement(case, scheme="float32").wanted.astype(np.int8)
    assert_conv(even, **arguments(case), scheme="float32")
    assert_conv(even, **arguments(case))
    with pytest.raises(AssertionError, match="values differ"):
        assert_conv(even, **arguments(case), scheme="fixed-once")


def test_failure_says_the_scales_and_what_it_looks_like():
    other = CASE.copied(quantised=CASE.quantised._replace(w_scale=(0.02,)))
    with pytest.raises(AssertionError) as failed:
        assert_conv(reference(other).astype(np.int8), **arguments(CASE))
    message = str(failed.value)
    assert "scales   qx0.1z-3, qw0.02x0.01x0.005x0.04, qy1.7z4" in message
    assert "looks like  all channels have the scale of the first one" in message


NOT_NORMAL = "and must be a normal float32 number above 0"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"x_scale": 0}, f"x_scale is 0.0, {NOT_NORMAL}"),
        ({"x_scale": float("nan")}, f"x_scale is nan, {NOT_NORMAL}"),
        ({"y_scale": float("inf")}, f"y_scale is inf, {NOT_NORMAL}"),
        ({"y_scale": -0.5}, f"y_scale is -0.5, {NOT_NORMAL}"),
        ({"w_scale": [0.1, 0.2, 0.0, 0.1]}, f"w_scale is 0.0, {NOT_NORMAL}"),
        ({"x_scale": 1e-40}, f"x_scale is 9.99994610111476e-41, {NOT_NORMAL}"),
        ({"w_scale": [0.1, 0.2]}, "w_scale has 2 scales for 4 channels of the answer"),
        ({"w_scale": "wide"}, "w_scale is 'wide', not a number, or one for each channel of the answer"),
        ({"x_scale": [1.0, 2.0]}, "x_scale is [1.0, 2.0], not a number"),
        ({"x_zero_point": 128}, "x_zero_point is 128, and int8 goes from -128 to 127"),
        ({"y_zero_point": 0.5}, "y_zero_point is 0.5, not a whole number"),
        ({"bias": np.zeros(4, np.int64)}, "bias is int64; where x is int8 it is int32"),
        ({"w": np.zeros((3, 2, 3, 4), np.int16)}, "w is int16; where x is int8 it is int8"),
        ({"y_scale": None}, "y_scale is not given, and x_scale is"),
        ({"scheme": "float"}, "scheme 'float' is none of fixed-twice, "),
        ({"x": np.zeros((1, 5, 4, 3), np.float32)}, "x_scale is given, and x is float32, not int8"),
    ],
)
def test_wrong_scales_are_refused_in_a_sentence(fields, sentence):
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the text is compared
        assert_conv(ANSWER, **changed(**fields))
    assert str(refused.value).startswith(sentence)


def test_integers_without_scales_say_what_to_give():
    with pytest.raises(ValueError, match="or quantised arrays with x_scale, w_scale and y_scale"):
        assert_conv(ANSWER, CASE.input, CASE.filters, padding="SAME")
