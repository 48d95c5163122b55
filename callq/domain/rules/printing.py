"""Printing tickets: once with the issue, again on request, and what agents say of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callq.domain import events as ev
from callq.domain.errors import Code, Rejected
from callq.domain.printing import COPIES_MAX, LEVEL
from callq.domain.rules.decision import Decision
from callq.domain.rules.guards import ticket_of, wrong_state
from callq.domain.ticket import FINAL

if TYPE_CHECKING:
    from callq.domain import commands as cmd
    from callq.domain.hall import Printer
    from callq.domain.printing import Printout
    from callq.domain.state import HallState
    from callq.domain.ticket import Ticket


def printer_of(state: HallState, printer: str) -> Printer:
    """The printer of the configuration in force.

    Raises:
      Rejected: `INVALID`; printers have no code of their own in the API.
    """
    found = state.index.printers.get(printer)
    if found is None:
        known = ", ".join(state.index.printers)
        raise Rejected(
            Code.INVALID,
            f"no printer {printer!r}",
            f"one of: {known}" if known else "the hall file has no [[printers]]",
        )
    return found


def first_print(state: HallState, ticket: str, printer: str) -> tuple[ev.Event, ...]:
    """What goes with an issue whose ticket is to be printed; nothing where the hall cannot record it yet.

    Raises:
      Rejected: `INVALID`, there is no such printer.
    """
    if not printer:
        return ()
    printer_of(state, printer)
    if state.level < LEVEL:
        return ()
    return (ev.PrintRequested(ticket=ticket, printer=printer, copy=1),)


def reprint(state: HallState, command: cmd.Reprint, now_ms: int, who: cmd.Actor) -> Decision:
    """补打: the same number once more, never a second one; who asked is on record."""
    ticket = ticket_of(state, command.ticket)
    if ticket.state in FINAL:
        raise wrong_state(ticket, "it is over", "take a new number")
    if state.level < LEVEL:
        raise wrong_state(ticket, "an older node serves this hall", "print when all nodes are upgraded")
    last = state.prints.get(ticket.id)
    if last is not None and last.state == "pending":
        raise wrong_state(ticket, f"it is being printed at {last.printer}", "wait for the paper")
    if last is not None and last.copy >= COPIES_MAX:
        raise Rejected(
            Code.LIMIT_REACHED,
            f"{ticket.number} was printed {last.copy} times",
            "write the number down",
            state=ticket.state,
            ticket=ticket.id,
        )
    printer = command.printer or (last.printer if last is not None else "")
    if not printer and len(state.index.printers) == 1:
        printer = next(iter(state.index.printers))
    printer_of(state, printer)
    copy = last.copy + 1 if last is not None else 1
    return Decision((ev.PrintRequested(ticket=ticket.id, printer=printer, copy=copy),), ticket=ticket.id)


def take_print(state: HallState, command: cmd.TakePrint, now_ms: int, who: cmd.Actor) -> Decision:
    """Begin with a print: once, by one agent."""
    ticket, printout = _print_of(state, command)
    if printout.state != "pending" or printout.taken:
        what = "begun already" if printout.state == "pending" else printout.state
        raise wrong_state(ticket, f"its print {printout.copy} is {what}", "print nothing")
    return Decision((ev.PrintTaken(ticket=ticket.id, copy=printout.copy),), ticket=ticket.id)


def end_print(state: HallState, command: cmd.EndPrint, now_ms: int, who: cmd.Actor) -> Decision:
    """Say what became of a print; one that was unknown may still turn out well or not."""
    ticket, printout = _print_of(state, command)
    if printout.state not in ("pending", "unknown"):
        raise wrong_state(ticket, f"its print {printout.copy} is {printout.state}", "go on with the next")
    if command.state == printout.state:
        return Decision((), ticket=ticket.id)
    if command.state != "failed" and not printout.taken:
        raise wrong_state(ticket, f"its print {printout.copy} was not begun", "take it first")
    ended = ev.PrintEnded(ticket=ticket.id, copy=printout.copy, state=command.state, fault=command.fault)
    return Decision((ended,), ticket=ticket.id)


def report_printer(state: HallState, command: cmd.ReportPrinter, now_ms: int, who: cmd.Actor) -> Decision:
    """Say what is wrong with a printer; nothing is written where that is known."""
    printer = printer_of(state, command.printer)
    if state.level < LEVEL or state.printer_faults.get(printer.id, "") == command.fault:
        return Decision(())
    return Decision((ev.PrinterReported(printer=printer.id, fault=command.fault),))


def print_due(state: HallState, ticket: Ticket, now_ms: int) -> list[ev.Event]:
    """What a print comes to that nobody has ended in time."""
    printout = state.prints[ticket.id]
    if printout.taken:
        return [ev.PrintEnded(ticket=ticket.id, copy=printout.copy, state="unknown", fault="offline")]
    return [ev.PrintEnded(ticket=ticket.id, copy=printout.copy, state="failed", fault="offline")]


def _print_of(state: HallState, command: cmd.TakePrint | cmd.EndPrint) -> tuple[Ticket, Printout]:
    """The ticket and its print.

    Raises:
      Rejected: `UNKNOWN_TICKET`; `WRONG_STATE`, it has no such print, or that is another printer's.
    """
    ticket = ticket_of(state, command.ticket)
    found = state.prints.get(ticket.id)
    if found is None or (found.printer, found.copy) != (command.printer, command.copy):
        raise wrong_state(
            ticket, f"printer {command.printer} has no print {command.copy} of it", "print nothing"
        )
    return ticket, found
