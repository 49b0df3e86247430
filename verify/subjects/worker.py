"""The worker's side: a server that imports subjects once, and forks a process for each of its lives.

It runs in the subject's interpreter, started by `verify.subjects.server`. The parent asks it for a
life by sending two files: the stream on which that process answers, and where its standard
output and error go. The server reports how each life ended, and ends when the parent does. With one
file it asks for a copy of the server, which serves on that stream and has imported nothing again.
"""

from __future__ import annotations

import faulthandler
import gc
import json
import os
import resource
import select
import signal
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache, partial
from socket import recv_fds, socket
from typing import Any

from verify.cases.case import Case
from verify.cases.domain import NoReply
from verify.cases.enumeration import Enumeration
from verify.cases.operands import Array
from verify.cases.pages import written_beside
from verify.cases.slabs import first_changed
from verify.checks.asking import ask
from verify.checks.bulk import Swept, examine_in_bulk
from verify.checks.deviations import from_text
from verify.checks.journal import journal
from verify.checks.parent import end_with_the_parent
from verify.checks.relations import varied
from verify.checks.subject import Description
from verify.checks.trial import misuse_on
from verify.checks.versions import versions
from verify.oracle.compare import Verdict, disagrees
from verify.subjects.allowance import Allowance, limited
from verify.subjects.descendants import adopt_orphans, children, end_children
from verify.subjects.described import data_of
from verify.subjects.protocol import (
    DATA_BYTES,
    HELLO,
    STREAM_LOST,
    BrokenStream,
    Piece,
    bytes_of,
    data_of_bytes,
    form,
    receive,
    send,
    send_end,
    view_of,
)
from verify.subjects.registry import UnknownSubject, load, relatives

TO_SAY_WHERE_S = 2.0
"""Seconds that a process has to print its stack before it is killed; it needs few milliseconds of them."""

TEXT = 1500
"""Characters that are sent of each text that a subject says, as a header has its limit."""


def serve(channel: int, name: str, memory_bytes: int | None) -> None:
    """Load a subject and its relatives, declare them, and fork a life on request; never returns."""
    end_with_the_parent()
    adopt_orphans()
    control = socket(fileno=channel)
    try:
        subjects = {relative: load(relative) for relative in relatives(name)}
    except UnknownSubject as unknown:
        send(control, HELLO, {"refused": str(unknown)[:TEXT]})
        os._exit(2)
    declarations = {relative: data_of(subject) for relative, subject in subjects.items()}
    send(control, HELLO, {}, [json.dumps({"versions": versions(), "subjects": declarations}).encode()])
    gc.freeze()  # what is imported is never garbage, and a life that looks through it copies its pages
    _stop_with_the_parent()
    kept = [*children()]  # which the imports started
    with suppress(OSError):  # the parent has ended
        # One byte with two files asks for a life, with one file for a copy; one without them, to end a life
        # that has ended.
        while (request := recv_fds(control, 1, 2))[0]:
            files = request[1]
            if len(files) == 1:
                control, kept = _copied(control, kept, files[0])
            elif files:
                ended = _life(control, subjects, kept, files=files, memory_bytes=memory_bytes)
                send(control, HELLO, ended)
    end_children(())
    os._exit(0)


def _copied(control: socket, kept: list[int], stream: int) -> tuple[socket, list[int]]:
    """Fork a copy of this server: in the copy its own stream and children, in the original what it had."""
    try:
        pid = os.fork()
    except OSError:  # who asked sees that its stream is closed
        os.close(stream)
        return control, kept
    if pid:
        os.close(stream)
        return control, [*kept, pid]
    control.close()
    os.setsid()  # the kernel gives the processors to sessions in equal shares, where others need them, too
    adopt_orphans()
    _stop_with_the_parent()
    copy = socket(fileno=stream)
    os.set_inheritable(stream, False)  # noqa: FBT003 - it takes no keywords
    send(copy, HELLO, {})
    return copy, []


def _stop_with_the_parent() -> None:
    """End the children, and then this process, when its parent dies: where it is waiting, as it mostly is."""

    def stop(number: int, frame: object) -> None:
        end_children(())
        os._exit(0)

    signal.signal(signal.SIGTERM, stop)
    end_with_the_parent(by=signal.SIGTERM)


def _life(
    control: socket,
    subjects: Mapping[str, Description],
    kept: Collection[int],
    *,
    files: Sequence[int],
    memory_bytes: int | None,
) -> dict[str, Any]:
    """Fork a life, which has its stream and its output, and wait for its end; what to say of that.

    That is its exit code, which is its signal as a negative number, or why there is none.
    """
    stream, output = files
    try:
        pid = os.fork()
    except OSError as error:
        os.close(stream)
        os.close(output)
        return {"refused": error.strerror}
    if not pid:
        control.close()
        os.set_inheritable(stream, False)  # noqa: FBT003 - it takes no keywords
        _answer_all(socket(fileno=stream), subjects, output=output, memory_bytes=memory_bytes)
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
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    end_children(kept)  # also what has left its group
    return {"ended": code}


