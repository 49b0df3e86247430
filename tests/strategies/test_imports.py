"""No module of a user's gets between the strategies: they find each other by their place."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.places import ROOT

SOURCES = sorted((ROOT / "strategies").glob("*.py"))

BY_PLACE = """
import importlib.util, sys
sys.modules["strategies"] = None  # a user's module of that name, of which nothing can be imported
init, folder = sys.argv[1:]
spec = importlib.util.spec_from_file_location("elsewhere", init, submodule_search_locations=[folder])
elsewhere = sys.modules["elsewhere"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(elsewhere)
from elsewhere.sample import sample
print(len(sample(20, 0, elsewhere.cases())), [name for name in sys.modules if name.startswith("strategies.")])
"""


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_strategies_import_each_other_by_relative_names(source: Path):
    nodes = list(ast.walk(ast.parse(source.read_text(encoding="utf-8"))))
    absolute = [node.module for node in nodes if isinstance(node, ast.ImportFrom) and not node.level]
    absolute += [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    assert [name for name in absolute if name and name.split(".")[0] == "strategies"] == []


def test_strategies_can_be_loaded_by_their_place_beside_a_module_of_their_name():
    package = ROOT / "strategies"
    done = subprocess.run(
        [sys.executable, "-c", BY_PLACE, package / "__init__.py", package],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert done.stdout == "20 []\n"
