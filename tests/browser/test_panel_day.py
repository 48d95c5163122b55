"""A clerk's whole day by keyboard, by keypad, and over a line that breaks in the middle of every act."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Final

import pytest
from playwright.sync_api import expect

from tests.browser.clerks_day import DAY, WINDOW, Record, begin, done, prepare
from tests.browser.conftest import WITHIN_MS, is_live
from tests.browser.line import line_to

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.clerks_day import Press
    from tests.browser.conftest import Pages
    from tests.browser.line import Line
    from tests.live import LiveServer

pytestmark = pytest.mark.browser

CUT_S: Final = float(os.environ.get("CALLQ_CUT_S", "0"))
"""How long the line stays cut; given one, every act is cut at every step: half an hour with 30 and `-n 5`."""

UNDO_S: Final = 300
"""In these days an act can be undone for so long, as an undo waits for its line; `undo_s` of a hall is 15."""

STEPS: Final = ("unsent", "unanswered", "away", "again", "reload")
"""Before the press has left; when the server has done it; pressed when the line is gone and the page does not
know yet; a second time while it connects anew; and with the page loaded again before the answer."""

BACK: Final = "window.dispatchEvent(new Event('online'))"


@pytest.mark.parametrize("pad", [False, True], ids=["keyboard", "keypad"])
def test_whole_day_without_a_mouse(pages: Pages, live: LiveServer, pad: bool) -> None:
    prepare(live)
    panel = pages.panel(WINDOW)
    record = Record(live)
    for press in DAY:
        panel.keyboard.press(begin(panel, press, pad=pad))
        done(panel, press)
        assert record.new() == press.events.split(), press.name


@pytest.mark.timeout(6000 if CUT_S else 300)
@pytest.mark.parametrize("shift", range(len(STEPS) if CUT_S else 1))
def test_press_on_a_line_that_breaks_acts_once(pages: Pages, live: LiveServer, shift: int) -> None:
    prepare(live, UNDO_S)
    record = Record(live)
    with line_to(live.port) as line:
        panel = pages.blank((1366, 768))
        token = live.token("clerk", hall="county", window=WINDOW)
        panel.goto(f"{line.url}/panel/county/{WINDOW}#token={token}")
        is_live(panel)
        for number, press in enumerate(DAY):
            step = STEPS[(number + shift) % len(STEPS)]
            _pressed_while_it_breaks(panel, line, press, step, record, told=not CUT_S and number % 3 > 0)
            assert record.new() == press.events.split(), press.name


def test_an_undo_whose_time_is_over_when_it_arrives_does_nothing_and_says_so(
    pages: Pages, live: LiveServer
) -> None:
    prepare(live, undo_s=5)
    live.window(WINDOW, "sign_in", clerk="c01")
    live.window(WINDOW, "open")
    with line_to(live.port) as line:
        panel = pages.blank((1366, 768))
        token = live.token("clerk", hall="county", window=WINDOW)
        panel.goto(f"{line.url}/panel/county/{WINDOW}#token={token}")
        is_live(panel)
        panel.keyboard.press("Enter")
        expect(panel.locator("#page")).to_have_attribute("data-situation", "calling")
        expect(panel.locator("#page")).to_have_attribute("data-waiting", "false")
        record = Record(live)
        line.cut()
        panel.keyboard.press("Backspace")
        time.sleep(6)
        line.mend()
        expect(panel.locator('#receipt[data-kind="refused"]')).to_contain_text(
            "撤销没有执行", timeout=WITHIN_MS + 40_000
        )
        expect(panel.locator("#page")).to_have_attribute("data-situation", "calling")
    assert record.new() == []


def test_a_press_that_comes_late_does_nothing_to_whoever_is_there_by_then(
    pages: Pages, live: LiveServer
) -> None:
    hall = live.ask("GET", "/v1/halls/county/config")["config"]
    rules = {**hall.get("rules", {}), "next_while_serving": "complete"}
    body = {"command": "configure", "config": {**hall, "rules": rules}}
    live.ask("POST", "/v1/halls/county/commands", body)
    live.window("w3", "sign_in", clerk="c01")
    live.window("w3", "open")
    live.issue()
    second, third, _ = live.issue(), live.issue(), live.issue()
    live.window("w3", "call_next")
    live.window("w3", "start")
    with line_to(live.port) as line:
        panel = pages.blank((1366, 768))
        token = live.token("clerk", hall="county", window="w3")
        panel.goto(f"{line.url}/panel/county/w3#token={token}")
        is_live(panel)
        expect(panel.locator("#page")).to_have_attribute("data-situation", "serving")
        line.cut()
        panel.keyboard.press("Enter")  # completes the first
        for act in ("complete", "call_next", "start"):  # as another device does meanwhile
            live.window("w3", act)
        line.mend()
        refused = panel.locator('#receipt[data-kind="refused"]')
        expect(refused).to_contain_text("办结没有执行", timeout=WITHIN_MS + 40_000)
        window = live.ask("GET", "/v1/halls/county/windows/w3")["window"]
        assert (window["state"], window["ticket"]) == ("serving", second["id"])
        live.window("w3", "complete")
        expect(panel.locator("#page")).to_have_attribute("data-situation", "idle")
        expect(panel.locator("#page")).to_have_attribute("data-waiting", "false")
        line.cut()
        panel.keyboard.press("Enter")  # calls the third, who must not be completed by it
        for act in ("call_next", "start"):
            live.window("w3", act)
        line.mend()
        expect(refused).to_contain_text("叫下一位没有执行", timeout=WITHIN_MS + 40_000)
    window = live.ask("GET", "/v1/halls/county/windows/w3")["window"]
    assert (window["state"], window["ticket"]) == ("serving", third["id"])


def test_the_second_half_of_a_double_click_answers_no_question(pages: Pages, live: LiveServer) -> None:
    live.window("w3", "sign_in", clerk="c01")
    live.window("w3", "open")
    live.issue()
    live.window("w3", "call_next")
    live.window("w3", "start")
    panel = pages.panel("w3")
    page = panel.locator("#page")
    for act in ("hold", "pause", "abandon"):
        panel.locator(f"#key-{act}").dblclick()
        expect(page).to_have_attribute("data-question", act)
        expect(page).to_have_attribute("data-waiting", "false")
        panel.keyboard.press("Escape")
    expect(page).to_have_attribute("data-situation", "serving")
    panel.locator("#key-hold").click()
    panel.locator(".key", has_text="等待").click()
    expect(page).to_have_attribute("data-situation", "idle")


def _pressed_while_it_breaks(
    panel: Page, line: Line, press: Press, step: str, record: Record, *, told: bool
) -> None:
    """One press; `told`: the system tells the page that the network is back, which else finds out in time."""
    last = begin(panel, press)
    match step:
        case "unsent":
            line.lose("up")
            panel.keyboard.press(last)
            line.await_loss(WITHIN_MS / 1000)
            line.cut()
        case "away":
            line.cut()
            panel.keyboard.press(last)
        case _:
            before, until = record.revision(), time.monotonic() + WITHIN_MS / 1000
            line.lose("down")
            panel.keyboard.press(last)
            while record.revision() == before:
                assert time.monotonic() < until, "the press did not arrive"
            line.cut()
    time.sleep(CUT_S)
    if step == "again":
        line.mend("down")
        if told:
            panel.evaluate(BACK)
        line.await_loss(WITHIN_MS / 1000)
        line.cut()
    line.mend()
    if step == "reload":
        panel.reload()
    elif told:
        panel.evaluate(BACK)
    expect(panel.locator("#receipt")).to_have_attribute("data-kind", "done", timeout=WITHIN_MS + 40_000)
    done(panel, press)
    is_live(panel)
