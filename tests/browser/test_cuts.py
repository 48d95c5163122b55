"""Every act of floor, desk, cases, editor, tablet and kiosk, cut in its middle: one effect."""

from __future__ import annotations

import itertools
import os
import time
from typing import TYPE_CHECKING, Any, Final

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import WITHIN_MS, Pages, is_live
from tests.browser.desks import hall_file
from tests.browser.kiosks import EXTRA
from tests.browser.line import line_to
from tests.live import LiveServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Page

    from tests.browser.line import Line

pytestmark = pytest.mark.browser

CUT_S: Final = float(os.environ.get("CALLQ_CUT_S", "0"))
"""How long the line stays cut; given one, every act is cut at every step."""

STEPS: Final = ("unsent", "unanswered", "reload")
"""Before the press has left; when the server has done it; with the page loaded again before the answer."""

FIRST: Final = 3
"""So many acts of each page are tried where no cut is asked for, each at another step."""

HALL: Final = "/v1/halls/county"
AGAIN_MS: Final = WITHIN_MS + 40_000


@pytest.fixture(scope="module", params=range(len(STEPS) if CUT_S else 1))
def shift(request: pytest.FixtureRequest) -> int:
    """At which step the first act is cut."""
    return int(request.param)


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory, shift: int) -> Iterator[LiveServer]:
    """For each shift a hall with lists to look through, bookings, a printer, and people at two windows."""
    folder = tmp_path_factory.mktemp(f"cuts{shift}")
    text = hall_file().replace("recall_gap_s = 10 ", "recall_gap_s = 0 ") + EXTRA.replace("quota = 1\n", "")
    (folder / "county.toml").write_text(text, encoding="utf-8")
    server = LiveServer(folder / "data", halls=[str(folder / "county.toml")]).start()
    for window, clerk in (("w3", "c03"), ("w4", "c04")):
        server.window(window, "sign_in", clerk=clerk)
        server.window(window, "open")
    yield server
    server.stop()


class Stage:
    """A page behind a line that is cut, and what happens to the hall by its hand."""

    role = "supervisor"
    address = ""
    size = (1920, 1080)

    def __init__(self, pages: Pages, live: LiveServer, line: Line) -> None:
        self.live, self.line = live, line
        self.page = pages.blank(self.size)
        self.token = self.new_token()
        self.page.goto(f"{line.url}{self.address}#token={self.token}")
        self.ready()
        self._since = int(live.ask("GET", HALL)["revision"])

    def new_token(self) -> str:
        return self.live.token(self.role, hall="county")

    def ready(self) -> Page:
        """Wait until the page is live and acts."""
        is_live(self.page)
        expect(self.page.locator("#page")).to_have_attribute("data-acting", "true")
        return self.page

    def new(self, *, keep: bool = False) -> list[str]:
        """Kinds of the events since the last time; keep: they are asked for again."""
        answer = self.live.ask("GET", f"{HALL}/events?since={self._since}&limit=1000")
        if not keep:
            self._since = answer["next"]
        return [one["kind"] for one in answer["events"] if one["who"]["role"] == self.role]

    def acts(self) -> Iterator[tuple[str, str]]:
        """Brings the page to where one press does it: what is pressed, and the events that this is."""
        raise NotImplementedError

    def press(self, what: str) -> None:
        self.page.locator(what).click()

    def sent(self) -> None:
        """Wait until the page waits for an answer."""
        expect(self.page.locator("#receipt")).to_have_attribute("data-kind", "pending")

    def done(self, what: str, step: str) -> None:
        """Wait until the page says that it was done."""
        expect(self.page.locator("#receipt")).to_have_attribute("data-kind", "done", timeout=AGAIN_MS)
        expect(self.page.locator("#page")).to_have_attribute("data-waiting", "false")

    def broken(self, what: str, step: str) -> None:
        """Press while the line breaks, and let it come back."""
        self.line.lose("up" if step == "unsent" else "down")
        self.press(what)
        self.sent()
        if step == "unsent":
            self.line.await_loss(WITHIN_MS / 1000)
        else:
            until = time.monotonic() + WITHIN_MS / 1000
            while not self.new(keep=True):
                assert time.monotonic() < until, "the press did not arrive"
        self.line.cut()
        time.sleep(CUT_S)
        here = self.page.url
        if step == "reload":  # it is left before the browser sends once more by itself, and is answered
            self.page.goto("about:blank")
        self.line.mend()
        if step == "reload":
            self.page.goto(here)

    def play(self, shift: int) -> None:
        """All acts, each at one of the steps."""
        acts = itertools.islice(self.acts(), None if CUT_S else FIRST)
        for number, (what, events) in enumerate(acts):
            step = STEPS[(number + shift) % len(STEPS)]
            self.new()
            self.broken(what, step)
            self.done(what, step)
            assert self.new() == events.split(), (what, step)
            self.ready()


