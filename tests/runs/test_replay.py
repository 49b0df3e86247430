"""Replays: what became of a case, and the record of failures that says what it was before."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests import forked
from tests.checks.disagreements import look_like
from tests.places import PLANTED, ROOT
from verify import Case, Declined, reference
from verify.__main__ import main
from verify.checks.examination import Examination
from verify.checks.interrupts import Interrupted
from verify.checks.path import Examiner
from verify.checks.project import FAILURES
from verify.checks.subject import describe
from verify.corpus import failures
from verify.corpus.failures import Failed, Trait, failed, remember, trait_of
from verify.runs.replay import Became, became_of, replay_exit_code, replay_sentence

WORD, OTHER = "conv_i1_k1_same_ones", "conv_i2_k1_same_ones"
CASE = Case.parse(WORD)


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    look_like(monkeypatch, "")
    monkeypatch.setattr("verify.runs.replay.diagnosed", lambda failure: failure)  # it asks more cases


class Acts:
    """A subject that acts in these ways in turn."""

    name = "mine:acts"

    def __init__(self, *ways: str) -> None:
        self._ways = cycle(ways)

    def __call__(self, case: Case) -> Any:
        way, right = next(self._ways), reference(case).astype(case.dtype)
        if way == "declines":
            raise Declined("not today")
        if way == "interrupted":
            raise Interrupted
        if way.endswith("Error"):
            raise {"ValueError": ValueError, "KeyError": KeyError}[way](f"call {id(right)}")
        return {
            "right": right,
            "wrong": right + 1,
            "wide": right.astype(np.float64),
            "both": right + np.float64([1]),
        }[way]


def failure(way: str) -> Examination:
    return Examiner(subject=describe(Acts(way))).examine(CASE)


def before(way: str, **changed: Any) -> Failed:
    """The record of a failure, of another day."""
    return replace(failed(failure(way)), first_seen="2026-01-31", **changed)


def became(*ways: str, past: Sequence[Failed] = ()) -> Became:
    """What became of a case whose subject acts in these ways, two in each answer of a right one."""
    examiner = Examiner(subject=describe(Acts(*ways)), repeats=2)
    return became_of(examiner, CASE, past)


def test_right_case_without_a_past_holds():
    assert became("right") == Became("agrees")


def test_right_case_without_a_past_is_asked_no_more_than_its_bits_need():
    assert became("right", "right", "wrong").status == "agrees"


def test_right_case_that_failed_before_is_fixed():
    outcome = became("right", past=[before("wrong")])
    assert outcome[:3] == ("FIXED", "holds; it failed on 2026-01-31: value", "")


def test_fixed_case_is_recorded_as_such_with_the_day():
    (fixed,) = became("right", past=[before("wrong")]).failures
    assert fixed == before("wrong", fixed=date.today().isoformat())


def test_case_that_fails_as_before_is_still_there():
    outcome = became("wrong", past=[before("wrong")])
    assert outcome[:2] == ("STILL", "value, since 2026-01-31")
    assert outcome.message.startswith("mine:acts disagrees with the reference: 1 of 1 values differ\n")


def test_case_of_another_kind_has_changed():
    outcome = became("ValueError", past=[before("wrong")])
    assert outcome[:2] == ("CHANGED", "refused, it raised ValueError; before, on 2026-01-31: value")


def test_case_that_raises_another_error_has_changed():
    assert became("ValueError", past=[before("KeyError")]).status == "CHANGED"


def test_error_that_says_something_else_is_still_the_same():
    assert became("ValueError", past=[before("ValueError")]).status == "STILL"


def test_case_that_looks_like_another_fault_has_changed(monkeypatch: pytest.MonkeyPatch):
    look_like(monkeypatch, "gone")
    outcome = became("wrong", past=[before("wrong", fault="flipped")])
    assert outcome[:2] == ("CHANGED", "value, gone; before, on 2026-01-31: value, flipped")


@pytest.mark.parametrize(("now", "then"), [("flipped", "flipped"), ("", "flipped"), ("flipped", "")])
def test_case_that_looks_like_no_fault_may_look_like_any(
    now: str, then: str, monkeypatch: pytest.MonkeyPatch
):
    look_like(monkeypatch, now)
    assert became("wrong", past=[before("wrong", fault=then)]).status == "STILL"


def test_kind_that_shows_only_on_its_own_is_still_there():
    # The property of values judged the values alone; a replay sees the dtype first.
    outcome = became("both", past=[before("wrong")])
    assert failure("both").verdict.kind == "dtype"
    assert outcome[:2] == ("STILL", "value, since 2026-01-31")


def test_case_that_fails_at_times_is_flaky():
    outcome = became("right", "right", "wrong", past=[before("wrong")])
    assert outcome[:2] == ("FLAKY 2/5", "3 × holds, 2 × value")


def test_case_that_fails_in_two_ways_is_flaky():
    assert became("wrong", "ValueError").status == "FLAKY 5/5"


def test_case_that_first_holds_and_then_fails_is_flaky_where_it_has_a_past():
    assert became(*["right"] * 8, "wrong", past=[before("wrong")]).status == "FLAKY 1/5"


def test_flaky_case_leaves_its_record_as_it_is():
    assert became("right", "right", "wrong", past=[before("wrong")]).failures == ()


def test_case_that_fails_at_first_sight_is_recorded():
    outcome = became("wrong")
    assert (outcome.status, outcome.failures) == ("disagrees", (failed(failure("wrong")),))


def test_case_that_is_declined_now_is_not_fixed():
    outcome = became("declines", past=[before("wrong")])
    assert outcome == Became("declined", "not today; it failed on 2026-01-31: value")


def test_several_pasts_are_all_fixed_at_once():
    outcome = became("right", past=[before("wrong"), before("KeyError")])
    assert outcome.note == "holds; it failed on 2026-01-31: value and refused, it raised KeyError"
    assert [failure.fixed for failure in outcome.failures] == [date.today().isoformat()] * 2


def test_fault_that_a_disagreement_looks_like_is_part_of_its_trait(monkeypatch: pytest.MonkeyPatch):
    look_like(monkeypatch, "flipped")
    assert trait_of(failure("wrong")) == Trait("value", "", "flipped")


@pytest.mark.parametrize(
    ("statuses", "code"),
    [
        (["agrees", "declined"], 0),
        (["FIXED"], 0),
        (["agrees", "STILL"], 1),
        (["FLAKY 1/5"], 1),
        (["declined", "vacuous"], 3),
    ],
)
def test_exit_code_is_that_of_the_worst(statuses: list[str], code: int):
    assert replay_exit_code([Became(status) for status in statuses]) == code


def test_sentence_counts_what_became():
    statuses = ("agrees", "FIXED", "FLAKY 1/5", "FLAKY 2/5")
    assert (
        replay_sentence([Became(status) for status in statuses]) == "Of 4 cases: 1 holds, 1 FIXED, 2 FLAKY."
    )


FILE = Path("a", "failures.jsonl")


def test_record_is_read_as_it_was_written():
    entry = before("ValueError", switches={"A": "1"}, timeout=2.5)
    remember(FILE, [entry])
    assert failures.failures_in(FILE) == [entry]


def test_record_is_one_object_a_line_with_its_format():
    remember(FILE, [before("wrong", versions={"numpy": "2"})])
    assert json.loads(FILE.read_text()) == {
        "format": 2,
        "grammar": 2,
        "subject": "mine:acts",
        "word": WORD,
        "switches": {},
        "kind": "value",
        "cause": "",
        "fault": "",
        "timeout": None,
        "versions": {"numpy": "2"},
        "first_seen": "2026-01-31",
        "fixed": "",
    }


def test_day_when_a_failure_was_first_seen_stays():
    remember(FILE, [before("wrong")])
    remember(FILE, [failed(failure("wrong"))])
    assert [failure.first_seen for failure in failures.failures_in(FILE)] == ["2026-01-31"]


def test_failure_that_comes_back_is_no_longer_fixed():
    remember(FILE, [before("wrong", fixed="2026-02-01")])
    remember(FILE, [failed(failure("wrong"))])
    assert [failure.fixed for failure in failures.failures_in(FILE)] == [""]


@pytest.mark.parametrize(
    "other", [{"word": OTHER}, {"subject": "b:f"}, {"switches": {"A": "0"}}, {"kind": "shape"}], ids=str
)
def test_other_failures_are_recorded_beside_it(other: dict[str, Any]):
    remember(FILE, [before("wrong")])
    remember(FILE, [before("wrong", **other)])
    assert len(failures.failures_in(FILE)) == 2


def test_no_file_has_no_failures():
    assert failures.failures_in(FILE) == []


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{", "Expecting property name enclosed in double quotes at column 2"),
        ('{"format": 3}', "it has the format 3, and 2 is read here"),
        ('{"word": "conv_k3"}', "it has no 'format'"),
    ],
)
def test_line_that_is_no_record_is_named(line: str, why: str):
    FILE.parent.mkdir()
    FILE.write_text(f"{line}\n")
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the whole text is compared
        failures.failures_in(FILE)
    assert str(refused.value) == (
        f"a/failures.jsonl, line 1: this is no record of a failure: {why}; delete the line"
    )


def test_folder_of_the_record_is_ignored_by_git():
    remember(FAILURES, [before("wrong")])
    assert (FAILURES.parent / ".gitignore").read_text() == "*\n"


@pytest.fixture
def acts(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Replays on the command line, of a subject that acts in these ways in turn, named before the rest."""
    monkeypatch.syspath_prepend(str(PLANTED))

    def run(*ways_and_arguments: str) -> int:
        count = next(i for i, text in enumerate((*ways_and_arguments, "")) if not text.isalpha())
        subject = Acts(*ways_and_arguments[:count])
        for module in ("verify.commands.replay", "verify.runs.recorded"):
            monkeypatch.setattr(f"{module}.loader_of", lambda options: lambda name: subject)
        return main(["replay", *ways_and_arguments[count:]])

    return run


