"""Predictions: what a recorded deviation says the wrong answer is, and whether one is as it says."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from verify.cases.case import Case
from verify.cases.large import MEMORY_LIMIT
from verify.cases.operands import Array
from verify.cases.operations import ACTIVATIONS, is_step, kind_of
from verify.cases.predicates import names_of
from verify.checks.deviations import CONDITION_NAMES, FORMS, Deviation, formula
from verify.checks.reading import value_shown
from verify.oracle.compare import Judgement, Verdict, compare_values

if TYPE_CHECKING:  # which know what was recorded
    from verify.checks.examination import Examination
    from verify.checks.subject import Description

JudgedBy = Literal["the reference", "a prediction", "nothing"]


def explains(deviation: Deviation, examination: Examination) -> bool:
    """Whether a deviation is of a disagreement's way, case and kind, and predicts it."""
    return _is_about(deviation, examination) and not contradiction(deviation, examination)


def explanation(known: Iterable[Deviation], examination: Examination) -> tuple[Deviation | None, str]:
    """The first deviation that explains a disagreement; where none does, what one predicts in its place."""
    contradicted = ""
    for entry in known:
        if _is_about(entry, examination):
            unlike = contradiction(entry, examination)
            if not unlike:
                return entry, ""
            contradicted = contradicted or f"as {entry.name}, which predicts {unlike}"
    return None, contradicted


def judged_by(known: Iterable[Deviation], case: Case, way: Description) -> JudgedBy:
    """By what a wrong answer of a way to a case would be found out.

    Where an entry explains whatever comes that is by nothing, and where one predicts, by that. Entries whose
    word is a legal case say nothing of an illegal one, which has none of the numbers of an answer.
    """
    if case.illegal:
        known = (entry for entry in known if Case.parse(entry.word).illegal)
    names = names_of(case, {**CONDITION_NAMES, **way.condition_names})
    entries = [entry for entry in known if entry.is_of_way(way.name) and entry.when.holds(names)]
    if any(entry.unjudged or entry.broad for entry in entries):
        return "nothing"
    return "a prediction" if entries else "the reference"


def _is_about(deviation: Deviation, examination: Examination) -> bool:
    case, kind, way = examination.case, examination.verdict.kind, examination.subject
    return deviation.is_of_way(way.name) and deviation.explains(case, kind, way.condition_names)


def contradiction(deviation: Deviation, examination: Examination) -> str:
    """What a deviation predicts for a case of its own, and what was got; "" where that is the same.

    One that predicts nothing of a kind takes whatever comes.
    """
    verdict = examination.verdict
    match verdict.kind:
        case "refused" | "out of memory" if deviation.error:
            said = verdict.sentence.removeprefix("it raised ")
            return (
                "" if re.search(deviation.error, said) else f"an error like {deviation.error!r}; got {said}"
            )
        case "crashed" if deviation.signal:
            ended = verdict.sentence.removeprefix("it was killed by ")
            signals = " or ".join(deviation.signals)
            return "" if ended in deviation.signals else f"an end by {signals}; got: {verdict.sentence}"
        case "answered" if isinstance(deviation.answered, str):
            return _other_shape(deviation, examination)
        case kind if kind in (*FORMS, "not repeatable") and deviation.computes:
            return _other_answer(deviation, examination)
    return ""


def _other_shape(deviation: Deviation, examination: Examination) -> str:
    assert isinstance(deviation.answered, str)
    case = examination.case
    wanted = case.in_data_format(_value(deviation.answered, case, examination.subject.condition_names))
    got = None if examination.answer is None else examination.answer.shape
    return "" if got == wanted else f"an answer of shape {wanted}; got {got or 'none'}"


