"""The working tree: which files are of it, and how they are named from any folder of it."""

from __future__ import annotations

import os
import sys
from functools import lru_cache
from pathlib import Path

from verify.checks.project import root

_MARKS = ("pyproject.toml", "pytest.ini", "setup.cfg", "setup.py", "tox.ini")
"""Files of a project's own folder."""


def tree() -> Path:
    """The folder of the checkout, else of the project, else the current one; or the project's above it."""
    here = Path.cwd()
    folders = (here, *here.parents)
    checkouts = (folder for folder in folders if (folder / ".git").exists())
    projects = (folder for folder in folders if any((folder / mark).is_file() for mark in _MARKS))
    found = next(checkouts, None) or next(projects, here)
    return min(found, root(), key=lambda folder: len(folder.parts))


def is_installed(place: Path) -> bool:
    """Whether a file lies among installed packages or in the interpreter's own folders."""
    own = {Path(sys.base_prefix, "lib").resolve(), Path(os.__file__).resolve().parent}
    return not {"site-packages", "dist-packages"}.isdisjoint(place.parts) or any(
        place.is_relative_to(folder) for folder in own
    )


def is_in_tree(place: Path) -> bool:
    """Whether a file, or what a link leads to, is of the working tree and not installed there."""
    place = place.resolve()
    return place.is_relative_to(tree().resolve()) and not is_installed(place)


def file_of(text: str) -> Path | None:
    """The file of a path: from the current folder, or from one above it, up to the working tree's."""
    here, top = Path.cwd(), tree()
    folders = [folder for folder in (here, *here.parents) if folder.is_relative_to(top)]
    places = (folder / text for folder in (*folders, root()))
    return next((place.resolve() for place in places if place.is_file()), None)


def shown_file(file: Path) -> str:
    """A file as it is named in any folder of the working tree, if it is inside: from that of the tree."""
    file, top = file.resolve(), tree().resolve()
    return (file.relative_to(top) if file.is_relative_to(top) else file).as_posix()


def module_shown(module: str, file: Path) -> str:
    """The name of a module; the path of its file where the module cannot be imported by name in the project.

    Such are test files, and what lies beside them, as pytest imports them from their own folder.
    """
    parts = module.split(".")
    if file.suffix != ".py" or file.with_suffix("").parts[-len(parts) :] != tuple(parts):
        return module
    shown = _path_alone(file, len(parts), Path.cwd(), os.environ.get("PYTHONPATH", ""))
    return shown or module


@lru_cache(maxsize=256)
def _path_alone(file: Path, depth: int, here: Path, listed: str) -> str:
    """The path of a module's file, where its name, of `depth` parts, does not find it; else "".

    Kept, as a subject's name may be asked for with every case: for the folder `here`, and `listed`, the
    PYTHONPATH.
    """
    base = file.resolve().parents[depth - 1]
    named = (here, root(), tree(), *map(Path, filter(None, listed.split(os.pathsep))))
    if base in {place.resolve() for place in named} or not is_in_tree(file):
        return ""
    shown = shown_file(file)
    return shown if len(shown.split()) == 1 and any(map(_is_test, (file, *base.glob("*.py")))) else ""


def _is_test(file: Path) -> bool:
    return file.stem.startswith("test_") or file.stem.endswith("_test") or file.stem == "conftest"
