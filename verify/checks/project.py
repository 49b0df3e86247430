"""The user's project: the folder of its settings, in which what is kept between runs lies."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

TABLE = "conv-verify"

KEPT = Path(".conv-verify")
"""The folder of what is kept between runs, in that of the project."""


class Settings(NamedTuple):
    """What a pyproject.toml sets; `folder` is that of the project, where relative paths start."""

    folder: Path = Path()
    file: Path | None = None
    table: Mapping[str, Any] = MappingProxyType({})


def settings_of(start: Path | None = None) -> Settings:
    """The settings for a folder: of the first pyproject.toml with the table, from it upward.

    Raises ValueError, one sentence, for one on the way that is not TOML, and for a table that is none.
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
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"{file} cannot be read: {error}") from None


def kept_folder() -> Path:
    """The folder of what is kept, for the project around the current folder, or else for that folder."""
    try:
        folder = settings_of().folder
    except ValueError:  # which a command says that reads its settings
        folder = Path()
    return folder.resolve() / KEPT


def keep_in(folder: Path) -> Path:
    """Make a folder to write to; git ignores it where it is the one of what is kept."""
    folder.mkdir(parents=True, exist_ok=True)
    ignore = folder / ".gitignore"
    if folder.name == KEPT.name and not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")
    return folder
