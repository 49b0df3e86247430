"""An arithmetic that is not declared is named, and how to declare it; a fault has no such name."""

import numpy as np
import pytest

from verify.cases.case import Case
from verify.checks.diagnosis import diagnosed
from verify.checks.examination import Examination, disagreement
from verify.checks.path import Examiner
from verify.checks.subject import Subject, describe
from verify.faults import fault_named
from verify.gate.drawing import cases_by_way, sample
from verify.subjects.numpy.ways import WAYS

NAMED = {
    "winograd2": "winograd(2, 3)",
    "winograd4": "winograd(4, 3)",
    "winograd6": "winograd(6, 3)",
    "fft": "fft",
    "bfloat16x3": "bfloat16x3",
    "bfloat16": "bfloat16",
    "tfloat32": "tfloat32",
}
DRAWN = 20
"""Cases within which one is found."""


def undeclared(way: str) -> Subject:
    def subject(case: Case) -> object:
        return WAYS[way](case)

    subject.domain = WAYS[way].domain.narrowed({"operations": ("conv",)})
    return subject


def first_failure(subject: Subject, seed: int) -> Examination:
    described = describe(subject)
    examiner = Examiner(subject=described)
    drawn = sample(2 * DRAWN, seed, cases_by_way({"": described.domain}))[:DRAWN]
    failing = (each for _, case in drawn if (each := examiner.examine(case)).fails)
    return examiner.simplified(next(failing))


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in (1, 2, 3, 4))])
@pytest.mark.parametrize("way", NAMED)
def test_arithmetic_is_named_within_twenty_cases(way: str, seed: int):
    assert diagnosed(first_failure(undeclared(way), seed)).arithmetic == NAMED[way]


def test_message_says_how_it_is_declared():
    subject = describe(undeclared("winograd4"))
    failure = Examiner(subject=subject).examine(Case.parse("conv_i1_k3_same_ones"))
    said = 'looks like  Winograd\'s F(4, 3); where that is meant, declare `arithmetic = "winograd(4, 3)"`'
    assert said in disagreement(diagnosed(failure))


def by_einsum(case: Case) -> object:
    """A lecture's loop whose windows are summed by `np.einsum`, of float16 in float16 but for its blocks."""
    answer = np.zeros(case.output_shape, case.dtype)
    padded = np.pad(case.input, [(0, 0), *((axis.before, axis.after) for axis in case.axes), (0, 0)])
    for row, column in np.ndindex(*answer.shape[1:3]):
        window = padded[:, row : row + case.kernel[0], column : column + case.kernel[1]]
        answer[:, row, column] = np.einsum("nrsc,rscf->nf", window, case.filters)
    return answer


by_einsum.ranks, by_einsum.dtypes, by_einsum.data_formats = (2,), ("float16",), ("NHWC",)
by_einsum.max_stride = by_einsum.max_dilation = by_einsum.max_groups = 1
by_einsum.around = ()


def test_sums_in_float16_are_told_from_operands_in_bfloat16():
    failure = Examiner(subject=describe(by_einsum)).examine(Case.parse("conv_i2x5_k2x2_same_float16_dyadic"))
    assert diagnosed(failure).arithmetic == "own-dtype"


def test_declared_arithmetic_that_is_another_is_named():
    def subject(case: Case) -> object:
        return WAYS["winograd6"](case)

    subject.domain, subject.arithmetic = WAYS["winograd6"].domain, "winograd(2, 3)"
    failure = Examiner(subject=describe(subject)).examine(Case.parse("conv_i12_c4_k3_same_nonfinite1"))
    assert diagnosed(failure).arithmetic == "winograd(6, 3)"


@pytest.mark.parametrize("name", ["one-product-dropped", "sums-in-f16", "answer-shifted", "one-unit-off"])
def test_fault_is_no_arithmetic(name: str):
    fault = fault_named(name)
    failure = Examiner(subject=describe(fault)).examine(Case.parse(fault.word))
    assert diagnosed(failure).arithmetic == ""
