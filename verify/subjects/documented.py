"""Documented limits of a framework, and its known deviations, as they are read from its folder."""

from __future__ import annotations

import re
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


FRAMEWORKS = ("tensorflow", "litert", "onnxruntime", "openvino", "jax", "torch", "keras")
"""The folders of `verify.subjects` that have such data."""


def names_of_deviations() -> Iterator[tuple[str, str]]:
    """The name and the link, if any, of each known deviation; nothing else is read, which takes long."""
    for framework in FRAMEWORKS:
        for entry in _text(framework, "known.toml").split("\n[[deviation]]\n")[1:]:
            found = dict(re.findall(r'^(name|link) = "(.*)"$', entry, re.MULTILINE))
            yield found["name"], found.get("link", "")


def entries_of_limits() -> Iterator[Mapping[str, Any]]:
    """The documented limits of all frameworks as they are written, without reading the conditions."""
    for framework in FRAMEWORKS:
        yield from tomllib.loads(_text(framework, "limits.toml"))["limit"]


def words_that_fail() -> Iterator[str]:
    """The words of the known deviations that do not fill the memory, without reading the conditions."""
    for framework in FRAMEWORKS:
        for entry in tomllib.loads(_text(framework, "known.toml"))["deviation"]:
            if "out of memory" not in entry["kinds"]:
                yield entry["word"]


@cache
def limits_of(framework: str, mode: str, entry: str) -> tuple[Limit, ...]:
    """The documented limits of an entry point of a framework in a mode."""
    return tuple(each.limit for each in limits_in(framework) if each.is_of(mode, entry))


@cache
def limits_in(framework: str) -> tuple[Documented, ...]:
    """A framework's documented limits, from the `limits.toml` of its folder."""
    table = tomllib.loads(_text(framework, "limits.toml"))
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
def deviations_in(framework: str) -> tuple[Deviation, ...]:
    """The known deviations of a framework in each of its versions, from the `known.toml` of its folder."""
    return parse_deviations(_text(framework, "known.toml"))


def _text(framework: str, name: str) -> str:
    return files(f"verify.subjects.{framework}").joinpath(name).read_text("utf-8")
