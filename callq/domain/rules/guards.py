"""Guards that several rules share, and the refusals they give."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callq.domain import events as ev
from callq.domain.errors import Code, Rejected
from callq.domain.ticket import Ticket, TicketAct, TicketState, allowed
from callq.domain.window import Window, WindowAct, WindowState
from callq.domain.window import allowed as window_allows

if TYPE_CHECKING:
    from callq.domain.hall import Item, Service
    from callq.domain.state import Booking, HallState


def window_of(state: HallState, window: str) -> Window:
    """The window, or `unknown_window`."""
    found = state.windows.get(window)
    if found is None:
        known = ", ".join(state.windows)
        raise Rejected(Code.UNKNOWN_WINDOW, f"no window {window!r}", f"one of: {known}", window=window)
    return found


def ticket_of(state: HallState, ticket: str) -> Ticket:
    """The ticket, or `unknown_ticket`."""
    found = state.tickets.get(ticket)
    if found is None:
        raise Rejected(
            Code.UNKNOWN_TICKET, f"no ticket {ticket!r} today", "look it up by its number", ticket=ticket
        )
    return found


def unused(state: HallState, ticket: str) -> None:
    """Refuse an id for a new ticket that another one has."""
    if ticket in state.tickets:
        raise Rejected(Code.INVALID, "the ticket id is taken", "mint another one", ticket=ticket)


def booking_of(state: HallState, booking: str) -> Booking:
    """The booking, or `unknown_booking`."""
    found = state.bookings.get(booking)
    if found is None:
        raise Rejected(
            Code.UNKNOWN_BOOKING, f"no booking {booking!r}", "look it up by its person", booking=booking
        )
    return found


def service_of(state: HallState, service: str) -> Service:
    """The service, or `unknown_service`."""
    found = state.index.services.get(service)
    if found is None:
        known = ", ".join(state.index.services)
        raise Rejected(Code.UNKNOWN_SERVICE, f"no service {service!r}", f"one of: {known}", service=service)
    return found


def item_of(state: HallState, item: str) -> Item:
    """The matter, or `unknown_item`."""
    found = state.index.items.get(item)
    if found is None:
        raise Rejected(Code.UNKNOWN_ITEM, f"no item {item!r}", "look it up in the hall's list", item=item)
    return found


def clerk_of(state: HallState, clerk: str) -> str:
    """The clerk's id, or `unknown_clerk`."""
    if clerk not in state.index.clerks:
        raise Rejected(Code.UNKNOWN_CLERK, f"no clerk {clerk!r}", "check the clerk's number", clerk=clerk)
    return clerk


def whereabouts(state: HallState, clerk: str) -> str:
    """State of a clerk: ``signed_in``, ``trainee`` (beside the mentor), ``seconded`` or ``absent``."""
    window = state.windows.get(state.clerk_at.get(clerk, ""))
    if window is not None:
        return "signed_in" if window.clerk == clerk else "trainee"
    return "seconded" if clerk in state.seconded else "absent"


def running(state: HallState) -> None:
    """Refuse with `hall_suspended` while the hall stands still."""
    if state.suspended_since is not None:
        raise Rejected(
            Code.HALL_SUSPENDED,
            f"the hall is suspended{': ' if state.suspended_reason else ''}{state.suspended_reason}",
            "wait until it goes on",
            state="suspended",
        )


def zone_for(state: HallState, service: str) -> str:
    """Where to wait for a service that names no zone: that of the first window equipped for it."""
    named = state.index.services[service].zone
    if named:
        return named
    for window in state.config.windows:
        if not window.services or service in window.services:
            return window.zone
    return state.config.zones[0].code


def wrong_state(ticket: Ticket, what: str, hint: str) -> Rejected:
    """A refusal about a ticket, with its state."""
    return Rejected(Code.WRONG_STATE, f"{ticket.number}: {what}", hint, state=ticket.state, ticket=ticket.id)


def in_its_day(state: HallState, ticket: Ticket) -> None:
    """Refuse with `expired` what would let a ticket wait when its own day is over."""
    if ticket.day != state.day or state.day_closed:
        done = ticket.state == TicketState.DONE
        raise Rejected(
            Code.EXPIRED,
            f"{ticket.number} is of {ticket.day}, whose day is over",
            "take a new number with `come_back`" if done else "complete it, and take a new number for more",
            state=ticket.state,
            ticket=ticket.id,
        )


