"""What is told of calls: why, how they ended, and whom a window leaves to a better clerk."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from callq.domain import commands as cmd
from callq.domain.hall import Routing
from callq.views.left import left_by, left_of
from callq.views.why import calls_of, why_of
from tests.harness import small_hall
from tests.rules.scene import MIN, Scene, changed, rule, settle, with_rules


def test_who_was_called_before_is_not_told_that_nobody_called() -> None:
    hall = Scene()
    hall.staff("w1", "c1")
    ticket = hall.issue("general")
    assert why_of(hall.state, ticket, 0)[1].zh == "还没有叫到：预计下一个就是您。"
    hall.call()
    hall.later(MIN)
    hall.do(cmd.Recall(window="w1"))
    hall.do(cmd.Miss(window="w1"))
    hall.do(cmd.Rejoin(ticket=ticket.id))
    told = why_of(hall.state, ticket, 2)[1]
    assert told.zh == "叫过号后重新排队：预计有 2 位先于您被叫到。"
    assert told.en == "Called before, and back in the queue: 2 are expected to be called before you."


def index_hall(**more: Any) -> Scene:
    routing = Routing(policy="index", **{"better_soon_s": 0, "pressure": 0.5, **more})
    scene = Scene(replace(small_hall(), routing=routing))
    scene.staff("w1", "c1")
    return scene


@rule("T-why-target")
def test_what_was_promised_is_told_as_it_was() -> None:
    hall = index_hall()
    ticket = hall.issue("general")
    hall.later(2 * MIN)
    hall.call()
    before = why_of(hall.state, ticket, None)
    assert "承诺 20 分内" in before[1].zh
    config = changed(hall.state.config, "general", target_wait_min=45)
    hall.do(cmd.Configure(config=config))
    assert why_of(hall.state, ticket, None) == before


@rule("T-why-pressure")
def test_where_queues_put_another_first_the_record_says_so() -> None:
    hall = index_hall()
    first = hall.issue("estate")
    many = [hall.issue("general") for _ in range(4)]
    hall.later(MIN)
    assert hall.call() is many[0], "all came at once: waits alone would go by the order of issue"
    assert many[0].why is not None
    assert many[0].why.by == "pressure"
    hall.do(cmd.Undo(window="w1"))
    for ticket in many:
        hall.do(cmd.Cancel(ticket=ticket.id))
    assert hall.call() is first
    assert first.why is not None
    assert first.why.by == ""


@rule("T-why-calls")
def test_every_call_of_a_ticket_is_kept(hall: Scene) -> None:
    ticket = hall.issue("general")
    hall.later(MIN)
    hall.call()
    hall.miss()
    hall.do(cmd.Rejoin(ticket=ticket.id))
    hall.call()
    hall.do(cmd.Undo(window="w1"))
    hall.hold("without_papers")
    hall.call(ticket=ticket)
    hall.do(cmd.Start(window="w1"))
    hall.do(cmd.Transfer(ticket=ticket.id, to_service="social"))
    hall.serve()
    calls = calls_of(hall.state, ticket, clerks=True)
    assert [call.ended for call in calls] == [None, "transferred", "held", "undone", "missed"]
    assert [call.rule for call in calls] == ["longest_wait", "called_by_name", *["longest_wait"] * 3]
    assert [call.service for call in calls] == ["social", *["general"] * 4]
    assert calls[-1].text == "等候最久：已等 1 分，本窗口可办的其他队列无人等候。"
    hall.complete()
    assert calls_of(hall.state, ticket, clerks=False)[0].ended == "completed"
    assert {call.clerk for call in calls_of(hall.state, ticket, clerks=False)} == {None}


@rule("T-why-calls")
def test_an_undo_of_two_acts_keeps_what_was_heard() -> None:
    hall = with_rules(next_while_serving="complete")
    ticket = hall.issue("general", services=("social",))
    hall.serve()
    assert hall.call() is ticket, "its next step is first"
    hall.do(cmd.Undo(window="w1"))
    assert ticket.state == "serving"
    calls = calls_of(hall.state, ticket, clerks=True)
    assert [(call.service, call.ended) for call in calls] == [("social", "undone"), ("general", None)]
    settle(hall)


@rule("T-why-calls-few")
def test_a_ticket_that_is_called_again_and_again_does_not_grow_without_end(hall: Scene) -> None:
    ticket = hall.issue("general")
    for _ in range(20):
        hall.later(1)
        hall.call()
        hall.do(cmd.Undo(window="w1"))
    hall.call()
    calls = calls_of(hall.state, ticket, clerks=True)
    assert len(calls) == 17
    assert [call.ended for call in calls] == [None, *["undone"] * 16]


def test_below_the_schema_that_keeps_them_there_is_the_present_call_alone() -> None:
    hall = Scene(level=3)
    hall.staff("w1", "c1")
    ticket = hall.issue("general")
    hall.later(MIN)
    hall.call()
    hall.miss()
    hall.do(cmd.Rejoin(ticket=ticket.id))
    assert calls_of(hall.state, ticket, clerks=True) == ()
    hall.later(MIN)
    hall.call()
    assert [(c.text, c.revision) for c in calls_of(hall.state, ticket, clerks=True)] == [
        ("等候最久：已等 1 分，本窗口可办的其他队列无人等候。", None)
    ]
    settle(hall)


@rule("T-better-soon-said")
def test_a_window_that_calls_nobody_says_whom_it_leaves_to_whom() -> None:
    hall = index_hall(better_soon_s=60)
    hall.staff("w3", "c4")
    ticket = hall.issue("estate")
    hall.later(20)
    assert hall.call() is None
    (row,) = left_by(hall.state, hall.state.windows["w1"], hall.now_ms)
    assert (row.number, row.window, row.level, row.until_ms) == (ticket.number, "w3", 3, hall.now_ms + 40_000)
    assert left_of(hall.state, ticket, hall.now_ms) == row
    hall.do(cmd.Suspend(reason="消防演练"))
    (row,) = left_by(hall.state, hall.state.windows["w1"], hall.now_ms)
    assert (row.until_ms, row.text) == (None, f"{ticket.number} 由 1 号窗口留给更熟练的 3 号窗口。")
    hall.later(MIN)
    hall.do(cmd.ResumeHall())
    (row,) = left_by(hall.state, hall.state.windows["w1"], hall.now_ms)
    assert row.until_ms == hall.now_ms + 40_000, "its time stood still as well"
    hall.later(40)
    assert left_by(hall.state, hall.state.windows["w1"], hall.now_ms) == ()
    assert hall.call() is ticket
