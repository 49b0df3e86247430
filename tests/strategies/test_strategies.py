"""What is drawn: legal cases alone, every corner of them, and the smallest one in the end."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import product
from typing import NamedTuple

import pytest
from hypothesis import Phase, find, given, seed, settings
from hypothesis import strategies as st
from hypothesis.control import current_build_context
from hypothesis.errors import StopTest
from hypothesis.internal.conjecture.data import Status
from hypothesis.strategies import DrawFn, SearchStrategy

import strategies
from strategies import axes, batches, borders, channel_counts, epilogues, paddings, seeds, steps
from strategies.cases import DRAWN_FILLS
from tests.planted import convolutions
from tests.planted.plain import cases
from verify import Case, reference
from verify.cases.epilogue import ACTIVATIONS, AROUND, kind_of
from verify.cases.fills import FILLS, shows_nothing
from verify.cases.geometry import Axis
from verify.cases.operations import OPERATIONS
from verify.cases.simplify import simplest
from verify.checks.check import Mismatch, Subject, check
from verify.faults.witnesses import Drawn

searching = settings(
    max_examples=5_000,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate, Phase.shrink],
)
unshrunk = settings(searching, phases=[Phase.generate])

ACTIVATED = (
    "relu", "relu6", "leaky0.25", "leaky0.2", "leaky0.01", "leaky1.5", "elu", "tanh", "sigmoid"
)  # fmt: skip
Corner = Callable[[Case], bool]
COUNTS = (3, 4, 5, 7, 8, 9, 15, 16, 17)
TINY = {
    "max_side": 1,
    "max_kernel": 1,
    "max_stride": 1,
    "max_dilation": 1,
    "max_channels": 1,
    "max_groups": 1,
    "max_batch": 1,
}


class Sample(NamedTuple):
    """What came of so many draws: the cases, and how many draws the strategy itself gave up."""

    cases: list[Case]
    rejected: int


@cache
def sample() -> Sample:
    """2,000 cases as a run draws them."""
    return sampled(cases(), 2_000)


def sampled(strategy: SearchStrategy[Case], examples: int) -> Sample:
    drawn: list[Case] = []
    rejected = []

    @st.composite
    def counted(draw: DrawFn) -> Case:
        try:
            return draw(strategy)
        except StopTest:
            # Hypothesis also breaks off what it mutated itself, when it runs out of choices.
            if current_build_context().data.status is Status.INVALID:
                rejected.append(1)
            raise

    @given(case=counted())
    @seed(1)
    @settings(unshrunk, max_examples=examples)
    def collect(case: Case) -> None:
        drawn.append(case)

    collect()
    return Sample(drawn, len(rejected))


def drawn(strategy: SearchStrategy[object], examples: int = 60) -> list[object]:
    """Some of what a strategy draws."""
    found = []

    @given(value=strategy)
    @settings(unshrunk, max_examples=examples)
    def collect(value: object) -> None:
        found.append(value)

    collect()
    return found


def share(corner: Corner) -> float:
    """Of 2,000 drawn cases, the share at a corner."""
    return sum(map(corner, sample().cases)) / len(sample().cases)


def reaches(strategy: SearchStrategy[object], condition: Callable[[object], bool]) -> bool:
    """Whether a strategy draws something that meets a condition; NoSuchExample where it does not."""
    return condition(find(strategy, condition, settings=unshrunk))


def minimal(
    strategy: SearchStrategy[object], condition: Callable[[object], bool] = lambda value: True
) -> object:
    return find(strategy, condition, settings=searching)


def disagrees(case: Case, subject: Subject) -> bool:
    try:
        check(case, subject)
    except Mismatch:
        return True
    return False


def shrunk(subject: Subject, **narrowings: object) -> str:
    """The word of the smallest case that shows a subject to be wrong, brought down as the gate does it."""
    return smallest(lambda case: disagrees(case, subject), **narrowings)


def smallest(condition: Corner, **narrowings: object) -> str:
    """The word of the smallest case of a condition: what Hypothesis comes down to, and further."""
    within = Drawn.of(narrowings)._replace(around=AROUND)
    found = minimal(cases(**narrowings), condition)
    return str(simplest(found, lambda case: within.holds(case) and condition(case)))


def some(condition: Callable[[Axis], bool]) -> Corner:
    return lambda case: any(map(condition, case.axes))


def mode(case: Case) -> str:
    return case.padding.lower() if isinstance(case.padding, str) else "explicit"


def in_mode(name: str, condition: Callable[[Axis], bool]) -> Corner:
    return lambda case: mode(case) == name and some(condition)(case)


def has_odd_total(axis: Axis) -> bool:
    return (axis.before + axis.after) % 2 == 1


def steps_over_the_end(axis: Axis) -> bool:
    """SAME's formula without its clamp would be negative."""
    return (axis.out - 1) * axis.stride + axis.span < axis.size


