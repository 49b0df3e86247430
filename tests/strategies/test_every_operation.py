"""Cases of every operation, with all that may come around them."""

from __future__ import annotations

from functools import cache

import pytest

import strategies
from strategies.cases import DRAWN_FILLS
from tests.planted import convolutions
from tests.strategies.corners import SPATIAL, TINY, has, of
from tests.strategies.drawing import (
    Corner,
    Sample,
    disagrees,
    drawn,
    minimal,
    reaches,
    sampled,
    shrunk,
)
from verify import Case, reference
from verify.cases.fills import FILLS
from verify.cases.operations import ACTIVATIONS, OPERATIONS
from verify.cases.simplify import simplest
from verify.checks.subject import Subject

REACHED: dict[str, Corner] = {
    **{operation: of(operation) for operation in OPERATIONS},
    **{step: has(step) for step in ("bias", "norm", "residual", *ACTIVATIONS)},
    **{f"{fill} fill": lambda case, fill=fill: case.fill == fill for fill in ("coded", "nonfinite")},
    "border": lambda case: case.border != (),
    "multiplier": lambda case: case.multiplier > 1,
    "long sum": lambda case: case.products > 256,
}

RARE: dict[str, Corner] = {
    **{f"long {op}": lambda case, op=op: case.operation == op and case.products > 256
       for op in OPERATIONS if op != "depthwise"},
    "sum of more than 2,048 terms in float16":
        lambda case: case.format.token == "float16" and case.products > 2048,
    **{f"{op} with a border": lambda case, op=op: case.operation == op and case.border != ()
       for op in ("conv", "depthwise")},
    **{f"{op} with groups": lambda case, op=op: case.operation == op and case.groups > 1
       for op in ("transpose", "filtergrad")},
    "gradient of the bias": lambda case: case.operation == "filtergrad" and case.epilogue == ("bias",),
    "unread filtergrad": lambda case: case.operation == "filtergrad" and case.fill == "unread",
    "border of one axis alone": lambda case: len(set(case.border)) > 1 and (0, 0) in case.border,
    "every stage of an epilogue": lambda case: len(case.epilogue) == 3,
}  # fmt: skip

NARROWED: dict[str, tuple[dict[str, object], Corner]] = {
    **{op: ({"operations": (op,)}, of(op)) for op in OPERATIONS},
    "nothing around": ({"around": ()}, lambda case: case.epilogue == case.border == ()),
    "border alone": ({"around": ("border",)}, lambda case: case.epilogue == ()),
    "no border": ({"around": ("bias", "norm")}, lambda case: case.border == ()),
    "leaky alone": (
        {"around": ("leaky",)},
        lambda case: all(step.startswith("leaky") for step in case.epilogue),
    ),
    "two steps": ({"around": ("norm", "tanh")}, lambda case: set(case.epilogue) <= {"norm", "tanh"}),
    "short": ({"reductions": ("short",), "max_side": 3}, lambda case: case.products < 1000),
    "long": (
        {"reductions": ("long",), "operations": ("conv", "separable")},
        lambda case: case.products > (2048 if case.format.token == "float16" else 256),
    ),
    "long filtergrad": (
        {"reductions": ("long",), "operations": ("filtergrad",)},
        lambda case: case.products > 256 or not case.products,
    ),
    "long transpose": (
        {"reductions": ("long",), "operations": ("transpose",)},
        lambda case: case.products > 256,
    ),
    "few channels are never long": (
        {"reductions": ("long",), "max_channels": 4, "operations": ("conv",)},
        lambda case: max(case.channels, case.filter_count) <= 4,
    ),
    "few batches are never long": (
        {"reductions": ("long",), "max_batch": 2, "operations": ("filtergrad",)},
        lambda case: case.batch <= 2,
    ),
    "tiny": (TINY, lambda case: max(*case.size, *case.kernel, case.channels, case.multiplier) <= 1),
}

LONG_WORD = "conv_i1_c257_k1_same_ones"

FAULTS: dict[str, tuple[Subject, dict[str, object], str]] = {
    "multipliers before channels": (
        convolutions.multipliers_before_channels,
        {"operations": ("depthwise",)},
        "depthwise_i1_c2_k1_m2_same_iota",
    ),
    "not cropped": (convolutions.not_cropped, {"operations": ("transpose",)}, "transpose_i1_k2_same_ones"),
    "cropped at the start": (
        convolutions.cropped_at_the_start,
        {"operations": ("transpose",)},
        "transpose_i2_k3_same_ones",
    ),
    "windows without stride": (
        convolutions.windows_without_stride,
        {"operations": ("filtergrad",), "steps": ("strided",)},
        "filtergrad_i3_k1_s2_same_iota",
    ),
}


@cache
def whole_sample() -> Sample:
    """2,000 cases of every operation, with all that may come around them."""
    return sampled(strategies.cases(), 2_000)


def whole_share(corner: Corner) -> float:
    return sum(map(corner, whole_sample().cases)) / len(whole_sample().cases)


