"""A difference of two answers to one case, told in full: where, how far apart, and which is nearer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from math import isinf

from verify.reports.phrases import plural
from verify.reports.records import Record
from verify.runs.behaviour.comparison import Difference
from verify.runs.behaviour.ulps import most_ulps


def difference_lines(change: Difference, names: tuple[str, str], replay: str) -> list[str]:
    """The lines on one case: what differs, by how much, which is nearer to the reference, the replay."""
    shown = ", ".join(f"{name} {value}" for name, value in zip(names, change.shown, strict=True))
    if not change.place:
        return [f"{change.case}", f"  differ   {shown}", f"  replay   {replay}"]
    many = f"{change.other:,} of {change.values:,} {plural(change.values, 'value')}"
    errors = ", ".join(
        f"{name} {_error(answer.error)}"
        for name, answer in zip(names, (change.before, change.after), strict=True)
    )
    return [
        f"{change.case}",
        f"  differ   {many}, {_apart(change)}; first at {change.place}: {shown}",
        f"  bound    {errors}: {_nearer(change, names)}",
        f"  replay   {replay}",
    ]


def difference_record(change: Difference, names: tuple[str, str]) -> Record:
    """What the lines say, as plain data: an error that is beyond a bound of 0 is None."""
    answers = dict(zip(names, (change.before, change.after), strict=True))
    side = _side(change)
    return {
        "type": "difference",
        "word": str(change.case),
        "shown": dict(zip(names, change.shown, strict=True)),
        "first_at": [*change.place],
        "differing": change.other,
        "values": change.values,
        "ulps": _distance(change),
        "errors": {name: None if isinf(answer.error) else answer.error for name, answer in answers.items()},
        "nearer": None if side is None or not change.place else names[side],
    }


def nearer_phrase(changes: Iterable[Difference], names: tuple[str, str]) -> str:
    """In how many cases each is nearer, in one phrase; "" where neither is in any."""
    counts = Counter(side for change in changes if change.place and (side := _side(change)) is not None)
    parts = [f"{name} is nearer in {counts[side]:,}" for side, name in enumerate(names) if counts[side]]
    return " and ".join(parts)


def _distance(change: Difference) -> int | None:
    if not change.place:
        return None
    return most_ulps(change.before.values(change.case), change.after.values(change.case))


def _apart(change: Difference) -> str:
    distance = _distance(change)
    if distance is None:
        return "some of which are a number on one side alone"
    return f"by at most {distance:,} {plural(distance, 'ulp')}"


def _error(error: float) -> str:
    return "beyond a bound of 0" if isinf(error) else f"{error:.3g} of the bound"


def _side(change: Difference) -> int | None:
    """Which answer is nearer to the reference: 0 or 1."""
    errors: Sequence[float] = (change.before.error, change.after.error)
    return None if errors[0] == errors[1] else int(errors[1] < errors[0])


def _nearer(change: Difference, names: tuple[str, str]) -> str:
    side = _side(change)
    return "neither is nearer" if side is None else f"{names[side]} is nearer"
