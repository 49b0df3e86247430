"""Subjects tried when they are loaded, in this process and in workers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.planted import misused
from tests.subjects.conftest import Isolate
from verify import Case
from verify.checks.subject import describe
from verify.config.flags import Isolation, loader_of
from verify.config.session import Options
from verify.faults import fault_named
from verify.oracle.compare import Verdict
from verify.subjects import trial
from verify.subjects.isolated import Isolated, isolated
from verify.subjects.registry import UnknownSubject
from verify.subjects.server import NoWorker
from verify.subjects.trial import tried

MODULE = "tests.planted.misused"


@pytest.fixture
def in_worker(isolate: Isolate) -> Callable[..., Isolated]:
    return lambda name, **options: isolate(name, MODULE, **options)


RETURNED = ["hides_a_coroutine", "hides_a_generator", "returns_declined", "returns_the_class"]


@pytest.mark.parametrize("name", RETURNED)
def test_misuse_is_one_sentence_in_this_process_and_in_a_worker(in_worker, name: str) -> None:
    with pytest.raises(UnknownSubject) as here:
        tried(getattr(misused, name))
    with pytest.raises(UnknownSubject) as there:
        tried(in_worker(name))
    assert str(here.value) == str(there.value)
    assert str(here.value).startswith(f"the subject '{MODULE}:{name}' returns ")


@pytest.mark.parametrize("name", ["Convolution", "awaited", "yields", "takes_operands"])
def test_misuse_that_is_seen_in_a_worker_is_why_it_cannot_be_started(name: str) -> None:
    with pytest.raises(NoWorker, match=rf"^the subject '{MODULE}:{name}' .*[^)]$"):
        isolated(f"{MODULE}:{name}")


def test_each_way_is_tried_here_and_in_a_worker(in_worker) -> None:
    with pytest.raises(UnknownSubject, match=r"^the subject 'mine/compiled' returns Declined: "):
        tried(describe(misused.one_way_returns_declined, name="mine"))
    with pytest.raises(UnknownSubject, match=r"one_way_returns_declined/compiled' returns Declined: "):
        tried(in_worker("one_way_returns_declined"))


@pytest.mark.parametrize("name", ["aborts", "hangs", "raises", "leaves"])
def test_a_subject_that_is_lost_or_raises_is_left_to_the_gate(in_worker, name: str) -> None:
    assert tried(in_worker(name, timeout_s=1.0)).name == f"{MODULE}:{name}"


def test_a_worker_answers_after_a_trial_that_it_did_not_survive(in_worker) -> None:
    subject = in_worker("aborts")
    assert isinstance(subject.tried_on(Case.parse("conv_i1_k1_same_ones"), ""), Verdict)
    assert subject.is_inside(Case.parse("conv_i1_k1_same_ones"), way="")


@pytest.mark.parametrize("isolation", [Isolation(), Isolation(isolate=False), Isolation(isolate=True)])
def test_every_loader_of_the_command_line_tries_what_it_loads(isolation: Isolation) -> None:
    with pytest.raises(UnknownSubject, match="returns Declined"):
        loader_of(isolation)(f"{MODULE}:returns_declined")


def test_the_usual_loader_of_a_session_tries_what_it_loads() -> None:
    with pytest.raises(UnknownSubject, match="returns Declined"):
        Options().load(f"{MODULE}:returns_declined")


def test_what_is_built_in_is_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(trial, "misuse_on")
    assert tried(fault_named("kernel-flipped")).name == "fault:kernel-flipped"
