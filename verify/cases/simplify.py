"""Smaller cases than one that fails, tried one after another until none fails."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar

from verify.cases.case import Case
from verify.cases.dtypes import FORMATS
from verify.cases.modes import PADDING_MODES, ZEROS
from verify.cases.patience import patience
from verify.cases.quantised import PLAIN
from verify.cases.weights import OWN
from verify.cases.word import InvalidCase

Simplification = dict[str, Any]
Value = TypeVar("Value")

SIMPLE_FILLS = ("ones", "iota", "ints")
"""The fills that a case is simplified to, the simplest first."""
SIMPLE_PADDINGS = ("SAME", "VALID")
SIMPLE_LAYOUTS = ("strided", "offset", "paged", "odd")
"""The layout that others are simplified to, and those that are as simple: in C order."""

SIMPLIFYING_S = 5.0
"""Seconds that are worked on it at most."""


def with_number(numbers: tuple[Value, ...], place: int, number: Value) -> tuple[Value, ...]:
    """The numbers, or pairs of them, with another in one place."""
    return (*numbers[:place], number, *numbers[place + 1 :])


def simplest(case: Case, fails: Callable[[Case], bool], *, limit_s: float = SIMPLIFYING_S) -> Case:
    """The smallest case found that still fails, each step a change of one number, token or axis.

    Hypothesis shrinks the choices that the case was drawn from, which depend on each other; this continues
    with the fields of the case itself.
    """
    is_over = patience(limit_s)
    smaller: Case | None = case
    while smaller is not None:
        case = smaller
        smaller = next((candidate for candidate in simpler(case) if not is_over() and fails(candidate)), None)
    return case


def simpler(case: Case) -> Iterator[Case]:
    """Every legal case that is simpler by one step, the largest steps first."""
    for change in (
        *_memory(case),
        *(_of_illegal(case) if case.illegal else ()),
        *_fewer_axes(case),
        *_smallest_shape(case),
        *_counts(case),
        *_numbers(case),
        *_tokens(case),
    ):
        with suppress(InvalidCase):
            changed = replace(case, **change)
            if changed != case:
                yield changed


def _memory(case: Case) -> Iterator[Simplification]:
    """All operands C-contiguous, or all but one, or one of them."""
    if case.memory:
        yield {"memory": ()}
    if len(case.memory) > 1:
        yield from ({"memory": (pair,)} for pair in case.memory)
        yield from ({"memory": case.memory[:at] + case.memory[at + 1 :]} for at in range(len(case.memory)))


def _of_illegal(case: Case) -> Iterator[Simplification]:
    """Less that is given of an illegal call, smaller shapes, and numbers less far below 0."""
    if case.given_out:
        yield {"given_out": ()}
    for axis, size in enumerate(case.given_out):
        yield from ({"given_out": with_number(case.given_out, axis, less)} for less in _less(size, 1))
    for name in ("given_shapes", "given_dtypes"):
        given = getattr(case, name)
        yield from ({name: given[:place] + given[place + 1 :]} for place in range(len(given)))
    shapes = dict(case.given_shapes)
    for letter, shape in shapes.items():
        yield from ({"given_shapes": {**shapes, letter: smaller}} for smaller in _smaller_shapes(shape))
    for name in ("strides", "dilations"):
        numbers = getattr(case, name)
        for axis, number in enumerate(numbers):
            yield from ({name: with_number(numbers, axis, more)} for more in _nearer(number))
    if case.groups < 0:
        yield from ({"groups": more} for more in _nearer(case.groups))


def _nearer(number: int) -> tuple[int, ...]:
    """Simpler numbers below 0, for one there."""
    return (0, -1) if number < -1 else (0,) if number < 0 else ()


def _smaller_shapes(shape: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """A shape without one of its axes, and with one of its numbers smaller."""
    for axis, number in enumerate(shape):
        yield shape[:axis] + shape[axis + 1 :]
        for less in (*_less(number, 1), *_nearer(number)):
            yield with_number(shape, axis, less)


def _fewer_axes(case: Case) -> Iterator[Simplification]:
    """The case without one of its axes."""
    names = ("size", "kernel", "strides", "dilations")
    listed = names if isinstance(case.padding, str) else (*names, "padding")
    is_whole = case.rank > 1 and all(len(getattr(case, name)) == case.rank for name in listed)
    for axis in range(case.rank if is_whole else 0):
        kept = [other for other in range(case.rank) if other != axis]
        change: Simplification = {
            name: tuple(getattr(case, name)[other] for other in kept) for name in listed
        }
        for name in ("border", "trimmed", "given_out"):
            if numbers := getattr(case, name):
                change[name] = tuple(numbers[other] for other in kept)
        yield change


def _smallest_shape(case: Case) -> Iterator[Simplification]:
    """One cell, tap, channel and filter of `dyadic`, whose few numbers show what others need many for."""
    one = (1,) * case.rank
    shape = {"batch": 1, "size": one, "channels": 1, "kernel": one, "filter_count": 1, "groups": 1}
    is_larger = math.prod((*case.size, *case.kernel, case.batch, case.channels, case.filter_count)) > 1
    if is_larger and case.fill != "dyadic" and not case.format.exact_integers:
        yield {**shape, "strides": one, "dilations": one, "fill": "dyadic", "seed": 0}


def _counts(case: Case) -> Iterator[Simplification]:
    """Fewer groups, channels, filters, multipliers and a smaller batch."""
    divisor = max(case.groups, 1)
    members, filters = case.channels // divisor, case.filter_count // divisor
    for groups in _less(case.groups, 1):
        yield {"groups": groups, "channels": groups * members, "filter_count": groups * filters}
        yield {"groups": groups, "channels": groups * members, "filter_count": case.filter_count}
        yield {"groups": groups}
    for name, count in (("channels", members), ("filter_count", filters)):
        for fewer in _less(count, 1):
            yield {name: fewer * divisor}
    yield from ({"multiplier": fewer} for fewer in _less(case.multiplier, 1))
    yield from ({"batch": fewer} for fewer in _less(case.batch, 1))


def _numbers(case: Case) -> Iterator[Simplification]:
    """One number of one axis smaller; the padding of a simpler mode or of fewer cells."""
    yield from ({"padding_mode": mode} for mode in _before(case.padding_mode, PADDING_MODES))
    for padding in _before(case.padding, SIMPLE_PADDINGS):
        yield {"padding": padding, **({"padding_mode": ZEROS} if padding == "VALID" else {})}
    if case.trimmed:
        yield {"trimmed": ()}
    for name, least in (("trimmed", 0), ("strides", 1), ("dilations", 1), ("kernel", 1), ("size", 1)):
        numbers = getattr(case, name)
        for axis, number in enumerate(numbers):
            yield from ({name: with_number(numbers, axis, less)} for less in _less(number, least))
    for name, pairs in (("padding", case.padding), ("border", case.border)):
        if not isinstance(pairs, str):
            yield from ({name: fewer} for fewer in _fewer_cells(pairs))


def _fewer_cells(pairs: tuple[tuple[int, int], ...]) -> Iterator[tuple[tuple[int, int], ...]]:
    for axis, (before, after) in enumerate(pairs):
        less = [(cells, after) for cells in _less(before, 0)] + [(before, cells) for cells in _less(after, 0)]
        yield from (with_number(pairs, axis, pair) for pair in less)


def _tokens(case: Case) -> Iterator[Simplification]:
    """Nothing around the operation, the usual dtype and data format, a simpler fill, a smaller seed."""
    if case.border:
        yield {"border": ()}
    yield from ({"epilogue": tuple(s for s in case.epilogue if s != step)} for step in case.epilogue)
    if case.channels_first:
        yield {"channels_first": False}
    if case.weights != OWN:
        yield {"weights": OWN, "quantised": PLAIN}
    yield from simpler_scales(case)
    if case.format.token != "float32":
        yield {"dtype": FORMATS["float32"].dtype}
    yield from ({"fill": fill, "seed": 0} for fill in _before(case.fill, SIMPLE_FILLS))
    if case.fill_traits.is_seeded:
        yield from ({"seed": seed} for seed in range(min(case.seed, 4)))
    for at, (letter, layout) in enumerate(case.memory):
        if layout not in SIMPLE_LAYOUTS:
            yield {"memory": with_number(case.memory, at, (letter, SIMPLE_LAYOUTS[0]))}


def simpler_scales(case: Case) -> Iterator[Simplification]:
    """All scales 1 and all zero points 0, or one of them; the first scale for all channels."""
    quantised = case.quantised
    if quantised == PLAIN:
        return
    yield {"quantised": PLAIN}
    for name, plain in PLAIN._asdict().items():
        if getattr(quantised, name) != plain:
            yield {"quantised": quantised._replace(**{name: plain})}
    if quantised.is_per_channel:
        yield from ({"quantised": quantised._replace(w_scale=(scale,))} for scale in quantised.w_scale[:2])


def _before(choice: Any, choices: tuple[str, ...]) -> tuple[str, ...]:
    """The simpler choices: all of them if it is not among them."""
    return choices[: choices.index(choice)] if choice in choices else choices


def _less(number: int, least: int) -> Iterator[int]:
    """Smaller numbers down to the least: it, half way, two less, as sizes beside a stride of 2, one less."""
    tried = (least, (number + least) // 2, number - 2, number - 1)
    yield from dict.fromkeys(smaller for smaller in tried if least <= smaller < number)
