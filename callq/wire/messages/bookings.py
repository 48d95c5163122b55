"""Bookings and free slots."""

from __future__ import annotations

import msgspec

from callq.wire.messages.base import BookingStateName, _Wire
from callq.wire.messages.tickets import Ticket


class Booking(_Wire, frozen=True, kw_only=True):
    """A reserved place in a slot; nothing in it tells who the person is."""

    id: str
    """What the person shows as a QR code or types."""
    hall: str
    service: str
    service_name: str
    slot_ms: int
    slot_end_ms: int
    day: str
    """Business day of the slot, ISO date."""
    state: BookingStateName
    channel: str
    check_in_from_ms: int | None
    on_time_until_ms: int | None
    """Checked in by then it is an appointment, later an ordinary ticket."""
    change_until_ms: int | None
    """Until then it can be cancelled and moved; staff can at any time."""
    ticket: str | None = None
    """After the check-in."""
    links: dict[str, str] = msgspec.field(default_factory=dict)


class BookingAnswer(_Wire, frozen=True, kw_only=True):
    """Answer of booking requests; `ticket` after a check-in."""

    booking: Booking
    ticket: Ticket | None
    revision: int


class BookingPage(_Wire, frozen=True, kw_only=True):
    """Bookings of a hall, earliest slot first."""

    bookings: tuple[Booking, ...]
    next: str | None
    """Give as `after` for the next page; null at the end."""
    revision: int


class Slot(_Wire, frozen=True, kw_only=True):
    """A span that can be booked."""

    slot_ms: int
    slot_end_ms: int
    capacity: int
    free: int
    """Places left."""


class Slots(_Wire, frozen=True, kw_only=True):
    """Slots of one service on one business day that lie ahead."""

    service: str
    day: str
    last_day: str
    """Last day that can be booked now, ISO date."""
    slots: tuple[Slot, ...]
    revision: int
