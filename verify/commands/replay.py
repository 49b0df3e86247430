"""`replay`: named cases, checked again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from verify.cases.domain import Domain
from verify.checks.files import refusal_of
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
from verify.runs.forgetting import forget_named
from verify.runs.recorded import again, as_recorded, unloaded
from verify.runs.replay import Became, replay, replay_exit_code, replay_sentence
from verify.subjects.by_path import canonical


@command_named("replay")
@click.argument(
    "subject",
    required=False,
    type=SUBJECT,
    help="of `list`, module:callable or file.py:callable (default: all)",
)
@click.argument("words", nargs=-1, type=WORD, help="cases, files, folders, - (default: what has failed)")
@failures_option
@click.option("--trust", is_flag=True, help="import what a record names outside the working tree, too")
@click.option(
    "--forget", "forgets", is_flag=True, help="take these words, subjects or what holds out of the record"
)
@known_options
@isolation_options
@narrowing_options
def command(
    *,
    subject: str | None,
    words: tuple[str, ...],
    failures: Path,
    trust: bool,
    forgets: bool,
    known: Known,
    isolation: Isolation,
    narrowings: dict[str, Any],
) -> int:
    if forgets:
        return forget_named(failures, [*filter(None, (subject,)), *words])
    past = failures_in(failures)
    became: list[Became] = []
    if subject and words:
        inside = Domain().narrowed(narrowings)
        cases = [case for word in words for case in cases_named(word) if inside.holds(case)]
        if not cases:
            raise ValueError("the narrowings leave none of the cases that are named")
        became += replay(loader_of(isolation)(subject), cases, past=past, known=known.deviations)
    else:
        failed = [failure for failure in past if subject is None or failure.subject == canonical(subject)]
        if not failed:
            whose = f" of {subject!r}" if subject else ""
            raise ValueError(f"no failure{whose} is recorded in {failures}; name a SUBJECT and a WORD")
        for group in again(failed, as_recorded(isolation), is_trusted=trust or subject is not None):
            if group.subject is None:
                became += unloaded(group)
            else:
                became += replay(group.subject, group.cases, past=past, known=known.deviations)
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


def _record(file: Path, failures: list[Failed]) -> None:
    try:
        if failures:
            remember(file, failures)
    except OSError as error:
        print(f"unrecorded  {refusal_of(error, OPTION)}")
    except ValueError as error:
        print(f"unrecorded  {error}")
