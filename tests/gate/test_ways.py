"""A gate keeps to what a subject says that it answers, and names the way that was asked."""

from __future__ import annotations

import contextlib
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.commands.commanding import Command, command_in
from tests.planted import with_ways
from verify import Case, Mismatch
from verify.checks.deviations import Deviation, deviation_of
from verify.checks.subject import Subject, describe
from verify.config.session import Options, Session
from verify.corpus.failures import failures_in
from verify.gate import conformance
from verify.gate.properties import PROPERTIES
from verify.reports.records import Record
from verify.reports.tally import Tally
from verify.subjects.registry import load

NAME = "tests.planted.with_ways:layers"

LEGAL = [judged.name for judged in PROPERTIES if not judged.illegal]


def gated(subject: str | Subject, *names: str, **narrowings: Any) -> tuple[list[Record], list[Tally]]:
    """The records of some tests of a gate, and the tallies of each."""
    records: list[Record] = []
    held: Any = conformance(subject, **narrowings)
    held.gate.session = Session(options=Options(examples=30, seed=1), record=records.append)
    for name in names:
        with contextlib.suppress(Mismatch, ExceptionGroup):
            getattr(held(), f"test_{name}")()
        held.gate.close(f"test_{name}", 0.5)
    return records, [judge.tallier.tally for judge in held.gate.judges.values()]


def cases_in(records: list[Record]) -> list[tuple[str, Case]]:
    return [(line["way"], Case.parse(line["word"])) for line in records if line["type"] == "case"]


NARROW = {"channels first alone": with_ways.channels_first_alone, "takes little": with_ways.takes_little}


@pytest.mark.parametrize("subject", NARROW.values(), ids=NARROW)
def test_subject_that_takes_little_is_asked_nothing_else(subject: Subject):
    records, tallies = gated(subject, "faults", *LEGAL)
    assert {tally.name: (tally.verdict, tally.declined.total()) for tally in tallies} == dict.fromkeys(
        ["faults", *LEGAL], ("holds", 0)
    )
    assert [str(case) for _, case in cases_in(records) if not describe(subject).domain.holds(case)] == []


@pytest.mark.parametrize("subject", NARROW.values(), ids=NARROW)
def test_all_examples_of_a_subject_that_takes_little_are_graded(subject: Subject):
    _, (tally,) = gated(subject, "values", fills=("ints",))
    assert tally.graded >= 25


def test_witnesses_of_channels_first_alone_are_channels_first_and_as_many_as_of_both():
    first, both = (
        conformance(subject).gate.witnesses({})  # type: ignore[attr-defined]
        for subject in (with_ways.channels_first_alone, with_ways.right)
    )
    assert {case.channels_first for _, case in first.values()} == {True}
    assert set(first) == set(both)
    assert len(first) > 50


def test_lecture_is_asked_in_the_data_format_that_there_is():
    records, _ = gated(with_ways.channels_first_alone, "pinned")
    assert [str(case) for _, case in cases_in(records)] == ["conv_i7x7_c3_k3x3_f2_s2x2_valid_cf_bias_cs231n"]


@pytest.mark.parametrize("narrowing", [{"views": ("strided",)}, {"padding_modes": ("reflect",)}])
def test_lecture_proves_nothing_of_layouts_and_modes_that_are_chosen(narrowing: dict[str, Any]):
    with pytest.raises(pytest.skip.Exception, match="no word is pinned"):
        gated(with_ways.right, "pinned", **narrowing)


def test_what_failed_elsewhere_finds_what_is_wrong_on_one_such_word():
    records, (tally,) = gated(with_ways.takes_the_columns_stride, "elsewhere", fills=("iota",))
    (failure,) = [record for record in records if record["type"] == "failure"]
    assert (tally.title, tally.verdict) == ("words that failed elsewhere", "disagrees")
    assert failure["word"].startswith("conv_")
    assert "s1x2" in failure["word"]


def test_what_failed_elsewhere_is_carried_into_a_domain():
    records, (tally,) = gated(with_ways.of_bfloat16, "elsewhere")
    asked = [case for _, case in cases_in(records)]
    assert {(case.operation, case.rank, case.format.token) for case in asked} == {("conv", 1, "bfloat16")}
    assert len(asked) == len(set(asked)) > 10
    assert (tally.verdict, tally.declined.total()) == ("holds", 0)


def test_what_failed_elsewhere_keeps_to_the_narrowings():
    records, _ = gated(with_ways.right, "elsewhere", ranks=(2,), fills=("ones",), steps=("plain",))
    asked = [case for _, case in cases_in(records)]
    assert {(case.rank, case.fill, max(case.strides + case.dilations)) for case in asked} == {(2, "ones", 1)}


def test_illegal_calls_that_failed_elsewhere_are_asked_of_what_refuses_them():
    records, _ = gated("tests.planted.subjects_to_gate:refuses", "elsewhere")
    assert any(case.illegal for _, case in cases_in(records))
    records, _ = gated(with_ways.right, "elsewhere")
    assert not any(case.illegal for _, case in cases_in(records))


def test_each_way_is_asked_what_failed_elsewhere_but_of_what_compiles_one_in_turn():
    records, _ = gated(f"{NAME}/[pt]*", "elsewhere")
    compiled, _ = gated(with_ways.one_wrong_compiled, "elsewhere")
    assert {way for way, _ in cases_in(records)} == {"plain", "two-axes"}
    words = [str(case) for _, case in cases_in(compiled)]
    assert len(words) == len(set(words))
    assert {way for way, _ in cases_in(compiled)} == {"right", "wrong"}


