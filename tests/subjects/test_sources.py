"""Where names are written in the working tree."""

from __future__ import annotations

from pathlib import Path

import pytest

from verify.subjects.sources import Place, place_in, place_of_subject

SOURCE = """\
from elsewhere import taken as conv1d


class Layer:
    size: int = 3

    @staticmethod
    def conv(case):
        return case.input


def conv2d(case): ...


made = other = Layer()
bound: object = made.conv


def conv2d(case):  # which is the one that is imported
    return case.input
"""


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working tree with a module, a package and a module of `src`; the current folder is below it."""
    (tmp_path / ".git").mkdir()
    for file in (
        "mine.py",
        "package/__init__.py",
        "package/inner.py",
        "src/apart_of_src.py",
        "tests/test_it.py",
    ):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(SOURCE, "utf-8")
    monkeypatch.syspath_prepend(tmp_path / "src")
    monkeypatch.chdir(tmp_path / "tests")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("mine:conv2d", Place("mine.py", 19)),
        ("mine:conv2d/a-way", Place("mine.py", 19)),
        ("mine:conv2d OMP_NUM_THREADS=1", Place("mine.py", 19)),
        ("mine:Layer", Place("mine.py", 4)),
        ("mine:Layer.conv", Place("mine.py", 8)),
        ("mine:other", Place("mine.py", 15)),
        ("mine:bound", Place("mine.py", 16)),
        ("mine:conv1d", Place("mine.py", 1)),
        ("mine:made_by_a_call", Place("mine.py", 1)),
        ("package:conv2d", Place("package/__init__.py", 19)),
        ("package.inner:conv2d", Place("package/inner.py", 19)),
        ("apart_of_src:conv2d", Place("src/apart_of_src.py", 19)),
        ("tests/test_it.py:conv2d", Place("tests/test_it.py", 19)),
        ("nowhere:conv2d", None),
        ("json:dumps", None),
        ("tensorflow", None),
        ("tensorflow:graph/tf.nn.conv2d", None),
        ("fault:odd-cell-before", None),
        ("sys:exit", None),
    ],
)
def test_a_subject_is_placed_where_it_is_written(name: str, place: Place | None) -> None:
    assert place_of_subject(name) == place


@pytest.mark.parametrize("text", ["def (", "\0", "x = " + "(" * 500], ids=["syntax", "zero", "deep"])
def test_a_file_that_cannot_be_read_is_placed_at_its_first_line(text: str, project: Path) -> None:
    (project / "mine.py").write_text(text, "utf-8")
    assert place_in(project / "mine.py", "conv2d") == Place("mine.py", 1)
