"""The harness tested by itself: every fault is caught and named, no correct convolution is accused."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from rich.console import Console
from rich.table import Table
from rich.text import Text

from verify.cases import quantised, weights
from verify.cases.case import Case
from verify.cases.domain import EVERY_CASE
from verify.cases.dtypes import QUANTISED
from verify.cases.modes import REPEATING
from verify.cases.weights import WEIGHTS, is_made_by_a_scheme
from verify.checks.diagnosis import diagnosed
from verify.checks.examination import disagreement, replay_line
from verify.checks.path import Examiner
from verify.checks.subject import describe
from verify.faults import FAULTS, Fault, fault_named
from verify.faults.summation import CORRECT
from verify.faults.visibility import visibility
from verify.gate.drawing import cases, sample
from verify.gate.properties import PROPERTIES, Property
from verify.oracle.compare import NUMERIC_KINDS
from verify.reports.failing import failure_text
from verify.reports.tally import grouped
from verify.runs.jobs import all_of, jobs_for

DRAWS = 4700
"""Cases that are drawn beside quantised ones; each is put to every correct convolution: 20,000 verdicts."""

SHARE = 8
"""Cases for each of which one of each other kind is drawn, too."""

JUDGED = 500
"""Cases in which a fault is looked for, of those that could have it; more, until one shows it."""

ALARMS = 5
"""False alarms that are shown."""

PARTS = 3
"""Parts of the work for each job, so that no job is left with much while others have ended."""

LEGAL = tuple(judged for judged in PROPERTIES if not judged.illegal)


@dataclass
class Kill:
    """The result of a fault that was run as a subject.

    `first` is the number of the case that would have shown it first, from 1, or 0 for none; `possible`
    and `visible` count cases; `caught` counts for each property those in which it would be caught.
    """

    name: str
    first: int = 0
    possible: int = 0
    visible: int = 0
    caught: Counter[str] = field(default_factory=Counter)
    witness: Case | None = None
    named: tuple[str, ...] = ()
    missed: str = ""

    @property
    def fault(self) -> Fault:
        return fault_named(self.name)

    @property
    def is_looked_for(self) -> bool:
        """Whether too few cases have told how often it is visible, or none has shown it."""
        return self.possible < JUDGED or self.witness is None

    @property
    def is_named(self) -> bool:
        return self.name in self.named

    @property
    def complaint(self) -> str:
        """What is wrong with the harness, in one sentence, or nothing."""
        if self.witness is None:
            return f"{self.name} was never visible"
        if self.missed:
            return f"{self.name} was not caught by {self.missed}"
        if not self.is_named:
            return f"{self.name} was named {' or '.join(self.named) or 'nothing'} on {self.witness}"
        return ""


def selftest(console: Console, *, examples: int = DRAWS, seed: int = 0, jobs: int | None = 1) -> int:
    """Run every fault and every correct convolution, print the kill matrix; 0, or 3 if one was missed."""
    start = time.monotonic()
    cases = with_narrow(drawn(examples, seed))
    kills, alarms, judged = _in_jobs(console, cases, jobs)
    console.print(_table(kills))
    for message in alarms[:ALARMS]:
        console.print()
        console.print(failure_text(message), soft_wrap=True)
    complaints = [kill.complaint for kill in kills if kill.complaint]
    if alarms:
        complaints.append(f"{len(alarms):,} false alarms in {judged:,} cases")
    seconds = time.monotonic() - start
    sentence = "Proves too little: " + "; ".join(complaints) if complaints else _sentence(kills, judged)
    console.print(Text(f"\n{sentence}", style="bold"))
    console.print(Text(f"{seconds:.0f} s, {len(cases):,} distinct cases of seed {seed}", style="dim"))
    return 3 if complaints else 0


class _Part(NamedTuple):
    """What a job does: it runs these faults, and puts these cases to every correct convolution."""

    faults: Sequence[Fault]
    cases: Sequence[Case]


def _in_jobs(console: Console, cases: Sequence[Case], asked: int | None) -> tuple[list[Kill], list[str], int]:
    """The kills in the order of the faults, and the messages and the number of verdicts of `false_alarms`."""
    many = PARTS * (jobs := jobs_for(len(FAULTS), asked, "fault")).number
    shares = [_Part(FAULTS[place::many], cases[place::many]) for place in range(many)]
    if jobs.phrase:
        console.print(Text(jobs.phrase, style="dim"), soft_wrap=True)

    def work(part: _Part) -> tuple[list[Kill], tuple[list[str], int]]:
        return kill_matrix(cases, part.faults), false_alarms(part.cases)

    results = all_of(shares, work, jobs=jobs.number)
    kills = {kill.name: kill for killed, _ in results for kill in killed}
    messages = [message for _, (told, _) in results for message in told]
    return [kills[fault.name] for fault in FAULTS], messages, sum(judged for _, (_, judged) in results)


def drawn(examples: int, seed: int) -> list[Case]:
    """So many cases of every kind, and for each eight of them one of each other kind.

    These are quantised, have another mode of padding, or keep their filters in another dtype.
    """
    kinds = cases(operations=quantised.OPERATIONS, dtypes=tuple(QUANTISED), around=quantised.EPILOGUE)
    padded = cases(paddings=("same", "explicit"), padding_modes=REPEATING)
    kept = cases(
        operations=weights.OPERATIONS, dtypes=("float32",), weight_dtypes=WEIGHTS[1:], around=weights.EPILOGUE
    )
    few = -(-examples // SHARE)
    others = [case for kind in (kinds, padded, kept) for case in sample(few, seed, kind)]
    return [*sample(examples, seed), *others]


def with_narrow(cases: Sequence[Case]) -> list[Case]:
    """Cases, and the words of the faults that few drawn cases show."""
    words = [Case.parse(fault.word) for fault in FAULTS if fault.is_narrow]
    return list(dict.fromkeys((*cases, *words)))


def _sentence(kills: Sequence[Kill], judged: int) -> str:
    alone = sum(kill.named == (kill.name,) for kill in kills)
    return (
        f"Holds: {len(kills)} of {len(kills)} faults are caught and named, {alone} by no other name; "
        f"{len(CORRECT)} correct convolutions raise no alarm in {judged:,} cases."
    )


def kill_matrix(cases: Sequence[Case], faults: Sequence[Fault] = FAULTS) -> list[Kill]:
    """For each fault, in how many cases it is visible, and whether it is caught and named as a subject."""
    kills = {fault.name: Kill(fault.name) for fault in faults}
    for number, case in enumerate(cases, start=1):
        possible, visible = _seen_in(case, [kill.fault for kill in kills.values() if kill.is_looked_for])
        for name in possible:
            kills[name].possible += 1
        for name in visible:
            kill = kills[name]
            kill.visible += 1
            kill.caught.update(judged.name for judged in _catching(kill.fault, case))
            if kill.witness is None:
                kill.first, kill.witness = number, case
    for kill in kills.values():
        if kill.witness is not None:
            _try_fault(kill, kill.witness)
    return list(kills.values())


def _seen_in(case: Case, faults: Sequence[Fault]) -> tuple[list[str], list[str]]:
    """The names of the faults that a case could have and shows, each by the scheme that it declares."""
    groups = grouped(faults, lambda fault: fault.scheme if is_made_by_a_scheme(case) else "")
    seen = [visibility(case.held_to(scheme), faults=group) for scheme, group in groups.items()]
    return [name for each in seen for name in each.possible], [name for each in seen for name in each.visible]


def _catching(fault: Fault, case: Case) -> list[Property]:
    """The properties that draw a case's fill and judge what a fault, which is visible, does to it."""
    judging = [judged for judged in LEGAL if case.fill in judged.fills and fault.kinds & set(judged.kinds)]
    if fault.kinds <= NUMERIC_KINDS or len(fault.kinds) == 1:
        return [judged for judged in judging if judged.repeats > 1 or fault.kinds != {"not repeatable"}]
    held = fault.held(case)
    return [judged for judged in judging if visibility(held, kinds=judged.kinds, faults=(fault,)).visible]


