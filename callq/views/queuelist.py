"""The list of the queue for paper: whoever has it can go on calling when the power has failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, cast

from callq.domain.desk import companion_of
from callq.domain.estimate import ahead
from callq.domain.hall import Zone
from callq.domain.ticket import AT_WINDOW, TicketState
from callq.wire import messages as m

if TYPE_CHECKING:
    from callq.domain.state import HallState
    from callq.domain.ticket import Ticket

_LISTED: Final = AT_WINDOW | {TicketState.WAITING, TicketState.HELD}

_OTHERS: Final = Zone(code="", name="其他", name_en="Others")
"""Whoever was told to wait in a zone that the hall no longer has."""


def queue_list(state: HallState, now_ms: int) -> m.QueueList:
    """Everybody who waits, is at a window, was put aside, or was missed and may come back; no person in it.

    By zone and service in the hall's order: those at windows, by label; those who wait, in the order in which
    the policy is estimated to call them; those who were put aside; those who were missed. Nobody is left out:
    whoever waits in no zone of the hall stands in a last one without a code.

    Args:
      state: the hall.
      now_ms: Unix milliseconds.
    """
    config = state.config
    found: dict[tuple[str, str], list[Ticket]] = {}
    for ticket in state.tickets.values():
        if ticket.state in _LISTED or (ticket.state is TicketState.MISSED and state.may_rejoin(ticket)):
            zone_code = ticket.zone if ticket.zone in state.index.zones else _OTHERS.code
            found.setdefault((zone_code, ticket.service), []).append(ticket)
    order = _order_of_calls(state, now_ms)
    zones = []
    for zone in (*config.zones, _OTHERS):
        services = tuple(
            m.QueueService(
                service=service.code,
                name=service.name,
                name_en=service.name_en,
                prefix=service.prefix,
                rows=_rows(state, found[zone.code, service.code], order),
            )
            for service in config.services
            if (zone.code, service.code) in found
        )
        if services:
            zones.append(
                m.QueueZone(
                    code=zone.code, name=zone.name, name_en=zone.name_en, place=zone.place, services=services
                )
            )
    return m.QueueList(
        hall=state.hall,
        name=config.name,
        name_en=config.name_en,
        timezone=state.today.timezone,
        day=state.day,
        at_ms=now_ms,
        revision=state.revision,
        waiting=len(order),
        zones=tuple(zones),
    )


def _order_of_calls(state: HallState, now_ms: int) -> dict[str, int]:
    """Place of each waiting ticket among those of its service, from 1."""
    by_service: dict[str, list[tuple[int, Ticket]]] = {}
    for key, lane in state.lanes.items():
        for ticket in map(state.tickets.__getitem__, lane.ids()):
            by_service.setdefault(key.service, []).append((ahead(state, ticket, now_ms), ticket))
    return {
        ticket.id: place
        for waiting in by_service.values()
        for place, (_, ticket) in enumerate(sorted(waiting, key=lambda one: (one[0], one[1].place)), 1)
    }


def _rows(state: HallState, tickets: list[Ticket], order: dict[str, int]) -> tuple[m.QueueRow, ...]:
    windows = list(state.index.windows)

    def position(ticket: Ticket) -> tuple[int, int]:
        if ticket.state in AT_WINDOW:
            return 0, windows.index(ticket.window) if ticket.window in state.index.windows else 0
        if ticket.state is TicketState.WAITING:
            return 1, order[ticket.id]
        if ticket.state is TicketState.HELD:
            return 2, ticket.held_ms or 0
        return 3, ticket.missed_ms or 0

    return tuple(_row(state, ticket, order) for ticket in sorted(tickets, key=position))


def _row(state: HallState, ticket: Ticket, order: dict[str, int]) -> m.QueueRow:
    kind, _, whom = ticket.bound.partition(":")
    waits = ticket.state is TicketState.WAITING
    bound = whom if kind == "w" else state.clerk_at.get(whom, "")
    window = state.index.windows.get((bound if waits else ticket.window) or "")
    return m.QueueRow(
        number=ticket.number,
        class_=ticket.cls,
        state=cast('Literal["waiting", "called", "serving", "held", "missed"]', ticket.state.value),
        issued_ms=ticket.issued_ms,
        place=order.get(ticket.id),
        window=window.label if window else "",
        returned=ticket.returned,
        party=ticket.party,
        traits=ticket.traits,
        accompanied=companion_of(state, ticket) is not None,
    )
