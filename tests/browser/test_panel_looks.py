"""Every state and question of the panel: contrast, sizes, nothing cut or overlapping, axe, English, 200 %."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.axe import grave
from tests.browser.clerks_day import WINDOW, prepare
from tests.browser.conftest import PANEL, is_live, situation
from tests.browser.panel_states import walk
from tests.browser.test_looks import LEAST_PANEL_PX, check
from tests.live import LiveServer

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser.conftest import Pages

pytestmark = pytest.mark.browser

LOOKS = [(PANEL, "zh"), (PANEL, "en"), ((1280, 720), "zh"), ((683, 384), "zh")]
"""The usual screen in both languages, a low one, and the usual one enlarged to 200 %."""


@pytest.mark.parametrize(("size", "lang"), LOOKS, ids=lambda value: str(value).replace(", ", "x"))
def test_every_state_can_be_read(pages: Pages, live: LiveServer, size: tuple[int, int], lang: str) -> None:
    prepare(live)
    token = live.token("clerk", hall="county", window=WINDOW)
    panel = pages.go(pages.blank(size), f"/panel/county/{WINDOW}?lang={lang}", token)
    is_live(panel)
    for state in walk(panel, live):
        check(panel, LEAST_PANEL_PX, state, scrolls=size[1] < 700)
        asked = panel.locator("#page[data-question] .key").first
        if asked.count():
            expect(asked).to_be_in_viewport()
        if panel.locator("#key-sheet").is_visible():
            expect(panel.locator("#key-sheet li, #key-sheet tr").first).to_be_in_viewport()
        if (size, lang) == LOOKS[0]:
            assert grave(panel) == [], state


def test_practice_hall_is_marked_and_has_people(pages: Pages, tmp_path: Path) -> None:
    live = LiveServer(tmp_path / "practice", more=["--practice"]).start()
    try:
        token = live.token("clerk", hall="county-practice", window=WINDOW)
        panel = pages.blank(PANEL)
        panel.goto(f"{live.url}/panel/county-practice/{WINDOW}#token={token}")
        situation(is_live(panel), "unstaffed")
        expect(panel.locator("#top-practice")).to_have_text("练习大厅：与真实排队无关")
        panel.keyboard.press("1")
        for name in ("closed", "idle", "calling", "serving"):
            if name == "calling":
                expect(panel.locator(".number")).to_be_visible()
            panel.keyboard.press("Enter")
            situation(panel, name)
        check(panel, LEAST_PANEL_PX, "practice")
        assert grave(panel) == []
        assert live.ask("GET", "/v1/halls/county/tickets")["tickets"] == []
        assert live.ask("GET", "/v1/halls/county/windows/w3")["window"]["clerk"] is None
        panel.goto(f"{live.url}/panel/county/{WINDOW}#token={token}")
        expect(panel.locator("#page")).to_have_attribute("data-phase", "refused")
    finally:
        live.stop()
