"""Chromium, a real server, and a feed that says what a test wants."""

from __future__ import annotations

import json
import shutil
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.live import LiveServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Page, WebSocketRoute

FLAGS = [
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
WITHIN_MS = 20_000
"""How long a page may take to show something on a busy machine."""

TV = (1920, 1080)
PORTRAIT = (1080, 1920)
PANEL = (1366, 768)


def chromium_path() -> str:
    """Where the system's browser is."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    path = next((found for name in names if (found := shutil.which(name))), None)
    assert path is not None, f"no browser: install one of {', '.join(names)}"
    return path


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    expect.set_options(timeout=WITHIN_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """One server for all tests that are only given pages by it: what those show is told."""
    server = LiveServer(tmp_path_factory.mktemp("standing") / "data").start()
    yield server
    server.stop()


class Servers:
    """Servers of their own for tests: the next one starts while a test runs, the last one ends meanwhile."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made = 0
        self._next: LiveServer | None = None
        self._ending: list[Future[int]] = []
        self._pool = ThreadPoolExecutor(1)

    def _launched(self) -> LiveServer:
        self._made += 1
        return LiveServer(self._folder / f"hall{self._made}").launch()

    def take(self) -> LiveServer:
        """One that is ready."""
        server = self._next or self._launched()
        server.wait_ready()
        self._next = self._launched()
        return server

    def end(self, server: LiveServer) -> None:
        """Let it end by and by."""
        self._ending.append(self._pool.submit(server.stop))

    def close(self) -> None:
        """Wait until all have ended."""
        if self._next is not None:
            self._next.wait_ready()
            self.end(self._next)
        self._pool.shutdown()
        for ended in self._ending:
            ended.result()


@pytest.fixture(scope="package")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    kept = Servers(tmp_path_factory.mktemp("servers"))
    yield kept
    kept.close()


@pytest.fixture
def live(servers: Servers) -> Iterator[LiveServer]:
    """A hall of its own for each test: `county`, empty, all windows closed."""
    server = servers.take()
    yield server
    servers.end(server)


class Pages:
    """Opens pages, each in a browser of its own, and keeps what goes wrong in them."""

    def __init__(self, chromium: Browser, live: LiveServer) -> None:
        self._chromium = chromium
        self._live = live
        self.contexts: list[BrowserContext] = []
        self.faults: list[str] = []

    def blank(self, size: tuple[int, int], **options: Any) -> Page:
        """A page of this size that shows nothing yet."""
        context = self._chromium.new_context(viewport={"width": size[0], "height": size[1]}, **options)
        context.set_default_timeout(WITHIN_MS)
        self.contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on(
            "console",
            lambda message: self.faults.append(message.text) if "Policy" in message.text else None,
        )
        return page

    def go(self, page: Page, path: str, token: str = "") -> Page:
        """Open an address; the token goes into the fragment."""
        page.goto(self._live.url + path + (f"#token={token}" if token else ""))
        return page

    def tv(self, zone: str = "hall", size: tuple[int, int] = TV, **options: Any) -> Page:
        """A zone's screen, live."""
        token = self._live.token("screen", hall="county")
        page = self.go(self.blank(size, **options), f"/tv/county/{zone}", token)
        return is_live(page)

    def panel(self, window: str = "w3", size: tuple[int, int] = PANEL) -> Page:
        """A window's panel, live, with a token for this window."""
        token = self._live.token("clerk", hall="county", window=window)
        return is_live(self.go(self.blank(size), f"/panel/county/{window}", token))


@pytest.fixture
def pages(chromium: Browser, live: LiveServer) -> Iterator[Pages]:
    opened = Pages(chromium, live)
    yield opened
    for context in opened.contexts:
        context.close()
    assert opened.faults == [], "errors in the pages"


def is_live(page: Page) -> Page:
    """Wait until the page shows the present state."""
    expect(page.locator("#page")).to_have_attribute("data-phase", "live")
    return page


def situation(page: Page, name: str) -> None:
    """Wait until the panel's window is in this state and the last press is answered."""
    expect(page.locator("#page")).to_have_attribute("data-situation", name)
    expect(page.locator("#page")).to_have_attribute("data-waiting", "false")


def staffed(live: LiveServer, window: str = "w3", clerk: str = "c01") -> None:
    """Sign a clerk in and open the window, by another hand."""
    live.window(window, "sign_in", clerk=clerk)
    live.window(window, "open")


class ToldFeed:
    """A feed under the test's control, for states that a real hall takes hours to reach.

    It speaks the protocol: a snapshot for a subscription, changes when told, a pong for a ping.
    """

    def __init__(self, page: Page, view: str, data: dict[str, Any], now_ms: int) -> None:
        self.view = view
        self.data = data
        self.revision = 7
        self.away = False
        self._base_ms = now_ms - round(time.monotonic() * 1000)
        self._socket: WebSocketRoute | None = None
        page.route_web_socket("**/feed", self._open)

    def now_ms(self) -> int:
        """The server's clock; it runs."""
        return self._base_ms + round(time.monotonic() * 1000)

    def _open(self, socket: WebSocketRoute) -> None:
        if self.away:
            socket.close()
            return
        self._socket = socket
        socket.on_message(self._hear)

    def hang_up(self) -> None:
        """Go away, and let nobody in again."""
        self.away = True
        assert self._socket is not None
        self._socket.close()

    def _hear(self, text: str | bytes) -> None:
        message = json.loads(text)
        if message["type"] == "subscribe":
            self._say("snapshot", self.data)
        elif message["type"] == "ping":
            self._send({"type": "pong", "server_ms": self.now_ms()})

    def show(self, page: Page, data: dict[str, Any]) -> None:
        """Let the view be so, and wait until the page has drawn it and nothing moves."""
        self.change(**data)
        expect(page.locator("#page")).to_have_attribute("data-revision", str(self.revision))
        expect(page.locator(".fading")).to_have_count(0)

    def change(self, **keys: Any) -> None:
        """These keys of the view are now so."""
        self.data.update(keys)
        self.revision += 1
        self._say("change", keys)

    def _say(self, kind: str, data: dict[str, Any]) -> None:
        dated = {**data, "server_ms": self.now_ms()}
        self._send({"type": kind, "view": self.view, "epoch": "e", "revision": self.revision, "data": dated})

    def _send(self, message: dict[str, Any]) -> None:
        assert self._socket is not None
        self._socket.send(json.dumps(message))
