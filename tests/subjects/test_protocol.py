"""What a worker may send: one answer to each request, as large as it can be, and nothing else."""

from __future__ import annotations

import json
import random
import resource
import socket
import struct
from collections.abc import Callable

import pytest

from tests.subjects.asked import CASE, mismatch_of, verdict_of
from tests.subjects.conftest import Isolate
from verify import Case
from verify.checks.examination import Crashed
from verify.subjects.answers import answer_in, most_bytes, swept_in, verdict_in
from verify.subjects.life import Life
from verify.subjects.protocol import (
    HEADER_BYTES,
    BrokenStream,
    data_of_bytes,
    form,
    receive,
    receive_end,
    send,
    send_end,
)

pytestmark = pytest.mark.injected

MIB = 2**20

NO_ANSWER = "it sent bytes that are no answer to what it was asked"
UNREADABLE = "it sent a message that cannot be read"
MISFIT = "it sent an answer whose parts do not fit each other"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("sends_garbage", NO_ANSWER),
        ("sends_text", NO_ANSWER),
        ("announces_gigabytes", "it announced 3,221,225,472 bytes of an answer that has at most 1,0"),
        ("announces_a_long_header", "it announced a header of 4,294,967,295 bytes, and one has 2 to 65,536"),
        ("sends_no_json", UNREADABLE),
        ("sends_deep_json", UNREADABLE),
        ("says_that_it_agrees", "it sent a verdict that there is not"),
        ("sends_another_array", "it sent an array that is not as large as it says"),
        ("sends_other_operands", MISFIT),
        ("answers_first", "it answered a second time"),
        ("closes", "it closed the stream on which it answers"),
        ("shuts", "it closed the stream on which it answers"),
    ],
)
def test_what_is_no_answer_is_a_crash_that_says_what_was_sent(
    isolate: Isolate, name: str, sentence: str
) -> None:
    subject = isolate(name, "tests.planted.bad_workers", timeout_s=60)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    mismatch = mismatch_of(subject)
    assert type(mismatch) is Crashed
    assert mismatch.verdict.sentence.startswith(sentence)
    assert mismatch.verdict.place == ""
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024  # of KiB
    assert mismatch_of(subject).verdict.sentence.startswith(sentence)  # and the next is asked


