"""The page of a run: its tables and failures, from its records and tallies, set into a template."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from verify.cases.case import Case
from verify.checks.escaping import shown
from verify.checks.files import refusal_of
from verify.checks.replacing import replace_file, require_replaceable
from verify.checks.scratch import scratch_folder
from verify.reports.conclusion import run_sentence
from verify.reports.coverage import (
    FaultCoverage,
    families,
    fault_coverages,
    never_graded,
    never_visible,
    region_coverages,
)
from verify.reports.findings import Finding, findings
from verify.reports.html.pictures import Picture, answer_pictures, window_pictures
from verify.reports.html.tables import (
    Judged,
    Square,
    Table,
    coverage_table,
    error_table,
    region_table,
    time_table,
)
from verify.reports.merge import Merged, merged
from verify.reports.records import DIFFERING_LIMIT, Record
from verify.reports.schema import records_in
from verify.reports.tally import OFTEN_SHOWN, Tally, by_subject, grouped, totals
from verify.reports.template import page

PICTURED = 40
"""Failures that have pictures, so that a page stays small."""

LARGEST_KERNEL = 4096
"""Taps of an axis above which the cells that they read are not drawn."""

OPTION = "--html"
"""By which another file of a page is named."""

_case = cache(Case.parse)

_FACTS = ("time", "environment", "profile", "seed", "shard")


def require_page(file: Path) -> None:
    """Check before a run that its page can be made and written, in one step when the run has ended.

    Raises ValueError, one sentence, if what makes a page is not installed; OSError for the file.
    """
    if find_spec("jinja2") is None:
        raise ValueError("a page of HTML needs Jinja: pip install 'conv-verify[html]'")
    file.parent.mkdir(parents=True, exist_ok=True)
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
    return page("html/page", styles=["html/page"], scripts=["html/page"], run=content(records, runs))


class ShownFailure(NamedTuple):
    """A finding: its message, what it broke, and pictures if elements of its answer differ."""

    message: str
    reach: str
    replay: str
    answer: tuple[Picture, ...] = ()
    window: tuple[Picture, ...] = ()

    @property
    def is_asked(self) -> bool:
        """Whether the element itself is marked among the cells."""
        return any(mark.sign == "asked" for picture in self.window for mark in picture.marks)


class Content(NamedTuple):
    """Everything that the page says."""

    verdict: str
    sentence: str
    notes: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    failures: tuple[ShownFailure, ...]
    properties: Mapping[str, Sequence[Tally]]
    faults: Table | None
    never_visible: tuple[str, ...]
    regions: Table | None
    never_graded: tuple[str, ...]
    coverage: tuple[Table, ...]
    errors: Table
    exact: int
    times: Table
    declined: Counter[str]
    known: Counter[str]


def content(records: Iterable[Record], runs: Merged) -> Content:
    """The page of one run, or of several together: their records in order, and the runs merged."""
    cases: dict[tuple[str, ...], Judged] = {}
    failures: dict[str, Record] = {}
    for record in records:
        if record["type"] == "case":
            key = (record["subject"], record["name"], record["word"], record["outcome"])
            case = Judged(record["subject"], _case(record["word"]), record["outcome"], float(record["error"]))
            cases.setdefault(key, case)
        elif record["type"] == "failure":
            failures[record["message"]] = record
    tallies, judged = runs.tallies, cases.values()
    result, code = _result(runs)
    return Content(
        verdict={0: "holds", 1: "disagrees"}.get(code, "little"),
        sentence=result,
        notes=_notes(runs, result),
        facts=_facts(runs, code),
        failures=_failures(failures, tallies),
        properties=by_subject(tallies),
        faults=_fault_table(fault_coverages(tallies)),
        never_visible=tuple(never_visible(tallies)),
        regions=region_table(region_coverages(tallies)),
        never_graded=tuple(never_graded(tallies)),
        coverage=_coverages(judged),
        errors=error_table(judged),
        exact=sum(1 for case in judged if case.outcome == "agrees" and not case.error),
        times=time_table(tallies),
        declined=totals(tally.declined for tally in tallies),
        known=totals(tally.known for tally in tallies),
    )


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
    """Notes beside the sentence: why a run could not continue, and what was cut short."""
    broken = [f"Could not run: {runs.broken}"] if not sentence.endswith(runs.broken) else []
    cut = (f"{tally.subject}, {tally.title}: {tally.note}" for tally in runs.tallies if tally.note)
    return (*broken, *(f"Cut short: {note}." for note in cut))


def _facts(runs: Merged, code: int) -> tuple[tuple[str, str], ...]:
    """When and how the run was made; of several runs, shard by shard, each value once."""
    values = [(name, run.begun[name]) for name in _FACTS for run in runs.runs]
    facts = [(name, f"{value}") for name, value in values if value not in (None, "")]
    took = sum(run.end["elapsed"] for run in runs.runs if run.end)
    return tuple(dict.fromkeys([*facts, ("took", f"{took:,.1f} s"), ("exit code", f"{code}")]))


def _failures(records: Mapping[str, Record], tallies: Sequence[Tally]) -> tuple[ShownFailure, ...]:
    """Each finding; `records` are those of failures, by their messages."""
    return tuple(
        _shown(finding, record=records.get(finding.failure.text, {}), is_pictured=number < PICTURED)
        for number, finding in enumerate(findings(tallies))
    )


def _shown(finding: Finding, *, record: Record, is_pictured: bool) -> ShownFailure:
    failure = finding.failure
    shown = ShownFailure(failure.text, "\n".join(finding.reach), record.get("replay", ""))
    if not (failure.word and record and is_pictured):
        return shown
    case, worst = _case(failure.word), record["worst"]
    if max(case.kernel) > LARGEST_KERNEL:
        return shown
    index = tuple(worst["index"]) if worst else None
    differs = [tuple(place) for place in record["differs"]]
    is_all = len(differs) < DIFFERING_LIMIT
    pictures = answer_pictures(case, shape=record["shape"], differs=differs, worst=index, is_all=is_all)
    window = () if index is None else tuple(window_pictures(case, index))
    return shown._replace(answer=tuple(pictures), window=window)


def _coverages(cases: Collection[Judged]) -> tuple[Table, ...]:
    """All subjects together, and each by itself if there are several."""
    groups = grouped(cases, lambda case: case.subject)
    tables = [coverage_table(group, subject) for subject, group in groups.items()]
    return (coverage_table(cases, "All subjects"), *tables) if len(tables) > 1 else tuple(tables)


def _fault_table(coverages: Sequence[FaultCoverage]) -> Table | None:
    """Faults by family down and subjects across: how many cases would have shown each."""
    if not coverages:
        return None
    rows: list[tuple[str, tuple[Square, ...]]] = []
    for family, names in families(coverages).items():
        rows.append((family, ()))
        rows += [(name, tuple(_fault_square(coverage, name) for coverage in coverages)) for name in names]
    columns = tuple(f"{coverage.subject}: {coverage.share}" for coverage in coverages)
    return Table("Cases that would have shown each fault, at least", "fault", (), columns, tuple(rows))


def _fault_square(coverage: FaultCoverage, name: str) -> Square:
    if name not in coverage.visible:
        return Square("–", note="it cannot have this fault")
    if name in coverage.hidden:
        return Square("hidden", note=f"{coverage.hidden[name]} is declined or a known deviation")
    count = coverage.visible[name]
    return Square(f"{count:,}", min(count / OFTEN_SHOWN, 1) / 3) if count else Square("never", is_wrong=True)
