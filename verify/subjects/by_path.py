"""Modules by the path of their file, such as that of a test, and where the module of a name lies."""

from __future__ import annotations

import sys
from hashlib import sha256
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from verify.checks.tree import file_of, is_in_tree, shown_file
from verify.checks.ways import FILE


def canonical(name: str) -> str:
    """The name of a subject, in which the path of a file is that from the project's folder."""
    path, is_path, rest = name.partition(FILE)
    file = file_of(f"{path}.py") if is_path else None
    return name if file is None else f"{shown_file(file)}:{rest}"


def module_in(path: str) -> ModuleType:
    """The module of a file, which finds what lies beside it, as pytest has it.

    Raises FileNotFoundError where there is none, and whatever the module raises.
    """
    file = file_of(path)
    if file is None:
        raise FileNotFoundError(f"there is no file {path!r} here or above, up to the working tree's folder")
    base = next(folder for folder in file.parents if not (folder / "__init__.py").exists())
    name = ".".join(file.relative_to(base).with_suffix("").parts)
    if str(base) not in sys.path:
        sys.path.append(str(base))
    loaded = sys.modules.get(name)
    if loaded is not None and _is_of(loaded, file):
        return loaded
    found = specs_of(name)
    if loaded is None and found and found[-1].origin and Path(found[-1].origin).resolve() == file:
        return import_module(name)
    return _anew(file)


def _is_of(module: ModuleType, file: Path) -> bool:
    return Path(getattr(module, "__file__", None) or "").resolve() == file


def _anew(file: Path) -> ModuleType:
    """The module of a file whose name another module has."""
    name = f"{file.stem}_{sha256(str(file).encode()).hexdigest()[:12]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} cannot be imported")
    module = sys.modules[name] = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def outside(name: str) -> str:
    """Where the module of a name lies, if that is outside the working tree, else ""; nothing is imported."""
    path, is_path, _ = name.partition(FILE)
    if is_path:
        file = file_of(f"{path}.py")
        return "" if file is None or is_in_tree(file) else str(file)
    for spec in specs_of(name.partition(":")[0]):
        places = [spec.origin] if spec.origin else [*(spec.submodule_search_locations or ())]
        is_built_in = spec.origin is not None and not spec.has_location
        strange = [place for place in places if is_built_in or not is_in_tree(Path(place))]
        if strange:
            return strange[0]
    return ""


def specs_of(module: str) -> list[ModuleSpec]:
    """Where a module and the packages around it are found, as far as they are, without importing any."""
    first, *parts = module.split(".")
    try:
        found = [spec for spec in [find_spec(first)] if spec]
    except (ImportError, ValueError):
        return []
    for part in parts:
        if not found or found[-1].submodule_search_locations is None:
            break
        spec = PathFinder.find_spec(part, [*found[-1].submodule_search_locations])
        if spec is None:
            break
        found.append(spec)
    return found
