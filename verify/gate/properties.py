"""What the tests of a gate judge: its properties."""

from __future__ import annotations

from typing import NamedTuple

from verify.cases.fills import FILLS
from verify.gate.drawing import DRAWN_FILLS
from verify.oracle.compare import KINDS, Kind

VALUE_KINDS: tuple[Kind, ...] = ("refused", "value", "non-finite")


class Property(NamedTuple):
    """What one test of the gate judges: on cases of these fills, disagreements of these kinds."""

    name: str
    title: str
    fills: tuple[str, ...]
    kinds: tuple[Kind, ...]
    repeats: int = 1
    illegal: bool = False


def _drawn_by(name: str) -> tuple[str, ...]:
    """The fills that are drawn for a property, those without a seed first."""
    drawn = [fill for fill in FILLS.values() if fill.judged_by == name and fill.chance]
    return tuple(fill.name for fill in sorted(drawn, key=lambda fill: fill.is_seeded))


PROPERTIES = (
    Property("values", "values on exact fills", _drawn_by("values"), VALUE_KINDS),
    Property("precision", "precision on dyadic", _drawn_by("precision"), VALUE_KINDS),
    Property("rounding", "rounding on reals", _drawn_by("rounding"), VALUE_KINDS),
    Property("unread", "unread cells", _drawn_by("unread"), VALUE_KINDS),
    Property("nonfinite", "NaN and infinity that are read", _drawn_by("nonfinite"), VALUE_KINDS),
    Property("form", "shape and dtype", DRAWN_FILLS, ("shape", "dtype")),
    Property("inputs", "inputs left alone", DRAWN_FILLS, ("input modified",)),
    Property("bits", "the same bits twice", DRAWN_FILLS, ("not repeatable",), repeats=2),
    Property("refusals", "illegal calls refused", ("ones",), ("answered",), illegal=True),
)

KNOWN = "known deviations still happen"
WITNESSED = Property("faults", "a case for each fault", tuple(FILLS), KINDS, repeats=2)
EVERYTHING = Property("pinned", "pinned words", tuple(FILLS), KINDS, repeats=2)
