"""The progress of a sweep, and the file from which it can be resumed."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, get_args

from verify.cases.case import Case
from verify.cases.enumeration import Enumeration
from verify.cases.grammar import GRAMMAR, OtherGrammar, require_grammar
from verify.checks import shapes
from verify.checks.bulk import Swept
from verify.checks.files import refusal_of
from verify.checks.project import keep_in, read_kept, require_kept
from verify.checks.reading import DataError, json_of, value_shown
from verify.checks.replacing import replace_file
from verify.oracle.compare import KINDS, Outcome

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
    require_kept(path)
    replace_file(path, text.encode())


def restore(path: Path, enumeration: Enumeration, what: dict[str, Any]) -> Progress:
    """The progress of this sweep from a file; ForeignState for any other file."""
    state = read_state(path)
    for name in {**what, **state["sweep"]}:
        theirs, ours = state["sweep"].get(name), what.get(name)
        if theirs != ours:
            differs = f"of {_shown(name)} it has {_shown(theirs)}, not {_shown(ours)}"
            if name in DIGESTS:
                differs = DIGESTS[name].format(what.get("subject"))
            raise ForeignState(f"{str(path)!r} is of another sweep: {differs}; begin anew without --resume")
    progress = Progress(enumeration)
    try:
        _require_state(state)
        progress.swept = Swept.from_data(state["swept"])
        progress.done = state["done"]
    except (KeyError, TypeError, ValueError) as wrong:
        raise ForeignState(f"{_where(path)} is a damaged state of a sweep, as {wrong}: {_ANEW}") from wrong
    counted = min(progress.done * BLOCK, enumeration.count)
    if counted != progress.swept.cases:
        why = f"it has {progress.swept.cases} cases in blocks of {counted}"
        raise ForeignState(f"{_where(path)} is a damaged state of a sweep, as {why}: {_ANEW}")
    return progress


def read_state(path: Path) -> dict[str, Any]:
    """The state of any sweep from a file; ForeignState for any other file."""
    try:
        state = json_of(read_kept(path, option=OPTION), has_constants=True)
    except FileNotFoundError:
        raise ForeignState(f"there is no {str(path)!r} to resume from: begin without --resume") from None
    except OSError as error:
        raise ForeignState(refusal_of(error, OPTION)) from None
    except DataError as wrong:
        why = f"is no state of a sweep, as {wrong}"
        raise ForeignState(f"{_where(path, wrong.line)} {why}: {_ANEW}") from None
    except ValueError as wrong:
        raise ForeignState(str(wrong)) from None
    mark = str(state.get("mark")) if isinstance(state, dict) else ""
    if mark != _MARK and mark.startswith(_MARK_OF_ANY):
        raise ForeignState(f"{_where(path)} is a sweep of another version of conv-verify: {_ANEW}")
    if not isinstance(state, dict) or mark != _MARK or not isinstance(state.get("sweep"), dict):
        raise ForeignState(f"{_where(path)} is no state of a sweep: {_ANEW}")
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
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if text.isprintable() and len(text) <= LONGEST else value_shown(text)


def _require_state(state: dict[str, Any]) -> None:
    """Raise DataError for a state that is not of the shape that is written."""
    _STATE(state)
    names = [attribute.name for attribute in fields(Swept)]
    if strange := [name for name in state["swept"] if name not in names]:
        raise DataError(f"swept: it has {value_shown(strange[0], 60)}, which is none of its keys")


def _where(path: Path, line: int = 1) -> str:
    return f"{str(path)!r}, line {line},"


def _a_word(value: Any) -> Any:
    return shapes.text()(value) and str(Case.parse(value))


def _a_counterexample(value: Any) -> Any:
    """What `Swept.to_data` makes of one: its place, its word, its verdict and its way."""
    if not isinstance(value, list) or len(value) not in (_NEEDED, len(_COUNTEREXAMPLE)):
        raise shapes.refused(value, "a counterexample")
    for takes, part in zip(_COUNTEREXAMPLE, value, strict=False):
        takes(part)
    return value


LONGEST = 200
"""Characters of a value that a sentence repeats."""

_TEXT = shapes.text()

_WORST = shapes.fields(
    {
        "index": shapes.list_of(shapes.whole()),
        **dict.fromkeys(("got", "want", "allowed"), shapes.any_number),
        "why": _TEXT,
    },
    is_closed=True,
)

_VERDICT = shapes.fields(
    {
        "outcome": shapes.one_of(get_args(Outcome)),
        "kind": shapes.nullable(shapes.one_of(KINDS)),
        "sentence": _TEXT,
        "place": _TEXT,
        "stderr": shapes.list_of(_TEXT),
        "worst": shapes.nullable(_WORST),
        "error": shapes.any_number,
    },
    is_closed=True,
)

_COUNTEREXAMPLE = (shapes.whole(), _a_word, _VERDICT, _TEXT, shapes.list_of(shapes.list_of(shapes.whole())))

_NEEDED = 4
"""Parts of a counterexample without the places that were asked before it."""

_COUNTS = shapes.map_of(shapes.whole())

_SWEPT = shapes.fields(
    {"first": shapes.map_of(_a_counterexample)},
    {
        **dict.fromkeys(("agreed", "vacuous", "repeated"), shapes.whole()),
        **dict.fromkeys(("declined", "known", "counterexamples"), _COUNTS),
        "seconds": shapes.map_of(shapes.number()),
    },
)

_STATE = shapes.fields({"done": shapes.whole(), "swept": _SWEPT})
