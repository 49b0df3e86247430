"""The journal of the case that a process is at: nothing stays of a process that ends well."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from verify.checks.journal import Journal, folder, left

SMALLEST = "conv_i1_k1_same_ones"
LONGER = "conv_n2_i5x4_c2_k3x2_f2_same_bias_ints3"


def test_a_process_that_ends_well_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    journal = Journal()
    journal.note("mine", SMALLEST)
    written = [path.read_text() for path in folder().iterdir()]
    assert left() == []
    journal.close()
    assert (written, list(folder().iterdir())) == ([f"mine\t{SMALLEST}\n"], [])


def test_a_longer_line_leaves_nothing_behind_a_shorter_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    journal = Journal()
    journal.note("mine", LONGER)
    journal.note("mine", SMALLEST)
    fcntl.flock(journal._file, fcntl.LOCK_UN)  # as the end of the process does
    lines = left()
    journal.close()
    assert lines == [("mine", SMALLEST)]
