"""Effects of calling and serving at a window."""

from __future__ import annotations

from sys import intern
from typing import TYPE_CHECKING

from callq.domain.effects import tides
from callq.domain.effects.tools import (
    CALLS_KEPT,
    RECENT_MISSED,
    TIMERS,
    WHOLE_UNDO,
    Moment,
    acted,
    announce,
    begin_timer,
    call_over,
    count,
    drop_credit,
    drop_timer,
    enter_lane,
    forget_person,
    hush,
    know_person,
    leave_lane,
    move,
    needless,
    past_calls,
    put_at,
    ready,
    seats_changed,
    set_step,
    set_timer,
    settled,
    since,
    stands_again,
    stop_handling,
    withdraw,
)
from callq.domain.grounds import PAST_CALLS_MAX, Call
from callq.domain.sharing import shared_why
from callq.domain.ticket import AT_WINDOW, FINAL, TicketAct, TicketState

if TYPE_CHECKING:
    from callq.domain import events as ev
    from callq.domain.state import HallState
    from callq.domain.ticket import Ticket
    from callq.domain.undo import Undo
    from callq.domain.window import Acted, Window


def called(state: HallState, event: ev.TicketCalled, at: Moment, undo: Undo) -> None:
    """A ticket is called to a window."""
    ticket = state.tickets[event.ticket]
    window = state.windows[event.window]
    acted(state, "call", ticket, window, at, undo)
    act = TicketAct.CALL
    if ticket.state == TicketState.HELD and event.why.rule == "papers_back":
        act = TicketAct.RETURN
    elif ticket.state != TicketState.WAITING:
        act = TicketAct.CALL_THIS
    if ticket.state == TicketState.MISSED:
        undo.set(state, "missed", tuple(t for t in state.missed if t != ticket.id))
    call_over(state, ticket, at, undo)
    move(state, ticket, act, at, undo, TicketState.CALLED)
    clerk = intern(event.clerk)
    undo.set(ticket, "window", window.id)
    undo.set(ticket, "clerk", clerk)
    if event.clock_ms is not None:
        undo.set(ticket, "clock_ms", event.clock_ms)
    undo.set(ticket, "hold_kind", None)
    undo.set(ticket, "calls", 1)
    undo.set(ticket, "called_ms", at.now_ms)
    undo.set(ticket, "last_call_ms", at.now_ms)
    undo.set(ticket, "why", shared_why(event.why, state.tickets))
    if state.level >= CALLS_KEPT:
        own_ms, revision = state.clock(at.now_ms), state.revision + 1
        call = Call(window.id, clerk, ticket.service, own_ms, ticket.clock_ms, revision)
        undo.set(ticket, "call", call)
    put_at(state, window, ticket, undo)
    since(state, window, at, undo)
    announce(state, ticket, at, undo)


def recalled(state: HallState, event: ev.TicketRecalled, at: Moment, undo: Undo) -> None:
    """The call is repeated."""
    ticket = state.tickets[event.ticket]
    assert ticket.window is not None
    settled(state, state.windows[ticket.window], undo)
    move(state, ticket, TicketAct.RECALL, at, undo)
    undo.set(ticket, "calls", ticket.calls + 1)
    undo.set(ticket, "last_call_ms", at.now_ms)
    needless(state, ticket, at, undo)
    announce(state, ticket, at, undo)


def started(state: HallState, event: ev.TicketStarted, at: Moment, undo: Undo) -> None:
    """Service begins."""
    ticket = state.tickets[event.ticket]
    assert ticket.window is not None
    window = state.windows[ticket.window]
    settled(state, window, undo)
    move(state, ticket, TicketAct.START, at, undo)
    undo.set(ticket, "started_ms", at.now_ms)
    undo.set(ticket, "started_clock", state.clock(at.now_ms))
    undo.set(ticket, "start_source", "auto" if event.auto else "explicit")
    since(state, window, at, undo)


def completed(state: HallState, event: ev.TicketCompleted, at: Moment, undo: Undo) -> None:
    """The service is done."""
    ticket = state.tickets[event.ticket]
    assert ticket.window is not None
    window = state.windows[ticket.window]
    if event.unconfirmed:
        settled(state, window, undo)
    else:
        acted(state, "complete", ticket, window, at, undo)
    stop_handling(state, ticket, at, undo)
    if event.unconfirmed:
        move(state, ticket, TicketAct.END_UNCONFIRMED, at, undo)
        undo.set(ticket, "unconfirmed", True)
    else:
        move(state, ticket, TicketAct.COMPLETE, at, undo)
        count(state, ticket, ticket.clerk, undo, done=1, done_ms=ticket.handled_ms)
    set_step(
        ticket,
        ticket.step,
        undo,
        state="done",
        done_ms=at.now_ms,
        window=window.id,
        clerk=ticket.clerk or "",
    )


def missed(state: HallState, event: ev.TicketMissed, at: Moment, undo: Undo) -> None:
    """Nobody came."""
    ticket = state.tickets[event.ticket]
    assert ticket.window is not None
    acted(state, "miss", ticket, state.windows[ticket.window], at, undo)
    move(state, ticket, TicketAct.MISS, at, undo)
    undo.set(ticket, "missed_ms", at.now_ms)
    undo.set(state, "missed", (ticket.id, *state.missed[: RECENT_MISSED - 1]))
    count(state, ticket, ticket.clerk, undo, missed=1)


