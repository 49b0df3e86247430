"""The strategy that draws calls that must be refused: a small legal case, with one thing wrong."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from operator import itemgetter
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from verify.cases.case import Case
from verify.cases.domain import Domain, Space
from verify.cases.dtypes import FORMATS, QUANTISED
from verify.cases.misfits import BIAS, LETTERS, arrays_of, asked_of
from verify.cases.modes import ZEROS, most_cells
from verify.cases.operations import OPERATIONS
from verify.cases.quantised import FILTERS
from verify.cases.simplify import with_number
from verify.cases.word import InvalidCase

from .cases import DTYPES, cases_by_way

ILLEGAL_OPERATIONS = tuple(OPERATIONS)
SMALL_LIMITS = {"max_side": 5, "max_kernel": 3, "max_channels": 3, "max_batch": 2}


def illegal_cases(
    *, operations: Sequence[str] = ILLEGAL_OPERATIONS, **narrowings: Any
) -> SearchStrategy[Case]:
    """Calls that a subject must refuse, by raising an error.

    One of: a stride or a dilation below 1, negative explicit padding, a window that no padded input holds,
    also in numbers that 32 bits cannot hold; more padding than its mode can repeat; channels or filters that
    do not divide into groups, or are none; an operand of another rank, or of another dtype than the others;
    of a quantised call a scale that is no normal number above 0, more scales than channels, a zero point
    outside its dtype, a bias of another; a cotangent of a gradient that no forward convolution answers, or
    sizes that it is asked for and that fit none. No documentation demands that sums of nothing are refused:
    no kernel is without cells, and no gradient without images or cells. `operations` and the other
    `narrowings` of `cases` are those of the legal cases that these come from.
    Shrinks towards a stride of 0. Raises ValueError for choices that leave no call.
    """
    for operation in operations:
        if operation not in ILLEGAL_OPERATIONS:
            choice = ", ".join(ILLEGAL_OPERATIONS)
            raise ValueError(f"no illegal call of {operation!r} is drawn; choose from {choice}")
    modes = tuple(narrowings.get("padding_modes") or (ZEROS,))
    domain = Domain(spaces=dict.fromkeys(OPERATIONS, Space(padding_modes=modes)))
    return illegal_cases_by_way({"": domain}, operations=operations, **narrowings).map(itemgetter(1))


def illegal_cases_by_way(
    domains: Mapping[str, Domain], *, operations: Sequence[str], **narrowings: Any
) -> SearchStrategy[tuple[str, Case]]:
    """Pairs of a way and a call that it must refuse, whose legal relatives are in the way's domain.

    Quantised ones are drawn where a way has their dtypes. None is aimed at a region: hardly any has cases
    that are so small, and each would be looked through for one.
    """
    small = {name: min(most, narrowings.get(name) or most) for name, most in SMALL_LIMITS.items()}
    dtypes = narrowings.get("dtypes") or (*DTYPES, *QUANTISED)
    plain = {"operations": operations, "fills": ("ones",), "around": (), "views": (), "dtypes": dtypes}
    legal = cases_by_way(domains, is_aimed=False, **{**narrowings, **small, **plain})

    def is_asked(drawn: tuple[str, Case | None]) -> bool:
        way, case = drawn
        return case is not None and _sums(case) and domains[way].holds(case)

    return _spoilt(legal).filter(is_asked)  # type: ignore[return-value]


def _sums(case: Case) -> bool:
    """Whether there is anything to add, or it is no gradient."""
    if case.traits.answer == "result":
        return True
    cells = case.result_shape if case.filter_count else ()
    return 0 not in (case.batch, *case.size, *case.given_out, *cells)


@st.composite
def _spoilt(draw: DrawFn, legal: SearchStrategy[tuple[str, Case]]) -> tuple[str, Case | None]:
    way, base = draw(legal)
    axis = draw(st.integers(0, base.rank - 1))
    number = draw(st.sampled_from([0, -1, -2]))
    wrongs = _wrongs(base, axis, number)
    wrong = wrongs[draw(st.sampled_from(list(wrongs)))]
    try:
        return way, replace(base, illegal=True, **wrong)
    except InvalidCase:  # what is given fits other numbers
        return way, None


def _wrongs(base: Case, axis: int, number: int) -> dict[str, dict[str, Any]]:
    """For each way in which a case can be wrong, the fields that make it so."""
    cells = {0: (0, -1), -1: (-1, 0), -2: (2, -1)}[number]
    taps = base.size[axis] + base.strides[axis] + 1 - number
    wrongs: dict[str, dict[str, Any]] = {
        "stride": {"strides": with_number(base.strides, axis, number)},
        "dilation": {"dilations": with_number(base.dilations, axis, number)},
        "padding": {"padding": with_number(((0, 0),) * base.rank, axis, cells)},
        "extent": {"padding": "VALID", "kernel": with_number(base.kernel, axis, taps)},
    }
    if (most := most_cells(base.padding_mode, base.size[axis])) is not None:
        ends = {0: (0, most + 1), -1: (most + 1, 0), -2: (most + 2, most + 1)}[number]
        wrongs["repeated"] = {"padding": with_number(((0, 0),) * base.rank, axis, ends)}
    if base.traits.has_groups:
        wrongs["channels"] = {"channels": 5, "groups": 2, "filter_count": 2}
        wrongs["filters"] = {"channels": 4, "groups": 2, "filter_count": 3}
    wrongs["rank"] = {"kernel": (*base.kernel, 1) if base.rank < 3 else base.kernel[:-1]}
    is_gradient = base.traits.answer != "result"
    if is_gradient:
        out = tuple(along.out for along in base.axes)
        other = out[axis] - 1 if number == 0 and out[axis] > 0 else out[axis] + 1 - number
        wrongs["out"] = {"given_out": with_number(out, axis, other)}
    wrongs |= {**_none_of(base, number), **_large(base, axis, number), **_given(base, number)}
    for wrong in wrongs.values():
        if wrong.get("padding") == "VALID":
            wrong["padding_mode"] = ZEROS  # as it has no padding
    return wrongs


def _none_of(base: Case, number: int) -> dict[str, dict[str, Any]]:
    """A count of 0, or of groups below it."""
    out = {"given_out": tuple(along.out for along in base.axes)} if base.traits.answer != "result" else {}
    wrongs: dict[str, dict[str, Any]] = {"no channels": {"channels": 0, "groups": 1, **out}}
    if base.traits.has_multiplier:
        wrongs["no multiplier"] = {"multiplier": 0}
    if base.traits.has_filters:
        wrongs["no filters"] = {"filter_count": 0, "groups": 1, **out}
    if base.traits.has_groups:
        wrongs["groups"] = {"groups": number}
    return wrongs


def _large(base: Case, axis: int, number: int) -> dict[str, dict[str, Any]]:
    """Numbers at the ends of integers of 32 bits, and kernels that are no longer small."""
    most = {0: 2**31 - 1, -1: 2**31, -2: 2**32}[number]
    kernel = with_number(base.kernel, axis, max(base.kernel[axis], 2))
    taps = {0: 65, -1: 257, -2: 1025}[number]
    return {
        "large stride": {"strides": with_number(base.strides, axis, -most)},
        "large dilation": {
            "padding": "VALID",
            "kernel": kernel,
            "dilations": with_number(base.dilations, axis, most if number else 2**16),
        },
        "large padding": {"padding": with_number(((0, 0),) * base.rank, axis, (-most, 0))},
        "large kernel": {"padding": "VALID", "kernel": with_number(base.kernel, axis, taps)},
    }


def _given(base: Case, number: int) -> dict[str, dict[str, Any]]:
    """Operands, or the sizes that a gradient is asked for, of another shape or dtype than its numbers'."""
    traits = base.traits
    shapes = {LETTERS[traits.input]: base.input_shape, LETTERS[traits.factor]: base.factor_shape}
    if traits.has_pointwise:
        shapes["v"] = base.pointwise_shape
    if asked := asked_of(base):
        shapes[asked] = base.output_shape
    axes = {
        f"axes of {letter}": {"given_shapes": {letter: {0: shape[1:], -1: (1, *shape), -2: ()}[number]}}
        for letter, shape in shapes.items()
    }
    places = {0: 0, -1: 1, -2: -1}
    wrongs: dict[str, dict[str, Any]] = {**axes}
    for letter in [asked] if asked else ():
        place, shape = places[number], shapes[letter]
        for name, extent in (("more", shape[place] + 1), ("many", 2**31), ("fewer than none", -1)):
            changed = list(shape)
            changed[place] = extent
            wrongs[f"{name} of {letter}"] = {"given_shapes": {letter: changed}}
    others = [token for token in FORMATS if token != base.format.token]
    for letter in arrays_of(base)[1:]:
        wrongs[f"dtype of {letter}"] = {"given_dtypes": {letter: others[number]}}
    return {**wrongs, **_unscaled(base, number)} if base.format.is_quantised else wrongs


_NO_SCALES = {0: (0.0, math.nan), -1: (-1.0, math.inf), -2: (1e-40, -1e-40)}


def _unscaled(base: Case, number: int) -> dict[str, dict[str, Any]]:
    """Scales that are no normal numbers above 0 or too many, zero points outside, a bias of another dtype."""
    quantised, token = base.quantised, base.format.token
    changes: dict[str, dict[str, Any]] = {}
    for name in ("x_scale", "w_scale", "y_scale"):
        for scale in _NO_SCALES[number]:
            changes[f"{name} {scale}"] = {name: (scale,) if name == "w_scale" else scale}
    for name in ("x_zero_point", "w_zero_point", "y_zero_point"):
        form = QUANTISED[FILTERS[token] if name == "w_zero_point" else token]
        changes[name] = {name: form.least - 1 if number == -1 else int(form.largest) + 1 - number}
    more = base.output_channels + 1
    changes["scales"] = {"w_scale": (quantised.w_scale * more)[:more]}
    bias = {"epilogue": ("bias",), "given_dtypes": {BIAS: ("float32", "int16", "int8")[number]}}
    return {
        **{name: {"quantised": quantised._replace(**change)} for name, change in changes.items()},
        "dtype of bias": bias,
    }
