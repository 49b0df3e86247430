"""`run`: subjects, gated."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from verify.cases.shards import ALL
from verify.checks.deadline import GRACE_S, TimeUp, stopping_at
from verify.checks.known import recorded
from verify.commands.isolation import add_isolation, loader_of
from verify.config.flags import add_baseline, add_corpus, add_database, add_failures, add_known, deviations_of
from verify.config.options import operations, positive, seconds, shard
from verify.corpus import failures
from verify.corpus import words as corpus
from verify.corpus.pins import existing
from verify.subjects.registry import BUILTIN, MATRIX, labelled, split_label

SENTENCE = "gate subjects: draw cases, check each, say what was proved"


def add(parser: argparse.ArgumentParser) -> None:
    option = parser.add_argument
    named = "a name of `list`, or module:callable (default: all)"
    drawn = "dev (200), ci (500, fixed) or night (20,000 cases)"
    matrix = "under every setting of oneDNN, threads, determinism"
    option("subjects", nargs="*", metavar="SUBJECT", default=[*BUILTIN], help=named)
    option("--operations", type=operations, metavar="OP,…", help="only these (default: the subject's)")
    option("--examples", type=positive, metavar="N", help="cases for each property (default: the profile's)")
    option("--max-time", type=seconds, metavar="SECONDS", help="draw no case after so long")
    option("--profile", choices=("dev", "ci", "night"), default="dev", metavar="NAME", help=drawn)
    option("--seed", type=int, metavar="N", help="draw the cases of this seed")
    option("--matrix", action=argparse.BooleanOptionalAction, help=matrix)
    option("--shard", type=shard, default=ALL, metavar="K/N", help="only the cases of one of N shards")
    option("--report", type=Path, metavar="FILE", help="write a record of every case, as JSON lines")
    option("--html", type=Path, metavar="FILE", help="write a page of HTML that needs nothing else")
    option("--pin", action=argparse.BooleanOptionalAction, help="pin what disagrees, once it is shrunk")
    add_corpus(parser)
    add_failures(parser)
    add_known(parser)
    add_database(parser)
    add_baseline(parser)
    add_isolation(parser)


def command(options: argparse.Namespace) -> int:
    if options.shard.is_part and options.seed is None and options.profile != "ci":
        raise ValueError("--shard needs --seed or --profile ci, so that all shards draw the same cases")
    from verify.reports.html.writing import paged, require

    if options.html:
        require(options.html)
    until = time.monotonic() + (options.max_time or float("inf"))
    loader, subjects, own = loader_of(options), options.subjects, deviations_of(options)
    pins = existing(options.corpus)
    if pins:
        corpus.read(pins)  # a stale word, too, is found before anything runs
    failures.read(options.failures)
    from verify.runs.behaviour.baseline import watch_of

    watch = watch_of(options.baseline, until, update=options.update_baseline)
    if options.matrix:
        subjects = [labelled(name, settings) for settings in MATRIX for name in subjects]
    try:
        with stopping_at(until + GRACE_S):
            for label in {split_label(label)[0]: label for label in reversed(subjects)}.values():
                recorded(loader(label), own)
    except TimeUp:
        print(f"Proves too little: the time was up before {label} was loaded.")
        return 3
    from verify.config.database import database_at
    from verify.config.session import Options
    from verify.reports.terminal import TerminalConsole
    from verify.runs.run import Request, run

    asked = Options(
        examples=options.examples,
        excuse=options.known is not False,
        deviations=own,
        corpus=pins,
        database=database_at(options.database) if options.database else None,
        seed=options.seed,
        shard=options.shard,
        load=loader,
    )
    with paged(options.html, options.report) as report:
        request = Request(
            subjects=subjects,
            options=asked,
            profile=options.profile,
            until=until,
            operations=options.operations,
            failures=options.failures,
            pin_to=options.corpus if options.pin else None,
            report=report,
        )
        return run(TerminalConsole(), request, watch)
