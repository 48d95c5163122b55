"""Calling, and what a clerk does with the ticket at the window."""

from __future__ import annotations

from typing import get_args

import msgspec

from callq.domain import commands as cmd
from callq.domain.errors import Code
from callq.domain.hall import Resource, Routing, Skill
from callq.domain.lanes import LaneKey
from callq.domain.routing import POLICIES
from tests.harness import small_hall
from tests.rules.scene import Scene, changed, refused, rule, with_rules


def scarce(capacity: int = 1) -> Scene:
    """The general service needs an account of the special network."""
    config = changed(small_hall(), "general", resource="net")
    scene = Scene(
        msgspec.structs.replace(config, resources=(Resource(code="net", name="专网账号", capacity=capacity),))
    )
    scene.staff("w1", "c1")
    scene.staff("w2", "c2")
    return scene


@rule("T-call-open")
def test_a_closed_window_calls_nobody(hall: Scene) -> None:
    hall.issue()
    hall.do(cmd.Close(window="w1"))
    with refused(hall, Code.WINDOW_CLOSED):
        hall.call()


@rule("T-call-staffed")
def test_an_open_window_without_a_clerk_calls_nobody(hall: Scene) -> None:
    hall.issue()
    hall.do(cmd.Open(window="w2"))
    with refused(hall, Code.WINDOW_UNSTAFFED):
        hall.call("w2")


@rule("T-call-not-paused")
def test_a_paused_window_calls_nobody(hall: Scene) -> None:
    hall.issue()
    hall.do(cmd.Pause(window="w1", reason="会议"))
    with refused(hall, Code.WINDOW_PAUSED):
        hall.call()


@rule("T-call-one-at-a-time")
def test_a_window_has_one_called_or_served_ticket(hall: Scene) -> None:
    hall.issue()
    second = hall.issue()
    hall.call()
    with refused(hall, Code.WINDOW_BUSY):
        hall.call()
    hall.do(cmd.Start(window="w1"))
    with refused(hall, Code.WINDOW_BUSY):
        hall.call("w1", second)


@rule("T-call-skill")
def test_a_window_calls_what_its_clerk_masters_and_it_is_equipped_for(hall: Scene) -> None:
    social = hall.issue("social")
    hall.staff("w2", "c2")
    assert hall.call("w2") is None
    with refused(hall, Code.NOT_ELIGIBLE):
        hall.call("w2", social)
    assert hall.call("w1") is social


@rule("T-call-resource")
def test_no_more_windows_serve_with_a_resource_than_it_has(hall: Scene) -> None:
    hall = scarce()
    hall.issue()
    second = hall.issue()
    hall.serve("w1")
    assert hall.call("w2") is None
    with refused(hall, Code.RESOURCE_BUSY):
        hall.call("w2", second)
    hall.complete("w1")
    assert hall.call("w2") is second


@rule("T-call-resource")
def test_next_may_use_the_account_that_its_own_ticket_gives_back() -> None:
    hall = scarce()
    rules = msgspec.structs.replace(hall.state.config.rules, next_while_serving="complete")
    hall.do(cmd.Configure(config=msgspec.structs.replace(hall.state.config, rules=rules)))
    hall.issue()
    hall.issue()
    hall.serve("w1")
    called = hall.call("w1")
    assert called is not None
    assert called.number == "A002"


@rule("T-lane-by-clock")
def test_a_lane_is_ordered_by_the_lateness_clock(hall: Scene) -> None:
    for _ in range(3):
        hall.issue()
        hall.later(1)
    lane = hall.state.lanes[LaneKey("general", "ordinary")]
    clocks = [hall.state.tickets[t].clock_ms for t in lane.ids()]
    assert clocks == sorted(clocks)
    assert hall.serve().number == "A001"


@rule("T-call-this")
def test_this_one_is_called_out_of_turn_with_who_and_why(hall: Scene) -> None:
    hall.issue()
    late = hall.issue()
    hall.call("w1", late, "孕妇不适")
    assert hall.at_w1 is late
    assert late.why is not None
    assert (late.why.rule, late.why.reason, late.clerk) == ("called_by_name", "孕妇不适", "c1")


@rule("T-call-this")
def test_a_call_out_of_turn_needs_a_reason(hall: Scene) -> None:
    ticket = hall.issue()
    with refused(hall, Code.INVALID):
        hall.call("w1", ticket, " ")


@rule("T-call-this-from")
def test_waiting_missed_and_held_tickets_can_be_called_by_name(hall: Scene) -> None:
    ticket = hall.issue()
    hall.call()
    hall.miss()
    assert hall.call("w1", ticket) is ticket
    hall.do(cmd.Start(window="w1"))
    hall.do(cmd.Hold(window="w1", kind="without_papers"))
    assert hall.call("w1", ticket) is ticket
    hall.do(cmd.Start(window="w1"))
    hall.complete()
    with refused(hall, Code.WRONG_STATE):
        hall.call("w1", ticket)


