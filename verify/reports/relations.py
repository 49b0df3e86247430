"""Relations of answers: in how many regions each was measured, and holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.table import Table
from rich.text import Text

from verify.reports.phrases import LabelledText
from verify.reports.tally import Tally, by_name


def relations_of(tallies: Sequence[Tally]) -> dict[str, dict[str, str]]:
    """Of each relation, by region, how answers differ, "" where their bits are the same."""
    found: dict[str, dict[str, str]] = {}
    for tally in tallies:
        for name, measured in tally.relations.items():
            for region, how in measured.items():
                regions = found.setdefault(name, {})
                regions[region] = regions.get(region, "") or how
            found.setdefault(name, {})
    return found


def relation_lines(tallies: Sequence[Tally]) -> list[LabelledText]:
    """For each subject, in how many regions the bits are the same by each relation."""
    return [
        ("relations", f"{name}, the same bits: {shares}")
        for name, group in by_name(tallies).items()
        if (shares := ", ".join(map(_share, (found := relations_of(group)), found.values())))
    ]


def _share(name: str, measured: Mapping[str, str]) -> str:
    if not measured:
        return f"{name} not measured"
    return f"{name} in {sum(not how for how in measured.values())} of {len(measured)} regions"


def relation_table(tallies: Sequence[Tally]) -> Table | None:
    """Regions down and relations across; None where none was measured."""
    found = relations_of(tallies)
    if not any(found.values()):
        return None
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 1, 0, 0))
    table.add_column(Text("the same bits"), no_wrap=True, min_width=30)
    for name in found:
        table.add_column(name.partition("-")[0])
    for region in dict.fromkeys(region for measured in found.values() for region in measured):
        table.add_row(Text(region), *(_cell(measured, region) for measured in found.values()))
    return table


def _cell(measured: Mapping[str, str], region: str) -> Text:
    if region not in measured:
        return Text("–", "dim")
    return Text("others", "yellow") if measured[region] else Text("same")
