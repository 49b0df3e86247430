"""What is said of an array that is not the convolution of others: shapes, axes, the worst element, causes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from verify.cases.geometry import Axis, mode_phrase
from verify.cases.given import Given
from verify.cases.modes import PADDING_MODES
from verify.cases.operands import Array, Norm
from verify.cases.quantised import quantised_tokens
from verify.checks.examination import axis_phrase, likeness_lines, line, worst_phrase
from verify.faults.visibility import NAMED, matching_faults, preferred
from verify.oracle.at_the_call import WrongArgument
from verify.oracle.bounds import rule_of
from verify.oracle.calls import Arguments, Call, call_of
from verify.oracle.compare import NUMERIC_KINDS, Verdict, compare_form, compare_values
from verify.oracle.layouts import spatial_letters
from verify.oracle.readings import likely_readings, looks_of

PRODUCTS, PRODUCTS_ONCE = 2**21, 2**25
"""Products of the largest answer that is compared with each fault's, and with another call's."""

_TITLES = {
    "conv": "the convolution of x and w",
    "transpose": "the transposed convolution of x and w",
    "filtergrad": "the gradient of the filters, of x and cotangent",
}


def verdict_on(call: Call, answer: Array) -> Verdict:
    """The verdict on an answer to a call; its worst element is counted in the caller's layout."""
    form = compare_form(answer, shape=call.shape, dtype=call.given["x"].dtype)
    if form:
        return form
    verdict = compare_values(rule_of(call.held), call.layout.to_base(answer))
    if verdict.worst is None:
        return verdict
    return replace(verdict, worst=replace(verdict.worst, index=call.layout.index_of(verdict.worst.index)))


def complaint(call: Call, verdict: Verdict, answer: Array, *, arguments: Arguments) -> str:
    """The whole message for one answer that is not right, several lines."""
    case = call.case
    lines = [f"not {_TITLES[case.operation]}: {verdict.sentence}"]
    lines += [_array_line(call, name) for name in call.given if name not in Norm._fields]
    lines.append(line("answer", _answer_phrase(call, answer)))
    letters = spatial_letters(case.rank)
    lines += [
        line(f"axis {letter}", _axis_phrase(axis, case.operation))
        for letter, axis in zip(letters, case.axes, strict=True)
    ]
    if case.groups > 1:
        lines.append(line("groups", str(case.groups)))
    if case.format.is_quantised:
        lines.append(line("scales", ", ".join(quantised_tokens(case.quantised)) or "1, zero points 0"))
    if case.epilogue:
        epsilon = f" (epsilon {case.epsilon:g})" if "norm" in case.epilogue else ""
        lines.append(line("then", ", ".join(case.epilogue) + epsilon))
    if verdict.worst is not None:
        lines.append(line("worst", worst_phrase(verdict.worst)))
    likely = _likeness(call, verdict, answer, arguments=arguments)
    lines += likeness_lines(likely)
    return "\n".join(lines)


def _array_line(call: Call, name: str) -> str:
    array = call.given[name]
    layout = {"w": call.filters.letters, "x": call.images.letters, "cotangent": call.images.letters}
    order = f", {layout[name]}" if name in layout else ""
    return line(name, f"shape {array.shape}{order}, {array.dtype.name}")


def _answer_phrase(call: Call, answer: Array) -> str:
    """What was answered, and what is due where that has another shape or dtype."""
    shape, dtype, order = call.shape, call.given["x"].dtype, call.layout.letters
    if (answer.shape, answer.dtype) == (shape, dtype):
        return f"shape {shape}, {order}, {dtype.name}"
    return f"shape {answer.shape}, {answer.dtype.name}; due is {shape}, {order}, {dtype.name}"


def _axis_phrase(axis: Axis, operation: str) -> str:
    """The arithmetic of an axis; that of a transpose goes from the output of a convolution to its size."""
    if operation != "transpose":
        return axis_phrase(axis)
    return (
        f"size {axis.out}, kernel {axis.kernel}, stride {axis.stride}, dilation {axis.dilation} "
        f"-> answer {axis.size}, padding {axis.before} before, {axis.after} after{mode_phrase(axis)}"
    )


