"""`run`: subjects, gated."""

from __future__ import annotations

import argparse
import time

from verify import corpus, failures
from verify.commands.isolation import add_isolation, loader_of
from verify.deadline import GRACE_S, TimeUp, stopping_at
from verify.known import recorded
from verify.options import operations, positive, seconds
from verify.own import add_corpus, add_failures, add_known, deviations_of
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
    add_known(parser)
    option("--pin", action=argparse.BooleanOptionalAction, help="pin what disagrees, once it is shrunk")
    add_corpus(parser)
    add_failures(parser)
    add_isolation(parser)


def command(options: argparse.Namespace) -> int:
    until = time.monotonic() + (options.max_time or float("inf"))
    loader, subjects, own = loader_of(options), options.subjects, deviations_of(options)
    pins = existing(options.corpus)
    if pins:
        corpus.read(pins)  # a stale word, too, is found before anything runs
    failures.read(options.failures)
    if options.matrix:
        subjects = [labelled(name, settings) for settings in MATRIX for name in subjects]
    try:
        with stopping_at(until + GRACE_S):
            for label in {split_label(label)[0]: label for label in reversed(subjects)}.values():
                recorded(loader(label), own)
    except TimeUp:
        print(f"Proves too little: the time was up before {label} was loaded.")
        return 3
    from verify.run import TerminalConsole, run

    return run(
        TerminalConsole(),
        subjects,
        operations=options.operations,
        examples=options.examples,
        until=until,
        profile=options.profile,
        seed=options.seed,
        excuse=options.known is not False,
        own=own,
        load=loader,
        pins=pins,
        failures=options.failures,
        pin_to=options.corpus if options.pin else None,
    )
