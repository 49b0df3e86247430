"""Known deviations: recorded disagreements of a subject, as strict data, and what each explains."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from fnmatch import fnmatchcase
from functools import cache
from os import PathLike
from signal import Signals
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from verify.cases.case import Case
from verify.cases.expressions import Expression
from verify.cases.grammar import require_grammar
from verify.cases.predicates import FUNCTIONS, NAMES, Predicate, names_of
from verify.cases.spelling import nearest
from verify.checks.reading import DataError, line_of, toml_of, value_shown
from verify.checks.releases import require_range, seen_in
from verify.checks.ways import split_way
from verify.oracle.compare import KINDS, Kind

if TYPE_CHECKING:  # which knows deviations
    from verify.checks.subject import Description

CONDITION_NAMES: Mapping[str, Any] = MappingProxyType({"switches": {}, "onednn": (), "way": ""})
"""What conditions may use besides a case's names, as it is of subjects that say nothing of it.

`switches` are the subject's settings, `onednn` the dtypes that oneDNN computes for it, `way` the name of
the way that was asked.
"""


@cache
def condition(text: str) -> Predicate:
    """A condition on a case and a subject's condition names; ValueError for one that is wrong."""
    return Predicate(text, CONDITION_NAMES)


@cache
def formula(text: str) -> Expression:
    """An expression over the names of a condition, read once; ValueError for one that is wrong."""
    return Expression(text, names=(*NAMES, *CONDITION_NAMES), functions=FUNCTIONS)


FORMS: frozenset[Kind] = frozenset({"value", "non-finite", "shape", "dtype"})
"""The kinds of what is answered, but is not right."""

_NUMBERS = ("strides", "dilations", "padding", "border", "epilogue", "slope", "images")
INSTEAD = (*_NUMBERS, "shape", "unwritten", "perhaps")
"""What `instead` may say of the case that is computed in place of another, and of its answer."""


class Deviation(NamedTuple):
    """One recorded disagreement.

    `when` holds of the cases that it touches, switches included, and `kinds` are the disagreements
    that it explains there. `word` is the smallest case that shows it; `sentence` says what is wrong,
    with the arithmetic, and `link` leads to a report of it.
    What it predicts is all that it explains. Of what is answered: the `fault`, or the faults together, that
    are computed; the `accumulator` in which sums are held, the name of a dtype, or "own" for the operands';
    and `instead`, by name the expressions of the numbers that are computed in place of the case's. Else the
    pattern of an `error`, which may say that memory ran out, the `signal` or one of those that end the
    process, and that an illegal call is `answered`, or the expression of the shape. Where nothing can be
    predicted it is `unjudged`: its cases are outside what is drawn.
    One that is `sporadic`, such as memory that was never written, may fail to happen on its word.
    `versions` of the subject's framework are those in which it was seen: "2.21" for any 2.21.x, or
    ranges such as ">=2.20,<2.22". After the day on which it `expires` the gate fails.
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
    fault: str | tuple[str, ...] = ""
    expires: date | None = None
    instead: Mapping[str, str] = MappingProxyType({})
    error: str = ""
    answered: bool | str = False
    signal: str | tuple[str, ...] = ""
    unjudged: bool = False

    @property
    def faults(self) -> tuple[str, ...]:
        """The names of the faults that it predicts."""
        return _listed(self.fault)

    @property
    def signals(self) -> tuple[str, ...]:
        """The names of the signals that it predicts."""
        return _listed(self.signal)

    @property
    def computes(self) -> bool:
        """Whether it predicts the numbers of an answer."""
        return bool(self.fault or self.accumulator or self.instead)

    @property
    def broad(self) -> tuple[Kind, ...]:
        """The kinds that it explains whatever they are; none where it is `unjudged`, or predicts them all."""
        says: dict[Kind, object] = dict.fromkeys((*FORMS, "not repeatable"), self.computes)
        says |= {"refused": self.error, "crashed": self.signal, "answered": self.answered}
        says |= {"out of memory": self.error, "timed out": True}  # which is the same each time
        return () if self.unjudged else tuple(kind for kind in self.kinds if not says.get(kind))

    def is_of(self, subject: str) -> bool:
        """Whether a subject's name fits one of the patterns in `subjects`, such as `tensorflow*`.

        A pattern without a way, as after `/`, is of all ways, and a subject without one has those of each.
        """
        name, way = split_way(subject)
        parts = (split_way(pattern) for pattern in self.subjects)
        return any(
            fnmatchcase(name, of) and (not way or not ways or fnmatchcase(way, ways)) for of, ways in parts
        )

    def is_of_way(self, subject: str) -> bool:
        """Whether the way in a subject's name is one that the patterns have, or they have none of any."""
        return self.is_of(subject) or not any(split_way(pattern)[1] for pattern in self.subjects)

    def covers(self, version: str | None) -> bool:
        """Whether it was seen in a version of the subject's framework; in any where it says none."""
        return seen_in(self.versions, version)

    @property
    def kinds_phrase(self) -> str:
        """The kinds that it explains, and the faults that they look like."""
        faults = " and ".join(self.faults)
        return ", ".join(self.kinds) + (f" that looks like {faults}" if faults else "")

    @property
    def text(self) -> str:
        """The sentence on one line, and the link where there is one."""
        sentence = " ".join(self.sentence.split())
        return f"{sentence} See {self.link}" if self.link else sentence

    def applies(self, names: Mapping[str, Any]) -> bool:
        """Whether the condition holds of the deviation's own word, with the condition names of a subject."""
        return self._holds(Case.parse(self.word), names)

    def explains(self, case: Case, kind: Kind | None, names: Mapping[str, Any]) -> bool:
        """Whether it explains disagreements of a kind on a case, with the condition names of a subject.

        One whose word is given no operands of another shape or dtype says nothing of a case that is.
        """
        return kind in self.kinds and _is_of(self.word, case) and self._holds(case, names)

    def _holds(self, case: Case, names: Mapping[str, Any]) -> bool:
        return self.when.holds(names_of(case, {**CONDITION_NAMES, **names}))