def _other_answer(deviation: Deviation, examination: Examination) -> str:
    """What a deviation predicts of the numbers, and what was got; "" where that is the same."""
    case, answer = examination.case, examination.answer
    subject = examination.subject
    if case.is_large:
        return "numbers that are too many to be computed"
    rule = predicted(deviation, examination.held, subject.condition_names)
    if rule is None:
        return "no answer of these numbers"
    if answer is None:
        return "an answer; got none"
    if answer.shape != rule.wanted.shape:
        return f"an answer of shape {rule.wanted.shape}; got {answer.shape}"
    numbers = _numbers(deviation, case, examination.subject.condition_names)
    if numbers.get("unwritten"):
        return ""
    if "perhaps" in numbers:
        answer = _without(float(numbers["perhaps"]), answer, rule)
    verdict = compared(rule, answer, case)
    if verdict.holds:
        return ""
    worst = verdict.worst
    return f"{worst.want!r} at {worst.index}; got {worst.got!r}" if worst else verdict.sentence


def _without(number: float, answer: Array, rule: Judgement) -> Array:
    """An answer with what is wanted in place of a number, which any element may be."""
    is_it = np.isnan(answer.astype(np.float64)) if np.isnan(number) else answer == number
    with np.errstate(over="ignore", invalid="ignore"):
        return np.where(is_it, rule.wanted.astype(answer.dtype), answer)


def compared(rule: Judgement, answer: Array, case: Case) -> Verdict:
    """The verdict on an answer by what was predicted, cast to the case's dtype as values are."""
    with np.errstate(over="ignore", invalid="ignore"):
        return compare_values(rule, answer.astype(case.dtype))


def predicted(deviation: Deviation, case: Case, names: Mapping[str, Any]) -> Judgement | None:
    """The judgement by which a deviation's wrong answer to a legal case is right.

    The case is held to what the subject declares, whose condition names are `names`. None where its numbers
    belong to no answer.
    """
    from verify.faults import fault_named  # most runs predict nothing, and need none of the catalogue
    from verify.faults.composed import Computed, judged, with_fault

    numbers = _numbers(deviation, case, names)
    if "shape" in numbers:
        if min(numbers["shape"], default=0) < 0:
            return None
        if math.prod(numbers["shape"]) > MOST_CELLS:
            raise ValueError(_sentence_of(deviation, case, f"its answer has the shape {numbers['shape']}"))
        zeros = np.zeros(case.in_data_format(numbers["shape"]))
        return Judgement(zeros, 0.0, lambda index: "an answer of zeros is predicted")
    try:
        computed = Computed(instead(case, numbers))
        if not {*numbers}.isdisjoint(_MOVED):
            _require_room(computed.case)
    except (TypeError, ValueError) as wrong:
        raise ValueError(_sentence_of(deviation, case, wrong)) from None
    for name in deviation.faults:
        computed = with_fault(computed, fault_named(name))
    token = case.format.token if deviation.accumulator == "own" else deviation.accumulator
    is_other = token not in ("", case.format.accumulator)
    return judged(computed, case, accumulator=token if is_other else None)


def _numbers(deviation: Deviation, case: Case, names: Mapping[str, Any]) -> dict[str, Any]:
    """What `instead` says of a case, by name; ValueError for what no case and no answer has."""
    numbers = {field: _value(text, case, names) for field, text in deviation.instead.items()}
    for field, value in numbers.items():
        if not _TAKES[field](value):
            wrong = f"it has {value_shown(value, 60)} as {field}"
            raise ValueError(_sentence_of(deviation, case, wrong))
    return numbers


def _sentence_of(deviation: Deviation, case: Case, wrong: object) -> str:
    return f"the deviation {deviation.name!r} cannot be computed instead of {case}: {wrong}"


def _require_room(case: Case) -> None:
    """Raise ValueError for what pads its input, or answers, with more cells than any case may have."""
    padded = (axis.size + max(axis.before, 0) + max(axis.after, 0) for axis in case.axes)
    cells = case.batch * max(case.channels * math.prod(padded), math.prod(axis.out for axis in case.axes))
    if cells > MOST_CELLS:
        raise ValueError(f"it takes {cells:,} cells, and at most {MOST_CELLS:,} are computed")


MOST_CELLS = MEMORY_LIMIT // 8
"""Elements of an array that is computed for a prediction, at most: those of any case as float64."""

_MOVED = frozenset({"strides", "dilations", "padding", "border"})
"""What changes which cells are read."""

_LARGEST = 2**32
"""The largest number of a case, also of an illegal one."""


