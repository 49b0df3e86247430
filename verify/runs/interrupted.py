"""What earlier commands that were killed were asking, as the next command says it."""

from __future__ import annotations

from collections.abc import Callable

from verify.checks.examination import replay_line
from verify.checks.journal import left


def lines_of_interrupted() -> list[str]:
    """A line for each case at which an earlier process was killed, from its journal, which is removed."""
    return [
        f"An earlier process was killed when {subject} was at {word}; replay it by: "
        + replay_line(word, subject)
        for subject, word in left()
    ]


def say_interrupted(say: Callable[[str], object]) -> None:
    """Say those lines, one after another."""
    for line in lines_of_interrupted():
        say(line)
