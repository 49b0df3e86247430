"""Conditions that several faults share, as expressions over the names of `verify.cases.predicates`."""

from __future__ import annotations

FORWARD = "operation in ('conv', 'depthwise', 'separable')"
IMAGE = "operation != 'filtergrad'"
"""Operations whose answer has a batch and spatial axes."""
WINDOWED = "not (operation == 'filtergrad' and 'bias' in epilogue)"
"""Operations that have windows; the gradient of a bias has none."""
GATHERING = f"operation != 'transpose' and {WINDOWED}"
"""Operations whose input is padded."""
PADDED = "any(before or after for before, after in pads)"
