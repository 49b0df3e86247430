"""Faults of precision: operands, sums or answers held in less than their dtype promises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from verify.case import Array, Case, Operands
from verify.dtypes import FORMATS
from verify.faults.fault import Answer, Fault, Inputs, worked
from verify.faults.padding import LINEAR
from verify.layer import Layer, layer_of
from verify.orders import accumulator_of, forward, products_of, sums_in
from verify.predicates import Predicate
from verify.reads import finished, right_maps, sums_of_reads

_BF16 = FORMATS["bf16"].dtype


def in_tf32(values: Array) -> Array:
    """float32 rounded to nearest even at 10 bits of fraction, as tensor cores take it."""
    bits = np.ascontiguousarray(values).view(np.uint32)
    rounded = (bits + np.uint32(0xFFF) + (bits >> np.uint32(13) & np.uint32(1))) & np.uint32(0xFFFFE000)
    return np.where(np.isfinite(values), rounded.view(np.float32), values)


def _with_operands(narrowed: Callable[[Array], Array]) -> Inputs:
    """The input and its factor narrowed on the way in."""

    def given(case: Case, layer: Layer, operands: Operands) -> tuple[Layer, Operands] | None:
        with np.errstate(over="ignore"):
            x, factor = narrowed(operands.input), narrowed(operands.factor)
        if np.array_equal(x, operands.input, equal_nan=True) and np.array_equal(factor, operands.factor):
            return None
        return layer, operands._replace(input=x, factor=factor)

    return Inputs(given)


def _through(dtype: Any) -> Callable[[Array], Array]:
    return lambda values: values.astype(dtype).astype(values.dtype)


def _accumulated_in(token: str) -> Answer:
    """Every partial sum rounded to a narrow dtype."""

    def answer(case: Case, right: Array) -> Array | None:
        def narrow(products: Array) -> Array:
            with np.errstate(over="ignore", invalid="ignore"):
                return forward(products.astype(FORMATS[token].dtype)).astype(products.dtype)

        return finished(case, sums_in(case, narrow, accumulator_of(case)))

    return Answer(answer)


def _rounded_to_bf16(case: Case, right: Array) -> Array | None:
    with np.errstate(over="ignore", invalid="ignore"):
        return right.astype(_BF16).astype(right.dtype)


def _in_single(case: Case, right: Array) -> Array | None:
    """Operands, sums and answer in float32."""
    with np.errstate(over="ignore", invalid="ignore"):
        parts: Any = (None if part is None else part.astype(np.float32) for part in case.operands)
        narrow = Operands(*parts)
        return worked(case, layer_of(case), narrow).astype(np.float32).astype(right.dtype)


def _last_finite(values: Array) -> int | None:
    """The flat index of the last element that is a number."""
    places = np.flatnonzero(np.isfinite(values.astype(np.float64)))
    return int(places[-1]) if places.size else None


def _off_by_one_unit(case: Case, right: Array) -> Array | None:
    """The last element is the next number above or below."""
    place = _last_finite(right)
    if place is None:
        return None
    wrong = np.ascontiguousarray(right).copy()
    signed = wrong.reshape(-1).view(f"i{wrong.dtype.itemsize}")
    signed[place] ^= 1
    return wrong


def _one_dropped(case: Case, right: Array) -> Array | None:
    """The last element lacks the first of its products that is not 0."""
    kind = np.int64 if case.format.exact_integers else np.float64
    if case.operation == "separable":
        return _one_channel_dropped(case, kind)
    products = products_of(case, case.operands, kind)
    if not products.size:
        return None
    met = np.flatnonzero(products.reshape(len(products), -1)[:, -1])
    if not met.size:
        return None
    products.reshape(len(products), -1)[met[0], -1] = 0
    with np.errstate(invalid="ignore", over="ignore"):
        sums = products.sum(axis=0)
    is_image = case.operation != "filtergrad"
    return finished(case, np.moveaxis(sums, -1, 1) if case.channels_first and is_image else sums)


def _one_channel_dropped(case: Case, kind: Any) -> Array | None:
    """The second step of a separable lacks its first product everywhere."""
    assert case.pointwise is not None
    weights = case.pointwise.copy()
    weights[..., 0, -1] = 0
    given = case.operands._replace(pointwise=weights)
    return finished(case, sums_of_reads(case, given, right_maps(case)))


def _saturated(case: Case, right: Array) -> Array | None:
    """Sums of integers stop at the ends of the type."""
    bounds = np.iinfo(np.int32)
    sums = sums_of_reads(case, case.operands, right_maps(case))
    clipped = np.clip(sums, bounds.min, bounds.max)
    return None if np.array_equal(clipped, sums) else finished(case, clipped)


def _fault(name: str, sentence: str, bears: str, needs: str, word: str, change: Inputs | Answer) -> Fault:
    return Fault(name, "precision", sentence, Predicate(bears), Predicate(needs), word, change)


_EXACT = "fill not in ('reals',)"

PRECISION = (
    _fault(
        "operands-in-tf32",
        "operands rounded to TF32",
        "dtype == 'f32'",
        "True",
        "conv_i1_k1_same_dyadic1",
        _with_operands(in_tf32),
    ),
    _fault(
        "operands-in-bf16",
        "operands rounded to bfloat16",
        "dtype == 'f32'",
        "True",
        "conv_i1_k1_same_dyadic1",
        _with_operands(_through(_BF16)),
    ),
    _fault(
        "sums-in-f16",
        "sums held in float16",
        "dtype in ('f32', 'f16')",
        "True",
        "conv_i1_k1_same_dyadic1",
        _accumulated_in("f16"),
    ),
    _fault(
        "sums-in-bf16",
        "sums held in bfloat16",
        "dtype in ('f32', 'bf16')",
        "True",
        "conv_i1_k1_same_dyadic1",
        _accumulated_in("bf16"),
    ),
    _fault(
        "answer-in-bf16",
        "the answer rounded to bfloat16",
        "dtype in ('f32', 'f64', 'f16')",
        "True",
        "conv_i1_k1_same_dyadic1",
        Answer(_rounded_to_bf16),
    ),
    _fault(
        "f64-in-f32",
        "float64 worked in float32",
        "dtype == 'f64'",
        "True",
        "conv_i1_k1_same_f64_dyadic1",
        Answer(_in_single),
    ),
    _fault(
        "one-unit-off",
        "one element off by one unit in the last place",
        _EXACT,
        "True",
        "conv_i1_k1_same_ones",
        Answer(_off_by_one_unit),
    ),
    _fault(
        "one-product-dropped",
        "one product of one element left out",
        LINEAR,
        "True",
        "conv_i1_k1_same_ones",
        Answer(_one_dropped),
    ),
    _fault(
        "integers-saturate",
        "integers that stop at the ends of their type instead of wrapping",
        "dtype == 'i32'",
        "True",
        "conv_i1_k1_same_i32_dyadic",
        Answer(_saturated),
    ),
)
