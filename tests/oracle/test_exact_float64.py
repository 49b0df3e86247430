"""float64 on exact fills: one product is what is computed, and gives the bits of doubled sums."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings

from tests.models import rational
from tests.planted.plain import cases
from verify import Case, reference
from verify.cases.exactness import promises_exact_sums
from verify.cases.fills import FILLS
from verify.oracle import reference as oracle
from verify.oracle.problem import problem_of
from verify.oracle.reference import is_doubled, linear

EXACT = tuple(
    name
    for name, fill in FILLS.items()
    if fill.scale is not None and fill.chance and not fill.needs_quantised
)

many = settings(max_examples=300, deadline=None, database=None, derandomize=True)
drawn = cases(dtypes=("float64",), fills=EXACT)


def bits(answer: np.ndarray) -> bytes:
    return answer.tobytes()


@given(case=drawn)
@many
def test_one_product_has_the_bits_of_doubled_sums_where_sums_are_exact(case: Case):
    if promises_exact_sums(case):
        problem, operands = problem_of(case), case.make_operands()
        once, doubled = (linear(problem, operands, exact=exact) for exact in (True, False))
        assert bits(once + 0.0) == bits(doubled + 0.0)


@pytest.mark.parametrize("fill", EXACT)
def test_one_product_is_what_rational_numbers_give(fill: str):
    seed = "5" if FILLS[fill].is_seeded else ""
    case = Case.parse(f"conv_n2_i5x4_c3_k3x2_f4_s2x1_same_float64_bias_{fill}{seed}")
    if fill not in ("nonfinite", "unread"):
        assert promises_exact_sums(case)
        assert np.array_equal(reference(case), rational.answer(case))


@pytest.mark.parametrize(
    ("word", "blocks"),
    [
        ("conv_i5x4_c3_k3x2_f4_same_float64_ints1", 0),
        ("conv_i5x4_c3_k3x2_f4_same_float64_dyadic1", 0),
        ("conv_i5x4_c3_k3x2_f4_same_float64_norm_ints1", 0),
        ("conv_i5x4_c3_k3x2_f4_same_float64_reals1", 1),
    ],
)
def test_reference_compensates_real_numbers_alone(word: str, blocks: int):
    case = Case.parse(word)
    assert is_doubled(problem_of(case), case.make_operands())
    with patch.object(oracle, "dot2", wraps=oracle.dot2) as compensated:
        reference(case)
    assert compensated.call_count == blocks
