"""PyTorch, imported with explicit settings."""

from __future__ import annotations

import torch

from verify.subjects.device import device, require_device
from verify.subjects.torch.switches import THREADS, switches

SWITCHES = switches()
VERSION: str = torch.__version__.partition("+")[0]

require_device(framework="PyTorch", has_cuda=torch.version.cuda is not None)
DEVICE = device()

torch.set_num_threads(int(SWITCHES[THREADS]))

__all__ = ["DEVICE", "SWITCHES", "VERSION", "torch"]
