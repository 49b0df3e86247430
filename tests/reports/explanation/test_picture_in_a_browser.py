"""The picture in a real browser: it moves by click, key and slider, and is read by everyone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.reports.explanation.explained import LECTURE
from tests.waiting import LIMIT_S
from verify import Case
from verify.checks.subject import describe
from verify.faults import fault_named
from verify.reports.explanation.answered import answered_by
from verify.reports.explanation.picture import write_picture

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER = next((path for name in BROWSERS if (path := shutil.which(name))), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason=f"no browser is installed: {', '.join(BROWSERS)}")

WRONG = "conv_i6x9_c2_k3x4_f2_s2x2_d1x2_same_bias_relu_ints3"
WORDS = (
    "conv_i5_k3_s2_same_iota",
    "conv_i4x4_k3x3_same_int32_dyadic",
    "separable_i4x4_c2_k2x2_m2_f3_valid_bias_ints",
    "transpose_i3x4_k3x2_f2_s2x3_same_iota",
    "filtergrad_n2_i5x4_c2_k3x2_f2_s2x1_same_iota",
)

LONGER = (
    "conv_n2_i4x5_c4_k2x3_f4_s1x2_g2_p1.0x0.2_cf_relu6_ints",
    "depthwise_i5x5_c2_k3x3_m2_d2x1_same_iota",
    "transpose_i5x6_c2_k3x2_f3_s2x3_same_iota",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as running:
        started = running.chromium.launch(executable_path=BROWSER)
        yield started
        started.close()


@pytest.fixture(scope="module")
def only_tab(browser: Any) -> Iterator[Any]:
    """A tab without a network; starting one takes four times as long as loading a page in it."""
    context = browser.new_context(offline=True)
    context.set_default_timeout(1000 * LIMIT_S)
    shown = context.new_page()
    shown.complaints = []
    shown.on("console", lambda message: shown.complaints.append(message.text))
    shown.on("pageerror", lambda error: shown.complaints.append(str(error)))
    shown.on("request", lambda asked: shown.complaints.append(asked.url))
    yield shown
    context.close()


@pytest.fixture
def tab(only_tab: Any, request: pytest.FixtureRequest) -> Any:
    """A telephone's width; light, and with motion, unless a test asks for another."""
    asked = {"color_scheme": "light", "reduced_motion": "no-preference", **getattr(request, "param", {})}
    only_tab.goto("about:blank")
    only_tab.emulate_media(**asked)
    only_tab.set_viewport_size({"width": 360, "height": 740})
    only_tab.complaints.clear()
    return only_tab


def open_picture(tab: Any, folder: Path, word: str, *, fault: str = "") -> None:
    case = Case.parse(word)
    answered = answered_by(describe(fault_named(fault)), case) if fault else None
    write_picture(folder / "picture.html", case, answered=answered)
    tab.goto((folder / "picture.html").as_uri())


def answers(tab: Any) -> list[str]:
    """The cells of the answer that are filled."""
    return tab.eval_on_selector_all(
        "#due [role=grid] td:not(.corner):not(.blank)", "cells => cells.map(cell => cell.textContent)"
    )


def now(tab: Any) -> str:
    return tab.locator("#where").inner_text()


def violations(tab: Any) -> list[str]:
    """What axe finds hard to read or to use, contrast below 4.5 among it."""
    from axe_playwright_python.sync_playwright import Axe

    violated = Axe().run(tab).response["violations"]
    return [f"{rule['id']}: {rule['nodes'][0]['html']}" for rule in violated]


def test_picture_needs_nothing_else_and_fits_a_telephone(tab: Any, tmp_path: Path) -> None:
    open_picture(tab, tmp_path, WRONG, fault="odd-cell-before")
    assert tab.complaints == [(tmp_path / "picture.html").as_uri()]
    assert tab.evaluate("document.documentElement.scrollWidth") == 360


def test_answer_fills_cell_by_cell(tab: Any, tmp_path: Path) -> None:
    open_picture(tab, tmp_path, LECTURE)
    filled = [answers(tab)]
    for _ in range(3):
        tab.get_by_role("button", name="Next cell").click()
        filled.append(answers(tab))
    assert filled == [["6"], ["6", "4"], ["6", "4", "3"], ["6", "4", "3", "13"]]


