"""The progress of a sweep, and the file from which it can be resumed."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from verify.cases.enumeration import Enumeration
from verify.cases.grammar import GRAMMAR, OtherGrammar, require_grammar
from verify.checks.bulk import Swept
from verify.checks.files import refusal_of
from verify.checks.project import keep_in
from verify.checks.replacing import replace_file

BLOCK = 256
"""Cases that are put to a subject at a time."""

ENOUGH_KINDS, ENOUGH_COUNTEREXAMPLES = 3, 100
"""The number of kinds of counterexamples, and of counterexamples, that end a sweep."""

OPTION = "--state"
"""By which the file of a sweep's state is named."""

_ANEW = f"delete it, or name another by {OPTION}"

_MARK = "conv-verify sweep, form 3"

_MARK_OF_ANY = "conv-verify sweep, form "

DIGESTS = {
    "file": "the file of {} has changed since",
    "deviations": "other deviations of {} are known",
}
"""The messages for state that is kept as a digest and differs."""


class Progress:
    """How many blocks of an enumeration are done, from the first, and the results of their cases."""

    def __init__(self, enumeration: Enumeration) -> None:
        self.enumeration = enumeration
        self.swept = Swept()
        self.done = 0

    @property
    def blocks(self) -> int:
        return -(-self.enumeration.count // BLOCK)

    @property
    def is_complete(self) -> bool:
        return self.done == self.blocks

    @property
    def is_enough(self) -> bool:
        """Whether there are enough counterexamples to end a sweep."""
        counts = self.swept.counterexamples
        return len(counts) >= ENOUGH_KINDS or counts.total() >= ENOUGH_COUNTEREXAMPLES

    def places(self, number: int) -> range:
        """The places of a block in the enumeration."""
        return range(number * BLOCK, min((number + 1) * BLOCK, self.enumeration.count))

    def add(self, number: int, swept: Swept) -> None:
        """Count the next block. Raises RuntimeError for another one, or one that lacks a case."""
        due = len(self.places(number))
        if number != self.done or swept.cases != due:
            raise RuntimeError(f"block {number} has {swept.cases} of {due} cases, or is not next")
        self.done += 1
        self.swept.add(swept)


class ForeignState(ValueError):
    """A file that holds no sweep, or another sweep; the sentence says which."""


def identity(enumeration: Enumeration, **more: Any) -> dict[str, Any]:
    """What identifies a sweep, as plain data: only the same sweep can be resumed."""
    plain: dict[str, Any] = json.loads(json.dumps({**more, **asdict(enumeration)}))
    return plain


def save_state(path: Path, progress: Progress, what: dict[str, Any]) -> None:
    """Replace the state in one step: a reader finds the complete old one or the complete new one."""
    text = json.dumps(
        {
            "mark": _MARK,
            "grammar": GRAMMAR,
            "sweep": what,
            "done": progress.done,
            "swept": progress.swept.to_data(),
        }
    )
    keep_in(path.parent)
    replace_file(path, text.encode())


def restore(path: Path, enumeration: Enumeration, what: dict[str, Any]) -> Progress:
    """The progress of this sweep from a file; ForeignState for any other file."""
    state = read_state(path)
    for name in {**what, **state["sweep"]}:
        theirs, ours = state["sweep"].get(name), what.get(name)
        if theirs != ours:
            differs = f"of {name} it has {_shown(theirs)}, not {_shown(ours)}"
            if name in DIGESTS:
                differs = DIGESTS[name].format(what.get("subject"))
            raise ForeignState(f"{str(path)!r} is of another sweep: {differs}; begin anew without --resume")
    progress = Progress(enumeration)
    try:
        progress.swept = Swept.from_data(state["swept"])
        progress.done = int(state["done"])
    except (KeyError, TypeError, ValueError) as wrong:
        raise ForeignState(f"{str(path)!r} is a damaged state of a sweep: {_ANEW}") from wrong
    counted = min(progress.done * BLOCK, enumeration.count)
    if counted != progress.swept.cases:
        why = f"it has {progress.swept.cases} cases in blocks of {counted}"
        raise ForeignState(f"{str(path)!r} is a damaged state of a sweep, as {why}: {_ANEW}")
    return progress


def read_state(path: Path) -> dict[str, Any]:
    """The state of any sweep from a file; ForeignState for any other file."""
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ForeignState(f"there is no {str(path)!r} to resume from: begin without --resume") from None
    except OSError as error:
        raise ForeignState(refusal_of(error, OPTION)) from None
    except (ValueError, RecursionError):
        state = None
    mark = str(state.get("mark")) if isinstance(state, dict) else ""
    if mark != _MARK and mark.startswith(_MARK_OF_ANY):
        raise ForeignState(f"{str(path)!r} is a sweep of another version of conv-verify: {_ANEW}")
    if not isinstance(state, dict) or mark != _MARK or not isinstance(state.get("sweep"), dict):
        raise ForeignState(f"{str(path)!r} is no state of a sweep: {_ANEW}")
    try:
        require_grammar(
            state.get("grammar"), path, remedy="run the same `conv-verify sweep` without --resume"
        )
    except OtherGrammar as other:
        raise ForeignState(str(other)) from None
    return state


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
