"""The worker's side: a server that imports subjects once, and forks a process for each of its lives.

It runs in the subject's interpreter, started by `verify.subjects.server`. The parent asks it for a
life by sending two files: the stream on which that process answers, and where its standard
output and error go. The server reports how each life ended, and ends when the parent does.
"""

from __future__ import annotations

import faulthandler
import gc
import os
import resource
import select
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from socket import recv_fds, socket
from typing import Any

from verify.cases.case import Case
from verify.cases.enumeration import Enumeration
from verify.checks.asking import ask
from verify.checks.bulk import Swept, examine_in_bulk
from verify.checks.deviations import from_text
from verify.checks.journal import journal
from verify.checks.subject import Description
from verify.checks.trial import misuse_on
from verify.checks.versions import versions
from verify.oracle.compare import Verdict, disagrees
from verify.subjects.described import data_of
from verify.subjects.parent import end_with_the_parent
from verify.subjects.protocol import BrokenStream, bytes_of, form, receive, send
from verify.subjects.registry import UnknownSubject, load, relatives

TO_SAY_WHERE_S = 2.0
"""Seconds that a process has to print its stack before it is killed; it needs few milliseconds of them."""


def serve(channel: int, name: str, memory_bytes: int | None) -> None:
    """Load a subject and its relatives, declare them, and fork a life on request; never returns."""
    end_with_the_parent()
    control = socket(fileno=channel)
    try:
        subjects = {relative: load(relative) for relative in relatives(name)}
    except UnknownSubject as unknown:
        send(control, {"refused": str(unknown)})
        os._exit(2)
    declarations = {relative: data_of(subject) for relative, subject in subjects.items()}
    send(control, {"versions": versions(), "subjects": declarations})
    gc.freeze()  # what is imported is never garbage, and a life that looks through it copies its pages
    with suppress(OSError):  # the parent has ended
        # One byte with two files asks for a life; one without them, to end a life that has ended.
        while (request := recv_fds(control, 1, 2))[0]:
            if files := request[1]:
                stream, output = files
                code = _life(control, subjects, stream=stream, output=output, memory_bytes=memory_bytes)
                send(control, {"ended": code})
    os._exit(0)


def _life(
    control: socket,
    subjects: Mapping[str, Description],
    *,
    stream: int,
    output: int,
    memory_bytes: int | None,
) -> int:
    """Fork a life and wait for its end; its signal as a negative number, or its exit code."""
    pid = os.fork()
    if not pid:
        end_with_the_parent()
        control.close()
        os.set_inheritable(stream, False)  # noqa: FBT003 - it takes no keywords
        _contain(output, memory_bytes)
        _answer_all(socket(fileno=stream), subjects)
    os.close(stream)
    os.close(output)
    alive = os.pidfd_open(pid)
    ready, _, _ = select.select([alive, control.fileno()], [], [])
    if alive not in ready and control.recv(1):  # it hangs: have faulthandler print where
        os.kill(pid, signal.SIGABRT)
        select.select([alive], [], [], TO_SAY_WHERE_S)
    # Until it is waited for, its number is not reused; processes that it started are killed with it.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    os.close(alive)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _contain(output: int, memory_bytes: int | None) -> None:
    """Make a life lead a group of its own, print to `output`, leave no core and keep to its memory."""
    os.setpgid(0, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    faulthandler.enable(sys.stderr, all_threads=True)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if memory_bytes is not None:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()
        mapped = int(pages[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (mapped + memory_bytes, mapped + memory_bytes))


def _answer_all(stream: socket, subjects: Mapping[str, Description]) -> None:
    """Answer case after case until the parent closes the stream."""
    try:
        send(stream, {})
        while True:
            request, _ = receive(stream)
            subject = subjects[request["subject"]]
            if request.get("way"):
                subject = subject.through(request["way"])
            if "word" in request:
                send(stream, *_answer(subject, request["word"]))
            elif "tried" in request:
                send(stream, {"misuse": misuse_on(subject, Case.parse(request["tried"]))})
            elif "inside" in request:
                send(stream, {"inside": subject.domain.holds(Case.parse(request["inside"]))})
            else:
                send(stream, {"swept": _swept(stream, subject, request).to_data()})
    except (BrokenStream, OSError):
        os._exit(0)
    except BaseException:  # noqa: BLE001 - the process prints any error and ends
        sys.excepthook(*sys.exc_info())
        os._exit(1)


def _answer(subject: Description, word: str) -> tuple[dict[str, Any], list[bytes]]:
    """A message: the answer and the operands that the subject wrote to, or the verdict without one."""
    try:
        case = Case.parse(word)
        before = {name: bytes_of(part) for name, part in case.operands._asdict().items() if part is not None}
    except ImportError as missing:
        why = f"its dtype needs {missing.name}, which is not installed"
        return _without_answer(Verdict(outcome="declined", sentence=why))
    except MemoryError:
        return _without_answer(disagrees("out of memory", "its operands do not fit"))
    subject, declined = subject.route(case) if subject.ways else (subject, "")
    if declined:
        return _without_answer(Verdict(outcome="declined", sentence=declined))
    try:
        answer, cause = ask(subject, case)
    except KeyboardInterrupt as interrupt:
        return _without_answer(disagrees("refused", "it raised KeyboardInterrupt"), interrupt)
    if isinstance(answer, Verdict):
        return _without_answer(answer, cause)
    after = {name: bytes_of(getattr(case.operands, name)) for name in before}
    modified = {name: data for name, data in after.items() if data != before[name]}
    body = [bytes_of(answer), *modified.values()]
    return {"answer": form(answer), "modified": list(modified), "sizes": list(map(len, body))}, body


def _swept(stream: socket, subject: Description, block: Mapping[str, Any]) -> Swept:
    """A block of a sweep; sends empty messages while it runs, and writes down what it asks."""
    if block.get("journal"):
        journal.lend(block["journal"])
    return examine_in_bulk(
        subject,
        _enumeration(block["enumeration"]),
        places=range(block["start"], block["stop"]),
        known=_deviations_from(block["known"]),
        beat=lambda: send(stream, {}),
    )


_enumeration = lru_cache(maxsize=1)(Enumeration.from_text)
_deviations_from = lru_cache(maxsize=1)(from_text)


def _without_answer(
    verdict: Verdict, error: BaseException | None = None
) -> tuple[dict[str, Any], list[bytes]]:
    fields = {name: getattr(verdict, name) for name in ("outcome", "kind", "sentence", "place")}
    return {**fields, "error": type(error).__name__ if error else ""}, []
