"""The page of a run: its tables and failures, from its records and tallies, set into a template."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from verify.checks.escaping import shown
from verify.checks.files import refusal_of
from verify.checks.replacing import replace_file, require_replaceable
from verify.checks.scratch import scratch_folder
from verify.checks.subject import split_label
from verify.reports.conclusion import run_sentence
from verify.reports.coverage import (
    FaultCoverage,
    RegionCoverage,
    fault_coverages,
    never_graded,
    never_visible,
    region_coverages,
)
from verify.reports.html.facts import facts_of
from verify.reports.html.failures import ShownFailure, case_of, shown_failures
from verify.reports.html.related import relation_tables
from verify.reports.html.tables import (
    Judged,
    Table,
    Tables,
    coverage_tables,
    error_table,
    fault_tables,
    region_tables,
    time_table,
)
from verify.reports.merge import Merged, merged
from verify.reports.phrases import plural
from verify.reports.records import Record
from verify.reports.schema import records_in
from verify.reports.tally import COLUMNS, Tally, by_subject, grouped, totals
from verify.reports.template import page

OPTION = "--html"
"""By which another file of a page is named."""


def require_page(file: Path) -> None:
    """Check before a run that its page can be made and written, in one step when the run has ended.

    Raises ValueError, one sentence, if what makes a page is not installed; OSError for the file.
    """
    if find_spec("jinja2") is None:
        raise ValueError("a page of HTML needs Jinja: pip install 'conv-verify[html]'")
    require_replaceable(file)


def write_page(file: Path, sources: Sequence[Path], runs: Merged | None = None) -> None:
    """Write the page of the runs whose records are in some files; `runs` are these, where they are merged."""
    records = (record for source in sources for record in records_in(source, with_words=True))
    replace_file(file, shown(_page(records, runs or merged(sources))).encode())


def why_no_page(file: Path, sources: Sequence[Path], runs: Merged | None = None) -> str:
    """Write the page; the line that says why it cannot be written, or nothing."""
    try:
        write_page(file, sources, runs)
    except OSError as error:
        return f"unwritten  {refusal_of(error, OPTION)}"
    except ValueError as error:  # the records are not whole
        return f"unwritten  {file}: {error}"
    return ""


@contextmanager
def paged(file: Path | None, report: Path | None) -> Iterator[Path | None]:
    """Where a run is to write its records, from which the page is made when it has ended.

    Without a `report` the records are deleted then, and without a `file` there is no page.
    """
    if file is None:
        yield report
        return
    with scratch_folder() as folder:
        records = report or folder / "records.jsonl"
        yield records
        if why := why_no_page(file, [records]):
            print(why)


def _page(records: Iterable[Record], runs: Merged) -> str:
    """The text of a page."""
    styles, scripts = ["html/page", "explanation/picture"], ["explanation/picture", "html/page"]
    return page("html/page", styles=styles, scripts=scripts, run=content(records, runs), columns=COLUMNS)


class Claim(NamedTuple):
    """What is said of all faults or regions: those never met, and of each subject how many were left out.

    `unsure` has the subjects of which not all were looked for, as the property that asks them was cut short.
    """

    never: tuple[str, ...]
    left_out: tuple[str, ...]
    unsure: tuple[str, ...]


class Content(NamedTuple):
    """Everything that the page says; `first` is the number of the first finding of a property, by subject."""

    verdict: str
    sentence: str
    notes: tuple[str, ...]
    cut: Mapping[str, Sequence[str]]
    facts: tuple[tuple[str, str], ...]
    failures: tuple[ShownFailure, ...]
    first: Mapping[tuple[str, str], int]
    properties: Mapping[str, Sequence[Tally]]
    faults: Tables | None
    visible: Claim
    regions: Tables | None
    relations: tuple[Tables, ...]
    graded: Claim
    coverage: tuple[Tables, ...]
    errors: Table
    exact: int
    times: Table
    declined: Counter[str]
    known: Counter[str]

    @property
    def drawn(self) -> int:
        """How many findings have a moving picture."""
        return sum(failure.drawing is not None for failure in self.failures)

    def met(self, tally: Tally) -> int:
        """In how many regions a property graded something."""
        return sum(count > 0 for count in tally.regions.values())

    def finding_of(self, tally: Tally) -> int | None:
        """The number of the first finding of a property."""
        return self.first.get((split_label(tally.subject)[0], tally.title))


def content(records: Iterable[Record], runs: Merged) -> Content:
    """The page of one run, or of several together: their records in order, and the runs merged."""
    cases: dict[tuple[str, ...], Judged] = {}
    failures: dict[str, Record] = {}
    subjects: dict[str, Record] = {}
    for record in records:
        if record["type"] == "case":
            key = (record["subject"], record["name"], record["word"], record["outcome"])
            case = Judged(
                record["subject"], case_of(record["word"]), record["outcome"], float(record["error"])
            )
            cases.setdefault(key, case)
        elif record["type"] == "failure":
            failures[record["message"]] = record
        elif record["type"] == "subject":
            subjects[record["subject"]] = record
    tallies, judged = runs.tallies, cases.values()
    result, code = _result(runs)
    faults, regions = fault_coverages(tallies), region_coverages(tallies)
    shown = shown_failures(failures, tallies)
    return Content(
        verdict={0: "holds", 1: "disagrees"}.get(code, "little"),
        sentence=result,
        notes=_notes(runs, result),
        cut=_cut(tallies),
        facts=facts_of(runs, subjects, code),
        failures=shown,
        first=_first(shown),
        properties=by_subject(tallies),
        faults=fault_tables(faults),
        visible=Claim(tuple(never_visible(tallies)), _left_out(faults, "fault"), _unsure(tallies, "faults")),
        regions=region_tables(regions),
        relations=relation_tables(tallies),
        graded=Claim(tuple(never_graded(tallies)), _left_out(regions, "region"), _unsure(tallies, "met")),
        coverage=_coverages(judged),
        errors=error_table(judged),
        exact=sum(1 for case in judged if case.outcome == "agrees" and not case.error),
        times=time_table(tallies),
        declined=totals(tally.declined for tally in tallies),
        known=totals(tally.known for tally in tallies),
    )


def _first(failures: Sequence[ShownFailure]) -> dict[tuple[str, str], int]:
    """The number of the first finding of each property of each subject."""
    numbered = [*enumerate(failures, 1)]
    return {
        (failure.subject, title): number for number, failure in reversed(numbered) for title in failure.titles
    }


def _left_out(coverages: Sequence[FaultCoverage] | Sequence[RegionCoverage], what: str) -> tuple[str, ...]:
    """Of each subject, how many faults or regions nothing could show, as their own case was not judged."""
    counts = ((each.subject, len(each.left_out)) for each in coverages)
    return tuple(f"{count} {plural(count, what)} of {subject}" for subject, count in counts if count)


def _unsure(tallies: Sequence[Tally], name: str) -> tuple[str, ...]:
    """The subjects of which the property of this name was cut short."""
    cut = (tally for tally in tallies if tally.name == name and tally.note)
    return tuple(dict.fromkeys(split_label(tally.subject)[0] for tally in cut))


def _result(runs: Merged) -> tuple[str, int]:
    """The final sentence and exit code of a finished run; those of all together for several runs."""
    run = runs.runs[0]
    if len(runs.runs) > 1 or run.end is None:
        return run_sentence(runs.tallies, lacks=runs.lacks, broken=runs.broken), runs.exit_code
    sentence = run_sentence(
        runs.tallies, interrupted=run.end["interrupted"], shard=run.shard, broken=runs.broken
    )
    return sentence, run.end["exit"]


def _notes(runs: Merged, sentence: str) -> tuple[str, ...]:
    """Why a run could not continue, if the sentence does not say so."""
    return (f"Could not run: {runs.broken}",) if not sentence.endswith(runs.broken) else ()


def _cut(tallies: Iterable[Tally]) -> dict[str, list[str]]:
    """The properties that were cut short, by why: a line for each subject."""
    reasons = grouped((tally for tally in tallies if tally.note), lambda tally: tally.note)
    return {
        f"{reason}, of {len(cut)} {'property' if len(cut) == 1 else 'properties'}": [
            f"{subject}: {', '.join(tally.title for tally in group)}"
            for subject, group in by_subject(cut).items()
        ]
        for reason, cut in reasons.items()
    }


def _coverages(cases: Collection[Judged]) -> tuple[Tables, ...]:
    """All subjects together, and each by itself if there are several."""
    groups = grouped(cases, lambda case: case.subject)
    tables = [coverage_tables(group, subject) for subject, group in groups.items()]
    return (coverage_tables(cases, "All subjects"), *tables) if len(tables) > 1 else tuple(tables)
