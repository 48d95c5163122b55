"""What the screens show: the board of a zone and the bar over a window."""

from __future__ import annotations

from pathlib import Path

import pytest

from callq.domain import commands as cmd
from callq.domain.hall import Clerk, Rules, Screens, Service, WindowConfig, Zone, ZoneScreen
from callq.views.board import CALLS_SHOWN
from callq.views.queues import label_ranges
from tests.harness import MONDAY_9H, Hall, small_hall
from tests.unit.viewing import shown


def called_and_missed(hall: Hall, window: str = "w1") -> None:
    hall.do(cmd.CallNext(window=window))
    hall.later(10)
    hall.do(cmd.Recall(window=window))
    hall.do(cmd.Miss(window=window))


# The board ----------------------------------------------------------------------------------------


def test_a_call_is_on_the_board_of_its_zone() -> None:
    hall = Hall()
    hall.staff()
    hall.issue()
    hall.later(60)
    hall.do(cmd.CallNext(window="w1"))
    assert shown(hall, "board", zone="hall")["calls"] == [
        {
            "number": "A001",
            "window": "w1",
            "label": "1",
            "at_ms": MONDAY_9H + 60_000,
            "calls": 1,
            "state": "called",
            "service": "general",
            "service_name": "综合受理",
            "service_name_en": "",
            "directions": "",
            "directions_en": "",
            "zone": "hall",
            "zone_name": "大厅",
            "zone_name_en": "",
            "zone_place": "",
            "zone_place_en": "",
        }
    ]
    assert shown(hall, "board", zone="upstairs")["calls"] == []


def test_a_call_names_its_place_and_both_languages() -> None:
    zone = Zone(code="hall", name="大厅", name_en="Main Hall", place="一楼", place_en="Floor 1")
    general = Service(code="general", name="综合受理", name_en="General", prefix="A")
    window = WindowConfig(
        id="w1",
        label="1",
        zone="hall",
        services=("general",),
        directions="右转",
        directions_en="To the right",
    )
    clerk = Clerk(id="c1", name="李敏", skills={"general": 3})
    hall = Hall(small_hall(zones=(zone,), services=(general,), windows=(window,), clerks=(clerk,)))
    hall.staff()
    ticket = hall.issue()
    hall.do(cmd.CallNext(window="w1"))
    board = shown(hall, "board", zone="hall")
    entrance, phone = shown(hall, "entrance"), shown(hall, "ticket", ticket=ticket.id)
    ways = [board["calls"][0], phone]
    assert [(one["directions"], one["directions_en"]) for one in ways] == [("右转", "To the right")] * 2
    places = [board["place"], board["calls"][0], entrance["services"][0], phone["place"]]
    assert [one["zone_place_en"] for one in places] == ["Floor 1"] * 4
    assert [shown(hall, view)["zones"][0]["place_en"] for view in ("entrance", "floor")] == ["Floor 1"] * 2
    [call] = board["calls"]
    assert (call["zone_name_en"], call["zone_place"], call["service_name_en"]) == (
        "Main Hall",
        "一楼",
        "General",
    )
    assert (board["place"]["zone_name_en"], board["place"]["zone_place"]) == ("Main Hall", "一楼")


def test_why_a_service_is_stopped_is_told_in_both_languages_as_long_as_it_is() -> None:
    hall = Hall()
    waiting = hall.issue("social")

    def told() -> list[str]:
        [row] = [one for one in shown(hall, "board")["waiting"] if one["service"] == "social"]
        phone = shown(hall, "ticket", ticket=waiting.id)
        return [row["ticketing"]["reason_en"], phone["stopped_en"]]

    hall.do(cmd.StopIssuing(service="social", reason="系统故障", reason_en="System down"))
    assert told() == ["System down"] * 2
    hall.do(cmd.StopIssuing(service="social", reason="系统故障", reason_en="Down until noon"))
    assert told() == ["Down until noon"] * 2
    hall.do(cmd.StopIssuing(service="social", reason="系统故障"))
    assert told() == ["", ""]
    hall.do(cmd.StopIssuing(service="social", reason="系统故障", reason_en="System down"))
    hall.do(cmd.StartIssuing(service="social"))
    assert told() == ["", ""]
    hall.do(cmd.Suspend(reason="疏散", reason_en="Leave"))
    assert told() == ["Leave", ""]


