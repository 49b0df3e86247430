"""A subject in a worker process: what is lost is a verdict."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.planted import fragile
from tests.subjects.asked import SMALLEST, mismatch_of
from tests.subjects.conftest import Isolate
from verify import Case, Mismatch
from verify.cases.domain import NoReply
from verify.checks.clock import TimeUp, stopping_at
from verify.checks.examination import Crashed, OutOfMemory, TimedOut
from verify.checks.path import Examiner
from verify.checks.subject import describe
from verify.gate import conformance
from verify.gate.properties import PROPERTIES
from verify.oracle.compare import KINDS
from verify.subjects.isolated import Isolated
from verify.subjects.registry import UnknownSubject
from verify.subjects.trial import tried


class Loss(NamedTuple):
    """How a subject of `tests.planted.fragile` is lost, and the line of it that is then named, if one is."""

    name: str
    kind: type[Mismatch]
    sentence: str
    line: int | None = None


LOSSES = [
    Loss("aborts", Crashed, "it was killed by SIGABRT", line=2),
    Loss("reads_nowhere", Crashed, "it was killed by SIGSEGV", line=1),
    Loss("divides_by_zero", Crashed, "it was killed by SIGFPE", line=1),
    Loss("exits", Crashed, "it exited with code 7"),
    Loss("hangs", TimedOut, "it gave no answer in 1 s", line=3),
    Loss("takes_all_memory", OutOfMemory, "it raised MemoryError: Unable to allocate 8.00 TiB for", line=2),
    Loss("is_refused_natively", OutOfMemory, "it was killed by SIGABRT", line=3),
    Loss("is_killed", Crashed, "it was killed by SIGKILL"),
    Loss("closes_its_stream", Crashed, "it closed the stream on which it answers"),
]


class Lost(NamedTuple):
    """A subject that was lost once; the process that has it imported, and the seconds which that took."""

    loss: Loss
    subject: Isolated
    mismatch: Mismatch
    server: int
    importing_s: float


@pytest.fixture(scope="module", params=LOSSES, ids=lambda loss: loss.name)
def lost(request: pytest.FixtureRequest) -> Iterator[Lost]:
    limit = {"timeout_s": 1} if request.param.kind is TimedOut else {}
    subject = Isolated(f"tests.planted.fragile:{request.param.name}", alone=True, **limit)
    start = time.monotonic()
    subject.start()
    importing_s = time.monotonic() - start
    yield Lost(request.param, subject, mismatch_of(subject), server_of(subject), importing_s)
    subject.close()


def server_of(subject: Isolated) -> int:
    assert subject._server is not None
    return subject._server._process.pid


def test_a_subject_that_is_lost_is_a_verdict(lost: Lost) -> None:
    assert type(lost.mismatch) is lost.loss.kind
    assert lost.mismatch.verdict.sentence.startswith(lost.loss.sentence)


def place_of(loss: Loss) -> str:
    code = getattr(fragile, loss.name).__code__
    return f"at {fragile.__file__}:{code.co_firstlineno + loss.line} in {loss.name}" if loss.line else ""


def test_a_loss_says_where_if_it_can(lost: Lost) -> None:
    assert lost.mismatch.verdict.place == place_of(lost.loss)


def test_the_next_answer_waits_for_no_import(lost: Lost) -> None:
    limit_s = max(0.5, 2 * lost.importing_s) + (lost.loss.name == "hangs")
    start = time.monotonic()
    mismatch_of(lost.subject)
    assert time.monotonic() - start < limit_s
    assert server_of(lost.subject) == lost.server


@pytest.fixture(scope="module")
def aborts() -> Iterator[Isolated]:
    subject = Isolated("tests.planted.fragile:aborts")
    yield subject
    subject.close()


@pytest.mark.parametrize("checked", PROPERTIES, ids=lambda checked: checked.name)
def test_a_crash_fails_every_property(aborts: Isolated, checked: object) -> None:
    assert type(mismatch_of(aborts, kinds=checked.kinds, repeats=checked.repeats)) is Crashed


def test_a_crash_says_where_and_what_was_printed(aborts: Isolated) -> None:
    line = fragile.aborts.__code__.co_firstlineno + 2
    assert str(mismatch_of(aborts, Case.parse(SMALLEST))).splitlines() == [
        "tests.planted.fragile:aborts crashed: it was killed by SIGABRT",
        f"  case     {SMALLEST}",
        f"  crashed  at {fragile.__file__}:{line} in aborts",
        "  stderr   no kernel for this",
        f"  replay   conv-verify replay tests.planted.fragile:aborts {SMALLEST}",
    ]


def test_the_replay_line_names_the_interpreter_and_the_time() -> None:
    subject = Isolated("tensorflow", python="/opt/my env/python", timeout_s=3)
    assert subject.options == "--python '/opt/my env/python' --timeout 3"


def test_too_little_memory_in_this_process_is_the_same_kind() -> None:
    assert type(mismatch_of(fragile.takes_all_memory)) is OutOfMemory


def test_a_crash_shrinks_to_its_smallest_case(isolate: Isolate) -> None:
    gated = conformance(isolate("aborts_on_stride"), fills=("ones",), ranks=(1,), dtypes=("float32",))
    with pytest.raises(Crashed) as crash:
        gated().test_values()
    assert str(crash.value.case) == "conv_i1_c3_k1_s2_same_ones"


def test_every_kind_is_among_those_that_properties_may_judge() -> None:
    assert set(KINDS) > {"crashed", "timed out", "out of memory"}


def test_a_case_that_is_known_to_crash_at_times_is_the_last_of_its_process(isolate: Isolate) -> None:
    subject, spoiling = isolate("counts_its_calls"), Case.parse("conv_n2_i1_k1_same_ones")
    assert [subject(spoiling).flat[0] for _ in range(3)] == [1, 1, 1]


def test_other_cases_share_a_process(isolate: Isolate) -> None:
    subject = isolate("counts_its_calls")
    assert [subject(Case.parse(SMALLEST)).flat[0] for _ in range(3)] == [1, 2, 3]


DOUBTED = Case.parse("conv_n2_i1_k1_same_ones")


def test_a_domain_that_says_nothing_in_its_time_has_timed_out(isolate: Isolate) -> None:
    subject = isolate("doubts", timeout_s=0.2)
    sentence = r"^`supports` said nothing of conv_n2_i1_k1_same_ones: it gave no answer in 0\.2 s$"
    with pytest.raises(NoReply, match=sentence):
        subject.is_inside(DOUBTED, way="")


def test_what_a_domain_raises_is_said_as_it_was_raised(isolate: Isolate) -> None:
    subject = isolate("misspelt")
    raised = "`supports` raised AttributeError on conv_i1_k1_same_ones"
    sentence = f"{raised}: 'Case' object has no attribute 'pads'"
    with pytest.raises(NoReply) as told:
        subject.is_inside(Case.parse(SMALLEST), way="")
    assert str(told.value) == sentence
    with pytest.raises(UnknownSubject) as refused:
        tried(subject)
    name = describe(subject).name
    assert str(refused.value) == f"the subject {name!r} does not say what it answers: {sentence}"
    assert subject(Case.parse(SMALLEST)).tolist() == [[[1]]]


def test_what_a_domain_says_after_an_interrupt_is_no_answer_to_the_next_question(isolate: Isolate) -> None:
    subject = isolate("doubts")
    assert subject.is_inside(Case.parse(SMALLEST), way="")
    with pytest.raises(TimeUp), stopping_at(time.monotonic() + 0.2):
        subject.is_inside(DOUBTED, way="")
    assert subject.is_inside(Case.parse(SMALLEST), way="")


def test_a_new_process_has_the_time_to_compile_again(isolate: Isolate) -> None:
    subject, beside = (isolate("compiles", timeout_s=0.2) for _ in range(2))
    case = Case.parse(SMALLEST)
    for ended in (subject, beside):  # which share their process
        subject(case)
        ended.start()
        ended.begin_anew()
        ended.is_inside(case, way="")
    assert subject(case).tolist() == [[[1]]]


@pytest.mark.parametrize(
    ("way", "outcome"), [("said", "agrees"), ("otherwise", "value"), ("unsaid", "vacuous")]
)
def test_each_way_is_held_to_the_scheme_that_it_declares_in_a_worker(isolate, way, outcome):
    tie = Case.parse("conv_i1x39_k1x1_same_int8_qy32_coded")  # 16 of 1 to 39 is at a half step
    subject = describe(isolate("conv8", "tests.planted.rounding")).through(way)
    verdict = Examiner(subject=subject).examine(tie).verdict
    assert (verdict.kind or verdict.outcome) == outcome
