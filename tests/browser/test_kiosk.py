"""The kiosk: presses, paper, bookings, cards, and what people are told when something is wrong."""

from __future__ import annotations

import io
import json
import re
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import expect

from panels.printer.qr import qr_code
from panels.printer.sample import SAMPLE_LINK
from tests.browser.axe import grave
from tests.browser.conftest import PORTRAIT, TV, WITHIN_MS, Pages, is_live
from tests.browser.contrast import look
from tests.browser.kiosks import Kiosk, county_file, press, settled, shows, taken
from tests.live import LiveServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page, Route

pytestmark = pytest.mark.browser

LEAST = 26
TAPS = """
() => { for (let n = 0; n < 100; n += 1) document.querySelector('[data-service="general"]').click(); }
"""


@pytest.fixture(scope="module")
def kiosk_hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("kiosk")
    (folder / "hall.toml").write_text(county_file(), encoding="utf-8")
    server = LiveServer(folder / "data", halls=[str(folder / "hall.toml")]).start()
    yield server
    server.stop()


@pytest.fixture
def live(kiosk_hall: LiveServer) -> LiveServer:
    return kiosk_hall


@pytest.fixture
def kiosk(pages: Pages, live: LiveServer) -> Kiosk:
    return Kiosk(pages, live)


def test_a_hundred_taps_give_one_number_and_its_paper_is_told(kiosk: Kiosk) -> None:
    before = len(kiosk.tickets())
    page = kiosk.open()
    page.evaluate(TAPS)
    shows(page, "ticket")
    (ticket,) = kiosk.tickets()[before:]
    expect(page.locator("#number")).to_have_text(ticket["number"])
    expect(page.locator("#ticket")).to_have_attribute("data-paper", "pending")
    expect(page.locator("#again")).to_be_disabled()
    kiosk.printed(ticket)
    expect(page.locator("#ticket")).to_have_attribute("data-paper", "printed")
    expect(page.locator("#result")).to_have_text("取号成功，请取走号票")
    expect(page.locator("#where")).to_have_text("一楼　综合大厅")
    press(page, "#done")
    shows(page, "home")
    assert len(kiosk.tickets()) == before + 1


def test_without_paper_the_number_stays_on_the_screen_and_comes_again(kiosk: Kiosk) -> None:
    page = kiosk.open()
    ticket = taken(page, kiosk)
    kiosk.agent("end", ticket, state="failed", fault="paper_out")
    expect(page.locator("#result")).to_have_text("没有出票，请记下号码")
    expect(page.locator("#print")).to_have_text("缺纸")
    expect(page.locator("#qr svg")).to_be_visible()
    assert look(page, least_px=LEAST).faults == []
    press(page, "#again")
    expect(page.locator("#ticket")).to_have_attribute("data-paper", "pending")
    again = next(one for one in kiosk.tickets() if one["id"] == ticket["id"])
    assert (again["number"], again["print"]["copy"]) == (ticket["number"], 2)
    kiosk.agent("take", again)
    kiosk.agent("end", again, state="unknown", fault="offline")
    expect(page.locator("#result")).to_have_text("可能没有出票，请记下号码")
    press(page, "#again")
    third = next(one for one in kiosk.tickets() if one["id"] == ticket["id"])
    expect(page.locator("#ticket")).to_have_attribute("data-paper", "pending")
    third = next(one for one in kiosk.tickets() if one["id"] == ticket["id"])
    kiosk.agent("end", third, state="failed", fault="cover_open")
    expect(page.locator("#ticket")).to_have_attribute("data-paper", "failed")
    expect(page.locator("#again")).to_be_disabled()
    press(page, "#done")
    expect(page.locator("#trouble")).to_contain_text("盖子没有盖好")
    kiosk.live.ask("POST", "/v1/halls/county/printers/k1/commands", {"command": "report", "fault": ""})
    expect(page.locator("#trouble")).to_be_hidden()


def test_a_number_that_is_not_printed_again_says_why(kiosk: Kiosk) -> None:
    page = kiosk.pages.blank(PORTRAIT)
    ticket: dict[str, Any] = {}

    def between(page_side: Any) -> None:
        server_side = page_side.connect_to_server()

        def up(text: str) -> None:
            if json.loads(text).get("command") == "reprint":  # it is cancelled at the desk just before
                path = f"/v1/halls/county/tickets/{ticket['id']}/commands"
                kiosk.live.ask("POST", path, {"command": "cancel"})
            server_side.send(text)

        page_side.on_message(up)

    page.route_web_socket("**/feed", between)
    kiosk.open(page=page)
    ticket |= taken(page, kiosk)
    kiosk.agent("end", ticket, state="failed", fault="paper_out")
    press(page, "#again")
    expect(page.locator("#print")).to_have_text("没有再打印：状态已经变了，请到导办台询问。")
    assert look(page, least_px=LEAST).faults == []


