"""Every page in every state at every size: contrast of 7 and more, nothing small, cut or overlapping."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser import boards, states
from tests.browser.axe import grave
from tests.browser.conftest import Pages, ToldFeed, is_live
from tests.browser.contrast import look

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.live import LiveServer

pytestmark = pytest.mark.browser

CHINESE = {
    "tv": "h2, #link, #missed-rule, .chip, #waiting .name, #where, #hero-way, #recent, #notice",
    "entrance": "thead, #services, #legend, #zones, .head, .chip, #notice",
    "window": "#word, #label-words",
    "phone": "#banner, #ticket, #call-title, #hints, #message, #acts, #where",
}
"""Where English has no hanzi; names and reasons without an English text are the hall's own."""

HALLS_OWN = {"colour and logo", "longest words", "suspended", "a city", "many services"}
"""States in which the hall has words in Chinese alone."""


@pytest.fixture
def live(standing: LiveServer) -> LiveServer:
    return standing


def opened(pages: Pages, kind: states.Kind, size: states.Size, query: str) -> tuple[Page, ToldFeed]:
    page = pages.blank(size, reduced_motion="reduce")
    page.route("**/media/*", lambda route: route.fulfill(body=states.picture(), content_type="image/png"))
    feed = ToldFeed(page, kind.view, next(iter(kind.states.values()))(), boards.NOW_MS)
    return is_live(pages.go(page, f"{kind.path}{query}", "any")), feed


@pytest.mark.timeout(240)
@pytest.mark.parametrize("query", ["", "?lang=en"], ids=["zh", "en"])
@pytest.mark.parametrize(
    ("name", "group"),
    [(name, group) for name, kind in states.KINDS.items() for group in range(len(kind.sizes))],
)
def test_every_state_can_be_read_at_every_size(pages: Pages, name: str, group: int, query: str) -> None:
    kind = states.KINDS[name]
    sizes = kind.sizes[group]
    page, feed = opened(pages, kind, sizes[0], query)
    found: dict[str, list[str]] = {}
    for n, (state, made) in enumerate(kind.states.items()):
        feed.show(page, made())
        # A page is one drawing that is scaled: what holds at one size is looked at again where it is fullest.
        for size in sizes if n < 3 or name == "phone" else sizes[:1]:
            page.set_viewport_size({"width": size[0], "height": size[1]})
            # A bar that stays in view has its own place at the end of the page.
            page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
            looks = look(page, least_px=kind.least_px(size), scrolls=name == "phone")
            found[f"{state} {size}"] = looks.faults
        if group == 0 and not query:
            found[f"{state}, axe"] = grave(page)
        if query and state not in HALLS_OWN:
            words = page.locator(CHINESE[name]).all_inner_texts()
            found[f"{state}, words"] = [w for w in words if any("\u4e00" <= c <= "\u9fff" for c in w)]
    assert {state: faults for state, faults in found.items() if faults} == {}
