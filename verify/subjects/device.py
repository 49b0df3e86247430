"""The device that PyTorch, JAX and TensorFlow compute on: the CPU, or a GPU, which nothing here touches."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

DEVICE = "CONV_VERIFY_DEVICE"
"""The variable that says it: cpu, which is the default, cuda, or cuda:0 and so on."""

CPU = "cpu"

_FILES = "/dev/nvidia{}"
"""Where the driver has each device, so that one is looked for without starting CUDA."""


def device_named(text: str) -> str:
    """A device by its name; ValueError, one sentence, for any other."""
    if not re.fullmatch("cpu|cuda(:[0-9]{1,3})?", text):
        raise ValueError(f"{text[:50]!r} is no device: write cpu, cuda, or cuda:0 and so on")
    return text


def choose(device: str | None) -> None:
    """Have subjects that are loaded from now on, here and in workers, compute on a device; None as before."""
    if device is not None:
        os.environ[DEVICE] = device


def device(environment: Mapping[str, str] | None = None) -> str:
    """The device of this process, or of an environment."""
    return (os.environ if environment is None else environment).get(DEVICE) or CPU


def is_gpu(environment: Mapping[str, str] | None = None) -> bool:
    return device(environment) != CPU


def switch() -> dict[str, str]:
    """The device as a switch, which the CPU is not."""
    return {DEVICE: device()} if is_gpu() else {}


def require_device(*, framework: str, has_cuda: bool) -> None:
    """Raise ImportError, one sentence, where the device is not there, or the framework has no CUDA."""
    try:
        name = device_named(device())
    except ValueError as wrong:
        raise ImportError(f"{DEVICE}: {wrong}") from None
    if name == CPU:
        return
    file = _FILES.format(number(name))
    if not Path(file).exists():
        raise ImportError(f"there is no device {name} here, as there is no {file}: run on cpu")
    if not has_cuda:
        raise ImportError(f"the {framework} that is installed is built without CUDA: run on cpu")


def number(name: str) -> str:
    """The number of a GPU, which is the first where none is said."""
    return name.partition(":")[2] or "0"


def visible() -> dict[str, str]:
    """What has a framework that takes the first GPU it sees take the one that is chosen, or none."""
    if DEVICE not in os.environ:
        return {}
    return {"CUDA_VISIBLE_DEVICES": number(device()) if is_gpu() else "-1"}
