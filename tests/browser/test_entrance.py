"""The entrance screen: where each matter is done, how long that takes, and every window's state."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.browser import boards, moments
from tests.browser.conftest import PORTRAIT, TV, ToldFeed, is_live
from tests.browser.contrast import look

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Pages
    from tests.live import LiveServer

pytestmark = pytest.mark.browser


WRITTEN = "n => [getComputedStyle(n).fontSize, getComputedStyle(n).fontWeight].join()"
"""How large and heavy the words of a node are."""


@pytest.fixture
def live(standing: LiveServer) -> LiveServer:
    return standing


def told(
    pages: Pages, hall: dict[str, Any], size: tuple[int, int] = TV, query: str = "", **options: Any
) -> tuple[Page, ToldFeed]:
    page = pages.blank(size, **options)
    feed = ToldFeed(page, "entrance", hall, boards.NOW_MS)
    return is_live(pages.go(page, f"/tv/county/entrance{query}", "any")), feed


def row(page: Page, name: str) -> list[str]:
    """Cells of a service."""
    cells = page.locator("#services tr", has_text=name).locator(
        ".name, .to strong, .to span, .people, .minutes"
    )
    return cells.all_inner_texts()


def test_tells_where_to_wait_how_many_do_and_how_long(pages: Pages) -> None:
    page, _ = told(pages, moments.entrance())

    assert row(page, "综合受理") == ["综合受理", "东厅", "1–35", "18", "20–30"]
    assert row(page, "户政身份证") == ["户政身份证", "西厅", "36–41", "9", "8–15"]
    assert row(page, "出入境") == ["出入境", "西厅", "42–44", "0", "随到随办"]
    assert row(page, "婚姻登记") == ["婚姻登记", "二楼", "81–82", "", "14:30 取号"]
    expect(page.locator("#time")).to_have_text("10:24")


def test_says_nothing_that_is_not_known(pages: Pages) -> None:
    page, feed = told(pages, moments.small_entrance())

    assert [row(page, one["name"])[3:] for one in feed.data["services"]] == [
        ["18", "暂未开窗"],
        ["9", "暂停取号"],
        ["", "今日已取完"],
        ["7", "现不取号"],
        ["3", "暂无法估计"],
    ]


def test_tickets_that_end_by_the_clock_end_on_the_screen(pages: Pages) -> None:
    hall = moments.small_entrance()
    soon = {**moments.OPEN, "until_ms": boards.NOW_MS + 2500}
    hall["services"] = [{**hall["services"][0], "working": 3, "count": 0, "ticketing": soon}]
    page, _ = told(pages, hall)

    assert row(page, "综合受理")[4] == "随到随办"
    expect(page.locator("#services td.minutes")).to_have_text("现不取号")


def test_every_window_shows_its_state_by_shape_word_and_fill(pages: Pages) -> None:
    page, feed = told(pages, moments.entrance())
    windows = page.locator("#zones .window")

    expect(windows).to_have_count(84)
    assert [entry.split() for entry in page.locator("#legend .entry").all_inner_texts()] == [
        ["叫号中", "4"],
        ["空闲", "6"],
        ["办理中", "60"],
        ["暂停", "3"],
        ["未开放", "11"],
    ]
    shapes = windows.evaluate_all(
        "all => all.map(n => [n.dataset.state, n.querySelector('[role=img]').getAttribute('aria-label'),"
        " n.querySelector('.shape').classList[1], getComputedStyle(n).backgroundColor].join())"
    )
    assert len(set(shapes)) == 5
    zones = [
        {**zone, "windows": [{**w, "state": "paused"} for w in zone["windows"]]}
        for zone in feed.data["zones"]
    ]
    feed.change(zones=zones)
    expect(page.locator("#zones [data-state=paused]")).to_have_count(84)


def test_a_suspended_hall_says_so_in_place_of_everything(pages: Pages) -> None:
    page, feed = told(pages, moments.entrance())
    feed.change(suspended=moments.SUSPENDED)

    expect(page.locator("#message-title")).to_have_text("大厅暂停服务")
    expect(page.locator("#message-text")).to_contain_text("消防演习，请沿绿色标志离开")
    expect(page.locator("#message-text")).to_contain_text("10:22 起暂停叫号")
    expect(page.locator("#services")).to_be_hidden()
    expect(page.locator("#notice")).to_have_text("恢复后继续按原来的顺序叫号。")
    feed.change(suspended=None)
    expect(page.locator("#services")).to_be_visible()
    expect(page.locator("#message")).to_be_hidden()


@pytest.mark.parametrize("size", [TV, PORTRAIT], ids=["landscape", "portrait"])
def test_what_to_do_in_an_evacuation_is_as_large_in_english_and_at_the_entrance(
    pages: Pages, size: tuple[int, int]
) -> None:
    leave = "Please leave by the nearest exit; staff will guide you."
    own = "Fire drill. Follow the green signs."
    kinds = (("停电检修", "Power cut."), ("有人晕倒", "Staff will tell you what to do."))
    hall = {**moments.entrance(), "suspended": moments.SUSPENDED}
    shown = {}
    for view, path, data in (
        ("entrance", "/tv/county/entrance", hall),
        ("entrance", "/tv/county/entrance?lang=en", hall),
        ("board", "/tv/county/hall", {**boards.usual(), "suspended": moments.SUSPENDED}),
        ("board", "/tv/county/hall?lang=en", {**boards.usual(), "suspended": moments.SUSPENDED}),
    ):
        page = pages.blank(size)
        feed = ToldFeed(page, view, data, boards.NOW_MS)
        is_live(pages.go(page, path, "any"))
        words = page.locator("#message-text")
        if "en" in path.partition("?")[2]:
            expect(words).to_contain_text(leave)
            for reason, standing in kinds:
                feed.change(suspended={**moments.SUSPENDED, "reason": reason})
                expect(words).to_contain_text(standing)
            feed.change(suspended={**moments.SUSPENDED, "reason_en": own})
            expect(words).to_contain_text(own)
            assert not re.search("[一-鿿]", words.inner_text())
        shown[path] = words.evaluate(
            "n => [getComputedStyle(n).fontSize, getComputedStyle(n).fontWeight].join()"
        )
    assert set(shown.values()) == {"54px,700"}, shown


def test_a_city_turns_its_pages_until_all_was_shown(pages: Pages) -> None:
    page = pages.blank(TV)
    page.clock.install()
    hall = moments.longest_entrance()
    ToldFeed(page, "entrance", hall, boards.NOW_MS)
    is_live(pages.go(page, "/tv/county/entrance", "any"))
    seen: set[str] = set()
    places: set[str] = set()
    for _ in range(8):
        seen.update(page.locator("#zones .zone").evaluate_all("all => all.map(n => n.textContent)"))
        places.add(page.locator("#services-page").inner_text())
        page.clock.fast_forward(12_000)

    assert sum(text.count("综合7") for text in seen) >= 1
    assert len(seen) >= 2
    assert places == {"1 / 2", "2 / 2"}


@pytest.mark.parametrize("size", [TV, PORTRAIT], ids=["landscape", "portrait"])
def test_english_names_are_whole_and_apart(pages: Pages, size: tuple[int, int]) -> None:
    hall = moments.entrance()
    names = ("Social Insurance", "Social Insurance for Employers", "General Affairs", "Identity Cards")
    places = ("Floor 1: Everyday Services", "Floor 2: Marriage Registration", "Floor 2: Social Security")
    for n, service in enumerate(hall["services"]):
        service |= {"name_en": names[n % 4], "zone_name_en": places[n % 3], "windows": "201–218"}
    page, _ = told(pages, hall, size, "?lang=en")

    cells = page.locator("#services .name, #services .to strong")
    texts = cells.evaluate_all(
        "all => all.filter(n => n.scrollWidth > n.clientWidth + 1 || n.scrollHeight > n.clientHeight + 4)"
        ".map(n => n.textContent)"
    )
    assert texts == []
    gaps = page.locator("#services tr").evaluate_all(
        "all => all.map((row) => { const words = document.createRange();"
        "words.selectNodeContents(row.querySelector('.name'));"
        "const to = row.querySelector('.to').getBoundingClientRect();"
        "return to.left - words.getBoundingClientRect().right; })"
    )
    assert min(gaps) >= 6
    assert look(page, least_px=26).faults == []


def test_every_zone_of_a_county_fits_on_one_page_in_both_languages(pages: Pages) -> None:
    for query in ("", "?lang=en"):
        page, _ = told(pages, moments.entrance(), TV, query)
        assert page.locator("#zones .zone").count() == len(moments.ZONES)
        assert page.locator("#zones").evaluate("node => node.style.getPropertyValue('--columns')") == "12"


@pytest.mark.parametrize("query", ["", "?lang=en"], ids=["zh", "en"])
@pytest.mark.parametrize("size", [TV, PORTRAIT], ids=["landscape", "portrait"])
def test_a_small_hall_uses_the_room_that_there_is(pages: Pages, size: tuple[int, int], query: str) -> None:
    page, feed = told(pages, moments.small_entrance(), size, query)
    rows = page.locator("#services tr")
    expect(rows).to_have_count(5)
    card, last = page.locator(".services").bounding_box(), rows.last.bounding_box()
    assert card is not None
    assert last is not None
    assert last["y"] + last["height"] > card["y"] + 0.95 * card["height"]
    tile = page.locator("#zones .window").first.bounding_box()
    assert tile is not None
    assert min(tile["width"], tile["height"]) > 140
    assert look(page, least_px=26).faults == []
    feed.show(page, moments.entrance())
    expect(page.locator("#services[data-few], #zones[data-few], #zones[data-roomy]")).to_have_count(0)
    expect(page.locator("#zones .window")).to_have_count(84)


def test_zones_with_long_names_stand_on_one_page(pages: Pages) -> None:
    hall = moments.entrance()
    for at, name in ((2, "婚姻与法律服务区"), (4, "不动产与税务区"), (6, "县镇村视频联办区")):
        hall["zones"][at]["name"] = name
    hall["zones"][0]["windows"] += [moments.window(number) for number in (85, 86, 87)]
    page, _ = told(pages, hall)

    expect(page.locator("#zones .zone")).to_have_count(7)
    assert look(page, least_px=26).faults == []


def test_a_stopped_service_is_told_with_its_reason_and_where_to_ask(pages: Pages) -> None:
    hall = moments.entrance()
    hall["services"][7]["ticketing"] = {
        **moments.OPEN,
        **{"open": False, "closed": "service_closed", "until_ms": None},
        **{"reason": "上级系统故障", "reason_en": "The system of the province is down"},
    }
    page, _ = told(pages, hall)
    expect(page.locator("#notice")).to_have_text("不动产登记暂停取号：上级系统故障。请到导办台询问。")
    page, _ = told(pages, hall, query="?lang=en")
    for words in (
        "Real estate registration: no tickets for now (The system of the province is down).",
        "Ask at the desk.",
    ):
        expect(page.locator("#notice")).to_have_text(words)
