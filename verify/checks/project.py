"""The user's project: the folder with its settings, and with the files kept between runs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from verify.checks.files import refusal_of
from verify.checks.ours import NotOurs, require_ours
from verify.checks.reading import LARGEST_TOML, DataError, line_of, text_in, toml_of, value_shown

TABLE = "conv-verify"

KEPT = Path(".conv-verify")
"""The folder of the files kept between runs, within the project's."""

FAILURES = KEPT / "failures.jsonl"
"""The file of the record of failures where none is named."""


class Settings(NamedTuple):
    """What a pyproject.toml sets; `folder` is that of the project, where relative paths start."""

    folder: Path = Path()
    file: Path | None = None
    table: Mapping[str, Any] = MappingProxyType({})

    def text(self) -> str:
        """The text of its file."""
        return text_in(self.file, most=LARGEST_TOML) if self.file else ""

    def place(self, key: str) -> str:
        """A key of the table, with the file and the line."""
        line = line_of(self.text(), f"[tool.{TABLE}]", key)
        return f"{self.file}, line {line}: tool.{TABLE}.{key}"


def settings_of(start: Path | None = None) -> Settings:
    """The settings for a folder: those of the nearest pyproject.toml with the table, in it or above it.

    Raises ValueError, one sentence, for a file that is not TOML, or whose `tool.conv-verify` is no table.
    """
    start = (start or Path()).resolve()
    for folder in (start, *start.parents):
        file = folder / "pyproject.toml"
        if file.is_file():
            found = Path(os.path.relpath(file))
            table = _table_of(found)
            if isinstance(table, dict):
                return Settings(found.parent, found, table)
            if table is not None:
                where = f"{found}, line {line_of(text_in(found), '[tool]', TABLE)}"
                raise ValueError(f"{where}: tool.{TABLE} is {value_shown(table)}, not a table")
    return Settings()


def _table_of(file: Path) -> Any:
    """The `tool.conv-verify` of a file, or None."""
    try:
        tool = toml_of(text_in(file, most=LARGEST_TOML)).get("tool", {})
    except OSError as error:
        raise ValueError(refusal_of(error)) from None
    except DataError as wrong:
        raise ValueError(f"{file}, line {wrong.line}: it cannot be read: {wrong}") from None
    if isinstance(tool, dict):
        return tool.get(TABLE)
    raise ValueError(f"{file}: tool is {value_shown(tool)}, not a table")


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
    """Make a folder to write to; git ignores it if it is that of the files kept between runs.

    Raises NotOurs where that folder is not ours.
    """
    if folder.name != KEPT.name:
        folder.mkdir(parents=True, exist_ok=True)
        return folder
    require_ours(folder)
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    with suppress(OSError), (folder / ".gitignore").open("x", encoding="utf-8") as ignore:
        ignore.write("*\n")
    return folder


def require_kept(file: Path) -> None:
    """Raise NotOurs for a file that is kept between runs, if it or its folder is not ours."""
    if file.parent.name == KEPT.name:
        require_ours(file.parent)
        require_ours(file)


def read_kept(file: Path, *, option: str) -> str:
    """The text of a file, which is ours where it is kept between runs; `option` names another.

    Raises what `text_in` does, and NotOurs.
    """
    if file.parent.name != KEPT.name:
        return text_in(file, option=option)
    try:
        require_kept(file)
    except NotOurs as error:
        error.option = option
        raise
    return text_in(file, option=option, follows=False)
