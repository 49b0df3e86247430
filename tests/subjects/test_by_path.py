"""Subjects by the path of their file: those of a test, from any folder of the working tree."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests import forked
from tests.places import ALONE, GATE_PLUGINS, ROOT
from verify.checks.tree import module_shown
from verify.checks.ways import split_way
from verify.subjects.by_path import canonical, outside
from verify.subjects.registry import UnknownSubject, load

pytestmark = pytest.mark.injected

WORD = "conv_i1_k1_same_ones"

GATE = """
import helper
from verify import reference
from verify.gate import conformance


def subject(case):
    return reference(case).astype(case.dtype) + helper.ONE


TestIt = conformance(subject, ranks=(1,), fills=("ones",))
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose gate has a subject of its own, without a table of settings."""
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "tests").mkdir()
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "tests" / "test_gate.py").write_text(GATE)
    (tmp_path / "tests" / "helper.py").write_text("ONE = 1\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return tmp_path


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return forked.run("verify", *arguments, environment={**os.environ})


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("mylib.conv:conv2d/fast", ("mylib.conv:conv2d", "fast")),
        ("tensorflow:graph/tf.nn.conv2d", ("tensorflow:graph", "tf.nn.conv2d")),
        ("tests/test_gate.py:subject", ("tests/test_gate.py:subject", "")),
        ("/a/b.py:f.g/fast", ("/a/b.py:f.g", "fast")),
        ("tests/*.py:*", ("tests/*.py:*", "")),
    ],
)
def test_slashes_of_a_path_are_no_way(name: str, parts: tuple[str, str]) -> None:
    assert split_way(name) == parts


@pytest.mark.parametrize(
    ("folder", "where"), [("tests", []), ("deep/er", ["--isolate"])], ids=["here", "in a worker"]
)
def test_subject_of_a_test_is_replayed_from_any_folder(
    folder: str, where: list[str], project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    done = command("replay", *where, "tests/test_gate.py:subject", WORD)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("tests/test_gate.py:subject disagrees with the reference: ")
    again = command("replay")
    assert (again.returncode, again.stderr) == (1, "")
    assert again.stdout.startswith(f"STILL     {WORD}  (value")


def test_absolute_path_is_found_from_anywhere(
    project: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("other"))
    done = command("replay", f"{project}/tests/test_gate.py:subject", WORD)
    assert done.stdout.startswith(f"{project}/tests/test_gate.py:subject disagrees")


def test_failure_of_a_gate_names_the_path(project: Path) -> None:
    arguments = [*GATE_PLUGINS, "tests", "--conv-examples", "1", "-k", "test_values"]
    done = forked.run("pytest", *arguments, environment={**os.environ, ALONE: "1"})
    assert "  replay   conv-verify replay tests/test_gate.py:subject conv_i1_k1_same_ones" in done.stdout


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("module", "file", "name"),
    [
        ("test_gate", "tests/test_gate.py", "tests/test_gate.py"),
        ("helper", "tests/helper.py", "tests/helper.py"),
        ("tests.test_gate", "tests/test_gate.py", "tests.test_gate"),  # which importing it by name finds
        ("mylib", "mylib.py", "mylib"),
        ("conv", "src/conv.py", "conv"),  # where no test lies
    ],
)
def test_module_is_named_by_path_where_its_name_would_not_be_found(module: str, file: str, name: str) -> None:
    assert module_shown(module, Path(file).absolute()) == name


def test_path_that_is_typed_elsewhere_is_the_same_subject(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("tests")
    assert canonical("test_gate.py:subject/x") == "tests/test_gate.py:subject/x"
    assert canonical("mylib.conv:conv2d") == "mylib.conv:conv2d"


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("tests/test_none.py:subject", "there is no file 'tests/test_none.py' here or above"),
        ("tests/test_gate.py:other", "has no 'other'"),
        ("my tests/test_gate.py:subject", "no name has white space"),
        ("tests/test_skips.py:subject", "raised Skipped: not here"),
    ],
)
def test_path_of_no_subject_is_one_sentence(name: str, why: str) -> None:
    Path("tests/test_skips.py").write_text(
        "import pytest\n\npytest.skip('not here', allow_module_level=True)\n"
    )
    with pytest.raises(UnknownSubject) as refused:
        load(name)
    assert why in str(refused.value)
    assert "\n" not in str(refused.value)


def test_file_whose_name_another_module_has_is_loaded_beside_it(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "json.py").write_text("def conv(case):\n    return None\n")
    assert load("json.py:conv").module.startswith("json_")


def test_place_of_a_module_is_known_without_importing_it(project: Path) -> None:
    (project / "boom.py").write_text("raise SystemExit\n")
    (project / "pack").mkdir()
    (project / "pack" / "boom.py").write_text("raise SystemExit\n")
    assert outside("boom:f") == outside("pack.boom:f") == outside("tests/test_gate.py:f") == ""
    assert outside("json.decoder:f").endswith("__init__.py")
    assert outside("sys:exit") == "built-in"
    assert outside(f"{ROOT}/tests/conftest.py:f") == f"{ROOT}/tests/conftest.py"
