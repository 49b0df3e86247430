"""How a case makes its operands, and whether sums over them are exact in every order.

Numbers come from counters hashed with SplitMix64 (Steele, Lea and Flood, "Fast splittable
pseudorandom number generators", 2014), not from NumPy's Generator, whose streams may change between
versions: a word means the same arrays everywhere, for ever.
Arrays are made channels last and moved, so that both data formats of a case hold the same numbers.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from verify.cases.case import Array, Case, Operands, provide_operands
from verify.cases.geometry import Axis
from verify.cases.word import kind_of, slope_of

Values = NDArray[np.float64] | NDArray[np.int64]

_INPUT, _FACTOR, _BIAS, _POINTWISE, _RESIDUAL, _NORM = range(6)

_SHARES = {_POINTWISE: _FACTOR, _RESIDUAL: _BIAS, _NORM: _INPUT}
"""Operands whose hashes are later streams of another's: a seed has three sequences."""

SLICE = 2**16
"""Hashes worked at a time."""


class Scale(NamedTuple):
    """How large the integers of an exact fill may be, at most.

    `factor` is for the filters, or the cotangent of a filtergrad; `bias` for the residual as well.
    """

    input: int
    factor: int
    bias: int
    pointwise: int = 1


def exact_limit(case: Case) -> int:
    """The sum of magnitudes up to which integer data gives one answer in every order.

    Sums of integers are exact in the accumulator below 2**precision. A narrower dtype rounds them
    once, at the end; where it stores them before another step, they must be exact in the dtype
    itself. float16 also overflows above 65504.
    """
    form = case.format
    if form.exact_integers:
        return 2**31 - 1
    is_stored = case.operation == "separable" or any(kind_of(s) not in _ONE_ROUNDING for s in case.epilogue)
    if form.accumulator == form.token or is_stored:
        return 1 << form.precision
    return 2**15 if form.token == "f16" else 2**24


_ONE_ROUNDING = ("relu", "relu6", "leaky")
"""Steps that may be taken before or after the rounding to the dtype."""


