"""Calling and serving: what a clerk does with the ticket at the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callq.domain import events as ev
from callq.domain.errors import Code
from callq.domain.routing import choose_lane
from callq.domain.rules.decision import Decision
from callq.domain.rules.guards import after_ticket, conflict, present, require_window, staffed, window_of
from callq.domain.ticket import TicketAct
from callq.domain.window import WindowAct, WindowState

if TYPE_CHECKING:
    from callq.domain import commands as cmd
    from callq.domain.state import HallState


def call_next(state: HallState, command: cmd.CallNext, now_ms: int) -> Decision:
    """Call the ticket that the policy chooses; no events when nothing eligible waits."""
    window = window_of(state, command.window)
    if window.state == WindowState.CLOSED:
        raise conflict(Code.WINDOW_CLOSED, window, "it is closed", "open it first")
    clerk = staffed(window)
    if window.ticket is not None:
        raise conflict(
            Code.WINDOW_BUSY,
            window,
            f"it is {window.state} {window.ticket.number}",
            "start or miss it first" if window.state == WindowState.CALLING else "complete it first",
        )
    if window.paused:
        raise conflict(Code.WINDOW_PAUSED, window, "it is paused", "unpause it first")
    require_window(window, WindowAct.CALL_NEXT)
    choice = choose_lane(state, window)
    if choice is None:
        return Decision((), window=window.id)
    called = ev.TicketCalled(ticket=choice.ticket.id, window=window.id, clerk=clerk, why=choice.why)
    return Decision((called,), ticket=choice.ticket.id, window=window.id)


def recall(state: HallState, command: cmd.Recall, now_ms: int) -> Decision:
    """Announce the ticket again, not before the gap has passed and not more often than the limit."""
    window = window_of(state, command.window)
    ticket = present(window, TicketAct.RECALL)
    rules = state.config.rules
    if ticket.calls >= rules.max_calls:
        raise conflict(
            Code.LIMIT_REACHED,
            window,
            f"{ticket.number} was called {ticket.calls} times",
            "mark it as missed",
        )
    retry_ms = (ticket.last_call_ms or 0) + rules.recall_gap_s * 1000 - now_ms
    if retry_ms > 0:
        raise conflict(
            Code.TOO_SOON, window, f"{ticket.number} was called just now", "wait and call again"
        ).having(retry_ms=retry_ms)
    return Decision((ev.TicketRecalled(ticket=ticket.id),), ticket=ticket.id, window=window.id)


def start(state: HallState, command: cmd.Start, now_ms: int) -> Decision:
    """Begin serving the called ticket."""
    window = window_of(state, command.window)
    ticket = present(window, TicketAct.START)
    return Decision((ev.TicketStarted(ticket=ticket.id),), ticket=ticket.id, window=window.id)


def complete(state: HallState, command: cmd.Complete, now_ms: int) -> Decision:
    """End the service; flags of the window take effect."""
    window = window_of(state, command.window)
    ticket = present(window, TicketAct.COMPLETE)
    events = (ev.TicketCompleted(ticket=ticket.id), *after_ticket(window))
    return Decision(events, ticket=ticket.id, window=window.id)


def miss(state: HallState, command: cmd.Miss, now_ms: int) -> Decision:
    """Give the call up after enough calls; flags of the window take effect."""
    window = window_of(state, command.window)
    ticket = present(window, TicketAct.MISS)
    least = state.config.rules.min_calls_before_miss
    if ticket.calls < least:
        gap_ms = (ticket.last_call_ms or 0) + state.config.rules.recall_gap_s * 1000 - now_ms
        raise conflict(
            Code.TOO_SOON,
            window,
            f"{ticket.number} was called {ticket.calls} of {least} times",
            "recall it before marking it as missed",
        ).having(retry_ms=max(0, gap_ms))
    events = (ev.TicketMissed(ticket=ticket.id), *after_ticket(window))
    return Decision(events, ticket=ticket.id, window=window.id)
