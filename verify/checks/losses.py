"""Losses of a subject that no verdict counts: they are kept to the end of the command, which they fail."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from verify.checks.examination import Examination, disagreement, line
from verify.oracle.compare import LOST

_kept: list[tuple[Examination, str]] = []

_of_others: list[tuple[str, str]] = []
"""The subjects and the messages that other processes kept."""


def keep_if_lost(examination: Examination, *, asked: str) -> bool:
    """Keep an examination in which a subject was lost, unless that is known; `asked` says what for."""
    is_lost = examination.fails and examination.verdict.kind in LOST
    if is_lost:
        _kept.append((examination, asked))
    return is_lost


@contextmanager
def told_elsewhere() -> Iterator[None]:
    """Keep no loss within the block, as another process asks the same and tells of it."""
    before = len(_kept)
    try:
        yield
    finally:
        del _kept[before:]


def are_kept() -> bool:
    """Whether there are losses that were not told yet."""
    return bool(_kept or _of_others)


def handed_over() -> list[tuple[str, str]]:
    """The subject and the message of each loss, for `take_over` in another process; they are kept no more."""
    losses = [
        (examination.subject.name, disagreement(examination, with_faults=False, more=[line("asked", asked)]))
        for examination, asked in _kept
    ]
    losses += _of_others
    _kept.clear()
    _of_others.clear()
    return losses


def take_over(losses: Iterable[tuple[str, str]]) -> None:
    """Keep what another process handed over."""
    _of_others.extend((subject, message) for subject, message in losses)


def losses_told() -> list[str]:
    """The messages of all losses that were kept, and a sentence; they are told once."""
    losses = handed_over()
    texts = [message for _, message in losses]
    if texts:
        names = ", ".join(dict.fromkeys(subject for subject, _ in losses))
        often = "once" if len(texts) == 1 else f"{len(texts):,} times"
        texts.append(f"Disagrees: {names} was lost {often} where no case is counted.")
    return texts


def code_after_losses(code: int, *, is_lost: bool) -> int:
    """The exit code of a command that would end with another: 1 if something was lost, unless it is 2."""
    return 1 if is_lost and code in (0, 3) else code