def _is_of(word: str, case: Case) -> bool:
    return not _is_given(case) or _has_given(word)


def _is_given(case: Case) -> bool:
    return bool(case.given_shapes or case.given_dtypes)


@cache
def _has_given(word: str) -> bool:
    return _is_given(Case.parse(word))


def parse_deviations(text: str, file: str | PathLike[str] = "FILE") -> tuple[Deviation, ...]:
    """Every deviation of a TOML text, that of a file.

    Raises DataError, one sentence with its line, for an entry with a missing or unknown key, a bad condition,
    an unknown kind or a word that is not a case.
    """
    tables = toml_of(text)
    entries = tables.get("deviation", [])
    if set(tables) - {"grammar", "deviation"} or not isinstance(entries, list):
        strange = next((key for key in tables if key not in ("grammar", "deviation")), "deviation")
        why = "a file of deviations holds `grammar`, [[deviation]] entries and nothing else"
        raise DataError(why, line_of(text, f"[{strange}]", strange))
    if entries:
        require_grammar(tables.get("grammar"), file)
    return deviations_of(entries, text, "[[deviation]]")


def deviations_of(entries: Sequence[Any], text: str, header: str) -> tuple[Deviation, ...]:
    """The deviations of the entries of a TOML text, each below such a header; DataError for a wrong one."""
    deviations = []
    for number, entry in enumerate(entries):
        if not isinstance(entry, Mapping):
            raise DataError(f"{value_shown(entry)} is no [[deviation]] entry", line_of(text, "", "deviation"))
        try:
            deviations.append(deviation_of(entry))
        except ValueError as wrong:
            raise DataError(str(wrong), line_of(text, header, number=number)) from None
    return tuple(deviations)


def about(deviations: Iterable[Deviation], *, subject: str, version: str | None) -> tuple[Deviation, ...]:
    """The deviations of a subject in a version of its framework.

    All of them where the version is unknown or none of them was seen in it: they are then asked first.
    """
    own = tuple(entry for entry in deviations if entry.is_of(subject))
    seen = tuple(entry for entry in own if entry.covers(version))
    return seen if any(entry.versions for entry in seen) else own


def recorded(
    subject: Description, users: Iterable[Deviation], *, brought: Iterable[Deviation] | None = None
) -> tuple[Deviation, ...]:
    """The known deviations of a subject: the user's entries, then its own.

    Raises ValueError, one sentence, for an entry of certain versions where the subject says none.
    """
    for entry in users:
        if subject.version is None and entry.versions and entry.is_of(subject.name):
            versions = " or ".join(entry.versions)
            raise ValueError(
                f"the deviation {entry.name!r} is of {versions}, and {subject.name} has no `version`"
            )
    known = subject.known if brought is None else brought
    return (*about(users, subject=subject.name, version=subject.version), *known)


def applying(deviations: Iterable[Deviation], subject: Description) -> tuple[Deviation, ...]:
    """Those that apply to a subject, or to one of its ways, as it runs here."""
    return tuple(entry for entry in deviations if any(routes_of(entry, subject)))


def routes_of(deviation: Deviation, subject: Description) -> tuple[Description, ...]:
    """The ways of a subject, or itself where it has none, to whose answer of its word a deviation applies."""
    return tuple(
        way
        for way in subject.routes
        if deviation.is_of_way(way.name) and deviation.applies(way.condition_names)
    )


def expired(subject: str, deviation: Deviation) -> str:
    """The message for an entry whose day has passed."""
    return (
        f"{deviation.name!r}, recorded of {subject}, expired on {deviation.expires}: "
        f"mend what it records, or give it another day\n"
        f"  case     {deviation.word}\n"
        f"  entry    {deviation.text}"
    )


def to_text(deviations: Iterable[Deviation]) -> str:
    """Deviations as one text, which `from_text` reads."""
    return json.dumps([entry_of(deviation) for deviation in deviations])


