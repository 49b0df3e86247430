"""What follows a convolution, by PyTorch's functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from verify.cases.case import Case
from verify.cases.operations import kind_of, slope_of
from verify.subjects.torch.calls import F
from verify.subjects.torch.imported import torch

ACTIVATIONS = {"relu": F.relu, "relu6": F.relu6, "elu": F.elu, "tanh": torch.tanh, "sigmoid": torch.sigmoid}


def followed(case: Case, y: Any, tensors: Mapping[str, Any], *, has_bias: bool) -> Any:
    """The answer after every step of the epilogue, without a bias that it has."""
    for step in case.epilogue:
        match kind_of(step):
            case "bias":
                y = y if has_bias else y + tensors["bias"].reshape(-1, *(1,) * case.rank)
            case "norm":
                order = ("mean", "variance", "scale", "offset")
                parameters = [tensors[name] for name in order]
                y = F.batch_norm(y, *parameters, training=False, eps=case.norm_epsilon)
            case "residual":
                y = y + tensors["residual"]
            case "leaky":
                y = F.leaky_relu(y, slope_of(step))
            case kind:
                y = ACTIVATIONS[kind](y)
    return y
