"""The assertion on plain arrays, for tests that know nothing of cases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from verify.cases.operands import Array, Operands
from verify.checks.asking import as_array
from verify.checks.examination import worst_phrase
from verify.oracle.bounds import judge_operands, sums_are_exact
from verify.oracle.compare import Verdict, compare_form, compare_values
from verify.oracle.problem import problem_from


def assert_conv(
    actual: Any,
    x: Array,
    w: Array,
    *,
    strides: int | Sequence[int] = 1,
    padding: str | Sequence[Sequence[int]] = "VALID",
    dilations: int | Sequence[int] = 1,
    groups: int = 1,
    bias: Array | None = None,
    data_format: str | None = None,
) -> None:
    """Assert that an array is the convolution of plain arrays; the arguments are those of `conv`.

    The values must be equal where the data shows that every order of summation gives the same bits,
    and within the bound of `verify.oracle.bounds` elsewhere. The answer must have x's dtype, one of
    float16, bfloat16, float32, float64 and int32, as must `w` and `bias`.
    Raises AssertionError for a disagreement, ValueError for arguments that no convolution has.
    """
    x, w = np.asarray(x), np.asarray(w)
    b = None if bias is None else np.asarray(bias)
    for name, part in (("w", w), ("bias", b)):
        if part is not None and part.dtype != x.dtype:
            raise ValueError(f"x is {x.dtype.name} and {name} is {part.dtype.name}; give both one dtype")
    problem = problem_from(
        x,
        w,
        strides=strides,
        padding=padding,
        dilations=dilations,
        groups=groups,
        bias=b,
        data_format=data_format,
    )
    if problem.format.name != x.dtype.name:
        raise ValueError(
            f"x is {x.dtype.name}; assert_conv judges float16, bfloat16, float32, float64 and int32"
        )
    answer = as_array(actual)
    if isinstance(answer, Verdict):
        raise AssertionError(answer.sentence)  # noqa: TRY004 - an assertion fails, for any answer
    operands = Operands(input=x, factor=w, bias=b)
    exact = sums_are_exact(problem, operands)
    rule = judge_operands(problem, operands, products=w.size // w.shape[-1], exact=exact)
    form = compare_form(answer, shape=rule.wanted.shape, dtype=x.dtype)
    verdict = form or compare_values(rule, answer)
    if not verdict.holds:
        worst = f"; the worst {worst_phrase(verdict.worst)}" if verdict.worst else ""
        raise AssertionError(f"not the convolution of x and w: {verdict.sentence}{worst}")
