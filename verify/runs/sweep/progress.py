"""How far a sweep has come, and the file in which it can be taken up again."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from verify.cases.enumeration import Domain
from verify.checks.bulk import Swept

BLOCK = 256
"""Cases that are put to a subject at a time."""

_MARK = "conv-verify sweep, form 1"


CHANGES = {
    "file": "the file of {} has changed since",
    "deviations": "other deviations of {} are known",
}
"""What a reader is told of what is kept as a digest."""


class Progress:
    """The blocks of a domain that are done, by number, and what became of their cases."""

    def __init__(self, domain: Domain) -> None:
        self.domain = domain
        self.swept = Swept()
        self.done: set[int] = set()

    @property
    def blocks(self) -> int:
        return -(-self.domain.count // BLOCK)

    @property
    def is_complete(self) -> bool:
        return len(self.done) == self.blocks

    def left(self) -> Iterator[int]:
        """The blocks that are still to do, in order."""
        return (number for number in range(self.blocks) if number not in self.done)

    def places(self, number: int) -> tuple[int, int]:
        """Where a block begins and ends in the domain."""
        return number * BLOCK, min((number + 1) * BLOCK, self.domain.count)

    def add(self, number: int, swept: Swept) -> None:
        """Count a block. Raises RuntimeError for one that lacks a case or comes twice."""
        start, stop = self.places(number)
        if number in self.done or swept.cases != stop - start:
            raise RuntimeError(f"block {number} has {swept.cases} of {stop - start} cases, or came twice")
        self.done.add(number)
        self.swept.add(swept)


class ForeignState(ValueError):
    """A file that holds no sweep, or another one; the sentence says which."""


def identity(domain: Domain, **more: Any) -> dict[str, Any]:
    """What a sweep is of, as plain data: two with the same are one that was interrupted."""
    plain: dict[str, Any] = json.loads(json.dumps({**more, **asdict(domain)}))
    return plain


def save(path: Path, progress: Progress, what: dict[str, Any]) -> None:
    """Write the state in one step: whoever reads the file finds the old one or the new one whole."""
    text = json.dumps(
        {"mark": _MARK, "sweep": what, "done": _runs(progress.done), "swept": progress.swept.to_data()}
    )
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def restore(path: Path, domain: Domain, what: dict[str, Any]) -> Progress:
    """The progress that a file holds of this very sweep; ForeignState for any other file."""
    state = read(path)
    for name in {**what, **state["sweep"]}:
        theirs, ours = state["sweep"].get(name), what.get(name)
        if theirs != ours:
            differs = f"of {name} it has {_said(theirs)}, not {_said(ours)}"
            if name in CHANGES:
                differs = CHANGES[name].format(what.get("subject"))
            raise ForeignState(f"{str(path)!r} is of another sweep: {differs}")
    progress = Progress(domain)
    try:
        progress.swept = Swept.from_data(state["swept"])
        progress.done = {number for first, last in state["done"] for number in range(first, last + 1)}
        counted = sum(stop - start for start, stop in map(progress.places, progress.done))
    except (KeyError, TypeError, ValueError) as wrong:
        raise ForeignState(f"{str(path)!r} is a damaged state of a sweep") from wrong
    if counted != progress.swept.cases:
        raise ForeignState(f"{str(path)!r} is damaged: {progress.swept.cases} cases in blocks of {counted}")
    return progress


def read(path: Path) -> dict[str, Any]:
    """The state that a file holds, of whatever sweep; ForeignState for a file of anything else."""
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ForeignState(f"there is no {str(path)!r} to resume from") from None
    except ValueError:
        state = None
    if not isinstance(state, dict) or state.get("mark") != _MARK or not isinstance(state.get("sweep"), dict):
        raise ForeignState(f"{str(path)!r} is no state of a sweep")
    return state


def _said(value: Any) -> str:
    if value is None:
        return "nothing"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _runs(numbers: set[int]) -> list[list[int]]:
    """The numbers as the first and the last of each run."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return runs