def from_text(text: str) -> tuple[Deviation, ...]:
    return tuple(map(deviation_of, json.loads(text)))


def entry_of(deviation: Deviation) -> dict[str, Any]:
    """A deviation as the plain data that it is read from."""
    dated = {"expires": deviation.expires.isoformat()} if deviation.expires else {}
    fields = {name: value for name, value in deviation._asdict().items() if name != "expires"}
    return {**fields, "when": deviation.when.text, "instead": dict(deviation.instead), **dated}


def deviation_of(entry: Mapping[str, Any]) -> Deviation:
    """The deviation of an entry; ValueError, one sentence, for one that is wrong."""
    name = entry.get("name", "without a name")
    if other := [key for key in entry if key not in Deviation._fields]:
        keys = f"{', '.join(Deviation._fields)}{nearest(other[0], Deviation._fields)}"
        what = f"it has {value_shown(other[0], 60)}, which is none of its keys, {keys}"
        raise ValueError(f"the deviation {value_shown(name)} cannot be read: {what}")
    needed = [key for key in Deviation._fields if key not in Deviation._field_defaults]
    if lacking := [key for key in needed if key not in entry]:
        raise ValueError(f"the deviation {value_shown(name)} cannot be read: it has no {lacking[0]!r}")
    try:
        listed: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()
        }
        for key, value in listed.items():
            _require_type(key, value)
        if isinstance(listed.get("expires"), str):
            listed["expires"] = date.fromisoformat(listed["expires"])
        deviation = Deviation(**{**listed, "when": condition(listed["when"])})
        Case.parse(deviation.word)
        for versions in deviation.versions:
            require_range(versions)
        _require_prediction(deviation)
    except (TypeError, ValueError) as wrong:
        raise ValueError(f"the deviation {value_shown(name)} cannot be read: {wrong}") from None
    strange = set(deviation.kinds) - set(KINDS)
    if strange:
        unknown = f"{min(strange)!r}: it is none of {', '.join(KINDS)}{nearest(min(strange), KINDS)}"
        raise ValueError(f"the deviation {name!r} has the unknown kind {unknown}")
    return deviation


def _listed(names: str | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(filter(None, (names,))) if isinstance(names, str) else names


def _require_prediction(deviation: Deviation) -> None:
    """Raise ValueError, one sentence, for a prediction that cannot be made or is of none of its kinds."""
    for field, text in deviation.instead.items():
        if field not in INSTEAD:
            raise ValueError(f"`instead` has {field!r}; it may have {', '.join(INSTEAD)}")
        formula(text)
    if isinstance(deviation.answered, str):
        formula(deviation.answered)
    _require_pattern(deviation.error)
    if strange := [name for name in deviation.signals if name not in Signals.__members__]:
        raise ValueError(f"no signal is named {strange[0]!r}{nearest(strange[0], Signals.__members__)}")
    if deviation.faults:
        from verify.faults import fault_named  # most entries need none of the catalogue
        from verify.faults.composed import require_predictions

        require_predictions([fault_named(name) for name in deviation.faults])
    says = {
        "fault, accumulator or instead": (deviation.computes, FORMS),
        "error": (deviation.error, {"refused", "out of memory"}),
        "answered": (deviation.answered, {"answered"}),
        "signal": (deviation.signal, {"crashed"}),
    }
    for key, (value, kinds) in says.items():
        if value and deviation.unjudged:
            raise ValueError(f"what is unjudged predicts nothing, and it has {key}")
        if value and not kinds & {*deviation.kinds}:
            raise ValueError(f"its {key} is of kinds that it does not have: {', '.join(sorted(kinds))}")


def _require_pattern(text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what a later Python reads otherwise
        try:
            re.compile(text)
        except (re.error, OverflowError, RecursionError) as wrong:
            raise ValueError(f"error is {value_shown(text)}, which is no pattern: {wrong}") from None


def _require_type(key: str, value: Any) -> None:
    if key in ("subjects", "kinds", "versions"):
        expected = "a list of strings"
        holds = isinstance(value, tuple) and all(isinstance(text, str) for text in value)
    elif key in ("fault", "signal"):
        expected = "a string or a list of them"
        holds = all(isinstance(text, str) for text in (value if isinstance(value, tuple) else [value]))
    elif key == "instead":
        expected = "a table of strings"
        holds = isinstance(value, Mapping) and all(isinstance(text, str) for text in value.values())
    elif key == "answered":
        expected, holds = "true or a string", isinstance(value, bool | str)
    elif key in ("sporadic", "unjudged"):
        expected, holds = "true or false", isinstance(value, bool)
    elif key == "expires":
        expected, holds = "a date such as 2026-01-31", isinstance(value, str) or type(value) is date
    else:
        expected, holds = "a string", isinstance(value, str)
    if not holds:
        raise TypeError(f"{key} is {value_shown(value)}, not {expected}")
