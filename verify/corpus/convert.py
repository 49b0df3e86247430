"""Files of words of the first grammar, rewritten in this one, comments kept."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from verify.cases.case import Case
from verify.cases.grammar import GRAMMAR, OLD_DTYPES, converted
from verify.cases.operations import OPERATIONS
from verify.cases.word import InvalidCase
from verify.checks import shapes
from verify.checks.files import refusal_of
from verify.checks.reading import DataError, json_of
from verify.corpus.rewrite import rewrite
from verify.corpus.words import MARK, grammar_of

RENUMBERED = ("iota", "coded")
"""Fills that have held other numbers since, where they repeated some."""

_WORD = re.compile(rf"(?<![\w.-])(?:{'|'.join(OPERATIONS)})(?:_[a-z0-9.-]*[a-z0-9])+(?![\w.-]*\w)")
_DTYPE = re.compile(rf"""(\\?["'])({"|".join(OLD_DTYPES)})\1""")
_SECTIONS = ("[[deviation]]", "[[tool.conv-verify.deviation]]")


class Change(NamedTuple):
    """A word or a dtype of a line that is written otherwise now."""

    line: int
    before: str
    after: str


class Conversion(NamedTuple):
    """What was changed in a file, the words that are no case, and how many hold other numbers since."""

    changes: list[Change]
    wrong: list[str]
    renumbered: int


def convert(file: Path) -> Conversion:
    """Rewrite a corpus, a TOML file with deviations or a record of failures in place.

    Raises ValueError, one sentence, for a file that is of this grammar, has no word or cannot be read.
    """
    done = Conversion([], [], 0)

    def rewritten(text: str) -> str:
        nonlocal done
        converter = _Converter(str(file))
        after = _AS.get(file.suffix, _corpus)(text, converter)
        done = Conversion(converter.changes, converter.wrong, converter.renumbered)
        return after

    if not file.exists():
        raise ValueError(f"there is no file {str(file)!r}")
    try:
        rewrite(file, rewritten)
    except OSError as error:
        raise ValueError(f"{file} cannot be converted: {refusal_of(error)}") from None
    return done


class _Converter:
    """Converts words and dtypes, and keeps what it changed."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.changes: list[Change] = []
        self.wrong: list[str] = []
        self.renumbered = 0

    def word(self, word: str, line: int) -> str:
        after = converted(word)
        try:
            self.renumbered += Case.parse(after).fill in RENUMBERED
        except InvalidCase as refusal:
            self.wrong.append(f"{self.file}, line {line}: {refusal}")
            return word
        self._changed(line, word, after)
        return after

    def words_in(self, text: str, line: int) -> str:
        return _WORD.sub(lambda found: self.word(found[0], line), text)

    def dtypes_in(self, text: str, line: int) -> str:
        def renamed(found: re.Match[str]) -> str:
            after = f"{found[1]}{OLD_DTYPES[found[2]]}{found[1]}"
            self._changed(line, found[0], after)
            return after

        return _DTYPE.sub(renamed, text)

    def require_first(self, grammar: object) -> None:
        """Raise ValueError where a file says its grammar already."""
        if grammar is not None:
            raise ValueError(f"{self.file} says already that its words are of grammar {grammar}")

    def _changed(self, line: int, before: str, after: str) -> None:
        if before != after:
            self.changes.append(Change(line, before, after))


def _corpus(text: str, converter: _Converter) -> str:
    lines = text.splitlines(keepends=True)
    converter.require_first(grammar_of(text.splitlines()))
    asked = 0
    for place, line in enumerate(lines):
        words, hash_sign, comment = line.partition("#")
        if word := words.strip():
            asked += 1
            lines[place] = words.replace(word, converter.word(word, place + 1)) + hash_sign + comment
    if asked and asked == len(converter.wrong):
        raise ValueError(
            f"{converter.file} has no word of a case, and is left as it is: {converter.wrong[0]}"
        )
    return "".join([f"{MARK}\n", *lines])


def _toml(text: str, converter: _Converter) -> str:
    """Only sections of deviations are touched; the version goes before them all, or to the settings."""
    lines, is_inside, first = text.splitlines(keepends=True), False, None
    for place, line in enumerate(lines):
        if line.lstrip().startswith("["):
            is_inside = line.split("#")[0].replace(" ", "").strip() in _SECTIONS
        if is_inside:
            first = place if first is None else first
            lines[place] = converter.dtypes_in(converter.words_in(line, place + 1), place + 1)
    if first is None:
        raise ValueError(f"{converter.file} has no [[deviation]]")
    version = f"grammar = {GRAMMAR}\n"
    table = next((place for place, line in enumerate(lines) if line.strip() == "[tool.conv-verify]"), None)
    if re.search(r"(?m)^grammar\s*=", text):
        converter.require_first(GRAMMAR)
    if table is not None:
        lines.insert(table + 1, version)
    elif "[[tool." in lines[first].replace(" ", ""):
        lines.insert(first, f"[tool.conv-verify]\n{version}\n")
    else:
        lines.insert(0, f"{version}\n")
    return "".join(lines)


def _failures(text: str, converter: _Converter) -> str:
    lines = []
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            entry = shapes.fields({"word": shapes.text()})(json_of(line))
            word = entry["word"]
        except DataError as error:
            raise ValueError(
                f"{converter.file}, line {number}: this is no record of a failure: {error}"
            ) from None
        converter.require_first(entry.get("grammar"))
        rest = {**entry, "word": converter.word(word, number)}
        head = {"format": rest.pop("format", None), "grammar": GRAMMAR}
        lines.append(f"{json.dumps({**head, **rest})}\n")
    return "".join(lines)


_AS: dict[str, Callable[[str, _Converter], str]] = {".toml": _toml, ".jsonl": _failures}
