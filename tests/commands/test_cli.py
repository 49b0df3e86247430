"""The command line: its help, what it refuses, what a shell completes, and readers that leave."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.places import PLANTED, ROOT
from verify.__main__ import main
from verify.cases.domain import BOUNDS
from verify.commands.cli import COMMANDS, command_of
from verify.commands.guide import text_of

LECTURE = "conv_i7x7_c3_k3x3_f2_s2x2_valid_bias_cs231n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["replay", "tensorflo", LECTURE],
            "conv-verify: 'tensorflo' is no subject: did you mean 'tensorflow'? ",
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
            "conv-verify run: Invalid value for '--examples': 'none' is not a positive number (see conv-v",
        ),
        (
            ["run", "--max-time", "-1"],
            "conv-verify run: Invalid value for '--max-time': '-1' is not a positive number of seconds",
        ),
        (
            ["run", "--profile", "cii"],
            "conv-verify run: Invalid value for '--profile': 'cii' is none of quick, dev, ci, night; did you",
        ),
        (["run", "--seed", "x"], "conv-verify run: Invalid value for '--seed': 'x' is not a whole number"),
        (
            ["run", "--exampels", "5"],
            "conv-verify run: No such option '--exampels'. Did you mean '--examples'?",
        ),
        (
            ["run", "--python"],
            "conv-verify run: Option '--python' requires an argument (see conv-verify run --",
        ),
        (["export", LECTURE], "conv-verify export: Missing option '--as' (see conv-verify export --help)\n"),
        (
            ["explain"],
            (
                "conv-verify explain: Missing argument 'WORD', or your own arrays: --x x.npy --w w.npy "
                "(see conv-verify explain --help)\n"
            ),
        ),
        (
            ["list", "what"],
            (
                "conv-verify list: Invalid value for '[regions]': 'what' is none of regions "
                "(see conv-verify list --help)\n"
            ),
        ),
        (["explian"], "conv-verify: No such command 'explian'. (Did you mean one of: 'explain', "),
        (["sing"], "conv-verify: No such command 'sing'"),
        (["--sing"], "conv-verify: No such option '--sing'"),
        ([], "conv-verify: Missing command (see conv-verify --help)\n"),
    ],
)
def test_a_wrong_word_subject_or_option_is_one_sentence_and_exit_2(
    arguments: list[str],
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(PLANTED)
    code = main(arguments)
    output, errors = capsys.readouterr()
    assert (code, output) == (2, "")
    assert errors.startswith(sentence)
    assert errors.count("\n") == 1


def test_what_is_wrong_ends_the_process_with_exit_code_2(command) -> None:
    done = command("explain", "conv_i5_k3_sme")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("conv-verify: 'conv_i5_k3_sme' is no case: ")
    assert done.stderr.count("\n") == 1


def test_a_reader_that_leaves_early_is_no_error() -> None:
    pipe = f"{sys.executable} -m verify list | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", pipe], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.stderr == ""


HELP = """\
usage: conv-verify COMMAND …
Verify convolutions against a proved reference.

  run       gate subjects: draw cases, check each, say what was proved
  campaign  gate subjects for hours by the workers of a cluster
  sweep     check every case up to a small size, without drawing any
  replay    check named cases, or what failed, again; report each
  report    sum up the records of runs, such as those of all shards
  pin       keep words, under a reason, that every run asks first
  words     write the convolutions of a model as words, to run, replay and compare
  diff      put the same cases to a subject in two interpreters
  explain   show how one output cell is computed
  known     hold known deviations and limits to another release; update them
  selftest  test the harness: every fault caught and named, no false alarm
  export    take a case elsewhere: a script, a test file, arrays, an ONNX model
  guide     read the user's guide, topic by topic
  list      name subjects, operations, fills, properties, faults and versions

  --color WHEN  auto, always or never, before or after a command (default: auto)
  --version     what runs: conv-verify, Python, NumPy, Hypothesis and TensorFlow

