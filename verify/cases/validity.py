"""Which fields a convolution, or a call that must be refused, may have."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from verify.cases.dtypes import DTYPES, is_known
from verify.cases.fills import FILLS
from verify.cases.large import MEMORY_LIMIT, elements_in, size_as_float64, why_not_projected
from verify.cases.memory import normal_memory, wrong_memory
from verify.cases.misfits import BIAS, ILLEGAL_LIMIT, given_tokens, normal_given, why_ungiven, wrong_given
from verify.cases.modes import PADDING_MODES, ZEROS, hint_of_mode
from verify.cases.operations import EPILOGUE, OPERATIONS, WHOLE, Operation, is_in_order, is_step, kind_of
from verify.cases.quantised import normal_quantised, why_unscaled, wrong_place, wrong_quantised
from verify.cases.trimming import wrong_trimming
from verify.cases.weights import wrong_weights
from verify.cases.word import MAX_DIGITS, InvalidCase, by, cut, ends, padding_token

if TYPE_CHECKING:
    from verify.cases.case import Case


def normal(case: Case) -> dict[str, Any]:
    """The fields as plain integers, tuples of them and a dtype of this machine's byte order."""
    fields: dict[str, Any] = {}
    try:
        for name in ("batch", "channels", "filter_count", "multiplier", "groups", "seed"):
            fields[name] = int(operator.index(getattr(case, name)))
        for name in ("size", "kernel", "strides", "dilations", "trimmed", "given_out"):
            fields[name] = tuple(int(operator.index(number)) for number in getattr(case, name))
        fields["border"] = _pairs(case.border)
        if not isinstance(case.padding, str):
            fields["padding"] = _pairs(case.padding)
        fields["dtype"] = np.dtype(case.dtype).newbyteorder("=")
        fields["epilogue"] = tuple(case.epilogue)
        fields |= normal_given(case)
        fields["quantised"] = normal_quantised(case.quantised)
        fields["memory"] = normal_memory(case.memory)
    except (TypeError, ValueError, AttributeError) as wrong:
        raise InvalidCase(f"a field is of the wrong type: {wrong}") from None
    for name in ("strides", "dilations"):
        fields[name] = fields[name] or (1,) * len(fields["size"])
    if not any(map(any, fields["border"])):
        fields["border"] = ()
    if not any(fields["trimmed"]):
        fields["trimmed"] = ()
    return fields


