"""JAX's ways to a convolution."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, ClassVar

import numpy as np

from verify.cases.case import Case
from verify.cases.domain import Domain
from verify.cases.operands import Array
from verify.checks.limits import Limit
from verify.subjects.built_in import conditions_inside
from verify.subjects.documented import limits_of
from verify.subjects.jax.calls import bordered
from verify.subjects.jax.entries import ENTRIES, Entry
from verify.subjects.jax.epilogue import followed
from verify.subjects.jax.imported import jax
from verify.subjects.jax.layouts import LAYOUTS, layout_of, ordered, own_layout

_ANY_DATA: Mapping[str, Any] = {"fill": "ones", "seed": 0}
"""What a trace does not depend on."""


@dataclass(frozen=True)
class Way:
    """One entry point with its arrays in one layout, eager or compiled as a whole; a subject of its own."""

    name: str
    key: str
    layout: str = ""
    is_jitted: bool = False
    compiles: ClassVar[bool] = True

    @property
    def entry(self) -> Entry:
        return ENTRIES[self.key]

    @property
    def operations(self) -> tuple[str, ...]:
        return self.entry.operations

    @cached_property
    def domain(self) -> Domain:
        spaces = dict.fromkeys(self.operations, self.entry.space)
        return Domain(spaces=spaces, conditions=conditions_inside(self.entry.conditions))

    @property
    def limits(self) -> tuple[Limit, ...]:
        return limits_of("jax", "eager", self.name)

    def __call__(self, case: Case) -> Array:
        """JAX's answer; its own errors pass through."""
        with jax.enable_x64(new_val=True) if case.format.token == "float64" else nullcontext():
            arrays = {name: jax.numpy.asarray(array) for name, array in self._arrays(case).items()}
            if self.is_jitted:
                answer = _compiled(self, case.copied(**_ANY_DATA))(arrays)
            else:
                answer = self.computed(case, arrays)
            return self._in_own_order(case, np.asarray(answer))

    def computed(self, case: Case, arrays: Mapping[str, Any]) -> Any:
        """The answer to arrays in the way's layout, in that layout; it reads no array of the case."""
        if self.entry.is_layer:
            return self.entry.compute(case, arrays)
        layout = layout_of(case, self.layout)
        x, *filters = (arrays[name] for name in ("input", "factor", "pointwise") if name in arrays)
        y = self.entry.compute(case, layout, bordered(case, layout, x), *filters)
        answer = case.traits.answer
        return y if answer == "filters" else followed(case, layout.of(answer), y, arrays)

    def _arrays(self, case: Case) -> dict[str, Array]:
        """The operands by name, in the way's layout."""
        traits, own, wanted = case.traits, own_layout(case), layout_of(case, self.layout)
        arrays = {name: array for name, array in case.operands._asdict().items() if array is not None}
        if traits.has_multiplier:
            arrays["factor"] = arrays["factor"].reshape(*case.kernel, 1, -1)
        roles = {"input": traits.input, "factor": traits.factor, "residual": traits.answer}
        for name, role in {**roles, "pointwise": "filters"}.items():
            if name in arrays:
                arrays[name] = ordered(arrays[name], own.of(role), wanted.of(role))
        return arrays

    def _in_own_order(self, case: Case, answer: Array) -> Array:
        role = case.traits.answer
        if case.is_bias_gradient:
            return answer
        return ordered(answer, layout_of(case, self.layout).of(role), own_layout(case).of(role))


@lru_cache(maxsize=64)
def _compiled(way: Way, case: Case) -> Callable[..., Any]:
    """A way's answer to every case of this geometry, compiled as a whole; its operands are arguments."""
    compiled: Callable[..., Any] = jax.jit(lambda arrays: way.computed(case, arrays))
    return compiled


_CONV = "conv_general_dilated"

_EVERY = (
    Way(_CONV, "conv"),
    *(Way(f"{_CONV}{layout}+jit", "conv", layout, is_jitted=True) for layout in LAYOUTS),
    Way(f"{_CONV}+high+jit", "high", is_jitted=True),
    Way(f"{_CONV}+highest+jit", "highest", is_jitted=True),
    Way(f"{_CONV}+vmap-images+jit", "images", is_jitted=True),
    Way(f"{_CONV}+vmap-filters+jit", "filters", is_jitted=True),
    Way(f"{_CONV}+vmap-groups+jit", "groups", is_jitted=True),
    Way(f"pad+{_CONV}+jit", "padded", is_jitted=True),
    Way(f"pad+{_CONV}+input-gradient+jit", "padded_input", is_jitted=True),
    Way(f"pad+{_CONV}+filter-gradient+jit", "padded_filter", is_jitted=True),
    Way("conv_transpose", "transposed"),
    Way("conv_transpose+cells+jit", "cells", is_jitted=True),
    Way("conv_transpose+consistent+jit", "consistent", is_jitted=True),
    Way(f"{_CONV}+lhs-dilation+jit", "dilated", is_jitted=True),
    Way(f"{_CONV}+input-gradient", "input_gradient"),
    Way(f"{_CONV}+input-gradient+jit", "input_gradient", is_jitted=True),
    Way(f"{_CONV}+OIS+input-gradient+jit", "input_gradient", "+OIS", is_jitted=True),
    Way(f"{_CONV}+filter-gradient", "filter_gradient"),
    Way(f"{_CONV}+filter-gradient+jit", "filter_gradient", is_jitted=True),
    Way(f"{_CONV}+OIS+filter-gradient+jit", "filter_gradient", "+OIS", is_jitted=True),
    Way(f"{_CONV}+filter-gradient+vmap-images+jit", "per_image", is_jitted=True),
    Way(f"{_CONV}+batch-groups+jit", "batch_groups", is_jitted=True),
    Way("flax.Conv+jit", "flax_conv", is_jitted=True),
    Way("flax.ConvTranspose+jit", "flax_transpose", is_jitted=True),
    Way("flax.Conv+filter-gradient+jit", "flax_gradient", is_jitted=True),
)

WAYS: Mapping[str, Way] = {way.name: way for way in _EVERY}
"""Every way by its name."""
