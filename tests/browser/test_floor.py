"""The floor page: acts through it change the hall, an inspector changes nothing, nothing old looks new."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from playwright.sync_api import expect

from callq.config.export import export_hall
from callq.web.answers import FloorData
from callq.web.roles import Role
from tests.browser import floors
from tests.browser.axe import grave
from tests.browser.boards import NOW_MS
from tests.browser.conftest import Pages, ToldFeed, is_live
from tests.browser.contrast import look
from tests.browser.line import line_to
from tests.live import LiveServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

WALL, PANEL, TABLET, ENLARGED = (1920, 1080), (1366, 768), (1180, 820), (683, 384)
LEAST_PX = 14
WITHIN_A_MINUTE_MS = 75_000
"""The tides are reckoned once a minute."""
YELLOW = "rgb(255, 201, 51)"


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A hall with tides, for all tests that act on it one after the other."""
    folder = tmp_path_factory.mktemp("floor")
    file = folder / "county.toml"
    file.write_text(export_hall(floors.tidal_county()), encoding="utf-8")
    server = LiveServer(folder / "data", halls=(str(file),)).start()
    server.window("w4", "sign_in", clerk="c07")
    yield server
    server.stop()


@pytest.fixture
def opened(chromium: Browser, hall: LiveServer) -> Iterator[Pages]:
    pages = Pages(chromium, hall)
    yield pages
    for context in pages.contexts:
        context.close()
    assert pages.faults == [], "errors in the pages"


def floor_of(pages: Pages, hall: LiveServer, role: str = "supervisor", size: tuple[int, int] = WALL) -> Page:
    page = pages.go(pages.blank(size), "/floor/county", hall.token(role, hall="county"))
    is_live(page)
    expect(page.locator("#page")).to_have_attribute(
        "data-acting", "true" if role == "supervisor" else "false"
    )
    return page


def settled(page: Page, words: str) -> None:
    """Wait until the last press is answered and shown, and the receipt says this."""
    expect(page.locator("#receipt")).to_contain_text(words)
    expect(page.locator("#page")).to_have_attribute("data-waiting", "false")


def open_window(page: Page, window: str) -> None:
    page.locator(f'.tile[data-window="{window}"]').click()
    expect(page.locator("#sheet")).to_have_attribute("data-about", f"window/{window}")


def press(page: Page, act: str, words: str) -> None:
    # Forced: one that does nothing is pressed, too, and says why.
    page.locator(f"#sheet .do-{act}").click(force=True)
    settled(page, words)


def give_reason(page: Page, words: str) -> None:
    page.locator("#sheet .reason-field input").fill(words)


def window_of(hall: LiveServer, window: str) -> dict[str, Any]:
    answer = hall.ask("GET", f"/v1/halls/county/windows/{window}")
    return {**answer["window"], "number": answer["ticket"] and answer["ticket"]["number"]}


def faults(page: Page, least_px: float, *, scrolls: bool = False) -> list[str]:
    """What is wrong with the looks; rows and tiles are told by their words, and have no edge to be seen."""
    quiet = tuple(f"edge of {name}" for name in ("tile", "queue", "device"))
    found = look(page, least_px=least_px, scrolls=scrolls).faults
    return [one for one in found if not one.startswith(quiet)]


def state_of(hall: LiveServer) -> Any:
    return hall.ask("GET", "/v1/halls/county/floor")["data"]


