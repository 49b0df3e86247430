"""The processes of a worker that do its tasks, one for each task at a time, kept between tasks."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Lock
from typing import Any

from verify.checks.exits import ending_of
from verify.checks.journal import Journal
from verify.runs.campaign.examples import EXAMPLES, Ask, asked_of_the_scheduler
from verify.runs.campaign.tasks import required
from verify.subjects.losses import last_lines

ASKING = 0.9
"""Share of a task's limit after which it asks no further case, so that it ends before it is killed."""

MOST_TASKS = 200
"""Tasks of a process, which keeps half a megabyte of each, before another takes its place."""

PATIENCE_S = 5.0
"""Seconds that a process has to end once it has closed its stream."""

_BOOT = """
import json, sys
from importlib.util import module_from_spec, spec_from_file_location
init, path, handle = json.loads(sys.argv[1])
sys.path += [place for place in path if place not in sys.path]
spec = spec_from_file_location("verify", init)
sys.modules["verify"] = module_from_spec(spec)
spec.loader.exec_module(sys.modules["verify"])
from verify.runs.campaign.hand import serve
serve(handle)
"""
"""What the process runs: this package, found by its place, and the modules that the worker finds."""

_INIT = Path(__file__).resolve().parents[2] / "__init__.py"


class Hand:
    """A process that does the tasks of a campaign one after another."""

    def __init__(self, campaign: str) -> None:
        import fcntl  # which only systems with fork have

        self.campaign = campaign
        self._journal = Journal.nameless()
        self._tasks = 0
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - `close` closes it
        fcntl.fcntl(self._output, fcntl.F_SETFL, os.O_APPEND)  # so that it can be truncated while it is open
        mine, theirs = socket.socketpair()
        with theirs:
            arguments = json.dumps([str(_INIT), sys.path, theirs.fileno()])
            self._process = subprocess.Popen(
                [sys.executable, "-c", _BOOT, arguments],
                stdin=subprocess.DEVNULL,
                stdout=self._output,
                stderr=self._output,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # so that Ctrl-C reaches none of them
            )
        self._stream = Connection(mine.detach())

    @property
    def is_ready(self) -> bool:
        """Whether the process is there to be given a task."""
        is_there = self._process.poll() is None and not self._stream.closed
        return is_there and self._tasks < MOST_TASKS

    def do(self, task: Mapping[str, Any], ask: Ask = asked_of_the_scheduler) -> dict[str, Any]:
        """Do a task in its time; its answer, or how the process was lost and at which case.

        Meanwhile it is given the examples that it asks for.
        """
        started = time.monotonic()
        self._tasks += 1
        os.ftruncate(self._output.fileno(), 0)
        try:
            until = started + ASKING * task["limit"]  # by the clock that all processes have
            told = {**task, "journal": self._journal.place, "until": until}
            self._stream.send_bytes(json.dumps(told).encode())
            while True:
                if not self._stream.poll(max(started + task["limit"] - time.monotonic(), 0)):
                    return self._lost(f"it takes longer than {task['limit']:g} s", is_late=True)
                answer: dict[str, Any] = json.loads(self._stream.recv_bytes())
                if EXAMPLES not in answer:
                    break
                self._stream.send_bytes(json.dumps(ask(answer[EXAMPLES])).encode())
            records = self._stream.recv_bytes()
        except (EOFError, OSError):
            return self._lost("")
        return {**answer, "records": records, "whole": time.monotonic() - started}

    def _lost(self, how: str, *, is_late: bool = False) -> dict[str, Any]:
        if not how:
            try:
                how = f"it {ending_of(self._process.wait(PATIENCE_S))}"
            except subprocess.TimeoutExpired:
                how = "it closed the stream on which it answers"
        _, word = self._journal.noted()
        said = last_lines(self._output)[0][-1:]
        return {"lost": ": ".join((how, *said)), "word": word, "is_late": is_late}

    def kill(self) -> None:
        """End the process, whatever it does, while another thread waits for its answer."""
        with suppress(OSError):
            self._process.kill()

    def close(self) -> None:
        """End the process, and leave nothing of it."""
        self.kill()
        with suppress(OSError):
            self._stream.close()
        self._process.wait()
        self._journal.close()
        self._output.close()


_lock = Lock()
_idle: list[Hand] = []
_busy: list[Hand] = []
_resting: set[str] = set()
"""Campaigns of which nothing more is begun here."""


def done(task: Mapping[str, Any]) -> dict[str, Any]:
    """What came of a task: its failures and records, or the one word that says why it has none.

    `late`: it was not begun any more; `unfit`: it cannot be asked here; `broken`: an error of ours;
    `lost`: its process was.
    """
    if task["campaign"] in _resting:
        return {"late": True}
    if why := unfit(task["required"]):
        return {"unfit": why}
    try:
        hand = _taken(task["campaign"])
    except OSError as error:
        return {"unfit": f"no process can be started there: {error.strerror}"}
    answer = hand.do(task)
    with _lock:
        is_wanted = hand in _busy
        if is_wanted:
            _busy.remove(hand)
        if is_wanted and "lost" not in answer:
            _idle.append(hand)
            return answer
    hand.close()
    return answer if is_wanted else {"late": True}


def unfit(wanted: Mapping[str, str]) -> str:
    """Why tasks of a campaign cannot be done by this package, or nothing."""
    has = required()
    other = [name for name, number in wanted.items() if has[name] != number]
    differing = ", ".join(f"{name} is {has[name]} there and {wanted[name]} here" for name in other)
    return f"{differing}: install the same there" if other else ""


def _taken(campaign: str) -> Hand:
    """A process that is not at a task, or a new one; those of other campaigns end."""
    with _lock:
        fitting = [hand for hand in _idle if hand.campaign == campaign and hand.is_ready]
        others = [hand for hand in _idle if hand not in fitting]
        _idle[:] = fitting
        hand = _idle.pop() if fitting else None
        if hand:
            _busy.append(hand)
    for other in others:
        other.close()
    if hand is None:
        hand = Hand(campaign)
        with _lock:
            _busy.append(hand)
    return hand


def rest(campaign: str) -> None:
    """Begin no further task of a campaign."""
    _resting.add(campaign)


def leave(campaign: str) -> None:
    """End the processes of a campaign, and begin no further task of it."""
    rest(campaign)
    with _lock:
        gone = [hand for hand in (*_idle, *_busy) if hand.campaign == campaign]
        busy = [hand for hand in gone if hand in _busy]
        _idle[:] = [hand for hand in _idle if hand not in gone]
        _busy[:] = [hand for hand in _busy if hand not in gone]
    for hand in gone:
        if hand in busy:
            hand.kill()  # who waits for it closes it
        else:
            hand.close()
