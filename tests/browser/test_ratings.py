"""好差评 from the press on the glass to the closing of a case: tablet, phone and list, on one hall."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from playwright.sync_api import expect

from tests.browser.axe import grave
from tests.browser.boards import NOW_MS, usual
from tests.browser.conftest import Pages, ToldFeed, is_live
from tests.browser.contrast import look
from tests.live import LiveServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

TABLET, ENLARGED, UPRIGHT, PHONE = (1024, 600), (512, 300), (600, 1024), (390, 844)
WALL, PANEL, NARROW = (1920, 1080), (1366, 768), (683, 384)
LEAST_PX = 23
SAMPLE = Path(__file__).parents[2] / "callq" / "samples" / "county.toml"
TAPS = "() => { for (let n = 0; n < 50; n += 1) document.querySelector('[data-level=\"5\"]').click(); }"
ANSWERED_TWICE = """async (first) => {
  const { Flow } = await import("/pages/rating/flow.js");
  const { setTimeout } = window;
  const kept = {}, seen = [];
  let over = () => {}, answer = { ok: false, problem: { code: first } };
  window.setTimeout = (then) => { over = then; return 0; };
  const store = { load: (name) => kept[name] || null, save: (name, value) => { kept[name] = value; } };
  const flow = new Flow({ send: () => Promise.resolve(answer), store, onChange: () => {} });
  Object.defineProperty(flow, "settled", { value: true });
  const reasons = [{ code: "slow" }];
  const call = { ticket: "t1", step: 0, before: 0, asked_ms: 1, until_ms: 9, bad: 2, reasons };
  const look = () => { flow.follow(call, 2, true); seen.push(flow.state + (flow.level || "")); };
  for (const [next, level] of [[answer, 5], [{ ok: true }, 3]]) {
    answer = next;
    look();
    flow.press(level);
    await new Promise((resolve) => setTimeout(resolve, 0));
    look();
    over();
    if (first === "wrong_state") call.asked_ms += 1;
  }
  look();
  window.setTimeout = setTimeout;
  return seen;
}"""
HOUR_MS = 3_600_000
HANZI = r"[\u4e00-\u9fff]+"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    server = LiveServer(tmp_path_factory.mktemp("ratings") / "data").start()
    for window, clerk in (("w1", "c01"), ("w2", "c02")):
        server.window(window, "sign_in", clerk=clerk)
        server.window(window, "open")
    yield server
    server.stop()


def served(live: LiveServer, window: str = "w1") -> dict[str, Any]:
    """Somebody is served and done at a window; the ticket with its page's address."""
    taken: dict[str, Any] = live.issue()
    called = live.window(window, "call_next")["ticket"]
    assert called["id"] == taken["id"], "somebody else waited"
    live.window(window, "start")
    live.window(window, "complete")
    return taken


def rated(live: LiveServer, ticket: dict[str, Any]) -> list[tuple[int, tuple[str, ...]]]:
    found = live.ask("GET", f"/v1/halls/county/tickets/{ticket['id']}")["ticket"]["ratings"]
    return [(one["level"], tuple(one["reasons"])) for one in found if not one["taken_back"]]


def tablet(pages: Pages, live: LiveServer, size: tuple[int, int] = TABLET) -> Page:
    token = live.token("rating", hall="county", window="w1")
    return is_live(pages.go(pages.blank(size), "/rating/county/w1?device=rate-1", token))


def shows(page: Page, state: str, ticket: dict[str, Any] | None = None) -> Page:
    """Wait until the tablet shows this, long enough for a press to count."""
    expect(page.locator("#page")).to_have_attribute("data-state", state)
    if ticket is not None:
        expect(page.locator("#page")).to_have_attribute("data-question", f"{ticket['id']}/0")
    page.wait_for_timeout(420)
    return page


def press_level(page: Page, level: int) -> None:
    page.locator(f'[data-level="{level}"]').click()


