"""The command line: what it prints, and its exit codes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.places import PLANTED, ROOT
from verify.__main__ import COMMANDS, main

LECTURE = "conv_i7x7_c3_k3x3_f2_s2x2_valid_bias_cs231n"

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """Runs `python -m verify` in an empty folder, where `subjects_to_gate` can be imported."""
    environment = {
        **os.environ,
        "PYTHONPATH": f"{ROOT}:{PLANTED}",
        "COLUMNS": "100",
        "TMPDIR": str(tmp_path),
    }

    def run(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "verify", *arguments],
            input=given, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment,
        )  # fmt: skip

    return run


def test_a_run_that_holds_exits_0_and_says_what_was_proved(command: Command) -> None:
    done = command("run", "subjects_to_gate:right", "--examples", "20", "--seed", "1")
    assert done.returncode == 0
    assert "values on exact fills" in done.stdout
    assert "\noperations conv " in done.stdout
    assert "\ntime " in done.stdout
    assert done.stdout.rstrip().endswith("cases graded and none disagrees.")


def test_a_run_that_disagrees_exits_1_with_a_line_to_replay(command: Command) -> None:
    done = command("run", "subjects_to_gate:writes", "--examples", "20", "--seed", "1")
    assert done.returncode == 1
    assert "it wrote to the input that it was given" in done.stdout
    assert "  replay   conv-verify replay subjects_to_gate:writes conv_i1_k1_same_ones\n" in done.stdout


def test_the_replay_line_shows_the_failure_again(command: Command) -> None:
    done = command("replay", "subjects_to_gate:writes", "conv_i1_k1_same_ones")
    assert done.returncode == 1
    assert done.stdout.startswith(
        "subjects_to_gate:writes disagrees with the reference: it wrote to the input"
    )


def test_a_run_that_grades_nothing_exits_3(command: Command) -> None:
    done = command("run", "subjects_to_gate:declines", "--examples", "5")
    assert done.returncode == 3
    assert "Proves too little: nothing was graded for values on exact fills" in done.stdout


def test_a_run_keeps_to_its_time(command: Command) -> None:
    start = time.monotonic()
    done = command("run", "subjects_to_gate:right", "--examples", "1000000", "--max-time", "6")
    assert time.monotonic() - start < 6 + 5
    assert done.returncode != 1
    assert re.search(r"\ncut short +subjects_to_gate:right, [^:]*: +its time was up", done.stdout)


def test_one_seed_draws_the_same_cases(command: Command) -> None:
    counted = [
        command("run", "subjects_to_gate:right", "--examples", "15", "--seed", "7")
        .stdout.split("\ntime")[0]
        .splitlines()[-4:]
        for _ in range(2)
    ]
    assert counted[0] == counted[1]


def test_ctrl_c_ends_a_run_with_what_was_done(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{PLANTED}", "PYTHONUNBUFFERED": "1"}
    running = subprocess.Popen(
        [sys.executable, "-m", "verify", "run", "subjects_to_gate:right", "--examples", "300"],
        stdout=subprocess.PIPE, text=True, cwd=tmp_path, env=environment,
    )  # fmt: skip
    with running:
        assert running.stdout is not None
        seen = iter(running.stdout.readline, "")
        next(line for line in seen if "precision on dyadic" in line)
        running.send_signal(signal.SIGINT)
        rest = "".join(seen)
    assert "cases graded so far and none disagrees." in rest
    assert "values on exact fills" in rest
    assert running.returncode == 3


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["replay", "tensorflo", LECTURE],
            "conv-verify: 'tensorflo' is no subject: it is one of tensorflow, ",
        ),
        (
            ["replay", "subjects_to_gate:none", LECTURE],
            "conv-verify: 'subjects_to_gate:none' is no subject: ",
        ),
        (
            ["run", "no_such_module:f"],
            "conv-verify: 'no_such_module:f' is no subject: importing no_such_module ",
        ),
        (
            ["replay", "subjects_to_gate:right", "conv_i5"],
            "conv-verify: 'conv_i5' is no case: it has no kernel ",
        ),
        (
            ["replay", "subjects_to_gate:right", "pins/none"],
            "conv-verify: there is no file or folder 'pins/none'",
        ),
        (
            ["explain", "conv_i5_k3_sme"],
            "conv-verify: 'conv_i5_k3_sme' is no case: 'sme' is not a token; did you",
        ),
        (
            ["explain", LECTURE, "--at", "9,9,9,9"],
            "conv-verify: (9, 9, 9, 9) lies outside the answer, whose shape",
        ),
        (
            ["run", "--examples", "none"],
            "conv-verify run: argument --examples: 'none' is not a positive number",
        ),
        (
            ["run", "--max-time", "-1"],
            "conv-verify run: argument --max-time: '-1' is not a positive number of sec",
        ),
        (["run", "--profile", "fast"], "conv-verify run: argument --profile: invalid choice: 'fast'"),
        (["sing"], "conv-verify: argument COMMAND: invalid choice: 'sing'"),
        ([], "conv-verify: the following arguments are required: COMMAND"),
    ],
)
def test_a_wrong_word_subject_or_option_is_one_sentence_and_exit_2(
    command: Command, arguments: list[str], sentence: str
) -> None:
    done = command(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(sentence)
    assert done.stderr.count("\n") == 1


def test_replay_reads_words_files_folders_and_standard_input(command: Command, tmp_path: Path) -> None:
    (tmp_path / "pins").mkdir()
    (tmp_path / "pins" / "a.txt").write_text("# why\nconv_i1_k1_same_ones\n\nconv_i2_k1_same_ones # so\n")
    words = ["conv_i3_k1_same_ones", "pins", "pins/a.txt", "-"]
    done = command("replay", "subjects_to_gate:right", *words, given="conv_i4_k1_same_ones\n")
    numbers = [line.split("_")[1] for line in done.stdout.splitlines()]
    assert (done.returncode, numbers) == (0, ["i3", "i1", "i2", "i1", "i2", "i4"])


def test_replay_names_what_is_declined_and_what_is_vacuous(capsys: pytest.CaptureFixture[str]) -> None:
    sys.path.insert(0, str(PLANTED))
    assert main(["replay", "subjects_to_gate:declines", LECTURE]) == 3
    assert main(["replay", "subjects_to_gate:right", "conv_n0_i1_k1_same_ones"]) == 3
    assert capsys.readouterr().out == (
        f"declined  {LECTURE}  (not today, with 2 axes)\n"
        "Proves too little: no case was judged on values that could have failed.\n"
        "vacuous   conv_n0_i1_k1_same_ones  (the answer is empty)\n"
        "Proves too little: no case was judged on values that could have failed.\n"
    )


def test_explain_shows_the_first_cell(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", LECTURE]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "answer   6"


def test_explain_is_coloured_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    main(["explain", LECTURE, "--color", "always"])
    assert "\x1b[" in capsys.readouterr().out


def test_list_names_everything(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    listed = capsys.readouterr().out
    words = (
        "tensorflow:convolution",
        "conv",
        "dyadic",
        "the same bits twice",
        "hypothesis",
        "oneDNN",
        "threads",
    )
    assert [word for word in words if word not in listed] == []


def test_a_reader_that_leaves_early_is_no_error() -> None:
    pipe = f"{sys.executable} -m verify list | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", pipe], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.stderr == ""


HELP = """\
usage: conv-verify [-h] COMMAND ...

