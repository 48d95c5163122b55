"""What citizens and clerks are told of what the rules do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from callq.domain import commands as cmd
from callq.views.view import View, topics, touched
from tests.rules.scene import ANN, HOUR, MIN, Scene, rule, with_rules
from tests.unit.viewing import shown

if TYPE_CHECKING:
    from callq.domain.decide import Decision


def told(hall: Scene, decision: Decision, name: str, **about: Any) -> bool:
    """Whether a view is sent anew after a decision."""
    return bool(touched(decision.events, hall.state) & topics(View(name, **about), hall.state))


def calls(hall: Scene, zone: str) -> list[str]:
    return [call["number"] for call in shown(hall, "board", zone=zone)["calls"]]


@rule("T-both-zones")
def test_a_call_is_announced_where_the_window_is_and_where_the_person_waits(hall: Scene) -> None:
    estate = hall.issue("estate")
    assert (estate.zone, hall.state.index.windows["w1"].zone) == ("upstairs", "hall")
    called = hall.do(cmd.CallNext(window="w1"))
    for zone in ("upstairs", "hall"):
        assert calls(hall, zone) == [estate.number]
        assert told(hall, called, "board", zone=zone)
    assert shown(hall, "board", zone="upstairs")["calls"][0]["zone"] == "hall", "it says where to go"
    hall.later(10)
    hall.do(cmd.Recall(window="w1"))
    assert calls(hall, "upstairs") == calls(hall, "hall") == [estate.number]
    hall.do(cmd.Cancel(ticket=estate.id))
    assert calls(hall, "upstairs") == calls(hall, "hall") == []


@rule("T-both-zones")
def test_a_zone_that_neither_concerns_hears_nothing(hall: Scene) -> None:
    hall.issue()
    hall.call()
    assert (calls(hall, "hall"), calls(hall, "upstairs")) == (["A001"], [])


@rule("H-suspend-screens")
def test_every_screen_says_that_the_hall_stands_still_and_why(hall: Scene) -> None:
    ticket = hall.issue()
    hall.call()
    suspended = hall.do(cmd.Suspend(reason="消防演习,请沿绿色标志离开"))
    views = {
        "board": {"zone": "hall"},
        "floor": {},
        "panel": {"window": "w1"},
        "ticket": {"ticket": ticket.id},
    }
    for name, about in views.items():
        assert shown(hall, name, **about)["suspended"]["reason"] == "消防演习,请沿绿色标志离开"
        assert told(hall, suspended, name, **about)
    strip = shown(hall, "strip", window="w1")
    assert (strip["line1"], strip["line2"]) == ("大厅暂停服务", "消防演习,请沿绿色标志离开")
    (waiting, *_) = shown(hall, "board", zone="hall")["waiting"]
    assert waiting["ticketing"]["closed"] == "hall_suspended"
    resumed = hall.do(cmd.ResumeHall())
    for name, about in views.items():
        assert shown(hall, name, **about)["suspended"] is None
        assert told(hall, resumed, name, **about)
    assert shown(hall, "strip", window="w1")["line1"] == f"{ticket.number} 请办理"


@rule("H-suspend-clocks")
def test_waiting_is_the_same_all_through_a_suspension(hall: Scene) -> None:
    hall.issue()
    hall.later(MIN)
    hall.do(cmd.Suspend(reason="停电"))
    for _ in range(3):
        assert shown(hall, "panel", window="w1")["next"]["waited_s"] == MIN
        hall.later(HOUR)
    hall.do(cmd.ResumeHall())
    hall.later(MIN)
    assert shown(hall, "panel", window="w1")["next"]["waited_s"] == 2 * MIN


@rule("H-suspend-freezes")
def test_no_timer_runs_out_during_a_suspension() -> None:
    hall = with_rules(auto_start_s=20)
    ticket = hall.issue()
    hall.call()
    hall.do(cmd.Suspend(reason="停电"))
    hall.later(HOUR)
    hall.tick()
    assert ticket.state == "called"


@rule("W-bound-told")
def test_who_waited_for_a_window_that_closes_reads_so_on_the_phone(hall: Scene) -> None:
    hall.staff("w2", "c2")
    ticket = hall.issue()
    hall.serve()
    hall.do(cmd.Transfer(window="w1", to_window="w2"))
    assert shown(hall, "ticket", ticket=ticket.id)["ticket"]["bound"] == {"window": "w2"}
    closed = hall.do(cmd.Close(window="w2"))
    assert told(hall, closed, "ticket", ticket=ticket.id)
    assert shown(hall, "ticket", ticket=ticket.id)["ticket"]["bound"] is None


@rule("T-cancel-called")
def test_the_panel_hears_of_a_called_ticket_that_was_cancelled(hall: Scene) -> None:
    ticket = hall.issue()
    hall.call()
    assert shown(hall, "panel", window="w1")["current"]["ticket"]["number"] == ticket.number
    cancelled = hall.do(cmd.Cancel(ticket=ticket.id))
    assert told(hall, cancelled, "panel", window="w1")
    assert shown(hall, "panel", window="w1")["current"] is None


@rule("T-hold-waiting-reminds")
def test_a_waiting_hold_that_lasts_long_is_shown_as_due_and_goes_on(hall: Scene) -> None:
    ticket = hall.issue()
    hall.hold("waiting")
    due_ms = hall.now_ms + 2 * HOUR * 1000
    hall.later(3 * HOUR)
    hall.tick()
    (row,) = shown(hall, "panel", window="w1")["held"]
    assert (row["id"], row["due_ms"]) == (ticket.id, due_ms)
    hall.do(cmd.Resume(window="w1", ticket=ticket.id))
    assert ticket.state == "serving"


@rule("T-start-not-taught")
@pytest.mark.parametrize("started", ["by the clock", "by the clerk"])
def test_it_stays_on_record_who_started(started: str) -> None:
    hall = with_rules(auto_start_s=20)
    ticket = hall.issue()
    hall.call()
    if started == "by the clock":
        hall.later(20)
        hall.tick()
    else:
        hall.do(cmd.Start(window="w1"))
    hall.later(5 * MIN)
    hall.complete()
    again = hall.replayed().tickets[ticket.id]
    assert again.start_source == ("auto" if started == "by the clock" else "explicit")


@rule("T-returned")
def test_a_ticket_says_how_it_came_back(hall: Scene) -> None:
    ticket = hall.issue(person=ANN)
    seen = [ticket.returned]
    hall.call()
    hall.miss()
    hall.do(cmd.Rejoin(ticket=ticket.id))
    seen.append(ticket.returned)
    hall.hold("without_papers")
    hall.do(cmd.Returned(ticket=ticket.id))
    seen.append(ticket.returned)
    hall.serve()
    hall.do(cmd.Transfer(window="w1", to_service="social"))
    seen.append(ticket.returned)
    assert seen == [None, "missed", "hold", "transfer"]
    assert shown(hall, "ticket", ticket=ticket.id)["ticket"]["returned"] == "transfer"
