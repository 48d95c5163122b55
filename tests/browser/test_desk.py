"""The desk: numbers for others, papers looked at, tickets found again, going along, the list for paper."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.browser.axe import grave
from tests.browser.conftest import Pages, is_live
from tests.browser.contrast import look
from tests.browser.desks import DEED, busy, desk_server
from tests.browser.line import Line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page, Route

    from tests.live import LiveServer

pytestmark = pytest.mark.browser

HALL = "/v1/halls/county"
TABLET, UPRIGHT, DESKTOP, ENLARGED = (1280, 800), (800, 1280), (1366, 768), (640, 400)
LEAST = 15


@pytest.fixture(scope="module")
def desk_hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    server = desk_server(tmp_path_factory.mktemp("desk"))
    busy(server)
    yield server
    server.stop()


@pytest.fixture
def live(desk_hall: LiveServer) -> LiveServer:
    return desk_hall


class Desk:
    """A page of a helper, and what stands on it."""

    def __init__(self, pages: Pages, live: LiveServer) -> None:
        self.pages, self.live = pages, live

    def open(self, size: tuple[int, int] = TABLET, query: str = "", role: str = "helper") -> Page:
        token = self.live.token(role, hall="county", name="帮办小周")
        page = self.pages.go(self.pages.blank(size), f"/desk/county{query}", token)
        return ready(page)

    def tickets(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.live.ask("GET", f"{HALL}/tickets?limit=500")["tickets"]
        return found

    def ticket(self, number: str) -> dict[str, Any]:
        (found,) = self.live.ask("GET", f"{HALL}/tickets?number={number}")["tickets"]
        return dict(found)

    def kinds(self, since: int) -> list[tuple[str, dict[str, Any], dict[str, str]]]:
        """Kinds of events since a revision, with their data and who did it."""
        events = self.live.ask("GET", f"{HALL}/events?since={since}&limit=500")["events"]
        return [(one["kind"], one["data"], one["who"]) for one in events]

    def revision(self) -> int:
        return int(self.live.ask("GET", HALL)["revision"])


@pytest.fixture
def desk(pages: Pages, live: LiveServer) -> Desk:
    return Desk(pages, live)


def ready(page: Page) -> Page:
    """Wait until the page is live and knows what it may do."""
    is_live(page)
    expect(page.locator("#page")).to_have_attribute("data-acting", "true")
    return page


def settled(page: Page) -> None:
    """Wait until the last press is answered."""
    expect(page.locator("#page")).to_have_attribute("data-waiting", "false")


def sheet(page: Page, about: str) -> None:
    expect(page.locator("#page")).to_have_attribute("data-sheet", about)


def find(page: Page, typed: str) -> None:
    page.fill("#find-text", typed)
    page.click("#find-button")


def shown(page: Page) -> str:
    """The number that was taken."""
    expect(page.locator(".big-number")).to_be_visible()
    return page.locator(".big-number").inner_text()


# Numbers for others --------------------------------------------------------------------------------


def test_papers_are_looked_at_and_then_a_number_is_taken(desk: Desk) -> None:
    since = desk.revision()
    page = desk.open()
    page.click('[data-service="estate"]')
    sheet(page, "take/estate")
    take, tell = page.locator(".do-take"), page.locator(".do-sent-home")
    expect(take).to_have_attribute("aria-disabled", "true")
    take.dispatch_event("click")
    expect(page.locator("#receipt")).to_contain_text("请先看完每一项")
    page.locator(".answer-yes input").nth(0).check()
    page.locator(".answer-no input").nth(1).check()
    page.locator(".answer-yes input").nth(2).check()
    expect(take).to_be_hidden()
    tell.click()
    expect(page.locator(".notice-slip")).to_contain_text("遗失的先到 2 楼补证")
    assert page.locator(".notice-slip li").count() == 1
    page.click(".do-next")
    # The matter has a paper of its own, and the visit goes on to another service.
    page.fill("#item-text", "商品房")
    page.click('[data-item="new-house"]')
    expect(page.locator(".check-list > li")).to_have_count(4)
    page.click(".do-all")
    page.get_by_label("孕妇", exact=True).check()
    page.get_by_label("优先", exact=True).check()
    expect(take).to_have_attribute("title", "请先写理由")
    page.locator(".priority-part").get_by_role("button", name="孕妇").click()
    page.fill(".field input[type=tel]", "13800001111")
    page.click('.further-one[data-service="social"]')
    take.click()
    number = shown(page)
    ticket = desk.ticket(number)
    assert (ticket["class"], ticket["traits"], ticket["item"]) == ("priority", ["pregnant"], "new-house")
    assert ticket["prechecked_ms"]
    assert [step["service"] for step in ticket["visit"]["steps"]] == ["estate", "social"]
    expect(page.locator(".code svg")).to_be_visible()
    kinds = desk.kinds(since)
    (home,) = [data for kind, data, _ in kinds if kind == "sent_home"]
    assert home == {"service": "estate", "missing": [DEED]}
    ((issued, who),) = [(data, who) for kind, data, who in kinds if kind == "ticket_issued"]
    assert (issued["class_reason"], who["role"], who["name"]) == ("孕妇", "helper", "帮办小周")
    expect(page.locator("#top-checks")).to_contain_text("通过 1，缺材料 1")
    # Who waits is looked at by the same lists; in another service it is nobody's pre-check.
    page.click(".do-more")
    expect(page.locator(".check-list > li")).to_have_count(4)
    expect(page.locator(".facts")).to_contain_text("帮办小周")
    page.select_option(".sheet-body select >> nth=1", "medical")
    page.click(".do-reassign")
    expect(page.locator(".check-list > li")).to_have_count(0)
    expect(page.locator(".facts")).not_to_contain_text("帮办小周")
    # The kiosk sends people here.
    kiosk = desk.pages.go(
        desk.pages.blank((1080, 1920)), "/kiosk/county", desk.live.token("kiosk", hall="county")
    )
    expect(kiosk.locator('div[data-service="estate"] .why')).to_have_text("请先到导办台预审")


@pytest.mark.parametrize("phone", ["", "13800002222"])
def test_a_press_whose_answer_is_lost_is_gone_on_with_after_a_reload(desk: Desk, phone: str) -> None:
    page = desk.open()
    before = len(desk.tickets())

    def swallow(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route(f"**{HALL}/tickets", swallow)
    page.click('[data-service="medical"]')
    page.fill(".field input[type=tel]", phone)
    page.evaluate("() => { for (let n = 0; n < 50; n += 1) document.querySelector('.do-take').click(); }")
    expect(page.locator("#receipt")).to_have_attribute("data-kind", "pending")
    desk_has(page, desk, before + 1)
    kept = page.evaluate("() => JSON.stringify(sessionStorage)")
    assert "callq.press" in kept
    assert "13800002222" not in kept, "no telephone stays on the tablet"
    page.unroute(f"**{HALL}/tickets")
    page.reload()
    ready(page)
    number = shown(page)
    assert number == desk.tickets()[-1]["number"]
    expect(page.locator(".code svg")).to_be_visible()
    assert len(desk.tickets()) == before + 1
    assert "callq.press" not in page.evaluate("() => JSON.stringify(sessionStorage)")


def test_a_number_that_is_still_on_its_way_is_found_after_a_reload(desk: Desk) -> None:
    """The page was loaded again before a slow line had carried its request to the server."""
    page = desk.open()
    before = len(desk.tickets())
    token = page.evaluate("() => sessionStorage.getItem('callq.token:' + location.pathname)")
    sent: list[dict[str, Any]] = []
    looked = 0

    def slow(route: Route) -> None:
        sent.append({"key": route.request.headers["idempotency-key"], "body": route.request.post_data_json})

    def empty(route: Route) -> None:
        nonlocal looked
        looked += 1
        route.continue_()

    page.route(f"**{HALL}/tickets", slow)
    page.route(f"**{HALL}/find/tickets", empty)
    page.click('[data-service="medical"]')
    page.fill(".field input[type=tel]", "13800003333")
    page.click(".do-take")
    expect(page.locator("#receipt")).to_have_attribute("data-kind", "pending")
    page.unroute(f"**{HALL}/tickets")
    page.reload()
    ready(page)
    until = time.monotonic() + 10
    while looked < 2:  # it was asked for, and was not there
        assert time.monotonic() < until, "it was not asked for again"
        page.wait_for_timeout(50)
    (one,) = sent
    more = {"Idempotency-Key": one["key"], "Authorization": f"Bearer {token}"}
    desk.live.ask("POST", f"{HALL}/tickets", one["body"], **more)
    assert shown(page) == desk.tickets()[-1]["number"]
    assert len(desk.tickets()) == before + 1


def test_what_is_looked_at_comes_back_when_the_line_does(desk: Desk) -> None:
    """After 改号 the new service's list is asked for until somebody answers."""
    number = desk.live.issue("medical")["number"]
    page = desk.open()
    find(page, number)
    sheet(page, f"ticket/{desk.ticket(number)['id']}")
    page.select_option(".sheet-body select >> nth=1", "estate")
    page.route(f"**{HALL}/find/tickets", lambda route: route.abort())
    with page.expect_request_finished(lambda one: one.url.endswith("/commands")):
        page.click(".do-reassign")
    expect(page.locator(".facts")).to_contain_text("不动产登记")
    expect(page.locator(".check-list > li")).to_have_count(0)
    page.unroute(f"**{HALL}/find/tickets")
    expect(page.locator(".check-list > li")).to_have_count(3)


