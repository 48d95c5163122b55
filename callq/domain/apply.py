"""How a state changes: each event has one function here, and nothing else writes.

`apply` trusts its events (what is allowed was settled by `decide`) and makes every change through
the undo log, so that speculation can be taken back exactly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from callq.domain import events as ev
from callq.domain.lanes import Lane, LaneKey
from callq.domain.state import ClerkDay, Epoch, HallState, Index, KeyRecord, person_keys
from callq.domain.ticket import AT_WINDOW, FINAL, Ticket, TicketAct, TicketState, following
from callq.domain.window import Window

if TYPE_CHECKING:
    from collections.abc import Callable

    from callq.domain.undo import Undo

RECENT_CALLS: Final = 24
"""Calls kept for the screens of each zone."""

RECENT_MISSED: Final = 24


def apply(state: HallState, batch: ev.Batch, undo: Undo) -> None:
    """Bring a batch into force; on an exception the caller rolls `undo` back.

    Raises:
      IllegalTransition, KeyError: the batch does not fit this state (never for decided batches).
    """
    for event in batch.events:
        _APPLY[type(event)](state, event, batch.at_ms, undo)
    undo.set(state, "revision", state.revision + 1)
    undo.set(state, "now_ms", batch.at_ms)
    if not batch.key.startswith("~"):
        day = state.keys.get(state.day)
        if day is None:
            day = {}
            undo.put(state.keys, state.day, day)
        record = KeyRecord(batch.body, state.revision, batch.ticket, batch.window)
        undo.put(day, (batch.who.id, batch.key), record)


def _hall_configured(state: HallState, event: ev.HallConfigured, now_ms: int, undo: Undo) -> None:
    index = Index(event.config)
    undo.set(state, "config", event.config)
    undo.set(state, "index", index)
    undo.set(state, "digest", event.digest)
    _keep_prefixes(state, undo)
    for config in event.config.windows:
        if config.id not in state.windows:
            window = Window(config.id)
            window.since_ms = now_ms
            undo.put(state.windows, config.id, window)
    for gone in [w for w in state.windows if w not in index.windows]:
        undo.drop(state.windows, gone)
    for service in event.config.services:
        for cls in ("ordinary", "appointment", "priority"):
            key = LaneKey(service.code, cls)
            if key not in state.lanes:
                undo.put(state.lanes, key, Lane())
    for lane in [k for k in state.lanes if k.service not in index.services]:
        undo.drop(state.lanes, lane)


def _keep_prefixes(state: HallState, undo: Undo) -> None:
    """Another prefix waits for the next business day; a new service has its own at once."""
    kept = {s.code: state.prefixes.get(s.code, s.prefix) for s in state.config.services}
    undo.set(state, "prefixes", kept)


def _epoch_opened(state: HallState, event: ev.EpochOpened, now_ms: int, undo: Undo) -> None:
    undo.set(state, "epochs", (*state.epochs[-63:], Epoch(event.epoch, state.revision + 1)))


def _day_opened(state: HallState, event: ev.DayOpened, now_ms: int, undo: Undo) -> None:
    previous = state.day
    undo.set(state, "day", event.day)
    undo.set(state, "day_ends_ms", event.ends_ms)
    undo.set(state, "prefixes", {s.code: s.prefix for s in state.config.services})
    undo.set(state, "counters", {})
    undo.set(state, "clerk_days", {c: ClerkDay(now_ms) for c in state.clerk_at})
    undo.set(state, "recent", {})
    undo.set(state, "missed", ())
    # What ended yesterday stays as long as the keys that may ask for it again.
    kept = (previous, event.day)
    for ticket in [t for t in state.tickets.values() if t.state in FINAL and t.day not in kept]:
        undo.drop(state.tickets, ticket.id)
    # A key is kept 24 hours past the close of its day: through the whole of the next one.
    for day in [d for d in state.keys if d not in kept]:
        undo.drop(state.keys, day)


def _ticket_issued(state: HallState, event: ev.TicketIssued, now_ms: int, undo: Undo) -> None:
    undo.set(state, "seq", state.seq + 1)
    undo.put(state.counters, event.prefix, event.counter)
    ticket = Ticket(
        id=event.ticket,
        number=event.number,
        seq=state.seq,
        day=state.day,
        service=event.service,
        cls=event.cls,
        zone=event.zone,
        channel=event.channel,
        clock_ms=now_ms,
        issued_ms=now_ms,
        person=event.person,
        traits=event.traits,
    )
    undo.put(state.tickets, ticket.id, ticket)
    undo.enter(state.lanes[LaneKey(ticket.service, ticket.cls)], ticket)
    for known in person_keys(ticket.person):
        undo.put(state.live, (known, ticket.service), ticket.id)


def _move(ticket: Ticket, act: TicketAct, now_ms: int, undo: Undo) -> None:
    to = following(ticket.state, act)
    undo.set(ticket, "state", to)
    if to in FINAL:
        undo.set(ticket, "done_ms", now_ms)


def _ticket_called(state: HallState, event: ev.TicketCalled, now_ms: int, undo: Undo) -> None:
    ticket = state.tickets[event.ticket]
    window = state.windows[event.window]
    _move(ticket, TicketAct.CALL, now_ms, undo)
    undo.leave(state.lanes[LaneKey(ticket.service, ticket.cls)], ticket)
    undo.set(ticket, "window", event.window)
    undo.set(ticket, "clerk", event.clerk)
    undo.set(ticket, "calls", 1)
    undo.set(ticket, "called_ms", now_ms)
    undo.set(ticket, "last_call_ms", now_ms)
    undo.set(ticket, "why", event.why)
    undo.set(window, "ticket", ticket)
    undo.set(window, "since_ms", now_ms)
    _announced(state, ticket, undo)


def _ticket_recalled(state: HallState, event: ev.TicketRecalled, now_ms: int, undo: Undo) -> None:
    ticket = state.tickets[event.ticket]
    _move(ticket, TicketAct.RECALL, now_ms, undo)
    undo.set(ticket, "calls", ticket.calls + 1)
    undo.set(ticket, "last_call_ms", now_ms)
    _announced(state, ticket, undo)


def _announced(state: HallState, ticket: Ticket, undo: Undo) -> None:
    """Put a call on top of the lists of the window's zone and of the zone where the person waits."""
    assert ticket.window is not None
    for zone in {state.index.windows[ticket.window].zone, ticket.zone}:
        others = tuple(t for t in state.recent.get(zone, ()) if t != ticket.id)
        undo.put(state.recent, zone, (ticket.id, *others[: RECENT_CALLS - 1]))


