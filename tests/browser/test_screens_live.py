"""The new pages against a real server: it dies and comes back, clocks are wrong, the hall is suspended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.axe import grave
from tests.browser.conftest import TV, is_live, staffed
from tests.browser.contrast import look

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Pages
    from tests.live import LiveServer

pytestmark = pytest.mark.browser

YELLOW = "rgb(255, 201, 51)"
WRONG_CLOCK = """
const now = Date.now;
Date.now = () => now() - 3 * 60 * 60 * 1000;
"""


def entrance(pages: Pages, live: LiveServer, page: Page | None = None) -> Page:
    token = live.token("screen", hall="county")
    return is_live(pages.go(page or pages.blank(TV), "/tv/county/entrance", token))


def window(pages: Pages, live: LiveServer) -> Page:
    token = live.token("screen", hall="county")
    return is_live(pages.go(pages.blank((1280, 320)), "/tv/county/window/w3", token))


def phone(pages: Pages, ticket: dict[str, dict[str, str]]) -> Page:
    """As the QR code of a ticket opens it."""
    path, _, token = ticket["links"]["page"].partition("#token=")
    return is_live(pages.go(pages.blank((390, 844)), path, token))


def fills(page: Page) -> list[str]:
    found: list[str] = page.locator("body *").evaluate_all(
        "all => all.filter(n => n.getClientRects().length).map(n => getComputedStyle(n).backgroundColor)"
    )
    return found


def test_a_morning_on_all_screens(pages: Pages, live: LiveServer) -> None:
    first = live.issue("general")
    mine = live.issue("general")
    hall, bar, holder = entrance(pages, live), window(pages, live), phone(pages, mine)
    expect(holder.locator("#ahead")).to_have_text("1位")
    expect(bar.locator("#word")).to_have_text("未开放")
    closed = hall.locator(".zone [data-state=closed]")
    expect(closed).to_have_count(6)

    staffed(live)
    expect(bar.locator("#word")).to_have_text("等候叫号")
    live.window("w3", "call_next")

    expect(bar.locator("#number")).to_have_text(first["number"])
    expect(bar.locator("#word")).to_have_text("请办理")
    expect(hall.locator(".zone [data-state=calling]")).to_have_text("3")
    expect(holder.locator("#ahead")).to_have_text("您是下一位")
    assert first["number"] not in holder.locator("body").inner_text(), "no other person's number"
    live.window("w3", "start")
    live.window("w3", "complete")
    live.window("w3", "call_next")
    expect(holder.locator("#call-label")).to_have_text("3")
    expect(holder.locator("#where-text")).to_have_text("进门右转，第二排")
    live.window("w3", "start")
    expect(holder.locator("#call-title")).to_have_text("正在窗口办理")
    live.window("w3", "complete")
    expect(holder.locator("#state")).to_have_text("已办结")


def test_what_is_old_is_marked_and_comes_back(pages: Pages, live: LiveServer) -> None:
    live.issue("general")
    mine = live.issue("general")
    staffed(live)
    live.window("w3", "call_next")
    hall, bar, holder = entrance(pages, live), window(pages, live), phone(pages, mine)
    expect(bar.locator("#number")).to_have_text("A001")

    live.kill()

    for page, least in ((hall, 26), (bar, 30), (holder, 16)):
        expect(page.locator("#page")).to_have_attribute("data-phase", "lost")
        assert YELLOW not in fills(page)
        assert look(page, least_px=least, scrolls=page is holder).faults == []
        assert grave(page) == []
    expect(hall.locator("#link")).to_contain_text("连接中断")
    expect(hall.locator("#notice")).to_contain_text("显示停在")
    expect(bar.locator("#hint")).to_contain_text("显示停在")
    expect(bar.locator("#word")).to_have_text("末次叫号")
    expect(holder.locator("#banner-title")).to_contain_text("连接中断")
    holder.locator("#cancel").click()
    expect(holder.locator("#confirm")).to_have_attribute("aria-disabled", "true")
    holder.locator("#keep").click()

    live.start()

    for page in (hall, bar, holder):
        is_live(page)
    expect(bar.locator("#word")).to_have_text("请办理")
    expect(holder.locator("#ahead")).to_have_text("您是下一位")


def test_time_is_the_halls_whatever_the_device_believes(pages: Pages, live: LiveServer) -> None:
    page = pages.blank(TV, timezone_id="America/New_York")
    page.add_init_script(WRONG_CLOCK)
    hall = entrance(pages, live, page)
    right = hall.evaluate(
        """async () => {
          const answer = await fetch("/healthz");
          const date = new Date(answer.headers.get("date"));
          const format = {timeZone: "Asia/Shanghai", hour12: false, hour: "2-digit", minute: "2-digit"};
          const written = new Intl.DateTimeFormat("en-GB", format);
          return [0, 60].map((s) => written.format(new Date(date.getTime() - s * 1000)));
        }"""
    )

    assert hall.locator("#time").inner_text() in right


def test_a_suspended_hall_is_told_on_every_page(pages: Pages, live: LiveServer) -> None:
    mine = live.issue("general")
    hall, bar, holder, zone = entrance(pages, live), window(pages, live), phone(pages, mine), pages.tv()

    live.ask("POST", "/v1/halls/county/commands", {"command": "suspend", "reason": "消防演习"})

    for page, title in (
        (hall, "#message-title"),
        (bar, "#word"),
        (holder, "#banner-title"),
        (zone, "#message-title"),
    ):
        expect(page.locator(title)).to_have_text("大厅暂停服务")
        expect(page.locator("body")).to_contain_text("消防演习")
    assert look(zone, least_px=28).faults == []
    live.ask("POST", "/v1/halls/county/commands", {"command": "resume"})
    expect(zone.locator("#message-title")).to_have_text("暂无叫号")
    expect(bar.locator("#word")).to_have_text("未开放")
    expect(holder.locator("#banner-title")).to_contain_text("快到您了")


def test_the_holder_leaves_the_queue_after_being_asked_once_more(pages: Pages, live: LiveServer) -> None:
    mine = live.issue("general")
    holder = phone(pages, mine)

    holder.locator("#cancel").click()
    expect(holder.locator("#ask")).to_contain_text("A001")
    holder.locator("#keep").click()
    expect(holder.locator("#confirm")).to_be_hidden()
    holder.locator("#cancel").click()
    holder.locator("#confirm").click()

    expect(holder.locator("#state")).to_have_text("已取消")
    expect(holder.locator("#cancel")).to_be_hidden()
    assert live.ask("GET", f"/v1/halls/county/tickets/{mine['id']}")["ticket"]["state"] == "cancelled"


@pytest.mark.parametrize(
    ("path", "token", "words"),
    [
        ("/t/county/nobody", "ct_no", "链接无效"),
        ("/t/county/nobody", "", "请扫号票上的二维码"),
        ("/tv/county/window/w9", "screen", "没有这个大厅或窗口"),
        ("/tv/county/entrance", "", "网址里没有令牌"),
    ],
)
def test_a_link_that_opens_nothing_says_what_to_do(
    pages: Pages, live: LiveServer, path: str, token: str, words: str
) -> None:
    given = live.token("screen", hall="county") if token == "screen" else token
    page = pages.go(pages.blank((1280, 720)), path, given)

    expect(page.locator("#page")).to_have_attribute("data-phase", "refused")
    expect(page.locator("main, .page").first).to_contain_text(words)
    assert look(page, least_px=15, scrolls=True).faults == []
