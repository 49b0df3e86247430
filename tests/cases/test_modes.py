"""Modes of padding: the cells that padding repeats, by NumPy's own `pad`, what is legal, and their words."""

from __future__ import annotations

from collections import Counter
from itertools import product

import numpy as np
import pytest

from tests.models.padding import NUMPYS
from verify import Case
from verify.cases.case import InvalidCase
from verify.cases.enumeration import Enumeration
from verify.cases.exactness import products_of_impulse
from verify.cases.geometry import Axis
from verify.cases.modes import PADDING_MODES, REPEATING
from verify.cases.neighbours import plainer
from verify.cases.operations import OPERATIONS
from verify.cases.reads import most_places, most_reads, read_cells
from verify.cases.simplify import simpler, simplest

AXES = [
    Axis(size, kernel, stride, dilation, before, after, mode)
    for size, kernel, stride, dilation, before, after, mode in product(
        (1, 2, 3, 4), (1, 2, 3), (1, 2), (1, 2), (0, 1, 2, 3), (0, 2), REPEATING
    )
]
LEGAL = [axis for axis in AXES if not axis.unrepeatable(0) and not axis.shortfall]


def meetings(axis: Axis) -> list[tuple[int, int, int]]:
    """Every window, tap and the cell that they read, by an input that NumPy has padded."""
    cells = np.pad(np.arange(axis.size), (axis.before, axis.after), mode=NUMPYS[axis.mode])
    places = product(range(axis.out), range(axis.kernel))
    return [(window, tap, int(cells[window * axis.stride + tap * axis.dilation])) for window, tap in places]


@pytest.mark.parametrize("mode", REPEATING)
def test_padding_repeats_the_cells_that_numpy_repeats_also_beyond_what_is_legal(mode: str) -> None:
    for size, before, after in product(range(1, 6), range(12), range(12)):
        wanted = np.pad(np.arange(size), (before, after), mode=NUMPYS[mode])
        assert Axis(size, 1, 1, 1, before, after, mode).sources.tolist() == wanted.tolist()


@pytest.mark.parametrize("mode", REPEATING)
def test_the_source_of_a_place_is_that_of_all_places(mode: str) -> None:
    axis = Axis(4, 1, 1, 1, 3, 3, mode)
    assert [axis.source(place) for place in range(-3, 7)] == axis.sources.tolist()


def test_padding_of_zeros_and_an_empty_axis_repeat_no_cell() -> None:
    assert Axis(2, 1, 1, 1, 1, 1).sources.tolist() == [2, 0, 1, 2]
    assert Axis(0, 1, 1, 1, 1, 0, "circular").sources.tolist() == [0]
    assert Axis(2, 1, 1, 1, 1, 1).source(-1) is None


@pytest.mark.parametrize(
    ("mode", "limits"),
    [
        ("reflect", [0, 0, 1, 2]),  # PyTorch: "should be less than the corresponding input dimension"
        ("symmetric", [0, 1, 2, 3]),  # TensorFlow: "paddings must be no greater than the dimension size"
        ("circular", [0, 1, 2, 3]),  # PyTorch: "wrapping around more than once"
        ("replicate", [0, 99, 99, 99]),
        ("zeros", [99, 99, 99, 99]),
    ],
)
def test_padding_is_legal_up_to_what_its_mode_can_repeat_once(mode: str, limits: list[int]) -> None:
    found = [
        max(cells for cells in range(100) if not Axis(size, 1, 1, 1, 0, cells, mode).unrepeatable(0))
        for size in range(4)
    ]
    assert found == limits


@pytest.mark.parametrize("mode", REPEATING)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_word_with_a_mode_is_read_and_written(operation: str, mode: str) -> None:
    word = f"{operation}_i3x4_k2x2_p1.0x0.2_{mode}_float16_cf_bias_ints3"
    case = Case.parse(word)
    assert (case.padding_mode, str(case)) == (mode, word)
    assert all(axis.mode == mode for axis in case.axes)
    assert Case.parse(f"{mode}".join(("conv_", "_i2_k1_same_ones"))) == Case.parse(
        f"conv_i2_k1_same_{mode}_ones"
    )


def test_zeros_are_not_written() -> None:
    assert str(Case.parse("conv_i2_k1_p1.0_zeros_ones")) == "conv_i2_k1_p1.0_ones"


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        (
            "conv_i2x2_k1x1_p0.1x2.0_reflect_ones",
            "on axis 1 'reflect' padding of 2 cells has only 1 to repeat in an input of 2",
        ),
        ("conv_i1_k3_same_reflect_ones", "on axis 0 'reflect' padding of 1 cells has only 0 to repeat"),
        ("conv_i2_k2_valid_circular_ones", "'circular' says what padding holds, and 'valid' has none"),
        ("conv_i2_k2_z1.0_same_reflect_ones", "'reflect' goes with no border such as 'z1.0', whose zeros"),
        ("conv_i2_k2_same_reflect_int8_ones", "'reflect' is not for a quantised dtype such as int8"),
        ("conv_i2_k2_same_reflect_circular_ones", "'circular' gives its padding mode a second time"),
        ("conv_i2_k2_same_mirror_ones", "'mirror' is not a token"),
    ],
)
def test_a_mode_that_a_case_cannot_have_is_refused_in_one_sentence(word: str, sentence: str) -> None:
    with pytest.raises(InvalidCase) as refusal:
        Case.parse(word)
    assert sentence in str(refusal.value)


