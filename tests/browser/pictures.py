"""Pictures of the running demo, for the READMEs: ``scripts/pictures``.

The demo runs for some minutes first, so that people have waited; then its pages are photographed as they
are, and put together with its terminal to one wide picture.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import html
import itertools
import os
import pty
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from PIL import Image
from playwright.sync_api import expect, sync_playwright

from tests.browser import desks, floors, told_cases
from tests.browser.boards import NOW_MS
from tests.browser.conftest import FLAGS as BROWSER_FLAGS
from tests.browser.conftest import (
    PANEL,
    PORTRAIT,
    TV,
    WITHIN_MS,
    Pages,
    ToldFeed,
    chromium_path,
    is_live,
    situation,
)
from tests.browser.kiosks import Kiosk, county_file, large_file, press, settled, taken
from tests.live import LiveServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[2]
HALL, WINDOW, CLERK = "county", "w1", "c01"
WIDE = (2400, 1010)
BAR, PHONE, TABLET, KIOSK = (1280, 320), (390, 844), (1180, 820), (720, 1280)
DESK, LIST, GLASS = (1280, 800), (900, 1100), (1024, 600)

COLOURS = 256

QUEUES = {
    "general": 18,
    "household": 9,
    "social": 9,
    "medical": 6,
    "estate": 11,
    "traffic": 7,
    "enterprise": 3,
}
"""Who waits at the large hall's kiosk."""

TOGETHER = """<!doctype html><meta charset="utf-8"><style>
  * { margin: 0; box-sizing: border-box }
  body { width: 2400px; height: 1010px; padding: 56px; display: grid; gap: 44px; align-items: center;
         grid-template-columns: 1330px 1fr; background: linear-gradient(150deg, #e6edf5, #b7c7dc) }
  figure { background: #10151c; border-radius: 18px; padding: 12px; box-shadow: 0 18px 46px #0a1f3a66 }
  img { display: block; width: 100%; border-radius: 8px }
  .right { display: grid; gap: 36px }
  pre { padding: 16px 22px; color: #d7e0ea; font: 20.5px/1.6 "Noto Sans Mono CJK SC", monospace }
  .c1 { font-weight: bold } .c2 { color: #8d9aa8 } .c32 { color: #5fd38d }
  .c33 { color: #ffc933 } .c34 { color: #6db3ff }
</style><body><figure><img src="TV"></figure>
<div class="right"><figure><img src="PANEL"></figure><figure><pre>TERMINAL</pre></figure></div>"""


class Demo:
    """`callq demo` as a visitor has it, with the administrator's token known."""

    def __init__(self, url: str, token: str) -> None:
        self._http = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=10)
        self.url = url

    def ask(self, path: str, body: object = None) -> Any:
        answer = self._http.get(path) if body is None else self._http.post(path, json=body)
        answer.raise_for_status()
        return answer.json()

    def token(self, role: str, **bound: str) -> str:
        return str(self.ask("/v1/tokens", {"role": role, "hall": HALL, **bound})["token"])

    def press(self, command: str, **more: str) -> Any:
        return self.ask(f"/v1/halls/{HALL}/windows/{WINDOW}/commands", {"command": command, **more})


class Terminal:
    """What the demo writes, as the terminal that it believes to write to has it."""

    def __init__(self) -> None:
        self._end, self.given = pty.openpty()
        self._written = bytearray()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while part := os.read(self._end, 65536):
                self._written += part

    @property
    def text(self) -> str:
        return self._written.decode(errors="replace")

    def html(self) -> str:
        """Its live table, with its colours."""
        last = re.split(r"(?:\x1b\[2K\x1b\[1A)+\x1b\[2K", self.text)[-1].replace("\r", "")
        parts = []
        for part in re.split(r"(\x1b\[[0-9;]*m)", last):
            if code := re.fullmatch(r"\x1b\[([0-9;]*)m", part):
                names = " ".join(f"c{number}" for number in code[1].split(";"))
                parts.append("</span>" if code[1] in ("0", "") else f'<span class="{names}">')
            else:
                parts.append(html.escape(part))
        return "".join(parts)


