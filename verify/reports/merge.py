"""Streams of records read back: the runs that wrote them, and what they prove together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from verify.cases.shards import Shard
from verify.reports.records import Record, read
from verify.reports.summary import exit_code
from verify.reports.tally import Tally, tallies_of


class Run(NamedTuple):
    """The first record of a run, the file that it is in, and its last record, if it came to its end."""

    file: Path
    begun: Record
    end: Record | None

    @property
    def shard(self) -> Shard:
        return Shard.parse(self.begun["shard"])


class Merged(NamedTuple):
    """Runs, of one or of several shards, and the tallies of all their records."""

    runs: list[Run]
    tallies: list[Tally]

    @property
    def environments(self) -> list[str]:
        """The versions and settings that were in play, each once."""
        return list(dict.fromkeys(run.begun["environment"] for run in self.runs))

    @property
    def broken(self) -> str:
        """Why a run could not run, or nothing."""
        return next((run.end["broken"] for run in self.runs if run.end and run.end["broken"]), "")

    @property
    def baselines(self) -> list[str]:
        """What became of the baselines, a sentence for each run that had one."""
        return [run.end["baseline"] for run in self.runs if run.end and run.end["baseline"]]

    @property
    def lacks(self) -> list[str]:
        """What is missing of the runs to prove more."""
        ended = [run for run in self.runs if run.end and not run.end["interrupted"]]
        cut = [f"the run of {run.file} was cut off" for run in self.runs if run not in ended]
        return [*cut, *(f"shard {shard} is missing" for shard in _missing(self.runs))]

    @property
    def exit_code(self) -> int:
        """That of one run of all: 2 where one could not run, 3 where one is not whole or not there."""
        if self.broken:
            return 2
        compared = [run.end["exit"] for run in self.runs if run.end and run.end["baseline"]]
        found = (exit_code(self.tallies), 3 if self.lacks else 0, *compared)
        return min(filter(None, found), default=0)


def merged(files: Iterable[Path]) -> Merged:
    """What the records of files say together; a case that several have is counted once.

    Raises ValueError, one sentence, for a file that is no stream of records.
    """
    runs: list[Run] = []
    found = tallies_of(_read(files, runs))
    subjects = [subject for run in runs for subject in run.begun["subjects"]]
    names = [name for run in runs for name in run.begun["properties"]]
    known = list(dict.fromkeys([*subjects, *sorted({tally.subject for tally in found})]))
    order = list(dict.fromkeys([*names, *(tally.name for tally in found)]))
    found.sort(key=lambda tally: (known.index(tally.subject), order.index(tally.name)))
    return Merged(runs, found)


def _read(files: Iterable[Path], runs: list[Run]) -> Iterator[Record]:
    for file in files:
        for record in read(file):
            if record["type"] == "run":
                runs.append(Run(file, record, None))
            elif record["type"] == "end":
                runs[-1] = runs[-1]._replace(end=record)
            yield record


def _missing(runs: Iterable[Run]) -> list[Shard]:
    """The shards that others have drawn the same cases with, and that are not there."""
    drawn: dict[tuple[object, ...], set[Shard]] = {}
    for run in runs:
        alike = (run.shard.parts, run.begun["seed"], run.begun["profile"])
        drawn.setdefault(alike, set()).add(run.shard)
    return [
        Shard(number, parts)
        for (parts, *_), there in drawn.items()
        if isinstance(parts, int)
        for number in range(1, parts + 1)
        if Shard(number, parts) not in there
    ]
