"""Whether a package can be imported, found out without importing it."""

from __future__ import annotations

import sys
from importlib.util import find_spec


def is_importable(package: str) -> bool:
    """Whether a top-level package is there; one that is None in `sys.modules` is not."""
    return sys.modules[package] is not None if package in sys.modules else find_spec(package) is not None
