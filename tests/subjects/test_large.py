"""Large cases put to subjects: judged by projection, with the memory, the time and the messages they need."""

from __future__ import annotations

import resource
from pathlib import Path
from socket import socketpair
from typing import Any

import numpy as np
import pytest

from tests.planted import large
from tests.subjects.asked import mismatch_of, verdict_of
from tests.subjects.conftest import Isolate
from verify import Case, compare
from verify.cases.large import bytes_of_arrays, seconds_for
from verify.checks import room
from verify.checks.asking import most_answer_bytes
from verify.subjects.allowance import COPIES, Allowance
from verify.subjects.answers import answer_in, most_bytes
from verify.subjects.protocol import BrokenStream, receive, send, view_of

TALL = Case.parse("conv_i1500x1500_k2x2_s16x16_p0.0x0.99000_ints1")
"""Much padding makes a large case of a small input and a small answer."""

HOW = "by projection onto 3 vectors and 96 whole cells"
MODULE = "tests.planted.large"


def wrapping(isolate: Isolate) -> Any:
    """A subject whose index wraps at 2**20 elements, of which the input has more than twice as many."""
    return isolate("wraps", MODULE, environment={"WRAPS_AT": str(2**20)})


def test_right_answer_holds_and_is_said_to_be_judged_by_projection(isolate: Isolate) -> None:
    assert TALL.is_large
    here, there = verdict_of(large.right, TALL), verdict_of(isolate("right", MODULE), TALL)
    assert (here.outcome, here.sentence) == ("agrees", f"judged {HOW}")
    assert there == here


def test_index_that_wraps_is_found(isolate: Isolate) -> None:
    mismatch = mismatch_of(wrapping(isolate), TALL)
    worst = mismatch.verdict.worst
    places = f"{np.prod(TALL.output_shape):,} places"
    assert mismatch.verdict.sentence.endswith(f" of {places} values differ, judged {HOW}")
    assert worst is not None
    flat = worst.index[1] * 16 * 1500 + worst.index[2] * 16
    assert flat + 1501 >= 2**20  # the last cell of its window
    right = large.right(TALL)
    assert worst.want == right[worst.index] != worst.got
    assert str(mismatch).splitlines()[-1].startswith("  replay   ")


@pytest.mark.parametrize(("name", "operand"), [("writes", "input"), ("writes_filters", "filters")])
def test_operand_that_is_written_to_is_told(name: str, operand: str, isolate: Isolate) -> None:
    sentence = f"it wrote to the {operand} that it was given"
    for subject in (getattr(large, name), isolate(name, MODULE)):
        verdict = verdict_of(subject, TALL, kinds=("input modified",))
        assert (verdict.kind, verdict.sentence) == ("input modified", sentence)
        assert verdict_of(subject, TALL, kinds=("value",)).outcome == "agrees"


@pytest.mark.parametrize(("name", "kind"), [("in_float64", "dtype"), ("dies", "crashed")])
def test_other_disagreements_are_as_those_of_small_cases(name: str, kind: str, isolate: Isolate) -> None:
    assert verdict_of(isolate(name, MODULE), TALL).kind == kind


def test_answer_that_a_caller_has_is_compared_by_projection() -> None:
    answer = large.right(TALL)
    assert compare(TALL, answer).outcome == "agrees"
    answer[0, 3, 4, 0] += 1
    worst = compare(TALL, answer).worst
    assert worst is not None
    assert worst.index == (0, 3, 4, 0)


def test_time_grows_with_the_elements(isolate: Isolate) -> None:
    subject = isolate("right", MODULE, timeout_s=2.0)
    small, tall = subject._least_s(Case.parse("conv_i3_k1_same_ones")), subject._least_s(TALL)
    assert (small, tall) == (2.0, 2.0 + seconds_for(TALL))
    assert 200 < seconds_for(Case.parse("conv_i46352x46352_k1x1_s16x16_valid_ints1")) < 300


def test_address_space_grows_with_the_arrays_and_shrinks_again(monkeypatch: pytest.MonkeyPatch) -> None:
    limits: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda which: (0, resource.RLIM_INFINITY))
    monkeypatch.setattr(resource, "setrlimit", lambda which, both: limits.append(both))
    for case in (TALL, Case.parse("conv_i3_k1_same_ones")):
        Allowance(10**9).allow(case)
        Allowance(None).allow(case)
    assert [soft for soft, _ in limits] == [10**9 + COPIES * sum(bytes_of_arrays(TALL)), 10**9]


def test_body_takes_at_most_the_answer_in_its_own_dtype() -> None:
    case, size = TALL.copied(), 4 * int(np.prod(TALL.output_shape))
    assert most_bytes(case) == most_answer_bytes(case) == size
    assert not case.is_made


@pytest.mark.parametrize(
    ("modified", "sizes"), [(["input", "factor"], [8]), (["elsewhere"], [8]), ([], [4, 4]), (["input"], [])]
)
def test_parts_that_do_not_fit_a_large_case_are_no_answer(modified: list[str], sizes: list[int]) -> None:
    header = {"answer": {"dtype": "<f4", "shape": [2]}, "modified": modified, "sizes": sizes}
    with pytest.raises(BrokenStream):
        answer_in(TALL.copied(), header, body=memoryview(bytes(sum(sizes))))


def test_views_are_sent_as_their_bytes_are() -> None:
    array = np.arange(40_000.0).reshape(200, 200).T
    ours, theirs = socketpair()
    with ours, theirs:
        ours.settimeout(5)
        theirs.settimeout(5)
        small = np.asfortranarray(array[:3, :5])
        send(ours, 1, {"a": 1}, [view_of(small), b"end"])
        header, body, _ = receive(theirs, 1, most=10**6)
    assert header == {"a": 1}
    assert bytes(body) == small.tobytes() + b"end"


def memory(folder: Path, available: int, *, most: str = "max", used: int = 0, cached: int = 0) -> Any:
    """Files that say how much memory is free, as the kernel writes them."""
    (folder / "meminfo").write_text(f"MemTotal: 1 kB\nMemAvailable: {available // 1024} kB\n", "ascii")
    (folder / "memory.max").write_text(f"{most}\n", "ascii")
    (folder / "memory.current").write_text(f"{used}\n", "ascii")
    (folder / "memory.stat").write_text(f"anon 5\ninactive_file {cached}\n", "ascii")
    return list(room._free(folder / "meminfo", folder))


def test_free_memory_is_that_of_the_machine_and_of_the_group(tmp_path: Path) -> None:
    assert memory(tmp_path, 2**30) == [2**30]
    assert memory(tmp_path, 2**30, most=str(2**29), used=2**28, cached=2**20) == [2**30, 2**28 + 2**20]
    assert list(room._free(tmp_path / "none", tmp_path / "none")) == []


def test_case_that_does_not_fit_is_declined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_free", lambda: iter([2**28]))
    verdict = verdict_of(large.right, TALL)
    assert verdict.outcome == "declined"
    assert verdict.sentence == "it takes 0.5 GiB of memory, and 0.2 GiB are free here"
    assert room.why_no_room(Case.parse("conv_i3_k1_same_ones")) == ""
    monkeypatch.setattr(room, "_free", lambda: iter([]))
    assert room.why_no_room(TALL) == ""
