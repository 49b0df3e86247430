"""Suites of others beside an installed `conv-verify`: without a gate, and with names of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median

import pytest

from tests.places import ALONE, ROOT
from tests.progress import without_progress

Pytest = Callable[..., subprocess.CompletedProcess[str]]

IMAGES = "def images():\n    return [1, 2]\n"
USES_IMAGES = """
from strategies import images

def test_images():
    assert images() == [1, 2]
"""
GATE = """
from verify import reference
from verify.gate import cases, conformance

def right(case):
    return reference(case).astype(case.dtype)

TestMine = conformance(right, ranks=(1,))
"""
LOADED = """
import sys

def test_ours(pytestconfig):
    ours = {"verify", "strategies", "_conv_verify_plugin"}
    print("loaded:", *sorted(name for name in sys.modules if name.partition(".")[0] in ours))
"""

LAYOUTS = ["prepend", "append", "importlib"]


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pytest:
    """Runs pytest, as a module or by its script, on files in a folder that knows nothing of the checkout."""
    for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTHONPATH", "CI"):
        monkeypatch.delenv(name, raising=False)
    # Pytest keeps what it has rewritten of Hypothesis for all of these starts, as it does by default.
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)

    def run(*options: str, script: bool = False, **files: str) -> subprocess.CompletedProcess[str]:
        for name, text in {"pyproject.toml": "[tool.pytest.ini_options]\n", **files}.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        pytest_script = [str(Path(sys.executable).with_name("pytest"))]
        program = pytest_script if script else [sys.executable, "-m", "pytest"]
        return subprocess.run(
            [*program, "-p", "no:cacheprovider", *options],
            capture_output=True, text=True, check=False, cwd=tmp_path,
        )  # fmt: skip

    return run


def passes(done: subprocess.CompletedProcess[str]) -> bool:
    assert done.returncode == 0, done.stdout + done.stderr
    return " passed" in done.stdout


def test_entry_point_has_a_name_that_nobody_has():
    (entry,) = [point for point in entry_points(group="pytest11") if point.name == "verify.entry"]
    assert entry.value == "_conv_verify_plugin"


def test_script_has_a_module_that_nobody_has():
    (script,) = [point for point in entry_points(group="console_scripts") if point.name == "conv-verify"]
    assert script.value == "_conv_verify_command:main"


@pytest.mark.parametrize(
    ("options", "printed"),
    [
        (["replay", "mine:right", "conv_i1_k1_same_ones"], "holds     conv_i1_k1_same_ones\n"),
        (["replay", "--isolate", "mine:right", "conv_i1_k1_same_ones"], "holds     conv_i1_k1_same_ones\n"),
        (["run", "mine:right", "--examples", "5"], " cases graded and none disagrees.\n"),
    ],
    ids=["replay", "replay in a worker", "run"],
)
def test_command_line_is_ours_in_a_project_with_a_verify_of_its_own(
    options: list[str], printed: str, tmp_path: Path
):
    (tmp_path / "verify.py").write_text("raise RuntimeError('this is not yours')\n")
    (tmp_path / "mine.py").write_text(GATE.partition("TestMine")[0])
    done = subprocess.run(
        [Path(sys.executable).with_name("conv-verify"), *options],
        capture_output=True, text=True, check=False, cwd=tmp_path, env={**os.environ, "PYTHONPATH": "."},
    )  # fmt: skip
    assert (done.returncode, without_progress(done.stderr)) == (0, "")
    assert done.stdout.endswith(printed)


@pytest.mark.parametrize("script", [True, False], ids=["pytest", "python -m pytest"])
def test_suite_with_strategies_of_its_own_passes(suite: Pytest, *, script: bool):
    files = {"tests/strategies.py": IMAGES, "tests/test_images.py": USES_IMAGES}
    assert passes(suite(script=script, **files))


@pytest.mark.parametrize("script", [True, False], ids=["pytest", "python -m pytest"])
def test_project_with_a_verify_of_its_own_passes(suite: Pytest, *, script: bool):
    test = "import verify\n\ndef test_it():\n    assert verify.answer == 42\n"
    assert passes(
        suite(script=script, **{"conftest.py": "", "verify.py": "answer = 42\n", "tests/test_it.py": test})
    )


@pytest.mark.parametrize("options", [(), ("--conv-examples=5", "--conv-report=a.jsonl")], ids=["", "options"])
@pytest.mark.parametrize("module", ["verify/gate.py", "verify/gate/suite.py"])
def test_project_with_a_gate_of_its_own_in_a_verify_of_its_own_passes(
    suite: Pytest, module: str, options: tuple[str, ...]
):
    name = module.removesuffix(".py").replace("/", ".")
    files = {
        "conftest.py": "",  # which puts the folder on the path
        "verify/__init__.py": "",
        module: "answer = 42\n",
        "test_it.py": f"from {name} import answer\n\ndef test_it():\n    assert answer == 42\n",
    }
    assert passes(suite(*options, **files))


def test_our_options_do_not_end_a_project_with_a_verify_of_its_own(suite: Pytest):
    test = "import verify\n\ndef test_it():\n    assert verify.answer == 42\n"
    files = {"conftest.py": "", "verify.py": "answer = 42\n", "test_it.py": test}
    assert passes(suite("--conv-examples=5", **files))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_suite_with_strategies_of_its_own_and_a_gate_passes(suite: Pytest, layout: str):
    files = {
        "strategies.py" if layout != "prepend" else "tests/strategies.py": IMAGES,
        "tests/test_gate.py": GATE,
        "tests/test_images.py": USES_IMAGES,
    }
    done = suite("--conv-examples=5", f"--import-mode={layout}", **files)
    assert passes(done)
    assert "= conv-verify =" in done.stdout


@pytest.mark.parametrize("first", ["strategies", "verify.gate"])
def test_strategies_are_one_copy_by_either_name(first: str, tmp_path: Path):
    code = f"""
