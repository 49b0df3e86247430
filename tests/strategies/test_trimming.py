"""Transposes whose input lacks windows are drawn where a domain has them, and nowhere else."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from strategies import cases, sample
from strategies.trimming import TRIMMED_BYTES
from tests.strategies.test_modes import PADDED, drawn_by, rows_of
from verify import Case
from verify.cases.domain import Domain, Space
from verify.cases.operations import OPERATIONS
from verify.cases.trimming import OUTPUT_PADDINGS, output_padding_kind

WIDE = Domain(spaces=dict.fromkeys(OPERATIONS, Space(output_paddings=OUTPUT_PADDINGS)))


def kinds(drawn: list[Case]) -> Counter[str]:
    return Counter(output_padding_kind(case) for case in drawn)


def transposes(*output_paddings: str) -> list[Case]:
    narrow = {"operations": ("transpose",), "ranks": (1, 2), "dtypes": ("float32",)}
    return sample(80, 1, cases(output_paddings=output_paddings, **narrow))  # type: ignore[arg-type]


def test_none_is_drawn_where_none_is_named() -> None:
    drawn = sample(60, 1, cases(operations=("transpose",), ranks=(1,), dtypes=("float32",)))
    assert kinds(drawn) == {"below-stride": 60}


def test_every_kind_that_is_named_is_drawn() -> None:
    assert {*kinds(transposes(*OUTPUT_PADDINGS))} == {*OUTPUT_PADDINGS}


@pytest.mark.parametrize("kind", OUTPUT_PADDINGS)
def test_a_kind_that_is_named_alone_is_drawn_alone(kind: str) -> None:
    assert {*kinds(transposes(kind))} == {kind}


def test_what_is_drawn_of_a_subject_without_them_is_what_it_was() -> None:
    """No byte is read for them that decides anything else."""
    alone = drawn_by(rows_of(150, 0), Domain(), ("zeros",))
    assert drawn_by(rows_of(150, TRIMMED_BYTES), Domain(), ("zeros",)) == alone
    zeroth = [row + bytes(TRIMMED_BYTES) for row in rows_of(150, 0)]
    assert drawn_by(zeroth, WIDE, ("zeros",)) == alone


def test_windows_that_are_lacking_change_nothing_else_of_a_case() -> None:
    alone = drawn_by(rows_of(150, TRIMMED_BYTES), PADDED, ("zeros",))
    every = drawn_by(rows_of(150, TRIMMED_BYTES), WIDE, ("zeros",))
    pairs = [(one, other) for one, other in zip(alone, every, strict=True) if one and other]
    assert all(one == other.copied(trimmed=()) for one, other in pairs)
    assert sum(bool(other.trimmed) for _, other in pairs) > 3


@pytest.mark.parametrize("narrow", [{"max_dilation": 1}, {"steps": ("plain", "strided")}], ids=str)
def test_a_kind_that_needs_a_dilation_is_refused_at_once_where_there_is_none(narrow: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"^no case has any .*: an output padding below-dilation is of"):
        cases(output_paddings=("below-dilation",), operations=("transpose",), **narrow)
    some = cases(output_paddings=("below-dilation",), **narrow)  # of the other operations
    assert "transpose" not in {case.operation for case in sample(60, 1, some)}


@pytest.mark.parametrize(
    "narrow", [{"max_dilation": 2}, {"steps": ("both",)}, {"steps": ("dilated",)}], ids=str
)
def test_a_kind_that_needs_a_dilation_is_drawn_with_one(narrow: dict[str, Any]) -> None:
    drawn = sample(20, 1, cases(output_paddings=("below-dilation",), operations=("transpose",), **narrow))
    assert {*kinds(drawn)} == {"below-dilation"}


def test_another_kind_is_refused() -> None:
    with pytest.raises(
        ValueError, match="output_paddings has 'all'; choose from below-stride, below-dilation"
    ):
        cases(output_paddings=("all",))