def test_a_supervisor_runs_the_windows_and_their_clerks(opened: Pages, hall: LiveServer) -> None:
    page = floor_of(opened, hall)

    open_window(page, "w1")
    page.locator("#sheet select").select_option("c01")
    press(page, "seat", "李敏已到 1 号窗口")
    press(page, "open", "1 号窗口已开")
    assert (window_of(hall, "w1")["clerk"], window_of(hall, "w1")["state"]) == ("c01", "idle")

    open_window(page, "w2")
    page.locator("#sheet select").select_option("c01")
    expect(page.locator("#sheet select option:checked")).to_contain_text("在 1 号窗口")
    press(page, "seat", "李敏已到 2 号窗口")
    assert (window_of(hall, "w1")["clerk"], window_of(hall, "w2")["clerk"]) == (None, "c01")
    expect(page.locator('.tile[data-window="w1"]')).to_have_attribute("data-kind", "unstaffed")

    press(page, "open", "2 号窗口已开")
    for skill in ("social", "medical"):
        page.locator(f'#sheet .check input[value="{skill}"]').uncheck()
    press(page, "skills", "2 号窗口只用所选技能")
    assert window_of(hall, "w2")["active_skills"] == ["general"]
    press(page, "all-skills", "2 号窗口用全部技能")
    assert len(window_of(hall, "w2")["active_skills"]) == 3

    for _ in range(2):
        hall.issue("general")
    page.locator("#sheet .number").fill("a002")
    press(page, "call", "请先写原因")
    assert window_of(hall, "w2")["state"] == "idle"
    give_reason(page, "带小孩")
    press(page, "call", "已叫 A002 到 2 号窗口")
    assert (window_of(hall, "w2")["state"], window_of(hall, "w2")["number"]) == ("calling", "A002")
    press(page, "sign-out", "窗口有号在办")

    page.locator("#sheet select").select_option("c03")
    press(page, "take-over", "2 号窗口已交给陈静")
    page.locator("#sheet select").select_option("c02")
    press(page, "hand-over", "2 号窗口已交给王芳")
    assert (window_of(hall, "w2")["clerk"], window_of(hall, "w2")["number"]) == ("c02", "A002")
    press(page, "pause", "2 号窗口办完后暂停")
    press(page, "unpause", "2 号窗口已恢复")
    press(page, "close", "2 号窗口办完后关")
    assert window_of(hall, "w2")["draining"]
    press(page, "open", "2 号窗口已开")

    page.keyboard.press("Escape")
    expect(page.locator("#sheet")).to_be_hidden()
    open_window(page, "w1")
    press(page, "close", "1 号窗口已关")
    assert window_of(hall, "w1")["state"] == "closed"
    log = page.locator("#log")
    for words in (
        "李敏到 2 号窗口",
        "指呼 A002 到 2 号窗口：带小孩",
        "2 号窗口交给陈静：带小孩",
        "关 1 号窗口",
    ):
        page.keyboard.press("Escape")
        expect(log).to_contain_text(words)


