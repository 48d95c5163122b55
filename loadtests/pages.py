"""From the press to the changed page in real Chromium; and until all screens are back after an outage.

First a zone's screen and a clerk's panel are open in the system's Chromium while four windows call. Then
many screens and one real page lose their server, which is killed, and come back by themselves.
"""

from __future__ import annotations

import gc
import itertools
import shutil
import socket
import threading
import time
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
import trio
from playwright.sync_api import sync_playwright

from callq.config import load_hall
from callq.config.export import export_hall
from loadtests.client import Panel, frame, frames, handshake, new_token, open_feed
from loadtests.feed import HALL, fill, many_windows
from loadtests.figures import Bound, Figure, Report, percentile, report
from loadtests.following import Follower, back_s, following
from loadtests.servers import callq_server, free_port, scratch

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from playwright.sync_api import Browser, Page
    from rich.progress import Progress

    from loadtests.servers import Server

GOAL_DOM_MS: Final = 60.0
GOAL_BACK_S: Final = 3.0
WINDOWS: Final = 4
IDLE: Final = f"w{WINDOWS}"
"""A window that calls once, when the server is about to be killed; its call stands all through the outage."""

PER_S: Final = 10.0
WARM: Final = 20
"""Calls before the first run."""

OUTAGE_PER_S: Final = 2.0
BEFORE_S: Final = 8.0
AFTER_S: Final = 20.0
"""Calls go on so long after an outage; the longest wait of a page before it tries again is 15 s."""

SPEAKS: Final = 10
"""Every tenth screen speaks."""

SETTLE_S: Final = 1.0
WITHIN_MS: Final = 30_000
FLAGS: Final = [
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--autoplay-policy=no-user-gesture-required",
]
BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

NUMBER: Final = "(document.querySelector('#ticket-body .number') || {textContent: ''}).textContent"
WAITING: Final = (
    "String(Array.from(document.querySelectorAll('#waiting .people'))"
    ".reduce((sum, node) => sum + Number(node.textContent), 0))"
)
"""What is looked at: the number on a panel, and the people whom a zone's screen counts as waiting."""

WATCH: Final = r"""(() => {
  const now = () => performance.timeOrigin + performance.now();
  const opened = [], changes = [], asked = [];
  window.benchmark = { opened, changes, asked, now };
  const { fetch } = window;
  window.fetch = (about, ...more) => {
    const call = /announcements\/[^/]*-(\d+)\/audio/.exec(String(about));
    if (call) asked.push([now(), Number(call[1])]);
    return fetch(about, ...more);
  };
  window.WebSocket = class extends WebSocket {
    constructor(...about) {
      super(...about);
      this.addEventListener("open", () => opened.push(now()));
    }
  };
  document.addEventListener("DOMContentLoaded", () => {
    const page = document.getElementById("page");
    let last = "";
    new MutationObserver(() => {
      const at = now();
      const { phase, revision } = page.dataset;
      const change = { at, painted: 0, phase, revision: Number(revision || -1), text: LOOK };
      const key = [phase, revision, change.text].join();
      if (key === last) return;
      last = key;
      changes.push(change);
      requestAnimationFrame(() => requestAnimationFrame(() => { change.painted = now(); }));
    }).observe(page, { subtree: true, childList: true, characterData: true, attributes: true });
  });
})()"""


class Change(msgspec.Struct):
    """A page as its document was from a moment on, epoch ms.

    Attributes:
      at: when the document had changed.
      painted: when a frame had been painted after that; 0: never.
      phase: of the page's feed.
      revision: that it shows.
      text: what was looked at.
    """

    at: float
    painted: float
    phase: str
    revision: int
    text: str


