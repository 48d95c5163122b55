"""The announcer of a zone's screen: one call at a time, in turn, none that is old or taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.browser import boards
from tests.browser.conftest import TV, WITHIN_MS, ToldFeed, is_live, staffed
from tests.browser.contrast import look
from tests.live import LiveServer
from tests.voice.sounds import tone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page, Route

    from tests.browser.conftest import Pages

pytestmark = pytest.mark.browser

COUNT = """() => {
  window.said = [];
  window.atOnce = 0;
  let now = 0;
  const make = AudioContext.prototype.createBufferSource;
  const makeGain = AudioContext.prototype.createGain;
  AudioContext.prototype.createGain = function () {
    window.gain = makeGain.call(this);
    return window.gain;
  };
  AudioContext.prototype.createBufferSource = function () {
    const source = make.call(this);
    const start = source.start.bind(source);
    const row = {};
    source.addEventListener("ended", () => { now -= 1; row.lasted = performance.now() - row.at; });
    source.start = () => {
      now += 1;
      window.atOnce = Math.max(window.atOnce, now);
      Object.assign(row, {ms: Math.round(source.buffer.duration * 1000), at: performance.now()});
      row.percent = Math.round(window.gain.gain.value * 100);
      window.said.push(row);
      start();
    };
    return source;
  };
}"""
"""Notes what the page really starts, below everything that it says of itself."""


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """One server for all."""
    server = LiveServer(tmp_path_factory.mktemp("voice") / "data").start()
    yield server
    server.stop()


class ToldZone(ToldFeed):
    """Both views of a zone's screen."""

    def __init__(self, page: Page) -> None:
        self.voice: dict[str, Any] = {
            "zone": "hall",
            "room": ["hall"],
            "announcements": [],
            "volumes": [{"from_ms": boards.NOW_MS - 3_600_000, "volume": 80}],
            "suspended": None,
        }
        super().__init__(page, "board", boards.usual(), boards.NOW_MS)

    def _hear(self, text: str | bytes) -> None:
        super()._hear(text)
        if '"announcements"' in str(text):
            self.voices(**self.voice)
        elif '"claim_announcer"' in str(text):
            self.grant(True)

    def grant(self, granted: bool) -> None:
        """Let the screen speak, or not."""
        self._send({"type": "announcer", "zone": "hall", "granted": granted})

    def voices(self, **keys: Any) -> None:
        """These keys of the announcements are now so."""
        self.voice.update(keys)
        self.revision += 1
        data = {**self.voice, "server_ms": self.now_ms()}
        about = {"view": "announcements", "zone": "hall", "epoch": "e", "revision": self.revision}
        self._send({"type": "snapshot", **about, "data": data})

    def call(self, number: str, *, after_ms: int = 0, **more: Any) -> dict[str, Any]:
        """An announcement of now."""
        now_ms = self.now_ms()
        return {
            "id": f"{number}-{now_ms}",
            "number": number,
            "window": "w1",
            "text": number,
            "state": "called",
            "from_ms": now_ms + after_ms,
            "until_ms": now_ms + after_ms + 6_000,
            "expires_ms": now_ms + 30_000,
            "audio_url": f"/v1/halls/county/announcements/{number}/audio?zone=hall",
            **more,
        }


def opened(
    pages: Pages, *, sound_ms: int = 300, touch: bool = True, query: str = "?voice=on"
) -> tuple[Page, ToldZone]:
    """A screen with the announcer on, whose sounds are tones of this length."""
    page = pages.blank(TV)
    page.add_init_script(f"({COUNT})()")

    def answer(route: Route) -> None:
        assert route.request.headers["authorization"] == "Bearer any"
        route.fulfill(status=200, content_type="audio/wav", body=tone(440, sound_ms))

    page.route("**/audio?zone=hall", answer)
    page.route("**/v1/halls/county", lambda route: route.abort())
    feed = ToldZone(page)
    pages.go(page, f"/tv/county/hall{query}", "any")
    is_live(page)
    if touch:
        page.locator("#hall").click()
        expect(page.locator("#page")).to_have_attribute("data-voice", "ready")
    return page, feed


