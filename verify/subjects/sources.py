"""Where a name is written in the source of the working tree, as it is read, without importing anything."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from verify.checks.reading import text_in
from verify.checks.subject import split_label
from verify.checks.tree import file_of, is_in_tree, shown_file
from verify.checks.ways import FILE, split_way
from verify.subjects.by_path import specs_of


class Place(NamedTuple):
    """A line of a file, whose path is that from the folder of the working tree."""

    file: str
    line: int


def place_of_subject(name: str) -> Place | None:
    """Where the callable of a subject is written, if that is in the working tree."""
    module, _, path = split_way(split_label(name)[0])[0].rpartition(":")
    if not module:
        return None
    file = file_of(module) if f"{module}:".endswith(FILE) else _file_of_module(module)
    return place_in(file, path) if file is not None and is_in_tree(file) else None


def place_in(file: Path, path: str) -> Place:
    """The line of a file that gives something a name, such as `Class.method`; else the first."""
    line = 1
    with suppress(OSError, ValueError, SyntaxError, RecursionError, StopIteration):
        body = ast.parse(text_in(file)).body
        for part in path.split("."):
            node = next(node for node in reversed(body) if part in _names_of(node))
            line, body = node.lineno, getattr(node, "body", [])
    return Place(shown_file(file), line)


def _names_of(node: ast.stmt) -> Iterator[str]:
    """The names that a statement gives to something."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name
        case ast.Assign():
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield name
        case ast.Import() | ast.ImportFrom():
            yield from (each.asname or each.name for each in node.names)


def _file_of_module(module: str) -> Path | None:
    """The file of a module, from here or a folder above it, or where Python finds it."""
    path = module.replace(".", "/")
    if found := file_of(f"{path}.py") or file_of(f"{path}/__init__.py"):
        return found
    specs = specs_of(module)
    is_whole = len(specs) == len(module.split("."))
    return Path(specs[-1].origin) if is_whole and specs[-1].origin and specs[-1].has_location else None