def test_a_supervisor_runs_the_hall(opened: Pages, hall: LiveServer) -> None:
    page = floor_of(opened, hall)
    hall.issue("estate")
    hall.window("w5", "sign_in", clerk="c05")
    hall.window("w5", "open")
    page.locator('.queue[data-service="estate"]').click()
    expect(page.locator("#sheet .helper").first).to_contain_text("5")
    give_reason(page, "等候超时")
    press(page, "call-head", "已叫 G001 到 5 号窗口")
    assert window_of(hall, "w5")["number"] == "G001"
    press(page, "stop", "不动产登记已停止取号")
    assert {one["code"]: one["ticketing"]["closed"] for one in state_of(hall)["services"]}[
        "estate"
    ] == "service_closed"
    press(page, "start", "不动产登记已恢复取号")
    page.locator("#sheet .chip", has_text="业务系统故障").click()
    english = page.get_by_label("停止取号的英文原因")
    expect(english).to_have_value("its own system is down")
    give_reason(page, "省厅系统升级")
    expect(english).to_have_value("")
    page.locator("#sheet .chip", has_text="业务系统故障").click()
    press(page, "stop", "不动产登记已停止取号")
    for field in (page.locator("#sheet .reason-field input"), english):
        expect(field).to_have_value("")
    [estate] = [one["ticketing"] for one in state_of(hall)["services"] if one["code"] == "estate"]
    assert (estate["reason"], estate["reason_en"]) == ("业务系统故障", "its own system is down")
    press(page, "start", "不动产登记已恢复取号")
    page.keyboard.press("Escape")

    page.locator(".do-notices").click()
    page.locator("#sheet .field input").first.fill("二楼打印机维修")
    press(page, "notice", "通知已发布")
    [notice] = [one for one in state_of(hall)["notices"] if one["id"]]
    assert (notice["text"], notice["kind"], notice["zones"]) == ("二楼打印机维修", "ordinary", [])
    assert 25 < (notice["until_ms"] - state_of(hall)["server_ms"]) / 60_000 < 31
    expect(page.locator("#sheet .notices")).to_contain_text("二楼打印机维修")
    assert page.locator("#sheet .do-withdraw").count() == 1, "those of the hall file are changed there"
    press(page, "withdraw", "通知已撤回")
    assert [one for one in state_of(hall)["notices"] if one["id"]] == []
    page.keyboard.press("Escape")

    hall.window("w5", "help", reason="争执")
    row = page.locator('[data-id="help/w5"]')
    expect(row).to_contain_text("5 号窗口求助 0 分")
    row.locator("button").click()
    press(page, "help-done", "5 号窗口的求助已处理")
    expect(row).to_have_count(0)
    assert state_of(hall)["help"] == []
    page.keyboard.press("Escape")

    path, paper_out = "/v1/halls/county/devices/p9/health", [{"code": "paper_out"}]
    told = {"kind": "printer", "faults": paper_out}
    token = hall.token("device", hall="county")
    hall.ask("POST", path, told, Authorization=f"Bearer {token}")
    # The one of the hall file was never heard, so it cannot be said to be well.
    expect(page.locator("#devices")).to_contain_text("打印机0 / 2")
    row = page.locator('[data-id="device/p9"]')
    expect(row).to_contain_text("打印机 p9：缺纸")
    expect(row).to_contain_text("装纸")
    row.locator("button").click()
    press(page, "order-test", "指令已下达")
    facts = page.locator("#sheet .facts")
    expect(facts).to_contain_text("测试：已下达")
    order = hall.ask("POST", path, told, Authorization=f"Bearer {token}")["order"]
    assert order["order"] == "test"
    hall.ask("POST", path, {**told, "done": order["id"], "error": "缺纸"}, Authorization=f"Bearer {token}")
    expect(facts).to_contain_text("未成（缺纸）")
    page.keyboard.press("Escape")

    page.locator(".do-hall").click()
    press(page, "suspend", "请先写原因")
    give_reason(page, "消防演习")
    page.locator("#sheet .do-suspend").click()
    expect(page.locator("#sheet .do-suspend")).to_have_text("再按一次，暂停大厅")
    assert state_of(hall)["suspended"] is None
    press(page, "suspend", "大厅已暂停")
    assert state_of(hall)["suspended"]["reason"] == "消防演习"
    assert state_of(hall)["suspended"]["reason_en"] == ""
    expect(page.locator("#banner")).to_contain_text("消防演习")
    press(page, "resume", "大厅已恢复")
    page.locator("#sheet .chip", has_text="停电").click()
    english = page.get_by_label("英文原因")
    expect(english).to_have_value("Power cut.")
    give_reason(page, "停水")
    expect(english).to_have_value("")
    page.locator("#sheet .chip", has_text="停电").click()
    page.locator("#sheet .do-suspend").click()
    press(page, "suspend", "大厅已暂停")
    assert state_of(hall)["suspended"]["reason_en"] == "Power cut."
    for field in (page.locator("#sheet .reason-field input"), english):
        expect(field).to_have_value("")
    press(page, "resume", "大厅已恢复")
    assert state_of(hall)["suspended"] is None
    expect(page.locator("#banner")).to_be_hidden()


