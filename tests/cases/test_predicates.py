"""Conditions on cases, as the data files write them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from strategies import cases
from verify import Case
from verify.cases.predicates import Predicate, names_of

WORD = "conv_n2_i9x8_c4_k3x2_f6_s2x1_d1x2_g2_p1.0x0.3_float64_cf_bias_relu_ints7"
CASE = Case.parse(WORD)
FUNCTIONS = "all, any, float32, len, max, min, set, sum, tuple, zip"


def holds(text: str, word: str = WORD) -> bool:
    return Predicate(text).holds(names_of(Case.parse(word)))


def refusal(text: str) -> str:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the whole text is compared
        Predicate(text)
    return str(refused.value)


def test_names_are_the_numbers_of_the_case():
    assert names_of(CASE) == {
        "operation": "conv",
        "rank": 2,
        "batch": 2,
        "size": (9, 8),
        "channels": 4,
        "kernel": (3, 2),
        "filters": 6,
        "multiplier": 1,
        "border": (),
        "strides": (2, 1),
        "dilations": (1, 2),
        "groups": 2,
        "products": 12,
        "padding": "explicit",
        "padding_mode": "zeros",
        "trimmed": (),
        "dtype": "float64",
        "quantised": False,
        "misquantised": False,
        "x_scale": 1.0,
        "x_zero_point": 0,
        "w_scale": (1.0,),
        "w_zero_point": 0,
        "y_scale": 1.0,
        "y_zero_point": 0,
        "multiplier_of_sums": 1.0,
        "channels_first": True,
        "epilogue": ("bias", "relu"),
        "fill": "ints",
        "seed": 7,
        "out": (4, 9),
        "span": (3, 3),
        "pads": ((1, 0), (0, 3)),
        "illegal": False,
        "bordered": (9, 8),
        "given_out": (),
        "given_shapes": (),
        "given_dtypes": (),
        "memory": (),
        "weights": "own",
        "slope": 0.0,
    }


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("operation == 'depthwise' and multiplier == 3", "depthwise_i3_k2_m3_same"),
        ("padding_mode == 'reflect' and padding == 'same'", "conv_i3_k2_same_reflect"),
        ("border == ((1, 2),) and pads == ((1, 2),)", "conv_i3_k2_z1.2_valid"),
        ("not border and pads == ((0, 1),)", "conv_i3_k2_same"),
        ("operation == 'filtergrad' and products == 6", "filtergrad_n2_i3_k1_same"),
        ("epilogue == ('norm', 'residual', 'leaky0.25')", "conv_i3_k2_same_norm_residual_leaky0.25"),
        ("fill == 'nonfinite' and seed == 4", "conv_i3_k2_same_nonfinite4"),
        ("fill == 'coded'", "transpose_i3_k2_same_coded"),
        ("slope == 0.25 == float32(slope)", "conv_i3_k2_same_float64_leaky0.25"),
        ("slope == 0.2 != float32(slope)", "conv_i3_k2_same_float64_leaky0.2"),
        ("illegal and 3 in given_out", "transpose_i1_k1_same_ones_o3_illegal"),
        ("any(o == 'w' and len(shape) == 2 for o, shape in given_shapes)", "conv_i1_k1_same_w1x1_illegal"),
        ("given_dtypes == (('w', 'int32'),)", "conv_i1_k1_same_wint32_illegal"),
        ("misquantised and out == (2,)", "conv_i3_k2_s2_same_int8_qx0_ones_illegal"),
        ("misquantised and pads == ((0, 1),)", "conv_i3_k2_s2_same_int8_ones_wint32_illegal"),
        ("not misquantised and out == ()", "conv_i3_k2_s0_same_int8_qx0_ones_illegal"),
        ("not misquantised and out == ()", "conv_i3_k2_same_wint32_illegal"),
    ],
)
def test_condition_may_speak_of_every_operation(text, word):
    assert holds(text, word)


@pytest.mark.parametrize(("mode", "name"), [("same", "same"), ("valid", "valid"), ("p0.0", "explicit")])
def test_padding_is_named(mode, name):
    assert names_of(Case.parse(f"conv_i3_k1_{mode}_ones"))["padding"] == name


@pytest.mark.parametrize(
    "text",
    [
        "True",
        "rank == 2 and padding == 'explicit'",
        "max(strides) > 1 and max(dilations) > 1",
        "min(size) == 8 and sum(kernel) == 5 and len(out) == 2",
        "any(i - s > 5 for i, s in zip(size, span))",
        "all(before >= 0 for before, after in pads)",
        "dtype in ('float64', 'float32')",
        "'relu' in epilogue",
        "channels_first",
        "rank == 3 or\\\n groups > 1",
    ],
)
def test_condition_holds(text):
    assert holds(text)


@pytest.mark.parametrize("text", ["False", "0", "rank == 3", "'bias' not in epilogue", "max(size) > 9"])
def test_condition_does_not_hold(text):
    assert not holds(text)


@pytest.mark.parametrize(("value", "truth"), [("1", True), ("0", False)])
def test_condition_may_use_more_names_than_those_of_the_case(value, truth):
    condition = Predicate("switches.get('ONEDNN') == '1' and rank == 2", {"switches": {}})
    assert condition.holds(names_of(CASE, {"switches": {"ONEDNN": value}})) is truth


def test_condition_on_a_setting_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match=r"cannot be evaluated: there is no 'A', in 'switches\[\"A\"\]'$"):
        Predicate('switches["A"] == "1"', {"switches": {}})


def test_condition_may_use_no_name_that_it_is_not_given():
    assert refusal("switches.get('ONEDNN') == '1'").endswith("name 'switches' is not defined")


def test_condition_keeps_its_text():
    assert Predicate("rank == 3").text == "rank == 3"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("ranck == 3", "name 'ranck' is not defined; did you mean 'rank'?"),
        ("open('x')", f"'open' is none of the functions {FUNCTIONS}"),
        ("__import__('os')", f"'__import__' is none of the functions {FUNCTIONS}"),
        ("rank + 'a'", "unsupported operand type(s) for +: 'int' and 'str'"),
        ("rank ==", "invalid syntax (<condition>, line 1)"),
    ],
)
def test_condition_that_cannot_be_evaluated_is_refused(text, reason):
    assert refusal(text) == f"the condition {text!r} cannot be evaluated: {reason}"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("size[1] > 1", "tuple index out of range, in 'size[1]'"),
        ("rank < 3 or wide", "name 'wide' is not defined"),
    ],
)
def test_condition_that_fails_in_one_rank_is_refused(text, reason):
    assert refusal(text) == f"the condition {text!r} cannot be evaluated: {reason}"


def test_condition_that_looks_at_the_rank_first_is_taken():
    assert not holds("rank > 1 and size[1] > 1", "conv_i3_k1_same_ones")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("pads[0][0] > 0", "conv_i3_k1_s0_same_ones_illegal"),
        ("10 // strides[0] > 1", "conv_i3_k1_s0_valid_ones_illegal"),
    ],
)
def test_condition_on_numbers_that_an_illegal_call_lacks_does_not_hold_of_it(text, word):
    assert not holds(text, word)


@given(case=cases())
@settings(max_examples=50, deadline=None, database=None)
def test_every_case_has_every_name(case):
    assert names_of(case).keys() == names_of(CASE).keys()