def test_a_press_whose_answer_is_lost_is_neither_lost_nor_doubled(kiosk: Kiosk) -> None:
    before = len(kiosk.tickets())
    page = kiosk.open()
    lost = 0

    def lose(route: Route) -> None:
        nonlocal lost
        if lost < 2:
            lost += 1
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route("**/v1/halls/county/tickets", lose)
    ticket = taken(page, kiosk)
    assert lost == 2
    assert [one["id"] for one in kiosk.tickets()[before:]] == [ticket["id"]]


class GivenUp:
    """A number that was taken by a press whose answer nobody saw, and the page that gave it up."""

    def __init__(self, kiosk: Kiosk, act: Callable[[Page], None]) -> None:
        self.kiosk, self.act = kiosk, act
        self.before = len(kiosk.tickets())
        self.page = kiosk.pages.blank(PORTRAIT)
        self.page.clock.install()
        kiosk.open(page=self.page)
        self.keys: list[str] = []

        def away(route: Route) -> None:
            self.keys.append(route.request.headers["idempotency-key"])
            if len(self.keys) == 1:
                route.fetch()
            route.abort()

        self.page.route("**/v1/halls/county/tickets", away)
        act(self.page)
        expect(self.page.locator("#message-title")).to_have_text("正在取号")
        self.page.clock.fast_forward(21_000)
        expect(self.page.locator("#message-title")).to_have_text("没有收到回复")
        self.page.unroute("**/v1/halls/county/tickets")
        (self.unseen,) = kiosk.tickets()[self.before :]
        assert len(set(self.keys)) == 1
        self.page.clock.run_for(1000)
        self.page.locator("#back").click()
        self.page.clock.run_for(1000)

    def command(self, **body: object) -> None:
        """What the desk does with it meanwhile."""
        self.kiosk.live.ask("POST", f"/v1/halls/county/tickets/{self.unseen['id']}/commands", body)

    def again(self) -> None:
        """The same thing is pressed once more."""
        self.page.clock.run_for(1000)
        self.act(self.page)

    def asked(self, answer: str) -> None:
        """The page asks whose the number is, and is told."""
        shows(self.page, "whose")
        expect(self.page.locator("#whose-number")).to_have_text(self.unseen["number"])
        press(self.page, answer)

    def shown(self) -> list[dict[str, Any]]:
        """All numbers that were taken, once one of them stands there; that one is the last."""
        shows(self.page, "ticket")
        found = self.kiosk.tickets()[self.before :]
        expect(self.page.locator("#number")).to_have_text(found[-1]["number"])
        return found


def social(page: Page) -> None:
    press(page, '[data-service="social"]')


def a_matter(page: Page) -> None:
    press(page, "#find-open")
    press(page, '#matters [data-group="social"]')
    press(page, '#matters [data-matter="item social-card"]')


@pytest.mark.parametrize("wish", ["", "#priority", "#language"])
def test_one_that_was_given_up_is_found_whatever_else_is_asked_for(kiosk: Kiosk, wish: str) -> None:
    given_up = GivenUp(kiosk, social)
    if wish:
        press(given_up.page, wish)
    if wish == "#language":
        expect(is_live(given_up.page).locator("html")).to_have_attribute("lang", "en")
    given_up.again()
    assert look(given_up.page, least_px=LEAST).faults == []
    assert grave(given_up.page) == []
    given_up.asked("#mine")
    assert len(given_up.shown()) == 1
    without = {
        "": "屏幕和语音",
        "#priority": "没有记下“申请优先”",
        "#language": "does not say that you speak",
    }
    expect(given_up.page.locator("#notes li").first).to_contain_text(without[wish])
    press(given_up.page, "#done")
    expect(is_live(given_up.page).locator("html")).to_have_attribute("lang", "zh-CN")
    shows(given_up.page, "home")
    given_up.again()
    assert len(given_up.shown()) == 2


def test_one_that_was_given_up_is_printed_when_somebody_says_that_it_is_theirs(kiosk: Kiosk) -> None:
    given_up = GivenUp(kiosk, social)
    kiosk.agent("end", given_up.unseen, state="failed", fault="paper_out")
    given_up.again()
    given_up.asked("#mine")
    expect(given_up.page.locator("#ticket")).to_have_attribute("data-paper", "pending")
    (ticket,) = given_up.shown()
    assert ticket["print"]["copy"] == 2


