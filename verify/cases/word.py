"""A case's word: its grammar, and which fields a convolution, or a call that must be refused, may have."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from verify.cases.dtypes import FORMATS
from verify.cases.fills import FILLS
from verify.cases.grammar import OLD_DTYPES
from verify.cases.misfits import PARTS, given_field, given_tokens, why_ungiven, wrong_given
from verify.cases.operations import (
    EPILOGUE,
    OPERATIONS,
    WHOLE,
    Operation,
    is_in_order,
    is_step,
    kind_of,
    leaky,
)

if TYPE_CHECKING:
    from verify.cases.case import Case

Padding: TypeAlias = Literal["SAME", "VALID"] | tuple[tuple[int, int], ...]

PADDING_MODES = ("same", "valid", "explicit")

MAX_DIGITS = 9
"""Digits that a number of a convolution may have at most."""

MEMORY_LIMIT = 2**30
"""Bytes that the padded input, the filters and the answer of a case may take as float64.

Making and judging them takes a few times as much memory.
"""

ILLEGAL_LIMIT = 2**32
"""How large a number of an illegal case may be, which an integer of 32 bits need not hold."""

ILLEGAL_DIGITS = len(str(ILLEGAL_LIMIT))

LENGTH, LENGTH_OF_TOKEN = 150, 50
"""Characters of a word and of a token that a sentence repeats at most."""

_COUNT_FIELDS = {"n": "batch", "c": "channels", "f": "filter_count", "m": "multiplier", "g": "groups"}
_SIZES = {"i": "size", "k": "kernel", "s": "strides", "d": "dilations", "o": "given_out"}
_NUMBER = f"-?[0-9]{{1,{ILLEGAL_DIGITS}}}"


class InvalidCase(ValueError):
    """A word or a set of fields that is no case; the message is one sentence."""


def fields_of(word: str) -> dict[str, Any]:
    """The fields that a word's tokens name."""
    operation, *tokens = word.split("_")
    if operation not in OPERATIONS:
        raise InvalidCase(f"its first token {_cut(operation)} is none of {', '.join(OPERATIONS)}")
    fields: dict[str, Any] = {"operation": operation}
    digits = ILLEGAL_DIGITS if "illegal" in tokens else MAX_DIGITS
    for token in tokens:
        _add(fields, token, *_field(token, digits))
    fields["epilogue"] = tuple(fields.get("epilogue", ()))
    for name, letter in (("size", "i"), ("kernel", "k"), ("padding", None)):
        if name not in fields:
            hint = f"{letter}3x3" if letter else "same, valid or p1.1x0.2"
            raise InvalidCase(f"it has no {name} token, such as {hint}")
    return fields


def _add(fields: dict[str, Any], token: str, name: str, value: Any) -> None:
    if name == "epilogue" and value not in fields.setdefault("epilogue", {}):
        fields["epilogue"][value] = len(fields["epilogue"])
        return
    if name in ("given_shapes", "given_dtypes") and value[0] not in fields.setdefault(name, {}):
        fields[name][value[0]] = value[1]
        return
    if name == "fill":
        value, seed = value if "fill" not in fields else (None, None)
        fields.setdefault("seed", seed)
    if name in fields:
        hint = f": the dtype is written {OLD_DTYPES[token]!r}" if token in OLD_DTYPES else ""
        raise InvalidCase(f"{_cut(token)} gives its {name.replace('_', ' ')} a second time{hint}")
    fields[name] = value


def _field(token: str, digits: int) -> tuple[str, Any]:
    """The field that one token sets, and its value; a number has so many digits at most."""
    if re.search(f"[0-9]{{{digits + 1}}}", token):
        raise InvalidCase(_unknown(token, digits))
    for field_among in (_literal_field, _number_field, _fill_field, given_field):
        if field := field_among(token):
            return field
    raise InvalidCase(_unknown(token, digits))


def _literal_field(token: str) -> tuple[str, Any] | None:
    """The field of a token that is a word of its own."""
    if token in ("same", "valid"):
        return "padding", token.upper()
    if token in EPILOGUE and token != "leaky":
        return "epilogue", token
    if match := re.fullmatch(r"leaky([0-9]{1,3}(?:\.[0-9]{1,6})?)", token):
        return "epilogue", leaky(float(match[1]))
    if token == "cf":
        return "channels_first", True
    if token == "illegal":
        return "illegal", True
    if re.fullmatch("illegal[0-9]+", token):
        raise InvalidCase(f"{_cut(token)} has a number: an illegal call has no seed, write 'illegal'")
    return ("dtype", FORMATS[token].dtype) if token in FORMATS else None