def desk_has(page: Page, desk: Desk, count: int) -> None:
    """Wait until so many tickets are there; the page goes on meanwhile."""
    until = time.monotonic() + 10
    while len(desk.tickets()) < count:
        assert time.monotonic() < until, "no ticket came"
        page.wait_for_timeout(50)


# Found again ---------------------------------------------------------------------------------------


def test_a_ticket_is_found_and_helped(desk: Desk) -> None:
    page = desk.open()
    for typed, says in (("a6", "按号码"), ("5005", "按尾号"), ("138 1234 5005", "按手机号")):
        find(page, typed)
        expect(page.locator("#find-says")).to_contain_text(says)
        expect(page.locator("#found li")).to_have_count(1)
        expect(page.locator(".found-number")).to_have_text("A006")
    find(page, "005")
    expect(page.locator("#find-says")).to_contain_text("按号码 / 按尾号")
    assert {"A005", "A006"} <= set(page.locator(".found-number").all_inner_texts())
    # Of Hong Kong, and a permit that looks like it; both by their eight digits.
    for person, typed, says in (
        ({"phone": "91234567", "name": "李四"}, "9123 4567", "按手机号找到"),
        ({"id_no": "01234567", "name": "王五"}, "01234567", "按证件号找到"),
    ):
        number = desk.live.issue("medical", person=person)["number"]
        find(page, typed)
        expect(page.locator("#find-says")).to_contain_text(says)
        expect(page.locator(".found-number")).to_have_text(number)
    find(page, "12:34:56")
    expect(page.locator("#find-says")).to_contain_text("请输入")
    page.fill("#find-text", "")
    page.select_option("#find-service", "social")
    page.click("#find-button")
    expect(page.locator("#found li")).to_have_count(4)
    page.click("#clear")
    find(page, "a6")
    ticket = desk.ticket("A006")
    sheet(page, f"ticket/{ticket['id']}")
    expect(page.locator(".facts")).to_contain_text("手机尾号 5005")
    # A helper goes along, and the window knows; another page of the desk sees it at once.
    page.click(".do-along")
    expect(page.locator(".do-along")).to_have_text("不再陪同")
    expect(page.locator("#along-list li")).to_have_count(1)
    page.click(".do-why")
    expect(page.locator(".hint.why")).to_contain_text("还没有叫到")
    # Priority: the share is told, and ends.
    page.locator(".sheet-body").get_by_role("button", name="残疾人").click()
    page.click(".do-grant")
    expect(page.locator(".sheet-body")).to_have_attribute("data-class", "priority")
    settled(page)
    find(page, "a5")
    sheet(page, f"ticket/{desk.ticket('A005')['id']}")
    page.select_option(".sheet-body select >> nth=2", "w3")
    page.click(".do-reassign")
    expect(page.locator(".facts")).to_contain_text("只到 3 号窗口")
    assert desk.ticket("A005")["bound"] == {"window": "w3"}
    settled(page)
    page.click(".do-cancel")
    expect(page.locator(".do-cancel")).to_have_text("再按一次取消")
    assert desk.ticket("A005")["state"] == "waiting"
    page.click(".do-cancel")
    expect(page.locator(".sheet-body")).to_have_attribute("data-state", "cancelled")
    # The panel that calls it shows who comes along.
    live = desk.live
    live.window("w3", "call_ticket", ticket=ticket["id"], reason="陪同")
    token = live.token("clerk", hall="county", window="w3")
    panel = is_live(desk.pages.go(desk.pages.blank(DESKTOP), "/panel/county/w3", token))
    expect(panel.locator(".chip-along")).to_have_text("帮办小周 陪同")
    expect(page.locator("#along-list li")).to_contain_text("3 号窗口")
    live.window("w3", "start")
    live.window("w3", "complete")
    expect(page.locator("#along")).to_be_hidden()