def test_a_tablet_asks_whoever_was_served_and_counts_one_press(pages: Pages, live: LiveServer) -> None:
    page = tablet(pages, live)
    shows(page, "idle")
    assert page.locator("button:visible").count() == 0

    ticket = served(live)
    shows(page, "ask", ticket)
    expect(page.locator("#number")).to_contain_text(ticket["number"])
    assert page.locator("[aria-pressed=true]:visible").count() == 0
    page.evaluate(TAPS)
    shows(page, "thanks")
    assert rated(live, ticket) == [(5, ())]
    # It thanks for a while, then waits for the next.
    shows(page, "idle")
    expect(page.locator("html")).to_have_attribute("data-device-status", "200")
    devices = live.ask("GET", "/v1/halls/county/floor")["data"]["devices"]
    assert [(one["kind"], one["state"]) for one in devices if one["id"] == "rate-1"] == [("rating", "ok")]


def test_a_bad_level_asks_why_and_a_double_tap_chooses_nothing(pages: Pages, live: LiveServer) -> None:
    page = tablet(pages, live)
    ticket = served(live)
    shows(page, "ask", ticket)
    page.locator('[data-level="2"]').dblclick()
    shows(page, "why", ticket)
    assert page.locator("[aria-pressed=true]:visible").count() == 0
    page.locator("#back").click()
    shows(page, "ask")
    press_level(page, 1)
    shows(page, "why")
    for code in ("slow", "attitude", "waited_long"):
        page.locator(f'[data-reason="{code}"]').click()
    page.locator('[data-reason="attitude"]').click()
    page.reload()
    shows(is_live(page), "why", ticket)
    expect(page.locator('[data-reason="slow"]')).to_have_attribute("aria-pressed", "true")
    page.locator("#submit").click()
    shows(page, "thanks")
    assert rated(live, ticket) == [(1, ("slow", "waited_long"))]

    other = served(live)
    shows(page, "ask", other)  # without waiting for the end of the thanks
    press_level(page, 2)
    shows(page, "why", other)
    page.locator("#skip").click()
    shows(page, "thanks")
    assert rated(live, other) == [(2, ())]


def test_not_rating_is_as_easy_and_the_clerk_can_ask_once_more(pages: Pages, live: LiveServer) -> None:
    page = tablet(pages, live)
    ticket = served(live)
    shows(page, "ask", ticket)
    page.locator("#skip").click()
    shows(page, "idle")
    page.reload()
    shows(is_live(page), "idle")
    live.window("w1", "request_rating")
    shows(page, "ask", ticket)
    page.locator("#skip").click()
    assert rated(live, ticket) == []


def test_the_next_call_takes_the_question_away_and_what_was_pressed_counts(
    pages: Pages, live: LiveServer
) -> None:
    page = tablet(pages, live)
    left, bad = served(live), None
    shows(page, "ask", left)
    live.issue()
    live.window("w1", "call_next")
    shows(page, "idle")
    assert page.locator("button:visible").count() == 0
    live.window("w1", "start")
    live.window("w1", "complete")
    shows(page, "ask")
    press_level(page, 1)
    shows(page, "why")
    page.locator('[data-reason="slow"]').click()
    bad = {"id": str(page.locator("#page").get_attribute("data-question")).partition("/")[0]}
    live.issue()
    live.window("w1", "call_next")
    shows(page, "thanks")
    assert (rated(live, left), rated(live, bad)) == ([], [(1, ("slow",))])
    live.window("w1", "start")
    live.window("w1", "complete")
    # Another window's service is none of this tablet's.
    other = served(live, "w2")
    shows(page, "ask")
    assert page.locator("#page").get_attribute("data-question") != f"{other['id']}/0"
    page.locator("#skip").click()


def test_a_completion_that_was_taken_back_is_asked_again_and_what_was_pressed_counts(
    pages: Pages, live: LiveServer
) -> None:
    page = tablet(pages, live)
    ticket = served(live)
    shows(page, "ask", ticket)
    press_level(page, 2)
    shows(page, "why", ticket)
    page.locator('[data-reason="slow"]').click()
    live.window("w1", "undo")
    shows(page, "idle")
    assert rated(live, ticket) == []
    page.clock.install()  # nothing is sent unasked, however long it stands there
    live.window("w1", "complete")
    shows(page, "ask", ticket)
    expect(page.locator("[aria-pressed=true]:visible")).to_have_attribute("data-level", "2")
    expect(page.locator("#ask-hint")).to_contain_text("刚才选了“不满意”")
    page.clock.fast_forward(40_000)
    shows(page, "ask", ticket)
    press_level(page, 2)
    shows(page, "why", ticket)
    expect(page.locator('[data-reason="slow"]')).to_have_attribute("aria-pressed", "true")
    page.locator("#submit").click()
    shows(page, "thanks")
    assert rated(live, ticket) == [(2, ("slow",))]


