"""What is recorded of a task that ends its process each time: a finding, so that it is dealt out no more."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Mapping
from typing import Any

from verify.cases.shards import Shard
from verify.checks.examination import replay_line
from verify.config.session import Options
from verify.gate.session import beginning
from verify.reports.records import Record, end, line_of

NAME, TITLE = "tasks", "tasks that end their process"
"""The property under which a loss of a whole task is counted."""


def loss(label: str, *, message: str, kind: str = "crashed", word: str = "") -> Record:
    """The record of a failure that no case counts: a subject that was lost with the process that asked it."""
    texts = ("way", "cause", "words", "fault", "flaky", "like")
    lists = ("faults", "also", "next_worst", "shape", "differs", "values", "answer")
    return {
        "type": "failure",
        "subject": label,
        "property": TITLE,
        "name": NAME,
        **dict.fromkeys(texts, ""),
        **{name: [] for name in lists},
        "kind": kind,
        "word": word,
        "message": message,
        "replay": replay_line(word, label) if word else "",
        "worst": None,
    }


def records_of_a_loss(task: Mapping[str, Any], answer: Mapping[str, Any], *, tries: int) -> bytes:
    """The records of a task that was lost in each of its tries, as they are kept."""
    label, word = task["label"], answer.get("word", "")
    is_late = answer.get("is_late")
    kind, what = ("timed out", "does not end") if is_late else ("crashed", "ends the process that asks it")
    where = f" at {word}" if word else ""
    message = f"{label} {what}{where}: {answer['lost']}, in each of {tries} tries"
    failure = loss(label, message=_with_replay(message, label, word), kind=kind, word=word)
    options = Options(seed=task["seed"], shard=Shard.parse(task["shard"]))
    return compressed([beginning(options, [label], profile="dev"), failure, end(0.0, 1)])


def _with_replay(message: str, label: str, word: str) -> str:
    return f"{message}\n  replay   {replay_line(word, label)}" if word else message


def compressed(records: Iterable[Record]) -> bytes:
    """Records as they are kept."""
    return gzip.compress(b"".join(map(line_of, records)), mtime=0)