def leaves_cells_unread(axis: Axis) -> bool:
    """A whole remainder of the input lies behind the last window."""
    return axis.out > 0 and (axis.out - 1) * axis.stride + axis.span < axis.before + axis.size


def is_one_short(axis: Axis) -> bool:
    return axis.span == axis.size + 1 and axis.out == 0


def is_padded_on_one_side(axis: Axis) -> bool:
    return (axis.before == 0) != (axis.after == 0)


SPATIAL: dict[str, Corner] = {
    "SAME with an odd total": in_mode("same", has_odd_total),
    "SAME that steps over cells": in_mode("same", steps_over_the_end),
    "stride above the kernel": some(lambda axis: axis.stride > axis.span),
    "dilated kernel above the input": some(lambda axis: axis.dilation > 1 and axis.span > axis.size),
    "kernel one above the input, VALID": in_mode("valid", is_one_short),
    "remainder of VALID": in_mode("valid", leaves_cells_unread),
    "remainder of SAME": in_mode("same", leaves_cells_unread),
    "remainder of explicit padding": in_mode("explicit", leaves_cells_unread),
    "1x1 kernel with strides": lambda case: set(case.kernel) == {1} and max(case.strides) > 1,
    "unequal sizes": lambda case: len(set(case.size)) > 1,
    "unequal kernels": lambda case: len(set(case.kernel)) > 1,
    "unequal strides": lambda case: len(set(case.strides)) > 1,
    "unequal dilations": lambda case: len(set(case.dilations)) > 1,
    "strides and dilations of one axis": some(lambda axis: axis.stride > 1 and axis.dilation > 1),
    "padding larger than the kernel": in_mode(
        "explicit", lambda axis: max(axis.before, axis.after) > axis.span
    ),
    "padding on one side alone": in_mode("explicit", is_padded_on_one_side),
}
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
        for token in ("f16", "bf16", "f32", "f64", "i32")
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
    "dtypes": ({"dtypes": ("f16", "i32")}, lambda case: case.format.token in ("f16", "i32")),
    "paddings": ({"paddings": ("explicit",)}, lambda case: mode(case) == "explicit"),
    "fills": ({"fills": ("dyadic", "reals")}, lambda case: case.fill in ("dyadic", "reals")),
    "plain": ({"steps": ("plain",)}, lambda case: {*case.strides, *case.dilations} == {1}),
    "strided": ({"steps": ("strided",)}, lambda case: set(case.dilations) == {1}),
    "dilated": ({"steps": ("dilated",)}, lambda case: set(case.strides) == {1}),
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
        {"dtypes": ("i32",), "fills": ("reals", "unread", "ints")},
        lambda case: case.fill == "ints",
    ),
    "real fills without i32": ({"fills": ("reals",)}, lambda case: case.format.token != "i32"),
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
    {"dtypes": ("i32",), "fills": ("reals",)},
    {"dtypes": ("i32",), "fills": ("unread", "nonfinite")},
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
    ({"dtypes": ("f8",)}, "dtypes has 'f8'; choose from f32, f64, f16, bf16, i32"),
    ({"paddings": ("SAME",)}, "paddings has 'SAME'; choose from same, valid, explicit"),
    (
        {"fills": ("cs231n",)},
        "fills has 'cs231n'; choose from ones, iota, impulse, ints, dyadic, coded, reals, nonfinite, unread",
    ),
    ({"steps": ("big",)}, "steps has 'big'; choose from plain, strided, dilated, both"),
    ({"data_formats": ("NHWC",)}, "data_formats has 'NHWC'; choose from channels_last, channels_first"),
    *(({name: 0}, f"{name} is 0; it must be at least 1") for name in TINY),
    ({"max_side": -3}, "max_side is -3; it must be at least 1"),
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
    "strides exchanged": (convolutions.strides_exchanged, {}, "conv_i2x1_k1x1_s2x1_same_ones"),
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
            ({"dtypes": ("bf16", "f32")}, "conv_i1_k1_same_bf16_ones"),
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


