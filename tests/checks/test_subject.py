"""The description of a subject: one value for whatever answers, and one sentence where it cannot be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from tests.checks.disagreements import CASE, named
from tests.planted import convolutions, fragile
from verify import Case, check, reference
from verify.cases.domain import BOUNDS, Domain, Space
from verify.cases.dtypes import DTYPES as EVERY_DTYPE
from verify.cases.operands import Array
from verify.cases.operations import AROUND, OPERATIONS
from verify.checks.declarations import DOMAIN, Declared
from verify.checks.deviations import condition
from verify.checks.limits import Limit
from verify.checks.subject import ATTRIBUTES, Declined, Description, Subject, describe
from verify.checks.versions import source_of, versions, versions_of
from verify.faults import fault_named
from verify.subjects.isolated import TIMEOUT_S, isolated
from verify.subjects.registry import load


def declaring(**attributes: object) -> Subject:
    """A right subject with attributes of its own."""

    def subject(case: Case) -> Array:
        return convolutions.right(case)

    vars(subject).update(attributes)
    return subject


def refusal(**attributes: object) -> str:
    """What is said of a subject with attributes that cannot be."""
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the whole text is compared
        describe(declaring(name="mine", **attributes))
    return str(refused.value)


def facts(subject: Description) -> dict[str, object]:
    """All that a description says but whom it calls and where."""
    left_out = ("call", "module", "close", "options", "timeout_s", "versions", "headline", "source", "known")
    return {
        field.name: getattr(subject, field.name) for field in fields(subject) if field.name not in left_out
    }


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        (convolutions.right, "tests.planted.convolutions:right"),
        (reference, "verify.oracle.reference:reference"),
        (named(convolutions.right, "mylib.conv:fast"), "mylib.conv:fast"),
        (fault_named("kernel-flipped"), "fault:kernel-flipped"),
    ],
)
def test_name_of_a_subject_is(subject: Subject, name: str) -> None:
    assert describe(subject).name == name


def test_every_attribute_that_a_subject_may_have_is_a_field_of_its_description_or_of_its_domain() -> None:
    attributes = {field.name for field in fields(Description)} - {"call", "module", "here"}
    assert set(ATTRIBUTES) == attributes | {"operations", *DOMAIN}


def test_every_attribute_is_written_down_and_one_bound_stands_for_all() -> None:
    assert {*get_type_hints(Declared), *BOUNDS} == set(ATTRIBUTES)


def test_subject_that_declares_nothing_is_asked_convolutions_with_a_bias_and_relu() -> None:
    described = describe(convolutions.right)
    drawn = described.drawn()
    assert (described.operations, drawn.spaces["conv"].around, described.refuses) == (
        ("conv",),
        ("bias", "relu"),
        (),
    )
    assert (described.switches, described.version, described.known) == ({}, None, ())
    assert (described.ways, described.matrix, described.compiles, described.limits) == ({}, {}, False, ())


def test_subject_that_declares_nothing_may_be_asked_anything() -> None:
    described = describe(convolutions.right)
    assert described.domain.spaces == {name: Space(ranks=OPERATIONS[name].ranks) for name in OPERATIONS}
    assert described.drawn(operations=("transpose",), around=("tanh",)).spaces == {
        "transpose": Space(around=("tanh",))
    }


def test_description_is_described_as_it_is() -> None:
    described = describe(convolutions.right)
    assert describe(described) is described


def test_two_descriptions_of_one_subject_are_one_value() -> None:
    subject = declaring(operations=["conv"], switches={"A": "1"})
    assert describe(subject) == describe(subject)


def test_description_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        describe(convolutions.right).name = "other"  # type: ignore[misc]


def test_description_answers_as_its_subject_does() -> None:
    assert check(CASE, describe(convolutions.right)).outcome == "agrees"


def test_subject_is_described_by_another_name() -> None:
    assert describe(declaring(name="mine"), name="m:f").name == "m:f"
    assert describe(describe(declaring(name="mine")), name="m:f").name == "m:f"


@pytest.mark.parametrize(
    "word",
    [
        "conv_i4_k2_p1.0_reflect_iota",
        "conv_i4_k2_same_iota_memxstrided",
        "conv_i4_k2_p1.0_reflect_iota_memxstrided",
        "conv_i4_c2_k2_f2_same_int8_qx0.5z-3_levels",
    ],
)
@pytest.mark.parametrize(
    ("name", "modes", "views"),
    [("kernel-flipped", 1, 0), ("reflect-repeats-the-edge", 5, 0), ("input-as-contiguous", 1, 10)],
)
def test_a_fault_answers_every_case_and_is_drawn_those_that_it_is_about(
    word: str, name: str, modes: int, views: int
) -> None:
    described = describe(fault_named(name))
    space = described.drawn().spaces["conv"]
    assert described.domain.holds(Case.parse(word))
    assert (len(space.padding_modes), len(space.views), "int8" in space.dtypes) == (modes, views, False)


def test_fault_is_described_alike_by_name_and_as_it_is() -> None:
    described = describe(fault_named("kernel-flipped"))
    assert load("fault:kernel-flipped") == described
    spaces = described.drawn().spaces
    assert described.operations == tuple(OPERATIONS)
    assert {space.around for space in spaces.values()} == {AROUND}
    assert spaces == Domain().spaces


@pytest.mark.parametrize("name", ["tests.planted.fragile:counts_its_calls", "fault:kernel-flipped"])
def test_isolated_subject_is_described_as_it_is_here(name: str) -> None:
    there = isolated(name)
    assert facts(describe(there)) == facts(load(name))
    assert [entry.name for entry in describe(there).known] == [entry.name for entry in load(name).known]
    assert describe(there).source == source_of(load(name))
    there.close()


def test_isolated_subject_says_how_and_where_it_runs() -> None:
    described = describe(isolated("tests.planted.fragile:speaks_of_its_process SWITCH=on"))
    assert (described.options, described.switches) == ("", {"SWITCH": "on"})
    assert described.timeout_s == TIMEOUT_S
    assert described.headline.startswith("tests.planted.fragile:speaks_of_its_process in ")
    assert versions_of(described)["numpy"] == versions()["numpy"]
    described.close()


@pytest.mark.parametrize("entry", [fragile.counts_its_calls.known, list(fragile.counts_its_calls.known)])  # type: ignore[attr-defined]
def test_known_deviations_are_kept_in_order(entry: object) -> None:
    assert describe(declaring(known=entry)).known == tuple(fragile.counts_its_calls.known)  # type: ignore[attr-defined]


def test_conditions_may_use_the_switches_of_a_subject_and_what_it_hands_in() -> None:
    described = describe(declaring(switches={"A": "1"}, condition_names={"onednn": ("float32",)}))
    assert described.condition_names == {"switches": {"A": "1"}, "onednn": ("float32",), "way": ""}
    assert described.domain.names == described.condition_names


def test_attribute_that_is_none_says_nothing() -> None:
    assert describe(declaring(version=None, operations=None)).operations == ("conv",)


WORDS = "not a list of some of conv, depthwise, separable, transpose, filtergrad"
DTYPES = f"not a list of some of {', '.join(EVERY_DTYPE)}"
WAYS = "not a mapping of names, without white space, / and *, to callables"


@pytest.mark.parametrize(
    ("attribute", "value", "due"),
    [
        ("operations", "conv", WORDS),
        ("operations", ("cnv",), f"{WORDS}; did you mean 'conv'?"),
        ("operations", 3, WORDS),
        ("operations", (), WORDS),
        ("operations", {"conv": 1}, WORDS),
        ("refuses", ["conv", 1], WORDS),
        ("around", ("gelu",), f"not a list of some of {', '.join(AROUND)}; did you mean 'elu'?"),
        ("ranks", (2, 4), "not a list of some of 1, 2, 3"),
        ("ranks", 2, "not a list of some of 1, 2, 3"),
        ("ranks", (True,), "not a list of some of 1, 2, 3"),
        ("dtypes", ("float23",), f"{DTYPES}; did you mean 'float32'?"),
        ("dtypes", (), DTYPES),
        ("data_formats", ("NHCW",), "not a list of some of channels_last, channels_first"),
        (
            "paddings",
            ("smae",),
            "not a list of some of same, valid, explicit; did you mean 'same'?",
        ),
        ("ranks", {"cnv": (2,)}, f"not a mapping of {WORDS.partition('list of ')[2]}; did you mean 'conv'?"),
        ("ranks", {"conv": (4,)}, "not a list of some of 1, 2, 3"),
        ("max_side", 0, "not a whole number above 0"),
        ("max_side", True, "not a whole number above 0"),
        ("max_stride", {"conv": "2"}, "not a whole number above 0"),
        ("supports", 3, "not a function of a case, or a condition"),
        ("limits", ("none",), "not a list of limits"),
        ("domain", {}, "not a Domain"),
        ("usual", {"rank": (1,)}, "not a mapping of narrowings: rank is no narrowing; did you mean 'ranks'?"),
        (
            "usual",
            {"fills": ("ones",)},
            "not a mapping of narrowings of a domain, of which fills says nothing",
        ),
        ("ways", ("a",), WAYS),
        ("ways", {"a b": len}, WAYS),
        ("ways", {"a/b": len}, WAYS),
        ("ways", {"": len}, WAYS),
        ("ways", {"a": 1}, "not a mapping of names to callables: 'a' is none"),
        (
            "matrix",
            {"OMP_NUM_THREADS": 1},
            'not a mapping of names to lists of strings, such as {"OMP_NUM_THREADS": ("1", "2")}',
        ),
        ("compiles", 1, "not True or False"),
        ("switches", {"THREADS": 1}, "not a mapping of strings to strings"),
        ("switches", ["A"], "not a mapping of strings to strings"),
        ("version", 1.4, "not a string"),
        ("known", ("what is recorded",), "not a list of deviations"),
        ("condition_names", {"gpu": True}, "not a mapping of some of switches, onednn, way"),
        ("close", "yes", "not a function"),
        ("headline", 3, "not a string"),
    ],
)
def test_wrong_attribute_is_one_sentence(attribute: str, value: object, due: str) -> None:
    assert refusal(**{attribute: value}) == f"the subject 'mine' has {attribute} = {value!r}, {due}"


def test_condition_that_is_none_is_one_sentence() -> None:
    assert refusal(supports="ranks == 1").startswith(
        "the subject 'mine' has supports = 'ranks == 1', not a condition: "
    )


def test_name_that_is_none_of_its_own_is_refused() -> None:
    with pytest.raises(ValueError, match=r"declaring.<locals>.subject>?' has name = 3, not a string"):
        describe(declaring(name=3))


@pytest.mark.parametrize("name", ["", "my conv", "a\nb"])
def test_name_that_is_no_word_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"has name = '.*', not a string without white space$"):
        describe(declaring(name=name))


@pytest.mark.parametrize("attribute", ["operations", "name", "version"])
def test_attribute_that_raises_is_one_sentence(attribute: str) -> None:
    def raises(self: object) -> None:
        raise RuntimeError("no device")

    subject = type("Broken", (), {attribute: property(raises), "__call__": lambda self, case: None})()
    with pytest.raises(ValueError, match=rf"has {attribute}, which raises RuntimeError: no device$"):
        describe(subject)


SPATIAL = "conv_i5x5_k3x3_same_ones"


@pytest.mark.parametrize(
    ("attributes", "spaces"),
    [
        ({"ranks": (2,)}, {"conv": {"ranks": (2,)}}),
        ({"data_formats": ["NHWC"]}, {"conv": {"data_formats": ("channels_last",)}}),
        ({"data_formats": {"channels_first"}}, {"conv": {"data_formats": ("channels_first",)}}),
        ({"paddings": ("SAME", "valid")}, {"conv": {"paddings": ("same", "valid")}}),
        ({"dtypes": ("float32", "int32")}, {"conv": {"dtypes": ("float32", "int32")}}),
        ({"around": ()}, {"conv": {"around": ()}}),
        *(({bound: 2}, {"conv": {bound: 2}}) for bound in BOUNDS),
        (
            {"operations": ("conv", "transpose"), "ranks": (1,)},
            {"conv": {"ranks": (1,)}, "transpose": {"ranks": (1,)}},
        ),
        (
            {
                "operations": ("conv", "transpose"),
                "dtypes": {"transpose": ("float64",)},
                "max_stride": {"conv": 1},
            },
            {"conv": {"max_stride": 1}, "transpose": {"dtypes": ("float64",)}},
        ),
        ({"operations": ("depthwise",), "ranks": (1, 2, 3)}, {"depthwise": {"ranks": (1, 2)}}),
    ],
    ids=str,
)
def test_attributes_of_a_domain_are_for_all_operations_or_for_one(
    attributes: dict[str, Any], spaces: dict[str, dict[str, Any]]
) -> None:
    described = describe(declaring(**{"operations": ("conv",), **attributes}))
    assert described.domain.spaces == {name: Space(**space) for name, space in spaces.items()}


@pytest.mark.parametrize("said", [{"ranks": (2,)}, {"dtypes": ("float64",)}, {"max_groups": 1}])
def test_subject_that_says_no_operation_says_the_rest_of_all(said: dict[str, Any]) -> None:
    described = describe(declaring(**said))
    assert all(getattr(space, *said) == said[next(iter(said))] for space in described.domain.spaces.values())
    assert described.operations == ("conv",)


SUPPORTS = [
    pytest.param("max(dilations) == 1", "supports = 'max(dilations) == 1'", id="text"),
    pytest.param(lambda case: max(case.dilations) == 1, "`supports`", id="function"),
]


@pytest.mark.parametrize(("supports", "sentence"), SUPPORTS)
def test_what_no_list_can_say_is_a_text_or_a_function(supports: object, sentence: str) -> None:
    domain = describe(declaring(supports=supports)).domain
    words = ("conv_i5_k2_same_ones", "conv_i5_k2_d2_same_ones", "depthwise_i5_k2_d2_same_ones")
    assert [domain.why_not(Case.parse(word)) for word in words] == ["", sentence, sentence]


@pytest.mark.parametrize(("supports", "sentence"), SUPPORTS)
def test_what_is_supported_may_be_said_of_one_operation(supports: object, sentence: str) -> None:
    domain = describe(declaring(supports={"conv": supports})).domain
    words = ("conv_i5_k2_d2_same_ones", "depthwise_i5_k2_d2_same_ones")
    assert [domain.why_not(Case.parse(word)) for word in words] == [sentence, ""]


def test_subject_is_not_asked_what_is_outside() -> None:
    asked: list[Case] = []
    subject = named(lambda case: asked.append(case), "mine")
    vars(subject)["ranks"] = (1, 3)
    verdict = check(CASE, subject)
    assert (verdict.outcome, verdict.sentence) == ("declined", "mine: it answers ranks 1, 3, not 2")
    assert asked == []


def test_description_declines_what_is_outside() -> None:
    with pytest.raises(Declined, match=r"^mine: it answers dtypes float64, not float32$"):
        describe(declaring(name="mine", dtypes=("float64",)))(CASE)


def test_limit_is_the_end_of_a_domain() -> None:
    limit = Limit(condition("max(dilations) > 1"), ("no dilation here",), ("conv_i5_k2_d2_same_ones",))
    described = describe(declaring(limits=[limit]))
    assert described.limits == (limit,)
    assert described.domain.why_not(Case.parse("conv_i5_k2_d2_same_ones")) == "no dilation here"
    assert described.domain.holds(Case.parse("conv_i5_k2_same_ones"))


def test_domain_may_be_said_at_once() -> None:
    domain = Domain(spaces={"transpose": Space(ranks=(3,))})
    described = describe(declaring(domain=domain))
    assert (described.domain.spaces, described.operations) == (domain.spaces, ("transpose",))


def with_ways(**attributes: object) -> Description:
    """A subject for two operations, of whose ways one takes two axes and channels first alone."""
    narrow = declaring(ranks=(2,), data_formats=("NCHW",), operations=("conv",))
    ways = {"fast": narrow, "plain": declaring(), "transposed": declaring(operations=["transpose"])}
    return describe(declaring(name="mine", operations=("conv", "transpose"), ways=ways, **attributes))


def test_ways_have_the_name_of_the_subject_and_their_own() -> None:
    assert [way.name for way in with_ways().routes] == ["mine/fast", "mine/plain", "mine/transposed"]


def test_way_narrows_the_domain_of_its_subject() -> None:
    described = with_ways(dtypes=("float32", "float64"), max_side=9)
    spaces = {name: dict(way.domain.spaces) for name, way in described.ways.items()}
    both = Space(dtypes=("float32", "float64"), max_side=9)
    assert spaces == {
        "fast": {"conv": both._replace(ranks=(2,), data_formats=("channels_first",))},
        "plain": {"conv": both, "transpose": both},
        "transposed": {"transpose": both},
    }


def test_way_cannot_widen_the_domain_of_its_subject() -> None:
    described = describe(
        declaring(
            ranks=(1,),
            dtypes=("float32",),
            ways={"wide": declaring(ranks=(1, 2), dtypes=("float32", "float16"))},
        )
    )
    space = described.ways["wide"].domain.spaces["conv"]
    assert (space.ranks, space.dtypes) == ((1,), ("float32",))


def test_conditions_of_a_subject_and_of_its_way_both_hold() -> None:
    way = declaring(supports="max(strides) == 1")
    domain = describe(declaring(supports="max(dilations) == 1", ways={"fast": way})).ways["fast"].domain
    words = ("conv_i5_k2_same_ones", "conv_i5_k2_s2_same_ones", "conv_i5_k2_d2_same_ones")
    assert [domain.holds(Case.parse(word)) for word in words] == [True, False, False]


@pytest.mark.parametrize(
    ("word", "way"),
    [
        ("conv_i5x5_k3x3_same_cf_ones", "mine/fast"),
        (SPATIAL, "mine/plain"),
        ("conv_i5_k3_same_ones", "mine/plain"),
        ("transpose_i5_k3_same_ones", "mine/plain"),
    ],
)
def test_case_is_put_to_the_first_way_whose_domain_has_it(word: str, way: str) -> None:
    described, declined = with_ways().route(Case.parse(word))
    assert (described.name, declined) == (way, "")


@pytest.mark.parametrize(
    ("pattern", "word", "declined"),
    [
        ("fast", SPATIAL, "mine/fast: it answers data formats channels_first, not channels_last"),
        ("fast", "conv_i5_k3_same_cf_ones", "mine/fast: it answers ranks 2, not 1"),
        ("fast", "transpose_i5_k3_same_ones", "mine/fast: it answers conv, not transpose"),
    ],
)
def test_case_of_no_domain_is_declined_in_the_words_of_a_way(pattern: str, word: str, declined: str) -> None:
    verdict = check(Case.parse(word), with_ways().through(pattern))
    assert (verdict.outcome, verdict.sentence) == ("declined", declined)


def test_pattern_of_ways_is_a_subject_of_what_any_of_them_answers() -> None:
    some = with_ways().through("*a*")
    assert (some.name, list(some.ways)) == ("mine/*a*", ["fast", "plain", "transposed"])
    both = with_ways().through("f*")
    assert both.domain.spaces == {"conv": Space(ranks=(2,), data_formats=("channels_first",))}


@pytest.mark.parametrize(
    ("subject", "pattern", "sentence"),
    [
        (
            with_ways(),
            "fasst",
            "mine has no way 'fasst': one of fast, plain, transposed; did you mean 'fast'?",
        ),
        (with_ways(), "x*", "mine has no way 'x*': one of fast, plain, transposed"),
        (describe(declaring(name="mine")), "fast", "mine has no way 'fast': none, as it has no ways"),
    ],
)
def test_way_that_there_is_not_is_one_sentence(subject: Description, pattern: str, sentence: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the whole text is compared
        subject.through(pattern)
    assert str(refused.value) == sentence


def test_wrong_attribute_of_a_way_names_the_way() -> None:
    with pytest.raises(
        ValueError, match=r"^the subject 'mine/fast' has ranks = \(4,\), not a list of some of "
    ):
        describe(declaring(name="mine", ways={"fast": declaring(ranks=(4,))}))


@pytest.mark.parametrize(
    ("attribute", "meant"),
    [
        ("rank", "ranks"),
        ("dtype", "dtypes"),
        ("operation", "operations"),
        ("max_strides", "max_stride"),
        ("data_format", "data_formats"),
        ("support", "supports"),
        ("compile", "compiles"),
    ],
)
def test_attribute_of_nearly_a_name_is_refused(attribute: str, meant: str) -> None:
    assert refusal(**{attribute: (1,)}) == (
        f"the subject 'mine' has {attribute}, which says nothing; did you mean {meant!r}?"
    )


@pytest.mark.parametrize("attribute", ["calls", "cache_info", "weights", "device"])
def test_attribute_of_another_name_is_the_subjects_own(attribute: str) -> None:
    assert describe(declaring(**{attribute: 1})).name


def test_source_changes_with_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "kept.py").write_text("def answers(case): return 1\n", encoding="utf-8")
    subject = load("kept:answers")
    before = source_of(subject)
    (tmp_path / "kept.py").write_text("def answers(case): return 2\n", encoding="utf-8")
    assert (len(before), source_of(subject) == before) == (16, False)


@pytest.mark.parametrize(
    "subject",
    [fault_named("kernel-flipped"), len, declaring(source="said")],
    ids=["a fault", "a builtin", "one that says so"],
)
def test_source_of_what_no_user_wrote_is_what_it_says(subject: Callable[..., object]) -> None:
    described = describe(subject)
    assert source_of(described) == described.source