Verify convolutions against a proved reference.

options:
  -h, --help  show this help message and exit

commands:
  COMMAND
    run       gate subjects: draw cases, check each, say what was proved
    sweep     check every case up to a small size, without drawing any
    replay    check named cases, or what failed, again; say what became of each
    report    sum up the records of runs, such as those of all shards
    pin       keep words, under a reason, that every run asks first
    unpin     take words out of the pins, with the comments above them
    diff      put the same cases to a subject in two interpreters
    explain   show how one output cell is computed
    selftest  test the harness: every fault caught and named, no false alarm
    export    take a case elsewhere: a script, a pytest file, arrays, an ONNX model
    list      name subjects, operations, fills, properties, faults and versions

exit codes: 0 holds, 1 disagrees, 2 could not run, 3 proves too little
"""


def test_help_is_literally(command: Command) -> None:
    assert command("--help").stdout == HELP


SCREEN = {"sweep": 40}
"""Lines of a help that has a limit for everything that a case can be."""


@pytest.mark.parametrize("name", COMMANDS)
def test_help_fits_a_screen(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit):
        main([name, "--help"])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) <= SCREEN.get(name, 24)
    assert [line for line in lines if len(line) > 80] == []


def test_help_of_a_run_has_one_line_for_each_option(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit):
        main(["run", "--help"])
    first, what, blank, *options, _, last = capsys.readouterr().out.splitlines()
    assert (first, blank) == ("usage: conv-verify run [OPTION…] [SUBJECT…]", "")
    assert what == COMMANDS["run"].SENTENCE
    assert [line for line in options if not line.startswith(("  --", "  SUBJECT "))] == []
    assert last == "exit codes: 0 holds, 1 disagrees, 2 could not run, 3 proves too little"


def test_a_seed_draws_the_same_cases_after_another_subject_has_failed(command: Command) -> None:
    seeded = ("run", "subjects_to_gate:right", "--examples", "15", "--seed", "7")
    before = coverage(command(*seeded).stdout)
    command("run", "subjects_to_gate:writes", "--examples", "15")
    assert coverage(command(*seeded).stdout) == before


def coverage(printed: str) -> list[str]:
    """The lines that count what was graded."""
    return [line for line in printed.splitlines() if line.startswith(("ranks", "dtypes", "paddings"))]


def test_the_environment_of_other_test_runs_is_left_out(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", "--no-such-option")
    assert command("run", "subjects_to_gate:right", "--examples", "5").returncode == 0


def test_a_reader_that_leaves_a_run_early_is_no_error(tmp_path: Path) -> None:
    gate = f"{sys.executable} -m verify run subjects_to_gate:right --examples 5"
    run = f"{gate} | head -1; exit ${{PIPESTATUS[0]}}"
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{PLANTED}"}
    done = subprocess.run(
        ["bash", "-c", run], capture_output=True, text=True, check=False, cwd=tmp_path, env=environment
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_ctrl_c_while_loading_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(name: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("verify.subjects.isolated.isolated", interrupted)
    assert main(["replay", "tensorflow", LECTURE]) == 3


@pytest.mark.parametrize("token", ["z1.0", "leaky0.25", "p1.0"])
def test_a_word_with_a_point_is_no_file(
    capsys: pytest.CaptureFixture[str], token: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # a replay that fails is recorded there
    padding = "" if token.startswith("p") else "_same"
    assert main(["explain", f"conv_i3_k2{padding}_{token}_ones"]) == 0
    assert main(["replay", "verify:reference", f"conv_i3_k2{padding}_{token}_ones"]) in (0, 1)
    assert "no file" not in capsys.readouterr().err


def test_operations_are_a_list_before_the_subjects(command: Command) -> None:
    done = command("run", "--operations", "conv", "subjects_to_gate:right", "--examples", "5")
    assert done.returncode == 0
    wrong = command("run", "--operations", "conv,sing")
    assert wrong.stderr.startswith("conv-verify run: argument --operations: 'sing' is none of conv")


def test_a_run_in_workers_that_crash_goes_on_to_the_end(command: Command) -> None:
    done = command(
        "run", "--isolate", "tests.planted.fragile:aborts_on_stride", "--examples", "60", "--seed", "1"
    )
    assert done.returncode == 1
    assert f"\n  tests.planted.fragile:aborts_on_stride in {sys.executable}: python " in done.stdout
    assert "\ntests.planted.fragile:aborts_on_stride crashed: it was killed by SIGABRT\n" in done.stdout
    assert (
        "  replay   conv-verify replay --isolate tests.planted.fragile:aborts_on_stride conv_" in done.stdout
    )


def test_a_replay_line_of_a_crash_shows_it_again(command: Command) -> None:
    done = command("replay", "--isolate", "tests.planted.fragile:exits", "conv_i1_k1_same_ones")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith(
        "CRASHED   conv_i1_k1_same_ones  (it exited with code 7)\n"
        "tests.planted.fragile:exits crashed: it exited with code 7\n"
    )


def test_a_time_limit_isolates(command: Command) -> None:
    done = command("replay", "tests.planted.fragile:hangs", "conv_i1_k1_same_ones", "--timeout", "0.2")
    assert done.returncode == 1
    assert done.stdout.startswith("tests.planted.fragile:hangs timed out: it gave no answer in 0.2 s\n")


def test_a_run_says_what_a_killed_one_was_at(command: Command, tmp_path: Path) -> None:
    assert (
        command("replay", "tests.planted.fragile:aborts", "conv_i1_k1_same_ones").returncode
        == -signal.SIGABRT
    )
    done = command("run", "subjects_to_gate:right", "--examples", "5")
    assert done.stdout.startswith(
        "An earlier process was killed when tests.planted.fragile:aborts was at conv_i1_k1_same_ones; replay "
        "it by: conv-verify replay --isolate tests.planted.fragile:aborts conv_i1_k1_same_ones\n"
    )
    assert "killed" not in command("run", "subjects_to_gate:right", "--examples", "5").stdout


@pytest.fixture
def other_python(tmp_path: Path) -> str:
    """This interpreter under another name, with a variable of its own."""
    other = tmp_path / "other" / "python"
    other.parent.mkdir()
    other.write_text(f'#!/bin/sh\nFRAGILE=1 exec {sys.executable} "$@"\n')
    other.chmod(0o755)
    return str(other)


def test_a_diff_of_one_interpreter_with_itself_finds_nothing(command: Command, other_python: str) -> None:
    done = command(
        "diff", sys.executable, other_python, "--subject", "subjects_to_gate:right", "--examples", "9"
    )
    assert done.returncode == 0
    assert done.stdout.startswith(f"A  subjects_to_gate:right in {sys.executable}: python ")
    assert "\nB  subjects_to_gate:right in " in done.stdout
    assert "no bit differs and neither disagrees with the reference.\n" in done.stdout


def test_a_diff_names_words_values_and_the_side_that_is_wrong(command: Command, other_python: str) -> None:
    words = ["conv_i3_k2_same_bf16_ints2", "conv_i1x1x1_k1x1x1_same_ones"]
    subject = ["--subject", "tests.planted.fragile:differs_by_place"]
    done = command("diff", sys.executable, other_python, *subject, *words)
    assert done.returncode == 1
    assert DIFFERENCES in done.stdout
    assert (
        "\nB: tests.planted.fragile:differs_by_place disagrees with the reference: 3 of 3 values"
        in done.stdout
    )
    replay = f"conv-verify replay --python {other_python} tests.planted.fragile:differs_by_place {words[0]}\n"
    assert f"  replay   {replay}" in done.stdout
    assert "disagrees with the reference in 0 and B in 1.\n" in done.stdout


DIFFERENCES = """\
   agrees  declined  vacuous  known  disagrees
A       2         0        0      0          0
B       0         1        0      0          1

differ in                     values  first at   A         B
conv_i3_k2_same_bf16_ints2    3 of 3  (0, 0, 0)  -20       -19
conv_i1x1x1_k1x1x1_same_ones                     answered  declined

conv bf16        3 of 3 values have other bits, in 1 of 1 case
                 nearer in 0, farther in 1; the largest error 0 → inf of the bound
turned           1 case: answered → declined
versions         the same
machine          the same
"""


def test_a_diff_without_a_graded_case_exits_3(command: Command, other_python: str) -> None:
    word = "conv_n0_i1_k1_same_ones"
    done = command("diff", sys.executable, other_python, "--subject", "subjects_to_gate:right", word)
    assert done.returncode == 3


def test_a_diff_with_what_is_no_interpreter_is_one_sentence(command: Command) -> None:
    done = command("diff", sys.executable, "/nowhere/python", "--subject", "subjects_to_gate:right")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "conv-verify: '/nowhere/python' cannot be run: No such file or directory\n"
