"""Recorded disagreements: what an entry explains, in which versions, and which entries are refused."""

from __future__ import annotations

import json
from datetime import date
from importlib.resources import files

import pytest

from tests.places import ROOT
from verify import Case
from verify.cases.predicates import Predicate
from verify.checks.deviations import Deviation, about, condition, deviation_of, entry_of, parse_deviations
from verify.faults import FAULTS
from verify.oracle.compare import KINDS

ENTRY = {
    "name": "'flips'",
    "subjects": "['mine', 'mine:fast']",
    "kinds": "['value', 'non-finite']",
    "when": "'rank == 1'",
    "word": "'conv_i2_k2_same_ones'",
    "sentence": "'It flips the kernel.'",
}

FLIPS = Deviation(
    name="flips",
    subjects=("mine",),
    kinds=("value",),
    when=Predicate("rank == 1"),
    word="conv_i2_k2_same_iota",
    sentence="It flips the kernel.",
)
FAST = FLIPS._replace(name="fast", when=condition("rank == 1 and switches.get('FAST') == '1'"))

ONE_AXIS = Case.parse("conv_i2_k2_same_ones")
TWO_AXES = Case.parse("conv_i2x2_k2x2_same_ones")


def toml(**changed: str | None) -> str:
    """An entry of a deviation file, some of its lines changed, added or (None) left out."""
    lines = {key: value for key, value in {**ENTRY, **changed}.items() if value is not None}
    return "grammar = 2\n[[deviation]]\n" + "".join(f"{key} = {value}\n" for key, value in lines.items())


def read(text: str, *, subject: str, version: str | None) -> tuple[Deviation, ...]:
    return about(parse_deviations(text), subject=subject, version=version)


def names(text: str, *, subject: str = "mine", version: str | None = None) -> list[str]:
    return [deviation.name for deviation in read(text, subject=subject, version=version)]


def refusal(text: str) -> str:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the whole text is compared
        read(text, subject="mine", version=None)
    return str(refused.value)


def test_entry_is_read_field_by_field():
    (deviation,) = read(toml(versions="['2.21']", link="'https://x'"), subject="mine", version="2.21.0")
    assert deviation._replace(when=deviation.when.text) == (
        "flips",
        ("mine", "mine:fast"),
        ("value", "non-finite"),
        "rank == 1",
        "conv_i2_k2_same_ones",
        "It flips the kernel.",
        ("2.21",),
        "https://x",
        "",
        False,
        "",
        None,
        {},
        "",
        False,
        "",
        False,
    )


def test_entries_keep_their_order():
    assert names(toml() + toml(name="'shifts'").removeprefix("grammar = 2\n")) == ["flips", "shifts"]


def test_empty_file_has_no_entry():
    assert names("# nothing is known\n") == []


@pytest.mark.parametrize("subject", ["mine", "mine:quick/a.conv+b"])
def test_entry_of_ways_is_about_these_and_the_subject_that_has_them(subject):
    assert names(toml(subjects="['mine', 'mine:quick/*+b']"), subject=subject) == ["flips"]


@pytest.mark.parametrize("subject", ["mine:quick/a.conv", "mine:slow/a.conv+b", "mine:slow"])
def test_entry_of_ways_is_about_no_others(subject):
    assert names(toml(subjects="['mine', 'mine:quick/*+b']"), subject=subject) == []


@pytest.mark.parametrize("subject", ["mine", "mine:fast"])
def test_entry_is_about_each_of_its_subjects(subject):
    assert names(toml(), subject=subject) == ["flips"]


@pytest.mark.parametrize("subject", ["yours", "min", "mine:slow", ""])
def test_entry_is_about_no_other_subject(subject):
    assert names(toml(), subject=subject) == []


@pytest.mark.parametrize("version", ["2.21", "2.21.0", "2.21.17", "2.21.0.dev3"])
def test_version_covers_its_releases(version):
    assert names(toml(versions="['2.21']"), version=version) == ["flips"]


@pytest.mark.parametrize("version", ["2.2", "2.2.1", "2", "2.210", "2.211.0", "12.21.0", "3.0"])
def test_version_covers_no_other_release(version):
    (entry,) = read(toml(versions="['2.21']"), subject="mine", version=None)
    assert not entry.covers(version)


def _more(**changed: str | None) -> str:
    """A second entry of a file."""
    return toml(**changed).removeprefix("grammar = 2\n")


def test_entry_of_other_releases_is_left_out_of_one_that_others_were_seen_in():
    both = toml(versions="['2.20']") + _more(name="'turns'", versions="['2.21']")
    assert names(both, version="2.21.0") == ["turns"]


def test_every_entry_is_kept_for_a_release_that_none_was_seen_in():
    both = toml(versions="['2.20']") + _more(name="'turns'", versions="['2.21']")
    assert names(both, version="2.22.0rc0") == ["flips", "turns"]


@pytest.mark.parametrize("version", ["2.20.1", "2.21.0"])
def test_any_of_the_versions_will_do(version):
    assert names(toml(versions="['2.20', '2.21']"), version=version) == ["flips"]


def test_entry_without_versions_is_about_all():
    assert names(toml(), version="9.9") == ["flips"]


def test_subject_without_a_version_has_every_entry():
    assert names(toml(versions="['2.21']"), version=None) == ["flips"]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (
            {"when": "'rnk == 1'"},
            "the condition 'rnk == 1' cannot be evaluated: name 'rnk' is not defined; did you mean 'rank'?",
        ),
        ({"word": "'conv_k2'"}, "'conv_k2' is no case: it has no size token, such as i3x3"),
        ({"when": None}, "it has no 'when'"),
        ({"word": None}, "it has no 'word'"),
        ({"colour": "'red'"}, f"it has 'colour', which is none of its keys, {', '.join(Deviation._fields)}"),
    ],
)
def test_entry_that_cannot_be_read_is_refused(changed, reason):
    assert refusal(toml(**changed)) == f"the deviation 'flips' cannot be read: {reason}"


