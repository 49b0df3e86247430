"""What pytest writes of a gate in workers of xdist: records, JUnit's XML and Hypothesis's observations."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests import forked
from tests.places import ALONE, GATE_PLUGINS, PLANTED, ROOT
from verify.gate.properties import PROPERTIES
from verify.reports.merge import Merged, merged

SOURCE = """
from verify.gate import conformance

TestMine = conformance("subjects_to_gate:widens", ranks=(1,))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a gate was run that fails one property, by two workers that write to one file."""
    made = tmp_path_factory.mktemp("reports")
    (made / "test_mine.py").write_text(SOURCE)
    options = [*GATE_PLUGINS, "-p", "xdist", "-n", "2", "--conv-examples=9", "--hypothesis-seed=1"]
    reports = ["--conv-report=a.jsonl", "--junitxml=a.xml"]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{PLANTED}", ALONE: "1"}
    observed = {f"HYPOTHESIS_EXPERIMENTAL_OBSERVABILITY{suffix}": "1" for suffix in ("", "_NOCOVER")}
    subprocess.run(
        [sys.executable, "-m", "pytest", *options, *reports],
        cwd=made, env={**environment, **observed}, capture_output=True, check=False,
    )  # fmt: skip
    return made


@pytest.fixture(scope="module")
def records(folder: Path) -> Merged:
    return merged([folder / "a.jsonl"])


def test_records_of_all_workers_are_in_one_file(records: Merged):
    names = ["elsewhere", "faults", "met", *(judged.name for judged in PROPERTIES if not judged.illegal)]
    assert [tally.name for tally in records.tallies] == names
    assert [tally.name for tally in records.tallies if tally.failures] == [
        "elsewhere",
        "faults",
        "met",
        "form",
    ]


def test_session_writes_its_beginning_and_its_end(records: Merged):
    (run,) = records.runs
    assert run.begun["shard"] == "1/1"
    assert run.end is not None
    assert (run.end["exit"], records.exit_code) == (1, 1)


@pytest.fixture(scope="module")
def junit(folder: Path) -> dict[str, Any]:
    """JUnit's test cases by their names."""
    return {case.attrib["name"]: case for case in ET.parse(folder / "a.xml").iter("testcase")}


def test_junit_has_one_case_for_each_property(junit: dict[str, Any]):
    names = [
        "pinned",
        "elsewhere",
        "known",
        "limits",
        "met",
        "faults",
        *(judged.name for judged in PROPERTIES),
    ]
    assert sorted(junit) == sorted(f"test_{name}" for name in names)


def test_failure_of_junit_ends_with_the_replay_line(junit: dict[str, Any]):
    message = junit["test_form"].find("failure").attrib["message"]
    assert message.splitlines()[0].startswith("subjects_to_gate:widens disagrees with the reference: ")
    assert message.splitlines()[-1].startswith(
        "  replay   conv-verify replay subjects_to_gate:widens conv_i1_k1_"
    )


def test_properties_of_junit_are_numbers_and_words(junit: dict[str, Any]):
    values = {entry.attrib["name"]: entry.attrib["value"] for entry in junit["test_form"].iter("property")}
    assert list(values) == [
        "subject", "property", "verdict", "cases", "graded", "vacuous", "declined", "known", "failed",
    ]  # fmt: skip
    assert (values["verdict"], values["failed"]) == ("disagrees", "conv_i1_k1_same_ones")


def test_observations_of_hypothesis_have_the_word_and_the_outcome(folder: Path):
    (file,) = (folder / ".hypothesis" / "observed").glob("*_testcases.jsonl")
    observations = [json.loads(line) for line in file.read_text().splitlines()]
    values = [
        observation
        for observation in observations
        if observation["property"] == "test_mine.py::TestMine::test_values"
    ]
    assert "asked=('', Case.parse('conv_i1_k1_same_ones'))" in values[0]["representation"]
    assert "outcome: agrees" in values[0]["features"]


def test_annotation_of_a_suite_stands_at_the_line_of_its_test(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "tests" / "test_mine.py").write_text(SOURCE)
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{PLANTED}", ALONE: "1", "GITHUB_ACTIONS": "true"}
    done = forked.run(
        "pytest", *GATE_PLUGINS, "--conv-examples=9", "-k", "form",
        folder=tmp_path / "tests", environment=environment,
    )  # fmt: skip
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("::error "))
    assert line.startswith("::error file=tests/test_mine.py,line=4,title=subjects_to_gate%3Awidens disagrees")
