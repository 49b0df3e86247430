"""PyTorch's ways to a convolution."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, TypeAlias

from verify.cases.case import Case
from verify.cases.domain import Domain, Space
from verify.cases.operands import Array
from verify.checks.limits import Limit
from verify.checks.subject import Declined
from verify.subjects.built_in import conditions_inside
from verify.subjects.documented import limits_of
from verify.subjects.torch.calls import bordered
from verify.subjects.torch.entries import DILATED, ENTRIES, FILLED, FORWARD, PADDED, Entry
from verify.subjects.torch.epilogue import followed
from verify.subjects.torch.imported import torch
from verify.subjects.torch.layers import inputs_of, layer_gradient, stack_of, traced
from verify.subjects.torch.tensors import VIEWS, array_of, in_own_order, tensors_of, zeros_of
from verify.subjects.torch.unsaid import cannot_say


@contextmanager
def _without(libraries: Sequence[str]) -> Iterator[None]:
    """Run without some of the libraries that PyTorch chooses among, and without its warnings."""
    with ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings(action="ignore"))
        for name in libraries:
            stack.enter_context(getattr(torch.backends, name).flags(enabled=False))
        yield


NATIVE = ("mkldnn", "nnpack")

_ALIKE = (
    "all(before == after for before, after in pads)",
    "a layer's padding has as many cells at both ends",
)


_RESHAPED = (
    "operation not in ('depthwise', 'separable') or all(letter != 'w' for letter, layout in memory)",
    "depthwise filters are reshaped for PyTorch, which copies them",
)


@dataclass(frozen=True)
class FunctionWay:
    """One function with what follows it, `without` some of PyTorch's libraries; a subject of its own."""

    name: str
    key: str
    without: tuple[str, ...] = ()
    strided: bool = False
    refuses: tuple[str, ...] = ()
    arithmetic: str = ""

    @property
    def entry(self) -> Entry:
        return ENTRIES[self.key]

    @property
    def operations(self) -> tuple[str, ...]:
        return self.entry.operations

    @cached_property
    def domain(self) -> Domain:
        spaces = dict.fromkeys(self.operations, self.entry.space._replace(views=VIEWS))
        return Domain(spaces=spaces, conditions=conditions_inside((*self.entry.conditions, _RESHAPED)))

    @property
    def limits(self) -> tuple[Limit, ...]:
        return limits_of("torch", "eager", self.name)

    def __call__(self, case: Case) -> Array:
        """PyTorch's answer; its own errors pass through. Raises Declined where no call can be written."""
        if case.illegal and (reason := cannot_say(self.key, case)):
            raise Declined(reason)
        with _without(self.without):
            return in_own_order(case, array_of(self._answer(case, tensors_of(case, strided=self.strided))))

    def _answer(self, case: Case, tensors: Mapping[str, Any]) -> Any:
        needs_grad = self.entry.takes_zeros or case.traits.answer != "result"
        with torch.set_grad_enabled(needs_grad):
            y = self.entry.compute(case, *self._arguments(case, tensors))
            if case.traits.answer == "filters":
                return y
            return followed(case, y, tensors, has_bias=self.entry.takes_bias)

    def _arguments(self, case: Case, tensors: Mapping[str, Any]) -> list[Any]:
        x, *filters = (tensors[name] for name in ("input", "factor", "pointwise") if name in tensors)
        arguments = [bordered(case, x), *filters]
        if self.entry.takes_zeros:
            forward = case.traits.answer == "source"
            arguments.insert(0, zeros_of(case, case.source_shape if forward else case.result_shape))
        return [*arguments, tensors.get("bias")] if self.entry.takes_bias else arguments


