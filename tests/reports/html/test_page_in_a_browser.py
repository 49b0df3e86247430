"""The page of a run in a real browser, as it is shown, read and used."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.reports.html.recorded import asked, run_of, written
from tests.waiting import LIMIT_S
from verify import Case, Declined, reference
from verify.cases.operands import Array
from verify.faults import fault_named
from verify.reports.html.page import write_page
from verify.reports.records import Record

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER = next((path for name in BROWSERS if (path := shutil.which(name))), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason=f"no browser is installed: {', '.join(BROWSERS)}")

WORD = "conv_n2_i5x6x7_c2_k3x4x2_f2_s2x1x2_same_ints"
HOSTILE = "mylib:<script>document.title='run'</script><img src=x onerror=document.title='run'>"
DTYPES = ["float16", "bfloat16", "float32", "float64"]
LONG = f"mylib.{'a_long_module_name.' * 8}conv"


def records_of_a_page() -> list[Record]:
    """The records of a page with every section, whose names and sentences are wide or look like HTML."""
    declined = "separable_i2_k1_same_ones"
    hostile = asked(wrong, [WORD, declined], HOSTILE)
    rounded = [f"conv_i3_k3_same_{dtype}_reals1" for dtype in DTYPES]
    long = asked(wrong, ["transpose_i9_k3_s2_p0.1_iota", *rounded, declined], LONG)
    flat = asked(wrong, ["conv_i3x4_k2x2_same_iota"], "mylib:flat")
    return run_of(hostile, long, flat, code=1)


def wrong(case: Case) -> Array:
    if case.operation == "separable":
        raise Declined("<script>document.title='run'</script> " + "wide" * 100)
    fault = {"conv": "odd-cell-before", "transpose": "gradient-padded-at-other-end"}[case.operation]
    if case.fill != "reals":
        return fault_named(fault)(case)
    answer = reference(case).astype(case.dtype)
    return np.nextafter(answer, np.inf) if case.dtype == np.float64 else answer


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as running:
        started = running.chromium.launch(executable_path=BROWSER)
        yield started
        started.close()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    write_page(folder / "run.html", [written(records_of_a_page(), folder / "run.jsonl")])
    return folder / "run.html"


@pytest.fixture(scope="module")
def only_tab(browser: Any) -> Iterator[Any]:
    """A tab without a network; starting one takes four times as long as loading the page in it."""
    context = browser.new_context(offline=True)
    context.set_default_timeout(1000 * LIMIT_S)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    shown = context.new_page()
    shown.complaints = []
    shown.on("console", lambda message: shown.complaints.append(message.text))
    shown.on("pageerror", lambda error: shown.complaints.append(str(error)))
    shown.on("request", lambda asked: shown.complaints.append(asked.url))
    yield shown
    context.close()


@pytest.fixture
def tab(only_tab: Any, file: Path, request: pytest.FixtureRequest) -> Any:
    """The page, loaded anew in a telephone's width, light unless a test asks for another scheme."""
    only_tab.goto("about:blank")
    only_tab.emulate_media(color_scheme=getattr(request, "param", "light"))
    only_tab.set_viewport_size({"width": 360, "height": 740})
    only_tab.complaints.clear()
    only_tab.goto(file.as_uri())
    return only_tab


def unfold(tab: Any) -> None:
    tab.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")


def violations(tab: Any) -> list[str]:
    """What axe finds hard to read or to use, contrast below 4.5 among it."""
    from axe_playwright_python.sync_playwright import Axe

    violated = Axe().run(tab).response["violations"]
    return [f"{rule['id']}: {rule['nodes'][0]['html']}" for rule in violated]


def test_page_loads_without_a_complaint_or_a_request(tab: Any, file: Path) -> None:
    assert tab.complaints == [file.as_uri()]


def test_page_is_no_wider_than_a_telephone(tab: Any) -> None:
    unfold(tab)
    assert tab.evaluate("document.documentElement.scrollWidth") == 360


def test_tables_fit_a_telephone(tab: Any) -> None:
    unfold(tab)
    wide = "boxes => boxes.filter(box => box.scrollWidth > box.clientWidth).map(box => box.ariaLabel)"
    assert tab.get_by_label("Errors").locator("thead").inner_text().split()[1:-1] == DTYPES
    assert tab.locator(".box:has(> table:not(.map, .numbers))").evaluate_all(wide) == []