def test_a_failure_is_followed_from_its_first_replay_to_the_end(
    acts: Any, capsys: pytest.CaptureFixture[str]
):
    codes = [
        acts("wrong", "mine:acts", WORD),
        acts("wrong"),
        acts("right"),
        acts("right"),
        acts("right", "mine:acts", WORD),
    ]
    assert codes == [1, 1, 0, 0, 0]
    lines = [line for line in capsys.readouterr().out.splitlines() if not line.startswith((" ", "mine"))]
    today = date.today().isoformat()
    assert lines == [
        f"STILL     {WORD}  (value, since {today})",
        f"FIXED     {WORD}  (holds; it failed on {today}: value)",
        "Nothing to replay: every failure in .conv-verify/failures.jsonl is fixed.",
        f"FIXED     {WORD}  (holds; it failed on {today}: value)",
    ]


def test_words_are_summed_up_where_one_did_not_just_hold(acts: Any, capsys: pytest.CaptureFixture[str]):
    remember(FAILURES, [before("wrong")])
    acts("right", "mine:acts", WORD, OTHER)
    assert capsys.readouterr().out.endswith("\n\nOf 2 cases: 1 FIXED, 1 holds.\n")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "no failure is recorded in .conv-verify/failures.jsonl; name a SUBJECT and a WORD"),
        (
            ["b:f"],
            "no failure of 'b:f' is recorded in .conv-verify/failures.jsonl; name a SUBJECT and a WORD",
        ),
        (["--failures", "x"], "no failure is recorded in x; name a SUBJECT and a WORD"),
    ],
)
def test_nothing_to_replay_is_one_sentence_and_exit_2(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
):
    assert main(["replay", *arguments]) == 2
    assert capsys.readouterr() == ("", f"conv-verify: {sentence}\n")


