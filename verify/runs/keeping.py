"""What is kept of a run for later ones: a record of what failed, and pins of what disagrees."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from verify.cases.case import Case
from verify.checks.files import why_unwritten
from verify.corpus.failures import OPTION, Failed, remember
from verify.corpus.words import SHIPPED, cases_in, pin
from verify.reports.findings import findings
from verify.reports.tally import Tally


def keep(
    tallies: Sequence[Tally], failed: Sequence[Failed], *, failures: Path | None, pin_to: Path | None
) -> list[str]:
    """Record failures and pin what disagrees, if places for them are named; what to print of that."""
    kept = []
    if failures and failed:
        try:
            remember(failures, failed)
            kept.append(f"recorded  {failures}  (`replay` asks again what failed)")
        except (OSError, ValueError) as wrong:
            kept.append(f"unrecorded  {why_unwritten(wrong, OPTION)}")
    if pin_to:
        shipped = cases_in(SHIPPED)  # every run asks them already
        failures_of_cases = [found.failure for found in findings(tallies) if found.failure.word]
        reasons = {Case.parse(failure.word): failure.text.splitlines()[0] for failure in failures_of_cases}
        new = {case: line for case, line in reasons.items() if case not in shipped}
        try:
            added = pin(pin_to, new, today=date.today())
            kept += [f"pinned    {case}  ({file})" for case, file in added.items()]
        except (OSError, ValueError) as wrong:
            kept.append(f"unpinned  {why_unwritten(wrong, '--corpus')}")
    return kept
