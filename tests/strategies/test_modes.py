"""Modes of padding are drawn where a domain has them, and nowhere else."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from strategies import cases, sample
from strategies.cases import ROW_BYTES, USUAL, _drawn, plans_of
from strategies.illegal import illegal_cases
from strategies.narrowed import Narrowing
from strategies.parts import MODE_BYTES, Row
from verify import Case
from verify.cases.domain import BOUNDS, Domain, Space
from verify.cases.modes import PADDING_MODES, REPEATING
from verify.cases.operations import OPERATIONS
from verify.cases.regions import regions
from verify.checks.subject import describe

NARROWING = Narrowing(
    fills=USUAL["fills"],
    steps=USUAL["steps"],
    reductions=USUAL["reductions"],
    most={name: USUAL[name] for name in BOUNDS},
    regions=tuple(regions()),
)

PADDED = Domain(spaces=dict.fromkeys(OPERATIONS, Space(padding_modes=PADDING_MODES)))


def drawn_by(rows: list[bytes], domain: Domain, modes: tuple[str, ...]) -> list[Case | None]:
    plans = plans_of({"": domain}, NARROWING, {"padding_modes": modes, "dtypes": ("float32", "int32")})
    return [_drawn(Row(row), plans=plans, narrowing=NARROWING, counts=Counter())[1] for row in rows]


def rows_of(count: int, more: int) -> list[bytes]:
    return [Random(seed).randbytes(ROW_BYTES) + bytes([seed % 256]) * more for seed in range(count)]


def test_what_is_drawn_of_a_subject_without_modes_is_what_zeros_alone_draw() -> None:
    """No byte is read for a mode that decides anything else, and none where there are none."""
    alone = drawn_by(rows_of(150, 0), Domain(), ("zeros",))
    assert drawn_by(rows_of(150, 0), PADDED, ("zeros",)) == alone
    zeroth = [row + bytes(MODE_BYTES) for row in rows_of(150, 0)]
    assert drawn_by(zeroth, PADDED, PADDING_MODES) == alone


def test_a_mode_changes_nothing_else_of_a_case_that_may_have_it() -> None:
    alone = drawn_by(rows_of(150, 1), PADDED, ("zeros",))
    every = drawn_by(rows_of(150, 1), PADDED, PADDING_MODES)
    pairs = [(one, other) for one, other in zip(alone, every, strict=True) if one and other]
    kept = [one.copied(padding_mode=other.padding_mode, border=other.border) == other for one, other in pairs]
    assert sum(kept) > 0.8 * len(kept)


def test_no_mode_is_drawn_where_none_is_named() -> None:
    assert {case.padding_mode for case in sample(30, 3, cases(operations=("conv",), ranks=(1,)))} == {"zeros"}


def test_modes_that_are_named_are_drawn_and_every_case_has_one() -> None:
    found = Counter(
        case.padding_mode
        for case in sample(
            60, 3, cases(padding_modes=REPEATING, operations=("conv",), ranks=(1,), dtypes=("float32",))
        )
        if case.padding != "VALID"
    )
    assert {*found} == {*REPEATING}


def test_a_subject_says_its_modes() -> None:
    def subject(case: Case) -> None: ...

    subject.padding_modes = ("zeros", "reflect")
    domain = describe(subject).domain
    assert domain.holds(Case.parse("conv_i3_k2_same_reflect_ones"))
    assert domain.why_not(Case.parse("conv_i3_k2_same_circular_ones")) == (
        "it answers padding modes zeros, reflect, not circular"
    )
    assert (
        Domain().why_not(Case.parse("conv_i3_k2_same_reflect_ones"))
        == "it answers padding modes zeros, not reflect"
    )


def test_a_subject_that_pads_with_no_zeros_answers_what_has_no_padding() -> None:
    def subject(case: Case) -> None: ...

    subject.padding_modes = ("reflect",)
    domain = describe(subject).domain
    assert domain.holds(Case.parse("conv_i3_k2_valid_ones"))
    assert not domain.holds(Case.parse("conv_i3_k2_same_ones"))


def test_too_many_cells_of_padding_are_drawn_as_a_call_to_refuse() -> None:
    narrowings = {"operations": ("conv",), "ranks": (1,), "dtypes": ("float32",), "paddings": ("explicit",)}
    drawn = sample(60, 1, illegal_cases(padding_modes=("reflect",), **narrowings))
    assert any("padding of" in case.why_illegal and "to repeat" in case.why_illegal for case in drawn)


@pytest.mark.parametrize("modes", [("edge",), ()])
def test_another_mode_is_refused(modes: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="padding_modes has"):
        cases(padding_modes=modes)