def test_entry_without_a_name_is_refused():
    assert refusal(toml(name=None)).startswith("the deviation 'without a name' cannot be read: ")


def test_entry_with_an_unknown_kind_is_refused():
    kinds = f"{', '.join(KINDS)}; did you mean 'value'?"
    said = f"the deviation 'flips' has the unknown kind 'values': it is none of {kinds}"
    assert refusal(toml(kinds="['value', 'values']")) == said


@pytest.mark.parametrize(
    ("key", "value"),
    [("versions", "'2.21'"), ("subjects", "'mine:fast'"), ("kinds", "'value'"), ("versions", "[2.20]")],
)
def test_entry_whose_list_is_none_is_refused(key, value):
    shown = value.replace("[2.20]", "(2.2,)")
    assert refusal(toml(**{key: value})) == (
        f"the deviation 'flips' cannot be read: {key} is {shown}, not a list of strings"
    )


@pytest.mark.parametrize("value", ["2026-01-31", "'2026-01-31'"])
def test_entry_may_expire(value):
    (deviation,) = read(toml(expires=value), subject="mine", version=None)
    assert deviation.expires == date(2026, 1, 31)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("'soon'", "Invalid isoformat string: 'soon'"),
        ("3", "expires is 3, not a date such as 2026-01-31"),
        (
            "2026-01-31T00:00:00",
            "expires is datetime.datetime(2026, 1, 31, 0, 0), not a date such as 2026-01-31",
        ),
    ],
)
def test_entry_that_expires_on_no_day_is_refused(value, reason):
    assert refusal(toml(expires=value)) == f"the deviation 'flips' cannot be read: {reason}"


def test_entry_of_no_range_of_versions_is_refused():
    refused = "the deviation 'flips' cannot be read: '2.x' is no range of versions, such as "
    assert refusal(toml(versions="['2.x']")) == f"{refused}'2.21' or '>=2.20,<2.22'"


def test_entry_of_an_unknown_fault_is_refused():
    assert refusal(toml(fault="'gremlins'")) == (
        "the deviation 'flips' cannot be read: no fault is named 'gremlins'; `list` names them"
    )


def test_entry_may_name_a_fault():
    (deviation,) = read(toml(fault=f"'{FAULTS[0].name}'"), subject="mine", version=None)
    assert deviation.fault == FAULTS[0].name


def test_entry_survives_json():
    (deviation,) = read(toml(versions="['2.21']", expires="2026-01-31"), subject="mine", version=None)
    again = deviation_of(json.loads(json.dumps(entry_of(deviation))))
    assert again._replace(when=deviation.when) == deviation


@pytest.mark.parametrize(("key", "value"), [("word", "3"), ("when", "3"), ("sentence", "3")])
def test_entry_whose_text_is_none_is_refused(key, value):
    assert refusal(toml(**{key: value})) == (
        f"the deviation 'flips' cannot be read: {key} is {value}, not a string"
    )


@pytest.mark.parametrize("header", ["[deviation]", "[[deviations]]", "[[known]]"])
def test_file_with_another_header_is_refused(header):
    text = toml().replace("[[deviation]]", header)
    assert refusal(text) == "a file of deviations holds `grammar`, [[deviation]] entries and nothing else"


def test_text_that_is_no_toml_is_refused():
    assert refusal("[[deviation]\n").startswith("Expected ']]' at the end of an array declaration")


def test_entry_explains_its_kind_where_its_condition_holds():
    assert FLIPS.explains(ONE_AXIS, "value", {})


@pytest.mark.parametrize("kind", ["shape", "refused", "not repeatable", None])
def test_entry_explains_no_other_kind(kind):
    assert not FLIPS.explains(ONE_AXIS, kind, {})


def test_entry_explains_nothing_where_its_condition_fails():
    assert not FLIPS.explains(TWO_AXES, "value", {})


@pytest.mark.parametrize(
    ("switches", "explained"), [({"FAST": "1"}, True), ({"FAST": "0"}, False), ({}, False)]
)
def test_entry_may_be_about_one_setting_of_a_switch(switches, explained):
    assert FAST.explains(ONE_AXIS, "value", {"switches": switches}) is explained


@pytest.mark.parametrize(
    ("switches", "explained"), [({"FAST": "1"}, True), ({"FAST": "0"}, False), ({}, False)]
)
def test_entry_applies_under_the_switches_that_its_own_word_needs(switches, explained):
    assert FAST.applies({"switches": switches}) is explained


def test_entry_whose_word_does_not_meet_its_condition_applies_nowhere():
    assert not FLIPS._replace(word="conv_i2x2_k2x2_same_ones").applies({})


def test_the_readme_says_how_many_are_recorded_of_tensorflow():
    known = parse_deviations(files("verify.subjects.tensorflow").joinpath("known.toml").read_text("utf-8"))
    readme = ROOT / "README.md"
    assert f" {len(known)} deviations" in readme.read_text("utf-8")


@pytest.mark.parametrize("text", ["switches.get('A') == '1'", "'bfloat16' in onednn"])
def test_condition_may_use_what_a_subject_says_of_itself(text):
    subject = {"switches": {"A": "1"}, "onednn": ("float32", "bfloat16")}
    deviation = FLIPS._replace(when=condition(text))
    assert (deviation.applies(subject), deviation.applies({})) == (True, False)


def test_condition_with_a_name_that_no_subject_hands_in_is_refused():
    assert refusal(toml(when="'gpu'")).endswith("cannot be evaluated: name 'gpu' is not defined")