def test_wide_map_scrolls_in_its_box(tab: Any) -> None:
    tab.set_viewport_size({"width": 240, "height": 740})
    unfold(tab)
    box = tab.locator("#failure-2 .box:has(.map)").first
    assert box.evaluate("box => box.scrollWidth > box.clientWidth && box.clientWidth < 240")
    assert tab.evaluate("document.documentElement.scrollWidth") == 240


def test_wide_map_is_scrolled_to_its_worst_cell(tab: Any) -> None:
    tab.set_viewport_size({"width": 240, "height": 740})
    tab.locator("#failure-2 > summary").click()
    worst = tab.locator("#failure-2 td.most")
    assert worst.text_content() == "0 12"
    assert worst.evaluate("cell => cell.offsetLeft") > 200
    tab.wait_for_function("document.querySelector('#failure-2 .box:has(.map)').scrollLeft > 0")
    assert worst.bounding_box()["x"] + worst.bounding_box()["width"] < 240


def test_verdict_of_a_property_comes_first(tab: Any) -> None:
    cells = tab.locator(".cards tbody tr").first.locator("th, td").all_inner_texts()
    assert cells[:2] == ["disagrees", "values on exact fills"]
    places = [tab.locator(".cards tbody tr").first.locator(tag).first.bounding_box() for tag in ("td", "th")]
    assert places[0]["x"] < places[1]["x"] < 360
    assert places[0]["y"] == places[1]["y"]
    count = tab.locator(".cards tbody tr").first.locator("[data-name=cases]").bounding_box()
    assert count["y"] > places[1]["y"] + places[1]["height"] / 2


def test_names_and_sentences_run_nothing(tab: Any) -> None:
    assert tab.title() == "conv-verify: Disagrees: 3 findings in 9 cases."
    assert tab.locator("img").count() == 0
    unfold(tab)
    tab.locator(".frame-of-window").first.wait_for()
    assert tab.title() == "conv-verify: Disagrees: 3 findings in 9 cases."
    assert tab.locator("img, iframe, object").count() == 0
    assert tab.locator("script:not([type='application/json'])").count() == 1


def test_button_copies_the_replay_line(tab: Any) -> None:
    tab.get_by_role("button", name="Copy the replay line of failure 1").click()
    tab.get_by_text("The line is copied.").wait_for()
    assert tab.evaluate("navigator.clipboard.readText()") == tab.locator("#replay-1").inner_text()


def test_button_copies_where_a_page_has_no_clipboard(tab: Any) -> None:
    tab.evaluate("navigator.clipboard.writeText('what was copied before')")
    tab.evaluate("void (navigator.clipboard.writeText = () => Promise.reject())")
    tab.get_by_role("button", name="Copy the replay line of failure 1").click()
    tab.get_by_text("The line is copied.").wait_for()
    assert tab.evaluate("navigator.clipboard.readText()") == tab.locator("#replay-1").inner_text()


def test_failure_is_unfolded_by_keyboard(tab: Any) -> None:
    tab.locator("#failure-2 > summary").focus()
    tab.keyboard.press("Enter")
    assert tab.locator("#replay-2").is_visible()


def visible_findings(tab: Any) -> list[str]:
    return [each.get_attribute("id") for each in tab.locator(".failure").all() if each.is_visible()]


def test_findings_are_filtered_by_keyboard(tab: Any) -> None:
    tab.get_by_label("Show findings that have these words").focus()
    tab.keyboard.type("IOTA transpose_i9")
    assert visible_findings(tab) == ["failure-2"]
    assert tab.get_by_role("status").filter(has_text="1 of 3 findings").is_visible()
    tab.keyboard.press("Enter")
    assert visible_findings(tab) == ["failure-2"]
    tab.keyboard.press("Escape")
    assert visible_findings(tab) == ["failure-1", "failure-2", "failure-3"]


def test_link_to_a_finding_that_is_filtered_out_shows_it(tab: Any) -> None:
    tab.get_by_label("Show findings that have these words").fill("no such words")
    assert visible_findings(tab) == []
    tab.locator(".cards a").last.click()
    tab.locator("#replay-3").wait_for()
    assert visible_findings(tab) == ["failure-1", "failure-2", "failure-3"]


def test_link_of_a_finding_leads_to_its_explanation(tab: Any) -> None:
    assert not tab.locator("#explain-1").is_visible()
    tab.get_by_role("link", name="How it is computed, finding 1").click()
    tab.locator("#explain-1").wait_for()
    assert tab.locator("#explained-1").get_by_text("summing to").first.is_visible()
    assert tab.locator("#explained-1").bounding_box()["y"] < 740


