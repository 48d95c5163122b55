"""Business days and how they close."""

from __future__ import annotations

import msgspec
import pytest

from callq.domain import commands as cmd
from callq.domain.errors import Code
from callq.domain.events import DayClosed, DayOpened, TicketExpired, decode_batch
from callq.domain.hall import Booking, Session
from callq.domain.state import ClerkDay
from callq.views.bookings import slots_out
from tests.harness import MONDAY_9H, small_hall
from tests.rules.scene import ANN, HOUR, Scene, changed, refused, rule, settle


@rule("D-business-day")
def test_the_day_changes_at_four_in_the_halls_own_time(hall: Scene) -> None:
    hall.later(18.9 * HOUR)
    assert hall.issue().day == "2026-11-23"
    hall.later(0.2 * HOUR)
    hall.tick()
    assert hall.issue().day == "2026-11-24"


MORNING = Session(code="am", name="上午", ticketing="08:30-11:30", serving="08:30-12:00")


@rule("D-clock-next-day")
def test_another_time_zone_begins_with_the_next_day() -> None:
    config = changed(small_hall(sessions=(MORNING,)), "general", booking=Booking(slot_min=30))
    hall = Scene(config)
    hall.staff()
    ends_ms = hall.state.day_ends_ms
    today = project_slots(hall, "2026-11-23")
    hall.do(cmd.Configure(config=msgspec.structs.replace(config, timezone="Asia/Tokyo")))
    assert project_slots(hall, "2026-11-23") == today
    hall.later(2.4 * HOUR)
    assert hall.issue().day == "2026-11-23", "11:24 here, past the end of ticketing there"
    hall.later(0.2 * HOUR)
    with refused(hall, Code.OUTSIDE_SESSION) as refusal:
        hall.issue()
    tomorrow = MONDAY_9H + round(22.5 * HOUR) * 1000
    assert refusal.value.extra["next_ms"] == tomorrow, "08:30 there is 07:30 here"
    assert hall.state.day_ends_ms == ends_ms
    assert project_slots(hall, "2026-11-24")[0] == tomorrow
    hall.next_day()
    hall.now_ms = tomorrow
    assert hall.issue().number == "A001"
    settle(hall)


@rule("D-clock-next-day")
def test_a_night_that_was_sold_as_part_of_the_day_stays_part_of_it() -> None:
    night = Session(code="night", name="夜间", ticketing="01:00-03:00", serving="01:00-03:00")
    config = changed(small_hall(sessions=(MORNING, night)), "general", booking=Booking())
    hall = Scene(config)
    hall.do(cmd.Configure(config=msgspec.structs.replace(config, day_starts="00:00")))
    one_at_night = MONDAY_9H + 16 * HOUR * 1000
    booked = hall.do(cmd.Book(booking="b1", service="general", slot_ms=one_at_night, person=ANN))
    assert hall.state.bookings["b1"].day == "2026-11-23"
    assert [getattr(e, "day", "") for e in booked.events] == ["2026-11-23"], "on record, for a replay"
    with refused(hall, Code.DUPLICATE_TICKET):
        hall.do(cmd.Book(booking="b2", service="general", slot_ms=MONDAY_9H + HOUR * 500, person=ANN))
    hall.now_ms = one_at_night
    hall.do(cmd.CheckIn(booking="b1", ticket="x"))
    assert hall.state.tickets["x"].cls == "appointment"
    settle(hall)


def project_slots(hall: Scene, day: str) -> list[int]:
    """When the slots of the general service begin."""
    return [slot.slot_ms for slot in slots_out(hall.state, "general", day, hall.now_ms).slots]


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
    return {t.number: t.state for t in hall.state.tickets.values()}


@rule("D-close-expires")
@pytest.mark.parametrize("how", ["by hand", "by the clock"])
def test_the_days_close_expires_whoever_is_not_being_served(hall: Scene, how: str) -> None:
    assert sorted(everywhere(hall).values()) == ["called", "held", "missed", "serving", "waiting"]  # type: ignore[comparison-overlap, type-var]
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


@rule("D-serving-counts")
@pytest.mark.parametrize("how", ["complete", "hand over", "abandon", "undo"])
def test_what_outlives_its_day_does_not_count_for_the_next(hall: Scene, how: str) -> None:
    hall.issue()
    hall.serve()
    hall.later(HOUR)
    hall.next_day()
    fresh = ClerkDay(hall.now_ms)
    assert hall.state.clerk_days == {"c1": fresh}
    hall.later(HOUR)
    if how == "abandon":
        hall.do(cmd.Abandon(window="w1"))
    else:
        if how == "hand over":
            hall.do(cmd.HandOver(window="w1", clerk="c2"))
        hall.complete()
        if how == "undo":
            hall.do(cmd.Undo(window="w1"))
            assert hall.state.clerk_days == {"c1": fresh}
            hall.complete()
    counts = dict(hall.state.clerk_days)
    assert counts.pop("c1") == fresh
    assert [day.handling_ms + day.done for day in counts.values()] in ([], [0])
    clerk = "c2" if how == "hand over" else "c1"
    hall.issue()
    hall.serve()
    hall.later(60)
    hall.complete()
    assert hall.state.clerk_days[clerk][1:] == (1, 0, 60_000, 60_000)


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
            hall.do(cmd.Transfer(window="w1", **wish))  # type: ignore[arg-type]
    with refused(hall, Code.EXPIRED):
        hall.do(cmd.Hold(window="w1", kind="waiting"))
    hall.complete()
    assert ticket.state == "done"
