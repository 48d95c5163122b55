"""Who alone may call a ticket: windows and clerks that tickets are bound to, and what ends that.

A binding is a promise of somebody who is there. As soon as the window or clerk cannot keep it, the
ticket goes to whoever serves its service, papers to their clerk's new window first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from callq.domain import events as ev
from callq.domain.seats import window_masters, window_serves

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from callq.domain.state import HallState
    from callq.domain.ticket import Ticket
    from callq.domain.window import Window


def home_of(state: HallState, ticket: Ticket, gone: str = "") -> Window | None:
    """Where a ticket that was put aside belongs: the window that held it, else its clerk's new one.

    Skills that are not in use count: what is to be done was begun there.

    Args:
      state: the hall.
      ticket: held, or back from a hold.
      gone: a window that is about to go.

    Returns:
      None where neither could go on with it.
    """
    for window in (ticket.window, state.clerk_at.get(ticket.clerk or "")):
        if window != gone and window_masters(state, window, ticket.service):
            return state.windows[window or ""]
    return None


def first_contact(state: HallState, clerk: str, service: str) -> str:
    """一号位: the binding of a ticket whose matter a clerk began; empty where that clerk could not call it.

    Args:
      state: the hall; only halls with a routing that says so bind anybody.
      clerk: id of the one who began, or whom the citizen asks for; empty: nobody.
      service: what the ticket will wait for.
    """
    routing = state.config.routing
    if routing is None or not routing.first_contact_min or not clerk:
        return ""
    at = state.clerk_at.get(clerk)
    seated = at is not None and state.windows[at].clerk == clerk
    return f"c:{clerk}" if seated and window_serves(state, at, service) else ""


def let_go(
    state: HallState,
    reason: str,
    serving: Mapping[str, Container[str]],
    mastered: Mapping[str, Container[str]] | None = None,
) -> list[ev.Event]:
    """Free the tickets that wait for a window or clerk and will not be called there any more.

    Args:
      state: the hall, before the change.
      reason: ``window_closed``, ``clerk_left`` or ``not_served``.
      serving: what each goes on to serve, by binding (``w:ID``, ``c:ID``).
      mastered: what windows could serve with skills not in use as well, which is enough for papers that
        are there; where it is not what they serve.
    """
    for_papers = {**serving, **(mastered or {})}
    return [
        _freed(state, state.tickets[ticket], reason)
        for key, lane in state.lanes.items()
        if key.to in serving
        for ticket in lane.ids()
        if key.service not in (for_papers if _papers(state.tickets[ticket]) else serving)[key.to]
    ]


def _papers(ticket: Ticket) -> bool:
    """Whether it waits for the window that has its papers."""
    return ticket.bound.startswith("w:") and ticket.returned == "hold"


def _freed(state: HallState, ticket: Ticket, reason: str) -> ev.Event:
    gone = ticket.bound.partition(":")[2]
    home = home_of(state, ticket, gone) if _papers(ticket) else None
    return ev.TicketUnbound(ticket=ticket.id, reason=reason, bound=f"w:{home.id}" if home else "")
