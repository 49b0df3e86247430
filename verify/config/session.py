"""What the command line sets for every gate of the process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hypothesis.database import ExampleDatabase

from verify.cases.shards import ALL, Shard
from verify.checks.deviations import Deviation
from verify.checks.subject import Subject
from verify.reports.records import Record, nowhere
from verify.subjects.isolated import usual


@dataclass
class Limits:
    """What the command line sets for the whole process.

    The examples of a property, the seed, when to stop, whether recorded deviations are excused, the
    user's own ones, pins and examples, what makes a subject of a name, the cases that are to be asked
    and what records are given to.
    """

    examples: int | None = None
    excuse: bool = True
    own: Sequence[Deviation] = ()
    corpus: Path | None = None
    database: ExampleDatabase | None = None
    seed: int | None = None
    until: float = float("inf")
    interrupted: bool = False
    load: Callable[[str], Subject] = usual
    shard: Shard = ALL
    record: Callable[[Record], None] = nowhere


limits = Limits()
