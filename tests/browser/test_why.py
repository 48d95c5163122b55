"""What a clerk reads of the rule: why this one, and whom the window leaves to a better clerk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import situation, staffed
from tests.browser.test_looks import LEAST_PANEL_PX, check

if TYPE_CHECKING:
    from tests.browser.conftest import Pages
    from tests.live import LiveServer

pytestmark = pytest.mark.browser


def better_soon(live: LiveServer, seconds: int) -> None:
    """How long a better clerk who is free counts, from now on."""
    config = live.ask("GET", "/v1/halls/county/config")["config"]
    config["routing"]["better_soon_s"] = seconds
    live.ask("POST", "/v1/halls/county/commands", {"command": "configure", "config": config})


def test_beginner_reads_whom_the_window_leaves_and_calls_when_that_is_over(
    pages: Pages, live: LiveServer
) -> None:
    better_soon(live, 600)
    staffed(live, "w3", "c04")
    staffed(live, "w5", "c05")
    number = live.issue("estate")["number"]
    panel = pages.panel("w3")
    situation(panel, "idle")
    expect(panel.locator(".message-title")).to_have_text("暂时留给更熟练的窗口")
    expect(panel.locator(".message")).to_contain_text(f"{number} 由 3 号窗口留给更熟练的 5 号窗口，最迟到 ")
    expect(panel.locator("#dominant")).to_contain_text("留给更熟练的窗口")
    check(panel, LEAST_PANEL_PX, "left to a better clerk")

    panel.keyboard.press("Enter")

    expect(panel.locator("#receipt")).to_contain_text(f"没有叫号：{number} 由 3 号窗口留给")
    situation(panel, "idle")
    check(panel, LEAST_PANEL_PX, "nobody called")

    social = live.issue("social")["number"]
    expect(panel.locator(".number")).to_have_text(social)
    expect(panel.locator(".sentence").first).to_contain_text("另有 1 个队列留给更熟练的工作人员")
    expect(panel.locator(".sentence.left")).to_contain_text(f"{number} 由 3 号窗口留给更熟练的 5 号窗口")
    check(panel, LEAST_PANEL_PX, "another is next")

    live.window("w3", "call_next")
    live.window("w3", "start")
    better_soon(live, 2)
    live.window("w5", "pause", reason="取材料")
    live.window("w5", "unpause")
    live.window("w3", "complete")
    situation(panel, "idle")
    expect(panel.locator("#ticket-body")).to_contain_text(f"{number} 现在可以在本窗口叫号。")
    panel.keyboard.press("Enter")
    situation(panel, "calling")
    expect(panel.locator(".number")).to_have_text(number)
    expect(panel.locator(".sentence").first).to_contain_text("本窗口可办的其他队列无人等候")