class TestEveryOperation:
    def test_every_case_is_written_as_a_word_that_names_it(self):
        assert [case for case in whole_sample().cases if Case.parse(str(case)) != case] == []

    def test_at_most_one_draw_in_a_hundred_is_discarded(self):
        assert whole_sample().rejected <= 0.01 * len(whole_sample().cases)

    def test_at_most_one_draw_in_five_is_drawn_again(self):
        assert len(set(whole_sample().cases)) >= 0.8 * len(whole_sample().cases)

    @pytest.mark.parametrize("corner", REACHED.values(), ids=REACHED)
    def test_corner_is_one_case_in_a_hundred_or_more(self, corner):
        assert whole_share(corner) >= 0.01

    @pytest.mark.parametrize("corner", RARE.values(), ids=RARE)
    def test_rare_corner_is_reached(self, corner):
        assert reaches(strategies.cases(), corner)

    @pytest.mark.parametrize("corner", SPATIAL.values(), ids=SPATIAL)
    @pytest.mark.parametrize("operation", ["depthwise", "separable", "transpose", "filtergrad"])
    def test_spatial_corner_is_reached_by_each_operation(self, operation, corner):
        assert reaches(strategies.cases(operations=(operation,)), corner)

    @pytest.mark.parametrize(("narrowing", "condition"), NARROWED.values(), ids=NARROWED)
    def test_narrowing_is_obeyed(self, narrowing, condition):
        assert [case for case in drawn(strategies.cases(**narrowing)) if not condition(case)] == []

    @pytest.mark.parametrize(
        ("narrowing", "sentence"),
        [
            (
                {"around": ("leaky0.2",)},
                (
                    "around has 'leaky0.2'; choose from border, bias, norm, residual, relu, relu6, leaky, "
                    "elu, tanh, sigmoid; did you mean 'leaky'?"
                ),
            ),
            ({"reductions": ("huge",)}, "reductions has 'huge'; choose from short, long"),
            ({"reductions": ()}, "reductions has nothing; choose from short, long"),
        ],
    )
    def test_wrong_narrowing_is_refused(self, narrowing, sentence):
        with pytest.raises(ValueError) as refused:  # noqa: PT011 - the whole text is compared
            strategies.cases(**narrowing)
        assert str(refused.value) == sentence

    @pytest.mark.parametrize("operation", OPERATIONS)
    def test_case_shrinks_to_one_cell(self, operation):
        smallest = minimal(strategies.cases(operations=(operation,)))
        assert str(smallest) == f"{operation}_i1_k1_same_ones"

    def test_case_of_every_operation_shrinks_to_a_convolution(self):
        smallest = minimal(strategies.cases(ranks=(1,), paddings=("same",)), lambda case: case.batch > 1)
        assert str(smallest) == "conv_n2_i1_k1_same_ones"

    @pytest.mark.parametrize(
        ("corner", "word"),
        [
            (has("norm"), "conv_i1_k1_same_norm_ones"),
            (has("residual"), "conv_i1_k1_same_residual_ones"),
            (has("tanh"), "conv_i1_k1_same_tanh_ones"),
            (has("leaky"), "conv_i1_k1_same_leaky0.25_ones"),
            (lambda case: case.multiplier > 1, "depthwise_i1_k1_m2_same_ones"),
            (of("filtergrad"), "filtergrad_i1_k1_same_ones"),
            (lambda case: case.fill == "coded", "conv_i1_k1_same_coded"),
            (lambda case: case.fill == "nonfinite", "conv_i1_k1_same_nonfinite"),
            (
                lambda case: case.rank == 1 and of("conv")(case) and case.products > 256 and case.groups == 1,
                LONG_WORD,
            ),
        ],
    )
    def test_corner_shrinks_to(self, corner, word):
        # From two axes or explicit padding the shrinker does not always come down, whatever is asked.
        assert str(minimal(strategies.cases(ranks=(1,), paddings=("same",)), corner)) == word

    @pytest.mark.parametrize(("subject", "narrowing", "word"), FAULTS.values(), ids=FAULTS)
    def test_planted_fault_shrinks_to(self, subject, narrowing, word):
        assert shrunk(subject, around=(), **narrowing) == word

    def test_reference_is_never_wrong(self):
        def right(case: Case) -> object:
            return reference(case).astype(case.dtype)

        assert [case for case in whole_sample().cases[::10] if disagrees(case, right)] == []

    def test_border_is_simplified_to_one_cell(self):
        def is_bordered(case: Case) -> bool:
            return case.border != ()

        smallest = simplest(minimal(strategies.cases(), is_bordered), is_bordered)
        assert str(smallest) == f"{smallest.operation}_i1_k1_z0.1_same_ones"

    def test_every_fill_but_the_lecture_is_drawn(self):
        assert sorted(DRAWN_FILLS) == sorted(set(FILLS) - {"cs231n"})