@rule("T-recall-gap")
def test_a_recall_waits_for_the_gap(hall: Scene) -> None:
    hall.issue()
    hall.call()
    hall.later(4)
    with refused(hall, Code.TOO_SOON) as refusal:
        hall.do(cmd.Recall(window="w1"))
    assert refusal.value.extra["retry_ms"] == 6_000
    hall.later(6)
    hall.do(cmd.Recall(window="w1"))


@rule("T-recall-max")
def test_after_three_calls_the_hint_is_to_miss(hall: Scene) -> None:
    hall.issue()
    hall.call()
    for _ in range(2):
        hall.later(10)
        hall.do(cmd.Recall(window="w1"))
    hall.later(10)
    with refused(hall, Code.LIMIT_REACHED) as refusal:
        hall.do(cmd.Recall(window="w1"))
    assert "miss" in refusal.value.hint


@rule("T-start-explicit")
def test_a_clerk_starts_and_the_source_is_kept(hall: Scene) -> None:
    hall.issue()
    assert hall.serve().start_source == "explicit"


@rule("T-start-auto")
def test_a_call_counts_as_started_after_the_delay_of_the_hall() -> None:
    hall = with_rules(auto_start_s=20)
    ticket = hall.issue()
    hall.call()
    hall.later(19)
    hall.tick()
    assert ticket.state == "called"
    hall.later(1)
    hall.tick()
    assert (ticket.state, ticket.start_source) == ("serving", "auto")


@rule("T-miss-after-two-calls")
def test_a_ticket_is_missed_after_two_calls_and_the_window_is_free(hall: Scene) -> None:
    ticket = hall.issue()
    hall.call()
    with refused(hall, Code.TOO_SOON):
        hall.do(cmd.Miss(window="w1"))
    hall.miss()
    assert (ticket.state, hall.at_w1) == ("missed", None)


@rule("T-complete")
def test_a_completion_is_the_end_and_frees_the_window(hall: Scene) -> None:
    ticket = hall.issue()
    hall.serve()
    hall.complete()
    assert (ticket.state, hall.at_w1) == ("done", None)
    hall.do(cmd.Rate(ticket=ticket.id, level=5))


@rule("T-next-completes")
def test_next_completes_first_where_the_hall_allows_it(hall: Scene) -> None:
    hall.issue()
    hall.serve()
    with refused(hall, Code.WINDOW_BUSY):
        hall.call()
    hall = with_rules(next_while_serving="complete")
    first, second = hall.issue(), hall.issue()
    hall.serve()
    assert hall.call() is second
    assert first.state == "done"


@rule("T-next-while-called")
def test_next_on_a_calling_window_refuses_or_misses(hall: Scene) -> None:
    hall.issue()
    hall.call()
    with refused(hall, Code.WINDOW_BUSY):
        hall.call()
    hall = with_rules(next_while_called="miss")
    first, second = hall.issue(), hall.issue()
    hall.call()
    with refused(hall, Code.TOO_SOON):
        hall.call()
    hall.later(10)
    hall.do(cmd.Recall(window="w1"))
    assert hall.call() is second
    assert first.state == "missed"


@rule("T-next-empty")
def test_an_empty_next_writes_nothing(hall: Scene) -> None:
    revision = hall.state.revision
    assert hall.call() is None
    assert hall.state.revision == revision


@rule("T-skill-expired")
def test_a_certificate_that_ran_out_yesterday_serves_nothing() -> None:
    config = small_hall()
    until = Skill(level=3, until="2026-11-23")
    clerk = msgspec.structs.replace(config.clerks[0], skills={"general": until, "social": 2, "estate": 1})
    hall = Scene(msgspec.structs.replace(config, clerks=(clerk, *config.clerks[1:])))
    hall.staff()
    hall.issue()
    assert hall.call() is not None
    hall.next_day()
    hall.issue()
    assert hall.call() is None


@rule("T-next-own-step")
def test_next_calls_the_next_step_of_who_it_completed_if_nobody_else_waits() -> None:
    hall = with_rules(next_while_serving="complete")
    ticket = hall.issue(services=("social",))
    hall.serve()
    assert hall.call() is ticket
    assert (ticket.service, ticket.state) == ("social", "called")
    hall.do(cmd.Undo(window="w1"))
    assert (ticket.service, ticket.state) == ("general", "serving")
    other = hall.issue("social")
    assert hall.call() is other


def test_every_policy_that_a_hall_can_have_is_there() -> None:
    (kind,) = [field.type for field in msgspec.structs.fields(Routing) if field.name == "policy"]
    assert set(POLICIES) == set(get_args(kind))
