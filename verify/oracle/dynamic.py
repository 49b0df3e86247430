"""Dynamic range: filters of int8, and an input of float32 that a kernel quantises while it runs.

Each image has a scale of its own. The sums are exact in integers, and become float32 by the scales of the
image and of the filters; the bias is added after that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from verify.cases.operands import Array, Operands
from verify.cases.spelling import nearest
from verify.cases.weights import MOST, integers_of
from verify.oracle.problem import Problem
from verify.oracle.schemes import SCHEMES

_ONE = np.float32(1)

ROUNDINGS = 4
"""Roundings of a product in float32 beside those of a sum: of a filter, two scales, the integers' sum."""

BLOCK = 4
"""Channels that the vectors of a depthwise kernel hold."""

HALF_A_STEP = "half a step of max|x|/127 of an input that is quantised"

STEPS_LOST = 2.0**-12
"""Steps that are lost beside the half of a rounding: four roundings in float32 of 255 steps are less."""


class Image(NamedTuple):
    """The integers of one image as distances from its zero point, its scale, and that zero point."""

    distances: Array
    scale: np.float32
    zero_point: int = 0


class Quantised(NamedTuple):
    """The integers of an input as distances from the zero point of each image, and the images' scales."""

    distances: Array
    scales: Array
    zero_points: tuple[int, ...]


Combine = Callable[[Array, Array, Array], Array]
"""The products of sums in float32 with the scales of images and of filters, each rounded."""


class DynamicScheme(NamedTuple):
    """How an input is quantised, and how its sums become float32: products, to which a bias is added.

    `grouped` takes their place where there are groups. One that is `symmetric_where_alike` quantises by a
    zero point of 0, and multiplies by the product of the scales, where all filters have one scale.
    """

    name: str
    sentence: str
    products: Combine
    grouped: Combine
    symmetric_where_alike: bool = False


def asymmetric(image: Array) -> Image:
    """Distances from a zero point, within −128 … 127, of an image whose range includes 0.

    Source: `PortableAsymmetricQuantizeFloats` in tensorflow/lite/kernels/internal/reference/
    portable_tensor_utils.cc.
    """
    least, largest = (pick(image, initial=np.float32(0)) for pick in (np.min, np.max))
    if least == largest:
        return Image(np.zeros(image.shape, np.int64), np.float32(0))
    scale = float(largest - least) / 255.0
    from_least, from_largest = -128 - float(least) / scale, 127 - float(largest) / scale
    is_from_least = 128 + abs(float(least) / scale) < 127 + abs(float(largest) / scale)
    zero = int(_away(np.float64(np.clip(from_least if is_from_least else from_largest, -128, 127))))
    scale32 = np.float32(scale)
    steps = zero + _away(image * np.float32(1.0 / float(scale32)))
    return Image(np.clip(steps, -128, 127).astype(np.int64) - zero, scale32, zero)


def symmetric(image: Array) -> Image:
    """Distances from 0, within −127 … 127.

    Source: `PortableSymmetricQuantizeFloats` in the same file.
    """
    largest = np.abs(image).max(initial=np.float32(0))
    if largest == 0:
        return Image(np.zeros(image.shape, np.int64), _ONE)
    steps = _away(image * (np.float32(MOST) / largest))
    return Image(np.clip(steps, -MOST, MOST).astype(np.int64), largest / np.float32(MOST))


def _away(values: Any) -> Array:
    """The nearest whole numbers, halves away from 0, as C's round has them."""
    wide = np.asarray(values, np.float64)
    return np.asarray(np.sign(wide) * np.floor(np.abs(wide) + 0.5))


def _by_the_filters(sums: Array, x: Array, w: Array) -> Array:
    return np.asarray(sums * w * x)


def _by_the_product(sums: Array, x: Array, w: Array) -> Array:
    return np.asarray(sums * (w * x))