def until(page: Page, what: str) -> None:
    """Wait for it; the pages' policy forbids Playwright's own way."""
    for _ in range(WITHIN_MS // 50):
        if page.evaluate(what):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"not in time: {what}; {said(page)}")


def said(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate("window.said")
    return found


def ended(page: Page) -> list[dict[str, Any]]:
    """The same once all have ended, which a page is told a moment after the sound has stopped."""
    until(page, "window.said.every((one) => one.lasted)")
    return said(page)


def first_lasted(page: Page) -> float:
    """For how long the first was to be heard, in ms."""
    until(page, "window.said[0].lasted")
    return float(said(page)[0]["lasted"])


def test_calls_are_said_one_after_the_other(pages: Pages) -> None:
    page, feed = opened(pages)

    feed.voices(announcements=[feed.call("A001"), feed.call("A002"), feed.call("A003")])

    until(page, "window.said.length === 3 && window.said.every((one) => one.lasted)")
    assert page.evaluate("window.atOnce") == 1
    assert all(one["lasted"] >= one["ms"] - 100 for one in ended(page)), "none was cut off"
    expect(page.locator("#page")).to_have_attribute("data-voice", "ready")
    feed.voices()
    page.wait_for_timeout(150)
    assert len(said(page)) == 3, "nothing is said twice"


def test_what_is_taken_back_stops_in_the_middle(pages: Pages) -> None:
    page, feed = opened(pages, sound_ms=8_000)
    first, second = feed.call("A001"), feed.call("A002")
    feed.voices(announcements=[first, second])
    expect(page.locator("#page")).to_have_attribute("data-speaking", first["id"])

    feed.voices(announcements=[second])

    expect(page.locator("#page")).to_have_attribute("data-speaking", second["id"])
    assert first_lasted(page) < 7_000


def test_a_repeated_call_does_not_cut_off_the_one_before(pages: Pages) -> None:
    page, feed = opened(pages, sound_ms=900)
    first = feed.call("A001")
    feed.voices(announcements=[first])
    expect(page.locator("#page")).to_have_attribute("data-speaking", first["id"])

    again = feed.call("A001", id="A001-again")
    feed.voices(announcements=[again])

    expect(page.locator("#page")).to_have_attribute("data-speaking", "A001-again")
    assert first_lasted(page) > 800


def test_a_call_to_another_window_replaces_the_one_before(pages: Pages) -> None:
    page, feed = opened(pages, sound_ms=8_000)
    first = feed.call("A001")
    feed.voices(announcements=[first])
    expect(page.locator("#page")).to_have_attribute("data-speaking", first["id"])

    feed.voices(announcements=[feed.call("A001", id="A001-w2", window="w2")])

    expect(page.locator("#page")).to_have_attribute("data-speaking", "A001-w2")
    assert first_lasted(page) < 7_000


def test_what_waits_and_is_taken_back_is_never_said(pages: Pages) -> None:
    page, feed = opened(pages, sound_ms=900)
    first = feed.call("A001")
    feed.voices(announcements=[first, feed.call("A002")])
    expect(page.locator("#page")).to_have_attribute("data-speaking", first["id"])

    feed.voices(announcements=[first])

    expect(page.locator("#page")).to_have_attribute("data-voice", "ready")
    assert len(said(page)) == 1


def test_who_has_come_is_not_called_but_not_cut_off_either(pages: Pages) -> None:
    page, feed = opened(pages, sound_ms=900)
    first, second = feed.call("A001"), feed.call("A002")
    feed.voices(announcements=[first, second])
    expect(page.locator("#page")).to_have_attribute("data-speaking", first["id"])

    feed.voices(announcements=[{**first, "state": "serving"}, {**second, "state": "serving"}])

    expect(page.locator("#page")).to_have_attribute("data-voice", "ready")
    assert [one["lasted"] > 800 for one in ended(page)] == [True]


def test_an_old_call_is_not_said(pages: Pages) -> None:
    page, feed = opened(pages)
    now_ms = feed.now_ms()

    feed.voices(announcements=[feed.call("A001", expires_ms=now_ms - 1), feed.call("A002")])

    until(page, "window.said.length === 1")
    assert len(ended(page)) == 1
    expect(page.locator("#page")).to_have_attribute("data-voice", "ready")
    assert len(said(page)) == 1


def test_a_call_waits_for_its_turn(pages: Pages) -> None:
    page, feed = opened(pages)
    before = page.evaluate("performance.now()")

    feed.voices(announcements=[feed.call("A001", after_ms=900)])

    until(page, "window.said.length === 1")
    assert said(page)[0]["at"] - before > 750


def test_a_turn_in_a_shared_room_that_was_missed_is_left_to_the_next(pages: Pages) -> None:
    page, feed = opened(pages, sound_ms=3_000)
    missed = feed.call("A001", after_ms=-4_000)
    feed.voices(announcements=[missed], room=["hall"])
    until(page, "window.said.length === 1")

    feed.voices(
        announcements=[feed.call("A002", after_ms=-4_000), feed.call("A003")], room=["hall", "upstairs"]
    )

    until(page, "window.said.length === 2")
    expect(page.locator("#page")).to_have_attribute("data-speaking", feed.voice["announcements"][1]["id"])
    assert len(said(page)) == 2, "and not the one that was missed"


def test_a_turn_in_a_shared_room_that_moved_up_is_no_missed_one(pages: Pages) -> None:
    page, feed = opened(pages, sound_ms=3_000)
    room = ["hall", "upstairs"]
    call = feed.call("A001", after_ms=20_000)
    feed.voices(announcements=[call], room=room)

    # The call before was taken back just now.
    now_ms = feed.now_ms()
    feed.voices(announcements=[{**call, "from_ms": now_ms, "until_ms": now_ms + 6_000}], room=room)

    expect(page.locator("#page")).to_have_attribute("data-speaking", call["id"])
    assert len(said(page)) == 1


def test_a_sound_that_is_longer_than_its_turn_is_heard_all_the_same(pages: Pages) -> None:
    page, feed = opened(pages, sound_ms=3_000)
    call = feed.call("A001", after_ms=2_000)

    feed.voices(announcements=[{**call, "until_ms": call["from_ms"] + 2_000}], room=["hall", "upstairs"])

    expect(page.locator("#page")).to_have_attribute("data-speaking", call["id"])


def test_calls_are_as_loud_as_the_hour_has_it(pages: Pages) -> None:
    page, feed = opened(pages)
    feed.voices(announcements=[feed.call("A001")])
    until(page, "window.said.length === 1 && window.said[0].lasted")

    noon = [*feed.voice["volumes"], {"from_ms": feed.now_ms() - 1, "volume": 40}]
    feed.voices(volumes=noon, announcements=[feed.call("A002")])

    until(page, "window.said.length === 2")
    assert [one["percent"] for one in said(page)] == [80, 40]


def test_quiet_hours_are_quiet_and_what_was_called_then_is_not_said_later(pages: Pages) -> None:
    page, feed = opened(pages)
    loud = feed.voice["volumes"][0]
    feed.voices(volumes=[loud, {"from_ms": feed.now_ms() - 1_000, "volume": 0}])
    expect(page.locator("#page")).to_have_attribute("data-voice", "quiet")
    feed.voices(announcements=[feed.call("A001")])
    page.wait_for_timeout(300)

    feed.voices(volumes=[loud])

    expect(page.locator("#page")).to_have_attribute("data-voice", "ready")
    page.wait_for_timeout(300)
    assert said(page) == []


def test_a_screen_that_may_not_sound_says_so_until_it_is_touched(pages: Pages) -> None:
    page, feed = opened(pages, touch=False)
    line = page.locator("#sound")
    expect(line).to_have_text("本屏没有声音，点击启用")
    expect(page.locator("#page")).to_have_attribute("data-voice", "blocked")
    assert look(page, least_px=28).faults == []
    feed.voices(announcements=[feed.call("A001")])
    page.wait_for_timeout(300)
    assert said(page) == []

    line.click()

    expect(line).to_be_hidden()
    until(page, "window.said.length === 1")


def test_a_server_without_a_voice_is_told_on_the_screen(pages: Pages) -> None:
    page, feed = opened(pages)
    page.route("**/audio?zone=hall", lambda route: route.fulfill(status=503, body="{}"))
    feed.voices(announcements=[feed.call("A001")])
    expect(page.locator("#sound")).to_have_text("本屏没有声音，请告知管理员")

    page.unroute("**/audio?zone=hall")
    page.route("**/audio?zone=hall", lambda route: route.fulfill(body=tone(440), content_type="audio/wav"))
    feed.voices(announcements=[feed.call("A002")])

    expect(page.locator("#sound")).to_be_hidden()


def test_a_sound_that_does_not_come_is_asked_for_again(pages: Pages) -> None:
    page, feed = opened(pages)
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) > 1:
            route.fulfill(body=tone(440), content_type="audio/wav")

    page.route("**/audio?zone=hall", answer)
    feed.voices(announcements=[feed.call("A001")])

    until(page, "window.said.length === 1")
    assert len(asked) == 2


