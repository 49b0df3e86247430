"""Arrays of the reader's own: files of NumPy, read as the arguments of a call."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from verify.cases.operands import Array
from verify.cases.spelling import nearest
from verify.oracle.calls import Arguments, Call
from verify.oracle.readings import call_or_hint

FILES = ("x", "w", "bias", "residual")
"""The arguments of a call that are arrays."""


def array_in(text: str, *, option: str) -> Array:
    """The array in a file of NumPy, or under a name in an archive: `case.npz:input`.

    Raises ValueError, one sentence that names the option and the file, for one that has none; OSError for
    one that cannot be read.
    """
    path, _, name = text.rpartition(":")
    if not path or Path(text).exists():
        path, name = text, ""
    try:
        loaded = np.load(path, allow_pickle=False)
    except (ValueError, EOFError, zipfile.BadZipFile):
        raise ValueError(
            f"{option} {text} is no file of NumPy's that holds numbers: numpy.save writes one"
        ) from None
    if isinstance(loaded, np.ndarray):
        if name:
            raise ValueError(f"{option} {text}: {path} holds one array and no names; leave out :{name}")
        return loaded
    return _member(loaded, name, where=f"{option} {text}")


def _member(archive: Mapping[str, Array], name: str, *, where: str) -> Array:
    """An array of an archive, of which it may be the only one."""
    names = [*archive]
    if not name and len(names) != 1:
        raise ValueError(f"{where} has {len(names)} arrays: add a colon and one of {', '.join(names)}")
    if name and name not in names:
        raise ValueError(
            f"{where}: there is no {name}{nearest(name, names) or '; it has ' + ', '.join(names)}"
        )
    return archive[name or names[0]]


def call_in(operation: str, given: Mapping[str, Any]) -> tuple[Arguments, Call]:
    """The call of arguments of which arrays are named by files; ValueError, one sentence, for others."""
    read = {
        name: array_in(value, option=f"--{name}") if name in FILES and value is not None else value
        for name, value in given.items()
    }
    arguments = Arguments.of(operation, {name: value for name, value in read.items() if value is not None})
    return arguments, call_or_hint(arguments)


def title_of(call: Call, given: Mapping[str, Any]) -> str:
    """What is explained, in the place of a word: the files with their shapes, and the other arguments."""
    files = [f"{given[name]} {call.given[name].shape}" for name in FILES if given.get(name) is not None]
    others = [f"{name} {_said(value)}" for name, value in given.items() if name not in FILES and value]
    return ", ".join([call.case.operation + " of " + " and ".join(files[:2]), *files[2:], *others])


def _said(value: Any) -> str:
    return str(value).replace("_", "-")
