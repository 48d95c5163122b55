"""Printers and what they have to print: for their agents, and for kiosks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callq.domain.rules.printing import printer_of
from callq.views.queues import place_of
from callq.views.ticket import rejoin_of
from callq.wire import messages as m

if TYPE_CHECKING:
    from callq.domain.hall import Printer
    from callq.domain.state import HallState
    from callq.domain.ticket import Ticket


def project_printers(state: HallState) -> dict[str, object]:
    """Data of the view ``printers``."""
    return {"printers": tuple(_printer(state, printer) for printer in state.config.printers)}


def printer_now(state: HallState, printer: str) -> m.PrinterNow:
    """One printer.

    Raises:
      Rejected: `INVALID`, there is none such.
    """
    return _printer(state, printer_of(state, printer))


def _printer(state: HallState, printer: Printer) -> m.PrinterNow:
    pending = [
        (printout, state.tickets[ticket])
        for ticket, printout in state.prints.items()
        if printout.printer == printer.id and printout.state == "pending"
    ]
    return m.PrinterNow(
        id=printer.id,
        name=printer.name,
        name_en=printer.name_en,
        zone=printer.zone,
        dots=printer.dots,
        fault=state.printer_faults.get(printer.id, ""),
        jobs=tuple(
            m.PrintJob(
                ticket=ticket.id,
                number=ticket.number,
                copy=printout.copy,
                taken=printout.taken,
                at_ms=printout.at_ms,
            )
            for printout, ticket in sorted(pending, key=lambda each: (each[0].at_ms, each[1].seq))
        ),
    )


def paper_of(state: HallState, ticket: Ticket, printer: str) -> m.Paper:
    """The words on a ticket's paper."""
    service = state.index.services.get(ticket.service)
    place = place_of(state, ticket.zone if ticket.zone in state.index.zones else None)
    where = printer_of(state, printer)
    return m.Paper(
        hall=place.name,
        hall_en=place.name_en,
        timezone=place.timezone,
        service=service.name if service else ticket.service,
        service_en=service.name_en if service else "",
        zone=place.zone_name,
        zone_en=place.zone_name_en,
        place=place.zone_place,
        rejoin=rejoin_of(state),
        printer=where.name,
        phone=state.config.contact.phone,
        dots=where.dots,
    )
