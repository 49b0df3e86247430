"""TensorFlow Lite's operators in float32, in both packages: models, limits and deviations."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.subjects.asked import drawn
from tests.subjects.litert.test_operators import every_subject, outcomes
from verify import Case
from verify.cases.weights import KEPT
from verify.checks.path import Examiner
from verify.checks.predictions import judged_by
from verify.checks.subject import Description
from verify.subjects.documented import deviations_in
from verify.subjects.litert.kernels import KERNELS
from verify.subjects.litert.models import OPERATORS
from verify.subjects.registry import load

WAYS = [
    f"{operator.name}+float32{weights}{kernels}"
    for weights in ("", "+float16weights", "+int8weights")
    for name, operator in OPERATORS.items()
    for kernels in KERNELS
    if not weights or name in KEPT[weights.removeprefix("+").removesuffix("weights")].operations
]

every_way = pytest.mark.parametrize("name", WAYS)

FIXED = {"tensorflow:lite": False, "litert": True}
"""Whether the release that is installed has XNNPACK's defect mended."""


def asked(described: Description, way: Description, count: int, seed: int) -> list[Case]:
    """Cases of a way that something judges: others may end the process."""
    cases = drawn(way, count, seed=seed)
    return [case for case in cases if judged_by(described.known, case, way) != "nothing"]


@every_subject
@every_way
class TestEachWay:
    def test_answer_is_what_is_worked_by_hand(self, subject, name):
        way = load(subject).ways[name]
        operation = way.operations[0]
        case = Case.parse(f"{operation}_i1x2_k1x2_valid_iota")  # 1·1 + 2·2, or 1·1 and 1·2
        case = replace(case, weights=way.domain.spaces[operation].weight_dtypes[0])
        due = [1, 2] if operation == "transpose" else [5]
        assert way(case).reshape(-1).tolist() == pytest.approx(due, abs=0.02 * (case.weights == "int8"))

    def test_no_case_disagrees(self, subject, name):
        described = load(subject)
        made = outcomes(described, described.ways[name], asked(described, described.ways[name], 8, seed=0))
        assert "disagrees" not in made
        assert len(made["agrees"]) >= 4

    @pytest.mark.long
    def test_none_of_many_disagrees(self, subject, name):
        described = load(subject)
        made = outcomes(described, described.ways[name], asked(described, described.ways[name], 2000, seed=1))
        assert "disagrees" not in made


@every_subject
class TestDomain:
    def test_three_axes_are_taken(self, subject):
        ways = load(subject).ways
        case = Case.parse("conv_i2x1x1_k2x1x1_valid_iota")
        assert ways["CONV_2D+float32"](case).reshape(-1).tolist() == [5]

    def test_groups_are_of_two_axes(self, subject):
        ways = load(subject).ways
        two, three = (Case.parse(f"conv_i2{more}_c2_k1{more}_f2_g2_valid_iota") for more in ("x1", "x1x1"))
        assert [ways["CONV_2D+float32"].domain.holds(case) for case in (two, three)] == [True, False]
        with pytest.raises(RuntimeError, match="CONV_3D"):
            ways["CONV_2D+float32"].call(three)

    def test_illegal_calls_are_not_asked(self, subject):
        assert {load(subject).ways[name].refuses for name in WAYS} == {()}

    @pytest.mark.parametrize("kernels", KERNELS)
    def test_same_is_clamped_by_its_own_kernels_and_by_a_mended_xnnpack(self, subject, kernels):
        described = load(subject)
        way = described.ways[f"DEPTHWISE_CONV_2D+float32{kernels}"]
        examiner = Examiner(subject=way, known=described.known)
        seen = examiner.examine(Case.parse("depthwise_i4_k2_s4_same_iota"))
        is_right = FIXED[subject] or kernels
        assert seen.outcome == ("agrees" if is_right else "known")


def test_deviations_of_old_releases_are_recorded_with_them():
    entries = {entry.name: entry for entry in deviations_in("litert")}
    covered = {
        name: [entries[name].covers(version) for version in ("1.1.2", "2.0.3", "2.1.0", "2.2.0", "2.3.0")]
        for name in (
            "litert-same-without-clamp",
            "litert-depthwise-makes-infinity-of-nan",
            "litert-dilated-conv3d-reads-other-memory",
            "litert-clamps-infinity",
        )
    }
    assert covered == {
        "litert-same-without-clamp": [True, True, True, False, False],
        "litert-depthwise-makes-infinity-of-nan": [True, True, False, False, False],
        "litert-dilated-conv3d-reads-other-memory": [True, True, True, True, False],
        "litert-clamps-infinity": [True] * 5,
    }


@every_subject
@pytest.mark.parametrize("kernels", ["+builtin", "+reference"])
def test_groups_of_filters_with_one_scale_are_refused_or_read_other_memory(subject, kernels):
    described = load(subject)
    way = described.ways[f"CONV_2D+float32+int8weights{kernels}"]
    case = Case.parse("conv_i1_c2_k1_f2_g2_same_int8weights_ones")
    seen = Examiner(subject=way, known=described.known).examine(case)
    assert seen.outcome in ("known", "agrees")
    assert (
        Examiner(subject=way, known=()).examine(Case.parse(f"{case}".replace("ones", "qw1x0.5_ones"))).outcome
        == "agrees"
    )


@every_subject
def test_nan_is_clamped_to_the_end_by_the_built_in_depthwise_kernel(subject):
    described = load(subject)
    way = described.ways["DEPTHWISE_CONV_2D+float32+builtin"]
    case = Case.parse("depthwise_i3_k1_same_nonfinite1")
    seen = Examiner(subject=way, known=described.known).examine(case)
    assert seen.deviation.name.endswith("-depthwise-clamps-nan")
    assert np.asarray(seen.answer).reshape(-1)[-1] == np.finfo(np.float32).max
