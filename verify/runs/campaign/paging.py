"""The page of a campaign, from the records of its tasks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from verify.checks.scratch import scratch_folder
from verify.reports.html.page import why_no_page
from verify.reports.merge import Merged, Run
from verify.reports.records import Record, line_of
from verify.reports.tally import Tally
from verify.runs.campaign.store import Store


def write_page_of(file: Path, store: Store, names: Sequence[str], tallies: Sequence[Tally]) -> str:
    """Write the page of tasks; the line that says why it cannot be written, or nothing."""
    runs: list[Run] = []
    with scratch_folder() as folder:
        joined = folder / "records.jsonl"
        with joined.open("wb") as lines:
            for name in names:
                records = store.records(name) or []
                lines.writelines(map(line_of, records))
                runs += _run(file, records)
        return why_no_page(file, [joined], Merged(runs, [*tallies]))


def _run(file: Path, records: Sequence[Record]) -> list[Run]:
    """The run of a task as one that lacks no other, as the last seed need not be done whole."""
    return [Run(file, {**records[0], "shard": "1/1"}, records[-1])] if records else []
