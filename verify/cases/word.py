"""A case's word: its grammar, and how it is written."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from verify.cases.dtypes import DTYPES
from verify.cases.fills import FILLS
from verify.cases.grammar import OLD_DTYPES
from verify.cases.memory import memory_field, memory_tokens, unlike_memory
from verify.cases.misfits import ILLEGAL_DIGITS, MOST_AXES, NUMBER, PARTS, SCALAR, given_field, given_tokens
from verify.cases.modes import PADDING_MODES, ZEROS, hint_of_mode
from verify.cases.operations import EPILOGUE, OPERATIONS, leaky
from verify.cases.quantised import quantised_field, quantised_tokens, unlike_token
from verify.cases.weights import TOKENS, weights_field, weights_tokens

if TYPE_CHECKING:
    from verify.cases.case import Case

Padding: TypeAlias = Literal["SAME", "VALID"] | tuple[tuple[int, int], ...]

PADDINGS = ("same", "valid", "explicit")

MAX_DIGITS = 9
"""Digits that a number of a convolution may have at most."""

LENGTH, LENGTH_OF_TOKEN = 150, 50
"""Characters of a word and of a token that a sentence repeats at most."""

_COUNT_FIELDS = {"n": "batch", "c": "channels", "f": "filter_count", "m": "multiplier", "g": "groups"}
_SIZES = {"i": "size", "k": "kernel", "s": "strides", "d": "dilations", "t": "trimmed", "o": "given_out"}


_BY_LETTER = ("given_shapes", "given_dtypes", "quantised", "memory")
"""Fields of several tokens, each of another letter."""


class InvalidCase(ValueError):
    """A word or a set of fields that is no case; the message is one sentence."""


def fields_of(word: str) -> dict[str, Any]:
    """The fields that a word's tokens name."""
    operation, *tokens = word.split("_")
    if operation not in OPERATIONS:
        raise InvalidCase(f"its first token {cut(operation)} is none of {', '.join(OPERATIONS)}")
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
    if name in _BY_LETTER and value[0] not in fields.setdefault(name, {}):
        fields[name][value[0]] = value[1]
        return
    if name == "fill":
        value, seed = value if "fill" not in fields else (None, None)
        fields.setdefault("seed", seed)
    if name in fields:
        hint = f": the dtype is written {OLD_DTYPES[token]!r}" if token in OLD_DTYPES else ""
        what = "scale" if name == "quantised" else name.replace("_", " ")
        raise InvalidCase(f"{cut(token)} gives its {what} a second time{hint}")
    fields[name] = value


def _field(token: str, digits: int) -> tuple[str, Any]:
    """The field that one token sets, and its value; a number has so many digits at most."""
    if re.search(f"[0-9]{{{digits + 1}}}", token):
        raise InvalidCase(_unknown(token, digits))
    for field_among in _FIELDS:
        if field := field_among(token):
            return field
    raise InvalidCase(_unknown(token, digits))


def _literal_field(token: str) -> tuple[str, Any] | None:
    """The field of a token that is a word of its own."""
    if token in ("same", "valid"):
        return "padding", token.upper()
    if token in PADDING_MODES:
        return "padding_mode", token
    if token in EPILOGUE and token != "leaky":
        return "epilogue", token
    if match := re.fullmatch(r"leaky([0-9]{1,3}(?:\.[0-9]{1,6})?)", token):
        return "epilogue", leaky(float(match[1]))
    if token == "cf":
        return "channels_first", True
    if token == "illegal":
        return "illegal", True
    if re.fullmatch("illegal[0-9]+", token):
        raise InvalidCase(f"{cut(token)} has a number: an illegal call has no seed, write 'illegal'")
    return ("dtype", DTYPES[token].dtype) if token in DTYPES else None


def _fill_field(token: str) -> tuple[str, Any] | None:
    if token in FILLS:
        return "fill", (token, 0)
    seeded = "|".join(fill.name for fill in FILLS.values() if fill.is_seeded)
    if match := re.fullmatch(f"({seeded})({NUMBER})", token):
        return "fill", (match[1], int(match[2]))
    return None


