"""The findings of whole runs: one for each cause that a subject is wrong for, and no cause hidden."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.commands.commanding import command_in


def run_of(subject: str, folder: Path, *, seed: int, examples: int = 60) -> tuple[list[dict[str, Any]], str]:
    """The findings of a run as they are recorded, and what it prints."""
    asked = (f"several_causes:{subject}", "--examples", f"{examples}", "--seed", f"{seed}")
    done = command_in(folder)("run", *asked, "--report", "run.jsonl")
    assert done.returncode == 1
    records = map(json.loads, Path(folder, "run.jsonl").read_text(encoding="utf-8").splitlines())
    return [record for record in records if record["type"] == "finding"], done.stdout


@pytest.mark.parametrize("seed", range(3))
def test_a_loud_error_does_not_hide_a_wrong_value(tmp_path: Path, seed: int) -> None:
    found, printed = run_of("refuses_no_images", tmp_path, seed=seed, examples=100)
    assert sorted((one["kind"], one["word"]) for one in found) == [
        ("refused", "conv_n0_i1_k1_same_ones"),
        ("value", "conv_i1_k1_s3_same_ones"),
    ]
    assert "\nDisagrees: 2 findings in " in printed
    (value,) = (one for one in found if one["kind"] == "value")
    drawn = {"values on exact fills", "precision on dyadic", "rounding on reals"}
    assert drawn <= set(value["properties"])  # each of which meets empty batches, too


def test_what_is_wrong_half_of_the_time_is_one_flaky_finding(tmp_path: Path) -> None:
    (found,), printed = run_of("is_wrong_half_of_the_time", tmp_path, seed=0)
    assert found["flaky"] in ("1/5", "2/5", "3/5", "4/5")
    assert found["fault"] == ""
    message = printed.split("disagrees with the reference")[1]
    assert f"\n  flaky    FLAKY {found['flaky']}: the same case disagrees " in message
    assert "looks like" not in message
    assert "probes" not in message
    assert "\nDisagrees: 1 finding in " in message


def test_two_faults_of_two_operations_are_two_findings(tmp_path: Path) -> None:
    found, _ = run_of("has_a_fault_for_each_operation", tmp_path, seed=0)
    assert sorted(one["fault"] for one in found) == ["bias-twice", "stride-ignored"]


def test_two_causes_that_nobody_knows_are_two_findings(tmp_path: Path) -> None:
    found, _ = run_of("is_wrong_for_each_operation", tmp_path, seed=0)
    assert sorted(one["word"] for one in found) == ["conv_i1_k1_s3_same_ones", "depthwise_n2_i1_k1_same_ones"]


def test_a_fault_along_one_axis_is_one_finding_and_named_after_it(tmp_path: Path) -> None:
    (found,), printed = run_of("pads_columns_at_the_other_end", tmp_path, seed=0, examples=20)
    assert found["fault"] == "odd-cell-before-along-1"
    assert "SAME's odd cell placed before instead of after, along axis 1 alone" in printed
