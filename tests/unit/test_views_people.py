"""What clerks, the floor and phones are shown."""

from __future__ import annotations

from typing import Any

from callq.domain import commands as cmd
from callq.domain.hall import Rules, Service, WindowConfig
from tests.harness import MONDAY_9H, Hall, small_hall
from tests.unit.viewing import shown

# The panel ----------------------------------------------------------------------------------------


def lane_why(service: str, cls: str, head: str, waited_s: int) -> dict[str, Any]:
    no_index = {"index": None, "late": None, "pressure": None, "note": "", "target_min": None}
    return {
        "service": service,
        "class": cls,
        "head": head,
        "waited_s": waited_s,
        "count": 1,
        **no_index,
    }


def test_next_on_the_panel_is_who_is_called() -> None:
    hall = Hall()
    hall.staff()
    hall.issue("social")
    hall.later(30)
    hall.issue("general", cls="priority")
    hall.later(90)
    panel = shown(hall, "panel", window="w1")
    assert panel["current"] is None
    upcoming = panel["next"]
    assert upcoming["ticket"]["number"] == "E001"
    assert upcoming["waited_s"] == 120
    assert upcoming["why"] == {
        "rule": "longest_wait",
        "lanes": [
            lane_why("general", "priority", "A001", 90),
            lane_why("social", "ordinary", "E001", 120),
        ],
        "by": "",
        "reason": "",
        "text": "等候最久：已等 2 分，2 个队列的队首中最久。",
        "text_en": "Longest wait: 2 min, the longest of the heads of 2 queues.",
    }
    hall.do(cmd.CallNext(window="w1"))
    panel = shown(hall, "panel", window="w1")
    assert panel["next"] is None
    current = panel["current"]
    assert current["ticket"]["id"] == upcoming["ticket"]["id"]
    assert (current["waited_s"], current["why"]) == (upcoming["waited_s"], upcoming["why"])


def test_the_panel_says_when_to_recall_and_when_to_miss() -> None:
    hall = Hall()
    hall.staff()
    hall.issue()
    hall.do(cmd.CallNext(window="w1"))

    def told() -> tuple[Any, ...]:
        now = shown(hall, "panel", window="w1")["current"]
        return now["may_recall_ms"], now["calls_left"], now["calls_before_miss"]

    assert told() == (MONDAY_9H + 10_000, 2, 1)
    hall.later(10)
    hall.do(cmd.Recall(window="w1"))
    assert told() == (MONDAY_9H + 20_000, 1, 0)
    hall.later(10)
    hall.do(cmd.Recall(window="w1"))
    assert told() == (None, 0, 0)


