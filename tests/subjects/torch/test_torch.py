"""PyTorch's convolutions, gradients and layers, and what is written down about them."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from tests.subjects.asked import drawn
from verify import Case, Declined, reference
from verify.checks.path import Examiner
from verify.checks.subject import describe
from verify.gate.survey import judgeable, refusal, words_of_limits
from verify.subjects.torch import subject
from verify.subjects.torch.imported import torch
from verify.subjects.torch.tensors import VIEWS, array_of, image_of, tensor_of, tensors_of
from verify.subjects.torch.unsaid import NO_SIZES, cannot_say
from verify.subjects.torch.ways import WAYS

HERE = describe(subject("torch"))


@pytest.mark.parametrize("name", WAYS)
def test_every_answer_is_right_or_predicted(name):
    way = judgeable(HERE.ways[name], HERE.known)
    examiner = Examiner(subject=way, known=HERE.known)
    examined = [examiner.examine(case) for case in drawn(way, 10, seed=3)]
    assert [str(each.case) for each in examined if each.fails] == []


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64", "int32"])
def test_array_becomes_a_tensor_and_an_array_again(dtype):
    array = Case.parse(f"conv_i2x3_c2_k1x1_same_{dtype}_iota").input
    again = array_of(tensor_of(array))
    assert again.dtype == array.dtype
    np.testing.assert_array_equal(again, array)


def test_image_is_channels_last_in_memory_where_the_case_is():
    shape = (2, 5, 4, 3)
    last = image_of(Case.parse("conv_n2_i4x3_c5_k1x1_same_ones"), np.zeros((2, 4, 3, 5)))
    first = image_of(Case.parse("conv_n2_i4x3_c5_k1x1_same_cf_ones"), np.zeros(shape))
    assert last.shape == first.shape == shape
    assert last.is_contiguous(memory_format=torch.channels_last)
    assert first.is_contiguous()


def test_image_of_one_channel_has_the_strides_of_channels_last():
    image = image_of(Case.parse("conv_n8_i28x3_k1x1_same_ones"), np.zeros((8, 28, 3, 1)))
    assert image.stride() == (84, 1, 3, 1)


def test_filters_are_contiguous_unless_they_are_as_the_case_has_them():
    case = Case.parse("conv_i4x3_c2_k3x2_f5_same_iota")
    plain, strided = (tensors_of(case, strided=strided)["factor"] for strided in (False, True))
    assert plain.is_contiguous()
    assert not strided.is_contiguous()
    assert (plain == strided).all()


@pytest.mark.parametrize("operation", ["conv", "transpose", "filtergrad"])
def test_border_and_uneven_padding_are_padded_before_and_cut_after(operation):
    case = Case.parse(f"{operation}_n2_i5x4_c4_k3x2_f6_g2_s2x1_d1x2_p2.0x1.3_iota")
    ways = [way for way in WAYS.values() if way.domain.holds(case)]
    answers = {way.name: way(case) for way in ways}
    assert len(answers) > 5
    for answer in answers.values():
        np.testing.assert_array_equal(answer, next(iter(answers.values())))


@pytest.mark.parametrize(
    "name",
    [name for name, way in WAYS.items() if way.domain.holds(Case.parse("transpose_i4_k1_d3_same_t1_ones"))],
)
def test_a_transpose_has_an_output_padding_below_its_dilation(name):
    words = ("transpose_i6_k2_d3_valid_t2", "transpose_i7x5_c2_k2x1_f4_g2_s2x1_d3x2_p1.0x0.1_t0x1_bias")
    for case in [Case.parse(f"{word}_cf_ints3") for word in words]:
        np.testing.assert_array_equal(WAYS[name](case), reference(case))


def test_an_output_padding_beyond_stride_and_dilation_is_refused():
    case = Case.parse("transpose_i4_k1_same_t1_cf_ones")
    assert not WAYS["conv_transpose"].domain.holds(case)
    with pytest.raises(RuntimeError, match="output padding must be smaller than either stride or dilation"):
        WAYS["conv_transpose"](case)


@pytest.mark.parametrize(
    ("key", "word", "reason"),
    [
        ("by_rule", "conv_i1_k1_p0.-1_ones_illegal", "padding by a rule has no cells"),
        ("conv", "conv_i1_k1_p0.-1_ones_illegal", "padding is as many cells at both ends"),
        ("conv", "conv_i1_k1_same_ones_x1x1_illegal", "an image without a batch is taken, as documented"),
        ("transposed", "transpose_i1_k2_valid_ones_o1_illegal", NO_SIZES),
        ("transposed", "transpose_i1_k1_valid_ones_w2x1x1_illegal", NO_SIZES),
        ("transposed", "transpose_i1_k1_same_ones_w1x1x2_illegal", ""),
        ("transposed", "transpose_i1_k1_s0_same_ones_illegal", ""),
        ("conv", "conv_i1_k1_s0_same_ones_illegal", ""),
    ],
)
def test_call_that_has_no_argument_for_what_is_wrong_is_declined(key, word, reason):
    assert cannot_say(key, Case.parse(word)) == reason


@pytest.mark.parametrize("layout", VIEWS)
def test_an_operand_that_is_laid_out_is_a_tensor_in_the_same_memory(layout):
    case = Case.parse(f"conv_n2_i4x1_c2_k3x1_f3_same_bias_ints3_memx{layout}_memw{layout}")
    tensors = tensors_of(case)
    for name in ("input", "factor"):
        array, tensor = getattr(case.operands, name), tensors[name]
        assert tensor.data_ptr() == array.ctypes.data
        order = (0, 3, 1, 2) if name == "input" else (3, 2, 0, 1)
        assert tensor.stride() == tuple(array.strides[axis] // 4 for axis in order)


def test_an_operand_that_is_plain_has_memory_of_its_own():
    case = Case.parse("conv_n2_i4x1_c2_k3x1_f3_same_ints3_memxstrided")
    assert tensors_of(case)["factor"].data_ptr() != case.filters.ctypes.data


def test_negative_strides_are_refused_and_outside_the_domain():
    case = Case.parse("conv_i4_k1_same_ints3_memxreversed")
    assert not WAYS["conv"].domain.holds(case)
    with pytest.raises(ValueError, match="tensors with negative strides are not currently supported"):
        WAYS["conv"](case)


def test_depthwise_filters_that_are_copied_are_not_asked():
    held = WAYS["conv"].domain.holds
    assert not held(Case.parse("depthwise_i4_c2_k2_same_ints3_memwstrided"))
    assert held(Case.parse("depthwise_i4_c2_k2_same_ints3_memxstrided"))


def test_declined_call_is_not_made():
    with pytest.raises(Declined, match="as many cells at both ends"):
        WAYS["conv"](Case.parse("conv_i1_k1_p0.-1_ones_illegal"))


def test_libraries_are_left_on():
    WAYS["conv+no-mkldnn"](Case.parse("conv_i1_k1_valid_ones"))
    assert torch.backends.mkldnn.enabled


@pytest.mark.parametrize("asked", words_of_limits(HERE.routes), ids=lambda asked: asked[2])
def test_every_limit_is_refused_in_its_words(asked):
    assert refusal(*asked) == ""


@pytest.mark.parametrize(
    "entry", [entry for entry in HERE.known if not entry.sporadic], ids=lambda entry: entry.name
)
def test_every_deviation_happens_in_one_of_its_ways(entry):
    case = Case.parse(entry.word)
    ways = islice((way for way in HERE.having(case) if entry.is_of_way(way.name)), 3)
    found = [Examiner(subject=way, known=(entry,)).examine(case).deviation for way in ways]
    assert entry in found