def _pairs(cells: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    return tuple((int(operator.index(before)), int(operator.index(after))) for before, after in cells)


def validate(case: Case) -> None:
    """Raise InvalidCase for the first thing that is wrong, or for an illegal case without anything wrong."""
    for complaint in _ILLEGAL_COMPLAINTS if case.illegal else _COMPLAINTS:
        if sentence := complaint(case):
            raise InvalidCase(sentence)


def why_illegal(case: Case) -> str | None:
    """What a subject must refuse; None where the call is legal."""
    for complaint in (_wrong_lengths, _wrong_numbers, _wrong_windows, _wrong_cells):
        if sentence := complaint(case):
            return sentence
    out = tuple(axis.out for axis in case.axes)
    if case.given_out and case.given_out != out:
        given = "input" if case.traits.input == "result" else "cotangent"
        return f"its {given} has o{by(case.given_out)}, where the forward convolution answers {by(out)}"
    unscaled = case.format.is_quantised and why_unscaled(
        case.quantised, case.format.token, case.output_channels
    )
    return unscaled or why_ungiven(case)


def _wrong_call(case: Case) -> str | None:
    """Why an illegal case is not even a call."""
    if not 1 <= case.rank <= 3 or not 1 <= len(case.kernel) <= 3:
        return f"it has {case.rank} spatial axes, not 1 to 3"
    if sentence := wrong_place(case) or _wrong_mode(case) or wrong_trimming(case):
        return sentence
    followed = ("bias",) if BIAS in dict(case.given_dtypes) else ()
    if case.fill != "ones" or case.epilogue != followed or case.border:
        return "an illegal case has the fill ones and nothing before or after its operation"
    if case.seed:
        return "an illegal case has no seed: it makes no data"
    if case.given_out and (case.traits.answer == "result" or len(case.given_out) != case.rank):
        return f"'o{by(case.given_out)}' is for the axes of a gradient's cotangent"
    extents = (case.batch, case.channels, case.filter_count, case.multiplier, *case.size, *case.kernel)
    if min((*extents, *case.given_out)) < 0:
        return "it has a count or a size below 0, which no array can have"
    given = sum((shape for _, shape in case.given_shapes), ())
    steps = (case.groups, *case.strides, *case.dilations, *_cells(case))
    if max(map(abs, (*extents, *case.given_out, *given, *steps))) > ILLEGAL_LIMIT:
        return f"a number of an illegal case is above {ILLEGAL_LIMIT}"
    return wrong_given(case) or wrong_memory(case) or _too_large(case.array_shapes) or _nothing_wrong(case)


def _nothing_wrong(case: Case) -> str | None:
    return None if why_illegal(case) else "nothing about it is illegal"


def _cells(case: Case) -> tuple[int, ...]:
    """The cells of explicit padding."""
    return () if isinstance(case.padding, str) else tuple(sum(case.padding, ()))


def _wrong_vocabulary(case: Case) -> str | None:
    if case.operation not in OPERATIONS:
        return f"{case.operation!r} is none of the operations {', '.join(OPERATIONS)}"
    if case.fill not in FILLS:
        return f"{case.fill!r} is none of the fills {', '.join(FILLS)}"
    if not is_known(case.dtype):
        return f"{case.dtype.name} is none of the dtypes {', '.join(DTYPES)}"
    if isinstance(case.padding, str) and case.padding not in ("SAME", "VALID"):
        return f'padding {case.padding!r} is neither "SAME", "VALID" nor pairs'
    if case.padding_mode not in PADDING_MODES:
        mode, listed = case.padding_mode, ", ".join(PADDING_MODES)
        return f"{mode!r} is none of the modes of padding {listed}{hint_of_mode(str(mode))}"
    return None


def _wrong_operation(case: Case) -> str | None:
    """What the operation does not take."""
    traits = case.traits
    if case.rank not in traits.ranks:
        return f"{traits.name} has {' or '.join(map(str, traits.ranks))} spatial axes, not {case.rank}"
    if case.groups != 1 and not traits.has_groups:
        return f"{traits.name} takes no groups such as 'g{case.groups}'"
    if case.filter_count != 1 and not traits.has_filters:
        return f"{traits.name} has a multiplier, not filters such as 'f{case.filter_count}'"
    if case.multiplier != 1 and not traits.has_multiplier:
        others = _names(operation for operation in OPERATIONS.values() if operation.has_multiplier)
        return f"{traits.name} has no multiplier such as 'm{case.multiplier}'; {others} do"
    if case.border and not traits.takes_border:
        others = _names(operation for operation in OPERATIONS.values() if operation.takes_border)
        return f"{traits.name} takes no border such as 'z{ends(case.border)}'; {others} do"
    return None


def _wrong_mode(case: Case) -> str | None:
    """What goes with no padding that repeats cells."""
    mode = case.padding_mode
    if mode == ZEROS:
        return None
    if case.padding == "VALID":
        return f"{mode!r} says what padding holds, and 'valid' has none: write same, or cells such as p1.1"
    if case.border:
        return f"{mode!r} goes with no border such as 'z{ends(case.border)}', whose zeros it would repeat"
    if case.format.is_quantised:
        return (
            f"{mode!r} is not for a quantised dtype such as {case.format.token}, padded with its zero point"
        )
    return None


def _names(operations: Iterable[Operation]) -> str:
    return " and ".join(operation.name for operation in operations)


def _wrong_epilogue(case: Case) -> str | None:
    if not case.epilogue:
        return None
    for step in case.epilogue:
        if not is_step(step):
            return f"{cut(step)} is none of the steps {', '.join(EPILOGUE)}"
    written = f"the epilogue {cut('_'.join(case.epilogue))}"
    if not is_in_order(case.epilogue):
        return f"{written} is out of order: bias or norm, then residual, then one activation"
    taken = case.traits.epilogue
    if any(kind_of(step) not in taken for step in case.epilogue):
        return f"{written} cannot follow a {case.operation}, which takes a {' or '.join(taken)} alone"
    curved = [step for step in case.epilogue if kind_of(step) not in WHOLE]
    if case.format.exact_integers and curved:
        return f"{curved[0]!r} needs a floating-point dtype, not {case.format.token}"
    return None


def _wrong_lengths(case: Case) -> str | None:
    if not 1 <= case.rank <= 3:
        return f"it has {case.rank} spatial axes, not 1 to 3"
    borders = [case.border] if case.border else []
    pads = [] if isinstance(case.padding, str) else [case.padding]
    fields: list[tuple[str, Any, Callable[[Any], str]]] = [
        ("k", case.kernel, by),
        ("s", case.strides, by),
        ("d", case.dilations, by),
        *(("z", border, ends) for border in borders),
        *(("p", pairs, ends) for pairs in pads),
        *(("t", fewer, by) for fewer in [case.trimmed] if fewer),
    ]
    for letter, numbers, spelled in fields:
        if len(numbers) != case.rank:
            return f"{letter + spelled(numbers)!r} does not fit the spatial axes of i{by(case.size)}"
    return None


def _wrong_numbers(case: Case) -> str | None:
    counts = (case.channels, case.filter_count, case.multiplier, case.groups)
    if min((*counts, *case.kernel, *case.strides, *case.dilations)) < 1:
        return f"{_token_below(case, 1)!r} has a number below 1"
    cells = (*case.size, *_cells(case), *sum(case.border, ()), *case.trimmed)
    if min((case.batch, case.seed, *cells)) < 0:
        return f"{_token_below(case, 0)!r} has a number below 0"
    if not case.traits.has_groups:
        return None
    for token, count in ((f"c{case.channels}", case.channels), (f"f{case.filter_count}", case.filter_count)):
        if count % case.groups:
            return f"'g{case.groups}' does not divide {token!r}"
    return None


def _token_below(case: Case, least: int) -> str:
    """The first token with a number below the least that its numbers may be, which is 1 or 0."""
    positive = {
        f"c{case.channels}": (case.channels,),
        f"k{by(case.kernel)}": case.kernel,
        f"f{case.filter_count}": (case.filter_count,),
        f"s{by(case.strides)}": case.strides,
        f"d{by(case.dilations)}": case.dilations,
        f"m{case.multiplier}": (case.multiplier,),
        f"g{case.groups}": (case.groups,),
    }
    others = {
        f"n{case.batch}": (case.batch,),
        f"i{by(case.size)}": case.size,
        f"z{ends(case.border)}": sum(case.border, ()),
        padding_token(case.padding): _cells(case),
        f"t{by(case.trimmed)}": case.trimmed,
        f"{case.fill}{case.seed}": (case.seed,),
    }
    tokens = positive if least else others
    return next(token for token, numbers in tokens.items() if min(numbers, default=least) < least)


def _wrong_digits(case: Case) -> str | None:
    counts = (case.batch, case.channels, case.filter_count, case.multiplier, case.groups, case.seed)
    steps = (*case.size, *case.kernel, *case.strides, *case.dilations, *case.trimmed)
    largest = max((*counts, *steps, *_cells(case), *sum(case.border, ())))
    return f"{largest} has more than {MAX_DIGITS} digits" if largest >= 10**MAX_DIGITS else None


def _wrong_fill(case: Case) -> str | None:
    fill = case.fill_traits
    if case.seed and not fill.is_seeded:
        return f"the fill {fill.name!r} takes no seed"
    if fill.needs_floats and case.format.exact_integers:
        return f"the fill {fill.name!r} needs a floating-point dtype, not {case.format.token}"
    if case.format.is_quantised and not fill.has_quantised:
        return f"the fill {fill.name!r} is not for a quantised dtype such as {case.format.token}"
    if fill.needs_quantised and not case.format.is_quantised:
        return f"the fill {fill.name!r} is for a quantised dtype, not {case.format.token}"
    if fill.needs_unread and not case.reads_windows:
        return f"the fill {fill.name!r} is not for a {case.operation} that reads every cell"
    return fill.refusal(case)


def _wrong_windows(case: Case) -> str | None:
    for number, axis in enumerate(case.axes):
        if axis.shortfall and case.padding != "SAME":
            return axis.refusal(number)
    return None


def _wrong_cells(case: Case) -> str | None:
    if case.padding_mode == ZEROS:
        return None
    return next(filter(None, (axis.unrepeatable(number) for number, axis in enumerate(case.axes))), None)


def _wrong_extent(case: Case) -> str | None:
    size = size_as_float64(case)
    why = why_not_projected(case) if size > MEMORY_LIMIT else ""
    return f"{_beyond(size)}, and cannot be judged by projection: {why}" if why else None


def _too_large(shapes: Iterable[tuple[int, ...]]) -> str | None:
    size = 8 * elements_in(shapes)
    return _beyond(size) if size > MEMORY_LIMIT else None


def _beyond(size: int) -> str:
    return (
        f"its arrays would take {size / 2**30:,.1f} GiB as float64, "
        f"more than the limit of {MEMORY_LIMIT / 2**30:.0f} GiB"
    )


_COMPLAINTS = (
    _wrong_vocabulary,
    _wrong_lengths,
    _wrong_operation,
    _wrong_mode,
    _wrong_numbers,
    _wrong_digits,
    wrong_weights,
    wrong_quantised,
    _wrong_epilogue,
    _wrong_fill,
    _wrong_windows,
    _wrong_cells,
    wrong_trimming,
    _wrong_extent,
    wrong_memory,
    lambda case: "an o token is for an illegal gradient" if case.given_out else None,
    lambda case: f"{given_tokens(case)[0]!r} is for an illegal call" if given_tokens(case) else None,
)


_ILLEGAL_COMPLAINTS = (_wrong_vocabulary, wrong_weights, _wrong_call)
