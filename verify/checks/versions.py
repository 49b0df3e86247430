"""What runs: the versions of the packages, and a digest of the file of a user's own callable."""

from __future__ import annotations

import sys
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from verify.checks.importable import is_importable

if TYPE_CHECKING:  # which few commands need
    from verify.checks.subject import Description

FRAMEWORKS = ("tensorflow", "keras", "torch", "jax", "flax", "onnxruntime", "ai_edge_litert", "openvino")
"""Packages whose versions are said where they are in play."""


def version_installed(package: str) -> str:
    """The version of a package, installed under any name (tensorflow-cpu), or ""; nothing is imported."""
    from importlib.metadata import PackageNotFoundError, packages_distributions, version

    with suppress(PackageNotFoundError):
        return version(package)
    if not is_importable(package):  # of what is not there no other name is looked for in all that is
        return ""
    return next(map(version, packages_distributions().get(package, ())), "")


def source_of(subject: Description) -> str:
    """A digest of the file that a user's own callable is written in; "" for what is built in."""
    file = getattr(sys.modules.get(subject.module), "__file__", None)
    if subject.source or file is None or subject.module.startswith("verify.") or not Path(file).exists():
        return subject.source
    return sha256(Path(file).read_bytes()).hexdigest()[:16]


def versions_of(subject: Description) -> dict[str, str]:
    """The versions where a subject runs, by package, and its own as that of "subject"."""
    packages = dict(subject.versions or versions())
    is_own = subject.version and subject.version not in packages.values()
    return {**packages, "subject": subject.version} if subject.version and is_own else packages


def versions() -> dict[str, str]:
    """The versions of this process by name; those of frameworks that are imported, and no others."""
    from importlib.metadata import PackageNotFoundError, version

    numbers = {"python": ".".join(map(str, sys.version_info[:3]))}
    for package in ("numpy", "hypothesis", *(name for name in FRAMEWORKS if name in sys.modules)):
        try:
            # What is imported knows its version under any name that it was installed by (tensorflow-cpu).
            numbers[package] = getattr(sys.modules.get(package), "__version__", None) or version(package)
        except PackageNotFoundError:
            numbers[package] = "not installed"
    return numbers