def test_another_clerk_who_completes_what_was_taken_back_is_rated_on_the_same_glass(
    pages: Pages, live: LiveServer
) -> None:
    page = tablet(pages, live)
    ticket = served(live)
    shows(page, "ask", ticket)
    press_level(page, 5)
    shows(page, "thanks")
    live.window("w1", "undo")
    live.window("w1", "complete")
    shows(page, "ask", ticket)  # the first rating went with its completion
    live.window("w1", "undo")
    live.window("w1", "hand_over", clerk="c03")
    live.window("w1", "complete")
    shows(page, "ask", ticket)
    press_level(page, 4)
    shows(page, "thanks")
    assert rated(live, ticket) == [(4, ())]
    live.window("w1", "sign_out")
    live.window("w1", "sign_in", clerk="c01")


def test_a_press_that_nobody_confirmed_is_asked_again(pages: Pages, live: LiveServer) -> None:
    page = tablet(pages, live)
    shows(page, "idle")
    assert page.evaluate(ANSWERED_TWICE, "unconfirmed") == ["ask", "lost5", "ask", "thanks3", "idle3"]


def test_a_good_level_that_the_service_going_on_refused_is_marked_when_it_is_asked_again(
    pages: Pages, live: LiveServer
) -> None:
    page = tablet(pages, live)
    shows(page, "idle")
    assert page.evaluate(ANSWERED_TWICE, "wrong_state") == ["ask", "idle5", "ask5", "thanks3", "idle3"]


def test_english_lasts_as_long_as_the_question(pages: Pages, live: LiveServer) -> None:
    page = tablet(pages, live)
    ticket = served(live)
    shows(page, "ask", ticket)
    press_level(page, 2)
    shows(page, "why")
    page.locator("#language").click()
    shows(is_live(page), "why", ticket)
    assert re.findall(HANZI, page.locator("body").inner_text()) == ["中文"]
    assert look(page, least_px=LEAST_PX).faults == []
    page.locator('[data-reason="slow"]').click()
    page.locator("#submit").click()
    expect(page.locator("#end-title")).to_have_text("Thank you")
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    assert "lang" not in page.url
    shows(is_live(page), "idle")
    assert rated(live, ticket) == [(2, ("slow",))]


def test_a_press_whose_answer_is_lost_counts_once(pages: Pages, live: LiveServer) -> None:
    sent: list[dict[str, Any]] = []
    page = pages.blank(TABLET)

    def between(page_side: Any) -> None:
        server_side = page_side.connect_to_server()

        def up(text: str | bytes) -> None:
            message = msgspec.json.decode(text)
            if message["type"] == "command":
                sent.append(message)
            server_side.send(text)

        def down(text: str | bytes) -> None:
            if msgspec.json.decode(text)["type"] == "result" and len(sent) == 1:
                page_side.close(code=4500)  # the server has it; its answer never arrives
            else:
                page_side.send(text)

        page_side.on_message(up)
        server_side.on_message(down)

    page.route_web_socket("**/feed", between)
    token = live.token("rating", hall="county", window="w1")
    is_live(pages.go(page, "/rating/county/w1", token))
    ticket = served(live)
    shows(page, "ask", ticket)
    press_level(page, 3)
    shows(page, "thanks")
    assert [one["key"] for one in sent] == [f"rate-{ticket['id']}-0-0"] * 2
    assert [one["before"] for one in sent] == [0, 0]
    assert rated(live, ticket) == [(3, ())]


