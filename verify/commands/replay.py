"""`replay`: named cases, checked again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import click

from verify.cases.case import Case
from verify.checks.broken import broken_by
from verify.checks.files import why_unwritten
from verify.checks.ours import NotOurs
from verify.commands.cli import command_named
from verify.config.flags import (
    Isolation,
    Known,
    failures_option,
    isolation_options,
    known_options,
    loader_of,
    narrowing_options,
)
from verify.config.options import SUBJECT, WORD, Misuse
from verify.corpus.failures import OPTION, Failed, failures_in, remember
from verify.corpus.words import named_inside
from verify.runs.interrupted import say_interrupted
from verify.runs.recorded import Again, again, as_recorded, unloaded
from verify.runs.replay import Became, replay, replay_exit_code, replay_sentence
from verify.subjects.by_path import canonical
from verify.subjects.here import CAN_CONTAIN


@command_named("replay")
@click.argument(
    "subject",
    required=False,
    type=SUBJECT,
    help="of `list`, or module:callable (default: all)",
)
@click.argument("words", nargs=-1, type=WORD, help="cases, files, folders, - (default: what has failed)")
@click.option("--in-order", is_flag=True, help="each once, by one process, as a sweep does")
@failures_option
@click.option("--trust", is_flag=True, help="import modules from outside the working tree")
@click.option("--forget", "forgets", is_flag=True, help="take words, subjects or what holds out of it")
@known_options
@isolation_options
@narrowing_options
def command(
    *,
    subject: str | None,
    words: tuple[str, ...],
    in_order: bool,
    failures: Path,
    trust: bool,
    forgets: bool,
    known: Known,
    isolation: Isolation,
    narrowings: dict[str, Any],
) -> int:
    if forgets:
        from verify.runs.forgetting import forget_named

        return forget_named(failures, [*filter(None, (subject,)), *words])
    past = _past(failures, is_needed=not (subject and words))
    say_interrupted(print)
    cases = named_inside(words, narrowings)
    if in_order:
        if not subject or not cases:
            raise Misuse("--in-order needs a SUBJECT and words, which one process is asked in their order")
        return _in_order(subject, cases, known=known, isolation=isolation)
    became: list[Became] = []
    if subject and words:
        asked: Iterable[Again] = [Again(subject, cases, loader_of(isolation)(subject))]
    else:
        is_trusted = trust or subject is not None
        asked = again(_recorded(past, subject, failures), as_recorded(isolation), is_trusted=is_trusted)
    remembering = {"past": past, "known": known.deviations, "keep": partial(_keep, failures)}
    stop = _replay_all(asked, remembering, became)
    if not became:
        print(f"Nothing to replay: every failure in {failures} is fixed.")
        return 0
    _record(failures, [failure for outcome in became for failure in outcome.failures])
    if len(became) > 1 and {outcome.status for outcome in became} - {"agrees", "declined", "vacuous"}:
        print(f"\n{replay_sentence(became)}")
    code = replay_exit_code(became)
    if stop:
        print(f"\n{stop.sentence}")
        return stop.code if stop.code == 2 else code or stop.code
    if code == 3:
        from verify.reports.conclusion import NOTHING_JUDGED

        print(NOTHING_JUDGED)
    return code


class Stop(NamedTuple):
    """What ended a replay before its last case: an exit code, and a sentence."""

    code: int
    sentence: str


def _replay_all(asked: Iterable[Again], remembering: Mapping[str, Any], became: list[Became]) -> Stop | None:
    """Add the results to `became` as they come; what ended that early, or raise it where there are none."""
    try:
        for group in asked:
            if group.subject is None:
                became += unloaded(group)
            else:
                became += replay(group.subject, group.cases, **remembering)
    except KeyboardInterrupt:
        if not became:
            raise
        return Stop(3, "Interrupted: the cases above are all that were asked.")
    except BaseException as error:
        if not became:
            raise
        return Stop(2, f"Could not run: {broken_by(error)}")
    return None


def _recorded(past: Iterable[Failed], subject: str | None, file: Path) -> list[Failed]:
    """What is recorded to have failed, of one subject or of all; ValueError if nothing is."""
    failed = [failure for failure in past if subject is None or failure.subject == canonical(subject)]
    if not failed:
        whose = f" of {subject!r}" if subject else ""
        raise ValueError(f"no failure{whose} is recorded in {file}; name a SUBJECT and a WORD")
    return failed


def _in_order(subject: str, cases: list[Case], *, known: Known, isolation: Isolation) -> int:
    """Ask one process the cases in order: a worker, unless this process is asked for."""
    from verify.runs.in_order import replay_in_order

    if isolation.is_usual and CAN_CONTAIN:
        isolation = isolation._replace(isolate=True)
    again = f"conv-verify {click.get_current_context().find_root().obj}"
    loaded = loader_of(isolation)(subject)
    return replay_in_order(loaded, cases, known=known.deviations, again=again)


def _past(file: Path, *, is_needed: bool) -> list[Failed]:
    """What failed before; nothing where the record is not ours, if it is not all that is asked for."""
    try:
        return failures_in(file)
    except NotOurs:
        if is_needed:
            raise
        return []


def _keep(file: Path, failures: Sequence[Failed]) -> None:
    """Record what became of a case; if this cannot be, the end of the command says so."""
    with suppress(OSError, ValueError):
        if failures:
            remember(file, failures)


def _record(file: Path, failures: list[Failed]) -> None:
    try:
        if failures:
            remember(file, failures)
    except (OSError, ValueError) as error:
        print(f"unrecorded  {why_unwritten(error, OPTION)}")
