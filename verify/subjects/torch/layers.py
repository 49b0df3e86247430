"""A case as layers of `torch.nn`, its weights theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from verify.cases.case import Case
from verify.cases.operations import kind_of, slope_of
from verify.subjects.channels_first import groups_of
from verify.subjects.torch.calls import cells_of, flat, transposed_cells
from verify.subjects.torch.imported import torch

nn = torch.nn

ACTIVATIONS = {"relu": nn.ReLU, "relu6": nn.ReLU6, "elu": nn.ELU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}

MEMORY = {2: torch.channels_last, 3: torch.channels_last_3d}
"""Axes → the name of channels-last memory, which there is none of for one axis."""


class Stack(torch.nn.Module):  # type: ignore[misc]
    """The layers before a residual, which is added where there is one, and those after it."""

    def __init__(self, before: Iterable[Any], after: Iterable[Any]) -> None:
        super().__init__()
        self.before, self.after = nn.Sequential(*before), nn.Sequential(*after)

    def forward(self, x: Any, *residual: Any) -> Any:
        y = self.before(x)
        return self.after(y + residual[0] if residual else y)


def stack_of(case: Case, tensors: Mapping[str, Any], *, by_rule: bool = False) -> Any:
    """The layers of a case; of `by_rule` the padding is "same" or "valid"."""
    steps = [step for step in case.epilogue if step not in ("bias", "residual")]
    after = [_activation(step) for step in steps if step != "norm"]
    norms = [_norm(case, tensors)] if "norm" in steps else []
    layers = [*_bordered(case), *_convolutions(case, tensors, by_rule=by_rule), *norms]
    stack = Stack(layers, after).eval()
    if not case.channels_first and case.rank in MEMORY:
        stack = stack.to(memory_format=MEMORY[case.rank])
    return stack


def _padding(case: Case, cells: list[int]) -> Any:
    return getattr(nn, f"ConstantPad{case.rank}d")(tuple(cells), 0.0)


def _bordered(case: Case) -> Iterator[Any]:
    if case.border:
        yield _padding(case, flat(case.border))


def _convolutions(case: Case, tensors: Mapping[str, Any], *, by_rule: bool) -> Iterator[Any]:
    """The convolution, what pads before it and cuts after it, and the pointwise one of a separable one."""
    bias = tensors.get("bias")
    if case.traits.answer == "source":
        yield from _transposed(case, tensors["factor"], bias)
        return
    cells, pairs = cells_of(case)
    if pairs and not by_rule:
        yield _padding(case, flat(pairs))
    kind = getattr(nn, f"Conv{case.rank}d")
    walk = {"stride": case.strides, "dilation": case.dilations, "groups": groups_of(case)}
    walk["padding"] = case.padding_kind if by_rule else tuple(cells)
    walk |= {"padding_mode": case.padding_mode} if case.padding_mode != "zeros" else {}
    pointwise = tensors.get("pointwise")
    yield _layer(kind, tensors["factor"], bias if pointwise is None else None, kernel=case.kernel, **walk)
    if pointwise is not None:
        yield _layer(kind, pointwise, bias, kernel=1)


def _transposed(case: Case, w: Any, bias: Any) -> Iterator[Any]:
    cells, more, cut = transposed_cells(case)
    kind = getattr(nn, f"ConvTranspose{case.rank}d")
    walk = {"stride": case.strides, "dilation": case.dilations, "groups": case.groups}
    walk |= {"padding": tuple(cells), "output_padding": tuple(more)}
    yield _layer(kind, w, bias, kernel=case.kernel, **walk)
    if any(cut):
        yield _padding(case, cut)


def _layer(kind: Any, w: Any, bias: Any, *, kernel: Any, **walk: Any) -> Any:
    """A layer with these weights, which are (filters, channels of a group, …) in both kinds."""
    first, second = w.shape[0], w.shape[1] * walk.get("groups", 1)
    channels = (first, second) if "output_padding" in walk else (second, first)
    layer = kind(*channels, kernel, bias=bias is not None, dtype=w.dtype, **walk)
    layer.weight.data = w
    if bias is not None:
        layer.bias.data = bias
    return layer


def _norm(case: Case, tensors: Mapping[str, Any]) -> Any:
    kind = getattr(nn, f"BatchNorm{case.rank}d")
    layer = kind(case.output_channels, eps=case.norm_epsilon, dtype=tensors["mean"].dtype)
    layer.running_mean.data, layer.running_var.data = tensors["mean"], tensors["variance"]
    layer.weight.data, layer.bias.data = tensors["scale"], tensors["offset"]
    return layer


def _activation(step: str) -> Any:
    return nn.LeakyReLU(slope_of(step)) if kind_of(step) == "leaky" else ACTIVATIONS[step]()


def inputs_of(case: Case, tensors: Mapping[str, Any]) -> list[Any]:
    """The tensors that a stack takes: its input and a residual."""
    return [tensors[name] for name in ("input", "residual") if name in tensors]


def traced(stack: Stack, inputs: list[Any]) -> Any:
    """A stack traced, its weights constants, and optimised for inference."""
    traced = torch.jit.trace(stack, inputs, check_trace=False)
    return torch.jit.optimize_for_inference(torch.jit.freeze(traced))


def _as_it_is(stack: Any) -> Any:
    return stack


def layer_gradient(case: Case, tensors: Mapping[str, Any], *, made: Callable[[Any], Any] = _as_it_is) -> Any:
    """What `backward` leaves in the weights of a layer, or in its bias, as a model is trained.

    The layers are called as what is `made` of them.
    """
    forward = case.copied(operation="conv", fill="ones", seed=0)
    shape = (case.filter_count, case.channels // case.groups, *case.kernel)
    x = tensors["input"]
    weights = {"factor": torch.zeros(shape, dtype=x.dtype, device=x.device)}
    if case.epilogue:
        weights["bias"] = torch.zeros(case.filter_count, dtype=x.dtype, device=x.device)
    stack = stack_of(forward, weights).train()
    made(stack)(x).backward(tensors["factor"])
    [layer] = [each for each in stack.before if hasattr(each, "weight")]
    return layer.bias.grad if case.epilogue else layer.weight.grad