def test_one_that_was_given_up_is_not_the_next_ones(kiosk: Kiosk) -> None:
    given_up = GivenUp(kiosk, social)
    given_up.again()
    given_up.asked("#not-mine")
    unseen, mine = given_up.shown()
    assert (unseen["state"], mine["state"]) == ("waiting", "waiting")


@pytest.mark.parametrize(
    ("since", "act"),
    [
        ({"command": "cancel"}, social),
        ({"command": "reprint"}, social),
        ({"command": "reassign", "service": "medical"}, social),
        ({"command": "reassign", "service": "medical"}, a_matter),
    ],
    ids=["it is over", "the desk printed it", "it is for something else", "a matter for something else"],
)
def test_one_that_was_given_up_and_is_of_no_use_is_not_found(
    kiosk: Kiosk, since: dict[str, str], act: Callable[[Page], None]
) -> None:
    given_up = GivenUp(kiosk, act)
    kiosk.printed(given_up.unseen)
    given_up.command(**since)
    given_up.again()
    unseen, mine = given_up.shown()
    assert (unseen["id"], mine["service"]) == (given_up.unseen["id"], "social")


def test_one_that_was_given_up_is_nobodys_when_everybody_has_gone(kiosk: Kiosk) -> None:
    given_up = GivenUp(kiosk, social)
    given_up.page.clock.fast_forward(80_000)
    is_live(given_up.page)
    given_up.again()
    assert len(given_up.shown()) == 2


def test_one_that_did_not_arrive_is_taken_as_it_is_asked_for_now(kiosk: Kiosk) -> None:
    before = len(kiosk.tickets())
    page = kiosk.pages.blank(PORTRAIT)
    page.clock.install()
    kiosk.open(page=page)
    page.route("**/v1/halls/county/tickets", lambda route: route.abort())
    social(page)
    expect(page.locator("#message-title")).to_have_text("正在取号")
    page.clock.fast_forward(21_000)
    expect(page.locator("#message-title")).to_have_text("没有收到回复")
    page.unroute("**/v1/halls/county/tickets")
    page.clock.run_for(1000)
    page.locator("#back").click()
    press(page, "#priority")
    social(page)
    shows(page, "ticket")
    (ticket,) = kiosk.tickets()[before:]
    assert ticket["traits"] == ["wants_priority"]


@pytest.mark.parametrize("minutes", [-30, 30])
def test_a_clock_that_is_set_neither_lengthens_nor_ends_a_press(kiosk: Kiosk, minutes: int) -> None:
    page = kiosk.pages.blank(PORTRAIT)
    page.clock.install()
    kiosk.open(page=page)
    sent = 0

    def away(route: Route) -> None:
        nonlocal sent
        sent += 1
        route.abort()

    page.route("**/v1/halls/county/tickets", away)
    social(page)
    title = page.locator("#message-title")
    expect(title).to_have_text("正在取号")
    page.clock.set_system_time(datetime.now(UTC) + timedelta(minutes=minutes))
    before, until = sent, time.monotonic() + WITHIN_MS / 1000
    while sent < before + 2:
        page.wait_for_timeout(50)
        assert time.monotonic() < until, "it is sent again"
    expect(title).to_have_text("正在取号")
    page.clock.fast_forward(21_000)
    expect(title).to_have_text("没有收到回复")


def test_closed_and_full_services_say_why_and_when(kiosk: Kiosk) -> None:
    page = kiosk.open()
    stop = {"command": "stop_issuing", "service": "estate", "reason": "上级系统故障"}
    kiosk.live.ask("POST", "/v1/halls/county/commands", stop)
    expect(page.locator('[data-service="estate"] .why')).to_have_text(
        "暂停取号：上级系统故障，请到导办台询问"
    )
    taken(page, kiosk, "marriage")
    press(page, "#done")
    expect(page.locator('[data-service="marriage"] .why')).to_have_text(
        re.compile(r"^号已取完，.*04:00 再取号，可预约$")
    )
    assert page.locator('button[data-service="marriage"]').count() == 0
    kiosk.live.ask("POST", "/v1/halls/county/commands", {"command": "start_issuing", "service": "estate"})
    expect(page.locator('button[data-service="estate"]')).to_be_visible()


