"""Regions on the command line: what a run says of them, and a run of some of them alone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.commands.commanding import Command
from verify import Case
from verify.__main__ import main
from verify.cases.regions import regions, regions_of
from verify.reports.schema import records_in


def test_list_has_every_region_with_its_sentence_and_links(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "regions"]) == 0
    listed = capsys.readouterr().out
    assert [region.name for region in regions().values() if f"\n{region.name} " not in f"\n{listed}"] == []
    assert [region.name for region in regions().values() if region.sentence not in listed] == []
    assert [
        link for region in regions().values() for link in region.libraries.values() if link not in listed
    ] == []


def test_a_run_says_how_many_regions_were_graded_and_at_what_least_budget(command: Command) -> None:
    done = command("run", "subjects_to_gate:right", "--examples", "5", "--seed", "1", "-v")
    assert done.returncode == 0
    assert re.search(r"\nregions    (\d\d) of \1 graded; the fewest cases in ", done.stdout)
    assert "cases meet each way, operation, dtype and region" in " ".join(done.stdout.split())


def test_a_kernel_that_is_wrong_in_one_region_alone_is_found_by_a_default_run(command: Command) -> None:
    done = command("run", "subjects_to_gate:wrong_in_blocks", "--seed", "1")
    assert done.returncode == 1
    assert "k3x3" in done.stdout


def test_a_run_may_be_of_some_regions_alone(command: Command, tmp_path: Path) -> None:
    records = tmp_path / "records.jsonl"
    chosen = ("--regions", "causal,pointwise", "--examples", "10", "--seed", "1", "--report", str(records))
    assert command("run", "subjects_to_gate:right", *chosen).returncode == 0
    asked = [Case.parse(record["word"]) for record in records_in(records) if record["type"] == "case"]
    assert len(asked) > 50
    assert [str(case) for case in asked if not {"causal", "pointwise"} & {*regions_of(case)}] == []


def test_a_region_that_does_not_exist_is_refused_with_the_nearest(command: Command) -> None:
    done = command("run", "subjects_to_gate:right", "--regions", "casual")
    assert done.returncode == 2
    assert "did you mean 'causal'?" in done.stderr