def able_to_call(state: HallState, window: Window) -> str:
    """The clerk of a window that may call now: open, staffed, free, not paused, hall not suspended.

    Raises:
      Rejected: `hall_suspended`, `window_closed`, `window_unstaffed`, `window_busy`, `window_paused`.
    """
    running(state)
    if window.state == WindowState.CLOSED:
        raise conflict(Code.WINDOW_CLOSED, window, "it is closed", "open it first")
    clerk = staffed(window)
    if window.ticket is not None:
        raise busy(window)
    if window.paused:
        raise conflict(Code.WINDOW_PAUSED, window, "it is paused", "unpause it first")
    return clerk


def busy(window: Window) -> Rejected:
    """`window_busy`, saying with what."""
    assert window.ticket is not None
    calling = window.state == WindowState.CALLING
    return conflict(
        Code.WINDOW_BUSY,
        window,
        f"it is {window.state} {window.ticket.number}",
        "start or miss it first" if calling else "complete it first",
    )


def conflict(code: Code, window: Window, detail: str, hint: str) -> Rejected:
    """A refusal about a window, with its state and the ticket that stands there."""
    ids = {"window": window.id}
    if window.ticket:
        ids["ticket"] = window.ticket.id
    return Rejected(code, f"window {window.id}: {detail}", hint, state=window.state, **ids)


def require(ticket: Ticket, act: TicketAct) -> None:
    """Refuse an act that the ticket table does not have, with `wrong_state`."""
    if not allowed(ticket.state, act):
        raise Rejected(
            Code.WRONG_STATE,
            f"{ticket.number} is {ticket.state}; {act} is not possible",
            "look at its present state and go on from there",
            state=ticket.state,
            ticket=ticket.id,
        )


def require_window(window: Window, act: WindowAct) -> None:
    """Refuse an act that the window table does not have, with `window_busy` or `wrong_state`."""
    if not window_allows(window.state, act):
        if window.ticket is not None:
            raise conflict(
                Code.WINDOW_BUSY if act in (WindowAct.SIGN_IN, WindowAct.SIGN_OUT) else Code.WRONG_STATE,
                window,
                f"it is {window.state} {window.ticket.number}; {act} is not possible",
                "finish or miss the ticket first"
                if window.state == WindowState.CALLING
                else "complete it first",
            )
        raise conflict(
            Code.WRONG_STATE,
            window,
            f"it is {window.state}; {act} is not possible",
            "look at its present state",
        )


def reasoned(window: Window, reason: str, what: str) -> None:
    """Refuse an intervention for which a blank reason was given, with `invalid`."""
    if not reason.strip():
        raise conflict(Code.INVALID, window, f"{what} needs a reason", "say why")


def staffed(window: Window) -> str:
    """The clerk who sits there, or `window_unstaffed`."""
    if window.clerk is None:
        raise conflict(Code.WINDOW_UNSTAFFED, window, "nobody is signed in", "sign in first")
    return window.clerk


def present(window: Window, act: TicketAct) -> Ticket:
    """The ticket at the window, in a state where `act` is possible."""
    if window.ticket is None:
        raise conflict(Code.WRONG_STATE, window, f"no ticket is there to {act}", "call the next one")
    ticket = window.ticket
    if not allowed(ticket.state, act):
        raise conflict(
            Code.WRONG_STATE,
            window,
            f"{ticket.number} is {ticket.state}; {act} is not possible",
            "look at its present state and go on from there",
        )
    return ticket


def may_recall_ms(state: HallState, ticket: Ticket) -> int:
    """From when a called ticket may be called again, Unix ms."""
    return (ticket.last_call_ms or 0) + state.config.rules.recall_gap_s * 1000


def clock_back(state: HallState, ticket: Ticket, now_ms: int) -> int | None:
    """Lateness clock of a ticket that comes back from a hold, without the held time; None: as it is."""
    if ticket.state != TicketState.HELD:
        return None
    return ticket.clock_ms + state.clock(now_ms) - ticket.held_clock


def flags_after(window: Window) -> list[ev.Event]:
    """What the flags make of a window whose ticket has just left."""
    if window.draining:
        return [ev.WindowClosed(window=window.id)]
    if window.pause_after:
        return [ev.WindowPaused(window=window.id, reason=window.pause_reason or "")]
    return []
