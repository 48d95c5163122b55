"""The kiosk of a large hall: themes, finding a matter, what came to nothing, fingers that will not stop."""

from __future__ import annotations

from bisect import bisect
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.browser.axe import grave
from tests.browser.conftest import PORTRAIT, TV, Pages
from tests.browser.contrast import look
from tests.browser.kiosks import Kiosk, large_file, press, settled, shows
from tests.live import LiveServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

FIRSTS = "啊芭擦搭蛾发噶哈击喀垃妈拿哦啪期然撒塌挖昔压匝"
"""The first hanzi of each letter in the order of GB 2312."""

TAPS_S = 2
TAPPING = """
({ x, y, seconds }) => {
  window.taps = 0;
  window.shown = window.shown || [];
  if (!window.watching) {
    const number = document.getElementById("number");
    window.watching = new MutationObserver(() => window.shown.push(number.textContent));
    window.watching.observe(number, { childList: true, characterData: true, subtree: true });
  }
  const until = performance.now() + 1000 * seconds;
  const tap = () => {
    const due = Math.min(performance.now(), until) - (until - 1000 * seconds);
    for (; window.taps < due / 10; window.taps += 1) {
      const touched = document.elementFromPoint(x, y);
      touched.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
    }
    if (performance.now() < until) setTimeout(tap, 5);
    else document.body.dataset.tapped = window.taps;
  };
  delete document.body.dataset.tapped;
  tap();
}
"""
"""A finger at one place, a hundred times a second, whatever is shown there; keeps the numbers that were."""


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("large")
    (folder / "hall.toml").write_text(large_file(), encoding="utf-8")
    server = LiveServer(folder / "data", halls=[str(folder / "hall.toml")]).start()
    yield server
    server.stop()


@pytest.fixture
def kiosk(pages: Pages, live: LiveServer) -> Kiosk:
    return Kiosk(pages, live, "dongyuan")


def middle(page: Page, service: str) -> dict[str, float]:
    box = page.locator(f'[data-service="{service}"]').bounding_box()
    assert box is not None
    return {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}


def told(page: Page) -> str:
    """The number that the page shows, with where to wait for it."""
    shows(page, "ticket")
    expect(page.locator("#result")).to_have_text("取号成功，请记下号码")
    expect(page.locator("#where")).not_to_be_empty()
    expect(page.locator("#qr svg")).to_be_visible()
    return page.locator("#number").inner_text()


def test_a_hundred_taps_a_second_at_three_kiosks_at_once(kiosk: Kiosk) -> None:
    """Nothing is lost and nothing doubled: as many numbers are issued as people are shown."""
    before = {one["number"] for one in kiosk.tickets()}
    at = {service: kiosk.open() for service in ("general", "general ", "tax")}
    seen: list[str] = []
    for _ in range(2):
        for service, page in at.items():
            settled(page)
            page.evaluate(TAPPING, {**middle(page, service.strip()), "seconds": TAPS_S})
        for page in at.values():
            expect(page.locator("body")).to_have_attribute("data-tapped", str(100 * TAPS_S))
            seen.append(told(page))
            press(page, "#done")
            shows(page, "home")
    issued = [one["number"] for one in kiosk.tickets() if one["number"] not in before]
    assert sorted(issued) == sorted(seen)
    assert len(set(seen)) == 6
    for page in at.values():
        numbers = page.evaluate("window.shown.filter((text, n) => text && text !== window.shown[n - 1])")
        assert len(numbers) == 2, numbers


def test_a_finger_that_stays_on_a_card_takes_one_number(kiosk: Kiosk) -> None:
    before = len(kiosk.tickets())
    page = kiosk.open(page=kiosk.pages.blank(PORTRAIT, has_touch=True))
    touch = page.context.new_cdp_session(page)

    def send(kind: str, *points: dict[str, Any]) -> None:
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": list(points)})

    for held_ms in (1500, 0):
        settled(page)
        send("touchStart", middle(page, "household"))
        page.wait_for_timeout(held_ms)
        send("touchEnd")
        told(page)
        press(page, "#done")
        shows(page, "home")
    # Where a held finger asks for a menu there is no click.
    settled(page)
    asked = page.locator('[data-service="household"]').evaluate("""
      (card) => card.dispatchEvent(new PointerEvent("contextmenu", {
        bubbles: true, cancelable: true, pointerType: "touch",
      }))
    """)
    assert asked is False, "a menu would come up"
    told(page)
    assert len(kiosk.tickets()) == before + 3