def test_the_panel_keeps_the_history_and_the_last_ticket() -> None:
    hall = Hall()
    hall.staff()
    hall.issue(channel="kiosk")
    hall.later(60)
    hall.do(cmd.CallNext(window="w1"))
    hall.later(20)
    hall.do(cmd.Recall(window="w1"))
    hall.later(10)
    hall.do(cmd.Start(window="w1"))
    history = shown(hall, "panel", window="w1")["current"]["history"]
    assert [(step["what"], (step["at_ms"] - MONDAY_9H) // 1000) for step in history] == [
        ("issued", 0),
        ("called", 60),
        ("recalled", 80),
        ("started", 90),
    ]
    assert history[0]["channel"] == "kiosk"
    assert (history[1]["window"], history[1]["clerk"]) == ("w1", "c1")
    hall.later(300)
    hall.do(cmd.Complete(window="w1"))
    panel = shown(hall, "panel", window="w1")
    assert panel["last"] == {
        "number": "A001",
        "service_name": "综合受理",
        "service_name_en": "",
        "state": "done",
        "at_ms": MONDAY_9H + 390_000,
        "handling_s": 300,
        "completed_here": True,
    }
    assert panel["today"] == {"since_ms": MONDAY_9H, "done": 1, "missed": 0, "mean_s": 300}


def test_the_last_ticket_of_a_visit_that_goes_on_is_told_by_the_step_that_was_done() -> None:
    hall = Hall()
    hall.staff("w1", "c1")
    hall.staff("w2", "c3")
    hall.issue(services=("social", "estate"))
    for command in (cmd.CallNext, cmd.Start):
        hall.do(command(window="w1"))
    hall.later(300)
    hall.do(cmd.Complete(window="w1"))
    done = {
        "number": "A001",
        "service_name": "综合受理",
        "service_name_en": "",
        "state": "done",
        "at_ms": MONDAY_9H + 300_000,
        "handling_s": 300,
        "completed_here": True,
    }
    assert shown(hall, "panel", window="w1")["last"] == done
    hall.do(cmd.CallNext(window="w2"))
    hall.do(cmd.Start(window="w2"))
    hall.later(60)
    hall.do(cmd.Hold(window="w2", kind="waiting"))
    assert shown(hall, "panel", window="w1")["last"] == done, "whatever becomes of it elsewhere"
    held = shown(hall, "panel", window="w2")["last"]
    assert (held["state"], held["service_name"], held["at_ms"]) == ("held", "社会保险", MONDAY_9H + 360_000)
    hall.do(cmd.Resume(window="w2", ticket="t0001"))
    hall.do(cmd.Complete(window="w2"))
    assert shown(hall, "panel", window="w2")["last"]["handling_s"] == 60
    hall.do(cmd.CallNext(window="w1"))
    hall.later(10)
    hall.do(cmd.Recall(window="w1"))
    hall.do(cmd.Miss(window="w1"))
    missed = shown(hall, "panel", window="w1")["last"]
    assert (missed["state"], missed["service_name"]) == ("missed", "不动产登记")


def test_a_visit_that_is_given_up_on_its_way_was_done_where_its_step_was() -> None:
    hall = Hall()
    hall.staff("w1", "c1")
    ticket = hall.issue(services=("social",))
    for command in (cmd.CallNext, cmd.Start, cmd.Complete):
        hall.do(command(window="w1"))
    hall.later(60)
    hall.do(cmd.Cancel(ticket=ticket.id))
    last = shown(hall, "panel", window="w1")["last"]
    assert (last["state"], last["service_name"], last["at_ms"]) == ("done", "综合受理", MONDAY_9H)


def test_who_may_sit_down_is_offered_while_nobody_sits_there() -> None:
    hall = Hall()
    hall.staff("w1", "c1")
    free = shown(hall, "panel", window="w3")
    assert free["clerk"] is None
    assert free["clerks"] == [
        {"id": "c1", "name": "李敏", "busy_at": "1"},
        {"id": "c3", "name": "赵强", "busy_at": None},
        {"id": "c4", "name": "陈静", "busy_at": None},
    ]
    taken = shown(hall, "panel", window="w1")
    assert taken["clerk"] == {"id": "c1", "name": "李敏"}
    assert taken["clerks"] == []


def test_the_panels_queues_are_those_its_clerk_can_serve() -> None:
    hall = Hall()
    hall.staff("w1", "c2")
    hall.issue("social")
    hall.issue("general", cls="priority")
    queues = shown(hall, "panel", window="w1")["queues"]
    assert [(q["service"], q["class"], q["count"], q["head"]) for q in queues] == [
        ("general", "priority", 1, "A001"),
        ("general", "ordinary", 0, None),
    ]
    assert shown(hall, "panel", window="w1")["window_name"] == "综合受理"
    assert len(shown(hall, "panel", window="w2")["queues"]) == 3, "nobody sits there: what it is equipped for"


def test_the_panel_has_english_names_and_chinese_where_there_are_none() -> None:
    general = Service(code="general", name="综合受理", name_en="General", prefix="A")
    hall = Hall(small_hall(name_en="Test Hall", services=(general, *small_hall().services[1:])))
    hall.staff("w1", "c1")
    hall.issue("general")
    panel = shown(hall, "panel", window="w1")
    assert panel["window_name_en"] == "General, 社会保险, 不动产登记"
    assert panel["hall"]["name_en"] == "Test Hall"
    assert panel["next"]["service_name_en"] == "General"
    assert [queue["name_en"] for queue in panel["queues"]] == ["General", "", ""]
    for command in (cmd.CallNext, cmd.Start, cmd.Complete):
        hall.do(command(window="w1"))
    assert shown(hall, "panel", window="w1")["last"]["service_name_en"] == "General"


# Floor and phone ----------------------------------------------------------------------------------


def test_the_floor_counts_the_day() -> None:
    hall = Hall(small_hall(rules=Rules(min_calls_before_miss=1)))
    hall.staff()
    for _ in range(4):
        hall.issue()
    hall.do(cmd.CallNext(window="w1"))
    hall.do(cmd.Miss(window="w1"))
    for command in (cmd.CallNext, cmd.Start, cmd.Complete, cmd.CallNext, cmd.Start):
        hall.do(command(window="w1"))
    totals = shown(hall, "floor")["totals"]
    now = {name: totals[name] for name in ("waiting", "serving", "done", "missed", "issued")}
    assert now == {"waiting": 1, "serving": 1, "done": 1, "missed": 1, "issued": 4}


def test_a_phone_follows_its_ticket_to_the_window() -> None:
    hall = Hall(small_hall(windows=(WindowConfig(id="w1", label="1", zone="hall", directions="右转"),)))
    hall.staff()
    hall.issue()
    hall.later(300)
    second = hall.issue()
    phone = shown(hall, "ticket", ticket=second.id)
    assert phone["state"] == "waiting"
    assert phone["ticket"]["ahead"] == 1
    assert phone["ticket"]["wait"]["p50_s"] == 300
    assert phone["window_label"] is None
    hall.do(cmd.CallNext(window="w1"))
    assert shown(hall, "ticket", ticket=second.id)["ticket"]["ahead"] == 0
    for command in (cmd.Start, cmd.Complete, cmd.CallNext):
        hall.do(command(window="w1"))
    phone = shown(hall, "ticket", ticket=second.id)
    assert (phone["state"], phone["window_label"], phone["directions"]) == ("called", "1", "右转")
    assert phone["ticket"]["wait"] is None
