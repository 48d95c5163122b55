"""The zone screen: last calls, who waits, which numbers were missed. Numbers only, never a name."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from callq.domain.ticket import SHOWN_AS_CALL, TicketState
from callq.domain.window import WindowState
from callq.views.notices import layout_of, notices_of
from callq.views.queues import Memo, place_of, services_of, waiting_count
from callq.views.ticket import rejoin_of
from callq.views.ticketing import suspended_of, ticketing_of
from callq.wire import messages as m

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callq.domain.state import HallState
    from callq.domain.ticket import Ticket
    from callq.domain.window import Window

CALLS_SHOWN: Final = 12
MISSED_SHOWN: Final = 8


def project_board(state: HallState, zone: str | None, now_ms: int, memo: Memo) -> dict[str, object]:
    """Data of the view ``board``.

    `missed` is what was missed in the last `missed_shown_min` when this was made. It ages by time
    alone, which touches nothing: a client goes on to drop rows by their `at_ms` and its own clock.

    Args:
      state: the hall.
      zone: code, or None for the whole hall.
      now_ms: Unix milliseconds, for the age of missed numbers.
      memo: shared by the projections of this state.

    Raises:
      Rejected: there is no such zone.
    """
    place = place_of(state, zone)
    return {
        "place": place,
        "calls": tuple(_call(state, t) for t in _recent(state, zone)),
        "waiting": tuple(_waiting_rows(state, zone, now_ms, memo)),
        "missed": tuple(
            m.BoardMissed(number=t.number, service=t.service, at_ms=t.missed_ms or 0)
            for t in _missed(state, zone, now_ms)
        ),
        "missed_shown_min": state.config.rules.missed_shown_min,
        "rejoin": rejoin_of(state),
        "suspended": suspended_of(state),
        "windows": tuple(
            window_row(state, window, memo)
            for config in state.config.windows
            if zone in (None, config.zone)
            if (window := state.windows.get(config.id))
        ),
        "notices": notices_of(state, zone),
        "screen": layout_of(state, zone),
    }


def _recent(state: HallState, zone: str | None) -> list[Ticket]:
    """Tickets whose call is listed, the newest call first."""
    ids = state.recent.get(zone, ()) if zone is not None else _everywhere(state)
    tickets = (state.tickets.get(ticket) for ticket in ids)
    return [t for t in tickets if t is not None and t.state in SHOWN_AS_CALL][:CALLS_SHOWN]


def _everywhere(state: HallState) -> list[str]:
    """Recent calls of all zones; one that is announced in two zones is listed once."""
    ids = dict.fromkeys(ticket for zone in sorted(state.recent) for ticket in state.recent[zone])
    known = [t for t in ids if t in state.tickets]
    return sorted(known, key=lambda t: -(state.tickets[t].last_call_ms or 0))


def _call(state: HallState, ticket: Ticket) -> m.BoardCall:
    assert ticket.window is not None
    window = state.index.windows.get(ticket.window)
    zone = state.index.zones.get(window.zone) if window else None
    service = state.index.services.get(ticket.service)
    return m.BoardCall(
        number=ticket.number,
        window=ticket.window,
        label=window.label if window else ticket.window,
        at_ms=ticket.last_call_ms or 0,
        calls=ticket.calls,
        state=ticket.state.value,
        service=ticket.service,
        service_name=service.name if service else ticket.service,
        service_name_en=service.name_en if service else "",
        directions=window.directions if window else "",
        directions_en=window.directions_en if window else "",
        zone=window.zone if window else ticket.zone,
        zone_name=zone.name if zone else "",
        zone_name_en=zone.name_en if zone else "",
        zone_place=zone.place if zone else "",
        zone_place_en=zone.place_en if zone else "",
    )


def _waiting_rows(state: HallState, zone: str | None, now_ms: int, memo: Memo) -> Iterator[m.BoardWaiting]:
    for service in services_of(state, zone):
        key = ("waiting", service.code)
        if key not in memo:
            memo[key] = m.BoardWaiting(
                service=service.code,
                name=service.name,
                name_en=service.name_en,
                prefix=service.prefix,
                count=waiting_count(state, service.code, memo),
                ticketing=ticketing_of(state, service, now_ms),
            )
        yield memo[key]


def _missed(state: HallState, zone: str | None, now_ms: int) -> list[Ticket]:
    oldest_ms = now_ms - state.config.rules.missed_shown_min * 60_000
    found = []
    for ticket_id in state.missed:
        ticket = state.tickets.get(ticket_id)
        if ticket is None or ticket.state is not TicketState.MISSED or (ticket.missed_ms or 0) < oldest_ms:
            continue
        window = state.index.windows.get(ticket.window or "")
        if zone is None or zone == ticket.zone or (window and window.zone == zone):
            found.append(ticket)
    return found[:MISSED_SHOWN]


def public_state(window: Window) -> WindowState:
    """What citizens see: without a clerk a window is not open for them, whatever its flags say."""
    return window.state if window.clerk is not None else WindowState.CLOSED


def working(state: HallState) -> Counter[str]:
    """How many windows that are at work now do each service."""
    found: Counter[str] = Counter()
    for window in state.windows.values():
        if public_state(window) is not WindowState.CLOSED:
            found.update(state.services_at(window))
    return found


def window_row(state: HallState, window: Window, memo: Memo) -> m.BoardWindow:
    """A window as screens show it."""
    key = ("window", window.id)
    if key not in memo:
        memo[key] = m.BoardWindow(
            id=window.id,
            label=state.index.windows[window.id].label,
            state=public_state(window).value,
            staffed=window.clerk is not None,
            number=window.ticket.number if window.ticket else None,
        )
    row: m.BoardWindow = memo[key]
    return row
