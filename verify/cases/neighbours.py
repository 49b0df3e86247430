"""Cases beside another: in another operation, rank, dtype or fill, with less of what is not plain, larger."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar

from verify.cases.case import Case
from verify.cases.domain import RANKS, with_rank
from verify.cases.dtypes import FORMATS
from verify.cases.modes import ZEROS
from verify.cases.operations import OPERATIONS, kind_of
from verify.cases.word import InvalidCase

Change = Mapping[str, Any]
Item = TypeVar("Item")


def moved(case: Case, to: Case) -> Iterator[Case]:
    """A case in another's operation, rank, dtype, data format and fill; where both are plain, in its fill."""
    case, to = _free(case), _free(to)
    place = {"dtype": to.dtype, "channels_first": to.channels_first}
    fills = [(to.fill, to.seed)]
    if case.fill != to.fill and is_plain(case) and is_plain(to):
        fills.append((case.fill, case.seed))
    for ranked in _in_rank(case, to.rank):
        for fill, seed in fills:
            change = {**_in_operation(ranked, to.operation), **place, "fill": fill, "seed": seed}
            yield from _changed(ranked, change)


def is_plain(case: Case) -> bool:
    """Whether a case's numbers are finite, and none is there that no window may read."""
    return case.fill_traits.is_finite and not case.fill_traits.needs_unread


def _free(case: Case) -> Case:
    """A case in a fill that goes with other numbers: what is never drawn has a geometry of its own."""
    return case if case.fill_traits.chance else replace(case, fill="coded", seed=0)


def _changed(case: Case, change: Change) -> Iterator[Case]:
    """The case with a change, or none where that is illegal."""
    with suppress(InvalidCase):
        yield replace(case, **change)


def _in_rank(case: Case, rank: int) -> Iterator[Case]:
    """A case with so many axes: its last ones and its first ones, where it has more."""
    with suppress(InvalidCase):
        yield with_rank(case, rank)
    if rank < case.rank:
        names = ("size", "kernel", "strides", "dilations", "padding", "border", "trimmed")
        values = {name: getattr(case, name) for name in names}
        cut = {name: value if isinstance(value, str) else value[:rank] for name, value in values.items()}
        yield from _changed(case, cut)


def _in_operation(case: Case, name: str) -> dict[str, Any]:
    """What changes of a case in another operation, which has some of its numbers and steps."""
    if name == case.operation:
        return {}
    traits = OPERATIONS[name]
    has_steps = "filtergrad" not in (name, case.operation)  # whose bias is another operation
    steps = tuple(step for step in case.epilogue if has_steps and kind_of(step) in traits.epilogue)
    return {
        "operation": name,
        "filter_count": case.filter_count if traits.has_filters else 1,
        "multiplier": case.multiplier if traits.has_multiplier else 1,
        "groups": case.groups if traits.has_groups else 1,
        "border": case.border if traits.takes_border else (),
        "trimmed": case.trimmed if traits.answer == "source" else (),
        "epilogue": steps,
    }


def elsewhere(case: Case) -> Iterator[Iterator[Case]]:
    """The case in each other operation, then in each other rank, then in each other dtype."""
    yield (word for name in OPERATIONS if name != case.operation for word in _renamed(case, name))
    yield (word for rank in RANKS if rank != case.rank for word in _in_rank(case, rank))
    formats = (each for each in FORMATS.values() if each != case.format)
    yield (word for each in formats for word in _changed(case, {"dtype": each.dtype}))


def _renamed(case: Case, name: str) -> Iterator[Case]:
    yield from _changed(case, _in_operation(case, name))


def plainer(case: Case) -> Iterator[tuple[str, Case]]:
    """What is not plain in a case, and the case without it, with room for its windows."""
    case = _free(case)
    roomy = replace(case, size=_room(case))
    for name, change in _plain(case).items():
        if any(getattr(case, field) != value for field, value in change.items()):
            for without in _changed(roomy, change):
                yield name, without


def given_cells(case: Case) -> Iterator[Case]:
    """A case padded by SAME with the same cells as explicit padding; none for another."""
    if case.padding == "SAME":
        pairs = zip(case.axes, case.borders, strict=True)
        cells = tuple((axis.before - before, axis.after - after) for axis, (before, after) in pairs)
        yield from _changed(_free(case), {"padding": cells})


def _room(case: Case) -> tuple[int, ...]:
    spans = zip(case.size, case.kernel, case.dilations, strict=True)
    return tuple(max(size, (kernel - 1) * gap + 1) for size, kernel, gap in spans)


def _plain(case: Case) -> dict[str, Change]:
    """The changes that make each part of a case plain."""
    ones = (1,) * case.rank
    has_filters = case.traits.has_filters
    numbers: dict[str, Change] = {
        "batch": {"batch": 1},
        "channels": {"channels": case.groups},
        "filters": {"filter_count": case.groups if has_filters else case.filter_count},
        "multiplier": {"multiplier": 1},
        "groups": {"groups": 1},
        **{name: {name: ones} for name in ("kernel", "strides", "dilations")},
        "padding": {"padding": "VALID", "padding_mode": ZEROS},
        "padding mode": {"padding_mode": ZEROS},
        "border": {"border": ()},
        **{f"memory of {pair[0]}": {"memory": _without(case.memory, pair)} for pair in case.memory},
        "output padding": {"trimmed": ()},
    }
    steps = case.epilogue
    return numbers | {kind_of(step): {"epilogue": _without(steps, step)} for step in steps}


def _without(items: tuple[Item, ...], one: Item) -> tuple[Item, ...]:
    return tuple(other for other in items if other != one)


def larger(case: Case) -> Iterator[Case]:
    """A case, and larger ones with as much that is not plain; each also in a fill that shows more."""
    axes = zip(case.size, case.kernel, case.dilations, case.strides, strict=True)
    size = tuple(
        size + 2 * (kernel - 1) * gap + 2 * stride + axis
        for axis, (size, kernel, gap, stride) in enumerate(axes)
    )
    kernel = tuple(taps + (taps > 1) for taps in case.kernel)
    fills = {case.fill: case.seed, **({"coded": 0} if case.fill in ("ones", "iota") else {})}
    sizes: tuple[Change, ...] = ({}, {"size": size}, {"size": size, "kernel": kernel})
    for change in sizes:
        for fill, seed in fills.items():
            yield from _changed(case, {**change, "fill": fill, "seed": seed})
