"""The grammar of a case's word: its tokens read into fields, and the parts of it that are written."""

from __future__ import annotations

import difflib
import re
from typing import Any, Literal, TypeAlias

from verify.cases.dtypes import FORMATS
from verify.cases.fills import FILLS
from verify.cases.operations import EPILOGUE, OPERATIONS, leaky

Padding: TypeAlias = Literal["SAME", "VALID"] | tuple[tuple[int, int], ...]

PADDING_MODES = ("same", "valid", "explicit")

DIGITS = 9
"""Digits that a number may have at most."""

_COUNTS = {"n": "batch", "c": "channels", "f": "filter_count", "m": "multiplier", "g": "groups"}
_SIZES = {"i": "size", "k": "kernel", "s": "strides", "d": "dilations", "o": "given_out"}
_NUMBER = f"-?[0-9]{{1,{DIGITS}}}"


class InvalidCase(ValueError):
    """A word or a set of fields that is no case; the message is one sentence."""


def fields_of(word: str) -> dict[str, Any]:
    """The fields that a word's tokens name."""
    operation, *tokens = word.split("_")
    if operation not in OPERATIONS:
        raise InvalidCase(f"its first token {operation!r} is none of {', '.join(OPERATIONS)}")
    fields: dict[str, Any] = {"operation": operation}
    for token in tokens:
        if token not in _NUMBERS_TOO:
            _add(fields, token, *_field(token))
    _add_shared(fields, [token for token in tokens if token in _NUMBERS_TOO])
    for name, letter in (("size", "i"), ("kernel", "k"), ("padding", None)):
        if name not in fields:
            hint = f"{letter}3x3" if letter else "same, valid or p1.1x0.2"
            raise InvalidCase(f"it has no {name} token, such as {hint}")
    return fields


def _add(fields: dict[str, Any], token: str, name: str, value: Any) -> None:
    if name == "epilogue":
        value = (*fields.get("epilogue", ()), *value)
    elif name == "fill":
        value, seed = value if "fill" not in fields else (None, None)
        fields.setdefault("seed", seed)
    elif name == "illegal":
        fields["seed"], value = value, True
    if name in fields and (name != "epilogue" or len(set(value)) < len(value)):
        raise InvalidCase(f"{token!r} gives its {name.replace('_', ' ')} a second time")
    fields[name] = value


def _add_shared(fields: dict[str, Any], tokens: list[str]) -> None:
    """Tokens that may be a dtype or a number: the number comes first, the dtype after."""
    for token in sorted(tokens, key=lambda shared: shared[0] not in _SIZES):
        name, value = _NUMBERS_TOO[token]
        twins = [other for other in tokens if _NUMBERS_TOO[other][0] == name]
        is_size = token[0] in _SIZES
        if name not in fields and (is_size or "dtype" in fields or len(twins) > 1):
            _add(fields, token, name, value)
        else:
            _add(fields, token, "dtype", FORMATS[token].dtype)


def _field(token: str) -> tuple[str, Any]:
    """The field that one unambiguous token sets, and its value."""
    for field_among in (_literal_field, _number_field, _fill_field):
        if field := field_among(token):
            return field
    raise InvalidCase(_unknown(token))


def _literal_field(token: str) -> tuple[str, Any] | None:
    """The field of a token that is a word of its own."""
    if token in ("same", "valid"):
        return "padding", token.upper()
    if token in EPILOGUE and token != "leaky":
        return "epilogue", (token,)
    if match := re.fullmatch(r"leaky([0-9]{1,3}(?:\.[0-9]{1,6})?)", token):
        return "epilogue", (leaky(float(match[1])),)
    if token == "cf":
        return "channels_first", True
    if match := re.fullmatch(f"illegal([0-9]{{0,{DIGITS}}})", token):
        return "illegal", int(match[1] or 0)
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
        return _COUNTS[match[1]], int(match[2])
    if match := re.fullmatch(f"([iksdo])({_NUMBER}(?:x{_NUMBER}){{0,2}})", token):
        return _SIZES[match[1]], tuple(map(int, match[2].split("x")))
    pair = rf"{_NUMBER}\.{_NUMBER}"
    if match := re.fullmatch(f"([pz])({pair}(?:x{pair}){{0,2}})", token):
        pairs = tuple(tuple(map(int, cells.split("."))) for cells in match[2].split("x"))
        return "padding" if match[1] == "p" else "border", pairs
    return None


_NUMBERS_TOO = {token: field for token in FORMATS if (field := _number_field(token))}
"""Tokens of dtypes that read as a number too, such as f16, and the field that they would set."""


def _unknown(token: str) -> str:
    if not token:
        return "it has an empty token (two underscores together, or one at an end)"
    if re.match("[pz]-?[0-9]", token):
        what = "padding" if token[0] == "p" else "border"
        return f"{token!r} is not a {what} such as {token[0]}1.0x0.2: before.after for 1 to 3 axes"
    if token.startswith("leaky"):
        return f"{token!r} is not a leaky relu with its slope, such as leaky0.25"
    if re.match("[iksdo]-?[0-9]", token):
        return f"{token!r} is not 1 to 3 sizes of at most 9 digits, such as {token[0]}3x3"
    if re.match("[ncfmg]-?[0-9]", token):
        return f"{token!r} is not a count of at most 9 digits, such as {token[0]}2"
    words = ["same", "valid", "cf", "illegal", *EPILOGUE, *FORMATS, *FILLS]
    near = difflib.get_close_matches(token.lower(), words, n=1)
    return f"{token!r} is not a token" + (f"; did you mean {near[0]!r}?" if near else "")


def by(numbers: tuple[int, ...]) -> str:
    return "x".join(map(str, numbers))


def padding_token(padding: Padding) -> str:
    return padding.lower() if isinstance(padding, str) else "p" + ends(padding)


def ends(pairs: tuple[tuple[int, int], ...]) -> str:
    return "x".join(f"{before}.{after}" for before, after in pairs)