exit codes: 0 holds, 1 disagrees, 2 could not run, 3 proves too little
"""


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_is_literally(command, option: str) -> None:
    assert command(option).stdout == HELP


SCREEN = {"sweep": 32, "run": 36, "campaign": 36, "replay": 26}
"""Lines of a help that has a limit or a narrowing for everything that a case can be."""


def help_of(name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> list[str]:
    monkeypatch.setenv("COLUMNS", "80")
    assert main([name, "--help"]) == 0
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("name", COMMANDS)
def test_help_fits_a_screen(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = help_of(name, monkeypatch, capsys)
    assert len(lines) <= SCREEN.get(name, 24)
    assert [line for line in lines if len(line) > 80] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_one_line_for_each_option(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    usage, sentence, blank, *rows, _, last = help_of(name, monkeypatch, capsys)
    assert usage.startswith(f"usage: conv-verify {name} [OPTION…]")
    assert (sentence, blank) == (COMMANDS[name], "")
    assert len(rows) == len(
        [option for option in command_of(name).params if not getattr(option, "hidden", False)]
    )
    assert last == "exit codes: 0 holds, 1 disagrees, 2 could not run, 3 proves too little"


@pytest.mark.parametrize("name", ["run", "campaign", "replay", "diff", "export", "explain"])
def test_help_names_every_option_somewhere_but_bounds_that_are_alike(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "\n".join(help_of(name, monkeypatch, capsys))
    spelt = [option.opts for option in command_of(name).params if option.opts[0].startswith("-")]
    unnamed = {opts[0] for opts in spelt if not any(each in text for each in opts)}
    assert unnamed - {f"--{bound.replace('_', '-')}" for bound in BOUNDS} == {"--color"}


def completed(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    """What bash is answered that asks how the last word may go on."""
    monkeypatch.setenv("_CONV_VERIFY_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", " ".join(["conv-verify", *words]))
    monkeypatch.setenv("COMP_CWORD", str(len(words)))
    return main([])


@pytest.mark.parametrize(
    ("words", "answers"),
    [
        (["re"], ["plain,replay", "plain,report"]),
        (["replay", "tensorflow:g"], ["plain,tensorflow:gradient", "plain,tensorflow:graph"]),
        (["run", "fault:odd-c"], ["plain,fault:odd-cell-before"]),
        (["run", "--max"], ["plain,--max-time", "plain,--max-side"]),
        (["run", "--profile", "n"], ["plain,night"]),
        (["run", "--operations", "f"], ["plain,filtergrad"]),
        (["replay", "tensorflow", "pins/"], ["file,pins/"]),
        (["pin", "--corpus", "pi"], ["file,pi"]),
    ],
)
def test_shell_completes(
    words: list[str],
    answers: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert completed(monkeypatch, *words) == 0
    assert capsys.readouterr().out.splitlines() == answers


def test_shell_completes_beside_settings_that_are_wrong(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("pyproject.toml").write_text("[tool\n")
    assert completed(monkeypatch, "run", "--max") == 0
    assert capsys.readouterr().out == "plain,--max-time\nplain,--max-side\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_is_given_a_script_that_asks(
    shell: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("_CONV_VERIFY_COMPLETE", f"{shell}_source")
    assert main([]) == 0
    assert f"_CONV_VERIFY_COMPLETE={shell}_complete" in capsys.readouterr().out


def test_bash_completes_by_the_two_lines_of_the_guide(tmp_path: Path) -> None:
    lines = text_of("settings").partition("```sh\n")[2].partition("```")[0]
    (tmp_path / "conv-verify").write_text(f'#!/bin/sh\nexec {sys.executable} -m verify "$@"\n')
    (tmp_path / "conv-verify").chmod(0o755)
    ask = (
        "COMPREPLY=(); COMP_WORDS=({words}) COMP_CWORD={last}; "
        "_conv_verify_completion conv-verify; echo ${{COMPREPLY[@]}}"
    )
    asked = [["conv-verify", "re"], ["conv-verify", "guide", "wor"], ["conv-verify", "list", "--color", "a"]]
    script = [lines, *(ask.format(words=" ".join(words), last=len(words) - 1) for words in asked)]
    done = subprocess.run(
        ["bash", "-c", "\n".join(script)], capture_output=True, text=True, check=False, cwd=tmp_path,
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.stdout.splitlines() == ["replay report", "words", "auto always"], done.stderr


def test_version_says_what_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("conv-verify ")
    assert f": Python {platform.python_version()}, NumPy {version('numpy')}, Hypothesis " in said


@pytest.mark.parametrize(
    "words",
    [
        ["run", "x:y", "--report", "no/such/file"],
        ["run", "x:y", "--html", "no/such/file"],
        ["run", "x:y", "--baseline", "no/such/file"],
        ["report", "x", "--html", "no/such/file"],
        ["diff", "a", "b", "--report", "no/such/file"],
        ["diff", "a", "b", "--html", "no/such/file"],
        ["explain", LECTURE, "--html", "no/such/file"],
        ["words", "x", "--output", "no/such/file"],
        ["export", LECTURE, "--as", "script", "--output", "no/such/file"],
        ["export", LECTURE, "--as", "npz", "--output", "no/such/file"],
        ["export", LECTURE, "--as", "onnx", "--output", "no/such/file"],
    ],
    ids=lambda words: f"{words[0]} {words[-2]}",
)
def test_no_folder_is_made_for_a_file_to_write(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    said = f"conv-verify: there is no folder 'no/such': make it, or name another by {words[-2]}\n"
    assert capsys.readouterr() == ("", said)
    assert [*tmp_path.iterdir()] == []
