"""Effects on the paper of tickets, and on printers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from callq.domain.effects.tools import Moment, drop_timer, set_timer
from callq.domain.printing import ENDED_WITHIN_MS, TAKEN_WITHIN_MS, TIMER, Printout

if TYPE_CHECKING:
    from callq.domain import events as ev
    from callq.domain.printing import Fault
    from callq.domain.state import HallState
    from callq.domain.undo import Undo


def requested(state: HallState, event: ev.PrintRequested, at: Moment, undo: Undo) -> None:
    """A print is to come."""
    ticket = state.tickets[event.ticket]
    printout = Printout(printer=event.printer, copy=event.copy, at_ms=at.now_ms, by=at.who)
    undo.put(state.prints, ticket.id, printout)
    undo.set(ticket, "touched", state.revision + 1)
    set_timer(state, TIMER, ticket.id, state.clock(at.now_ms) + TAKEN_WITHIN_MS, undo)


def taken(state: HallState, event: ev.PrintTaken, at: Moment, undo: Undo) -> None:
    """An agent has it; so there is one."""
    printout = state.prints[event.ticket]
    undo.put(state.prints, event.ticket, replace(printout, taken=True))
    set_timer(state, TIMER, event.ticket, state.clock(at.now_ms) + ENDED_WITHIN_MS, undo)
    _fault(state, printout.printer, "", undo)


def ended(state: HallState, event: ev.PrintEnded, at: Moment, undo: Undo) -> None:
    """It is over, as far as anybody knows."""
    printout = state.prints[event.ticket]
    over = replace(printout, state=event.state, fault=event.fault, ended_ms=at.now_ms)
    undo.put(state.prints, event.ticket, over)
    undo.set(state.tickets[event.ticket], "touched", state.revision + 1)
    drop_timer(state, TIMER, event.ticket, undo)
    _fault(state, printout.printer, event.fault, undo)


def reported(state: HallState, event: ev.PrinterReported, at: Moment, undo: Undo) -> None:
    """What is wrong with a printer is known."""
    _fault(state, event.printer, event.fault, undo)


def _fault(state: HallState, printer: str, fault: Fault, undo: Undo) -> None:
    if fault:
        undo.put(state.printer_faults, printer, fault)
    elif printer in state.printer_faults:
        undo.drop(state.printer_faults, printer)


def forget(state: HallState, ticket: str, undo: Undo) -> None:
    """Let go of the paper of a ticket that is forgotten."""
    if ticket in state.prints:
        undo.drop(state.prints, ticket)
        drop_timer(state, TIMER, ticket, undo)