class Call(NamedTuple):
    """A press of "next": epoch seconds of sending it and of its answer."""

    window: str
    sent: float
    answered: float
    number: str
    revision: int


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the scenario's options."""
    parser.add_argument("--seconds", type=float, default=20.0, metavar="S", help="of each run (default 20)")
    parser.add_argument("--screens", type=int, default=200, metavar="N", help="of an outage (default 200)")
    parser.add_argument("--outage", type=float, default=60.0, metavar="S", help="its length (default 60)")
    parser.add_argument("--outages", type=int, default=2, metavar="N", help="how many (default 2)")


def run(args: argparse.Namespace, progress: Progress) -> Report:
    """Measure; every call must reach both pages, and every screen must come back."""
    with scratch() as place, sync_playwright() as playwright:
        path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
        if path is None:
            raise RuntimeError(f"no browser: install one of {', '.join(BROWSERS)}")
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        try:
            figures = [*_pages(args, place, chromium, progress), *_outages(args, place, chromium, progress)]
        finally:
            chromium.close()
    return report(
        "pages",
        figures,
        f"`callq serve` with its embedded Redis (`appendfsync always`), {WINDOWS} windows; "
        f"{PER_S:g} calls a second, each also started and completed, {int(args.seconds * PER_S)} a run; "
        f"every {WINDOWS}th is of the panel that is open.",
        "Times are from sending the command on a panel's socket until a MutationObserver of the page finds "
        "the document changed, by the page's clock, which is held against ours before each run; painted is "
        "when the second animation frame after that began.",
        f"Outages: the server is killed and started again {args.outage:g} s later; {args.screens:,} sockets "
        f"that come back as the pages do, every {SPEAKS}th of which has what is announced, and a zone's "
        f"screen in Chromium that speaks; {OUTAGE_PER_S:g} calls a second before and from the server's "
        "readiness on, and one that stands all the time.",
    )


# From the press to the page -------------------------------------------------------------------------


class Run(NamedTuple):
    """Milliseconds of each call, and of each of the panel that is open."""

    tv: list[float]
    tv_painted: list[float]
    feed: list[float]
    panel: list[float]
    panel_painted: list[float]
    panel_feed: list[float]


def _pages(args: argparse.Namespace, place: Path, chromium: Browser, progress: Progress) -> Iterator[Figure]:
    calls = int(args.seconds * PER_S)
    file = _hall(place, place / "pages", calls * args.runs + WARM)
    found: list[Run] = []
    with callq_server(place / "pages", str(file)) as server, ExitStack() as stack:
        tv = _open_screen(chromium, server)
        token = new_token(server.port, "clerk", hall=HALL, window="w0")
        panel = _opened(chromium, server, f"/panel/{HALL}/w0", token, NUMBER)
        desk = _Desk(stack, server)
        _run(desk, server, tv, panel, WARM)
        for _ in progress.track(range(args.runs), description="pages"):
            found.append(_run(desk, server, tv, panel, calls))
        tv.context.close()
        panel.context.close()
    feed = [each.feed for each in found], "the change on a bare feed"
    theirs = [each.panel_feed for each in found], feed[1]
    rows = [
        ("the count of waiting people on a zone's screen", [each.tv for each in found], feed, True),
        ("the count of waiting people, painted", [each.tv_painted for each in found], feed, False),
        ("the number on the clerk's panel", [each.panel for each in found], theirs, True),
        ("the number on the clerk's panel, painted", [each.panel_painted for each in found], theirs, False),
    ]
    for what, values, (beside, baseline), judged in rows:
        for name, share in (("p50", 0.5), ("p99", 0.99)):
            limit = Bound(of="value", at="most", limit=GOAL_DOM_MS) if judged and share == 0.99 else None
            yield Figure(
                what=f"press to {what}, {name}",
                unit="ms",
                values=_share(values, share),
                baseline=baseline,
                baselines=_share(beside, share),
                bound=limit,
            )


