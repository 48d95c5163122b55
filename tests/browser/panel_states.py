"""Every state of the panel, one after the other, for whoever looks: tests, and pictures for documents.

``python -m tests.browser.panel_states --out docs/images`` photographs the states that docs/panel.md shows.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from playwright.sync_api import expect, sync_playwright

from tests.browser.clerks_day import WINDOW, prepare
from tests.browser.conftest import FLAGS, PANEL, chromium_path, is_live, situation
from tests.live import LiveServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

PICTURED: Final = (
    *("sign in", "idle", "called", "call one", "reasons of a call", "serving", "hold", "abandon", "pause"),
    *("transfer to a service", "transfer to a window", "transfer to a clerk", "wait there", "undo"),
    *("held", "hand over", "take over", "help", "all keys", "lost"),
)
"""States that the documents show."""


def walk(panel: Page, live: LiveServer) -> Iterator[str]:
    """Go through all states; the panel is at rest in each. It ends with the server killed.

    Args:
      panel: of `WINDOW` in a hall as `prepare` leaves it, live.
      live: the server.
    """
    press, question = panel.keyboard.press, panel.locator("#page")

    def asked(act: str, *keys: str) -> None:
        for key in keys:
            press(key)
        expect(question).to_have_attribute("data-question", act)

    def back() -> None:
        press("Escape")
        expect(panel.locator("#keys")).not_to_have_attribute("data-choosing", "")

    situation(panel, "unstaffed")
    yield "unstaffed"
    press("1")
    yield "sign in"
    press("Enter")
    situation(panel, "closed")
    yield "closed"
    asked("pause", "F10")
    yield "leaving a closed window"
    back()
    press("Enter")
    situation(panel, "idle")
    yield "idle"
    asked("call_ticket", "F7")
    expect(panel.locator(".key-field")).to_be_visible()
    yield "call one"
    press("3")
    yield "call one, typed"
    press("Enter")
    expect(panel.locator("#dominant-hint")).to_contain_text("A003")
    yield "reasons of a call"
    back()
    press("Enter")
    situation(panel, "calling")
    yield "called"
    press("F3")
    expect(panel.locator("#receipt")).to_have_attribute("data-kind", "refused")
    yield "refused"
    asked("hold", "F4")
    yield "hold before the start"
    back()
    press("Enter")
    situation(panel, "serving")
    yield "serving"
    asked("hold", "F4")
    yield "hold"
    press("2")
    situation(panel, "idle")
    press("Enter")
    situation(panel, "calling")
    press("Enter")
    situation(panel, "serving")
    asked("hold", "F4")
    press("3")
    situation(panel, "idle")
    press("Enter")
    situation(panel, "calling")
    yield "held"
    asked("call_ticket", "F7")
    yield "back from hold"
    back()
    press("Enter")
    situation(panel, "serving")
    asked("transfer", "F6")
    expect(panel.locator("#keys")).to_contain_text("F6")
    yield "transfer to a service"
    press("F6")
    yield "transfer to a window"
    press("F6")
    yield "transfer to a clerk"
    press("F6")
    press("F6")
    press("4")
    expect(panel.locator("#keys .key")).to_have_count(3)
    yield "wait there"
    back()
    asked("abandon", "F8")
    yield "abandon"
    back()
    asked("pause", "F10")
    yield "pause"
    press("8")
    expect(panel.locator("#keys")).to_contain_text("周一")
    yield "hand over"
    press("NumpadDivide")
    yield "take over"
    back()
    press("End")
    expect(panel.locator("#state-since")).to_contain_text(":")
    expect(panel.locator("#receipt")).to_have_attribute("data-kind", "done")
    yield "help"
    press("Enter")
    situation(panel, "idle")
    expect(panel.locator("#undo")).to_be_visible()
    yield "undo"
    press("F9")
    expect(panel.locator("#key-request_rating .key-note")).not_to_have_text("")
    yield "rating asked"
    press("F1")
    expect(panel.locator("#key-sheet")).to_be_visible()
    yield "all keys"
    press("F1")
    press("Enter")
    situation(panel, "calling")
    live.kill()
    expect(question).to_have_attribute("data-phase", "lost")
    yield "lost"


def main() -> None:
    """Photograph the states."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--all", action="store_true", help="all states, not only those of the documents")
    parser.add_argument("--lang", default="zh", choices=("zh", "en"))
    parser.add_argument("--size", type=int, nargs=2, default=PANEL, metavar=("WIDTH", "HEIGHT"))
    args = parser.parse_args()
    expect.set_options(timeout=20_000)
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        live = LiveServer(Path(place) / "data").start()
        try:
            prepare(live)
            browser = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
            page = browser.new_page(viewport={"width": args.size[0], "height": args.size[1]})
            token = live.token("clerk", hall="county", window=WINDOW)
            page.goto(f"{live.url}/panel/county/{WINDOW}?lang={args.lang}#token={token}")
            is_live(page)
            for name in walk(page, live):
                if args.all or name in PICTURED:
                    page.screenshot(path=args.out / f"panel-{name.replace(', ', '-').replace(' ', '-')}.png")
            browser.close()
        finally:
            live.stop()


if __name__ == "__main__":
    main()
