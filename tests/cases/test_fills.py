"""What the fills make: the same numbers for ever, in the shapes that a case declares."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings

import strategies
from tests.models import rational
from tests.planted.plain import cases
from verify import Case, reference
from verify.cases.dtypes import FORMATS
from verify.cases.fills import bytes_of_operands
from verify.cases.memory import LAYOUTS

quick = settings(max_examples=40, deadline=None, database=None)

FILLS = ("ones", "iota", "impulse", "ints", "dyadic", "reals", "unread", "cs231n")

EVERY_FILL = [
    Case.parse(f"conv_{geometry}_{dtype}{form}_bias_{fill}{seed}")
    for fill, dtype, form in product(FILLS, FORMATS, ("", "_cf"))
    if not (dtype == "int32" and fill in ("reals", "unread"))
    for geometry in [
        "n1_i7x7_c3_k3x3_f2_s2x2_valid" if fill == "cs231n" else "n2_i8x5_c4_k3x2_f6_s2x2_g2_valid"
    ]
    for seed in ["" if fill in ("ones", "iota", "cs231n") else "5"]
]

small = {"max_side": 6, "max_kernel": 3, "max_channels": 6}


@settings(max_examples=300, deadline=None, database=None)
@given(case=strategies.cases(views=tuple(LAYOUTS), **small))
def test_the_bytes_of_operands_are_known_before_they_are_made(case: Case) -> None:
    known = bytes_of_operands(case)
    is_plain = not case.format.is_quantised and "norm" not in case.epilogue
    assert case.is_made == (not is_plain)
    assert known == sum(part.nbytes for part in case.operands if part is not None)


def digest(word: str) -> str:
    """The operands of a word, as the first digits of a hash of their bytes, channels last."""
    parts = [part for part in Case.parse(word).make_operands() if part is not None]
    return hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()[:16]


def unread_cells(case: Case) -> set[tuple[int, ...]]:
    return set(np.ndindex(*case.size)) - rational.read_cells(case)


def poisoned_cells(case: Case) -> list[set[tuple[int, ...]]]:
    """For each batch element and channel, the spatial cells that are not finite."""
    x = np.moveaxis(case.input, 1, -1) if case.channels_first else case.input
    planes = ~np.isfinite(np.moveaxis(x, -1, 1).reshape(case.batch * case.channels, *case.size).astype(float))
    return [set(map(tuple, np.argwhere(plane).tolist())) for plane in planes]


@pytest.mark.parametrize("case", EVERY_FILL, ids=str)
def test_operands_have_the_shapes_that_the_case_declares(case):
    assert [part.shape for part in case.make_operands() if part is not None] == [
        case.input_shape,
        case.filter_shape,
        (case.filter_count,),
    ]


@pytest.mark.parametrize("case", EVERY_FILL, ids=str)
def test_operands_have_the_dtype_of_the_case(case):
    assert {part.dtype for part in case.make_operands() if part is not None} == {case.dtype}


@pytest.mark.parametrize("case", EVERY_FILL, ids=str)
def test_operands_have_the_same_bits_each_time(case):
    first, second = case.make_operands(), replace(case).make_operands()
    assert [p if p is None else p.tobytes() for p in first] == [
        p if p is None else p.tobytes() for p in second
    ]


@pytest.mark.parametrize("case", EVERY_FILL, ids=str)
def test_operands_are_contiguous_and_may_be_written_to(case):
    flags = [part.flags for part in case.make_operands() if part is not None]
    assert all(flag.c_contiguous and flag.writeable for flag in flags)


@pytest.mark.parametrize("case", [case for case in EVERY_FILL if case.channels_first], ids=str)
def test_both_data_formats_hold_the_same_numbers(case):
    last = replace(case, channels_first=False)
    assert np.array_equal(
        np.moveaxis(case.input.astype(float), 1, -1), last.input.astype(float), equal_nan=True
    )
    assert case.filters.tobytes() == last.filters.tobytes()
    assert case.bias.tobytes() == last.bias.tobytes()


@given(case=cases(**small))
@quick
def test_every_drawn_case_can_be_filled(case):
    assert case.input.shape == case.input_shape


@pytest.mark.parametrize(
    ("word", "prefix"),
    [
        ("conv_n2_i5x4_c3_k3x2_f4_same_bias_ones", "fff91e873df93b4f"),
        ("conv_n2_i5x4_c3_k3x2_f4_same_bias_iota", "103c6452f72031da"),
        ("conv_n2_i5x4_c3_k3x2_f4_same_float64_bias_impulse7", "192b1b6fb51ec961"),
        ("conv_n2_i5x4_c3_k3x2_f4_same_bias_ints7", "23b11b50d21d3073"),
        ("conv_n2_i5x4_c3_k3x2_f4_same_float16_bias_ints7", "5d7497849188d3c5"),
        ("conv_n2_i5x4_c3_k3x2_f4_same_bias_dyadic7", "86b9dc56952a521f"),
        ("conv_n2_i5x4_c3_k3x2_f4_same_float64_bias_dyadic8", "c3a75daac910c9fb"),
        ("conv_n2_i5x4_c3_k3x2_f4_same_int32_bias_dyadic8", "d290cbd6ce6d9e36"),
        ("conv_n2_i5x4_c3_k3x2_f4_same_float64_bias_reals0", "c7f0df29ba43c134"),
        ("conv_n2_i5x4_c3_k3x2_f4_same_float64_bias_reals1", "c6b3fc07f3456b88"),
        ("conv_n2_i5x4_c3_k3x2_f4_same_bfloat16_bias_reals2", "c83091d0dd4ce57d"),
        ("conv_n2_i5x4_c3_k3x2_f4_s3x3_valid_bias_unread7", "8408928a28608a8b"),
        ("conv_i7x7_c3_k3x3_f2_s2x2_valid_bias_cs231n", "b442e7bdb4e79a60"),
        ("depthwise_n2_i5x4_c3_k3x2_m2_same_int32_bias_residual_coded", "cce7ea0cd099d1bc"),
        ("separable_n2_i5_c3_k3_f2_m4_same_bfloat16_norm_residual_leaky0.25_coded", "74a2589f12d6ac36"),
        ("transpose_n2_i5_c2_k3_f4_s2_g2_valid_float16_cf_norm_ints7", "d95aa6e79aeb05c5"),
        ("filtergrad_n3_i5_c2_k3_f4_d2_g2_same_cf_impulse7", "bbe56c0985bc9b3c"),
        ("conv_n0_i3_k2_f3_same_bias_coded", "4b479308cdd497f5"),
        ("conv_n2_i5x4_c3_k3x2_f4_same_bias_nonfinite7", "d5bd49e6e69e9b6e"),
    ],
)
def test_word_means_the_same_numbers_for_ever(word, prefix):
    assert digest(word) == prefix


@pytest.mark.parametrize(
    ("word", "numbers"),
    [
        ("conv_i8_k2_valid_ones", [1, 1, 1, 1, 1, 1, 1, 1]),
        ("conv_i15_k2_valid_iota", [*range(1, 16)]),
        ("conv_i15_k9_valid_float16_iota", [*range(1, 16)]),
        ("conv_i15_k9_valid_bfloat16_bias_iota", [1, 2, 3, 4, 5] * 3),
        ("conv_i8_k2_valid_impulse5", [0, 0, 0, 0, 0, 0, 1, 0]),
        ("conv_i8_k2_valid_ints1", [-1, 4, -8, 6, 7, -1, 8, 4]),
        (
            "conv_i8_k2_valid_dyadic2",
            [2041553, 1412335, -31675, -380865, -311643, -1627111, -1338819, 1217031],
        ),
        ("conv_i8_k2_valid_dyadic1", [-2, -2, -1, -2, 2, -1, 1, 1]),
    ],
)
def test_input_is_literally(word, numbers):
    assert Case.parse(word).input.ravel().tolist() == numbers


def test_seeds_differ():
    assert len({digest(f"conv_i9_k2_valid_ints{seed}") for seed in range(50)}) == 50


def test_iota_numbers_every_tap_and_every_channel():
    operands = Case.parse("conv_i1_k20_f30_same_bias_iota").operands
    assert operands.factor.ravel().tolist() == [*range(1, 601)]
    assert operands.bias.ravel().tolist() == [*range(1, 31)]


@pytest.mark.parametrize("channels", [3, 4, 5, 7, 8, 9, 15, 16, 17])
def test_iota_tells_neighbouring_cells_apart_in_every_block_of_channels(channels):
    cells = Case.parse(f"conv_i9_c{channels}_k1_same_iota").input[0]
    assert not (cells[1:] == cells[:-1]).all(axis=1).any()


def test_ints_have_both_signs_and_zero():
    values = Case.parse("conv_i99_k3_valid_ints4").input.ravel().tolist()
    assert set(values) == set(range(-9, 10))


def test_ints_leave_no_value_out_where_they_are_smaller():
    case = Case.parse("conv_i99_c99_k1_valid_float16_bias_ints4")
    assert set(case.input.ravel().tolist()) == set(map(float, range(-4, 5)))


@pytest.mark.parametrize("seed", range(30))
def test_impulse_has_one_cell_that_is_not_zero(seed):
    case = Case.parse(f"conv_n2_i4x3_c2_k2x2_same_impulse{seed}")
    assert case.input.sum() == case.input.max() == 1


def test_impulse_reaches_every_cell():
    places = {int(Case.parse(f"conv_i3x2_k2x2_same_impulse{seed}").input.argmax()) for seed in range(60)}
    assert places == set(range(6))


def test_impulse_over_no_cells_is_empty():
    assert Case.parse("conv_n0_i3_k2_same_impulse5").input.size == 0


def test_impulse_puts_the_mirrored_filter_into_the_answer():
    case = Case.parse("conv_i5_k3_same_impulse4")
    place = int(case.input.argmax())
    assert (
        reference(case).ravel()[max(place - 1, 0) : place + 2].tolist()
        == [3, 2, 1][max(1 - place, 0) :][: 5 - max(place - 1, 0)]
    )


@given(case=cases(fills=("unread",), steps=("strided", "both"), **small))
@settings(max_examples=150, deadline=None, database=None)
def test_unread_poisons_exactly_the_cells_that_no_window_reads(case):
    assert all(cells == unread_cells(case) for cells in poisoned_cells(case))


@pytest.mark.parametrize(
    ("word", "cells"),
    [
        ("conv_i9_k2_s4_valid_unread", {(2,), (3,), (6,), (7,), (8,)}),
        ("conv_i8_k2_d3_s2_valid_unread", {(1,), (6,)}),
        ("conv_i5_k1_s2_p1.0_unread", {(0,), (2,), (4,)}),
        ("conv_i2x2_k3x1_s1x2_valid_unread", {(0, 0), (0, 1), (1, 0), (1, 1)}),
    ],
)
def test_unread_cells_are_the_remainders_that_a_reader_would_name(word, cells):
    assert poisoned_cells(Case.parse(word)) == [cells]


def test_unread_uses_nan_and_both_infinities():
    values = Case.parse("conv_i99_k1_s9_valid_unread").input
    assert np.isnan(values).any()
    assert np.isposinf(values).any()
    assert np.isneginf(values).any()


@given(case=cases(fills=("unread",), **small))
@quick
def test_answer_of_unread_is_finite(case):
    assert np.isfinite(reference(case)).all()


@pytest.mark.parametrize("seed", [0, 3])
def test_reals_of_the_first_kind_lie_within_four_of_zero(seed):
    values = Case.parse(f"conv_i999_k1_same_float64_reals{seed}").input
    assert abs(values.mean()) < 0.15
    assert 1.1 < values.std() < 1.2
    assert np.abs(values).max() < 4


@pytest.mark.parametrize("seed", [1, 4])
def test_reals_of_the_second_kind_spread_over_eight_binades(seed):
    values = np.abs(Case.parse(f"conv_i999_k1_same_float64_reals{seed}").input)
    assert values.max() > 2
    assert np.median(values) < 0.15


@pytest.mark.parametrize("seed", [2, 5])
def test_reals_of_the_third_kind_cancel(seed):
    case = Case.parse(f"conv_i64_k64_valid_float64_reals{seed}")
    assert np.abs(np.abs(case.input) - 1).max() < 0.02
    assert abs(reference(case).item()) < 0.02 * 64


def spoiled(case: Case) -> np.ndarray:
    """Where the input is not finite."""
    return ~np.isfinite(case.input.astype(np.float64))


def kinds_of(values: np.ndarray) -> set[str]:
    numbers = values.astype(np.float64)
    kinds = {"nan": np.isnan(numbers), "inf": np.isposinf(numbers), "-inf": np.isneginf(numbers)}
    return {name for name, places in kinds.items() if places.any()}


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32"])
@pytest.mark.parametrize("geometry", ["i9_k3_valid", "i8x8_c3_k3x3_f4_same", "n2_i4x4x4_c2_k2x2x2_f3_same"])
@pytest.mark.parametrize("operand", ["input", "factor"])
def test_coded_tells_every_cell_and_every_tap_apart(geometry, dtype, operand):
    operands = Case.parse(f"conv_{geometry}_{dtype}_coded").operands
    numbers = getattr(operands, operand).ravel().tolist()
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("operation", ["depthwise", "separable", "transpose", "filtergrad"])
def test_coded_tells_every_cell_of_every_operation_apart(operation):
    operands = Case.parse(f"{operation}_i5x5_c2_k2x2_same_float64_coded").operands
    parts = [part.ravel().tolist() for part in operands if part is not None]
    assert parts == [list(range(1, len(part) + 1)) for part in parts]


@pytest.mark.parametrize("word", ["filtergrad_n0_i3_k2_same_coded", "filtergrad_i2_k3_valid_coded"])
def test_coded_of_an_empty_cotangent_is_empty(word):
    assert Case.parse(word).cotangent.size == 0


@given(case=strategies.cases(fills=("nonfinite",), **small))
@quick
def test_nonfinite_spoils_the_input_alone(case):
    others = [part for part in case.operands._replace(input=None) if part is not None]
    assert all(np.isfinite(part.astype(np.float64)).all() for part in others)
    assert spoiled(case).any() == bool(case.input.size)


@pytest.mark.parametrize("seed", range(40))
def test_nonfinite_reaches_the_answer_where_every_cell_is_read(seed):
    case = Case.parse(f"conv_i5x4_c2_k2x2_f3_same_nonfinite{seed}")
    read = reference(replace(case, dtype=np.dtype(np.float64)))
    assert not np.isfinite(read).all()


def test_nonfinite_is_nan_or_an_infinity_or_all_three():
    seen = {frozenset(kinds_of(Case.parse(f"conv_i30_k1_same_nonfinite{s}").input)) for s in range(60)}
    alone = {frozenset({kind}) for kind in ("nan", "inf", "-inf")}
    assert seen >= {*alone, frozenset({"nan", "inf", "-inf"})}
