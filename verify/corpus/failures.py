"""The record of failures: what disagreed, how and since when, kept between runs as lines of JSON.

One object a line, `format` 1 and the `grammar` of its word: `subject`, `word`, `switches`, `kind`, `cause`,
`fault`, `options` (of the command line that runs it), `versions`, `first_seen` and, once it holds again,
`fixed`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from verify.cases.case import Case
from verify.cases.grammar import GRAMMAR, OtherGrammar, require_grammar
from verify.checks.examination import Examination
from verify.checks.files import refusal_of
from verify.checks.project import KEPT, keep_in
from verify.checks.subject import Description
from verify.checks.versions import versions_of
from verify.corpus.rewrite import rewrite
from verify.oracle.compare import Verdict

FAILURES_FORMAT = 1

FAILURES_FILE = KEPT / "failures.jsonl"
"""The file of the record where none is named."""

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
    options: str = ""
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
        switches=dict(subject.switches),
        options=subject.options,
        versions=versions_of(subject),
        first_seen=date.today().isoformat(),
        **trait_of(failure)._asdict(),
    )


def failures_in(file: Path) -> list[Failed]:
    """Every recorded failure; none where there is no file, or no folder for it.

    Raises ValueError, one sentence with the file and the line, for what is no record of this format, and
    for a file that cannot be read.
    """
    try:
        return _parse(file.read_text(encoding="utf-8"), file)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except UnicodeDecodeError:
        why = f"no record of failures: it is not text; delete it, or name another by {OPTION}"
        raise ValueError(f"{file} is {why}") from None
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
        head = {"format": FAILURES_FORMAT, "grammar": GRAMMAR}
        records = ({**head, **asdict(failure)} for failure in kept.values())
        return "".join(f"{json.dumps(record)}\n" for record in records)

    keep_in(file.parent)
    rewrite(file, with_failures)


def _parse(text: str, file: Path) -> list[Failed]:
    failures = []
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            failures.append(_failure_of(json.loads(line), file))
        except OtherGrammar:
            raise
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
            why = f"this is no record of a failure: {error}; delete the line"
            raise ValueError(f"{file}, line {number}: {why}") from None
    return failures


def _failure_of(entry: dict[str, Any], file: Path) -> Failed:
    version = entry.pop("format")
    if version != FAILURES_FORMAT:
        raise ValueError(f"it has the format {version!r}, and {FAILURES_FORMAT} is read here")
    require_grammar(entry.pop("grammar", None), file)
    failure = Failed(**entry)
    Case.parse(failure.word)
    return failure
