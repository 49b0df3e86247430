"""Which scheme a subject follows that declares none: told from its right answers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from verify import Case
from verify.cases.operands import Array
from verify.checks.followed import CELLS, OPEN, TIED, TOLD, rounding_of
from verify.checks.path import Examiner
from verify.checks.subject import describe
from verify.oracle.bounds import judgement
from verify.oracle.schemes import SCHEMES, TOLD_APART

TIES = Case.parse("conv_i7x7_k1x1_f9_same_int8_qy4_levels3")
FEW = Case.parse("conv_i9x9_c4_k2x2_f8_valid_int8_qx1_qy512_levels0")


def following(scheme: str, declared: str = "") -> Callable[[Case], Array]:
    def subject(case: Case) -> Array:
        return judgement(case, scheme=scheme).wanted.astype(case.dtype)

    subject.dtypes, subject.scheme = ("int8", "int16"), declared  # type: ignore[attr-defined]
    return subject


def counts(subject: Callable[[Case], Array], case: Case) -> dict[str, int]:
    return dict(rounding_of(Examiner(subject=describe(subject)).examine(case)))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_cell_that_tells_is_that_of_the_scheme_which_is_followed(scheme: str) -> None:
    told = counts(following(scheme), TIES)
    assert told[TOLD] >= 20
    assert [name for name in TOLD_APART if told[name] == told[TOLD]] == [SCHEMES[scheme].akin or scheme]


def test_cells_with_two_answers_are_counted_where_the_case_is_graded() -> None:
    graded = counts(following("fixed-once"), FEW)
    open_cells = int((np.asarray(judgement(FEW).allowed) > 0).sum())
    assert (graded[CELLS], graded[OPEN]) == (512, open_cells)
    assert 0 < open_cells <= 0.05 * 512
    assert counts(following("fixed-once"), TIES)[TIED] == 1


def test_nothing_is_told_of_a_subject_that_declares_its_scheme_or_is_wrong() -> None:
    assert counts(following("float32", "float32"), TIES) == {}
    assert (
        counts(lambda case: np.zeros(case.output_shape, case.dtype), Case.parse("conv_i1_k1_same_ones")) == {}
    )
    wrong = Examiner(subject=describe(following("float32", "fixed-once"))).examine(TIES)
    assert wrong.fails
    assert rounding_of(wrong) == {}


def test_sums_of_64_bits_tell_of_no_scheme() -> None:
    case = Case.parse("conv_i9x9_k1x1_same_int16_qy2_coded")
    assert counts(following("float32"), case) == {TIED: 1}
