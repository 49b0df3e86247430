"""Cases put to one process in their order, where what it was asked before is why it is lost."""

from __future__ import annotations

import hashlib
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from verify.cases.case import Case
from verify.checks.asking import ask
from verify.checks.bulk import ways_asked
from verify.checks.deviations import Deviation
from verify.checks.examination import Examination, disagreement, replay_line
from verify.checks.path import Examiner
from verify.checks.project import keep_in, kept_folder
from verify.checks.replacing import replace_file
from verify.checks.subject import Description, Subject, describe
from verify.corpus.words import MARK
from verify.gate.survey import surveyed
from verify.oracle.compare import LOST, Verdict
from verify.reports.conclusion import NOTHING_JUDGED
from verify.reports.failing import examination_text
from verify.reports.phrases import plural
from verify.reports.terminal import Terminal
from verify.subjects.isolated import worker_of
from verify.subjects.trial import tried

SHORTENING_S = 5.0
"""Seconds that are spent on finding fewer cases that lose a process in their order."""

ON_THE_LINE = 12
"""Words at most that stand on the line which replays them; more are in a file."""


def ways_of(subject: Description, case: Case) -> list[Description]:
    """The ways that a case is put to in order: all that have it, as in a sweep; none where it is declined."""
    if ways := ways_asked(subject, case):
        return ways
    way, declined = subject.route(case)
    return [] if declined else [way]


def place_of_loss(subject: Description, cases: Sequence[Case]) -> int:
    """The number, from 1, of the case at which a new process is lost that is asked each once; 0 for none."""
    worker = worker_of(subject)
    if worker is None:
        return 0  # it would be this process that is lost
    worker.begin_anew()
    tried(subject)  # as when it is loaded
    for number, case in enumerate(cases, start=1):
        for way in ways_of(subject, case):
            answer, _ = ask(way, case.copied())
            if isinstance(answer, Verdict) and answer.kind in LOST:
                return number
    return 0


