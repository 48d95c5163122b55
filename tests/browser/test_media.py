"""The area for pictures and videos: in turn, past what is broken, still when the hall stands still."""

from __future__ import annotations

import base64
import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.browser import boards
from tests.browser.conftest import TV, WITHIN_MS, Pages, ToldFeed, is_live
from tests.browser.states import laid_out, picture
from tests.live import LiveServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page, Route

pytestmark = pytest.mark.browser

FILM = """async () => {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, {width: 64, height: 36});
  const paint = canvas.getContext("2d");
  const film = new MediaRecorder(canvas.captureStream(25), {mimeType: "video/webm;codecs=vp8"});
  const parts = [];
  film.ondataavailable = (event) => parts.push(event.data);
  const over = new Promise((resolve) => { film.onstop = resolve; });
  film.start();
  for (let n = 0; n < 30; n += 1) {
    paint.fillStyle = `rgb(${n * 8}, 80, 120)`;
    paint.fillRect(0, 0, 64, 36);
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
  film.stop();
  await over;
  const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}"""
"""Records a second of a film, which no file of ours has to hold."""

MEDIA = [
    {"url": "/media/fire.png", "kind": "picture"},
    {"url": "/media/missing.png", "kind": "picture"},
    {"url": "/media/film.webm", "kind": "video"},
    {"url": "/media/broken.mp4", "kind": "video"},
]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[LiveServer]:
    """A server with a folder of media, as `callq serve --media` has it."""
    folder: Path = tmp_path_factory.mktemp("media")
    page = chromium.new_page()
    (folder / "film.webm").write_bytes(base64.b64decode(page.evaluate(FILM)))
    page.close()
    (folder / "fire.png").write_bytes(picture())
    (folder / "broken.mp4").write_bytes(b"no film" * 1000)
    server = LiveServer(folder / "data", more=("--media", str(folder))).start()
    yield server
    server.stop()


def opened(pages: Pages, media: list[dict[str, Any]], picture_s: int) -> tuple[Page, ToldFeed]:
    page = pages.blank(TV)
    shown = laid_out("recent", "missed", "media")
    shown["screen"] |= {"media": media, "picture_s": picture_s}
    feed = ToldFeed(page, "board", shown, boards.NOW_MS)
    return is_live(pages.go(page, "/tv/county/hall", "any")), feed


def test_pictures_and_films_take_turns_past_what_is_broken(pages: Pages) -> None:
    page, feed = opened(pages, MEDIA, 1)
    area, still, film = page.locator("#media"), page.locator("#media-picture"), page.locator("#media-video")

    for _ in range(2):
        expect(area).to_have_attribute("data-playing", "/media/fire.png")
        expect(still).to_be_visible()
        expect(film).to_be_hidden()
        expect(area).to_have_attribute("data-playing", "/media/film.webm")
        expect(film).to_be_visible()
        expect(still).to_be_hidden()
        assert film.evaluate("node => node.muted")
    expect(page.locator("#page")).to_have_attribute("data-media-faults", "missing.png, broken.mp4")

    feed.change(suspended={"since_ms": feed.now_ms(), "reason": "停电", "reason_en": ""})
    expect(area).not_to_have_attribute("data-playing", "/media/film.webm")
    expect(area).to_be_hidden()
    assert film.evaluate("node => node.paused")
    feed.change(suspended=None)
    expect(area).to_have_attribute("data-playing", "/media/fire.png")


def test_nothing_plays_while_the_line_is_broken(pages: Pages) -> None:
    page, feed = opened(pages, MEDIA[:1], 5)
    area = page.locator("#media")
    expect(area).to_have_attribute("data-playing", "/media/fire.png")

    feed.hang_up()

    expect(page.locator("#page")).to_have_attribute("data-phase", "lost")
    assert area.get_attribute("data-playing") is None


def test_a_file_that_cannot_be_shown_is_a_fault_of_the_device(pages: Pages) -> None:
    page = pages.blank(TV)
    said: list[dict[str, Any]] = []

    def hear(route: Route) -> None:
        told = json.loads(route.request.post_data or "")
        said.append({one["code"]: one["detail"] for one in told["faults"]})
        route.fulfill(json={"revision": 1, "server_ms": time.time_ns() // 1_000_000, "order": None})

    page.route("**/devices/tv-9/health", hear)
    shown = laid_out("recent", "missed", "media")
    shown["screen"] |= {"media": MEDIA[:2], "picture_s": 1}
    feed = ToldFeed(page, "board", shown, boards.NOW_MS)
    is_live(pages.go(page, "/tv/county/hall?device=tv-9", "any"))

    def until(faults: dict[str, str]) -> None:
        ends = time.monotonic() + WITHIN_MS / 1000
        while not said or said[-1] != faults:
            assert time.monotonic() < ends, said
            page.wait_for_timeout(50)

    until({"video_failed": "missing.png"})
    feed.change(screen={**shown["screen"], "media": MEDIA[:1]})
    until({})


def test_a_folder_of_broken_files_leaves_an_empty_area_and_is_tried_again(pages: Pages) -> None:
    page = pages.blank(TV)
    page.clock.install()
    there: list[bool] = []
    page.route(
        "**/media/**",
        lambda route: route.fulfill(body=picture(), content_type="image/png") if there else route.abort(),
    )
    shown = laid_out("recent", "media")
    ToldFeed(page, "board", shown, boards.NOW_MS)
    is_live(pages.go(page, "/tv/county/hall", "any"))
    expect(page.locator("#page")).to_have_attribute("data-media-faults", "fire.png")
    expect(page.locator("#media-picture")).to_be_hidden()

    there.append(True)
    page.clock.fast_forward(61_000)

    expect(page.locator("#media")).to_have_attribute("data-playing", "/media/fire.png")
    expect(page.locator("#page")).not_to_have_attribute("data-media-faults", "fire.png")
