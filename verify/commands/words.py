"""The words on a command line: cases, files and folders of them, or standard input."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from verify.cases.case import Case
from verify.cases.operations import OPERATIONS
from verify.corpus.words import cases_in, cases_of_lines


def cases_of(word: str) -> Iterator[Case]:
    """The cases that one argument names."""
    if word == "-":
        yield from cases_of_lines(sys.stdin, "standard input")
    elif word.partition("_")[0] not in OPERATIONS and (os.sep in word or "." in word or Path(word).exists()):
        cases = cases_in(word)
        if not cases:
            raise ValueError(f"{word!r} holds no case; in a folder, the *.txt files are read")
        yield from cases
    else:
        yield Case.parse(word)