@pytest.mark.parametrize("size", [TABLET, UPRIGHT, ENLARGED], ids=lambda size: f"{size[0]}x{size[1]}")
def test_the_tablet_is_readable_and_accessible(pages: Pages, live: LiveServer, size: tuple[int, int]) -> None:
    page = tablet(pages, live, size=size)
    least = 16 if size == ENLARGED else LEAST_PX

    def check(state: str) -> None:
        assert look(page, least_px=least, scrolls=size != TABLET).faults == [], state
        assert grave(page) == [], state
        heights = page.locator("button:visible").evaluate_all(
            "all => all.map((one) => one.getBoundingClientRect().height)"
        )
        assert all(height >= (40 if size == ENLARGED else 52) for height in heights), state

    shows(page, "idle")
    check("idle")
    ticket = served(live)
    shows(page, "ask", ticket)
    boxes = page.locator(".level").evaluate_all(
        "all => all.map((one) => [one.offsetWidth, one.offsetHeight, getComputedStyle(one).backgroundColor])"
    )
    assert all(box == boxes[0] for box in boxes), "one level stands out"
    check("ask")
    press_level(page, 2)
    shows(page, "why")
    page.locator('[data-reason="slow"]').click()
    check("why")
    page.locator("#submit").click()
    shows(page, "thanks")
    check("thanks")


def phone(pages: Pages, live: LiveServer, ticket: dict[str, Any], query: str = "") -> Page:
    address, _, token = ticket["links"]["page"].partition("#token=")
    return is_live(pages.go(pages.blank(PHONE), address + query, token))


def test_the_phone_rates_for_a_day_with_reasons_and_words(pages: Pages, live: LiveServer) -> None:
    ticket = served(live, "w2")
    page = phone(pages, live, ticket)
    expect(page.locator("#rating")).to_be_visible()
    expect(page.locator("#rating-submit")).to_be_hidden()
    assert look(page, least_px=16, scrolls=True).faults == []
    press_level(page, 1)
    page.locator('[data-reason="attitude"]').click()
    page.locator("#rating-text").fill("等了很久\n电话13800138000")
    assert look(page, least_px=16, scrolls=True).faults == []
    assert grave(page) == []
    page.locator("#rating-submit").click()
    expect(page.locator("#rating-title")).to_have_text("谢谢您的评价")
    expect(page.locator("#levels")).to_be_hidden()
    assert rated(live, ticket) == [(1, ("attitude",))]
    page.reload()
    expect(is_live(page).locator("#rating")).to_be_hidden()
    cases = live.ask("GET", "/v1/halls/county/cases?state=open")["cases"]
    (case,) = (one for one in cases if one["number"] == ticket["number"])
    assert case["rated_at"] == "phone"
    assert "13800138000" not in case["text"]
    assert "等了很久" in case["text"]

    other = served(live, "w2")
    page = phone(pages, live, other, "?lang=en")
    press_level(page, 5)
    expect(page.locator("#reasons")).to_be_hidden()
    page.locator("#rating-skip").click()
    expect(page.locator("#rating")).to_be_hidden()
    page.reload()
    expect(is_live(page).locator("#rating")).to_be_hidden()
    assert rated(live, other) == []


def cases_of(
    pages: Pages, live: LiveServer, role: str, size: tuple[int, int] = PANEL, query: str = ""
) -> Page:
    page = pages.go(pages.blank(size), f"/cases/county{query}", live.token(role, hall="county"))
    is_live(page)
    expect(page.locator("#page")).to_have_attribute("data-acting", str(role == "supervisor").lower())
    return page


def a_case(live: LiveServer) -> dict[str, Any]:
    """Somebody rates badly, without a page."""
    ticket = served(live, "w2")
    body = {"command": "rate", "level": 2, "reasons": ["slow"], "text": "办了三次才办成"}
    key = ticket["links"]["citizen"].partition("#token=")[2]
    live.ask("POST", f"/v1/halls/county/tickets/{ticket['id']}/commands", body, Authorization=f"Bearer {key}")
    cases = live.ask("GET", "/v1/halls/county/cases?state=open")["cases"]
    return next(one for one in cases if one["number"] == ticket["number"])


