"""The strategy that draws calls that must be refused: a small legal case, with one thing wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from operator import itemgetter
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from verify.cases.case import Case
from verify.cases.domain import Domain
from verify.cases.operations import OPERATIONS

from .cases import cases_by_way

ILLEGAL_OPERATIONS = tuple(name for name, traits in OPERATIONS.items() if traits.has_illegal_calls)
SMALL_LIMITS = {"max_side": 5, "max_kernel": 3, "max_channels": 3, "max_batch": 2}


def illegal_cases(
    *, operations: Sequence[str] = ILLEGAL_OPERATIONS, **narrowings: Any
) -> SearchStrategy[Case]:
    """Calls that a subject must refuse, by raising an error.

    One of: a stride or a dilation below 1, negative explicit padding, a window that no padded input holds,
    channels or filters that do not divide into groups, filters of another rank, an input of a transpose that
    no forward convolution answers. No documentation demands that sums of nothing are refused: no kernel is
    without cells, and no transpose without images or cells. `operations` and the other `narrowings` of
    `cases` are those of the legal cases that these come from.
    Shrinks towards a stride of 0. Raises ValueError for choices that leave no call.
    """
    for operation in operations:
        if operation not in ILLEGAL_OPERATIONS:
            choice = ", ".join(ILLEGAL_OPERATIONS)
            raise ValueError(f"no illegal call of {operation!r} is drawn; choose from {choice}")
    return illegal_cases_by_way({"": Domain()}, operations=operations, **narrowings).map(itemgetter(1))


def illegal_cases_by_way(
    domains: Mapping[str, Domain], *, operations: Sequence[str], **narrowings: Any
) -> SearchStrategy[tuple[str, Case]]:
    """Pairs of a way and a call that it must refuse, whose legal relatives are in the way's domain."""
    small = {name: min(most, narrowings.get(name) or most) for name, most in SMALL_LIMITS.items()}
    plain = {"operations": operations, "fills": ("ones",), "around": ()}
    legal = cases_by_way(domains, **{**narrowings, **small, **plain})
    return _spoilt(legal).filter(lambda asked: _sums(asked[1]) and domains[asked[0]].holds(asked[1]))


def _sums(case: Case) -> bool:
    """Whether there is anything to add, or it is no transpose."""
    return case.operation != "transpose" or 0 not in (case.batch, *case.size, *case.given_out)


@st.composite
def _spoilt(draw: DrawFn, legal: SearchStrategy[tuple[str, Case]]) -> tuple[str, Case]:
    way, base = draw(legal)
    axis = draw(st.integers(0, base.rank - 1))
    number = draw(st.sampled_from([0, -1, -2]))
    wrongs = _wrongs(base, axis, number)
    wrong = wrongs[draw(st.sampled_from(list(wrongs)))]
    return way, replace(base, illegal=True, **wrong)


def _wrongs(base: Case, axis: int, number: int) -> dict[str, dict[str, Any]]:
    """For each way in which a case can be wrong, the fields that make it so."""
    cells = {0: (0, -1), -1: (-1, 0), -2: (2, -1)}[number]
    taps = base.size[axis] + base.strides[axis] + 1 - number
    wrongs: dict[str, dict[str, Any]] = {
        "stride": {"strides": _at(base.strides, axis, number)},
        "dilation": {"dilations": _at(base.dilations, axis, number)},
        "padding": {"padding": _at(((0, 0),) * base.rank, axis, cells)},
        "extent": {"padding": "VALID", "kernel": _at(base.kernel, axis, taps)},
    }
    if base.traits.has_groups:
        wrongs["channels"] = {"channels": 5, "groups": 2, "filter_count": 2}
        wrongs["filters"] = {"channels": 4, "groups": 2, "filter_count": 3}
    wrongs["rank"] = {"kernel": (*base.kernel, 1) if base.rank < 3 else base.kernel[:-1]}
    if base.traits.input == "result":
        out = tuple(along.out for along in base.axes)
        other = out[axis] - 1 if number == 0 and out[axis] > 0 else out[axis] + 1 - number
        wrongs["out"] = {"given_out": _at(out, axis, other)}
    return wrongs


def _at(numbers: tuple[Any, ...], axis: int, value: Any) -> tuple[Any, ...]:
    return (*numbers[:axis], value, *numbers[axis + 1 :])
