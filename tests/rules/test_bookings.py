"""Bookings, and the hours they are taken for."""

from __future__ import annotations

import pytest

from callq.domain import commands as cmd
from callq.domain.errors import Code
from callq.domain.hall import Booking, Holiday, MovedWorkday, Session
from callq.views.bookings import slots_out
from tests.harness import MONDAY_9H, small_hall
from tests.rules.scene import ANN, BOB, HOUR, MIN, Scene, bookable, changed, refused, rule

TEN = MONDAY_9H + HOUR * 1000


def book(hall: Scene, slot_ms: int = TEN, person: cmd.Person = ANN, booking: str = "b1") -> None:
    hall.do(cmd.Book(booking=booking, service="general", slot_ms=slot_ms, person=person))


def check_in(hall: Scene, ticket: str = "k1", booking: str = "b1") -> str:
    hall.do(cmd.CheckIn(booking=booking, ticket=ticket))
    return hall.state.bookings[booking].ticket or ""


@rule("B-machine")
def test_a_booking_arrives_is_cancelled_or_a_no_show() -> None:
    hall = bookable(cancel_before_h=0)
    for name in ("b1", "b2", "b3"):
        book(hall, person=cmd.Person(id_hash=name), booking=name)
    hall.later(50 * MIN)
    check_in(hall)
    hall.do(cmd.CancelBooking(booking="b2"))
    hall.next_day()
    assert [b.state for b in hall.state.bookings.values()] == ["arrived", "cancelled", "no_show"]
    for name in ("b1", "b2", "b3"):
        with refused(hall, Code.WRONG_STATE):
            hall.do(cmd.CheckIn(booking=name, ticket="again"))
        with refused(hall, Code.WRONG_STATE):
            hall.do(cmd.CancelBooking(booking=name, by_staff=True))


@rule("B-capacity")
def test_a_slot_is_full_at_its_capacity() -> None:
    hall = bookable(capacity=1, cancel_before_h=0)
    book(hall)
    with refused(hall, Code.QUOTA_EXHAUSTED):
        book(hall, person=BOB, booking="b2")
    hall.do(cmd.CancelBooking(booking="b1"))
    book(hall, person=BOB, booking="b2")


@rule("B-one-a-day")
def test_one_booking_for_a_person_day_and_service() -> None:
    hall = bookable()
    book(hall)
    with refused(hall, Code.DUPLICATE_TICKET):
        book(hall, TEN + 4 * HOUR * 1000, booking="b2")
    book(hall, TEN + 24 * HOUR * 1000, booking="b3")


@rule("B-slots")
def test_only_slots_that_are_offered_can_be_booked() -> None:
    hall = bookable(days_ahead=7)
    for slot_ms in (TEN + 60_000, MONDAY_9H, TEN + 8 * 24 * HOUR * 1000):
        with refused(hall, Code.OUTSIDE_SESSION):
            book(hall, slot_ms)
    with refused(hall, Code.SERVICE_CLOSED):
        hall.do(cmd.Book(booking="b9", service="social", slot_ms=TEN, person=ANN))
    hall.do(cmd.CloseDay(reason="停电"))
    assert slots_out(hall.state, "general", None, hall.now_ms).slots == ()
    with refused(hall, Code.OUTSIDE_SESSION):
        book(hall)


@rule("B-on-time")
def test_within_the_grace_it_is_an_appointment() -> None:
    hall = bookable(grace_min=15)
    book(hall)
    hall.later(HOUR + 15 * MIN)
    ticket = hall.state.tickets[check_in(hall)]
    assert (ticket.cls, ticket.clock_ms, ticket.booking) == ("appointment", hall.now_ms, "b1")


@rule("B-late-is-ordinary")
def test_after_the_grace_it_is_ordinary_with_its_own_arrival() -> None:
    hall = bookable(grace_min=15)
    book(hall)
    hall.later(HOUR + 15 * MIN + 1)
    hall.issue()
    hall.later(1)
    ticket = hall.state.tickets[check_in(hall)]
    assert (ticket.cls, ticket.clock_ms, hall.queue()) == ("ordinary", hall.now_ms, ["A001", "A002"])


