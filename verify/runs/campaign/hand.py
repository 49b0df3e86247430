"""The process on a worker that does its tasks: it gates as a run does, and keeps what it has imported."""

from __future__ import annotations

import gzip
import json
import os
import select
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cache, partial
from io import BytesIO
from multiprocessing.connection import Connection
from threading import Thread
from typing import Any

from hypothesis.database import ExampleDatabase

from verify.cases.case import Case
from verify.cases.shards import Shard
from verify.checks.broken import broken_by
from verify.checks.deviations import from_text
from verify.checks.journal import journal
from verify.config.database import database_at
from verify.config.flags import Isolation, loader_of
from verify.config.options import SCHEDULER
from verify.config.session import Options
from verify.gate.session import beginning
from verify.reports.conclusion import exit_code
from verify.reports.findings import findings
from verify.reports.records import Record, end, line_of
from verify.reports.tally import Tallies
from verify.runs.campaign.examples import EXAMPLES, Ask, Asked, Examples
from verify.runs.campaign.losses import loss
from verify.runs.gating import Request, gate_all

PROFILE = "dev"
"""The profile of Hypothesis whose settings a task has, but for the number of its cases."""

IDLE_S = 900.0
"""Seconds without a task after which the process ends: its campaign has gone without a word."""

load = cache(loader_of)
"""The loader of subjects by where they run, which keeps what it has loaded for later tasks."""

database = cache(database_at)


def serve(handle: int) -> None:
    """Do task after task, until the stream is closed, which also ends a task at once."""
    stream = Connection(handle)
    Thread(target=_end_with, args=(handle,), daemon=True).start()
    while stream.poll(IDLE_S):
        try:
            task = json.loads(stream.recv_bytes())
        except EOFError:
            break
        journal.lend(task["journal"])
        journal.rest()
        answer, records = answer_to(task, partial(_asked, stream))
        stream.send_bytes(json.dumps(answer).encode())
        stream.send_bytes(records)


def _end_with(handle: int) -> None:
    """End this process when the other end of a stream is closed, as it is where the worker is killed."""
    ended = select.poll()
    ended.register(handle, select.POLLHUP | select.POLLRDHUP)
    ended.poll()
    os._exit(2)


def _asked(stream: Connection, asked: Asked) -> Sequence[str]:
    """What the scheduler says to a request for examples, which the worker hands on."""
    stream.send_bytes(json.dumps({EXAMPLES: dict(asked)}).encode())
    said: list[str] = json.loads(stream.recv_bytes())
    return said


def answer_to(task: Mapping[str, Any], ask: Ask = lambda _: ()) -> tuple[dict[str, Any], bytes]:
    """What a task comes to: its failures with its records, or why it cannot be done."""
    started = time.monotonic()
    try:
        request = request_of(task, ask)
        request.options.load(task["label"])
    except BaseException as error:  # noqa: BLE001 - also what a module of the user's raises
        return {"unfit": f"{task['label']}: {broken_by(error)}"}, b""
    try:
        failures, broken, records = _gated(request, started)
        if isinstance(request.options.database, Examples):
            request.options.database.tell()
    except BaseException as error:  # noqa: BLE001 - an error of ours is said where the campaign is
        return {"broken": str(broken_by(error))}, b""
    if broken:
        return {"broken": broken}, b""
    return {"failures": failures, "seconds": time.monotonic() - started}, records


def request_of(task: Mapping[str, Any], ask: Ask) -> Request:
    """The request of a run that does a task.

    It ends before the task's limit, with what was asked until then; that of a subject in this process does
    not, as a case that hangs there, which is a finding, is told by the limit alone.
    """
    isolation = Isolation(*task["isolation"])
    options = Options(
        examples=task["examples"],
        seed=task["seed"],
        shard=Shard.parse(task["shard"]),
        excuse=task["excuse"],
        deviations=from_text(task["deviations"]),
        words=[Case.parse(word) for word in task["words"]],
        database=_database_of(task["database"], ask),
        reuses=True,
        load=load(isolation),
    )
    narrowings = {
        name: tuple(value) if isinstance(value, list) else value for name, value in task["narrowings"].items()
    }
    return Request(
        subjects=[task["label"]],
        options=options,
        profile=PROFILE,
        until=float("inf") if isolation.alone else task["until"],
        undivided=True,
        narrowings=narrowings,
        large=task["large"],
        only=("pinned",) if task["words"] else (),
    )


def _database_of(place: str, ask: Ask) -> ExampleDatabase | None:
    """Where the examples of a task are kept."""
    if place == SCHEDULER:
        return Examples(ask)
    return database(place) if place else None


def _gated(request: Request, started: float) -> tuple[list[dict[str, Any]], str, bytes]:
    """The failures of a request that was gated, why it could not be, and its records as they are kept."""
    kept, tallies = BytesIO(), Tallies()
    with gzip.GzipFile(fileobj=kept, mode="wb", mtime=0) as lines:

        def write(record: Any) -> None:
            if isinstance(record, dict):
                tallies.add(record)
                lines.write(line_of(record))

        write(beginning(request.options, request.subjects, profile=request.profile))
        outcome = gate_all(request, write)
        for _, message in outcome.losses:
            write(loss(request.subjects[0], message=message))
        for record in _last(request, tallies, time.monotonic() - started):
            write(record)
    broken = next(iter(outcome.broken), "it was interrupted" if outcome.interrupted else "")
    return [asdict(failure) for failure in outcome.failures], broken, kept.getvalue()


def _last(request: Request, tallies: Tallies, elapsed: float) -> list[Record]:
    """The last records of a task: what it found, and its end."""
    code = exit_code([*tallies], shard=request.options.shard)
    return [*(finding.record() for finding in findings(tallies)), end(elapsed, code)]
