"""The kinds of value that an option takes: how its text is read, set in TOML and completed in a shell."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from verify.cases.operations import OPERATIONS
from verify.cases.shards import Shard

GITHUB = "github:"
REDIS = ("redis://", "rediss://", "unix://")


class Kind(click.ParamType[Any]):
    """What an option takes. `read` makes a value of its text, or raises ValueError with a sentence.

    `setting` is the type of the value in TOML, and `values` are those that a shell completes.
    """

    def __init__(
        self,
        name: str,
        read: Callable[[str], Any] = str,
        setting: type = str,
        *,
        values: Callable[[], Iterable[str]] = tuple,
    ) -> None:
        self.name, self.read, self.setting, self.values = name, read, setting, values

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return self.name

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return self.read(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """The values that begin so; files, where there are no values."""
        values = [CompletionItem(value) for value in self.values() if value.startswith(incomplete)]
        return values or [CompletionItem(incomplete, type="file")]


def nearest(word: str, words: Iterable[str]) -> str:
    """A question that ends a refusal: the word that was meant, if one is near."""
    return "".join(f"; did you mean {near!r}?" for near in get_close_matches(word, words, n=1))


def one_of(word: str, words: Iterable[str]) -> str:
    if word not in words:
        raise ValueError(f"{word!r} is none of {', '.join(words)}{nearest(word, words)}")
    return word


def choice(name: str, *words: str) -> Kind:
    """One of a few words."""
    return Kind(name, lambda text: one_of(text, words), values=lambda: words)


def operations(text: str) -> tuple[str, ...]:
    """Operations, with commas between them."""
    return tuple(one_of(operation, OPERATIONS) for operation in text.split(","))


def database(text: str) -> str | Path:
    """Where examples are kept: `github:OWNER/REPO`, the URL of a Redis server, or a folder."""
    if text.startswith(GITHUB):
        if not re.fullmatch(r"[\w.-]+/[\w.-]+", text.removeprefix(GITHUB)):
            raise ValueError(f"{text!r} is not {GITHUB}OWNER/REPO")
        return text
    if text.startswith(REDIS):
        return text
    if "://" in text or not text:
        raise ValueError(f"{text!r} is no folder, {GITHUB}OWNER/REPO or {REDIS[0]}HOST:PORT")
    return Path(text)


def whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a whole number") from None


def positive(text: str) -> int:
    """A whole number above 0."""
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise ValueError(f"{text!r} is not a positive number")
    return int(text)


def seconds(text: str) -> float:
    """A length of time above 0."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise ValueError(f"{text!r} is not a positive number of seconds")
    return number


def subjects() -> Iterable[str]:
    from verify.faults import FAULTS
    from verify.subjects.registry import BUILTIN

    return (*BUILTIN, *(f"fault:{fault.name}" for fault in FAULTS))


OPERATION_NAMES = Kind("OP,…", operations, list, values=lambda: OPERATIONS)
POSITIVE = Kind("N", positive, int)
INTEGER = Kind("N", whole, int)
SECONDS = Kind("SECONDS", seconds, float)
SHARD = Kind("K/N", Shard.parse)
FILE = Kind("FILE", Path)
PLACE = Kind("PATH", Path)
PYTHON = Kind("PATH")
DATABASE = Kind("PLACE", database)
SUBJECT = Kind("SUBJECT", values=subjects)
WORD = Kind("WORD")