def _is_whole(value: object, least: int = -_LARGEST) -> bool:
    return type(value) is int and least <= value <= _LARGEST


def _are(value: object, holds: Callable[[Any], bool]) -> bool:
    return isinstance(value, tuple | list) and all(map(holds, value))


def _is_pair(value: object) -> bool:
    return _are(value, _is_whole) and len(value) == 2  # type: ignore[arg-type]


def _is_number(value: object) -> bool:
    try:
        float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return False
    return True


_TAKES: Mapping[str, Callable[[Any], bool]] = {
    **dict.fromkeys(
        ("strides", "dilations"),
        lambda value: _is_whole(value, 1) or _are(value, lambda each: _is_whole(each, 1)),
    ),
    "images": lambda value: _is_whole(value, 0) or _are(value, lambda each: _is_whole(each, 0)),
    "padding": lambda value: str(value).lower() in ("same", "valid") or _are(value, _is_pair),
    "border": lambda value: _are(value, _is_pair),
    "epilogue": lambda value: _are(value, lambda each: isinstance(each, str) and is_step(each)),
    "slope": _is_number,
    "shape": lambda value: _are(value, _is_whole),
    "perhaps": _is_number,
    "unwritten": lambda value: True,
}
"""What each name of `instead` may be, after it was computed."""


def _value(text: str, case: Case, names: Mapping[str, Any]) -> Any:
    return formula(text).value(names_of(case, {**CONDITION_NAMES, **names}))


def instead(case: Case, numbers: Mapping[str, Any]) -> Case:
    """The case that is computed in place of another, from that one's operands.

    `numbers` may have `strides`, `dilations`, `padding` ("same", "valid" or the cells before and after each
    axis, a border's included), `border`, `epilogue`, the `slope` of a leaky relu, and `images`, which for
    each place of the batch says whose image is taken. One number stands for all.
    """
    from verify.faults.composed import computed_with

    epilogue = numbers.get("epilogue", case.epilogue)
    if "slope" in numbers:
        slope = f"leaky{numbers['slope']!r}"
        epilogue = tuple(slope if kind_of(step) == "leaky" else step for step in epilogue)
    own_steps = (*case.epilogue, *ACTIVATIONS)
    if new := [step for step in epilogue if step not in own_steps and kind_of(step) not in ACTIVATIONS]:
        raise ValueError(f"`instead` has the step {new[0]}, of which the case has no operand")
    operands = case.operands
    if "images" in numbers:
        images = _each(numbers, "images", count=case.batch)
        if max(images, default=0) >= max(case.batch, 1):
            raise ValueError(f"`instead` has the image {max(images)}, of {case.batch}")
        operands = operands._replace(input=operands.input[list(images)])
    own = {"strides": case.strides, "dilations": case.dilations, **numbers}
    steps = {name: _each(own, name, count=case.rank) for name in ("strides", "dilations")}
    border = numbers.get("border", case.border)
    border = border and _each({"border": border}, "border", count=case.rank)
    padding = numbers.get("padding", case.padding)
    spelled = padding.upper() if isinstance(padding, str) else padding
    fields = {**steps, "border": border, "padding": spelled, "epilogue": tuple(epilogue)}
    changed = computed_with(case, **fields, operands=operands)
    if not {*numbers}.isdisjoint(_MOVED):
        vars(changed).pop("axes")  # which are made again of these
        if not isinstance(padding, str) and "padding" in numbers:
            ends = _each(numbers, "padding", count=case.rank)
            axes = zip(case.axes, steps["strides"], steps["dilations"], ends, strict=True)
            vars(changed)["axes"] = tuple(
                axis._replace(stride=stride, dilation=dilation, before=before, after=after)
                for axis, stride, dilation, (before, after) in axes
            )
    return changed


def _each(numbers: Mapping[str, Any], field: str, *, count: int) -> tuple[Any, ...]:
    """So many numbers of a field, of as many or of one that stands for all; ValueError for another count."""
    value = numbers[field]
    each = (value,) * count if isinstance(value, int) else tuple(value)
    if len(each) != count:
        raise ValueError(f"`instead` has {len(each)} numbers of {field}, not {count}")
    return each
