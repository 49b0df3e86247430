"""What a subject did with the fixed cases: the bits of its answers, and its errors in units of the bound."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from verify.cases.case import Array, Case
from verify.checks.check import Subject, ask
from verify.checks.clock import Clock
from verify.checks.journal import journal
from verify.gate.properties import PROPERTIES
from verify.oracle.bounds import judgement
from verify.oracle.compare import Verdict, compare_form, different_bits
from verify.runs.baseline.ulps import distances, spelled

Errors = NDArray[np.float64]

SHARES = {"median": 0.5, "95 %": 0.95, "largest": 1.0}
"""Quantiles of |error| that are kept, by name."""

DIGITS = 3
"""Significant digits of what is kept of errors."""

TITLES = {each.name: each.title for each in PROPERTIES}

_JUDGED = {fill: each.name for each in reversed(PROPERTIES) for fill in each.fills}
"""Fill → the first of the gate's properties that judges it, which is one of values."""


class Behaviour(NamedTuple):
    """How the fixed cases of one property and dtype were answered.

    `cases` has for each word the distances of its answer from the reference (`verify.runs.baseline.ulps`),
    or in brackets why there are none: "(declined)", or a kind of disagreement. `error` has the
    quantiles, the bias (the mean, with its sign) and the variance of the errors in units of the bound,
    over all values that have one: it is empty where the sums are exact.
    """

    cases: Mapping[str, str]
    error: Mapping[str, float]

    def values(self) -> list[str]:
        """The distances of all values of all answers."""
        texts = (text for text in self.cases.values() if is_answer(text))
        return [each for text in texts for each in distances(text)]


def is_answer(text: str) -> bool:
    """Whether the text of a case tells of an answer, rather than why there is none."""
    return not text.startswith("(")


def group_of(case: Case) -> str:
    """The property and the dtype under which a case is counted."""
    return f"{_JUDGED[case.fill]} {case.format.token}"


def observe(subject: Subject, name: str, cases: Iterable[Case]) -> Iterator[tuple[Case, str, Errors]]:
    """Ask a subject each case; the case, the text of its answer, and the errors of its values."""
    for case in cases:
        journal.note(name, str(case))
        answer = _answer(subject, case)
        if isinstance(answer, str):
            yield case, f"({answer})", np.empty(0)
            continue
        rule = judgement(case)
        with np.errstate(over="ignore"):
            text = spelled(answer, rule.wanted.astype(case.dtype))
        yield case, text, _errors(answer, rule.wanted, rule.allowed)


def grouped(seen: Iterable[tuple[Case, str, Errors]]) -> dict[str, Behaviour]:
    """What was observed, by property and dtype."""
    texts: dict[str, dict[str, str]] = {}
    errors: dict[str, list[Errors]] = {}
    for case, text, found in seen:
        texts.setdefault(group_of(case), {})[str(case)] = text
        errors.setdefault(group_of(case), []).append(found)
    return {group: Behaviour(texts[group], _spread(np.concatenate(errors[group]))) for group in texts}


def _answer(subject: Subject, case: Case) -> Array | str:
    """What a subject answers twice with the same bits, or why there is no such answer."""
    first = _once(subject, case)
    again = first if isinstance(first, str) else _once(subject, case)
    if isinstance(first, str) or isinstance(again, str):
        return again
    return "not repeatable" if different_bits(first, again).any() else first


def _once(subject: Subject, case: Case) -> Array | str:
    answer = ask(subject, replace(case), Clock())[0]
    if isinstance(answer, Verdict):
        return answer.kind or answer.outcome
    if form := compare_form(answer, case.output_shape, case.dtype):
        return form.kind or ""
    return answer.astype(case.dtype)  # a copy, as a subject may write every answer into one buffer


def _errors(answer: Array, wanted: Array, allowed: Array | float) -> Errors:
    """The signed errors in units of the bound, of the values that have a bound and are finite."""
    got, limits = answer.astype(np.float64), np.broadcast_to(allowed, wanted.shape)
    bounded = np.isfinite(limits) & (limits > 0) & np.isfinite(got) & np.isfinite(wanted)
    return np.asarray((got[bounded] - wanted[bounded]) / limits[bounded])


def _spread(errors: Errors) -> dict[str, float]:
    if not errors.size:
        return {}
    quantiles = {name: np.quantile(np.abs(errors), share) for name, share in SHARES.items()}
    spread = {**quantiles, "bias": errors.mean(), "variance": errors.var()}
    return {name: float(f"{number:.{DIGITS}g}") for name, number in spread.items()}
