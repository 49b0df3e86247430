"""The one way out: what it writes, and what it keeps where it cannot."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import cast

import pytest

from tests.checks.test_escaping import acts
from tests.places import ROOT
from tests.planted.hostile import WORDS
from verify.checks.streams import Fate, Out, standard_streams

pytestmark = pytest.mark.injected


def written(tmp_path: Path, *texts: str, encoding: str = "utf-8", is_styled: bool = False) -> str:
    """What is in a file after these texts were written to it."""
    file = tmp_path / "file"
    with file.open("w", encoding=encoding) as stream:
        out = Out(stream, Fate("it"), is_styled=is_styled)
        for text in texts:
            out.write(text)
    return file.read_text(encoding=encoding)


def test_nothing_acts_that_is_written(tmp_path: Path) -> None:
    assert not acts(written(tmp_path, WORDS))


def test_command_that_is_written_in_pieces_is_none(tmp_path: Path) -> None:
    assert written(tmp_path, " ", ":", ":error::x #", "#[") == r" :\x3aerror::x ##\x5b"


def test_long_line_has_no_command_at_a_place_where_it_is_not_at_its_start(tmp_path: Path) -> None:
    assert written(tmp_path, "a" * 1000, "::", " " * 1000, "::") == f"{'a' * 1000}::{' ' * 1000}::"


def test_command_after_any_number_of_blanks_is_none(tmp_path: Path) -> None:
    assert written(tmp_path, " " * 1000, ":", ":x") == f"{' ' * 1000}:\\x3ax"


def test_style_is_passed_on_and_begins_no_command(tmp_path: Path) -> None:
    assert written(tmp_path, "\x1b[1m::x\x1b[0m", is_styled=True) == "\x1b[1m:\\x3ax\x1b[0m"


def test_character_that_an_encoding_lacks_is_written_by_its_code(tmp_path: Path) -> None:
    assert written(tmp_path, "a ≤ \ud800\n", encoding="ascii") == "a \\u2264 \\ud800\n"


def test_full_disk_is_kept_and_raises_nothing() -> None:
    fate = Fate("standard output")
    with Path("/dev/full").open("w") as full:
        Out(full, fate).write("first\n")
        Out(full, fate).styled().write("second\n")
    assert (fate.why, fate.lost) == ("the system says 'no space left on device'", "first\nsecond\n")


def test_reader_that_leaves_is_told_from_a_failure() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as pipe:
        out = Out(pipe, Fate("standard output"))
        out.write("a")
    assert (out.fate.is_left, out.fate.lost) == (True, "a")


def test_streams_that_are_closed_are_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", None)
    with standard_streams() as streams:
        print("a")
    assert streams.output.fate == Fate("standard output", "it is closed", "a\n")


def test_stream_without_a_file_is_written_to(capsys: pytest.CaptureFixture[str]) -> None:
    with standard_streams() as streams:
        print("\x1b")
        cast(Out, streams.output.styled()).write("\x1b[1m")
    assert capsys.readouterr().out == "\\x1b\n\x1b[1m"


def test_every_console_is_one_that_shows_what_it_is_given() -> None:
    passing = re.compile(r"\bConsole\(|click\.(echo|secho)|sys\.__std(out|err)__\.write")
    sources = (ROOT / "verify").rglob("*.py")
    assert [file.name for file in sources if passing.search(file.read_text(encoding="utf-8"))] == []


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="it lists the open files")
def test_copy_that_nobody_has_leaves_no_file_open() -> None:
    def opened() -> int:
        return len([*Path("/proc/self/fd").iterdir()])

    before = opened()
    with standard_streams() as streams:
        for _ in range(100):
            streams.error.styled()
    assert opened() == before