@pytest.mark.parametrize("size", [PORTRAIT, TV], ids=["portrait", "landscape"])
def test_services_stand_under_their_themes_and_none_is_cut_off(kiosk: Kiosk, size: tuple[int, int]) -> None:
    page = kiosk.open(size=size)
    main, cards = page.locator("#main"), page.locator("#services [data-service]")
    upright = size == PORTRAIT
    assert page.locator("#services h3").all_inner_texts() == ["个人", "企业"][: 1 + upright]
    assert cards.count() == (15 if upright else 12)
    assert cards.evaluate_all("all => Math.min(...all.map((one) => one.offsetHeight))") >= 117
    assert main.evaluate("node => node.scrollHeight - node.clientHeight") <= 0
    assert page.locator("#pager").is_hidden() == upright
    if not upright:
        press(page, "#after")
        assert page.locator("#services h3").all_inner_texts() == ["企业"]
        press(page, "#before")
    press(page, "#elder")
    expect(page.locator("#pager")).to_be_visible()
    assert main.evaluate("node => node.scrollHeight - node.clientHeight") <= 0
    press(page, "[data-other]")
    shows(page, "message")
    expect(page.locator("#message-text")).to_contain_text("替您选业务")


@pytest.mark.parametrize("size", [PORTRAIT, TV], ids=["portrait", "landscape"])
def test_a_matter_is_found_by_touch_and_its_number_names_it(kiosk: Kiosk, size: tuple[int, int]) -> None:
    page = kiosk.open(size=size)
    main, rows = page.locator("#main"), page.locator("#matters")

    def check(state: str) -> None:
        assert look(page, least_px=26 if size == PORTRAIT else 24).faults == [], state
        assert grave(page) == [], state
        assert main.evaluate("node => node.scrollHeight - node.clientHeight") <= 0, state

    press(page, "#find-open")
    shows(page, "find")
    expect(rows.locator('[data-group="household"]')).to_contain_text("件事")
    check("find")
    settled(page)
    for letter in "sfz":
        page.locator(f'[data-letter="{letter}"]').click()
    expect(page.locator("#sought")).to_have_text("SFZ_____")
    found = rows.locator(".what strong").all_inner_texts()
    assert found
    assert all("身份证" in name for name in found if name != "户政身份证")
    expect(page.locator('#letters [data-letter="v"]')).to_be_disabled()
    check("letters")
    page.locator('[data-letter="back"]').click()
    expect(page.locator("#sought")).to_have_text("SF______")
    page.locator("#back").click()
    page.locator('[data-group="household"]').click()
    expect(page.locator("#find-title")).to_have_text("户政身份证")
    matter = rows.locator('[data-matter^="item "]').first
    name, code = matter.locator(".what strong").inner_text(), matter.get_attribute("data-matter")
    check("matters of a service")
    matter.click()
    told(page)
    ticket = kiosk.tickets()[-1]
    assert (ticket["service"], f"item {ticket['item']}") == ("household", code)
    assert name
    press(page, "#done")
    press(page, "#find-open")
    expect(page.locator("#sought")).to_have_text("________")


def test_english_finds_by_its_own_letters(kiosk: Kiosk) -> None:
    page = kiosk.open("?lang=en")
    press(page, "#find-open")
    settled(page)
    for letter in "marri":
        page.locator(f'[data-letter="{letter}"]').click()
    expect(page.locator("#matters .what strong").first).to_contain_text("Marriage")
    assert look(page, least_px=26).faults == []


def test_what_came_to_nothing_has_a_place_and_a_number(kiosk: Kiosk) -> None:
    page = kiosk.open()
    expect(page.locator('#services [data-service="unresolved"]')).to_have_count(0)
    press(page, "#unresolved")
    expect(page.locator("#desk-place")).to_have_text("80 号窗口")
    expect(page.locator("#desk-way")).to_contain_text("进门正对导办台")
    expect(page.locator("#desk-phone")).to_contain_text("12345")
    assert look(page, least_px=26).faults == []
    assert grave(page) == []
    press(page, '#desk-service [data-service="unresolved"]')
    assert told(page).startswith("X")


def test_the_letters_of_hanzi_are_those_of_their_pinyin(kiosk: Kiosk) -> None:
    """Held against GB 2312, which has its 3,755 common hanzi in the order of their pinyin."""
    page = kiosk.open()
    codes = (bytes((high, low)) for high in range(0xB0, 0xD8) for low in range(0xA1, 0xFF))
    common = "".join(code.decode("gb2312") for code in codes if code <= bytes.fromhex("D7F9"))
    assert len(common) == 3755
    begins = [common.index(first) for first in FIRSTS]
    letters = {sign: "abcdefghjklmnopqrstwxyz"[bisect(begins, at) - 1] for at, sign in enumerate(common)}
    found = page.evaluate(
        "async (signs) => (await import('/pages/kiosk/initials.js')).initialsOf(signs)", common
    )
    wrong = [sign for sign, may in zip(common, found, strict=True) if letters[sign] not in may]
    assert len(wrong) < 10, wrong