def test_a_screen_knows_how_many_calls_are_listed() -> None:
    script = Path(__file__).parents[2] / "displays" / "tv" / "calls.js"
    assert f"const LISTED = {CALLS_SHOWN};" in script.read_text(encoding="utf-8")


def test_a_call_to_another_zone_is_on_both_boards_and_once_on_the_whole_halls() -> None:
    hall = Hall()
    hall.staff("w1", "c1")
    hall.issue("estate")
    hall.do(cmd.CallNext(window="w1"))
    for board in (
        shown(hall, "board", zone="upstairs"),
        shown(hall, "board", zone="hall"),
        shown(hall, "board"),
    ):
        assert [(row["number"], row["zone"]) for row in board["calls"]] == [("G001", "hall")]


def test_the_newest_call_comes_first_and_a_repeated_one_again() -> None:
    hall = Hall()
    hall.staff("w1", "c1")
    hall.staff("w2", "c3")
    hall.issue("general")
    hall.issue("social")
    hall.do(cmd.CallNext(window="w1"))
    hall.later(5)
    hall.do(cmd.CallNext(window="w2"))
    assert [c["number"] for c in shown(hall, "board")["calls"]] == ["E001", "A001"]
    hall.later(5)
    hall.do(cmd.Recall(window="w1"))
    for board in (shown(hall, "board"), shown(hall, "board", zone="hall")):
        assert [(c["number"], c["calls"]) for c in board["calls"]] == [("A001", 2), ("E001", 1)]


def test_a_call_stays_while_served_and_when_done() -> None:
    hall = Hall()
    hall.staff()
    hall.issue()
    for command, state in ((cmd.CallNext, "called"), (cmd.Start, "serving"), (cmd.Complete, "done")):
        hall.do(command(window="w1"))
        assert [c["state"] for c in shown(hall, "board")["calls"]] == [state]


def test_a_missed_call_moves_to_the_missed_numbers_and_a_cancelled_one_is_gone() -> None:
    hall = Hall()
    hall.staff()
    hall.issue()
    called_and_missed(hall)
    board = shown(hall, "board", zone="hall")
    assert board["calls"] == []
    assert board["missed"] == [{"number": "A001", "service": "general", "at_ms": MONDAY_9H + 10_000}]
    second = hall.issue()
    hall.do(cmd.CallNext(window="w1"))
    hall.do(cmd.Cancel(ticket=second.id))
    assert shown(hall, "board")["calls"] == []
    hall.do(cmd.Cancel(ticket="t0001"))
    assert shown(hall, "board")["missed"] == []


def test_missed_numbers_age_and_say_how_long_they_are_shown() -> None:
    hall = Hall()
    hall.staff()
    hall.issue()
    called_and_missed(hall)
    hall.later(29 * 60)
    assert len(shown(hall, "board")["missed"]) == 1
    assert shown(hall, "board")["missed_shown_min"] == 30
    hall.later(2 * 60)
    assert shown(hall, "board")["missed"] == []


def test_lists_are_as_long_as_a_screen() -> None:
    hall = Hall(small_hall(rules=Rules(min_calls_before_miss=1)))
    hall.staff()
    for _ in range(20):
        hall.issue()
        hall.do(cmd.CallNext(window="w1"))
        hall.do(cmd.Miss(window="w1"))
    for _ in range(20):
        hall.issue()
        for command in (cmd.CallNext, cmd.Start, cmd.Complete):
            hall.do(command(window="w1"))
    board = shown(hall, "board")
    assert [c["number"] for c in board["calls"]] == [f"A{n:03d}" for n in range(40, 28, -1)]
    assert [c["number"] for c in board["missed"]] == [f"A{n:03d}" for n in range(20, 12, -1)]


def test_a_new_day_begins_with_an_empty_board() -> None:
    hall = Hall()
    hall.staff()
    hall.issue()
    hall.do(cmd.CallNext(window="w1"))
    hall.later(24 * 3600)
    hall.do(cmd.Tick())
    board = shown(hall, "board")
    assert (board["calls"], board["missed"]) == ([], [])
    assert all(row["count"] == 0 for row in board["waiting"])


