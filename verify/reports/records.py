"""The stream of records of a run: lines of JSON, each written as it happens.

Format 1 has objects of these types; numbers that JSON lacks are the strings "inf", "-inf" and "nan".

- `run`, the first line: `format`, `grammar` (of the words), `time`, `versions`, `environment` (these and the
  switches, in a line), `seed`, `profile`, `subjects`, `properties` (name → title, in order) and `shard`
  ("1/1" for a run of all).
- `subject`, one that is gated: `subject`, `versions` where it runs (its own is that of "subject"),
  `switches`, and under `ways` the same two of each.
- `case`, one that was put to a subject: `subject`, `property` (its title), `name` (the property's), `word`,
  `way` ("" where the subject has none), `outcome` ("agrees", "vacuous", "declined", "known" or
  "disagrees"), `kind`, `cause` and `words` of a disagreement, `sentence` (what differs, or why nothing was
  judged), `error` in units of the bound, `deviation` (the name of the recorded one), `judged_by` ("the
  reference", "a prediction", or "nothing" where an entry excuses whatever comes), `visible` (the faults
  that the case would have shown), `regions` (those that a graded case lies in), `rounding` (of a quantised
  case and a subject that declares no scheme: `verify.checks.followed`), `arithmetic` (declared, of a case
  whose dtype is that of its sums), `seconds` by part, and `operation`,
  `rank`, `dtype`, `padding` and `data_format`. A case that disagrees also has its `message`; one whose
  fault was looked for also `fault` (what it looks like) and `settled` (false of one more that looks like a
  fault which was named before). A search that shrinks writes many of these.
- `failure`, the smallest case of a disagreement: `subject`, `property`, `name`, `word`, `way`, `kind`,
  `cause`, `words` (of an error, without numbers), `message`, `fault` (what it looks like), `faults` (all
  that it may be), `flaky` ("3/5": how often of how many times it disagreed, of one that wavers), `like`
  (the kind and the word of an earlier failure that has the same cause), `also` (words in other operations,
  ranks or dtypes), `replay`, `scheme` and `arithmetic` (that the answer was held to), `worst` (`index`,
  `got`, `want`, `allowed`, `why`; or null), `next_worst` (the same of the two after it), `shape` of the
  answer, `differs`, the indices of up to 400 elements that are wrong, `values`, what came and what was due
  at each of these, and `answer`, all its numbers in order if there are no more than 1000. A failure without
  a word is about an entry of the known deviations.
- `property`, the end of one: `subject`, `property`, `name`, `elapsed`, `seconds` by part, `visible`
  (for every fault that was looked for, how many cases would have shown it, 0 included), `hidden` (fault →
  word), `regions` (all that were looked for), `declined_regions` (region → word), `note` (why it was cut
  short), `absent` (whether it is left out: the domain has no case for it, or a quick run no time), `remarks`
  (lines on the subject), `relations` (relation → region → how bits differ, or ""), `examples` (how many
  were asked for) and `draws` (how many were "drawn", of these "thrown" away by a condition, and "unjudged").
- `finding`, one cause, at the end of its run: `subject`, `word` (the smallest), `kind`, `fault`, `flaky`,
  `properties`, `ways` and `settings` (what it broke), `cases` (how many showed it) and `further` (words in
  other operations, ranks or dtypes).
- `end`, the last line of a run that was finished: `elapsed`, `exit`, `interrupted`, `broken` (why it
  could not run) and `baseline` (the result of the comparison with one).

A reader ignores types and keys that it does not know.
"""

from __future__ import annotations

import json
import math
import os
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

from verify.cases.grammar import GRAMMAR, require_grammar
from verify.checks.reading import DataError, decoded, json_lines, json_of, value_shown

RECORDS_FORMAT = 1

Record: TypeAlias = dict[str, Any]

DIFFERING_LIMIT = 400
"""Elements of a failure's answer whose indices are recorded at most."""

ANSWER_LIMIT = 1000
"""Numbers of a failure's answer up to which it is recorded whole."""


class Stream:
    """A file to which each record is appended with one write, so that processes can share it.

    If a write fails, as on a full disk, nothing more is written and `broken` says why.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self.broken = ""
        self._handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)

    @classmethod
    def anew(cls, file: Path) -> Stream:
        """The stream of a new run; what the file had is deleted."""
        file.write_bytes(b"")
        return cls(file)

    def write(self, record: Record) -> None:
        if self.broken:
            return
        line = line_of(record)
        try:
            if os.write(self._handle, line) < len(line):
                self.broken = f"{self.file}: there is no room for all of a record"
        except OSError as error:
            self.broken = f"{self.file}: {error.strerror}"


def line_of(record: Record) -> bytes:
    """A record as a line of JSON."""
    return f"{json.dumps(_plain(record), allow_nan=False)}\n".encode()


def nowhere(record: Record) -> None:
    """Write a record of a run for which no report was asked: discard it."""


def begin(**fields: Any) -> Record:
    """The first record of a run."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return {"type": "run", "format": RECORDS_FORMAT, "grammar": GRAMMAR, "time": now, **fields}


def end(
    elapsed: float, code: int, *, interrupted: bool = False, broken: str = "", baseline: str = ""
) -> Record:
    """The last record of a run: its exit code, why it could not run, how it compares with its baseline."""
    outcome = {"exit": code, "interrupted": interrupted, "broken": broken, "baseline": baseline}
    return {"type": "end", "elapsed": elapsed, **outcome}


def numbered_records(file: Path) -> Iterator[tuple[int, Record]]:
    """The records of a file with the numbers of their lines: of one run, or of several that were joined.

    A last line without its end, left by a run that was killed, is ignored. Raises ValueError, one
    sentence with the file and the line, for anything that is no record of this format.
    """
    number = 0
    for number, line in json_lines(file):
        where = f"{file}, line {number}"
        if not line.endswith(b"\n"):
            if number == 1:
                raise ValueError(
                    f"{where}: it was cut off before its end, so that nothing is known of its run"
                )
            break
        yield number, _record(line, where, is_first=number == 1)
    if not number:
        raise ValueError(f"{file} is empty: no run has begun to write to it")


def _record(line: bytes, where: str, *, is_first: bool) -> Record:
    try:
        record = json_of(decoded(line))
    except DataError as error:
        raise ValueError(f"{where}: this is no record: {error}") from None
    if not (isinstance(record, dict) and isinstance(record.get("type"), str)):
        raise ValueError(f"{where}: this is no record: it has no type")  # noqa: TRY004 - of the file
    if is_first and record["type"] != "run":
        raise ValueError(
            f"{where}: a stream of records begins with a run, not with {value_shown(record['type'])}"
        )
    if record["type"] == "run" and record.get("format") != RECORDS_FORMAT:
        found = value_shown(record.get("format"))
        raise ValueError(f"{where}: it has the format {found}, and {RECORDS_FORMAT} is read here")
    if record["type"] == "run":
        file = where.rpartition(",")[0]
        remedy = f"record the run again, `conv-verify run --report {shlex.quote(file)}`"
        require_grammar(record.get("grammar"), file, remedy=remedy)
    return record


def _plain(value: Any) -> Any:
    """A value that JSON can hold."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
