"""The page of a run: its pictures and tables as data, and the text that they are set into."""

from __future__ import annotations

import json
import os
import re
import sys
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests import forked
from tests.places import PLANTED, ROOT
from tests.reports.html.recorded import asked, run_of, written
from verify import Case, reference
from verify.__main__ import main
from verify.cases.operands import Array
from verify.cases.regions import region_names
from verify.checks.subject import Subject
from verify.faults import fault_named
from verify.reports.coverage import FaultCoverage, RegionCoverage
from verify.reports.explanation.explain import explain
from verify.reports.explanation.lines import plain_text
from verify.reports.html.failures import explain_line
from verify.reports.html.maps import answer_maps, told_apart
from verify.reports.html.page import Content, content, write_page
from verify.reports.html.pictures import (
    MAX_COLUMNS,
    MAX_ROWS,
    Inner,
    Picture,
    answer_pictures,
    window_pictures,
)
from verify.reports.html.tables import (
    REGION_ROWS,
    Judged,
    Square,
    Table,
    coverage_tables,
    error_table,
    fault_tables,
    region_tables,
)
from verify.reports.merge import merged
from verify.reports.records import Record
from verify.reports.schema import records_in
from verify.reports.tally import COLUMNS

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
    (picture,) = planes(word, (1, 2, 1), [(0, 0, 0), (0, 1, 0)], is_all=False)
    assert picture.title == "batch 0, channel 0: 2 of 2 differ"


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
    words = ("conv_i2_k1_valid_float16_ones", "conv_i2_k1_valid_float16_iota", "transpose_i2_k1_same_ones")
    conv, transpose = coverage_tables([judged(word) for word in words], "all").tables
    assert (conv.caption, transpose.caption) == ("conv, 1-D", "transpose, 1-D")
    assert (at(conv, "float16", 1).text, conv.columns[1]) == ("2", "valid")
    assert [name for name, _ in conv.rows] == ["float16", "float32"]


@pytest.mark.parametrize(
    ("outcome", "text", "note"),
    [("declined", "–", "all 1 declined"), ("disagrees", "× 1", "1 disagree"), ("vacuous", "1", "")],
)
def test_coverage_tells_how_cases_ended(outcome: str, text: str, note: str) -> None:
    (table,) = coverage_tables([judged("conv_i2_k1_same_float16_ones", outcome)], "all").tables
    square = at(table, "float16", 0)
    assert (square.text, square.note) == (text, note)


def test_coverage_shows_what_was_never_drawn() -> None:
    (table,) = coverage_tables([judged("conv_i2_k1_same_float16_ones")], "all").tables
    assert at(table, "float16", 1).text == "0"


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
    assert run.visible.never == ("padding-twice of mylib:conv", "padding-lost of mylib:conv")


def test_run_that_could_not_go_on_says_why() -> None:
    run = content_of(right, WORD, code=2, broken="no room")
    assert (run.verdict, run.sentence, run.notes) == ("little", "Could not run: no room", ())


def test_run_that_disagreed_before_it_could_not_go_on_says_both() -> None:
    run = content_of(ODD, WORD, code=2, broken="no room")
    assert run.sentence == "Disagrees: 1 finding in 1 case."
    assert run.notes == ("Could not run: no room",)


def test_properties_that_were_cut_short_are_named_once_for_each_reason() -> None:
    ends = [asked(right, [WORD], name) for name in ("mylib:conv", "other:conv")]
    cut = [[*records, {**end, "note": "its time was up"}] for *records, end in ends]
    file = written(run_of(*cut), Path("run.jsonl"))
    assert content(records_in(file), merged([file])).cut == {
        "its time was up, of 2 properties": [
            "mylib:conv: values on exact fills",
            "other:conv: values on exact fills",
        ]
    }


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
    scripts = [attributes for tag, attributes in reader.elements if tag == "script"]
    assert [attributes.get("type") for attributes in scripts] == ["application/json", None]
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
    assert at(run.coverage[0].tables[0], "float32", 0).text == "1"


