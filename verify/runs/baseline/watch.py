"""A baseline in a run: each subject is asked the fixed cases first, and compared at the end."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from verify.checks.deadline import GRACE_S, TimeUp, stopping_at
from verify.config.session import limits
from verify.corpus.rewrite import rewrite
from verify.gate.judging import Gate
from verify.runs.baseline import asked_of
from verify.runs.baseline.behaviour import grouped, observe
from verify.runs.baseline.comparison import compared
from verify.runs.baseline.record import Records, label_of, parse, read, recorded, text_of


class Told(NamedTuple):
    """What is said at the end of a run: lines, then a sentence, and the exit code."""

    lines: Sequence[str]
    sentence: str = ""
    code: int = 0


class Watch:
    """A pytest plugin that observes each subject of a run before its first property.

    `told` then compares them with the file. It writes those that the file does not have, and with `update`
    all. Raises ValueError, one sentence, where the file is no baseline.
    """

    def __init__(self, file: Path, until: float, *, update: bool = False) -> None:
        self.file = file
        self._until = until
        self._update = update
        self._gates: set[Gate] = set()
        self._seen: Records = {}
        self._late: list[str] = []
        read(file)

    def pytest_runtest_setup(self, item: Any) -> None:
        held: Gate = item.cls.gate
        if held in self._gates:
            return
        self._gates.add(held)
        try:
            with stopping_at(self._until + GRACE_S):
                self._observe(held)
        except TimeUp:
            self._late.append(held.name)

    def told(self) -> Told:
        """Compare with the file and write it; what is to be said."""
        before: Records = {}

        def merged(text: str) -> str:
            before.update(parse(text, self.file))
            after = {**before, **self._seen} if self._update else {**self._seen, **before}
            return text_of(after)

        rewrite(self.file, merged)
        found = {label: compared(label, now, before, self.file) for label, now in self._seen.items()}
        lines = [line for each in found.values() for line in each.lines]
        return Told(lines, *self._verdict(sum(each.changed for each in found.values())))

    def _verdict(self, changed: int) -> tuple[str, int]:
        """The last sentence, and the exit code."""
        many = f"{changed} of {len(self._seen)} subjects" if len(self._seen) > 1 else "the subject"
        if changed and self._update:
            return f"Rewritten: {self.file}, as {many} had changed.", 0
        if changed:
            return f"Changed: {many}, since {self.file} was written; --update-baseline accepts it.", 1
        if self._late:
            return f"Proves too little: the time was up before {', '.join(self._late)} was compared.", 3
        return "", 0

    def _observe(self, held: Gate) -> None:
        """Ask a subject the fixed cases; none that are begun is kept where the time is up."""
        seen: list[Any] = []
        self._check_time()
        subject = held.subject
        for each in observe(subject, held.name, asked_of(subject)):
            if limits.interrupted:
                raise KeyboardInterrupt
            self._check_time()
            seen.append(each)
        if seen:
            self._seen[label_of(subject)] = recorded(subject, grouped(seen))

    def _check_time(self) -> None:
        if time.monotonic() > self._until:
            raise TimeUp


def watch_of(file: Path | None, until: float, *, update: bool) -> Watch | None:
    """The watch that a run's options ask for; ValueError where they lack the file to update."""
    if file is None and update:
        raise ValueError("--update-baseline needs --baseline FILE")
    return None if file is None else Watch(file, until, update=update)
