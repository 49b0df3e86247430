"""A baseline in a run: what is written, what is compared, and what is said of it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests import forked
from tests.places import PLANTED, ROOT
from tests.planted.behaving import FORWARD, PAIRWISE
from verify import Case, check
from verify.__main__ import main
from verify.checks.subject import Subject, describe
from verify.gate.under_test import Gate
from verify.runs.behaviour.baseline import Conclusion, Watch, cases_for, compared, fixed_cases
from verify.runs.behaviour.record import Behaviour, Response, read_behaviours, text_of

FILE = Path("behaviour.json")
EXACT = "conv_i6x6_c64_k1x1_f4_valid_dyadic1"


def test_fixed_cases_are_distinct() -> None:
    assert len(set(fixed_cases())) == len(fixed_cases())


@pytest.mark.parametrize("case", fixed_cases(), ids=str)
def test_fixed_case_grades_a_right_answer(case: Case) -> None:
    assert check(case, FORWARD).outcome == "agrees"


def test_subject_is_asked_what_it_says_that_it_answers() -> None:
    asked = cases_for(describe(FORWARD))  # it says nothing: convolutions with a bias and relu
    assert {case.operation for case in asked} == {"conv"}
    assert {step for case in asked for step in case.epilogue} == {"bias", "relu"}


def record(**answers: str) -> Behaviour:
    """A record of these outcomes."""
    return Behaviour({word: Response(outcome) for word, outcome in answers.items()}, {}, {})


def test_cases_without_an_answer_are_counted() -> None:
    now = record(conv_i1_k1_same_ones="declined", conv_i2_k1_same_ones="declined")
    assert compared("mine", now, {}, FILE) == (
        False,
        [f"baseline   mine: new in {FILE}, 2 cases, 2 declined"],
    )


def test_cases_that_a_file_does_not_have_are_counted() -> None:
    was = record(conv_i1_k1_same_ones="declined")
    now = record(conv_i1_k1_same_ones="declined", conv_i2_k1_same_ones="declined")
    _, lines = compared("mine", now, {"mine": was}, FILE)
    assert lines[-1] == "  1 case that it does not have yet: --update-baseline adds them"


def test_subject_under_other_switches_is_compared_beside() -> None:
    was = record(conv_i1_k1_same_ones="declined")
    now = record(conv_i1_k1_same_ones="refused")
    before = {"mine ON=0 MORE=1": was, "mine ON=0 MORE=0": was}
    changed, lines = compared("mine ON=1 MORE=0", now, before, FILE)
    assert (changed, lines[1]) == (False, "  beside mine ON=0 MORE=0")
    assert "  turned               1 case: declined → refused" in lines


def test_same_subject_under_other_switches_is_said_to_be_the_same() -> None:
    was = record(conv_i1_k1_same_ones="declined")
    _, lines = compared("mine ON=1", was, {"mine ON=0": was}, FILE)
    assert lines[1:] == ["  beside mine ON=0: no bit differs"]


def run(folder: Path, *options: str, order: str = "forward") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{PLANTED}", "ORDER": order}
    few = ("--examples", "1", "--seed", "1")
    command = ("verify", "run", "behaving:adds", *few, *options)
    return forked.run(*command, folder=folder, environment=environment)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Sequence[subprocess.CompletedProcess[str]]:
    """A first run, and one in another order."""
    folder = tmp_path_factory.mktemp("runs")
    settings = f"[tool.conv-verify]\nbaseline = '{FILE}'\n"
    (folder / "pyproject.toml").write_text(settings, encoding="utf-8")
    return run(folder), run(folder, order="pairwise")


def last(done: subprocess.CompletedProcess[str]) -> tuple[int, str]:
    return done.returncode, done.stdout.splitlines()[-1]


def test_first_run_writes_the_baseline(runs: Sequence[subprocess.CompletedProcess[str]]) -> None:
    assert last(runs[0]) == (0, f"baseline   behaving:adds: new in {FILE}, 41 cases")


def test_another_order_fails_a_run_in_which_every_bound_holds(
    runs: Sequence[subprocess.CompletedProcess[str]],
) -> None:
    changed = f"Changed: the subject, since {FILE} was written; --update-baseline accepts it."
    assert last(runs[1]) == (1, changed)
    assert "\nHolds: " in runs[1].stdout


class Named:
    """A subject that is called the same whatever it does."""

    name, operations, around = "mine", ("depthwise",), ()

    def __init__(self, subject: Subject) -> None:
        self._subject = subject

    def __call__(self, case: Case) -> Any:
        return self._subject(case)


def concluded(
    file: Path, subject: Subject, until: float = float("inf"), *, update: bool = False
) -> Conclusion:
    """What a run says of a subject."""
    watch = Watch(file, until, update=update)
    item = SimpleNamespace(cls=SimpleNamespace(gate=Gate(Named(subject), None)))
    watch.pytest_runtest_setup(item)
    watch.pytest_runtest_setup(item)
    return watch.conclude()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A baseline of sums from the first product to the last."""
    concluded(tmp_path / FILE, FORWARD)
    return tmp_path / FILE


def test_same_subject_has_not_changed(file: Path) -> None:
    same = f"baseline   mine: the same bits as in {file}, 7 cases"
    assert concluded(file, FORWARD) == ([same], "", 0)


def test_change_is_described_where_the_file_is_named(file: Path) -> None:
    lines = concluded(file, PAIRWISE).lines
    assert lines[1] == f"mine answers otherwise than {file} says"
    assert lines[2].startswith("  differ in ")
    assert lines[-2:] == ["  versions             the same", "  machine              the same"]


def test_change_leaves_what_is_recorded(file: Path) -> None:
    before = file.read_text(encoding="utf-8")
    assert concluded(file, PAIRWISE).code == 1
    assert file.read_text(encoding="utf-8") == before


def test_change_is_accepted_by_an_update(file: Path) -> None:
    accepted = concluded(file, PAIRWISE, update=True)
    assert (accepted.code, accepted.sentence) == (0, f"Rewritten: {file}, as the subject had changed.")
    assert concluded(file, PAIRWISE).code == 0


def test_update_keeps_subjects_that_did_not_run(file: Path) -> None:
    other = {"other": record(conv_i1_k1_same_ones="declined")}
    file.write_text(text_of({**read_behaviours(file), **other}), encoding="utf-8")
    concluded(file, PAIRWISE, update=True)
    assert list(read_behaviours(file)) == ["mine", "other"]


def test_subject_for_which_there_was_no_time_proves_too_little(tmp_path: Path) -> None:
    assert concluded(tmp_path / FILE, FORWARD, until=0.0).code == 3


def test_foreign_file_stops_a_run_before_it_begins(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "b.json"
    file.write_text("{}", encoding="utf-8")
    assert main(["run", "verify.faults.summation:summed_forward", "--baseline", str(file)]) == 2
    assert capsys.readouterr().err.startswith(
        f"conv-verify: {file}, line 1: it is no baseline: it has no 'format'"
    )


def test_nothing_to_update_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "verify.faults.summation:summed_forward", "--update-baseline"]) == 2
    assert capsys.readouterr().err == "conv-verify: --update-baseline needs --baseline FILE\n"
