"""What two records of one subject, made in two places, come to: exit codes, and the sentence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.planted import convolutions
from tests.planted.behaving import FORWARD, PAIRWISE, alternates, declines, fails, unless_narrow
from verify import Case
from verify.cases.predicates import Predicate
from verify.checks.deviations import Deviation
from verify.checks.subject import Subject
from verify.reports import heartbeat
from verify.reports.terminal import Terminal
from verify.runs.diff import diff

LONG, SHORT = "conv_i8x8_c128_k3x3_f4_s3x3_same_reals", "conv_i9_c4_k3_valid_reals2"
FAILS = Deviation(
    name="fails", subjects=("*",), kinds=("refused",), when=Predicate("rank == 1"),
    word=SHORT, sentence="It fails.",
)  # fmt: skip


class Placed:
    """A subject as a worker in some interpreter has it."""

    name, options, headline = "mine", "", "mine in some place"

    def __init__(self, subject: Subject, *known: Deviation) -> None:
        self.switches: dict[str, str] = {}
        self.versions: dict[str, str] = {}
        self.known = known
        self._subject = subject

    def __call__(self, case: Case) -> Any:
        return self._subject(case)


def differed(capfd: pytest.CaptureFixture[str], first: Any, second: Any, *words: str) -> tuple[int, str]:
    """The exit code, and the last line."""
    console = Terminal()
    code = diff(console, first, second, map(Case.parse, words))
    console.file.close()
    return code, capfd.readouterr().out.rstrip().splitlines()[-1]


def test_same_bits_are_no_difference(capfd: pytest.CaptureFixture[str]) -> None:
    assert differed(capfd, Placed(FORWARD), Placed(FORWARD), LONG, SHORT, LONG) == (
        0,
        "The same: 2 cases, no bit differs and neither disagrees with the reference.",
    )


@pytest.mark.parametrize(
    ("second", "words", "differ"),
    [
        (PAIRWISE, [LONG], "Of 1 case 1 differs between A and B, B is nearer in 1"),
        (unless_narrow(FORWARD), [LONG, SHORT], "Of 2 cases 1 differs between A and B"),
    ],
)
def test_other_bits_are_a_difference_where_neither_disagrees(
    capfd: pytest.CaptureFixture[str], second: Subject, words: list[str], differ: str
) -> None:
    assert differed(capfd, Placed(FORWARD), Placed(second), *words) == (
        1,
        f"{differ}; A disagrees with the reference in 0 and B in 0.",
    )


def test_same_wrong_bits_are_a_disagreement(capfd: pytest.CaptureFixture[str]) -> None:
    word = "conv_i3_k2_same_ints2"
    assert differed(capfd, Placed(convolutions.zeros), Placed(convolutions.zeros), word) == (
        1,
        "Of 1 case none differs between A and B; A disagrees with the reference in 1 and B in 1.",
    )


def test_same_known_disagreement_holds(capfd: pytest.CaptureFixture[str]) -> None:
    assert differed(capfd, Placed(fails, FAILS), Placed(fails, FAILS), SHORT)[0] == 0


def test_disagreement_that_is_known_in_one_place_is_a_disagreement(capfd: pytest.CaptureFixture[str]) -> None:
    assert differed(capfd, Placed(fails, FAILS), Placed(fails), SHORT)[0] == 1


def test_what_is_not_repeatable_is_no_difference_but_a_disagreement(
    capfd: pytest.CaptureFixture[str],
) -> None:
    sentence = "Of 1 case none differs between A and B; A disagrees with the reference in 1 and B in 1."
    word = "depthwise_i40_c4_k24_valid_reals2"
    assert differed(capfd, Placed(alternates), Placed(alternates), word) == (1, sentence)


def test_nothing_graded_proves_too_little(capfd: pytest.CaptureFixture[str]) -> None:
    assert differed(capfd, Placed(declines), Placed(declines), SHORT) == (
        3,
        "Proves too little: no case was judged on values that could have failed.",
    )


def test_input_that_is_written_to_in_one_place_is_a_disagreement(capfd: pytest.CaptureFixture[str]) -> None:
    def writes(case: Case) -> Any:
        answer = FORWARD(case)
        case.input.flat[0] += np.float32(1)
        return answer

    assert differed(capfd, Placed(FORWARD), Placed(writes), SHORT)[0] == 1


def test_how_far_both_sides_are_is_said_while_they_are_asked(capfd: pytest.CaptureFixture[str]) -> None:
    lines: list[str] = []

    def notes(case: Case) -> Any:
        current = heartbeat._doing[-1]
        lines.append(heartbeat.line_of(current.phrase(), dict.fromkeys(current.at(), 0.0)))
        return FORWARD(case)

    differed(capfd, Placed(notes), Placed(notes), LONG, SHORT)
    assert lines[0] == f"… 1 of 2 cases by A, A at {LONG}"
    assert lines[-1] == f"… 2 of 2 cases by A, 2 of 2 cases by B, A at {SHORT}; B at {SHORT}"