@dataclass(frozen=True)
class LayerWay:
    """Layers of one kind, called as they are, or `made` into something else first; a subject of its own."""

    name: str
    operations: tuple[str, ...]
    made: Callable[[Any, list[Any]], Any] = lambda stack, inputs: stack
    by_rule: bool = False
    has_modes: bool = False

    @cached_property
    def domain(self) -> Domain:
        space = Space(paddings=("same", "valid")) if self.by_rule else DILATED
        conditions: tuple[tuple[str, str], ...] = ()
        if self.has_modes:
            space, conditions = PADDED, (*FILLED, _ALIKE)
        spaces = dict.fromkeys(self.operations, space)
        return Domain(spaces=spaces, conditions=conditions_inside(conditions))

    @property
    def limits(self) -> tuple[Limit, ...]:
        return limits_of("torch", "eager", self.name)

    @property
    def refuses(self) -> tuple[str, ...]:
        return ()

    def __call__(self, case: Case) -> Array:
        """PyTorch's answer; its own errors pass through."""
        tensors = tensors_of(case)
        if case.traits.answer == "filters":
            return in_own_order(case, array_of(layer_gradient(case, tensors)))
        with _without(()), torch.no_grad():
            stack, inputs = stack_of(case, tensors, by_rule=self.by_rule), inputs_of(case, tensors)
            return in_own_order(case, array_of(self.made(stack, inputs)(*inputs)))


AnyWay: TypeAlias = FunctionWay | LayerWay

_NNPACK = "own-dtype or winograd(6, 3) or fft"
"""NNPACK chooses among its algorithms by the geometry, for 16 images or more of float32."""

_EAGER: tuple[AnyWay, ...] = (
    FunctionWay("conv", "conv", refuses=FORWARD),
    FunctionWay("conv+no-mkldnn", "conv", without=NATIVE, arithmetic="own-dtype"),
    FunctionWay("conv+nnpack", "conv", without=("mkldnn",), arithmetic=_NNPACK),
    FunctionWay("conv+strided-filters", "conv", strided=True),
    FunctionWay("conv+by-rule", "by_rule", refuses=FORWARD),
    FunctionWay("conv+vmap-images", "images"),
    FunctionWay("conv+vmap-filters", "filters"),
    FunctionWay("conv+vmap-pairs", "pairs"),
    FunctionWay("conv_transpose", "transposed", refuses=("transpose",)),
    FunctionWay("conv_transpose+no-mkldnn", "transposed", without=NATIVE, arithmetic="own-dtype"),
    FunctionWay("conv_transpose+strided-filters", "transposed", strided=True),
    FunctionWay("conv_transpose+vmap-images", "transposed_images"),
    FunctionWay("conv_transpose+input-gradient", "by_transposed"),
    FunctionWay("conv_transpose+filter-gradient", "of_transposed"),
    FunctionWay("conv+input-gradient", "input_gradient"),
    FunctionWay("conv+input-gradient+no-mkldnn", "input_gradient", without=NATIVE, arithmetic="own-dtype"),
    FunctionWay("conv+filter-gradient", "filter_gradient"),
    FunctionWay("conv+filter-gradient+no-mkldnn", "filter_gradient", without=NATIVE, arithmetic="own-dtype"),
    FunctionWay("conv+filter-gradient+vmap-images", "per_image"),
    FunctionWay("nn.grad.conv_input", "named_input", refuses=("transpose",)),
    FunctionWay("nn.grad.conv_weight", "named_filter", refuses=("filtergrad",)),
    FunctionWay("pad+conv", "padded"),
    FunctionWay("pad+conv+input-gradient", "padded_input"),
    FunctionWay("pad+conv+filter-gradient", "padded_filter"),
    LayerWay("nn.Conv", FORWARD),
    LayerWay("nn.Conv+by-rule", FORWARD, by_rule=True),
    LayerWay("nn.Conv+jit.trace", FORWARD, traced),
    LayerWay("nn.Conv+padding-mode", FORWARD, has_modes=True),
    LayerWay("nn.ConvTranspose", ("transpose",)),
    LayerWay("nn.ConvTranspose+jit.trace", ("transpose",), traced),
    LayerWay("nn.Conv+filter-gradient", ("filtergrad",)),
)

WAYS: Mapping[str, AnyWay] = MappingProxyType({way.name: way for way in _EAGER})
"""Every way by its name."""
