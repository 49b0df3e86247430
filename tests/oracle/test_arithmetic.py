"""The bounds of other arithmetics than sums of products: no right answer exceeds them, and what else does."""

from fractions import Fraction

import numpy as np
import pytest

from verify.cases.case import Case
from verify.oracle import narrowed, winograd
from verify.oracle.arithmetic import SENTENCES, arithmetics, canonical
from verify.oracle.bounds import judgement
from verify.oracle.compare import any_differs, compare_values
from verify.oracle.fourier import transform_error
from verify.oracle.problem import problem_of
from verify.oracle.reference import magnitudes, reference

TILES = [(2, 3), (4, 3), (6, 3), (2, 5), (3, 2), (1, 3), (3, 4)]


def held(word: str, arithmetic: str) -> Case:
    return Case.parse(word).held_to("", canonical(arithmetic))


def allowed(word: str, arithmetic: str) -> float:
    return float(np.max(judgement(held(word, arithmetic)).allowed))


@pytest.mark.parametrize(("m", "r"), TILES)
def test_matrices_give_every_product_once(m: int, r: int):
    output, kernel, cells = winograd.cook_toom(m, r)
    entries = {
        (p, k, j): sum(output[p][t] * kernel[t][k] * cells[t][j] for t in range(m + r - 1))
        for p in range(m)
        for k in range(r)
        for j in range(m + r - 1)
    }
    assert entries == {(p, k, j): Fraction(j == p + k) for p, k, j in entries}


def test_matrices_of_two_outputs_are_the_printed_ones_but_for_signs():
    _, kernel, cells = (np.abs(winograd.array_of(matrix)) for matrix in winograd.cook_toom(2, 3))
    assert kernel.tolist() == [[1, 0, 0], [0.5, 0.5, 0.5], [0.5, 0.5, 0.5], [0, 0, 1]]
    assert cells.tolist() == [[1, 0, 1, 0], [0, 1, 1, 0], [0, 1, 1, 0], [0, 1, 0, 1]]


@pytest.mark.parametrize(("m", "r"), TILES)
def test_every_product_enters_at_least_once(m: int, r: int):
    entries = winograd.entering(m, r)
    assert all(entries[p, k, p + k] >= 1 - 1e-9 for p in range(m) for k in range(r))


def test_constants_are_dyadic_where_there_are_four_points_at_most():
    assert [tile for tile in TILES if winograd.is_dyadic(*tile)] == [(2, 3), (3, 2), (1, 3)]


@pytest.mark.parametrize("operation", ["conv", "transpose", "filtergrad"])
@pytest.mark.parametrize("m", [2, 4])
def test_tiles_have_at_least_the_magnitude_of_the_sums(operation: str, m: int):
    case = Case.parse(f"{operation}_n2_i7x6_c3_k3x3_f4_same_reals1")
    tiled = winograd.tiled(problem_of(case), case.operands, m=m, r=3, terms=case.products)
    assert tiled is not None
    assert (tiled.size >= magnitudes(problem_of(case), case.operands)).all()


def test_bound_by_components_is_within_that_by_norms():
    """Theorem 1 of Barabasz and others, whose tiles are those of one axis and one channel."""
    case = Case.parse("conv_i4_k3_valid_reals1")  # two outputs: one tile of F(2, 3)
    output, kernel, cells = (winograd.array_of(matrix) for matrix in winograd.cook_toom(2, 3))
    x, w = (array.astype(np.float64).ravel() for array in (case.input, case.filters))
    tile = np.abs(output) @ ((np.abs(kernel) @ np.abs(w)) * (np.abs(cells) @ np.abs(x)))
    norms = np.abs(output).sum(axis=0).max() * np.linalg.norm(kernel) * np.linalg.norm(cells)
    assert tile.sum() <= norms * np.linalg.norm(w) * np.linalg.norm(x)


@pytest.mark.parametrize("word", ["conv_i6x6_c3_k3x3_same_ints1", "transpose_i6_k3_f4_valid_ints2"])
def test_integers_are_exact_by_tiles_of_two(word: str):
    assert judgement(held(word, "winograd(2, 3)")).allowed == 0.0
    assert allowed(word, "winograd(4, 3)") > 0


def test_integers_are_not_exact_by_tiles_of_two_where_the_transforms_lack_room():
    assert allowed("conv_i6x6_k3x3_same_dyadic1", "winograd(2, 3)") > 0


@pytest.mark.parametrize(
    "word", ["conv_i6_k4_same_reals1", "conv_i6_k3_s2_same_reals1", "conv_i6_k1_same_reals1"]
)
def test_kernel_that_no_tile_is_for_is_judged_by_products(word: str):
    assert allowed(word, "winograd(4, 3)") == allowed(word, "products")


