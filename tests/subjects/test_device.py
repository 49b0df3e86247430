"""The device: its names, what is said where it is not there, and how workers are kept off it."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import pytest

from verify.__main__ import main
from verify.subjects import device as devices
from verify.subjects.device import DEVICE, device_named, require_device, switch, visible
from verify.subjects.isolated import Isolated
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
