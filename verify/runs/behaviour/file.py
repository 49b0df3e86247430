"""The file of a baseline: for each subject and its switches a record of its behaviour.

JSON with sorted keys, `format` 2. `subjects` has by label `machine`, `versions` and `cases`: for each word
`answered: ERROR BITS`, or why there is no such answer (`verify.runs.behaviour.record.Answer`).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from verify.cases.case import Case
from verify.runs.behaviour.record import ANSWERED, Answer, Record

FORMAT = 2

Records = dict[str, Record]
"""Label (a subject and its switches) → how it behaved."""


def read_records(file: Path) -> Records:
    """What a file has recorded; nothing where there is no file.

    Raises ValueError, one sentence with the file, for what is no baseline of this format.
    """
    try:
        return records_of(file.read_text(encoding="utf-8"), file)
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as wrong:
        raise ValueError(f"{file} cannot be read as a baseline: {wrong}") from None


def records_of(text: str, file: Path) -> Records:
    """The records that a file's text holds; none where it is empty. Raises ValueError, as `read_records`."""
    try:
        table: dict[str, Any] = json.loads(text) if text else {"format": FORMAT, "subjects": {}}
        if table["format"] == FORMAT:
            return {label: _record(entry) for label, entry in table["subjects"].items()}
        why = f"a baseline of format {table['format']}, not {FORMAT}: delete it, and a run writes it anew"
    except (AttributeError, KeyError, TypeError):
        why = "no baseline: its entries are not as `run --baseline` writes them; delete it or name another"
    except ValueError as wrong:
        why = f"no baseline: {wrong}; delete it or name another"
    raise ValueError(f"{file} is {why}")


def text_of(records: Records) -> str:
    """The text of a file that has these records."""
    subjects = {
        label: {**record._asdict(), "cases": {word: _text(answer) for word, answer in record.cases.items()}}
        for label, record in records.items()
    }
    table = {"format": FORMAT, "subjects": subjects}
    return f"{json.dumps(table, indent=1, sort_keys=True, ensure_ascii=False)}\n"


def _record(entry: dict[str, Any]) -> Record:
    cases = {word: _answer(word, text) for word, text in entry["cases"].items()}
    return Record(cases, dict(entry["machine"]), dict(entry["versions"]))


def _text(answer: Answer) -> str:
    return f"{answer.outcome}: {answer.error:g} {answer.bits}" if answer.bits else answer.outcome


def _answer(word: str, text: str) -> Answer:
    """What `_text` has written of a case; ValueError for what it cannot have written."""
    outcome, _, rest = text.partition(": ")
    error, _, bits = rest.partition(" ")
    answer = Answer(outcome, bits, float(error or 0))
    if outcome == ANSWERED:
        answer.values(Case.parse(word))
    return answer
