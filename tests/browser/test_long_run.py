"""Screens hang there for months: after six hundred changes they hold no more than after the first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.browser import boards, moments
from tests.browser.conftest import TV, ToldFeed, is_live

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from tests.browser.conftest import Pages
    from tests.live import LiveServer

pytestmark = pytest.mark.browser

EARLY, LATE = 150, 600
MAY_GROW_BYTES = 300_000
"""Compiled code and caches settle at about 150,000; a row that is kept for each change is a million."""


@pytest.fixture
def live(standing: LiveServer) -> LiveServer:
    return standing


def called(n: int) -> dict[str, Any]:
    board = boards.usual()
    calls = [
        boards.call(f"B{k % 1000:03}", str(k % 30), 0, at_ms=boards.NOW_MS + k) for k in range(n, n - 12, -1)
    ]
    return {"calls": calls, "missed": boards.missed(f"A{n % 1000:03}"), "waiting": board["waiting"]}


def counted(n: int) -> dict[str, Any]:
    hall = moments.entrance()
    hall["services"][0]["count"] = n
    hall["zones"][0]["windows"][n % 35]["state"] = "paused"
    return {"services": hall["services"], "zones": hall["zones"]}


def at_window(n: int) -> dict[str, Any]:
    return moments.bar("calling" if n % 2 else "serving", number=f"B{n % 1000:03}")


KINDS: list[tuple[str, str, dict[str, Any], Callable[[int], dict[str, Any]]]] = [
    ("/tv/county/hall", "board", boards.usual(), called),
    ("/tv/county/entrance", "entrance", moments.entrance(), counted),
    ("/tv/county/window/w3", "strip", moments.bar("idle"), at_window),
]


@pytest.mark.parametrize(("path", "view", "data", "change"), KINDS, ids=[kind[1] for kind in KINDS])
def test_what_a_screen_holds_does_not_grow(
    pages: Pages, path: str, view: str, data: dict[str, Any], change: Callable[[int], dict[str, Any]]
) -> None:
    page = pages.blank(TV)
    feed = ToldFeed(page, view, data, boards.NOW_MS)
    is_live(pages.go(page, path, "any"))
    held = []
    for changes in (range(EARLY), range(EARLY, LATE)):
        for n in changes:
            feed.change(**change(n))
        expect(page.locator("#page")).to_have_attribute("data-revision", str(feed.revision))
        held.append(heap(page))

    assert held[1][0] - held[0][0] < MAY_GROW_BYTES, held
    assert held[1][1] <= held[0][1] + 20, held


def heap(page: Page) -> tuple[int, int]:
    """Bytes of scripts after collecting what nobody holds, and nodes of the document."""
    inspector = page.context.new_cdp_session(page)
    inspector.send("HeapProfiler.collectGarbage")
    used = inspector.send("Runtime.getHeapUsage")["usedSize"]
    inspector.detach()
    return int(used), int(page.evaluate("document.querySelectorAll('*').length"))