def _likeness(call: Call, verdict: Verdict, answer: Array, *, arguments: Arguments) -> list[str]:
    """What the answer looks like: that of other layouts or sizes, or of faults; nothing where none is."""
    is_numeric = verdict.kind in NUMERIC_KINDS
    if not is_numeric and verdict.kind != "shape":
        return []

    def fits(other: Call) -> bool:
        return not is_numeric or (_is_small(other.case, PRODUCTS_ONCE) and verdict_on(other, answer).holds)

    if looks := looks_of(likely_readings(arguments, answered=answer.shape, fits=fits)):
        what = " and ".join(text.replace(" looks like ", " in the order ") for text in looks.alike)
        return [f"{what}: pass {looks.said}"]
    if hint := _other_size(call, answer, arguments=arguments) or _other_options(answer, arguments):
        return [hint]
    if is_numeric and not answer.any():
        return ["zeros that nothing was written to"]
    return [*_faults(call, verdict, answer)]


def _other_size(call: Call, answer: Array, *, arguments: Arguments) -> str:
    """That a transpose has another of its sizes, or nothing where it has none of them."""
    letters, shape = call.images.letters, answer.shape
    is_open = call.case.operation == "transpose" and arguments.output_shape is None
    if not is_open or len(shape) != len(letters):
        return ""
    sizes = tuple(shape[letters.index(letter)] for letter in spatial_letters(call.case.rank))
    try:
        other = call_of(replace(arguments, output_shape=sizes, output_padding=0))
    except WrongArgument:
        return ""
    if other.shape != shape or shape == call.shape:
        return ""
    return f"another size that such a transpose can have: pass output_shape={sizes}"


def _other_options(answer: Array, arguments: Arguments) -> str:
    """That the answer is right for another padding, or without some argument; nothing where it is not."""
    for name, value in _OTHERS:
        given = getattr(arguments, name)
        if given is None or (isinstance(given, str | int) and given == value):
            continue
        try:
            other = call_of(replace(arguments, **{name: value, **_ALONE.get(name, {})}))
        except WrongArgument:
            continue
        if _is_small(other.case, PRODUCTS_ONCE) and verdict_on(other, answer).holds:
            return f"the right answer {f'for {name}={value!r}' if value else f'without {name}'}"
    return ""


_OTHERS: tuple[tuple[str, Any], ...] = (
    ("bias", None),
    ("activation", None),
    ("residual", None),
    ("norm", None),
    ("padding", "VALID"),
    ("padding", "SAME"),
    *(("padding_mode", mode) for mode in PADDING_MODES),
    ("strides", 1),
    ("dilations", 1),
)
"""Arguments that are overlooked, with what is then in their place."""

_ALONE = {"norm": {"norm_epsilon": None}}


def _faults(call: Call, verdict: Verdict, answer: Array) -> Iterator[str]:
    """The sentences of the faults that would have given the answer, where they are few."""
    if answer.ndim != len(call.layout.letters):
        return
    case, wrong = _part(call.held, call.layout.to_base(answer), verdict, call=call)
    if not _is_small(case):
        return
    faults = preferred(matching_faults(case, wrong, kind=verdict.kind))
    yield from (fault.sentence for fault in faults if len(faults) <= NAMED)


def _is_small(case: Given, most: int = PRODUCTS) -> bool:
    filters = math.prod(case.kernel) * (case.channels // case.groups)
    return math.prod(case.result_shape) * filters <= most


def _part(case: Given, answer: Array, verdict: Verdict, *, call: Call) -> tuple[Given, Array]:
    """A large case and its answer for the batch's item of the worst element alone."""
    worst = verdict.worst
    if worst is None or _is_small(case) or not case.traits.answers_image or "N" not in call.images.letters:
        return case, answer
    item = worst.index[call.images.letters.index("N")]
    only = slice(item, item + 1)
    arrays = case.arrays
    residual = None if arrays.residual is None else arrays.residual[only]
    part = Given.of_arrays(
        {**vars(case), "batch": 1},
        case.axes,
        arrays._replace(input=arrays.input[only], residual=residual),
        epsilon=case.epsilon,
    )
    vars(part).pop("operands", None)
    return part, answer[only]
