"""The floor page's data: what calls for attention and from when, what is counted, what is planned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from callq.domain import commands as cmd
from callq.domain.check import problems
from callq.domain.hall import HallConfig, Warnings
from callq.domain.tides import TideMemory, TideNeed, TideSlot
from callq.tidal.sight import Days, look
from tests.harness import MONDAY_9H, Hall, small_hall, tidal_hall
from tests.unit.viewing import shown

if TYPE_CHECKING:
    from callq.domain.ticket import Ticket

MIN = 60_000
USUAL = Warnings()


def hall_with(**limits: float) -> Hall:
    return Hall(small_hall(warnings=Warnings(**limits)))  # type: ignore[arg-type]


def warnings(hall: Hall, *codes: str) -> list[dict[str, Any]]:
    found = shown(hall, "floor")["warnings"]
    return [one for one in found if not codes or one["code"] in codes]


def begun(hall: Hall) -> dict[str, str]:
    """As the page has them now: id and severity."""
    now = hall.now_ms
    return {
        one["id"]: "severe" if one.get("severe") or one.get("severe_ms", now + 1) <= now else "attention"
        for one in warnings(hall)
        if one.get("from_ms", 0) <= now
    }


def served(hall: Hall, ticket: Ticket, window: str = "w1") -> None:
    hall.do(cmd.CallTicket(window=window, ticket=ticket.id, reason="测试"))
    hall.do(cmd.Start(window=window))


def test_a_quiet_hall_warns_of_nothing() -> None:
    hall = Hall()
    hall.staff()
    assert warnings(hall) == []


def test_the_first_of_a_queue_comes_due_at_its_target_and_is_severe_later() -> None:
    hall = Hall()
    hall.issue("estate")
    [one] = warnings(hall)
    assert one == {
        **{"id": "wait/estate/ordinary", "code": "wait", "service": "estate", "class": "ordinary"},
        **{"since_ms": MONDAY_9H, "from_ms": MONDAY_9H + 20 * MIN, "severe_ms": MONDAY_9H + 30 * MIN},
    }
    assert begun(hall) == {}
    hall.later(20 * 60)
    assert begun(hall) == {"wait/estate/ordinary": "attention"}
    hall.later(10 * 60)
    assert begun(hall) == {"wait/estate/ordinary": "severe"}


def test_each_class_has_its_own_target() -> None:
    hall = Hall()
    hall.issue("estate", cls="priority")
    [one] = warnings(hall)
    assert (one["id"], one["from_ms"] - one["since_ms"]) == ("wait/estate/priority", 5 * MIN)


def test_a_suspended_hall_does_not_warn_and_its_waits_stood_still() -> None:
    hall = Hall()
    hall.issue("estate")
    hall.do(cmd.Suspend(reason="演习"))
    hall.later(3600)
    assert warnings(hall) == []
    hall.do(cmd.ResumeHall())
    [one] = warnings(hall)
    assert one["from_ms"] == MONDAY_9H + 80 * MIN


def test_a_crowd_is_more_than_the_limit_not_the_limit_itself() -> None:
    hall = hall_with(waiting=2, waiting_severe=3)
    seen = []
    for _ in range(4):
        hall.issue("estate")
        seen.append([(one["count"], one.get("severe", False)) for one in warnings(hall, "crowd")])
    assert seen == [[], [], [(3, False)], [(4, True)]]


def test_an_open_window_without_a_clerk_says_since_when_and_who_is_free() -> None:
    hall = Hall()
    hall.staff("w2", "c1")
    hall.staff("w1", "c2")
    hall.later(600)
    hall.do(cmd.SignOut(window="w2"))
    left = hall.now_ms
    hall.later(90)
    [one] = warnings(hall, "unstaffed")
    assert (one["window"], one["since_ms"], one["from_ms"]) == ("w2", left, left + MIN)
    assert one["clerks"] == ["c1", "c3"], "c2 sits elsewhere, c4 masters nothing that is done there"
    hall.do(cmd.Second(clerk="c3", hall="other"))
    assert warnings(hall, "unstaffed")[0]["clerks"] == ["c1"]
    hall.do(cmd.SignIn(window="w2", clerk="c1"))
    assert warnings(hall, "unstaffed") == []
    hall.do(cmd.SignOut(window="w2"))
    hall.do(cmd.Close(window="w2"))
    assert warnings(hall, "unstaffed") == [], "a closed window needs nobody"


def test_serving_and_pausing_too_long_count_from_when_they_began() -> None:
    hall = Hall()
    hall.staff()
    ticket = hall.issue()
    hall.later(300)
    served(hall, ticket)
    began = hall.now_ms
    [one] = warnings(hall, "serving", "paused")
    assert (one["id"], one["since_ms"], one["from_ms"]) == ("serving/w1", began, began + 25 * MIN)
    hall.later(60)
    hall.do(cmd.Complete(window="w1"))
    hall.do(cmd.Pause(window="w1", reason="用餐"))
    [one] = warnings(hall, "serving", "paused")
    assert (one["id"], one["from_ms"]) == ("paused/w1", hall.now_ms + 15 * MIN)


def test_a_hall_sets_its_own_thresholds_and_nought_is_never() -> None:
    hall = hall_with(waiting=0, waiting_severe=0, late_severe=0, unstaffed_min=0, serving_min=0, paused_min=0)
    for _ in range(30):
        hall.issue("estate")
    hall.staff("w2", "c1")
    hall.do(cmd.SignOut(window="w2"))
    hall.staff()
    served(hall, hall.issue())
    [one] = warnings(hall)
    assert (one["code"], one.get("severe_ms")) == ("wait", None), (
        "a promise that is broken is told all the same"
    )
    assert shown(hall, "floor")["thresholds"] == msgspec.to_builtins(
        {**dict.fromkeys(USUAL.__struct_fields__, 0), "late_severe": 0}
    )


@pytest.mark.parametrize(
    ("limits", "path"),
    [
        ({"waiting": 1001, "waiting_severe": 0}, "warnings.waiting"),
        ({"waiting": 10, "waiting_severe": 9}, "warnings.waiting_severe"),
        ({"late_severe": 0.5}, "warnings.late_severe"),
        ({"serving_min": -1}, "warnings.serving_min"),
    ],
)
def test_thresholds_that_mean_nothing_are_refused(limits: dict[str, Any], path: str) -> None:
    found = problems(small_hall(warnings=Warnings(**limits)))
    assert [one.path for one in found] == [path]


def test_totals_tell_who_is_late_and_how_long_people_have_waited() -> None:
    hall = Hall()
    hall.issue("estate")
    hall.later(1260)
    hall.issue("estate", cls="priority")
    hall.issue("general")
    totals = shown(hall, "floor")["totals"]
    assert (totals["waiting"], totals["late"], totals["issued"], totals["priority"]) == (3, 1, 3, 1)
    assert totals["mean_since_ms"] == MONDAY_9H + 2 * 1260 * 1000 // 3
    hall.do(cmd.Suspend(reason="演习"))
    hall.later(600)
    assert shown(hall, "floor")["totals"]["late"] == 1
    hall.do(cmd.ResumeHall())
    assert shown(hall, "floor")["totals"]["mean_since_ms"] == totals["mean_since_ms"] + 600_000


def test_services_say_how_many_windows_work_for_them() -> None:
    hall = Hall()
    hall.staff("w1", "c1")
    hall.staff("w3", "c4")
    rows = {one["code"]: one["working"] for one in shown(hall, "floor")["services"]}
    assert rows == {"general": 1, "social": 1, "estate": 2}


def tides(windows: tuple[str, ...]) -> HallConfig:
    config = tidal_hall()
    return msgspec.structs.replace(config, tides=msgspec.structs.replace(config.tides, windows=windows))


def test_a_plan_keeps_open_what_it_may_not_move_and_opens_no_more_than_there_are() -> None:
    hall = Hall(tides(("w2", "w3")))
    hall.staff("w1", "c1")
    ahead = tuple(TideSlot(MONDAY_9H + n * 30 * MIN, windows) for n, windows in enumerate((0, 2, 9)))
    memory = TideMemory(needs=(TideNeed(6, 2),), there=1)
    hall.do(
        cmd.ReckonTides(minute_ms=MONDAY_9H, config=hall.state.digest, memory=memory, ahead=ahead),
        who=cmd.SYSTEM,
    )
    plan = shown(hall, "floor")["plan"]
    assert [(slot["windows"], slot["planned"]) for slot in plan["day"]] == [(0, 1), (2, 2), (9, 3)]
    assert plan["past"] == [{"from_ms": MONDAY_9H, "open": 1, "needed": 2}]
    assert (plan["beta"], plan["by_hand"]) == (0, False)


def test_the_slider_of_the_day_is_what_is_reckoned_with() -> None:
    hall = Hall(tidal_hall())
    hall.do(cmd.SetTides(mode="advise", beta=-1.0))
    assert look(hall.state, Days(), hall.now_ms).settings.beta == -1
    plan = shown(hall, "floor")["plan"]
    assert (plan["beta"], plan["by_hand"], plan["mode"]) == (-1, True, "advise")
