"""Runs merged from the streams of records that they wrote, and what they prove together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from verify.cases.shards import Shard
from verify.reports.conclusion import exit_code
from verify.reports.records import Record
from verify.reports.schema import records_in
from verify.reports.tally import Tally, tallies_of


class Run(NamedTuple):
    """The first record of a run, the file that it is in, and its last record if the run was finished."""

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
        """The versions and settings of the runs, each once."""
        return list(dict.fromkeys(run.begun["environment"] for run in self.runs))

    @property
    def broken(self) -> str:
        """Why a run could not run, or nothing."""
        return next((run.end["broken"] for run in self.runs if run.end and run.end["broken"]), "")

    @property
    def baselines(self) -> list[str]:
        """The result of the comparison with a baseline, a sentence for each run that made one."""
        return [run.end["baseline"] for run in self.runs if run.end and run.end["baseline"]]

    @property
    def elapsed(self) -> float | None:
        """The seconds of all runs; None if one was cut off."""
        ends = [run.end for run in self.runs if run.end]
        return sum(end["elapsed"] for end in ends) if len(ends) == len(self.runs) else None

    @property
    def lacks(self) -> list[str]:
        """What is missing: the end of a run, or other shards."""
        ended = [run for run in self.runs if run.end and not run.end["interrupted"]]
        cut = [f"the run of {run.file} was cut off" for run in self.runs if run not in ended]
        return [*cut, *(f"shard {shard} is missing" for shard in _missing(self.runs))]

    @property
    def exit_code(self) -> int:
        """That of one run of all cases: 2 if a run could not run, 3 if one is cut off or missing."""
        if self.broken:
            return 2
        compared = [run.end["exit"] for run in self.runs if run.end and run.end["baseline"]]
        codes = (exit_code(self.tallies), 3 if self.lacks else 0, *compared)
        return min(filter(None, codes), default=0)


def merged(files: Iterable[Path]) -> Merged:
    """The runs recorded in some files, merged; a case in several of them is counted once.

    Raises ValueError, one sentence, for a file that is no stream of records.
    """
    runs: list[Run] = []
    tallies = tallies_of(_read(files, runs))
    subjects = [subject for run in runs for subject in run.begun["subjects"]]
    names = [name for run in runs for name in run.begun["properties"]]
    subjects += sorted({tally.subject for tally in tallies})
    names += [tally.name for tally in tallies]
    tallies.sort(key=lambda tally: (subjects.index(tally.subject), names.index(tally.name)))
    return Merged(runs, tallies)


def _read(files: Iterable[Path], runs: list[Run]) -> Iterator[Record]:
    """The records of files; appends their runs to a list."""
    for file in files:
        for record in records_in(file):
            if record["type"] == "run":
                runs.append(Run(file, record, None))
            elif record["type"] == "end":
                runs[-1] = runs[-1]._replace(end=record)
            yield record


def _missing(runs: Iterable[Run]) -> list[Shard]:
    """The shards without a run, of runs that have another shard of the same run."""
    present: dict[tuple[int, object, object], set[Shard]] = {}
    for run in runs:
        drawn_alike = (run.shard.parts, run.begun["seed"], run.begun["profile"])
        present.setdefault(drawn_alike, set()).add(run.shard)
    return [
        Shard(number, parts)
        for (parts, *_), shards in present.items()
        for number in range(1, parts + 1)
        if Shard(number, parts) not in shards
    ]
