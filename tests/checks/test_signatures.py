"""What is seen of a callable before it is called: that it gives no answer to a case."""

from __future__ import annotations

import numpy as np
import pytest

from tests.checks.disagreements import CASE
from tests.planted import misused
from verify import check
from verify.checks.signatures import misuse_seen
from verify.checks.subject import Subject, describe

COROUTINE = (
    "returns a coroutine, whose answer nobody awaits: "
    "write `def` in place of `async def`, and asyncio.run(…) around what it awaits"
)
GENERATOR = "returns a generator: write `return` in place of `yield`"
READ = "and read the operands from the case, such as case.input and case.filters"


@pytest.mark.parametrize(
    ("subject", "phrase"),
    [
        (
            misused.Convolution,
            "is a class: name an object of it that can be called with a case, or a function",
        ),
        (
            misused.Convolution.forward,
            "is a function of a class, not the method of an object: name an object, or a function",
        ),
        (misused.awaited, COROUTINE),
        (misused.asynchronous, COROUTINE),
        (misused.yields, GENERATOR),
        (misused.yields_and_awaits, GENERATOR),
        (misused.takes_nothing, f"takes no argument: write `def takes_nothing(case)`, {READ}"),
        (
            misused.takes_a_name,
            f"takes no argument but case, by name: write `def takes_a_name(case)`, {READ}",
        ),
        (
            misused.takes_operands,
            f"takes 2 arguments (x, w), not a case alone: write `def takes_operands(case)`, {READ}",
        ),
        (lambda: None, f"takes no argument: write `def f(case)`, {READ}"),
    ],
)
def test_misuse_is_seen_before_a_call(subject: Subject, phrase: str) -> None:
    assert misuse_seen(subject) == phrase


@pytest.mark.parametrize(
    "subject",
    [
        misused.right,
        misused.instance,
        misused.instance.forward,
        misused.stands_in,
        misused.with_defaults,
        misused.prepared,
        lambda *arguments: arguments,
        np.negative,
        max,
    ],
    ids=lambda subject: getattr(subject, "__name__", type(subject).__name__),
)
def test_what_may_answer_a_case_is_left_alone(subject: Subject) -> None:
    assert misuse_seen(subject) == ""


def test_misuse_is_a_value_error_of_a_description_and_names_the_subject() -> None:
    with pytest.raises(ValueError, match=r"^the subject 'tests\.planted\.misused:Convolution' is a class: "):
        describe(misused.Convolution)


def test_check_refuses_what_is_misused() -> None:
    with pytest.raises(
        ValueError, match=r"^the subject 'tests\.planted\.misused:yields' returns a generator"
    ):
        check(CASE, misused.yields)


def test_misuse_of_a_way_names_the_way() -> None:
    with pytest.raises(ValueError, match=r"^the subject 'mine/compiled' returns a coroutine"):
        describe(misused.one_way_is_a_coroutine, name="mine")
