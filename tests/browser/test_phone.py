"""A ticket on its holder's phone: position, wait, where to go, and what to do next."""

from __future__ import annotations

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

PHONE = (390, 844)
LEAST = 16
LISTENS = """
window.buzzes = [];
navigator.vibrate = (pattern) => { window.buzzes.push(pattern); return true; };
"""
OTHERS = ["held", "missed", "done", "cancelled", "abandoned", "expired"]


@pytest.fixture
def live(standing: LiveServer) -> LiveServer:
    return standing


def told(
    pages: Pages, ticket: dict[str, Any], query: str = "", size: tuple[int, int] = PHONE
) -> tuple[Page, ToldFeed]:
    page = pages.blank(size)
    page.add_init_script(LISTENS)
    feed = ToldFeed(page, "ticket", ticket, boards.NOW_MS)
    return is_live(pages.go(page, f"/t/county/t1{query}", "any")), feed


def test_says_how_many_are_ahead_how_long_and_where_to_wait(pages: Pages) -> None:
    page, _ = told(pages, moments.ticket(ahead=12, wait={"p50_s": 1500, "low_s": 1200, "high_s": 1800}))

    expect(page.locator("#number")).to_have_text("A016")
    expect(page.locator("#ahead")).to_have_text("12位")
    expect(page.locator("#wait")).to_have_text("20–30分钟")
    expect(page.locator("#where-place")).to_have_text("一楼东厅　综合区")
    expect(page.locator("#banner")).to_be_hidden()
    expect(page).to_have_title("A016 我的号")


@pytest.mark.parametrize("query", ["", "?lang=en"], ids=["zh", "en"])
def test_figures_stay_within_their_card(pages: Pages, query: str) -> None:
    page, feed = told(pages, moments.ticket(), query)
    for low_min, high_min in ((20, 30), (95, 120), (100, 140)):
        wait = {"p50_s": low_min * 60, "low_s": low_min * 60, "high_s": high_min * 60}
        feed.show(page, moments.ticket(ahead=120, wait=wait))
        for wide in (390, 360, 320):
            page.set_viewport_size({"width": wide, "height": 640})
            left = page.locator(".facts div").evaluate_all(
                "all => all.map((cell) => { const words = document.createRange();"
                "words.selectNodeContents(cell.querySelector('dd'));"
                "return cell.getBoundingClientRect().right - words.getBoundingClientRect().right; })"
            )
            assert min(left) >= 4, (low_min, wide)


def test_a_wait_that_nobody_knows_is_not_told(pages: Pages) -> None:
    page, _ = told(pages, moments.ticket(ahead=12, wait={"p50_s": None, "low_s": None, "high_s": None}))

    expect(page.locator("#wait")).to_have_text("暂无法估计")


def test_three_ahead_is_told_by_colour_words_title_and_vibration(pages: Pages) -> None:
    page, feed = told(pages, moments.ticket(ahead=4))
    expect(page.locator("#banner")).to_be_hidden()
    expect(page.locator("#hints")).to_contain_text("点一下本页")
    page.locator("#number").click()
    expect(page.locator("#hints")).not_to_contain_text("点一下本页")

    feed.change(**moments.ticket(ahead=3))

    expect(page.locator("#banner-title")).to_have_text("快到您了，请回综合区")
    expect(page.locator("#banner-text")).to_have_text("叫到号时，手机会震动提醒。")
    expect(page).to_have_title("快到您了 A016")
    feed.change(**moments.ticket(ahead=2))
    expect(page.locator("#ahead")).to_have_text("2位")
    assert len(page.evaluate("buzzes")) == 1, "once for the news, not for each person"


def test_a_call_and_each_repetition_vibrate_and_say_where_to_go(pages: Pages) -> None:
    page, feed = told(pages, moments.ticket(ahead=0, wait=None))
    expect(page.locator("#ahead")).to_have_text("您是下一位")

    feed.change(**moments.ticket("called"))

    expect(page.locator("#call-label")).to_have_text("12")
    expect(page.locator("#call-number")).to_have_text("A016")
    expect(page.locator("#where-text")).to_have_text("进门右转，走约 20 米，左手边")
    expect(page).to_have_title("请到 12 号窗口 A016")
    assert len(page.evaluate("buzzes")) == 1
    feed.change(**moments.ticket("called", calls=2))
    expect(page.locator("#call-count")).to_contain_text("第 2 次呼叫")
    assert len(page.evaluate("buzzes")) == 2


