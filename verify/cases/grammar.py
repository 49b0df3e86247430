"""The version of the grammar of words, which files of words carry, and how the first is read."""

from __future__ import annotations

import re
import shlex
from os import PathLike

GRAMMAR = 2
"""The version that is read here. In the first, which files do not name, dtypes had short tokens."""

OLD_DTYPES = {"f16": "float16", "bf16": "bfloat16", "f32": "float32", "f64": "float64", "i32": "int32"}
"""Tokens of dtypes in the first grammar, of which some are numbers since, and the dtypes."""


class OtherGrammar(ValueError):
    """A file whose words are of another grammar; the sentence has the command to run."""


def require_grammar(version: object, file: str | PathLike[str], *, remedy: str = "") -> None:
    """Raise OtherGrammar unless a file's words are of this grammar; None is the first.

    `remedy` is what to do, by default the command that rewrites the file.
    """
    if version != GRAMMAR or isinstance(version, bool):
        found = 1 if version is None else f"{version!r}"[:20]
        remedy = remedy or f"run `conv-verify pin --convert {shlex.quote(str(file))}`"
        raise OtherGrammar(f"{file} has words of grammar {found}, and {GRAMMAR} is read here: {remedy}")


def converted(word: str) -> str:
    """A word of the first grammar in this one; its other tokens stay, in their order.

    There a number came before a dtype: `i32` was the size unless another token was, and of `f16`, `f32` and
    `f64` one counted the filters where there were two, or another dtype, and no other count of filters.
    """
    operation, *tokens = re.sub(r"_illegal[0-9]+(?=_|$)", "_illegal", word).split("_")
    dtype = tokens.index("bf16") if "bf16" in tokens else None
    shared = [place for place, token in enumerate(tokens) if token in OLD_DTYPES and token != "bf16"]
    counted = {token[0] for token in tokens if token not in OLD_DTYPES and re.match("[if]-?[0-9]", token)}
    for place in sorted(shared, key=lambda place: tokens[place][0] != "i"):
        letter = tokens[place][0]
        twins = sum(tokens[other][0] == letter for other in shared)
        if letter not in counted and (letter == "i" or dtype is not None or twins > 1):
            counted.add(letter)
        elif dtype is None:
            dtype = place
        else:
            return word  # which was no case
    if dtype is not None:
        name = OLD_DTYPES[tokens[dtype]]
        tokens[dtype] = "" if name == "float32" else name
    return "_".join([operation, *filter(None, tokens)])
