"""TensorFlow's tables: its documented limits and its known deviations, read without importing it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from verify.checks.deviations import Deviation, condition, parse_deviations
from verify.checks.limits import Limit


class Documented(NamedTuple):
    """A documented limit of some entry points, named by the patterns in `entries`, in some modes."""

    limit: Limit
    entries: Sequence[str]
    modes: Sequence[str] = ("eager", "graph", "keras")

    def is_of(self, mode: str, entry: str) -> bool:
        """Whether it is a limit of this entry point in this mode."""
        return mode in self.modes and any(fnmatchcase(entry, pattern) for pattern in self.entries)


@cache
def limits() -> tuple[Documented, ...]:
    """TensorFlow's documented limits, from `limits.toml`."""
    table = tomllib.loads(_text("limits.toml"))
    entries = ({**limit, "versions": table["versions"]} for limit in table["limit"])
    return tuple(_documented(part) for entry in entries for part in _by_mode(entry))


def _by_mode(table: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A limit as it is written; one that needs more `in_graphs` as one of graphs and one of other modes."""
    rest = {name: value for name, value in table.items() if name != "in_graphs"}
    if "in_graphs" not in table:
        yield rest
        return
    yield {**rest, "modes": [mode for mode in rest["modes"] if mode != "graph"]}
    yield {**rest, "modes": ["graph"], "when": f"({rest['when']}) and {table['in_graphs']}"}


def _documented(table: Mapping[str, Any]) -> Documented:
    where = {name: table[name] for name in ("entries", "modes") if name in table}
    fields = {name: value for name, value in table.items() if name not in where}
    lists = {name: tuple(table[name]) for name in ("says", "words", "versions")}
    return Documented(Limit(**{**fields, **lists, "when": condition(table["when"])}), **where)


@cache
def deviations() -> tuple[Deviation, ...]:
    """The known deviations of every subject in every version of TensorFlow, from `known.toml`."""
    return parse_deviations(_text("known.toml"))


def _text(name: str) -> str:
    return files("verify.subjects.tensorflow").joinpath(name).read_text("utf-8")
