"""Files of data that are nested deeper than any that this package writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from verify.checks.deviations import parse_deviations
from verify.checks.project import settings_of
from verify.corpus.failures import failures_in
from verify.reports.records import numbered_records
from verify.runs.behaviour.record import read_behaviours
from verify.runs.sweep.progress import read_state

DEEP = "[" * 200_000

READERS = {
    "failures": failures_in,
    "records": lambda file: [*numbered_records(file)],
    "a baseline": read_behaviours,
    "the state of a sweep": read_state,
    "deviations": lambda file: parse_deviations(file.read_text("utf-8")),
    "settings": lambda file: settings_of(file.parent),
}
"""What each reads, and how."""


@pytest.mark.parametrize("what", READERS)
def test_file_that_is_nested_too_deep_is_refused_in_one_sentence(what: str, tmp_path: Path):
    file = tmp_path / "pyproject.toml"
    file.write_text(f"x = {DEEP}\n" if what in ("deviations", "settings") else f"{DEEP}\n", "utf-8")
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - each says it in its own words
        READERS[what](file)
    assert 0 < len(str(refused.value)) < 400
    assert "\n" not in str(refused.value)