def has(step: str) -> Corner:
    return lambda case: any(kind_of(each) == step for each in case.epilogue)


def of(operation: str) -> Corner:
    return lambda case: case.operation == operation


REACHED: dict[str, Corner] = {
    **{operation: of(operation) for operation in OPERATIONS},
    **{step: has(step) for step in ("bias", "norm", "residual", *ACTIVATIONS)},
    **{f"{fill} fill": lambda case, fill=fill: case.fill == fill for fill in ("coded", "nonfinite")},
    "border": lambda case: case.border != (),
    "multiplier": lambda case: case.multiplier > 1,
    "long sum": lambda case: case.products > 256,
}
SELDOM: dict[str, Corner] = {
    **{f"long {op}": lambda case, op=op: case.operation == op and case.products > 256
       for op in OPERATIONS if op != "depthwise"},
    "sum of more than 2,048 terms in f16": lambda case: case.format.token == "f16" and case.products > 2048,
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
        lambda case: case.products > (2048 if case.format.token == "f16" else 256),
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

LONG_WORD = "conv_i1_c258_k1_same_ones"

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
        "filtergrad_i3_k2_s2_same_ones",
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

    @pytest.mark.parametrize("corner", SELDOM.values(), ids=SELDOM)
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
                    "elu, tanh, sigmoid"
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
        smallest = minimal(strategies.cases(), lambda case: case.batch > 1)
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

    def test_border_shrinks_to_one_cell(self):
        bordered = strategies.cases(ranks=(1,), paddings=("same",))
        assert str(minimal(bordered, lambda case: case.border != ())) == "conv_i1_k1_z0.1_same_ones"

    def test_every_fill_but_the_lecture_is_drawn(self):
        assert sorted(DRAWN_FILLS) == sorted(set(FILLS) - {"cs231n"})

    @pytest.mark.parametrize("rank", [1, 2, 3])
    def test_border_shrinks_to_none(self, rank):
        assert minimal(borders(rank)) == ()

    @pytest.mark.parametrize("rank", [1, 2, 3])
    def test_border_has_a_pair_for_each_axis(self, rank):
        assert {len(border) for border in drawn(borders(rank))} == {0, rank}


class TestAxes:
    @pytest.mark.parametrize("step", ["plain", "strided", "dilated", "both"])
    @pytest.mark.parametrize("padding", ["valid", "explicit"])
    def test_axis_is_never_too_short(self, padding, step):
        assert [axis for axis in drawn(axes(padding=padding, step=step)) if axis.shortfall] == []

    @pytest.mark.parametrize("step", ["plain", "dilated"])
    def test_axis_has_no_stride_unless_told(self, step):
        assert {axis.stride for axis in drawn(axes(step=step))} == {1}

    @pytest.mark.parametrize("step", ["plain", "strided"])
    def test_axis_has_no_dilation_unless_told(self, step):
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
        stages = [(), ("bias",), ("norm",)], [(), ("residual",)], [(), *((each,) for each in ACTIVATED)]
        assert set(drawn(epilogues(), 2_000)) == {sum(parts, ()) for parts in product(*stages)}

    def test_epilogues_of_integers_round_nothing(self):
        kinds = {step for steps in drawn(epilogues(dtype="i32"), 300) for step in steps}
        assert kinds == {"bias", "residual", "relu", "relu6"}

    def test_epilogue_of_a_filter_gradient_is_a_bias_alone(self):
        assert set(drawn(epilogues("filtergrad"))) == {(), ("bias",)}

    def test_epilogues_are_of_the_steps_that_are_named(self):
        named = ("bias", "leaky")
        slopes = [(step,) for step in ACTIVATED if step.startswith("leaky")]
        wanted = {(), ("bias",), *slopes, *(("bias", *slope) for slope in slopes)}
        assert set(drawn(epilogues(steps=named), 300)) == wanted

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


@given(cases(fills=("unread",), paddings=("same", "valid"), max_batch=1))
@settings(deadline=None, max_examples=200, database=None, derandomize=True)
def test_unread_cases_with_an_answer_leave_a_cell_unread(case):
    assert 0 in case.output_shape or not shows_nothing(case)
