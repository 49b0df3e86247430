"""What comes of asking a subject."""

from __future__ import annotations

from typing import Any

import pytest

from strategies.cases import cases_by_way
from strategies.sample import sample
from verify import Case, Mismatch, Verdict, check
from verify.checks.subject import Description

CASE = Case.parse("conv_n2_i5x4_c2_k3x2_f2_same_bias_ints3")
SMALLEST = "conv_i1_k1_same_ones"


def verdict_of(subject: object, case: Case = CASE, **options: object) -> Verdict:
    try:
        return check(case, subject, **options)
    except Mismatch as mismatch:
        return mismatch.verdict


def mismatch_of(subject: object, case: Case = CASE, **options: object) -> Mismatch:
    with pytest.raises(Mismatch) as mismatch:
        check(case, subject, **options)
    return mismatch.value


def drawn(way: Description, count: int, seed: int = 0, **narrowings: Any) -> list[Case]:
    """So many cases of a way's domain."""
    return [case for _, case in sample(count, seed, cases_by_way({"": way.domain}, **narrowings))]