class Floor(Stage):
    """Calls are not here: they ask for the number first, and are not begun where that breaks."""

    address = "/floor/county"

    def window(self, window: str, clerk: str = "") -> None:
        self.page.keyboard.press("Escape")
        self.page.locator(f'.tile[data-window="{window}"]').click()
        expect(self.page.locator("#sheet")).to_have_attribute("data-about", f"window/{window}")
        if clerk:
            self.page.locator("#sheet select").select_option(clerk)

    def reason(self) -> None:
        self.page.locator("#sheet .reason-field input").fill("有急事")

    def service(self) -> None:
        self.page.keyboard.press("Escape")
        self.page.locator('.queue[data-service="social"]').click()
        self.reason()

    def top(self, name: str) -> None:
        self.page.keyboard.press("Escape")
        self.page.locator(f".do-{name}").click()

    def acts(self) -> Iterator[tuple[str, str]]:
        self.window("w1", "c01")
        yield "#sheet .do-seat", "clerk_signed_in"
        self.window("w2", "c01")
        yield "#sheet .do-seat", "clerk_signed_out clerk_signed_in"
        self.window("w2")
        yield "#sheet .do-open", "window_opened"
        self.window("w2")
        self.page.locator('#sheet .check input[value="social"]').uncheck()
        yield "#sheet .do-skills", "skills_set"
        self.window("w2")
        yield "#sheet .do-all-skills", "skills_set"
        self.window("w2", "c02")
        yield "#sheet .do-hand-over", "window_handed_over"
        self.window("w2", "c01")
        self.reason()
        yield "#sheet .do-take-over", "window_handed_over"
        self.window("w2")
        yield "#sheet .do-pause", "window_paused"
        self.window("w2")
        yield "#sheet .do-unpause", "window_unpaused"
        self.service()
        yield "#sheet .do-stop", "issuing_stopped"
        self.service()
        yield "#sheet .do-start", "issuing_started"
        self.top("notices")
        self.page.locator("#sheet .field input").first.fill("二楼打印机维修")
        yield "#sheet .do-notice", "notice_posted"
        self.top("notices")
        yield "#sheet .do-withdraw", "notice_withdrawn"
        self.live.window("w4", "help", reason="争执")
        self.window("w4")
        yield "#sheet .do-help-done", "help_ended"
        self.window("w4")
        yield "#sheet .do-close", "window_closed"
        self.window("w4")
        yield "#sheet .do-sign-out", "clerk_signed_out"
        self.live.window("w4", "sign_in", clerk="c04")
        self.live.window("w4", "open")
        self.top("hall")
        self.reason()
        self.page.locator("#sheet .do-suspend").click()
        yield "#sheet .do-suspend", "hall_suspended"
        self.top("hall")
        yield "#sheet .do-resume", "hall_resumed"


class Desk(Stage):
    address = "/desk/county"

    def ready(self) -> Page:
        page = super().ready()
        page.keyboard.press("Escape")
        expect(page.locator("#page")).to_have_attribute("data-sheet", "home")
        return page

    def done(self, what: str, step: str) -> None:
        super().done(what, step)
        if step == "reload" and what != ".do-sent-home":  # its ticket is looked for then
            expect(self.page.locator("#page")).not_to_have_attribute("data-sheet", "home")

    def found(self, ticket: dict[str, Any]) -> None:
        self.page.fill("#find-text", ticket["number"])
        self.page.click("#find-button")
        expect(self.page.locator("#page")).to_have_attribute("data-sheet", f"ticket/{ticket['id']}")

    def aside(self, *commands: str) -> dict[str, Any]:
        """A ticket that was called, and what was done with it."""
        ticket: dict[str, Any] = self.live.issue("general")
        self.live.window("w3", "call_ticket", ticket=ticket["id"], reason="有急事")
        for command in commands:
            more = {"kind": "without_papers"} if command == "hold" else {}
            self.live.window("w3", command, **more)
        return ticket

    def acts(self) -> Iterator[tuple[str, str]]:
        page = self.page
        page.click('[data-service="medical"]')
        yield ".do-take", "ticket_issued print_requested"
        ticket = self.live.issue("medical")
        self.found(ticket)
        yield ".do-along", "helper_joined"
        page.click('[data-service="medical"]')
        page.fill(".field input[type=tel]", "13800004444")
        yield ".do-take", "ticket_issued print_requested"
        self.found(ticket)
        expect(page.locator(".do-along")).to_have_text("不再陪同")
        yield ".do-along", "helper_left"
        page.click('[data-service="estate"]')
        page.locator(".answer-no input").nth(0).check()
        yield ".do-sent-home", "sent_home"
        page.click('[data-service="estate"]')
        page.click(".do-all")
        yield ".do-take", "ticket_issued ticket_prechecked print_requested"
        for _ in range(2):
            self.found(ticket)
            page.locator(".sheet-body").get_by_role("button", name="残疾人").click()
            yield ".do-grant", "class_granted"
        self.found(ticket)
        page.select_option(".sheet-body select >> nth=1", "estate")
        yield ".do-reassign", "ticket_reassigned"
        self.found(ticket)
        page.click(".do-all")
        yield ".do-precheck", "ticket_prechecked"
        self.found(ticket)
        yield ".do-reprint", "print_requested"
        self.found(ticket)
        page.click(".do-cancel")
        yield ".do-cancel", "ticket_cancelled"
        self.found(self.aside("miss"))
        yield ".do-rejoin", "ticket_rejoined"
        self.found(self.aside("start", "hold"))
        yield ".do-returned", "ticket_returned"