def _fill_field(token: str) -> tuple[str, Any] | None:
    if token in FILLS:
        return "fill", (token, 0)
    seeded = "|".join(fill.name for fill in FILLS.values() if fill.is_seeded)
    if match := re.fullmatch(f"({seeded})({_NUMBER})", token):
        return "fill", (match[1], int(match[2]))
    return None


def _number_field(token: str) -> tuple[str, Any] | None:
    if match := re.fullmatch(f"([ncfmg])({_NUMBER})", token):
        return _COUNT_FIELDS[match[1]], int(match[2])
    if match := re.fullmatch(f"([iksdo])({_NUMBER}(?:x{_NUMBER}){{0,2}})", token):
        return _SIZES[match[1]], tuple(map(int, match[2].split("x")))
    pair = rf"{_NUMBER}\.{_NUMBER}"
    if match := re.fullmatch(f"([pz])({pair}(?:x{pair}){{0,2}})", token):
        pairs = tuple(tuple(map(int, cells.split("."))) for cells in match[2].split("x"))
        return "padding" if match[1] == "p" else "border", pairs
    return None


def _unknown(token: str, digits: int) -> str:
    if not token:
        return "it has an empty token (two underscores together, or one at an end)"
    if token in OLD_DTYPES:
        return f"{token!r} is no token: the dtype is written {OLD_DTYPES[token]!r}"
    if re.match("[pz]-?[0-9]", token):
        what = "padding" if token[0] == "p" else "border"
        return f"{_cut(token)} is not a {what} such as {token[0]}1.0x0.2: before.after for 1 to 3 axes"
    if token.startswith("leaky"):
        return f"{_cut(token)} is not a leaky relu with its slope, such as leaky0.25"
    if re.match("[iksdo]-?[0-9]", token):
        return f"{_cut(token)} is not 1 to 3 sizes of at most {digits} digits, such as {token[0]}3x3"
    if re.match(f"[{''.join(PARTS)}](-?[0-9]|scalar)", token):
        return f"{_cut(token)} is not the shape of an operand, of at most 8 axes, such as {token[0]}1x3x1"
    if re.match("[ncfmg]-?[0-9]", token):
        return f"{_cut(token)} is not a count of at most {digits} digits, such as {token[0]}2"
    words = ["same", "valid", "cf", "illegal", *EPILOGUE, *FORMATS, *FILLS]
    near = difflib.get_close_matches(token.lower(), words, n=1)
    return f"{_cut(token)} is not a token" + (f"; did you mean {near[0]!r}?" if near else "")


def quoted(text: str, most: int = 200) -> str:
    """A text in quotes, cut where it is longer."""
    return repr(text) if len(text) <= most else f"{text[:most]!r}…"


def _cut(token: str) -> str:
    return quoted(token, LENGTH_OF_TOKEN)


def by(numbers: tuple[int, ...]) -> str:
    return "x".join(map(str, numbers))


def padding_token(padding: Padding) -> str:
    return padding.lower() if isinstance(padding, str) else "p" + ends(padding)


def ends(pairs: tuple[tuple[int, int], ...]) -> str:
    return "x".join(f"{before}.{after}" for before, after in pairs)


def validate(case: Case) -> None:
    """Raise InvalidCase for the first thing that is wrong, or for an illegal case without anything wrong."""
    for complaint in _ILLEGAL_COMPLAINTS if case.illegal else _COMPLAINTS:
        if sentence := complaint(case):
            raise InvalidCase(sentence)


def why_illegal(case: Case) -> str | None:
    """What a subject must refuse; None where the call is legal."""
    for complaint in (_wrong_lengths, _wrong_numbers, _wrong_windows):
        if sentence := complaint(case):
            return sentence
    out = tuple(axis.out for axis in case.axes)
    if case.given_out and case.given_out != out:
        given = "input" if case.traits.input == "result" else "cotangent"
        return f"its {given} has o{by(case.given_out)}, where the forward convolution answers {by(out)}"
    return why_ungiven(case)


def _wrong_call(case: Case) -> str | None:
    """Why an illegal case is not even a call."""
    if not 1 <= case.rank <= 3 or not 1 <= len(case.kernel) <= 3:
        return f"it has {case.rank} spatial axes, not 1 to 3"
    if case.fill != "ones" or case.epilogue or case.border:
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
    return wrong_given(case) or _too_large(case, case.array_shapes) or _nothing_wrong(case)


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
    if case.dtype.name.replace("_", "") not in FORMATS:
        return f"{case.dtype.name} is none of the dtypes {', '.join(FORMATS)}"
    if isinstance(case.padding, str) and case.padding not in ("SAME", "VALID"):
        return f'padding {case.padding!r} is neither "SAME", "VALID" nor pairs'
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