def _run(desk: _Desk, server: Server, tv: Page, panel: Page, calls: int) -> Run:
    """Call so often, and match what pages and a bare feed saw."""
    offsets = _offset_ms(tv), _offset_ms(panel)
    waited = int(tv.evaluate(WAITING))
    for page in (tv, panel):
        page.evaluate("window.benchmark.changes.length = 0")
    gc.collect()
    gc.freeze()
    with _bare_feed(server) as heard:
        made = desk.call(calls, PER_S)
        time.sleep(SETTLE_S)
    frames_seen = list(_revisions(heard))
    on_tv, on_panel = _changes(tv, offsets[0]), _changes(panel, offsets[1])
    shown, written = [], []
    for number, call in enumerate(made, start=1):
        shown.append(first(on_tv, call.sent * 1000, partial(counts, waited - number)))
        if call.window == "w0":
            written.append(first(on_panel, call.sent * 1000, partial(tells, call.number)))
    feed = [
        next(at for at, revision in frames_seen if revision >= call.revision) * 1000 - call.sent * 1000
        for call in made
    ]
    here = [call.window == "w0" for call in made]
    sent_ms = [call.sent * 1000 for call in made]
    panel_sent_ms = list(itertools.compress(sent_ms, here))
    return Run(
        tv=[one.at - sent for one, sent in zip(shown, sent_ms, strict=True)],
        tv_painted=[one.painted - sent for one, sent in zip(shown, sent_ms, strict=True)],
        feed=feed,
        panel=[one.at - sent for one, sent in zip(written, panel_sent_ms, strict=True)],
        panel_painted=[one.painted - sent for one, sent in zip(written, panel_sent_ms, strict=True)],
        panel_feed=list(itertools.compress(feed, here)),
    )


def counts(left: int, change: Change) -> bool:
    """Whether a count that only falls has come down to `left`."""
    return change.text != "" and int(change.text) <= left


def tells(number: str, change: Change) -> bool:
    """Whether that number is there."""
    return change.text == number


def first(changes: Sequence[Change], sent_ms: float, wanted: Callable[[Change], bool]) -> Change:
    """The first change after a press that shows it, and that was painted.

    Raises:
      RuntimeError: there is none.
    """
    for change in changes:
        if change.at >= sent_ms and wanted(change):
            if change.painted == 0:
                raise RuntimeError("a page does not paint")
            return change
    raise RuntimeError("a call never reached a page")


class _Desk:
    """The panels of all windows, one socket each; each call is started and completed by and by."""

    def __init__(self, stack: ExitStack, server: Server) -> None:
        token = new_token(server.port, "supervisor")
        self._panels = {
            f"w{number}": stack.enter_context(Panel(server.port, HALL, token, f"w{number}"))
            for number in range(WINDOWS + 1)
        }

    def call(self, calls: int, per_s: float) -> list[Call]:
        """Call so often, evenly.

        Half a beat after a call the one before it is started, and the one before that completed.
        """
        made: list[Call] = []
        begin = time.monotonic() + 0.1
        for number in range(calls + 2):
            _sleep_until(begin + number / per_s)
            if number < calls:
                made.append(self.one(f"w{number % WINDOWS}"))
            _sleep_until(begin + (number + 0.5) / per_s)
            for back, command in ((1, "start"), (2, "complete")):
                if 0 <= number - back < calls:
                    self._panels[f"w{(number - back) % WINDOWS}"].do(command)
        return made

    def one(self, window: str) -> Call:
        """Call at a window."""
        sent = time.time()
        answer = self._panels[window].do("call_next")
        return Call(window, sent, time.time(), answer["ticket"]["number"], answer["revision"])


def _sleep_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.monotonic()))


@contextmanager
def _bare_feed(server: Server) -> Iterator[list[tuple[float, bytes]]]:
    """A socket that follows the board and does nothing but stamp what comes, epoch seconds."""
    token = new_token(server.port, "screen", hall=HALL)
    heard: list[tuple[float, bytes]] = []
    with socket.create_connection(("127.0.0.1", server.port)) as feed:
        rest = open_feed(feed, handshake(HALL, token))
        heard.append((time.time(), bytes(rest)))
        feed.sendall(frame(msgspec.json.encode({"type": "subscribe", "view": "board"})))

        def read() -> None:
            while part := feed.recv(65536):
                heard.append((time.time(), part))

        thread = threading.Thread(target=read)
        thread.start()
        try:
            yield heard
        finally:
            feed.shutdown(socket.SHUT_RDWR)
            thread.join()


