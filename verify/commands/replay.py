"""`replay`: named cases, checked again."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import click

from verify.cases.case import Case
from verify.cases.domain import Domain
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
from verify.runs.replay import Became, replay, replay_exit_code, replay_sentence
from verify.subjects.registry import is_builtin


@command_named("replay")
@click.argument("subject", required=False, type=SUBJECT, help="of `list`, or module:callable (default: all)")
@click.argument("words", nargs=-1, type=WORD, help="cases, files, folders, - (default: what has failed)")
@failures_option
@known_options
@isolation_options
@narrowing_options
def command(
    *,
    subject: str | None,
    words: tuple[str, ...],
    failures: Path,
    known: Known,
    isolation: Isolation,
    narrowings: dict[str, Any],
) -> int:
    past = failures_in(failures)
    became: list[Became] = []
    if subject and words:
        inside = Domain().narrowed(narrowings)
        cases = [case for word in words for case in cases_named(word) if inside.holds(case)]
        if not cases:
            raise ValueError("the narrowings leave none of the cases that are named")
        became += replay(loader_of(isolation)(subject), cases, past=past, known=known.deviations)
    else:
        failed = [failure for failure in past if subject in (None, failure.subject)]
        if not failed:
            whose = f" of {subject!r}" if subject else ""
            raise ValueError(f"no failure{whose} is recorded in {failures}; name a SUBJECT and a WORD")
        for loaded, cases in _as_they_ran(failed, isolation):
            became += replay(loaded, cases, past=past, known=known.deviations)
    if not became:
        print(f"Nothing to replay: every failure in {failures} is fixed.")
        return 0
    _record(failures, [failure for outcome in became for failure in outcome.failures])
    if len(became) > 1 and {outcome.status for outcome in became} - {"agrees", "declined", "vacuous"}:
        print(f"\n{replay_sentence(became)}")
    code = replay_exit_code(became)
    if code == 3:
        print("Proves too little: no case was judged on values that could have failed.")
    return code


def _as_they_ran(failed: Iterable[Failed], isolation: Isolation) -> Iterator[tuple[Subject, list[Case]]]:
    """Each subject that has failed, where it ran or where that is asked, and the cases that it failed on."""
    left = sorted((failure for failure in failed if not failure.fixed), key=_run_of)
    for (name, options, switches), group in groupby(left, key=_run_of):
        where = isolation if isolation != Isolation() else _isolation(options)
        label = labelled(name, dict(switches)) if is_builtin(name) or where.is_asked else name
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
