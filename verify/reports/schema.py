"""The shapes of the records of a run that reports are made of; what has another is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from math import prod
from pathlib import Path
from typing import Any, get_args

from verify.cases.case import Case
from verify.cases.dtypes import DTYPES
from verify.cases.operations import OPERATIONS
from verify.cases.shards import Shard
from verify.cases.word import PADDINGS
from verify.checks.predictions import JudgedBy
from verify.checks.reading import DataError
from verify.checks.shapes import (
    Takes,
    any_number,
    fields,
    flag,
    list_of,
    map_of,
    nullable,
    number,
    one_of,
    refused,
    text,
    whole,
)
from verify.checks.subject import split_label
from verify.oracle.arithmetic import canonical
from verify.oracle.compare import KINDS, Outcome
from verify.oracle.schemes import SCHEMES
from verify.reports.records import Record, numbered_records

_parsed = lru_cache(maxsize=4096)(Case.parse)


def _a_word(value: Any) -> Any:
    if not isinstance(value, str):
        raise refused(value, "a case")
    _parsed(value)  # raises ValueError, which says why it is none
    return value


def _a_word_or_none(value: Any) -> Any:
    return value if value == "" else _a_word(value)


def _a_label(value: Any) -> Any:
    """A subject's name with its settings."""
    try:
        split_label(_LINE(value))
    except ValueError:
        raise refused(value, "the name of a subject with its settings") from None
    return value


def _a_shard(value: Any) -> Any:
    return Shard.parse(_LINE(value))


def _a_seed(value: Any) -> Any:
    if value is not None and type(value) is not int:
        raise refused(value, "a whole number")
    return value


def _a_pair(value: Any) -> Any:
    """What came and what was due."""
    if len(_NUMBERS(value)) != 2:
        raise refused(value, "two numbers")
    return value


def _an_arithmetic(value: Any) -> Any:
    try:
        canonical(_LINE(value))
    except ValueError as wrong:
        raise refused(value, str(wrong)) from None
    return value


_TEXT, _LINE, _COUNT = text(), text(10_000, is_line=True), whole()
_TEXTS, _SECONDS = list_of(_TEXT), map_of(number())
_PLACE = list_of(whole(), most=10)
_NUMBERS = list_of(any_number, most=2)
_ERROR = number(0.0, float("inf"), words=("inf", "nan"))
_OF_PROPERTY: Mapping[str, Takes] = {"subject": _a_label, "property": _TEXT, "name": _TEXT}
_KIND = one_of((*KINDS, ""))

_RUN = fields(
    {
        "environment": _TEXT,
        "seed": _a_seed,
        "profile": _TEXT,
        "subjects": list_of(_a_label),
        "properties": map_of(_TEXT),
        "shard": _a_shard,
        "time": _TEXT,
    },
    {"versions": map_of(_TEXT)},
)

_RUNS = fields({"versions": map_of(_LINE), "switches": map_of(_LINE)})

_SUBJECT = fields(
    {"subject": _a_label, "versions": map_of(_LINE), "switches": map_of(_LINE)}, {"ways": map_of(_RUNS)}
)

_CASE = fields(
    {
        **_OF_PROPERTY,
        "word": _TEXT,
        "outcome": one_of((*get_args(Outcome), "known")),
        "error": _ERROR,
        "visible": _TEXTS,
        "operation": one_of(OPERATIONS),
        "rank": whole(0, 3),
        "dtype": one_of(DTYPES),
        "padding": one_of(PADDINGS),
    },
    {
        "kind": _KIND,
        "sentence": _TEXT,
        "deviation": _TEXT,
        "seconds": _SECONDS,
        "way": _TEXT,
        "judged_by": one_of(get_args(JudgedBy)),
        "rounding": map_of(_COUNT),
        "arithmetic": _an_arithmetic,
        "regions": _TEXTS,
        "data_format": _LINE,
        "cause": _TEXT,
        "words": _TEXT,
        "message": _TEXT,
        "fault": _TEXT,
    },
)

