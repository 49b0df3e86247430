"""The state of a campaign: a folder with the records of each task that is done, wherever fsspec reaches."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from verify.cases.grammar import GRAMMAR
from verify.checks.project import keep_in
from verify.checks.reading import DataError, decoded, json_of, value_shown
from verify.checks.replacing import replace_file
from verify.reports.records import RECORDS_FORMAT, Record

FORMAT = 1

OPTION = "--state"
"""By which another folder is named."""

MANIFEST = "campaign.json"
"""The file that says which campaign a folder is of."""

SUFFIX = ".jsonl.gz"

NEEDED = "pip install 'conv-verify[cluster]'"


_NOT_WHOLE = (EOFError, zlib.error, gzip.BadGzipFile, ValueError, LookupError, TypeError)
"""The errors of reading what was cut off, or is no list of records."""


class Unkept(ValueError):
    """What could not be written or read of a state, in one sentence; what was written before stays."""


class Store:
    """A folder by its path or its URL; ValueError, one sentence, where fsspec knows none such."""

    def __init__(self, place: str | Path) -> None:
        try:
            from fsspec import url_to_fs
            from fsspec.implementations.local import LocalFileSystem
        except ModuleNotFoundError as missing:
            raise ValueError(f"a campaign needs {missing.name}: {NEEDED}") from None
        self.place = str(place)
        try:
            self._system, self._root = url_to_fs(self.place)
        except Exception as wrong:  # noqa: BLE001 - of any fsspec, which may connect here
            raise ValueError(f"{OPTION} {self.place!r} cannot be used: {_said(wrong)}") from None
        self._is_local = isinstance(self._system, LocalFileSystem)

    def claim(self, what: Mapping[str, Any]) -> None:
        """Make the folder that of a campaign, if it is of none."""
        wanted = {"format": FORMAT, **what}
        if self._manifest() is not None:
            return
        try:
            self._make()
            self._put(MANIFEST, f"{json.dumps(wanted, indent=1)}\n".encode())
        except Exception as error:  # noqa: BLE001 - of any fsspec
            raise Unkept(self._why(error)) from None

    def require(self, what: Mapping[str, Any]) -> None:
        """Raise ValueError, one sentence, for a folder that is of another campaign."""
        wanted = json.loads(json.dumps({"format": FORMAT, **what}))
        found = self._manifest()
        if found is None:
            return
        if other := [name for name in {**wanted, **found} if wanted.get(name) != found.get(name)]:
            theirs, asked = (value_shown(each.get(other[0])) for each in (found, wanted))
            raise ValueError(
                f"{self.place} is the state of another campaign, with {other[0]} {theirs}, where {asked} is "
                f"asked for: name another folder by {OPTION}, or ask for the same"
            )

    def done(self) -> set[str]:
        """The names of the tasks that have records."""
        try:
            self._system.invalidate_cache()
            files = [entry.rpartition("/")[2] for entry in self._system.ls(self._root, detail=False)]
        except FileNotFoundError:
            return set()
        except Exception as error:  # noqa: BLE001 - of any fsspec
            raise Unkept(self._why(error)) from None
        return {file.removesuffix(SUFFIX) for file in files if file.endswith(SUFFIX) and file[0] != "."}

    def keep(self, name: str, records: bytes) -> None:
        """Keep the records of a task, in one step; Unkept, one sentence, where there is no room for them."""
        try:
            self._put(name + SUFFIX, records)
        except Exception as error:
            raise Unkept(self._why(error)) from error

    def records(self, name: str) -> list[Record] | None:
        """The records of a task; None where they are not whole, so that it is to be done again."""
        data = self._read(name + SUFFIX)
        if data is None:
            return None
        try:
            return records_of(data)
        except _NOT_WHOLE:
            return None

    def drop(self, name: str) -> None:
        """Take away what is kept of a task, as it is not whole."""
        with suppress(Exception):  # of any fsspec
            self._system.rm_file(self._at(name + SUFFIX))

    def _manifest(self) -> dict[str, Any] | None:
        data = self._read(MANIFEST)
        if data is None:
            return None
        try:
            found = json_of(decoded(data))
        except DataError as wrong:
            raise ValueError(
                f"{self._at(MANIFEST)} cannot be read: {wrong}; name another by {OPTION}"
            ) from None
        if not isinstance(found, dict) or found.get("format") != FORMAT:
            raise ValueError(f"{self._at(MANIFEST)} is of no campaign: name another folder by {OPTION}")
        return found

    def _read(self, file: str) -> bytes | None:
        """What a file has, if it is there; Unkept, one sentence, where the system does not say."""
        try:
            data: bytes = self._system.cat_file(self._at(file))
        except FileNotFoundError:
            return None
        except Exception as error:  # noqa: BLE001 - of any fsspec
            raise Unkept(self._why(error)) from None
        return data

    def _make(self) -> None:
        if self._is_local:
            folder = Path(self._root)
            keep_in(folder.parent)
            folder.mkdir(exist_ok=True)
        else:
            self._system.makedirs(self._root, exist_ok=True)

    def _put(self, file: str, data: bytes) -> None:
        """Write a file whole: by another beside it, or as one object; what was cut off is seen by its sum."""
        if self._is_local:
            replace_file(Path(self._at(file)), data)
        else:
            self._system.pipe_file(self._at(file), data)

    def _at(self, file: str) -> str:
        return f"{self._root}/{file}"

    def _why(self, error: Exception) -> str:
        return (
            f"the state of {OPTION} {self.place!r} cannot be used, as the system says "
            f"{_said(error).lower()!r}: make room, or change that, and start again, which goes on from what "
            "was kept"
        )


def _said(error: Exception) -> str:
    """What an error says in one line, which for some has no words but its name."""
    return getattr(error, "strerror", None) or " ".join(str(error).split()) or type(error).__name__


def records_of(data: bytes) -> list[Record]:
    """The records of a task from what is kept of it; ValueError where these are not whole."""
    lines = gzip.decompress(data).splitlines()
    records = [json.loads(line) for line in lines]
    first, last = records[0], records[-1]
    if (first["format"], first["grammar"], last["type"]) != (RECORDS_FORMAT, GRAMMAR, "end"):
        raise ValueError("these are no records of a task")
    return records
