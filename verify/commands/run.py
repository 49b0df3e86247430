"""`run`: subjects, gated."""

from __future__ import annotations

import argparse

from verify import corpus, failures
from verify.commands.isolation import add_isolation, loader_of
from verify.commands.pin import add_corpus
from verify.commands.replay import add_failures
from verify.options import operations, positive, seconds
from verify.pins import existing
from verify.subjects import BUILTIN, MATRIX, labelled, split_label

SENTENCE = "gate subjects: draw cases, check each, say what was proved"


def add(parser: argparse.ArgumentParser) -> None:
    option = parser.add_argument
    named = "a name from `list`, or package.module:callable (default: all that `list` names)"
    matrix = "gate each subject under every setting of oneDNN, threads and deterministic ops, isolated"
    drawn = "200, 500 or 20,000 cases for each property; ci draws the same every time (default: dev)"
    option("subjects", nargs="*", metavar="SUBJECT", default=[*BUILTIN], help=named)
    option("--operations", type=operations, metavar="OP,…", help="(default: the subject's)")
    option("--examples", type=positive, metavar="N", help="cases for each property (default: the profile's)")
    option("--max-time", type=seconds, metavar="SECONDS", help="stop drawing after so many seconds")
    option("--profile", choices=("dev", "ci", "night"), default="dev", help=drawn)
    option("--seed", type=int, metavar="N", help="draw the cases of this seed")
    option("--matrix", action="store_true", help=matrix)
    option("--no-known", action="store_true", help="fail for disagreements that are recorded as known, too")
    option("--pin", action=argparse.BooleanOptionalAction, help="pin what disagrees, once it is shrunk")
    add_corpus(parser)
    add_failures(parser)
    add_isolation(parser)


def command(options: argparse.Namespace) -> int:
    loader, subjects = loader_of(options), options.subjects
    if options.matrix:
        subjects = [labelled(name, settings) for settings in MATRIX for name in subjects]
    for label in {split_label(label)[0]: label for label in reversed(subjects)}.values():
        loader(label)  # wrong names are found before anything runs
    pins = existing(options.corpus)
    if pins:
        corpus.read(pins)  # a stale word, too
    failures.read(options.failures)
    from verify.run import TerminalConsole, run

    return run(
        TerminalConsole(),
        subjects,
        operations=options.operations,
        examples=options.examples,
        max_time=options.max_time,
        profile=options.profile,
        seed=options.seed,
        excuse=not options.no_known,
        load=loader,
        pins=pins,
        failures=options.failures,
        pin_to=options.corpus if options.pin else None,
    )
