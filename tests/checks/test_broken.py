"""An error of this package is no disagreement: exit 2, one sentence, the traceback in a file."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.places import PLANTED, ROOT
from tests.progress import settled
from verify.__main__ import main
from verify.cases.case import Case
from verify.checks import bulk, path
from verify.checks.broken import Broken, broken_by, is_of_ours, is_refusal

pytestmark = pytest.mark.injected

BREAKS = """
import sys
import verify.checks.path as path

whole, calls = path.judgement, iter(range(int(sys.argv.pop(1))))

def breaks(*arguments, **named):
    if next(calls, None) is None:
        raise KeyError("lost")
    return whole(*arguments, **named)

path.judgement = breaks
"""
"""The reference breaks after so many cases."""

MAIN = f"{BREAKS}\nfrom verify.__main__ import main\nsys.exit(main())"

PYTEST = f"{BREAKS}\nimport pytest\nsys.exit(pytest.main())"

SENTENCE = (
    r"(?:an error of conv-verify itself, to be reported, which says nothing of the subject: )?"
    r"KeyError: 'lost'(?: \(verify/checks/\w+\.py:\d+\))?; its traceback is in "
    r"(\.conv-verify/error-[\w-]+\.txt)\n"
)


def broken(code: str, folder: Path, after: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-c", code, str(after), *arguments], capture_output=True, text=True, check=False,
        cwd=folder, env={**os.environ, "PYTHONPATH": f"{ROOT}:{PLANTED}", "COLUMNS": "100"},
    )  # fmt: skip
    return settled(done)


def traceback_in(folder: Path, said: str) -> str:
    """The file that a sentence names."""
    named = re.search(SENTENCE, said)
    assert named is not None, said
    return (folder / named[1]).read_text()


def break_for(
    monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str, breaks: Callable[..., bool]
) -> None:
    """Have a function of a module break for some arguments."""
    whole = getattr(module, name)

    def called(*arguments: Any, **named: Any) -> Any:
        if breaks(*arguments):
            raise KeyError("lost")
        return whole(*arguments, **named)

    monkeypatch.setattr(module, name, called)


def test_what_a_replay_found_is_shown_and_recorded_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["conv_i2_k2_same_ones", "conv_i7_k2_same_ones"]
    break_for(monkeypatch, path, "judgement", lambda case: str(case) == words[1])
    code = main(["replay", "tests.planted.convolutions:odd_cell_before", *words, "--no-isolate"])
    printed = capsys.readouterr().out
    found = (tmp_path / ".conv-verify" / "failures.jsonl").read_text()
    assert code == 2
    assert "odd_cell_before disagrees with the reference" in printed.partition("Could not run: ")[0]
    assert [word in found for word in words] == [True, False]
    assert "Traceback (most recent call last)" in traceback_in(tmp_path, printed)


def test_a_sweep_whose_comparison_breaks_shows_what_it_counted_and_exits_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    calls = iter(range(300))
    break_for(monkeypatch, bulk, "agreement", lambda wanted: next(calls, None) is None)
    code = main(["sweep", "tests.planted.convolutions:right", "--upto", "2", "--no-isolate"])
    printed = capfd.readouterr()
    assert code == 2
    assert "Interrupted: no counterexample so far, after 256 of 481 cases" in printed.out
    assert "KeyError" in traceback_in(tmp_path, printed.err)


NARROW = ["--ranks", "1", "--dtypes", "float32", "--operations", "conv", "--examples", "2", "--seed", "1"]


def test_a_run_whose_reference_breaks_shows_what_it_found_and_exits_2(tmp_path: Path) -> None:
    name = "tests.planted.convolutions:odd_cell_before"
    done = broken(MAIN, tmp_path, 6, "run", name, "--no-isolate", *NARROW)
    before, _, after = done.stdout.partition("Could not run: ")
    assert done.returncode == 2
    assert "Disagrees: 1 finding in " in before
    assert "KeyError" in traceback_in(tmp_path, after)
    assert name in (tmp_path / ".conv-verify" / "failures.jsonl").read_text()


def test_pytest_exits_2_and_shows_what_was_found(tmp_path: Path) -> None:
    (tmp_path / "test_gate.py").write_text(
        "from verify.gate import conformance\n"
        "from tests.planted.convolutions import odd_cell_before\n"
        "TestIt = conformance(lambda case: odd_cell_before(case), dtypes=('float32',), ranks=(1,))\n"
    )
    options = [
        "-q",
        "-p",
        "verify.entry",
        "-p",
        "no:cacheprovider",
        "--conv-examples",
        "2",
        "-k",
        "elsewhere or form",
    ]
    done = broken(PYTEST, tmp_path, 6, *options, "test_gate.py")
    assert done.returncode == 2, done.stdout
    assert "Disagrees: 1 finding in " in done.stdout
    assert "KeyError" in traceback_in(tmp_path, done.stdout.partition("Disagrees")[2])


def test_a_refusal_is_told_from_an_error_of_ours() -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - whatever its words
        Case.parse("conv_k3")
    with pytest.raises(AttributeError) as wrong:
        Case.parse(3)  # type: ignore[arg-type]
    assert (is_refusal(refused.value), is_of_ours(refused.value)) == (True, False)
    assert (is_refusal(wrong.value), is_of_ours(wrong.value)) == (False, True)
    assert str(broken_by(refused.value)) == str(refused.value)
    assert broken_by(again := Broken("once")) is again


def test_an_error_of_the_users_code_is_not_called_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ZeroDivisionError) as theirs:
        print(1 // 0)
    assert str(broken_by(theirs.value)).startswith(
        "ZeroDivisionError: integer division or modulo by zero; its"
    )
