"""The table of engines: what each way answered in each operation and dtype, as records of runs say it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from verify.cases.dtypes import DTYPES
from verify.cases.operations import OPERATIONS
from verify.reports.records import Record
from verify.reports.schema import records_in
from verify.subjects.keras.switches import BACKEND

HEAD = (
    "| subject/way | operation | graded, by dtype | declined | limits asked | deviations met |",
    "| --- | --- | --- | --- | --- | --- |",
)


LIMITS = "limits"
"""The name of the property that asks the words of documented limits, which are to be refused."""


class Place(NamedTuple):
    """A way of a subject, and an operation."""

    subject: str
    way: str
    operation: str


class Row:
    """What was counted of one place; `limits` are words of documented limits that were asked."""

    def __init__(self) -> None:
        self.graded: Counter[str] = Counter()
        self.declined = self.limits = 0
        self.deviations: Counter[str] = Counter()

    def add(self, record: Record) -> None:
        """Count one case: graded where its answer was judged, declined where it was not answered."""
        if record["name"] == LIMITS:
            self.limits += 1
            return
        match record["outcome"]:
            case "agrees" | "disagrees":
                self.graded[record["dtype"]] += 1
            case "declined":
                self.declined += 1
            case "known":
                self.graded[record["dtype"]] += record.get("judged_by") != "nothing"
                self.deviations[record["deviation"]] += 1


def engines_table(files: Iterable[Path]) -> str:
    """The table in Markdown, a row for each operation of each way, from the records of runs.

    Raises ValueError, one sentence with the file and the line, for what is no record of a run.
    """
    return "\n".join((*HEAD, *_lines(files)))


def _lines(files: Iterable[Path]) -> Iterator[str]:
    rows: defaultdict[Place, Row] = defaultdict(Row)
    for file in files:
        names: dict[str, str] = {}
        for record in records_in(file):
            if record["type"] == "subject" and (backend := record["switches"].get(BACKEND)):
                base = str(record["subject"]).partition(" ")[0]
                names[record["subject"]] = f"{base} on {backend}"
            if record["type"] == "case" and not record["word"].endswith("_illegal"):
                name = str(names.get(record["subject"], record["subject"]))
                rows[Place(name, record.get("way", ""), record["operation"])].add(record)
    order = [*OPERATIONS]
    for place, row in sorted(rows.items(), key=lambda item: (*item[0][:2], order.index(item[0].operation))):
        if row.graded or row.deviations or row.declined or row.limits:
            name = f"{place.subject}/{place.way}" if place.way else place.subject
            graded = ", ".join(f"{dtype} {row.graded[dtype]}" for dtype in DTYPES if row.graded[dtype])
            known = ", ".join(f"`{entry}` {count}" for entry, count in sorted(row.deviations.items()))
            few = f"{row.declined or ''} | {row.limits or ''}"
            yield f"| `{name}` | {place.operation} | {graded} | {few} | {known} |"
