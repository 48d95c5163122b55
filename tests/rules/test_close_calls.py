"""Where a choice hangs by a millisecond or by equal numbers: the guard, ties, and who is free soon."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from callq.domain import commands as cmd
from callq.domain.hall import Booking
from tests.harness import MONDAY_9H, small_hall
from tests.rules.scene import HOUR, MIN, changed, rule
from tests.rules.test_policies import beginners, hall_by, served, why

if TYPE_CHECKING:
    from callq.domain.ticket import Ticket
    from tests.rules.scene import Scene


# The guard -----------------------------------------------------------------------------------------------


@rule("T-guard")
def test_exactly_twice_the_target_is_not_beyond_it() -> None:
    hall = hall_by(pressure=5.0)
    late = hall.issue("estate")
    hall.later(40 * MIN)
    crowded, *_ = [hall.issue("general") for _ in range(5)]
    assert hall.call() is crowded, "40 of 20 minutes"
    served(hall)
    hall.now_ms += 1
    assert hall.call() is late
    assert why(late).by == "guard"


@rule("T-guard", "T-green")
def test_the_guard_comes_before_priority_at_a_green_window_too() -> None:
    small = small_hall()
    green = msgspec.structs.replace(small.windows[0], kind="green")
    hall = hall_by(config=msgspec.structs.replace(small, windows=(green, *small.windows[1:])))
    late = hall.issue("estate")
    hall.later(40 * MIN + 1)
    hall.issue("general")
    urgent = hall.issue("general", cls="priority")
    assert hall.call() is late
    assert why(late).by == "guard"
    served(hall)
    assert hall.call() is urgent
    assert why(urgent).by == "green"


@rule("T-guard", "T-tie")
def test_of_equal_multiples_the_longer_wait_goes_first() -> None:
    hall = hall_by(pressure=0.0)
    longer = hall.issue("estate")
    hall.later(45 * MIN)
    shorter = hall.issue("general", cls="priority")
    hall.later(15 * MIN)
    assert hall.call() is longer, "60 of 20 minutes, and 15 of 5"
    assert {term.late for term in why(longer).terms} == {3.0}
    served(hall)
    assert hall.call() is shorter


@rule("T-guard", "T-tie")
def test_of_equal_multiples_and_waits_the_lower_order_goes_first() -> None:
    hall = hall_by(pressure=0.0)
    first = hall.issue("estate")
    second = hall.issue("general")
    hall.later(50 * MIN)
    assert hall.call() is first
    assert why(first).by == "guard"
    served(hall)
    assert hall.call() is second


# Ties ----------------------------------------------------------------------------------------------------


def booked_otherwise_than_they_came(
    policy: str, general_min: int = 8, guard: float = 2.0
) -> tuple[Scene, Ticket, Ticket]:
    """One who comes first for half past ten, and one who comes later for ten: their waits begin then."""
    config = small_hall()
    booking = Booking(slot_min=30, early_min=60)
    for service, target_min in (("general", general_min), ("social", 8)):
        config = changed(config, service, booking=booking, target_appointment_min=target_min)
    hall = hall_by(policy, config=config, pressure=0.0, guard=guard)
    slots = (("general", MONDAY_9H + HOUR * 1500), ("social", MONDAY_9H + HOUR * 1000))
    for service, slot_ms in slots:
        person = cmd.Person(id_hash=service)
        hall.do(cmd.Book(booking=service, service=service, slot_ms=slot_ms, person=person))
    hall.later(HOUR - 10 * MIN)
    for service, _ in slots:
        hall.do(cmd.CheckIn(booking=service, ticket=f"for-{service}"))
        hall.later(MIN)
    came_first, waits_longer = hall.state.tickets["for-general"], hall.state.tickets["for-social"]
    assert came_first.clock_ms > waits_longer.clock_ms
    return hall, came_first, waits_longer


@rule("T-tie")
def test_the_wait_settles_a_tie_before_the_order() -> None:
    hall, came_first, waits_longer = booked_otherwise_than_they_came("strict_priority")
    hall.later(HOUR)
    assert hall.call() is waits_longer
    served(hall)
    assert hall.call() is came_first


@rule("T-guard", "T-tie")
def test_nor_does_the_order_settle_a_tie_of_the_guard() -> None:
    hall, came_first, waits_longer = booked_otherwise_than_they_came("index", general_min=4)
    hall.now_ms = MONDAY_9H + 2 * HOUR * 1000
    assert hall.call() is waits_longer, "60 of 8 minutes, and 30 of 4"
    assert {term.late for term in why(waits_longer).terms} == {7.5}
    assert why(waits_longer).by == "guard"
    served(hall)
    assert hall.call() is came_first


@rule("T-why-pressure", "T-tie")
def test_a_tie_that_the_wait_settles_is_not_told_as_pressure() -> None:
    hall, came_first, waits_longer = booked_otherwise_than_they_came("index", general_min=4, guard=0.0)
    hall.now_ms = MONDAY_9H + 2 * HOUR * 1000
    assert hall.call() is waits_longer
    assert why(waits_longer).by == ""
    served(hall)
    assert hall.call() is came_first


# Who is free soon ----------------------------------------------------------------------------------------


@rule("T-better-soon-busy")
@pytest.mark.parametrize(
    "last", [cmd.Close(window="w3"), cmd.Pause(window="w3", reason="取材料")], ids=["closes", "pauses"]
)
def test_nothing_is_left_to_a_window_that_calls_nobody_after_its_ticket(last: cmd.AnyCommand) -> None:
    hall = hall_by(config=beginners(), better_soon_s=60)
    hall.staff("w3", "c4")
    hall.issue("estate")
    hall.serve("w3")
    hall.later(9 * MIN + 30)
    waiting = hall.issue("estate")
    assert hall.call("w1") is None, "half a minute is left there"
    hall.do(last)
    assert hall.call("w1") is waiting


@rule("T-better-soon-busy")
def test_what_was_done_before_a_hold_counts_for_who_is_free_soon() -> None:
    hall = hall_by(config=beginners(), better_soon_s=60)
    hall.staff("w3", "c4")
    hall.issue("estate")
    ticket = hall.serve("w3")
    hall.later(5 * MIN)
    hall.do(cmd.Hold(window="w3", kind="waiting"))
    hall.later(20 * MIN)
    hall.do(cmd.Resume(window="w3", ticket=ticket.id))
    hall.later(4 * MIN - 1)
    waiting = hall.issue("estate")
    assert hall.call("w1") is waiting, "5 minutes and less than 4 are done: more than a minute of 10 is left"
    served(hall)
    last = hall.issue("estate")
    hall.later(1)
    assert hall.call("w1") is None, "a minute is left"
    hall.later(2 * MIN)
    assert hall.call("w1") is last