def _ticket_started(state: HallState, event: ev.TicketStarted, now_ms: int, undo: Undo) -> None:
    ticket = state.tickets[event.ticket]
    _move(ticket, TicketAct.START, now_ms, undo)
    undo.set(ticket, "started_ms", now_ms)
    if ticket.window is not None:
        undo.set(state.windows[ticket.window], "since_ms", now_ms)


def _end(state: HallState, ticket: Ticket, act: TicketAct, now_ms: int, undo: Undo) -> None:
    """Move a ticket out of wherever it is: its lane or its window."""
    before = ticket.state
    _move(ticket, act, now_ms, undo)
    if before == TicketState.WAITING:
        undo.leave(state.lanes[LaneKey(ticket.service, ticket.cls)], ticket)
    elif before in AT_WINDOW and ticket.window is not None:
        window = state.windows[ticket.window]
        undo.set(window, "ticket", None)
        undo.set(window, "last", ticket.id)
        undo.set(window, "since_ms", now_ms)
    if ticket.state in FINAL:
        for known in person_keys(ticket.person):
            if state.live.get((known, ticket.service)) == ticket.id:
                undo.drop(state.live, (known, ticket.service))


def _count(state: HallState, clerk: str | None, undo: Undo, **more: int) -> None:
    day = state.clerk_days.get(clerk) if clerk else None
    if clerk and day:
        changed = day._replace(**{name: getattr(day, name) + value for name, value in more.items()})
        undo.put(state.clerk_days, clerk, changed)


def _ticket_completed(state: HallState, event: ev.TicketCompleted, now_ms: int, undo: Undo) -> None:
    ticket = state.tickets[event.ticket]
    _end(state, ticket, TicketAct.COMPLETE, now_ms, undo)
    _count(state, ticket.clerk, undo, done=1, handling_ms=now_ms - (ticket.started_ms or now_ms))


