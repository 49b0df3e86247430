"""The `[tool.conv-verify]` table: options of the command line, from the nearest pyproject.toml."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import click

from verify.checks.project import TABLE, Settings
from verify.config.options import Kind, nearest

TYPES: Mapping[type, str] = MappingProxyType(
    {
        str: "a string",
        list: "a list of strings",
        int: "a whole number",
        float: "a number of seconds",
        bool: "true or false",
    }
)
"""What an option's value is in TOML, in words."""


def defaults_of(
    command: click.Command, settings: Settings, keys: Collection[str] | None = None
) -> dict[str, Any]:
    """What the settings make the defaults of a command's options; the command line still wins.

    `keys` are all that a table may have beside `deviation`, or None where that is not asked. Raises
    ValueError, one sentence that names the file and the key, for another one and for a value that
    the option does not take.
    """
    options = options_of(command)
    values: dict[str, Any] = {
        option.name: option.default for option in options.values() if isinstance(option.default, Path)
    }
    entries_of(settings)
    for key, value in settings.table.items():
        where = f"{settings.file}: tool.{TABLE}.{key}"
        if key in options:
            values[options[key].name] = _value(options[key], value, where)
        elif keys is not None and key not in {*keys, "deviation"}:
            raise ValueError(f"{where} is no setting{nearest(key, keys)}")
    return {
        name: settings.folder / value if isinstance(value, Path) else value for name, value in values.items()
    }


def entries_of(settings: Settings) -> Sequence[Mapping[str, Any]]:
    """The `[[tool.conv-verify.deviation]]` entries, as they stand."""
    value = settings.table.get("deviation", [])
    if isinstance(value, list) and all(isinstance(entry, dict) for entry in value):
        return value
    where = f"{settings.file}: tool.{TABLE}.deviation"
    raise ValueError(f"{where} is {value!r}, not [[tool.{TABLE}.deviation]] entries")


def options_of(command: click.Command) -> dict[str, click.Parameter]:
    """What can be set of a command, by its key: its options, and the subjects of a run."""
    return {
        option.opts[0].lstrip("-"): option
        for option in command.params
        if isinstance(option, click.Option) or option.name == "subjects"
    }


def _value(option: click.Parameter, value: Any, where: str) -> Any:
    kind = option.type if isinstance(option.type, Kind) else None
    setting = list if option.nargs != 1 else kind.setting if kind else bool
    if not _is_of(value, setting):
        raise ValueError(f"{where} is {value!r}, not {TYPES[setting]}")
    if option.nargs != 1 or not kind:
        return value
    try:
        return kind.read(",".join(value) if isinstance(value, list) else str(value))
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None


def _is_of(value: Any, setting: type) -> bool:
    if setting is list:
        return isinstance(value, list) and all(isinstance(entry, str) for entry in value)
    return type(value) is setting or (setting is float and type(value) is int)
