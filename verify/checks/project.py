"""The user's project: the folder with its settings, and with the files kept between runs."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from verify.checks.files import refusal_of

TABLE = "conv-verify"

KEPT = Path(".conv-verify")
"""The folder of the files kept between runs, within the project's."""


class Settings(NamedTuple):
    """What a pyproject.toml sets; `folder` is that of the project, where relative paths start."""

    folder: Path = Path()
    file: Path | None = None
    table: Mapping[str, Any] = MappingProxyType({})


def settings_of(start: Path | None = None) -> Settings:
    """The settings for a folder: those of the nearest pyproject.toml with the table, in it or above it.

    Raises ValueError, one sentence, for a file that is not TOML, or whose `tool.conv-verify` is no table.
    """
    start = (start or Path()).resolve()
    for folder in (start, *start.parents):
        file = folder / "pyproject.toml"
        if file.is_file():
            shown = Path(os.path.relpath(file))
            table = _toml(shown).get("tool", {}).get(TABLE)
            if isinstance(table, dict):
                return Settings(shown.parent, shown, table)
            if table is not None:
                raise ValueError(f"{shown}: tool.{TABLE} is {table!r}, not a table")
    return Settings()


def _toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(refusal_of(error)) from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise ValueError(f"{file} cannot be read: {error}") from None


def root() -> Path:
    """The folder of the current project, else the current folder."""
    try:
        folder = settings_of().folder
    except ValueError:  # a command that reads its settings reports it
        folder = Path()
    return folder.resolve()


def kept_folder() -> Path:
    """The folder of the files kept between runs, in the current project, else in the current folder."""
    return root() / KEPT


def keep_in(folder: Path) -> Path:
    """Make a folder to write to; git ignores it if it is that of the files kept between runs."""
    folder.mkdir(parents=True, exist_ok=True)
    ignore = folder / ".gitignore"
    if folder.name == KEPT.name and not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")
    return folder
