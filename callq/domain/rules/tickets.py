"""Tickets: taking one, giving it up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callq.domain import events as ev
from callq.domain.errors import Code, Rejected
from callq.domain.numbers import ticket_number
from callq.domain.rules.decision import Decision
from callq.domain.rules.guards import after_ticket, require
from callq.domain.state import person_keys
from callq.domain.ticket import AT_WINDOW, TicketAct

if TYPE_CHECKING:
    from callq.domain import commands as cmd
    from callq.domain.state import HallState


def issue(state: HallState, command: cmd.Issue, now_ms: int) -> Decision:
    """Take a number in the queue of a service."""
    service = state.index.services.get(command.service)
    if service is None:
        known = ", ".join(state.index.services)
        raise Rejected(
            Code.UNKNOWN_SERVICE,
            f"no service {command.service!r}",
            f"one of: {known}",
            service=command.service,
        )
    if command.ticket in state.tickets:
        raise Rejected(Code.INVALID, "the ticket id is taken", "mint another one", ticket=command.ticket)
    for known in person_keys(command.person) if service.one_per_person else ():
        held = state.live.get((known, service.code))
        if held is not None:
            ticket = state.tickets[held]
            raise Rejected(
                Code.DUPLICATE_TICKET,
                f"{ticket.number} of this person is {ticket.state}",
                "use that ticket or cancel it first",
                state=ticket.state,
                ticket=held,
                service=service.code,
            )
    prefix = state.prefixes[service.code]
    counter = state.counters.get(prefix, 0) + 1
    issued = ev.TicketIssued(
        ticket=command.ticket,
        number=ticket_number(prefix, counter),
        counter=counter,
        prefix=prefix,
        service=service.code,
        cls=command.cls,
        zone=service.zone or _only_zone(state, service.code),
        channel=command.channel,
        person=command.person,
        traits=command.traits,
    )
    return Decision((issued,), ticket=command.ticket)


def _only_zone(state: HallState, service: str) -> str:
    """Where to wait when the service names no zone: that of the first window equipped for it."""
    for window in state.config.windows:
        if not window.services or service in window.services:
            return window.zone
    return state.config.zones[0].code


def cancel(state: HallState, command: cmd.Cancel, now_ms: int) -> Decision:
    """Give a ticket up; a window that had called it is free."""
    ticket = state.tickets.get(command.ticket)
    if ticket is None:
        raise Rejected(
            Code.UNKNOWN_TICKET,
            f"no ticket {command.ticket!r} today",
            "look it up by its number",
            ticket=command.ticket,
        )
    require(ticket, TicketAct.CANCEL)
    events: list[ev.Event] = [ev.TicketCancelled(ticket=ticket.id, reason=command.reason)]
    if ticket.state in AT_WINDOW and ticket.window is not None:
        events += after_ticket(state.windows[ticket.window])
    return Decision(tuple(events), ticket=ticket.id, window=ticket.window)
