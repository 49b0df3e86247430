"""A sweep asks every case, by several jobs, and goes on where it was interrupted."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tests.places import PLANTED, ROOT
from tests.planted import convolutions
from tests.waiting import comes
from verify import Case, Declined
from verify.__main__ import main
from verify.cases.enumeration import Enumeration, enumeration_upto
from verify.cases.operands import Array
from verify.cases.predicates import Predicate
from verify.checks.bulk import Swept as Counted
from verify.checks.deviations import Deviation
from verify.checks.subject import Subject
from verify.config.flags import Isolation
from verify.runs.jobs import Done
from verify.runs.sweep import blocks, jobs
from verify.runs.sweep.jobs import Plan, maker, usual_jobs
from verify.runs.sweep.progress import ForeignState, Progress, read_state
from verify.runs.sweep.sweep import sweep
from verify.subjects.isolated import isolated, worker_of

LINE = enumeration_upto(6, ranks=(1,))
ALL = "265 cases of conv, rank 1, with size ≤ 6, kernel ≤ 4, stride ≤ 3, dilation ≤ 2, both paddings"
TWO = Enumeration(size=1, kernel=1, stride=1, dilation=1)

Swept = tuple[int, str]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state.json"


@pytest.fixture
def swept(state: Path) -> Callable[..., Swept]:
    """Sweeps a subject here; the exit code and what was printed."""

    def run(subject: Subject | None, enumeration: Enumeration = LINE, **options: Any) -> Swept:
        printed = io.StringIO()
        options.setdefault("make", lambda: subject)
        options.setdefault("state", state)
        console = Console(file=printed, width=200, color_system=None)
        code = sweep(console, Plan(enumeration=enumeration, again="the same --resume", **options))
        return code, printed.getvalue()

    return run


Sweep = Callable[..., Swept]


def last_line(printed: str) -> str:
    return printed.rstrip().splitlines()[-1]


def test_what_holds_is_said_in_a_sentence_with_the_count(swept: Sweep) -> None:
    code, printed = swept(convolutions.right)
    assert (code, last_line(printed)) == (0, f"No counterexample among all {ALL}.")
    assert "cases      265, each with batch 1, 1 channel, 1 filter, float32, channels last" in printed
    assert "excluded   23 combinations whose output size would be negative" in printed
    assert re.search(
        r"^graded +228\nvacuous +37: right, as any answer of zeros would be\n", printed, re.MULTILINE
    )
    assert re.search(
        r"^time +\S+ s in 1 job, \S+ cases a second: subject \d+ %, reference", printed, re.MULTILINE
    )


def test_a_counterexample_is_shown_with_its_line_to_replay(swept: Sweep) -> None:
    corner = Case.parse("conv_i5_k4_s3_same_coded")
    code, printed = swept(lambda case: convolutions.answer(case) + (case == corner))
    assert code == 1
    assert "  case     conv_i5_k4_s3_same_coded\n  axis 0   size 5, kernel 4, stride 3" in printed
    assert "  replay   " in printed
    assert last_line(printed) == f"Disagrees: 1 counterexample among all {ALL}."


def test_a_counterexample_is_shown_with_what_it_looks_like(swept: Sweep) -> None:
    _, printed = swept(convolutions.odd_cell_before)
    assert "  looks like  SAME's odd cell placed before instead of after\n" in printed
    assert "  again " not in printed


def test_a_counterexample_that_does_not_come_again_is_said_to(swept: Sweep) -> None:
    code, printed = swept(Interrupting(0, errs_at=3))
    assert (code, last_line(printed)) == (1, f"Disagrees: 1 counterexample among all {ALL}.")
    assert "  again    it did not disagree in this way when it was asked again\n" in printed


def test_a_sweep_ends_after_a_few_counterexamples(swept: Sweep) -> None:
    code, printed = swept(convolutions.zeros, enumeration_upto(3))
    assert code == 1
    assert re.match(r"Disagrees: \d+ counterexamples among 256 of 1,105 cases", last_line(printed))


def test_a_sweep_goes_on_where_that_is_asked(swept: Sweep) -> None:
    _, printed = swept(convolutions.zeros, enumeration_upto(3), keep_going=True)
    assert "Disagrees: 808 counterexamples among all 1,105 cases of conv" in last_line(printed)
    assert printed.count("\n  replay   ") == len(("same", "valid"))


def half(case: Case) -> Array:
    if case.padding == "VALID":
        raise Declined("no kernel without SAME")
    return convolutions.answer(case)


OFF_BY_ONE = Deviation(
    name="stride-of-two", subjects=("*",), kinds=("value",), when=Predicate("max(strides) == 2"),
    word="conv_i2_k1_s2_same_coded", sentence="It is off by one.",
)  # fmt: skip


def strided(case: Case) -> Array:
    return convolutions.answer(case) + (max(case.strides) == 2)


def test_a_known_deviation_is_named_and_counted(swept: Sweep) -> None:
    code, printed = swept(strided, deviations=(OFF_BY_ONE,))
    (count,) = re.findall(r"^known +(\d+): stride-of-two$", printed, re.MULTILINE)
    assert (code, last_line(printed)) == (
        0, f"No counterexample among all {ALL}, except for {count} known deviations."
    )  # fmt: skip


def test_a_known_deviation_is_known_in_a_worker_as_well(swept: Sweep) -> None:
    _, here = swept(strided, deviations=(OFF_BY_ONE,))
    _, there = swept(
        None,
        deviations=(OFF_BY_ONE,),
        make=partial(isolated, "tests.runs.sweep.test_sweep:strided"),
    )
    assert last_line(there) == last_line(here)


def test_a_known_deviation_that_is_not_excused_is_a_counterexample(swept: Sweep) -> None:
    code, _ = swept(strided, deviations=(OFF_BY_ONE,), excuse=False)
    assert code == 1


def test_what_was_declined_is_named_and_counted(swept: Sweep) -> None:
    code, printed = swept(half)
    assert (code, last_line(printed)) == (
        0, f"No counterexample among all {ALL}; 121 of them were declined."
    )  # fmt: skip
    assert "declined   121: no kernel without SAME\n" in printed


def test_a_sweep_that_grades_nothing_exits_3(swept: Sweep) -> None:
    code, printed = swept(convolutions.declines)
    assert (code, last_line(printed)) == (3, f"Proves too little: none of all {ALL} could have failed.")


class Interrupting:
    """Right, but Ctrl-C comes at one of its calls, and it errs at another."""

    def __init__(self, call: int, errs_at: int = 0) -> None:
        self.calls, self._call, self._errs_at = 0, call, errs_at

    def __call__(self, case: Case) -> Array:
        self.calls += 1
        if self.calls == self._call:
            handler = signal.getsignal(signal.SIGINT)
            assert callable(handler)
            handler(signal.SIGINT, None)  # as Python calls it in the main thread, but at this very case
        return convolutions.answer(case) + (self.calls == self._errs_at)


def test_an_interruption_leaves_a_state_and_says_how_to_go_on(
    swept: Sweep, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "PART_S", 1e6)
    code, printed = swept(Interrupting(300), enumeration_upto(3))
    assert code == 3
    assert "Interrupted: no counterexample so far, after 256 of 1,105 cases of conv" in printed
    assert last_line(printed) == "go on with  the same --resume"
    assert read_state(state)["done"] == 1


def test_an_interruption_of_the_first_block_shows_what_was_found_in_it(
    swept: Sweep, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "PART_S", 0)
    code, printed = swept(Interrupting(100, errs_at=50), enumeration_upto(3))
    assert code == 1
    assert "  case     conv_" in printed
    assert last_line(printed).startswith("Disagrees: 1 counterexample among 99 of 1,105 cases of conv")
    assert not state.exists()  # and no line says how to go on


def test_blocks_that_were_begun_count_in_what_is_shown_of_an_interruption(state: Path) -> None:
    progress = Progress(enumeration_upto(3))
    plan = Plan(enumeration=progress.enumeration, make=lambda: convolutions.right, state=state)
    begun = jobs.Jobs(plan, progress, first=convolutions.right, known=())
    for place, message in [(1, Counted(agreed=3)), (0, Counted(agreed=1)), (1, Counted(agreed=2))]:
        begun._arrive(place, message)
    assert begun.so_far().agreed == 6
    begun._arrive(1, Done(Counted(agreed=256)))
    assert begun.so_far().agreed == 257


def test_a_sweep_that_cannot_write_its_state_goes_on_and_says_so(swept: Sweep, state: Path) -> None:
    state.parent.joinpath("file").touch()
    unwritable = state.parent / "file" / "state.json"
    assert swept(convolutions.right, state=unwritable)[0] == 0
    code, printed = swept(Interrupting(300), enumeration_upto(3), state=unwritable)
    why = f"{str(unwritable.parent)!r} is a file where a folder is needed"
    assert code == 3
    assert last_line(printed) == f"unsaved  {why}: move it away, or name another by --state"


def test_a_resumed_sweep_comes_to_the_same_and_asks_only_what_is_left(swept: Sweep, state: Path) -> None:
    first, second = Interrupting(300), Interrupting(0)
    swept(first, enumeration_upto(3))
    code, printed = swept(second, enumeration_upto(3), resume=True)
    assert code == 0
    assert "resumed    after 256 cases\n" in printed
    assert re.search(r"^graded +808\nvacuous +297: ", printed, re.MULTILINE)
    assert "among all 1,105 cases" in last_line(printed)
    assert (first.calls, second.calls, state.exists()) == (300, 1105 - 256, False)


def test_a_counterexample_from_before_an_interruption_is_not_lost(swept: Sweep) -> None:
    interrupting = Interrupting(300)
    corner = Case.parse("conv_i1x2_k1x1_same_coded")
    swept(lambda case: interrupting(case) + (case == corner), enumeration_upto(3))
    code, printed = swept(lambda case: interrupting(case), enumeration_upto(3), resume=True)
    assert (code, "  case     conv_i1x2_k1x1_same_coded\n" in printed) == (1, True)


def test_a_foreign_state_is_refused_before_any_case(swept: Sweep) -> None:
    swept(Interrupting(300), enumeration_upto(3))
    with pytest.raises(ForeignState, match="of size it has 3, not 2"):
        swept(Interrupting(0), enumeration_upto(2), resume=True)


def test_a_state_is_dropped_only_where_that_is_said(swept: Sweep) -> None:
    swept(Interrupting(300), enumeration_upto(3))
    _, printed = swept(Interrupting(0), enumeration_upto(3))
    assert "holds an interrupted sweep, which is dropped without --resume\n" in printed
    assert "among all 1,105 cases" in last_line(printed)


def test_a_file_that_is_no_state_is_not_written_over(swept: Sweep, state: Path) -> None:
    state.write_text("dear diary")
    with pytest.raises(ForeignState, match="is no state of a sweep"):
        swept(convolutions.right)
    assert state.read_text() == "dear diary"


def in_workers(name: str, **options: Any) -> Callable[[], Subject]:
    return partial(isolated, f"tests.planted.fragile:{name}", **options)


def test_a_job_that_dies_is_a_verdict_with_the_word(swept: Sweep) -> None:
    code, printed = swept(None, TWO, make=in_workers("divides_by_zero"))
    assert (code, last_line(printed)[:43]) == (1, "Disagrees: 2 counterexamples among all 2 ca")
    assert "tests.planted.fragile:divides_by_zero crashed: it was killed by SIGFPE\n" in printed
    assert "  case     conv_i1x1_k1x1_same_coded\n" in printed
    assert "replay tests.planted.fragile:divides_by_zero conv_i1x1_k1x1_valid_coded\n" in printed


def test_a_case_that_hangs_is_a_verdict_with_the_word(swept: Sweep) -> None:
    one = Enumeration(size=1, kernel=1, stride=1, dilation=1, paddings=("valid",))
    code, printed = swept(None, one, make=in_workers("hangs", timeout_s=0.3))
    assert code == 1
    assert "timed out: it gave no answer in 0.3 s\n  case     conv_i1x1_k1x1_valid_coded\n" in printed


def test_a_crash_takes_no_other_case_with_it(swept: Sweep) -> None:
    enumeration = enumeration_upto(2, ranks=(1,), channels=3)
    code, printed = swept(None, enumeration, make=in_workers("aborts_on_stride"), keep_going=True)
    strided = sum(
        max(case.strides) > 1 and case.channels > 2 for _, case in enumeration.cases(0, enumeration.count)
    )
    said = f"Disagrees: {strided} counterexamples among all {enumeration.count} cases of conv, rank 1, with "
    assert (code, last_line(printed).startswith(said)) == (1, True)


def test_jobs_share_the_cases(swept: Sweep) -> None:
    code, printed = swept(None, enumeration_upto(3), make=in_workers("prints"), jobs=2)
    assert code == 0
    assert re.search(r"^graded +808\nvacuous +297: ", printed, re.MULTILINE)
    assert " s in 2 jobs, " in printed


def test_a_subject_in_this_process_is_asked_one_case_at_a_time(swept: Sweep) -> None:
    _, printed = swept(convolutions.right, jobs=4)
    assert " s in 1 job, " in printed


def test_a_user_s_function_has_workers_unless_they_are_refused() -> None:
    name = "tests.planted.convolutions:right"
    made = maker(name, Isolation())()
    assert worker_of(made) is not None
    made.close()  # type: ignore[attr-defined]
    assert worker_of(maker(name, Isolation(isolate=False))()) is None


def test_more_jobs_than_cores_are_said_to_be_fewer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("verify.runs.jobs.cores", lambda: 2)
    assert main(["sweep", "tests.planted.convolutions:right", "--upto", "3", "--jobs", "99"]) == 0
    printed = capsys.readouterr().out
    assert "\n2 jobs, as this process may use 2 cores\n" in printed
    assert " s in 2 jobs, " in printed


def test_jobs_are_as_many_as_the_cases_are_worth(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "cores", lambda: 64)
    assert [usual_jobs(enumeration_upto(size)) for size in (1, 3, 4, 9)] == [1, 1, 2, 8]


# The command, in a process of its own.


def command(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{PLANTED}"}
    return subprocess.Popen(
        [sys.executable, "-m", "verify", "sweep", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder, env=environment,
    )  # fmt: skip


def test_a_sweep_that_is_killed_goes_on_to_the_same_total(tmp_path: Path) -> None:
    arguments = ("subjects_to_gate:waits_to_go_on", "--upto", "3", "--jobs", "1")
    killed = command(tmp_path, *arguments)
    assert comes((tmp_path / ".conv-verify/sweep.json").exists)
    killed.kill()
    killed.communicate()
    (tmp_path / "go").touch()
    printed, _ = command(tmp_path, *arguments, "--resume").communicate()
    assert re.search(r"^resumed +after (256|512) cases$", printed, re.MULTILINE)
    assert re.search(r"^graded +808\nvacuous +297: ", printed, re.MULTILINE)
    assert "No counterexample among all 1,105 cases of conv, rank 2, with size ≤ 3" in last_line(printed)
    assert [path.name for path in (tmp_path / ".conv-verify").iterdir()] == [".gitignore"]


def test_a_domain_that_is_none_is_refused_with_a_sentence(tmp_path: Path) -> None:
    refused = command(tmp_path, "--upto", "3", "--ranks", "2,4")
    _, error = refused.communicate()
    said = "conv-verify sweep: Invalid value for '--ranks': '4' is none of 1, 2, 3 "
    assert (refused.returncode, error) == (2, f"{said}(see conv-verify sweep --help)\n")


def test_a_narrowing_that_no_sweep_has_is_refused_with_a_sentence(tmp_path: Path) -> None:
    refused = command(tmp_path, "subjects_to_gate:right", "--upto", "3", "--reductions", "short")
    printed, error = refused.communicate()
    said = "reductions narrow what is drawn, and a sweep has them all"
    assert (refused.returncode, printed) == (2, "")
    assert error.startswith(f"conv-verify sweep: {said}: ")
    assert error.count("\n") == 1


def test_a_sweep_stays_inside_the_lists_of_a_domain(tmp_path: Path) -> None:
    printed, _ = command(tmp_path, "with_ways:gradients_channels_first", "--upto", "2").communicate()
    assert "of transpose, rank 2, " in last_line(printed)
    assert last_line(printed).endswith("in float64, channels first.")
    assert "declined" not in printed


def test_each_way_that_has_a_case_is_asked(tmp_path: Path) -> None:
    printed, _ = command(tmp_path, "with_ways:one_wrong", "--upto", "2").communicate()
    assert "asked      right and wrong, each case by every way that has it\n" in printed
    assert "with_ways:one_wrong/wrong disagrees with the reference" in printed


def test_a_way_is_swept_alone(tmp_path: Path) -> None:
    sweeping = command(tmp_path, "with_ways:one_wrong/right", "--upto", "2")
    printed, _ = sweeping.communicate()
    assert sweeping.returncode == 0
    assert "asked" not in printed


def test_of_what_compiles_one_way_is_asked_and_named(tmp_path: Path) -> None:
    printed, _ = command(
        tmp_path, "with_ways:one_wrong_compiled", "--upto", "2", "--stride", "1"
    ).communicate()
    assert "asked      the first way that has a case, of right and wrong: " in printed
    assert "No counterexample among all" in last_line(printed)


def test_resuming_where_nothing_can_be_kept_is_one_sentence_and_exit_2(tmp_path: Path) -> None:
    (tmp_path / ".conv-verify").touch()
    refused = command(tmp_path, "subjects_to_gate:right", "--upto", "1", "--no-isolate", "--resume")
    printed, error = refused.communicate()
    said = "'.conv-verify' is a file where a folder is needed: move it away, or name another by --state"
    assert (refused.returncode, printed, error) == (2, "", f"conv-verify: {said}\n")
