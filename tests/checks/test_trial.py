"""A subject tried: on which case, and what its answer shows."""

from __future__ import annotations

import warnings
from time import monotonic

import pytest

from tests.checks.disagreements import CASE
from tests.planted import misused
from verify import Case, check
from verify.cases.domain import Condition, Domain, NoReply, Space
from verify.checks.clock import stopping_at
from verify.checks.examination import Mismatch
from verify.checks.subject import Subject, describe
from verify.checks.trial import misuse_on, tiny_case


def fails(case: Case) -> bool:
    raise RuntimeError(str(case))


@pytest.mark.parametrize(
    ("domain", "word"),
    [
        (Domain(), "conv_i1_k1_same_ones"),
        (Domain(spaces={"conv": Space(paddings=("valid",))}), "conv_i1_k1_valid_ones"),
        (Domain(spaces={"conv": Space(paddings=("explicit",))}), "conv_i1_k1_p0.0_ones"),
        (Domain(spaces={"depthwise": Space(ranks=(2,))}), "depthwise_i1x1_k1x1_same_ones"),
        (Domain(spaces={"conv": Space(data_formats=("channels_first",))}), "conv_i1_k1_same_cf_ones"),
        (Domain(conditions=(Condition(lambda case: False, "nothing", is_inside=True),)), None),
    ],
)
def test_a_subject_is_tried_on_a_case_of_one_cell_in_its_domain(domain: Domain, word: str | None) -> None:
    case = tiny_case(domain)
    assert (case and str(case)) == word


def test_a_domain_that_raises_on_each_case_of_one_cell_says_so() -> None:
    domain = Domain(conditions=(Condition(fails, "`supports`", is_inside=True),))
    with pytest.raises(NoReply, match=r"^`supports` raised RuntimeError on conv_i1_k1_same_ones: "):
        tiny_case(domain)


def test_a_domain_that_raises_on_one_padding_is_tried_on_another() -> None:
    def fails_on_same(case: Case) -> bool:
        return fails(case) if case.padding == "SAME" else True

    domain = Domain(conditions=(Condition(fails_on_same, "`supports`", is_inside=True),))
    assert str(tiny_case(domain)) == "conv_i1_k1_valid_ones"


@pytest.mark.parametrize(
    ("subject", "phrase"),
    [
        (misused.hides_a_coroutine, "returns a coroutine, whose answer nobody awaits: "),
        (misused.hides_a_generator, "returns a generator: "),
        (misused.returns_declined, "returns Declined: write `raise Declined(…)` in place of `return "),
        (misused.returns_the_class, "returns Declined: write `raise Declined(…)` in place of `return "),
    ],
)
def test_an_answer_shows_misuse(subject: Subject, phrase: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # as of a coroutine that was never awaited
        assert misuse_on(describe(subject), CASE).startswith(phrase)


@pytest.mark.parametrize("subject", [misused.right, misused.raises, misused.leaves, lambda case: None])
def test_what_a_subject_computes_is_left_to_the_gate(subject: Subject) -> None:
    assert misuse_on(describe(subject), CASE) == ""


def test_declined_that_is_returned_for_a_later_case_is_a_disagreement_that_says_so() -> None:
    with pytest.raises(Mismatch, match="it returned Declined where that must be raised"):
        check(Case.parse("conv_i2x2_k1x1_same_ones"), misused.declines_two_axes)


def test_a_subject_that_takes_too_long_is_left_to_the_gate() -> None:
    start = monotonic()
    with stopping_at(start + 0.2):
        assert misuse_on(describe(misused.hangs), CASE) == ""
    assert monotonic() - start < 10
