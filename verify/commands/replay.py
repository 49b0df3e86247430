"""`replay`: named cases, checked again."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from verify.cases.case import Case
from verify.cases.domain import Domain
from verify.cases.operations import OPERATIONS
from verify.checks.files import refusal_of
from verify.checks.subject import Subject
from verify.checks.ways import split_way
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
from verify.corpus.failures import OPTION, Failed, failures_in, forget, remember
from verify.corpus.words import cases_named
from verify.reports.phrases import plural
from verify.runs.recorded import Again, again
from verify.runs.replay import Became, replay, replay_exit_code, replay_sentence
from verify.subjects.by_path import canonical
from verify.subjects.registry import is_builtin


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
        return _forget(failures, [*filter(None, (subject,)), *words])
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
        for group in again(failed, _as_recorded(isolation), is_trusted=trust or subject is not None):
            if group.subject is None:
                became += _unloaded(group)
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


def _as_recorded(isolation: Isolation) -> Any:
    """Loads subjects where the command line says; else each in a worker, with the time of its record."""

    def load(label: str, timeout: float | None) -> Subject:
        asked = isolation
        if isolation == Isolation() and sys.platform == "linux" and (timeout or not is_builtin(label)):
            asked = Isolation(isolate=True, timeout=timeout)
        return loader_of(asked)(label)

    return load


def _unloaded(group: Again) -> list[Became]:
    """What became of cases whose subject cannot be asked, which is printed."""
    cases = f"{len(group.cases):,} {plural(len(group.cases), 'case')} of {group.name}"
    out = f"`conv-verify replay --forget {group.name}` takes them out"
    print(f"unloaded  {cases}: {group.why}; {out}")
    return [Became("unloaded", group.why)] * len(group.cases)


def _forget(file: Path, named: Sequence[str]) -> int:
    """Take entries out of the record: those of the words and subjects that are named, else all that hold."""
    words = {str(Case.parse(name)) for name in named if name.partition("_")[0] in OPERATIONS}
    subjects = {canonical(name) for name in named if name.partition("_")[0] not in OPERATIONS}

    def is_wanted(failure: Failed) -> bool:
        is_of = not subjects or bool({failure.subject, split_way(failure.subject)[0]} & subjects)
        return bool(failure.fixed) if not named else is_of and (not words or failure.word in words)

    gone = forget(file, is_wanted) if file.exists() else []
    for failure in gone:
        print(f"forgot    {failure.word}  ({failure.subject}: {failure.trait}, since {failure.first_seen})")
    if not gone and named:
        raise ValueError(f"no failure of {' '.join(named)} is recorded in {file}")
    if not gone:
        print(f"Nothing to forget: no failure in {file} is fixed.")
    return 0


def _record(file: Path, failures: list[Failed]) -> None:
    try:
        if failures:
            remember(file, failures)
    except OSError as error:
        print(f"unrecorded  {refusal_of(error, OPTION)}")
    except ValueError as error:
        print(f"unrecorded  {error}")
