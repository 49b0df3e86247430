"""TensorFlow is gated, and what is written down about it is still true."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import example, given, settings

from strategies import cases
from verify import Case, Declined, Mismatch, check
from verify.deviations import Deviation, explaining
from verify.gate import conformance
from verify.predicates import names_of
from verify.subjects import load, switches
from verify.subjects.tensorflow import Limit, call, known, limits

LECTURE = Case.parse("conv_i7x7_c3_k3x3_f2_s2x2_valid_bias_cs231n")


def agrees_or_is_known(case: Case) -> bool:
    """Whether TensorFlow holds on a case, or a recorded deviation explains that it does not."""
    try:
        return check(case, load("tensorflow")).holds
    except Mismatch as found:
        known_here = known("tensorflow")
        return explaining(known_here, case, found.verdict.kind, found.switches) is not None


TestTensorflow = conformance("tensorflow")
TestConvolution = conformance("tensorflow:convolution")


@example(case=LECTURE)
@given(case=cases())
@settings(deadline=None, max_examples=50)
def test_the_lecture_and_what_is_drawn_agrees_or_is_known(case: Case) -> None:
    assert agrees_or_is_known(case)


def limit_id(limit: Limit) -> str:
    return f"{limit.entry}-{limit.word}"


@pytest.mark.parametrize("entry", ["nd", "convolution"])
def test_tensorflow_gives_the_lecture_its_numbers(entry: str) -> None:
    first, second = np.moveaxis(call(entry, LECTURE)[0], -1, 0)
    assert first.tolist() == [[6, 4, 3], [13, 7, 4], [10, 9, 5]]
    assert second.tolist() == [[-1, -3, 1], [0, 6, 2], [1, -3, 12]]


LIMITS = [each for each in limits() if each.when.holds(names_of(Case.parse(each.word), switches()))]


@pytest.mark.parametrize("limit", LIMITS, ids=limit_id)
def test_every_documented_limit_is_still_real(limit: Limit) -> None:
    with pytest.raises(Exception) as refusal:  # noqa: PT011 - TensorFlow's own errors, of several classes
        call(limit.entry, Case.parse(limit.word))
    assert limit.words in str(refusal.value)


@pytest.mark.parametrize("limit", limits(), ids=limit_id)
def test_every_limit_holds_of_its_own_word_with_onednn_on_or_off(limit: Limit) -> None:
    case = Case.parse(limit.word)
    assert any(limit.when.holds(names_of(case, {"TF_ENABLE_ONEDNN_OPTS": each})) for each in "01")


@pytest.mark.parametrize(
    ("subject", "word", "words"),
    [
        ("tensorflow", "conv_i3x3_k1x1_same_f64_cf_ones", "only supports the NHWC tensor format on the CPU"),
        ("tensorflow", "conv_i3_k2_p1.0_ones", "Expected string for argument 'padding' not"),
        ("tensorflow:convolution", "conv_i5_k2_s2_d2_same_ones", "in conjunction with `dilation_rate > 1`"),
    ],
)
def test_what_is_documented_is_declined_in_the_words_of_the_error(
    subject: str, word: str, words: str
) -> None:
    with pytest.raises(Declined, match=words.replace("`", ".")):
        load(subject)(Case.parse(word))


def test_three_dilated_axes_go_through_convolution() -> None:
    verdict = check(Case.parse("conv_i5x5x5_k2x2x2_d2x1x3_valid_ints"), load("tensorflow"))
    assert verdict.outcome == "agrees"


@pytest.mark.parametrize("subject", ["tensorflow", "tensorflow:convolution"])
@pytest.mark.parametrize("dtype", ["f16", "bf16", "f32", "f64", "i32"])
@pytest.mark.parametrize("geometry", ["i6_c2_k3_f2_s2", "i6x5_c4_k3x2_f2_g2", "i4x3x5_c2_k2x1x2_f3"])
def test_every_dtype_is_graded_in_every_rank_that_has_it(subject: str, dtype: str, geometry: str) -> None:
    if (dtype, geometry[:6]) == ("i32", "i4x3x5"):
        pytest.skip("tf.nn.conv3d has no int32")
    verdict = check(Case.parse(f"conv_{geometry}_same_{dtype}_bias_relu_ints3"), load(subject))
    assert verdict.outcome == "agrees"


def test_the_deviation_of_empty_answers_explains_that_their_memory_changes() -> None:
    named = {each.name: each for each in known("tensorflow")}
    entry = named["onednn-empty-answer-has-the-input-shape"]
    empty, onednn = Case.parse("conv_i1_k2_valid_ones"), {"TF_ENABLE_ONEDNN_OPTS": "1"}
    assert entry.explains(empty, "not repeatable", onednn)
    assert not entry.explains(LECTURE, "not repeatable", onednn)


APPLYING = [each for each in known("tensorflow") if each.applies(switches())]


@pytest.mark.parametrize("deviation", APPLYING, ids=lambda deviation: deviation.name)
def test_every_deviation_is_shown_by_its_word(deviation: Deviation) -> None:
    with pytest.raises(Mismatch) as mismatch:
        check(Case.parse(deviation.word), load("tensorflow"))
    found = mismatch.value
    assert deviation.explains(found.case, found.verdict.kind, found.switches)


def test_conv3d_windows_of_same_start_at_a_cell_that_conv2d_does_not_read() -> None:
    line = Case.parse("conv_i1x3_k1x1_s1x3_same_f64_iota")
    volume = Case.parse("conv_i1x1x3_k1x1x1_s1x1x3_same_f64_iota")
    assert (call("nd", line).item(), call("nd", volume).item()) == (1.0, 2.0)


def test_running_tensorflow_leaves_standard_error_alone() -> None:
    command = [sys.executable, "-m", "verify", "replay", "tensorflow", str(LECTURE)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout == f"holds     {LECTURE}\n"