def test_a_press_that_comes_twice_is_one(desk: Desk) -> None:
    ticket = desk.live.issue("medical")
    since = desk.revision()
    page = desk.open()
    along, cancel = page.locator(".do-along"), page.locator(".do-cancel")

    def opened() -> None:
        find(page, ticket["number"])
        sheet(page, f"ticket/{ticket['id']}")

    def held(times: int) -> None:
        for _ in range(times):
            page.keyboard.down("Enter")  # each but the first is a repeat
            settled(page)
        page.keyboard.up("Enter")

    opened()
    along.focus()
    page.keyboard.down("Enter")
    expect(along).to_have_text("不再陪同")
    held(2)
    expect(along).to_have_text("不再陪同")
    cancel.focus()
    held(3)
    expect(cancel).to_have_text("再按一次取消")
    page.keyboard.press("Escape")
    opened()
    cancel.dblclick()
    settled(page)
    expect(cancel).to_have_text("再按一次取消")
    assert [kind for kind, *_ in desk.kinds(since)] == ["helper_joined"]
    page.keyboard.press("Escape")
    desk.live.ask("POST", f"{HALL}/tickets/{ticket['id']}/commands", {"command": "cancel"})


def test_a_reprint_goes_to_the_printer_that_is_chosen(desk: Desk) -> None:
    page = desk.open()
    find(page, "e1")
    sheet(page, f"ticket/{desk.ticket('E001')['id']}")
    page.select_option(".sheet-body select >> nth=0", "")
    expect(page.locator(".do-reprint")).to_have_attribute("title", "请先选打印机")
    page.select_option(".sheet-body select >> nth=0", "k1")
    page.click(".do-reprint")
    expect(page.locator(".sheet-body")).to_have_attribute("data-print", "pending")
    ticket = desk.ticket("E001")
    assert (ticket["print"]["printer"], ticket["print"]["copy"]) == ("k1", 1)
    about = {"ticket": ticket["id"], "copy": 1}
    desk.live.ask("POST", f"{HALL}/printers/k1/commands", {"command": "take", **about})
    desk.live.ask("POST", f"{HALL}/printers/k1/commands", {"command": "end", "state": "printed", **about})
    expect(page.locator(".sheet-body")).to_have_attribute("data-print", "printed")
    # The next number is offered at the same printer.
    page.keyboard.press("Escape")
    page.click('[data-service="medical"]')
    expect(page.locator(".sheet-body select >> nth=1")).to_have_value("k1")