def scale_of(case: Case) -> Scale | None:
    """The largest integers of an exact fill, or None for a fill of real numbers."""
    widest = exact_limit(case)
    operand = widest if case.format.exact_integers else 2**case.format.precision
    n = case.products
    factors = 3 if case.operation == "separable" else 2
    # Room for a bias, and for a residual where there is one.
    addends = 1 + ("residual" in case.epilogue)
    fitting = max(1, _root(widest // (n + addends), factors))
    match case.fill:
        case "ones":
            return Scale(1, 1, 1)
        case "cs231n":
            return Scale(2, 1, 1)
        case "iota":
            # Periods that blocks of channels do not divide, where the sums leave room for them.
            largest = next(period for period in (13, 11, 7, 5, 3, 2, 1) if period <= fitting)
            return Scale(largest, largest, largest, largest)
        case "coded":
            taps = max(min(fitting, math.prod(case.factor_shape)), 1)
            cells = max(1, widest // ((n + 2) * taps ** (factors - 1)))
            cells = min(cells, math.prod(case.input_shape), operand)
            return Scale(max(cells, 1), taps, max(1, min(cells * taps, case.output_channels)), taps)
        case "ints" | "unread" | "nonfinite":
            largest = min(9, fitting)
            return Scale(largest, largest, largest, largest)
        case "impulse" if case.operation == "separable":
            largest = max(1, min(operand // 2, math.isqrt(widest // (case.multiplier + 2))))
            return Scale(1, largest, largest, largest)
        case "impulse":
            largest = max(1, min(operand // 2, widest // (_met(case) + addends)) - 1)
            return Scale(1, largest, largest)
        case "dyadic":
            largest = max(1, min(operand - 1, widest // (4 * max(n, 1) * (factors - 1))))
            wide, narrow = (largest, 2) if case.seed % 2 == 0 else (2, largest)
            return Scale(wide, narrow, largest, 2)
    return None


def _met(case: Case) -> int:
    """Products that are not 0 in one sum, at most.

    An `impulse` has one, before the multipliers of a `separable` are summed; but the gradient of a bias
    adds up the cotangent, whatever the input.
    """
    is_sum = case.operation == "filtergrad" and "bias" in case.epilogue
    if case.fill != "impulse" or is_sum:
        return case.products
    return case.multiplier if case.operation == "separable" else 1


def _root(number: int, degree: int) -> int:
    """The integer root, of degree 2 or 3."""
    if degree == 2:
        return math.isqrt(number)
    root: int = round(float(number) ** (1 / 3))
    return root - int(root**3 > number)


def promises_exactness(case: Case) -> bool:
    """Whether every order of summation gives this case's answer, bit for bit.

    True where the sums are exact and so is every step that follows them.
    """
    return promises_exact_sums(case) and all(map(is_exact, case.epilogue))


def is_exact(step: str) -> bool:
    """Whether a step of the epilogue gives integers (or their halves, quarters …) without rounding."""
    if kind_of(step) == "leaky":
        return math.frexp(slope_of(step))[0] == 0.5 and slope_of(step) >= 2.0**-4
    return step in ("bias", "residual", "relu", "relu6")


def promises_exact_sums(case: Case) -> bool:
    """Whether the convolution with its bias and its residual is exact in every order.

    True where the products, the bias and the residual, taken at their largest, add up to less than
    the limit; always for integers, whose sums wrap; never for `reals`.
    """
    if case.format.exact_integers:
        return True
    scale = scale_of(case)
    if scale is None:
        return False
    addends = ("bias" in case.epilogue) + ("residual" in case.epilogue)
    return largest_sum(case) + addends * scale.bias <= exact_limit(case)


def largest_sum(case: Case) -> float:
    """The products of one element, all integers, add up to so much at most; infinite for real numbers."""
    scale = scale_of(case)
    if scale is None:
        return math.inf
    pointwise = scale.pointwise if case.operation == "separable" else 1
    return float(_met(case) * scale.input * scale.factor * pointwise)


@provide_operands
def operands(case: Case) -> Operands:
    """The arrays of a case: new ones, always the same numbers."""
    if case.illegal:
        return _only_ones(case)
    given = {"input": _made(case, _INPUT, case.input_shape, is_image=True)}
    is_gradient = case.operation == "filtergrad"
    given["factor"] = _made(case, _FACTOR, case.factor_shape, is_image=is_gradient)
    channels = (case.output_channels,)
    if "bias" in case.epilogue and not is_gradient:
        given["bias"] = _made(case, _BIAS, channels)
    if case.operation == "separable":
        given["pointwise"] = _made(case, _POINTWISE, _pointwise_shape(case))
    if "residual" in case.epilogue:
        given["residual"] = _made(case, _RESIDUAL, case.output_shape, is_image=True)
    if "norm" in case.epilogue:
        given |= {name: _cast(values, case) for name, values in _norm(case, *channels).items()}
    return Operands(**given)


def _only_ones(case: Case) -> Operands:
    """What an illegal call is given."""
    shapes = {"input": case.input_shape, "factor": case.filter_shape}
    if case.operation == "separable":
        shapes["pointwise"] = _pointwise_shape(case)
    return Operands(**{name: np.ones(shape, case.dtype) for name, shape in shapes.items()})


def _pointwise_shape(case: Case) -> tuple[int, ...]:
    """(1, …, channels · multiplier, filters)."""
    return (*(1,) * case.rank, case.channels * case.multiplier, case.filter_count)


def _made(case: Case, operand: int, shape: tuple[int, ...], *, is_image: bool = False) -> Array:
    """An operand; an image has a data format, and is made channels last."""
    if not (is_image and case.channels_first):
        return _cast(_MAKERS[case.fill](case, operand, shape), case)
    last = (shape[0], *shape[2:], shape[1])
    return _cast(np.moveaxis(_MAKERS[case.fill](case, operand, last), -1, 1), case)


def _norm(case: Case, channels: int) -> dict[str, Values]:
    """Means and offsets of −2 … 2, variances of ¼ … 2, scales of ±½, ±1 and ±2, whatever the fill."""
    bits = [_bits(case, _NORM, 0, channels, stream) for stream in range(4)]
    sign = 1 - 2 * (bits[3] & np.uint64(1)).astype(np.int64)
    return {
        "mean": _integers(bits[0], 2),
        "variance": (4 + _integers(bits[1], 3) + (bits[3] >> np.uint64(1) & np.uint64(1))) / 4.0,
        "scale": np.ldexp(sign.astype(np.float64), _integers(bits[2], 1)),
        "offset": _integers(bits[3], 2),
    }


def _cast(values: Values, case: Case) -> Array:
    return values.astype(case.dtype, order="C")


def _hashed(
    case: Case, operand: int, shape: tuple[int, ...], make: Callable[[NDArray[np.uint64]], Values]
) -> Values:
    """What is made of a hash for each place, worked in slices so that memory stays near the answer's."""
    count = math.prod(shape)
    values = np.empty(count, dtype=np.int64)
    for start in range(0, count, SLICE):
        stop = min(start + SLICE, count)
        values[start:stop] = make(_bits(case, operand, start, stop))
    return values.reshape(shape)


def _bits(case: Case, operand: int, start: int, stop: int, stream: int = 0) -> NDArray[np.uint64]:
    """SplitMix64 of start+1 … stop, in a sequence of its own for each seed, operand and stream.

    The hash of 0 is 0, so that counting begins with 1.
    """
    if operand in _SHARES:
        operand, stream = _SHARES[operand], stream + 4
    return _hash(case.seed, operand, start, stop, stream)


def _hash(seed: int, operand: int, start: int, stop: int, stream: int = 0) -> NDArray[np.uint64]:
    first = (((3 * seed + operand) << 40) + (stream << 36) + 1) & (2**64 - 1)
    z = (np.arange(start, stop, dtype=np.uint64) + np.uint64(first)) * np.uint64(0x9E3779B97F4A7C15)
    z ^= z >> np.uint64(30)
    z *= np.uint64(0xBF58476D1CE4E5B9)
    z ^= z >> np.uint64(27)
    z *= np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return z


def _integers(bits: NDArray[np.uint64], largest: int) -> NDArray[np.int64]:
    """Integers from −largest to largest."""
    return ((bits >> np.uint64(32)) * np.uint64(2 * largest + 1) >> np.uint64(32)).astype(np.int64) - largest


def _largest(case: Case, operand: int) -> int:
    scale = scale_of(case)
    assert scale is not None
    return scale[_BIAS if operand == _RESIDUAL else operand]


def _ones(case: Case, operand: int, shape: tuple[int, ...]) -> Values:
    return np.ones(shape)


def _iota(case: Case, operand: int, shape: tuple[int, ...]) -> Values:
    """1, 2, 3 … in order, starting again after the largest; so is `coded`, whose largest is far off."""
    return (np.arange(math.prod(shape)) % _largest(case, operand) + 1).reshape(shape)


def _ints(case: Case, operand: int, shape: tuple[int, ...]) -> Values:
    """Small integers of both signs, zero included."""
    largest = _largest(case, operand)
    return _hashed(case, operand, shape, lambda bits: _integers(bits, largest))


def _impulse(case: Case, operand: int, shape: tuple[int, ...]) -> Values:
    """A single 1 in the input, in a cell that the seed chooses; 1, 2, 3 … in the filters."""
    if operand != _INPUT:
        return _iota(case, operand, shape)
    x = np.zeros(math.prod(shape))
    if x.size:
        x[int(_bits(case, operand, 0, 1)[0]) % x.size] = 1
    return x.reshape(shape)


def impulse_seed(case: Case, place: int) -> int:
    """The least seed that puts an impulse into one cell of the input, its flat index channels last."""
    size = math.prod(case.input_shape)
    return next(seed for seed in itertools.count() if int(_hash(seed, _INPUT, 0, 1)[0]) % size == place)


def _dyadic(case: Case, operand: int, shape: tuple[int, ...]) -> Values:
    """Wide odd integers against ±1 and ±2: their low bits reach the answer and die in a downcast.

    The input is wide for even seeds and the filters are for odd ones. In i32 the wide ones span
    the type, and the answer wraps.
    """
    narrow = operand in (_POINTWISE, _INPUT if case.seed % 2 else _FACTOR)
    halves = np.uint64((_largest(case, operand) + 1) // 2)
    one = np.uint64(1)

    def make(bits: NDArray[np.uint64]) -> Values:
        sign = 1 - 2 * (bits & one).astype(np.int64)
        if narrow:
            return sign << (bits >> one & one).astype(np.int64)
        if case.format.exact_integers:
            return (bits >> np.uint64(32)).astype(np.int64) - 2**31 | 1
        return sign * (2 * ((bits >> one) % halves).astype(np.int64) + 1)

    return _hashed(case, operand, shape, make)


def _reals(case: Case, operand: int, shape: tuple[int, ...]) -> Values:
    """Real numbers of three kinds, by seed modulo 3.

    0: near normal, the sum of four uniforms (Irwin and Hall); 1: the same over eight binades;
    2: all within 2 % of 1, the input's signs alternating so that sums cancel.
    Only exact operations make them, so that no libm can change them.
    """
    count, kind = math.prod(shape), case.seed % 3
    values = np.empty(count)
    for start in range(0, count, SLICE):
        part = slice(start, min(start + SLICE, count))
        streams = [_bits(case, operand, part.start, part.stop, stream) for stream in range(3)]
        low = np.uint64(2**32 - 1)
        halves = [half for bits in streams[:2] for half in (bits >> np.uint64(32), bits & low)]
        bell = sum(np.ldexp(half.astype(np.float64) + 0.5, -31) for half in halves) - 4
        if kind == 1:
            bell = np.ldexp(bell, (streams[2] & np.uint64(7)).astype(np.int64) - 6)
        values[part] = 1 + bell / 256 if kind == 2 else bell
    if kind == 2 and operand == _INPUT:
        values[1::2] *= -1
    return values.reshape(shape)


def _unread(case: Case, operand: int, shape: tuple[int, ...]) -> Values:
    """`ints`, with NaN and both infinities in the input cells that no window reads."""
    values = _ints(case, operand, shape)
    if operand != _INPUT:
        return values
    poison = np.array([np.nan, np.inf, -np.inf])
    unread = ~read_cells(case)[np.newaxis, ..., np.newaxis]
    kinds = np.arange(values.size).reshape(shape) % 3
    return np.where(unread, poison[kinds], values)


def _nonfinite(case: Case, operand: int, shape: tuple[int, ...]) -> Values:
    """`ints`, with a NaN, an infinity or a few of both in cells of the input that the seed chooses.

    The factor stays finite, so that padding, which is 0, adds 0 whether or not it is multiplied.
    """
    values = _ints(case, operand, shape)
    if operand != _INPUT or not values.size:
        return values
    spoilt = values.astype(np.float64).reshape(-1)
    places, kinds = _bits(case, operand, 0, 3, stream=1), case.seed % 4
    for place, value in zip(places, (np.inf, np.nan, -np.inf), strict=True):
        if kinds == 3 or np.array_equal(value, (np.inf, np.nan, -np.inf)[kinds], equal_nan=True):
            spoilt[int(place) % spoilt.size] = value
    return spoilt.reshape(shape)


def shows_nothing(case: Case) -> bool:
    """Whether a case cannot show what its fill is for: `unread` where every cell is read."""
    return case.fill == "unread" and bool(read_cells(case).all())


def read_cells(case: Case) -> NDArray[np.bool_]:
    """For each spatial cell of the input, whether any window reads it; shape `case.size`."""
    read = np.ones((), dtype=bool)
    for axis in case.axes:
        read = np.logical_and.outer(read, _read_along(axis))
    return read


def _read_along(axis: Axis) -> NDArray[np.bool_]:
    padded = np.zeros(axis.padded, dtype=bool)
    reach = (axis.out - 1) * axis.stride + 1
    if axis.kernel <= axis.out:
        for tap in range(0, axis.span, axis.dilation):
            padded[tap : tap + reach : axis.stride] = True
    else:
        for first in range(0, axis.out * axis.stride, axis.stride):
            padded[first : first + axis.span : axis.dilation] = True
    return padded[axis.before : axis.before + axis.size]


def _lecture(case: Case, operand: int, shape: tuple[int, ...]) -> Values:
    """The worked example of the convolution notes of Stanford's CS231n, its zero border included."""
    return _LECTURE[operand]


def _planes(*planes: str) -> NDArray[np.int64]:
    """Square planes of digits, each written row by row, a digit with its sign."""
    digits = [[int(digit) for digit in re.findall("-?[0-9]", plane)] for plane in planes]
    side = math.isqrt(len(digits[0]))
    return np.array(digits).reshape(len(planes), side, side)


_LECTURE = (
    np.pad(
        _planes(
            "01010 21012 02001 20100 00122",
            "10011 02211 21210 21122 12022",
            "21111 22121 11022 21220 12200",
        ),
        ((0, 0), (1, 1), (1, 1)),
    ).transpose(1, 2, 0)[np.newaxis],
    np.stack(
        [
            _planes("0 0 1 -1 1 1 0 1 0", "1 1 1 0 1 1 0 1 0", "-1 0 0 -1 1 1 0 -1 0"),
            _planes("0 0 0 1 1 -1 -1 1 1", "0 1 -1 1 1 -1 -1 1 -1", "1 1 0 -1 -1 0 0 -1 1"),
        ]
    ).transpose(2, 3, 1, 0),
    np.array([1, 0]),
)

_MAKERS: dict[str, Callable[[Case, int, tuple[int, ...]], Values]] = {
    "ones": _ones,
    "iota": _iota,
    "coded": _iota,
    "impulse": _impulse,
    "ints": _ints,
    "dyadic": _dyadic,
    "reals": _reals,
    "unread": _unread,
    "nonfinite": _nonfinite,
    "cs231n": _lecture,
}
