"""Keras on any backend: its layers and the functions of `keras.ops`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from verify.cases.case import Case
from verify.subjects.built_in import BuiltIn, known_of


def subject(name: str) -> BuiltIn:
    """The subject of a built-in name; Keras and its backend are imported with it."""
    from verify.subjects.keras.imported import SWITCHES, VERSION, require_backend
    from verify.subjects.keras.switches import BACKEND, BACKENDS, installed

    require_backend()
    from verify.subjects.keras.ways import WAYS

    others = tuple(f"keras-{backend}-" for backend in BACKENDS if backend != SWITCHES[BACKEND])
    known = [entry for entry in known_of(name, version=VERSION) if not entry.name.startswith(others)]

    return BuiltIn(
        name=name,
        version=VERSION,
        ways=WAYS,
        known=tuple(entry for entry in known if _has(WAYS.values(), Case.parse(entry.word))),
        switches=SWITCHES,
        matrix={BACKEND: installed()},
        cost=2,
    )


def _has(ways: Iterable[Any], case: Case) -> bool:
    """Whether some way has a case: on a backend without float64 none has one of that."""
    return any(way.domain.holds(case) for way in ways)
