"""Bookings at the doors: reserving, finding, arriving, changing.

A booking's id is what people show as a QR code or type in: ten characters that cannot be guessed nor
mistaken for one another. With an idempotency key it is derived from key and body, as a minted token is,
so that a repeated request finds the booking that it made.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import date
from typing import TYPE_CHECKING, Final

from callq.domain import commands as cmd
from callq.domain.errors import Code, Rejected
from callq.domain.rules.guards import booking_of
from callq.domain.state import same_person
from callq.runtime.ids import new_ticket_id
from callq.views.bookings import booking_out, slots_out
from callq.views.ticket import ticket_out
from callq.web import bodies
from callq.web.orders import BOOKING_PERMISSION
from callq.web.persons import known_person
from callq.web.roles import Permission, Role
from callq.wire import messages as m

if TYPE_CHECKING:
    from callq.domain.state import Booking, HallState
    from callq.runtime.actor import Outcome
    from callq.web.api import Api, Call
    from callq.web.queries import BookingsQuery, SlotsQuery

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_LENGTH: Final = 10
_MISREAD: Final = str.maketrans({"o": "0", "i": "1", "l": "1", "-": None, " ": None})

_CHANNEL: Final[dict[Role, cmd.Channel]] = {Role.KIOSK: "kiosk", Role.GUIDE: "web"}


def new_booking_id(secret: bytes, call: Call) -> str:
    """Ten characters of Crockford base32: 50 bits, random or from the caller's key and body."""
    if call.key is None:
        value = secrets.randbits(64)
    else:
        said = f"booking|{call.hall}|{call.principal.id}|{call.key}".encode() + b"\0" + call.digest
        value = int.from_bytes(hmac.digest(secret, said, "sha256")[:8])
    return "".join(_ALPHABET[(value >> 5 * place) & 31] for place in range(_LENGTH))


def typed(booking: str) -> str:
    """An id as it was made, however it was typed: ``7K3M9-QX2VO`` is ``7k3m9qx2v0``."""
    return booking.lower().translate(_MISREAD)


async def book(api: Api, call: Call, body: bodies.BookBody) -> m.BookingAnswer:
    """Reserve a place.

    Raises:
      Rejected: as the rules of bookings refuse.
      StoreUnavailable: repeat with the same key.
    """
    actor = api.actor(call, Permission.BOOK)
    booking = new_booking_id(api.secret, call)
    person = _person(api, call, body.person)
    if person is None:
        raise Rejected(Code.INVALID, "a booking needs a person", "send an id number or a phone")
    command = cmd.Book(
        booking=booking,
        service=body.service,
        slot_ms=body.slot_ms,
        person=person,
        channel=body.channel or _CHANNEL.get(call.principal.role, "counter"),
    )
    return await api.decided(
        actor, call, command, lambda state, outcome, now: _answer(state, booking, outcome)
    )


async def command(api: Api, call: Call, booking: str, body: bodies.BookingCommandBody) -> m.BookingAnswer:
    """A command to a booking; a check-in answers the ticket, with the citizen's key but to a clerk."""
    actor = api.actor(call, BOOKING_PERMISSION[type(body)])
    by_staff = call.principal.staff
    known = typed(booking)
    wanted: cmd.BookingCommand
    match body:
        case bodies.CheckInBody():
            channel = body.channel or _CHANNEL.get(call.principal.role, "counter")
            wanted = cmd.CheckIn(
                booking=known,
                ticket=new_ticket_id(),
                channel=channel,
                traits=body.traits,
                printer=body.printer or "",
            )
        case bodies.CancelBookingBody():
            wanted = cmd.CancelBooking(booking=known, by_staff=by_staff)
        case _:
            wanted = cmd.MoveBooking(booking=known, slot_ms=body.slot_ms, by_staff=by_staff)

    def render(state: HallState, outcome: Outcome, now_ms: int) -> m.BookingAnswer:
        ticket = state.tickets.get(outcome.ticket or "")
        if ticket is None:
            return _answer(state, known, outcome)
        shown = ticket_out(state, ticket, now_ms, api.link_for(call, state, ticket.id))
        return m.BookingAnswer(
            booking=booking_out(state, booking_of(state, known)), ticket=shown, revision=outcome.revision
        )

    return await api.decided(actor, call, wanted, render)


async def one(api: Api, call: Call, booking: str) -> m.BookingAnswer:
    """One booking, and its ticket while that is kept."""
    actor = api.actor(call, Permission.READ_BOOKING)

    def look(state: HallState, now_ms: int) -> m.BookingAnswer:
        found = booking_of(state, typed(booking))
        ticket = state.tickets.get(found.ticket or "")
        return m.BookingAnswer(
            booking=booking_out(state, found),
            ticket=ticket_out(state, ticket, now_ms) if ticket else None,
            revision=state.revision,
        )

    return await actor.read(look)


async def listed(api: Api, call: Call, query: BookingsQuery) -> m.BookingPage:
    """Bookings, earliest slot first."""
    actor = api.actor(call, Permission.LIST_BOOKINGS)
    _checked_day(query.day)

    def wanted(booking: Booking) -> bool:
        return (
            query.day in (None, booking.day)
            and query.service in (None, booking.service)
            and query.state in (None, booking.state)
        )

    def look(state: HallState, now_ms: int) -> m.BookingPage:
        found = sorted(filter(wanted, state.bookings.values()), key=_position)
        if query.after is not None:
            slot, _, booking = query.after.partition("-")
            last = (int(slot) if slot.isdecimal() else 0, booking)
            found = [each for each in found if _position(each) > last]
        page = found[: query.limit]
        return m.BookingPage(
            bookings=tuple(booking_out(state, each) for each in page),
            next=f"{page[-1].slot_ms}-{page[-1].id}" if len(found) > len(page) else None,
            revision=state.revision,
        )

    return await actor.read(look)


async def find(api: Api, call: Call, body: bodies.FindBookingsBody) -> m.BookingPage:
    """A person's bookings, by identity card or telephone: for checking in without the number."""
    actor = api.actor(call, Permission.READ_BOOKING)
    person = _person(api, call, body.person)

    def look(state: HallState, _: int) -> m.BookingPage:
        found = [each for each in state.bookings.values() if same_person(each.person, person)]
        shown = tuple(booking_out(state, each) for each in sorted(found, key=_position))
        return m.BookingPage(bookings=shown, next=None, revision=state.revision)

    return await actor.read(look)


async def slots(api: Api, call: Call, query: SlotsQuery) -> m.Slots:
    """Free places of a service."""
    actor = api.actor(call, Permission.READ_HALL)
    day = _checked_day(query.day)
    return await actor.read(lambda state, now_ms: slots_out(state, query.service, day, now_ms))


def _position(booking: Booking) -> tuple[int, str]:
    return booking.slot_ms, booking.id


def _person(api: Api, call: Call, person: bodies.PersonBody) -> cmd.Person | None:
    return known_person(api.secret, call.hall, id_no=person.id_no, name=person.name, phone=person.phone)


def _answer(state: HallState, booking: str, outcome: Outcome) -> m.BookingAnswer:
    found = booking_of(state, booking)
    return m.BookingAnswer(booking=booking_out(state, found), ticket=None, revision=outcome.revision)


def _checked_day(day: str | None) -> str | None:
    try:
        if day is not None:
            date.fromisoformat(day)
    except ValueError:
        raise Rejected(Code.INVALID, "there is no such day", "an ISO date, e.g. 2026-11-23") from None
    return day