def test_the_share_counts_the_number_that_is_taken(desk: Desk) -> None:
    def share() -> dict[str, int]:
        return dict(desk.live.ask("GET", f"{HALL}/floor")["data"]["priority_share"])

    while (share()["issued"] + 1) % 5:
        desk.live.issue("medical")
    waiting = [one for one in desk.tickets() if (one["state"], one["class"]) == ("waiting", "ordinary")]
    grant = {"command": "grant_class", "class": "priority", "reason": "孕妇"}
    while share()["granted"] < share()["most"]:
        desk.live.ask("POST", f"{HALL}/tickets/{waiting.pop()['id']}/commands", grant)
    assert share()["most_next"] == share()["granted"] + 1
    page = desk.open()
    other = waiting.pop()
    find(page, other["number"])
    sheet(page, f"ticket/{other['id']}")
    expect(page.locator(".do-grant")).to_have_attribute("title", "今日优先份额已用完，请值班长批准。")
    page.keyboard.press("Escape")
    page.click('[data-service="medical"]')
    page.get_by_label("优先", exact=True).check()
    page.locator(".priority-part").get_by_role("button", name="孕妇").click()
    page.click(".do-take")
    assert desk.ticket(shown(page))["class"] == "priority"


def test_every_act_whose_answer_is_lost_is_done_once(desk: Desk) -> None:
    """The line breaks after the server has committed, at the first attempt of each."""
    live = desk.live
    page = desk.open(role="supervisor")
    lost: list[str] = []

    def cut_once(route: Route) -> None:
        key = route.request.headers.get("idempotency-key")
        if key is None or key in lost:
            route.continue_()
            return
        lost.append(key)
        assert route.fetch().ok
        route.abort()

    page.route(f"**{HALL}/**", cut_once)

    def once(act: str, *kinds: str) -> None:
        since, before = desk.revision(), len(lost)
        expect(page.locator(act)).to_be_enabled()
        page.click(act)
        settled(page)
        expect(page.locator("#receipt")).to_have_attribute("data-kind", "done")
        assert len(lost) == before + 1, "it was sent, and its first answer was lost"
        done = [kind for kind, _, who in desk.kinds(since) if who["role"] == "supervisor"]
        assert done == list(kinds), act

    def opened(ticket: dict[str, Any]) -> None:
        find(page, ticket["number"])
        sheet(page, f"ticket/{ticket['id']}")

    page.click('[data-service="estate"]')
    page.locator(".answer-no input").nth(0).check()
    once(".do-sent-home", "sent_home")
    page.click(".do-next")
    page.click('[data-service="estate"]')
    page.click(".do-all")
    once(".do-take", "ticket_issued", "ticket_prechecked", "print_requested")
    shown(page)
    once(".do-along", "helper_joined")
    page.click(".do-next")
    opened(live.issue("medical"))
    once(".do-along", "helper_joined")
    expect(page.locator(".do-along")).to_have_text("不再陪同")
    once(".do-along", "helper_left")
    for cls in ("priority", "ordinary"):
        page.locator(".sheet-body").get_by_role("button", name="残疾人").click()
        once(".do-grant", "class_granted")
        expect(page.locator(".sheet-body")).to_have_attribute("data-class", cls)
    page.select_option(".sheet-body select >> nth=1", "estate")
    once(".do-reassign", "ticket_reassigned")
    expect(page.locator(".check-list > li")).to_have_count(3)
    page.click(".do-all")
    once(".do-precheck", "ticket_prechecked")
    once(".do-reprint", "print_requested")
    page.click(".do-cancel")
    once(".do-cancel", "ticket_cancelled")
    page.keyboard.press("Escape")
    missed, held = live.issue("general"), live.issue("general")
    for ticket, commands in (
        (missed, [("miss", {})]),
        (held, [("start", {}), ("hold", {"kind": "without_papers"})]),
    ):
        live.window("w3", "call_ticket", ticket=ticket["id"], reason="有急事")
        for command, more in commands:
            live.window("w3", command, **more)
    opened(missed)
    once(".do-rejoin", "ticket_rejoined")
    page.keyboard.press("Escape")
    opened(held)
    once(".do-returned", "ticket_returned")


