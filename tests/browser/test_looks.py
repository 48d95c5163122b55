"""Every page in every state: contrast of 7 and more, nothing small, cut or overlapping."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PORTRAIT, TV, is_live, situation, staffed
from tests.browser.contrast import look

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Pages
    from tests.live import LiveServer

pytestmark = pytest.mark.browser

LEAST_PANEL_PX = 14
LEAST_HOME_PX = 15
WINDOWS = [(1366, 768), (1280, 720), (1920, 1080), (683, 384)]
"""The usual panel, a low one, a large one, and the usual one enlarged to 200 %."""


def check(page: Page, least_px: float, state: str, *, scrolls: bool = False) -> None:
    looks = look(page, least_px=least_px, scrolls=scrolls)
    assert looks.faults == [], state
    assert looks.texts >= 3, state


@pytest.mark.parametrize("size", WINDOWS, ids=lambda size: f"{size[0]}x{size[1]}")
def test_panel_in_every_state(pages: Pages, live: LiveServer, size: tuple[int, int]) -> None:
    scrolls = size[1] < 700
    for service in ("general", "social", "medical", "estate", "general"):
        live.issue(service)
    panel = pages.panel(size=size)

    def state(name: str, key: str = "") -> None:
        if key:
            panel.keyboard.press(key)
        situation(panel, name)
        check(panel, LEAST_PANEL_PX, name, scrolls=scrolls)

    state("unstaffed")
    state("unstaffed", "1")
    state("closed", "Enter")
    state("idle", "Enter")
    state("calling", "Enter")
    panel.keyboard.press("F2")
    expect(panel.locator("#receipt")).to_have_attribute("data-kind", "refused")
    state("calling")
    state("calling", "F1")
    state("calling", "F1")
    state("serving", "Enter")
    state("serving", "F10")
    panel.keyboard.press("5")
    expect(panel.locator("#state-since")).to_contain_text("办完后暂停")
    state("serving")
    state("paused", "Enter")
    live.kill()
    expect(panel.locator("#page")).to_have_attribute("data-phase", "lost")
    state("paused")


def test_figures_stand_apart_when_enlarged(pages: Pages, live: LiveServer) -> None:
    live.issue("general")
    staffed(live)
    panel = pages.panel(size=WINDOWS[-1])
    expect(panel.locator(".facts dd").first).to_have_text("不到 1 分")

    gap = panel.evaluate(
        """() => {
          const figures = Array.from(document.querySelectorAll("#ticket-body .facts dd"));
          const [waited, target] = figures.map((node) => {
            const words = document.createRange();
            words.selectNodeContents(node);
            return words.getBoundingClientRect();
          });
          return target.left - waited.right;
        }"""
    )

    assert gap >= 8


@pytest.mark.parametrize("why", ["not a token", "another window's token", "unknown window"])
def test_refused_panel_is_one_card_over_the_page(pages: Pages, live: LiveServer, why: str) -> None:
    window = "w99" if why == "unknown window" else "w3"
    for size in (*WINDOWS[:2], WINDOWS[-1]):
        token = "no" if why == "not a token" else live.token("clerk", hall="county", window="w4")
        panel = pages.go(pages.blank(size), f"/panel/county/{window}", token)
        expect(panel.locator("#page")).to_have_attribute("data-phase", "refused")

        expect(panel.locator("#side")).to_be_hidden()
        panel.keyboard.press("F1")
        expect(panel.locator("#key-sheet")).to_be_hidden()
        box = panel.locator("#ticket").bounding_box()
        assert box is not None
        assert box["width"] > size[0] - 40
        check(panel, LEAST_PANEL_PX, why, scrolls=size[1] < 700)


@pytest.mark.parametrize("size", [TV, PORTRAIT], ids=["landscape", "portrait"])
def test_screen_live_lost_and_refused(pages: Pages, live: LiveServer, size: tuple[int, int]) -> None:
    least = 28 if size == TV else 26
    live.issue("general")
    screen = pages.tv(size=size, reduced_motion="reduce")
    check(screen, least, "nothing called yet")
    for command in ("sign_in", "open", "call_next"):
        live.window("w3", command, **({"clerk": "c01"} if command == "sign_in" else {}))
    expect(screen.locator("#hero-number")).to_have_text("A001")
    check(screen, least, "called")
    refused = pages.go(pages.blank(size), "/tv/county/hall", "not-a-token")
    expect(refused.locator("#page")).to_have_attribute("data-phase", "refused")
    check(refused, least, "refused")
    live.kill()
    expect(screen.locator("#page")).to_have_attribute("data-phase", "lost")
    check(screen, least, "lost")


@pytest.mark.parametrize("size", [(1366, 768), (390, 844)], ids=["desk", "phone"])
def test_home_with_and_without_a_token(pages: Pages, live: LiveServer, size: tuple[int, int]) -> None:
    home = pages.go(pages.blank(size), "/")
    expect(home.locator(".code").first).to_be_visible()
    check(home, LEAST_HOME_PX, "no token", scrolls=True)
    home = pages.go(pages.blank(size), "/", "not-a-token")
    expect(home.locator(".trouble")).to_be_visible()
    check(home, LEAST_HOME_PX, "bad token", scrolls=True)
    home = pages.go(pages.blank(size), "/", live.token("supervisor", hall="county"))
    expect(home.locator("a.link").first).to_be_visible()
    check(home, LEAST_HOME_PX, "links", scrolls=True)


@pytest.mark.parametrize("size", WINDOWS[:2], ids=lambda size: f"{size[0]}x{size[1]}")
def test_panel_in_english(pages: Pages, live: LiveServer, size: tuple[int, int]) -> None:
    live.issue("general")
    panel = pages.blank(size)
    pages.go(panel, "/panel/county/w3?lang=en", live.token("clerk", hall="county", window="w3"))
    is_live(panel)
    for name, key in (
        ("unstaffed", "1"),
        ("closed", "Enter"),
        ("idle", "Enter"),
        ("calling", "Enter"),
        ("serving", "Enter"),
    ):
        panel.keyboard.press(key)
        situation(panel, name)
        check(panel, LEAST_PANEL_PX, name)
        if name in ("idle", "calling"):
            expect(panel.locator(".service")).to_have_text("General Affairs")
            expect(panel.locator(".chips")).to_contain_text("1 person")
    expect(panel.locator("#top-hall")).to_have_text("County Government Service Centre")
    names = panel.locator("#top-services, #top-hall, .queue-name, .service, .chips, .key").all_text_contents()
    assert not [words for words in names if any("\u4e00" <= c <= "\u9fff" for c in words)]
