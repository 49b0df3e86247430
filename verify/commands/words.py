"""The words on a command line: cases, files and folders of them, or standard input."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

from verify.cases.case import Case
from verify.cases.operations import OPERATIONS
from verify.corpus import words as corpus


def cases_of(word: str) -> Iterator[Case]:
    """The cases that one argument names."""
    if word == "-":
        yield from corpus.parse(sys.stdin, "standard input")
    elif word.partition("_")[0] not in OPERATIONS and (os.sep in word or "." in word or os.path.exists(word)):
        found = corpus.read(word)
        if not found:
            raise ValueError(f"{word!r} holds no case; of a folder, the *.txt files are read")
        yield from found
    else:
        yield Case.parse(word)