@contextlib.contextmanager
def running(speed: float, seed: int) -> Iterator[tuple[Demo, Terminal]]:
    """A demo, and its terminal."""
    token, terminal = secrets.token_urlsafe(32), Terminal()
    demo = subprocess.Popen(
        [
            *(sys.executable, "-m", "callq.cli", "demo", "--hall", HALL, "--port", "0"),
            *("--speed", str(speed), "--seed", str(seed)),
        ],
        stdout=terminal.given,
        stderr=terminal.given,
        env={**os.environ, "CALLQ_ADMIN_TOKEN": token, "COLUMNS": "76", "LINES": "40", "TERM": "xterm"},
    )
    try:
        until = time.monotonic() + 60
        while not (found := re.search(r"http://127\.0\.0\.1:\d+", terminal.text)):
            assert time.monotonic() < until, terminal.text
            time.sleep(0.2)
        given = Demo(found[0], token)
        while True:
            with contextlib.suppress(httpx.HTTPError):
                given.ask("/readyz")
                break
            time.sleep(0.2)
        yield given, terminal
    finally:
        demo.send_signal(signal.SIGINT)
        demo.wait(20)


def page_of(browser: Browser, size: tuple[int, int]) -> Page:
    context = browser.new_context(viewport={"width": size[0], "height": size[1]})
    context.set_default_timeout(WITHIN_MS)
    return context.new_page()