def test_the_keyboard_reaches_everything_and_escape_goes_back(opened: Pages, hall: LiveServer) -> None:
    page = floor_of(opened, hall)
    tile = page.locator('.tile[data-window="w3"]')
    tile.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#sheet")).to_be_focused()
    expect(page.locator("#queues-card")).to_be_hidden()
    expect(page.locator("#zones")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.locator("#sheet .close")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#sheet")).to_be_hidden()
    expect(tile).to_be_focused()
    within = page.evaluate(
        """() => {
          const all = Array.from(document.querySelectorAll("button")).filter((one) => one.offsetParent);
          return all.filter((one) => one.tabIndex < 0).map((one) => one.textContent);
        }"""
    )
    assert within == []


def test_one_who_was_put_aside_is_called_by_number_and_one_who_is_over_is_not(
    opened: Pages, hall: LiveServer
) -> None:
    hall.window("w6", "sign_in", clerk="c06")
    hall.window("w6", "open")
    over, aside = hall.issue("medical"), hall.issue("medical")
    hall.ask("POST", f"/v1/halls/county/tickets/{over['id']}/commands", {"command": "cancel"})
    hall.window("w6", "call_ticket", ticket=aside["id"], reason="试")
    hall.window("w6", "start")
    hall.window("w6", "hold", kind="without_papers")
    page = floor_of(opened, hall)
    open_window(page, "w6")
    give_reason(page, "材料已取回")
    page.locator("#sheet .number").fill(over["number"])
    press(page, "call", "没有在等候")
    page.locator("#sheet .number").fill(aside["number"])
    press(page, "call", f"已叫 {aside['number']} 到 6 号窗口")
    assert (window_of(hall, "w6")["state"], window_of(hall, "w6")["number"]) == ("calling", aside["number"])


def test_nobody_takes_the_place_of_a_choice_that_is_gone(opened: Pages, hall: LiveServer) -> None:
    """Another supervisor was faster: the window is not handed on to whoever is first in the list."""
    if window_of(hall, "w5")["clerk"] is None:
        hall.window("w5", "sign_in", clerk="c05")
    page = floor_of(opened, hall)
    open_window(page, "w5")
    select = page.locator("#sheet select")
    select.select_option("c04")
    hall.window("w5", "hand_over", clerk="c04")
    expect(select.locator("option", has_text="刘洋")).to_have_count(0)
    press(page, "hand-over", "请先选人")
    assert window_of(hall, "w5")["clerk"] == "c04"
    select.select_option("c05")
    press(page, "hand-over", "5 号窗口已交给")
    assert window_of(hall, "w5")["clerk"] == "c05"


def test_neither_a_held_key_nor_a_double_click_suspends_the_hall(opened: Pages, hall: LiveServer) -> None:
    page = floor_of(opened, hall)
    page.locator(".do-hall").click()
    give_reason(page, "消防演习")
    suspend = page.locator("#sheet .do-suspend")
    suspend.dblclick()
    expect(suspend).to_have_text("再按一次，暂停大厅")
    give_reason(page, "停电")
    suspend.focus()
    for _ in range(5):
        page.keyboard.down("Enter")
    page.keyboard.up("Enter")
    expect(suspend).to_have_text("再按一次，暂停大厅")
    expect(page.locator("#page")).to_have_attribute("data-waiting", "false")
    assert state_of(hall)["suspended"] is None
    page.keyboard.press("Enter")
    settled(page, "大厅已暂停")
    press(page, "resume", "大厅已恢复")


def test_an_inspector_sees_all_and_changes_nothing(opened: Pages, hall: LiveServer) -> None:
    page = floor_of(opened, hall, "inspector")
    expect(page.locator("#top-acts")).to_have_attribute("data-looking", "只看，不能操作")
    expect(page.locator("#log li").first).to_be_visible()
    assert page.locator(".act:visible, .top-act:not(.do-cases):visible").count() == 0
    open_window(page, "w2")
    expect(page.locator("#sheet .facts")).to_contain_text("王芳")
    assert page.locator("#sheet button").all_text_contents() == ["关闭Esc"]
    page.keyboard.press("Escape")
    page.locator('.queue[data-service="estate"]').click()
    assert page.locator("#sheet button").count() == 1
    assert page.locator("#sheet input, #sheet select").count() == 0


class Answering(ToldFeed):
    """A told feed that takes commands and answers them."""

    def __init__(self, *about: Any) -> None:
        super().__init__(*about)
        self.commands: list[dict[str, Any]] = []

    def _hear(self, text: str | bytes) -> None:
        message = msgspec.json.decode(text)
        if message["type"] == "command":
            self.commands.append(message)
            self._send({"type": "result", "id": message["id"], "ok": True, "revision": self.revision})
        else:
            super()._hear(text)


@pytest.fixture
def shown(chromium: Browser, standing: LiveServer) -> Iterator[Callable[..., tuple[Page, Answering]]]:
    """Opens the page at the sample moment."""
    pages = Pages(chromium, standing)

    def show(size: tuple[int, int] = WALL, lang: str = "", role: Role = Role.SUPERVISOR, **keys: Any) -> Any:
        page = pages.blank(size, reduced_motion="reduce")
        floors.doors(page, role)
        feed = Answering(page, "floor", {**floors.floor(), **keys}, NOW_MS)
        pages.go(page, "/floor/dongyuan" + ("?lang=en" if lang == "en" else ""), "told")
        is_live(page)
        expect(page.locator("#page")).to_have_attribute("data-acting", str(role is Role.SUPERVISOR).lower())
        return page, feed

    yield show
    for context in pages.contexts:
        context.close()
    assert pages.faults == [], "errors in the pages"


def test_the_sample_moment_is_of_the_shape_that_the_server_sends() -> None:
    data = msgspec.convert({**floors.floor(), "server_ms": NOW_MS}, FloorData, strict=True)
    assert set(msgspec.to_builtins(data)) == {*floors.floor(), "server_ms"}


@pytest.mark.parametrize("lang", ["", "en"])
def test_a_small_hall_without_tides_uses_the_room_of_the_chart(shown: Any, lang: str) -> None:
    hall = floors.floor()
    few, off = hall["windows"][:6], {**hall["plan"], "mode": "off", "proposed": None}
    page, feed = shown(lang=lang, plan=off, windows=few)
    tile = page.locator(".tile").first
    expect(page.locator("#acts-card #log-part")).to_be_visible()
    expect(page.locator("#chart")).to_be_hidden()
    box, card = tile.bounding_box(), page.locator("#acts-card").bounding_box()
    assert box is not None
    assert card is not None
    assert min(box["width"], box["height"]) > 120
    assert card["height"] > 400
    seated = next(one for one in few if one["clerk"])
    name = next(one["name"] for one in hall["clerks"] if one["id"] == seated["clerk"])
    expect(page.locator(f'.tile[data-window="{seated["id"]}"] .clerk')).to_have_text(name)
    assert faults(page, LEAST_PX) == []

    feed.change(plan={**off, "mode": "advise"})
    expect(page.locator("#below #log-part")).to_be_visible()
    expect(page.locator("#chart")).to_be_visible()
    expect(tile).to_have_css("height", "64px")
    feed.change(plan=off, windows=hall["windows"])
    expect(page.locator("#page[data-roomy]")).to_have_count(0)
    expect(tile.locator(".clerk")).to_be_hidden()


def test_warnings_are_in_order_with_one_act_each(shown: Any) -> None:
    page, feed = shown()
    rows = page.locator("#warnings .warning")
    expect(page.locator("#warnings-title")).to_have_text("预警 5")
    expect(rows.nth(0)).to_contain_text("严重不动产登记队首已等 27 分目标 20 分，10:17 起")
    assert rows.locator("button").count() == 5
    expect(page.locator('[data-id="unstaffed/w20"]')).to_contain_text("20 号窗口空岗 6 分")
    expect(page.locator('[data-id="unstaffed/w20"]')).to_contain_text("可指派：周婷、何军")
    page.locator('[data-id="unstaffed/w20"] button').click()
    expect(page.locator("#sheet")).to_have_attribute("data-about", "window/w20")
    expect(page.locator("#sheet select option").first).to_contain_text("周婷　空闲")
    page.locator("#sheet .do-seat").click()
    expect(page.locator("#receipt")).to_contain_text("周婷已到 20 号窗口")
    [sent] = feed.commands
    assert (sent["window"], sent["command"], sent["clerk"]) == ("w20", "sign_in", "c006")
    page.keyboard.press("Escape")
    call = {"window": "w5", "label": "5", "zone": "hall", "clerk": "c005", "reason": "争执"}
    feed.change(warnings=[], help=[{**call, "since_ms": feed.now_ms() - 130_000}])
    expect(page.locator("#warnings-title")).to_have_text("预警 1")
    expect(rows).to_contain_text("5 号窗口求助 2 分赵强，争执")
    rows.locator("button").click()
    page.locator("#sheet .do-help-done").click()
    expect(page.locator("#receipt")).to_contain_text("5 号窗口的求助已处理")
    assert feed.commands[1]["command"] == "help_done"
    feed.change(help=[])
    expect(page.locator("#sheet .do-help-done")).to_be_hidden()
    expect(page.locator("#warnings-title")).to_have_text("预警 0")


def test_overdue_cases_are_warned_of_and_lead_to_their_page(shown: Any) -> None:
    page, feed = shown()
    expect(page.locator(".do-cases")).to_have_text("差评办件 3")
    expect(page.locator('[data-id="cases"]')).to_have_count(0)
    late = {"open": 2, "called_back": 1, "due_ms": [NOW_MS - 600_000, NOW_MS - 60_000, NOW_MS + 60_000]}
    feed.change(cases=late)
    expect(page.locator('[data-id="cases"]')).to_contain_text("差评办件超期 2 件")
    expect(page.locator("#totals")).to_contain_text("评价")
    feed.change(ratings=None, cases=None)  # as for those who may not list ratings
    expect(page.locator('[data-id="cases"]')).to_have_count(0)
    expect(page.locator("#totals")).not_to_contain_text("评价")
    feed.change(cases=late)
    page.locator('[data-id="cases"] button').click()
    page.wait_for_url("**/cases/dongyuan*")


def test_one_filled_button_and_a_plan_is_accepted_by_its_id(shown: Any) -> None:
    page, feed = shown()
    expect(page.locator("#proposal h3")).to_have_text("建议开 28、29、30 号")
    expect(page.locator("#proposal")).to_contain_text("27→16 分")
    assert page.locator(".filled:visible").count() == 1
    page.locator("#proposal .accept").click()
    expect(page.locator("#receipt")).to_contain_text("已采纳潮汐建议")
    assert [(one["command"], one["plan"]) for one in feed.commands] == [("accept_plan", "p1")]


def test_a_proposal_is_declined_with_a_reason_also_when_it_was_made_anew(shown: Any) -> None:
    page, feed = shown()
    page.locator("#proposal .decline").click()
    press(page, "decline", "请先写原因")
    page.locator("#sheet .chip").first.click()
    again = floors.plan()
    again["proposal"]["id"] = "p2"
    feed.change(plan=again)
    expect(page.locator("#proposal")).to_have_attribute("data-plan", "p2")
    page.locator("#sheet .do-decline").click()
    settled(page, "没有采纳")
    [sent] = feed.commands
    assert (sent["command"], sent["plan"], sent["reason"]) == ("decline_plan", "p2", "人员不足")
    expect(page.locator("#sheet")).to_be_hidden()


def test_devices_are_shown_where_the_hall_knows_of_any(shown: Any) -> None:
    page, feed = shown()
    expect(page.locator("#devices-part")).to_be_hidden()
    feed.change(devices=floors.devices())
    expect(page.locator("#devices .device").first).to_contain_text("自助机12 / 13")
    row = page.locator('[data-id="device/kiosk-7"]')
    expect(row).to_contain_text("7 号自助机：缺纸")
    row.locator("button").click()
    page.locator("#sheet .do-order-test").click()
    expect(page.locator("#receipt")).to_contain_text("指令已下达")
    assert feed.commands[0]["command"] == "order_device"


def test_every_device_can_be_reached_also_one_that_is_well(shown: Any) -> None:
    page, feed = shown()
    devices = floors.devices()
    devices[2]["state"] = "unknown"
    feed.change(devices=devices)
    expect(page.locator("#devices-count")).to_have_text("正常 193 / 195")
    screens = page.locator('#devices li[data-key="screen"]')
    expect(screens).to_contain_text("8 / 9")
    screens.locator("button").click()
    sheet = page.locator("#sheet")
    expect(sheet).to_have_attribute("data-about", "device/screen-3")
    expect(sheet.locator(".facts")).to_contain_text("从未上线")
    expect(sheet.locator("[data-device]")).to_have_count(8)
    sheet.locator('[data-device="screen-5"]').click()
    expect(sheet).to_have_attribute("data-about", "device/screen-5")
    sheet.locator(".do-order-restart").click()
    expect(page.locator("#receipt")).to_contain_text("指令已下达")
    assert (feed.commands[0]["device"], feed.commands[0]["order"]) == ("screen-5", "restart")


@pytest.mark.parametrize("size", [WALL, PANEL, TABLET, ENLARGED], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_looks_at_every_size(shown: Any, size: tuple[int, int], lang: str) -> None:
    page, feed = shown(size, lang)
    states: list[tuple[str, Callable[[], object]]] = [
        ("whole", lambda: None),
        ("devices", lambda: feed.change(devices=floors.devices())),
        ("window", lambda: page.locator('.tile[data-window="w20"]').click()),
        ("service", lambda: page.locator(".warning button").first.click()),
        ("hall", lambda: page.locator(".do-hall").click()),
        ("adjust", lambda: page.locator("#proposal .adjust").click()),
        ("notice", lambda: page.locator(".do-notices").click()),
    ]
    for state, happens in states:
        happens()
        page.evaluate("document.querySelector('#floor').scrollTop = 0")
        assert faults(page, LEAST_PX if size != WALL else 15, scrolls=size == ENLARGED) == [], state
        if size == WALL:
            assert grave(page) == [], state


def test_what_is_old_is_marked_and_the_line_comes_back(pages: Pages, live: LiveServer) -> None:
    for window, clerk in (("w1", "c01"), ("w2", "c02")):
        live.window(window, "sign_in", clerk=clerk)
        live.window(window, "open")
    live.issue("general")
    live.window("w1", "call_next")
    page = floor_of(pages, live)
    expect(page.locator('.tile[data-window="w1"]')).to_have_attribute("data-kind", "calling")
    open_window(page, "w2")

    live.kill()

    expect(page.locator("#page")).to_have_attribute("data-phase", "lost")
    expect(page.locator("#banner")).to_contain_text("不是现在的情况")
    expect(page.locator("#top-link")).to_contain_text("连接中断")
    fills = page.locator("body *").evaluate_all("all => all.map(n => getComputedStyle(n).backgroundColor)")
    assert YELLOW not in fills
    expect(page.locator("#sheet .do-close")).to_have_attribute("aria-disabled", "true")
    page.locator("#sheet .do-close").click(force=True)
    expect(page.locator("#receipt")).to_contain_text("连接中断，恢复后可用")
    assert faults(page, 15) == []

    live.start()

    is_live(page)
    press(page, "close", "2 号窗口已关")
    assert window_of(live, "w2")["state"] == "closed"


def test_a_press_whose_answer_is_lost_acts_once(pages: Pages, live: LiveServer) -> None:
    sent: list[dict[str, Any]] = []
    page = pages.blank(WALL)

    def between(page_side: Any) -> None:
        server_side = page_side.connect_to_server()

        def up(text: str | bytes) -> None:
            message = msgspec.json.decode(text)
            if message["type"] == "command":
                sent.append(message)
            server_side.send(text)

        def down(text: str | bytes) -> None:
            if msgspec.json.decode(text)["type"] == "result" and len(sent) == 1:
                page_side.close(code=4500)  # the server acted; its answer never arrives
            else:
                page_side.send(text)

        page_side.on_message(up)
        server_side.on_message(down)

    page.route_web_socket("**/feed", between)
    pages.go(page, "/floor/county", live.token("supervisor", hall="county"))
    expect(page.locator("#page")).to_have_attribute("data-acting", "true")
    open_window(page, "w1")
    page.locator("#sheet select").select_option("c02")

    page.locator("#sheet .do-seat").click()

    settled(page, "王芳已到 1 号窗口")
    assert [one["command"] for one in sent] == ["sign_in", "sign_in"]
    assert sent[0]["key"] == sent[1]["key"]
    assert window_of(live, "w1")["clerk"] == "c02"


def test_an_act_of_two_steps_is_finished_after_a_reload(pages: Pages, live: LiveServer) -> None:
    live.window("w2", "sign_in", clerk="c02")
    with line_to(live.port) as line:
        page = pages.blank(WALL)
        page.goto(f"{line.url}/floor/county#token={live.token('supervisor', hall='county')}")
        expect(page.locator("#page")).to_have_attribute("data-acting", "true")
        open_window(page, "w1")
        page.locator("#sheet select").select_option("c02")
        line.lose("down")
        page.locator("#sheet .do-seat").click()
        line.await_loss(10)
        line.cut()
        line.mend()
        page.reload()
        settled(page, "王芳已到 1 号窗口")
    assert window_of(live, "w1")["clerk"] == "c02"
    events = live.ask("GET", "/v1/halls/county/events?limit=500")
    assert json.dumps(events).count('"clerk_signed_out"') == 1


def test_a_call_whose_number_is_not_found_in_time_is_told_and_not_made_later(
    pages: Pages, live: LiveServer
) -> None:
    live.window("w1", "sign_in", clerk="c01")
    live.window("w1", "open")
    number = live.issue("general")["number"]
    page = floor_of(pages, live)
    asked: list[Any] = []
    page.route("**/tickets?number=*", lambda route: asked.append(route))
    open_window(page, "w1")
    give_reason(page, "带小孩")
    page.locator("#sheet .number").fill(number)
    page.locator("#sheet .do-call").click()
    expect(page.locator("#receipt")).to_contain_text("1 号指呼没有执行：连接中断", timeout=15_000)
    assert len(asked) == 1
    assert window_of(live, "w1")["state"] == "idle"
    page.unroute("**/tickets?number=*")
    press(page, "call", f"已叫 {number} 到 1 号窗口")


def test_a_call_that_another_press_overtakes_says_so(pages: Pages, live: LiveServer) -> None:
    live.window("w1", "sign_in", clerk="c01")
    live.window("w1", "open")
    number = live.issue("general")["number"]
    page = floor_of(pages, live)
    asked: list[Any] = []
    page.route("**/tickets?number=*", lambda route: asked.append(route))
    open_window(page, "w1")
    give_reason(page, "带小孩")
    page.locator("#sheet .number").fill(number)
    page.locator("#sheet .do-call").click()
    page.locator("#sheet .do-pause").click()
    settled(page, "1 号窗口已暂停")
    asked[0].continue_()
    expect(page.locator("#receipt")).to_contain_text("1 号指呼没有执行")
    assert window_of(live, "w1")["state"] == "paused"


def test_a_proposal_is_accepted_and_the_tides_adjusted(opened: Pages, hall: LiveServer) -> None:
    """The last of those in the same hall: the tides are reckoned while the others go on."""
    page = floor_of(opened, hall)
    proposal = page.locator("#proposal")
    expect(proposal.locator(".accept")).to_be_visible(timeout=WITHIN_A_MINUTE_MS)
    expect(proposal.locator("h3")).to_have_text("建议开 4 号")
    expect(page.locator("#chart svg")).to_be_visible()
    proposal.locator(".accept").click()
    settled(page, "已采纳潮汐建议")
    expect(page.locator('.tile[data-window="w4"]')).to_have_attribute("data-kind", "idle")
    assert window_of(hall, "w4")["state"] == "idle"

    proposal.locator(".adjust").click()
    page.locator('#sheet input[value="automatic"]').check()
    page.locator("#sheet .beta").fill("1.5")
    page.locator("#sheet .do-adjust").click()
    settled(page, "潮汐已调整")
    plan = state_of(hall)["plan"]
    assert (plan["mode"], plan["beta"], plan["by_hand"]) == ("automatic", 1.5, True)
    expect(page.locator("#tides-mode")).to_contain_text("自动执行")
    expect(page.locator("#log")).to_contain_text("采纳潮汐建议")
