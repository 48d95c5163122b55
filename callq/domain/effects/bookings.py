"""Effects on bookings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callq.domain.calendar import business_day
from callq.domain.state import Booking, person_keys

if TYPE_CHECKING:
    from callq.domain import events as ev
    from callq.domain.effects.tools import Moment
    from callq.domain.state import HallState
    from callq.domain.undo import Undo


def _day(state: HallState, told: str, slot_ms: int) -> str:
    return told or business_day(slot_ms, state.config.timezone, state.config.day_starts)


def _take(state: HallState, service: str, slot_ms: int, change: int, undo: Undo) -> None:
    key = (service, slot_ms)
    undo.put(state.slots, key, state.slots.get(key, 0) + change)


def booked(state: HallState, event: ev.Booked, at: Moment, undo: Undo) -> None:
    """A place in a slot is reserved."""
    booking = Booking(
        event.booking,
        event.service,
        event.slot_ms,
        event.slot_end_ms,
        event.person,
        event.channel,
        "booked",
        _day(state, event.day, event.slot_ms),
    )
    undo.put(state.bookings, booking.id, booking)
    _take(state, event.service, event.slot_ms, 1, undo)


def arrived(state: HallState, event: ev.BookingArrived, at: Moment, undo: Undo) -> None:
    """It is a ticket now."""
    booking = state.bookings[event.booking]
    undo.put(state.bookings, booking.id, booking._replace(state="arrived", ticket=event.ticket))


def moved(state: HallState, event: ev.BookingMoved, at: Moment, undo: Undo) -> None:
    """Another slot; the old place is free."""
    booking = state.bookings[event.booking]
    _take(state, booking.service, booking.slot_ms, -1, undo)
    _take(state, booking.service, event.slot_ms, 1, undo)
    moved_to = booking._replace(
        slot_ms=event.slot_ms, slot_end_ms=event.slot_end_ms, day=_day(state, event.day, event.slot_ms)
    )
    undo.put(state.bookings, booking.id, moved_to)


def cancelled(state: HallState, event: ev.BookingCancelled, at: Moment, undo: Undo) -> None:
    """Given up; the place is free."""
    booking = state.bookings[event.booking]
    undo.put(state.bookings, booking.id, booking._replace(state="cancelled"))
    _take(state, booking.service, booking.slot_ms, -1, undo)


def no_show(state: HallState, event: ev.NoShow, at: Moment, undo: Undo) -> None:
    """Nobody came; it counts against the person."""
    booking = state.bookings[event.booking]
    undo.put(state.bookings, booking.id, booking._replace(state="no_show"))
    for known in person_keys(booking.person):
        undo.put(state.no_shows, known, (*state.no_shows.get(known, ())[-15:], booking.day))