def _revisions(heard: list[tuple[float, bytes]]) -> Iterator[tuple[float, int]]:
    buffer = bytearray()
    for at, part in heard:
        buffer += part
        for _, content in frames(buffer):
            message = msgspec.json.decode(content)
            if message["type"] in {"snapshot", "change"}:
                yield at, message["revision"]


# Pages ----------------------------------------------------------------------------------------------


def _open_screen(chromium: Browser, server: Server, query: str = "") -> Page:
    return _opened(
        chromium, server, f"/tv/{HALL}/all{query}", new_token(server.port, "screen", hall=HALL), WAITING
    )


def _opened(chromium: Browser, server: Server, path: str, token: str, look: str) -> Page:
    """A page, live, in a window of its own, whose changes are kept."""
    context = chromium.new_context(viewport={"width": 1920, "height": 1080})
    context.set_default_timeout(WITHIN_MS)
    page = context.new_page()
    page.add_init_script(WATCH.replace("LOOK", look))
    page.goto(f"http://127.0.0.1:{server.port}{path}#token={token}")
    page.wait_for_selector("#page[data-phase=live]")
    return page


def _offset_ms(page: Page) -> float:
    """How far the page's clock is before ours; nothing where that is less than can be told."""
    looks = []
    for _ in range(30):
        began = time.time() * 1000
        theirs = float(page.evaluate("window.benchmark.now()"))
        ended = time.time() * 1000
        looks.append((ended - began, theirs - (began + ended) / 2))
    taken, offset = min(looks)
    return offset if abs(offset) > taken / 2 else 0.0


def _changes(page: Page, offset_ms: float) -> list[Change]:
    """All that a page kept, by our clock."""
    kept = msgspec.convert(page.evaluate("window.benchmark.changes"), list[Change], strict=False)
    for change in kept:
        change.at -= offset_ms
        change.painted -= offset_ms if change.painted else 0
    return kept


# Outages --------------------------------------------------------------------------------------------


class Outage(NamedTuple):
    """What came of one: seconds, and stale announcements."""

    worst_s: float
    middle_s: float
    page_s: float
    all_back_s: float
    stale: int
    spoken: int


def _outages(
    args: argparse.Namespace, place: Path, chromium: Browser, progress: Progress
) -> Iterator[Figure]:
    found = []
    for number in progress.track(range(args.outages), description="outages"):
        found.append(_outage(args, place, f"outage{number}", chromium))
    told = f"outage of {args.outage:g} s, {args.screens:,} screens"
    within = Bound(of="value", at="most", limit=GOAL_BACK_S)
    none = Bound(of="value", at="most", limit=0)
    rows = [
        (f"{told}: from its reconnection until the last shows the newest revision", "s", 0, within),
        (f"{told}: the same, the middle one", "s", 1, None),
        (f"{told}: the same, the page in Chromium", "s", 2, within),
        (f"{told}: from the server's readiness until the last is connected again", "s", 3, None),
        (f"{told}: stale announcements given afterwards", "rows", 4, none),
        (f"{told}: calls of before that the page in Chromium would speak afterwards", "calls", 5, none),
    ]
    for what, unit, column, bound in rows:
        values = tuple(round(float(each[column]), 4) for each in found)
        yield Figure(what=what, unit=unit, values=values, bound=bound)


