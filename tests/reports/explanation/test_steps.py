"""The steps after a convolution: their order, their numbers, and how a dtype holds the last one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reports.explanation.explained import WHOLE, answer_of, explained, is_answer, tail_of, text_of
from verify.cases.operations import AROUND, OPERATIONS
from verify.reports.explanation.explain import explain

ROUNDED = tuple(step for step in AROUND if step not in WHOLE)

STEPS = [
    (
        "conv_i5_k3_same_norm_residual_sigmoid_reals4",
        [
            "sum      -0.372841",
            "norm     (value - mean) * scale / sqrt(variance + epsilon) + offset",
            "         (-0.372841 - 2) * -2 / sqrt(0.5 + 0.0009765625) + 0 = 6.704863",
            "residual 6.704863 + 0.241944 = 6.946806",
            "sigmoid  1 / (1 + exp(-6.946806)) = 0.999039",
            "answer   0.9990392225054727, which float32 holds as 0.99903923",
        ],
    ),
    (
        "transpose_i1_k1_f2_same_norm_tanh_ints11",
        [
            "sum      28 - 21 = 7",
            "norm     (value - mean) * scale / sqrt(variance + epsilon) + offset",
            "         (7 - 0) * -2 / sqrt(1.75 + 0.0009765625) - 1 = -11.580054",
            "tanh     tanh(-11.580054) = -1.000000",
            "answer   -0.9999999998251268, which float32 holds as -1",
        ],
    ),
    (
        "depthwise_i4_k3_same_bias_residual_leaky0.2_ints",
        [
            "sum      -58",
            "bias     -58 - 9 = -67",
            "residual -67 - 4 = -71",
            "leaky    0.2 * -71 = -14.200000",
            "answer   -14.200000000000001, which float32 holds as -14.2",
        ],
    ),
    (
        "transpose_i2_k1_same_bias_elu_reals34",
        [
            "sum      -0.532760",
            "bias     -0.532760 - 0.607435 = -1.140195",
            "elu      exp(-1.140195) - 1 = -0.680243",
            "answer   -0.6802433446651888, which float32 holds as -0.6802434",
        ],
    ),
    (
        "separable_i1_k1_same_float16_cf_residual_sigmoid_reals9",
        [
            "sum      -0.061893",
            "residual -0.061893 + 1.214844 = 1.152950",
            "sigmoid  1 / (1 + exp(-1.152950)) = 0.760049",
            "answer   0.7600493908201974, which float16 holds as 0.7603",
        ],
    ),
    (
        "conv_i1_k1_same_int32_bias_residual_relu6_dyadic3",
        [
            "sum      957267393",
            "bias     957267393 + 1352008749 = 2309276142",
            "int32    2309276142 - 1*2**32 = -1985691154",
            "residual -1985691154 - 1172410253 = -3158101407",
            "int32    -3158101407 + 1*2**32 = 1136865889",
            "relu6    min(max(1136865889, 0), 6) = 6",
            "answer   6",
        ],
    ),
]


@pytest.mark.parametrize("operation", [name for name in OPERATIONS if name != "filtergrad"])
@pytest.mark.parametrize("step", ROUNDED)
@given(st.data())
@settings(deadline=None, max_examples=15)
def test_last_number_is_the_reference_after_every_step(
    step: str, operation: str, data: st.DataObject
) -> None:
    drawn = explained(operations=(operation,), around=(step,), dtypes=("float32", "float64"), ranks=(1, 2))
    case, at = data.draw(drawn)
    assert is_answer(case, at, answer_of(explain(case, at)))


@pytest.mark.parametrize(
    ("word", "lines"),
    STEPS,
)
def test_steps_that_follow_are_written_in_order(word: str, lines: list[str]) -> None:
    assert tail_of(word, label="sum") == lines


def test_infinity_is_an_answer() -> None:
    assert text_of("conv_i4_k2_valid_relu_nonfinite2").endswith(
        "sum      inf\nrelu     max(inf, 0) = inf\nanswer   inf"
    )


def test_integers_wrap_before_relu() -> None:
    assert tail_of("conv_i1x1_c3_k1x1_same_int32_bias_relu_dyadic28", label="sum") == [
        "sum      1795506503 - 1508586022 + 2270507658 = 2557428139",
        "bias     2557428139 - 249353301 = 2308074838",
        "int32    2308074838 - 1*2**32 = -1986892458",
        "relu     max(-1986892458, 0) = 0",
        "answer   0",
    ]


@pytest.mark.parametrize(
    ("word", "answer"),
    [
        ("conv_i301_k301_valid_bfloat16_ones", "301, which bfloat16 holds as 300"),
        ("conv_i2049_k2049_valid_float16_ones", "2049, which float16 holds as 2048"),
        ("conv_i70000_k70000_valid_float16_ones", "70000, which float16 holds as inf"),
        ("conv_i2049_k2049_valid_ones", "2049"),
        ("conv_i1_k1_valid_reals", "-1.4137262447463357, which float32 holds as -1.4137262"),
        ("conv_i1_k1_valid_float64_reals", "-1.413726207548234"),
    ],
)
def test_answer_is_shown_as_its_dtype_holds_it_where_that_differs(word: str, answer: str) -> None:
    assert text_of(word).splitlines()[-1] == f"answer   {answer}"