def _in_blocks(sums: Array, x: Array, w: Array) -> Array:
    """By the filters' scale first in blocks of channels, as vectors do, and by the input's in the rest."""
    number = np.arange(w.size).reshape(w.shape)
    return np.where(number < w.size // BLOCK * BLOCK, sums * w * x, sums * x * w)


_ROWS = (
    DynamicScheme(
        "dynamic-product",
        "the sum by the product of the scales of filters and image, then the bias, each rounded",
        _by_the_product,
        _by_the_product,
    ),
    DynamicScheme(
        "dynamic-blocks",
        "the sum by two scales, in blocks of 4 channels the filters' first, then the bias, each rounded",
        _in_blocks,
        _in_blocks,
    ),
    DynamicScheme(
        "dynamic-filters-or-symmetric",
        "the sum by the filters' scale, then by the image's, then the bias; symmetric where filters have one",
        _by_the_filters,
        _by_the_filters,
        symmetric_where_alike=True,
    ),
    DynamicScheme(
        "dynamic-product-or-symmetric",
        "the sum by the product of two scales, or one by one where there are groups; symmetric where filters \
have one scale",
        _by_the_product,
        _by_the_filters,
        symmetric_where_alike=True,
    ),
)

DYNAMIC_SCHEMES: Mapping[str, DynamicScheme] = MappingProxyType({scheme.name: scheme for scheme in _ROWS})
"""Name → scheme: what a subject may declare of filters of int8 beside float32.

Sources: `EvalHybridPerChannel` and `EvalHybrid` in tensorflow/lite/kernels/conv.cc and depthwise_conv.cc,
whose kernels are `HybridConvPerChannel` and `DepthwiseConvHybridPerChannel`. XNNPACK's convolutions, which
quantise each pixel of a pointwise one by itself and fuse a product with the bias, are held to none.
"""


def named_scheme(text: str) -> str:
    """The name of a scheme, also of integers, or "" for none; ValueError, what it has to be, for another."""
    names = (*SCHEMES, *DYNAMIC_SCHEMES)
    if text not in ("", *names):
        raise ValueError(f"one of {', '.join(names)}{nearest(text, names)}")
    return text


USUAL = DYNAMIC_SCHEMES["dynamic-product"]
"""The scheme that is shown where a problem is held to none."""


def dynamic_scheme(problem: Problem) -> DynamicScheme | None:
    """The scheme that a problem of filters of int8 is held to; None of another problem."""
    return DYNAMIC_SCHEMES.get(problem.scheme) if problem.weights == "int8" else None


def is_symmetric(problem: Problem) -> bool:
    """Whether the zero point of the input is 0, as all filters have one scale."""
    scheme = dynamic_scheme(problem) or USUAL
    return scheme.symmetric_where_alike and len({*problem.quantised.w_scale}) == 1


def in_steps(problem: Problem, operands: Operands) -> Operands:
    """The operands of a problem as the integers that its kernel multiplies, without its bias."""
    factor = integers_of(operands.factor, problem.operation, problem.quantised)
    distances = quantised_input(problem, operands).distances
    return operands._replace(input=distances, factor=factor.astype(np.int64), bias=None)


def quantised_input(problem: Problem, operands: Operands) -> Quantised:
    """The input of a problem, each image by its own scale."""
    quantise = symmetric if is_symmetric(problem) else asymmetric
    images = [quantise(image) for image in operands.input.astype(np.float32)]
    empty = np.zeros(operands.input.shape, np.int64)
    return Quantised(
        np.stack([image.distances for image in images]) if images else empty,
        np.array([image.scale for image in images], np.float32),
        tuple(image.zero_point for image in images),
    )


def bias_of_sums(problem: Problem, operands: Operands) -> Array | None:
    """The bias that sums begin with, if any: a scheme adds it to what it has made of them."""
    return None if dynamic_scheme(problem) else operands.bias


def made_by_scheme(problem: Problem, operands: Operands, sums: Array) -> Array:
    """What the scheme makes of sums that a problem is held to; the sums where it is held to none."""
    return made_float32(problem, operands, sums) if dynamic_scheme(problem) else sums


def made_float32(
    problem: Problem,
    operands: Operands,
    sums: Array,
    *,
    x_scales: Array | None = None,
    w_scales: tuple[float, ...] = (),
) -> Array:
    """The float32 numbers that a scheme makes of exact sums of integers, with the bias, as float64.

    The scales of images and of filters are the problem's own unless others are given.
    """
    scheme = dynamic_scheme(problem) or USUAL
    products = scheme.products if problem.groups == 1 else scheme.grouped
    if is_symmetric(problem):
        products = _by_the_product
    if x_scales is None:
        x_scales = quantised_input(problem, operands).scales
    channels = int(sums.shape[1 if problem.channels_first else -1])
    shape = (-1, *(1,) * len(problem.axes)) if problem.channels_first else (-1,)
    w = np.array((w_scales or problem.quantised.w_scales(channels))[:channels], np.float32).reshape(shape)
    bias = np.zeros(1, np.float32) if operands.bias is None else operands.bias.astype(np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        x = x_scales.reshape(-1, *(1,) * (sums.ndim - 1))
        made = products(sums.astype(np.float32), x, w) + bias.reshape(shape)
    return np.asarray(made, np.float64)


def lost_of_input(problem: Problem, operands: Operands, weigh: Callable[[Operands], Array]) -> Array:
    """How far an answer may lie from the real one as its input is quantised, by any of these schemes.

    A step of an image is at most max|x| / 127, that of a zero point of 0: with another it is less, the range
    with 0 / 255. Each number is off by half a step, and by four roundings in float32 of at most 255 steps;
    0, and so padding, is kept. `weigh` gives Σ|x||w| of operands.
    """
    sizes = np.abs(operands.input.astype(np.float64))
    axes = tuple(range(1, sizes.ndim))
    largest = np.broadcast_to(sizes.max(axis=axes, keepdims=True, initial=0.0), sizes.shape)
    return weigh(operands._replace(input=largest, bias=None)) * ((0.5 + STEPS_LOST) / MOST)
