"""The zone screen: what a person in the hall sees, in the order in which it happens."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.browser import boards
from tests.browser.conftest import PORTRAIT, TV, ToldFeed, is_live
from tests.browser.states import LIFT

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Pages
    from tests.live import LiveServer

pytestmark = pytest.mark.browser


@pytest.fixture
def live(standing: LiveServer) -> LiveServer:
    return standing


def told(
    pages: Pages, board: dict[str, Any], size: tuple[int, int] = TV, query: str = "", **options: Any
) -> tuple[Page, ToldFeed]:
    page = pages.blank(size, **options)
    feed = ToldFeed(page, "board", board, boards.NOW_MS)
    return is_live(pages.go(page, f"/tv/county/hall{query}", "any")), feed


def numbers(page: Page) -> list[str]:
    return page.locator("#recent .number").all_text_contents()


def test_newest_call_is_large_and_not_repeated_in_the_list(pages: Pages) -> None:
    page, _ = told(pages, boards.usual())

    expect(page.locator("#hero-number")).to_have_text("A012")
    expect(page.locator("#hero-window")).to_have_text("3")
    expect(page.locator("#call-label")).to_have_text("正在叫号")
    assert numbers(page) == ["E031", "G018", "F027", "A011", "K009", "E030", "A010"]
    expect(page.locator("#recent li").nth(2)).to_contain_text("重呼")
    expect(page.locator("#recent li").nth(4)).to_contain_text("二楼")
    expect(page.locator("#time")).to_have_text("10:24")
    expect(page.locator("#date")).to_have_text("11月23日")


def test_clock_is_the_halls_whatever_the_screen_believes(pages: Pages) -> None:
    page, _ = told(pages, boards.usual(), timezone_id="America/New_York")

    expect(page.locator("#time")).to_have_text("10:24")
    expect(page.locator("#weekday")).to_have_text("星期一")


def test_the_page_moves_a_little_every_half_hour(pages: Pages) -> None:
    places = set()
    for half_hours in range(4):
        page = pages.blank(TV)
        ToldFeed(page, "board", boards.usual(), boards.NOW_MS + half_hours * 1_800_000)
        is_live(pages.go(page, "/tv/county/hall", "any"))
        # The first look was at the device's own clock, the next is at the hall's.
        page.wait_for_timeout(1_100)
        box = page.locator("#page").bounding_box()
        assert box is not None
        places.add((round(box["x"]), round(box["y"])))
    assert places == {(0, 0), (2, 0), (2, 2), (0, 2)}


def test_two_calls_at_once_are_shown_one_after_the_other(pages: Pages) -> None:
    page, feed = told(pages, boards.usual())
    page.evaluate(
        """() => {
          window.shown = [];
          const node = document.querySelector("#hero-number");
          new MutationObserver(() => window.shown.push(node.textContent)).observe(node, {childList: true});
        }"""
    )
    now = feed.now_ms()
    first = boards.call("G019", "7", 0, at_ms=now)
    second = boards.call("A013", "16", 0, at_ms=now + 1)

    feed.change(calls=[second, first, *feed.data["calls"]])

    expect(page.locator("#hero-number")).to_have_text("G019")
    assert "A013" not in numbers(page), "a call is in the list before it was shown large"
    expect(page.locator("#hero-number")).to_have_text("A013")
    expect(page.locator("#recent .number").first).to_have_text("G019")
    assert page.evaluate("window.shown") == ["G019", "A013"]


def test_the_first_of_two_calls_is_highlighted_as_long_as_any(pages: Pages) -> None:
    page = pages.blank(TV)
    page.clock.install()
    feed = ToldFeed(page, "board", boards.usual(), boards.NOW_MS)
    is_live(pages.go(page, "/tv/county/hall", "any"))
    page.evaluate(
        """() => {
          window.yellow = [];
          const look = () => {
            const large = document.querySelector("#hero[data-now] #hero-number");
            const rows = [...document.querySelectorAll("#recent [data-now] .number")];
            window.yellow.push([performance.now(), [large, ...rows].map((node) => node && node.textContent)]);
          };
          const all = {subtree: true, childList: true, attributes: true};
          new MutationObserver(look).observe(document.body, all);
        }"""
    )
    now = feed.now_ms()
    news = [boards.call("A013", "16", 0, at_ms=now + 1), boards.call("G019", "7", 0, at_ms=now)]
    feed.change(calls=[*news, *feed.data["calls"]])
    expect(page.locator("#hero-number")).to_have_text("G019")
    page.clock.fast_forward(3000)
    expect(page.locator("#hero-number")).to_have_text("A013")
    plate = page.locator("#recent li", has_text="G019").locator(".plate")
    expect(plate).to_have_css("background-color", "rgb(255, 201, 51)")
    for _ in range(8):
        page.clock.fast_forward(1000)
    expect(page.locator("#recent [data-now]")).to_have_count(0)
    times = [at for at, numbers in page.evaluate("window.yellow") if "G019" in numbers]
    gone = min(
        at for at, numbers in page.evaluate("window.yellow") if at > times[-1] and "G019" not in numbers
    )
    assert 8000 <= gone - times[0] < 11000


def test_rush_of_calls_leaves_no_gap_on_the_screen(pages: Pages) -> None:
    page, feed = told(pages, boards.usual())
    page.evaluate(
        """() => {
          window.modes = [];
          const hero = document.querySelector("#hero");
          new MutationObserver(() => window.modes.push(hero.dataset.mode)).observe(hero, {attributes: true});
        }"""
    )
    calls = feed.data["calls"]
    for n in range(24):
        calls = [boards.call(f"B{n:03}", str(n), 0, at_ms=feed.now_ms() + n), *calls][:12]
        feed.change(calls=calls)

    expect(page.locator("#recent .number").first).to_have_text("B022")
    expect(page.locator("#hero-number")).to_have_text("B023")
    assert numbers(page) == [f"B{n:03}" for n in range(22, 15, -1)]
    assert set(page.evaluate("window.modes")) <= {"call"}


def test_repeated_call_comes_back_and_says_so(pages: Pages) -> None:
    page, feed = told(pages, boards.usual())
    again = {**feed.data["calls"][2], "at_ms": feed.now_ms(), "calls": 2}

    feed.change(calls=[again, *(c for c in feed.data["calls"] if c["number"] != "G018")])

    expect(page.locator("#hero-number")).to_have_text("G018")
    expect(page.locator("#call-again")).to_be_visible()
    assert page.locator("#hero").evaluate("node => node.classList.contains('fresh')")
    assert numbers(page)[0] == "A012"


def test_old_calls_are_not_announced_after_a_break(pages: Pages) -> None:
    page, feed = told(pages, boards.usual())
    old = boards.call("G019", "7", 0, at_ms=feed.now_ms() - 60_000)

    feed.change(calls=[old, *feed.data["calls"]])

    expect(page.locator("#hero-number")).to_have_text("G019")
    assert not page.locator("#hero").evaluate("node => node.classList.contains('fresh')")


def test_yellow_goes_when_the_person_has_come(pages: Pages) -> None:
    page, feed = told(pages, boards.usual())
    assert (
        page.locator("#hero-plate").evaluate("n => getComputedStyle(n).backgroundColor")
        == "rgb(255, 201, 51)"
    )

    served = {**feed.data["calls"][0], "state": "serving"}
    feed.change(calls=[served, *feed.data["calls"][1:]])

    expect(page.locator("#hero")).not_to_have_attribute("data-now", "")
    expect(page.locator("#hero-number")).to_have_text("A012")
    assert (
        page.locator("#hero-plate").evaluate("n => getComputedStyle(n).backgroundColor") == "rgba(0, 0, 0, 0)"
    )


def test_cancelled_call_makes_room(pages: Pages) -> None:
    page, feed = told(pages, boards.usual())

    feed.change(calls=feed.data["calls"][1:])

    expect(page.locator("#hero-number")).to_have_text("E031")
    assert numbers(page)[0] == "G018"


def test_a_call_that_is_taken_back_at_once_goes_at_once(pages: Pages) -> None:
    page, feed = told(pages, boards.usual())
    before = feed.data["calls"]
    page.clock.install()
    # From here on the page's time stands still: that of the call cannot run out.
    page.clock.pause_at(datetime.now(UTC) + timedelta(seconds=5))
    feed.change(calls=[boards.call("A013", "16", 0, at_ms=feed.now_ms()), *before])
    expect(page.locator("#hero-number")).to_have_text("A013")

    feed.change(calls=before)

    expect(page.locator("#hero-number")).to_have_text("A012")


def test_the_first_of_two_calls_goes_at_once_when_it_is_taken_back(pages: Pages) -> None:
    page, feed = told(pages, boards.empty())
    page.clock.install()
    page.clock.pause_at(datetime.now(UTC) + timedelta(seconds=5))
    now_ms = feed.now_ms()
    second = boards.call("A013", "16", 0, at_ms=now_ms)
    feed.change(calls=[second, boards.call("G019", "7", 0, at_ms=now_ms - 1)])
    expect(page.locator("#hero-number")).to_have_text("G019")

    feed.change(calls=[second])

    expect(page.locator("#hero-number")).to_have_text("A013")


def test_empty_hall_says_so_in_the_same_place(pages: Pages) -> None:
    page, feed = told(pages, boards.usual())
    before = page.locator("#hero").bounding_box()

    feed.change(calls=[], waiting=[], missed=[], notices=[])

    expect(page.locator("#message-title")).to_have_text("暂无叫号")
    assert page.locator("#hero").bounding_box() == before
    expect(page.locator("#waiting")).to_have_text("本区暂无取号业务")
    expect(page.locator("#missed")).to_have_text("暂无过号")
    expect(page.locator("#hero-number")).to_be_hidden()


def test_nothing_moves_for_people_who_asked_for_that(pages: Pages) -> None:
    page, feed = told(pages, boards.usual(), reduced_motion="reduce")

    feed.change(calls=[boards.call("G019", "7", 0, at_ms=feed.now_ms()), *feed.data["calls"]])

    expect(page.locator("#hero-number")).to_have_text("G019")
    assert page.evaluate("document.getAnimations().length") == 0


@pytest.mark.parametrize("size", [TV, PORTRAIT], ids=["landscape", "portrait"])
def test_labels_of_every_length_stand_within_their_plate(pages: Pages, size: tuple[int, int]) -> None:
    page, feed = told(pages, boards.empty(), size)
    for label in ("3", "34", "80", "112", "办1", "综合12"):
        feed.change(calls=[boards.call("A012", label, 40)])
        expect(page.locator("#hero-window")).to_have_text(label)
        room = page.evaluate(
            """() => {
              const words = document.createRange();
              words.selectNodeContents(document.querySelector("#hero-window"));
              const plate = document.querySelector("#hero-plate");
              const frame = parseFloat(getComputedStyle(plate).borderLeftWidth);
              const [text, box] = [words.getBoundingClientRect(), plate.getBoundingClientRect()];
              return Math.min(text.left - box.left, box.right - text.right) - frame;
            }"""
        )
        assert room > 3, label


def test_a_name_of_six_hanzi_is_whole_beside_the_people_waiting(pages: Pages) -> None:
    row = {"service": "x", "name": "办不成事反映", "name_en": "", "prefix": "X", "count": 10}
    for size in (TV, PORTRAIT):
        page, _ = told(pages, {**boards.usual(), "waiting": [row, *boards.waiting(5)]}, size)
        name = page.locator("#waiting .name").first
        assert name.evaluate("node => node.scrollWidth <= node.clientWidth")


@pytest.mark.parametrize("size", [TV, PORTRAIT], ids=["landscape", "portrait"])
def test_wide_letters_leave_room_for_the_arrow(pages: Pages, size: tuple[int, int]) -> None:
    page, feed = told(pages, boards.empty(), size)
    for number in ("A012", "G018", "M003", "W444", "MW100", "MW1000"):
        older = boards.call(re.sub("[0-9]", "8", number), "12", 60)
        feed.change(calls=[boards.call(number, "12", 40), older])
        expect(page.locator("#hero-number")).to_have_text(number)
        gaps = page.evaluate(
            """() => [["#hero-number", "#hero-arrow"], ["#recent .number", "#recent .arrow"]].map((pair) => {
              const [number, arrow] = pair.map((name) => document.querySelector(name));
              const words = document.createRange();
              words.selectNodeContents(number);
              const size = parseFloat(getComputedStyle(number).fontSize);
              const sign = arrow.firstElementChild.getBoundingClientRect();
              return (sign.left - words.getBoundingClientRect().right) / size;
            })"""
        )
        assert min(gaps) > 0.02, (number, gaps)


def test_a_place_and_the_way_there_are_told_once(pages: Pages) -> None:
    board = boards.usual()
    board["place"] |= {"zone": None, "zone_name": ""}
    beside = {"zone_place": "一楼西厅北侧", "zone_place_en": "Floor 1, west hall, north side"}
    way = {"directions": "西厅北侧，婚姻登记处", "directions_en": "West hall, north side, registry"}
    board["calls"][0] |= {**beside, **way}
    page, _ = told(pages, board)
    expect(page.locator("#hero-directions")).to_have_text("一楼西厅北侧，婚姻登记处")
    board["calls"][0] |= {"directions": "上一楼，西厅北侧"}
    page, _ = told(pages, board)
    expect(page.locator("#hero-directions")).to_have_text("上一楼，西厅北侧")
    page, _ = told(pages, board, query="?lang=en")
    expect(page.locator("#hero-directions")).to_have_text("Floor 1, west hall, north side, registry")
    board["calls"][0] |= {"directions_en": "Turn right at the door"}
    page, _ = told(pages, board, query="?lang=en")
    expect(page.locator("#hero-directions")).to_have_text(
        "Floor 1, west hall, north side, turn right at the door"
    )


def test_pages_of_people_waiting_are_evenly_filled(pages: Pages) -> None:
    services = boards.waiting(12) + [{**one, "service": f"{n}"} for n, one in enumerate(boards.waiting(4))]
    page, _ = told(pages, {**boards.usual(), "waiting": services})

    expect(page.locator("#waiting-page")).to_have_text(re.compile(r"[12] / 2"))
    expect(page.locator("#waiting li")).to_have_count(8)
    expect(page.locator("#waiting")).to_have_attribute("data-rows", "4")


def test_whole_hall_names_the_zone_of_each_call(pages: Pages) -> None:
    board = boards.usual()
    board["place"] |= {"zone": None, "zone_name": ""}
    page, _ = told(pages, board)

    expect(page.locator("#zone")).to_have_text("全大厅")
    expect(page.locator("#hero-directions")).to_have_text("一楼，进门右转，第一排")
    expect(page.locator("#recent li").nth(4)).to_contain_text("二楼")


def test_whole_hall_on_one_floor_does_not_repeat_it_in_every_row(pages: Pages) -> None:
    board = boards.usual()
    board["place"] |= {"zone": None, "zone_name": "", "zone_place": ""}
    board["calls"] = [call for call in board["calls"] if call["zone"] == "hall"]
    page, feed = told(pages, board)

    expect(page.locator("#hero-directions")).to_have_text("进门右转，第一排")
    expect(page.locator("#recent")).not_to_contain_text("一楼")

    beside = {"zone": "social", "zone_name": "社保区", "zone_name_en": "", "zone_place": "一楼"}
    feed.change(calls=[*board["calls"], boards.call("E029", "1", 400, **beside)])
    expect(page.locator("#recent li").last).to_contain_text("社保区")


@pytest.mark.parametrize("size", [TV, PORTRAIT], ids=["landscape", "portrait"])
def test_other_floor_is_told_in_one_line(pages: Pages, size: tuple[int, int]) -> None:
    page, _ = told(pages, boards.usual(), size)

    note = page.locator("#recent li").nth(4).locator(".note span")
    expect(note).to_have_text("二楼")
    assert note.evaluate("n => n.offsetHeight < 1.6 * parseFloat(getComputedStyle(n).fontSize)")


def test_other_zone_on_this_floor_is_told_by_its_name(pages: Pages) -> None:
    board = boards.usual()
    board["place"] |= {"zone_place": "一楼"}
    beside = {"zone": "social", "zone_name": "社保区", "zone_name_en": "Social"}
    board["calls"][1] |= beside
    page, _ = told(pages, board)

    expect(page.locator("#recent li").first.locator(".note")).to_have_text("社保区")


def test_english_has_no_chinese_words_of_ours(pages: Pages) -> None:
    page, _ = told(pages, boards.usual(), query="?lang=en")

    expect(page.locator("#call-label")).to_have_text("Now calling")
    expect(page.locator("#hall")).to_have_text("Dongyuan Government Service Centre")
    expect(page.locator("#date")).to_have_text("23 Nov")
    labels = page.locator("h2, #link, #missed-rule, .chip, #waiting .name").all_text_contents()
    labels += page.locator("#where, #hero-service, #recent").all_text_contents()
    assert not [words for words in labels if any("\u4e00" <= c <= "\u9fff" for c in words)]
    expect(page.locator("#zone")).to_have_text("General area")
    expect(page.locator("#hero-service")).to_have_text("General services")
    expect(page.locator("#recent li").nth(4)).to_contain_text("Floor 2")


@pytest.mark.parametrize("size", [TV, PORTRAIT], ids=["landscape", "portrait"])
@pytest.mark.parametrize(
    "name",
    ["County Government Service Centre", "Dongyuan County Government Affairs and Public Service Centre"],
)
def test_english_hall_name_and_plate_label_have_room(pages: Pages, size: tuple[int, int], name: str) -> None:
    board = boards.usual()
    board["place"] |= {"name_en": name}
    page, _ = told(pages, board, size, "?lang=en")

    expect(page.locator("#plate-label")).to_have_text("To window")
    expect(page.locator("#time")).to_have_text("10:24")
    page.wait_for_function(
        "() => { const n = document.getElementById('hall'); return n.scrollWidth <= n.clientWidth; }"
    )
    assert page.evaluate(
        """() => {
          const words = document.createRange();
          words.selectNodeContents(document.getElementById("plate-label"));
          const box = (id) => document.getElementById(id).getBoundingClientRect();
          const [plate, hall, where] = ["hero-plate", "hall", "where"].map(box);
          const head = document.querySelector(".head").getBoundingClientRect();
          return {
            past: words.getBoundingClientRect().right > plate.right,
            high: where.bottom > head.bottom || hall.top < head.top || hall.bottom > where.top + 6,
          };
        }"""
    ) == {"past": False, "high": False}


@pytest.mark.parametrize("size", [TV, PORTRAIT], ids=["landscape", "portrait"])
def test_long_notice_is_cut_into_pages_that_fit(pages: Pages, size: tuple[int, int]) -> None:
    page = pages.blank(size)
    page.clock.install()
    ToldFeed(page, "board", boards.longest(), boards.NOW_MS)
    is_live(pages.go(page, "/tv/county/hall", "any"))
    expect(page.locator("#notice-page")).to_have_text("1 / 2")
    expect(page.locator("#notice")).to_contain_text("根据上级统一部署")
    assert page.evaluate(
        """() => {
          const [notice, foot] = ["notice", "foot"].map((id) => document.getElementById(id));
          return notice.scrollWidth <= notice.clientWidth && notice.offsetHeight <= foot.offsetHeight;
        }"""
    )

    page.clock.fast_forward(13_000)

    expect(page.locator("#notice-page")).to_have_text("2 / 2")
    expect(page.locator("#notice")).to_contain_text("敬请谅解")


def test_service_that_was_stopped_is_told_where_its_people_wait(pages: Pages) -> None:
    board = boards.usual()
    page, feed = told(pages, board)
    shut = {"open": False, "closed": "service_closed", "reason": "上级系统故障", "next_ms": None}
    rows = [{**row, "ticketing": shut} if row["prefix"] == "G" else row for row in board["waiting"]]

    feed.change(waiting=rows, notices=[])

    expect(page.locator("#notice")).to_have_text("不动产登记暂停取号：上级系统故障。请到导办台询问。")
    closed = {**shut, "closed": "outside_session", "reason": ""}
    feed.change(waiting=[{**row, "ticketing": closed} for row in board["waiting"]])
    expect(page.locator("#notice")).to_have_text("请留意屏幕叫号，需要帮助请到导办台。")


def test_hall_that_stands_still_says_what_to_do(pages: Pages) -> None:
    page, feed = told(pages, boards.usual())
    for reason in ("请从就近出口离开大厅", ""):
        feed.change(suspended={"since_ms": feed.now_ms(), "reason": reason, "reason_en": ""})
        expect(page.locator("#message-title")).to_have_text("大厅暂停服务")
        expect(page.locator("#message-text")).to_contain_text(f"{reason}")
        expect(page.locator("#message-text")).to_contain_text("请听从工作人员引导")
        expect(page.locator("#hero-number")).to_be_hidden()
    feed.change(suspended=None)
    expect(page.locator("#hero-number")).to_have_text("A012")


def test_what_is_urgent_is_not_covered_by_what_was_to_come_next(pages: Pages) -> None:
    page, feed = told(pages, boards.usual())
    expect(page.locator("#notice")).to_have_text(feed.data["notices"][0]["text"])
    page.clock.install()
    page.clock.pause_at(datetime.now(UTC) + timedelta(seconds=5))
    other = boards.notice("今日下午照常服务。")

    feed.change(notices=[other])
    expect(page.locator("#notice")).to_have_class("notice fading")
    feed.change(notices=[LIFT])
    expect(page.locator("#notice")).to_have_text(LIFT["text"])
    page.clock.run_for(1_000)

    expect(page.locator("#notice")).to_have_text(LIFT["text"])


def test_what_is_urgent_stands_alone_until_it_is_over(pages: Pages) -> None:
    page, feed = told(pages, boards.usual())
    foot, words = page.locator("#foot"), page.locator("#notice")
    ordinary = feed.data["notices"]
    assert foot.get_attribute("data-urgent") is None

    feed.change(notices=[LIFT, *ordinary])

    expect(words).to_have_text(LIFT["text"])
    expect(foot).to_have_attribute("data-urgent", "")
    expect(page.locator("#foot-chip")).to_have_text("紧急")
    expect(page.locator("#notice-page")).to_have_text("")
    feed.change(suspended={"since_ms": feed.now_ms(), "reason": "停电", "reason_en": ""})
    expect(page.locator("#notice-page")).to_have_text("1 / 2")
    expect(words).to_have_text(LIFT["text"])
    feed.change(suspended=None, notices=[{**LIFT, "until_ms": feed.now_ms() - 1}, *ordinary])
    expect(words).to_have_text(ordinary[0]["text"])
    expect(foot).not_to_have_attribute("data-urgent", "")


def test_a_missed_number_leaves_the_list_by_the_clock_alone(pages: Pages) -> None:
    page, feed = told(pages, boards.usual())
    minute_ms = 60_000
    one = {"number": "E027", "service": "social", "at_ms": feed.now_ms() - 10 * minute_ms}
    soon = {"number": "A006", "service": "general", "at_ms": feed.now_ms() - 30 * minute_ms + 5_000}

    feed.change(missed=[one, soon])

    listed = page.locator("#missed .number")
    expect(listed).to_have_text(["E027", "A006"])
    expect(listed).to_have_text(["E027"])
    feed.change(missed=[soon])
    expect(page.locator("#missed")).to_have_text("暂无过号")
    expect(page.locator("#missed-rule")).to_have_text("")
