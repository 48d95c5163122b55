"""A screen as a device: it says how it is, shows a test picture and loads anew when it is told."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import TV, is_live

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.browser.conftest import Pages
    from tests.live import LiveServer

pytestmark = pytest.mark.browser

WITHIN_S = 20.0


def test_a_screen_reports_and_obeys(pages: Pages, live: LiveServer) -> None:
    headers = {"Authorization": f"Bearer {live.token('supervisor')}"}
    with httpx.Client(base_url=live.url, headers=headers) as admin:
        obeys(pages, live, admin)


def obeys(pages: Pages, live: LiveServer, admin: httpx.Client) -> None:
    def row() -> Any:
        devices = admin.get("/v1/halls/county/floor").json()["data"]["devices"]
        return next((one for one in devices if one["id"] == "tv-9"), None)

    def until(wanted: Callable[[Any], bool]) -> Any:
        ends = time.monotonic() + WITHIN_S
        while time.monotonic() < ends:
            found = row()
            if found is not None and wanted(found):
                return found
            page.wait_for_timeout(50)
        pytest.fail(f"the device is {row()}")

    def told(order: str) -> None:
        body = {"command": "order_device", "device": "tv-9", "order": order}
        assert admin.post("/v1/halls/county/commands", json=body).status_code == 200

    page = pages.blank(TV)
    token = live.token("screen", hall="county")
    is_live(pages.go(page, "/tv/county/hall?device=tv-9&voice=on", token))
    found = until(lambda one: one["audio_blocked"])
    assert (found["kind"], found["listed"], found["text"]) == ("screen", False, "不能播放声音")
    assert "+" in found["version"]
    page.locator("#sound").click()
    until(lambda one: not one["audio_blocked"] and one["state"] == "ok")

    told("test")
    expect(page.locator("#test-picture")).to_contain_text("tv-9")
    expect(page.locator("#test-picture")).to_have_count(0)
    until(lambda one: one["order"]["state"] == "done")

    told("resend")
    until(lambda one: one["order"]["order"] == "resend" and one["order"]["state"] == "done")

    page.evaluate("window.before = true")
    told("restart")
    until(lambda one: one["order"]["order"] == "restart" and one["order"]["state"] == "done")
    assert page.evaluate("window.before") is None
    is_live(page)
    assert page.evaluate("performance.getEntriesByType('navigation')[0].type") == "reload"
