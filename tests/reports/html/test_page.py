"""The page of a run: its pictures and tables as data, and the text that they are set into."""

from __future__ import annotations

import os
import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests import forked
from tests.places import PLANTED, ROOT
from tests.reports.html.recorded import asked, run_of, written
from verify import Case, reference
from verify.__main__ import main
from verify.cases.operands import Array
from verify.checks.subject import Subject
from verify.faults import fault_named
from verify.reports.html.page import Content, content, write_page
from verify.reports.html.pictures import (
    MAX_COLUMNS,
    MAX_ROWS,
    Inner,
    Picture,
    answer_pictures,
    window_pictures,
)
from verify.reports.html.tables import Judged, Square, Table, coverage_table, error_table
from verify.reports.merge import merged
from verify.reports.schema import records_in

WORD = "conv_i2_k2_same_ones"
ODD = fault_named("odd-cell-before")
HOSTILE = "mylib:<script>alert('x')</script>\"onload=\"&amp;"


def right(case: Case) -> Array:
    return reference(case).astype(case.dtype)


def marked(picture: Picture, sign: str) -> set[tuple[int, int]]:
    """The columns and rows that have a sign."""
    return {(mark.x, mark.y) for mark in picture.marks if mark.sign == sign}


def planes(
    word: str,
    shape: tuple[int, ...],
    differs: list[tuple[int, ...]],
    worst: tuple[int, ...] | None = None,
    *,
    is_all: bool = True,
) -> list[Picture]:
    return answer_pictures(Case.parse(word), shape=shape, differs=differs, worst=worst, is_all=is_all)


def windows(word: str, *index: int) -> list[Picture]:
    return window_pictures(Case.parse(word), index)


def judged(word: str, outcome: str = "agrees", error: float = 0.0) -> Judged:
    return Judged("mylib:conv", Case.parse(word), outcome, error)


def at(table: Table, row: str, column: int) -> Square:
    return dict(table.rows)[row][column]


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def content_of(subject: Subject, *words: str, code: int = 0, **ended: str) -> Content:
    """What stands on the page of a run that asks these words."""
    file = written(run_of(asked(subject, words), code=code, **ended), Path("run.jsonl"))
    return content(records_in(file), merged([file]))


def page_of(subject: Subject, *words: str, name: str = "mylib:conv") -> str:
    file = written(run_of(asked(subject, words, name), code=1), Path("run.jsonl"))
    write_page(Path("run.html"), [file])
    return Path("run.html").read_text(encoding="utf-8")