@rule("B-clock")
def test_the_clock_is_the_later_of_check_in_and_slot() -> None:
    hall = bookable()
    book(hall)
    hall.later(40 * MIN)
    assert hall.state.tickets[check_in(hall)].clock_ms == TEN


@rule("B-early-waits")
def test_who_is_early_is_called_before_the_slot_only_if_nothing_else_waits() -> None:
    hall = bookable()
    book(hall)
    hall.later(40 * MIN)
    early = hall.state.tickets[check_in(hall)]
    hall.later(60)
    walk_in = hall.issue()
    assert hall.serve() is walk_in
    hall.complete()
    assert hall.call() is early


@rule("B-too-early")
def test_checking_in_begins_some_time_before_the_slot() -> None:
    hall = bookable(early_min=30)
    book(hall)
    hall.later(30 * MIN - 1)
    with refused(hall, Code.TOO_SOON) as refusal:
        check_in(hall)
    assert refusal.value.extra["retry_ms"] == 1000
    hall.later(1)
    check_in(hall)


@rule("B-cancel-until")
def test_a_booking_is_given_up_until_some_hours_before_and_by_staff_at_any_time() -> None:
    hall = bookable(cancel_before_h=2)
    book(hall, TEN + HOUR * 1000)
    hall.later(1)
    with refused(hall, Code.EXPIRED):
        hall.do(cmd.CancelBooking(booking="b1"))
    with refused(hall, Code.EXPIRED):
        hall.do(cmd.MoveBooking(booking="b1", slot_ms=TEN + 5 * HOUR * 1000))
    hall.do(cmd.CancelBooking(booking="b1", by_staff=True))


@rule("B-move")
def test_a_booking_moves_to_another_slot_and_frees_its_place() -> None:
    hall = bookable(capacity=1)
    book(hall, TEN + 5 * HOUR * 1000)
    hall.do(cmd.MoveBooking(booking="b1", slot_ms=TEN + 6 * HOUR * 1000))
    book(hall, TEN + 5 * HOUR * 1000, BOB, "b2")
    with refused(hall, Code.QUOTA_EXHAUSTED):
        hall.do(cmd.MoveBooking(booking="b2", slot_ms=TEN + 6 * HOUR * 1000))


@rule("B-no-show")
def test_who_stays_away_three_times_cannot_book_for_a_while() -> None:
    hall = bookable()
    for day in range(3):
        book(hall, TEN + day * 24 * HOUR * 1000, booking=f"b{day}")
        hall.next_day()
    slot_ms = TEN + 3 * 24 * HOUR * 1000
    with refused(hall, Code.LIMIT_REACHED):
        book(hall, slot_ms, booking="b9")
    book(hall, slot_ms, BOB, "b9")
    for _ in range(28):
        hall.next_day()
    book(hall, TEN + 31 * 24 * HOUR * 1000, booking="b10")


@rule("B-day-closed-early")
def test_a_hall_that_closes_early_makes_nobody_a_no_show() -> None:
    hall = bookable()
    book(hall, TEN + 4 * HOUR * 1000)
    book(hall, TEN, BOB, "b2")
    hall.later(3 * HOUR)
    hall.do(cmd.CloseDay(reason="停电"))
    assert [b.state for b in hall.state.bookings.values()] == ["cancelled", "no_show"]
    with refused(hall, Code.OUTSIDE_SESSION):
        book(hall, TEN + 5 * HOUR * 1000, booking="b3")


@rule("B-one-live")
def test_who_queues_already_does_not_check_in_as_well() -> None:
    hall = bookable()
    book(hall)
    hall.issue(person=ANN)
    hall.later(50 * MIN)
    with refused(hall, Code.DUPLICATE_TICKET):
        check_in(hall)


