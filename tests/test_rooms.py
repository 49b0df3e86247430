"""The house: which room may import which, and what from outside, computed from the source."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import verify
from tests.places import ROOT

ROOMS = (
    "cases",
    "oracle",
    "faults",
    "checks",
    "subjects",
    "reports",
    "corpus",
    "export",
    "config",
    "gate",
    "runs",
    "commands",
)
"""The rooms of `verify/`, in order: each imports from itself and from those before it."""

DOORS = ("verify", "verify.__main__", "verify.pytest_plugin", "verify.entry", "verify.entry.console")
"""Modules of no room, which open onto all of them; the last two are installed by other names."""

OUTSIDE = {
    "cases": {"numpy", "ml_dtypes"},  # which has NumPy's bfloat16
    "oracle": {"numpy", "threadpoolctl"},
    "faults": {"numpy"},
    "checks": {"numpy"},
    "subjects": {
        *("numpy", "tensorflow", "keras", "ai_edge_litert", "flatbuffers"),
        *("onnx", "onnxruntime", "openvino", "jax", "flax", "torch"),
    },
    "reports": {"numpy", "rich", "jinja2"},
    "corpus": set(),
    "export": {"numpy", "onnx"},
    "config": {"click", "hypothesis", "redis"},
    "gate": {"numpy", "hypothesis", "pytest"},
    "runs": {"numpy", "hypothesis", "pytest", "rich", "distributed", "fsspec"},
    "commands": {"click"},
    "strategies": {"numpy", "hypothesis"},
    "doors": {"click", "pytest", "hypothesis", "rich"},
}
"""What each room may import besides Python and itself."""

LINES, FUNCTION_LINES = 400, 60
"""The longest that a module and a function may be."""


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


SOURCES = {
    module_of(path): path for top in ("verify", "strategies") for path in sorted((ROOT / top).rglob("*.py"))
}


def room_of(module: str) -> str:
    """The room of a module: its folder in `verify/`, "strategies", or "doors"."""
    if module.partition(".")[0] == "strategies":
        return "strategies"
    return "doors" if module in DOORS else module.split(".")[1]


def tree_of(module: str) -> ast.Module:
    return ast.parse(SOURCES[module].read_text(encoding="utf-8"))


def imports_of(module: str) -> set[str]:
    """Every module that a source names in an import, in functions too; not where types alone are checked."""
    named: set[str] = set()
    nodes: list[ast.AST] = [tree_of(module)]
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        nodes.extend(ast.iter_child_nodes(node))
        if isinstance(node, ast.Import):
            named |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            source = absolute(module, node)
            named |= {f"{source}.{a.name}" if f"{source}.{a.name}" in SOURCES else source for a in node.names}
    return named


def absolute(module: str, node: ast.ImportFrom) -> str:
    """The module that a `from` names, from dots as well."""
    if not node.level:
        return node.module or ""
    is_package = SOURCES[module].name == "__init__.py"
    parts = module.split(".")
    kept = parts[: len(parts) - node.level + is_package]
    return ".".join([*kept, *filter(None, [node.module])])


def inside(module: str) -> set[str]:
    """The modules of the project that a module imports."""
    return {name for name in imports_of(module) if name in SOURCES}


def circle() -> list[str]:
    """Modules that import each other in a circle, or none."""
    left = {module: inside(module) - {module} for module in SOURCES}
    while left:
        free = {module for module, needed in left.items() if not needed & left.keys()}
        if not free:
            return sorted(left)
        for module in free:
            del left[module]
    return []


def test_every_folder_is_a_room() -> None:
    folders = {path.name for path in (ROOT / "verify").iterdir() if (path / "__init__.py").is_file()}
    assert folders == {*ROOMS, "entry"}


def test_modules_outside_the_rooms_are_the_doors() -> None:
    outside = {module for module in SOURCES if room_of(module) not in (*ROOMS, "strategies")}
    assert outside == set(DOORS)


@pytest.mark.parametrize("module", [source for source in SOURCES if room_of(source) in ROOMS])
def test_no_room_imports_one_below_itself_or_a_name_that_a_user_may_have(module: str) -> None:
    allowed = set(ROOMS[: ROOMS.index(room_of(module)) + 1])
    assert {name for name in inside(module) if room_of(name) not in allowed} - {"verify"} == set()


@pytest.mark.parametrize("module", [source for source in SOURCES if room_of(source) == "strategies"])
def test_strategies_import_cases_alone(module: str) -> None:
    assert {room_of(name) for name in inside(module)} <= {"cases", "strategies"}


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert circle() == []


@pytest.mark.parametrize("module", SOURCES)
def test_outside_packages_are_imported_where_they_belong(module: str) -> None:
    outside = {name.split(".")[0] for name in imports_of(module)}
    outside -= {"verify", "strategies", *sys.stdlib_module_names}
    assert outside <= OUTSIDE[room_of(module)]


@pytest.mark.parametrize("module", SOURCES)
def test_every_module_says_in_one_sentence_what_it_is(module: str) -> None:
    first = (ast.get_docstring(tree_of(module)) or "").split("\n\n")[0]
    assert first.endswith(".")


@pytest.mark.parametrize("module", SOURCES)
def test_no_module_and_no_function_is_long(module: str) -> None:
    lines = len(SOURCES[module].read_text(encoding="utf-8").splitlines())
    functions = [n for n in ast.walk(tree_of(module)) if isinstance(n, ast.FunctionDef)]
    long = [
        function.name
        for function in functions
        if (function.end_lineno or 0) - function.lineno >= FUNCTION_LINES
    ]
    assert (lines <= LINES, long) == (True, [])


def loaded_by(statement: str) -> set[str]:
    """Modules that a fresh interpreter has after a statement."""
    code = f"{statement}\nimport sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(done.stdout.splitlines()[-1].split())


HEAVY = {"tensorflow", "onnx", "hypothesis", "pytest", "rich"}


def test_importing_verify_loads_no_framework() -> None:
    assert loaded_by("import verify") & HEAVY == set()


def test_public_names_load_numpy_when_they_are_asked_for() -> None:
    assert "numpy" not in loaded_by("import verify; dir(verify)")
    assert "numpy" in loaded_by("from verify import reference; assert callable(reference)")


def test_every_public_name_is_there_and_no_other() -> None:
    assert (
        set(dir(verify)) > set(verify.__all__) == {name for name in verify.__all__ if hasattr(verify, name)}
    )
    with pytest.raises(AttributeError, match=r"^module 'verify' has no attribute 'chek'$"):
        verify.chek  # noqa: B018 - asking is what is tested


def test_explaining_a_word_loads_no_framework() -> None:
    run = "from verify.__main__ import main; main(['explain', 'conv_i3x3_k2x2_same_ones'])"
    assert loaded_by(run) & HEAVY == set()


def test_explaining_a_word_loads_no_fault_and_no_subject() -> None:
    run = "from verify.__main__ import main; main(['explain', 'conv_i3x3_k2x2_same_ones'])"
    assert loaded_by(run) & {"verify.faults", "verify.checks.subject", "importlib.metadata"} == set()


def test_listing_names_loads_no_framework() -> None:
    assert loaded_by("from verify.__main__ import main; main(['list'])") & HEAVY == set()


def test_replaying_what_holds_loads_no_framework() -> None:
    run = "from verify.__main__ import main; main(['replay', 'numpy', 'conv_i3x3_k2x2_same_ones'])"
    assert loaded_by(run) & HEAVY == set()


def test_help_loads_no_framework() -> None:
    run = "from verify.__main__ import main\ntry: main(['--help'])\nexcept SystemExit: pass"
    assert loaded_by(run) & {*HEAVY, "numpy"} == set()


def test_version_loads_no_framework() -> None:
    assert loaded_by("from verify.__main__ import main; main(['--version'])") & HEAVY == set()


def test_drawing_cases_loads_no_tensorflow() -> None:
    assert "tensorflow" not in loaded_by("import strategies")


def test_only_what_belongs_stands_at_the_top() -> None:
    listed = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=False, cwd=ROOT)
    tops = {name.split("/")[0] for name in listed.stdout.splitlines()}
    allowed = {"verify", "strategies", "tests", "pyproject.toml", "README.md", "LICENSE"}
    assert {top for top in tops if not top.startswith(".")} - allowed == set()
