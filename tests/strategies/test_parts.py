"""The small strategies: an axis, counts, epilogues, borders and seeds."""

from __future__ import annotations

from itertools import product

import pytest

from strategies import axes, batches, borders, channel_counts, epilogues, paddings, seeds, steps
from tests.strategies.corners import COUNTS
from tests.strategies.drawing import drawn, minimal, reaches
from verify.cases.geometry import Axis

ACTIVATED = (
    "relu", "relu6", "leaky0.25", "leaky0.2", "leaky0.01", "leaky1.5", "elu", "tanh", "sigmoid"
)  # fmt: skip


class TestAxes:
    @pytest.mark.parametrize("step", ["plain", "strided", "dilated", "both"])
    @pytest.mark.parametrize("padding", ["valid", "explicit"])
    def test_axis_is_never_too_short(self, padding, step):
        assert [axis for axis in drawn(axes(padding=padding, step=step)) if axis.shortfall] == []

    @pytest.mark.parametrize("step", ["plain", "dilated"])
    def test_axis_has_no_stride_unless_asked(self, step):
        assert {axis.stride for axis in drawn(axes(step=step))} == {1}

    @pytest.mark.parametrize("step", ["plain", "strided"])
    def test_axis_has_no_dilation_unless_asked(self, step):
        assert {axis.dilation for axis in drawn(axes(step=step))} == {1}

    def test_valid_axis_is_not_padded(self):
        assert {(axis.before, axis.after) for axis in drawn(axes(padding="valid"))} == {(0, 0)}

    def test_same_axis_has_an_answer_for_each_stride_begun(self):
        wrong = [axis for axis in drawn(axes(padding="same")) if axis.out != -(-axis.size // axis.stride)]
        assert wrong == []

    @pytest.mark.parametrize(("field", "limit"), [("size", 5), ("kernel", 4), ("stride", 2), ("dilation", 3)])
    def test_axis_reaches_its_limits_and_no_more(self, field, limit):
        narrow = axes(max_side=5, max_kernel=4, max_stride=2, max_dilation=3)
        assert max(getattr(axis, field) for axis in drawn(narrow)) == limit

    @pytest.mark.parametrize("padding", ["valid", "explicit"])
    def test_axis_without_an_answer_is_reached(self, padding):
        assert reaches(axes(padding=padding), lambda axis: axis.size > 0 and axis.out == 0)

    @pytest.mark.parametrize("padding", ["same", "valid", "explicit"])
    def test_axis_shrinks_to_one_cell(self, padding):
        assert minimal(axes(padding=padding)) == Axis(1, 1)


class TestParts:
    @pytest.mark.parametrize("largest", [1, 2, 3, 4, 8, 17, 100])
    def test_channel_count_keeps_within_its_limit(self, largest):
        assert {1 <= count <= largest for count in drawn(channel_counts(largest), 30)} == {True}

    @pytest.mark.parametrize("count", [1, 2, *COUNTS])
    def test_channel_count_is_reached(self, count):
        assert reaches(channel_counts(), lambda drawn: drawn == count)

    @pytest.mark.parametrize("least", [1, 3, 6, 10])
    def test_channel_count_shrinks_to_the_least(self, least):
        edges = [count for count in (1, 2, *COUNTS) if count >= least]
        assert minimal(channel_counts(), lambda count: count >= least) == edges[0]

    @pytest.mark.parametrize("largest", [1, 2, 5])
    def test_batches_are_all_up_to_the_largest(self, largest):
        assert set(drawn(batches(largest))) == set(range(largest + 1))

    def test_batch_shrinks_to_one(self):
        assert minimal(batches()) == 1

    def test_epilogues_are_all_there_are(self):
        stages = [(), ("bias",), ("norm",)], [(), ("residual",)], [(), *((step,) for step in ACTIVATED)]
        assert set(drawn(epilogues(), 2_000)) == {sum(parts, ()) for parts in product(*stages)}

    def test_epilogues_of_integers_round_nothing(self):
        kinds = {step for steps in drawn(epilogues(dtype="int32"), 300) for step in steps}
        assert kinds == {"bias", "residual", "relu", "relu6"}

    def test_epilogue_of_a_filter_gradient_is_a_bias_alone(self):
        assert set(drawn(epilogues("filtergrad"))) == {(), ("bias",)}

    def test_epilogues_are_of_the_steps_that_are_named(self):
        named = ("bias", "leaky")
        slopes = [(step,) for step in ACTIVATED if step.startswith("leaky")]
        wanted = {(), ("bias",), *slopes, *(("bias", *slope) for slope in slopes)}
        assert set(drawn(epilogues(around=named), 300)) == wanted

    def test_epilogue_shrinks_to_nothing(self):
        assert minimal(epilogues()) == ()

    def test_seeds_fit_into_a_word(self):
        assert {0 <= seed < 10**9 for seed in drawn(seeds())} == {True}

    def test_seed_shrinks_to_nought(self):
        assert minimal(seeds()) == 0

    @pytest.mark.parametrize("parity", [0, 1])
    def test_seed_of_each_parity_is_reached(self, parity):
        assert reaches(seeds(), lambda seed: seed % 2 == parity and seed > 99)

    def test_steps_are_all_there_are(self):
        assert set(drawn(steps())) == {"plain", "strided", "dilated", "both"}

    def test_step_shrinks_to_plain(self):
        assert minimal(steps()) == "plain"

    def test_paddings_are_all_there_are(self):
        assert set(drawn(paddings())) == {"same", "valid", "explicit"}

    def test_paddings_are_those_that_are_named(self):
        assert set(drawn(paddings(("valid", "same")))) == {"valid", "same"}

    @pytest.mark.parametrize(("modes", "first"), [(("same", "valid"), "same"), (("valid", "same"), "valid")])
    def test_padding_shrinks_to_the_first(self, modes, first):
        assert minimal(paddings(modes)) == first

    @pytest.mark.parametrize("rank", [1, 2, 3])
    def test_border_shrinks_to_none(self, rank):
        assert minimal(borders(rank)) == ()

    @pytest.mark.parametrize("rank", [1, 2, 3])
    def test_border_has_a_pair_for_each_axis(self, rank):
        assert {len(border) for border in drawn(borders(rank))} == {0, rank}
