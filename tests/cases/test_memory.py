"""How operands lie in memory: strides, the cells around them, and the words that say so."""

from __future__ import annotations

import numpy as np
import pytest

from verify import Case
from verify.cases.memory import LAYOUTS, layouts_of, parts_in_memory
from verify.cases.pages import pages_of, written_beside
from verify.cases.simplify import simplest
from verify.cases.word import InvalidCase

PLAIN = "conv_n2_i3x4_c2_k2x2_f3_same_bias_ints3"

STRIDES = {
    "strided": (48, 16, 4, 2),
    "sliced": (120, 24, 4, 1),
    "reversed": (-24, -8, -2, -1),
    "offset": (24, 8, 2, 1),
    "transposed": (24, 4, 1, 12),
    "expanded": (0, 8, 2, 1),
    "fortran": (1, 2, 6, 24),
    "readonly": (24, 8, 2, 1),
    "paged": (24, 8, 2, 1),
}
WORDS = (
    PLAIN,
    "transpose_n2_i4_c3_k3_f2_s2_same_float16_bias_ints1",
    "filtergrad_n2_i4x5x2_c1_k2x3x1_f2_same_bfloat16_cf_reals1",
    "separable_i4x4_c2_k3x3_f2_m2_same_float64_ints_bias",
    "conv_n2_i3x3_c2_k2x2_f2_valid_int8_qx0.5z3_bias_ints",
    "depthwise_n0_i4_c2_k3_m2_same_int32_ints",
)
LAID_OUT = [
    f"{word}_mem{letter}{layout}"
    for word in WORDS
    for letter in parts_in_memory(Case.parse(word))
    for layout in layouts_of(Case.parse(word), letter)
]