def served(live: LiveServer) -> dict[str, Any]:
    """Somebody is served and done at window 3, whoever else waits."""
    ticket: dict[str, Any] = live.issue("general")
    live.window("w3", "call_ticket", ticket=ticket["id"], reason="有急事")
    live.window("w3", "start")
    live.window("w3", "complete")
    return ticket


class Cases(Stage):
    address = "/cases/county"

    def case(self, number: str, tab: str = "left") -> None:
        self.page.locator(f'.tab[data-tab="{tab}"]').click()
        self.page.locator("#rows .pick", has_text=number).click()

    def fill(self, label: str) -> None:
        self.page.locator("#sheet").get_by_label(label).fill("已致歉，材料已补齐")

    def acts(self) -> Iterator[tuple[str, str]]:
        ticket = served(self.live)
        number = ticket["number"]
        key = ticket["links"]["citizen"].partition("#token=")[2]
        path = f"{HALL}/tickets/{ticket['id']}/commands"
        body = {"command": "rate", "level": 2, "reasons": ["slow"]}
        self.live.ask("POST", path, body, Authorization=f"Bearer {key}")
        self.case(number)
        yield "#sheet .do-take", "case_taken"
        self.case(number)
        yield "#sheet .do-not-reached", "case_called_back"
        self.case(number)
        yield "#sheet .do-take", "case_taken"
        self.case(number)
        self.fill("回访结果")
        yield "#sheet .do-reached", "case_called_back"
        self.case(number)
        self.fill("处理结果")
        yield "#sheet .do-close", "case_closed"
        self.case(number, "closed")
        self.fill("原因")
        yield "#sheet .do-reopen", "case_reopened"


class Editor(Stage):
    address = "/editor/county"

    def ready(self) -> Page:
        is_live(self.page)
        expect(self.page.locator("#page")).to_have_attribute("data-ready", "true")
        return self.page

    def done(self, what: str, step: str) -> None:
        expect(self.page.locator("#receipt")).to_contain_text("已生效", timeout=AGAIN_MS)
        expect(self.page.locator("#page")).to_have_attribute("data-applying", "false")

    def acts(self) -> Iterator[tuple[str, str]]:
        page = self.page
        now = self.live.ask("GET", f"{HALL}/config")["config"].get("warnings", {}).get("waiting", 15)
        for waiting in (now + 1, now + 2):
            page.locator("#tab-thresholds").click()
            page.locator('[data-control="warnings.waiting"]').fill(str(waiting))
            expect(page.locator("#page")).to_have_attribute("data-check", "ok")
            page.locator("#do-apply").click()
            page.locator("#reason").fill("试一试")
            yield "#do-sure", "hall_configured"
        page.locator(".do-undo").click()
        expect(page.locator("#page")).to_have_attribute("data-check", "ok")
        page.locator("#do-apply").click()
        yield "#do-sure", "hall_configured"