def held(state: HallState, event: ev.TicketHeld, at: Moment, undo: Undo) -> None:
    """Put aside; the window is free."""
    ticket = state.tickets[event.ticket]
    assert ticket.window is not None
    settled(state, state.windows[ticket.window], undo)
    stop_handling(state, ticket, at, undo)
    undo.set(ticket, "hold_kind", event.kind)
    move(state, ticket, TicketAct.HOLD, at, undo)
    undo.set(ticket, "held_ms", at.now_ms)
    undo.set(ticket, "held_clock", state.clock(at.now_ms))


def resumed(state: HallState, event: ev.TicketResumed, at: Moment, undo: Undo) -> None:
    """A waiting hold goes on, without a call."""
    ticket = state.tickets[event.ticket]
    window = state.windows[event.window]
    settled(state, window, undo)
    move(state, ticket, TicketAct.RESUME, at, undo)
    undo.set(ticket, "window", event.window)
    undo.set(ticket, "clerk", event.clerk)
    undo.set(ticket, "started_clock", state.clock(at.now_ms))
    undo.set(ticket, "hold_kind", None)
    put_at(state, window, ticket, undo)
    since(state, window, at, undo)


def undone(state: HallState, event: ev.Undone, at: Moment, undo: Undo) -> None:
    """The window's last act never was: everything it changed is as before."""
    ticket = state.tickets[event.ticket]
    window = state.windows[event.window]
    record = window.acted
    assert record is not None
    clerk, handled = ticket.clerk, _counted_ms(state, ticket, record)
    kept = event.act == "call" and state.level >= CALLS_KEPT
    past = past_calls(state, ticket, ("undone", at.now_ms)) if kept else ticket.past
    put_at(state, window, None, undo)
    if ticket.state == TicketState.WAITING:
        leave_lane(state, ticket, undo)
    drop_timer(state, TIMERS.get(ticket.state, ""), ticket.id, undo)
    forget_person(state, ticket, undo)
    before = dict(record.before)
    for name, value in record.before:
        undo.set(ticket, name, value)
    # A call that was taken back was heard all the same.
    heard = tuple(call for call in past if call.ended == "undone" and call not in ticket.past)
    undo.set(ticket, "past", (*ticket.past, *heard)[-PAST_CALLS_MAX:])
    for index, step in enumerate(ticket.steps):
        if step.state != "deferred":
            drop_credit(state, ticket, index, undo)
    _as_before(state, window, record, at, undo)
    seats_changed(state, undo)
    ready(state, window, at, undo)
    undo.set(window, "acted", record.previous)
    undo.set(ticket, "touched", state.revision + 1)
    if ticket.state in AT_WINDOW:
        put_at(state, window, ticket, undo)
    know_person(state, ticket, undo)
    if record.due_ms is None or ticket.state == TicketState.CALLED:
        # A day that closed since lets a service end; who is called again has the whole time to come.
        begin_timer(state, ticket, at, undo)
    else:
        set_timer(state, TIMERS[ticket.state], ticket.id, record.due_ms, undo)
    if event.act == "call":
        withdraw(state, ticket, undo)
        hush(state, ticket, at, undo)
        _back_to_where_it_was(state, ticket, undo)
    elif event.act == "miss":
        undo.set(state, "missed", tuple(t for t in state.missed if t != ticket.id))
        stands_again(state, ticket, undo)
        count(state, ticket, clerk, undo, missed=-1)
    else:
        stretch = handled - int(str(before["handled_ms"]))
        count(state, ticket, clerk, undo, done=-1, done_ms=-handled, handling_ms=-max(0, stretch))


def _counted_ms(state: HallState, ticket: Ticket, record: Acted) -> int:
    """Handling that a ticket had when its act was done, also where its visit has gone on at once.

    The next step counts from nothing again; its clock says when the one before was done.
    """
    before = dict(record.before)
    began = before["started_clock"]
    if state.level < WHOLE_UNDO or record.act != "complete" or ticket.step == before["step"] or began is None:
        return ticket.handled_ms
    return int(str(before["handled_ms"])) + ticket.clock_ms - int(str(began))


def _as_before(state: HallState, window: Window, record: Acted, at: Moment, undo: Undo) -> None:
    """Take back what the end of a ticket made of its window, not what its clerk has asked for since."""
    before = dict(record.window)
    for name in ("last", "since_ms"):
        undo.set(window, name, before[name])
    if record.act == "call":
        return
    if not window.open:
        undo.set(window, "open", True)
        if window.tide_end is None or window.tide_end.wish == "drain":
            undo.set(window, "draining", True)
        undo.set(window, "pause_after", before["pause_after"])
        undo.set(window, "pause_reason", before["pause_reason"])
    elif window.paused:
        undo.set(window, "paused", False)
        undo.set(window, "pause_after", True)
    tides.end_taken_back(state, window, at, undo)


def _back_to_where_it_was(state: HallState, ticket: Ticket, undo: Undo) -> None:
    """Put a ticket whose call was undone back: its lane, the missed or the held ones."""
    if ticket.state == TicketState.WAITING:
        enter_lane(state, ticket, undo)
    elif ticket.state == TicketState.MISSED:
        missed_ms = ticket.missed_ms or 0
        later = [t for t in state.missed if (state.tickets[t].missed_ms or 0) > missed_ms]
        place = len(later) if state.level >= WHOLE_UNDO else 0
        missed = (*state.missed[:place], ticket.id, *state.missed[place:])
        undo.set(state, "missed", missed[:RECENT_MISSED])
    elif ticket.state == TicketState.HELD:
        undo.put(state.held, ticket.id, None)
    assert ticket.state not in FINAL
