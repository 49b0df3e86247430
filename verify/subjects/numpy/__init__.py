"""Correct convolutions in NumPy by several algorithms: examples of subjects, and controls of the bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from verify.subjects.numpy.ways import NumpySubject


def subject(name: str) -> NumpySubject:
    """The subject of a built-in name."""
    from verify.subjects.numpy.ways import NumpySubject

    return NumpySubject(name)
