"""Files that several processes change at once."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

from tests.places import ROOT
from verify.corpus.rewrite import rewrite


def appended(line: str):
    return lambda text: f"{text}{line}\n"


def failing(text: str) -> str:
    raise ValueError("no")


def test_new_file_is_made_with_its_folder(tmp_path):
    rewrite(tmp_path / "a" / "b.txt", appended("one"))
    assert (tmp_path / "a" / "b.txt").read_text() == "one\n"


def test_change_is_given_the_text_that_is_there(tmp_path):
    (tmp_path / "b.txt").write_bytes(b"one\r\n")
    rewrite(tmp_path / "b.txt", appended("two"))
    assert (tmp_path / "b.txt").read_bytes() == b"one\r\ntwo\n"


def test_text_that_stays_leaves_the_file_alone(tmp_path):
    (tmp_path / "b.txt").write_text("one\n")
    before = (tmp_path / "b.txt").stat()
    rewrite(tmp_path / "b.txt", lambda text: text)
    assert (tmp_path / "b.txt").stat().st_ino == before.st_ino


def test_change_that_fails_leaves_all_as_it_was(tmp_path):
    (tmp_path / "b.txt").write_text("one\n")
    with pytest.raises(ValueError, match=r"^no$"):
        rewrite(tmp_path / "b.txt", failing)
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("b.txt", "one\n")]


def test_file_that_cannot_take_its_place_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "replace", lambda *places: failing(""))
    with pytest.raises(ValueError, match=r"^no$"):
        rewrite(tmp_path / "b.txt", appended("one"))
    assert list(tmp_path.iterdir()) == []


def test_mode_of_a_file_stays(tmp_path):
    (tmp_path / "b.txt").touch(mode=0o640)
    rewrite(tmp_path / "b.txt", appended("one"))
    assert (tmp_path / "b.txt").stat().st_mode & 0o777 == 0o640


def test_new_file_has_the_mode_of_any_new_file(tmp_path):
    (tmp_path / "other").touch()
    rewrite(tmp_path / "b.txt", appended("one"))
    assert (tmp_path / "b.txt").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_link_goes_on_pointing_to_its_file(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "b.txt")
    rewrite(tmp_path / "link", appended("one"))
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "b.txt").read_text() == "one\n"


WRITER = """
import sys
from pathlib import Path
from verify.corpus.rewrite import rewrite
for number in range(40):
    sys.stdin.readline()
    rewrite(Path(sys.argv[1]), lambda text: f"{text}{sys.argv[2]} {number}\\n")
    print("written", flush=True)
"""


def round_of(writers: list[subprocess.Popen[str]]) -> list[str]:
    """What processes say that were told to write at once, each when it has written."""
    for process in writers:
        process.stdin.write("go\n")
        process.stdin.flush()
    return [process.stdout.readline() for process in writers]


def test_processes_that_write_at_once_lose_nothing(tmp_path):
    file = tmp_path / "b.txt"
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(file), name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
        )
        for name in "abc"
    ]  # fmt: skip
    assert [round_of(writers) for _ in range(40)] == [["written\n"] * 3] * 40
    assert [process.communicate()[0] for process in writers] == ["", "", ""]
    lines = file.read_text().splitlines()
    rounds = [sorted(lines[first : first + 3]) for first in range(0, len(lines), 3)]
    assert rounds == [[f"{name} {number}" for name in "abc"] for number in range(40)]


def test_reader_never_sees_a_part(tmp_path):
    file, seen = tmp_path / "b.txt", set()
    rewrite(file, lambda text: "x" * 2**20)
    writer = threading.Thread(target=lambda: [rewrite(file, str.swapcase) for _ in range(20)])
    writer.start()
    while writer.is_alive():
        seen.add(frozenset(file.read_text()))
    assert seen == {frozenset("x"), frozenset("X")}
