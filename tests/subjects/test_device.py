"""The device: its names, what is said where it is not there, and how workers are kept off it."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from verify.__main__ import main
from verify.config.flags import Isolation
from verify.runs.recorded import as_recorded
from verify.runs.sweep.jobs import close, maker
from verify.subjects import device as devices
from verify.subjects.device import DEVICE, device, device_named, require_device, switch, visible
from verify.subjects.isolated import Isolated, worker_of
from verify.subjects.server import NoWorker

HAS_GPU = Path("/dev/nvidia0").exists()
ENGINES = [name for name in ("torch", "jax", "tensorflow") if find_spec({"jax": "flax"}.get(name, name))]


@pytest.mark.parametrize("name", ["cpu", "cuda", "cuda:0", "cuda:11"])
def test_a_device_has_a_name(name: str) -> None:
    assert device_named(name) == name


@pytest.mark.parametrize("name", ["gpu", "cuda:", "cuda:-1", "CUDA:0", "mps", ""])
def test_what_is_no_device_is_one_sentence(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "numpy", "--device", name]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert f"{name!r} is no device: write cpu, cuda, or cuda:0 and so on" in said[0]


def test_another_value_of_the_variable_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DEVICE, "gpu")
    with pytest.raises(ImportError, match=f"{DEVICE}: 'gpu' is no device"):
        require_device(framework="PyTorch", has_cuda=True)


def test_a_device_that_is_not_there_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(DEVICE, "cuda:1")
    monkeypatch.setattr(devices, "_FILES", f"{tmp_path}/nvidia{{}}")
    (tmp_path / "nvidia0").touch()
    with pytest.raises(
        ImportError, match=r"there is no device cuda:1 here, as there is no .*nvidia1: run on"
    ):
        require_device(framework="PyTorch", has_cuda=True)
    (tmp_path / "nvidia1").touch()
    require_device(framework="PyTorch", has_cuda=True)
    with pytest.raises(ImportError, match="the PyTorch that is installed is built without CUDA: run on cpu"):
        require_device(framework="PyTorch", has_cuda=False)


def test_a_gpu_is_a_switch_and_the_cpu_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(DEVICE, raising=False)
    assert (switch(), visible()) == ({}, {})
    monkeypatch.setenv(DEVICE, "cpu")
    assert (switch(), visible()) == ({}, {"CUDA_VISIBLE_DEVICES": "-1"})
    monkeypatch.setenv(DEVICE, "cuda:2")
    assert (switch(), visible()) == ({DEVICE: "cuda:2"}, {"CUDA_VISIBLE_DEVICES": "2"})


@pytest.mark.parametrize("isolate", [None, False])
def test_a_sweep_is_made_on_the_device_that_is_asked_for(
    *, isolate: bool | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(DEVICE, "cpu")
    close(maker("numpy", Isolation(isolate=isolate, device="cuda:3"))())
    assert device() == "cuda:3"


def test_what_is_recorded_is_asked_in_a_worker_on_any_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DEVICE, "cpu")
    for asked in (Isolation(), Isolation(device="cuda:3")):
        subject = as_recorded(asked)("tests.planted.convolutions:right", 3.0)
        worker = worker_of(subject)
        assert worker is not None
        assert worker.timeout_s == 3.0
        close(subject)
    assert device() == "cuda:3"


def test_a_suite_without_workers_has_the_device_of_its_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DEVICE, "cpu")
    config: Any = SimpleNamespace(getoption=lambda name, default: name == "--conv-no-isolate")
    plugin = import_module("verify.pytest_plugin")  # which pytest loads after it has collected the tests
    plugin._where(config, Isolation(device="cuda:3"))
    assert device() == "cuda:3"


@pytest.mark.parametrize(("name", "is_limited"), [("cpu", True), ("cuda:0", False)])
def test_a_worker_on_a_gpu_has_no_limit_of_its_address_space(
    *, name: str, is_limited: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int | None] = []

    def no_server(*arguments: object, memory_bytes: int | None, **options: object) -> None:
        asked.append(memory_bytes)
        raise NoWorker("none")

    monkeypatch.setattr("verify.subjects.isolated.kept_server", no_server)
    with pytest.raises(NoWorker):
        Isolated("numpy", environment={DEVICE: name}).start()
    assert (asked[0] is not None) == is_limited


@pytest.mark.skipif(HAS_GPU, reason="there is a GPU")
@pytest.mark.parametrize("engine", ENGINES)
def test_without_a_gpu_a_command_says_so(engine: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(DEVICE, "cpu")  # so that what the option sets is taken back
        assert main(["replay", engine, "conv_i1_k1_same_ones", "--isolate", "--device", "cuda"]) == 2
        assert os.environ[DEVICE] == "cuda"
    said = capsys.readouterr().err
    assert "there is no device cuda here, as there is no /dev/nvidia0: run on cpu" in said


@pytest.mark.skipif(not HAS_GPU, reason="there is no GPU")
@pytest.mark.parametrize("engine", ENGINES)
def test_on_a_gpu_words_hold(engine: str) -> None:
    words = [f"{operation}_n2_i9x8_c4_k3x2_f6_g2_s2x1_same_ints3" for operation in ("conv", "transpose")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(DEVICE, "cpu")
        assert main(["replay", engine, *words, "--isolate", "--device", "cuda:0"]) == 0


WORD = "conv_i1_k1_same_ones"


def test_an_exported_test_asks_on_the_device(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(DEVICE, "cpu")
    assert main(["export", WORD, "--as", "pytest", "--subject", "jax", "--device", "cuda"]) == 0
    assert f'usual("jax {DEVICE}=cuda")' in capsys.readouterr().out


@pytest.mark.needs_tensorflow
@pytest.mark.parametrize(("name", "seen"), [("cpu", "-1"), ("cuda:2", "2")])
def test_an_exported_script_sees_the_device_alone(
    name: str, seen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from verify.export.script import _imports

    monkeypatch.setenv(DEVICE, name)
    lines = "\n".join(_imports({**switch(), "A": "1"}, "", is_packed=False))
    assert f'"CUDA_VISIBLE_DEVICES": "{seen}"' in lines
    assert DEVICE not in lines


def test_a_diff_asks_on_the_device_and_says_so_in_its_lines(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(DEVICE, "cpu")
    (tmp_path / "python").write_text(f'#!/bin/sh\nFRAGILE=1 exec {sys.executable} "$@"\n')
    (tmp_path / "python").chmod(0o755)
    subject = "tests.planted.fragile:differs_by_place"
    asked = [sys.executable, f"{tmp_path}/python", "--subject", subject, "--device", "cpu"]
    assert main(["diff", *asked, "conv_i3_k2_same_bfloat16_ints2"]) == 1
    assert f"  replay   conv-verify diff {' '.join(asked)} conv_i3_k2" in capsys.readouterr().out