def take(page: Page, path: Path, *, whole: bool = False, colours: int = COLOURS) -> None:
    """Photograph a page, or all that it scrolls through; few colours make small files, 0 keeps all."""
    page.evaluate("document.fonts.ready")
    page.wait_for_timeout(500)
    page.screenshot(path=path, full_page=whole)
    if colours:
        few = Image.open(path).convert("RGB").quantize(colours, dither=Image.Dither.NONE)
        few.save(path, optimize=True)
    print(path, path.stat().st_size // 1024, "KiB", flush=True)


def data_url(path: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode()


def work(demo: Demo, minutes: float) -> None:
    """Serve at window 1 for some minutes; then more people come than can be served."""
    until = time.monotonic() + 60 * minutes
    services = itertools.cycle(("social", "general", "medical", "general", "estate", "social"))
    demo.press("sign_in", clerk=CLERK)
    demo.press("open")
    steps = itertools.cycle((("call_next", 6), ("start", 30), ("complete", 0)))
    while time.monotonic() < until:
        command, seconds = next(steps)
        while demo.press(command)["ticket"] is None and command == "call_next":
            time.sleep(1)
        for _ in range(seconds // 3):
            if time.monotonic() > until - 0.6 * 60 * minutes:
                demo.ask(f"/v1/halls/{HALL}/tickets", {"service": next(services), "channel": "kiosk"})
            time.sleep(3)
    if next(steps)[0] == "start":
        demo.press("start")
    if demo.ask(f"/v1/halls/{HALL}/windows/{WINDOW}")["window"]["state"] == "serving":
        demo.press("complete")


def opened(browser: Browser, size: tuple[int, int], link: str) -> Page:
    page = page_of(browser, size)
    page.goto(link)
    return is_live(page)


def visit(browser: Browser, demo: Demo, out: Path) -> None:
    """Call at window 1, and photograph screens, panel and a phone at that moment."""
    token = demo.token("screen")
    zone = f"{demo.url}/tv/{HALL}/hall#token={token}"
    screens = [opened(browser, size, zone) for size in (TV, PORTRAIT)]
    entrance = opened(browser, TV, f"{demo.url}/tv/{HALL}/entrance#token={token}")
    bar = opened(browser, BAR, f"{demo.url}/tv/{HALL}/window/{WINDOW}#token={token}")
    ticket = demo.ask(f"/v1/halls/{HALL}/tickets", {"service": "social", "channel": "kiosk"})["ticket"]
    phone = opened(browser, PHONE, demo.url + ticket["links"]["page"])
    panel = page_of(browser, PANEL)
    panel.goto(f"{demo.url}/panel/{HALL}/{WINDOW}#token={demo.token('clerk', window=WINDOW)}")
    is_live(panel)
    while (called := demo.press("call_next")["ticket"]) is None:
        time.sleep(2)
    situation(panel, "calling")
    for screen in screens:
        expect(screen.locator("#page")).to_contain_text(called["number"])
    take(screens[0], out / "tv-zone.png")
    take(panel, out / "panel-called.png")
    take(screens[1], out / "tv-zone-portrait.png")
    expect(bar.locator("#page")).to_have_class("page")
    take(bar, out / "window-calling.png")
    take(entrance, out / "tv-entrance.png")
    take(phone, out / "phone-ticket.png")


def at_the_floor(browser: Browser, url: str, out: Path) -> None:
    """The floor page at the sample moment of a large hall, which the demo has not."""
    for name, size in (("floor", TV), ("floor-1366", PANEL), ("floor-tablet", TABLET), ("floor-window", TV)):
        page = page_of(browser, size)
        floors.doors(page)
        ToldFeed(page, "floor", {**floors.floor(), "devices": floors.devices()}, NOW_MS)
        page.goto(f"{url}/floor/dongyuan#token=told")
        is_live(page)
        expect(page.locator("#page")).to_have_attribute("data-acting", "true")
        expect(page.locator("#log li").first).to_be_visible()
        if name == "floor-window":
            page.locator('.tile[data-window="w20"]').click()
        take(page, out / f"{name}.png")


def at_the_desk(browser: Browser, out: Path) -> None:
    """The desk of a hall with lists to look through."""
    with tempfile.TemporaryDirectory() as folder:
        live = desks.desk_server(Path(folder))
        try:
            desks.busy(live)
            helper = live.token("helper", hall=HALL, name="帮办小周")
            page = page_of(browser, DESK)
            page.goto(f"{live.url}/desk/{HALL}#token={helper}")
            is_live(page)
            expect(page.locator("#page")).to_have_attribute("data-acting", "true")
            page.fill("#find-text", "5004")
            page.click("#find-button")
            page.click(".do-along")
            expect(page.locator("#along-list li")).to_have_count(1)
            expect(page.locator("#receipt[data-loud]")).to_be_visible()
            take(page, out / "desk-ticket.png")
            page.keyboard.press("Escape")
            page.click("#clear")
            take(page, out / "desk.png")
            page.click('[data-service="estate"]')
            page.locator(".answer-yes input").nth(0).check()
            page.locator(".answer-no input").nth(1).check()
            take(page, out / "desk-precheck.png")
            sheet = page_of(browser, LIST)
            sheet.goto(f"{live.url}/desk/{HALL}/list#token={helper}")
            expect(sheet.locator("tr[data-number]").first).to_be_visible()
            take(sheet, out / "queue-list.png")
        finally:
            live.stop()


def at_the_cases(browser: Browser, url: str, out: Path) -> None:
    """The page of bad ratings with some that are old, which takes days to come to."""
    page = page_of(browser, PANEL)
    floors.doors(page)
    ToldFeed(page, "cases", told_cases.view(), NOW_MS)
    page.goto(f"{url}/cases/dongyuan#token=told")
    is_live(page)
    expect(page.locator("#page")).to_have_attribute("data-acting", "true")
    page.click('tr[data-case="r12"] .pick')
    page.evaluate("document.activeElement.blur()")
    take(page, out / "cases.png")


def at_the_ratings(browser: Browser, out: Path) -> None:
    """Somebody was served at window 3, and rates badly on the tablet; another one does on the phone."""
    with tempfile.TemporaryDirectory() as folder:
        live = LiveServer(Path(folder) / "data").start()
        try:
            live.window("w3", "sign_in", clerk="c03")
            live.window("w3", "open")
            pages = Pages(browser, live)
            glass = live.token("rating", hall=HALL, window="w3")
            page = is_live(pages.go(pages.blank(GLASS), f"/rating/{HALL}/w3", glass))

            def served() -> Any:
                ticket = live.issue("social")
                for act in ("call_next", "start", "complete"):
                    live.window("w3", act)
                expect(page.locator("#page")).to_have_attribute("data-state", "ask")
                return ticket

            served()
            take(page, out / "rating.png")
            page.click('[data-level="2"]')
            expect(page.locator("#page")).to_have_attribute("data-state", "why")
            settled(page)
            for reason in ("slow", "many_papers"):
                page.click(f'[data-reason="{reason}"]')
            page.evaluate("document.activeElement.blur()")
            take(page, out / "rating-reasons.png")
            page.click("#submit")
            expect(page.locator("#page")).to_have_attribute("data-state", "thanks")
            link = str(served()["links"]["page"])
            phone = opened(browser, PHONE, live.url + link)
            phone.click('[data-level="1"]')
            phone.click('[data-reason="slow"]')
            phone.evaluate("document.activeElement.blur()")
            take(phone, out / "phone-rating.png", whole=True)
        finally:
            live.stop()


def at_the_kiosk(browser: Browser, out: Path) -> None:
    """The kiosk of a large hall that is busy, and that of a small one whose printer has no paper."""
    with tempfile.TemporaryDirectory() as name:
        (folder := Path(name)).joinpath("large.toml").write_text(large_file(), encoding="utf-8")
        folder.joinpath("county.toml").write_text(county_file(), encoding="utf-8")
        halls = [str(folder / "large.toml"), str(folder / "county.toml")]
        live = LiveServer(folder / "data", halls=halls).start()
        try:
            for number in range(1, 85):
                live.window(f"w{number:02}", "sign_in", hall="dongyuan", clerk=f"c{number:02}")
                live.window(f"w{number:02}", "open", hall="dongyuan")
            for service, count in QUEUES.items():
                for _ in range(count):
                    live.issue(service, hall="dongyuan")
            pages = Pages(browser, live)
            page = Kiosk(pages, live, "dongyuan").open(size=KIOSK)
            take(page, out / "kiosk.png")
            press(page, "#elder")
            take(page, out / "kiosk-elder.png")
            press(page, "#elder")
            press(page, "#find-open")
            expect(page.locator('[data-group="household"]')).to_contain_text("件事")
            settled(page)
            for letter in "hk":
                page.locator(f'[data-letter="{letter}"]').click()
            take(page, out / "kiosk-find.png")
            press(page, "#back")
            press(page, "#back")
            press(page, "#unresolved")
            take(page, out / "kiosk-unresolved.png")
            kiosk = Kiosk(pages, live)
            page = kiosk.open(size=KIOSK)
            kiosk.agent("end", taken(page, kiosk), state="failed", fault="paper_out")
            expect(page.locator("#ticket")).to_have_attribute("data-paper", "failed")
            take(page, out / "kiosk-no-paper.png")
        finally:
            live.stop()


def put_together(browser: Browser, out: Path, terminal: str) -> None:
    page = page_of(browser, WIDE)
    parts = {
        "TV": data_url(out / "tv-zone.png"),
        "PANEL": data_url(out / "panel-called.png"),
        "TERMINAL": terminal,
    }
    page.set_content(re.sub("|".join(parts), lambda found: parts[found[0]], TOGETHER))
    take(page, out / "hall.png", colours=0)


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/pictures", description=__doc__)
    parser.add_argument("--minutes", type=float, default=8, help="how long the demo runs before (default 8)")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument("--speed", type=float, default=2, help="of the demo's people (default 2)")
    parser.add_argument("--seed", type=int, default=7, help="of the demo's people")
    args = parser.parse_args()
    with running(args.speed, args.seed) as (demo, terminal), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=BROWSER_FLAGS)
        work(demo, args.minutes)
        visit(browser, demo, args.out)
        at_the_floor(browser, demo.url, args.out)
        at_the_desk(browser, args.out)
        at_the_cases(browser, demo.url, args.out)
        at_the_ratings(browser, args.out)
        at_the_kiosk(browser, args.out)
        put_together(browser, args.out, terminal.html())
        browser.close()


if __name__ == "__main__":
    main()
