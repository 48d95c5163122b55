"""The hall editor: what is changed there acts in the hall, and is taken back; two managers lose nothing."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from tests.browser.axe import grave
from tests.browser.conftest import Pages
from tests.browser.contrast import look
from tests.live import LiveServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Locator, Page, Route

pytestmark = pytest.mark.browser

WALL, PANEL, ENLARGED = (1920, 1080), (1366, 768), (683, 384)
LEAST_PX = 14
TABS = ("services", "windows", "clerks", "sessions", "thresholds", "other", "text", "history")


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """One hall that all tests change, one after the other."""
    server = LiveServer(tmp_path_factory.mktemp("editor") / "data").start()
    yield server
    server.stop()


@pytest.fixture
def opened(chromium: Browser, hall: LiveServer) -> Iterator[Pages]:
    pages = Pages(chromium, hall)
    yield pages
    for context in pages.contexts:
        context.close()
    assert pages.faults == [], "errors in the pages"


def editor(
    pages: Pages,
    hall: LiveServer,
    role: str = "supervisor",
    size: tuple[int, int] = PANEL,
    query: str = "",
) -> Page:
    page = pages.go(pages.blank(size), f"/editor/county{query}", hall.token(role, hall="county"))
    return ready(page)


def ready(page: Page) -> Page:
    expect(page.locator("#page")).to_have_attribute("data-ready", "true")
    expect(page.locator("#page")).to_have_attribute("data-phase", "live")
    return page


def checked(page: Page, how: str = "ok") -> None:
    """Wait until the server has said what there is to say of the draft."""
    expect(page.locator("#page")).to_have_attribute("data-check", how)


def put_in_force(page: Page, reason: str | None) -> None:
    """Both presses; None: with the reason that is suggested."""
    checked(page)
    page.locator("#do-apply").click()
    if reason is not None:
        page.locator("#reason").fill(reason)
    page.keyboard.press("Enter")
    expect(page.locator("#page")).to_have_attribute("data-dirty", "false")
    expect(page.locator("#receipt")).to_contain_text("已生效")


def tab(page: Page, name: str, part: str = "") -> None:
    page.locator(f"#tab-{name}").click()
    expect(page.locator(f"#tab-{name}")).to_have_attribute("aria-selected", "true")
    if name == "history":
        expect(page.locator(".version").first).to_be_visible()
    if part:
        page.locator(f'.sub-tab[data-part="{part}"]').click()
        expect(page.locator("#main")).to_have_attribute("data-part", part)


def field(page: Page, path: str) -> Locator:
    return page.locator(f'#main [data-control="{path}"]')


def faults(page: Page, *, scrolls: bool) -> list[str]:
    """What is wrong with the looks; rows and mistakes are told by their words, and have no edge."""
    found = look(page, least_px=LEAST_PX, scrolls=scrolls).faults
    return [one for one in found if not one.startswith(("edge of row", "edge of mistake"))]


def config(hall: LiveServer) -> Any:
    return hall.ask("GET", "/v1/halls/county/config")


def history(hall: LiveServer) -> Any:
    return hall.ask("GET", "/v1/halls/county/config/history")["versions"]


def configure(hall: LiveServer, changed: dict[str, Any], reason: str) -> None:
    """By another hand."""
    body = {"command": "configure", "config": changed, "reason": reason}
    hall.ask("POST", "/v1/halls/county/commands", body)


def hours_not_now() -> str:
    hour = datetime.now(ZoneInfo("Asia/Shanghai")).hour
    return "16:00-17:00" if 5 <= hour < 12 else "06:00-07:00"


def test_a_skill_and_a_session_act_in_the_hall_and_are_taken_back(opened: Pages, hall: LiveServer) -> None:
    before = config(hall)["digest"]
    hall.window("w1", "sign_in", clerk="c04")
    hall.window("w1", "open")
    hall.issue("medical")
    assert hall.window("w1", "call_next")["ticket"] is None, "c04 has no such skill"
    page = editor(opened, hall)

    tab(page, "clerks", "matrix")
    cell = field(page, "clerks[3].skills.social")
    cell.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("2")
    expect(field(page, "clerks[3].skills.medical")).to_have_text("2")
    checked(page)
    expect(page.locator("#side .changes")).to_contain_text("人员 刘洋（c04）：技能 医疗保障 无 → 2")
    page.reload()
    ready(page)
    checked(page)
    expect(page.locator("#receipt")).to_contain_text("已恢复")
    page.locator("#do-apply").click()
    page.locator("#do-sure").click()
    expect(page.locator("#receipt")).to_contain_text("请先写修改原因")
    page.locator("#reason").fill("刘洋取得医保证书")
    page.locator("#do-sure").click()
    expect(page.locator("#receipt")).to_contain_text("已生效：刘洋取得医保证书")
    called = hall.window("w1", "call_next")
    assert called["ticket"]["service"] == "medical", "the call goes there now"
    hall.window("w1", "start")
    hall.window("w1", "complete")
    between = config(hall)["digest"]
    assert between != before

    tab(page, "sessions", "sessions")
    page.locator(".do-add").click()
    for key, words in (("code", "day"), ("name", "全天"), ("ticketing", hours_not_now())):
        field(page, f"sessions[0].{key}").fill(words)
    checked(page, "errors")
    field(page, "sessions[0].serving").fill(hours_not_now())
    for day in ("sat", "sun"):
        page.locator(f'[data-path="sessions[0].days"] input[value="{day}"]').check()
    checked(page)
    expect(page.locator("#side .at-once")).to_contain_text("医疗保障立即停止取号")
    put_in_force(page, "只在规定时段取号")
    refused = hall._http.post(
        f"{hall.url}/v1/halls/county/tickets",
        json={"service": "medical"},
        headers={"Authorization": f"Bearer {hall.admin}"},
    )
    assert refused.json()["code"] == "outside_session"

    page.locator(".do-undo").click()
    checked(page)
    expect(page.locator("#side .changes")).to_contain_text("删除时段 全天（day）")
    put_in_force(page, None)
    assert config(hall)["digest"] == between
    hall.issue("medical")
    tab(page, "history")
    rows = page.locator(".version")
    expect(rows.nth(0)).to_contain_text("取消上一次修改")
    expect(rows.nth(0)).to_contain_text("相同")
    expect(rows.nth(1)).to_contain_text("新增时段 全天（day）")
    expect(rows.nth(2)).to_contain_text("原因：刘洋取得医保证书")
    rows.nth(3).locator(".do-look").click()
    expect(page.locator(".version-detail .would")).to_contain_text("技能 医疗保障 2 → 无")
    rows.nth(3).locator(".do-restore").click()
    put_in_force(page, None)
    assert config(hall)["digest"] == before


def test_what_is_in_use_is_told_and_nothing_changes(opened: Pages, hall: LiveServer) -> None:
    hall.window("w2", "sign_in", clerk="c01")
    before = config(hall)
    page = editor(opened, hall)
    tab(page, "windows")
    page.locator('.row:has-text("w2")').click()
    page.locator(".do-remove").click()
    expect(page.locator(".question")).to_contain_text("没有别处用到它")
    page.locator(".do-yes").click()
    checked(page, "refused")
    expect(page.locator("#side .refused")).to_contain_text("2 号窗口有人签到")
    page.locator("#do-apply").click(force=True)
    expect(page.locator("#receipt")).to_contain_text("大厅里正在用")
    assert config(hall)["digest"] == before["digest"]
    hall.window("w2", "sign_out")
    checked(page)
    page.locator("#side .do-revert").click()
    expect(page.locator("#page")).to_have_attribute("data-dirty", "false")


def test_mistakes_lead_to_fields_and_deleting_tells_what_refers(opened: Pages, hall: LiveServer) -> None:
    page = editor(opened, hall)
    tab(page, "services")
    field(page, "services[0].prefix").fill("I")
    page.locator('[data-path="services[0].booking"] input[type="checkbox"]').check()
    field(page, "services[0].booking.capacity").fill("many")
    checked(page, "errors")
    tab(page, "windows")
    page.locator('#side .errors [data-key="services[0].booking.capacity"]').click()
    expect(page.locator("#tab-services")).to_have_attribute("aria-selected", "true")
    expect(field(page, "services[0].booking.capacity")).to_be_focused()
    expect(page.locator('[data-path="services[0].booking.capacity"] .wrong')).to_contain_text("应是整数")
    expect(page.locator('[data-path="services[0].prefix"] .wrong')).to_be_visible()
    expect(field(page, "services[0].prefix")).to_have_attribute("aria-invalid", "true")
    page.locator("#do-discard").click()
    page.locator("#do-discard").click()
    expect(page.locator("#page")).to_have_attribute("data-dirty", "false")

    page.locator(".row").first.focus()
    page.keyboard.press("End")
    expect(page.locator('.row:has-text("estate")')).to_be_focused()
    page.locator(".do-remove").click()
    question = page.locator(".question")
    for words in ("窗口 5", "人员 赵国强 · 技能", "事项 房屋买卖过户"):
        expect(question).to_contain_text(words)
    page.locator(".do-yes").click()
    checked(page, "errors")
    expect(page.locator("#side .errors")).to_contain_text("事项 房屋买卖过户 · 所属业务")
    page.locator("#do-discard").click()
    page.locator("#do-discard").click()

    tab(page, "text")
    toml = page.locator("#toml")
    text = toml.input_value()
    toml.fill(text.replace('prefix = "E"', 'prefix = "Q"'))
    page.locator(".do-take").click()
    expect(page.locator("#text-mistakes")).to_contain_text("号票前缀")
    page.locator("#text-mistakes button").first.click()
    chosen = toml.evaluate("area => area.value.slice(area.selectionStart, area.selectionEnd)")
    assert chosen == 'prefix = "Q"'
    toml.fill(text.replace('prefix = "E"', 'prefix = "S"'))
    page.locator(".do-take").click()
    checked(page)
    expect(page.locator("#side .later")).to_contain_text("前缀 S 从下一业务日起用，今天仍是 E")
    page.locator("#do-discard").click()
    page.locator("#do-discard").click()


def test_neither_a_held_key_nor_a_double_click_confirms_what_it_began(
    opened: Pages, hall: LiveServer
) -> None:
    start = config(hall)["config"]
    configure(hall, {**start, "name_en": "For a While"}, "改名")
    configure(hall, start, "还原")
    page = editor(opened, hall)
    tab(page, "services")
    field(page, "services[0].name_en").fill("Half Done")
    checked(page)

    def dirty() -> None:
        expect(page.locator("#page")).to_have_attribute("data-dirty", "true")

    def held(button: Locator) -> None:
        button.focus()
        for _ in range(4):
            page.keyboard.down("Enter")
        page.keyboard.up("Enter")

    page.locator("#do-discard").dblclick()
    expect(page.locator("#do-discard")).to_have_attribute("data-armed", "")
    dirty()
    page.reload()
    ready(page)
    checked(page)
    held(page.locator("#do-discard"))
    expect(page.locator("#do-discard")).to_have_attribute("data-armed", "")
    dirty()

    tab(page, "services")
    rows = page.locator(".row")
    count = rows.count()
    held(page.locator(".do-remove"))
    expect(page.locator(".question")).to_be_visible()
    assert rows.count() == count
    page.locator(".do-no").click()

    tab(page, "history")
    first, second = page.locator(".do-restore").nth(0), page.locator(".do-restore").nth(1)
    first.dblclick()
    held(second)
    for restore in (first, second):
        expect(restore).to_have_attribute("data-armed", "")
    dirty()
    expect(field(page, "services[0].name_en")).to_have_count(0)
    page.reload()
    ready(page)
    checked(page)
    page.locator("#do-discard").click()
    page.locator("#do-discard").click()
    expect(page.locator("#page")).to_have_attribute("data-dirty", "false")


def test_what_a_press_has_begun_waits_some_seconds_for_the_second(opened: Pages, hall: LiveServer) -> None:
    start = config(hall)["config"]
    for name in ("改过的大厅", start["name"]):
        configure(hall, {**start, "name": name}, "改名")
    page = opened.blank(PANEL)
    page.clock.install()
    ready(opened.go(page, "/editor/county", hall.token("supervisor", hall="county")))
    tab(page, "services")
    field(page, "services[0].name_en").fill("Half Done")
    checked(page)
    tab(page, "history")
    discard, restore = page.locator("#do-discard"), page.locator(".do-restore").first
    before = {button: button.inner_text() for button in (discard, restore)}
    for button in (discard, restore):
        button.click()
        expect(button).to_have_attribute("data-armed", "")
        page.clock.run_for(5000)
        expect(button).not_to_have_attribute("data-armed", "")
        expect(button).to_have_text(before[button])
        expect(page.locator("#page")).to_have_attribute("data-dirty", "true")
    discard.click()
    expect(discard).to_have_attribute("data-armed", "")
    discard.click()
    expect(page.locator("#page")).to_have_attribute("data-dirty", "false")


def test_skills_of_a_group_are_set_at_once(opened: Pages, hall: LiveServer) -> None:
    page = editor(opened, hall)
    tab(page, "clerks", "matrix")
    page.locator(".group-row input").first.check()
    page.locator(".bulk-skill").select_option("estate")
    page.locator(".bulk-level").select_option("1")
    page.locator(".do-bulk").click()
    checked(page)
    expect(page.locator("#side .changes")).to_contain_text("修改 3 处")
    for _ in range(3):
        page.locator("#side .do-revert").first.click()
        expect(page.locator("#page")).not_to_have_attribute("data-check", "pending")
    expect(page.locator("#page")).to_have_attribute("data-dirty", "false")


def test_two_managers_lose_nothing(opened: Pages, hall: LiveServer) -> None:
    page = editor(opened, hall)
    start = config(hall)
    tab(page, "thresholds")
    field(page, "warnings.waiting").fill("12")
    field(page, "services[1].target_wait_min").fill("18")
    checked(page)
    theirs = {**start["config"], "warnings": {"serving_min": 40}, "name_en": "Their Hall"}
    configure(hall, theirs, "另一位")
    expect(page.locator("#receipt")).to_contain_text("已并入你的草稿")
    checked(page)
    expect(page.locator("#side .changes")).to_contain_text("修改 2 处")
    expect(field(page, "warnings.serving_min")).to_have_value("40")
    expect(field(page, "warnings.waiting")).to_have_value("12")

    configure(hall, {**theirs, "warnings": {"serving_min": 40, "waiting": 15}}, "又一位")
    expect(page.locator("#side .clashes")).to_contain_text("你的是 12，生效的是 15")
    page.locator("#do-apply").click(force=True)
    expect(page.locator("#receipt")).to_contain_text("先定好别人也改了的地方")
    page.locator("#side .do-mine").click()
    put_in_force(page, "等候提醒改为 12 人")
    now = config(hall)["config"]
    assert now["warnings"] == {"serving_min": 40, "waiting": 12}
    assert (now["name_en"], now["services"][1]["target_wait_min"]) == ("Their Hall", 18)

    field(page, "warnings.paused_min").fill("20")
    checked(page)
    page.locator("#do-apply").click()
    page.locator("#reason").fill("暂停提醒改为 20 分钟")
    page.route("**/halls/county/config", lambda route: route.abort())
    configure(hall, {**now, "name_en": "Changed Again"}, "抢先一步")
    page.locator("#do-sure").click()
    expect(page.locator("#receipt")).to_contain_text("没有生效：别人刚改了配置")
    assert config(hall)["config"]["name_en"] == "Changed Again"
    page.unroute("**/halls/county/config")
    expect(page.locator("#receipt")).to_contain_text("已并入你的草稿")
    put_in_force(page, None)
    merged = config(hall)["config"]
    assert (merged["name_en"], merged["warnings"]["paused_min"]) == ("Changed Again", 20)
    configure(hall, start["config"], "还原")


def test_a_change_whose_answer_is_lost_acts_once_and_is_told_as_ones_own(
    opened: Pages, hall: LiveServer
) -> None:
    before, versions = config(hall)["digest"], len(history(hall))
    page = opened.blank(PANEL)
    page.clock.install()
    ready(opened.go(page, "/editor/county", hall.token("supervisor", hall="county")))
    keys: list[str] = []

    def cut(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) == 1:
            route.fetch()
        if len(keys) != 2:  # the second is never answered at all
            route.abort()

    def sent(times: int) -> None:
        for _ in range(200):
            if len(keys) >= times:
                return
            page.clock.run_for(1000)
            page.wait_for_timeout(20)
        pytest.fail(f"sent {len(keys)} times")

    page.route("**/halls/county/commands", cut)
    tab(page, "thresholds")
    field(page, "warnings.waiting").fill("17")
    checked(page)
    page.locator("#do-apply").click()
    page.locator("#reason").fill("等候提醒改为 17 人")
    page.keyboard.press("Enter")
    sent(8)
    expect(page.locator("#page")).to_have_attribute("data-applying", "true")
    page.reload()
    sent(9)
    page.unroute("**/halls/county/commands")
    page.clock.run_for(2000)
    expect(page.locator("#receipt")).to_contain_text("已生效：等候提醒改为 17 人")
    expect(page.locator("#page")).to_have_attribute("data-dirty", "false")
    tab(page, "thresholds")
    expect(field(page, "warnings.waiting")).to_have_value("17")
    assert (len(set(keys)), len(history(hall))) == (1, versions + 1)
    page.locator(".do-undo").click()
    put_in_force(page, None)
    assert config(hall)["digest"] == before


def applied(opened: Pages, hall: LiveServer, waiting: str, reason: str) -> Page:
    """A page, its clock under the test's hand, that has sent a change to nobody."""
    page = opened.blank(PANEL)
    page.clock.install()
    ready(opened.go(page, "/editor/county", hall.token("supervisor", hall="county")))
    page.route("**/halls/county/commands", lambda route: route.abort())
    tab(page, "thresholds")
    field(page, "warnings.waiting").fill(waiting)
    checked(page)
    page.locator("#do-apply").click()
    page.locator("#reason").fill(reason)
    page.keyboard.press("Enter")
    expect(page.locator("#page")).to_have_attribute("data-applying", "true")
    return page


