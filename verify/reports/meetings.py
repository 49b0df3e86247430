"""The known deviations that a model's layers meet, as lines: where, in which layers, and what is wrong."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from verify.cases.case import Case
from verify.reports.phrases import plural

if TYPE_CHECKING:
    from verify.subjects.tensorflow.models.meetings import Meeting

LISTED = 6
"""Layers that are named of each deviation; the others are counted."""


def meeting_lines(layers: Mapping[Case, Sequence[str]], meetings: Collection[Meeting]) -> Iterator[str]:
    """A block for each deviation and place, those of finite data first, then a sentence.

    `layers` names the layers of each word.
    """
    groups: dict[tuple[str, str], list[Meeting]] = {}
    for meeting in sorted(meetings, key=lambda each: "infinity" in each.where):
        groups.setdefault((meeting.deviation.name, _place(meeting)), []).append(meeting)
    for (name, place), group in groups.items():
        names = [layer for meeting in group for layer in layers[meeting.word]]
        more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
        yield f"{name}: {group[0].deviation.text}"
        yield f"  where    {place}"
        yield f"  layers   {len(names)}: {', '.join(names[:LISTED])}{more}"
        yield f"  word     {group[0].case}"
        yield ""
    met = {meeting.word for meeting in meetings}
    count = len({meeting.deviation.name for meeting in meetings})
    words = f"{len(met) or 'None'} of {len(layers)} {plural(len(layers), 'word')}"
    verb = "meets" if len(met) == 1 else "meet"
    deviations = f"{count} known {plural(count, 'deviation')}" if met else "a known deviation"
    yield f"{words} {verb if met else 'meets'} {deviations}; nothing was run."


def _place(meeting: Meeting) -> str:
    """In which subjects, under which switches, in which part of the layer and for which data."""
    settings = " ".join(f"{name}={value}" for name, value in meeting.switches.items())
    under = f"under {settings}" if settings else "under all switches"
    return ", ".join(filter(None, (*meeting.subjects, under, meeting.where)))
