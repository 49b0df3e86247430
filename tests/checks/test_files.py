"""A file that cannot be used: which, why, and what to do."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from verify.checks.files import refusal_of


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    Path("folder").mkdir()


def make_folder(name: str) -> None:
    Path(name).mkdir(parents=True, exist_ok=True)


def write(name: str) -> None:
    Path(name).write_text("")


def read(name: str) -> None:
    Path(name).read_text()


def fail(number: int):
    def act(name: str) -> None:
        raise OSError(number, os.strerror(number), name)

    return act


@pytest.mark.parametrize(
    ("act", "name", "sentence"),
    [
        (make_folder, "file", "'file' is a file where a folder is needed: move it away, or name another"),
        (make_folder, "file/a/b", "'file' is a file where a folder is needed: move it away, or name another"),
        (write, "file/a", "'file' is a file where a folder is needed: move it away, or name another"),
        (read, "file/a", "'file' is a file where a folder is needed: move it away, or name another"),
        (write, "folder", "'folder' is a folder where a file is needed: move it away, or name another"),
        (read, "folder", "'folder' is a folder where a file is needed: move it away, or name another"),
        (write, "none/a", "there is no folder 'none': make it, or name another"),
        (read, "folder/none", "there is no file 'folder/none': name another"),
        (fail(errno.EACCES), "file",
         "'file' cannot be used, as the system says 'permission denied': change that, or name another"),
        (fail(errno.EROFS), "file",
         "'file' cannot be used, as the system says 'read-only file system': change that, or name another"),
        (fail(errno.ENOSPC), "file",
         "'file' cannot be used, as the system says 'no space left on device': change that, or name another"),
    ],
)  # fmt: skip
def test_sentence_has_the_file_the_reason_and_what_to_do(act, name: str, sentence: str):
    with pytest.raises(OSError) as refused:  # noqa: PT011 - what it says is asserted below
        act(name)
    assert refusal_of(refused.value) == sentence
    assert refusal_of(refused.value, "--state") == f"{sentence} by --state"


def test_error_that_names_no_file_is_said_as_it_is():
    assert refusal_of(OSError("nobody answers")) == "nobody answers"
