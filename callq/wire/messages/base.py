"""What all shapes have in common, and the names of states."""

from __future__ import annotations

from typing import Literal

import msgspec

TicketStateName = Literal[
    "waiting", "called", "serving", "held", "missed", "done", "abandoned", "cancelled", "expired"
]

StepStateName = Literal["todo", "current", "done", "deferred", "moved"]

BookingStateName = Literal["booked", "arrived", "cancelled", "no_show"]

WindowStateName = Literal["closed", "idle", "calling", "serving", "paused"]


class _Wire(msgspec.Struct, frozen=True, kw_only=True):
    """Base of outgoing shapes."""
