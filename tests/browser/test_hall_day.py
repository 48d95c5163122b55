"""A clerk and the people in the hall, each at a page of their own, on one real server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import is_live, situation, staffed

if TYPE_CHECKING:
    from playwright.sync_api import Page, WebSocket

    from tests.browser.conftest import Pages
    from tests.live import LiveServer

pytestmark = pytest.mark.browser


def sent_commands(page: Page) -> list[dict[str, Any]]:
    """Grows with every command that the page sends; call before the page is opened."""
    sent: list[dict[str, Any]] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framesent", hear)

    def hear(frame: str | bytes) -> None:
        message = json.loads(frame)
        if message["type"] == "command":
            sent.append(message)

    page.on("websocket", listen)
    return sent


def test_call_pressed_on_the_panel_shows_on_the_screen(pages: Pages, live: LiveServer) -> None:
    number = live.issue("general")["number"]
    staffed(live)
    screen, panel = pages.tv(), pages.panel()
    expect(screen.locator("#message-title")).to_have_text("暂无叫号")
    expect(screen.locator("#waiting")).to_contain_text("综合受理1")

    panel.locator("#dominant").click()

    situation(panel, "calling")
    expect(panel.locator(".number")).to_have_text(number)
    expect(screen.locator("#hero-number")).to_have_text(number)
    expect(screen.locator("#hero-window")).to_have_text("3")
    expect(screen.locator("#waiting")).to_contain_text("综合受理0")


def test_clerk_works_by_keyboard_alone(pages: Pages, live: LiveServer) -> None:
    live.issue("general")
    live.issue("social")
    panel = pages.panel()
    press, receipt = panel.keyboard.press, panel.locator("#receipt")

    situation(panel, "unstaffed")
    press("Enter")
    expect(receipt).to_contain_text("请先选择姓名")
    press("ArrowDown")
    press("Enter")
    situation(panel, "closed")
    expect(panel.locator("#top-clerk")).to_contain_text("李敏")
    press("Enter")
    situation(panel, "idle")
    expect(panel.locator(".number")).to_have_text("A001")
    expect(panel.locator(".sentence").first).to_contain_text("在 2 个队列中应先办")
    press("Enter")
    situation(panel, "calling")
    expect(receipt).to_contain_text("已叫 A001")

    press("F2")
    expect(receipt).to_contain_text("重呼没有执行：距上次叫号太近。")
    expect(panel.locator("#key-recall")).to_contain_text("秒后")
    press("NumpadSubtract")
    expect(receipt).to_contain_text("过号没有执行：须先重呼（F2）再过号，还差 1 次，")
    expect(receipt).to_contain_text("秒后可以重呼。")
    expect(panel.locator("#key-miss")).to_contain_text("须呼 2 次")
    situation(panel, "calling")

    press("NumpadEnter")
    situation(panel, "serving")
    press("F10")
    expect(panel.locator("#keys")).to_contain_text("整理材料")
    press("Enter")
    expect(panel.locator("#dominant-hint")).to_contain_text("请选择暂停原因")
    press("2")
    expect(receipt).to_contain_text("已约定：A001 办完后暂停")
    expect(panel.locator("#state-since")).to_contain_text("办完后暂停")
    press("Enter")
    situation(panel, "paused")
    expect(panel.locator("#state-word")).to_have_text("暂停：整理材料")
    expect(panel.locator("#last")).to_contain_text("A001")
    expect(panel.locator("#today")).to_contain_text("1 件")
    press("Enter")
    situation(panel, "idle")

    panel.locator("#key-pause").focus()
    press("Enter")
    panel.locator(".key", has_text="签退").focus()
    press("Enter")
    situation(panel, "unstaffed")
    assert live.ask("GET", "/v1/halls/county/windows/w3")["window"]["clerk"] is None


def test_recall_and_miss_when_their_time_has_come(pages: Pages, live: LiveServer) -> None:
    live.issue("general")
    staffed(live)
    screen, panel = pages.tv(), pages.panel()
    panel.keyboard.press("Enter")
    situation(panel, "calling")

    expect(panel.locator("#key-recall")).not_to_have_attribute("aria-disabled", "true")
    panel.keyboard.press("F3")
    expect(panel.locator("#receipt")).to_contain_text("须先重呼（F2）再过号，还差 1 次。")
    panel.keyboard.press("F2")

    expect(panel.locator("#receipt")).to_contain_text("已重呼 A001，第 2 次")
    expect(screen.locator("#call-again")).to_be_visible()
    expect(panel.locator("#key-miss")).not_to_have_attribute("aria-disabled", "true")
    panel.keyboard.press("F3")
    situation(panel, "idle")
    expect(screen.locator("#missed")).to_contain_text("A001")
    expect(screen.locator("#missed-rule")).to_contain_text("请到导办台询问")


def test_held_enter_acts_once(pages: Pages, live: LiveServer) -> None:
    for _ in range(3):
        live.issue("general")
    staffed(live)
    panel = pages.blank((1366, 768))
    sent = sent_commands(panel)
    pages.go(panel, "/panel/county/w3", live.token("clerk", hall="county", window="w3"))
    situation(panel, "idle")

    for _ in range(12):
        panel.keyboard.down("Enter")
    situation(panel, "calling")
    for _ in range(12):
        panel.keyboard.down("Enter")
    panel.keyboard.up("Enter")

    expect(panel.locator("#receipt")).to_contain_text("已叫 A001")
    assert [message["command"] for message in sent] == ["call_next"]
    assert live.ask("GET", "/v1/halls/county/windows/w3")["window"]["state"] == "calling"


def test_double_click_is_one_press(pages: Pages, live: LiveServer) -> None:
    live.issue("general")
    staffed(live)
    panel = pages.panel()

    panel.locator("#dominant").click(click_count=2, delay=250)

    situation(panel, "calling")
    expect(panel.locator("#receipt")).to_contain_text("已叫 A001")
    assert live.ask("GET", "/v1/halls/county/windows/w3")["window"]["state"] == "calling"


def test_keys_of_an_input_method_are_not_ours(pages: Pages, live: LiveServer) -> None:
    live.issue("general")
    staffed(live)
    panel = pages.blank((1366, 768))
    sent = sent_commands(panel)
    pages.go(panel, "/panel/county/w3", live.token("clerk", hall="county", window="w3"))
    situation(panel, "idle")

    panel.evaluate(
        """() => document.body.dispatchEvent(
             new KeyboardEvent("keydown", {key: "Enter", code: "Enter", isComposing: true, bubbles: true}))"""
    )
    panel.keyboard.press("F1")

    expect(panel.locator("#key-sheet")).to_be_visible()
    panel.keyboard.press("Escape")
    expect(panel.locator("#side")).to_be_visible()
    assert sent == []


def test_nobody_waiting_is_said_and_nothing_called(pages: Pages, live: LiveServer) -> None:
    staffed(live)
    panel = pages.panel()
    expect(panel.locator(".message-title")).to_have_text("暂无人等候")

    panel.keyboard.press("Enter")

    expect(panel.locator("#receipt")).to_contain_text("暂无人等候，没有叫号")
    situation(panel, "idle")
    live.issue("general")
    expect(panel.locator(".number")).to_have_text("A001")
    panel.keyboard.press("Enter")
    situation(panel, "calling")


def test_ticket_that_is_cancelled_leaves_the_panel_with_a_word(pages: Pages, live: LiveServer) -> None:
    ticket = live.issue("general")
    staffed(live)
    panel = pages.panel()
    panel.keyboard.press("Enter")
    situation(panel, "calling")
    expect(panel.locator("#receipt")).to_contain_text("已叫 A001")

    live.ask("POST", f"/v1/halls/county/tickets/{ticket['id']}/commands", {"command": "cancel"})

    situation(panel, "idle")
    expect(panel.locator("#receipt")).to_contain_text("A001 已取消")


def test_clerk_who_sits_elsewhere_is_refused_in_words(pages: Pages, live: LiveServer) -> None:
    live.window("w1", "sign_in", clerk="c01")
    panel = pages.panel()
    expect(panel.locator(".clerk").first).to_contain_text("在 1 号窗口")

    panel.locator(".clerk").first.click()
    panel.locator("#dominant").click()

    expect(panel.locator("#receipt")).to_contain_text("这位工作人员已在别的窗口签到。请先在那里签退。")
    situation(panel, "unstaffed")


def test_token_leaves_the_address_bar_and_survives_a_reload(pages: Pages) -> None:
    panel = pages.panel()
    assert "#" not in panel.url

    panel.reload()

    situation(panel, "unstaffed")
    assert panel.evaluate("Object.keys(localStorage).filter(key => key.includes('token'))") == []


def test_home_lists_the_pages_of_the_hall(pages: Pages, live: LiveServer) -> None:
    home = pages.go(pages.blank((1366, 768)), "/", live.token("clerk", hall="county"))

    expect(home.locator("a.link")).to_have_count(17)
    expect(home.locator("a[href^='/floor/']")).to_have_count(0)
    with home.context.expect_page() as opened:
        home.locator("a[href^='/panel/']", has_text="3 号窗口").click()
    situation(opened.value, "unstaffed")


def test_home_of_a_supervisor_has_the_pages_of_the_whole_hall_too(pages: Pages, live: LiveServer) -> None:
    home = pages.go(pages.blank((1366, 768)), "/", live.token("supervisor", hall="county"))

    expect(home.locator("a.link")).to_have_count(21)
    expect(home.locator("a[href^='/editor/']")).to_have_count(1)
    for page in ("floor", "desk", "cases", "kiosk"):
        with home.context.expect_page() as opened:
            home.locator(f"a[href^='/{page}/']").click()
        is_live(opened.value)


def test_home_of_a_demo_lists_each_page_with_its_own_token(pages: Pages, live: LiveServer) -> None:
    screen = live.token("screen", hall="county")
    clerk = live.token("clerk", hall="county", window="w1")
    fragment = f"#links=county,panel/w1={clerk}=c01,tv/all={screen}"
    home = pages.go(pages.blank((1366, 768)), f"/{fragment}")

    expect(home.locator("a.link")).to_have_count(9)
    expect(home.locator("main")).to_contain_text("由您办理：签到时选 c01")
    expect(home.locator("main")).to_contain_text("叫号屏的可看本大厅各个区域")
    with home.context.expect_page() as opened:
        home.locator("a[href^='/panel/']", has_text="1 号窗口").click()
    situation(opened.value, "unstaffed")
    for name in ("入口屏", "1 号窗口屏"):
        with home.context.expect_page() as beside:
            home.get_by_role("link", name=name).click()
        is_live(beside.value)


def test_home_without_a_token_says_how_to_get_one(pages: Pages) -> None:
    home = pages.go(pages.blank((1366, 768)), "/")

    expect(home.locator("main")).to_contain_text("callq token create")
