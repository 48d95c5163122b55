"""Tickets that were put aside, for whoever can go on with them; and what can be taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast

from callq.views.strip import services_shown
from callq.views.ticket import held_until_ms
from callq.wire import messages as m

if TYPE_CHECKING:
    from callq.domain.state import HallState
    from callq.domain.ticket import Ticket
    from callq.domain.window import Window


def held_at(state: HallState, window: Window) -> list[Ticket]:
    """Held tickets that somebody at a window may go on with, longest held first.

    Those that were held there or by its clerk, and those of its services that any window may take.
    """
    services = services_shown(state, window)
    found = [
        ticket
        for ticket in map(state.tickets.__getitem__, state.held)
        if _mine(ticket, window) or (ticket.hold_kind != "waiting" and ticket.service in services)
    ]
    return sorted(found, key=lambda ticket: (ticket.held_ms or 0, ticket.seq))


def _mine(ticket: Ticket, window: Window) -> bool:
    return ticket.window == window.id or (window.clerk is not None and ticket.clerk == window.clerk)


def held_row(state: HallState, ticket: Ticket, window: Window | None) -> m.HeldTicket:
    """A held ticket, as it is seen at a window; None: from above."""
    service = state.index.services.get(ticket.service)
    due_ms = held_until_ms(state, ticket)
    if ticket.hold_kind == "waiting" and state.suspended_since is None:
        due_ms = ticket.held_clock + state.frozen_ms + state.config.rules.hold_max_min * 60_000
    return m.HeldTicket(
        id=ticket.id,
        number=ticket.number,
        service=ticket.service,
        service_name=service.name if service else ticket.service,
        kind=cast('Literal["without_papers", "with_papers", "waiting"]', ticket.hold_kind),
        since_ms=ticket.held_ms or 0,
        window=ticket.window,
        clerk=ticket.clerk,
        due_ms=due_ms,
        mine=window is not None and _mine(ticket, window),
    )


def undoable(state: HallState, window: Window) -> m.Undoable | None:
    """What can be taken back at a window by whoever did it, until when; None: nothing.

    Time passes unseen: a client drops it at `until_ms`.
    """
    record = window.acted
    if record is None:
        return None
    for act in record.all:
        about = state.tickets.get(act.ticket)
        if about is None or about.touched != act.revision:
            return None
    ticket = state.tickets[record.ticket]
    return m.Undoable(
        act=cast('Literal["call", "miss", "complete"]', record.act),
        ticket=ticket.id,
        number=ticket.number,
        until_ms=record.at_ms + state.config.rules.undo_s * 1000,
    )
