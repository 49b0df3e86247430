"""The file of a baseline: what was written is read, and what is none is refused in one sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from verify.runs.behaviour.record import Behaviour, Response, behaviours_of, read_behaviours, text_of

FILE = Path("behaviour.json")
WORD = "conv_i1x2_k1x2_same_ones"
RECORDS = {
    "mine ON=1": Behaviour(
        {
            WORD: Response("answered", "AACAPwAAAEA=", 0.0123),
            "conv_i1_k1_same_ones": Response("declined"),
            "conv_i1_k2_same_ones": Response("float64 (1, 1)", "AAAAAAAA8D8="),
            "conv_i2_k2_same_ones": Response("answered", "AACAPwAAAEA=", float("inf")),
        },
        {"processor": "this"},
        {"numpy": "2.0"},
    )
}


def test_what_was_written_is_read() -> None:
    assert behaviours_of(text_of(RECORDS), FILE) == RECORDS


def test_a_case_is_one_line() -> None:
    assert f'    "{WORD}": "answered: 0.0123 AACAPwAAAEA=",' in text_of(RECORDS).splitlines()


def test_no_file_has_nothing(tmp_path: Path) -> None:
    assert read_behaviours(tmp_path / "none.json") == {}


def test_file_of_another_format_is_to_be_deleted() -> None:
    with pytest.raises(
        ValueError,
        match=r"^behaviour\.json, line 1: it is no baseline: it has the format 1, not 2; delete it",
    ):
        behaviours_of('{"format": 1, "subjects": {"a": {"properties": {}}}}', FILE)


DAMAGED = [
    ("[]", "[] is not an object"),
    ("{}", "it has no 'format'"),
    ('{"format": 2}', "it has no 'subjects'"),
    ('{"format": 2, "grammar": 2, "subjects": {"a": 3}}', "subjects: 3 is not an object"),
    ("name = 3", "Expecting value at column 1"),
    (
        text_of(RECORDS).replace("AACAPwAAAEA=", "AACAPw=="),
        "cannot reshape array of size 1 into shape (1,1,2,1)",
    ),
    (text_of(RECORDS).replace("AACAPwAAAEA=", "A"), None),
    (text_of(RECORDS).replace("0.0123", "near"), "could not convert string to float: 'near'"),
    (text_of(RECORDS).replace(WORD, "conv_i0"), None),
]


@pytest.mark.parametrize(("content", "why"), DAMAGED)
def test_what_is_no_baseline_is_refused(content: str, why: str | None) -> None:
    with pytest.raises(
        ValueError,
        match=r"^behaviour\.json, line \d+: it is no baseline: .*; delete it or name another by --baseline$",
    ) as no:
        behaviours_of(content, FILE)
    assert why is None or f": {why}; " in str(no.value)


def test_file_is_sorted() -> None:
    table = json.loads(text_of(RECORDS))
    assert list(table["subjects"]["mine ON=1"]) == ["cases", "machine", "versions"]