def run(*arguments: str) -> int:
    """The exit code of a command in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{PLANTED}"}
    return forked.run("verify", *arguments, environment=environment).returncode


@pytest.mark.usefixtures("capfd")
def test_shards_are_one_page() -> None:
    written(run_of(asked(right, [WORD])), Path("one.jsonl"))
    written(run_of(asked(ODD, [WORD])), Path("two.jsonl"))
    assert main(["report", "one.jsonl", "two.jsonl", "--html", "run.html"]) == 1
    assert "Disagrees: 1 finding" in Path("run.html").read_text(encoding="utf-8")


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


def covered(*, visible: dict[str, int], hidden: dict[str, str], subject: str = "mylib:conv") -> FaultCoverage:
    return FaultCoverage(subject, Counter(visible), hidden)


def test_one_subject_has_a_column_of_cases_and_several_have_numbers() -> None:
    one = covered(visible={"padding-twice": 3}, hidden={})
    (alone,), legend = fault_tables([one])[1:]
    assert (alone.columns, legend) == (("cases",), ("mylib:conv: 1 of 1 visible",))
    both = fault_tables([one, covered(visible={"padding-twice": 0}, hidden={}, subject="other:conv")])
    assert (both.tables[0].columns, both.legend[1]) == (("1", "2"), "other:conv: 0 of 1 visible")


@pytest.mark.parametrize(
    ("visible", "hidden", "shown"),
    [(7, {}, ("7", "")), (0, {}, ("never", "✗")), (0, {"padding-twice": WORD}, ("hidden", "○"))],
    ids=["visible", "never", "hidden"],
)
def test_fault_says_how_often_it_was_visible(
    visible: int, hidden: dict[str, str], shown: tuple[str, str]
) -> None:
    tables = fault_tables([covered(visible={"padding-twice": visible}, hidden=hidden)])
    square = at(tables.tables[0], "padding-twice", 0)
    assert (square.text, square.sign) == shown


def test_regions_stand_in_tables_of_which_several_fit_a_window() -> None:
    coverage = RegionCoverage("mylib:conv", Counter(dict.fromkeys(region_names(), 2)), {})
    tables = region_tables([coverage])
    assert sum(len(table.rows) for table in tables.tables) == len(region_names())
    assert max(len(table.rows) for table in tables.tables) == REGION_ROWS


def claims(run: list[Record]) -> str:
    """The text of the sections on faults and regions, on one line."""
    write_page(Path("run.html"), [written(run, Path("run.jsonl"))])
    text = Path("run.html").read_text(encoding="utf-8")
    faults = text.partition('id="faults"')[2].partition('id="coverage"')[0]
    return " ".join(" ".join(Reader(faults).words).split())


def ended(**fields: object) -> list[Record]:
    """The records of a property that has these fields at its end."""
    *records, end = asked(right, ["conv_i2_k2_p1.1_ones"])
    return run_of([*records, {**end, **fields}])


def test_nothing_is_claimed_of_all_faults_where_some_are_hidden() -> None:
    text = claims(ended(visible={"bias-twice": 0, "padding-lost": 3}, hidden={"bias-twice": WORD}))
    assert (
        "Hidden, as the case that shows it is declined or a known deviation: 1 fault of mylib:conv." in text
    )
    assert "Every other fault that the subject could have had was visible." in text
    assert "Every fault" not in text


def test_nothing_is_claimed_of_all_faults_where_one_was_never_visible() -> None:
    text = claims(ended(visible={"bias-twice": 0, "padding-lost": 3}, hidden={}))
    assert "Never visible: bias-twice of mylib:conv." in text
    assert "Every" not in text.partition("The parts of the space")[0]


@pytest.mark.parametrize(("name", "what"), [("faults", "fault"), ("met", "region")])
def test_nothing_is_claimed_of_all_where_the_time_was_up(name: str, what: str) -> None:
    run = ended(visible={"padding-lost": 3}, hidden={}, regions=["pointwise"], note="its time was up")
    text = claims([{**record, "name": name} if "name" in record else record for record in run])
    assert "Cut short, so that some were not looked for: mylib:conv." in text
    assert f"Every {what}" not in text


def test_every_fault_is_claimed_where_none_was_missed() -> None:
    text = claims(ended(visible={"padding-lost": 3}, hidden={}))
    assert "Every fault that the subject could have had was visible." in text


def test_nothing_is_claimed_of_all_regions_where_some_are_declined() -> None:
    text = claims(ended(regions=["pointwise"], declined_regions={"pointwise": WORD}))
    assert "Not graded, as its own case is declined: 1 region of mylib:conv." in text
    assert "Every other region of the domain had a case that was graded." in text
    assert "Every region" not in text


def test_cells_have_what_came_above_what_was_due() -> None:
    (failure,) = content_of(ODD, "conv_i3_k2_same_iota").failures
    (plane,) = failure.answer
    ((number, cells),) = plane.rows
    assert (number, plane.columns) == (None, (0, 1, 2))
    due = reference(Case.parse("conv_i3_k2_same_iota")).ravel()
    came = ODD(Case.parse("conv_i3_k2_same_iota")).ravel()
    assert [(cell.got, cell.due) for cell in cells] == [
        (f"{got:.0f}", f"{want:.0f}") for got, want in zip(came, due, strict=True)
    ]
    assert sum(cell.is_worst for cell in cells) == 1


def test_rows_of_a_map_that_is_cut_have_their_own_numbers() -> None:
    differs = [(0, 190, 150, 0)]
    case = Case.parse("conv_i200x300_k1x1_same_ones")
    (plane,) = answer_maps(
        case, shape=(1, 200, 300, 1), differs=differs, values=[[2.0, 1.0]], worst=differs[0]
    )
    found = [
        (number, column, cell.got)
        for number, cells in plane.rows
        for column, cell in zip(plane.columns, cells, strict=True)
        if cell.is_wrong
    ]
    assert found == [(190, 150, "2")]


@pytest.mark.parametrize(
    ("got", "due", "shown"),
    [
        (2.0, 1.0, ("2", "1")),
        (1.0, 1.0000001, ("1", "1.0000001")),
        (0.1234567, 0.7654321, ("0.1235", "0.7654")),
        (float("nan"), 1e30, ("nan", "1e+30")),
        (16777216.0, 16777217.0, ("16777216", "16777217")),
    ],
)
def test_numbers_that_differ_are_shown_to_differ(got: float, due: float, shown: tuple[str, str]) -> None:
    assert told_apart(got, due) == shown


def test_failure_of_a_record_without_values_is_marked_all_the_same() -> None:
    records = run_of(asked(ODD, [WORD]))
    old = [{k: v for k, v in record.items() if k not in ("values", "answer")} for record in records]
    file = written(old, Path("run.jsonl"))
    (failure,) = content(records_in(file), merged([file])).failures
    assert [cell.is_wrong for _, cells in failure.answer[0].rows for cell in cells] == [True, True]
    assert not failure.has_values
    assert json.loads(failure.drawing.numbers)["answered"] is None


def test_finding_has_its_explanation_in_words_and_as_a_picture() -> None:
    (failure,) = content_of(ODD, WORD).failures
    assert failure.explain == f"conv-verify explain {WORD} --subject mylib:conv --html picture.html"
    assert failure.explanation == plain_text(explain(Case.parse(WORD), (0, 0, 0)))
    drawn = json.loads(failure.drawing.numbers)["answered"]
    assert (drawn["name"], drawn["values"], drawn["wrong"]) == ("mylib:conv", [[1, 2]], [[0, 1]])


def test_explanation_asks_with_all_that_the_replay_line_has() -> None:
    replay = f"A='1 2' conv-verify replay --python '/a b/py' 'my lib:conv' {WORD}"
    asked_so = f"A='1 2' conv-verify explain {WORD} --subject 'my lib:conv' --python '/a b/py'"
    assert explain_line(replay, Case.parse(WORD)) == f"{asked_so} --html picture.html"


def test_explanation_of_a_subject_that_a_shell_cannot_name_is_that_of_its_case() -> None:
    replay = f"verify.check(verify.Case.parse('{WORD}'), subject)"
    assert explain_line(replay, Case.parse(WORD)) == f"conv-verify explain {WORD} --html picture.html"


def test_finding_of_three_axes_is_explained_without_a_picture() -> None:
    run = content_of(ODD, "conv_i1x1x1_k1x1x2_same_iota")
    (failure,) = run.failures
    assert (failure.drawing, run.drawn) == (None, 0)
    assert failure.explain.endswith("_iota --subject mylib:conv")
    assert "summing to" in failure.explanation
    assert "0 of 1 have a picture that moves" in page_of(ODD, "conv_i1x1x1_k1x1x2_same_iota")


def test_page_with_many_findings_stays_below_two_megabytes() -> None:
    word = "conv_i20x20_c2_k3x4_same_iota"
    text = json.dumps(asked(ODD, [word]))
    alike = [json.loads(text.replace("mylib:conv", f"mylib:conv{number}")) for number in range(24)]
    write_page(Path("run.html"), [written(run_of(*alike, code=1), Path("run.jsonl"))])
    text = Path("run.html").read_text(encoding="utf-8")
    assert len(text) < 2_000_000
    assert 2 <= text.count("data-picture=") < 24
    assert text.count("explain conv_i20x20") == 24
    assert re.search(r"\n\d of 24 have a picture that moves", text)


def test_property_that_disagrees_leads_to_its_finding() -> None:
    reader = Reader(page_of(ODD, WORD))
    link = {"href": "#failure-1", "aria-label": "values on exact fills disagrees: finding 1"}
    assert ("a", link) in reader.elements


def test_properties_have_the_verdict_first_and_a_column_of_regions() -> None:
    text = page_of(right, "conv_i1_k1_valid_ones")
    head = text.partition("Properties of mylib:conv")[2].partition("</thead>")[0]
    assert re.findall(r"<th[^>]*>(\w+)</th>", head) == ["verdict", "property", *COLUMNS, "regions"]
    (row,) = re.findall(r'<tr role="row"><td.*', text.partition("Properties of mylib:conv")[2])[:1]
    assert re.findall(r"<t[dh][^>]*>([\w ]+)</t[dh]>", row)[:3] == ["holds", "values on exact fills", "1"]
    assert content_of(right, "conv_i1_k1_valid_ones").met(merged([Path("run.jsonl")]).tallies[0]) > 0


def test_head_says_seed_profile_versions_and_switches() -> None:
    versions = {"python": "3.11", "tensorflow": "2.21.0"}
    ways = {"eager": {"versions": versions, "switches": {"JIT": "1"}}}
    subject = {"type": "subject", "subject": "mylib:conv", "versions": versions}
    begun, *rest = run_of(asked(right, [WORD]))
    record = {**subject, "switches": {"ONEDNN": "0"}, "ways": ways}
    file = written([begun, record, *rest], Path("run.jsonl"))
    facts = content(records_in(file), merged([file])).facts
    assert ("seed", "1") in facts
    assert ("profile", "dev") in facts
    assert ("versions", "python 3.11, tensorflow 2.21.0") in facts
    assert [value for name, value in facts if name == "switches"] == [
        "ONEDNN=0 (mylib:conv)",
        "JIT=1 (mylib:conv/eager)",
    ]


def test_subject_that_has_no_switches_is_a_record_that_is_refused() -> None:
    begun, *rest = run_of(asked(right, [WORD]))
    file = written(
        [begun, {"type": "subject", "subject": "mylib:conv", "versions": {}}, *rest], Path("run.jsonl")
    )
    with pytest.raises(ValueError, match="line 2: this is no record of the type 'subject'"):
        list(records_in(file))
