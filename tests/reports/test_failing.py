"""A failure as it is read at a terminal."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from _pytest._io import TerminalWriter
from hypothesis import given
from rich.console import Console

from strategies import cases
from verify.__main__ import main
from verify.cases.case import Case
from verify.checks.diagnosis import diagnosed
from verify.checks.elements import SHOWN, Wrong, wrong_in
from verify.checks.examination import Examination, disagreement
from verify.checks.path import Examiner
from verify.checks.subject import describe
from verify.faults import fault_named
from verify.gate.told import Told
from verify.oracle.bounds import judgement
from verify.oracle.compare import Worst, compare_values, worst_of
from verify.reports.explanation.lines import WIDTH, plain_text
from verify.reports.failing import ROWS, drawn_lines, examination_text, failure_text, window_lines
from verify.reports.records import DIFFERING_LIMIT
from verify.reports.tally import Failure, Tally

pytestmark = pytest.mark.injected

WORD = "conv_i4x4_c2_k3x3_same_iota"


def examined(fault: str, word: str) -> Examination:
    return Examiner(subject=describe(fault_named(fault))).examine(Case.parse(word))


def drawn(fault: str, word: str) -> list[str]:
    """The lines that are drawn of a fault's answer."""
    wrong = wrong_in(examined(fault, word), most=DIFFERING_LIMIT)
    return plain_text(drawn_lines(Case.parse(word), wrong)).split("\n")


def test_worst_three_stand_in_columns_and_say_their_reason_once() -> None:
    text = examination_text(diagnosed(examined("last-column-lost", WORD))).plain
    assert text.split("\n")[4:8] == [
        "  worst    at (0, 2, 3, 0): got 0.0, want 2694.0, allowed 0 (the sums are exact)",
        "           at (0, 1, 3, 0): got 0.0, want 1878.0, allowed 0",
        "           at (0, 3, 3, 0): got 0.0, want 1272.0, allowed 0",
        "  looks like  the last column never written",
    ]


def test_message_stays_what_it_is_but_for_what_is_drawn() -> None:
    examination = diagnosed(examined("last-column-lost", WORD))
    message = disagreement(examination).split("\n")
    shown = examination_text(examination).plain.split("\n")
    assert [line for line in shown if line in message] == message
    assert shown[-1] == message[-1]
    assert shown[-1].startswith("  replay ")


def test_window_has_its_padding_and_a_map_its_signs() -> None:
    assert drawn("last-column-lost", WORD) == [
        "  reads    channel 0   channel 1",
        "           13 15  ·    14 16  ·",
        "           21 23  ·    22 24  ·",
        "           29 31  ·    30 32  ·",
        "  wrong    filter 0  (X the worst)",
        "           . . . x",
        "           . . . x",
        "           . . . X",
        "           . . . x",
    ]


def test_map_is_left_out_where_it_takes_more_than_ten_lines() -> None:
    fits, does_not = (f"conv_i{rows}x4_k1x1_same_iota" for rows in (ROWS, ROWS + 1))
    assert any(line.startswith("  wrong ") for line in drawn("last-column-lost", fits))
    assert not any(line.startswith("  wrong ") for line in drawn("last-column-lost", does_not))


def test_one_element_has_no_map() -> None:
    lines = drawn("odd-cell-before", "conv_i1x1_k1x2_same_iota")
    assert lines == ["  reads    channel 0", "           1 ·"]


def test_planes_that_do_not_fit_are_counted() -> None:
    (title, *_) = plain_text(window_lines(Case.parse("conv_i3x3_c40_k3x3_same_iota"), (0, 0, 0, 0))).split(
        "\n"
    )
    assert re.fullmatch(r"  reads    channel 0 .* channel \d  \(\d\d more\)", title)


@given(cases())
def test_anything_that_can_be_drawn_is_and_fits(case: Case) -> None:
    if case.illegal or 0 in case.output_shape:
        return
    rule = judgement(case)
    first, last = (0,) * rule.wanted.ndim, tuple(size - 1 for size in rule.wanted.shape)
    elements = tuple(Worst(index=place, got=1.0, want=2.0, allowed=0.0, why="so") for place in (last, first))
    lines = plain_text(drawn_lines(case, Wrong(elements, tuple({first, last})))).split("\n")
    assert max(map(len, lines)) <= WIDTH + len(" (X the worst)  (999 more)")
    assert len(lines) <= 2 * (ROWS + 1)


