"""Other readings of a call: the layouts in which its arrays would fit, or give an answer that was got."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from verify.oracle.arguments import array_named
from verify.oracle.at_the_call import WrongArgument
from verify.oracle.calls import Arguments, Call, Misfit, call_of
from verify.oracle.layouts import filter_formats, filter_layout, image_layout, spatial_letters

Shape = tuple[int, ...]


class Reading(NamedTuple):
    """A call in other layouts than it named; `changes` are the arguments that say so."""

    call: Call
    changes: dict[str, str]


def call_or_hint(arguments: Arguments, *, answered: Shape | None = None) -> Call:
    """The call of some arguments; a Misfit names the layouts in which the arrays would fit.

    Those that would give an answer of the shape that was `answered`, if there are any.
    """
    try:
        return call_of(arguments)
    except Misfit as misfit:
        shaped = likely_readings(arguments, answered=answered)
        looks = looks_of(shaped or likely_readings(arguments, answered=None))
        hint = f"; {' and '.join(looks.alike)}: pass {looks.said}" if looks else ""
        raise Misfit(f"{misfit}{hint}") from None


class Looks(NamedTuple):
    """What arrays look like, such as "w looks like OIHW", and the arguments that say so."""

    alike: list[str]
    said: str


def likely_readings(
    arguments: Arguments, *, answered: Shape | None, fits: Callable[[Call], bool] = lambda call: True
) -> list[Reading]:
    """The likeliest of the other layouts in which a call fits: those with a square and the smallest kernel.

    Of these, those with the fewest changes. Where a shape was `answered`, they give an answer of that shape;
    without one, a kernel that is not square is no likelihood.
    """
    shaped = (one for one in _readings(arguments) if answered in (None, one.call.shape))
    likely = (one for one in shaped if answered is not None or _is_square(one.call))
    readings = [one for one in likely if fits(one.call)]

    def unlikelihood(reading: Reading) -> tuple[bool, int, int]:
        return not _is_square(reading.call), max(reading.call.case.kernel), len(reading.changes)

    least = min(map(unlikelihood, readings), default=None)
    return [reading for reading in readings if unlikelihood(reading) == least]


def _is_square(call: Call) -> bool:
    return len(set(call.case.kernel)) == 1


def looks_of(readings: list[Reading]) -> Looks | None:
    """What the arrays of some readings look like, which change the same arguments as the first."""
    if not readings:
        return None
    changes = readings[0].changes
    alike = [one.changes for one in readings if one.changes.keys() == changes.keys()]
    operation = readings[0].call.case.operation
    name_of = {"data_format": "x", "filter_format": "actual" if operation == "filtergrad" else "w"}
    looks = [
        f"{name_of[argument]} looks like {' or '.join(dict.fromkeys(change[argument] for change in alike))}"
        for argument in changes
    ]
    return Looks(looks, ", ".join(f"{argument}={value!r}" for argument, value in changes.items()))


def _readings(arguments: Arguments) -> Iterator[Reading]:
    """The call in each of the usual layouts but its own, as far as its arrays fit."""
    try:
        x = array_named("x", arguments.x)
        rank = (x if arguments.w is None else array_named("w", arguments.w)).ndim - 2
        images = image_layout(arguments.data_format, rank=rank, ndim=x.ndim)
        is_transpose = arguments.operation == "transpose"
        filters = filter_layout(arguments.filter_format, rank=rank, is_transpose=is_transpose)
    except WrongArgument:
        return
    spatial, lead = spatial_letters(rank), "N" * ("N" in images.letters)
    orders = dict.fromkeys([filters.letters, *filter_formats(rank, is_transpose=is_transpose)])
    for data_format in dict.fromkeys([images.letters, f"{lead}{spatial}C", f"{lead}C{spatial}"]):
        for filter_format in orders:
            changes: dict[str, str] = {}
            if data_format != images.letters:
                changes["data_format"] = data_format
            if filter_format != filters.letters:
                changes["filter_format"] = filter_format
            if changes and (call := _fitting(arguments, changes)):
                yield Reading(call, changes)


def _fitting(arguments: Arguments, changes: dict[str, Any]) -> Call | None:
    try:
        return call_of(replace(arguments, **changes))
    except WrongArgument:
        return None
