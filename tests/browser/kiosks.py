"""Kiosks in a browser, and what an agent and the hall's people do beside them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from playwright.sync_api import expect

from callq.config import load_hall
from callq.config.export import export_hall
from tests.browser.conftest import PORTRAIT, Pages, is_live

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.live import LiveServer

SAMPLE = Path(__file__).parents[2] / "callq" / "samples" / "county.toml"
EXTRA = """
[[services]]
code = "marriage"
name = "婚姻登记"
name_en = "Marriage"
prefix = "H"
skill = "general"
quota = 1
theme = "个人"
theme_en = "For People"
booking = { early_min = 120 }
"""


def county_file() -> str:
    """The small sample with bookings, and a service that gives one number."""
    text = SAMPLE.read_text(encoding="utf-8")
    return text.replace("recall_gap_s = 10 ", "recall_gap_s = 0 ") + EXTRA


def large_file() -> str:
    """The sample `dongyuan`, open at any hour of any day."""
    config = load_hall("dongyuan")
    services = tuple(msgspec.structs.replace(one, sessions=()) for one in config.services)
    always = msgspec.structs.replace(config, sessions=(), holidays=(), moved_workdays=(), services=services)
    return export_hall(always)


class Kiosk:
    """A page, and what an agent and the hall's people do beside it."""

    def __init__(self, pages: Pages, live: LiveServer, hall: str = "county") -> None:
        self.pages, self.live, self.hall = pages, live, hall

    def open(self, query: str = "", size: tuple[int, int] = PORTRAIT, page: Page | None = None) -> Page:
        token = self.live.token("kiosk", hall=self.hall)
        page = page or self.pages.blank(size)
        is_live(self.pages.go(page, f"/kiosk/{self.hall}{query}", token))
        if "reader" not in query:
            expect(page.locator('[data-service="general"]')).to_be_visible()
        return settled(page)

    def tickets(self) -> list[dict[str, Any]]:
        page = self.live.ask("GET", f"/v1/halls/{self.hall}/tickets?limit=500")
        found: list[dict[str, Any]] = page["tickets"]
        return found

    def agent(self, command: str, ticket: dict[str, Any], **more: object) -> None:
        """What the agent of the printer says."""
        body = {"command": command, "ticket": ticket["id"], "copy": ticket["print"]["copy"], **more}
        self.live.ask("POST", f"/v1/halls/{self.hall}/printers/k1/commands", body)

    def printed(self, ticket: dict[str, Any]) -> None:
        self.agent("take", ticket)
        self.agent("end", ticket, state="printed")


def settled(page: Page) -> Page:
    """Wait until a press counts: one that began on the view before does not."""
    page.wait_for_timeout(550)
    return page


def press(page: Page, selector: str) -> None:
    settled(page)
    page.locator(selector).click()


def shows(page: Page, mode: str) -> None:
    expect(page.locator("#page")).to_have_attribute("data-mode", mode)


def taken(page: Page, kiosk: Kiosk, service: str = "general") -> dict[str, Any]:
    """Press a card; the ticket that it brings."""
    press(page, f'[data-service="{service}"]')
    shows(page, "ticket")
    number = page.locator("#number").inner_text()
    return next(ticket for ticket in kiosk.tickets() if ticket["number"] == number)
