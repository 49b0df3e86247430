"""The records of one property of one subject, made as its cases are judged, and their tally."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any

import numpy as np

from verify.cases.case import Case
from verify.checks.check import Mismatch
from verify.checks.clock import Clock
from verify.checks.deviations import Deviation
from verify.checks.known import fault_of
from verify.checks.message import disagreement, replay
from verify.faults import FAULTS, Fault
from verify.oracle.bounds import judgement
from verify.oracle.compare import NUMERIC_KINDS, Verdict, where_differs
from verify.reports.records import DIFFERING_LIMIT, Record, nowhere
from verify.reports.tally import LISTED, OFTEN, TIME_UP, Tally


class Tallier:
    """Tells what becomes of each distinct case, and sums it up in a tally.

    Of a search the last disagreement of each kind is kept, of words that are listed every one.
    """

    def __init__(
        self, subject: str, name: str, title: str, write: Callable[[Record], None] = nowhere
    ) -> None:
        self.tally = Tally(subject=subject, name=name, title=title)
        self.clock = Clock()
        self.mismatches: dict[Case, Mismatch] = {}
        self._write = write
        self._found: dict[str, Mismatch] = {}
        self._looked_for: tuple[str, ...] = ()
        self._hidden: dict[str, str] = {}
        self._note = ""
        self._before: Counter[str] = Counter()

    def is_new(self, case: Case) -> bool:
        return str(case) not in self.tally.words

    def judged(self, case: Case, verdict: Verdict, visible: Iterable[str] = ()) -> None:
        """Tell of a case that holds or was declined, and of the faults that it would have shown."""
        self._tell_case(case, verdict.outcome, verdict, visible=list(visible))

    def deviated(self, mismatch: Mismatch, deviation: Deviation) -> None:
        """Tell of a disagreement that a recorded deviation explains."""
        self._tell_case(mismatch.case, "known", mismatch.verdict, deviation=deviation.name)

    def failed(self, mismatch: Mismatch, visible: Iterable[str] = ()) -> None:
        """Tell of a disagreement, and keep it; of a search the last of each kind, which is the smallest."""
        verdict = mismatch.verdict
        self.mismatches[mismatch.case] = mismatch
        self._found[self._key(mismatch)] = mismatch
        message = disagreement(mismatch.case, mismatch.subject, mismatch.switches, verdict, mismatch.options)
        told = {"cause": _cause(mismatch), "message": message, "visible": list(visible)}
        self._tell_case(mismatch.case, "disagrees", verdict, **told)

    def complained(self, text: str) -> None:
        """Tell of an entry of the known deviations that is wrong."""
        self._tell("failure", **_NO_CASE, message=text)

    def faults(self) -> tuple[Fault, ...]:
        """The faults to look for in the next case: those that have not often been seen."""
        return tuple(fault for fault in FAULTS if self.tally.visible[fault.name] < OFTEN)

    def looks_for(self, faults: Iterable[str]) -> None:
        """Count the cases that show these faults even where none does."""
        self._looked_for = tuple(faults)

    def hides(self, fault: str, case: Case) -> None:
        """Note that the case of a fault was not judged."""
        self._hidden[fault] = str(case)

    def cut_short(self) -> None:
        """Note that the time of the property was up before it was done."""
        self._note = TIME_UP

    def settle(self) -> None:
        """Keep the smallest case so far of each kind of disagreement, as a search has not come to its end."""
        found = sorted(self.mismatches.values(), key=lambda each: len(str(each.case)), reverse=True)
        self._found = {self._key(each): each for each in found}

    def told(self) -> Tally:
        """The tally as it is, with the message of every failure."""
        for mismatch in self._found.values():
            self._tell("failure", **_failure(mismatch))
        self._found.clear()
        return self.tally

    def close(self, elapsed: float) -> Tally:
        """The tally of a property that has ended, with where its time went: the rest went to drawing."""
        tally = self.told()
        self._tell(
            "property",
            elapsed=elapsed,
            seconds=dict(self.clock.seconds),
            visible={**dict.fromkeys(self._looked_for, 0), **tally.visible},
            hidden=self._hidden,
            note=self._note,
        )
        return tally

    def _tell_case(self, case: Case, outcome: str, verdict: Verdict, **more: Any) -> None:
        spent = Counter(self.clock.seconds)
        seconds = {part: round(spent[part] - self._before[part], 6) for part in spent}
        self._before = spent
        if outcome == "disagrees" or self.is_new(case):
            told = {
                "word": str(case),
                "outcome": outcome,
                "kind": verdict.kind or "",
                "sentence": verdict.sentence,
                "error": verdict.error,
                "deviation": "",
                "visible": [],
                "seconds": {part: each for part, each in seconds.items() if each},
                "operation": case.operation,
                "rank": case.rank,
                "dtype": case.format.token,
                "padding": case.padding_mode,
            }
            self._tell("case", **{**told, **more})

    def _tell(self, sort: str, **told: Any) -> None:
        of = {"subject": self.tally.subject, "property": self.tally.title, "name": self.tally.name}
        record: Record = {"type": sort, **of, **told}
        self.tally.add(record)
        self._write(record)

    def _key(self, mismatch: Mismatch) -> str:
        listed = self.tally.name in LISTED
        return f"{mismatch.verdict.kind} {mismatch.case if listed else _cause(mismatch)}"


_NO_CASE: Record = {
    **dict.fromkeys(("word", "cause", "fault", "replay"), ""),
    "kind": "fixed",
    "worst": None,
    "shape": [],
    "differs": [],
}


def _cause(mismatch: Mismatch) -> str:
    """The class of the error behind a disagreement, or nothing."""
    return type(mismatch.__cause__).__name__ if mismatch.__cause__ else ""


def _failure(mismatch: Mismatch) -> Record:
    """What is recorded of the smallest case of a disagreement."""
    case, worst = mismatch.case, mismatch.verdict.worst
    return {
        "word": str(case),
        "kind": mismatch.verdict.kind or "",
        "cause": _cause(mismatch),
        "message": str(mismatch),
        "fault": fault_of(mismatch),
        "replay": replay(str(case), mismatch.subject, mismatch.switches, mismatch.options),
        "worst": asdict(worst) if worst else None,
        "shape": [] if case.illegal else list(case.output_shape),
        "differs": _differing(mismatch),
    }


def _differing(mismatch: Mismatch) -> list[list[int]]:
    """The indices of the elements that are wrong, of no more than so many."""
    if mismatch.answer is None or mismatch.verdict.kind not in NUMERIC_KINDS:
        return []
    rule = judgement(mismatch.case)
    with np.errstate(over="ignore", invalid="ignore"):
        answer = mismatch.answer.astype(mismatch.case.dtype)
    if answer.shape != rule.wanted.shape:
        return []
    found: list[list[int]] = np.argwhere(where_differs(rule, answer))[:DIFFERING_LIMIT].tolist()
    return found