@pytest.mark.parametrize("calls", [1, 4])
def test_what_disagreed_before_ctrl_c_is_recorded_and_shown(
    calls: int, acts: Any, capsys: pytest.CaptureFixture[str]
):
    assert acts(*["wrong"] * calls, "interrupted", "mine:acts", WORD, OTHER) == 1
    out = capsys.readouterr().out
    assert f"  case     {WORD}\n" in out
    assert "  again    it was not asked as often as usual: that was stopped\n" in out
    assert out.endswith("\nInterrupted: the cases above are all that were asked.\n")
    assert [failure.word for failure in failures.failures_in(FAILURES)] == [WORD]


def test_what_disagreed_before_an_error_of_ours_is_recorded_and_shown(
    acts: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def broken(failure: Examination) -> Examination:
        raise IndexError(0)

    monkeypatch.setattr("verify.runs.replay.diagnosed", broken)
    assert acts("wrong", "mine:acts", WORD) == 2
    out = capsys.readouterr().out
    assert f"  case     {WORD}\n" in out
    assert "\nCould not run: IndexError: 0; its traceback is in " in out
    assert [failure.word for failure in failures.failures_in(FAILURES)] == [WORD]


def test_an_interruption_before_any_answer_is_one_sentence(acts: Any, capsys: pytest.CaptureFixture[str]):
    assert acts("interrupted", "mine:acts", WORD) == 3
    assert capsys.readouterr() == ("", "conv-verify: interrupted\n")


@pytest.mark.parametrize(
    ("ways", "code", "sentence"),
    [
        (("wrong", "interrupted"), 1, "1 of the 1 case that was asked so far disagrees"),
        (("right", "interrupted"), 3, "none of the 1 case that was asked so far disagrees"),
        (("wrong", "wrong", "right", "interrupted"), 1, "2 of the 3 cases that were asked so far disagree"),
    ],
)
def test_an_interruption_of_words_in_order_sums_up_what_was_asked(
    ways: Sequence[str], code: int, sentence: str, acts: Any, capsys: pytest.CaptureFixture[str]
):
    assert acts(*ways, "mine:acts", *[WORD, OTHER] * 2, "--in-order") == code
    assert capsys.readouterr().out.endswith(f"\nInterrupted: {sentence}.\n")


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{PLANTED}"}
    return forked.run("verify", *arguments, environment=environment)


def test_failures_are_replayed_in_the_way_that_they_ran():
    first = command("replay", "--isolate", "tests.planted.fragile:exits", WORD)
    again = command("replay", "--trust")
    assert (first.returncode, again.returncode) == (1, 1)
    today = date.today().isoformat()
    assert again.stdout.startswith(f"CRASHED   {WORD}  (crashed, it exited with code 7, since {today})\n")


@pytest.mark.parametrize("where", [[], ["--isolate"]], ids=["here", "in a worker"])
def test_what_failed_in_a_project_is_replayed_from_a_subfolder(
    where: list[str], monkeypatch: pytest.MonkeyPatch
):
    Path("sub").mkdir()
    Path("pyproject.toml").write_text("[tool.conv-verify]\n")
    Path("mine.py").write_text(
        "from subjects_to_gate import writes\n\n\ndef conv(case):\n    return writes(case)\n"
    )
    assert command("replay", *where, "mine:conv", WORD).returncode == 1
    monkeypatch.chdir("sub")
    again = command("replay")
    assert (again.returncode, again.stderr) == (1, "")
    assert again.stdout.startswith(f"STILL     {WORD}  (input modified, input-modified, since ")


def test_run_records_the_smallest_case_of_what_failed():
    run = command("run", "subjects_to_gate:writes", "--examples", "5", "--failures", "mine.jsonl")
    assert "\nrecorded  mine.jsonl  (`replay` asks again what failed)\n" in run.stdout
    recorded = [
        (failure.subject, failure.word, failure.kind) for failure in failures.failures_in(Path("mine.jsonl"))
    ]
    assert ("subjects_to_gate:writes", WORD, "input modified") in recorded


IN_THE_WAY = "'.conv-verify' is a file where a folder is needed: move it away, or name another by --failures"


def test_run_that_cannot_record_still_says_what_failed():
    Path(".conv-verify").touch()  # nothing can be kept, as in a project that is read-only
    run = command("run", "subjects_to_gate:writes", "--examples", "2")
    assert run.returncode == 1
    assert f"\nunrecorded  {IN_THE_WAY}\n" in run.stdout


def test_replay_that_cannot_record_still_says_what_failed(acts: Any, capsys: pytest.CaptureFixture[str]):
    Path(".conv-verify").touch()
    assert acts("wrong", "mine:acts", WORD) == 1
    assert capsys.readouterr().out.splitlines()[-1] == f"unrecorded  {IN_THE_WAY}"


def test_run_with_a_record_that_cannot_be_read_does_not_begin():
    Path("mine.jsonl").write_text("{\n")
    run = command("run", "subjects_to_gate:writes", "--failures", "mine.jsonl")
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith("conv-verify: mine.jsonl, line 1: this is no record of a failure: ")


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (Path.mkdir, "'mine.jsonl' is a folder where a file is needed: move it away, or name another by "),
        (lambda file: file.write_bytes(b"\xff"), "mine.jsonl, line 1: it is not text in UTF-8, as its byte "),
    ],
    ids=["a folder", "no text"],
)
@pytest.mark.parametrize("asked", [["run", "subjects_to_gate:right"], ["replay"]], ids=" ".join)
def test_record_that_is_none_is_named_before_anything_runs(
    asked: list[str], spoil: Any, sentence: str, capsys: pytest.CaptureFixture[str]
):
    spoil(Path("mine.jsonl"))
    assert main([*asked, "--failures", "mine.jsonl"]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert said.err.startswith(f"conv-verify: {sentence}")
    assert "--failures" in said.err


def test_run_that_cannot_pin_still_says_what_failed():
    Path("file").touch()
    Path("conv-verify-pins").symlink_to("file/pins")
    run = command("run", "subjects_to_gate:writes", "--examples", "1", "--pin")
    assert (run.returncode, run.stderr) == (1, "")
    assert f"\nunpinned  {str(Path.cwd() / 'file')!r} is a file where a folder is needed: " in run.stdout
