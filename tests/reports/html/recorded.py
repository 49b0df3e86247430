"""Records of runs for tests of reports: words put to a subject, without drawing any."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from verify import Case
from verify.checks.path import Examiner
from verify.checks.subject import Subject, describe
from verify.faults.visibility import visibility
from verify.gate.properties import PROPERTIES
from verify.gate.recorder import Tallier
from verify.reports.merge import Merged, merged
from verify.reports.records import Record, Stream, begin, end

LOOKED_FOR = ("padding-twice", "padding-lost")


def asked(subject: Subject, words: Iterable[str], name: str = "mylib:conv") -> list[Record]:
    """The records of one property of a subject."""
    records: list[Record] = []
    tallier = Tallier(name, PROPERTIES[0], records.append)
    tallier.looked_for = LOOKED_FOR
    examiner = Examiner(subject=describe(subject, name=name), clock=tallier.clock)
    for word in words:
        case = Case.parse(word)
        examination = examiner.examine(case)
        tallier.record(examination, () if examination.fails else visibility(case).visible)
    tallier.close(sum(tallier.clock.seconds.values()))
    return records


def run_of(*properties: list[Record], code: int = 0, **ended: str) -> list[Record]:
    """The records of a whole run."""
    records = [record for group in properties for record in group]
    begun = begin(
        versions={"conv-verify": "0.1.0"},
        environment="conv-verify 0.1.0, Python 3.11, NumPy 2.4",
        seed=1,
        profile="dev",
        subjects=list(dict.fromkeys(record["subject"] for record in records)),
        properties={"values": "values on exact fills"},
        shard="1/1",
    )
    return [begun, *records, {**end(12.5, code), **ended}]


def written(records: Iterable[Record], file: Path) -> Path:
    stream = Stream.anew(file)
    for record in records:
        stream.write(record)
    return file


def merged_of(records: Iterable[Record], file: Path) -> Merged:
    """What records add up to, once they are written and read back."""
    return merged([written(records, file)])
