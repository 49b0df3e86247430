"""Subjects by name: the built-in ones, a user's own, and the sentences for those that there are not."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from verify import Case, check
from verify.__main__ import main
from verify.checks.versions import FRAMEWORKS, versions
from verify.subjects.registry import BUILTIN, PACKAGES, UnknownSubject, installed, load, usually_gated

CASE = Case.parse("conv_i2_k1_same_ones")

MODULE = """\
import numpy as np

from tests.planted import fragile

def ones(case):
    return np.ones(case.output_shape, case.dtype)

class Kernel:
    name = "of my own"
    switches = {"MY_THREADS": "1"}
    known = fragile.counts_its_calls.known

    def __call__(self, case):
        return ones(case)

    @staticmethod
    def fast(case):
        return ones(case)

kernel = Kernel()
number = 3
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Writes modules into the working directory, an empty one, and forgets them afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [place for place in sys.path if place not in ("", str(Path.cwd()))])
    monkeypatch.setattr(sys, "modules", dict(sys.modules))

    def write(path: str, text: str) -> None:
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")

    return write


@pytest.mark.parametrize("is_on_the_path", [True, False])
def test_module_in_the_folder_of_the_project_is_found_from_a_subfolder(
    here, monkeypatch, *, is_on_the_path: bool
):
    here("pyproject.toml", "[tool.conv-verify]\n")
    here("mine.py", MODULE)
    here("both.py", "number = 1\n")
    here("sub/both.py", MODULE)
    monkeypatch.chdir("sub")
    if is_on_the_path:
        sys.path.insert(0, "")
    assert (load("mine:ones").name, load("both:ones").name) == ("mine:ones", "both:ones")


def test_module_of_a_folder_above_that_is_no_project_is_not_found(here, monkeypatch):
    here("mine.py", MODULE)
    here("sub/other.py", MODULE)
    monkeypatch.chdir("sub")
    assert "ModuleNotFoundError: No module named 'mine'; it is looked for here, " in refusal("mine:ones")


def test_subject_that_is_a_module_is_told_to_name_a_function_in_it(here):
    here("mine.py", "import json\n")
    assert refusal("mine:json") == "'mine:json' is no subject: json is a module; name a function in it"
    assert refusal("mine:json.dumps").endswith("json is a module; name 'json:dumps'")


def refusal(name: str) -> str:
    with pytest.raises(UnknownSubject) as refused:
        load(name)
    return str(refused.value)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("tensorflwo", "did you mean 'tensorflow'? "),
        ("tensorflow:convolutoin", "did you mean 'tensorflow:convolution'? "),
        ("tensorflow:", "did you mean 'tensorflow'? "),
        ("scipy", ""),
        ("", ""),
        (":ones", ""),
        ("mine:", ""),
    ],
)
def test_unknown_name_is_refused_with_the_nearest_and_where_all_are(name, hint):
    assert refusal(name) == (
        f"{name!r} is no subject: {hint}`list` names them all, and your own is package.module:callable"
    )


def test_unknown_subject_is_a_value_error():
    assert issubclass(UnknownSubject, ValueError)


@pytest.mark.parametrize("name", BUILTIN)
def test_missing_framework_is_named(name, monkeypatch):
    framework = name.partition(":")[0]
    extra = {"onnxruntime": "onnx"}.get(framework, framework)
    for module in [module for module in sys.modules if module.startswith(f"verify.subjects.{framework}")]:
        monkeypatch.delitem(sys.modules, module)
    package = PACKAGES[framework]
    monkeypatch.setitem(sys.modules, package, None)
    line = f"pip install 'conv-verify[{extra}]'"
    assert refusal(name) == f"{name!r} needs {package}, which is not installed: {line}"


def test_what_is_gated_by_default_is_installed(monkeypatch):
    for package in PACKAGES.values():
        monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.setitem(sys.modules, "ai_edge_litert", types.ModuleType("ai_edge_litert"))
    assert installed() == ["litert"]


@pytest.mark.parametrize(("backend", "package"), [("torch", "torch"), ("jax", "jax"), ("numpy", "jax")])
def test_backend_of_keras_that_is_missing_is_what_is_to_be_installed(monkeypatch, backend, package):
    monkeypatch.setenv("KERAS_BACKEND", backend)
    monkeypatch.delitem(sys.modules, "verify.subjects.keras.imported", raising=False)
    monkeypatch.setitem(sys.modules, "keras", types.ModuleType("keras"))
    monkeypatch.setitem(sys.modules, package, None)
    line = f"needs {package}, which is not installed: pip install 'conv-verify[{package}]'"
    assert refusal("keras") == f"'keras' cannot be imported: Keras's backend {backend} {line}"


@pytest.mark.parametrize(("backend", "is_gated"), [("torch", True), (None, False)])
def test_keras_is_installed_where_one_of_its_backends_is(monkeypatch, backend, is_gated):
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    for package in (*PACKAGES.values(), "jax"):
        monkeypatch.setitem(sys.modules, package, None)
    for package in filter(None, ("tensorflow", "keras", backend)):
        monkeypatch.setitem(sys.modules, package, types.ModuleType(package))
    assert ("keras" in installed()) == is_gated