def test_a_supervisor_follows_a_case_up_and_an_inspector_looks(pages: Pages, live: LiveServer) -> None:
    case = a_case(live)
    page = cases_of(pages, live, "supervisor")
    row = page.locator(f'tr[data-case="{case["id"]}"]')
    row.locator(".pick").click()
    sheet = page.locator("#sheet")
    expect(sheet).to_contain_text("办了三次才办成")
    expect(sheet).to_contain_text("办理慢")

    def press(act: str, words: str) -> None:
        sheet.locator(f".do-{act}").click(force=True)
        expect(page.locator("#receipt")).to_contain_text(words)
        expect(page.locator("#page")).to_have_attribute("data-waiting", "false")

    press("close", "先回访")
    expect(sheet.get_by_label("回访结果")).to_be_hidden()
    press("take", "由您回访")
    press("reached", "先写回访结果")
    press("not-reached", "未联系上")
    press("take", "由您回访")
    sheet.get_by_label("回访结果").fill("已致歉，材料已补齐")
    press("reached", "的回访已记录")
    expect(row).to_have_attribute("data-state", "called_back")
    press("close", "先写处理结果")
    sheet.get_by_label("处理结果").fill("当天办结，已培训")
    press("close", "已销号")
    expect(row).to_have_count(0)
    page.locator('[data-tab="closed"]').click()
    expect(row).to_have_attribute("data-state", "closed")
    expect(sheet.locator(".acts li")).to_have_count(3)
    sheet.get_by_label("原因").fill("又来反映")
    press("reopen", "已重开")
    assert live.ask("GET", "/v1/halls/county/cases?state=open")["cases"]

    looking = cases_of(pages, live, "inspector")
    looking.locator(f'tr[data-case="{case["id"]}"] .pick').click()
    expect(looking.locator("#sheet")).to_contain_text("又来反映")
    assert looking.locator("#sheet button").count() == 0

    page.locator('[data-tab="left"]').click()
    expect(row.locator(".acts")).to_be_hidden()
    page.emulate_media(media="print")
    expect(page.locator("#sheet")).to_be_hidden()
    expect(page.locator("#rows")).to_be_visible()
    for name, words in (
        ("clerk", case["clerk_name"]),
        ("said", "办了三次才办成"),
        ("said", "办理慢"),
        ("acts", "未联系上"),
        ("acts", "已致歉，材料已补齐"),
        ("acts", "当天办结，已培训"),
    ):
        expect(row.locator(f".{name}")).to_be_visible()
        expect(row.locator(f".{name}")).to_contain_text(words)
    page.emulate_media(media="screen")
    page.locator("#to-floor").click()
    is_live(page)
    page.locator(".do-cases").click()
    expect(is_live(page).locator("#rows tr").first).to_be_visible()


def test_a_press_is_neither_lost_nor_doubled_by_a_reload_and_tells_whose_it_was(
    pages: Pages, live: LiveServer
) -> None:
    case, sent = a_case(live), []
    page = pages.blank(PANEL)

    def between(page_side: Any) -> None:
        server_side = page_side.connect_to_server()

        def up(text: str | bytes) -> None:
            message = msgspec.json.decode(text)
            if message["type"] == "command":
                sent.append(message["key"])
            server_side.send(text)

        def down(text: str | bytes) -> None:
            if msgspec.json.decode(text)["type"] != "result" or len(sent) > 1:
                page_side.send(text)

        page_side.on_message(up)
        server_side.on_message(down)

    page.route_web_socket("**/feed", between)
    token = live.token("supervisor", hall="county", name="李主任")
    is_live(pages.go(page, "/cases/county", token))
    row = page.locator(f'tr[data-case="{case["id"]}"]')
    live.ask(
        "POST",
        "/v1/halls/county/commands",
        {"command": "case_take", "case": case["id"]},
        Authorization=f"Bearer {token}",
    )
    row.locator(".pick").click()
    page.locator("#sheet .do-not-reached").click(force=True)
    expect(page.locator("#receipt")).to_contain_text("正在发送")
    page.reload()
    expect(page.locator("#receipt")).to_contain_text(f"{case['number']} 未联系上")
    assert (len(sent), len(set(sent))) == (2, 1)
    row.locator(".pick").click()
    expect(page.locator("#sheet .acts li")).to_have_count(1)
    expect(page.locator("#sheet .acts li")).to_contain_text("操作人 李主任")
    page.reload()
    expect(is_live(page).locator("#page")).to_have_attribute("data-waiting", "false")
    assert len(sent) == 2


