"""Pictures of every page for docs/screens.md, in the states of `states`: ``python -m tests.browser.gallery``.

One sheet a page shows its states side by side, another the same moment at each size. They are drawn from told
views, so that they are the same each time.
"""

from __future__ import annotations

import argparse
import io
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import expect, sync_playwright

from tests.browser import boards, states
from tests.browser.conftest import FLAGS, Pages, ToldFeed, chromium_path, is_live
from tests.live import LiveServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[2]
GAP, CAPTION = 20, 40
PAPER, INK = "#d5dce4", "#0b1f33"
COLOURS = 256
"""Of a sheet's palette: few colours make small files, and the pages have few."""

LOST, TWO = "line broken", "two calls at once"
"""States that a page comes to while it is open, from the first of its sheet."""

SHEETS: Final[dict[str, tuple[str, int, tuple[str, ...]]]] = {
    "tv": (
        "landscape",
        2,
        (
            *("usual", LOST, TWO, "urgent notice"),
            *("suspended with an urgent notice", "colour, logo, eight calls"),
            *("media", "without recent calls", "waiting and media"),
        ),
    ),
    "entrance": ("landscape", 2, ("usual", LOST, "urgent notice", "a city", "suspended")),
    "window": (
        "bar",
        2,
        (
            *("calling", "serving", "idle", "paused", "closed", "opening", "suspended"),
            *("serving in the hall's colour", LOST),
        ),
    ),
    "phone": ("phone", 4, ("three ahead", "far ahead", "called", "missed", "held", "suspended", LOST)),
}
"""Of each page: the drawing, how many in a row, and which states."""


def photographed(page: Page, wide: int) -> Image.Image:
    page.evaluate("document.fonts.ready")
    whole = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    return whole.resize((wide, round(whole.height * wide / whole.width)), Image.Resampling.LANCZOS)


def sheet(rows: list[list[tuple[str, Image.Image]]]) -> Image.Image:
    """Pictures in rows, each with its caption below."""
    font = ImageFont.load_default(22)
    width = max(sum(image.width + GAP for _, image in row) for row in rows) + GAP
    height = sum(max(image.height for _, image in row) + CAPTION + GAP for row in rows) + GAP
    whole = Image.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(whole)
    top = GAP
    for row in rows:
        left = GAP
        for caption, image in row:
            whole.paste(image, (left, top))
            draw.text((left, top + image.height + 6), caption, INK, font)
            left += image.width + GAP
        top += max(image.height for _, image in row) + CAPTION + GAP
    return whole


def save(image: Image.Image, path: Path) -> None:
    image.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(path, optimize=True)
    print(path.name, path.stat().st_size // 1024, "KiB", flush=True)


class Studio:
    """Opens pages in a state."""

    def __init__(self, browser: Browser, server: LiveServer) -> None:
        self._pages = Pages(browser, server)

    def opened(self, name: str, state: str, size: states.Size, query: str = "") -> Page:
        """A page of this kind, at rest in this state."""
        kind = states.KINDS[name]
        page = self._pages.blank(size, reduced_motion="reduce")
        page.route("**/media/*", lambda route: route.fulfill(body=scenery(), content_type="image/png"))
        if state == LOST:
            # Or the server, which does not know the token, would be asked why.
            page.route("**/v1/halls/county", lambda route: route.abort())
        begins = SHEETS[name][2][0] if state in (LOST, TWO) else state
        feed = ToldFeed(page, kind.view, kind.states[begins](), boards.NOW_MS)
        is_live(self._pages.go(page, f"{kind.path}{query}", "any"))
        if state == LOST:
            feed.hang_up()
            expect(page.locator("#page")).to_have_attribute("data-phase", "lost")
        elif state == TWO:
            now_ms = feed.now_ms()
            news = [boards.call("A013", "16", 0, at_ms=now_ms), boards.call("G019", "7", 0, at_ms=now_ms - 1)]
            feed.change(calls=[*news, *feed.data["calls"]])
            expect(page.locator("#hero-number")).to_have_text("A013")
            expect(page.locator("#recent [data-now]")).to_have_count(1)
        page.wait_for_timeout(500)
        return page

    def close(self) -> None:
        for context in self._pages.contexts:
            context.close()


def scenery() -> bytes:
    """What a hall might show: a picture of 16:9."""
    image = Image.new("RGB", (960, 540), "#2f6b57")
    draw = ImageDraw.Draw(image)
    draw.polygon([(0, 540), (0, 330), (300, 180), (560, 400), (760, 260), (960, 420), (960, 540)], "#1d4a3b")
    draw.ellipse((700, 60, 820, 180), "#dfe9e4")
    found = io.BytesIO()
    image.save(found, "PNG")
    return found.getvalue()


SIZES: Final = {
    "landscape": (1920, 1080),
    "portrait": (1080, 1920),
    "bar": (1280, 320),
    "phone": (390, 844),
}
WIDE: Final = {"landscape": 760, "portrait": 428, "bar": 760, "phone": 300}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.browser.gallery", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument("--each", type=Path, help="also write every state at every size there, as it is")
    args = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as data,
        sync_playwright() as playwright,
    ):
        server = LiveServer(Path(data) / "data").start()
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        try:
            studio = Studio(browser, server)
            for name, (drawing, across, wanted) in SHEETS.items():
                shots = [
                    (state, photographed(studio.opened(name, state, SIZES[drawing]), WIDE[drawing]))
                    for state in wanted
                ]
                shots.append(
                    (
                        "English",
                        photographed(
                            studio.opened(name, wanted[0], SIZES[drawing], "?lang=en"), WIDE[drawing]
                        ),
                    )
                )
                rows = [shots[at : at + across] for at in range(0, len(shots), across)]
                save(sheet(rows), args.out / f"{name}-states.png")
                row = [
                    (f"{size[0]} x {size[1]}", photographed(studio.opened(name, wanted[0], size), wide(size)))
                    for group in states.KINDS[name].sizes
                    for size in group
                ]
                save(sheet([row]), args.out / f"{name}-sizes.png")
                studio.close()
            if args.each is not None:
                every(studio, args.each)
        finally:
            browser.close()
            server.stop()


def wide(size: states.Size) -> int:
    """How wide a size is on the sheet: all about as large as a hand."""
    return round(min(size[0], 520 if size[0] > size[1] else 240))


def every(studio: Studio, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for name, kind in states.KINDS.items():
        for group in kind.sizes:
            for query in ("", "?lang=en"):
                for state in kind.states:
                    page = studio.opened(name, state, group[0], query)
                    size = f"{group[0][0]}x{group[0][1]}"
                    page.screenshot(path=out / f"{name}-{size}-{query[-2:] or 'zh'}-{state}.png")
            studio.close()


if __name__ == "__main__":
    main()
