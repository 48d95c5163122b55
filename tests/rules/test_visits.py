"""Visits whose steps cannot begin at once: what is kept, offered and claimed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from callq.domain import commands as cmd
from callq.domain.errors import Code
from callq.domain.hall import Booking
from callq.views.ticket import ticket_out
from tests.harness import small_hall
from tests.rules.scene import ANN, BOB, HOUR, Scene, changed, refused, rule, with_rules, with_service

if TYPE_CHECKING:
    from callq.domain.ticket import Ticket
    from callq.wire import messages as m

STOP = cmd.StopIssuing(service="social", reason="上级系统故障")


def states(ticket: Ticket) -> list[str]:
    return [step.state for step in ticket.steps]


def full_for(hall: Scene, person: cmd.Person | None = ANN) -> Ticket:
    """A visit whose second service had no number left."""
    hall.issue("social")
    ticket = hall.issue(services=("social",), person=person)
    hall.call("w1", ticket)
    hall.do(cmd.Start(window="w1"))
    hall.complete()
    assert states(ticket) == ["done", "deferred"]
    return ticket


def deferred(hall: Scene, ticket: Ticket) -> m.Deferred:
    visit = ticket_out(hall.state, ticket, hall.now_ms).visit
    assert visit is not None
    assert visit.deferred is not None
    return visit.deferred


@rule("V-deferred-shown")
def test_a_stopped_service_promises_no_time() -> None:
    hall = with_rules()
    hall.do(STOP)
    ticket = hall.issue(services=("social",))
    hall.serve()
    hall.complete()
    hall.later(60)
    assert (deferred(hall, ticket).reason, deferred(hall, ticket).next_ms) == ("service_closed", None)


@rule("V-deferred-shown")
def test_a_booking_is_offered_where_the_service_takes_any() -> None:
    hall = Scene(changed(small_hall(), "social", quota=1, booking=Booking(slot_min=60, capacity=1)))
    hall.staff()
    ticket = full_for(hall)
    slot_ms = deferred(hall, ticket).slot_ms
    assert slot_ms == hall.now_ms + HOUR * 1000
    hall.do(cmd.Book(booking="b1", service="social", slot_ms=slot_ms, person=BOB))
    assert deferred(hall, ticket).slot_ms == slot_ms + HOUR * 1000
    hall.do(cmd.CloseDay(reason="停电"))
    assert (deferred(hall, ticket).slot_ms or 0) >= hall.state.day_ends_ms


@rule("V-claim")
@pytest.mark.parametrize("by", ["person", "ticket"])
def test_a_deferred_step_is_claimed_on_a_later_day_whatever_the_quota(by: str) -> None:
    hall = with_service("social", quota=1)
    visit = full_for(hall, ANN if by == "person" else None)
    assert deferred(hall, visit).come_back_until == "2026-11-26"
    hall.next_day()
    hall.later(HOUR)
    first = hall.issue("social")
    with refused(hall, Code.QUOTA_EXHAUSTED):
        hall.issue("social", person=BOB)
    claim = hall.issue("social", person=ANN) if by == "person" else hall.issue("social", come_back=visit.id)
    assert hall.queue("social") == [first.number, claim.number], "as one who arrives now"
    assert (claim.returned, states(visit), hall.state.credits) == (None, ["done", "moved"], {})


@rule("V-claim")
def test_on_its_own_day_only_the_ticket_itself_takes_the_step_up() -> None:
    hall = with_service("social", quota=1)
    visit = full_for(hall)
    with refused(hall, Code.QUOTA_EXHAUSTED):
        hall.issue("social", person=ANN)
    with refused(hall, Code.EXPIRED) as refusal:
        hall.issue("social", come_back=visit.id)
    assert "returned" in refusal.value.hint
    hall.next_day()
    with refused(hall, Code.EXPIRED) as refusal:
        hall.do(cmd.Returned(ticket=visit.id))
    assert "come_back" in refusal.value.hint


@rule("V-claim-ended")
@pytest.mark.parametrize("end", ["cancel", "abandon", "close_day"])
@pytest.mark.parametrize("by", ["person", "ticket"])
def test_what_a_visit_leaves_that_ended_otherwise_is_claimed_at_once(hall: Scene, end: str, by: str) -> None:
    hall.do(STOP)
    visit = hall.issue(services=("social", "estate"), person=ANN if by == "person" else None)
    hall.serve()
    hall.complete()
    if end == "cancel":
        hall.do(cmd.Cancel(ticket=visit.id))
    elif end == "abandon":
        hall.call("w1", visit)
        hall.do(cmd.Abandon(window="w1"))
    else:
        hall.do(cmd.CloseDay())
        hall.next_day()
        hall.later(HOUR)
    hall.do(cmd.StartIssuing(service="social"))
    with refused(hall, Code.WRONG_STATE) as refusal:
        hall.do(cmd.Returned(ticket=visit.id))
    assert "come_back" in refusal.value.hint
    claim = {"person": ANN} if by == "person" else {"come_back": visit.id}
    hall.issue("social", **claim)
    assert (states(visit), hall.state.credits) == (["done", "moved", "current"], {})


@rule("V-claim-ended")
def test_but_on_its_own_day_a_step_needs_a_place_of_the_quota() -> None:
    hall = with_service("social", quota=1)
    hall.issue("social")
    visit = hall.issue(services=("social", "estate"), person=ANN)
    hall.call("w1", visit)
    hall.do(cmd.Start(window="w1"))
    hall.complete()
    hall.do(cmd.Cancel(ticket=visit.id))
    with refused(hall, Code.QUOTA_EXHAUSTED):
        hall.issue("social", person=ANN)
    hall.next_day()
    hall.later(HOUR)
    hall.issue("social")
    hall.issue("social", person=ANN)


@rule("V-claim")
def test_what_is_taken_up_or_taken_back_is_not_owed_as_well(hall: Scene) -> None:
    hall.do(STOP)
    visit = hall.issue(services=("social",))
    hall.serve()
    hall.complete()
    assert list(hall.state.credits) == [f"{visit.id}/1"]
    hall.do(cmd.Undo(window="w1"))
    assert (states(visit), hall.state.credits) == (["current", "todo"], {})
    hall.complete()
    hall.do(cmd.StartIssuing(service="social"))
    hall.do(cmd.Returned(ticket=visit.id))
    assert (states(visit), hall.state.credits) == (["done", "current"], {})


@rule("V-later-steps")
def test_a_later_step_does_not_wait_behind_one_that_cannot_begin(hall: Scene) -> None:
    hall.do(STOP)
    ticket = hall.issue(services=("social", "estate"))
    hall.serve()
    hall.complete()
    assert (ticket.state, ticket.service, states(ticket)) == (
        "waiting",
        "estate",
        ["done", "deferred", "current"],
    )
    hall.serve()
    hall.complete()
    hall.do(cmd.StartIssuing(service="social"))
    hall.do(cmd.Returned(ticket=ticket.id))
    hall.later(60)
    hall.serve()
    hall.complete()
    assert (ticket.state, states(ticket)) == ("done", ["done"] * 3)
    hall.do(cmd.Rate(ticket=ticket.id, level=5))
    assert [r.step for r in ticket.ratings] == [1], "the one completed last"


@rule("V-suspended")
def test_the_next_step_waits_in_a_suspended_hall_too(hall: Scene) -> None:
    ticket = hall.issue(services=("social",))
    hall.serve()
    hall.do(cmd.Suspend(reason="消防演练"))
    hall.complete()
    assert (ticket.state, ticket.service) == ("waiting", "social")
    hall.later(HOUR)
    hall.do(cmd.ResumeHall())
    assert hall.call() is ticket


@rule("V-unconfirmed")
def test_what_the_clock_ends_keeps_the_steps_that_were_left(hall: Scene) -> None:
    ticket = hall.issue(services=("social", "estate"), person=ANN)
    hall.serve()
    hall.do(cmd.CloseDay())
    hall.later(2 * HOUR)
    hall.tick()
    assert (ticket.unconfirmed, states(ticket)) == (True, ["done", "deferred", "deferred"])
    hall.next_day()
    hall.issue("estate", person=ANN)
    assert states(ticket) == ["done", "deferred", "moved"]


@rule("V-once")
def test_the_same_service_twice_in_a_row_is_once(hall: Scene) -> None:
    ticket = hall.issue(services=("general", "social", "social"))
    assert [step.service for step in ticket.steps] == ["general", "social"]
    assert [step.service for step in hall.issue(services=("general",)).steps] == ["general"]


@rule("V-once")
@pytest.mark.parametrize("how", ["reassign", "transfer"])
def test_a_visit_sent_to_its_own_later_step_does_it_once(hall: Scene, how: str) -> None:
    ticket = hall.issue(services=("social", "estate"))
    if how == "reassign":
        hall.do(cmd.Reassign(ticket=ticket.id, service="social"))
    else:
        hall.serve()
        hall.do(cmd.Transfer(window="w1", to_service="social"))
    assert states(ticket) == ["current", "moved", "todo"]
    hall.serve()
    hall.complete()
    assert ticket.service == "estate"


@rule("D-come-back-named")
def test_a_come_back_that_is_not_owed_is_refused_with_a_word(hall: Scene) -> None:
    old = hall.issue("social")
    hall.hold("without_papers")
    hall.next_day()
    with refused(hall, Code.EXPIRED) as refusal:
        hall.issue(come_back="nonsense")
    assert refusal.value.ids == {"ticket": "nonsense"}
    with refused(hall, Code.NOT_ELIGIBLE) as refusal:
        hall.issue(come_back=old.id)
    assert "social" in refusal.value.hint
    assert hall.issue("social", come_back=old.id).returned == "hold"


@rule("D-come-back-quota")
def test_who_is_owed_a_come_back_needs_no_place_of_the_quota() -> None:
    hall = with_service("general", quota=1)
    hall.issue(person=ANN)
    hall.hold("without_papers")
    hall.next_day()
    hall.issue()
    with refused(hall, Code.QUOTA_EXHAUSTED):
        hall.issue(person=BOB)
    assert hall.issue(person=ANN).returned == "hold"


@rule("T-rejoin-max")
def test_each_step_of_a_visit_may_be_missed_once(hall: Scene) -> None:
    ticket = hall.issue(services=("social",))
    hall.call()
    hall.miss()
    hall.do(cmd.Rejoin(ticket=ticket.id))
    hall.serve()
    hall.complete()
    hall.do(cmd.Undo(window="w1"))
    hall.complete()
    hall.call()
    hall.miss()
    hall.do(cmd.Rejoin(ticket=ticket.id))
    hall.call()
    hall.miss()
    with refused(hall, Code.LIMIT_REACHED) as refusal:
        hall.do(cmd.Rejoin(ticket=ticket.id))
    assert "come back 1 times" in refusal.value.detail


@rule("T-rejoin-max")
def test_an_undone_completion_gives_no_other_chance(hall: Scene) -> None:
    ticket = hall.issue(services=("social",))
    hall.call()
    hall.miss()
    hall.do(cmd.Rejoin(ticket=ticket.id))
    hall.serve()
    assert not hall.state.may_rejoin(ticket)
    hall.complete()
    assert hall.state.may_rejoin(ticket)
    hall.do(cmd.Undo(window="w1"))
    assert not hall.state.may_rejoin(ticket)


@rule("X-service")
def test_a_later_step_is_sent_on_with_the_time_that_it_began(hall: Scene) -> None:
    hall.staff("w3", "c4")
    visit = hall.issue(services=("social",))
    hall.later(600)
    waits = hall.issue("estate")
    hall.later(600)
    hall.call("w1", visit)
    hall.do(cmd.Start(window="w1"))
    hall.complete()
    hall.later(600)
    later = hall.issue("estate")
    hall.call("w1", visit)
    hall.do(cmd.Transfer(window="w1", to_service="estate"))
    assert hall.queue("estate") == [waits.number, visit.number, later.number]
    assert visit.first_clock_ms == visit.first_arrival_ms


@rule("X-service")
def test_the_first_step_taken_back_is_sent_on_with_the_first_arrival(hall: Scene) -> None:
    visit = hall.issue(services=("social",))
    hall.later(600)
    hall.issue("estate")
    hall.serve()
    hall.complete()
    hall.do(cmd.Undo(window="w1"))
    hall.do(cmd.Transfer(window="w1", to_service="estate"))
    assert hall.queue("estate")[0] == visit.number
