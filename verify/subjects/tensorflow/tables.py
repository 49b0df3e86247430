"""TensorFlow's tables: its documented limits and its known deviations, read without importing it."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from verify.cases.predicates import Predicate
from verify.checks.deviations import Deviation, condition, parse_deviations


class Limit(NamedTuple):
    """A documented limit of some entry points, named by the patterns in `entries`, in some modes.

    `when` is the condition, `says` are words of the errors, and `words` are cases that provoke them.
    `ours` marks limits in the harness's own words: TensorFlow has no argument to express the case.
    """

    entries: Sequence[str]
    when: Predicate
    says: Sequence[str]
    words: Sequence[str]
    link: str
    modes: Sequence[str] = ("eager", "graph", "keras")
    ours: bool = False

    def is_of(self, mode: str, entry: str) -> bool:
        """Whether it is a limit of this entry point in this mode."""
        return mode in self.modes and any(fnmatchcase(entry, pattern) for pattern in self.entries)


@cache
def limits() -> tuple[Limit, ...]:
    """TensorFlow's documented limits, from `limits.toml`."""
    tables = tomllib.loads(_text("limits.toml"))["limit"]
    return tuple(Limit(**{**table, "when": condition(table["when"])}) for table in tables)


@cache
def deviations() -> tuple[Deviation, ...]:
    """The known deviations of every subject in every version of TensorFlow, from `known.toml`."""
    return parse_deviations(_text("known.toml"))


def _text(name: str) -> str:
    return files("verify.subjects.tensorflow").joinpath(name).read_text("utf-8")