# Without the server --------------------------------------------------------------------------------


def test_without_the_line_it_says_so_and_nothing_can_be_pressed(desk: Desk) -> None:
    line = Line(desk.live.port)
    token = desk.live.token("helper", hall="county")
    page = desk.pages.blank(TABLET)
    page.goto(f"{line.url}/desk/county#token={token}")
    ready(page)
    page.click('[data-service="medical"]')
    listed = desk.pages.blank(TABLET)
    listed.goto(f"{line.url}/desk/county/list#token={token}")
    expect(listed.locator("#bar")).to_have_attribute("data-phase", "live")
    line.cut()
    expect(page.locator("#page")).to_have_attribute("data-phase", "lost")
    expect(page.locator("#banner")).to_contain_text("连接中断")
    expect(page.locator(".do-take")).to_have_attribute("aria-disabled", "true")
    before = len(desk.tickets())
    page.dispatch_event(".do-take", "click")
    expect(page.locator("#receipt")).to_contain_text("连接中断")
    assert len(desk.tickets()) == before
    expect(listed.locator("tr[data-number]").first).to_be_visible()
    line.close()


def test_the_list_is_on_paper_in_the_order_of_calls(desk: Desk) -> None:
    page = desk.open()
    with page.expect_popup() as opened:
        page.click("#list-link")
    listed = opened.value
    expect(listed.locator("#bar")).to_have_attribute("data-phase", "live")
    assert "token" not in listed.url
    rows = listed.locator("tr[data-number]").evaluate_all("all => all.map(one => one.dataset.number)")
    queue = desk.live.ask("GET", f"{HALL}/queue")
    assert rows == [
        row["number"] for zone in queue["zones"] for service in zone["services"] for row in service["rows"]
    ]
    listed.emulate_media(media="print")
    expect(listed.locator("#bar")).to_be_hidden()
    assert listed.pdf(prefer_css_page_size=True).startswith(b"%PDF")
    assert grave(listed) == []
    listed.close()


