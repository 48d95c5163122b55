"""Business days and how they close."""

from __future__ import annotations

import pytest

from callq.domain import commands as cmd
from callq.domain.errors import Code
from callq.domain.events import DayClosed, DayOpened, TicketExpired, decode_batch
from tests.rules.scene import ANN, HOUR, Scene, refused, rule


@rule("D-business-day")
def test_the_day_changes_at_four_in_the_halls_own_time(hall: Scene) -> None:
    hall.later(18.9 * HOUR)
    assert hall.issue().day == "2026-11-23"
    hall.later(0.2 * HOUR)
    hall.tick()
    assert hall.issue().day == "2026-11-24"


def everywhere(hall: Scene) -> dict[str, cmd.AnyCommand]:
    """One ticket in each state that a day's close meets."""
    hall.staff("w2", "c2")
    hall.issue()
    hall.hold("without_papers")
    hall.issue()
    hall.call()
    hall.miss()
    hall.issue()
    hall.serve()
    hall.issue()
    hall.call("w2")
    hall.issue()
    return {t.number: t.state for t in hall.state.tickets.values()}  # type: ignore[misc]


@rule("D-close-expires")
@pytest.mark.parametrize("how", ["by hand", "by the clock"])
def test_the_days_close_expires_whoever_is_not_being_served(hall: Scene, how: str) -> None:
    assert sorted(everywhere(hall).values()) == ["called", "held", "missed", "serving", "waiting"]
    tickets = list(hall.state.tickets.values())
    if how == "by hand":
        hall.do(cmd.CloseDay(reason="停电"))
    else:
        hall.next_day()
    assert [str(t.state) for t in tickets] == ["expired", "expired", "serving", "expired", "expired"]
    assert hall.state.windows["w2"].ticket is None


@rule("D-close-reason")
@pytest.mark.parametrize("how", ["by hand", "by the clock"])
def test_why_they_expired_is_on_record(hall: Scene, how: str) -> None:
    ticket = hall.issue()
    if how == "by hand":
        hall.do(cmd.CloseDay(reason="停电"))
    else:
        hall.next_day()
    expired, closed = decode_batch(hall.payloads[-1]).events
    assert isinstance(expired, TicketExpired)
    assert (expired.ticket, expired.reason) == (ticket.id, "day_closed")
    assert isinstance(closed, DayClosed if how == "by hand" else DayOpened)
    assert getattr(closed, "reason", "") == ("停电" if how == "by hand" else "")


@rule("D-closed")
def test_after_a_close_by_hand_no_tickets_until_the_next_day(hall: Scene) -> None:
    hall.do(cmd.CloseDay(reason="停电"))
    with refused(hall, Code.OUTSIDE_SESSION) as refusal:
        hall.issue()
    assert refusal.value.extra["next_ms"] == hall.state.day_ends_ms
    with refused(hall, Code.WRONG_STATE):
        hall.do(cmd.CloseDay())
    hall.next_day()
    assert hall.issue().number == "A001"


@rule("D-serving-ends")
def test_what_is_still_served_after_two_hours_is_done_unconfirmed_and_unrated(hall: Scene) -> None:
    ticket = hall.issue()
    hall.serve()
    hall.do(cmd.CloseDay())
    hall.later(2 * HOUR - 1)
    hall.tick()
    assert ticket.state == "serving"
    hall.later(1)
    hall.tick()
    assert (ticket.state, ticket.unconfirmed, hall.at_w1) == ("done", True, None)
    with refused(hall, Code.WRONG_STATE):
        hall.do(cmd.Rate(ticket=ticket.id, level=5))


@rule("D-serving-ends")
def test_a_completion_taken_back_after_the_close_ends_all_the_same(hall: Scene) -> None:
    ticket = hall.issue()
    hall.serve()
    hall.complete()
    hall.do(cmd.CloseDay())
    hall.do(cmd.Undo(window="w1"))
    hall.later(2 * HOUR)
    hall.tick()
    assert (ticket.state, ticket.unconfirmed) == ("done", True)


@rule("D-serving-finishes")
def test_a_clerk_may_finish_in_the_time_after_the_close(hall: Scene) -> None:
    ticket = hall.issue()
    hall.serve()
    hall.next_day()
    assert (ticket.day, hall.state.day) == ("2026-11-23", "2026-11-24")
    hall.complete()
    assert (ticket.state, ticket.unconfirmed) == ("done", False)


@rule("D-come-back")
def test_who_was_sent_for_papers_is_owed_a_place_for_some_days(hall: Scene) -> None:
    hall.issue(person=ANN)
    hall.hold("without_papers")
    hall.next_day()
    hall.issue()
    hall.issue(person=ANN)
    assert hall.queue() == ["A002", "A001"]
    assert hall.state.credits == {}


@rule("D-come-back")
def test_the_old_ticket_claims_the_credit_where_the_person_is_not_known(hall: Scene) -> None:
    old = hall.issue()
    hall.hold("without_papers")
    hall.next_day()
    hall.issue()
    hall.issue(come_back=old.id)
    assert hall.queue() == ["A002", "A001"]


@rule("D-come-back-ends")
def test_on_the_third_day_it_is_still_owed(hall: Scene) -> None:
    hall.issue(person=ANN)
    hall.hold("without_papers")
    for _ in range(3):
        hall.next_day()
    hall.issue()
    assert hall.issue(person=ANN).returned == "hold"


@rule("D-come-back-ends")
def test_the_credit_ends_after_three_days_and_only_that_hold_gives_one(hall: Scene) -> None:
    hall.issue(person=ANN)
    hall.hold("without_papers")
    hall.issue()
    hall.hold("with_papers")
    for _ in range(4):
        hall.next_day()
    assert hall.state.credits == {}
    hall.issue()
    hall.issue(person=ANN)
    assert hall.queue() == ["A001", "A002"]


@rule("D-closed-waits-nobody")
def test_after_a_close_by_hand_nothing_is_put_aside_or_sent_on(hall: Scene) -> None:
    hall.staff("w2", "c2")
    ticket = hall.issue()
    hall.serve()
    hall.do(cmd.CloseDay(reason="停电"))
    for wish in ({"to_service": "social"}, {"to_window": "w2"}, {"to_clerk": "c2"}):
        with refused(hall, Code.EXPIRED):
            hall.do(cmd.Transfer(window="w1", **wish))
    with refused(hall, Code.EXPIRED):
        hall.do(cmd.Hold(window="w1", kind="waiting"))
    hall.complete()
    assert ticket.state == "done"
