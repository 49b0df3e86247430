"""Flax's layers, as functions of arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from verify.cases.case import Case
from verify.subjects.channels_first import groups_of
from verify.subjects.jax.calls import bordered, padding_of
from verify.subjects.jax.epilogue import activated
from verify.subjects.jax.imported import jax, linen
from verify.subjects.jax.layouts import own_layout


def layered(case: Case, arrays: Mapping[str, Any]) -> Any:
    """A stack of layers: `Conv` or `ConvTranspose`, `BatchNorm`, and functions after them."""
    y = _convolved(case, bordered(case, own_layout(case), arrays["input"]), arrays)
    for step in case.epilogue:
        if step == "norm":
            y = _normalised(case, y, arrays)
        elif step == "residual":
            y = y + arrays["residual"]
        elif step != "bias":  # which is the layer's own
            y = activated(step, y)
    return y


def _convolved(case: Case, x: Any, arrays: Mapping[str, Any]) -> Any:
    parameters = {"kernel": arrays["factor"]}
    if "bias" in case.epilogue:
        parameters["bias"] = arrays["bias"]
    if case.traits.has_pointwise:
        x = _layer(case, has_bias=False).apply({"params": {"kernel": parameters.pop("kernel")}}, x)
        second = linen.Conv(
            case.filter_count, (1,) * case.rank, **_dtypes(case, has_bias="bias" in case.epilogue)
        )
        return second.apply({"params": {**parameters, "kernel": arrays["pointwise"]}}, x)
    return _layer(case, has_bias="bias" in case.epilogue).apply({"params": parameters}, x)


def _layer(case: Case, *, has_bias: bool) -> Any:
    walk = {"strides": case.strides, "kernel_dilation": case.dilations, "padding": padding_of(case)}
    rest = _dtypes(case, has_bias=has_bias)
    if case.traits.answer == "source":
        return linen.ConvTranspose(case.channels, case.kernel, transpose_kernel=True, **walk, **rest)
    filters = case.channels * case.multiplier if case.traits.has_multiplier else case.filter_count
    return linen.Conv(filters, case.kernel, feature_group_count=groups_of(case), **walk, **rest)


def _dtypes(case: Case, *, has_bias: bool) -> dict[str, Any]:
    return {"dtype": case.dtype, "param_dtype": case.dtype, "use_bias": has_bias}


def _normalised(case: Case, y: Any, arrays: Mapping[str, Any]) -> Any:
    layer = linen.BatchNorm(
        use_running_average=True, epsilon=case.norm_epsilon, dtype=case.dtype, param_dtype=case.dtype
    )
    state = {
        "params": {"scale": arrays["scale"], "bias": arrays["offset"]},
        "batch_stats": {"mean": arrays["mean"], "var": arrays["variance"]},
    }
    return layer.apply(state, y)


def layer_gradient(case: Case, arrays: Mapping[str, Any]) -> Any:
    """What `vjp` of a layer says of its filters, or of its bias."""
    forward = case.copied(operation="conv", fill="ones", seed=0)
    zeros = {"factor": jax.numpy.zeros(case.filter_shape, case.dtype)}
    if case.epilogue:
        zeros["bias"] = jax.numpy.zeros(case.filter_count, case.dtype)
    _, pull = jax.vjp(lambda weights: _convolved(forward, arrays["input"], weights), zeros)
    return pull(arrays["factor"])[0]["bias" if case.epilogue else "factor"]