def _contain(output: int, memory_bytes: int | None) -> Allowance:
    """Make a life lead a group of its own, print to `output`, leave no core and keep to its memory."""
    end_with_the_parent()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.setpgid(0, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    faulthandler.enable(sys.stderr, all_threads=True)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    return limited(memory_bytes)


def _answer_all(
    stream: socket, subjects: Mapping[str, Description], *, output: int, memory_bytes: int | None
) -> None:
    """Answer case after case until the parent closes the stream."""
    try:
        allowance = _contain(output, memory_bytes)
        send(stream, HELLO, {})
        while True:
            request, data, number = receive(stream, most=DATA_BYTES)
            subject = subjects[request["subject"]]
            if request.get("way"):
                subject = subject.through(request["way"])
            beat = partial(send, stream, number, {})
            send(stream, number, *_said(subject, request, data=data, beat=beat, allowance=allowance))
            send_end(stream, number)
    except (BrokenStream, OSError):
        os._exit(STREAM_LOST)
    except BaseException:  # noqa: BLE001 - the process prints any error and ends
        sys.excepthook(*sys.exc_info())
        os._exit(1)


def _said(
    subject: Description,
    request: Mapping[str, Any],
    *,
    data: bytes | bytearray,
    beat: Callable[[], None],
    allowance: Allowance,
) -> tuple[dict[str, Any], Sequence[Piece]]:
    """The header and the parts of what is said to a request; a long one calls `beat`."""
    if "word" in request:
        return _answer(subject, request["word"], allowance, relation=request.get("relation", ""))
    if "tried" in request:
        return {"misuse": misuse_on(subject, Case.parse(request["tried"]))[:TEXT]}, []
    if "inside" in request:
        return _inside(subject, Case.parse(request["inside"])), []
    swept = _swept(subject, {**request, **data_of_bytes(data)}, beat=beat)
    return {"swept": True}, [json.dumps(swept.to_data()).encode()]


def _inside(subject: Description, case: Case) -> dict[str, Any]:
    """Whether a case is in the domain of a subject, or what kept that from being said."""
    try:
        return {"inside": bool(subject.domain.holds(case))}
    except NoReply as reason:
        return {"no_reply": str(reason)[:TEXT]}


def _answer(
    subject: Description, word: str, allowance: Allowance, *, relation: str = ""
) -> tuple[dict[str, Any], Sequence[Piece]]:
    """A message: the answer and the operands that the subject wrote to, or the verdict without one.

    With a relation it is the case which that makes of the word's that is asked.
    """
    try:
        case = _last_case(word).copied()
        case = varied(case, relation) or case if relation else case
        allowance.allow(case)
        before = _bytes_of_operands(case)
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
    if case.is_large:
        return _large_answer(case, answer)
    after = {name: bytes_of(getattr(case.operands, name)) for name in before}
    modified = {name: data for name, data in after.items() if data != before[name]}
    body = [bytes_of(answer), *modified.values()]
    said = {"answer": form(answer), "modified": list(modified), "sizes": list(map(len, body))}
    beside = written_beside(case)
    return {**said, **({"beside": beside} if beside else {})}, body


def _large_answer(case: Case, answer: Array) -> tuple[dict[str, Any], list[memoryview]]:
    """The same of a large case: the name of an operand that the subject wrote to, and no copy of anything."""
    changed, view = first_changed(case), view_of(answer)
    modified = [changed] if changed else []
    return {"answer": form(answer), "modified": modified, "sizes": [len(view)]}, [view]


def _bytes_of_operands(case: Case) -> dict[str, bytes]:
    """The bytes of the operands, to see what is written to them; of a large case they are made alone."""
    operands = case.operands
    if case.is_large:
        return {}
    return {name: bytes_of(part) for name, part in operands._asdict().items() if part is not None}


def _swept(subject: Description, block: Mapping[str, Any], *, beat: Callable[[], None]) -> Swept:
    """A block of a sweep, which writes down what it asks."""
    if block.get("journal"):
        journal.lend(block["journal"])
    return examine_in_bulk(
        subject,
        _enumeration(block["enumeration"]),
        places=range(block["start"], block["stop"]),
        known=_deviations_from(block["known"]),
        beat=beat,
    )


_last_case = lru_cache(maxsize=1)(Case.parse)
"""A word as a case, which is asked several times where it fails or is asked for its bits."""

_enumeration = lru_cache(maxsize=1)(Enumeration.from_text)
_deviations_from = lru_cache(maxsize=1)(from_text)


def _without_answer(
    verdict: Verdict, error: BaseException | None = None
) -> tuple[dict[str, Any], list[bytes]]:
    fields = {name: getattr(verdict, name) for name in ("outcome", "kind")}
    texts = {
        "sentence": verdict.sentence,
        "place": verdict.place,
        "error": type(error).__name__ if error else "",
    }
    return {**fields, **{name: text[:TEXT] for name, text in texts.items()}}, []
