"""What happened to a booking."""

from __future__ import annotations

from callq.domain.commands import Channel, Person
from callq.domain.events.base import _Event


class Booked(_Event, frozen=True, kw_only=True, tag="booked"):
    """A place in a slot is reserved."""

    booking: str
    service: str
    slot_ms: int
    slot_end_ms: int
    person: Person
    channel: Channel = "web"
    day: str = ""
    """Business day of the slot, ISO date, where it is not what the configuration in force says."""


class BookingArrived(_Event, frozen=True, kw_only=True, tag="booking_arrived"):
    """Checked in: it is a ticket now."""

    booking: str
    ticket: str


class BookingMoved(_Event, frozen=True, kw_only=True, tag="booking_moved"):
    """Another slot."""

    booking: str
    slot_ms: int
    slot_end_ms: int
    day: str = ""
    """As for `Booked`."""


class BookingCancelled(_Event, frozen=True, kw_only=True, tag="booking_cancelled"):
    """Given up; the place is free."""

    booking: str


class NoShow(_Event, frozen=True, kw_only=True, tag="no_show"):
    """Nobody came for it."""

    booking: str