import {first}
import sys, strategies, verify.gate
from strategies.cases import cases
from strategies.sample import sample
assert verify.gate.cases is cases is strategies.cases
assert sample is strategies.sample
assert sys.modules["strategies"] is sys.modules["verify.strategies"]
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)


def test_suite_without_a_gate_loads_the_entry_point_alone(suite: Pytest):
    done = suite("-s", **{"test_ours.py": LOADED})
    assert "loaded: _conv_verify_plugin\n" in done.stdout
    assert "\nconv-verify" not in done.stdout
    assert "= conv-verify =" not in done.stdout


@pytest.mark.parametrize("profile", ["ci", "mine"])
def test_profile_that_is_not_ours_loads_nothing_of_ours(suite: Pytest, profile: str):
    conftest = "from hypothesis import settings\nsettings.register_profile('mine', max_examples=3)\n"
    done = suite("-s", f"--hypothesis-profile={profile}", **{"conftest.py": conftest, "test_ours.py": LOADED})
    assert "loaded: _conv_verify_plugin\n" in done.stdout


STARTS = 20
LIMIT_MS = 20.0


def cpu_ms(command: list[str], folder: Path) -> float:
    """The time that a command and what it starts spend on a processor."""
    before = getrusage(RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True, cwd=folder)
    after = getrusage(RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def test_start_of_a_suite_without_a_gate_costs_little(
    suite: Pytest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    suite(**{"test_one.py": "def test_one():\n    pass\n"})
    hypothesis = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "hypothesispytest"]
    with_ours = [*hypothesis, "-p", "verify.entry"]
    costs = [cpu_ms(with_ours, tmp_path) - cpu_ms(hypothesis, tmp_path) for _ in range(STARTS)]
    assert median(costs) < LIMIT_MS


@pytest.mark.parametrize(
    "options",
    [
        ["--conv-examples=5", "--conv-no-known", "--conv-report=a.jsonl", "-k", "form"],
        ["-n", "1", "-k", "form"],
        *(["--hypothesis-profile", name, "--conv-examples=5", "-k", "form"] for name in ("dev", "night")),
    ],
    ids=" ".join,
)
def test_gate_that_is_collected_brings_the_rest(suite: Pytest, options: list[str]):
    done = suite(*options, **{"test_gate.py": GATE})
    assert passes(done)
    assert "= conv-verify =" in done.stdout


@pytest.mark.parametrize("conftest", ["conftest.py", "tests/conftest.py"])
def test_plugin_that_a_suite_imports_itself_is_loaded_without_a_warning(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, conftest: str
):
    monkeypatch.setenv("PYTHONPATH", str(ROOT), prepend=os.pathsep)
    monkeypatch.setenv(ALONE, "1")
    for name, text in {conftest: "import verify.pytest_plugin\n", "tests/test_gate.py": GATE}.items():
        (pytester.path / name).parent.mkdir(exist_ok=True)
        (pytester.path / name).write_text(text, encoding="utf-8")
    plugins = ("-p", "hypothesispytest", "-p", "verify.entry")
    done = pytester.runpytest_subprocess(*plugins, "-W", "error", "-k", "form", "--conv-examples=5")
    assert done.ret == 0
    assert done.stdout.str().count("= conv-verify =") == 1


def test_gate_is_listed_without_being_run(suite: Pytest):
    done = suite("--co", "-q", **{"test_gate.py": GATE})
    assert "test_gate.py::TestMine::test_values\n" in done.stdout


@pytest.mark.parametrize("blocked", ["verify.entry", "verify.pytest_plugin"])
def test_gate_runs_without_the_plugin(suite: Pytest, blocked: str):
    done = suite("-p", f"no:{blocked}", "-k", "form or pinned", **{"test_gate.py": GATE})
    assert passes(done)


def test_plugin_is_loaded_where_there_is_no_fcntl(suite: Pytest):
    done = suite(
        "-k",
        "pinned or form",
        "--conv-examples=5",
        **{"conftest.py": "import sys\nsys.modules['fcntl'] = None\n", "test_gate.py": GATE},
    )
    assert passes(done)
    assert "= conv-verify =" in done.stdout


def test_settings_that_are_wrong_end_pytest_in_one_sentence(suite: Pytest):
    table = "[tool.pytest.ini_options]\n[tool.conv-verify]\ndatabase = 'github:octo'\n"
    done = suite(**{"pyproject.toml": table, "test_gate.py": GATE})
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "ERROR: pyproject.toml, line 3: tool.conv-verify.database: 'github:octo' is not" in done.stderr
