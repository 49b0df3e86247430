"""Known deviations: recorded disagreements of a subject, as strict data."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from verify.cases.case import Case
from verify.cases.predicates import Predicate, names_of
from verify.checks.releases import covers, require_range
from verify.oracle.compare import KINDS, Kind


class Deviation(NamedTuple):
    """One recorded disagreement.

    `when` holds of the cases that it touches, switches included, and `kinds` are the disagreements
    that it explains there. `word` is the smallest case that shows it; `sentence` says what is wrong,
    with the arithmetic.
    Where there is an `accumulator`, only values within the bound of sums in it are explained: the
    token of a dtype, or "own" for the operands'.
    One that is `sporadic`, such as memory that was never written, may fail to happen on its word.
    One of a `fault` explains only what looks like the fault of that name.
    `versions` are those of the subject's framework in which it was seen, "2.21" for any 2.21.x, or
    ranges such as ">=2.20,<2.22". After the day that it `expires` the gate fails until it is mended.
    """

    name: str
    subjects: tuple[str, ...]
    kinds: tuple[Kind, ...]
    when: Predicate
    word: str
    sentence: str
    versions: tuple[str, ...] = ()
    link: str = ""
    accumulator: str = ""
    sporadic: bool = False
    fault: str = ""
    expires: date | None = None

    def is_of(self, subject: str) -> bool:
        """Whether a subject's name fits one of the patterns in `subjects`, such as `tensorflow*`."""
        return any(fnmatchcase(subject, pattern) for pattern in self.subjects)

    @property
    def described(self) -> str:
        """The kinds that it explains, and the fault that they look like."""
        return ", ".join(self.kinds) + (f" that looks like {self.fault}" if self.fault else "")

    def applies(self, switches: Mapping[str, str]) -> bool:
        """Whether the condition holds of the deviation's own word under a subject's switches."""
        return self.when.holds(names_of(Case.parse(self.word), switches))

    def explains(self, case: Case, kind: Kind | None, switches: Mapping[str, str]) -> bool:
        return kind in self.kinds and self.when.holds(names_of(case, switches))


def read(text: str, *, subject: str, version: str | None) -> tuple[Deviation, ...]:
    """The deviations of a TOML text that are about a subject in a version of its framework.

    Raises ValueError, one sentence, for an entry with a missing or unknown key, a bad condition, an
    unknown kind or a word that is no case.
    """
    return about(parse(text), subject=subject, version=version)


def parse(text: str) -> tuple[Deviation, ...]:
    """Every deviation of a TOML text; raises ValueError as `read` does."""
    tables = tomllib.loads(text)
    entries = tables.get("deviation", [])
    if set(tables) - {"deviation"} or not isinstance(entries, list):
        raise ValueError("a file of deviations holds [[deviation]] entries and nothing else")
    return tuple(deviation_of(entry) for entry in entries)


def about(deviations: Iterable[Deviation], *, subject: str, version: str | None) -> tuple[Deviation, ...]:
    """Those that are about a subject in a version of its framework; in any where that is not known."""
    return tuple(each for each in deviations if each.is_of(subject) and _seen_in(each, version))


def applying(deviations: Iterable[Deviation], switches: Mapping[str, str]) -> tuple[Deviation, ...]:
    """Those that apply under a subject's switches."""
    return tuple(each for each in deviations if each.applies(switches))


def _seen_in(deviation: Deviation, version: str | None) -> bool:
    if not deviation.versions or version is None:
        return True
    return any(covers(seen, version) for seen in deviation.versions)


def to_text(deviations: Iterable[Deviation]) -> str:
    """Deviations as one text, which `from_text` reads."""
    return json.dumps([entry_of(each) for each in deviations])


def from_text(text: str) -> tuple[Deviation, ...]:
    return tuple(map(deviation_of, json.loads(text)))


def entry_of(deviation: Deviation) -> dict[str, Any]:
    """A deviation as the plain data that it is read from."""
    dated = {"expires": deviation.expires.isoformat()} if deviation.expires else {}
    fields = {name: value for name, value in deviation._asdict().items() if name != "expires"}
    return {**fields, "when": deviation.when.text, **dated}


def deviation_of(entry: Mapping[str, Any]) -> Deviation:
    """The deviation of an entry; ValueError, one sentence, for one that is wrong."""
    name = entry.get("name", "without a name")
    try:
        listed: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()
        }
        for key, value in listed.items():
            _require_type(key, value)
        if isinstance(listed.get("expires"), str):
            listed["expires"] = date.fromisoformat(listed["expires"])
        deviation = Deviation(**{**listed, "when": Predicate(listed["when"])})
        Case.parse(deviation.word)
        for each in deviation.versions:
            require_range(each)
        if deviation.fault:
            _require_fault(deviation.fault)
    except (KeyError, TypeError, ValueError) as wrong:
        raise ValueError(f"the deviation {name!r} cannot be read: {wrong}") from None
    strange = set(deviation.kinds) - set(KINDS)
    if strange:
        raise ValueError(f"the deviation {name!r} has the unknown kind {min(strange)!r}")
    return deviation


def _require_fault(name: str) -> None:
    from verify.faults import fault_named  # most entries need none of the catalogue

    fault_named(name)


def _require_type(key: str, value: Any) -> None:
    if key in ("subjects", "kinds", "versions"):
        if not isinstance(value, tuple) or not all(isinstance(each, str) for each in value):
            raise TypeError(f"{key} is {value!r}, not a list of strings")
    elif key == "sporadic":
        if not isinstance(value, bool):
            raise TypeError(f"{key} is {value!r}, not true or false")
    elif key == "expires":
        if not isinstance(value, str) and type(value) is not date:
            raise TypeError(f"{key} is {value!r}, not a date such as 2026-01-31")
    elif not isinstance(value, str):
        raise TypeError(f"{key} is {value!r}, not a string")
