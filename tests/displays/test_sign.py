"""What a bar says: of a window, of a zone, while the server is away; and what it says at each moment."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callq.domain import commands as cmd
from callq.views.view import View, project
from displays.led.config import Device
from displays.led.render import cell_width
from displays.led.sign import (
    BLANK,
    FLASH_S,
    PAGE_S,
    Line,
    Shown,
    Sign,
    board_sign,
    next_change_s,
    pages_of,
    shown_at,
    stale_sign,
    strip_sign,
)
from tests.harness import Hall


def bar(**more: Any) -> Device:
    fields = {
        "name": "one",
        "protocol": "onbon",
        "address": "card",
        "columns": 128,
        "rows": 16,
        "window": "w1",
    }
    return Device(**{**fields, **more})


def measure(text: str) -> int:
    return cell_width(text, 16)


ONE, TWO = bar(protocol="ddp"), bar(protocol="ddp", rows=32, font=16)


def view(hall: Hall, wanted: View) -> Any:
    """Data as they come over the wire."""
    return msgspec.to_builtins(project(wanted, hall.state, hall.now_ms, {}))


def strip(hall: Hall, device: Device = ONE) -> Sign:
    return strip_sign(view(hall, View("strip", window="w1")), device, measure)


def board(hall: Hall, device: Device) -> Sign:
    return board_sign(view(hall, View("board")), device, measure)


def texts(sign: Sign) -> list[tuple[str, ...]]:
    return [line.pages for line in sign.lines]


def test_a_day_at_a_window() -> None:
    hall = Hall()
    assert texts(strip(hall)) == [("未开放",)]
    hall.staff()
    assert texts(strip(hall)) == [("等候叫号", "综合受理", "社会保险", "不动产登记")]
    hall.issue()
    hall.do(cmd.CallNext(window="w1"))
    assert strip(hall) == Sign((Line(("A001 请办理",), calling=True, call="A001 1"),))
    assert strip(hall, TWO) == Sign(
        (Line(("A001 请办理",), True, "A001 1"), Line(("综合受理", "社会保险", "不动产登记")))
    )
    assert strip(hall, bar()) == Sign((Line(("A001 请办理",), calling=True),)), "a text card does not flash"
    hall.later(30)
    hall.do(cmd.Recall(window="w1"))
    assert strip(hall) == Sign((Line(("A001 请办理",), calling=True, call="A001 2"),))
    hall.do(cmd.Start(window="w1"))
    assert strip(hall) == Sign((Line(("A001 办理中",)),))
    hall.do(cmd.Suspend(reason="停电"))
    assert texts(strip(hall)) == [("大厅暂停服务", "停电")]
    assert not any(line.calling for line in strip(hall).lines)


def test_a_number_is_never_cut_for_its_words() -> None:
    data = {"line1": "A1000 请办理", "line2": "", "number": "A1000", "calls": 1, "state": "calling"}
    assert texts(strip_sign(data, bar(columns=96), measure)) == [("A1000 请办理",)]
    assert texts(strip_sign(data, bar(columns=80), measure)) == [("A1000",)]


def test_a_narrow_bar_calls_nobody_while_the_hall_stands_still() -> None:
    hall = Hall()
    hall.staff()
    hall.issue()
    hall.do(cmd.CallNext(window="w1"))
    hall.do(cmd.Suspend(reason="疏散"))
    assert texts(strip(hall, bar(columns=80))) == [("暂停服务", "疏散")]
    assert texts(strip(hall, bar(columns=64, rows=32, font=16))) == [("暂停服务",), ("疏散",)]


def test_a_zone_lists_who_is_called_then_who_is_served() -> None:
    hall = Hall()
    four = bar(protocol="ddp", rows=64, font=16, columns=160, window="", zone="all")
    assert texts(board(hall, four)) == [("等候叫号",), ("",), ("",), ("",)]
    for window, clerk, service in (("w1", "c1", "general"), ("w2", "c2", "general")):
        hall.staff(window, clerk)
        hall.issue(service)
        hall.do(cmd.CallNext(window=window))
        hall.later(30)
    sign = board(hall, four)
    assert texts(sign) == [("A002 请到2号窗口",), ("A001 请到1号窗口",), ("",), ("",)]
    assert len(sign.calls) == 2
    hall.do(cmd.Recall(window="w1"))
    again = board(hall, four)
    assert len(again.calls - sign.calls) == 1, "a repeated call is another"
    assert texts(again)[0] == ("A001 请到1号窗口",)
    hall.do(cmd.Start(window="w1"))
    sign = board(hall, four)
    assert texts(sign)[:2] == [("A002 请到2号窗口",), ("A001 1号窗口",)]
    assert [line.calling for line in sign.lines] == [True, False, False, False]
    narrow = bar(columns=64, window="", zone="all")
    assert texts(board(hall, narrow)) == [("A002→2",)]
    hall.do(cmd.Suspend(reason="停电"))
    assert texts(board(hall, four)) == [("大厅暂停服务",), ("停电",), ("",), ("",)]
    assert texts(board(hall, bar(window="", zone="all"))) == [("大厅暂停服务", "停电")]


def test_services_take_turns_where_they_do_not_fit() -> None:
    names = "综合受理、社会保险、不动产登记"
    assert pages_of(names, 144, measure) == ("综合受理、社会保险", "不动产登记")
    assert pages_of(names, 64, measure) == ("综合受理", "社会保险", "不动产登", "记")
    assert pages_of("", 64, measure) == ()


@given(st.text(alphabet="综合A1、 ", max_size=60), st.integers(16, 200))
def test_pages_fit_and_lose_nothing(text: str, columns: int) -> None:
    pages = pages_of(text, columns, measure)
    assert all(pages)
    assert all(measure(page) <= columns for page in pages)
    assert "".join(pages).replace("、", "") == text.replace("、", "")


def test_what_is_old_says_so_and_calls_nobody() -> None:
    calling = Sign((Line(("A012 请办理",), True, "A012 1"), Line(("综合受理", "社会保险"))))
    told = stale_sign(calling, "10:24", TWO, measure)
    assert told == Sign((Line(("A012 请办理",)), Line(("连接中断 10:24",))), aside=True)
    assert stale_sign(Sign(calling.lines[:1]), "10:24", ONE, measure) == Sign(
        (Line(("A012 请办理", "连接中断 10:24")),), aside=True
    )
    assert stale_sign(None, "10:24", ONE, measure) == Sign((Line(("连接中断 10:24",)),), aside=True)
    assert texts(stale_sign(None, "10:24", TWO, measure)) == [("",), ("连接中断 10:24",)]
    assert texts(stale_sign(None, "10:24", bar(columns=64), measure)) == [("连接中断",)]


def test_a_call_flashes_at_first_and_then_stands_still() -> None:
    sign = Sign((Line(("A012",), True, "A012 1"),))
    inverted = [shown_at(sign, 99.0, {"A012 1": half / 2 + 0.1})[0].inverted for half in range(14)]
    assert inverted == [True, False] * 6 + [False, False]
    at, changes = 0.0, []
    while (wait := next_change_s(sign, 99.0, {"A012 1": at})) != float("inf"):
        at += wait
        changes.append(at)
    assert changes == [half / 2 for half in range(1, 13)]
    assert changes[-1] == FLASH_S


def test_pages_take_turns_for_ever() -> None:
    sign = Sign((Line(("one", "two", "three")), Line(("fixed",))))
    for page in range(7):
        shown = shown_at(sign, page * PAGE_S + 0.1, {})
        assert shown == (Shown(("one", "two", "three")[page % 3]), Shown("fixed"))
    assert next_change_s(sign, 0.5, {}) == PAGE_S - 0.5
    assert next_change_s(sign, PAGE_S, {}) == PAGE_S
    assert next_change_s(BLANK, 0.0, {}) == float("inf")


@pytest.mark.parametrize("state", ["closed", "idle", "serving", "paused"])
def test_only_a_call_has_its_colour(state: str) -> None:
    data = {"line1": "A012 办理中", "line2": "综合受理", "number": "A012", "calls": 1, "state": state}
    assert not any(line.calling or line.call for line in strip_sign(data, TWO, measure).lines)
