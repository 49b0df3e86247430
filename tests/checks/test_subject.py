"""The description of a subject: one value for whatever answers, and one sentence where it cannot be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields
from pathlib import Path
from typing import get_type_hints

import pytest

from tests.checks.disagreements import CASE, named
from tests.planted import convolutions, fragile
from verify import Case, check
from verify.cases.operands import Array
from verify.cases.operations import AROUND, OPERATIONS
from verify.checks.subject import Declared, Description, Subject, describe, source_of, versions, versions_of
from verify.faults import fault_named
from verify.subjects.isolated import isolated
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
    left_out = ("call", "module", "close", "options", "versions", "headline", "source", "known")
    return {
        field.name: getattr(subject, field.name) for field in fields(subject) if field.name not in left_out
    }


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        (convolutions.right, "tests.planted.convolutions:right"),
        (Case, "verify.cases.case:Case"),
        (named(convolutions.right, "mylib.conv:fast"), "mylib.conv:fast"),
        (fault_named("kernel-flipped"), "fault:kernel-flipped"),
    ],
)
def test_name_of_a_subject_is(subject: Subject, name: str) -> None:
    assert describe(subject).name == name


def test_every_attribute_that_a_subject_may_have_is_a_field_of_its_description() -> None:
    attributes = {field.name for field in fields(Description)} - {"call", "module"}
    assert set(get_type_hints(Declared)) == attributes


def test_subject_that_declares_nothing_answers_convolutions_with_a_bias_and_relu() -> None:
    described = describe(convolutions.right)
    assert (described.operations, described.around, described.refuses) == (("conv",), ("bias", "relu"), ())
    assert (described.switches, described.version, described.known) == ({}, None, ())


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


def test_fault_is_described_alike_by_name_and_as_it_is() -> None:
    described = describe(fault_named("kernel-flipped"))
    assert load("fault:kernel-flipped") == described
    assert (described.operations, described.around) == (tuple(OPERATIONS), AROUND)


@pytest.mark.parametrize("name", ["tests.planted.fragile:counts_its_calls", "fault:kernel-flipped"])
def test_isolated_subject_is_described_as_it_is_here(name: str) -> None:
    there = isolated(name)
    assert facts(describe(there)) == facts(load(name))
    assert [entry.name for entry in describe(there).known] == [entry.name for entry in load(name).known]
    assert describe(there).source == source_of(load(name))
    there.close()


def test_isolated_subject_says_how_and_where_it_runs() -> None:
    described = describe(isolated("tests.planted.fragile:speaks_of_its_process SWITCH=on"))
    assert (described.options, described.switches) == ("--isolate", {"SWITCH": "on"})
    assert described.headline.startswith("tests.planted.fragile:speaks_of_its_process in ")
    assert versions_of(described)["numpy"] == versions()["numpy"]
    described.close()


@pytest.mark.parametrize("entry", [fragile.counts_its_calls.known, list(fragile.counts_its_calls.known)])  # type: ignore[attr-defined]
def test_known_deviations_are_kept_in_order(entry: object) -> None:
    assert describe(declaring(known=entry)).known == tuple(fragile.counts_its_calls.known)  # type: ignore[attr-defined]


def test_conditions_may_use_the_switches_of_a_subject_and_what_it_hands_in() -> None:
    described = describe(declaring(switches={"A": "1"}, condition_names={"onednn": ("float32",)}))
    assert described.condition_names == {"switches": {"A": "1"}, "onednn": ("float32",)}


def test_attribute_that_is_none_says_nothing() -> None:
    assert describe(declaring(version=None, operations=None)).operations == ("conv",)


WORDS = "not a list of some of conv, depthwise, separable, transpose, filtergrad"


@pytest.mark.parametrize(
    ("attribute", "value", "due"),
    [
        ("operations", "conv", WORDS),
        ("operations", ("cnv",), WORDS),
        ("operations", 3, WORDS),
        ("operations", (), WORDS),
        ("operations", {"conv": 1}, WORDS),
        ("refuses", ["conv", 1], WORDS),
        ("around", ("gelu",), f"not a list of some of {', '.join(AROUND)}"),
        ("switches", {"THREADS": 1}, "not a mapping of strings to strings"),
        ("switches", ["A"], "not a mapping of strings to strings"),
        ("version", 1.4, "not a string"),
        ("known", ("what is recorded",), "not a list of deviations"),
        ("condition_names", {"gpu": True}, "not a mapping of some of switches, onednn"),
        ("close", "yes", "not a function"),
        ("headline", 3, "not a string"),
    ],
)
def test_wrong_attribute_is_one_sentence(attribute: str, value: object, due: str) -> None:
    assert refusal(**{attribute: value}) == f"the subject 'mine' has {attribute} = {value!r}, {due}"


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
