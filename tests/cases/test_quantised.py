"""How a case is quantised: its tokens, what is refused, the integers that fills make of it."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strategies import cases
from strategies.sample import sample
from verify import Case, InvalidCase, reference
from verify.cases.dtypes import FORMATS, QUANTISED
from verify.cases.levels import KINDS
from verify.cases.quantised import LEAST_SCALE, OPERATIONS, Quantised, quantised_field, room_of_bias, spelled
from verify.cases.simplify import simpler

WORD = "conv_i3x3_c2_k2x2_f3_same_int8_qx0.5z-3_qw0.25x0.1_qy2_bias_levels7"


def parsed(tokens: str) -> Case:
    return Case.parse(f"conv_i3x3_c2_k2x2_f3_same_{tokens}")


def drawn(count: int, seed: int = 0) -> list[Case]:
    around = ("bias", "relu", "relu6")
    kinds = cases(operations=OPERATIONS, dtypes=tuple(QUANTISED), around=around)
    return sample(count, seed, kinds)


class TestTokens:
    def test_word_says_scales_and_zero_points(self):
        assert Case.parse(WORD).quantised == Quantised(
            x_scale=0.5,
            x_zero_point=-3,
            w_scale=(0.25, float(np.float32(0.1))),
            y_scale=2.0,
        )

    def test_order_is_canonical_and_defaults_are_left_out(self):
        tokens = "levels7_qy2_bias_qw0.250x0.1_int8_qx5e-1z-3"
        assert str(parsed(tokens)) == WORD
        assert str(parsed("int8_qx1_qw1z0_qy1z0_ones")) == "conv_i3x3_c2_k2x2_f3_same_int8_ones"

    def test_every_drawn_case_is_read_back(self):
        for case in drawn(300):
            assert Case.parse(str(case)) == case

    def test_scales_of_fewer_channels_begin_again(self):
        assert Quantised(w_scale=(1.0, 2.0)).w_scales(5) == (1.0, 2.0, 1.0, 2.0, 1.0)

    @given(st.integers(0x00800000, 0x7F7FFFFF))
    def test_scale_of_any_bits_is_read_back(self, bits):
        scale = float(np.array(bits, np.uint32).view(np.float32))
        field = quantised_field(f"qx{spelled(scale)}")
        assert field == ("quantised", ("x", ((scale,), 0)))


REFUSED = {
    "qx2_ones": "'qx2' is for a quantised dtype, int8, uint8, int16, not float32",
    "int8_qx0_ones": "x_scale is 0.0, and must be a normal float32 number above 0",
    "int8_qx1e-40_ones": "x_scale is 9.99994610111476e-41, and must be a normal float32 number above 0",
    "int8_qw1x1e39_ones": "w_scale is inf, and must be a normal float32 number above 0",
    "int8_qxnan_ones": "x_scale is nan, and must be a normal float32 number above 0",
    "int8_qy-1_ones": "y_scale is -1.0, and must be a normal float32 number above 0",
    "int8_qx-inf_ones": "'qx-inf' is not a scale above 0 and a zero point such as qx0.5z-3",
    "int8_ones_biasint16": "'biasint16' is for an illegal call",
    "int8_qy1x2_ones": "'qy1x2' is not a scale above 0 and a zero point such as qy0.5z-3",
    "int8_qx1z128_ones": "x_zero_point is 128, and int8 goes from -128 to 127",
    "uint8_qy1z-1_ones": "y_zero_point is -1, and uint8 goes from 0 to 255",
    "int16_qw1z200_ones": "w_zero_point is 200, and int8 goes from -128 to 127",
    "int8_qw1x2x3x4_ones": "w_scale has 4 scales for 3 channels of the answer",
    "int8_qx300_ones": "x_scale * w_scale / y_scale is 300, and must be below 256",
    "int8_qx1_qx2_ones": "'qx2' gives its scale a second time",
    "int8_elu_ones": "'elu' does not follow a quantised convolution: bias, relu, relu6 do",
    "int8_residual_ones": "'residual' does not follow a quantised convolution: bias, relu, relu6 do",
    "z1.1x0.0_int8_ones": "a quantised case such as int8 has no border",
    "int8_dyadic": "the fill 'dyadic' is not for a quantised dtype such as int8",
    "int8_reals": "the fill 'reals' needs a floating-point dtype, not int8",
    "levels": "the fill 'levels' is for a quantised dtype, not float32",
}


class TestRefusals:
    @pytest.mark.parametrize("tokens", REFUSED)
    def test_sentence_says_what_is_wrong(self, tokens):
        with pytest.raises(InvalidCase) as refused:
            parsed(tokens)
        assert str(refused.value) == f"'conv_i3x3_c2_k2x2_f3_same_{tokens}' is no case: {REFUSED[tokens]}"

    @pytest.mark.parametrize("scale", [0.0, -1.0, float("nan"), float("inf"), LEAST_SCALE / 2, 1e40])
    def test_scale_that_is_no_normal_number_is_refused(self, scale):
        for quantised in (Quantised(x_scale=scale), Quantised(w_scale=(scale,)), Quantised(y_scale=scale)):
            with pytest.raises(InvalidCase, match="must be a normal float32 number above 0"):
                Case(
                    size=(1,), kernel=(1,), padding="SAME", dtype=QUANTISED["int8"].dtype, quantised=quantised
                )

    @pytest.mark.parametrize("name", ["x_zero_point", "w_zero_point", "y_zero_point"])
    def test_zero_point_that_is_no_whole_number_is_refused(self, name):
        with pytest.raises(InvalidCase):
            Case(
                size=(1,),
                kernel=(1,),
                padding="SAME",
                dtype=QUANTISED["int8"].dtype,
                quantised=Quantised(**{name: 0.7}),
            )

    def test_other_operations_are_refused(self):
        sentence = "no separable is quantised, only conv, depthwise, transpose: int8"
        with pytest.raises(InvalidCase, match=sentence):
            Case.parse("separable_i1_k1_same_int8_ones")

    def test_sums_beyond_the_accumulator_are_refused(self):
        with pytest.raises(InvalidCase, match="sums of 140000 products may be too large"):
            Case.parse("conv_i7_c20000_k7_valid_int8_levels")

    def test_scales_of_an_illegal_call_need_a_quantised_dtype(self):
        with pytest.raises(
            InvalidCase, match="'qx2' is for a quantised dtype, int8, uint8, int16, not float32"
        ):
            Case.parse("conv_i1_k1_s0_same_qx2_ones_illegal")

    def test_illegal_call_of_scales_that_are_right_is_refused(self):
        with pytest.raises(InvalidCase, match="nothing about it is illegal"):
            Case.parse("conv_i1_k1_same_int8_qx2_ones_illegal")


class TestIntegers:
    def test_each_operand_has_its_dtype(self):
        dtypes = {
            token: tuple(part.dtype.name for part in (case.input, case.filters, case.bias))
            for token in QUANTISED
            if (case := parsed(f"{token}_bias_levels"))
        }
        assert dtypes == {
            "int8": ("int8", "int8", "int32"),
            "uint8": ("uint8", "uint8", "int32"),
            "int16": ("int16", "int8", "int64"),
        }

    def test_plain_fills_lie_about_the_zero_point(self):
        case = Case.parse("conv_i4_k1_same_int8_qx1z-100_iota")
        assert case.input.reshape(-1).tolist() == [-99, -98, -97, -96]
        other = Case.parse("conv_i4_k1_same_int8_qx1z127_iota")
        assert other.input.reshape(-1).tolist() == [126, 125, 124, 123]

    @pytest.mark.parametrize("token", QUANTISED)
    @pytest.mark.parametrize("zero", ["", "z0", "z127"])
    def test_levels_reach_the_ends_of_their_dtypes(self, token, zero):
        ends = Case.parse(f"conv_i9x9_c4_k3x3_f9_same_{token}_qx1{zero}_levels2")
        for array in (ends.input, ends.filters):
            info = np.iinfo(array.dtype)
            assert set(np.unique(array).tolist()) == {info.min, info.min + 1, info.max}

    @pytest.mark.parametrize("operation", ["conv_i5x5_c3_k3x3_f40", "depthwise_i5x5_c20_k3x3_m2"])
    def test_weights_of_a_channel_are_all_at_one_end(self, operation):
        w = Case.parse(f"{operation}_same_int8_levels1").filters.reshape(-1, 40)
        assert (w == w[:1]).all()
        assert set(np.unique(w).tolist()) == {-128, -127, 127}

    def test_large_bias_takes_sums_to_the_ends_of_32_bits(self):
        case = Case.parse("conv_i5x5_c3_k3x3_f40_same_int8_bias_levels4")
        assert np.abs(case.bias.astype(np.int64)).min() >= 2**31 - 1 - 27 * 128**2 - 3
        assert room_of_bias(case) == 2**31 - 1 - 27 * 128**2

    def test_every_kind_of_levels_is_of_some_seed(self):
        made = {
            Case.parse(f"conv_i5x5_c3_k3x3_f4_same_int8_levels{seed}").filters.tobytes()
            for seed in range(len(KINDS))
        }
        assert len(made) == len(KINDS)

    def test_word_means_the_same_integers_in_every_version(self):
        digest = hashlib.sha256()
        for seed in range(12):
            for token in QUANTISED:
                case = parsed(f"{token}_qx1z7_bias_levels{seed}")
                for array in (case.input, case.filters, case.bias):
                    digest.update(array.astype("<i8").tobytes())
        assert digest.hexdigest()[:16] == "a377f7a687b520ba"


class TestDrawing:
    def test_nothing_quantised_is_drawn_unless_it_is_named(self):
        assert {case.format.token for case in sample(300, 0)} <= FORMATS.keys()

    def test_what_breaks_kernels_is_drawn(self):
        some = drawn(800)
        int8 = [case.quantised for case in some if case.format.token == "int8"]
        assert {-128, 0, 127} <= {quantised.x_zero_point for quantised in int8}
        assert {-128, 0, 127} <= {quantised.y_zero_point for quantised in int8}
        spread = [max(each.w_scale) / min(each.w_scale) for each in int8 if each.is_per_channel]
        assert max(spread) >= 2**10
        powers = [np.frexp(each.multiplier)[0] for each in int8 if each.y_scale != 1]
        assert 0.1 < np.mean([part == 0.5 for part in powers]) < 0.8
        assert any(0 < abs(part - 0.5) < 1e-6 or 0 < 1 - part < 1e-6 for part in powers)
        assert {case.fill for case in some} == {"ones", "iota", "impulse", "ints", "coded", "levels"}

    def test_answers_of_far_zero_points_are_not_all_one_step(self):
        """The scale of the answer follows the sums, which lie about the zero points that the case has."""
        near = [case for case in drawn(1600) if case.format.token == "int8" and case.fill != "levels"]
        far = [case for case in near if abs(case.quantised.x_zero_point) > 60 and 0 not in case.output_shape]
        of_few_steps = [case for case in far if np.unique(reference(case)).size <= 2]
        assert len(of_few_steps) < len(far) / 2  # three in five, where it followed other zero points


def test_scales_become_simpler_one_by_one():
    quantised = {case.quantised for case in simpler(Case.parse(WORD))}
    plain = Case.parse(WORD).quantised
    assert Quantised() in quantised
    assert plain._replace(x_zero_point=0) in quantised
    assert plain._replace(w_scale=(0.25,)) in quantised