def _outage(args: argparse.Namespace, place: Path, name: str, chromium: Browser) -> Outage:
    before, after = int(BEFORE_S * OUTAGE_PER_S), int(AFTER_S * OUTAGE_PER_S)
    file = _hall(place, place / name, before + after + 10)
    port = free_port()
    with ExitStack() as stack:
        with callq_server(place / name, str(file), port=port) as server, ExitStack() as desks:
            page = _open_screen(chromium, server, "?voice=on")
            token = new_token(port, "screen", hall=HALL)
            followers = [
                Follower(port, HALL, token, speaks=number % SPEAKS == 0) for number in range(args.screens)
            ]
            stack.enter_context(following(followers))
            _until_all_show(followers)
            offset = _offset_ms(page)
            desk = _Desk(desks, server)
            calls = desk.call(before, OUTAGE_PER_S)
            calls.append(desk.one(IDLE))
            time.sleep(SETTLE_S)
            if not any(follower.announced for follower in followers):
                raise RuntimeError("nothing was announced before the outage")
            if not _asked(page, offset):
                raise RuntimeError("the page in Chromium spoke nothing before the outage")
            server.kill()
        killed = time.time()
        time.sleep(args.outage)
        with callq_server(place / name, str(file), port=port) as server, ExitStack() as desks:
            ready = time.time()
            calls += _Desk(desks, server).call(after, OUTAGE_PER_S)
            time.sleep(SETTLE_S)
            confirmed = [(call.answered, call.revision) for call in calls]
            changes = _changes(page, offset)
            opened = [(at - offset) / 1000 for at in page.evaluate("window.benchmark.opened")]
            asked = [call for at, call in _asked(page, offset) if at > killed * 1000]
            if not any(call > ready * 1000 for call in asked):
                raise RuntimeError("the page in Chromium spoke nothing after the outage")
            page.context.close()
            stack.close()
    back = [_connected(follower.connected, killed) for follower in followers]
    newest = confirmed[-1][1]
    if missing := sum(follower.revision < newest for follower in followers):
        raise RuntimeError(f"{missing} screens do not show revision {newest}")
    if len({follower.revision for follower in followers}) > 1:
        raise RuntimeError("screens show different revisions")
    waits = [back_s(at, follower.shown, confirmed) for at, follower in zip(back, followers, strict=True)]
    alive = [(change.at / 1000, change.revision) for change in changes if change.phase == "live"]
    return Outage(
        worst_s=max(waits),
        middle_s=percentile(waits, 0.5),
        page_s=back_s(_connected(opened, killed), alive, confirmed),
        all_back_s=max(back) - ready,
        stale=sum(
            one.is_stale(killed * 1000)
            for follower in followers
            for one in follower.announced
            if one.heard_ms > killed * 1000
        ),
        spoken=sum(call <= killed * 1000 for call in asked),
    )


def _asked(page: Page, offset_ms: float) -> list[tuple[float, int]]:
    """When the page asked for the sound of a call, and when that was called, epoch ms."""
    return [(at - offset_ms, call) for at, call in page.evaluate("window.benchmark.asked")]


def _connected(times: list[float], killed: float) -> float:
    """The one time that a screen connected again.

    Raises:
      RuntimeError: it did not, or had to do so again.
    """
    again = [at for at in times if at > killed]
    if len(again) != 1:
        raise RuntimeError(f"a screen connected {len(again)} times after the outage")
    return again[0]


def _until_all_show(followers: list[Follower]) -> None:
    deadline = time.monotonic() + WITHIN_MS / 1000
    while any(follower.revision < 0 for follower in followers):
        if time.monotonic() > deadline:
            raise RuntimeError("not all screens show the board")
        time.sleep(0.05)


def _hall(place: Path, data: Path, tickets: int) -> Path:
    """A hall's file; in `data` all its windows are open and so many people wait."""
    config = many_windows(load_hall(HALL), WINDOWS + 1)
    file = place / f"{HALL}.toml"
    file.write_text(export_hall(config), encoding="utf-8")
    trio.run(fill, data, config, tickets)
    return file


def _share(runs: list[list[float]], share: float) -> tuple[float, ...]:
    return tuple(round(percentile(values, share), 2) for values in runs)