def test_an_unknown_mode_of_a_field_is_refused_by_name() -> None:
    with pytest.raises(InvalidCase, match=r"'edge' is none of the modes of padding zeros, .*replicate' here"):
        Case(size=(2,), kernel=(1,), padding="SAME", padding_mode="edge")


def test_too_many_cells_make_a_call_that_must_be_refused() -> None:
    case = Case.parse("conv_i2_k1_p2.0_reflect_ones_illegal")
    assert case.why_illegal == "on axis 0 'reflect' padding of 2 cells has only 1 to repeat in an input of 2"
    with pytest.raises(InvalidCase, match="nothing about it is illegal"):
        Case.parse("conv_i2_k1_p1.0_reflect_ones_illegal")


@pytest.mark.parametrize("mode", REPEATING)
def test_a_mode_shrinks_to_zeros_and_to_a_simpler_one(mode: str) -> None:
    case = Case.parse(f"conv_i3x4_k2x2_p1.0x0.2_{mode}_ints3")
    assert str(simplest(case, lambda other: other.kernel == (2,))) == "conv_i1_k2_same_ones"
    assert {other.padding_mode for other in simpler(case)} == {
        *PADDING_MODES[: PADDING_MODES.index(mode) + 1]
    }
    assert all(other.padding_mode == "zeros" for other in simpler(case) if other.padding == "VALID")


def test_what_is_not_plain_is_the_mode() -> None:
    found = dict(plainer(Case.parse("conv_i3_k2_same_reflect_ones")))
    assert str(found["padding mode"]) == "conv_i3_k2_same_ones"
    assert str(found["padding"]) == "conv_i3_k2_valid_ones"


def test_the_cells_that_are_read_are_those_of_every_window_and_tap() -> None:
    for axis in LEGAL:
        read = {cell for *_, cell in meetings(axis)}
        case = Case.of_axes({"padding": (), "padding_mode": axis.mode}, (axis,))
        assert np.flatnonzero(read_cells(case)).tolist() == sorted(read)
        assert axis.skips == (axis.out > 0 and len(read) < axis.size)


def test_a_cell_is_read_as_often_as_is_counted() -> None:
    for axis in LEGAL:
        counts = Counter(cell for *_, cell in meetings(axis))
        assert most_reads(axis) == max(counts.values(), default=1)
        standing = np.pad(np.arange(axis.size), (axis.before, axis.after), mode=NUMPYS[axis.mode])
        assert most_places(axis) == max(Counter(standing.tolist()).values())


def test_an_impulse_meets_as_many_taps_at_once_as_is_counted() -> None:
    for axis in LEGAL:
        shared = {"padding": (), "padding_mode": axis.mode, "fill": "impulse"}
        for operation, alike in (("conv", 0), ("transpose", 0), ("filtergrad", 1)):
            case = Case.of_axes({**shared, "operation": operation}, (axis,))
            counts = Counter((meeting[alike], meeting[2]) for meeting in meetings(axis))
            assert products_of_impulse(case) == max(counts.values(), default=1)


def test_an_enumeration_has_every_mode_that_padding_may_have() -> None:
    whole = Enumeration(
        size=3, kernel=2, stride=1, dilation=1, cells=2, ranks=(1,),
        paddings=("same", "valid", "explicit"), padding_modes=PADDING_MODES, around=("border",),
    )  # fmt: skip
    cases = [case for _, case in whole.cases(0, whole.count)]
    assert len(set(cases)) == len(cases) == whole.count
    assert all(Case.parse(str(case)) == case and case.axes == Case.parse(str(case)).axes for case in cases)
    assert {case.padding_mode for case in cases if case.padding == "VALID"} == {"zeros"}
    pairs = [
        (case.size[0], case.padding)
        for case in cases
        if case.padding_mode == "reflect" and case.kernel == (1,)
    ]
    explicit = [(size, pads) for size, pads in pairs if pads != "SAME"]
    assert explicit == [(size, (pads,)) for size in (1, 2, 3) for pads in product(range(size), repeat=2)]


def test_the_text_of_an_enumeration_keeps_its_modes() -> None:
    whole = Enumeration(size=2, kernel=2, stride=1, dilation=1, padding_modes=("circular", "zeros"))
    assert Enumeration.from_text(whole.to_text()) == whole


@pytest.mark.parametrize("modes", [(), ("edge",), ("reflect", "reflect")])
def test_an_enumeration_refuses_other_modes(modes: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="padding mode"):
        Enumeration(size=2, kernel=2, stride=1, dilation=1, padding_modes=modes)
