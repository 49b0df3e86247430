"""The schemes by which kernels turn sums into steps of a quantised answer, executed as they are.

Each follows its source operation by operation, in integers or in float32, so that its answer is compared by
equality. Sums are int64 arrays, within 32 bits; scales are those of `verify.cases.quantised`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from verify.cases.operands import Array

ONE_BITS = 31
"""Bits of a fixed-point multiplier, which stands for ½ to 1."""

SHORT_BITS = 15
"""The same of sums of 48 bits."""

_LARGEST_SHORT = 2**SHORT_BITS - 1

LEAST_SHIFT = -31

BLOCK = 8
"""Channels that TensorFlow Lite's vectors hold."""

_INT32 = np.iinfo(np.int32)

FAR = 2.0**40
"""Beyond this an answer is clamped in any case."""


class Scales(NamedTuple):
    """The scales of input and answer, and of the filters an array that broadcasts to the sums."""

    x: float
    w: Array
    y: float

    @property
    def multiplier(self) -> Array:
        """x·w/y in float64."""
        return np.asarray(np.float64(self.x) * self.w.astype(np.float64) / np.float64(self.y))

    @property
    def channel(self) -> Array:
        """The number of each channel of the answer, in the shape of `w`."""
        return np.arange(self.w.size).reshape(self.w.shape)

    @property
    def with_product(self) -> Scales:
        """Scales whose multiplier is the quotient of a product x·w in float32.

        Source: `GetQuantizedConvolutionMultipler` in tensorflow/lite/kernels/kernel_util.cc.
        """
        with np.errstate(over="ignore", under="ignore"):
            return self._replace(x=1.0, w=np.float32(self.x) * self.w.astype(np.float32))


class Scheme(NamedTuple):
    """How sums become steps: `steps(sums, scales)`, before the zero point is added and the answer clamped.

    `end(bound, scale, zero_point)` is the step at which an activation that ends at `bound` is clamped.
    `is_of_32_bits` says whether it has no other sums than those of 32 bits.
    `akin` names the scheme that has the same roundings of a multiplier which is nearly the same: few numbers
    tell the two from each other.
    """

    name: str
    sentence: str
    steps: Callable[[Array, Scales], Array]
    end: Callable[[float, float, int], int]
    akin: str = ""
    is_of_32_bits: bool = False

    @property
    def family(self) -> str:
        """The scheme that it is akin to, or its own name: few numbers tell those of one family apart."""
        return self.akin or self.name


