"""The profile of the project's own tests, those that need TensorFlow, and a pytest to run gates in."""

from __future__ import annotations

import compileall
import gc
import os
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec

import pytest
from hypothesis import settings

from tests import forked
from tests.places import ALONE, GATE_PLUGINS, PLANTED, ROOT

pytest_plugins = ["pytester"]
collect_ignore = ["example_project"]  # it is run as a project of its own

HAS_TENSORFLOW = find_spec("tensorflow") is not None
"""It has no wheel for Python 3.14 yet; everything else is tested there."""

if not HAS_TENSORFLOW:  # which these import at the top
    collect_ignore += ["export/test_export_script.py", "oracle/test_epilogue.py", "subjects/tensorflow"]
    collect_ignore += [] if find_spec("ai_edge_litert") else ["subjects/litert"]  # whose operators both have

HAS_ONNXRUNTIME = find_spec("onnx") is not None and find_spec("onnxruntime") is not None

if not HAS_ONNXRUNTIME:
    collect_ignore += ["subjects/onnxruntime"]

if find_spec("openvino") is None:
    collect_ignore += ["subjects/openvino"]

if find_spec("jax") is None or find_spec("flax") is None:
    collect_ignore += ["subjects/jax"]

if find_spec("torch") is None:
    collect_ignore += ["subjects/torch"]

if find_spec("keras") is None or find_spec("torch") is None:
    collect_ignore += ["subjects/keras"]

COMPILED = ("tests/subjects/tensorflow/", "tests/export/test_export_script.py")
"""Where tests compile in TensorFlow, which is slow the first time in each process."""

EXAMPLES = 60
"""Cases of each property that is tested here; a gate of eight subjects draws them 80 times."""

settings.register_profile(
    "project", deadline=None, derandomize=bool(os.environ.get("CI")), max_examples=EXAMPLES, print_blob=False
)
settings.load_profile("project")


@pytest.fixture(autouse=True, scope="session")
def _no_lines_of_progress() -> Iterator[None]:
    """Commands in this process print none, however long a loaded machine makes them take."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("verify.reports.heartbeat.EVERY_S", 3600.0)
        yield


def pytest_configure(config: pytest.Config) -> None:
    """Compile the harness once, before workers and commands each do where no bytecode may be written."""
    if not hasattr(config, "workerinput"):
        for folder in (ROOT / "verify", ROOT / "strategies", PLANTED):
            compileall.compile_dir(folder, quiet=2)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run the whole of what is sampled otherwise")


gc.disable()  # until all is collected, which is kept to the end


def pytest_collection_finish(session: pytest.Session) -> None:
    """Leave modules and collected tests out of the search for garbage, and search seldom.

    It was a tenth of the time: each full search went through all that is kept to the end.
    """
    gc.freeze()
    gc.set_threshold(20_000)
    gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what needs TensorFlow where there is none; where workers share the tests, one begins with those.

    Left last, two workers would each start TensorFlow, and one still compile when the other has ended.
    """
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: not item.nodeid.startswith(COMPILED))
    skipped = pytest.mark.skip(reason="TensorFlow is not installed")
    sampled = pytest.mark.skip(reason="left out of the sample: --long runs it")
    for item in items:
        if item.get_closest_marker("long") and not item.config.getoption("--long"):
            item.add_marker(sampled)
        if item.get_closest_marker("needs_tensorflow") and not HAS_TENSORFLOW:
            item.add_marker(skipped)


@pytest.fixture
def run_gates(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Callable[..., pytest.RunResult]:
    """Runs pytest on files of `pytester`, in a process of its own that finds the planted subjects."""
    monkeypatch.setattr(pytester, "popen", forked.popen)
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}:{PLANTED}")
    monkeypatch.setenv(ALONE, "1")
    return partial(pytester.runpytest_subprocess, *GATE_PLUGINS)