class Tablet(Stage):
    role = "rating"
    address = "/rating/county/w3"
    size = (1024, 600)

    def new_token(self) -> str:
        return self.live.token("rating", hall="county", window="w3")

    def ready(self) -> Page:
        return is_live(self.page)

    def shows(self, state: str) -> None:
        expect(self.page.locator("#page")).to_have_attribute("data-state", state)
        self.page.wait_for_timeout(420)

    def sent(self) -> None:
        expect(self.page.locator("#page")).to_have_attribute("data-state", "sending")

    def done(self, what: str, step: str) -> None:
        state = "idle" if step == "reload" else "thanks"
        expect(self.ready().locator("#page")).to_have_attribute("data-state", state, timeout=AGAIN_MS)

    def acts(self) -> Iterator[tuple[str, str]]:
        for level in (5, 2, 3):
            served(self.live)
            self.shows("ask")
            if level == 2:
                self.press('[data-level="2"]')
                self.shows("why")
                self.press('[data-reason="slow"]')
                yield "#submit", "ticket_rated case_opened"
            else:
                yield f'[data-level="{level}"]', "ticket_rated"


class Kiosk(Stage):
    role = "kiosk"
    address = "/kiosk/county"
    size = (1080, 1920)

    def new(self, *, keep: bool = False) -> list[str]:
        """A print that nobody took in time is asked for again with the number that was found."""
        kinds = super().new(keep=keep)
        return [kind for at, kind in enumerate(kinds) if kind != "print_requested" or kind not in kinds[:at]]

    def ready(self) -> Page:
        page = is_live(self.page)
        page.wait_for_timeout(550)
        for button in ("#done", "#back"):
            if page.locator(button).is_visible():
                page.locator(button).click()
        expect(page.locator("#page")).to_have_attribute("data-mode", "home")
        page.wait_for_timeout(550)
        return page

    def press(self, what: str) -> None:
        """A button, or what a scanner types."""
        if what[0] == "[":
            self.page.locator(what).click()
            return
        self.page.keyboard.type(what)
        self.page.keyboard.press("Enter")

    def sent(self) -> None:
        expect(self.page.locator("#message-title")).to_have_text("正在取号")

    def done(self, what: str, step: str) -> None:
        """After a cut that outlasts the page's patience, or a reload, somebody presses once more."""
        page = self.page
        ended = page.locator('#page:not([data-mode="message"]), #page:has(#back:visible)')
        expect(ended).to_be_visible(timeout=AGAIN_MS)
        if page.locator("#page").get_attribute("data-mode") != "ticket":
            self.ready()
            self.press(what)
        expect(page.locator("#ticket, #whose").locator("visible=true")).to_be_visible(timeout=AGAIN_MS)
        if page.locator("#mine").is_visible():
            page.wait_for_timeout(550)
            page.locator("#mine").click()
        expect(page.locator("#page")).to_have_attribute("data-mode", "ticket")

    def acts(self) -> Iterator[tuple[str, str]]:
        yield '[data-service="social"]', "ticket_issued print_requested"
        slots = self.live.ask("GET", f"{HALL}/slots?service=marriage")["slots"]
        body = {"service": "marriage", "slot_ms": slots[0]["slot_ms"], "person": {"phone": "13800005555"}}
        booked = self.live.ask("POST", f"{HALL}/bookings", body)["booking"]["id"]
        yield booked, "ticket_issued booking_arrived print_requested"
        yield '[data-service="medical"]', "ticket_issued print_requested"
        missed = self.live.issue("general")
        self.live.window("w3", "call_ticket", ticket=missed["id"], reason="有急事")
        self.live.window("w3", "miss")
        yield f"/t/county/{missed['id']}", "ticket_rejoined"


PAGES: Final[list[Callable[..., Stage]]] = [Floor, Desk, Cases, Editor, Tablet, Kiosk]


@pytest.mark.timeout(6000 if CUT_S else 300)
@pytest.mark.parametrize("page", PAGES)
def test_an_act_on_a_line_that_breaks_is_done_once(
    pages: Pages, live: LiveServer, page: Callable[..., Stage], shift: int
) -> None:
    with line_to(live.port) as line:
        page(pages, live, line).play(shift)


@pytest.mark.parametrize("page", [Floor, Desk, Cases, Editor])
def test_a_press_is_not_sent_by_whoever_opens_the_page_next(
    pages: Pages, live: LiveServer, page: Callable[..., Stage]
) -> None:
    """In the same tab, within the minute in which it would be sent again."""
    with line_to(live.port) as line:
        stage = page(pages, live, line)
        what, _ = next(stage.acts())
        line.lose("up")
        stage.press(what)
        stage.sent()
        line.cut()
        stage.page.goto("about:blank")
        line.mend()
        stage.page.goto(f"{line.url}{stage.address}#token={stage.new_token()}")
        stage.ready()
        expect(stage.page.locator("#receipt")).not_to_have_attribute("data-kind", "pending")
        stage.page.wait_for_function("() => JSON.stringify(sessionStorage).indexOf('callq.presses') < 0")
        assert stage.new() == []
