"""What is kept between runs, where its folder is another's, or has what is no regular file."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from verify.__main__ import main
from verify.checks.journal import Journal, left
from verify.checks.ours import NotOurs, open_ours, require_ours
from verify.checks.project import keep_in
from verify.corpus.rewrite import rewrite
from verify.runs.interrupted import lines_of_interrupted

pytestmark = pytest.mark.injected

KEPT = Path(".conv-verify")
SWEEP = ["sweep", "tests.planted.convolutions:right", "--upto", "1", "--no-isolate"]
WORD = "conv_i1_k1_same_ones"


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def link() -> None:
    Path("other").mkdir()
    KEPT.symlink_to("other")


def another_s() -> None:
    KEPT.mkdir()
    os.chown(KEPT, os.getuid() + 1, -1)


def open_to_all() -> None:
    KEPT.mkdir()
    KEPT.chmod(0o777)


def open_to_another_group() -> None:
    KEPT.mkdir()
    os.chown(KEPT, -1, os.getgid() + 1)
    KEPT.chmod(0o775)


needs_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
FOLDERS = [
    pytest.param(link, "is a link, which is not followed", id="link"),
    pytest.param(open_to_all, "can be written by other users", id="all"),
    pytest.param(another_s, "belongs to another user, of number ", id="another's", marks=needs_root),
    pytest.param(open_to_another_group, "can be written by other users", id="group", marks=needs_root),
]


@pytest.mark.parametrize(("spoil", "why"), FOLDERS)
def test_folder_that_is_not_ours_is_not_used(spoil: Callable[[], None], why: str) -> None:
    spoil()
    for name in ("running-1", "sweep.json", "failures.jsonl"):
        (KEPT / name).write_text(f"mine\t{WORD}\n")
    before = {path.name: path.read_text() for path in KEPT.iterdir()}
    journal = Journal()
    journal.note("mine", WORD)
    with pytest.raises(NotOurs, match=f"^'.conv-verify' {why}"):
        keep_in(KEPT)
    assert (left(), {path.name: path.read_text() for path in KEPT.iterdir()}) == ([], before)
    journal.close()


@pytest.mark.parametrize("asked", [["replay"], SWEEP])
@pytest.mark.parametrize(("spoil", "why"), FOLDERS)
def test_what_needs_such_a_folder_says_why(
    spoil: Callable[[], None], why: str, asked: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    spoil()
    (KEPT / "sweep.json").write_text("{}")
    assert main(asked) == 2
    option = {"replay": "--failures", "sweep": "--state"}[asked[0]]
    said = capsys.readouterr().err
    assert said.startswith(f"conv-verify: '.conv-verify' {why}")
    assert said.endswith(f": move it away, or name another by {option}\n")


def test_verdict_stands_without_what_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    link()
    assert main(["replay", "tests.planted.hostile:raises", WORD]) == 1
    why = "'.conv-verify' is a link, which is not followed"
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == f"unrecorded  {why}: move it away, or name another by --failures"
    assert list(Path("other").iterdir()) == []


def fifo(file: Path) -> None:
    os.mkfifo(file)


def link_elsewhere(file: Path) -> None:
    Path("elsewhere").write_text("kept")
    file.symlink_to(Path("elsewhere").resolve())


PLANTED: Any = pytest.mark.parametrize("plant", [fifo, link_elsewhere, Path.mkdir])


@PLANTED
def test_journal_that_is_no_file_is_neither_waited_for_nor_removed(plant: Callable[[Path], None]) -> None:
    KEPT.mkdir()
    plant(KEPT / "running-1")
    assert (left(), (KEPT / "running-1").lstat() is not None) == ([], True)


@PLANTED
@pytest.mark.parametrize("name", ["failures.jsonl", "sweep.json"])
@pytest.mark.parametrize("asked", [["replay"], SWEEP])
def test_file_that_is_none_is_not_waited_for(
    plant: Callable[[Path], None], name: str, asked: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    KEPT.mkdir()
    plant(KEPT / name)
    main(asked)
    before = (KEPT / name).lstat()
    main(["replay", "tests.planted.hostile:raises", WORD])
    assert stat.S_IFMT((KEPT / name).lstat().st_mode) == stat.S_IFMT(before.st_mode)
    assert not Path("elsewhere").exists() or Path("elsewhere").read_text() == "kept"


@pytest.mark.parametrize("linked", [KEPT, KEPT / "failures.jsonl"], ids=["folder", "file"])
def test_nothing_is_forgotten_through_a_link(linked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "tests.planted.hostile:raises", WORD]) == 1
    linked.rename("elsewhere")
    linked.symlink_to(Path("elsewhere").resolve())
    before = (KEPT / "failures.jsonl").read_text()
    assert main(["replay", "--forget", WORD]) == 2
    why = f"{str(linked)!r} is a link, which is not followed"
    assert capsys.readouterr().err == f"conv-verify: {why}: move it away, or name another by --failures\n"
    assert WORD in before
    assert (KEPT / "failures.jsonl").read_text() == before


def test_link_that_points_nowhere_is_not_written_through() -> None:
    KEPT.mkdir()
    (KEPT / ".gitignore").symlink_to("../elsewhere")
    keep_in(KEPT)
    assert not Path("elsewhere").exists()


def test_what_is_no_file_is_not_replaced() -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("place")
        with pytest.raises(NotOurs, match=r"^'.*place' is no regular file$"):
            rewrite(Path("place"), lambda text: "a")
    assert Path("place").is_socket()


def test_what_a_journal_says_does_not_act() -> None:
    KEPT.mkdir()
    for said in (
        "mine:\x1b[31m\u202e##[x\tconv_i1_k1_same_ones",
        "mine\t$(touch pwned); ::error::",
        "x" * 10**6,
    ):
        (KEPT / "running-1").write_text(f"{said}\n")
        assert list(lines_of_interrupted()) == []
    (KEPT / "running-1").write_text("mine:$(touch pwned)\tconv_i1_k1_same_ones\n")
    (line,) = lines_of_interrupted()
    assert line.endswith(" 'mine:$(touch pwned)' conv_i1_k1_same_ones")


def test_place_that_is_not_there_is_nobody_else_s() -> None:
    require_ours(Path("nothing"))
    with pytest.raises(FileNotFoundError):
        open_ours(Path("nothing"))


def test_folder_is_made_so_that_no_other_can_write_to_it() -> None:
    mask = os.umask(0)
    keep_in(KEPT)
    os.umask(mask)
    assert stat.S_IMODE(KEPT.stat().st_mode) == 0o755