def test_a_lost_line_says_nothing_more(pages: Pages) -> None:
    page, feed = opened(pages)
    feed.voices(announcements=[feed.call("A001", after_ms=3_000)])

    feed.hang_up()

    expect(page.locator("#page")).to_have_attribute("data-phase", "lost")
    page.wait_for_timeout(2_000)
    assert said(page) == []


def test_only_one_screen_of_a_zone_speaks_and_the_next_takes_over(pages: Pages, live: LiveServer) -> None:
    staffed(live, "w1", "c02")
    screens = []
    for _ in range(2):
        page = pages.blank(TV)
        page.add_init_script(f"({COUNT})()")
        pages.go(page, "/tv/county/hall?voice=on", live.token("screen", hall="county"))
        is_live(page)
        page.locator("#hall").click()
        screens.append(page)
        expect(page.locator("#page")).to_have_attribute("data-voice", ["ready", "standby"][len(screens) - 1])
    first, second = screens
    live.issue()
    live.window("w1", "call_next")
    until(first, "window.said.length === 1")
    # A turn that is over for more than a second is left to whoever spoke; looked at once a second.
    second.wait_for_timeout(2_200)
    assert said(second) == []

    first.close()

    expect(second.locator("#page")).to_have_attribute("data-voice", "ready")
    assert said(second) == [], "what the other has said is not said again"
    live.window("w1", "start")
    live.window("w1", "complete")
    live.issue()
    live.window("w1", "call_next")
    until(second, "window.said.length === 1")


def test_without_being_asked_a_screen_is_silent(pages: Pages) -> None:
    page, _ = opened(pages, touch=False, query="")
    page.wait_for_timeout(300)
    assert page.locator("#page").get_attribute("data-voice") is None
    expect(page.locator("#sound")).to_be_hidden()


def test_a_real_call_is_heard_and_an_undo_silences_it(pages: Pages, live: LiveServer) -> None:
    staffed(live)
    page = pages.blank(TV)
    page.add_init_script(f"({COUNT})()")
    pages.go(page, "/tv/county/hall?voice=on", live.token("screen", hall="county"))
    is_live(page)
    page.locator("#hall").click()
    expect(page.locator("#page")).to_have_attribute("data-voice", "ready")
    live.issue()

    live.window("w3", "call_next")

    until(page, "window.said.length === 1")
    assert said(page)[0]["ms"] > 3_000
    live.window("w3", "undo")
    expect(page.locator("#page")).to_have_attribute("data-voice", "ready")
    assert first_lasted(page) < said(page)[0]["ms"]
