"""`replay`: named cases, checked again."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterator
from itertools import groupby

from verify.cases.case import Case
from verify.checks.subject import Subject, labelled
from verify.commands.isolation import add_isolation, loader_of
from verify.commands.words import cases_of
from verify.config.flags import add_failures, add_known, deviations_of
from verify.corpus import failures
from verify.corpus.failures import Failed
from verify.runs.replay import Became, exit_code, replay, sentence
from verify.subjects.registry import BUILTIN

SENTENCE = "check named cases, or what failed, again; say what became of each"


def add(parser: argparse.ArgumentParser) -> None:
    option = parser.add_argument
    named = "a name of `list`, or module:callable (default: all)"
    words = "cases, files, folders, - (default: what has failed)"
    option("subject", nargs="?", metavar="SUBJECT", help=named)
    option("words", nargs="*", metavar="WORD", help=words)
    add_failures(parser)
    add_known(parser)
    add_isolation(parser)


def command(options: argparse.Namespace) -> int:
    past, own = failures.read(options.failures), deviations_of(options)
    became: list[Became] = []
    for subject, cases in (_named if options.words else _failed)(options, past):
        became += replay(subject, cases, past=past, own=own)
    if not became:
        print(f"Nothing to replay: every failure in {options.failures} is fixed.")
        return 0
    if changed := [failure for each in became for failure in each.failures]:
        failures.remember(options.failures, changed)
    if len(became) > 1 and {each.status for each in became} - {"agrees", "declined", "vacuous"}:
        print(f"\n{sentence(became)}")
    code = exit_code(became)
    if code == 3:
        print("Proves too little: no case was judged on values that could have failed.")
    return code


def _named(options: argparse.Namespace, past: list[Failed]) -> Iterator[tuple[Subject, list[Case]]]:
    """The subject and the cases of the command line."""
    cases = [case for word in options.words for case in cases_of(word)]
    yield loader_of(options)(options.subject), cases


def _failed(options: argparse.Namespace, past: list[Failed]) -> Iterator[tuple[Subject, list[Case]]]:
    """Each subject that has failed, of one name if there is one, and the cases that it failed on."""
    own = [each for each in past if options.subject in (None, each.subject)]
    if not own:
        whose = f" of {options.subject!r}" if options.subject else ""
        raise ValueError(f"no failure{whose} is recorded in {options.failures}; name a SUBJECT and a WORD")
    is_own = options.isolate is not None or options.python or options.timeout
    left = sorted((each for each in own if not each.fixed), key=_run_of)
    for (name, told, switches), group in groupby(left, key=_run_of):
        where = options if is_own else _isolation(told)
        is_label = name in BUILTIN or where.isolate or where.python or where.timeout
        subject = loader_of(where)(labelled(name, dict(switches)) if is_label else name)
        yield subject, list(dict.fromkeys(Case.parse(each.word) for each in group))


def _run_of(failure: Failed) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    """What failures have in common that are replayed by one subject."""
    return failure.subject, failure.options, tuple(sorted(failure.switches.items()))


def _isolation(text: str) -> argparse.Namespace:
    """The options of a recorded failure that say where its subject runs."""
    parser = argparse.ArgumentParser()
    add_isolation(parser)
    return parser.parse_args(shlex.split(text))
