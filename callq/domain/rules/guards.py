"""Guards that several rules share, and the refusals they give."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callq.domain import events as ev
from callq.domain.errors import Code, Rejected
from callq.domain.ticket import Ticket, TicketAct, allowed
from callq.domain.window import Window, WindowAct, WindowState
from callq.domain.window import allowed as window_allows

if TYPE_CHECKING:
    from callq.domain.state import HallState


def window_of(state: HallState, window: str) -> Window:
    """The window, or `unknown_window`."""
    found = state.windows.get(window)
    if found is None:
        known = ", ".join(state.windows)
        raise Rejected(Code.UNKNOWN_WINDOW, f"no window {window!r}", f"one of: {known}", window=window)
    return found


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


def after_ticket(window: Window) -> list[ev.Event]:
    """What the flags make of a window whose ticket has just left."""
    if window.draining:
        return [ev.WindowClosed(window=window.id)]
    if window.pause_after:
        return [ev.WindowPaused(window=window.id, reason=window.pause_reason or "")]
    return []
