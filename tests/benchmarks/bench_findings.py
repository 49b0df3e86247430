"""How many findings a run reports for one cause: each fault planted in a right subject, named or not.

python -m tests.benchmarks.bench_findings [MODE [SEED [FAULT…]]] prints a table. A fault is planted as the
catalogue has it (`named`), where the catalogue lacks it as if nobody knew it (`unknown`), or where nothing
has a name (`nameless`), so that disagreements are put together by asking again alone. Pairs, which are
printed for all faults together, are two faults of one subject, which must not become one finding.
"""

from __future__ import annotations

import io
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

from rich.console import Console

from verify.cases.case import Case
from verify.cases.operands import Array
from verify.checks.examination import LOUD
from verify.checks.subject import Description, describe
from verify.config.session import Options
from verify.faults import FAULTS, Fault, fault_named
from verify.faults.fault import right_answer
from verify.faults.visibility import BY_KIND, matching_faults
from verify.reports.findings import Finding, findings
from verify.reports.merge import merged
from verify.reports.terminal import Terminal
from verify.runs.gating import Request
from verify.runs.run import run

EXAMPLES = 60
"""Cases of each property."""

MOST = 1.2
"""Findings a cause, on average over all faults."""

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


def findings_of(subject: Callable[[Case], Any], *, seed: int = 0, examples: int = EXAMPLES) -> list[Finding]:
    """The findings of a run of every property."""
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
        return findings(merged([records]).tallies)


def unknown(*faults: Fault) -> AbstractContextManager[Any]:
    """Diagnose without some faults, as if nobody knew them."""
    others = tuple(other for other in FAULTS if other not in faults)
    return mock.patch("verify.faults.visibility.FAULTS", others)


def nameless(*faults: Fault) -> AbstractContextManager[Any]:
    """Diagnose without naming a wrong answer."""

    def none(case: Case, answer: Array | None, *, kind: Any) -> tuple[Fault, ...]:
        by_kind = kind in BY_KIND or kind in LOUD
        return matching_faults(case, answer, kind=kind) if by_kind else ()

    return mock.patch("verify.checks.diagnosis.matching_faults", none)


MODES: dict[str, Callable[..., AbstractContextManager[Any]]] = {
    "named": lambda *faults: nullcontext(),
    "unknown": unknown,
    "nameless": nameless,
}


def planted(*faults: Fault) -> Description:
    """A right subject with a fault; with two, one in convolutions and the other elsewhere."""

    def subject(case: Case) -> Array:
        chosen = faults[0 if len(faults) == 1 or case.operation == "conv" else 1]
        return chosen(case) if not case.illegal else right_answer(case)

    return replace(describe(faults[0]), call=subject, name="planted")


def _count(mode: str, seed: int, *faults: Fault) -> int:
    """The number of findings, which is printed, with each of them where it is not that of the faults."""
    start = time.monotonic()
    with MODES[mode](*faults):
        found = findings_of(planted(*faults), seed=seed)
    names = " and ".join(fault.name for fault in faults)
    print(f"{names:<50}{len(found):>4}{time.monotonic() - start:>6.0f} s", flush=True)
    for finding in found if len(found) != len(faults) else ():
        failure = finding.failure
        what = failure.flaky or failure.fault or "no name"
        print(f"    {failure.kind}: {failure.word} ({what}) by {len(finding.titles)}", flush=True)
    return len(found)


def main(mode: str = "named", seed: str = "0", *names: str) -> None:
    faults: Sequence[Fault] = [fault_named(name) for name in names] or FAULTS
    for pair in () if names else PAIRS:
        _count(mode, int(seed), *map(fault_named, pair))
    counts = [_count(mode, int(seed), fault) for fault in faults]
    print(f"{statistics.mean(counts):.2f} findings a cause, of {len(counts)} causes")


def test_a_few_causes_are_one_finding_each() -> None:
    faults = map(fault_named, ("odd-cell-before", "wavers", "channels-after-4s-lost"))
    assert statistics.mean(_count("named", 0, fault) for fault in faults) <= MOST


if __name__ == "__main__":
    main(*sys.argv[1:])
