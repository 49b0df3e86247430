"""Which elements of an answer are wrong."""

from __future__ import annotations

from typing import Any

import numpy as np

from verify import Case
from verify.cases.operands import Array
from verify.checks.elements import wrong_in
from verify.checks.path import Examiner
from verify.checks.subject import describe


def test_elements_are_judged_by_the_scheme_that_the_subject_declares() -> None:
    """0.5 becomes 1 where it is rounded once; of a subject without a scheme 0 is right as well."""

    def zeros(case: Case) -> Array:
        return np.zeros(case.output_shape, case.dtype)

    subject: Any = zeros
    subject.dtypes, subject.scheme = ("int8",), "fixed-once"
    examination = Examiner(subject=describe(subject)).examine(Case.parse("conv_i3_k1_same_int8_qy2_ones"))
    assert examination.verdict.sentence == "3 of 3 values differ"
    wrong = wrong_in(examination, most=9)
    assert wrong.places == ((0, 0, 0), (0, 1, 0), (0, 2, 0))
    assert len(wrong.worst) == 3
