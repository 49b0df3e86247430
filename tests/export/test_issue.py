"""A report for those who maintain a subject: what happens, why that is wrong, where, and how to see it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.commands.commanding import Command, command_in
from tests.planted import convolutions
from verify import Case
from verify.checks.deviations import Deviation, condition
from verify.checks.diagnosis import diagnosed
from verify.checks.examination import Examination
from verify.checks.path import Examiner
from verify.checks.subject import describe
from verify.export.issue import TITLE, issue
from verify.faults import fault_named

WORD = "conv_i1x2_k1x2_same_iota"

ENTRY = Deviation(
    name="answers-zeros", subjects=("*",), kinds=("value", "refused"), when=condition("rank == 2"), word=WORD,
    sentence="It answers zeros.", link="https://example.org/1", versions=("1.3", "1.4"),
)  # fmt: skip


@pytest.fixture
def command(tmp_path: Path) -> Command:
    return command_in(tmp_path)


def disagreement(subject=convolutions.zeros, word: str = WORD, *known: Deviation) -> Examination:
    examination = Examiner(subject=describe(subject), known=known).examine(Case.parse(word))
    return diagnosed(examination)


def sections(text: str) -> dict[str, str]:
    """The parts of a report by their titles."""
    titles = re.split(r"(?m)^##? (.*)\n", text)
    return dict(zip(titles[1::2], map(str.strip, titles[2::2]), strict=True))


def test_it_has_all_that_a_maintainer_asks_for() -> None:
    text = issue(disagreement(), "print('source')\n")
    title, *others = sections(text)
    assert (
        title == "tests.planted.convolutions:zeros answers 0.0 where 5.0 is right (conv of 2 axes, float32)"
    )
    assert others == [
        "Versions",
        "To reproduce",
        "Expected and actual",
        "Why the expected value is right",
        "Releases in which it happens",
    ]


def test_its_title_says_how_an_operand_lies_in_memory() -> None:
    laid = "conv_i1_c2_k1_f2_same_ones_memxstrided_memwfortran"
    text = issue(disagreement(fault_named("input-as-contiguous"), laid), "")
    assert next(iter(sections(text))).endswith(" (conv of 1 axis, float32, strided input, fortran filters)")


def test_it_has_the_source_and_both_answers() -> None:
    parts = sections(issue(disagreement(), "print('source')\n"))
    assert parts["To reproduce"] == "```python\nprint('source')\n```"
    assert "float32 (1, 1, 2, 1)\n[[[[5.]" in parts["Expected and actual"]
    assert "float32 (1, 1, 2, 1)\n[[[[0.]" in parts["Expected and actual"]


def test_it_computes_the_worst_element() -> None:
    why = sections(issue(disagreement(), ""))["Why the expected value is right"]
    assert why.startswith("The worst element is at (0, 0, 0, 0): got 0.0, want 5.0, allowed 0")
    assert "total = max((2-1)*1 + (2-1)*1 + 1 - 2, 0) = 1" in why
    assert "answer   5" in why


def test_what_is_recorded_is_told_with_its_releases_and_its_link() -> None:
    found = replace(disagreement(), deviation=ENTRY)
    text = issue(found, "")
    assert "\n\nIt answers zeros.\n\n" in text
    assert sections(text)["Releases in which it happens"].splitlines()[2:5:2] == [
        "It is recorded of 1.3, 1.4.",
        "See https://example.org/1",
    ]


def raises(case: Case) -> None:
    raise ValueError(f"\x1b[1m{'too long ' * 40}\x1b[0m")


def test_an_error_is_told_without_what_a_terminal_reads() -> None:
    text = issue(disagreement(raises), "")
    title, *_ = sections(text)
    assert title.startswith("tests.export.test_issue:raises: it raised ValueError: too long too long")
    assert len(title) == TITLE
    assert "\x1b" not in text
    assert "axis 1   size 2, kernel 2" in sections(text)["Why the expected value is right"]


def test_an_illegal_call_that_is_answered_says_why_it_must_be_refused() -> None:
    text = issue(
        disagreement(lambda case: convolutions.zeros(Case.parse(WORD)), "conv_i3_k1_s0_same_ones_illegal"), ""
    )
    assert "Expected:\n\n```text\nan error: 's0' has a number below 1\n```" in text


@pytest.mark.parametrize(
    ("subject", "sentence"),
    [
        ("subjects_to_gate:right", f"{WORD} shows nothing wrong with subjects_to_gate:right: there is"),
        (
            "subjects_to_gate:declines",
            f"{WORD} shows nothing wrong with subjects_to_gate:declines: it declines it: ",
        ),
        (
            "tests.planted.with_ways:one_declines",
            f"{WORD} shows nothing wrong with tests.planted.with_ways:one_declines: there is",
        ),
    ],
)
def test_where_nothing_is_wrong_nothing_is_reported(subject: str, sentence: str, command) -> None:
    done = command("export", WORD, "--as", "issue", "--subject", subject)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"conv-verify: {sentence}")


def test_a_subject_of_ones_own_is_reported_with_a_test(command) -> None:
    done = command("export", WORD, "--as", "issue", "--subject", "subjects_to_gate:shifts_values")
    parts = sections(done.stdout)
    assert "def test_subjects_to_gate_shifts_values_on_" in parts["To reproduce"]
    assert (done.returncode, done.stderr) == (0, "")
