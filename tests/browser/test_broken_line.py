"""Servers die, lines break: nothing is shown as fresh that is old, no press is lost or doubled."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import is_live, situation, staffed

if TYPE_CHECKING:
    from playwright.sync_api import WebSocketRoute

    from tests.browser.conftest import Pages
    from tests.live import LiveServer

pytestmark = pytest.mark.browser

YELLOW = "rgb(255, 201, 51)"


def test_pages_mark_what_is_old_and_come_back_at_the_same_revision(pages: Pages, live: LiveServer) -> None:
    live.issue("general")
    staffed(live)
    screen, panel = pages.tv(), pages.panel()
    panel.keyboard.press("Enter")
    situation(panel, "calling")
    expect(screen.locator("#hero-number")).to_have_text("A001")
    before = [page.locator("#page").get_attribute("data-revision") for page in (screen, panel)]

    live.kill()

    for page in (screen, panel):
        expect(page.locator("#page")).to_have_attribute("data-phase", "lost")
    expect(screen.locator("#link")).to_contain_text("连接中断")
    expect(screen.locator("#call-label")).to_contain_text("末次叫号")
    expect(screen.locator("#hero-number")).to_have_text("A001")
    expect(screen.locator("#notice")).to_contain_text("显示停在")
    fills = screen.locator("body *").evaluate_all("all => all.map(n => getComputedStyle(n).backgroundColor)")
    assert YELLOW not in fills
    expect(panel.locator("#state-word")).to_contain_text("连接中断")
    expect(panel.locator(".number")).to_have_text("A001")
    expect(panel.locator("#dominant")).to_have_attribute("aria-disabled", "true")
    panel.keyboard.press("Enter")

    live.start()

    for page in (screen, panel):
        is_live(page)
    situation(panel, "calling")
    expect(screen.locator("#hero-number")).to_have_text("A001")
    after = [page.locator("#page").get_attribute("data-revision") for page in (screen, panel)]
    assert [int(a or 0) >= int(b or 0) for a, b in zip(after, before, strict=True)] == [True, True]
    panel.keyboard.press("Enter")
    situation(panel, "serving")


def test_press_whose_answer_is_lost_is_repeated_and_acts_once(pages: Pages, live: LiveServer) -> None:
    live.issue("general")
    live.issue("general")
    staffed(live)
    commands: list[dict[str, Any]] = []

    def between(page_side: WebSocketRoute) -> None:
        server_side = page_side.connect_to_server()

        def up(text: str | bytes) -> None:
            message = json.loads(text)
            if message["type"] == "command":
                commands.append(message)
            server_side.send(text)

        def down(text: str | bytes) -> None:
            if json.loads(text)["type"] == "result" and len(commands) == 1:
                page_side.close(code=4500)  # the server acted; its answer never arrives
            else:
                page_side.send(text)

        page_side.on_message(up)
        server_side.on_message(down)

    panel = pages.blank((1366, 768))
    panel.route_web_socket("**/feed", between)
    pages.go(panel, "/panel/county/w3", live.token("clerk", hall="county", window="w3"))
    situation(panel, "idle")

    panel.keyboard.press("Enter")

    expect(panel.locator("#receipt")).to_contain_text("已叫 A001")
    situation(panel, "calling")
    assert [message["command"] for message in commands] == ["call_next", "call_next"]
    assert commands[0]["key"] == commands[1]["key"]
    tickets = live.ask("GET", "/v1/halls/county/tickets")["tickets"]
    assert [ticket["state"] for ticket in tickets] == ["called", "waiting"]


def test_press_that_comes_late_is_not_done_to_the_clerk_who_took_over(pages: Pages, live: LiveServer) -> None:
    staffed(live)
    sent: list[dict[str, Any]] = []

    def between(page_side: WebSocketRoute) -> None:
        server_side = page_side.connect_to_server()

        def up(text: str | bytes) -> None:
            message = json.loads(text)
            if message["type"] == "command":
                sent.append(message)
                if len(sent) == 1:
                    live.window("w3", "take_over", clerk="c02")
                    page_side.close(code=4500)  # the press is lost on its way
                    return
            server_side.send(text)

        page_side.on_message(up)

    panel = pages.blank((1366, 768))
    panel.route_web_socket("**/feed", between)
    pages.go(panel, "/panel/county/w3", live.token("clerk", hall="county", window="w3"))
    situation(panel, "idle")

    for key in ("F10", "7"):
        panel.keyboard.press(key)

    expect(panel.locator("#receipt")).to_contain_text("状态已经变了")
    assert [(one["command"], one["seen_clerk"]) for one in sent] == [("sign_out", "c01")] * 2
    window = live.ask("GET", "/v1/halls/county/windows/w3")["window"]
    assert window["clerk"] == "c02"


@pytest.mark.parametrize(
    ("path", "role", "words"),
    [
        ("/tv/county/hall", None, "令牌无效或已停用"),
        ("/tv/county/nowhere", "screen", "没有这个大厅或区域"),
        ("/panel/county/w3", None, "令牌无效或已停用"),
        ("/panel/county/w9", "supervisor", "没有这个大厅或窗口"),
        ("/panel/county/w3", "screen", "这个令牌不能操作本窗口"),
    ],
)
def test_page_that_is_not_let_in_says_why_and_does_not_insist(
    pages: Pages, live: LiveServer, path: str, role: str | None, words: str
) -> None:
    page = pages.blank((1366, 768))
    sockets: list[object] = []
    page.on("websocket", lambda socket: sockets.append(socket))
    pages.go(page, path, live.token(role, hall="county") if role else "not-a-token")

    expect(page.locator("#page")).to_have_attribute("data-phase", "refused")

    expect(page.locator("main")).to_contain_text(words)
    assert len(sockets) == 1


def test_page_without_a_token_asks_for_the_whole_link(pages: Pages) -> None:
    page = pages.go(pages.blank((1920, 1080)), "/tv/county/hall")

    expect(page.locator("#message-text")).to_contain_text("网址里没有令牌")
