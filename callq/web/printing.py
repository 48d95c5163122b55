"""Printing at the doors: what agents of printers say, and the words for the paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callq.domain import commands as cmd
from callq.domain.rules.guards import ticket_of
from callq.views.printers import paper_of, printer_now
from callq.views.ticket import print_out, ticket_out
from callq.web import bodies
from callq.web.roles import Permission
from callq.wire import messages as m

if TYPE_CHECKING:
    from callq.domain.state import HallState
    from callq.runtime.actor import Outcome
    from callq.web.api import Api, Call


async def command(api: Api, call: Call, printer: str, body: bodies.PrinterCommandBody) -> m.PrinterAnswer:
    """A command to a printer; the answer to `take` has all that the paper needs, the citizen's link included.

    Raises:
      Rejected: `INVALID`, `UNKNOWN_TICKET`, `WRONG_STATE`.
      StoreUnavailable: repeat with the same key.
    """
    actor = api.actor(call, Permission.PRINT)
    wanted: cmd.PrinterCommand
    match body:
        case bodies.TakePrintBody():
            wanted = cmd.TakePrint(printer=printer, ticket=body.ticket, copy=body.copy)
        case bodies.EndPrintBody():
            wanted = cmd.EndPrint(
                printer=printer, ticket=body.ticket, copy=body.copy, state=body.state, fault=body.fault
            )
        case _:
            wanted = cmd.ReportPrinter(printer=printer, fault=body.fault)
    taking = isinstance(body, bodies.TakePrintBody)

    def render(state: HallState, outcome: Outcome, now_ms: int) -> m.PrinterAnswer:
        ticket = ticket_of(state, outcome.ticket) if outcome.ticket else None
        links = api.citizen_link(state, ticket.id) if ticket and taking else None
        return m.PrinterAnswer(
            printer=printer_now(state, printer),
            ticket=ticket_out(state, ticket, now_ms, links) if ticket else None,
            print=print_out(state, ticket) if ticket else None,
            paper=paper_of(state, ticket, printer) if ticket and taking else None,
            revision=outcome.revision,
        )

    return await api.decided(actor, call, wanted, render)