def test_a_browser_that_cannot_vibrate_promises_nothing(pages: Pages) -> None:
    page = pages.blank(PHONE)
    page.add_init_script("delete Navigator.prototype.vibrate")
    ToldFeed(page, "ticket", moments.ticket(), boards.NOW_MS)
    is_live(pages.go(page, "/t/county/t1", "any"))

    expect(page.locator("#banner-text")).to_have_text("叫到号时这里会变，请听叫号。")


@pytest.mark.parametrize(
    ("policy", "words"),
    [("void", "请重新取号"), ("second_call", "12 号窗口旁等候"), ("k_back", "30 分钟内到导办台")],
)
def test_a_missed_number_says_what_can_be_done(pages: Pages, policy: str, words: str) -> None:
    missed = moments.ticket("missed")
    missed["rejoin"] = {**missed["rejoin"], "policy": policy}
    page, _ = told(pages, missed)

    expect(page.locator("#state")).to_have_text("已过号")
    expect(page.locator("#message-text")).to_contain_text(words)


def test_who_owes_papers_reads_until_when(pages: Pages) -> None:
    page, _ = told(pages, moments.ticket("held"))

    expect(page.locator("#message-text")).to_contain_text("补齐材料后")
    expect(page.locator("#message-text")).to_contain_text("11:54 前有效")


def test_a_suspended_hall_tells_no_wait(pages: Pages) -> None:
    page, _ = told(pages, {**moments.ticket(), "suspended": moments.SUSPENDED})

    expect(page.locator("#banner-title")).to_have_text("大厅暂停服务")
    expect(page.locator("#banner-text")).to_contain_text("消防演习")
    expect(page.locator("#wait")).to_have_text("暂停叫号")


def test_a_service_that_was_stopped_is_told_to_who_waits_for_it(pages: Pages) -> None:
    page, feed = told(pages, {**moments.ticket(ahead=12), "stopped": "上级系统故障"})

    expect(page.locator("#banner-title")).to_have_text("本业务暂停取号")
    expect(page.locator("#banner-text")).to_contain_text("上级系统故障")
    expect(page.locator("#banner-text")).to_contain_text("您的号码继续有效，请留意叫号，或到导办台询问。")
    feed.change(**{**moments.ticket(ahead=2), "stopped": "上级系统故障"})
    expect(page.locator("#banner-title")).to_contain_text("快到您了")
    expect(page.locator("#hints")).to_contain_text("本业务暂停取号：上级系统故障。")
    feed.change(**moments.ticket(ahead=12))
    expect(page.locator("#banner")).to_be_hidden()


@pytest.mark.parametrize("query", ["", "?lang=en"], ids=["zh", "en"])
def test_what_can_be_done_is_in_the_first_view(pages: Pages, query: str) -> None:
    page, feed = told(pages, moments.ticket(), query)
    for state in (moments.ticket(), moments.ticket("called")):
        feed.show(page, state)
        for wide, high in ((390, 844), (360, 640), (320, 568), (844, 390)):
            page.set_viewport_size({"width": wide, "height": high})
            assert page.evaluate("scrollY") == 0
            for name in ("#cancel", "#contact"):
                box = page.locator(name).bounding_box()
                assert box is not None
                assert box["y"] + box["height"] <= high, (name, wide)
            number = page.locator("#number:visible, #call-label:visible").bounding_box()
            bar = page.locator("#acts").bounding_box()
            assert number is not None
            assert bar is not None
            assert number["y"] + number["height"] <= bar["y"], (wide, high)


def test_wide_letters_stay_within_the_card(pages: Pages) -> None:
    page, feed = told(pages, moments.ticket())
    for width in (390, 320):
        page.set_viewport_size({"width": width, "height": 800})
        for number in ("M016", "W444", "MW1000"):
            feed.change(**moments.ticket(number=number))
            shown = page.locator("#number")
            expect(shown).to_have_text(number)
            assert shown.evaluate("node => node.scrollWidth <= node.clientWidth"), (width, number)
