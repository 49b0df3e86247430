"""The file of a baseline: for each subject and its switches, how it behaved, where and with what.

JSON with sorted keys, `format` 1. `subjects` has, by label, `machine` and `versions`, and `properties`:
by property and dtype `bits` (how many `values` there are, how many are `equal` to the correctly
rounded ones, and how many `ulps` the others are off), `error` in units of the bound, and `cases`, the
text of each. Of these, `cases` and `error` are read; what `bits` says follows from them.
"""

from __future__ import annotations

import json
import math
import os
import platform
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from verify.cases.case import Case
from verify.checks.check import Subject, subject_name
from verify.runs.baseline.behaviour import Behaviour, is_answer
from verify.runs.baseline.ulps import distances, distribution
from verify.subjects.processor import features, model
from verify.subjects.registry import BUILTIN, labelled, versions

FORMAT = 1

_VECTORS = re.compile("avx|fma|amx")
"""Instruction sets by which libraries choose their kernels begin so."""


class Record(NamedTuple):
    """How a subject behaved: by property and dtype; on which machine, and with which versions."""

    behaviours: Mapping[str, Behaviour]
    machine: Mapping[str, str]
    versions: Mapping[str, str]


Records = dict[str, Record]
"""Label (a subject and its switches) → what is recorded of it."""


def label_of(subject: Subject) -> str:
    """A subject's name with the switches that it runs under."""
    return labelled(subject_name(subject), getattr(subject, "switches", {}))


def recorded(subject: Subject, behaviours: Mapping[str, Behaviour]) -> Record:
    """What to record of a subject that behaved so, here and now."""
    return Record(behaviours, machine(), _versions(subject))


def read(file: Path) -> Records:
    """What a file has recorded; nothing where there is no file.

    Raises ValueError, one sentence with the file, for what is no baseline of this format.
    """
    try:
        return parse(file.read_text(encoding="utf-8"), file)
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as wrong:
        raise ValueError(f"{file} cannot be read as a baseline: {wrong}") from None


def parse(text: str, file: Path) -> Records:
    """What the text of a file has recorded; nothing where it is empty. Raises ValueError, as `read`."""
    if not text:
        return {}
    try:
        table = json.loads(text)
        found = table.get("format") if isinstance(table, dict) else None
        if found != FORMAT:
            raise ValueError(f"its format is {found!r}, and {FORMAT} is read here")
        return {label: _record(entry) for label, entry in table["subjects"].items()}
    except (AttributeError, KeyError, TypeError):
        said = "its entries are not as `run --baseline` writes them"
    except ValueError as wrong:
        said = str(wrong)
    raise ValueError(f"{file} is no baseline: {said}; delete it or name another file")


def text_of(records: Records) -> str:
    """The text of a file that records all this."""
    subjects = {label: _entry(record) for label, record in records.items()}
    table = {"format": FORMAT, "subjects": subjects}
    return f"{json.dumps(table, indent=1, sort_keys=True, ensure_ascii=False)}\n"


def machine() -> dict[str, str]:
    """What of this machine chooses kernels: its system, processor, instruction sets and cores."""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": model(),
        "instructions": " ".join(sorted(filter(_VECTORS.match, features()))),
        "cores": str(os.cpu_count() or 1),
    }


def _versions(subject: Subject) -> dict[str, str]:
    """What is in play; for a user's own subject its version, too."""
    found = {**(getattr(subject, "versions", None) or versions())}
    found.pop("hypothesis", None)  # it draws none of the fixed cases
    said = getattr(subject, "version", None)
    if said and subject_name(subject) not in BUILTIN:
        found["subject"] = str(said)
    return found


def _entry(record: Record) -> dict[str, Any]:
    properties = {
        group: {"bits": _bits(behaviour), "error": behaviour.error, "cases": behaviour.cases}
        for group, behaviour in record.behaviours.items()
    }
    return {"machine": record.machine, "versions": record.versions, "properties": properties}


def _bits(behaviour: Behaviour) -> dict[str, Any]:
    values = behaviour.values()
    return {"values": len(values), "equal": values.count("0"), "ulps": distribution(values)}


def _record(entry: Mapping[str, Any]) -> Record:
    """The record of an entry; KeyError, TypeError or ValueError for what is none."""
    behaviours = {group: _behaviour(each) for group, each in entry["properties"].items()}
    return Record(behaviours, dict(entry["machine"]), dict(entry["versions"]))


def _behaviour(entry: Mapping[str, Any]) -> Behaviour:
    for word, text in entry["cases"].items():
        case = Case.parse(word)
        size = math.prod(case.output_shape)
        if is_answer(text) and (found := len(distances(text))) != size:
            raise ValueError(f"{word} has {size} values, not {found}")
    return Behaviour(dict(entry["cases"]), {name: float(each) for name, each in entry["error"].items()})