def test_a_change_that_nobody_confirms_is_given_up_and_says_how_to_see(
    opened: Pages, hall: LiveServer
) -> None:
    versions = len(history(hall))
    page = applied(opened, hall, "16", "等候提醒改为 16 人")
    page.clock.fast_forward(181_000)
    expect(page.locator("#receipt")).to_contain_text("可能已经生效，也可能没有。请看“历史”")
    expect(page.locator("#page")).to_have_attribute("data-applying", "false")
    page.unroute("**/halls/county/commands")
    assert len(history(hall)) == versions
    page.locator("#do-sure").click()
    expect(page.locator("#receipt")).to_contain_text("已生效：等候提醒改为 16 人")
    page.locator(".do-undo").click()
    put_in_force(page, None)


def test_a_refusal_after_a_reload_is_not_wiped_away(opened: Pages, hall: LiveServer) -> None:
    page = applied(opened, hall, "15", "等候提醒改为 15 人")
    page.unroute("**/halls/county/commands")
    problem = {"code": "forbidden", "status": 403, "title": "Forbidden", "detail": "", "hint": ""}
    page.route("**/halls/county/commands", lambda route: route.fulfill(status=403, json=problem))
    page.reload()
    ready(page)
    expect(page.locator("#page")).to_have_attribute("data-dirty", "true")
    checked(page)
    expect(page.locator("#receipt")).to_contain_text("生效没有执行")
    page.locator(".do-discard").click()


