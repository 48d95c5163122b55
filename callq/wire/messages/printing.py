"""Tickets on paper."""

from __future__ import annotations

from typing import Literal

from callq.wire.messages.base import _Wire
from callq.wire.messages.halls import Rejoin
from callq.wire.messages.tickets import Print, Ticket


class PrintJob(_Wire, frozen=True, kw_only=True):
    """A ticket that is to be printed."""

    ticket: str
    number: str
    copy: int
    taken: bool
    """An agent has begun with it."""
    at_ms: int


class PrinterNow(_Wire, frozen=True, kw_only=True):
    """A printer, what is wrong with it, and what it has to print, oldest first."""

    id: str
    name: str
    name_en: str
    zone: str
    dots: Literal[384, 576]
    fault: Literal["", "paper_out", "cover_open", "offline", "error"]
    """As its agent said last; empty: nothing is known to be wrong."""
    jobs: tuple[PrintJob, ...]


class Paper(_Wire, frozen=True, kw_only=True):
    """What stands on a ticket's paper beside the ticket itself; nothing about its person."""

    hall: str
    hall_en: str
    timezone: str
    service: str
    service_en: str
    zone: str
    """Where to wait."""
    zone_en: str
    place: str
    rejoin: Rejoin
    printer: str
    """Name of the printer."""
    phone: str
    dots: Literal[384, 576]


class PrinterAnswer(_Wire, frozen=True, kw_only=True):
    """After a command to a printer."""

    printer: PrinterNow
    ticket: Ticket | None
    """After `take` with the link `page`, which is for the paper."""
    print: Print | None
    """What the print has come to; null after `report`."""
    paper: Paper | None
    """After `take`."""
    revision: int
