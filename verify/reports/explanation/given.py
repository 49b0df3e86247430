"""Arrays of the reader's own: files of NumPy, read as the arguments of a call."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from verify.cases.operands import Array
from verify.cases.spelling import nearest
from verify.checks.reading import opened
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
    where = f"{option} {text}"
    with os.fdopen(opened(Path(path), option=option), "rb") as stream:
        try:
            with warnings.catch_warnings(action="ignore"):  # of a header that Python 2 wrote
                loaded = np.load(stream, allow_pickle=False)
                read = loaded if isinstance(loaded, np.ndarray) else _member(loaded, name, where=where)
        except _Unnamed:
            raise
        except Exception:  # noqa: BLE001 - what its parser, its archives and their compression raise
            raise ValueError(
                f"{where} is no file of NumPy's that holds numbers: numpy.save writes one"
            ) from None
    if name and read is loaded:
        raise ValueError(f"{where}: {path} holds one array and no names; leave out :{name}")
    return read


class _Unnamed(ValueError):
    """Which array of an archive is meant is not said, or it has none of that name."""


def _member(archive: Mapping[str, Array], name: str, *, where: str) -> Array:
    """An array of an archive, of which it may be the only one."""
    names = [*archive]
    if not name and len(names) != 1:
        raise _Unnamed(f"{where} has {len(names)} arrays: add a colon and one of {', '.join(names)}")
    if name and name not in names:
        has = nearest(name, names) or "; it has " + ", ".join(names)
        raise _Unnamed(f"{where}: there is no {name}{has}")
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