def test_window_moves_by_slider_click_and_key(tab: Any, tmp_path: Path) -> None:
    open_picture(tab, tmp_path, LECTURE)
    tab.locator("#slider").fill("4")
    assert now(tab) == "Cell 5 of 18: (0, 1, 1, 0), batch 0, row 1, column 1, filter 0"
    tab.locator(".block").first.get_by_role("row").nth(1).locator("td").nth(6).click()
    assert now(tab) == "Cell 3 of 18: (0, 0, 2, 0), batch 0, row 0, column 2, filter 0"
    tab.locator("#due [role=grid]").nth(1).locator("tbody td").nth(4).click()
    assert now(tab) == "Cell 14 of 18: (0, 1, 1, 1), batch 0, row 1, column 1, filter 1"
    for key in ("ArrowDown", "ArrowRight", "PageUp", "ArrowUp"):
        tab.keyboard.press(key)
    assert now(tab) == "Cell 6 of 18: (0, 1, 2, 0), batch 0, row 1, column 2, filter 0"
    tab.keyboard.press("End")
    assert now(tab).startswith("Cell 18 of 18")


def test_window_of_the_input_is_marked_and_framed(tab: Any, tmp_path: Path) -> None:
    open_picture(tab, tmp_path, "conv_i5x5_k3x3_s2x2_d2x1_same_iota")
    read = tab.eval_on_selector_all("td.read", "cells => cells.map(cell => cell.textContent)")
    assert read == ["0", "0", "0", "0", "1", "2", "0", "11", "12"]
    frame, first = tab.locator(".frame-of-window").bounding_box(), tab.locator("td.read").first.bounding_box()
    assert abs(frame["x"] - first["x"]) <= 2


def test_wrong_cells_are_marked_and_visited(tab: Any, tmp_path: Path) -> None:
    open_picture(tab, tmp_path, WRONG, fault="odd-cell-before")
    assert tab.locator("td.bad").count() == 25
    assert "answered 0 here, not 265, which is due; allowed 0" in tab.locator("#verdict").inner_text()
    tab.get_by_role("button", name="Next wrong").click()
    assert now(tab).startswith("Cell 18 of 30")


def test_play_is_stopped_by_a_key_and_never_begins_by_itself(tab: Any, tmp_path: Path) -> None:
    tab.clock.install()
    open_picture(tab, tmp_path, LECTURE)
    tab.clock.run_for(5000)
    assert now(tab).startswith("Cell 1 of 18")
    tab.get_by_role("button", name="Play").click()
    tab.clock.run_for(2000)
    assert now(tab).startswith("Cell 3 of 18")
    tab.get_by_role("button", name="Pause").click()
    tab.clock.run_for(5000)
    assert now(tab).startswith("Cell 3 of 18")


@pytest.mark.parametrize("word", [*WORDS, *(pytest.param(word, marks=pytest.mark.long) for word in LONGER)])
def test_products_that_are_shown_make_the_sums(tab: Any, tmp_path: Path, word: str) -> None:
    open_picture(tab, tmp_path, word)
    wrong = tab.evaluate("""() => {
      const wrong = [];
      for (let step = 0; step <= Number(document.getElementById("slider").max); step++) {
        for (const block of document.querySelectorAll(".block")) {
          const products = [...block.querySelectorAll("td.product")].map(cell => BigInt(cell.textContent));
          const sum = products.reduce((total, product) => total + product, 0n);
          const said = block.querySelector("output").textContent;
          if (said.split(",")[0] !== `sum ${sum}`) wrong.push([step, said, String(sum)]);
        }
        const answers = [...document.querySelectorAll("#due [role=grid] td:not(.corner)")];
        const answer = document.querySelector("#steps dd.last").textContent;
        if (BigInt(answers[step].textContent) !== BigInt(answer)) wrong.push([step, answer]);
        document.getElementById("next").click();
      }
      return wrong;
    }""")
    assert wrong == []
    assert len(tab.complaints) == 1


@pytest.mark.parametrize(
    "tab", [{"color_scheme": "light"}, {"color_scheme": "dark"}], ids=["light", "dark"], indirect=True
)
def test_picture_is_accessible(tab: Any, tmp_path: Path) -> None:
    tab.set_viewport_size({"width": 1600, "height": 1200})
    open_picture(tab, tmp_path, WRONG, fault="odd-cell-before")
    assert violations(tab) == []


@pytest.mark.parametrize("tab", [{"reduced_motion": "reduce"}], ids=["reduced"], indirect=True)
def test_nothing_glides_where_motion_is_to_be_reduced(tab: Any, tmp_path: Path) -> None:
    open_picture(tab, tmp_path, LECTURE)
    glide = "getComputedStyle(document.querySelector('.frame-of-window')).transitionDuration"
    assert set(tab.evaluate(glide).split(", ")) <= {"0s", "1e-05s"}
