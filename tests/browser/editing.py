"""Pictures of the hall editor for its page: ``python -m tests.browser.editing``."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.browser.conftest import FLAGS, Pages, chromium_path
from tests.live import LiveServer
from tests.unit.documents import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Page

COLOURS = 128
HALL = "dongyuan"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.browser.editing", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as data, sync_playwright() as playwright:
        server = LiveServer(Path(data) / "data", halls=(HALL,)).start()
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        pages = Pages(browser, server)

        def opened(size: tuple[int, int], query: str = "") -> Page:
            page = pages.blank(size, timezone_id="Asia/Shanghai")
            pages.go(page, f"/editor/{HALL}{query}", server.token("supervisor", hall=HALL))
            page.wait_for_selector('#page[data-ready="true"][data-phase="live"]')
            return page

        def taken(page: Page, name: str) -> None:
            page.wait_for_timeout(300)
            path = args.out / f"{name}.png"
            page.screenshot(path=path)
            Image.open(path).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(
                path, optimize=True
            )
            print(path.name, path.stat().st_size // 1024, "KiB", flush=True)

        try:
            page = opened((1920, 1080))
            page.locator('[data-control="services[0].prefix"]').fill("Y")
            page.locator('[data-control="services[0].target_wait_min"]').fill("12")
            page.click("#tab-clerks")
            page.locator('[data-control="clerks[0].skills.exit-entry"], td.level').first.click()
            page.wait_for_selector('#page[data-check="ok"]')
            taken(page, "editor")
            page.click("#do-apply")
            page.fill("#reason", "侯志强转岗")
            page.keyboard.press("Enter")
            page.wait_for_selector('#page[data-dirty="false"]')
            page.click("#tab-history")
            page.wait_for_selector(".version")
            page.locator(".do-look").last.click()
            page.wait_for_selector(".version-detail pre")
            page.locator(".version").first.scroll_into_view_if_needed()
            taken(page, "editor-history")
            page = opened((1366, 768))
            page.click("#tab-sessions")
            page.locator('[data-control="sessions[0].serving"]').fill("0830")
            page.wait_for_selector('#page[data-check="errors"]')
            taken(page, "editor-1366")
        finally:
            for context in pages.contexts:
                context.close()
            browser.close()
            server.stop()


if __name__ == "__main__":
    main()
