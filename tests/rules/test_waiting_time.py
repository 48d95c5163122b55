"""What counts as waiting: held time does not, nor does an earlier call end the present wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from callq.domain import commands as cmd
from callq.domain.errors import Code
from callq.views.held import held_row
from callq.views.panel import project_panel
from callq.views.queues import service_queues
from callq.views.ticket import ticket_out
from tests.rules.scene import ANN, HOUR, MIN, Scene, refused, rule

if TYPE_CHECKING:
    from callq.domain.ticket import Ticket


def panel(hall: Scene, key: str) -> Any:
    return project_panel(hall.state, "w1", hall.now_ms, {})[key]


def back_after(hall: Scene, minutes: int, kind: cmd.HoldKind = "without_papers") -> Ticket:
    """Somebody who waited a minute, was put aside for so long, and is back."""
    ticket = hall.issue()
    hall.later(MIN)
    hall.hold(kind)
    hall.later(minutes * MIN)
    hall.do(cmd.Returned(ticket=ticket.id))
    return ticket


@rule("T-held-not-waiting")
def test_the_panel_and_the_queue_leave_held_time_out(hall: Scene) -> None:
    ticket = back_after(hall, 100)
    hall.later(MIN)
    assert panel(hall, "next").waited_s == 2 * MIN
    (queue,) = service_queues(hall.state, "general", {})
    assert queue.head_since_ms == hall.now_ms - 2 * MIN * 1000
    assert hall.call() is ticket
    assert panel(hall, "current").waited_s == 2 * MIN
    assert ticket.first_clock_ms == ticket.issued_ms


@rule("T-held-not-waiting")
@pytest.mark.parametrize("how", ["papers", "by name"])
def test_nor_does_it_count_where_a_held_ticket_is_called_at_once(hall: Scene, how: str) -> None:
    ticket = hall.issue()
    hall.later(MIN)
    hall.hold("with_papers")
    hall.later(HOUR)
    hall.do(cmd.Returned(ticket=ticket.id)) if how == "papers" else hall.call("w1", ticket)
    assert panel(hall, "current").waited_s == MIN


@rule("T-held-not-waiting")
def test_a_longer_wait_in_another_lane_goes_first(hall: Scene) -> None:
    ticket = hall.issue("social")
    hall.later(MIN)
    hall.hold("without_papers")
    hall.later(5 * MIN)
    waits = hall.issue()
    hall.later(HOUR)
    hall.do(cmd.Returned(ticket=ticket.id))
    assert hall.serve() is waits


@rule("T-held-not-waiting")
def test_nobody_behind_is_told_to_expect_the_held_time(hall: Scene) -> None:
    hall.issue()
    hall.hold("without_papers")
    hall.later(100 * MIN)
    waits = hall.issue()
    hall.later(MIN)
    hall.do(cmd.Returned(ticket="t0001"))
    wait = ticket_out(hall.state, waits, hall.now_ms).wait
    assert wait is not None
    # One before them, who has hardly waited: what handling takes, and not the time put aside.
    assert (wait.p50_s, wait.method) == (10 * MIN, "count")


@rule("T-held-not-waiting")
def test_a_suspension_moves_when_a_waiting_hold_is_to_be_looked_after(hall: Scene) -> None:
    ticket = hall.issue()
    hall.hold("waiting")
    hall.do(cmd.Suspend())
    assert held_row(hall.state, ticket, None).due_ms is None
    hall.later(HOUR)
    hall.do(cmd.ResumeHall())
    assert held_row(hall.state, ticket, None).due_ms == hall.now_ms + 2 * HOUR * 1000


@rule("T-call-over")
@pytest.mark.parametrize("way", ["rejoin", "transfer", "return"])
def test_who_waits_again_has_no_call_any_more(hall: Scene, way: str) -> None:
    ticket = hall.issue()
    hall.later(MIN)
    hall.call()
    if way == "rejoin":
        hall.miss()
        hall.do(cmd.Rejoin(ticket=ticket.id))
    else:
        hall.do(cmd.Start(window="w1"))
        if way == "transfer":
            hall.do(cmd.Transfer(window="w1", to_service="social"))
        else:
            hall.do(cmd.Hold(window="w1", kind="without_papers"))
            hall.do(cmd.Returned(ticket=ticket.id))
    left = ticket.called_ms, ticket.last_call_ms, ticket.started_ms, ticket.hold_kind, ticket.calls
    assert left == (None, None, None, None, 0)
    hall.later(30 * MIN)
    waited_s = (hall.state.clock(hall.now_ms) - ticket.clock_ms) // 1000
    assert panel(hall, "next").waited_s == waited_s >= 30 * MIN
    called = hall.serve()
    hall.complete()
    assert (called, ticket.hold_kind) == (ticket, None)


@rule("T-oldest-in-lane")
def test_who_comes_first_does_not_make_the_lane_wait_for_others(hall: Scene) -> None:
    hall.issue(person=ANN)
    hall.hold("without_papers")
    hall.next_day()
    hall.later(5 * HOUR)
    oldest = hall.issue()
    hall.later(10 * MIN)
    other = hall.issue("social")
    hall.later(10 * MIN)
    owed = hall.issue(person=ANN)
    served = []
    for _ in range(3):
        served.append(hall.serve())
        hall.complete()
    assert served == [owed, oldest, other]


@rule("T-hold-waiting-left")
@pytest.mark.parametrize("how", ["by name", "returned"])
def test_a_waiting_hold_that_nobody_can_resume_goes_on_elsewhere(hall: Scene, how: str) -> None:
    ticket = hall.issue()
    hall.hold("waiting")
    for command in (
        cmd.Returned(ticket=ticket.id),
        cmd.CallTicket(window="w1", ticket=ticket.id, reason="急"),
    ):
        with refused(hall, Code.WRONG_STATE):
            hall.do(command)
    hall.do(cmd.Close(window="w1"))
    hall.do(cmd.SignOut(window="w1"))
    hall.staff("w2", "c2")
    if how == "by name":
        hall.call("w2", ticket)
    else:
        hall.do(cmd.Returned(ticket=ticket.id))
        assert hall.call("w2") is ticket
    assert (ticket.state, ticket.window) == ("called", "w2")