def _number_field(token: str) -> tuple[str, Any] | None:
    if match := re.fullmatch(f"([ncfmg])({NUMBER})", token):
        return _COUNT_FIELDS[match[1]], int(match[2])
    if match := re.fullmatch(f"([iksdto])({NUMBER}(?:x{NUMBER}){{0,2}})", token):
        return _SIZES[match[1]], tuple(map(int, match[2].split("x")))
    pair = rf"{NUMBER}\.{NUMBER}"
    if match := re.fullmatch(f"([pz])({pair}(?:x{pair}){{0,2}})", token):
        pairs = tuple(tuple(map(int, cells.split("."))) for cells in match[2].split("x"))
        return "padding" if match[1] == "p" else "border", pairs
    return None


_FIELDS = (
    _literal_field,
    _number_field,
    _fill_field,
    given_field,
    weights_field,
    quantised_field,
    memory_field,
)
"""What reads a token, each of its own kind."""


def _unknown(token: str, digits: int) -> str:
    if not token:
        return "it has an empty token (two underscores together, or one at an end)"
    if token in OLD_DTYPES:
        return f"{token!r} is no token: the dtype is written {OLD_DTYPES[token]!r}"
    if re.match("[pz]-?[0-9]", token):
        what = "padding" if token[0] == "p" else "border"
        return f"{cut(token)} is not a {what} such as {token[0]}1.0x0.2: before.after for 1 to 3 axes"
    if re.match("q[xwy]", token):
        return f"{cut(token)} is not {unlike_token(token)}"
    if token.lower().startswith("mem"):
        return f"{cut(token)} is not {unlike_memory(token)}"
    if token.startswith("leaky"):
        return f"{cut(token)} is not a leaky relu with its slope, such as leaky0.25"
    if re.match("[iksdto]-?[0-9]", token):
        return f"{cut(token)} is not 1 to 3 sizes of at most {digits} digits, such as {token[0]}3x3"
    if re.match(f"[{''.join(PARTS)}](-?[0-9]|{SCALAR})", token):
        said = f"the shape of an operand, of at most {MOST_AXES} axes"
        return f"{cut(token)} is not {said}, such as {token[0]}1x3x1"
    if re.match("[ncfmg]-?[0-9]", token):
        return f"{cut(token)} is not a count of at most {digits} digits, such as {token[0]}2"
    return f"{cut(token)} is not a token{_hint(token.lower())}"


def _hint(token: str) -> str:
    """What an unknown token may mean: another name of one, or the nearest."""
    if said := hint_of_mode(token):
        return said
    words = ["same", "valid", *PADDING_MODES, "cf", "illegal", *EPILOGUE, *DTYPES, *TOKENS, *FILLS]
    near = difflib.get_close_matches(token, words, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def quoted(text: str, most: int = 200) -> str:
    """A text in quotes, cut where it is longer."""
    return repr(text) if len(text) <= most else f"{text[:most]!r}…"


def cut(token: str) -> str:
    return quoted(token, LENGTH_OF_TOKEN)


def by(numbers: tuple[int, ...]) -> str:
    return "x".join(map(str, numbers))


def padding_token(padding: Padding) -> str:
    return padding.lower() if isinstance(padding, str) else "p" + ends(padding)


def ends(pairs: tuple[tuple[int, int], ...]) -> str:
    return "x".join(f"{before}.{after}" for before, after in pairs)


def word_of(case: Case) -> str:
    """The word that names a case."""
    one = (1,) * case.rank
    tokens = [
        case.operation,
        f"n{case.batch}" * (case.batch != 1),
        "i" + by(case.size),
        f"c{case.channels}" * (case.channels != 1),
        "k" + by(case.kernel),
        f"f{case.filter_count}" * (case.filter_count != 1),
        f"m{case.multiplier}" * (case.multiplier != 1),
        ("s" + by(case.strides)) * (case.strides != one),
        ("d" + by(case.dilations)) * (case.dilations != one),
        f"g{case.groups}" * (case.groups != 1),
        ("z" + ends(case.border)) * bool(case.border),
        padding_token(case.padding),
        case.padding_mode * (case.padding_mode != ZEROS),
        ("t" + by(case.trimmed)) * bool(case.trimmed),
        case.format.token * (case.format.token != "float32"),
        *weights_tokens(case),
        *quantised_tokens(case.quantised),
        "cf" * case.channels_first,
        *case.epilogue,
        case.fill if case.illegal else f"{case.fill}{case.seed or ''}",
        *memory_tokens(case.memory),
        ("o" + by(case.given_out)) * bool(case.given_out),
        *given_tokens(case),
        "illegal" * case.illegal,
    ]
    return "_".join(token for token in tokens if token)
