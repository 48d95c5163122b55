"""Whom a free window takes next: by key or by itself, and what stands in the way."""

from __future__ import annotations

import pytest

from callq.domain import commands as cmd
from callq.domain.errors import Code
from tests.rules.scene import MIN, Scene, refused, rule, with_rules


@rule("H-suspend-calls")
@pytest.mark.parametrize("policy", [{"next_while_serving": "complete"}, {"next_while_called": "miss"}])
def test_next_ends_nothing_in_a_suspended_hall(policy: dict[str, object]) -> None:
    hall = with_rules(min_calls_before_miss=1, **policy)
    ticket, _ = hall.issue(), hall.issue()
    hall.call()
    if "next_while_serving" in policy:
        hall.do(cmd.Start(window="w1"))
    hall.do(cmd.Suspend(reason="消防演练"))
    with refused(hall, Code.HALL_SUSPENDED):
        hall.call()
    hall.do(cmd.ResumeHall())
    assert hall.call() is not ticket


@rule("T-next-flags")
@pytest.mark.parametrize(
    ("flag", "state"), [(cmd.Pause(window="w1", reason="午休"), "paused"), (cmd.Close(window="w1"), "closed")]
)
@pytest.mark.parametrize("started", [True, False])
def test_next_ends_the_ticket_and_calls_nobody_where_a_pause_or_close_is_to_come(
    flag: cmd.AnyCommand, state: str, started: bool
) -> None:
    hall = with_rules(next_while_serving="complete", next_while_called="miss", min_calls_before_miss=1)
    first, second = hall.issue(), hall.issue()
    hall.call()
    if started:
        hall.do(cmd.Start(window="w1"))
    hall.do(flag)
    hall.do(cmd.CallNext(window="w1"))
    assert (first.state, second.state) == ("done" if started else "missed", "waiting")
    assert hall.state.windows["w1"].state == state


@rule("T-return-papers-first")
def test_papers_that_wait_for_their_window_are_called_before_older_ones_of_other_lanes(hall: Scene) -> None:
    older = hall.issue("social")
    hall.later(5 * MIN)
    papers = hall.issue()
    hall.call("w1", papers)
    hall.do(cmd.Start(window="w1"))
    hall.do(cmd.Hold(window="w1", kind="with_papers"))
    busy = hall.issue("estate", cls="priority")
    hall.call("w1", busy)
    hall.do(cmd.Returned(ticket=papers.id))
    hall.do(cmd.Abandon(window="w1"))
    assert older.clock_ms < papers.clock_ms
    assert hall.call() is papers


@rule("T-call-this")
@pytest.mark.parametrize(
    ("prepare", "code"),
    [
        (cmd.Close(window="w1"), Code.WINDOW_CLOSED),
        (cmd.SignOut(window="w1"), Code.WINDOW_UNSTAFFED),
        (cmd.Pause(window="w1"), Code.WINDOW_PAUSED),
        (cmd.SetSkills(window="w1", skills=("estate",)), Code.NOT_ELIGIBLE),
        (cmd.CallNext(window="w1"), Code.WINDOW_BUSY),
        (cmd.Suspend(reason="停电"), Code.HALL_SUSPENDED),
    ],
    ids=["closed", "unstaffed", "paused", "unskilled", "busy", "suspended"],
)
def test_a_reason_opens_no_way_past_the_guards(hall: Scene, prepare: cmd.AnyCommand, code: Code) -> None:
    hall.issue()
    late = hall.issue()
    hall.do(prepare)
    with refused(hall, code):
        hall.call("w1", late, "赶火车")


@rule("T-call-this")
def test_who_is_passed_over_is_on_record(hall: Scene) -> None:
    passed = hall.issue()
    late = hall.issue()
    hall.call("w1", late)
    assert late.why is not None
    assert [lane.head for lane in late.why.lanes] == [passed.id]


@rule("W-auto-call")
def test_the_window_that_has_been_ready_longest_calls_first() -> None:
    hall = with_rules(auto_call_s=20)
    hall.do(cmd.Close(window="w1"))
    hall.staff("w2", "c2")
    hall.later(30)
    hall.do(cmd.Open(window="w1"))
    hall.later(30)
    ticket = hall.issue()
    hall.tick()
    assert (ticket.state, ticket.window) == ("called", "w2")


@rule("I-refusals-unkept")
def test_an_empty_next_keeps_no_key_and_is_decided_afresh(hall: Scene) -> None:
    hall.do(cmd.CallNext(window="w1"), key="next-1")
    assert hall.state.remembered("t1", "next-1") is None
    ticket = hall.issue()
    assert hall.do(cmd.CallNext(window="w1"), key="next-1").ticket == ticket.id
    assert hall.state.remembered("t1", "next-1") is not None
