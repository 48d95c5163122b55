"""The screen over a window: its number, whom it calls, what it does; readable without colour."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.browser import boards, moments
from tests.browser.conftest import ToldFeed, is_live

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Pages
    from tests.live import LiveServer

pytestmark = pytest.mark.browser

BAR = (1280, 320)
DRILL = {**moments.SUSPENDED, "reason": "消防演习"}


@pytest.fixture
def live(standing: LiveServer) -> LiveServer:
    return standing


def told(
    pages: Pages, bar: dict[str, Any], size: tuple[int, int] = BAR, query: str = "", **options: Any
) -> tuple[Page, ToldFeed]:
    page = pages.blank(size, **options)
    feed = ToldFeed(page, "strip", bar, boards.NOW_MS)
    return is_live(pages.go(page, f"/tv/county/window/w3{query}", "any")), feed


WORDS = [
    (moments.bar("calling"), "请办理", "综合受理请带好材料"),
    (moments.bar("calling", calls=2), "请办理", "综合受理第 2 次呼叫"),
    (moments.bar("serving"), "办理中", "综合受理请在黄线外等候"),
    (moments.bar("idle"), "等候叫号", "综合受理、社会保险请取号，就座等候"),
    (moments.bar("paused"), "暂停服务", "综合受理、社会保险号票继续有效，请留意叫号"),
    (moments.bar("closed"), "未开放", "综合受理、社会保险请到其他窗口办理"),
    (moments.bar("closed", opens_ms=boards.NOW_MS), "即将开放", "综合受理、社会保险10:24 左右开放"),
    (moments.bar("serving", suspended=DRILL), "大厅暂停服务", "消防演习10:22 起暂停，请听从引导"),
]


def test_each_state_has_its_words(pages: Pages) -> None:
    page, feed = told(pages, moments.bar("idle"))
    for bar, word, line in WORDS:
        feed.change(**bar)
        expect(page.locator("#word")).to_have_text(word)
        expect(page.locator(".line")).to_have_text(line)
        number = bar["number"] if bar["number"] and not bar["suspended"] else ""
        expect(page.locator("#number")).to_have_text(number)
        expect(page.locator("#label")).to_have_text("3")


def test_states_differ_in_luminance_and_shape(pages: Pages) -> None:
    page, feed = told(pages, moments.bar("closed"))
    grounds, shapes = [], set()
    for state in ("calling", "serving", "idle", "paused"):
        feed.change(**moments.bar(state))
        expect(page.locator("#page")).to_have_attribute("data-state", state)
        colour = page.locator(".line").evaluate("n => getComputedStyle(n).backgroundColor")
        red, green, blue = (int(part) for part in colour.removeprefix("rgb(").rstrip(")").split(", "))
        grounds.append(0.2126 * red + 0.7152 * green + 0.0722 * blue)
        shapes.add(page.locator("#sign .shape").get_attribute("class"))

    assert len(shapes) == 4
    ordered = sorted(grounds)
    assert min(b - a for a, b in pairwise(ordered)) > 15


@pytest.mark.parametrize("accent", ["", "#5B1A1A"], ids=["ink-blue", "own colour"])
def test_the_window_is_parted_from_whom_it_serves(pages: Pages, accent: str) -> None:
    for size, side in ((BAR, "right"), ((1080, 1920), "bottom")):
        page, feed = told(pages, moments.bar("serving", accent=accent), size)
        pane = page.locator(".pane")
        style = f"n => getComputedStyle(n).getPropertyValue('border-{side}-width')"
        assert pane.evaluate(style) != "0px"
        darker = pane.evaluate("n => getComputedStyle(n).boxShadow")
        grounds = [
            page.locator(one).evaluate("n => getComputedStyle(n).backgroundColor")
            for one in (".pane", ".now")
        ]
        assert grounds[0] != grounds[1] or "rgba(0, 0, 0, 0.45)" in darker
        feed.change(**moments.bar("idle", accent=accent))
        expect(page.locator("#page")).to_have_attribute("data-state", "idle")
        assert pane.evaluate(style) == "0px"


def test_what_to_do_is_told_in_english_as_well(pages: Pages) -> None:
    bar = moments.bar("idle", line2_en="Real Estate Registration")
    page, _ = told(pages, bar, query="?lang=en")
    hint = page.locator("#hint")
    expect(hint).to_be_visible()
    expect(hint).to_have_text("Take a ticket and a seat")
    hint_box, line_box = hint.bounding_box(), page.locator(".line").bounding_box()
    assert hint_box is not None
    assert line_box is not None
    assert hint_box["x"] + hint_box["width"] <= line_box["x"] + line_box["width"] - 40


def test_a_call_and_a_repeated_one_blink_and_then_stand_still(pages: Pages) -> None:
    page = pages.blank(BAR)
    page.clock.install()
    feed = ToldFeed(page, "strip", moments.bar("calling"), boards.NOW_MS)
    is_live(pages.go(page, "/tv/county/window/w3", "any"))

    def blinks(times: int) -> None:
        page.wait_for_function("n => document.getAnimations().length === n", arg=times)

    assert page.evaluate("document.getAnimations().length") == 0, (
        "what was called before the page opened is not news"
    )

    feed.change(**moments.bar("calling", calls=2))
    blinks(1)
    page.clock.fast_forward(5_000)
    blinks(1)
    page.clock.fast_forward(1_500)
    blinks(0)
    feed.change(**moments.bar("calling", number="A013"))
    blinks(1)
    feed.change(**moments.bar("serving", number="A013"))
    blinks(0)
