"""What the tests of a gate judge: its properties."""

from __future__ import annotations

from typing import NamedTuple

from strategies.cases import DRAWN_FILLS
from verify.cases.word import FILLS
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


PROPERTIES = (
    Property("values", "values on exact fills", ("ones", "iota", "coded", "ints", "impulse"), VALUE_KINDS),
    Property("precision", "precision on dyadic", ("dyadic",), VALUE_KINDS),
    Property("rounding", "rounding on reals", ("reals",), VALUE_KINDS),
    Property("unread", "unread cells", ("unread",), VALUE_KINDS),
    Property("nonfinite", "NaN and infinity that are read", ("nonfinite",), VALUE_KINDS),
    Property("form", "shape and dtype", DRAWN_FILLS, ("shape", "dtype")),
    Property("inputs", "inputs left alone", DRAWN_FILLS, ("input modified",)),
    Property("bits", "the same bits twice", DRAWN_FILLS, ("not repeatable",), repeats=2),
    Property("refusals", "illegal calls refused", ("ones",), ("answered",), illegal=True),
)

KNOWN = "known deviations still happen"
WITNESSED = Property("faults", "a case for each fault", FILLS, KINDS, repeats=2)
EVERYTHING = Property("pinned", "pinned words", FILLS, KINDS, repeats=2)
