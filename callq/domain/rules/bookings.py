"""Bookings: reserving a slot, arriving, giving it up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callq.domain import events as ev
from callq.domain import opening
from callq.domain.calendar import business_day, day_after
from callq.domain.errors import Code, Rejected
from callq.domain.rules.decision import Decision
from callq.domain.rules.guards import booking_of, running, service_of, unused
from callq.domain.rules.printing import first_print
from callq.domain.rules.visits import new_ticket, one_live_ticket, require_open
from callq.domain.state import person_keys, same_person

if TYPE_CHECKING:
    from callq.domain import commands as cmd
    from callq.domain.hall import Booking as Terms
    from callq.domain.hall import Service
    from callq.domain.hours import Slot
    from callq.domain.state import Booking, HallState


def _refused(code: Code, booking: Booking, detail: str, hint: str) -> Rejected:
    return Rejected(code, detail, hint, state=booking.state, booking=booking.id)


def _terms(service: Service) -> Terms:
    if service.booking is None:
        raise Rejected(
            Code.SERVICE_CLOSED,
            f"{service.name} takes no bookings",
            "take a ticket",
            state="not_bookable",
            service=service.code,
        )
    return service.booking


def offered(state: HallState, service: Service, day: str, now_ms: int) -> list[Slot]:
    """Slots of a business day that lie ahead and can be booked, as far as they have places left."""
    terms = service.booking
    if terms is None or not state.day <= day <= day_after(state.day, terms.days_ahead):
        return []
    if state.day_closed and day == state.day:
        return []
    return [slot for slot in opening.slots_on(state, service.code, day) if slot.start_ms > now_ms]


def places_left(state: HallState, service: Service, slot_ms: int) -> int:
    """How many more can book a slot that is offered."""
    return max(0, _terms(service).capacity - state.slots.get((service.code, slot_ms), 0))


def first_free(state: HallState, service: Service, now_ms: int) -> Slot | None:
    """The next slot with a place left; None: no bookings, or all taken."""
    for ahead in range(service.booking.days_ahead + 1 if service.booking else 0):
        for slot in offered(state, service, day_after(state.day, ahead), now_ms):
            if places_left(state, service, slot.start_ms):
                return slot
    return None


def _free_slot(state: HallState, service: Service, slot_ms: int, now_ms: int) -> Slot:
    """The slot, if it is offered and has a place left."""
    _terms(service)
    for slot in offered(state, service, opening.day_of(state, slot_ms), now_ms):
        if slot.start_ms == slot_ms:
            if places_left(state, service, slot_ms):
                return slot
            raise Rejected(
                Code.QUOTA_EXHAUSTED,
                "the slot is full",
                "choose another one",
                state="full",
                service=service.code,
            )
    raise Rejected(
        Code.OUTSIDE_SESSION,
        "no such slot to book",
        "choose one that is offered",
        state="not_offered",
        service=service.code,
    )


def book(state: HallState, command: cmd.Book, now_ms: int, who: cmd.Actor) -> Decision:
    """Reserve a place; one per person, day and service."""
    service = service_of(state, command.service)
    if not person_keys(command.person):
        raise Rejected(Code.INVALID, "a booking needs a person", "send an id number or a phone")
    if command.booking in state.bookings:
        raise Rejected(Code.INVALID, "the booking id is taken", "mint another one", booking=command.booking)
    _not_barred(state, command.person)
    slot = _free_slot(state, service, command.slot_ms, now_ms)
    _one_a_day(state, service.code, command.person, slot.start_ms)
    event = ev.Booked(
        booking=command.booking,
        service=service.code,
        slot_ms=slot.start_ms,
        slot_end_ms=slot.end_ms,
        person=command.person,
        channel=command.channel,
        day=_day_told(state, slot.start_ms),
    )
    return Decision((event,), booking=command.booking)


def _day_told(state: HallState, slot_ms: int) -> str:
    """Business day of a slot for the record, where the configuration in force would not tell it."""
    day = opening.day_of(state, slot_ms)
    told = business_day(slot_ms, state.config.timezone, state.config.day_starts)
    return day if day != told else ""


def _not_barred(state: HallState, person: cmd.Person) -> None:
    rules = state.config.rules
    if not rules.no_show_limit:
        return
    first = day_after(state.day, -rules.no_show_days)
    # Others may share the telephone of whose identity is known.
    missed = state.no_shows.get(person.id_hash or person.phone_hash, ())
    recent = [day for day in missed if day >= first]
    if len(recent) >= rules.no_show_limit:
        raise Rejected(
            Code.LIMIT_REACHED,
            f"{len(recent)} bookings were not kept in {rules.no_show_days} days",
            "come and take a ticket instead",
            state="barred",
        )


def _one_a_day(state: HallState, service: str, person: cmd.Person, slot_ms: int, but: str = "") -> None:
    day = opening.day_of(state, slot_ms)
    for other in state.bookings.values():
        same = other.service == service and other.day == day and same_person(other.person, person)
        if same and other.state in ("booked", "arrived") and other.id != but:
            raise _refused(
                Code.DUPLICATE_TICKET, other, "the person has a booking that day", "move or cancel that one"
            )


def check_in(state: HallState, command: cmd.CheckIn, now_ms: int, who: cmd.Actor) -> Decision:
    """The booking becomes a ticket: on time an appointment, later ordinary with its own arrival."""
    running(state)
    booking = booking_of(state, command.booking)
    if booking.state != "booked":
        raise _refused(Code.WRONG_STATE, booking, f"the booking is {booking.state}", "take a ticket instead")
    service = service_of(state, booking.service)
    terms = _terms(service)
    unused(state, command.ticket)
    early_ms = booking.slot_ms - terms.early_min * 60_000 - now_ms
    if early_ms > 0:
        raise _refused(
            Code.TOO_SOON, booking, "checking in is not possible yet", "come closer to the slot"
        ).having(retry_ms=early_ms)
    if booking.day != state.day:
        raise _refused(Code.EXPIRED, booking, "the booking was for another day", "take a ticket instead")
    require_open(state, service, now_ms, booked=True, counts=False)
    one_live_ticket(state, service, booking.person)
    on_time = now_ms <= state.grace_until(service.code, booking.slot_ms, terms.grace_min * 60_000)
    issued = new_ticket(
        state,
        service,
        command,
        cls="appointment" if on_time else "ordinary",
        person=booking.person,
        clock_ms=state.clock(max(now_ms, booking.slot_ms) if on_time else now_ms),
        booking=booking.id,
    )
    arrived = ev.BookingArrived(booking=booking.id, ticket=command.ticket)
    printed = first_print(state, command.ticket, command.printer)
    return Decision((issued, arrived, *printed), ticket=command.ticket, booking=booking.id)


def _changeable(state: HallState, booking: Booking, now_ms: int, *, by_staff: bool) -> Service:
    if booking.state != "booked":
        raise _refused(Code.WRONG_STATE, booking, f"the booking is {booking.state}", "make a new one")
    service = service_of(state, booking.service)
    limit_ms = booking.slot_ms - _terms(service).cancel_before_h * 3_600_000
    if now_ms > limit_ms and not by_staff:
        raise _refused(Code.EXPIRED, booking, "it is too late to change the booking", "ask at the desk")
    return service


def cancel_booking(state: HallState, command: cmd.CancelBooking, now_ms: int, who: cmd.Actor) -> Decision:
    """Give the booking up, until some hours before; staff at any time."""
    booking = booking_of(state, command.booking)
    _changeable(state, booking, now_ms, by_staff=command.by_staff)
    return Decision((ev.BookingCancelled(booking=booking.id),), booking=booking.id)


def move_booking(state: HallState, command: cmd.MoveBooking, now_ms: int, who: cmd.Actor) -> Decision:
    """Another slot of the same service."""
    booking = booking_of(state, command.booking)
    service = _changeable(state, booking, now_ms, by_staff=command.by_staff)
    if command.slot_ms == booking.slot_ms:
        return Decision((), booking=booking.id)
    slot = _free_slot(state, service, command.slot_ms, now_ms)
    _one_a_day(state, service.code, booking.person, slot.start_ms, but=booking.id)
    event = ev.BookingMoved(
        booking=booking.id,
        slot_ms=slot.start_ms,
        slot_end_ms=slot.end_ms,
        day=_day_told(state, slot.start_ms),
    )
    return Decision((event,), booking=booking.id)