def test_tensorflow_is_asked_where_nothing_is_installed(monkeypatch):
    for package in PACKAGES.values():
        monkeypatch.setitem(sys.modules, package, None)
    assert installed() == [name for name in BUILTIN if name.startswith("tensorflow")]


def test_function_of_a_module_in_the_working_directory_is_loaded(here):
    here("mine.py", MODULE)
    assert load("mine:ones")(CASE).tolist() == [[[1.0], [1.0]]]


def test_function_of_a_package_in_the_working_directory_is_loaded(here):
    here("mylib/conv.py", MODULE)
    assert load("mylib.conv:ones")(CASE).tolist() == [[[1.0], [1.0]]]


def test_dotted_callable_is_loaded(here):
    here("mine.py", MODULE)
    assert load("mine:Kernel.fast")(CASE).tolist() == [[[1.0], [1.0]]]


def test_callable_object_is_loaded(here):
    here("mine.py", MODULE)
    assert check(CASE, load("mine:kernel")).outcome == "agrees"


def test_subject_has_the_name_that_it_was_asked_for_by(here):
    here("mine.py", MODULE)
    assert load("mine:kernel").name == "mine:kernel"


def test_subject_keeps_its_switches(here):
    here("mine.py", MODULE)
    assert load("mine:kernel").switches == {"MY_THREADS": "1"}


def test_function_has_no_switches(here):
    here("mine.py", MODULE)
    assert load("mine:ones").switches == {}


def test_subject_keeps_what_is_known_of_it(here):
    here("mine.py", MODULE)
    assert [entry.name for entry in load("mine:kernel").known] == ["spoils"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (
            "nowhere:f",
            (
                "importing nowhere raised ModuleNotFoundError: No module named 'nowhere'; "
                "it is looked for here, beside pyproject.toml and along PYTHONPATH"
            ),
        ),
        (
            "mine.sub:f",
            (
                "importing mine.sub raised ModuleNotFoundError: "
                "No module named 'mine.sub'; 'mine' is not a package"
            ),
        ),
        ("mine:twos", "mine has no 'twos'"),
        ("mine:one", "mine has no 'one'; did you mean 'ones'?"),
        ("mine:Kernel.slow", "mine has no 'Kernel.slow'"),
        ("mine:number", "number is an int, not callable: name a function of a case"),
        ("broken:f", "importing broken raised ZeroDivisionError: division by zero"),
        (
            "unwritten:f",
            "importing unwritten raised SyntaxError: '(' was never closed (unwritten.py, line 1)",
        ),
        ("leaves:f", "importing leaves raised SystemExit: 0"),
    ],
)
def test_name_that_leads_nowhere_is_refused(name, reason, here):
    here("mine.py", MODULE)
    here("broken.py", "1 / 0\n")
    here("unwritten.py", "print(\n")
    here("leaves.py", "raise SystemExit(0)\n")
    assert refusal(name) == f"{name!r} is no subject: {reason}"


def test_subject_that_says_what_cannot_be_is_refused(here):
    here("mine.py", MODULE + "ones.operations = 'conv'\n")
    assert refusal("mine:ones").startswith("the subject 'mine:ones' has operations = 'conv', not a list of ")


def test_subject_that_says_what_cannot_be_is_exit_2(here, capsys):
    here("mine.py", MODULE + "ones.operations = ('cnv',)\n")
    assert main(["replay", "mine:ones", str(CASE)]) == 2
    assert capsys.readouterr().err == (
        "conv-verify: the subject 'mine:ones' has operations = ('cnv',), "
        "not a list of some of conv, depthwise, separable, transpose, filtergrad; did you mean 'conv'?\n"
    )


def test_error_of_a_module_is_the_cause_of_its_refusal(here):
    here("broken.py", "1 / 0\n")
    with pytest.raises(UnknownSubject) as refused:
        load("broken:f")
    assert isinstance(refused.value.__cause__, ZeroDivisionError)


def test_versions_in_play_are_named():
    frameworks = [name for name in FRAMEWORKS if name in sys.modules]
    assert list(versions()) == ["python", "numpy", "hypothesis", *frameworks]


def test_version_of_numpy_is_the_one_that_is_imported():
    assert versions()["numpy"] == np.__version__


def test_a_run_of_no_named_subject_gates_tensorflow_alone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("verify.subjects.registry.is_installed", lambda _: True)
    assert usually_gated() == [name for name in BUILTIN if name.partition(":")[0] == "tensorflow"]


def test_a_run_without_tensorflow_gates_the_engines_that_are_installed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("verify.subjects.registry.is_installed", lambda name: name == "onnxruntime")
    assert usually_gated() == ["onnxruntime"]
    monkeypatch.setattr("verify.subjects.registry.is_installed", lambda _: False)
    assert usually_gated()[0] == "tensorflow"  # which then says how it is installed