class Reader(HTMLParser):
    """Every element with its attributes, in order, and the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def values(self, *names: str) -> set[str]:
        return {
            value or ""
            for _, attributes in self.elements
            for name, value in attributes.items()
            if name in names
        }


def test_elements_that_differ_are_marked_in_their_plane() -> None:
    (picture,) = planes("conv_i2x3_k1x1_same_ones", (1, 2, 3, 1), [(0, 1, 2, 0)])
    assert (picture.width, picture.height, marked(picture, "differs")) == (3, 2, {(2, 1)})


def test_axes_are_those_of_the_data_format() -> None:
    word = "conv_i2x3_c2_k1x1_f2_same_cf_ones"
    (picture,) = planes(word, (1, 2, 2, 3), [(0, 1, 0, 2)])
    assert (picture.title, marked(picture, "differs")) == ("batch 0, channel 1: 1 of 6 differ", {(2, 0)})


def test_plane_of_the_worst_element_comes_first() -> None:
    differs = [(0, 0, 0), (0, 1, 0), (0, 1, 1)]
    first, _ = planes("conv_i2_k1_f2_same_ones", (1, 2, 2), differs, (0, 1, 1))
    assert (first.title, marked(first, "worst")) == ("batch 0, channel 1: 1 of 2 differ", {(1, 0)})


def test_more_may_differ_than_are_listed() -> None:
    word = "conv_i2_k1_same_ones"
    (picture,) = planes(word, (1, 2, 1), [(0, 0, 0)], is_all=False)
    assert picture.title == "batch 0, channel 0: 1 or more of 2 differ"


def test_large_plane_is_cut_about_the_worst_element() -> None:
    word = "conv_i200x300_k1x1_same_ones"
    differs = [(0, 0, 0, 0), (0, 190, 150, 0)]
    (picture,) = planes(word, (1, 200, 300, 1), differs, differs[1])
    assert (picture.width, picture.height, len(marked(picture, "worst"))) == (MAX_COLUMNS, MAX_ROWS, 1)


def test_gradient_of_a_bias_is_one_row_of_filters() -> None:
    word = "filtergrad_i3x3_k1x1_f4_same_bias_ones"
    (picture,) = planes(word, (4,), [(2,)], (2,))
    assert (picture.width, picture.height, picture.title) == (4, 1, "1 of 4 differ")


def test_answer_of_another_shape_has_no_picture() -> None:
    assert planes("conv_i2_k1_same_ones", (2, 1), [(1, 0)]) == []


def test_picture_says_in_words_what_it_shows() -> None:
    (picture,) = planes("conv_i2_k1_same_ones", (1, 2, 1), [(0, 1, 0)])
    assert picture.text == "2 positions; 1 of 2 differ: (0, 1, 0)."


def test_window_reads_its_taps_and_the_padding() -> None:
    (picture,) = windows("conv_i3_k2_d2_same_ones", 0, 0, 0)
    assert (picture.inner, marked(picture, "read")) == (Inner(1, 0, 3, 1), {(0, 0), (2, 0)})
    assert picture.title == "position: window 0 reads cell 1 and 1 of padding"


def test_every_axis_has_its_strip_and_the_last_two_their_plane() -> None:
    pictures = windows("conv_i4x5x6_k2x2x3_same_ones", 0, 1, 2, 3, 0)
    assert [picture.title.partition(":")[0] for picture in pictures] == [
        "depth",
        "row",
        "column",
        "rows by columns",
    ]
    assert marked(pictures[-1], "read") == {(3, 2), (4, 2), (5, 2), (3, 3), (4, 3), (5, 3)}


def test_window_of_channels_first_lies_after_the_channel() -> None:
    (picture,) = windows("conv_i4_k1_f2_same_cf_ones", 0, 1, 3)
    assert marked(picture, "read") == {(3, 0)}


def test_transpose_shows_each_window_that_reads_its_cell() -> None:
    (picture,) = windows("transpose_i4_k3_s1_valid_ones", 0, 2, 0)
    assert marked(picture, "asked") == {(2, 0), (2, 1)}
    assert marked(picture, "read") == {(0, 0), (1, 0), (2, 0), (1, 1), (2, 1), (3, 1)}


def test_filtergrad_shows_the_cells_that_its_tap_meets() -> None:
    (picture,) = windows("filtergrad_i5_k3_s2_valid_ones", 2, 0, 0)
    assert marked(picture, "read") == {(2, 0), (4, 0)}


@pytest.mark.parametrize(
    "word", ["filtergrad_i3_k1_same_bias_ones", "conv_i3_k1_s0_same_ones_illegal"], ids=["bias", "illegal"]
)
def test_what_reads_no_window_has_no_picture(word: str) -> None:
    assert windows(word, 0) == []


def test_cases_are_covered_by_operation_rank_dtype_and_padding() -> None:
    table = coverage_table(
        [judged("conv_i2_k1_valid_float16_ones"), judged("conv_i2_k1_valid_float16_iota")], "all"
    )
    assert (at(table, "conv, 1-D", 1).text, table.groups[0], table.columns[1]) == (
        "2",
        ("float16", 3),
        "valid",
    )


@pytest.mark.parametrize(
    ("outcome", "text", "note"),
    [("declined", "–", "all 1 declined"), ("disagrees", "× 1", "1 disagree"), ("vacuous", "1", "")],
)
def test_coverage_tells_how_cases_ended(outcome: str, text: str, note: str) -> None:
    square = at(coverage_table([judged("conv_i2_k1_same_float16_ones", outcome)], "all"), "conv, 1-D", 0)
    assert (square.text, square.note) == (text, note)


def test_coverage_shows_what_was_never_drawn() -> None:
    assert at(coverage_table([judged("conv_i2_k1_same_float16_ones")], "all"), "conv, 1-D", 1).text == "0"


def test_errors_are_counted_by_powers_of_two() -> None:
    cases = [judged("conv_i2_k1_same_reals", error=error) for error in (1.0, 0.5, 0.3, 1e-9)]
    counts = [(name, squares[0].text) for name, squares in error_table(cases).rows]
    assert [(name, count) for name, count in counts if count != "0"] == [
        ("1/2 to 1", "1"),
        ("1/4 to 1/2", "2"),
        ("up to 1/4,096", "1"),
    ]


def test_exact_answers_have_no_error() -> None:
    assert error_table([judged(WORD)]).rows == ()


def test_failure_is_pictured_with_its_replay_line() -> None:
    (failure,) = content_of(ODD, WORD).failures
    assert failure.replay == f"conv-verify replay mylib:conv {WORD}"
    assert (len(failure.answer), len(failure.window)) == (1, 1)


def test_failure_of_shape_has_no_picture() -> None:
    (failure,) = content_of(fault_named("valid-rounded-up"), "conv_i2_k1_s2_valid_ones").failures
    assert (failure.answer, failure.window) == ((), ())


def test_subject_that_agrees_has_no_failures() -> None:
    run = content_of(right, WORD)
    assert (run.verdict, run.failures) == ("holds", ())


def test_fault_that_no_case_shows_is_never_visible() -> None:
    run = content_of(right, "conv_i1_k1_valid_ones")
    assert run.never_visible == ("padding-twice of mylib:conv", "padding-lost of mylib:conv")


def test_run_that_could_not_go_on_says_why() -> None:
    run = content_of(right, WORD, code=2, broken="no room")
    assert (run.verdict, run.sentence, run.notes) == ("little", "Could not run: no room", ())


def test_run_that_disagreed_before_it_could_not_go_on_says_both() -> None:
    run = content_of(ODD, WORD, code=2, broken="no room")
    assert run.sentence == "Disagrees: 1 finding in 1 case."
    assert run.notes == ("Could not run: no room",)


def test_page_begins_with_the_verdict() -> None:
    assert '<h1 class="verdict disagrees">Disagrees: 1 finding in 1 case.</h1>' in page_of(ODD, WORD)


def test_page_asks_for_nothing_else() -> None:
    assert Reader(page_of(ODD, WORD)).values("src", "srcset", "data", "action", "poster") == set()
    assert not re.search(r"https?:|//[a-z]|@import|url\((?!#)", page_of(ODD, WORD))


def test_links_of_a_page_stay_within_it() -> None:
    reader = Reader(page_of(ODD, WORD))
    targets = {f"#{name}" for name in reader.values("id")}
    assert reader.values("href") <= targets


def test_names_are_shown_as_text() -> None:
    reader = Reader(page_of(ODD, WORD, name=HOSTILE))
    assert [tag for tag, _ in reader.elements].count("script") == 1
    assert reader.values("onload") == set()
    assert any(HOSTILE in text for text in reader.words)


def test_only_the_script_of_the_page_may_run() -> None:
    (policy,) = re.findall('Content-Security-Policy" content="([^"]*)"', page_of(right, WORD))
    assert re.fullmatch(
        r"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-[\w+/]{43}='", policy
    )


def test_every_picture_has_words() -> None:
    pictures = [attributes for tag, attributes in Reader(page_of(ODD, WORD)).elements if tag == "svg"]
    assert {("aria-label" in picture) is (picture.get("role") == "img") for picture in pictures} == {True}


def test_run_that_was_cut_off_has_a_page_that_says_so() -> None:
    file = written(run_of(asked(ODD, [WORD]))[:-2], Path("run.jsonl"))
    run = content(records_in(file), merged([file]))
    assert (run.verdict, len(run.failures)) == ("disagrees", 1)


def test_case_that_several_files_have_is_covered_once() -> None:
    file = written(run_of(asked(right, [WORD])), Path("run.jsonl"))
    run = content([*records_in(file), *records_in(file)], merged([file, file]))
    assert at(run.coverage[0], "conv, 1-D", 6).text == "1"


def run(*arguments: str) -> int:
    """The exit code of a command in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{PLANTED}"}
    return forked.run("verify", *arguments, environment=environment).returncode