@pytest.mark.parametrize("places", [((9, 9, 9, 9),), ((0, 0),), ()])
def test_indices_of_a_record_that_do_not_fit_its_word_are_passed_over(
    places: tuple[tuple[int, ...], ...],
) -> None:
    worst = Worst(index=(9, 9, 9, 9), got=1.0, want=2.0, allowed=0.0, why="so")
    assert [*drawn_lines(Case.parse(WORD), Wrong((worst,), places))] == []
    inside = Worst(index=(0, 0, 0, 0), got=1.0, want=2.0, allowed=0.0, why="so")
    assert plain_text(drawn_lines(Case.parse(WORD), Wrong((inside,), places))).count("x") == 0


def test_nothing_is_drawn_of_a_case_that_is_large() -> None:
    case = Case.parse("conv_i3000x3000_k1x1_same_iota")
    worst = Worst(index=(0, 0, 0, 0), got=1.0, want=2.0, allowed=0.0, why="so")
    assert [*drawn_lines(case, Wrong((worst,), ((0, 0, 0, 0),)))] == []


@pytest.mark.parametrize("fault", ["last-column-lost", "odd-cell-before", "one-unit-off", "kernel-flipped"])
@pytest.mark.parametrize("fill", ["iota", "reals1", "nonfinite1"])
def test_worst_elements_begin_with_that_of_the_verdict(fault: str, fill: str) -> None:
    case = Case.parse(f"conv_i4x5_k3x2_same_{fill}")
    answer = fault_named(fault)(case)
    verdict = compare_values(judgement(case), answer)
    if verdict.worst is None:
        pytest.skip("the fault does not show")
    worst = worst_of(judgement(case), answer, SHOWN)
    assert repr(worst[0]) == repr(verdict.worst)
    assert len({each.index for each in worst}) == len(worst) <= SHOWN


def test_wrong_elements_survive_a_record_and_the_way_from_a_worker() -> None:
    worst = {"index": [0, 1], "got": "nan", "want": 2.0, "allowed": 0.0, "why": "so"}
    record = {
        "kind": "value", "word": "w", "fault": "", "message": "m",
        "worst": worst, "next_worst": [{**worst, "got": 1.0}], "differs": [[0, 1], [1, 1]],
    }  # fmt: skip
    failure = Failure.of(record)
    assert [each.got for each in failure.wrong.worst][1:] == [1.0]
    assert failure.wrong.places == ((0, 1), (1, 1))
    tally = Tally(subject="s", name="n", title="t", failures={"k": failure})
    assert repr(Tally.from_json(tally.to_json()).failures["k"]) == repr(failure)


MESSAGE = """\
mine disagrees
  worst    at (0, 0): got -1.5, want nan, allowed 0 (so)
  looks like  it
  replay   me"""


def test_message_is_coloured_line_by_line() -> None:
    printed = io.StringIO()
    console = Console(file=printed, color_system="standard", width=200)
    console.print(failure_text(MESSAGE))
    assert printed.getvalue().split("\n")[:4] == [
        "\x1b[1;31mmine disagrees\x1b[0m",
        "  worst    at (0, 0): got \x1b[31m-1.5\x1b[0m, want \x1b[32mnan\x1b[0m, allowed 0 (so)",
        "\x1b[33m  looks like  it\x1b[0m",
        "\x1b[1m  replay   me\x1b[0m",
    ]
    assert failure_text(MESSAGE).plain == MESSAGE


@pytest.mark.parametrize("has_markup", [True, False])
def test_pytest_writes_what_a_test_found_with_its_own_markup(*, has_markup: bool) -> None:
    printed = io.StringIO()
    writer = TerminalWriter(printed)
    writer.hasmarkup = has_markup
    Told(f"{MESSAGE}\n\n{MESSAGE}").toterminal(writer)
    assert ("\x1b[31m-1.5\x1b[0m" in printed.getvalue()) == has_markup
    plain = re.sub(r"\x1b\[\d+m", "", printed.getvalue())
    assert plain == f"{MESSAGE}\n\n{MESSAGE}\n"


def test_replay_is_coloured_where_it_is_asked_to_be(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["replay", "fault:last-column-lost", WORD, "--color", "always"]) == 1
    assert "\x1b[1;31mfault:last-column-lost disagrees" in capsys.readouterr().out