_OF_OUTCOME: Mapping[str, Takes] = {
    "disagrees": fields({"word": _a_word, "kind": _KIND, "cause": _TEXT, "message": text(is_empty=False)}),
    "known": fields({"deviation": _TEXT}),
    "declined": fields({"sentence": _TEXT}),
}
"""What a case has besides, by its outcome."""

_SETTLED = fields({"settled": flag})

_WORST = fields({"index": _PLACE, "got": any_number, "want": any_number, "allowed": any_number, "why": _TEXT})

_FAILURE = fields(
    {
        **_OF_PROPERTY,
        "word": _a_word_or_none,
        "kind": one_of((*KINDS, "", "fixed")),
        "cause": _TEXT,
        "message": text(is_empty=False),
        "fault": _TEXT,
        "worst": nullable(_WORST),
        "shape": _PLACE,
        "differs": list_of(_PLACE),
    },
    {
        "way": _TEXT,
        "words": _TEXT,
        "faults": _TEXTS,
        "flaky": _LINE,
        "like": _TEXT,
        "also": list_of(_a_word),
        "next_worst": list_of(_WORST, most=10),
        "replay": _TEXT,
        "scheme": one_of(("", *SCHEMES)),
        "arithmetic": _an_arithmetic,
        "values": list_of(_a_pair),
        "answer": list_of(any_number),
    },
)

_PROPERTY = fields(
    {
        **_OF_PROPERTY,
        "elapsed": number(),
        "seconds": _SECONDS,
        "visible": map_of(_COUNT),
        "hidden": map_of(_TEXT),
        "note": _TEXT,
    },
    {
        "regions": _TEXTS,
        "declined_regions": map_of(_TEXT),
        "absent": flag,
        "remarks": _TEXTS,
        "relations": map_of(map_of(_TEXT)),
        "examples": _COUNT,
        "draws": map_of(_COUNT),
    },
)

_END = fields(
    {
        "elapsed": number(),
        "exit": one_of((0, 1, 2, 3)),
        "interrupted": flag,
        "broken": _TEXT,
        "baseline": _TEXT,
    }
)

_TYPES: Mapping[str, Takes] = {
    "run": _RUN,
    "subject": _SUBJECT,
    "case": _CASE,
    "failure": _FAILURE,
    "property": _PROPERTY,
    "end": _END,
}
"""The types of which reports are made; others are passed over."""


def records_in(file: Path, *, with_words: bool = False) -> Iterator[Record]:
    """The records of a file, each of the shape that reports need; with the words of all cases, a page.

    Raises ValueError, one sentence with the file and the line, for any other.
    """
    for line, record in numbered_records(file):
        try:
            _require(record)
            if with_words and record["type"] == "case":
                _a_word(record["word"])
        except ValueError as wrong:
            what = f"this is no record of the type {record['type']!r}"
            raise ValueError(f"{file}, line {line}: {what}: {wrong}") from None
        yield record


def _require(record: Record) -> None:
    """Raise DataError for a record that lacks what a report needs of its type."""
    takes = _TYPES.get(record["type"])
    if takes is None:
        return
    takes(record)
    if record["type"] == "case" and record["outcome"] in _OF_OUTCOME:
        _OF_OUTCOME[record["outcome"]](record)
        if "fault" in record:
            _SETTLED(record)
    if record["type"] == "failure":
        for worst in filter(None, (record["worst"], *record.get("next_worst", ()))):
            if not _is_inside(worst["index"], record):
                raise DataError(f"the index {worst['index']} is not inside the shape {record['shape']}")
        if not _are_whole(record):
            raise DataError("its values are not as many as the elements of its answer")


def _are_whole(record: Record) -> bool:
    """Whether a failure has values for each wrong element, and all numbers of its answer, or none."""
    values, answer = record.get("values"), record.get("answer")
    has_values = not values or len(values) == len(record["differs"])
    return has_values and (not answer or len(answer) == prod(record["shape"]))


def _is_inside(index: list[int], record: Record) -> bool:
    shape = record["shape"]
    return len(index) == len(shape) and all(place < size for place, size in zip(index, shape, strict=True))
