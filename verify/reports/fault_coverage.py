"""How many cases of a run would have shown each fault, and the faults that none would have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from rich.table import Table

from verify.faults import FAULTS
from verify.reports.tally import Tally
from verify.subjects.registry import split_label


class Sight(NamedTuple):
    """Of one subject under all its switches: cases that would have shown each fault that it could have.

    `hidden` are faults that no case showed and whose own case the subject declined, or answered with a
    recorded deviation; by the fault's name its word.
    """

    subject: str
    visible: Counter[str]
    hidden: dict[str, str]

    @property
    def unseen(self) -> list[str]:
        """Faults that no case would have shown although the subject answers what shows them."""
        return [name for name, count in self.visible.items() if not count and name not in self.hidden]

    @property
    def seen(self) -> int:
        return sum(1 for count in self.visible.values() if count)


def sights(tallies: Sequence[Tally]) -> list[Sight]:
    """What was visible of each subject whose faults were looked for."""
    found = []
    for subject in dict.fromkeys(split_label(tally.subject)[0] for tally in tallies):
        own = [tally for tally in tallies if split_label(tally.subject)[0] == subject]
        possible = {name for tally in own for name, count in tally.visible.items()}
        visible = Counter({fault.name: 0 for fault in FAULTS if fault.name in possible})
        for tally in own:
            visible.update(tally.visible)
        hidden = {name: word for tally in own for name, word in tally.hidden.items() if not visible[name]}
        if possible:
            found.append(Sight(subject, visible, hidden))
    return found


def unseen(tallies: Sequence[Tally]) -> list[str]:
    """Every fault that a subject could have had unseen, with its subject."""
    return [f"{name} of {sight.subject}" for sight in sights(tallies) for name in sight.unseen]


Line = tuple[str, str]


def fault_lines(tallies: Sequence[Tally]) -> list[Line]:
    """The faults of a run with one subject by family; of several how many of them each would have shown."""
    found = sights(tallies)
    if len(found) != 1:
        return [("faults", f"{each.subject}: {_share(each)}") for each in found]
    (sight,) = found
    lines = [("faults", f"{_share(sight)}; cases that would have shown each, at least:")]
    for family in dict.fromkeys(fault.family for fault in FAULTS):
        names = [fault.name for fault in FAULTS if fault.family == family and fault.name in sight.visible]
        if names:
            counts = ", ".join(f"{name}\N{NO-BREAK SPACE}{sight.visible[name]:,}" for name in names)
            lines.append(("", f"{family}: {counts}"))
    return lines


def _share(sight: Sight) -> str:
    return f"{sight.seen} of {len(sight.visible)} visible"


def hidden_lines(tallies: Sequence[Tally]) -> list[Line]:
    """The faults that could not be shown, as a subject declines their case or is known to deviate there."""
    return [
        (
            "hidden",
            f"{sight.subject} declines, or is known to deviate on, the cases of {', '.join(sight.hidden)}",
        )
        for sight in sights(tallies)
        if sight.hidden
    ]


def fault_table(tallies: Sequence[Tally]) -> Table | None:
    """Faults by subjects, where there are several: in how many cases each was visible."""
    found = sights(tallies)
    if len(found) < 2:
        return None
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("cases that would have shown", no_wrap=True)
    for number, _ in enumerate(found, start=1):
        table.add_column(str(number), justify="right")
    for fault in FAULTS:
        if any(fault.name in sight.visible for sight in found):
            table.add_row(fault.name, *(_count(sight, fault.name) for sight in found))
    named = ", ".join(f"{number} {sight.subject}" for number, sight in enumerate(found, start=1))
    table.caption, table.caption_justify = named, "left"
    return table


def _count(sight: Sight, name: str) -> str:
    if name not in sight.visible:
        return "–"
    return "hidden" if name in sight.hidden else f"{sight.visible[name]:,}"
