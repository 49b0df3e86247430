"""The arithmetic of an axis: every formula adds up, and padding and border are told apart."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reports.explanation.explained import EXACT, WHOLE, explained, text_of
from verify import Case
from verify.cases.operations import OPERATIONS
from verify.reports.explanation.explain import explain
from verify.reports.explanation.lines import Line, plain_text


def texts_of(lines: list[Line]) -> Iterator[str]:
    """What stands beside each label or under one; below the axes, what is wrapped is put together."""
    labelled = [line for line in lines if len(line) == 2 and len(line[0].text) == 9]
    steps = next(number for number, line in enumerate(labelled) if line[0].text.startswith("sum"))
    yield from (line[1].text for line in labelled[:steps])
    for entry in re.split(r"\n(?! )", plain_text(labelled[steps:])):
        yield " ".join(entry[9:].split())


def formulas(lines: list[Line]) -> Iterator[tuple[str, str]]:
    """Every `expression = value` among the texts."""
    for text in texts_of(lines):
        for sentence in re.split(r", (?=[a-z]+ = )", text):
            match = re.fullmatch(r"(?:[a-z]+ = |[^:=]*: )?([^=]+) = (-?[0-9]+)([:, ].*)?", sentence)
            if match:
                yield match[1], match[2]


def evaluated(expression: str) -> int:
    return int(eval(expression, {"ceil": math.ceil, "max": max, "min": min}))


@pytest.mark.parametrize("operation", OPERATIONS)
@given(st.data())
@settings(deadline=None, max_examples=50)
def test_every_formula_adds_up(operation: str, data: st.DataObject) -> None:
    case, at = data.draw(explained(operations=(operation,), fills=EXACT, around=WHOLE))
    written = list(formulas(explain(case, at)))
    assert len(written) >= case.rank
    assert [evaluated(expression) for expression, _ in written] == [int(value) for _, value in written]


@given(explained(operations=("conv", "depthwise"), around=("border",), fills=("ones",)))
@settings(deadline=None, max_examples=100)
def test_every_formula_adds_up_behind_a_border(drawn: tuple[Case, tuple[int, ...]]) -> None:
    written = list(formulas(explain(*drawn)))
    assert [evaluated(expression) for expression, _ in written] == [int(value) for _, value in written]


@pytest.mark.parametrize(
    ("word", "lines"),
    [
        (
            "conv_i5_k3_z1.2_same_ones",
            [
                "axis 0   position: size 5, kernel 3, stride 1, dilation 1",
                "         border 1 before, 2 after, then SAME: 1 before, 1 after",
                "         bordered = 1 + 5 + 2 = 8",
                "         out = ceil(8/1) = 8",
                "         total = max((8-1)*1 + (3-1)*1 + 1 - 8, 0) = 2",
                "         before = 2//2 = 1, after = 2-1 = 1",
                "         first = 0*1 - 1 - 1 = -2",
                "         window 0 reads cells · · 0",
                "         · is a cell of border or padding and counts as 0",
            ],
        ),
        (
            "conv_i5_k3_z0.2_p3.0_ones",
            [
                "axis 0   position: size 5, kernel 3, stride 1, dilation 1",
                "         border 0 before, 2 after, then padding: 3 before, 0 after",
                "         bordered = 0 + 5 + 2 = 7",
                "         padded = 3 + 7 + 0 = 10, span = (3-1)*1 + 1 = 3",
                "         out = (10-3)//1 + 1 = 8",
                "         first = 0*1 - 0 - 3 = -3",
                "         window 0 reads cells · · ·",
                "         · is a cell of border or padding and counts as 0",
            ],
        ),
    ],
)
def test_border_is_distinguished_from_padding(word: str, lines: list[str]) -> None:
    assert "\n".join(lines) in text_of(word)


def test_window_may_lie_on_padding_alone() -> None:
    text = text_of("conv_i4x4_k2x2_p3.0x0.0_bias_ints1")
    assert "window 0 reads cells · ·\n" in text
    assert text.endswith("sum      0\nbias     0 - 6 = -6\nanswer   -6")


def test_gradient_without_a_window_is_0() -> None:
    text = text_of("filtergrad_i0_k2_same_ones")
    assert "         no window, so no padding\n" in text
    assert "         no window fits, so tap 0 lies on no cell\n" in text
    assert text.endswith("\n\nthere is no window: nothing is added\n\nsum      0\nanswer   0")
