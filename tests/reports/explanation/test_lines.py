"""Lines of an explanation: they fit 80 columns, and colour adds escapes alone."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings

from tests.reports.explanation.explained import explained, text_of
from verify import Case
from verify.reports.explanation.explain import explain
from verify.reports.explanation.lines import coloured, plain_text

EXTREMES = (
    "conv_i1300000_k2_s999999999_d1299999_same",
    "conv_i1_k9999_s999999999_d9999_same",
    "conv_i1x1_k1x1_s999999999x999999999_d999999999x999999999_same",
    "conv_i40x9_k40x9_c9_f3_valid_int32_bias_relu_dyadic8",
    "conv_i9x40x2_k4x40x2_c9_same_int32_cf_dyadic9",
    "conv_i5_k5_p1234567.1234567_float64_reals3",
    "conv_n2_i5x5x5_c16_k3x3x3_f16_s4x4x4_d2x2x2_g4_p10.11x10.11x10.11_bfloat16_cf_bias_relu_reals65535",
    "transpose_i1300000_k1299999_valid_ones",
    "transpose_i9999_k9_f9_s99_d999_p999999.999999_float64_reals2",
    "transpose_i9x40x9_c2_k4x40x9_f90_g2_same_int32_cf_residual_relu6_dyadic9",
    "separable_i40x9_c99_k40x9_f3_m9_same_float64_norm_residual_tanh_reals7",
    "depthwise_i9x9_c9_k9x9_m9_z9.9x999.999_p12.123x12.123_float64_norm_residual_leaky0.123456_reals7",
    "filtergrad_n9_i40x40x40_c9_k3x3x3_f3_g3_same_int32_cf_dyadic9",
    "filtergrad_n999_i99_k9_f9_valid_bias_reals4",
)


@given(explained())
@example((Case.parse("depthwise_i1_k1_m2_same_float64_dyadic92"), (0, 0, 0)))
@settings(deadline=None, max_examples=200)
def test_no_line_is_wider_than_80_columns(drawn: tuple[Case, tuple[int, ...]]) -> None:
    assert max(map(len, plain_text(explain(*drawn)).splitlines())) <= 80


@pytest.mark.parametrize("word", EXTREMES)
def test_no_line_of_an_extreme_case_is_wider_than_80_columns(word: str) -> None:
    assert max(map(len, text_of(word).splitlines())) <= 80


@given(explained())
@settings(deadline=None, max_examples=100)
def test_colour_adds_escapes_and_nothing_else(drawn: tuple[Case, tuple[int, ...]]) -> None:
    lines = explain(*drawn)
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured(lines)) == plain_text(lines)
    assert coloured(lines) != plain_text(lines)


@given(explained())
@settings(deadline=None, max_examples=100)
def test_no_line_ends_with_a_space(drawn: tuple[Case, tuple[int, ...]]) -> None:
    assert not re.search(" $", plain_text(explain(*drawn)), re.MULTILINE)


def test_padding_is_dim_in_colour() -> None:
    text = coloured(explain(Case.parse("conv_i2_k3_same_ints3")))
    assert "reads cells\x1b[90m ·\x1b[0m\x1b[36m 0\x1b[0m\x1b[36m 1\x1b[0m\n" in text
    assert "\x1b[90m  ·\x1b[0m\x1b[36m  5\x1b[0m\x1b[36m -4\x1b[0m" in text
