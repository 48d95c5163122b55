"""What happened to the paper of a ticket, and to printers."""

from __future__ import annotations

from callq.domain.events.base import _Event
from callq.domain.printing import Fault, PrintEnd


class PrintRequested(_Event, frozen=True, kw_only=True, tag="print_requested"):
    """A ticket is to be printed, for the first time or once more."""

    ticket: str
    printer: str
    copy: int
    """Which of its prints, from 1."""


class PrintTaken(_Event, frozen=True, kw_only=True, tag="print_taken"):
    """The printer's agent began with it: from now on paper may come out."""

    ticket: str
    copy: int


class PrintEnded(_Event, frozen=True, kw_only=True, tag="print_ended"):
    """What became of it."""

    ticket: str
    copy: int
    state: PrintEnd
    fault: Fault = ""


class PrinterReported(_Event, frozen=True, kw_only=True, tag="printer_reported"):
    """What is wrong with a printer, or that nothing is any more."""

    printer: str
    fault: Fault = ""
