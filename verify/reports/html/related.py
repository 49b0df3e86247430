"""The tables of a page on relations: for each subject, regions down and relations across."""

from __future__ import annotations

from collections.abc import Sequence

from verify.reports.html.tables import Square, Table, Tables
from verify.reports.relations import relations_of
from verify.reports.tally import Tally, by_subject


def relation_tables(tallies: Sequence[Tally]) -> tuple[Tables, ...]:
    """A table for each subject of which relations were measured."""
    found = {name: relations_of(group) for name, group in by_subject(tallies).items()}
    return tuple(
        Tables(name, (_table(name, measured),)) for name, measured in found.items() if any(measured.values())
    )


def _table(subject: str, found: dict[str, dict[str, str]]) -> Table:
    names = tuple(dict.fromkeys(region for measured in found.values() for region in measured))
    rows = tuple((name, tuple(_square(measured, name) for measured in found.values())) for name in names)
    return Table(subject, "region", tuple(found), rows)


def _square(measured: dict[str, str], region: str) -> Square:
    if region not in measured:
        return Square("–", note="not measured")
    how = measured[region]
    return Square("others", 1.0, how) if how else Square("same")
