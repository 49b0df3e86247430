"""Wrong inputs of every command: one sentence that says what, where and what to do, and exit code 2."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.places import PLANTED
from verify.__main__ import main
from verify.commands.cli import COMMANDS

DEVIATION = """\
grammar = 2
[[deviation]]
name = "x"
sentence = "y"
subjects = ["subjects_to_gate:right"]
word = "conv_i1_k1_same_ones"
"""

FILES = {
    "stale.txt": "# grammar 2\nconv_i5\n",
    "key.toml": f'{DEVIATION}colour = "red"\n',
    "kind.toml": f'{DEVIATION}when = "rank == 1"\nkinds = ["valu"]\nunjudged = true\n',
    "when.toml": f'{DEVIATION}kinds = ["value"]\n',
    "broken.toml": "[[deviation]\n",
    "cut.jsonl": '{"type": "run"',
    "case.jsonl": '{"type": "case"}\n',
    "half.json": '{"format": 1\n',
    "empty.jsonl": "",
}
"""Files that the wrong inputs name, by their names."""

WRONG = {
    block.split("\n")[0].removeprefix("$ conv-verify "): block.split("\n")[1]
    for block in (Path(__file__).parent / "wrong_inputs.txt").read_text("utf-8").strip().split("\n\n")
    if block.startswith("$")
}
"""What is typed, and the sentence that answers it; `…` stands for its rest."""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with the files, in which subjects can be imported."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(PLANTED)
    yield tmp_path
    assert {place.name for place in tmp_path.iterdir()} - {".conv-verify", ".hypothesis"} == {*FILES}


@pytest.mark.parametrize("words", WRONG)
def test_wrong_input_is_one_sentence_and_exit_2(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(words.split())
    output, errors = capsys.readouterr()
    assert (code, output, errors.count("\n")) == (2, "", 1)
    beginning, is_cut, _ = WRONG[words].partition("…")
    assert errors.startswith(beginning)
    assert is_cut or errors == f"{beginning}\n"


def test_every_command_is_asked_wrongly_and_often() -> None:
    asked = {words.split()[0] for words in WRONG}
    assert asked >= {*COMMANDS}
    assert len(WRONG) >= 40
