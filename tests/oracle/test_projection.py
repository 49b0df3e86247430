"""Judging by projection: how often it misses, that it finds what the reference finds, and its arithmetic."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from strategies import cases, sample
from verify import Case, reference
from verify.cases.fills import impulse_seed
from verify.cases.large import ENTRIES, FILLS, OPERATIONS, why_not_projected
from verify.cases.operands import Array
from verify.oracle import blocks, projecting
from verify.oracle.blocks import block_of, blocks_of, input_of, read
from verify.oracle.bounds import judgement
from verify.oracle.cells import CELLS, right_cells, whole_places
from verify.oracle.compare import Verdict, compare_values
from verify.oracle.projecting import judge_by_projection
from verify.oracle.projection import operands_of, projected, vectors_for

DRAWN = cases(operations=OPERATIONS, fills=FILLS, around=("border", "bias"))

EXHAUSTED = (
    "conv_i1_k1_f2_valid_ints1",
    "conv_i3_c4_k2_f4_g2_same_bias_ints1",
    "depthwise_i2_c2_k2_m2_same_ints1",
    "separable_i2_c2_k2_m2_f3_same_ints1",
    "transpose_i3_c2_k2_f2_s2_same_ints1",
)
"""Cases of two to four channels in the answer."""


def drawn(count: int, seed: int) -> list[Case]:
    """Cases of few cells that can be judged by projection."""
    some = sample(3 * count, seed, DRAWN)
    return [case for case in some if not why_not_projected(case)][:count]


SAMPLE, ALL = drawn(120, 5), 1_000


def misses(case: Case, error: Array, vectors: Array) -> Array:
    """Which of the vectors miss an answer whose last place differs by an error from the right one."""
    rule, extents = projected(case, operands_of(case), vectors), case.channels_last(case.output_shape)[:-1]
    block = block_of(case, range(extents[0]), tuple(map(range, extents[1:])))
    right = rule.answer(block.axes, read(input_of(case), block, ()))
    answer = reference(case)
    answer[(-1,) * (answer.ndim - 1)] += error
    return np.asarray((answer @ vectors == right).all(axis=tuple(range(answer.ndim - 1))))


@pytest.mark.parametrize("entries", [2, 3, 4, 5])
@pytest.mark.parametrize("word", EXHAUSTED)
def test_share_of_vectors_that_miss_a_wrong_cell_is_one_in_so_many_at_most(word: str, entries: int) -> None:
    """All wrong answers of one cell with errors from -3 to 3, each with all vectors; the bound is reached."""
    case = Case.parse(word)
    channels = case.output_channels
    some = range(-(entries // 2), entries - entries // 2)
    vectors = np.array(list(product(some, repeat=channels)), dtype=np.float64).T
    errors = [error for error in product(range(-3, 4), repeat=channels) if any(error)]
    if channels == 4:  # of 2,400 each seventh
        errors = errors[::7]
    shares = {error: float(misses(case, np.array(error), vectors).mean()) for error in errors}
    assert max(shares.values()) == 1 / entries
    assert misses(case, np.zeros(channels), vectors).all()


def test_entries_are_uniform() -> None:
    entries = vectors_for(Case.parse("conv_i1_k1_f65536_valid")).ravel()
    counts = np.bincount(entries.astype(np.int64) + ENTRIES // 2, minlength=ENTRIES)
    expected = len(entries) / ENTRIES
    deviance = ((counts - expected) ** 2 / expected).sum()
    assert len(counts) == ENTRIES
    assert abs(deviance - (ENTRIES - 1)) < 5 * np.sqrt(2 * (ENTRIES - 1))


def test_vectors_are_those_of_the_word() -> None:
    first, again, other = (vectors_for(Case.parse(f"conv_i9_k3_f8_same_ints{seed}")) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def in_small_blocks(monkeypatch: pytest.MonkeyPatch, elements: int) -> None:
    """Answers are cut into small blocks, and one whole cell is judged: projections judge the rest."""
    monkeypatch.setattr(blocks, "ELEMENTS", elements)
    monkeypatch.setattr(projecting, "whole_places", lambda case: [(0,) * (case.rank + 1)])


def wrong_element(case: Case, answer: Array) -> Array:
    """The answer with one element that is not right, which the word chooses."""
    place = hash_of(case) % answer.size
    changed = answer.copy()
    changed.flat[place] += 1
    if changed.flat[place] == answer.flat[place]:
        changed.flat[place] *= 2
    return changed


def hash_of(case: Case) -> int:
    return sum(ord(letter) * 31**place for place, letter in enumerate(str(case)))


def found(verdict: Verdict) -> object:
    return verdict.outcome, verdict.kind, verdict.worst


def held_to_the_reference(case: Case) -> None:
    rule = judgement(case)
    right = rule.wanted.astype(case.dtype)
    assert judge_by_projection(case, right).outcome == compare_values(rule, right).outcome
    wrong = wrong_element(case, right)
    assert found(judge_by_projection(case, wrong)) == found(compare_values(rule, wrong))


@pytest.mark.parametrize("elements", [30, 2_000])
def test_the_same_wrong_element_is_found_as_by_the_reference(
    elements: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_small_blocks(monkeypatch, elements)
    assert len(SAMPLE) == 120
    for case in SAMPLE:
        held_to_the_reference(case)


@pytest.mark.parametrize(
    "word",
    [
        "conv_n2_i6x7_c17_k3x2_f3_d1x2_same_ints1",
        "conv_i40_c16_k3_f4_p9.30_bias_ints2",
        "depthwise_n3_i5x9_c20_k2x3_m2_same_cf_ints1",
        "conv_i3x4x5_c32_k2x1x3_f6_g2_same_ints3",
    ],
)
def test_channels_that_are_multiplied_first_give_the_same(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    in_small_blocks(monkeypatch, 300)
    held_to_the_reference(Case.parse(word))


@pytest.mark.long
def test_the_same_wrong_element_is_found_on_a_thousand_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    in_small_blocks(monkeypatch, 200)
    listed = drawn(ALL, 7)
    assert len(listed) == ALL
    for case in listed:
        held_to_the_reference(case)


@pytest.mark.parametrize(
    ("value", "kind"),
    [(np.nan, "non-finite"), (-np.inf, "non-finite"), (0.5, "value"), (2.0**100, "value")],
)
def test_what_no_right_answer_holds_is_wrong_as_it_is(
    value: float, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_small_blocks(monkeypatch, 50)
    case = Case.parse("conv_n2_i5x6_c3_k3x3_f4_same_cf_ints1")
    answer = reference(case).astype(case.dtype)
    answer[1, 2, 3, 4] = value
    verdict = judge_by_projection(case, answer)
    assert (verdict.kind, verdict.worst and verdict.worst.index) == (kind, (1, 2, 3, 4))
    of_reference = compare_values(judgement(case), answer)
    assert repr(verdict) == repr(replace(of_reference, sentence=verdict.sentence))


def test_message_says_how_it_was_judged() -> None:
    case = Case.parse("conv_i40x40_c3_k3x3_f8_same_ints1")
    answer = reference(case).astype(case.dtype)
    how = "by projection onto 3 vectors and 96 whole cells"
    assert judge_by_projection(case, answer).sentence == f"judged {how}"
    answer[0, 3:5, 7] += 1
    said = judge_by_projection(case, answer).sentence
    assert said == f"at 2 of 1,600 places values differ, judged {how}"


def test_answer_of_zeros_proves_little() -> None:
    case = Case.parse("conv_i4_k1_s4_valid_impulse")
    for place, outcome in ((0, "agrees"), (1, "vacuous")):
        impulse = replace(case, seed=impulse_seed(case, place))
        answer = reference(impulse).astype(case.dtype)
        assert judge_by_projection(impulse, answer).outcome == outcome


def test_vectors_that_miss_leave_the_whole_cells() -> None:
    case = Case.parse("conv_i40_k3_f2_same_ints1")
    answer = reference(case).astype(case.dtype)
    answer[0, 39, 1] += 1  # at a corner
    verdict = judge_by_projection(case, answer, vectors=np.zeros((2, 1)))
    assert verdict.worst is not None
    assert verdict.worst.index == (0, 39, 1)


@pytest.mark.parametrize("case", SAMPLE[:60], ids=str)
def test_blocks_cover_every_place_once(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "ELEMENTS", 40)
    times = np.zeros(case.channels_last(case.output_shape)[:-1], int)
    for block in blocks_of(case):
        times[block.at] += 1
    assert (times == 1).all()


@pytest.mark.parametrize("case", SAMPLE[:60], ids=str)
def test_whole_cells_are_the_references(case: Case) -> None:
    places = whole_places(case)
    answer = np.moveaxis(reference(case), 1, -1) if case.channels_first else reference(case)
    right = right_cells(case, input_of(case), operands_of(case), places)
    np.testing.assert_array_equal(right, answer[tuple(np.transpose(places))])


def test_whole_cells_are_corners_edges_borders_and_some_at_random() -> None:
    case = Case.parse("conv_n3_i300x300_k3x3_same_ints1")
    places = whole_places(case)
    assert len(places) == len(set(places)) == CELLS
    assert set(product((0, 2), (0, 299), (0, 299))) <= set(places)
    borders = {cell for _, *cells in places for cell in cells}
    assert {7, 8, 63, 64, 255, 256} <= borders
    assert whole_places(case) == places


@pytest.mark.parametrize("flat", [2**31, 2**31 - 1])
def test_whole_cells_lie_where_an_index_may_wrap(flat: int) -> None:
    case = Case.parse("conv_i46352x46352_k2x2_s16x16_valid_float16_ints1")
    row, column = divmod(flat, 46352)
    assert (0, row // 16, column // 16) in whole_places(case)
