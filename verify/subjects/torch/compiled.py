"""The ways of `torch.compile`: layers compiled by inductor, called or trained; each shape is compiled."""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Any

from verify.cases.case import Case
from verify.cases.domain import Domain
from verify.cases.operands import Array
from verify.checks.limits import Limit
from verify.subjects.documented import limits_of
from verify.subjects.torch.entries import DILATED
from verify.subjects.torch.imported import torch
from verify.subjects.torch.layers import inputs_of, layer_gradient, stack_of
from verify.subjects.torch.tensors import array_of, in_own_order, tensors_of

COMPILERS = ("g++", "c++", "clang++")
"""What inductor looks for where `CXX` names none."""

_ANY_DATA: Mapping[str, Any] = {"fill": "ones", "seed": 0}
"""What a compiled function does not depend on, where its weights are no constants."""


def require_compiler() -> None:
    """Raise ImportError, one sentence, where there is no C++ compiler."""
    named = os.environ.get("CXX")
    if not any(shutil.which(name) for name in ([named] if named else COMPILERS)):
        where = f"CXX={named} is none" if named else f"none of {', '.join(COMPILERS)} is found"
        raise ImportError(f"torch.compile needs a C++ compiler, and {where}: install one")


@dataclass(frozen=True)
class CompiledWay:
    """Layers compiled by inductor, of sizes that are known or not, with weights as arguments or constants."""

    name: str
    operation: str
    has_sizes: bool = True
    is_frozen: bool = False

    @property
    def operations(self) -> tuple[str, ...]:
        return ("conv", "depthwise", "separable") if self.operation == "conv" else (self.operation,)

    @cached_property
    def domain(self) -> Domain:
        return Domain(spaces=dict.fromkeys(self.operations, DILATED))

    @property
    def limits(self) -> tuple[Limit, ...]:
        return limits_of("torch", "compile", self.name)

    def __call__(self, case: Case) -> Array:
        """PyTorch's answer; its own errors pass through."""
        _forget_others(self, case if self.is_frozen else case.copied(**_ANY_DATA))
        is_gradient = case.traits.answer == "filters"
        config = torch._inductor.config.patch(freezing=self.is_frozen, compile_threads=1)  # noqa: SLF001
        with warnings.catch_warnings(action="ignore"), config, torch.set_grad_enabled(is_gradient):
            tensors = tensors_of(case)
            if is_gradient:
                answer = layer_gradient(case, tensors, made=self._compiled)
            else:
                answer = self._compiled(stack_of(case, tensors))(*inputs_of(case, tensors))
            return in_own_order(case, array_of(answer))

    def _compiled(self, stack: Any) -> Any:
        return torch.compile(stack, fullgraph=True, dynamic=not self.has_sizes)


@lru_cache(maxsize=1)
def _forget_others(way: CompiledWay, case: Case) -> None:
    """Forget what was compiled for another geometry, of which only a few are kept for one function."""
    torch._dynamo.reset()  # noqa: SLF001


_EVERY = (
    CompiledWay("nn.Conv", "conv"),
    CompiledWay("nn.Conv+unknown-sizes", "conv", has_sizes=False),
    CompiledWay("nn.Conv+freezing", "conv", is_frozen=True),
    CompiledWay("nn.ConvTranspose", "transpose"),
    CompiledWay("nn.Conv+filter-gradient", "filtergrad"),
)

WAYS: Mapping[str, CompiledWay] = MappingProxyType({way.name: way for way in _EVERY})
"""Every way by its name."""