# Looks ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "query"),
    [(TABLET, ""), (UPRIGHT, "?lang=en"), (DESKTOP, ""), (ENLARGED, "?lang=en"), (ENLARGED, "")],
)
def test_every_sheet_can_be_read(desk: Desk, size: tuple[int, int], query: str) -> None:
    page = desk.open(size, query)
    faults: list[str] = []

    def looked(name: str) -> None:
        page.wait_for_timeout(50)
        found = look(page, least_px=LEAST, scrolls=True)
        faults.extend(f"{name}: {one}" for one in found.faults)
        faults.extend(f"{name}: {one}" for one in grave(page))

    looked("home")
    find(page, "e2")
    sheet(page, f"ticket/{desk.ticket('E002')['id']}")
    looked("ticket")
    page.keyboard.press("Escape")
    page.click('[data-service="estate"]')
    page.locator(".answer-no input").nth(1).check()
    looked("take")
    page.click(".do-sent-home")
    expect(page.locator(".notice-slip")).to_be_visible()
    looked("slip")
    page.click(".do-next")
    page.click('[data-service="medical"]')
    page.click(".do-take")
    shown(page)
    looked("taken")
    assert faults == []


def test_a_token_of_another_role_opens_nothing(desk: Desk) -> None:
    token = desk.live.token("kiosk", hall="county")
    page = desk.pages.go(desk.pages.blank(TABLET), "/desk/county", token)
    expect(page.locator("#banner")).to_contain_text("不能打开导办台")
    expect(page.locator("#desk")).to_be_hidden()
