"""Tickets, and what they have been through."""

from __future__ import annotations

from typing import Literal

import msgspec

from callq.wire.messages.base import StepStateName, TicketStateName, _Wire


class Wait(_Wire, frozen=True, kw_only=True):
    """Expected wait from now, seconds; null where nothing honest can be said."""

    p50_s: int | None = None
    low_s: int | None = None
    high_s: int | None = None
    method: Literal["head_of_line", "count"] = "head_of_line"
    """From how long the first has waited, or from the number ahead and the service's minutes."""


class Origin(_Wire, frozen=True, kw_only=True):
    """Where a transferred ticket came from."""

    service: str
    window: str | None
    clerk: str | None
    at_ms: int


class VisitStep(_Wire, frozen=True, kw_only=True):
    """One service of a visit."""

    service: str
    state: StepStateName
    """`moved`: to another step or ticket."""


class Deferred(_Wire, frozen=True, kw_only=True):
    """A step that could not begin: its service was closed or full."""

    service: str
    reason: str
    """Why, as a request would have been refused, e.g. `quota_exhausted`."""
    next_ms: int | None
    """When it can be tried again; null: not known. `returned` takes it up on the ticket's own day."""
    slot_ms: int | None
    """Start of the next slot of the service with a place to book; null: none, and on a panel."""
    come_back_until: str | None
    """Last day, ISO date, on which a new ticket with `come_back` may claim it, whatever the quota."""


class Visit(_Wire, frozen=True, kw_only=True):
    """Everything one citizen does, one service after the other."""

    steps: tuple[VisitStep, ...]
    current: int
    """Index of the present step, or of the last one."""
    deferred: Deferred | None = None


class Rating(_Wire, frozen=True, kw_only=True):
    """What somebody thought of one step."""

    step: int
    level: int
    reasons: tuple[str, ...]
    text: str
    at_ms: int
    taken_back: bool
    """Its completion was undone: it counts nowhere."""


class Print(_Wire, frozen=True, kw_only=True):
    """The last print of a ticket."""

    printer: str
    copy: int
    """Which of its prints, from 1."""
    state: Literal["pending", "printed", "failed", "unknown"]
    """`failed`: certainly no paper; `unknown`: some may have come out."""
    fault: Literal["", "paper_out", "cover_open", "offline", "error"]
    at_ms: int


class Ticket(_Wire, frozen=True, kw_only=True):
    """One place in the queue, as everyone may see it."""

    id: str
    number: str
    hall: str
    zone: str
    service: str
    class_: Literal["ordinary", "appointment", "priority"] = msgspec.field(name="class")
    channel: str
    state: TicketStateName
    issued_ms: int
    first_arrival_ms: int
    calls: int
    item: str | None = None
    returned: Literal["missed", "transfer", "hold"] | None = None
    hold_kind: Literal["without_papers", "with_papers", "waiting"] | None = None
    party: int = 1
    cases: int = 1
    prefer_clerk: str | None = None
    booking: str | None = None
    """Booking that it was checked in from."""
    called_ms: int | None = None
    started_ms: int | None = None
    done_ms: int | None = None
    missed_ms: int | None = None
    held_ms: int | None = None
    held_until_ms: int | None = None
    """When a held ticket is given up; null where it is not, or while the hall is suspended."""
    window: str | None = None
    clerk: str | None = None
    bound: dict[str, str] | None = None
    """Who alone may call it, `{"window"}` or `{"clerk"}`; null: whoever serves its service."""
    from_: Origin | None = msgspec.field(name="from", default=None)
    visit: Visit | None = None
    """Null where there is only one service."""
    unconfirmed: bool = False
    """Ended by the clock after its day had closed."""
    come_back_until: str | None = None
    """Last day, ISO date, on which an expired ticket's holder may come back before everyone."""
    ahead: int | None = None
    """Waiting tickets of the same service that sort before this one; null unless waiting."""
    wait: Wait | None = None
    """Null unless waiting."""
    traits: tuple[str, ...] = ()
    ratings: tuple[Rating, ...] | msgspec.UnsetType = msgspec.UNSET
    """Left out for whoever must not know who rated."""
    links: dict[str, str] = msgspec.field(default_factory=dict)
    print: Print | None = None
    """Null: it was never to be printed."""
    prechecked_ms: int | None = None
    """When its papers were looked at and nothing was missing; null: they were not."""
    accompanied_ms: int | None = None
    """Since when a helper goes along with it; null: none does."""


class TicketPage(_Wire, frozen=True, kw_only=True):
    """Tickets of a hall, oldest first."""

    tickets: tuple[Ticket, ...]
    next: str | None
    """Give as `after` for the next page; null at the end."""
    revision: int