def quantised_multiplier(multiplier: Array) -> tuple[Array, Array]:
    """A multiplier as fixed-point numbers of 31 bits and shifts: multiplier ≈ q · 2**(shift − 31).

    Source: `QuantizeMultiplier` in tensorflow/lite/kernels/internal/quantization_util.cc.
    """
    fraction, exponent = np.frexp(multiplier)
    fixed = np.floor(fraction * 2.0**ONE_BITS + 0.5).astype(np.int64)
    is_one = fixed == 1 << ONE_BITS
    fixed, shift = np.where(is_one, fixed // 2, fixed), exponent.astype(np.int64) + is_one
    is_nothing = shift < LEAST_SHIFT
    return np.where(is_nothing, 0, fixed), np.where(is_nothing, 0, shift)


def high_half(left: Array, right: Array) -> Array:
    """Twice the upper 32 bits of a product, rounded to nearest, halves up.

    Source: `SaturatingRoundingDoublingHighMul` in gemmlowp/fixedpoint/fixedpoint.h, whose nudge and division
    toward zero do that, too, and Arm's SQRDMULH. The one product that saturates, of −2**31 by itself, has no
    multiplier here.
    """
    return np.asarray((left * right + (1 << (ONE_BITS - 1))) >> ONE_BITS)


def shifted_right(values: Array, count: Array, *, away: bool) -> Array:
    """Division by a power of two, rounded to nearest, halves `away` from zero or else up.

    Source: `RoundingDivideByPOT` in gemmlowp/fixedpoint/fixedpoint.h, and Arm's SRSHL, which rounds up.
    """
    one = np.int64(1)
    mask = (one << count) - 1
    threshold = (mask >> 1) + ((values < 0) if away else 0)
    return np.asarray((values >> count) + ((values & mask) > threshold))


def _left_shifted(sums: Array, shift: Array) -> Array:
    """Sums times a power of two, at the ends of 32 bits where C's product would overflow."""
    return np.clip(sums << np.maximum(shift, 0), _INT32.min, _INT32.max)


def _twice(sums: Array, scales: Scales, *, away: bool) -> Array:
    fixed, shift = quantised_multiplier(scales.multiplier)
    high = high_half(_left_shifted(sums, shift), fixed)
    return shifted_right(high, np.maximum(-shift, 0), away=away)


def twice(sums: Array, scales: Scales) -> Array:
    """In fixed point, rounded twice, halves up and then away from zero.

    Source: `MultiplyByQuantizedMultiplier` in tensorflow/lite/kernels/internal/common.cc.
    """
    return _twice(sums, scales, away=True)


def twice_up(sums: Array, scales: Scales) -> Array:
    """In fixed point, rounded twice, halves up.

    Source: ruy/kernel_avx512.cc, kernel_avx2_fma.cc and kernel_avx.cc in google/ruy.
    """
    return _twice(sums, scales, away=False)


def twice_by_blocks(sums: Array, scales: Scales) -> Array:
    """The second time halves up in blocks of channels, as vectors do, and away from zero in the rest.

    Source: tensorflow/lite/kernels/internal/optimized/integer_ops/depthwise_conv.h, where blocks go through
    `MultiplyByQuantizedMultiplier4Rows`, the rest through the function of one number.
    """
    in_blocks = scales.channel < scales.channel.size // BLOCK * BLOCK
    return np.where(in_blocks, twice_up(sums, scales), twice(sums, scales))


def once(sums: Array, scales: Scales) -> Array:
    """In fixed point, rounded once, halves up.

    Source: `MultiplyByQuantizedMultiplier` under TFLITE_SINGLE_ROUNDING, and ruy/apply_multiplier.cc.
    """
    product, count = in_fixed_point(sums, scales)
    return np.asarray((product + (np.int64(1) << (count - 1))) >> count)


def in_fixed_point(sums: Array, scales: Scales) -> tuple[Array, Array]:
    """The exact products of sums and multipliers of 31 bits, and the powers of two that divide them."""
    fixed, shift = quantised_multiplier(scales.multiplier)
    return np.clip(sums, _INT32.min, _INT32.max) * fixed, ONE_BITS - shift


def once_of_a_short(sums: Array, scales: Scales) -> Array:
    """A multiplier of 15 bits, of sums of 48 bits; rounded once, halves up.

    Source: `MultiplyByQuantizedMultiplier` of an int64_t in tensorflow/lite/kernels/internal/common.cc.
    """
    fixed, shift = quantised_multiplier(scales.multiplier)
    short = np.where(fixed < _LARGEST_SHORT << 16, (fixed + (1 << 15)) >> 16, _LARGEST_SHORT)
    total = SHORT_BITS - shift
    return np.asarray((sums * short + (np.int64(1) << (total - 1))) >> total)


def _of_a_product(steps: Callable[[Array, Scales], Array]) -> Callable[[Array, Scales], Array]:
    """A scheme whose multiplier has been rounded to float32 on its way."""
    return lambda sums, scales: steps(sums, scales.with_product)


def in_float32(sums: Array, scales: Scales) -> Array:
    """In float32, rounded once, halves to even.

    Source: XNNPACK's src/operators/convolution-nhwc.c and its qs8-qc8w kernels; ONNX Runtime's
    `MlasRequantizeOutput` in onnxruntime/core/mlas/lib/quantize.cpp.
    """
    return np.rint(product_in_float32(sums, scales)).astype(np.int64)


def product_in_float32(sums: Array, scales: Scales) -> Array:
    """Products of sums and scales, each rounded to float32, as float64 and far from its ends."""
    scale = np.float32(scales.x) * scales.w.astype(np.float32) / np.float32(scales.y)
    with np.errstate(over="ignore"):
        product = sums.astype(np.float32) * scale
    return np.clip(product.astype(np.float64), -FAR, FAR)


def divided_in_float32(sums: Array, scales: Scales) -> Array:
    """In float32, a number by the product x·w and then divided by y, rounded once, halves to even.

    Source: `MlasQuantizeLinear` in onnxruntime/core/mlas/lib/quantize.cpp, after a product of real numbers.
    """
    factor = np.float32(scales.x) * scales.w.astype(np.float32)
    with np.errstate(over="ignore", under="ignore"):
        quotient = sums.astype(np.float32) * factor / np.float32(scales.y)
    return np.rint(np.clip(quotient.astype(np.float64), -FAR, FAR)).astype(np.int64)


def _end_away(bound: float, scale: float, zero_point: int) -> int:
    """Source: `CalculateActivationRangeQuantized` in tensorflow/lite/kernels/kernel_util.cc."""
    step = min(float(np.float32(bound) / np.float32(scale)), FAR)
    return zero_point + int(np.floor(step + 0.5))


def _end_even(bound: float, scale: float, zero_point: int) -> int:
    """Source: `xnn_qs8_quantize` in XNNPACK's src/xnnpack/quantization.h."""
    with np.errstate(over="ignore"):
        step = np.float32(bound) / np.float32(scale) + np.float32(zero_point)
    return int(np.rint(np.clip(float(step), -FAR, FAR)))


_ROWS: tuple[Any, ...] = (
    Scheme(
        "fixed-twice",
        "a multiplier of 31 bits; rounded twice, halves up, then away from zero",
        twice,
        _end_away,
        is_of_32_bits=True,
    ),
    Scheme(
        "fixed-twice-up",
        "a multiplier of 31 bits; rounded twice, halves up",
        twice_up,
        _end_away,
        is_of_32_bits=True,
    ),
    Scheme(
        "fixed-twice-blocks",
        "a multiplier of 31 bits; rounded twice, in blocks of 8 channels as vectors do",
        twice_by_blocks,
        _end_away,
        is_of_32_bits=True,
    ),
    Scheme(
        "fixed-once",
        "a multiplier of 31 bits; rounded once, halves up",
        once,
        _end_away,
        is_of_32_bits=True,
    ),
    Scheme(
        "fixed-twice-product",
        "a multiplier of 31 bits of a product in float32; rounded twice, halves up, then away from zero",
        _of_a_product(twice),
        _end_away,
        akin="fixed-twice",
        is_of_32_bits=True,
    ),
    Scheme(
        "fixed-twice-up-product",
        "a multiplier of 31 bits of a product in float32; rounded twice, halves up",
        _of_a_product(twice_up),
        _end_away,
        akin="fixed-twice-up",
        is_of_32_bits=True,
    ),
    Scheme(
        "fixed-once-product",
        "a multiplier of 31 bits of a product in float32; rounded once, halves up",
        _of_a_product(once),
        _end_away,
        akin="fixed-once",
        is_of_32_bits=True,
    ),
    Scheme(
        "short-once",
        "a multiplier of 15 bits; rounded once, halves up",
        once_of_a_short,
        _end_away,
        akin="fixed-once",
    ),
    Scheme("float32", "sums and scales in float32; rounded once, halves to even", in_float32, _end_even),
    Scheme(
        "float32-divided",
        "sums by the product of two scales and divided by the third in float32; rounded once, halves to even",
        divided_in_float32,
        _end_even,
        akin="float32",
    ),
)

SCHEMES: Mapping[str, Scheme] = MappingProxyType({scheme.name: scheme for scheme in _ROWS})
"""Name → scheme: what a subject may declare."""

TOLD_APART: tuple[str, ...] = tuple(name for name, scheme in SCHEMES.items() if not scheme.akin)
"""The names of schemes of which some numbers in many tell each from all others."""
