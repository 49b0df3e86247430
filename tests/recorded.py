"""Records of runs for tests of reports: words put to a subject, without drawing any."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from verify import Case, Mismatch, check
from verify.adequacy import shown
from verify.bounds import judgement
from verify.check import Subject
from verify.compare import Verdict
from verify.known import fault_of
from verify.report import replay
from verify.tally import Tallier, Tally

Record = dict[str, Any]

RUN: Record = {
    "format": 1,
    "type": "run",
    "environment": "conv-verify 0.1.0, Python 3.11, NumPy 2.4",
    "versions": {"conv-verify": "0.1.0", "numpy": "2.4"},
    "seed": 1,
    "profile": "dev",
    "shard": "1/1",
    "subjects": ["mylib:conv"],
    "time": "2026-11-23T23:00:00+00:00",
}


def end(code: int, elapsed: float = 12.5) -> Record:
    return {"type": "end", "elapsed": elapsed, "exit": code}


def asked(
    subject: Subject, words: Iterable[str], title: str = "values on exact fills", name: str = "mylib:conv"
) -> tuple[list[Record], Tally]:
    """The records of one property of a subject, and its tally."""
    tallier, records = Tallier(name, title), []
    for word in words:
        case = Case.parse(word)
        try:
            verdict = check(case, subject)
        except Mismatch as mismatch:
            mismatch.subject = name
            tallier.failed(mismatch)
            records += [_case(tallier, case, mismatch.verdict), _failure(tallier, mismatch)]
        else:
            tallier.judged(case, verdict)
            tallier.saw(shown(case).visible)
            records.append(_case(tallier, case, verdict))
    for fault in ("padding-twice", "padding-lost"):
        tallier.tally.visible.setdefault(fault, 0)
    tallier.clock.seconds.update({"subject": 2.5, "reference": 1.25, "comparison": 0.5, "faults": 0.75})
    tally = tallier.close(7.0)
    records.append({"type": "property", "subject": name, "property": title, "elapsed": 7.0, "note": ""})
    return records, tally


def _case(tallier: Tallier, case: Case, verdict: Verdict) -> Record:
    return {
        "type": "case",
        "subject": tallier.tally.subject,
        "property": tallier.tally.title,
        "name": "values",
        "word": str(case),
        "outcome": verdict.outcome,
        "kind": verdict.kind,
        "sentence": verdict.sentence,
        "error": verdict.error if np.isfinite(verdict.error) else None,
        "deviation": None,
        "visible": [],
        "seconds": {},
    }


def _failure(tallier: Tallier, mismatch: Mismatch) -> Record:
    case, worst, answer = mismatch.case, mismatch.verdict.worst, mismatch.answer
    far: Any = []
    if worst is not None and answer is not None:
        rule = judgement(case)
        far = np.argwhere(~(np.abs(answer.astype(float) - rule.wanted) <= rule.allowed))
    return {
        "type": "failure",
        "subject": mismatch.subject,
        "property": tallier.tally.title,
        "word": str(case),
        "kind": mismatch.verdict.kind,
        "message": str(mismatch),
        "fault": fault_of(mismatch),
        "replay": replay(str(case), mismatch.subject, {}),
        "worst": vars(worst) | {"index": list(worst.index)} if worst else None,
        "differs": [[int(at) for at in index] for index in far],
        "shape": list(case.output_shape),
    }
