"""The journal: the case that each process is at, kept in the project's folder."""

from __future__ import annotations

import fcntl
import subprocess
import sys
from pathlib import Path

import pytest

from tests.places import ROOT
from verify.checks.journal import Journal, left

SHORT, LONG = "conv_i1_k1_same_ones", "conv_i7x7_c3_k3x3_f2_s2x2_valid_bias_cs231n"
KEPT = Path(".conv-verify")


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def project(folder: str) -> None:
    Path(folder).mkdir()
    Path(folder, "pyproject.toml").write_text("[tool.conv-verify]\n")


def killed(word: str) -> Journal:
    """The journal of a process that ended while it was at a word."""
    journal = Journal()
    journal.note("mine", word)
    fcntl.flock(journal._file, fcntl.LOCK_UN)  # as the end of the process does
    return journal


def test_a_process_that_ends_well_leaves_nothing():
    journal = Journal()
    journal.note("mine", SHORT)
    written = [path.read_text() for path in KEPT.glob("running-*")]
    assert left() == []
    journal.close()
    assert (written, [path.name for path in KEPT.iterdir()]) == ([f"mine\t{SHORT}\n"], [".gitignore"])


def test_a_killed_process_leaves_its_word_once():
    killed(SHORT)
    assert (left(), left()) == ([("mine", SHORT)], [])


def test_a_longer_line_leaves_nothing_behind_a_shorter_one():
    journal = Journal()
    journal.note("mine", LONG)
    journal.note("mine", SHORT)
    fcntl.flock(journal._file, fcntl.LOCK_UN)
    assert left() == [("mine", SHORT)]
    journal.close()


def test_processes_of_one_project_have_a_file_each():
    journals = [killed(SHORT), killed(LONG)]
    assert sorted(left()) == [("mine", SHORT), ("mine", LONG)]
    for journal in journals:
        journal.close()


def test_git_ignores_what_is_kept():
    killed(SHORT).close()
    assert (KEPT / ".gitignore").read_text() == "*\n"


def test_projects_have_journals_of_their_own(monkeypatch: pytest.MonkeyPatch):
    project("a")
    project("b")
    monkeypatch.chdir("a")
    killed(SHORT)
    monkeypatch.chdir("../b")
    assert left() == []
    monkeypatch.chdir("../a")
    assert left() == [("mine", SHORT)]


def test_journal_of_a_subfolder_is_that_of_the_project(monkeypatch: pytest.MonkeyPatch):
    project("a")
    Path("a/b").mkdir()
    monkeypatch.chdir("a/b")
    killed(SHORT)
    assert list(Path().iterdir()) == []
    monkeypatch.chdir("..")
    assert left() == [("mine", SHORT)]


def test_journal_stays_where_it_began(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    journal = killed(SHORT)
    Path("elsewhere").mkdir()
    monkeypatch.chdir("elsewhere")
    journal.close()
    assert list(tmp_path.glob(".conv-verify/running-*")) == []


def test_journal_needs_no_place_to_write():
    KEPT.touch()  # no folder can be made there, as in a project that is read-only
    journal = Journal()
    journal.note("mine", SHORT)
    journal.close()
    assert left() == []


def test_settings_that_are_wrong_keep_no_journal_away():
    Path("pyproject.toml").write_text("[tool\n")
    killed(SHORT)
    assert left() == [("mine", SHORT)]


def test_nothing_is_kept_where_files_cannot_be_locked():
    code = (
        "import sys; sys.modules['fcntl'] = None\n"
        "from verify.checks.journal import journal, left; journal.note('mine', 'word'); print(left())\n"
        "from verify.corpus.rewrite import rewrite; from pathlib import Path\n"
        "rewrite(Path('file'), lambda text: 'written')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(ROOT)},
    )
    assert (done.stdout, Path("file").read_text(), KEPT.exists()) == ("[]\n", "written", False)
