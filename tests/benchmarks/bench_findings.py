"""How many findings a run reports for one cause: each fault planted in a right subject, named or unknown.

python -m tests.benchmarks.bench_findings [SEED] [FAULT…] prints a table. A fault is planted twice: as the
catalogue has it, and once more where the catalogue that diagnoses lacks it, as a cause that nobody knows.
Pairs are two faults in one subject, each in other operations, which must not become one finding.
"""

from __future__ import annotations

import io
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

from rich.console import Console

from verify.cases.case import Case
from verify.cases.operands import Array
from verify.checks.subject import Description, describe
from verify.config.session import Options
from verify.faults import FAULTS, Fault, fault_named
from verify.faults.fault import right_answer
from verify.reports.findings import Finding, findings
from verify.reports.merge import merged
from verify.reports.terminal import Terminal
from verify.runs.run import Request, run

EXAMPLES = 60
"""Cases of each property."""

PAIRS = (
    ("stride-ignored", "kernel-transposed"),
    ("bias-twice", "gradient-negated"),
    ("odd-cell-before", "channels-first-as-last"),
    ("last-row-lost", "only-first-of-batch"),
)
"""Two faults of one subject: the first in convolutions, the other in every other operation."""


class Silence(Terminal):
    """A console that nobody reads."""

    def __init__(self) -> None:
        Console.__init__(self, file=io.StringIO())


def findings_of(subject: Callable[[Case], Any], *, seed: int, examples: int = EXAMPLES) -> list[str]:
    """The findings of a run: the smallest word of each, the fault that it looks like, its properties."""
    options = Options(examples=examples, seed=seed, load=lambda _: subject)
    with tempfile.TemporaryDirectory() as folder:
        records = Path(folder, "records.jsonl")
        request = Request(
            subjects=("planted",),
            options=options,
            profile="default",
            until=time.monotonic() + 600,
            report=records,
        )
        sys.modules.pop("test_gate", None)  # the file of the run before
        run(Silence(), request)
        return list(map(_phrase, findings(merged([records]).tallies)))


def _phrase(finding: Finding) -> str:
    failure = finding.failure
    what = failure.flaky or failure.fault
    return f"{failure.kind}: {failure.word} ({what}) by {len(finding.titles)}"


@contextmanager
def without(fault: Fault) -> Iterator[None]:
    """Diagnose without a fault, as if nobody knew it."""
    others = tuple(other for other in FAULTS if other is not fault)
    with mock.patch("verify.faults.visibility.FAULTS", others):
        yield


def planted(*faults: Fault) -> Description:
    """A right subject with a fault; with two, one in convolutions and the other elsewhere."""

    def subject(case: Case) -> Array:
        chosen = faults[0 if len(faults) == 1 or case.operation == "conv" else 1]
        return chosen(case) if not case.illegal else right_answer(case)

    return replace(describe(faults[0]), call=subject, name="planted")


def main(seed: str = "0", *names: str) -> None:
    faults: Sequence[Fault] = [fault_named(name) for name in names] or FAULTS
    known, unknown = [], []
    for fault in faults:
        start = time.monotonic()
        named = findings_of(planted(fault), seed=int(seed))
        with without(fault):
            unnamed = findings_of(planted(fault), seed=int(seed))
        known.append(len(named))
        unknown.append(len(unnamed))
        took = time.monotonic() - start
        print(f"{fault.name:<30}{len(named):>4}{len(unnamed):>4}{took:>7.0f} s", flush=True)
        for label, found in (("", named if len(named) != 1 else []), ("unknown", unnamed)):
            for one in found:
                print(f"    {label:<8}{one}", flush=True)
    print(f"findings a cause: {statistics.mean(known):.2f} named, {statistics.mean(unknown):.2f} unknown")
    for pair in () if names else PAIRS:
        found = findings_of(planted(*map(fault_named, pair)), seed=int(seed))
        print(f"{' and '.join(pair):<50}{len(found):>4}", *found, sep="\n    ", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
