"""A domain: which cases are inside, why not, what narrowings leave of it, and where a word is carried."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import strategies
from verify import Case
from verify.cases.domain import (
    BOUNDS,
    LISTS,
    Condition,
    Domain,
    Space,
    format_of,
    joined,
    mended,
    spelled,
    with_rank,
)
from verify.cases.dtypes import FORMATS
from verify.cases.operations import OPERATIONS
from verify.cases.predicates import Predicate

WORD = "conv_i5x5_c4_k3x3_f8_g2_s2x2_d1x1_valid_bias_relu_ones"

NO_DILATION = Condition(Predicate("max(dilations) == 1"), "no dilation", is_inside=True)
NO_ODD = Condition(Predicate("channels % 2 == 1"), "channels are even", "conv")


def of(**space: Any) -> Domain:
    """The convolutions of a space."""
    return Domain(spaces={"conv": Space(**space)})


@given(strategies.cases())
def test_whole_domain_has_every_case(case: Case):
    assert Domain().holds(case)


@given(strategies.illegal_cases())
def test_whole_domain_has_every_call_that_must_be_refused(case: Case):
    assert Domain().holds(case)


OUTSIDE: list[tuple[dict[str, Any], str, str]] = [
    ({"ranks": (1, 3)}, WORD, "it answers ranks 1, 3, not 2"),
    ({"dtypes": ("float16", "float64")}, WORD, "it answers dtypes float16, float64, not float32"),
    (
        {"data_formats": ("channels_first",)},
        WORD,
        "it answers data formats channels_first, not channels_last",
    ),
    (
        {"data_formats": ("channels_last",)},
        "conv_i1_k1_same_cf_ones",
        "it answers data formats channels_last, not channels_first",
    ),
    ({"paddings": ("same", "explicit")}, WORD, "it answers paddings same, explicit, not valid"),
    (
        {"padding_modes": ("zeros", "reflect")},
        "conv_i2_k1_same_circular_ones",
        "it answers padding modes zeros, reflect, not circular",
    ),
    (
        {"output_paddings": ("below-stride",)},
        "transpose_i2_k1_d2_same_t1_ones",
        "it answers output paddings below-stride, not below-dilation",
    ),
    (
        {"weight_dtypes": ("own",)},
        "conv_i1_k1_same_float16weights_ones",
        "it answers weight dtypes own, not float16",
    ),
    ({"around": ("bias",)}, WORD, "it answers around bias, not relu"),
    ({"around": ()}, WORD, "it answers around none, not bias"),
    ({"around": ("bias",)}, "conv_i1_k1_z0.1_same_ones", "it answers around bias, not border"),
    ({"around": ("bias",)}, "conv_i1_k1_same_leaky0.25_ones", "it answers around bias, not leaky"),
    ({"max_side": 4}, WORD, "it answers max_side 4, not 5"),
    ({"max_kernel": 2}, WORD, "it answers max_kernel 2, not 3"),
    ({"max_stride": 1}, WORD, "it answers max_stride 1, not 2"),
    ({"max_dilation": 1}, "conv_i9_k2_d3_same_ones", "it answers max_dilation 1, not 3"),
    ({"max_channels": 7}, WORD, "it answers max_channels 7, not 8"),
    ({"max_channels": 3}, "conv_i1_c4_k1_same_ones", "it answers max_channels 3, not 4"),
    ({"max_groups": 1}, WORD, "it answers max_groups 1, not 2"),
    (
        {"views": ("odd",)},
        "conv_i1_k1_same_ones_memxstrided",
        "it takes no operand that is strided in memory; its `views` say which it takes",
    ),
    ({"max_batch": 2}, "conv_n3_i1_k1_same_ones", "it answers max_batch 2, not 3"),
]


@pytest.mark.parametrize(("space", "word", "sentence"), OUTSIDE)
def test_case_outside_is_told_why(space: dict[str, Any], word: str, sentence: str):
    case = Case.parse(word)
    domain = Domain(spaces={case.operation: Space(**space)})
    assert (domain.why_not(case), domain.holds(case)) == (sentence, False)


def test_every_list_and_bound_is_among_those_that_are_told():
    assert {name for space, _, _ in OUTSIDE for name in space} == {*LISTS, *BOUNDS} - {"operations"}


@pytest.mark.parametrize(
    "space",
    [
        {
            "ranks": (2,),
            "dtypes": ("float32",),
            "data_formats": ("channels_last",),
            "paddings": ("valid",),
            "around": ("bias", "relu"),
        },
        {
            "max_side": 5,
            "max_kernel": 3,
            "max_stride": 2,
            "max_dilation": 1,
            "max_channels": 8,
            "max_groups": 2,
            "max_batch": 1,
        },
    ],
    ids=["lists", "bounds"],
)
def test_case_at_the_end_of_every_list_and_bound_is_inside(space: dict[str, Any]):
    assert of(**space).why_not(Case.parse(WORD)) == ""


def test_operation_that_is_not_there_is_outside():
    domain = Domain(spaces={"conv": Space(), "transpose": Space()})
    assert domain.why_not(Case.parse("depthwise_i1_k1_same_ones")) == (
        "it answers conv, transpose, not depthwise"
    )


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("conv_i9_c2_k2_d2_same_ones", "no dilation"),
        ("conv_i9_c3_k2_same_ones", "channels are even"),
        ("conv_i9_c2_k2_same_ones", ""),
        ("transpose_i9_c3_k2_same_ones", ""),
        ("transpose_i9_c3_k2_d2_same_ones", "no dilation"),
    ],
)
def test_condition_is_of_its_operation_or_of_all(word: str, sentence: str):
    assert Domain(conditions=(NO_DILATION, NO_ODD)).why_not(Case.parse(word)) == sentence


def test_condition_may_use_the_names_of_its_domain():
    condition = Condition(Predicate("'float16' in onednn", {"onednn": ()}), "no f16")
    case = Case.parse("conv_i1_k1_same_float16_ones")
    assert Domain(conditions=(condition,), names={"onednn": ("float16",)}).why_not(case) == "no f16"
    assert Domain(conditions=(condition,), names={"onednn": ()}).why_not(case) == ""


@pytest.mark.parametrize(("is_inside", "sentence"), [(True, ""), (False, "`supports`")])
def test_condition_is_a_function_of_a_case(*, is_inside: bool, sentence: str):
    condition = Condition(lambda case: case.rank == 2, "`supports`", is_inside=is_inside)
    assert Domain(conditions=(condition,)).why_not(Case.parse(WORD)) == sentence


def test_function_that_raises_is_one_sentence():
    condition = Condition(lambda case: case.rank / 0, "`supports`", is_inside=True)
    with pytest.raises(ValueError, match=r"^`supports` raised ZeroDivisionError on conv_i1_k1_same_ones: "):
        Domain(conditions=(condition,)).holds(Case.parse("conv_i1_k1_same_ones"))


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [
        ("data_formats", "NHWC", "channels_last"),
        ("data_formats", "ncdhw", "channels_first"),
        ("data_formats", "Channels_First", "channels_first"),
        ("paddings", "SAME", "same"),
        ("paddings", "Explicit", "explicit"),
        ("dtypes", "float32", "float32"),
        ("dtypes", "F32", "F32"),
        ("ranks", 2, 2),
        ("data_formats", "NHCW", "NHCW"),
        ("paddings", "FULL", "FULL"),
    ],
)
def test_value_is_spelled_as_its_list_has_it_or_as_it_was_given(name: str, value: Any, word: Any):
    assert spelled(name, value) == word


def test_narrowings_leave_what_both_have_in_their_order():
    domain = of(dtypes=("float32", "float64", "int32"), max_side=8, max_batch=2)
    narrowed = domain.narrowed(
        {"dtypes": ("int32", "float16", "float32"), "max_side": 9, "max_batch": 1, "ranks": (3, 1)}
    )
    assert narrowed.spaces == {
        "conv": Space(ranks=(3, 1), dtypes=("int32", "float32"), max_side=8, max_batch=1)
    }


def test_narrowings_are_spelled_as_a_case_says_them():
    narrowed = Domain().narrowed({"operations": ("conv",), "paddings": ("SAME",), "data_formats": ("NHWC",)})
    assert narrowed.spaces == {"conv": Space(paddings=("same",), data_formats=("channels_last",))}


@pytest.mark.parametrize(
    "narrowings",
    [{}, {"max_side": None}, {"fills": ("ones",), "steps": ("plain",), "reductions": ("short",)}],
    ids=["none", "no bound", "what a domain cannot say"],
)
def test_narrowing_that_says_nothing_of_a_domain_leaves_all_of_it(narrowings: dict[str, Any]):
    assert Domain().narrowed(narrowings).spaces == Domain().spaces


def test_narrowing_to_other_operations_leaves_none():
    assert of().narrowed({"operations": ("transpose",)}).spaces == {}


def test_views_leave_the_operations_that_take_some_of_them() -> None:
    domain = Domain(spaces={"conv": Space(views=("strided", "odd")), "depthwise": Space()})
    assert domain.narrowed({"views": ("odd", "paged")}).spaces == {"conv": Space(views=("odd",))}
    assert domain.narrowed({"views": ("paged",)}).spaces == {}
    assert domain.narrowed({"views": ()}).operations == domain.narrowed({}).operations == domain.operations


@pytest.mark.parametrize(
    "narrowing", [{"ranks": (2,)}, {"dtypes": ("float64",)}, {"paddings": ("valid",)}], ids=str
)
def test_operation_of_which_nothing_is_left_is_left_out(narrowing: dict[str, Any]):
    domain = Domain(
        spaces={"conv": Space(), "transpose": Space(ranks=(1,), dtypes=("float32",), paddings=("same",))}
    )
    assert domain.narrowed(narrowing).operations == ("conv",)


def test_narrowing_keeps_conditions_and_names():
    domain = Domain(conditions=(NO_DILATION,), names={"onednn": ("float32",)})
    narrowed = domain.narrowed({"ranks": (1,)})
    assert (narrowed.conditions, narrowed.names) == ((NO_DILATION,), {"onednn": ("float32",)})


def test_what_two_domains_leave_has_the_conditions_of_both():
    both = Domain(conditions=(NO_DILATION,)).within(Domain(conditions=(NO_ODD,)))
    assert both.conditions == (NO_DILATION, NO_ODD)


SPACES = st.builds(
    Space,
    ranks=st.sampled_from([(1,), (2, 1), (1, 2, 3)]),
    dtypes=st.sampled_from([("float32",), ("int32", "float32"), tuple(FORMATS)]),
    paddings=st.sampled_from([("same",), ("valid", "same"), ("explicit", "same", "valid")]),
    max_side=st.sampled_from([None, 1, 4]),
    max_stride=st.sampled_from([None, 1]),
)
DOMAINS = st.builds(lambda space: Domain(spaces={"conv": space, "depthwise": Space(ranks=(1, 2))}), SPACES)


@given(DOMAINS, DOMAINS, strategies.cases(operations=("conv", "depthwise", "transpose")))
def test_case_is_in_what_two_leave_where_it_is_in_both(one: Domain, other: Domain, case: Case):
    assert one.within(other).holds(case) == (one.holds(case) and other.holds(case))


@given(DOMAINS, DOMAINS, strategies.cases())
def test_case_of_any_domain_is_in_their_union(one: Domain, other: Domain, case: Case):
    assert joined([one, other]).holds(case) or not (one.holds(case) or other.holds(case))


def test_union_is_in_the_order_of_the_vocabulary_and_its_bounds_are_the_largest():
    union = joined([of(ranks=(3, 1), max_side=2, max_batch=1), of(ranks=(2,), max_side=5)])
    assert union.spaces == {"conv": Space(max_side=5)}


def test_union_has_the_operations_of_all_and_no_conditions():
    union = joined([of(), Domain(spaces={"transpose": Space(ranks=(1,))}, conditions=(NO_ODD,))])
    assert (union.operations, union.conditions) == (("conv", "transpose"), ())


CARRIED: list[tuple[Domain, str, str]] = [
    (of(), "conv_i5_k3_same_ones", "conv_i5_k3_same_ones"),
    (of(dtypes=("float64", "float16")), "conv_i5_k3_same_ones", "conv_i5_k3_same_float64_ones"),
    (of(data_formats=("channels_first",)), "conv_i5_k3_same_ones", "conv_i5_k3_same_cf_ones"),
    (of(ranks=(3, 2)), "conv_i5_k3_same_ones", "conv_i1x5_k1x3_same_ones"),
    (of(ranks=(1,)), "conv_i7x5_k3x2_s2x3_valid_ones", "conv_i5_k2_s3_valid_ones"),
    (of(ranks=(2,)), "conv_i5_k3_p2.1_ones", "conv_i1x5_k1x3_p0.0x2.1_ones"),
    (of(ranks=(2,)), "conv_i5_k3_z0.1_same_ones", "conv_i1x5_k1x3_z0.0x0.1_same_ones"),
    (
        of(ranks=(2,), dtypes=("float16",), data_formats=("channels_first",)),
        "conv_i5_k3_same_ones",
        "conv_i1x5_k1x3_same_cf_float16_ones",
    ),
    (
        Domain(conditions=(Condition(Predicate("dtype == 'float32' and rank == 1"), "no f32"),)),
        "conv_i5_k3_same_ones",
        "conv_i5_k3_same_float16_ones",
    ),
]


@pytest.mark.parametrize(("domain", "word", "carried"), CARRIED)
def test_word_is_carried_to_the_likest_case_inside(domain: Domain, word: str, carried: str):
    assert domain.carried(Case.parse(word)) == Case.parse(carried)


@pytest.mark.parametrize(
    ("domain", "word"),
    [
        (Domain(spaces={"transpose": Space()}), "conv_i5_k3_same_ones"),
        (of(paddings=("valid",)), "conv_i5_k3_same_ones"),
        (of(max_kernel=2), "conv_i5_k3_same_ones"),
        (of(dtypes=("int32",)), "conv_i5_k3_same_reals1"),
    ],
    ids=["operation", "padding", "bound", "a fill of real numbers in whole ones"],
)
def test_word_is_carried_nowhere_where_more_than_its_form_is_outside(domain: Domain, word: str):
    assert domain.carried(Case.parse(word)) is None


@given(strategies.cases(operations=("conv", "transpose", "filtergrad")), st.sampled_from([1, 2, 3]))
def test_case_with_a_rank_has_it(case: Case, rank: int):
    assert with_rank(case, rank).rank == rank


@given(strategies.illegal_cases())
def test_call_beside_an_illegal_one_is_legal_and_of_its_form(case: Case):
    legal = mended(case)
    assert not legal.illegal
    assert (legal.operation, legal.rank, legal.format, format_of(legal), legal.padding_kind) == (
        (case.operation, case.rank, case.format, format_of(case), case.padding_kind)
    )


def test_illegal_call_is_inside_by_its_form_alone():
    case = Case.parse("conv_i1_k1_s0_same_ones_illegal")
    assert of(max_stride=1, ranks=(1,)).holds(case)
    assert of(ranks=(2,)).why_not(case) == "it answers ranks 2, not 1"
    assert of(dtypes=("float64",)).why_not(case) == "it answers dtypes float64, not float32"


def test_domain_of_nothing_said_has_everything():
    assert Domain().operations == tuple(OPERATIONS)


def test_domains_that_are_made_alike_have_one_key():
    assert of(ranks=(1,)).key == of(ranks=(1,)).key
    assert of(ranks=(1,)).key != of(ranks=(2,)).key
    assert hash(Domain(conditions=(NO_ODD,)).key) != hash(Domain().key)


KERNEL = Condition(Predicate("dtype in onednn", {"onednn": ()}), "no such kernel")


def on(condition: Condition, *onednn: str) -> Domain:
    return Domain(conditions=(condition,), names={"onednn": onednn, "way": str(onednn)})


def test_domains_whose_conditions_use_other_values_have_other_keys():
    assert on(KERNEL, "float32").key == on(KERNEL, "float32").key
    assert on(KERNEL, "float32").key != on(KERNEL).key


def test_names_that_no_condition_uses_are_not_in_the_key():
    assert on(NO_DILATION, "float32").key == on(NO_DILATION).key


class TestOfIllegalCalls:
    NO_OTHER = Condition(Predicate("misquantised"), "no other", is_inside=True, of_illegal=True)
    DOMAIN = Domain(spaces={"conv": Space(dtypes=("int8",))}, conditions=(NO_OTHER,))

    def test_a_condition_of_illegal_calls_refuses_no_legal_case(self):
        assert self.DOMAIN.holds(Case.parse("conv_i1_k1_same_int8_ones"))
        assert not self.NO_OTHER.refuses(Case.parse("conv_i1_k1_same_int8_ones"), {"misquantised": False})

    @pytest.mark.parametrize(
        ("word", "reason"),
        [
            ("conv_i1_k1_same_int8_qx0_ones_illegal", ""),
            ("conv_i1_k1_same_int8_ones_wint32_illegal", ""),
            ("conv_i1_k1_s0_same_int8_ones_illegal", "no other"),
            ("conv_i1_k1_s0_same_int8_qx0_ones_illegal", "no other"),
        ],
    )
    def test_it_is_tested_with_the_call_itself(self, word, reason):
        assert self.DOMAIN.why_not(Case.parse(word)) == reason