@pytest.mark.usefixtures("capfd")
def test_shards_are_one_page() -> None:
    written(run_of(asked(right, [WORD])), Path("one.jsonl"))
    written(run_of(asked(ODD, [WORD])), Path("two.jsonl"))
    assert main(["report", "one.jsonl", "two.jsonl", "--html", "pages/run.html"]) == 1
    assert "Disagrees: 1 finding" in Path("pages/run.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", [["report", "run.jsonl"], ["run", "numpy"]])
def test_page_without_jinja_is_refused_beforehand(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    assert main([*command, "--html", "run.html"]) == 2
    said = "conv-verify: a page of HTML needs Jinja: pip install 'conv-verify[html]'\n"
    assert capsys.readouterr().err == said


def test_page_that_cannot_be_written_is_refused_beforehand(capsys: pytest.CaptureFixture[str]) -> None:
    Path("run.html").mkdir()
    assert main(["report", "run.jsonl", "--html", "run.html"]) == 2
    said = "conv-verify: 'run.html' is a folder where a file is needed: move it away, or name another\n"
    assert capsys.readouterr().err == said


def test_run_writes_its_page_and_keeps_no_records() -> None:
    asks = ["subjects_to_gate:shifts_values", "--operations", "conv", "--examples", "9", "--seed", "1"]
    assert run("run", *asks, "--html", "run.html") == 1
    text = Path("run.html").read_text(encoding="utf-8")
    assert '<h1 class="verdict disagrees">' in text
    assert "conv-verify replay subjects_to_gate:shifts_values conv_" in text
    assert list(Path().glob("**/*.jsonl")) == [Path(".conv-verify/failures.jsonl")]