@pytest.mark.parametrize("arithmetic", ["tfloat32", "bfloat16", "bfloat16x3"])
def test_operands_that_the_narrow_dtype_holds_keep_their_sums_exact(arithmetic: str):
    assert judgement(held("conv_i5_c3_k3_same_ints1", arithmetic)).allowed == 0.0


@pytest.mark.parametrize("arithmetic", ["tfloat32", "bfloat16", "bfloat16x3"])
def test_numbers_between_two_steps_are_rounded_too(arithmetic: str):
    assert allowed("separable_n2_i9x4_c3_k3x3_f7_s3x3_same_coded", arithmetic) > 0
    assert judgement(held("separable_i3_c2_k2_f2_valid_ones", arithmetic)).allowed == 0.0


@pytest.mark.parametrize(("arithmetic", "bits"), [("tfloat32", 11), ("bfloat16", 8)])
@pytest.mark.parametrize("fill", ["dyadic1", "reals1"])
def test_rounded_operands_are_within_their_bound_and_beyond_that_of_products(
    arithmetic: str, bits: int, fill: str
):
    case = Case.parse(f"conv_i5_c3_k3_same_{fill}")
    x, w = (narrowed.nearest(part.astype(np.float64), bits) for part in (case.input, case.filters))
    narrow = case.operands._replace(input=x.astype(np.float32), factor=w.astype(np.float32))
    other = Case.parse(str(case))
    vars(other)["make_operands"] = lambda: narrow
    answer = reference(other).astype(np.float32)
    assert not any_differs(judgement(case.held_to("", arithmetic)), answer)
    assert any_differs(judgement(case), answer)


def test_one_bit_more_than_operands_lose_is_seen():
    rule = judgement(held("conv_i1_k1_same_dyadic", "tfloat32"))
    beyond = (rule.wanted + 1.01 * rule.allowed).astype(np.float32)
    assert any_differs(rule, beyond)


@pytest.mark.parametrize(
    "names",
    [
        ("products", "winograd(2, 3)", "winograd(4, 3)", "winograd(6, 3)"),
        ("products", "bfloat16x3", "tfloat32", "bfloat16"),
    ],
)
def test_bound_grows_with_the_tile_and_with_what_is_rounded(names: tuple[str, ...]):
    sizes = [allowed("conv_i8x8_c4_k3x3_same_reals1", name) for name in names]
    assert sizes == sorted(set(sizes))


def test_any_is_as_wide_as_each_that_it_chooses_among():
    word = "conv_i8x8_c4_k3x3_same_reals1"
    assert allowed(word, "any") == max(allowed(word, name) for name in ("tfloat32", "winograd(6, 3)", "fft"))


@pytest.mark.parametrize("arithmetic", ["fft", "winograd(4, 3)"])
def test_infinity_may_spread_and_a_nan_that_is_read_stays_one(arithmetic: str):
    rule = judgement(held("conv_i9_k3_valid_nonfinite1", arithmetic))
    lost = np.full(rule.wanted.shape, np.nan)
    finite = np.isfinite(rule.wanted)
    assert (np.asarray(rule.allowed)[finite] == np.inf).any()
    assert compare_values(rule, np.where(np.asarray(rule.allowed) == np.inf, lost, rule.wanted)).kind is None
    assert (np.asarray(rule.allowed)[np.isnan(rule.wanted)] == 0).all()


def test_own_dtype_is_exact_where_its_significand_has_room():
    assert judgement(held("conv_i5_k3_same_float16_ones", "own-dtype")).allowed == 0.0
    assert allowed("conv_i5_c64_k3_same_float16_reals1", "own-dtype") > 10 * allowed(
        "conv_i5_c64_k3_same_float16_reals1", "products"
    )


@pytest.mark.parametrize("arithmetic", [name for name in SENTENCES if "(" not in name])
def test_integers_and_float64_keep_what_they_have(arithmetic: str):
    assert judgement(held("conv_i5_k3_same_int32_ints", arithmetic)).allowed == 0.0


def test_transform_of_a_million_errs_by_some_hundreds_of_roundings():
    assert 100 < transform_error(20, 2.0**-53) * 2**53 < 400


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("products", ""),
        ("winograd(4,3)", "winograd(4, 3)"),
        ("fft or  tfloat32", "fft or tfloat32"),
        ("fft or fft", "fft"),
    ],
)
def test_text_has_one_spelling(text: str, said: str):
    assert canonical(text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("winogard(4, 3)", r"did you mean 'winograd\(4, 3\)'"),
        ("tf32", "did you mean 'tfloat32'"),
        ("winograd(9, 9)", r"m \+ r up to 13"),
        ("fft,tfloat32", "joined by"),
        ("winograd(m, r)", "did you mean"),
    ],
)
def test_other_text_is_refused_with_the_nearest(text: str, said: str):
    with pytest.raises(ValueError, match=said):
        arithmetics(text)
