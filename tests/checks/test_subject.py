"""The description of a subject: one value for whatever answers, and one sentence where it cannot be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from tests.checks.declaring import declaring
from tests.checks.disagreements import CASE, named
from tests.planted import convolutions, fragile
from verify import Case, check, reference
from verify.cases.domain import BOUNDS, Domain, Space
from verify.cases.operations import AROUND, OPERATIONS
from verify.checks.declarations import DOMAIN, Declared
from verify.checks.subject import ATTRIBUTES, Description, Subject, describe
from verify.checks.versions import source_of, versions, versions_of
from verify.faults import fault_named
from verify.subjects.isolated import TIMEOUT_S, isolated
from verify.subjects.registry import load


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


SPATIAL = "conv_i5x5_k3x3_same_ones"


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


def test_way_of_another_operation_is_drawn_where_the_subject_says_none() -> None:
    ways = {"plain": declaring(), "transposed": declaring(operations=("transpose",), around=())}
    described = describe(declaring(ways=ways))
    assert [(*way.drawn().spaces,) for way in described.routes] == [("conv",), ("transpose",)]
    assert described.operations == ("conv", "transpose")
    assert described.through("transposed").operations == ("transpose",)
    assert described.through("pl*").operations == ("conv",)


@pytest.mark.parametrize(
    "said",
    [{"operations": ("conv",)}, {"operations": ("transpose",), "ranks": (1,)}],
    ids=["operation", "rank"],
)
def test_way_of_nothing_that_its_subject_answers_is_refused(said: dict[str, Any]) -> None:
    ways = {"odd": declaring(operations=("transpose",), ranks=(2,))}
    with pytest.raises(ValueError, match=r"^the way 'mine/odd' answers nothing of what mine does$"):
        describe(declaring(name="mine", ways=ways, **said))


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