def sessions_hall(**changes: object) -> Scene:
    """A morning for everybody, a noon for those who booked."""
    morning = Session(code="am", name="上午", ticketing="08:30-11:30", serving="08:30-12:00")
    noon = Session(
        code="noon", name="午间", ticketing="12:00-13:30", serving="12:00-14:00", kind="booked_only"
    )
    config = changed(small_hall(sessions=(morning, noon), **changes), "general", booking=Booking())
    scene = Scene(config)
    scene.staff()
    return scene


@rule("S-booked-only")
def test_a_booked_only_session_tickets_bookings_alone() -> None:
    hall = sessions_hall()
    book(hall, TEN + 2 * HOUR * 1000)
    hall.later(3 * HOUR)
    with refused(hall, Code.OUTSIDE_SESSION):
        hall.issue()
    assert hall.state.tickets[check_in(hall)].cls == "appointment"


@rule("S-holidays")
def test_on_a_holiday_and_at_the_weekend_no_tickets_are_given() -> None:
    hall = sessions_hall(holidays=(Holiday(first="2026-11-24", last="2026-11-25", name="假期"),))
    for day, works in {"23": True, "24": False, "25": False, "26": True, "27": True, "28": False}.items():
        assert hall.state.day == f"2026-11-{day}"
        if works:
            hall.issue()
        else:
            with refused(hall, Code.OUTSIDE_SESSION):
                hall.issue()
        hall.next_day()
        hall.later(5 * HOUR)


@rule("S-moved-workday")
@pytest.mark.parametrize("holiday", [False, True])
def test_a_moved_workday_works_holiday_or_not(holiday: bool) -> None:
    days = (Holiday(first="2026-11-28", last="2026-11-28"),) if holiday else ()
    hall = sessions_hall(holidays=days, moved_workdays=(MovedWorkday(date="2026-11-28", name="调休"),))
    hall.later(5 * 24 * HOUR)
    hall.tick()
    assert hall.state.day == "2026-11-28"
    assert hall.issue().number == "A001"


@rule("B-early-suspended")
def test_a_slot_that_has_passed_in_a_suspension_has_passed() -> None:
    hall = bookable()
    book(hall)
    book(hall, TEN + HOUR * 1000, BOB, "b2")
    hall.later(45 * MIN)
    early = hall.state.tickets[check_in(hall)]
    hall.do(cmd.Suspend(reason="消防演练"))
    hall.later(HOUR)
    hall.do(cmd.ResumeHall())
    later = hall.state.tickets[check_in(hall, "k2", "b2")]
    assert hall.queue(cls="appointment") == [early.number, later.number]
    hall.later(5 * MIN)
    hall.issue()
    assert hall.serve() is early
    assert later.clock_ms + hall.state.frozen_ms == TEN + HOUR * 1000


@rule("B-early-suspended")
def test_one_that_is_still_to_come_is_still_to_come() -> None:
    hall = bookable()
    book(hall)
    hall.later(40 * MIN)
    early = hall.state.tickets[check_in(hall)]
    hall.do(cmd.Suspend(reason="消防演练"))
    hall.later(10 * MIN)
    hall.do(cmd.ResumeHall())
    assert early.clock_ms + hall.state.frozen_ms == TEN
    assert early.first_clock_ms == early.clock_ms


@rule("K-appointment-back")
def test_a_priority_granted_to_an_appointment_can_be_taken_back() -> None:
    hall = bookable()
    book(hall)
    hall.later(50 * MIN)
    ticket = hall.state.tickets[check_in(hall)]
    hall.do(cmd.GrantClass(ticket=ticket.id, cls="priority", reason="看错了"))
    hall.do(cmd.GrantClass(ticket=ticket.id, cls="ordinary", reason="看错了"))
    assert ticket.cls == "appointment"
    with refused(hall, Code.WRONG_STATE):
        hall.do(cmd.GrantClass(ticket=ticket.id, cls="ordinary", reason="看错了"))