def test_priority_is_asked_for_and_never_given_by_the_machine(kiosk: Kiosk) -> None:
    page = kiosk.open()
    press(page, "#priority")
    expect(page.locator("#wish")).to_be_visible()
    ticket = taken(page, kiosk)
    assert (ticket["class"], ticket["traits"]) == ("ordinary", ["wants_priority"])
    expect(page.locator("#notes li").first).to_have_text("已申请优先，请到导办台核实。")
    press(page, "#done")
    assert taken(page, kiosk)["traits"] == []


def test_english_is_whole_and_goes_with_the_number(kiosk: Kiosk) -> None:
    page = kiosk.open("?lang=en")
    expect(page.locator("#question")).to_have_text("Choose a service")
    words = page.locator("body").inner_text()
    assert re.findall(r"[\u4e00-\u9fff]+", words) == ["中文"]
    assert look(page, least_px=LEAST).faults == []
    assert taken(page, kiosk)["traits"] == ["english"]
    assert re.findall(r"[\u4e00-\u9fff]+", page.locator("body").inner_text()) == []
    assert look(page, least_px=LEAST).faults == []


@pytest.mark.parametrize("size", [PORTRAIT, TV], ids=["portrait", "landscape"])
def test_every_view_is_readable_and_accessible(kiosk: Kiosk, size: tuple[int, int]) -> None:
    page = kiosk.open(size=size)

    def check(state: str) -> None:
        assert look(page, least_px=LEAST if size == PORTRAIT else 24).faults == [], state
        assert grave(page) == [], state
        targets = page.locator("main button:visible, footer button:visible").evaluate_all(
            "all => all.map((one) => one.getBoundingClientRect().height)"
        )
        assert min(targets) >= 117, state

    check("home")
    press(page, "#booked")
    shows(page, "checkin")
    check("checkin")
    press(page, "#back")
    press(page, "#help")
    expect(page.locator("#message-text")).to_contain_text("12345")
    check("help")
    press(page, "#back")
    press(page, "#unresolved")
    expect(page.locator("#desk-place")).to_have_text("导办台")
    check("unresolved")
    press(page, "#back")
    press(page, "#elder")
    expect(page.locator('[data-service="medical"] .name')).to_have_text("看病报销")
    check("elder")
    ticket = taken(page, kiosk)
    kiosk.printed(ticket)
    expect(page.locator("#ticket")).to_have_attribute("data-paper", "printed")
    check("ticket")


def test_it_reads_aloud_where_the_device_has_a_voice(kiosk: Kiosk) -> None:
    page = kiosk.pages.blank(PORTRAIT)
    page.add_init_script("""
      window.said = [];
      speechSynthesis.getVoices = () => [{ lang: "zh-CN", name: "made up" }];
      window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
      speechSynthesis.speak = (one) => window.said.push(one.text);
    """)
    kiosk.open(page=page)
    press(page, "#elder")
    press(page, "#aloud")
    (said,) = page.evaluate("said")
    assert said.startswith("您要办什么事？")
    assert "看病报销，" in said


def booking(kiosk: Kiosk, service: str, **person: str) -> str:
    slots = kiosk.live.ask("GET", f"/v1/halls/county/slots?service={service}")["slots"]
    body = {"service": service, "slot_ms": slots[0]["slot_ms"], "person": person}
    return str(kiosk.live.ask("POST", "/v1/halls/county/bookings", body)["booking"]["id"])


def test_a_booking_is_checked_in_by_number_or_it_is_said_what_now(kiosk: Kiosk) -> None:
    page = kiosk.open()
    press(page, "#booked")
    settled(page)
    for letter in "0123456789":
        page.locator(f'#keys [data-letter="{letter}"]').click()
    expect(page.locator("#typed")).to_have_text("01234-56789")
    page.locator('#keys [data-letter="go"]').click()
    expect(page.locator("#message-text")).to_have_text("没有这个预约，请核对预约号。")
    press(page, "#back")
    shows(page, "home")