def _names(operations: Iterable[Operation]) -> str:
    return " and ".join(operation.name for operation in operations)


def _wrong_epilogue(case: Case) -> str | None:
    written = f"the epilogue {_cut('_'.join(case.epilogue))}"
    for step in case.epilogue:
        if not is_step(step):
            return f"{_cut(step)} is none of the steps {', '.join(EPILOGUE)}"
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
    tokens: dict[str, Sequence[object]] = {
        "k" + by(case.kernel): case.kernel,
        "s" + by(case.strides): case.strides,
        "d" + by(case.dilations): case.dilations,
    }
    if case.border:
        tokens["z" + ends(case.border)] = case.border
    if not isinstance(case.padding, str):
        tokens["p" + ends(case.padding)] = case.padding
    for token, numbers in tokens.items():
        if len(numbers) != case.rank:
            return f"{token!r} does not fit the spatial axes of i{by(case.size)}"
    return None


def _wrong_numbers(case: Case) -> str | None:
    positive = {
        f"c{case.channels}": (case.channels,),
        f"k{by(case.kernel)}": case.kernel,
        f"f{case.filter_count}": (case.filter_count,),
        f"s{by(case.strides)}": case.strides,
        f"d{by(case.dilations)}": case.dilations,
        f"m{case.multiplier}": (case.multiplier,),
        f"g{case.groups}": (case.groups,),
    }
    for token, numbers in positive.items():
        if min(numbers) < 1:
            return f"{token!r} has a number below 1"
    others = {
        f"n{case.batch}": (case.batch,),
        f"i{by(case.size)}": case.size,
        f"z{ends(case.border)}": sum(case.border, ()),
        padding_token(case.padding): _cells(case),
        f"{case.fill}{case.seed}": (case.seed,),
    }
    for token, numbers in others.items():
        if min(numbers, default=0) < 0:
            return f"{token!r} has a number below 0"
    if not case.traits.has_groups:
        return None
    for token, count in ((f"c{case.channels}", case.channels), (f"f{case.filter_count}", case.filter_count)):
        if count % case.groups:
            return f"'g{case.groups}' does not divide {token!r}"
    return None


def _wrong_digits(case: Case) -> str | None:
    counts = (case.batch, case.channels, case.filter_count, case.multiplier, case.groups, case.seed)
    steps = (*case.size, *case.kernel, *case.strides, *case.dilations)
    largest = max((*counts, *steps, *_cells(case), *sum(case.border, ())))
    return f"{largest} has more than {MAX_DIGITS} digits" if largest >= 10**MAX_DIGITS else None


def _wrong_fill(case: Case) -> str | None:
    fill = case.fill_traits
    if case.seed and not fill.is_seeded:
        return f"the fill {fill.name!r} takes no seed"
    if fill.needs_floats and case.format.exact_integers:
        return f"the fill {fill.name!r} needs a floating-point dtype, not {case.format.token}"
    if fill.needs_unread and not case.reads_windows:
        return f"the fill {fill.name!r} is not for a {case.operation} that reads every cell"
    return fill.refusal(case)


def _wrong_windows(case: Case) -> str | None:
    for number, axis in enumerate(case.axes):
        if axis.shortfall and case.padding != "SAME":
            return axis.refusal(number)
    return None


def _wrong_extent(case: Case) -> str | None:
    # An extent of 0 counts as 1: a mask or a single row of an empty array must fit as well.
    padded = (case.batch, *(axis.padded for axis in case.axes), case.channels)
    shapes = [padded, case.filter_shape, case.result_shape]
    if case.traits.has_pointwise:
        shapes.append((case.batch, *(axis.out for axis in case.axes), case.channels * case.multiplier))
    return _too_large(case, shapes)


def _too_large(case: Case, shapes: Iterable[tuple[int, ...]]) -> str | None:
    size = 8 * sum(math.prod(max(extent, 1) for extent in shape) for shape in shapes)
    if size > MEMORY_LIMIT:
        return (
            f"its arrays would take {size / 2**30:,.1f} GiB as float64, "
            f"more than the limit of {MEMORY_LIMIT / 2**30:.0f} GiB"
        )
    return None


_COMPLAINTS = (
    _wrong_vocabulary,
    _wrong_lengths,
    _wrong_operation,
    _wrong_numbers,
    _wrong_digits,
    _wrong_epilogue,
    _wrong_fill,
    _wrong_windows,
    _wrong_extent,
    lambda case: "an o token is for an illegal gradient" if case.given_out else None,
    lambda case: f"{given_tokens(case)[0]!r} is for an illegal call" if given_tokens(case) else None,
)
_ILLEGAL_COMPLAINTS = (_wrong_vocabulary, _wrong_call)
