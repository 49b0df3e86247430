"""Named cases put to a subject again, without drawing any: the result of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from verify.cases.case import Case
from verify.checks.deviations import Deviation
from verify.checks.diagnosis import diagnosed
from verify.checks.examination import Examination, disagreement, line
from verify.checks.path import Examiner, times
from verify.checks.subject import Subject, describe
from verify.corpus.failures import Failed, Trait, asked_of, failed, trait_at_sight, trait_of
from verify.gate.survey import surveyed
from verify.oracle.compare import KINDS, Verdict
from verify.reports.phrases import plural

if TYPE_CHECKING:  # which takes long to import, and shows what disagrees
    from rich.text import Text

REPLAY_TRIES = 5
"""How often a case is asked that disagrees or has disagreed before; once if it times out or is large."""

SHOWN = {"agrees": "holds"}


class Became(NamedTuple):
    """The result of a case: its status and why, the message of a disagreement, what to record, and to show.

    The status is "agrees", "declined" or "vacuous"; "unloaded" where its subject cannot be asked;
    "FIXED" if it agrees and failed before; for a
    disagreement "STILL", "CHANGED", "FLAKY n/5", "CRASHED", or "disagrees" if it has not failed before.
    """

    status: str
    note: str = ""
    message: str = ""
    failures: tuple[Failed, ...] = ()
    shown: Text | None = None


def replay(
    subject: Subject,
    named: Iterable[Case],
    *,
    past: Sequence[Failed],
    known: Iterable[Deviation] = (),
    keep: Callable[[Sequence[Failed]], object] = len,
) -> Iterator[Became]:
    """Ask each case, by each way that has it, several times where it fails or has failed; print what became.

    Each is kept, then printed, before it is yielded. `past` are all failures that are recorded, `known` the
    user's deviations; `keep` records failures. What is recorded of other releases than the one that runs is
    asked before.
    """
    description, survey = surveyed(describe(subject), known)
    here = [f"{description.name} runs {description.here}"] if description.here else []
    for text in (*here, *islice(survey.lines(description), 1)):
        print(text)
    examiner = Examiner(
        subject=description,
        known=survey.known,
        repeats=2,
        noted_as=description.name,
    )
    for case in named:
        ways = description.having(case)
        for way in ways:
            asked = asked_of(way, case)
            past_of = [failure for failure in past if failure.asked == asked]
            seen: list[Examination] = []
            stop: BaseException | None = None
            try:
                became = became_of(replace(examiner, subject=way, noted_as=way.name), case, past_of, seen)
            except BaseException as error:
                if not (wrong := [examination for examination in seen if examination.verdict.kind]):
                    raise
                became, stop = _at_sight(wrong[0], past_of), error
            keep(became.failures)
            _print(case, became, by=way.name if len(ways) > 1 else "")
            yield became
            if stop:
                raise stop


def replay_exit_code(became: Sequence[Became]) -> int:
    """1 if a case disagrees, known or not; 2 if one could not be asked; 3 if all are declined or vacuous."""
    statuses = {one.status for one in became}
    if statuses - {"agrees", "FIXED", "declined", "vacuous", "unloaded"}:
        return 1
    if "unloaded" in statuses:
        return 2
    return 0 if statuses & {"agrees", "FIXED"} else 3


def replay_sentence(became: Sequence[Became]) -> str:
    """The results of several cases, in one sentence."""
    counts = Counter(SHOWN.get(status, status.partition(" ")[0]) for status, *_ in became)
    shown = ", ".join(f"{count:,} {_said(status, count)}" for status, count in counts.items())
    return f"Of {len(became):,} {plural(len(became), 'case')}: {shown}."


def _said(status: str, count: int) -> str:
    """A status as it stands after a count: 1 holds, 2 hold."""
    return status.removesuffix("s") if count != 1 and status in ("holds", "disagrees") else status


def became_of(
    examiner: Examiner, case: Case, past: Sequence[Failed], seen: list[Examination] | None = None
) -> Became:
    """The result of a case, which may have failed before; what is `seen` of it is added there as it comes."""
    examinations = [] if seen is None else seen
    examinations.append(first := examiner.examine(case))
    if (past or first.verdict.kind) and trait_at_sight(first.verdict) != Trait("timed out"):
        for _ in range(times(case, REPLAY_TRIES) - 1):
            examinations.append(examiner.examine(case))
    wrong = [examination for examination in examinations if examination.verdict.kind]
    if not wrong:
        return _passed(first.verdict, past)
    counts = Counter(trait_at_sight(examination.verdict) for examination in examinations)
    shown = diagnosed(wrong[0] if len(counts) > 1 else _as_before(examiner, wrong[0], past))
    if len(counts) > 1:
        note = ", ".join(f"{count} × {trait}" for trait, count in counts.items())
        status = f"FLAKY {len(wrong)}/{len(examinations)}"
    else:
        status, note = _status(trait_of(shown), past)
    is_new = not shown.deviation and not (past and len(counts) > 1)
    return _shown_as(status, note, shown, disagreement(shown), is_new=is_new)


def _at_sight(wrong: Examination, past: Sequence[Failed]) -> Became:
    """The result of a case that disagreed, and was to be asked again when something stopped that."""
    status, note = _status(trait_at_sight(wrong.verdict), past)
    message = disagreement(
        wrong, with_faults=False, more=[line("again", "it was not asked as often as usual: that was stopped")]
    )
    return _shown_as(status, note, wrong, message, is_new=not wrong.deviation)


def _shown_as(status: str, note: str, shown: Examination, message: str, *, is_new: bool) -> Became:
    from verify.reports.failing import examination_text

    if shown.deviation:
        message += f"\n  known    {shown.deviation.name}: {shown.deviation.text}"
    became = Became(status, note, message, (failed(shown),) if is_new else ())
    return became._replace(shown=examination_text(shown, message))


def _as_before(examiner: Examiner, failure: Examination, past: Sequence[Failed]) -> Examination:
    """The recorded disagreement, if it shows only when its kind alone is judged, as in a property."""
    if failure.verdict.kind in [old.kind for old in past]:
        return failure
    for old in past:
        kinds = [kind for kind in KINDS if kind == old.kind]
        alone = replace(examiner, kinds=kinds).examine(failure.case)
        if alone.verdict.kind and trait_at_sight(alone.verdict)[:2] == old.trait[:2]:
            return alone
    return failure


def _passed(verdict: Verdict, past: Sequence[Failed]) -> Became:
    if not past:
        return Became(verdict.outcome, verdict.sentence)
    if verdict.outcome != "agrees":
        return Became(verdict.outcome, f"{verdict.sentence}; it failed {_before(past)}")
    today = date.today().isoformat()
    fixed = tuple(replace(failure, fixed=failure.fixed or today) for failure in past)
    return Became("FIXED", f"holds; it failed {_before(past)}", failures=fixed)


def _since(past: Sequence[Failed]) -> str:
    return min(failure.first_seen for failure in past)


def _before(past: Sequence[Failed]) -> str:
    """Since when a case has failed, and how."""
    return f"on {_since(past)}: {' and '.join(str(failure.trait) for failure in past)}"


def _status(trait: Trait, past: Sequence[Failed]) -> tuple[str, str]:
    """The status of a case that disagrees every time in one way, and why."""
    status = "CRASHED" if trait.kind == "crashed" else ""
    if not past:
        return status or "disagrees", trait.cause
    if any(trait.is_as(failure.trait) for failure in past):
        return status or "STILL", f"{trait}, since {_since(past)}"
    return status or "CHANGED", f"{trait}; before, {_before(past)}"


def _print(case: Case, became: Became, *, by: str) -> None:
    if became.status != "disagrees":
        note = f"  ({', '.join(filter(None, (by, became.note)))})" if by or became.note else ""
        print(f"{SHOWN.get(became.status, became.status):<9} {case}{note}")
    if became.shown:
        from verify.reports.terminal import Terminal

        Terminal().print(became.shown, soft_wrap=True)
