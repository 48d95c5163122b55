"""Bookings and slots as everyone may see them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast

from callq.domain.calendar import day_after
from callq.domain.errors import Code, Rejected
from callq.domain.rules.bookings import offered, places_left
from callq.domain.rules.guards import service_of
from callq.wire import messages as m

if TYPE_CHECKING:
    from callq.domain.state import Booking, HallState


def booking_out(state: HallState, booking: Booking) -> m.Booking:
    """A booking without its person."""
    service = state.index.services.get(booking.service)
    terms = service.booking if service else None
    return m.Booking(
        id=booking.id,
        hall=state.hall,
        service=booking.service,
        service_name=service.name if service else booking.service,
        slot_ms=booking.slot_ms,
        slot_end_ms=booking.slot_end_ms,
        day=booking.day,
        state=cast('Literal["booked", "arrived", "cancelled", "no_show"]', booking.state),
        channel=booking.channel,
        check_in_from_ms=booking.slot_ms - terms.early_min * 60_000 if terms else None,
        on_time_until_ms=state.grace_until(booking.service, booking.slot_ms, terms.grace_min * 60_000)
        if terms
        else None,
        change_until_ms=booking.slot_ms - terms.cancel_before_h * 3_600_000 if terms else None,
        ticket=booking.ticket,
        links={"self": f"/v1/halls/{state.hall}/bookings/{booking.id}"},
    )


def slots_out(state: HallState, code: str, day: str | None, now_ms: int) -> m.Slots:
    """Slots of a service that lie ahead, with the places left.

    Args:
      state: the hall.
      code: of the service.
      day: business day, ISO date; None: the present one. A day that cannot be booked has none.
      now_ms: Unix ms.

    Raises:
      Rejected: `UNKNOWN_SERVICE`; `SERVICE_CLOSED`, it takes no bookings.
    """
    service = service_of(state, code)
    terms = service.booking
    if terms is None:
        raise Rejected(
            Code.SERVICE_CLOSED,
            f"{service.name} takes no bookings",
            "take a ticket",
            state="not_bookable",
            service=service.code,
        )
    wanted = day or state.day
    return m.Slots(
        service=code,
        day=wanted,
        last_day=day_after(state.day, terms.days_ahead),
        slots=tuple(
            m.Slot(
                slot_ms=slot.start_ms,
                slot_end_ms=slot.end_ms,
                capacity=terms.capacity,
                free=places_left(state, service, slot.start_ms),
            )
            for slot in offered(state, service, wanted, now_ms)
        ),
        revision=state.revision,
    )
