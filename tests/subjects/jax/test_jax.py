"""JAX's convolutions and gradients and Flax's layers, and what is written down about them."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from tests.subjects.asked import drawn
from verify import Case, reference
from verify.checks.path import Examiner
from verify.checks.subject import describe
from verify.gate.survey import judgeable, refusal, words_of_limits
from verify.subjects.documented import deviations_in
from verify.subjects.jax import subject
from verify.subjects.jax.imported import jax
from verify.subjects.jax.layouts import LAYOUTS, ordered
from verify.subjects.jax.ways import WAYS, _compiled

HERE = describe(subject("jax"))


@pytest.mark.parametrize("name", WAYS)
def test_every_answer_is_right_or_predicted(name):
    way = judgeable(HERE.ways[name], HERE.known)
    examiner = Examiner(subject=way, known=HERE.known)
    examined = [examiner.examine(case) for case in drawn(way, 1, seed=3)]
    assert [str(each.case) for each in examined if each.fails] == []


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_answers_the_same(layout):
    case = Case.parse("conv_n2_i4x3_c4_k3x2_f6_g2_s2x1_same_bias_iota")
    answers = [WAYS[f"conv_general_dilated{name}+jit"](case) for name in ("", layout)]
    np.testing.assert_array_equal(*answers)


def test_an_array_is_brought_into_another_order():
    array = np.arange(24).reshape(2, 3, 4)
    assert ordered(array, "NWC", "CNW").shape == (4, 2, 3)
    assert (ordered(ordered(array, "NWC", "CNW"), "CNW", "NWC") == array).all()


@pytest.mark.parametrize(
    "name", ["conv_transpose", "conv_transpose+cells+jit", "conv_general_dilated+lhs-dilation+jit"]
)
def test_a_transpose_is_the_gradient(name):
    case = Case.parse("transpose_i6_c2_k3_f2_s2_same_iota")
    np.testing.assert_array_equal(WAYS[name](case), WAYS["conv_general_dilated+input-gradient+jit"](case))


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("conv_general_dilated+jit", "conv_i2_k1_valid_int32_relu6_iota"),
        ("conv_general_dilated+vmap-groups+jit", "depthwise_n0_i2_c2_k1_valid_ones"),
        ("conv_general_dilated+vmap-groups+jit", "conv_i0x2_c2_k1x1_f4_g2_valid_cf_bias_ones"),
    ],
)
def test_integers_stay_integers_and_nothing_is_answered(name, word):
    assert Examiner(subject=HERE.ways[name], known=()).examine(Case.parse(word)).outcome in (
        "agrees",
        "vacuous",
    )


def test_float64_leaves_the_setting_as_it_was():
    answer = WAYS["conv_general_dilated"](Case.parse("conv_i1_k1_valid_float64_ones"))
    assert answer.dtype == np.float64
    assert not jax.config.jax_enable_x64


def test_a_geometry_is_traced_once():
    way = WAYS["conv_general_dilated+jit"]
    cases = [Case.parse(f"conv_i5_k4_valid_ints{seed}") for seed in (1, 2)]
    _compiled.cache_clear()
    assert not (way(cases[0]) == way(cases[1])).all()
    assert _compiled.cache_info().misses == 1


@pytest.mark.parametrize("asked", words_of_limits(HERE.routes), ids=lambda asked: asked[2])
def test_every_limit_is_refused_in_its_words(asked):
    assert refusal(*asked) == ""


@pytest.mark.parametrize("entry", deviations_in("jax"), ids=lambda entry: entry.name)
def test_every_deviation_happens_in_two_of_its_ways(entry):
    case = Case.parse(entry.word)
    ways = islice((way for way in HERE.having(case) if entry.is_of_way(way.name)), 2)
    found = [Examiner(subject=way, known=(entry,)).examine(case).deviation for way in ways]
    assert found in ([entry], [entry] * 2)


@pytest.mark.parametrize("name", ["conv_transpose+cells+jit", "conv_general_dilated+lhs-dilation+jit"])
def test_a_transpose_may_lack_any_windows(name):
    case = Case.parse("transpose_n2_i7x5_c2_k2x1_f3_s2x1_d1x2_same_t2x3_bias_ints3")
    np.testing.assert_array_equal(WAYS[name](case), reference(case))