def test_window_of_a_finding_moves_and_no_other(tab: Any) -> None:
    unfold(tab)
    one, other = tab.locator("#moving-2-where"), tab.locator("#moving-3-where")
    one.get_by_text("Cell").wait_for()
    before = one.inner_text()
    tab.locator("#moving-3-slider").fill("4")
    assert other.inner_text() == "Cell 5 of 12: (0, 1, 0, 0), batch 0, row 1, column 0, filter 0"
    tab.locator("#explained-3 [role=grid] td.now").first.press("ArrowRight")
    tab.locator("#moving-3-next").click()
    tab.locator("#explained-3 .block").get_by_role("row").nth(1).locator("td").nth(1).click()
    assert other.inner_text().startswith("Cell 1 of 12")
    assert one.inner_text() == before


def test_slider_of_a_finding_takes_the_width_that_there_is(tab: Any) -> None:
    unfold(tab)
    assert tab.locator("#moving-3-slider").bounding_box()["width"] > 300


def test_picture_of_a_finding_has_what_was_answered(tab: Any) -> None:
    unfold(tab)
    tab.locator("#moving-3-verdict").get_by_text("mylib:flat answered").wait_for()
    assert tab.locator("#explained-3 td.bad").count() == tab.locator("#failure-3 .map td.bad").count() == 12


def test_focus_is_seen(tab: Any) -> None:
    tab.keyboard.press("Tab")
    tab.keyboard.press("Tab")
    assert tab.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert tab.evaluate("document.activeElement.textContent") == "Findings"


def test_tab_reaches_the_copy_button_after_the_message(tab: Any) -> None:
    tab.get_by_label("Message").first.focus()
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.dataset.copies") == "replay-1"


def test_link_to_a_failure_unfolds_it(tab: Any) -> None:
    tab.evaluate("location.hash = '#failure-2'")
    tab.locator("#replay-2").wait_for()
    assert tab.locator("#failure-2").get_attribute("open") == ""


@pytest.mark.parametrize(
    ("tab", "width"), [("light", 2400), ("dark", 2400), ("light", 360)], indirect=["tab"]
)  # what is scrolled away is not judged
def test_page_is_accessible(tab: Any, width: int) -> None:
    tab.set_viewport_size({"width": width, "height": 1000})
    unfold(tab)
    tab.locator("#moving-3-where").get_by_text("Cell").wait_for()
    assert violations(tab) == []


@pytest.mark.parametrize(
    ("tab", "ground"), [("light", "rgb(255, 255, 255)"), ("dark", "rgb(20, 23, 26)")], indirect=["tab"]
)
def test_page_follows_the_scheme_of_the_reader(tab: Any, ground: str) -> None:
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == ground


def test_marks_of_a_picture_are_drawn(tab: Any) -> None:
    marks = tab.locator("#failure-1 use[href='#read']")
    assert marks.first.bounding_box()["width"] > 5


@pytest.fixture
def still(browser: Any, file: Path, request: pytest.FixtureRequest) -> Iterator[Any]:
    """The page under other options of a browser."""
    context = browser.new_context(offline=True, **request.param)
    context.set_default_timeout(1000 * LIMIT_S)
    shown = context.new_page()
    shown.goto(file.as_uri())
    yield shown
    context.close()


@pytest.mark.parametrize("still", [{"java_script_enabled": False}], indirect=True)
def test_findings_are_read_without_scripts(still: Any) -> None:
    still.locator("#failure-2 > summary").click()
    still.locator("#explained-2 > summary").click()
    assert still.locator("#replay-2").is_visible()
    assert still.locator("#failure-2 .map td.bad").first.is_visible()
    assert still.locator("#explained-2").get_by_text("sum ").first.is_visible()
    assert still.locator("#moving-2-off").is_visible()
    hidden = still.locator("#filter, #explained-2 .controls, button")
    assert [each.is_visible() for each in hidden.all()] == [False] * hidden.count()


@pytest.mark.parametrize("still", [{"reduced_motion": "reduce"}], indirect=True)
def test_nothing_glides_where_motion_is_to_be_reduced(still: Any) -> None:
    unfold(still)
    still.locator(".frame-of-window").first.wait_for()
    glides = "shapes => shapes.map(shape => getComputedStyle(shape).transitionDuration)"
    durations = still.locator(".frame-of-window, .numbers td").evaluate_all(glides)
    assert {part for duration in durations for part in duration.split(", ")} <= {"0s", "1e-05s"}
