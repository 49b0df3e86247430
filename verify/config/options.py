"""The texts of command-line options, read as values or refused in argparse's way."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from verify.cases.operations import OPERATIONS
from verify.cases.shards import Shard


def operations(text: str) -> tuple[str, ...]:
    """Operations, with commas between them."""
    chosen = tuple(text.split(","))
    for operation in chosen:
        if operation not in OPERATIONS:
            raise argparse.ArgumentTypeError(f"{operation!r} is none of {', '.join(OPERATIONS)}")
    return chosen


GITHUB = "github:"
REDIS = ("redis://", "rediss://", "unix://")


def database(text: str) -> str | Path:
    """Where examples are kept: `github:OWNER/REPO`, the URL of a Redis server, or a folder."""
    if text.startswith(GITHUB):
        if not re.fullmatch(r"[\w.-]+/[\w.-]+", text.removeprefix(GITHUB)):
            raise argparse.ArgumentTypeError(f"{text!r} is not {GITHUB}OWNER/REPO")
        return text
    if text.startswith(REDIS):
        return text
    if "://" in text or not text:
        raise argparse.ArgumentTypeError(f"{text!r} is no folder, {GITHUB}OWNER/REPO or {REDIS[0]}HOST:PORT")
    return Path(text)


def names(text: str) -> tuple[str, ...]:
    """Names, with commas between them."""
    return tuple(text.split(","))


def numbers(text: str) -> tuple[int, ...]:
    """Whole numbers above 0, with commas between them."""
    return tuple(map(positive, text.split(",")))


def positive(text: str) -> int:
    """A whole number above 0."""
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number")
    return int(text)


def shard(text: str) -> Shard:
    """The shard K/N."""
    try:
        return Shard.parse(text)
    except ValueError as wrong:
        raise argparse.ArgumentTypeError(str(wrong)) from None


def seconds(text: str) -> float:
    """A length of time above 0."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number of seconds")
    return number