def test_subject_with_ways_is_asked_by_all_of_them():
    records, _ = gated(NAME, "values", ranks=(1, 2), fills=("ints",))
    ways = {way for way, _ in cases_in(records)}
    assert ways == {"plain", "two-axes", "fast"}
    assert {case.rank for way, case in cases_in(records) if way == "two-axes"} == {2}


def test_tally_counts_the_ways():
    _, (tally,) = gated(f"{NAME}/[pt]*", "values", fills=("ints",))
    assert set(tally.coverage["way"]) == {"plain", "two-axes"}
    assert sum(tally.coverage["way"].values()) == tally.cases


def test_case_is_new_for_each_way():
    records, _ = gated(f"{NAME}/[pt]*", "pinned")
    assert [(way, str(case)) for way, case in cases_in(records)] == [
        ("plain", "conv_i7x7_c3_k3x3_f2_s2x2_valid_bias_cs231n"),
        ("two-axes", "conv_i7x7_c3_k3x3_f2_s2x2_valid_bias_cs231n"),
    ]


def failure_of(*names: str, **narrowings: Any) -> Record:
    """What is recorded of the one failure of the subject's ways."""
    records, _ = gated(NAME, *names, **narrowings)
    (failure,) = [record for record in records if record["type"] == "failure"]
    return failure


def test_failure_and_its_replay_line_name_the_way():
    failure = failure_of("values", ranks=(1,), fills=("ints",))
    assert (failure["way"], failure["word"]) == ("fast", "conv_i1_k1_same_ones")
    assert failure["replay"] == f"conv-verify replay {NAME}/fast conv_i1_k1_same_ones"
    assert failure["message"].startswith(f"{NAME}/fast disagrees with the reference: ")
    assert failure["message"].endswith(failure["replay"])


def test_pinned_word_that_a_way_fails_names_it():
    failure = failure_of("pinned")
    assert failure["way"] == "fast"
    assert f"{NAME}/fast" in failure["message"]


@pytest.mark.parametrize(
    ("pattern", "ways"),
    [
        ("*", {"plain", "two-axes", "fast"}),
        ("[pt]*", {"plain", "two-axes"}),
        ("*a*", {"plain", "two-axes", "fast"}),
    ],
)
def test_pattern_gates_the_ways_that_it_fits(pattern: str, ways: set[str]):
    held: Any = conformance(f"{NAME}/{pattern}")
    assert (held.gate.subject.name, set(held.gate.routes)) == (f"{NAME}/{pattern}", ways)


def test_one_way_is_gated_alone():
    records, (tally,) = gated(f"{NAME}/two-axes", "values", fills=("ints",))
    assert tally.verdict == "holds"
    assert {case.rank for _, case in cases_in(records)} == {2}


def test_way_of_a_deviation_is_excused_there_alone():
    held: Any = conformance(NAME, known=[known_of("fast")], fills=("ints",), ranks=(1,))
    held().test_values()
    held().test_known()
    assert held.gate.judges["test_values"].tallier.tally.known["shifted"] > 0


def test_deviation_of_another_way_excuses_nothing():
    held: Any = conformance(NAME, known=[known_of("plain")], fills=("ints",), ranks=(1,))
    with pytest.raises(Mismatch, match="/fast disagrees"):
        held().test_values()


def known_of(way: str) -> Deviation:
    return deviation_of(
        {
            "name": "shifted",
            "subjects": [f"{NAME}/{way}"],
            "kinds": ["value"],
            "when": "True",
            "word": "conv_i1_k1_same_ones",
            "sentence": "It adds one.",
        }
    )


@pytest.fixture
def command(tmp_path: Path) -> Command:
    return command_in(tmp_path)


def test_record_pin_and_report_of_a_run_name_the_way(command: Command, tmp_path: Path):
    drawn = ("--examples", "20", "--seed", "1", "--ranks", "1", "--dtypes", "float32", "--fills", "ints")
    assert command("run", NAME, *drawn, "--pin", "--report", "a.jsonl").returncode == 1
    failed = failures_in(tmp_path / ".conv-verify" / "failures.jsonl")
    assert {failure.subject for failure in failed} == {f"{NAME}/fast"}
    pins = (tmp_path / "conv-verify-pins" / "pins.txt").read_text().splitlines()
    assert pins[0] == "# grammar 2"
    assert "conv_i1_k1_same_ones" in pins
    said = f"# {date.today().isoformat()}: {NAME}/fast disagrees with the reference: "
    assert [line for line in pins[1:] if line.startswith("#") and not line.startswith(said)] == []
    lines = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    assert {line["way"] for line in lines if line["type"] == "failure"} == {"fast"}
    again = command("replay", "--trust")
    assert again.returncode == 1
    assert f"conv-verify replay {NAME}/fast conv_i1_k1_same_ones" in again.stdout


def test_replay_asks_each_way_that_has_the_case(command: Command):
    replayed = command("replay", NAME, "conv_i1_k1_same_ones")
    assert replayed.returncode == 1
    asked = [f"{NAME}/{way}" in replayed.stdout for way in ("plain", "two-axes", "fast")]
    assert asked == [True, False, True]


def test_way_is_loaded_by_its_name():
    assert load(f"{NAME}/two-axes").name == f"{NAME}/two-axes"
    assert load(NAME).through("two-axes").domain.spaces == load(f"{NAME}/two-axes").domain.spaces