def test_an_inspector_looks_and_changes_nothing(opened: Pages, hall: LiveServer) -> None:
    page = editor(opened, hall, "inspector")
    expect(page.locator("#page")).to_have_attribute("data-may", "false")
    expect(page.locator("#top-looking")).to_be_visible()
    assert page.locator("#main input:not([disabled]):not([type=search])").count() == 0
    tab(page, "clerks", "matrix")
    field(page, "clerks[0].skills.general").click()
    page.keyboard.press("1")
    expect(field(page, "clerks[0].skills.general")).to_have_text("3")
    tab(page, "history")
    expect(page.locator(".version").first).to_contain_text("当前生效")
    assert page.locator(".do-restore").count() == 0
    refused = opened.go(opened.blank(PANEL), "/editor/county", hall.token("clerk", hall="county"))
    expect(refused.locator("#banner")).to_contain_text("不能看大厅配置")


@pytest.mark.parametrize("size", [WALL, PANEL, ENLARGED], ids=lambda size: f"{size[0]}x{size[1]}")
def test_every_tab_can_be_read_and_is_fit_for_screen_readers(
    opened: Pages, hall: LiveServer, size: tuple[int, int]
) -> None:
    page = editor(opened, hall, size=size)
    tab(page, "services")
    field(page, "services[0].prefix").fill("B")
    field(page, "services[0].target_wait_min").fill("0")
    checked(page, "errors")
    for name in TABS:
        tab(page, name)
        assert faults(page, scrolls=size == ENLARGED) == [], name
        if size == PANEL:
            assert grave(page) == [], name
    tab(page, "services")
    field(page, "services[0].target_wait_min").fill("15")
    checked(page)
    page.locator("#do-apply").click()
    assert faults(page, scrolls=size == ENLARGED) == []


def test_english_is_complete(opened: Pages, hall: LiveServer) -> None:
    page = editor(opened, hall, query="?lang=en")
    for name in TABS[:-2]:
        tab(page, name)
        words = page.locator(
            "label:not(.who label), legend, .about, button.act, .unit, h2, .tabs button, .sub-tab, thead th"
        )
        told = [text for text in words.all_text_contents() if "e.g." not in text]
        names = [text for text in told if any("\u4e00" <= c <= "\u9fff" for c in text)]
        assert names == [], name
