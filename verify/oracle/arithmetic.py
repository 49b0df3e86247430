"""The arithmetic by which a subject computes its sums: its names, and how far each errs at most.

`products` is the default: every product and every sum rounded once in the accumulator, in any order, which
`verify.oracle.bounds` judges. The others widen the bound: `verify.oracle.narrowed` for rounded operands,
`verify.oracle.winograd` and `verify.oracle.fourier` for transforms.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from verify.cases.dtypes import FORMATS
from verify.cases.operands import Array, Operands
from verify.cases.spelling import nearest
from verify.oracle import fourier, narrowed, winograd
from verify.oracle.problem import Problem, channels_last, in_data_format
from verify.oracle.reference import folded, magnitudes, padded_beforehand
from verify.oracle.sums import all_finite, grown, is_folded, sums_are_exact

PRODUCTS = "products"

SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        PRODUCTS: "sums of products in the accumulator, in any order",
        "tfloat32": "operands rounded to TF32, sums in float32",
        "bfloat16": "operands rounded to bfloat16, sums in float32",
        "bfloat16x3": "three products of bfloat16 halves, sums in float32",
        "own-dtype": "sums in the dtype of the operands",
        "winograd(m, r)": "Winograd's F(m, r) along the axes of r taps and stride 1",
        "fft": "fast Fourier transforms",
        "any": "whatever a library of float32 chooses: any of these but bfloat16 and own-dtype",
    }
)
"""Name → what it computes. Several are joined by " or "."""

TILES = ((2, 3), (4, 3), (6, 3))
"""The F(m, r) that libraries choose among."""

ANY = (PRODUCTS, "tfloat32", "bfloat16x3", *(f"winograd({m}, {r})" for m, r in TILES), "fft")

ROUNDED = ("bfloat16x3", "tfloat32", "own-dtype", "bfloat16")
"""Those that no number leaves the windows that read it, the least first."""

TRANSFORMED = (*(f"winograd({m}, r)" for m in (2, 3, 4, 5, 6)), "fft")
"""Those that spread numbers over tiles, of the taps of a kernel, and transforms, the least first."""

_WINOGRAD = re.compile(r"winograd\( *(\d{1,2}) *, *(\d{1,2}) *\)", re.ASCII)


class Arithmetic(NamedTuple):
    """One arithmetic: its kind, and of `winograd` its outputs and its taps."""

    kind: str
    m: int = 0
    r: int = 0

    @property
    def name(self) -> str:
        return f"winograd({self.m}, {self.r})" if self.kind == "winograd" else self.kind


class Sums(NamedTuple):
    """What an arithmetic makes of a problem's sums: how far they err at most, or that they are exact.

    `size` is Σ|x||w| + |b|, or what takes its place; both have the shape of the answer, or broadcast to it.
    """

    error: Array
    size: Array
    is_exact: bool = False


@lru_cache
def arithmetics(text: str) -> tuple[Arithmetic, ...]:
    """What a text names, such as "winograd(4, 3)" or "fft or tfloat32"; () for products alone.

    An empty one says the same. Raises ValueError, a phrase of what it has to be, for any other.
    """
    parts = text.split(" or ") if text else []
    named = [_one(name) for part in parts for name in _meant(part.strip())]
    return () if [each.kind for each in named] == [PRODUCTS] else tuple(dict.fromkeys(named))


def _meant(name: str) -> tuple[str, ...]:
    return ANY if name == "any" else (name,)


def _one(name: str) -> Arithmetic:
    if match := _WINOGRAD.fullmatch(name):
        m, r = map(int, match.groups())
        if m < 1 or r < 2 or m + r - 1 > winograd.LONGEST:  # one tap is a product
            raise ValueError(
                f"winograd(m, r) with m of 1 or more, r of 2 or more, m + r up to {winograd.LONGEST + 1}"
            )
        return Arithmetic("winograd", m, r)
    if name not in SENTENCES or name == "winograd(m, r)":
        words = [*(word for word in SENTENCES if word != "winograd(m, r)"), "winograd(4, 3)"]
        raise ValueError(f'one of {", ".join(SENTENCES)}, or several joined by " or "{nearest(name, words)}')
    return Arithmetic(name)


def canonical(text: str) -> str:
    """The text in its one spelling, "" for products; raises ValueError as `arithmetics` does."""
    return " or ".join(each.name for each in arithmetics(text))


def sums_by(problem: Problem, operands: Operands, *, terms: int, exact: bool, magnitude: Array) -> Sums:
    """What the arithmetic of a problem makes of its sums, the worst of several that it may choose among.

    `terms`, `exact` and `magnitude` are those of sums of products.
    """
    if is_folded(problem):
        return _folded_sums(problem, operands, terms=terms, exact=exact, magnitude=magnitude)
    problem, operands = padded_beforehand(problem, operands)
    plain = Sums(_grown(terms, problem, magnitude), magnitude, exact)
    if problem.epilogue and problem.traits.answer == "filters":  # the gradient of a bias has no products
        return plain
    each = [
        _JUDGES[one.kind](problem, operands, one, plain, terms) for one in arithmetics(problem.arithmetic)
    ]
    error, size = each[0].error, each[0].size
    for other in each[1:]:
        error, size = np.fmax(error, other.error), np.fmax(size, other.size)
    return Sums(error, size, all(other.is_exact for other in each))


def _folded_sums(problem: Problem, operands: Operands, *, terms: int, exact: bool, magnitude: Array) -> Sums:
    """Those of a gradient of every place of a padded input, which are added where places repeat a cell.

    Adding them takes no more roundings than they have products; transforms that are added are not known to
    be exact.
    """
    wide, alone = padded_beforehand(problem, operands)[0], operands._replace(bias=None)
    each = sums_by(wide, alone, terms=terms, exact=exact, magnitude=magnitudes(wide, alone))
    error, size = (in_data_format(problem, _added(problem, wide, part)) for part in (each.error, each.size))
    size = np.maximum(size, magnitude)
    is_exact = each.is_exact and not any(
        one.kind in ("winograd", "fft") for one in arithmetics(problem.arithmetic)
    )
    total = np.where(np.isinf(error), np.inf, error + _grown(terms, problem, size))
    return Sums(total, size, is_exact)


def _added(problem: Problem, wide: Problem, part: Array) -> Array:
    """What is known of each place of a padded input, added up for the cells that they repeat."""
    return folded(np.array(channels_last(wide, part)), problem.axes)


def _grown(terms: int, problem: Problem, size: Array) -> Array:
    """γ of so many roundings of the accumulator, of a size."""
    return grown(terms, FORMATS[problem.format.accumulator].roundoff, size)


def _products(problem: Problem, operands: Operands, one: Arithmetic, plain: Sums, terms: int) -> Sums:
    return plain


def _rounded(problem: Problem, operands: Operands, one: Arithmetic, plain: Sums, terms: int) -> Sums:
    bits = narrowed.PRECISION[one.kind]
    if not narrowed.is_narrowed(problem) or (narrowed.holds(problem, operands, bits) and plain.is_exact):
        return plain
    lost = narrowed.error_of_operands(problem, operands, magnitude=plain.size, bits=bits)
    size = plain.size + lost
    return Sums(lost + _grown(narrowed.TRUNCATED * terms, problem, size), size)


def _three_passes(problem: Problem, operands: Operands, one: Arithmetic, plain: Sums, terms: int) -> Sums:
    bits = narrowed.PRECISION["bfloat16"]
    is_exact = plain.is_exact and narrowed.holds(problem, operands, bits) and all_finite(operands)
    if not narrowed.is_narrowed(problem) or is_exact:
        return plain
    lost = narrowed.error_of_three_passes(problem, operands, magnitude=plain.size)
    # Halves have magnitudes of at most (1 + 2u)(1 + 2u) of what they are halves of, u that of bfloat16.
    size = (1 + 2.0 ** (1 - bits)) ** 4 * plain.size + lost
    error = lost + _grown(narrowed.TRUNCATED * 3 * terms, problem, size)
    return Sums(_spread(error, size), size)  # an infinity is multiplied by a half that is 0


def _in_own_dtype(problem: Problem, operands: Operands, one: Arithmetic, plain: Sums, terms: int) -> Sums:
    form = problem.format
    if form.token == form.accumulator:
        return plain
    own = problem._replace(format=form._replace(accumulator=form.token))
    error = _grown(terms, own, plain.size) + 2 * terms * form.least_normal
    error = np.where(plain.size + error >= form.largest, np.inf, error)
    is_exact = plain.is_exact and sums_are_exact(own, operands, magnitude_of=lambda: plain.size)
    return Sums(error, plain.size, is_exact)


def _by_tiles(problem: Problem, operands: Operands, one: Arithmetic, plain: Sums, terms: int) -> Sums:
    tiled = winograd.tiled(problem, operands, m=one.m, r=one.r, terms=terms)
    if tiled is None:
        return plain
    size = np.maximum(tiled.size, plain.size)
    error = _grown(tiled.roundings, problem, size)
    # What is flushed to 0 in a transform is multiplied by the constants and the numbers of the others.
    least = FORMATS[problem.format.accumulator].least_normal
    error = error + least * tiled.roundings * (1 + size)
    return Sums(_spread(error, size), size, plain.is_exact and tiled.is_exact)


def _by_transforms(problem: Problem, operands: Operands, one: Arithmetic, plain: Sums, terms: int) -> Sums:
    error = fourier.error_of_transforms(problem, operands)
    least = FORMATS[problem.format.accumulator].least_normal
    error = np.broadcast_to(error, np.shape(plain.size)) + _grown(2, problem, plain.size) + least * terms
    return Sums(_spread(error, error), np.where(np.isfinite(error), plain.size, np.inf))


def _spread(error: Array, size: Array) -> Array:
    """The error, infinite where a number that is not finite is met in a tile or a transform."""
    return np.where(np.isfinite(size), error, np.inf)


_Judge = Callable[[Problem, Operands, Arithmetic, Sums, int], Sums]

_JUDGES: Mapping[str, _Judge] = MappingProxyType(
    {
        PRODUCTS: _products,
        "tfloat32": _rounded,
        "bfloat16": _rounded,
        "bfloat16x3": _three_passes,
        "own-dtype": _in_own_dtype,
        "winograd": _by_tiles,
        "fft": _by_transforms,
    }
)
"""Kind → what it makes of sums."""