def _ticket_missed(state: HallState, event: ev.TicketMissed, now_ms: int, undo: Undo) -> None:
    ticket = state.tickets[event.ticket]
    _end(state, ticket, TicketAct.MISS, now_ms, undo)
    undo.set(ticket, "missed_ms", now_ms)
    undo.set(state, "missed", (ticket.id, *state.missed[: RECENT_MISSED - 1]))
    _count(state, ticket.clerk, undo, missed=1)


def _ticket_cancelled(state: HallState, event: ev.TicketCancelled, now_ms: int, undo: Undo) -> None:
    _end(state, state.tickets[event.ticket], TicketAct.CANCEL, now_ms, undo)


def _ticket_expired(state: HallState, event: ev.TicketExpired, now_ms: int, undo: Undo) -> None:
    _end(state, state.tickets[event.ticket], TicketAct.CLOSE_DAY, now_ms, undo)


def _clerk_signed_in(state: HallState, event: ev.ClerkSignedIn, now_ms: int, undo: Undo) -> None:
    undo.set(state.windows[event.window], "clerk", event.clerk)
    undo.put(state.clerk_at, event.clerk, event.window)
    if event.clerk not in state.clerk_days:
        undo.put(state.clerk_days, event.clerk, ClerkDay(now_ms))


def _clerk_signed_out(state: HallState, event: ev.ClerkSignedOut, now_ms: int, undo: Undo) -> None:
    undo.set(state.windows[event.window], "clerk", None)
    undo.drop(state.clerk_at, event.clerk)


def _window_opened(state: HallState, event: ev.WindowOpened, now_ms: int, undo: Undo) -> None:
    window = state.windows[event.window]
    if not window.open:
        undo.set(window, "open", True)
        undo.set(window, "since_ms", now_ms)
    undo.set(window, "draining", False)


def _window_draining(state: HallState, event: ev.WindowDraining, now_ms: int, undo: Undo) -> None:
    undo.set(state.windows[event.window], "draining", True)


def _window_closed(state: HallState, event: ev.WindowClosed, now_ms: int, undo: Undo) -> None:
    window = state.windows[event.window]
    for flag in ("open", "draining", "paused", "pause_after"):
        undo.set(window, flag, False)
    undo.set(window, "pause_reason", None)
    undo.set(window, "since_ms", now_ms)


def _pause_requested(state: HallState, event: ev.PauseRequested, now_ms: int, undo: Undo) -> None:
    window = state.windows[event.window]
    undo.set(window, "pause_after", True)
    undo.set(window, "pause_reason", event.reason or None)


def _window_paused(state: HallState, event: ev.WindowPaused, now_ms: int, undo: Undo) -> None:
    window = state.windows[event.window]
    undo.set(window, "paused", True)
    undo.set(window, "pause_after", False)
    undo.set(window, "pause_reason", event.reason or None)
    undo.set(window, "since_ms", now_ms)


def _window_unpaused(state: HallState, event: ev.WindowUnpaused, now_ms: int, undo: Undo) -> None:
    window = state.windows[event.window]
    if window.paused:
        undo.set(window, "since_ms", now_ms)
    undo.set(window, "paused", False)
    undo.set(window, "pause_after", False)
    undo.set(window, "pause_reason", None)


_APPLY: Final[dict[type, Callable[[HallState, Any, int, Undo], None]]] = {
    ev.HallConfigured: _hall_configured,
    ev.EpochOpened: _epoch_opened,
    ev.DayOpened: _day_opened,
    ev.TicketIssued: _ticket_issued,
    ev.TicketCalled: _ticket_called,
    ev.TicketRecalled: _ticket_recalled,
    ev.TicketStarted: _ticket_started,
    ev.TicketCompleted: _ticket_completed,
    ev.TicketMissed: _ticket_missed,
    ev.TicketCancelled: _ticket_cancelled,
    ev.TicketExpired: _ticket_expired,
    ev.ClerkSignedIn: _clerk_signed_in,
    ev.ClerkSignedOut: _clerk_signed_out,
    ev.WindowOpened: _window_opened,
    ev.WindowDraining: _window_draining,
    ev.WindowClosed: _window_closed,
    ev.PauseRequested: _pause_requested,
    ev.WindowPaused: _window_paused,
    ev.WindowUnpaused: _window_unpaused,
}
