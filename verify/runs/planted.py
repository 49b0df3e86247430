"""Wrong values planted on top of a subject's own answers, and the share of them that is reported."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from zlib import crc32

import numpy as np
from rich.console import Console
from rich.text import Text

from verify.cases.case import Case
from verify.cases.operands import Array
from verify.checks.deviations import Deviation, applying
from verify.checks.examination import Examination
from verify.checks.losses import handed_over, keep_if_lost, take_over
from verify.checks.path import Examiner
from verify.checks.predictions import predicted
from verify.checks.subject import Description, Subject, describe
from verify.gate.drawing import cases_by_way, sample
from verify.gate.survey import judgeable_routes, survey_of
from verify.oracle.bounds import judgement
from verify.oracle.compare import Judgement
from verify.runs.interrupted import say_interrupted
from verify.runs.jobs import all_of, jobs_for

REPORTED = 0.99
"""The least share of planted values that must be reported of each subject."""

SHOWN = 5
"""Cases of a planted value that was not reported, which are listed."""


@dataclass
class Planting:
    """For one subject: the cases in which a value was planted, and the words of those not reported."""

    label: str
    planted: int = 0
    missed: list[str] = field(default_factory=list)

    @property
    def share(self) -> float:
        return 1 - len(self.missed) / self.planted if self.planted else 0.0

    @property
    def sentence(self) -> str:
        count = f"{self.planted - len(self.missed):,} of {self.planted:,}"
        return f"{self.label}: {count} planted values are reported, {self.share:.1%}"


def selftest_of(
    console: Console,
    labels: Sequence[str],
    load: Callable[[str], Subject],
    *,
    examples: int,
    seed: int,
    jobs: int | None = 1,
    alone: str = "",
) -> int:
    """Plant a wrong value in every answer of each subject, and print the share that is reported; 0, or 3.

    The subjects are shared out to `jobs`, unless there can be one alone, as `alone` says.
    """
    say_interrupted(lambda line: console.print(Text(line), soft_wrap=True))
    subjects = [describe(load(label)) for label in labels]
    among = jobs_for(len(subjects), jobs, "subject", alone=alone)
    if among.phrase:
        console.print(Text(among.phrase, style="dim"), soft_wrap=True)

    def work(subject: Description) -> tuple[Planting, list[tuple[str, str]]]:
        return planting_of(subject, examples=examples, seed=seed), handed_over()

    plantings = []
    for planting, losses in all_of(subjects, work, jobs=among.number):
        take_over(losses)
        plantings.append(planting)
        console.print(Text(planting.sentence), soft_wrap=True)
        for word in planting.missed[:SHOWN]:
            console.print(Text(f"  missed   {word}"), soft_wrap=True)
    short = [planting.label for planting in plantings if planting.share < REPORTED]
    sentence = f"Holds: at least {REPORTED:.0%} of what was planted in each subject is reported."
    if short:
        sentence = f"Proves too little: less than {REPORTED:.0%} is reported of {', '.join(short)}."
    console.print(Text(f"\n{sentence}", style="bold"), soft_wrap=True)
    return 3 if short else 0


def planting_of(subject: Description, *, examples: int, seed: int) -> Planting:
    """What is reported of a subject, for cases drawn as a run draws them."""
    survey = survey_of(subject, applying(subject.known, subject))
    routes = judgeable_routes(survey.routes, survey.known)
    domains = {name: way.drawn() for name, way in routes.items()}
    planting = Planting(subject.label)
    for name, case in sample(examples, seed, cases_by_way(domains)):
        way = routes[name]
        examiner = Examiner(subject=way, known=survey.known, noted_as=way.label)
        examination = examiner.examine(case)
        keep_if_lost(examination, asked="for the answer in which a wrong value is planted")
        wrong = planted_in(examination, survey.known)
        if wrong is not None:
            planting.planted += 1
            again = replace(examiner, subject=replace(way, call=_answering(wrong), ways={})).examine(case)
            planting.missed += [] if again.fails else [f"{way.name} {case}"]
    return planting


def _answering(answer: Array) -> Callable[[Case], Any]:
    return lambda case: answer


def planted_in(examination: Examination, known: Iterable[Deviation]) -> Array | None:
    """The answer with one element changed, or None where nothing was graded.

    The element is the next number where it must be equal, and else lies beyond twice its bound: by the
    reference, and by what each deviation predicts that is recorded there.
    """
    case, answer = examination.case, examination.answer
    if examination.outcome not in ("agrees", "known") or answer is None or answer.dtype != case.dtype:
        return None
    rules = list(_rules(examination, known))
    finite = np.isfinite(answer.astype(np.float64))
    for rule in rules:
        finite &= np.isfinite(np.broadcast_to(rule.allowed, answer.shape)) & np.isfinite(rule.wanted)
    places = np.argwhere(finite)
    if not len(places) or not rules:
        return None
    index = tuple(places[crc32(str(case).encode()) % len(places)].tolist())
    wrong = np.array(answer)
    wrong[index] = _beyond(wrong[index], rules, index)
    return wrong if np.isfinite(wrong[index].astype(np.float64)) else None


def _rules(examination: Examination, known: Iterable[Deviation]) -> Iterable[Judgement]:
    """The judgements by which an answer of this shape may be right: the reference's and those predicted."""
    case, answer, way = examination.case, examination.answer, examination.subject
    assert answer is not None
    if case.output_shape == answer.shape:
        yield judgement(examination.held)
    for entry in known:
        is_here = entry.is_of_way(way.name) and entry.explains(case, "value", way.condition_names)
        if is_here and entry.computes:
            rule = predicted(entry, examination.held, way.condition_names)
            if rule is not None and rule.wanted.shape == answer.shape:
                yield rule


def _beyond(value: Any, rules: Sequence[Judgement], index: tuple[int, ...]) -> Any:
    """The first number above a value that is further than twice its bound from all that may be right."""
    largest = float(value)
    for rule in rules:
        allowed = float(np.broadcast_to(rule.allowed, rule.wanted.shape)[index])
        if allowed:
            largest = max(largest, float(rule.wanted[index]) + 2 * allowed)
    step = np.asarray(largest).astype(value.dtype)
    if value.dtype.kind in "iu":
        return _next_integer(value, math.floor(largest) + 1)
    if float(step) <= largest:
        step = np.nextafter(step, np.asarray(np.inf, value.dtype), dtype=value.dtype)
    return step


def _next_integer(value: Any, beyond: int) -> Any:
    """An integer above what is right, or below it where the dtype ends."""
    largest = int(np.iinfo(value.dtype).max)
    return np.asarray(beyond if beyond <= largest else 2 * int(value) - beyond).astype(value.dtype)
