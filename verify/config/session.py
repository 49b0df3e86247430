"""A run as a value: its options, and the two things that change while it runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hypothesis.database import ExampleDatabase

from verify.cases.case import Case
from verify.cases.shards import ALL, Shard
from verify.checks.carried import Carried
from verify.checks.deviations import Deviation
from verify.checks.subject import Subject
from verify.reports.records import Record, nowhere
from verify.subjects.trial import contained_tried, usual_tried


@dataclass(frozen=True, kw_only=True)
class Options:
    """The options of a run.

    `examples` is the number of cases for each property, or None for the profile's; subjects whose labels are
    `halved` draw half as many. `excuse` says whether recorded deviations are excused, `deviations` are the
    user's own, `corpus` has the user's pins and `words` what is asked beside them. `load` makes a subject
    from a name and tries it, `place` one that is a callable. With a `seed` the database is left
    alone, unless it `reuses` what is kept there and keeps what it finds. A `shard` draws its share of the
    cases, with a seed in its share of the regions, and of the words that are written down asks its own.
    """

    examples: int | None = None
    excuse: bool = True
    deviations: Sequence[Deviation] = ()
    corpus: Path | None = None
    words: Sequence[Case] = ()
    database: ExampleDatabase | None = None
    seed: int | None = None
    reuses: bool = False
    halved: frozenset[str] = frozenset()
    shard: Shard = ALL
    load: Callable[[str], Subject] = usual_tried
    place: Callable[[Subject], Subject] = contained_tried

    @property
    def regional(self) -> Shard:
        """The shard whose regions are drawn: without a seed all are, so that what is kept is any shard's.

        What Hypothesis keeps of an example is another case where others than its regions are drawn.
        """
        return ALL if self.seed is None else self.shard


@dataclass(kw_only=True)
class Session:
    """A run in progress: its options, the function that takes its records, and two things that change.

    These are `until`, the time of `time.monotonic` at which the current test must stop, and whether the
    run was `interrupted`. Of a subject whose first properties another process judges, `earlier` waits for the
    causes of disagreements that these found.
    """

    options: Options = Options()
    record: Callable[[Record], None] = nowhere
    until: float = float("inf")
    interrupted: bool = False
    earlier: Callable[[], Sequence[Carried]] | None = None

    def interrupt(self) -> None:
        """Ask no further case."""
        self.interrupted = True
