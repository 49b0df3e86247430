"""OpenVINO's convolutions in float32, and what is written down about them."""

from __future__ import annotations

import pytest

from tests.subjects.asked import drawn
from verify import Case
from verify.checks.path import Examiner
from verify.checks.subject import describe
from verify.gate.survey import judgeable, refusal, words_of_limits
from verify.subjects.documented import deviations_in
from verify.subjects.openvino import subject
from verify.subjects.openvino.ways import WAYS

HERE = describe(subject("openvino"))


@pytest.mark.parametrize("name", WAYS)
def test_every_answer_is_right_or_predicted(name):
    way = judgeable(HERE.ways[name], HERE.known)
    examiner = Examiner(subject=way, known=HERE.known)
    examined = [examiner.examine(case) for case in drawn(way, 8)]
    assert [str(each.case) for each in examined if each.fails] == []
    assert sum(each.outcome == "agrees" for each in examined) >= 4


def test_padding_of_the_rule_is_that_of_the_case():
    case = Case.parse("conv_i2_k2_same_cf_iota")
    for name in ("Convolution", "Convolution+auto-pad"):
        assert HERE.ways[name](case).tolist() == [[[5, 2]]]


@pytest.mark.parametrize("asked", words_of_limits(HERE.routes), ids=lambda asked: asked[2])
def test_every_limit_is_refused_in_its_words(asked):
    assert refusal(*asked) == ""


@pytest.mark.parametrize("entry", deviations_in("openvino"), ids=lambda entry: entry.name)
def test_every_deviation_happens(entry):
    case = Case.parse(entry.word)
    way = next(way for way in HERE.having(case) if entry.is_of_way(way.name))
    tries = range(5 if entry.sporadic else 1)
    found = [Examiner(subject=way, known=(entry,)).examine(case).deviation for _ in tries]
    assert entry in found
