"""The page of a run in a real browser, as it is shown, read and used."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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
LONG = f"mylib.{'a_long_module_name.' * 8}conv"


def records_of_a_page() -> list[Record]:
    """The records of a page with every section, whose names and sentences are wide or look like HTML."""
    declined = "separable_i2_k1_same_ones"
    hostile = asked(wrong, [WORD, declined], HOSTILE)
    long = asked(wrong, ["transpose_i9_k3_s2_p0.1_iota", "conv_i3_k1_same_reals", declined], LONG)
    return run_of(hostile, long, code=1)


def wrong(case: Case) -> Array:
    if case.operation == "separable":
        raise Declined("<script>document.title='run'</script> " + "wide" * 100)
    fault = {"conv": "odd-cell-before", "transpose": "gradient-padded-at-other-end"}[case.operation]
    return fault_named(fault)(case) if case.fill != "reals" else reference(case).astype(case.dtype)


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


@pytest.fixture
def tab(browser: Any, file: Path, request: pytest.FixtureRequest) -> Iterator[Any]:
    """The page in a telephone's width, without a network, light unless a test asks for another scheme."""
    scheme = getattr(request, "param", "light")
    size = {"width": 360, "height": 740}
    context = browser.new_context(color_scheme=scheme, viewport=size, offline=True)
    context.set_default_timeout(1000 * LIMIT_S)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    shown = context.new_page()
    shown.complaints = []
    shown.on("console", lambda message: shown.complaints.append(message.text))
    shown.on("pageerror", lambda error: shown.complaints.append(str(error)))
    shown.on("request", lambda asked: shown.complaints.append(asked.url))
    shown.goto(file.as_uri())
    yield shown
    context.close()


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


def test_wide_table_scrolls_in_its_box(tab: Any) -> None:
    box = tab.get_by_label("Coverage of All subjects")
    assert box.evaluate("box => box.scrollWidth > box.clientWidth && box.clientWidth < 360")


def test_names_and_sentences_run_nothing(tab: Any) -> None:
    assert tab.title() == "conv-verify: Disagrees: 2 findings in 5 cases."
    assert tab.locator("img").count() == 0


def test_button_copies_the_replay_line(tab: Any) -> None:
    tab.get_by_role("button", name="Copy the replay line of failure 1").click()
    tab.get_by_text("The line is copied.").wait_for()
    assert tab.evaluate("navigator.clipboard.readText()") == tab.locator("#replay-1").inner_text()


def test_button_copies_where_a_page_has_no_clipboard(tab: Any) -> None:
    tab.evaluate("void (navigator.clipboard.writeText = () => Promise.reject())")
    tab.get_by_role("button", name="Copy the replay line of failure 1").click()
    tab.get_by_text("The line is copied.").wait_for()
    assert tab.evaluate("navigator.clipboard.readText()") == tab.locator("#replay-1").inner_text()


def test_failure_is_unfolded_by_keyboard(tab: Any) -> None:
    tab.locator("#failure-2 > summary").focus()
    tab.keyboard.press("Enter")
    assert tab.locator("#replay-2").is_visible()


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


@pytest.mark.parametrize("tab", ["light", "dark"], indirect=True)
def test_page_is_accessible(tab: Any) -> None:
    tab.set_viewport_size({"width": 2400, "height": 1000})  # what is scrolled away is not judged
    unfold(tab)
    assert violations(tab) == []


@pytest.mark.parametrize(
    ("tab", "ground"), [("light", "rgb(255, 255, 255)"), ("dark", "rgb(20, 23, 26)")], indirect=["tab"]
)
def test_page_follows_the_scheme_of_the_reader(tab: Any, ground: str) -> None:
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == ground


def test_marks_of_a_picture_are_drawn(tab: Any) -> None:
    marks = tab.locator("#failure-1 use[href='#read']")
    assert marks.first.bounding_box()["width"] > 5
