"""Which known deviations of TensorFlow a model's layers meet, by their conditions: nothing is run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from itertools import product
from typing import NamedTuple

from verify.cases.case import Case
from verify.cases.domain import as_grouped
from verify.cases.predicates import names_of
from verify.cases.word import InvalidCase
from verify.checks.deviations import CONDITION_NAMES, Deviation
from verify.subjects.processor import condition_names
from verify.subjects.tensorflow.switches import MATRIX, SETTINGS
from verify.subjects.tensorflow.tables import deviations
from verify.subjects.tensorflow.ways import WAYS, AnyWay, known_deviations

PARTS = {
    "forward": "",
    "transpose": "its gradient with respect to the input",
    "filtergrad": "its gradient with respect to the filters",
}
"""What of a layer is asked → as a report says it."""

FILLS = {"reals": "", "nonfinite": "where the input has NaN or infinity"}
"""Fills as the data of a model in use → as a report says it."""


class Meeting(NamedTuple):
    """A deviation that a word meets: as which case, in which subjects, and under which switches.

    `where` says of which part of the layer it is, and of which data.
    """

    deviation: Deviation
    word: Case
    case: Case
    subjects: tuple[str, ...]
    switches: Mapping[str, str]
    where: str


def meetings_of(words: Iterable[Case]) -> list[Meeting]:
    """Every meeting of these words with a deviation of the TensorFlow that is installed."""
    seen = {entry.name for name in WAYS for entry in known_deviations(name)}
    known = [entry for entry in deviations() if entry.name in seen]
    return [meeting for word in words for meeting in _meetings(word, known)]


def _meetings(word: Case, known: Iterable[Deviation]) -> Iterator[Meeting]:
    met: set[tuple[str, str]] = set()
    for (part, said), (fill, data) in product(PARTS.items(), FILLS.items()):
        case = _as(word, part, fill)
        if case is None:
            continue
        plain = names_of(case, CONDITION_NAMES)
        for entry in known:
            if (entry.name, part) in met or (data and "fill" not in entry.when.text):
                continue
            asked = ((switches, _where(entry, case, plain, switches)) for switches in _settings(entry))
            holding = [(switches, subjects) for switches, subjects in asked if subjects]
            if holding:
                met.add((entry.name, part))
                subjects = tuple(dict.fromkeys(name for _, names in holding for name in names))
                switches = _common([each for each, _ in holding])
                where = ", ".join(filter(None, (said, data)))
                yield Meeting(entry, word, case, subjects, switches, where)


def _as(word: Case, part: str, fill: str) -> Case | None:
    """The case of a part of a layer in a fill, or None where there is none."""
    with suppress(InvalidCase):
        if part == "forward":
            return replace(word, fill=fill, seed=0)
        if word.operation in ("conv", "depthwise"):
            size = tuple(cells + sum(ends) for cells, ends in zip(word.size, word.borders, strict=True))
            plain = replace(word, size=size, border=(), epilogue=(), fill=fill, seed=0)
            grouped = as_grouped(plain) if word.operation == "depthwise" else plain
            return replace(grouped, operation=part)
    return None


def _settings(entry: Deviation) -> Iterator[dict[str, str]]:
    """Every combination of the settings that a deviation's condition may depend on."""
    names = SETTINGS if "switches" in entry.when.text else SETTINGS[:1]
    values = product(*(MATRIX[name] for name in names))
    return (dict(zip(names, each, strict=True)) for each in values)


def _where(
    entry: Deviation, case: Case, plain: Mapping[str, object], switches: Mapping[str, str]
) -> tuple[str, ...]:
    """The subjects of which a deviation holds for a case, with its names, under these switches."""
    names = {**plain, **condition_names(switches)}
    if "way" not in entry.when.text and not entry.when.holds(names):
        return ()
    return tuple(
        name
        for name, ways in WAYS.items()
        if any(
            _holds(entry, way, case, {**names, "way": way.name})
            for way in ways
            if entry.is_of(f"{name}/{way.name}")
        )
    )


def _holds(entry: Deviation, way: AnyWay, case: Case, names: Mapping[str, object]) -> bool:
    """Whether a deviation holds of a way's answer, which takes the case: no documented limit keeps it out."""
    if not way.domain.holds(case) or not entry.when.holds(names):
        return False
    return not any(limit.when.holds(names) for limit in way.limits)


def _common(combinations: list[dict[str, str]]) -> dict[str, str]:
    """The settings that have one value in all of these combinations."""
    return {
        name: value
        for name, value in combinations[0].items()
        if {combination[name] for combination in combinations} == {value}
    }