def test_a_card_finds_the_booking_and_lies_there_once(kiosk: Kiosk) -> None:
    id_no = "11010519491231002X"
    mine = booking(kiosk, "marriage", id_no=id_no)
    page = kiosk.pages.blank(PORTRAIT)
    asked: list[str] = []
    cards = [id_no]

    def service(route: Route) -> None:
        name = route.request.url.rpartition("/")[2]
        asked.append(name)
        body = {"resultFlag": "0", "certType": "01", "partyName": "张三", "certNumber": cards[0]}
        route.fulfill(json=body, headers={"Access-Control-Allow-Origin": "*"})

    page.route("http://127.0.0.1:19196/*", service)
    kiosk.open("?reader=huashi", page=page)
    shows(page, "ticket")
    number = page.locator("#number").inner_text()
    (ticket,) = [one for one in kiosk.tickets() if one["number"] == number]
    assert (ticket["booking"], ticket["print"]["printer"]) == (mine, "k1")
    assert id_no not in json.dumps(kiosk.live.ask("GET", "/v1/halls/county/events?since=0&limit=500"))
    cards[0] = "110105194912310038"  # the next one's
    expect(page.locator("#countdown")).to_have_text("下一位请先点“完成”")
    expect(page.locator("#number")).to_have_text(number)
    press(page, "#done")
    expect(page.locator("#message-title")).to_have_text("没有找到今天的预约")
    press(page, "#back")
    reads = len(asked)
    shows(page, "home")
    with page.expect_request(re.compile("readcard")), page.expect_request(re.compile("CloseDevice")):
        pass
    assert len(asked) > reads
    shows(page, "home")
    expect(page.locator("#booked-title")).to_have_text("有预约，请刷身份证")


@pytest.mark.parametrize(
    ("name", "url", "asks"),
    [("jieyu", "ws://localhost:1919", True), ("dianyipai", "ws://localhost:9002", False)],
)
def test_cards_of_readers_over_sockets(kiosk: Kiosk, name: str, url: str, asks: bool) -> None:
    page = kiosk.pages.blank(PORTRAIT)
    heard: list[Any] = []
    card = json.dumps({"data": {"name": "李四", "idNumber": "110105194912310038", "cardType": "01"}})

    def answer(socket: Any, text: str) -> None:
        heard.append(json.loads(text))
        socket.send(card)

    def serve(socket: Any) -> None:
        if asks:
            socket.on_message(lambda text: answer(socket, text))
        else:
            socket.send(card)

    page.route_web_socket(re.compile(re.escape(url)), serve)
    kiosk.open(f"?reader={name}", page=page)
    expect(page.locator("#message-title")).to_have_text("没有找到今天的预约")
    assert heard[:1] == ([{"type": 4}] if asks else [])


def test_an_absent_reader_leaves_the_number_to_type(kiosk: Kiosk) -> None:
    page = kiosk.open("?reader=huashi")
    expect(page.locator("#booked-title")).to_have_text("有预约，点这里签到")
    taken(page, kiosk)


def test_a_service_whose_reader_is_unplugged_asks_nobody_for_a_card(kiosk: Kiosk) -> None:
    page = kiosk.pages.blank(PORTRAIT)
    there = {"resultFlag": "0"}

    def service(route: Route) -> None:
        opening = route.request.url.endswith("OpenDevice")
        body = there if opening else {"resultFlag": "1", "errorMsg": "no card"}
        route.fulfill(json=body, headers={"Access-Control-Allow-Origin": "*"})

    page.route("http://127.0.0.1:19196/*", service)
    kiosk.open("?reader=huashi", page=page)
    title = page.locator("#booked-title")
    expect(title).to_have_text("有预约，请刷身份证")
    there["resultFlag"] = "-1"
    expect(title).to_have_text("有预约，点这里签到")
    there["resultFlag"] = "0"
    expect(title).to_have_text("有预约，请刷身份证", timeout=10_000)


def test_it_reports_how_it_is_and_leaves_nobody_standing(kiosk: Kiosk) -> None:
    floor, order = "/v1/halls/county/floor", {"command": "order_device", "device": "kiosk-1"}

    def row() -> Any:
        rows = kiosk.live.ask("GET", floor)["data"]["devices"]
        return next((one for one in rows if one["id"] == "kiosk-1"), None)

    def until(wanted: Callable[[Any], bool]) -> Any:
        for _ in range(400):
            found = row()
            if found is not None and wanted(found):
                return found
            page.wait_for_timeout(50)
        pytest.fail(f"the device is {row()}")

    page = kiosk.open("?device=kiosk-1&reader=huashi&printer=k9")
    codes = {"printer_absent", "reader_absent"}
    found = until(lambda one: {fault["code"] for fault in one["faults"]} == codes)
    assert (found["kind"], found["state"]) == ("kiosk", "fault")
    assert "没有指定打印机" in found["text"]

    page = kiosk.open("?device=kiosk-1", page=page)
    until(lambda one: one["state"] == "ok")
    press(page, "#booked")
    kiosk.live.ask("POST", "/v1/halls/county/commands", {**order, "order": "test"})
    settled(page)
    expect(page.locator("#test-picture")).to_have_count(0)
    shows(page, "checkin")
    press(page, "#back")
    expect(page.locator("#test-picture")).to_contain_text("kiosk-1")
    until(lambda one: one["order"]["state"] == "done")

    page.evaluate("window.marked = true")
    kiosk.live.ask("POST", "/v1/halls/county/commands", {**order, "order": "restart"})
    until(lambda one: (one["order"]["order"], one["order"]["state"]) == ("restart", "done"))
    assert page.evaluate("window.marked") is None
    is_live(page)