def _try_fault(kill: Kill, case: Case) -> None:
    """Put a fault to every property that should catch it on a case; name it by what the last one saw."""
    subject, last = describe(kill.fault), None
    for judged in _catching(kill.fault, case):
        examination = Examiner(subject=subject, kinds=judged.kinds, repeats=judged.repeats).examine(case)
        if examination.fails:
            last = examination
        else:
            kill.missed = kill.missed or f"{judged.title} on {case}"
    if last is not None:
        result = diagnosed(last)
        names = tuple(fault.name for fault in result.looks_like)
        kill.named = ("wavers",) if result.flaky else names  # which is what FLAKY says


def false_alarms(cases: Sequence[Case]) -> tuple[list[str], int]:
    """The messages of correct convolutions that were accused, and the number of verdicts."""
    examiners = {
        name: Examiner(subject=replace(describe(correct), domain=EVERY_CASE))
        for name, correct in CORRECT.items()
    }
    messages = []
    for case in cases:
        for name, examiner in examiners.items():
            examination = examiner.examine(case)
            if examination.fails:
                line = replay_line(str(case), examiner.subject.name)
                message = disagreement(examination)
                messages.append(f"False alarm for sums in the order {name}.\n{message}\n  {line}")
    return messages, len(cases) * len(examiners)


def _table(kills: Sequence[Kill]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1, 0, 0))
    table.add_column("fault", no_wrap=True)
    table.add_column("first", justify="right")
    table.add_column("%", justify="right")
    for judged in LEGAL:
        table.add_column(judged.name[:4], justify="right")
    table.add_column("")
    for kill in kills:
        counts = [str(kill.caught[judged.name] or "·") for judged in LEGAL]
        share = f"{100 * kill.visible / kill.possible:.0f}" if kill.possible else "–"
        row = [kill.name, str(kill.first), share, *counts]
        table.add_row(*row, Text("✓", "green") if kill.is_named else Text("✗", "bold red"))
    table.caption_justify = "left"
    table.caption = (
        "first: the first case that shows the fault; %: the share of the cases that could have it which do, "
        f"of the first {JUDGED:,}; then how many of these each property would catch it in; ✓ named"
    )
    return table
