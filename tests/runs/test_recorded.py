"""Recorded failures, put to their subjects again: nothing that a file says is obeyed."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests import forked
from tests.places import ROOT
from verify.__main__ import main
from verify.corpus.failures import failures_in
from verify.runs.recorded import NEVER, PLAIN

pytestmark = pytest.mark.injected

WORD, OTHER = "conv_i1_k1_same_ones", "conv_i2_k1_same_ones"

MINE = """
import os
from pathlib import Path

from verify import reference


def wrong(case):
    return reference(case).astype(case.dtype) + 1


def right(case):
    return reference(case).astype(case.dtype)


def switched(case):
    Path("switched").write_text(os.environ.get("MODE", "") + os.environ.get("OMP_TOOL_LIBRARIES", ""))
    return reference(case).astype(case.dtype) + 1


switched.switches = {"MODE": os.environ.get("MODE", "a")}
switched.matrix = {"MODE": ("a", "b"), "OMP_TOOL_LIBRARIES": ("", "x.so")}
"""


@pytest.fixture(autouse=True)
def _in_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project with subjects, beside a folder that is on the path of modules and is not of it."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "others.py").write_text("open('obeyed', 'w').close()\n" + MINE)
    project = tmp_path / "project"
    project.mkdir()
    (project / "mine.py").write_text(MINE)
    (project / "pyproject.toml").write_text("[tool.conv-verify]\n")
    monkeypatch.chdir(project)
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}:{elsewhere}")


def entry(**changed: Any) -> dict[str, Any]:
    usual = {"format": 2, "grammar": 2, "subject": "mine:wrong", "word": WORD, "kind": "value"}
    return {**usual, "first_seen": "2026-01-31", **changed}


def recorded(*entries: dict[str, Any]) -> None:
    Path("ci.jsonl").write_text("".join(f"{json.dumps(each)}\n" for each in entries))


def replay(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": "200"}
    return forked.run("verify", "replay", "--failures", "ci.jsonl", *arguments, environment=environment)


def test_an_entry_whose_subject_is_gone_leaves_the_others() -> None:
    recorded(entry(subject="mine:gone"), entry(subject="nowhere:conv"), entry())
    done = replay()
    first, second, *rest, last = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (1, "")
    assert first.startswith("unloaded  1 case of mine:gone: ")
    assert "mine has no 'gone'" in first
    assert first.endswith("; `conv-verify replay --forget mine:gone` takes them out")
    assert second.startswith(f"STILL     {WORD}  (value, since 2026-01-31")
    assert [line for line in rest if line.startswith("unloaded  1 case of nowhere:conv: ")]
    assert last == "Of 3 cases: 2 unloaded, 1 STILL."


def test_where_no_subject_is_left_nothing_was_run() -> None:
    recorded(entry(subject="mine:gone"), entry(subject="mine:right"))
    done = replay()
    assert (done.returncode, done.stderr) == (2, "")
    assert f"FIXED     {WORD}" in done.stdout


def test_module_outside_the_working_tree_is_imported_only_with_trust() -> None:
    recorded(entry(subject="others:wrong"))
    refused = replay()
    assert (refused.returncode, refused.stderr, Path("obeyed").exists()) == (2, "", False)
    assert "its module is outside the working tree, " in refused.stdout
    assert "--trust imports it all the same" in refused.stdout
    trusted = replay("--trust")
    assert (trusted.returncode, Path("obeyed").exists()) == (1, True)
    assert f"STILL     {WORD}" in trusted.stdout


def test_subject_that_is_typed_is_trusted() -> None:
    recorded(entry(subject="others:wrong"))
    assert replay("others:wrong").returncode == 1


@pytest.mark.parametrize(
    "subject", ["os:system", "sys:exit", "antigravity:x", "numpy:load", "verify.check:x"]
)
def test_what_is_installed_is_outside(subject: str, capsys: pytest.CaptureFixture[str]) -> None:
    recorded(entry(subject=subject))
    assert main(["replay", "--failures", "ci.jsonl"]) == 2
    said = capsys.readouterr()
    assert (said.out.startswith(f"unloaded  1 case of {subject}: "), said.err) == (True, "")


@pytest.mark.parametrize("subject", ["mine:os.system", "mine:wrong.__call__", "mine:__builtins__"])
def test_no_record_reaches_through_a_module(subject: str) -> None:
    recorded(entry(subject=subject))
    done = replay()
    assert (done.returncode, done.stderr) == (2, "")
    assert done.stdout.startswith(f"unloaded  1 case of {subject}: ")


@pytest.mark.parametrize("target", ["others.py", "site-packages/others.py"])
def test_link_that_leads_outside_and_what_is_installed_inside_are_outside(
    target: str, tmp_path: Path
) -> None:
    place = tmp_path / "project" / target
    place.parent.mkdir(exist_ok=True)
    place.symlink_to(tmp_path / "elsewhere" / "others.py")
    recorded(entry(subject=f"{target}:wrong"))
    assert (replay().returncode, Path("obeyed").exists()) == (2, False)


@pytest.mark.parametrize(
    "switches",
    [{"LD_PRELOAD": "/tmp/x.so"}, {"PATH": "."}, {"PYTHONPATH": "x"}, {"OMP_TOOL_LIBRARIES": "x.so"}],
    ids=str,
)
def test_switch_that_chooses_code_is_never_set(switches: dict[str, str]) -> None:
    recorded(entry(subject="mine:switched", switches=switches))
    done = replay()
    assert (done.returncode, done.stderr, Path("switched").exists()) == (2, "", False)
    assert f"{next(iter(switches))} is not set from a record; set it yourself" in done.stdout


def test_switch_is_set_from_the_list_that_the_subject_declares() -> None:
    recorded(
        entry(subject="mine:switched", switches={"MODE": "b"}),
        entry(subject="mine:switched", switches={"COLOUR": "b"}, word=OTHER),
        entry(subject="mine:wrong", switches={"MODE": "b"}, word=OTHER),
        entry(subject="tensorflow", switches={"MODE": "b"}, word=OTHER),
    )
    done = replay()
    assert (done.returncode, done.stderr) == (1, "")
    assert Path("switched").read_text() == "b"
    assert "it does not declare the switch 'COLOUR' of its record" in done.stdout
    assert done.stdout.count("it does not declare the switch 'MODE' of its record") == 2
    assert f"STILL     {WORD}" in done.stdout


@pytest.mark.parametrize("value", ["0 LD_PRELOAD=/tmp/x.so", "/tmp/x", "$(id)", "a'b", "\n"])
def test_value_of_a_switch_is_no_path_and_no_other_setting(value: str) -> None:
    assert PLAIN.fullmatch(value) is None


@pytest.mark.parametrize(
    "name", ["LD_LIBRARY_PATH", "ld_preload", "PYTHONSTARTUP", "PATH", "XLA_PLUGIN", "HOME"]
)
def test_names_that_choose_code_are_known(name: str) -> None:
    assert NEVER.match(name)


@pytest.mark.parametrize("name", ["TF_ENABLE_ONEDNN_OPTS", "OMP_NUM_THREADS", "MODE", "PATHOLOGY"])
def test_names_of_settings_are_not_among_them(name: str) -> None:
    assert not NEVER.match(name)


@pytest.mark.parametrize(
    ("options", "form"), [("--help", 1), ("--python ./run-me", 1), ("'", 1), ("--help", 2), ("", 2)]
)
def test_option_of_a_record_is_never_obeyed(options: str, form: int) -> None:
    Path("run-me").write_text("#!/bin/sh\ntouch obeyed\n")
    Path("run-me").chmod(0o755)
    recorded(entry(format=form, options=options))
    done = replay()
    assert not Path("obeyed").exists()
    if form == 1:  # which had them
        assert (done.returncode, done.stderr) == (1, "")
        assert f"STILL     {WORD}" in done.stdout
    else:
        why = "this is no record of a failure: it has 'options', which is none of its keys; delete the line"
        assert (done.returncode, done.stderr) == (2, f"conv-verify: ci.jsonl, line 1: {why}\n")


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"subject": "--help x"}, "subject: '--help x' is not the name of a subject"),
        ({"subject": 3}, "subject: 3 is not a line of at most 2,000 characters"),
        ({"kind": "worse"}, "kind: 'worse' is not one of 'shape', "),
        ({"timeout": 10**9}, "timeout: 1000000000 is not a number from 0.001 to 3600"),
        ({"first_seen": "yesterday"}, "first_seen: 'yesterday' is not a day such as 2026-01-31"),
        ({"cause": "a\nb"}, "cause: 'a\\nb' is not a line of at most 2,000 characters"),
        ({"switches": {"A": 1}}, "switches: 1 is not a line of at most 2,000 characters"),
        ({"python": "/bin/sh"}, "it has 'python', which is none of its keys"),
    ],
)
def test_value_that_no_record_has_is_named(
    changed: dict[str, Any], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded(entry(), entry(**changed))
    assert main(["replay", "--failures", "ci.jsonl"]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert said.err.startswith(f"conv-verify: ci.jsonl, line 2: this is no record of a failure: {why}")
    assert said.err.endswith("; delete the line\n")


def held() -> list[tuple[str, str]]:
    return [(failure.subject, failure.word) for failure in failures_in(Path("ci.jsonl"))]


@pytest.mark.parametrize(
    ("named", "left"),
    [
        ([WORD], [("mine:wrong/a", OTHER)]),
        (["mine:wrong"], [("mine:right", WORD)]),
        (["mine:wrong/a"], [("mine:right", WORD), ("mine:wrong", WORD)]),
        (["mine:wrong", WORD], [("mine:right", WORD), ("mine:wrong/a", OTHER)]),
        ([], [("mine:wrong", WORD), ("mine:wrong/a", OTHER)]),
    ],
    ids=str,
)
def test_entries_are_forgotten(
    named: list[str], left: list[tuple[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    recorded(
        entry(subject="mine:right", fixed="2026-02-01"), entry(), entry(subject="mine:wrong/a", word=OTHER)
    )
    assert main(["replay", "--failures", "ci.jsonl", "--forget", *named]) == 0
    assert held() == left
    assert capsys.readouterr().out.count("forgot    conv_") == 3 - len(left)


def test_what_is_not_there_cannot_be_forgotten(capsys: pytest.CaptureFixture[str]) -> None:
    recorded(entry())
    assert main(["replay", "--failures", "ci.jsonl", "--forget", "mine:other"]) == 2
    assert capsys.readouterr().err == "conv-verify: no failure of mine:other is recorded in ci.jsonl\n"
    assert main(["replay", "--failures", "ci.jsonl", "--forget"]) == 0
    assert capsys.readouterr().out == "Nothing to forget: no failure in ci.jsonl is fixed.\n"
    assert held() == [("mine:wrong", WORD)]


def test_record_that_is_written_can_be_read_whatever_is_said() -> None:
    Path("mine.py").write_text(
        MINE + "\n\ndef raises(case):\n    raise type('A\\nb\\x1b', (ValueError,), {})('x')\n"
    )
    replay("mine:raises", WORD)
    (failure,) = failures_in(Path("ci.jsonl"))
    assert failure.cause == "it raised A\\nb\\x1b"
