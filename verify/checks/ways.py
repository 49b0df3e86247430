"""The name of a subject, and the way after it."""

from __future__ import annotations

FILE = ".py:"
"""What tells the path of a file from the name of a module: `tests/test_gate.py:subject`."""


def split_way(name: str) -> tuple[str, str]:
    """A subject's name without a way, and the way or ""; the slashes of a file's path are of the name."""
    file, is_path, rest = name.partition(FILE)
    if not is_path:
        base, _, way = name.partition("/")
        return base, way
    attribute, _, way = rest.partition("/")
    return f"{file}{FILE}{attribute}", way
