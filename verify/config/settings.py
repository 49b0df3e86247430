"""The `[tool.conv-verify]` table: options of the command line, from the nearest pyproject.toml."""

from __future__ import annotations

import argparse
import os
import tomllib
from collections.abc import Callable, Collection, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from verify.config.options import operations, positive, seconds

TABLE = "conv-verify"


class Settings(NamedTuple):
    """What a pyproject.toml sets; `folder` is what relative paths start from."""

    folder: Path = Path()
    file: Path | None = None
    table: Mapping[str, Any] = MappingProxyType({})


class Entries(NamedTuple):
    """The `[[tool.conv-verify.deviation]]` entries, as they stand, and the file that they are in."""

    file: Path | None = None
    entries: Sequence[Mapping[str, Any]] = ()


def find(start: Path | None = None) -> Settings:
    """The settings for a folder: of the first pyproject.toml with the table, from it upward.

    Raises ValueError, one sentence, for one on the way that is no TOML.
    """
    start = (start or Path()).resolve()
    for folder in (start, *start.parents):
        file = folder / "pyproject.toml"
        if file.is_file():
            shown = Path(os.path.relpath(file))
            table = _read(shown).get("tool", {}).get(TABLE)
            if table is not None:
                return Settings(shown.parent, shown, _checked(shown, table))
    return Settings()


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as wrong:
        raise ValueError(f"{file} cannot be read: {wrong}") from None


def _checked(file: Path, table: Any) -> Mapping[str, Any]:
    if not isinstance(table, dict):
        raise ValueError(f"{file}: tool.{TABLE} is {table!r}, not a table")
    return table


def apply(settings: Settings, parser: argparse.ArgumentParser, keys: Collection[str] | None = None) -> None:
    """Make the settings the defaults of those options that a parser has; the command line still wins.

    `keys` are all that a table may have beside `deviation`, or None where that is not asked. Raises
    ValueError, one sentence that names the file and the key, for another one and for a value that
    the option does not take.
    """
    actions = {key_of(action): action for action in options_of(parser)}
    for key, value in settings.table.items():
        where = f"{settings.file}: tool.{TABLE}.{key}"
        if key == "deviation":
            parser.set_defaults(deviation=Entries(settings.file, _entries(value, where)))
        elif keys is not None and key not in keys:
            near = "".join(f"; did you mean {each!r}?" for each in get_close_matches(key, keys, n=1))
            raise ValueError(f"{where} is no setting{near}")
        elif key in actions:
            action = actions[key]
            parser.set_defaults(**{action.dest: _value(action, value, where)})
    for action in actions.values():
        if isinstance(action.default, Path):
            parser.set_defaults(**{action.dest: settings.folder / action.default})


def _entries(value: Any, where: str) -> Sequence[Mapping[str, Any]]:
    if isinstance(value, list) and all(isinstance(each, dict) for each in value):
        return value
    raise ValueError(f"{where} is {value!r}, not [[tool.{TABLE}.deviation]] entries")


def options_of(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """What can be set of a parser: its options, and the subjects of a run."""
    return [
        each
        for each in parser._actions
        if each.dest == "subjects" or (each.option_strings and each.dest != "help")
    ]


def keys_of(parser: argparse.ArgumentParser) -> set[str]:
    """The keys that set what can be set of a parser."""
    return set(map(key_of, options_of(parser)))


def key_of(action: argparse.Action) -> str:
    """The key that sets an option: its first name, less the dashes."""
    return action.option_strings[0].lstrip("-") if action.option_strings else action.dest


def _value(action: argparse.Action, value: Any, where: str) -> Any:
    wanted, is_right = _taken(action)
    if not is_right(value):
        raise ValueError(f"{where} is {value!r}, not {wanted}")
    if action.choices is not None and value not in action.choices:
        raise ValueError(f"{where} is {value!r}, none of {', '.join(action.choices)}")
    if action.nargs == 0 and action.const is not None:
        return action.const if value else action.default
    if not callable(action.type):
        return value
    try:
        return action.type(",".join(value) if isinstance(value, list) else str(value))
    except argparse.ArgumentTypeError as wrong:
        raise ValueError(f"{where}: {wrong}") from None


def _taken(action: argparse.Action) -> tuple[str, Callable[[Any], bool]]:
    """What an option's value is in TOML, in words and as a condition."""
    if action.nargs == 0:
        return "true or false", lambda value: isinstance(value, bool)
    if action.nargs is not None or action.type is operations:
        return "a list of strings", _is_strings
    if action.type in (int, positive):
        return "a whole number", lambda value: type(value) is int
    if action.type is seconds:
        return "a number of seconds", lambda value: type(value) in (int, float)
    return "a string", lambda value: isinstance(value, str)


def _is_strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)
