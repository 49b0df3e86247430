"""`replay`: named cases, checked again."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import click

from verify.cases.case import Case
from verify.cases.domain import Domain
from verify.checks.broken import broken_by
from verify.checks.files import refusal_of
from verify.checks.subject import Subject, labelled
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
from verify.config.options import SUBJECT, WORD
from verify.corpus.failures import OPTION, Failed, failures_in, remember
from verify.corpus.words import cases_named
from verify.runs.in_order import replay_in_order
from verify.runs.interrupted import lines_of_interrupted
from verify.runs.replay import Became, replay, replay_exit_code, replay_sentence
from verify.subjects.here import CAN_CONTAIN
from verify.subjects.registry import is_ours


@command_named("replay")
@click.argument("subject", required=False, type=SUBJECT, help="of `list`, or module:callable (default: all)")
@click.argument("words", nargs=-1, type=WORD, help="cases, files, folders, - (default: what has failed)")
@click.option("--in-order", is_flag=True, help="each once, by one process, as a sweep does")
@failures_option
@known_options
@isolation_options
@narrowing_options
def command(
    *,
    subject: str | None,
    words: tuple[str, ...],
    in_order: bool,
    failures: Path,
    known: Known,
    isolation: Isolation,
    narrowings: dict[str, Any],
) -> int:
    past = failures_in(failures)
    for line in lines_of_interrupted():
        print(line)
    cases = _named(words, narrowings)
    if in_order:
        if not subject or not cases:
            raise ValueError(
                "--in-order needs a SUBJECT and words, which one process is asked in their order"
            )
        return _in_order(subject, cases, known=known, isolation=isolation)
    became: list[Became] = []
    if subject and words:
        asked: Iterable[tuple[Subject, list[Case]]] = [(loader_of(isolation)(subject), cases)]
    else:
        asked = _as_they_ran(_recorded(past, subject, failures), isolation)
    stop = _replay_all(asked, past, known, became)
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
        print("Proves too little: no case was judged on values that could have failed.")
    return code


class Stop(NamedTuple):
    """What ended a replay before its last case: an exit code, and a sentence."""

    code: int
    sentence: str


def _replay_all(
    asked: Iterable[tuple[Subject, list[Case]]], past: list[Failed], known: Known, became: list[Became]
) -> Stop | None:
    """Add the results to `became` as they come; what ended that early, or raise it where there are none."""
    try:
        for loaded, cases in asked:
            became += replay(loaded, cases, past=past, known=known.deviations)
    except KeyboardInterrupt:
        if not became:
            raise
        return Stop(3, "Interrupted: the cases above are all that were asked.")
    except BaseException as error:
        if not became:
            raise
        return Stop(2, f"Could not run: {broken_by(error)}")
    return None


def _named(words: Iterable[str], narrowings: dict[str, Any]) -> list[Case]:
    """The cases that are named, inside the narrowings; ValueError if these leave none."""
    inside = Domain().narrowed(narrowings)
    named = [case for word in words for case in cases_named(word)]
    cases = [case for case in named if inside.holds(case)]
    if named and not cases:
        raise ValueError("the narrowings leave none of the cases that are named")
    return cases


def _recorded(past: Iterable[Failed], subject: str | None, file: Path) -> list[Failed]:
    """What is recorded to have failed, of one subject or of all; ValueError if nothing is."""
    failed = [failure for failure in past if subject in (None, failure.subject)]
    if not failed:
        whose = f" of {subject!r}" if subject else ""
        raise ValueError(f"no failure{whose} is recorded in {file}; name a SUBJECT and a WORD")
    return failed


def _in_order(subject: str, cases: list[Case], *, known: Known, isolation: Isolation) -> int:
    """Ask one process the cases in order: a worker, unless this process is asked for."""
    if not isolation.is_asked and isolation.isolate is None and sys.platform == "linux":
        isolation = isolation._replace(isolate=True)
    again = f"conv-verify {click.get_current_context().find_root().obj}"
    loaded = loader_of(isolation)(subject)
    return replay_in_order(loaded, cases, known=known.deviations, again=again)


def _as_they_ran(failed: Iterable[Failed], isolation: Isolation) -> Iterator[tuple[Subject, list[Case]]]:
    """Each subject that has failed, where it ran or where that is asked, and the cases that it failed on."""
    left = sorted((failure for failure in failed if not failure.fixed), key=_run_of)
    for (name, options, switches), group in groupby(left, key=_run_of):
        where = isolation if isolation != Isolation() else _isolation(options)
        is_contained = CAN_CONTAIN and not is_ours(name) and where.isolate is not False
        label = labelled(name, dict(switches)) if is_contained else name
        yield loader_of(where)(label), list(dict.fromkeys(Case.parse(failure.word) for failure in group))


def _run_of(failure: Failed) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    """What failures have in common that are replayed by one subject."""
    return failure.subject, failure.options, tuple(sorted(failure.switches.items()))


def _isolation(text: str) -> Isolation:
    """The options of a recorded failure that say where its subject runs."""
    parser = click.command(isolation_options(lambda isolation: isolation))
    with parser.make_context("replay", shlex.split(text)) as context:
        isolation: Isolation = parser.invoke(context)
    return isolation


def _record(file: Path, failures: list[Failed]) -> None:
    try:
        if failures:
            remember(file, failures)
    except OSError as error:
        print(f"unrecorded  {refusal_of(error, OPTION)}")
