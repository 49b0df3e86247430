"""What several tests of explanations need: a case with one of its cells, and what a text says of it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from strategies import cases
from tests.models.exactness import promises_exactness
from verify import Case, reference
from verify.reports.explanation.explain import explain, parse_index
from verify.reports.explanation.lines import Line, plain_text

EXACT = ("ones", "iota", "coded", "impulse", "ints", "dyadic")
WHOLE = ("border", "bias", "residual", "relu", "relu6")
LECTURE = "conv_i7x7_c3_k3x3_f2_s2x2_valid_bias_cs231n"


@st.composite
def explained(draw: DrawFn, **narrowings: Sequence[str]) -> tuple[Case, tuple[int, ...]]:
    """A case with an answer, and one cell of it. Shrinks towards the first cell of the smallest case."""
    case = draw(cases(**narrowings).filter(lambda drawn: 0 not in drawn.output_shape))
    return case, draw(st.tuples(*(st.integers(0, size - 1) for size in case.output_shape)))


def text_of(word: str, at: str | None = None) -> str:
    return plain_text(explain(Case.parse(word), parse_index(at) if at else None))


def tail_of(word: str, at: str | None = None, *, label: str) -> list[str]:
    """The last lines, from a label on."""
    lines = text_of(word, at).splitlines()
    return lines[next(number for number, line in enumerate(lines) if line.startswith(label)) :]


def spans(lines: list[Line], style: str) -> list[str]:
    return [span.text for line in lines for span in line if span.style == style]


def answer_of(lines: list[Line]) -> float:
    """The last number, as the text has it."""
    return float(spans(lines, "result")[0].split(",")[0])


def readings(case: Case, at: tuple[int, ...]) -> int:
    """Windows that read a cell of a `transpose`, counted one by one."""
    cells = at[2:] if case.channels_first else at[1:-1]
    walks = zip(case.axes, cells, strict=True)
    return math.prod(sum(cell in axis.cells(window) for window in range(axis.out)) for axis, cell in walks)


def is_answer(case: Case, at: tuple[int, ...], number: float) -> bool:
    """Whether a number is the reference's: to the bit where the fill promises it, else within rounding."""
    wanted = float(reference(case)[at])
    slack = 0.0 if promises_exactness(case) else 1e-11
    return math.isclose(number, wanted, rel_tol=slack, abs_tol=slack) or (
        math.isnan(wanted) and math.isnan(number)
    )
