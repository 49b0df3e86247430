"""The table of fills: how each makes the operands of a case, and what it is for.

Numbers come from counters hashed with SplitMix64 (Steele, Lea and Flood, "Fast splittable
pseudorandom number generators", 2014), not from NumPy's Generator, whose streams may change between
versions: a word means the same arrays everywhere and in every version.
Arrays are made channels last and moved, so that both data formats of a case hold the same numbers.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from verify.cases import exactness, lecture
from verify.cases.dtypes import DTYPES
from verify.cases.exactness import Scale
from verify.cases.hashes import SLICE, Hashes, splitmix
from verify.cases.levels import levels
from verify.cases.misfits import BIAS, PARTS, arrays_of
from verify.cases.operands import Array, Operands
from verify.cases.pages import repeated
from verify.cases.periods import Groups, period_of
from verify.cases.quantised import as_integers
from verify.cases.reads import read_cells
from verify.cases.weights import OWN, kept

if TYPE_CHECKING:
    from verify.cases.case import Case

Values: TypeAlias = NDArray[np.float64] | NDArray[np.int64]

_STREAMS = {
    "input": (0, 0),
    "factor": (1, 0),
    "bias": (2, 0),
    "pointwise": (1, 4),
    "residual": (2, 4),
    "norm": (0, 4),
}
"""Operand → its sequence of hashes, of the three that a seed has, and the first of its streams in it."""

_LOW = np.uint64(2**32 - 1)


class Part(NamedTuple):
    """An operand to make, under its name in `Operands`, channels last; its numbers come flat.

    `largest` is the largest that its integers may be. An image has a batch before its spatial axes, and
    filters have two axes after theirs. `slab` says of which flat indices, where it is not all.
    """

    case: Case
    operand: str
    shape: tuple[int, ...]
    largest: int
    is_image: bool
    slab: range | None = None

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def places(self) -> range:
        """The flat indices of the numbers to make."""
        return range(self.size) if self.slab is None else self.slab

    @property
    def groups(self) -> Groups:
        """Its extents, those of its spatial axes as one group."""
        first, last = (1, 1) if self.is_image else (0, 2)
        before, spatial, after = self.shape[:first], self.shape[first:-last], self.shape[-last:]
        return (*((extent,) for extent in before), spatial, *((extent,) for extent in after))

    def hashes(self, start: int, stop: int, stream: int = 0) -> Hashes:
        """Those of the places start … stop−1, in a sequence of its own for each seed and operand."""
        return _hashes(self.case.seed, self.operand, start, stop, stream)


@dataclass(frozen=True)
class Fill:
    """One row of the table.

    `make` gives the numbers of an operand. `scale` says how large its integers may be; without one they
    are real numbers. `terms` counts the products of one sum that are not 0, at most.
    `judged_by` is the gate's property that draws it, and `chance` how often among a draw's choices: 0 is
    never. A fill that `is_finite` has neither NaN nor infinities. One that `needs_unread` cells is for
    operations that read windows, and shows nothing where these skip no cell. A quantised dtype may not have
    it, or it alone may. `refusal` is one sentence for a case that cannot have the fill for another reason.
    """

    name: str
    make: Callable[[Part], Values]
    scale: Callable[[Case], Scale] | None
    _: KW_ONLY
    terms: Callable[[Case], int] = lambda case: case.products
    judged_by: str = "values"
    chance: int = 2
    is_seeded: bool = False
    is_finite: bool = True
    needs_unread: bool = False
    has_quantised: bool = True
    needs_quantised: bool = False
    refusal: Callable[[Case], str | None] = lambda case: None

    @property
    def needs_floats(self) -> bool:
        """Whether no integer dtype can hold it."""
        return self.scale is None or not self.is_finite


def make_operands(case: Case) -> Operands:
    """The arrays of a case: new ones, always the same numbers."""
    if case.illegal:
        return _ones(case)
    make = case.fill_traits.make

    def made(part: Part) -> Array:
        """An operand; an image has a data format, and is made channels last."""
        values = make(part).reshape(part.shape)
        moved = np.moveaxis(values, -1, 1) if part.is_image and case.channels_first else values
        if case.format.is_quantised:
            return as_integers(moved, case, part.operand)
        is_kept = case.weights != OWN and part.operand == "factor"
        return kept(_cast(moved, case), case) if is_kept else _cast(moved, case)

    arrays = {part.operand: made(part) for part in parts_of(case)}
    if "norm" in case.epilogue:
        arrays |= {name: _cast(values, case) for name, values in _norm(case, case.output_channels).items()}
    made_all = Operands(**arrays)
    return repeated(case, made_all) if case.memory else made_all


def shapes_of(case: Case) -> list[tuple[str, tuple[int, ...], bool]]:
    """The operands that a fill makes of a case, each with its shape and whether it is an image."""
    traits = case.traits
    parts: list[tuple[str, tuple[int, ...], bool]] = [
        ("input", case.input_shape, True),
        ("factor", case.factor_shape, traits.factor == "result"),
    ]
    if "bias" in case.epilogue and traits.answer != "filters":
        parts.append(("bias", (case.output_channels,), False))
    if traits.has_pointwise:
        parts.append(("pointwise", case.pointwise_shape, False))
    if "residual" in case.epilogue:
        parts.append(("residual", case.output_shape, True))
    return parts


def bytes_of_operands(case: Case) -> int:
    """The bytes of the arrays of a case; they are made where that is not known from their shapes."""
    if case.illegal or case.format.is_quantised or "norm" in case.epilogue:
        return sum(part.nbytes for part in case.operands if part is not None)
    return case.dtype.itemsize * sum(math.prod(shape) for _, shape, _ in shapes_of(case))


def parts_of(case: Case) -> list[Part]:
    """The operands that a fill makes of a case, but for the parameters of a norm."""
    parts = shapes_of(case)
    scale = exactness.scale_of(case)
    return [
        Part(
            case,
            operand,
            case.channels_last(shape) if is_image else shape,
            scale.largest(operand) if scale else 0,
            is_image,
        )
        for operand, shape, is_image in parts
    ]


def _ones(case: Case) -> Operands:
    """The arrays of an illegal call, each in its own shape and dtype."""
    parts = [PARTS[letter] for letter in arrays_of(case)]
    shapes = zip(parts, case.array_shapes, strict=True)
    arrays = (np.ones(shape, case.dtype_of(part)) for part, shape in shapes)
    made = dict(zip(("input", "factor", "pointwise"), arrays, strict=False))
    if dtype := dict(case.given_dtypes).get(BIAS):
        made["bias"] = np.ones(case.output_channels, DTYPES[dtype].dtype)
    return Operands(**made)


def _norm(case: Case, channels: int) -> dict[str, Values]:
    """Means and offsets of −2 … 2, variances of ¼ … 2, scales of ±½, ±1 and ±2, for every fill."""
    bits = [_hashes(case.seed, "norm", 0, channels, stream) for stream in range(4)]
    sign = 1 - 2 * (bits[3] & np.uint64(1)).astype(np.int64)
    return {
        "mean": _integers(bits[0], 2),
        "variance": (4 + _integers(bits[1], 3) + (bits[3] >> np.uint64(1) & np.uint64(1))) / 4.0,
        "scale": np.ldexp(sign.astype(np.float64), _integers(bits[2], 1)),
        "offset": _integers(bits[3], 2),
    }


def _cast(values: Values, case: Case) -> Array:
    return values.astype(case.dtype, order="C")


def _hashes(seed: int, operand: str, start: int, stop: int, stream: int = 0) -> Hashes:
    """SplitMix64 of start+1 … stop: the hash of 0 is 0, so that counting begins with 1."""
    sequence, first_stream = _STREAMS[operand]
    first = ((3 * seed + sequence) << 40) + ((first_stream + stream) << 36) + 1
    return splitmix(first + start, stop - start)


def _of_hashes(part: Part, make: Callable[..., Values], *, streams: int = 1, kind: Any = np.int64) -> Values:
    """The numbers made from the hashes, computed in slices to save memory."""
    first, last = part.places.start, part.places.stop
    values = np.empty(last - first, dtype=kind)
    for start in range(first, last, SLICE):
        stop = min(start + SLICE, last)
        hashes = (part.hashes(start, stop, stream) for stream in range(streams))
        values[start - first : stop - first] = make(*hashes)
    return values


def _integers(bits: Hashes, largest: int) -> NDArray[np.int64]:
    """Integers from −largest to largest."""
    high = bits >> np.uint64(32)
    high *= np.uint64(2 * largest + 1)
    high >>= np.uint64(32)
    values = high.view(np.int64)
    values -= largest
    return values


def _iota(part: Part) -> Values:
    """1, 2, 3 … in order, starting again after a period that tells confused cells apart."""
    return _counted(part, whole=exactness.whole_of_iota(part.case).largest(part.operand))


def _coded(part: Part) -> Values:
    """1, 2, 3 … in order, each number once as far as the sums leave room for it."""
    return _counted(part, whole=part.largest)


def _counted(part: Part, *, whole: int) -> Values:
    period = period_of(part.groups, whole=min(whole, part.largest), most=part.largest)
    return np.arange(part.places.start, part.places.stop) % period + 1


def _ints(part: Part) -> Values:
    """Small integers of both signs, zero included."""
    return _of_hashes(part, lambda bits: _integers(bits, part.largest))


def _impulse(part: Part) -> Values:
    """A single 1 in the input, in a cell that the seed chooses; 1, 2, 3 … in the filters."""
    if part.operand != "input":
        return _coded(part)
    x = np.zeros(len(part.places))
    if x.size and (place := int(part.hashes(0, 1)[0]) % part.size) in part.places:
        x[place - part.places.start] = 1
    return x


def impulse_seed(case: Case, place: int) -> int:
    """The least seed that puts an impulse into one cell of the input, its flat index channels last."""
    size = math.prod(case.input_shape)
    return next(seed for seed in itertools.count() if int(_hashes(seed, "input", 0, 1)[0]) % size == place)


def _dyadic(part: Part) -> Values:
    """Wide odd integers against ±1 and ±2: their low bits reach the answer and are lost in a downcast.

    The input is wide for even seeds and the filters are for odd ones. For an integer dtype the wide ones span
    the type, and the answer wraps.
    """
    narrow = part.operand in ("pointwise", "input" if part.case.seed % 2 else "factor")
    halves, form = np.uint64((part.largest + 1) // 2), part.case.format
    one = np.uint64(1)

    def make(bits: Hashes) -> Values:
        sign = 1 - 2 * (bits & one).astype(np.int64)
        if narrow:
            return sign << (bits >> one & one).astype(np.int64)
        if form.exact_integers:
            lowest = 1 << form.precision - 1
            return (bits >> np.uint64(64 - form.precision)).astype(np.int64) - lowest | 1
        return sign * (2 * ((bits >> one) % halves).astype(np.int64) + 1)

    return _of_hashes(part, make)


def _reals(part: Part) -> Values:
    """Real numbers of three kinds, by seed modulo 3.

    0: near normal, the sum of four uniforms (Irwin and Hall); 1: the same over eight binades;
    2: all within 2 % of 1, the input's signs alternating so that sums cancel.
    They are made by exact operations alone, so that they do not depend on the libm.
    """
    kind = part.case.seed % 3

    def make(first: Hashes, second: Hashes, binades: Hashes) -> Values:
        halves = [half for bits in (first, second) for half in (bits >> np.uint64(32), bits & _LOW)]
        bell: Any = sum(np.ldexp(half.astype(np.float64) + 0.5, -31) for half in halves) - 4
        if kind == 1:
            bell = np.ldexp(bell, (binades & np.uint64(7)).astype(np.int64) - 6)
        return np.asarray(1 + bell / 256 if kind == 2 else bell)

    values = _of_hashes(part, make, streams=3, kind=np.float64)
    if kind == 2 and part.operand == "input":
        values[1 - part.places.start % 2 :: 2] *= -1
    return values


def _unread(part: Part) -> Values:
    """`ints`, with NaN and both infinities in the input cells that no window reads."""
    values = _ints(part)
    if part.operand != "input":
        return values
    poison = np.array([np.nan, np.inf, -np.inf])
    unread = ~read_cells(part.case)[np.newaxis, ..., np.newaxis]
    kinds = np.arange(values.size).reshape(part.shape) % 3
    return np.where(unread, poison[kinds], values.reshape(part.shape))


def _nonfinite(part: Part) -> Values:
    """`ints`, with a NaN, an infinity or a few of both in cells of the input that the seed chooses.

    The factor stays finite, so that padding, which is 0, adds 0 whether or not it is multiplied.
    """
    values = _ints(part)
    if part.operand != "input" or not values.size:
        return values
    spoiled = values.astype(np.float64)
    places = part.hashes(0, 3, stream=1)
    for kind, value in enumerate((np.inf, np.nan, -np.inf)):
        if part.case.seed % 4 in (kind, 3):
            spoiled[int(places[kind]) % spoiled.size] = value
    return spoiled


def shows_nothing(case: Case) -> bool:
    """Whether a case cannot show what its fill is for, such as `unread` if every cell is read."""
    return case.fill_traits.needs_unread and bool(read_cells(case).all())


_ROWS = (
    Fill("ones", lambda part: np.ones(len(part.places)), lambda case: Scale(1, 1, 1), chance=1),
    Fill("iota", _iota, exactness.of_iota, chance=1),
    Fill(
        "impulse",
        _impulse,
        exactness.of_impulse,
        terms=exactness.products_of_impulse,
        is_seeded=True,
        chance=1,
    ),
    Fill("ints", _ints, exactness.of_ints, is_seeded=True),
    Fill(
        "dyadic",
        _dyadic,
        exactness.of_dyadic,
        is_seeded=True,
        has_quantised=False,
        judged_by="precision",
        chance=3,
    ),
    Fill("coded", _coded, exactness.of_coded),
    Fill("reals", _reals, None, is_seeded=True, judged_by="rounding"),
    Fill("nonfinite", _nonfinite, exactness.of_ints, is_seeded=True, is_finite=False, judged_by="nonfinite"),
    Fill(
        "unread",
        _unread,
        exactness.of_ints,
        is_seeded=True,
        is_finite=False,
        needs_unread=True,
        judged_by="unread",
    ),
    Fill(
        "levels",
        lambda part: levels(part, _of_hashes),
        exactness.of_levels,
        is_seeded=True,
        needs_quantised=True,
        chance=3,
    ),
    Fill(
        "cs231n",
        lambda part: lecture.numbers(part.operand, part.case.size),
        lambda case: Scale(2, 1, 1),
        chance=0,
        has_quantised=False,
        refusal=lecture.refusal,
    ),
)

FILLS = {fill.name: fill for fill in _ROWS}
"""Name → fill, in the order in which they are drawn: the simple ones first."""