@pytest.mark.parametrize(("layout", "strides"), STRIDES.items(), ids=STRIDES)
def test_an_input_has_the_strides_of_its_layout(layout: str, strides: tuple[int, ...]) -> None:
    x = Case.parse(f"{PLAIN}_memx{layout}").input
    assert tuple(stride // x.itemsize for stride in x.strides) == strides
    assert x.flags.writeable == (layout != "readonly")


def test_an_axis_of_length_one_has_an_odd_stride_where_that_is_asked() -> None:
    x = Case.parse("conv_i3x4_k1x1_same_ints_memxodd").input
    assert x.strides == (13 * 4, 16, 4, 13 * 4)
    assert x.flags.c_contiguous


@pytest.mark.parametrize(("layout", "cells"), [("offset", 1), ("paged", 0), ("reversed", 47)])
def test_an_operand_begins_so_many_cells_behind_an_aligned_address(layout: str, cells: int) -> None:
    assert Case.parse(f"{PLAIN}_memx{layout}").input.ctypes.data % 64 == 4 * cells % 64


@pytest.mark.parametrize(
    ("word", "strides"),
    [
        ("conv_n2_i3_c2_k1_same_cf_ints_memxtransposed", (6, 1, 2)),
        ("conv_i3_c2_k3_f5_same_ints_memwtransposed", (1, 3, 6)),
        ("conv_i3_c2_k3_f5_same_ints_memwexpanded", (2, 1, 0)),
    ],
)
def test_transposed_and_expanded_mean_the_channels_and_filters(word: str, strides: tuple[int, ...]) -> None:
    case = Case.parse(word)
    (page,) = pages_of(case).values()
    assert page.strides == strides


@pytest.mark.parametrize("word", LAID_OUT)
def test_a_layout_changes_no_number_and_what_lies_beside_is_wild(word: str) -> None:
    case = Case.parse(word)
    assert Case.parse(str(case)) == case
    plain = case.make_operands()
    pairs = [pair for pair in zip(plain, case.operands, strict=True) if pair[0] is not None]
    assert [a.tobytes() for a, _ in pairs] == [b.tobytes() for _, b in pairs]
    ((operand, page),) = pages_of(case).items()
    view = getattr(case.operands, operand)
    assert np.shares_memory(page.cells, view) or not view.size
    wild = page.cells[page.beside]
    assert len(wild) + len(np.unique(page.cells.size - page.beside)) >= 2 * view.size
    assert np.isnan(wild.astype(np.float64)).all() or (wild == page.wild).all()
    assert written_beside(case) == {}


@pytest.mark.parametrize("word", LAID_OUT[:: max(len(LAID_OUT) // 20, 1)])
def test_a_cell_written_beside_an_operand_is_counted(word: str) -> None:
    case = Case.parse(word)
    ((operand, page),) = pages_of(case).items()
    page.cells[page.beside[[0, -1]]] = 1
    assert written_beside(case) == {operand: 2}


@pytest.mark.parametrize("letter", ["x", "w", "b"])
def test_an_expanded_operand_repeats_its_first_image_filter_or_number(letter: str) -> None:
    case = Case.parse(f"{PLAIN}_mem{letter}expanded")
    plain = Case.parse(PLAIN)
    operand = parts_in_memory(case)[letter]
    axis = 0 if letter == "x" else -1
    repeated, first = getattr(case.operands, operand), getattr(plain.operands, operand).take([0], axis)
    assert (repeated == first).all()
    assert np.shares_memory(repeated.take(0, axis), repeated) or 0 in repeated.strides


def test_an_array_to_answer_in_lies_as_the_input_does_and_is_new_in_each_copy() -> None:
    case = Case.parse(f"{PLAIN}_memxstrided")
    assert case.out.strides[-1] == 8
    assert np.shares_memory(case.out, case.out)
    assert not np.shares_memory(case.out, case.copied().out)
    assert np.isnan(case.out).all()
    case.out[...] = 1
    assert written_beside(case) == {}


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("conv_i4_k2_same_ones_memxstrid", "is not how an operand lies in memory: mem, one of x, w, v, y, b"),
        ("conv_i4_k2_same_ones_memxstrid", "did you mean 'memxstrided'?"),
        ("conv_i4_k2_same_ones_MEMXODD", "did you mean 'memxodd'?"),
        ("conv_i4_k2_same_ones_memx", "is not how an operand lies in memory"),
        ("conv_i4_k2_same_ones_memxodd_memxpaged", "'memxpaged' gives its memory a second time"),
        (
            "conv_i4_k2_same_ones_membodd",
            "'membodd' is for the bias of a case, and this one has input, filters",
        ),
        (
            "filtergrad_i4_k2_same_ones_memwodd",
            "'memwodd' is for the filters of a case, and this one has input, c",
        ),
        ("conv_i4_k2_same_ones_memxexpanded", "'memxexpanded' is for several images that are alike"),
        ("conv_i4_k2_same_ones_memwexpanded", "'memwexpanded' is for several filters that are alike"),
        ("conv_i4_k2_same_bias_ones_membexpanded", "'membexpanded' is for several numbers that are alike"),
        (
            "conv_n2_i4_c2_k2_same_ones_memxodd",
            "'memxodd' is for an operand with an axis of length 1, and this",
        ),
        (
            "conv_i4_k2_same_bias_ones_membfortran",
            "'membfortran' is for an operand of several axes, not for the",
        ),
        ("conv_i4_k0_same_ones_memxodd_illegal", "'memxodd' is for a legal call"),
        ("conv_n9_i9999x9999_k1x1_same_ones_memxpaged", "'memxpaged' is for operands that are judged whole"),
    ],
)
def test_what_no_operand_has_is_one_sentence(word: str, sentence: str) -> None:
    with pytest.raises(InvalidCase, match="is no case") as refused:
        Case.parse(word)
    assert sentence in str(refused.value)


@pytest.mark.parametrize("memory", [{"q": "strided"}, {"x": "sideways"}, [("x", "odd"), ("x", "odd")], 3])
def test_a_memory_of_other_letters_or_layouts_is_refused(memory: object) -> None:
    with pytest.raises(InvalidCase, match="a field is of the wrong type"):
        Case(size=(4,), kernel=(1,), padding="SAME", memory=memory)  # type: ignore[arg-type]


@pytest.mark.parametrize("memory", ["xstrided", ["xstrided"], [("x",)], [("x", "odd", "paged")], [3]])
def test_a_memory_of_no_pairs_is_told_what_pairs_are(memory: object) -> None:
    with pytest.raises(InvalidCase, match=r"memory is .*, not pairs such as \('x', 'strided'\)$"):
        Case(size=(4,), kernel=(1,), padding="SAME", memory=memory)  # type: ignore[arg-type]


def test_a_mapping_and_pairs_in_any_order_are_one_case() -> None:
    case = Case(size=(4,), kernel=(1,), padding="SAME", memory={"w": "odd", "x": "paged"})  # type: ignore[arg-type]
    assert str(case) == "conv_i4_k1_same_ones_memxpaged_memwodd"
    assert case == Case.parse("conv_i4_k1_same_ones_memwodd_memxpaged")


def test_a_case_shrinks_to_the_layouts_that_it_needs_and_to_none() -> None:
    case = Case.parse(f"{PLAIN}_memxsliced_memwreversed_memboffset")
    assert str(simplest(case, lambda _: True)) == "conv_i1_k1_same_ones"
    needs = simplest(case, lambda other: ("w", "reversed") in other.memory)
    assert str(needs) == "conv_i1_k1_same_ones_memwreversed"


def test_every_layout_is_drawn_from_the_list() -> None:
    assert {*STRIDES, "odd"} == {*LAYOUTS}