def test_of_two_who_look_at_a_case_one_calls_back_and_the_other_sees_who(
    pages: Pages, live: LiveServer
) -> None:
    case = a_case(live)
    sheets = []
    for name in ("李主任", "王主任"):
        token = live.token("supervisor", hall="county", name=name)
        page = is_live(pages.go(pages.blank(PANEL), "/cases/county", token))
        page.locator(f'tr[data-case="{case["id"]}"] .pick').click()
        expect(page.locator("#sheet .do-take")).to_be_visible()
        sheets.append(page.locator("#sheet"))
    mine, other = sheets
    mine.locator(".do-take").click()
    expect(mine.locator(".taken")).to_contain_text("您")
    expect(mine.get_by_label("回访结果")).to_be_visible()
    expect(other.locator(".taken")).to_contain_text("李主任")
    for act in ("take", "reached", "not-reached"):
        expect(other.locator(f".do-{act}")).to_be_hidden()
    expect(other.page.locator(f'tr[data-case="{case["id"]}"] .state')).to_have_text("回访中")
    expect(other.locator(".do-close")).to_have_attribute("title", "李主任 正在回访")
    assert look(other.page, least_px=14).faults == []
    mine.page.reload()
    mine.page.locator(f'tr[data-case="{case["id"]}"] .pick').click()
    mine.get_by_label("回访结果").fill("已致歉")
    mine.locator(".do-reached").click()
    expect(other.locator(".acts li")).to_contain_text("操作人 李主任")
    expect(other.locator(".do-take")).to_be_visible()


@pytest.mark.parametrize("size", [WALL, PANEL, NARROW], ids=lambda size: f"{size[0]}x{size[1]}")
def test_the_list_is_readable_and_accessible(pages: Pages, live: LiveServer, size: tuple[int, int]) -> None:
    case = a_case(live)
    for lang in ("", "?lang=en"):
        page = cases_of(pages, live, "supervisor", size, lang)
        row = page.locator(f'tr[data-case="{case["id"]}"]')
        expect(row).to_be_visible()
        for state in ("list", "case"):
            if state == "case":
                row.locator(".pick").click()
                page.evaluate("document.activeElement.blur(); window.scrollTo(0, 0)")
            page.evaluate("document.querySelector('#scroll').scrollTop = 0")
            found = look(page, least_px=14, scrolls=size == NARROW).faults
            assert found == [], (lang, state)
            if size == PANEL:
                assert grave(page) == [], (lang, state)


def test_what_is_overdue_comes_first_and_nothing_is_done_without_the_line(
    pages: Pages, live: LiveServer
) -> None:
    late = a_case(live) | {"id": "r7", "number": "B007", "due_ms": NOW_MS - 3 * HOUR_MS}
    soon = late | {"id": "r8", "number": "B008", "due_ms": NOW_MS + 50 * HOUR_MS}
    page = pages.blank(PANEL)
    feed = ToldFeed(
        page,
        "cases",
        {
            **{"place": usual()["place"], "cases": [late, soon], "closed": 0},
            "ratings": {"done": 9, "rated": 6, "levels": [1, 0, 0, 2, 3]},
            "rules": {"attempts": 3, "keep_days": 90, "acts": 50},
        },
        NOW_MS,
    )
    is_live(pages.go(page, "/cases/county", live.token("supervisor", hall="county")))
    rows = page.locator("#rows tr")
    expect(rows.nth(0)).to_contain_text("超期 3 小时")
    expect(rows.nth(0)).to_have_attribute("data-late", "")
    expect(rows.nth(1)).to_contain_text("还有 2 天")
    expect(page.locator("#totals")).to_contain_text("非常满意 3")
    assert look(page, least_px=14).faults == []
    page.locator('[data-tab="overdue"]').click()
    expect(rows).to_have_count(1)
    rows.locator(".pick").click()
    feed.hang_up()
    expect(page.locator("#page")).to_have_attribute("data-phase", "lost")
    page.locator("#sheet .do-take").click(force=True)
    expect(page.locator("#receipt")).to_contain_text("连接中断")
    assert look(page, least_px=14).faults == []