def test_a_worker_that_goes_on_without_its_stream_is_ended(
    isolate: Isolate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("verify.subjects.isolated.PATIENCE_S", 0.2)
    verdict = verdict_of(isolate("closes_and_waits", "tests.planted.bad_workers"))
    assert verdict.sentence == "it closed the stream on which it answers, and ran on"


def test_what_is_sent_after_an_answer_names_the_case_before(isolate: Isolate) -> None:
    subject = isolate("leaves_bytes", "tests.planted.bad_workers")
    assert verdict_of(subject).kind is None
    seen_before_or_after_the_next_is_asked = (
        f"it sent more after it had answered {CASE}",
        "it sent bytes that are no answer to what it was asked",
    )
    assert verdict_of(subject).sentence in seen_before_or_after_the_next_is_asked


def test_a_copy_of_a_worker_answers_nothing(isolate: Isolate) -> None:
    subject = isolate("comes_back_twice", "tests.planted.bad_workers")
    assert [verdict_of(subject).kind for _ in range(3)] == [None, None, None]


@pytest.fixture
def ends() -> tuple[socket.socket, socket.socket]:
    mine, theirs = socket.socketpair()
    with mine, theirs:
        yield mine, theirs


def broken(act: Callable[[], object]) -> str:
    with pytest.raises(BrokenStream) as sent:
        act()
    return str(sent.value)


def test_a_message_has_the_number_that_was_asked(ends: tuple[socket.socket, socket.socket]) -> None:
    send(ends[1], 7, {"a": 1}, [b"xy"])
    assert receive(ends[0], 7, most=2) == ({"a": 1}, bytearray(b"xy"), 7)
    send(ends[1], 8, {})
    assert broken(lambda: receive(ends[0], 9)) == NO_ANSWER


def test_a_body_may_be_as_large_as_is_said_and_no_larger(ends: tuple[socket.socket, socket.socket]) -> None:
    send(ends[1], 1, {}, [b"xyz"])
    assert broken(lambda: receive(ends[0], 1, most=2)) == (
        "it announced 3 bytes of an answer that has at most 2"
    )


def test_a_header_too_long_to_be_accepted_is_not_sent(ends: tuple[socket.socket, socket.socket]) -> None:
    with pytest.raises(ValueError, match="at most 65,536 are accepted"):
        send(ends[1], 1, {"a": "x" * HEADER_BYTES})


def test_what_follows_an_answer_is_its_end(ends: tuple[socket.socket, socket.socket]) -> None:
    send_end(ends[1], 1)
    receive_end(ends[0], 1, 1)
    send(ends[1], 1, {})
    assert broken(lambda: receive_end(ends[0], 1, 1)) == "it answered a second time"
    ends[0].recv(2)
    send_end(ends[1], 2)
    assert broken(lambda: receive_end(ends[0], 1, 1)) == "it sent more than its answer"


def test_the_end_of_the_stream_says_nothing(ends: tuple[socket.socket, socket.socket]) -> None:
    ends[1].close()
    assert broken(lambda: receive(ends[0], 1)) == ""


def messages(request: pytest.FixtureRequest, few: int) -> range:
    return range(10_000 if request.config.getoption("--long") else few)


def test_bytes_at_random_are_an_answer_or_a_broken_stream(request: pytest.FixtureRequest) -> None:
    """Whole messages with some bytes changed, cut or repeated; never another error, or much memory."""
    good = CASE.copied()
    header = {"answer": form(good.input), "modified": ["input"], "sizes": [good.input.nbytes] * 2}
    text, body = json.dumps(header).encode(), good.input.tobytes() * 2
    message = struct.pack("<QIQ", 1, len(text), len(body)) + text + body + struct.pack("<QIQ", 1, 0, 0)
    assert outcome_of(message) == "read"
    outcomes = {outcome_of(mutated(message, random.Random(seed))) for seed in messages(request, 500)}
    assert outcomes == {"read", "broken", "none"}


def outcome_of(message: bytes) -> str:
    case = CASE.copied()
    mine, theirs = socket.socketpair()
    with mine, theirs:
        theirs.sendall(message)
        theirs.shutdown(socket.SHUT_WR)
        try:
            header, body, _ = receive(mine, 1, most=most_bytes(case), limit_s=5)
            receive_end(mine, 1, 5)
            answer_in(case, header, body=memoryview(body)) if "answer" in header else verdict_in(header)
        except BrokenStream as sent:
            return "broken" if str(sent) else "none"
    return "read"


def mutated(message: bytes, chance: random.Random) -> bytes:
    changed = bytearray(message)
    for _ in range(chance.choice((1, 1, 2, 5))):
        place = chance.choice((chance.randrange(20), chance.randrange(len(changed))))
        act = chance.randrange(4)
        if act == 0:
            changed[place] ^= 1 << chance.randrange(8)
        elif act == 1:
            changed[place : place + 1] = chance.randbytes(3)
        elif act == 2:
            del changed[place : place + chance.randrange(40)]
        else:
            changed[place:place] = changed[place : place + chance.randrange(40)]
    return bytes(changed)


COUNTS = {"agreed": 3, "vacuous": 0, "repeated": 0, "declined": {"no": 1}, "known": {}, "counterexamples": {}}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({}, "it sent the counts of another number of cases"),
        ({"agreed": 10**9}, "it sent the counts of another number of cases"),
        ({"agreed": "three"}, "it sent counts that cannot be read"),
        ({"agreed": -1, "vacuous": 6}, "it sent counts that cannot be read"),
        ({"declined": [1]}, "it sent counts that cannot be read"),
        ({"declined": {"no": 2.0}}, "it sent counts that cannot be read"),
        ({"first": {"value": [0]}}, "it sent counts that cannot be read"),
        ({"unknown": 1}, "it sent counts that cannot be read"),
    ],
)
def test_counts_of_a_block_are_those_of_its_cases(change: dict[str, object], sentence: str) -> None:
    data = {**COUNTS, "first": {}, "seconds": {}, **change}
    assert swept_in({**COUNTS, "first": {}, "seconds": {}}, cases=4).cases == 4
    assert broken(lambda: swept_in(data, cases=5)) == sentence


def test_json_is_an_object() -> None:
    assert [broken(lambda text=text: data_of_bytes(text)) for text in (b"[]", b"\xff", b"1e9")] == [
        UNREADABLE
    ] * 3


def test_two_lives_have_other_numbers() -> None:
    pairs = [socket.socketpair() for _ in range(2)]
    lives = [Life(mine, None) for mine, _ in pairs]
    assert lives[0]._number != lives[1]._number
    for pair in pairs:
        for end in pair:
            end.close()


def test_the_largest_answer_is_that_of_the_case() -> None:
    small, large = (Case.parse(f"conv_n{count}_i64x64_k1x1_same_ones") for count in (1, 4096))
    assert most_bytes(small) < 2 * MIB
    assert most_bytes(large) == 4096 * 64 * 64 * (16 + 4) + 4
