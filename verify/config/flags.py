"""A user's own files, as options: where pins and failures are kept, and what is known to be wrong."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from verify.checks.deviations import Deviation, deviation_of, parse
from verify.config import settings
from verify.config.options import database
from verify.corpus import failures, pins


def add_corpus(parser: argparse.ArgumentParser) -> None:
    where = f"pins: a folder, or a .txt file ({pins.USUAL})"
    parser.add_argument("--corpus", type=Path, metavar="PATH", default=pins.USUAL, help=where)


def add_failures(parser: argparse.ArgumentParser) -> None:
    where = f"record of failures ({failures.USUAL})"
    parser.add_argument("--failures", type=Path, metavar="FILE", default=failures.USUAL, help=where)


def add_known(parser: argparse.ArgumentParser) -> None:
    option = parser.add_argument
    known = "your own known deviations; --no-known: excuse none"
    option("--known", type=Path, metavar="FILE", help=known)
    option("--no-known", dest="known", action="store_const", const=False, help=argparse.SUPPRESS)
    parser.set_defaults(deviation=settings.Entries())


def add_baseline(parser: argparse.ArgumentParser) -> None:
    option = parser.add_argument
    what = "behaviour to compare; --update-baseline: rewrite it"
    option("--baseline", type=Path, metavar="FILE", help=what)
    option("--update-baseline", action="store_true", help=argparse.SUPPRESS)


def add_database(parser: argparse.ArgumentParser) -> None:
    where = "examples: a folder, github:OWNER/REPO or redis://…"
    parser.add_argument("--database", type=database, metavar="PLACE", help=where)


def deviations_of(options: argparse.Namespace) -> tuple[Deviation, ...]:
    """The user's own deviations: those of a file, and those of the settings; none where none is excused.

    Raises ValueError, one sentence that names the file, for one that cannot be read.
    """
    if options.known is False:
        return ()
    found = _in(options.known) if options.known else ()
    return (*found, *_among(options.deviation.entries, options.deviation.file))


def of_tests(folder: Path) -> argparse.Namespace:
    """What the settings above a folder say to the gates of a test suite.

    These are `corpus`, `known`, `deviation` and `database`.
    """
    parser = argparse.ArgumentParser()
    add_corpus(parser)
    add_database(parser)
    add_known(parser)
    settings.apply(settings.find(folder), parser)
    return parser.parse_args([])


def _in(file: Path) -> tuple[Deviation, ...]:
    try:
        return parse(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ValueError(f"there is no file {str(file)!r}") from None
    except (OSError, ValueError) as wrong:
        raise ValueError(f"{file}: {wrong}") from None


def _among(entries: Iterable[Mapping[str, Any]], file: Path | None) -> tuple[Deviation, ...]:
    try:
        return tuple(map(deviation_of, entries))
    except ValueError as wrong:
        raise ValueError(f"{file}: {wrong}") from None
