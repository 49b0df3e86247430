"""Plain convolutions as they are drawn: legal cases alone, every corner of them, the smallest in the end."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings

import strategies
from tests.planted import convolutions
from tests.planted.plain import cases
from tests.strategies.corners import COUNTS, SPATIAL, TINY, mode
from tests.strategies.drawing import (
    Corner,
    Sample,
    disagrees,
    drawn,
    minimal,
    reaches,
    sampled,
    shrunk,
    smallest,
)
from verify import Case
from verify.cases.fills import shows_nothing
from verify.checks.subject import Subject


@cache
def sample() -> Sample:
    """2,000 cases as a run draws them."""
    return sampled(cases(), 2_000)


def share(corner: Corner) -> float:
    """Of 2,000 drawn cases, the share at a corner."""
    return sum(map(corner, sample().cases)) / len(sample().cases)


CORNERS: dict[str, Corner] = {
    **SPATIAL,
    "batch above 1": lambda case: case.batch > 1,
    "no batch": lambda case: case.batch == 0,
    "no input": lambda case: 0 in case.size,
    "groups": lambda case: case.groups > 1,
    "as many groups as channels": lambda case: case.groups == case.channels > 1,
    "groups of several channels": lambda case: case.channels > case.groups > 1,
    "channels first": lambda case: case.channels_first,
    "no epilogue": lambda case: case.epilogue == (),
    "bias": lambda case: case.epilogue == ("bias",),
    "relu": lambda case: case.epilogue == ("relu",),
    "bias and relu": lambda case: case.epilogue == ("bias", "relu"),
    **{f"rank {rank}": lambda case, rank=rank: case.rank == rank for rank in (1, 2, 3)},
    **{f"{count} channels": lambda case, count=count: case.channels == count for count in COUNTS},
    **{f"{count} filters": lambda case, count=count: case.filter_count == count for count in COUNTS},
    **{
        token: lambda case, token=token: case.format.token == token
        for token in ("float16", "bfloat16", "float32", "float64", "int32")
    },
    **{name: lambda case, name=name: mode(case) == name for name in ("same", "valid", "explicit")},
    **{
        fill: lambda case, fill=fill: case.fill == fill
        for fill in ("ones", "iota", "impulse", "ints", "dyadic", "reals", "unread")
    },
}

EVERY_RANK = [
    pytest.param(name, rank, id=f"{name}-{rank}")
    for name in SPATIAL
    for rank in (1, 2, 3)
    if not (rank == 1 and name.startswith("unequal"))
]

OBEYED: dict[str, tuple[dict[str, object], Corner]] = {
    "ranks": ({"ranks": (2,)}, lambda case: case.rank == 2),
    "dtypes": ({"dtypes": ("float16", "int32")}, lambda case: case.format.token in ("float16", "int32")),
    "paddings": ({"paddings": ("explicit",)}, lambda case: mode(case) == "explicit"),
    "fills": ({"fills": ("dyadic", "reals")}, lambda case: case.fill in ("dyadic", "reals")),
    "plain": ({"steps": ("plain",)}, lambda case: {*case.strides, *case.dilations} == {1}),
    "strided": ({"steps": ("strided",)}, lambda case: set(case.dilations) == {1}),
    "dilated": ({"steps": ("dilated",)}, lambda case: set(case.strides) == {1}),
    "paddings as a case says them": ({"paddings": ("SAME",)}, lambda case: mode(case) == "same"),
    "data format as a framework says it": ({"data_formats": ("NCHW",)}, lambda case: case.channels_first),
    "channels last": ({"data_formats": ("channels_last",)}, lambda case: not case.channels_first),
    "channels first": ({"data_formats": ("channels_first",)}, lambda case: case.channels_first),
    "max_side": ({"max_side": 3}, lambda case: max(case.size) <= 3),
    "max_kernel": ({"max_kernel": 2}, lambda case: max(case.kernel) <= 2),
    "max_stride": ({"max_stride": 2}, lambda case: max(case.strides) <= 2),
    "max_dilation": ({"max_dilation": 2}, lambda case: max(case.dilations) <= 2),
    "max_channels": ({"max_channels": 5}, lambda case: max(case.channels, case.filter_count) <= 5),
    "max_groups": ({"max_groups": 2}, lambda case: case.groups <= 2),
    "max_batch": ({"max_batch": 1}, lambda case: case.batch <= 1),
    "tiny": (TINY, lambda case: max(*case.size, *case.kernel, *case.strides, case.channels, case.batch) <= 1),
    "i32 without real fills": (
        {"dtypes": ("int32",), "fills": ("reals", "unread", "ints")},
        lambda case: case.fill == "ints",
    ),
    "real fills without int32": ({"fills": ("reals",)}, lambda case: case.format.token != "int32"),
}

WIDENED: dict[str, tuple[dict[str, object], Corner]] = {
    "max_side": ({"max_side": 40}, lambda case: max(case.size) == 40),
    "max_kernel": ({"max_kernel": 9}, lambda case: max(case.kernel) == 9),
    "max_stride": ({"max_stride": 7}, lambda case: max(case.strides) == 7),
    "max_dilation": ({"max_dilation": 6}, lambda case: max(case.dilations) == 6),
    "max_channels": ({"max_channels": 2}, lambda case: case.channels == 2),
    "max_groups": ({"max_groups": 8}, lambda case: case.groups == 8),
    "max_batch": ({"max_batch": 5}, lambda case: case.batch == 5),
}

NO_CASE = "no case has any of these operations, ranks, dtypes and fills together"

IMPOSSIBLE: list[dict[str, object]] = [
    {"dtypes": ("int32",), "fills": ("reals",)},
    {"dtypes": ("int32",), "fills": ("unread", "nonfinite")},
    {"operations": ("depthwise",), "ranks": (3,)},
    {"operations": ("depthwise", "separable"), "ranks": (3,)},
    {"operations": ("transpose",), "fills": ("unread",)},
]

REFUSED: list[tuple[dict[str, object], str]] = [
    (
        {"operations": ("pool",)},
        "operations has 'pool'; choose from conv, depthwise, separable, transpose, filtergrad",
    ),
    ({"ranks": ()}, "ranks has nothing; choose from 1, 2, 3"),
    ({"ranks": (2, 4)}, "ranks has 4; choose from 1, 2, 3"),
    (
        {"dtypes": ("f8",)},
        "dtypes has 'f8'; choose from float16, bfloat16, float32, float64, int32, int8, uint8, int16",
    ),
    (
        {"paddings": ("samee",)},
        "paddings has 'samee'; choose from same, valid, explicit; did you mean 'same'?",
    ),
    ({"dtypes": "float32"}, "dtypes is 'float32', not a list: write dtypes=('float32',)"),
    (
        {"fills": ("cs231n",)},
        (
            "fills has 'cs231n'; choose from "
            "ones, iota, impulse, ints, dyadic, coded, reals, nonfinite, unread, levels"
        ),
    ),
    ({"steps": ("big",)}, "steps has 'big'; choose from plain, strided, dilated, both"),
    (
        {"data_formats": ("NHCW",)},
        "data_formats has 'NHCW'; choose from channels_last, channels_first; did you mean 'NHWC'?",
    ),
    ({"paddings": ("SMAE",)}, "paddings has 'SMAE'; choose from same, valid, explicit; did you mean 'same'?"),
    ({"ranks": ("2",)}, "ranks has '2'; choose from 1, 2, 3; did you mean 2?"),
    ({"ranks": (True,)}, "ranks has True; choose from 1, 2, 3"),
    ({"ranks": {1: 2}}, "ranks is {1: 2}, not a list"),
    *(({name: 0}, f"{name} is 0, not a whole number above 0") for name in TINY),
    ({"max_side": -3}, "max_side is -3, not a whole number above 0"),
    ({"max_side": 2.5}, "max_side is 2.5, not a whole number above 0"),
    ({"max_side": True}, "max_side is True, not a whole number above 0"),
    *((together, NO_CASE) for together in IMPOSSIBLE),
]

SHRUNK: dict[str, tuple[Subject, dict[str, object], str]] = {
    "SAME's odd cell before": (convolutions.odd_cell_before, {}, "conv_i2_k2_same_ones"),
    "SAME's odd cell before, seen by ones": (
        convolutions.odd_cell_before,
        {"ranks": (2,), "fills": ("ones",)},
        "conv_i1x2_k1x2_same_ones",
    ),
    "SAME ignores the stride": (
        convolutions.same_ignores_stride,
        {"steps": ("strided",), "fills": ("iota",)},
        "conv_i2_k3_s2_same_iota",
    ),
    "dilation ignored": (convolutions.dilation_ignored, {}, "conv_i1_k2_d2_same_ones"),
    "kernel flipped": (convolutions.kernel_flipped, {}, "conv_i1_k2_same_iota"),
    "strides exchanged": (convolutions.strides_exchanged, {}, "conv_i2x1_k1x1_s1x2_same_ones"),
    "last bias lost": (convolutions.last_bias_lost, {}, "conv_i1_k1_same_bias_ones"),
    "last group reads its neighbour": (
        convolutions.last_group_reads_its_neighbour,
        {},
        "conv_i1_c2_k1_f2_g2_same_iota",
    ),
    "batch repeats its first": (convolutions.batch_repeats_its_first, {}, "conv_n2_i1_k1_same_iota"),
    # Where groups are drawn, the shrinker may stop at two groups of 5 channels.
    "channels after blocks of 8 lost": (
        convolutions.channels_after_blocks_lost,
        {"ranks": (1,), "max_groups": 1},
        "conv_i1_c9_k1_same_ones",
    ),
    "input downcast to bfloat16": (convolutions.input_downcast, {}, "conv_i1_k1_same_dyadic"),
    "relu missing": (convolutions.relu_missing, {}, "conv_i1_k1_same_relu_ints"),
}


class TestCases:
    def test_every_case_is_written_as_a_word_that_names_it(self):
        assert [case for case in sample().cases if Case.parse(str(case)) != case] == []

    def test_at_most_one_draw_in_a_hundred_is_discarded(self):
        assert sample().rejected <= 0.01 * len(sample().cases)

    def test_at_most_one_draw_in_ten_is_drawn_again(self):
        assert len(set(sample().cases)) >= 0.9 * len(sample().cases)

    @pytest.mark.parametrize("corner", CORNERS.values(), ids=CORNERS)
    def test_corner_is_one_case_in_a_hundred_or_more(self, corner):
        assert share(corner) >= 0.01

    @pytest.mark.parametrize(("name", "rank"), EVERY_RANK)
    def test_corner_is_reached_in_each_rank(self, name, rank):
        assert reaches(cases(ranks=(rank,)), SPATIAL[name])

    @pytest.mark.parametrize(("narrowing", "condition"), OBEYED.values(), ids=OBEYED)
    def test_narrowing_is_obeyed(self, narrowing, condition):
        assert [case for case in drawn(cases(**narrowing)) if not condition(case)] == []

    @pytest.mark.parametrize(("narrowing", "condition"), WIDENED.values(), ids=WIDENED)
    def test_limit_is_reached(self, narrowing, condition):
        assert reaches(cases(ranks=(1,), **narrowing), condition)

    @pytest.mark.parametrize(("narrowing", "sentence"), REFUSED)
    def test_wrong_narrowing_is_refused(self, narrowing, sentence):
        with pytest.raises(ValueError) as refused:  # noqa: PT011 - the whole text is compared
            cases(**narrowing)
        assert str(refused.value) == sentence

    def test_case_shrinks_to_one_cell(self):
        assert str(minimal(cases())) == "conv_i1_k1_same_ones"

    @pytest.mark.parametrize(
        ("narrowing", "word"),
        [
            ({"ranks": (3,)}, "conv_i1x1x1_k1x1x1_same_ones"),
            ({"dtypes": ("bfloat16", "float32")}, "conv_i1_k1_same_bfloat16_ones"),
            ({"paddings": ("valid", "same")}, "conv_i1_k1_valid_ones"),
            ({"fills": ("reals", "ones")}, "conv_i1_k1_same_reals"),
            ({"data_formats": ("channels_first",)}, "conv_i1_k1_same_cf_ones"),
        ],
    )
    def test_case_shrinks_to_the_first_choice(self, narrowing, word):
        assert str(minimal(cases(**narrowing))) == word

    def test_case_that_is_large_shrinks_in_all_else(self):
        assert smallest(lambda case: max(case.size) > 9) == "conv_i10_k1_same_ones"

    @pytest.mark.parametrize(("subject", "narrowing", "word"), SHRUNK.values(), ids=SHRUNK)
    def test_planted_fault_shrinks_to(self, subject, narrowing, word):
        assert shrunk(subject, **narrowing) == word

    def test_right_subject_is_never_wrong(self):
        assert [case for case in sample().cases[::10] if disagrees(case, convolutions.right)] == []


@given(cases(fills=("unread",), paddings=("same", "valid"), max_batch=1))
@settings(deadline=None, max_examples=200, database=None, derandomize=True)
def test_unread_cases_with_an_answer_leave_a_cell_unread(case):
    assert 0 in case.output_shape or not shows_nothing(case)


@pytest.mark.parametrize("spelled", ["NHWC", "nhwc", "NWC", "NDHWC", "Channels_Last", "channels_last"])
def test_data_format_may_be_spelled_as_a_case_does(spelled):
    drawn = strategies.sample(60, 1, cases(data_formats=(spelled,)))
    assert not any(case.channels_first for case in drawn)


@pytest.mark.parametrize("spelled", ["NCHW", "ncw", "NCDHW", "channels_first"])
def test_channels_first_may_be_spelled_as_a_case_does(spelled):
    drawn = strategies.sample(60, 1, cases(data_formats=(spelled,)))
    assert all(case.channels_first for case in drawn)


@pytest.mark.parametrize("spelled", [np.dtype("float16"), np.float16, "float16", "FLOAT16"])
def test_dtype_may_be_what_a_case_has_and_written_in_any_case(spelled):
    assert {case.dtype for case in strategies.sample(20, 1, cases(dtypes=(spelled,)))} == {
        np.dtype("float16")
    }


@pytest.mark.parametrize("spelled", ["SAME", "Same", "same"])
def test_padding_may_be_spelled_as_a_case_does(spelled):
    assert {case.padding for case in strategies.sample(60, 1, cases(paddings=(spelled,)))} == {"SAME"}


def test_two_spellings_of_one_choice_are_one():
    once, twice = cases(data_formats=("NHWC",)), cases(data_formats=("NHWC", "channels_last", "NWC"))
    assert strategies.sample(40, 1, once) == strategies.sample(40, 1, twice)
