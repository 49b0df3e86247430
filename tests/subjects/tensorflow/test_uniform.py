"""`UniformQuantizedConvolution` on the CPU: held to the scheme by which `UniformRequantize` rounds."""

from __future__ import annotations

import numpy as np
import pytest

from strategies.illegal import illegal_cases_by_way
from strategies.sample import sample
from tests.subjects.asked import drawn
from verify import Case
from verify.checks.path import Examiner
from verify.checks.subject import describe
from verify.export import CannotExport
from verify.export.script import script
from verify.oracle.bounds import judgement
from verify.subjects.tensorflow import subject
from verify.subjects.tensorflow.uniform import WAYS

RAW = describe(subject("tensorflow:raw"))

every_way = pytest.mark.parametrize("name", [way.name for way in WAYS])


@every_way
@pytest.mark.parametrize("count", [60, pytest.param(3000, marks=pytest.mark.long)])
def test_every_answer_is_that_of_its_scheme(name: str, count: int) -> None:
    way = RAW.ways[name]
    examiner = Examiner(subject=way, known=RAW.known)
    outcomes = [(examiner.examine(case).outcome, str(case)) for case in drawn(way, count, around=())]
    assert [word for outcome, word in outcomes if outcome == "disagrees"] == []
    assert sum(outcome == "agrees" for outcome, _ in outcomes) >= count / 2


def test_answer_is_what_is_worked_by_hand() -> None:
    # (−4 + 3)·2 and (5 + 3)·2, by 0.5 · 0.25 / 0.25 = ½ and the zero point 7: 7 + 4·½ … of one cell
    case = Case.parse("conv_i1x1_k1x1_p0.1x0.0_int8_qx0.5z-3_qw0.25_qy0.25z7_ones")
    assert RAW.ways["UniformQuantizedConvolution"](case).reshape(-1).tolist() == [8, 7]


@pytest.mark.parametrize("tokens", ["", "_cf"])
def test_groups_and_channels_first_are_taken(tokens: str) -> None:
    case = Case.parse(f"conv_i5_c4_k2_f6_g2_s2_p2.1_int8{tokens}_qx0.5z-3_qw0.25x0.1_qy2z5_levels")
    way = RAW.ways["UniformQuantizedConvolution"]
    assert np.array_equal(way(case), judgement(case, scheme=way.scheme).wanted)


def test_no_script_is_written_of_it() -> None:
    case = Case.parse("conv_i1x1_k1x1_same_int8_qy2_ones")
    with pytest.raises(CannotExport, match="no script is written of tensorflow:raw/UniformQuantized"):
        script(case, RAW.ways["UniformQuantizedConvolution"])


@every_way
@pytest.mark.parametrize("count", [80, pytest.param(2000, marks=pytest.mark.long)])
def test_every_illegal_call_is_refused_or_explained(name: str, count: int) -> None:
    way = RAW.ways[name]
    pairs = illegal_cases_by_way({"": way.domain}, operations=way.operations, dtypes=("int8",))
    examiner = Examiner(subject=way, known=RAW.known)
    made = {str(case): examiner.examine(case) for _, case in sample(count, 0, pairs)}
    assert [word for word, seen in made.items() if seen.fails] == []
    explained = {seen.deviation.name for seen in made.values() if seen.deviation}
    assert explained == {"uniform-zero-points-are-not-checked"}