def test_waiting_counts_are_of_the_zone_in_the_halls_order() -> None:
    hall = Hall()
    hall.issue("social")
    hall.issue("social", cls="priority")
    hall.issue("estate")

    def counts(zone: str | None) -> list[tuple[str, int]]:
        board = shown(hall, "board", **({"zone": zone} if zone else {}))
        return [(row["service"], row["count"]) for row in board["waiting"]]

    assert counts(None) == [("general", 0), ("social", 2), ("estate", 1)]
    assert counts("hall") == [("general", 0), ("social", 2)]
    assert counts("upstairs") == [("estate", 1)]


def test_an_unstaffed_window_is_not_open_for_citizens() -> None:
    hall = Hall()
    hall.do(cmd.Open(window="w1"))
    row = shown(hall, "board")["windows"][0]
    assert (row["state"], row["staffed"]) == ("closed", False)
    assert shown(hall, "strip", window="w1")["state"] == "closed"
    hall.do(cmd.SignIn(window="w1", clerk="c1"))
    row = shown(hall, "board")["windows"][0]
    assert (row["state"], row["staffed"]) == ("idle", True)


def test_the_header_names_hall_zone_and_windows() -> None:
    hall = Hall(small_hall(name_en="Test", notices=("通知",)))
    assert shown(hall, "board", zone="hall")["place"] == {
        "hall": "test",
        "name": "测试大厅",
        "name_en": "Test",
        "timezone": "Asia/Shanghai",
        "zone": "hall",
        "zone_name": "大厅",
        "zone_name_en": "",
        "zone_place": "",
        "zone_place_en": "",
        "windows": "1–2",
    }
    assert shown(hall, "board")["place"]["windows"] == "1–3"
    assert [one["text"] for one in shown(hall, "board")["notices"]] == ["通知"]


@pytest.mark.parametrize(
    ("labels", "written"),
    [
        ([], ""),
        (["1"], "1"),
        (["1", "2"], "1–2"),
        (["1", "2", "3", "6", "贵宾", "8", "9"], "1–3、6、贵宾、8–9"),
        (["A1", "A2"], "A1、A2"),
        (["3", "2", "1"], "3、2、1"),
    ],
)
def test_runs_of_window_labels_are_drawn_together(labels: list[str], written: str) -> None:
    assert label_ranges(labels) == written


# The strip ----------------------------------------------------------------------------------------


def test_the_strip_counts_calls() -> None:
    hall = Hall()
    hall.staff()
    assert shown(hall, "strip", window="w1")["calls"] == 0
    hall.issue()
    hall.do(cmd.CallNext(window="w1"))
    assert shown(hall, "strip", window="w1")["calls"] == 1
    hall.later(30)
    hall.do(cmd.Recall(window="w1"))
    assert shown(hall, "strip", window="w1")["calls"] == 2


def test_the_strip_has_the_colour_of_its_zone() -> None:
    screens = Screens(accent="#5B1A1A", zones=(ZoneScreen(zone="hall", accent="#0B4D2C"),))
    assert shown(Hall(small_hall(screens=screens)), "strip", window="w1")["accent"] == "#0B4D2C"
    assert (
        shown(Hall(small_hall(screens=Screens(accent="#5B1A1A"))), "strip", window="w1")["accent"]
        == "#5B1A1A"
    )
    assert shown(Hall(), "strip", window="w1")["accent"] == ""


def test_the_strip_says_number_state_and_services() -> None:
    hall = Hall()
    lines = []

    def note() -> None:
        strip = shown(hall, "strip", window="w1")
        lines.append((strip["state"], strip["number"], strip["line1"]))

    note()
    hall.staff()
    note()
    hall.issue()
    for command in (cmd.CallNext(window="w1"), cmd.Start(window="w1"), cmd.Complete(window="w1")):
        hall.do(command)
        note()
    hall.do(cmd.Pause(window="w1", reason="接孩子"))
    note()
    assert lines == [
        ("closed", None, "未开放"),
        ("idle", None, "等候叫号"),
        ("calling", "A001", "A001 请办理"),
        ("serving", "A001", "A001 办理中"),
        ("idle", None, "等候叫号"),
        ("paused", None, "暂停服务"),
    ]
    strip = shown(hall, "strip", window="w1")
    assert strip["line2"] == "综合受理、社会保险、不动产登记"
    assert "接孩子" not in str(strip), "the public does not read why"
    assert shown(hall, "strip", window="w3")["line2"] == "不动产登记"
