"""The record of failures: what disagreed, how and since when, kept between runs as lines of JSON.

One object a line, `format` 2 and the `grammar` of its word: `subject`, `word`, `switches`, `kind`, `cause`,
`fault`, `timeout` (the seconds that a case might take in its worker, or null), `versions`, `first_seen` and,
once it holds again, `fixed`. It has no other key, and none is an option or a path of an interpreter. Format 1
had `options` of the command line, which are passed over.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from verify.cases.case import Case
from verify.cases.grammar import GRAMMAR, OtherGrammar, require_grammar
from verify.checks import shapes
from verify.checks.escaping import line_of
from verify.checks.examination import Examination
from verify.checks.files import refusal_of
from verify.checks.ours import NotOurs
from verify.checks.project import keep_in, read_kept, require_kept
from verify.checks.reading import DataError, json_of
from verify.checks.subject import Description
from verify.checks.versions import versions_of
from verify.corpus.rewrite import rewrite
from verify.oracle.compare import KINDS, Verdict

FAILURES_FORMAT = 2

LONGEST_TIMEOUT_S = 3600
"""The seconds that a recorded case may take at most."""

OPTION = "--failures"
"""By which another file is named."""

Asked: TypeAlias = tuple[Any, ...]
"""What a failure is recorded for: a subject, its switches and a case."""


class Trait(NamedTuple):
    """What tells one failure of a case from another: its kind, what was raised, which fault it looks like."""

    kind: str
    cause: str = ""
    fault: str = ""

    def is_as(self, other: Trait) -> bool:
        """Whether both may be the same failure; one without a fault matches any fault."""
        same_fault = self.fault == other.fault or not (self.fault and other.fault)
        return self[:2] == other[:2] and same_fault

    def __str__(self) -> str:
        return ", ".join(filter(None, (self.kind, self.cause, self.fault)))


def trait_of(failure: Examination) -> Trait:
    return trait_at_sight(failure.verdict)._replace(fault=failure.fault)


def trait_at_sight(verdict: Verdict) -> Trait:
    """The trait without the fault; for a case that agrees, the outcome."""
    # What a subject raised, or how its process ended, without the error's text, which may vary.
    cause = verdict.sentence.partition(":")[0] if verdict.kind in ("refused", "crashed") else ""
    return Trait(verdict.kind or ("holds" if verdict.outcome == "agrees" else verdict.outcome), cause)


@dataclass(frozen=True, kw_only=True)
class Failed:
    """A recorded failure."""

    subject: str
    word: str
    switches: Mapping[str, str] = field(default_factory=dict)
    kind: str
    cause: str = ""
    fault: str = ""
    timeout: float | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    first_seen: str
    fixed: str = ""

    @property
    def asked(self) -> Asked:
        return (self.subject, self.word, *sorted(self.switches.items()))

    @property
    def trait(self) -> Trait:
        return Trait(self.kind, self.cause, self.fault)


def asked_of(subject: Description, case: Case) -> Asked:
    return (subject.name, str(case), *sorted(subject.switches.items()))


def failed(failure: Examination) -> Failed:
    """What to record of a disagreement."""
    subject = failure.subject
    return Failed(
        subject=subject.name,
        word=str(failure.case),
        switches=_lines(subject.switches),
        timeout=subject.timeout_s and min(subject.timeout_s, LONGEST_TIMEOUT_S),
        versions=_lines(versions_of(subject)),
        first_seen=date.today().isoformat(),
        **{name: _line(text) for name, text in trait_of(failure)._asdict().items()},
    )


def failures_in(file: Path) -> list[Failed]:
    """Every recorded failure; none where there is no file, or no folder for it.

    Raises ValueError, one sentence with the file and the line, for what is no record of this format, and
    for a file that cannot be read; NotOurs for one that is not ours.
    """
    try:
        return _parse(read_kept(file, option=OPTION), file)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except NotOurs:
        raise
    except OSError as error:
        raise ValueError(refusal_of(error, OPTION)) from None


def remember(file: Path, failures: Iterable[Failed]) -> None:
    """Add failures to a record, one for each kind of a case; those that are there keep their first day."""

    def with_failures(text: str) -> str:
        kept = {(failure.asked, failure.kind): failure for failure in _parse(text, file)}
        for failure in failures:
            key = failure.asked, failure.kind
            first_seen = kept.get(key, failure).first_seen
            kept[key] = replace(failure, first_seen=first_seen)
        return _text_of(kept.values())

    keep_in(file.parent)
    require_kept(file)
    rewrite(file, with_failures)


def forget(file: Path, is_wanted: Callable[[Failed], bool]) -> list[Failed]:
    """Take failures out of a record; returns those that were there. NotOurs for a record that is not ours."""
    gone: list[Failed] = []

    def without(text: str) -> str:
        failures = _parse(text, file)
        gone[:] = [failure for failure in failures if is_wanted(failure)]
        return _text_of(failure for failure in failures if failure not in gone) if gone else text

    try:
        require_kept(file)
    except NotOurs as error:
        error.option = OPTION
        raise
    rewrite(file, without)
    return gone


def _text_of(failures: Iterable[Failed]) -> str:
    head = {"format": FAILURES_FORMAT, "grammar": GRAMMAR}
    return "".join(f"{json.dumps({**head, **asdict(failure)})}\n" for failure in failures)


def _parse(text: str, file: Path) -> list[Failed]:
    failures = []
    for number, line in enumerate(text.removesuffix("\n").split("\n") if text else (), start=1):
        try:
            failures.append(_failure_of(json_of(line), file))
        except OtherGrammar:
            raise
        except ValueError as error:
            why = f"this is no record of a failure: {error}; delete the line"
            raise ValueError(f"{file}, line {number}: {why}") from None
    return failures


def _failure_of(entry: Any, file: Path) -> Failed:
    version = shapes.fields({"format": lambda value: value})(entry).pop("format")
    if type(version) is not int or version not in (1, FAILURES_FORMAT):
        raise DataError(f"it has the format {version!r}, and {FAILURES_FORMAT} is read here")
    require_grammar(entry.pop("grammar", None), file)
    if version == 1:
        entry.pop("options", None)
    failure = Failed(**_FAILURE(entry))
    Case.parse(failure.word)
    return failure


def _a_subject(value: Any) -> Any:
    if _LINE(value).split() != [value]:
        raise shapes.refused(value, "the name of a subject")
    return value


def _a_day(value: Any) -> Any:
    try:
        return value if value == "" else date.fromisoformat(value).isoformat()
    except (TypeError, ValueError):
        raise shapes.refused(value, "a day such as 2026-01-31") from None


def _line(text: str) -> str:
    return line_of(text, LONGEST)


def _lines(texts: Mapping[str, str]) -> dict[str, str]:
    return {_line(name): _line(text) for name, text in texts.items()}


LONGEST = 2_000
"""Characters that a text of a record may have."""

_LINE = shapes.text(LONGEST, is_line=True)

_FAILURE = shapes.fields(
    {"subject": _a_subject, "word": _LINE, "kind": shapes.one_of(KINDS), "first_seen": _a_day},
    {
        "switches": shapes.map_of(_LINE, keys=_LINE),
        "cause": _LINE,
        "fault": _LINE,
        "timeout": shapes.nullable(shapes.number(1e-3, LONGEST_TIMEOUT_S)),
        "versions": shapes.map_of(_LINE, keys=_LINE),
        "fixed": _a_day,
    },
    is_closed=True,
)
