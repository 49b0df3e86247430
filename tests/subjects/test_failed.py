"""The words on which built-in subjects were wrong."""

from __future__ import annotations

from verify.cases.case import Case
from verify.subjects.documented import FRAMEWORKS, deviations_in
from verify.subjects.failed import failed_words


def test_every_known_deviation_that_leaves_memory_free_gives_its_word() -> None:
    entries = [entry for framework in FRAMEWORKS for entry in deviations_in(framework)]
    expected = {Case.parse(entry.word) for entry in entries if "out of memory" not in entry.kinds}
    assert {*failed_words()} == expected
    assert len(failed_words()) == len(expected)
    assert any("out of memory" in entry.kinds for entry in entries)
