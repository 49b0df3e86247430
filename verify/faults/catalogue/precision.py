"""Faults of precision, where less is held than a dtype promises, and of behaviour."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any

import numpy as np

from verify.cases.case import Case
from verify.cases.dtypes import FORMATS
from verify.cases.exactness import largest_sum
from verify.cases.geometry import Axis
from verify.cases.operands import Array, Operands
from verify.cases.operations import Role
from verify.cases.reads import read_cells
from verify.faults.fault import IMAGE, WINDOWED, Answer, Conduct, Inputs, answer_to, make_fault
from verify.faults.index_maps import Map, finished, right_maps, sums_by_maps
from verify.faults.summation import accumulator_of, forward, sums_in
from verify.oracle.problem import channels_last, problem_of
from verify.oracle.reference import linear

_BF16 = FORMATS["bfloat16"].dtype
_WIDER = {"float16": np.float32, "bfloat16": np.float32, "float32": np.float64, "float64": np.float32}


def in_tf32(values: Array) -> Array:
    """float32 rounded to nearest even at 10 bits of fraction, as tensor cores take it."""
    bits = np.ascontiguousarray(values).view(np.uint32)
    rounded = (bits + np.uint32(0xFFF) + (bits >> np.uint32(13) & np.uint32(1))) & np.uint32(0xFFFFE000)
    return np.where(np.isfinite(values), rounded.view(np.float32), values)


def _with_operands(narrowed: Callable[[Array], Array]) -> Inputs:
    """The input and its factor narrowed on the way in."""

    def operands(case: Case) -> Operands | None:
        right = case.operands
        x, factor = narrowed(right.input), narrowed(right.factor)
        if np.array_equal(x, right.input, equal_nan=True) and np.array_equal(factor, right.factor):
            return None
        return right._replace(input=x, factor=factor)

    return Inputs(operands)


def _through(dtype: Any) -> Callable[[Array], Array]:
    return lambda values: values.astype(dtype).astype(values.dtype)


def _accumulated_in(dtype: str) -> Answer:
    """Every partial sum rounded to a narrow dtype."""
    form = FORMATS[dtype]

    def answer(case: Case, right: Array) -> Array | None:
        if largest_sum(case) <= 2**form.precision:
            return None

        def narrow(products: Array) -> Array:
            return forward(products.astype(form.dtype)).astype(products.dtype)

        return finished(case, sums_in(case, narrow, kind=accumulator_of(case)))

    return Answer(answer)


def _in_single(case: Case, right: Array) -> Array | None:
    """Operands, sums and answer in float32."""
    arrays = case.operands._asdict().items()
    narrow = {name: array.astype(np.float32) for name, array in arrays if array is not None}
    answer = answer_to(problem_of(case), Operands(**narrow))
    return answer.astype(np.float32).astype(right.dtype)


def _off_by_one_unit(case: Case, right: Array) -> Array | None:
    """The last element that is a number is the next one above or below."""
    finite = np.flatnonzero(np.isfinite(right.astype(np.float64)))
    wrong = np.ascontiguousarray(right).copy()
    wrong.reshape(-1).view(f"i{wrong.dtype.itemsize}")[finite[-1:]] ^= 1
    return wrong if finite.size else None


def _one_dropped(case: Case, right: Array) -> Array | None:
    """The last element lacks one of its products, the first that meets no padding."""
    if case.pointwise is not None:
        weights = case.pointwise.copy()
        weights[..., 0, -1] = 0  # the first product of the second step, everywhere
        return answer_to(problem_of(case), case.operands._replace(pointwise=weights))
    if not right.size or (product := _last_product(case)) is None or not product:
        return None
    problem = problem_of(case)._replace(epilogue=())
    sums = linear(problem, case.operands._replace(bias=None), exact=True)
    sums = sums.astype(np.int64) if case.format.exact_integers else sums.copy()
    place = (-1, -1, *(-1,) * case.rank) if case.traits.answers_image else (*(-1,) * case.rank, -1, -1)
    sums[place] -= product
    return finished(case, sums)


def _last_product(case: Case) -> Any:
    """One product of the last element of an answer, or None where it has none but with padding."""
    maps = right_maps(case)
    axes = zip(maps, case.axes, strict=True)
    meetings = [_meeting(cells, axis, answer=case.traits.answer) for cells, axis in axes]
    if None in meetings:
        return None
    windows, taps = zip(*meetings, strict=True)
    cells = [met[place] for met, place in zip(maps, meetings, strict=True)]
    x, w = channels_last(case, case.input), case.operands.factor
    members, filters = case.channels // case.groups, case.filter_count // case.groups
    kind = int if case.format.exact_integers else float
    match case.traits.answer:
        case "source":
            first = case.filter_count - filters
            return kind(x[(-1, *windows, first)]) * kind(w[(*taps, -1, first)])
        case "filters":
            y = channels_last(case, w)
            return kind(x[(0, *cells, -1)]) * kind(y[(0, *windows, -1)]) if case.batch else None
        case "result" if case.traits.has_multiplier:
            return kind(x[(-1, *cells, -1)]) * kind(w[(*taps, -1, -1)])
        case "result":
            return kind(x[(-1, *cells, case.channels - members)]) * kind(w[(*taps, 0, -1)])


def _meeting(cells: Map, axis: Axis, *, answer: Role) -> tuple[int, ...] | None:
    """A window and a tap that meet a cell for the last element of an answer along an axis."""
    meets = cells == axis.size - 1 if answer == "source" else cells < axis.size
    if answer == "filters":
        meets[:, :-1] = False
    elif answer == "result":
        meets[:-1] = False
    places = np.argwhere(meets)
    return tuple(places[0].tolist()) if len(places) else None


def _saturated(case: Case, right: Array) -> Array | None:
    bounds = np.iinfo(case.dtype)
    sums = sums_by_maps(case, right_maps(case))
    clipped = np.clip(sums, bounds.min, bounds.max)
    return None if np.array_equal(clipped, sums) else finished(case, clipped)


def _unread_multiplied(case: Case, right: Array) -> Array | None:
    unread = ~read_cells(case)
    touched = (channels_last(case, case.input)[:, unread].astype(np.float64) * 0).sum()
    return right + right.dtype.type(touched) if np.isnan(touched) else None


def _without_nan(case: Case) -> Operands | None:
    is_nan = np.isnan(case.input)
    without = np.where(is_nan, case.dtype.type(0), case.input)
    return case.operands._replace(input=without) if is_nan.any() else None


def _writes(case: Case, right: Array) -> Array:
    if case.input.size:
        case.input.flat[0] = 0 if case.input.flat[0] != 0 else 1
    return right


_CALLS = count()


def _wavers(case: Case, right: Array) -> Array:
    """Every second answer has its last value one bit off."""
    if not right.size or next(_CALLS) % 2:
        return right
    wrong = np.ascontiguousarray(right).copy()
    wrong.view(np.uint8).reshape(-1)[-wrong.dtype.itemsize] ^= 1
    return wrong


_MEMORY: dict[str, Array] = {}
_REMEMBERED = 64


@np.errstate(over="ignore", invalid="ignore")
def _adds(case: Case, right: Array) -> Array:
    """Every answer to a case is added onto the one before it; the first finds zeros."""
    if len(_MEMORY) > _REMEMBERED:
        _MEMORY.clear()
    word = str(case)
    _MEMORY[word] = right + _MEMORY.get(word, right.dtype.type(0))
    return _MEMORY[word].copy()


def _batch_of_one(case: Case, right: Array) -> Array | None:
    return np.zeros((1, *right.shape[1:]), right.dtype) if not case.batch else None


fault = partial(make_fault, family="precision")
behaviour_fault = partial(make_fault, family="behaviour")

_EXACT = "fill not in ('reals',)"

PRECISION = (
    fault(
        name="operands-in-tf32",
        sentence="operands rounded to TF32",
        applies="dtype == 'float32'",
        word="conv_i1_k1_same_dyadic",
        change=_with_operands(in_tf32),
    ),
    fault(
        name="operands-in-bf16",
        sentence="operands rounded to bfloat16",
        applies="dtype == 'float32'",
        word="conv_i1_k1_same_dyadic",
        change=_with_operands(_through(_BF16)),
    ),
    fault(
        name="sums-in-f16",
        sentence="sums held in float16",
        applies="dtype in ('float32', 'float16')",
        word="conv_i1_k1_same_dyadic",
        change=_accumulated_in("float16"),
    ),
    fault(
        name="sums-in-bf16",
        sentence="sums held in bfloat16",
        applies="dtype in ('float32', 'bfloat16')",
        word="conv_i1_k1_same_dyadic",
        change=_accumulated_in("bfloat16"),
    ),
    fault(
        name="answer-in-bf16",
        sentence="the answer rounded to bfloat16",
        applies="dtype in ('float32', 'float64', 'float16')",
        word="conv_i1_k1_same_dyadic",
        change=Answer(lambda case, right: _through(_BF16)(right)),
    ),
    fault(
        name="f64-in-f32",
        sentence="float64 worked in float32",
        applies="dtype == 'float64'",
        word="conv_i1_k1_same_float64_dyadic",
        change=Answer(_in_single),
    ),
    fault(
        name="one-unit-off",
        sentence="one element off by one unit in the last place",
        applies=_EXACT,
        change=Answer(_off_by_one_unit),
    ),
    fault(
        name="one-product-dropped",
        sentence="one product of one element left out",
        applies=WINDOWED,
        change=Answer(_one_dropped),
    ),
    fault(
        name="integers-saturate",
        sentence="integers that stop at the ends of their type instead of wrapping",
        applies=f"dtype == 'int32' and {WINDOWED}",
        word="conv_i1_k1_same_int32_dyadic",
        change=Answer(_saturated),
    ),
)

BEHAVIOUR = (
    behaviour_fault(
        name="unread-cells-read",
        sentence="cells that no window reads are read, if only to be multiplied by zero",
        applies="fill == 'unread'",
        word="conv_i2_k1_s2_same_unread",
        change=Answer(_unread_multiplied),
    ),
    behaviour_fault(
        name="nan-to-zero",
        sentence="NaN in the input turned into 0",
        applies="fill == 'nonfinite'",
        word="conv_i1_k1_same_nonfinite1",
        change=Inputs(_without_nan),
    ),
    behaviour_fault(
        name="input-modified",
        sentence="the input changed in place",
        change=Conduct(_writes, lambda case, right: bool(case.input.size)),
        kinds=frozenset({"input modified"}),
    ),
    behaviour_fault(
        name="wavers",
        sentence="different bits now and then",
        change=Conduct(_wavers, lambda case, right: bool(right.size)),
        kinds=frozenset({"not repeatable"}),
    ),
    behaviour_fault(
        name="adds-onto-memory",
        sentence="answers added onto what stood in memory, the answer before",
        change=Conduct(
            _adds,
            lambda case, right: bool((np.isfinite(right) & (right != 0)).any()),
            is_known_by_kind=False,
        ),
        kinds=frozenset({"not repeatable"}),
    ),
    behaviour_fault(
        name="wrong-dtype",
        sentence="the answer in another dtype",
        change=Answer(lambda case, right: right.astype(_WIDER.get(right.dtype.name, np.int64))),
        kinds=frozenset({"dtype"}),
    ),
    behaviour_fault(
        name="empty-batch-answered",
        sentence="an empty batch answered as a batch of one",
        applies=f"batch == 0 and {IMAGE}",
        word="conv_n0_i1_k1_same_ones",
        change=Answer(_batch_of_one),
        kinds=frozenset({"shape"}),
    ),
)
