"""The ways of NumPy to a convolution, with the domain and the arithmetic of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

from verify.cases.case import Case
from verify.cases.domain import Domain, Space
from verify.cases.memory import LAYOUTS
from verify.cases.modes import PADDING_MODES
from verify.cases.operands import Array
from verify.cases.trimming import OUTPUT_PADDINGS
from verify.subjects.built_in import conditions_inside
from verify.subjects.numpy.direct import (
    Correlation,
    im2col,
    in_bfloat16,
    in_tfloat32,
    loops,
    rounded_first,
    three_passes,
)
from verify.subjects.numpy.operations import answer_by
from verify.subjects.numpy.transforms import TAPS, fourier, winograd, winograd_gradient

FLOATS = ("float16", "bfloat16", "float32", "float64")
EVERY = ("conv", "depthwise", "transpose", "filtergrad")
AROUND = ("border", "bias", "relu")

_TILED = (f"all(k == {TAPS} for k in kernel)", "F(m, 3) is for three taps")
_READ = ("fill != 'unread'", "a transform meets every cell, so that none is unread")


@dataclass(frozen=True, kw_only=True)
class Way:
    """One algorithm; a subject of its own."""

    correlate: Correlation
    gradient: Correlation | None = None
    arithmetic: str = "products"
    operations: Sequence[str] = EVERY
    ranks: Sequence[int] = (1, 2, 3)
    dtypes: Sequence[str] = (*FLOATS, "int32")
    conditions: Sequence[tuple[str, str]] = ()
    taps: int | None = None
    cost: int = 1

    @cached_property
    def domain(self) -> Domain:
        space = Space(
            ranks=tuple(self.ranks),
            dtypes=tuple(self.dtypes),
            around=AROUND,
            padding_modes=PADDING_MODES,
            output_paddings=OUTPUT_PADDINGS,
            views=tuple(LAYOUTS),
        )
        if self.taps:
            space = space._replace(max_kernel=self.taps, max_stride=1, max_dilation=1)
        flat = space._replace(ranks=tuple(rank for rank in self.ranks if rank < 3))
        spaces = {name: flat if name == "depthwise" else space for name in self.operations}
        return Domain(spaces=spaces, conditions=conditions_inside(self.conditions))

    def __call__(self, case: Case) -> Array:
        return answer_by(self.correlate, case, gradient=self.gradient)


def _tiled(m: int) -> Way:
    return Way(
        correlate=winograd(m),
        gradient=winograd_gradient(m),
        arithmetic=f"winograd({m}, 3)",
        ranks=(1, 2),
        dtypes=FLOATS,
        conditions=(_TILED,),
        taps=TAPS,
        cost=2,
    )


WAYS: Mapping[str, Way] = MappingProxyType(
    {
        "im2col": Way(correlate=im2col),
        "loops": Way(correlate=loops, operations=("conv",), ranks=(2,), cost=4),
        "fft": Way(correlate=fourier, arithmetic="fft", dtypes=FLOATS, conditions=(_READ,), cost=2),
        "winograd2": _tiled(2),
        "winograd4": _tiled(4),
        "winograd6": _tiled(6),
        "bfloat16x3": Way(correlate=three_passes, arithmetic="bfloat16x3", dtypes=("float32",)),
        "bfloat16": Way(correlate=rounded_first(in_bfloat16), arithmetic="bfloat16", dtypes=("float32",)),
        "tfloat32": Way(correlate=rounded_first(in_tfloat32), arithmetic="tfloat32", dtypes=("float32",)),
    }
)
"""Every way by its name."""