def test_a_missed_number_comes_back_with_its_paper(kiosk: Kiosk) -> None:
    live = kiosk.live
    page = kiosk.open()
    live.window("w3", "sign_in", clerk="c01")
    live.window("w3", "open")
    mine = taken(page, kiosk, "social")
    press(page, "#done")
    live.window("w3", "call_ticket", ticket=mine["id"], reason="试机")
    live.window("w3", "recall")
    live.window("w3", "miss")
    settled(page)
    for _ in range(2):
        page.keyboard.type(f"http://queue/t/county/{mine['id']}#token=ct_x")
        page.keyboard.press("Enter")
        shows(page, "ticket")
    expect(page.locator("#number")).to_have_text(mine["number"])
    expect(page.locator("#countdown")).to_contain_text("秒后自动返回")
    assert next(one for one in kiosk.tickets() if one["id"] == mine["id"])["state"] == "waiting"
    page.keyboard.type(f"http://queue/t/county/{'7' * 26}#token=ct_y")  # the next one's paper
    page.keyboard.press("Enter")
    expect(page.locator("#countdown")).to_have_text("下一位请先点“完成”")
    expect(page.locator("#number")).to_have_text(mine["number"])
    assert look(page, least_px=LEAST).faults == []
    live.window("w3", "close")
    live.window("w3", "sign_out")


def test_nobody_there_gives_the_page_back_after_a_warning(kiosk: Kiosk) -> None:
    page = kiosk.pages.blank(PORTRAIT)
    page.clock.install()
    kiosk.open(page=page)
    press(page, "#elder")
    page.clock.fast_forward(59_000)
    expect(page.locator("#still")).to_be_hidden()
    page.clock.fast_forward(2_000)
    expect(page.locator("#still")).to_be_visible()
    assert grave(page) == []
    page.locator("#stay").click()
    expect(page.locator("#still")).to_be_hidden()
    page.clock.fast_forward(61_000)
    expect(page.locator("#still")).to_be_visible()
    page.clock.fast_forward(15_000)
    expect(page.locator("#still")).to_be_hidden()
    expect(page.locator("#page")).not_to_have_attribute("data-elder", "")


def test_the_codes_of_page_and_paper_are_the_same(kiosk: Kiosk) -> None:
    page = kiosk.open()
    for text in ("x", SAMPLE_LINK, "y" * 300):
        drawn = page.evaluate("async (text) => (await import('/pages/kiosk/qr.js')).qrCode(text)", text)
        assert drawn == qr_code(text.encode())
    taken(page, kiosk)
    with Image.open(io.BytesIO(page.locator("#qr").screenshot())) as picture:
        (found,) = zxingcpp.read_barcodes(picture.convert("L"))
    assert found.text.startswith(f"{kiosk.live.url}/t/county/")
    assert page.goto(found.text)
    is_live(page)
    expect(page.locator("body")).to_contain_text("综合受理")


def test_without_the_server_it_says_so_and_keeps_the_number_that_it_shows(
    chromium: Browser, tmp_path: Path
) -> None:
    (tmp_path / "hall.toml").write_text(county_file(), encoding="utf-8")
    live = LiveServer(tmp_path / "data", halls=[str(tmp_path / "hall.toml")]).start()
    pages = Pages(chromium, live)
    try:
        kiosk = Kiosk(pages, live)
        page, other = kiosk.open(), kiosk.open()
        ticket = taken(page, kiosk)
        live.kill()
        expect(other.locator("#message-title")).to_have_text("暂时不能取号")
        expect(other.locator("#services")).to_be_hidden()
        expect(page.locator("#result")).to_have_text("可能没有出票，请记下号码")
        expect(page.locator("#number")).to_have_text(ticket["number"])
        live.start()
        shows(other, "home")
        assert taken(other, kiosk)["number"] == "A002"
    finally:
        for context in pages.contexts:
            context.close()
        live.stop()
    assert pages.faults == []
