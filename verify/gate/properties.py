"""The properties that the tests of a gate judge."""

from __future__ import annotations

from typing import NamedTuple

from verify.cases.fills import FILLS
from verify.cases.narrowings import DRAWN_FILLS
from verify.oracle.compare import KINDS, Kind


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


_VALUES: tuple[Kind, ...] = ("refused", "value", "non-finite")

PROPERTIES = (
    *(
        Property(name, title, _drawn_by(name), _VALUES)
        for name, title in (
            ("values", "values on exact fills"),
            ("precision", "precision on dyadic"),
            ("rounding", "rounding on reals"),
            ("unread", "unread cells"),
            ("nonfinite", "NaN and infinity that are read"),
        )
    ),
    Property("form", "shape and dtype", DRAWN_FILLS, ("shape", "dtype")),
    Property("inputs", "inputs left alone", DRAWN_FILLS, ("input modified", "written beside")),
    Property("bits", "the same bits twice", DRAWN_FILLS, ("not repeatable",), repeats=2),
    Property("refusals", "illegal calls refused", ("ones",), ("answered",), illegal=True),
)
"""The properties that draw their cases."""

EVERYTHING, ELSEWHERE, KNOWN, LIMITS, WITNESSED, MET = (
    Property(name, title, tuple(FILLS), KINDS, repeats=2)
    for name, title in (
        ("pinned", "pinned words"),
        ("elsewhere", "words that failed elsewhere"),
        ("known", "known deviations still happen"),
        ("limits", "limits are still refused"),
        ("faults", "a case for each fault"),
        ("met", "each way, dtype and region"),
    )
)

LISTED = (EVERYTHING, ELSEWHERE, KNOWN, LIMITS, WITNESSED, MET)
"""The properties that ask what is written down, and draw nothing."""

LARGE = Property("large", "large sizes, by projection", tuple(FILLS), KINDS)
"""The property of large cases, where they are asked for."""

RELATED = Property("relations", "relations of answers", tuple(FILLS), KINDS)
"""The property of relations, where they are measured or demanded."""

TITLES = {judged.name: judged.title for judged in (*LISTED, *PROPERTIES, LARGE, RELATED)}
"""Every property by its name, in the order of a summary."""
