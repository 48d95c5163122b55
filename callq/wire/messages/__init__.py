"""Answers of the HTTP API and data of the feed's views, version 1.

Times are Unix milliseconds (``*_ms``), unknown is null. Readers ignore unknown fields; fields are
added, never renamed. No field here can carry an identity number.
"""

from __future__ import annotations

from callq.wire.messages.base import BookingStateName, StepStateName, TicketStateName, WindowStateName
from callq.wire.messages.bookings import Booking, BookingAnswer, BookingPage, Slot, Slots
from callq.wire.messages.halls import (
    ClerkInfo,
    ContactInfo,
    Event,
    EventPage,
    HallInfo,
    HallList,
    HallName,
    Rejoin,
    ServiceInfo,
    ServiceNow,
    SessionInfo,
    Suspended,
    Ticketing,
    WindowInfo,
    ZoneInfo,
)
from callq.wire.messages.panels import (
    ClerkDay,
    HeldTicket,
    LaneWhy,
    LastTicket,
    Option,
    PanelTicket,
    Queue,
    Step,
    Undoable,
    Why,
)
from callq.wire.messages.screens import BoardCall, BoardMissed, BoardWaiting, BoardWindow, Place, Strip
from callq.wire.messages.tickets import Deferred, Origin, Rating, Ticket, TicketPage, Visit, VisitStep, Wait
from callq.wire.messages.windows import RevisionAnswer, TicketAnswer, WhyAnswer, Window, WindowAnswer

__all__ = [
    "BoardCall",
    "BoardMissed",
    "BoardWaiting",
    "BoardWindow",
    "Booking",
    "BookingAnswer",
    "BookingPage",
    "BookingStateName",
    "ClerkDay",
    "ClerkInfo",
    "ContactInfo",
    "Deferred",
    "Event",
    "EventPage",
    "HallInfo",
    "HallList",
    "HallName",
    "HeldTicket",
    "LaneWhy",
    "LastTicket",
    "Option",
    "Origin",
    "PanelTicket",
    "Place",
    "Queue",
    "Rating",
    "Rejoin",
    "RevisionAnswer",
    "ServiceInfo",
    "ServiceNow",
    "SessionInfo",
    "Slot",
    "Slots",
    "Step",
    "StepStateName",
    "Strip",
    "Suspended",
    "Ticket",
    "TicketAnswer",
    "TicketPage",
    "TicketStateName",
    "Ticketing",
    "Undoable",
    "Visit",
    "VisitStep",
    "Wait",
    "Why",
    "WhyAnswer",
    "Window",
    "WindowAnswer",
    "WindowInfo",
    "WindowStateName",
    "ZoneInfo",
]