def fewest(
    cases: Sequence[Case], place_of: Callable[[Sequence[Case]], int], *, limit_s: float, is_quick: bool = True
) -> Sequence[Case]:
    """The fewest of these cases that are found to lose a process in their order, or none.

    Those before the last are looked for from the end, twice as many each time; then parts are left out, if
    a loss `is_quick`. It may take its count of calls: where no eighth can be left out, nothing is.
    """
    until = time.monotonic() + limit_s
    kept: Sequence[Case] = ()
    length = 1
    while not kept and length < len(cases):
        length = len(cases) if time.monotonic() > until else min(2 * length, len(cases))
        last = cases[-length:]
        kept = last[: place_of(last)]
    found = len(kept)
    size = found // 2 if is_quick else 0
    while size and time.monotonic() < until and (len(kept) < found or size > found // 16):
        kept = _without_parts(kept, place_of, size=size, until=until)
        size //= 2
    return kept


def _without_parts(
    cases: Sequence[Case], place_of: Callable[[Sequence[Case]], int], *, size: int, until: float
) -> Sequence[Case]:
    """Cases that lose a process, without those parts of a size that it takes none of."""
    start = 0
    while start < len(cases) - 1 and time.monotonic() < until:
        fewer = [*cases[:start], *cases[min(start + size, len(cases) - 1) :]]
        lost = place_of(fewer)
        cases, start = (fewer[:lost], start) if lost else (cases, start + size)
    return cases


def replay_in_order_line(subject: Description, cases: Sequence[Case]) -> str:
    """The line that asks a process these cases in their order; many of them are written to a file."""
    words = [*map(str, cases)]
    file = _file_of(subject, cases) if len(cases) > ON_THE_LINE else ""
    first, *more = [file] if file else words
    line = replay_line(first, subject.name, *more, switches=subject.switches, options=subject.options)
    return f"{line} --in-order"


def _file_of(subject: Description, cases: Sequence[Case]) -> str:
    """The path of a file with the words of these cases; "" where none can be written."""
    words = "\n".join(map(str, cases))
    name = hashlib.sha256(f"{subject.name}\n{words}".encode()).hexdigest()[:8]
    heading = f"# {subject.name} was lost at the last of these words, which one process was asked in order"
    try:
        file = keep_in(kept_folder()) / f"in-order-{name}.txt"
        replace_file(file, f"{MARK}\n{heading}\n{words}\n".encode())
    except OSError:
        return ""
    return os.path.relpath(file)


def replay_in_order(
    subject: Subject, cases: Sequence[Case], *, known: Iterable[Deviation], again: str
) -> int:
    """Ask one process each case once, in order, until it is lost; print what disagrees and a sentence.

    Returns the exit code: 1 for a disagreement, known or not, and 3 if nothing was graded. `again` is the
    command line that does so again.
    """
    description, survey = surveyed(describe(subject), known)
    outcomes: Counter[str] = Counter()
    failed: list[Examination] = []
    number = lost_at = 0
    stop: BaseException | None = None
    try:
        for number, examination in _examined(description, cases, survey.known):
            outcomes[examination.outcome] += 1
            if examination.verdict.kind:
                failed.append(examination)
                status = "CRASHED" if examination.verdict.kind == "crashed" else "disagrees"
                print(f"{status:<9} {examination.case}  ({_numbered(number)} of {len(cases):,})")
                said = disagreement(examination, with_faults=False, replay=again)
                Terminal().print(examination_text(examination, said), soft_wrap=True)
                lost_at = number if examination.verdict.kind in LOST else lost_at
    except BaseException as error:
        if not outcomes:
            raise
        stop = error  # what was found is summed up first
    if stop:
        print(f"\n{_so_far(stop, wrong=len(failed), cases=number)}")
        if isinstance(stop, KeyboardInterrupt):
            return 1 if failed else 3
        raise stop
    print(f"\n{_sentence(description.name, outcomes, lost_at=lost_at, cases=len(cases))}")
    return 1 if failed else 0 if outcomes["agrees"] else 3


def _examined(
    subject: Description, cases: Sequence[Case], known: Iterable[Deviation]
) -> Iterator[tuple[int, Examination]]:
    """What each case comes to by each way, with its number from 1, to the one at which a process is lost."""
    for number, case in enumerate(cases, start=1):
        is_lost = False
        for way in ways_of(subject, case) or [subject]:
            examination = Examiner(subject=way, known=known, noted_as=way.name).examine(case)
            is_lost = is_lost or examination.verdict.kind in LOST
            yield number, examination
        if is_lost:
            return


_ENDINGS = {1: "st", 2: "nd", 3: "rd"}


def _numbered(number: int) -> str:
    last = number % 10 if number % 100 not in (11, 12, 13) else 0
    return f"{number:,}{_ENDINGS.get(last, 'th')}"


def _so_far(stop: BaseException, *, wrong: int, cases: int) -> str:
    """What became of the cases that were asked before something stopped that, in one sentence."""
    how = "Interrupted" if isinstance(stop, KeyboardInterrupt) else "Stopped"
    disagree = "disagree" if wrong > 1 else "disagrees"
    asked = f"{cases:,} {plural(cases, 'case')} that {'was' if cases == 1 else 'were'} asked so far"
    return f"{how}: {wrong or 'none'} of the {asked} {disagree}."


def _sentence(name: str, outcomes: Counter[str], *, lost_at: int, cases: int) -> str:
    """What became of cases in order, in one sentence."""
    wrong = outcomes["disagrees"] + outcomes["known"]
    if lost_at:
        rest = f"; the {cases - lost_at:,} after it were not asked" if lost_at < cases else ""
        return f"Disagrees: {name} was lost at the {_numbered(lost_at)} of {cases:,} cases in order{rest}."
    if wrong:
        return f"Disagrees: {wrong:,} of {cases:,} cases that one process was asked in order disagree."
    if not outcomes["agrees"]:
        return NOTHING_JUDGED
    return f"Holds: one process was asked {cases:,} {plural(cases, 'case')} in order, and none disagrees."
