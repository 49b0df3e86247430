"""`[tool.conv-verify]` in pytest: checked as the command line checks it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from verify.__main__ import main
from verify.commands.cli import command_of
from verify.config.flags import of_tests
from verify.config.options import options_of

GATE = """
from tests.planted import convolutions
from verify.gate import conformance

TestRight = conformance(convolutions.right, ranks=(1,))
"""

WRONG = {
    "an unknown key": ("exampels = 5", "tool.conv-verify.exampels is no setting; did you mean 'examples'?"),
    "a key of pytest's, wrongly spelled": (
        "corpse = 'pins'",
        "tool.conv-verify.corpse is no setting; did you mean 'corpus'?",
    ),
    "a wrong value of a key that pytest does not use": (
        "max-time = 'soon'",
        "tool.conv-verify.max-time is 'soon', not a number of seconds",
    ),
    "a value that the option refuses": (
        "profile = 'fast'",
        "tool.conv-verify.profile: 'fast' is none of quick, dev, ci, night",
    ),
    "a wrong value of a key that pytest uses": ("corpus = 3", "tool.conv-verify.corpus is 3, not a string"),
}


@pytest.mark.parametrize(("line", "sentence"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_one_sentence_and_exit_4(
    pytester: pytest.Pytester, run_gates: Callable[..., pytest.RunResult], line: str, sentence: str
) -> None:
    pytester.makepyfile(test_mine=GATE)
    pytester.makefile(".toml", pyproject=f"[tool.conv-verify]\n{line}\n")
    result = run_gates("--conv-examples=5")
    assert (result.ret, result.errlines) == (4, [f"ERROR: pyproject.toml, line 2: {sentence}", ""])


@pytest.mark.parametrize("line", [line for line, _ in WRONG.values()], ids=WRONG)
def test_the_command_line_says_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], line: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("pyproject.toml").write_text(f"[tool.conv-verify]\n{line}\n", encoding="utf-8")
    assert main(["run", "tests.planted.convolutions:right"]) == 2
    at_the_command_line = capsys.readouterr().err.removeprefix("conv-verify: ").rstrip("\n")
    with pytest.raises(ValueError) as in_pytest:  # noqa: PT011 - the whole text is compared
        of_tests(tmp_path, command_of("run"))
    assert str(in_pytest.value) == at_the_command_line


ALLOWED = {"examples": "5", "max-time": "2.5", "seed": "1", "profile": "'ci'", "isolate": "true"}


@pytest.mark.parametrize("key", ALLOWED)
def test_keys_of_commands_that_pytest_does_not_use_are_allowed(tmp_path: Path, key: str) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.conv-verify]\n{key} = {ALLOWED[key]}\n", "utf-8")
    assert key in options_of(command_of("run"))
    assert of_tests(tmp_path, command_of("run")).known.deviations == ()
