"""PyTorch, imported with explicit settings."""

from __future__ import annotations

import torch

from verify.subjects.torch.switches import THREADS, switches

SWITCHES = switches()
VERSION: str = torch.__version__.partition("+")[0]

torch.set_num_threads(int(SWITCHES[THREADS]))

__all__ = ["SWITCHES", "VERSION", "torch"]
