"""Who stayed away, and who could not come."""

from __future__ import annotations

from callq.domain import commands as cmd
from tests.harness import MONDAY_9H
from tests.rules.scene import ANN, BOB, HOUR, MIN, bookable, rule

TEN = MONDAY_9H + HOUR * 1000
DAY_MS = 24 * HOUR * 1000


@rule("B-slot-over")
def test_a_slot_that_still_runs_when_the_day_closes_was_not_missed() -> None:
    hall = bookable()
    for booking, slot_ms, person in (("b1", TEN, ANN), ("b2", TEN + HOUR * 1000, BOB)):
        hall.do(cmd.Book(booking=booking, service="general", slot_ms=slot_ms, person=person))
    hall.later(2 * HOUR + 30 * MIN)
    hall.do(cmd.CloseDay(reason="停电"))
    assert [b.state for b in hall.state.bookings.values()] == ["no_show", "cancelled"]
    assert hall.state.no_shows == {"ann": ("2026-11-23",), "ann-phone": ("2026-11-23",)}


@rule("B-slot-over")
def test_bookings_of_days_that_nobody_opened_are_settled_with_the_next_close() -> None:
    hall = bookable()
    hall.do(cmd.Book(booking="b1", service="general", slot_ms=TEN + DAY_MS, person=ANN))
    hall.now_ms += 3 * DAY_MS
    hall.tick()
    assert hall.state.day == "2026-11-26"
    hall.next_day()
    assert hall.state.no_shows["ann"] == ("2026-11-24",)
