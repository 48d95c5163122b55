"""What happened to a ticket."""

from __future__ import annotations

import msgspec

from callq.domain.commands import Channel, HoldKind, Person, TicketClass
from callq.domain.events.base import _Event


class LaneSeen(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A lane that was looked at when a ticket was chosen."""

    service: str
    cls: str
    head: str
    """Ticket id of its first."""
    clock_ms: int
    """The clock that it was compared by: its first's, or an older one behind who came back."""
    count: int


class Term(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What the policy made of a lane that was looked at."""

    index: float
    """The largest goes first."""
    late: float
    """Wait of its head in targets of its service and class."""
    pressure: float
    """What the lengths of the queues add."""
    note: str = ""
    """Why the lane was left out of the choice, e.g. ``better_clerk``; empty: it was not."""
    target_min: int = 0
    """How long nobody of its class should wait for its service, as it was then; 0: not on record."""


class Why(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False
):
    """By which rule a ticket was chosen, and among which lanes."""

    rule: str
    """The policy's name, ``called_by_name`` for one called out of turn, or ``papers_back``."""
    lanes: tuple[LaneSeen, ...] = ()
    reason: str = ""
    """What the clerk gave for calling out of turn."""
    terms: tuple[Term, ...] = ()
    """One for each of `lanes`, where the policy reckons with an index."""
    by: str = ""
    """What settled it other than the index, e.g. ``guard``; ``pressure``: the lengths of the queues alone."""
    target_min: int = 0
    """How long who was called should have waited at most, as it was then; 0: not on record."""


class TicketIssued(_Event, frozen=True, kw_only=True, tag="ticket_issued"):
    """A ticket entered its lane; its lateness clock is the time of the batch."""

    ticket: str
    number: str
    counter: int
    """The digits of the number: the prefix's counter after this issue."""
    prefix: str
    service: str
    cls: TicketClass
    zone: str
    channel: Channel
    person: Person | None = None
    traits: tuple[str, ...] = ()
    clock_ms: int | None = None
    """Lateness clock in the hall's own time, where it is not that of the batch."""
    party: int = 1
    cases: int = 1
    prefer_clerk: str = ""
    steps: tuple[str, ...] = ()
    """All services of the visit, if there are several."""
    booking: str = ""
    series: str = ""
    """Counter that the number came from, where it is not the prefix's own."""
    credit: str = ""
    """Come-back that was claimed: an expired ticket's, which sorts before its lane, or ``TICKET/STEP``."""
    item: str = ""
    """The matter that it was taken for."""
    bound: str = ""
    """Who alone may call it at first: the clerk who began the matter."""
    class_reason: str = ""
    """What whoever granted its class gave as the reason."""


class TicketCalled(_Event, frozen=True, kw_only=True, tag="ticket_called"):
    """A ticket was called to a window."""

    ticket: str
    window: str
    clerk: str
    why: Why
    clock_ms: int | None = None
    """Lateness clock from now on, where it changes: of a held one, later by the time it was held."""


class TicketRecalled(_Event, frozen=True, kw_only=True, tag="ticket_recalled"):
    """The call was repeated."""

    ticket: str


class TicketStarted(_Event, frozen=True, kw_only=True, tag="ticket_started"):
    """The person came and is served."""

    ticket: str
    auto: bool = False
    """By the clock, not by the clerk."""


class TicketCompleted(_Event, frozen=True, kw_only=True, tag="ticket_completed"):
    """The service is done; the window is free."""

    ticket: str
    unconfirmed: bool = False
    """Ended by the clock after its day had closed."""


class TicketMissed(_Event, frozen=True, kw_only=True, tag="ticket_missed"):
    """Nobody came; the window is free."""

    ticket: str


class TicketRejoined(_Event, frozen=True, kw_only=True, tag="ticket_rejoined"):
    """A missed ticket waits again."""

    ticket: str
    clock_ms: int
    bound: str = ""
    """Who alone may call it."""


class TicketHeld(_Event, frozen=True, kw_only=True, tag="ticket_held"):
    """Put aside; the window is free."""

    ticket: str
    kind: HoldKind


class TicketReturned(_Event, frozen=True, kw_only=True, tag="ticket_returned"):
    """A held ticket waits again, before everyone in its lane."""

    ticket: str
    bound: str = ""
    clock_ms: int | None = None
    """Lateness clock from now on, where it changes: later by the time it was held."""


class TicketResumed(_Event, frozen=True, kw_only=True, tag="ticket_resumed"):
    """A waiting hold goes on at a window, without a call."""

    ticket: str
    window: str
    clerk: str


class TicketTransferred(_Event, frozen=True, kw_only=True, tag="ticket_transferred"):
    """Sent on; waits with its first arrival as its clock."""

    ticket: str
    service: str
    zone: str
    clock_ms: int
    bound: str = ""


class TicketUnbound(_Event, frozen=True, kw_only=True, tag="ticket_unbound"):
    """Whom it waited for is gone: anyone who serves its service may call it now."""

    ticket: str
    reason: str
    bound: str = ""
    """Who alone may call it now, where its papers went with their clerk."""


class TicketReassigned(_Event, frozen=True, kw_only=True, tag="ticket_reassigned"):
    """Another service; its place in time is kept."""

    ticket: str
    service: str
    zone: str
    number: str = ""
    """New number, if the hall renumbers."""
    series: str = ""
    counter: int = 0
    bound: str = ""
    """Who alone may call it for a while."""


class ClassGranted(_Event, frozen=True, kw_only=True, tag="class_granted"):
    """Staff granted a class."""

    ticket: str
    cls: TicketClass
    by: str
    reason: str = ""


class TicketAbandoned(_Event, frozen=True, kw_only=True, tag="ticket_abandoned"):
    """Given up by its clerk or by the clock; no rating."""

    ticket: str
    reason: str = ""


class TicketCancelled(_Event, frozen=True, kw_only=True, tag="ticket_cancelled"):
    """Given up by the citizen or by staff; a window that had called it is free."""

    ticket: str
    reason: str = ""


class TicketExpired(_Event, frozen=True, kw_only=True, tag="ticket_expired"):
    """The day closed over it."""

    ticket: str
    reason: str
    credit_until: str = ""
    """Last day of its come-back credit, ISO date; empty: none."""


class StepBegun(_Event, frozen=True, kw_only=True, tag="step_begun"):
    """The visit goes on: the ticket waits for its next service."""

    ticket: str
    step: int
    zone: str


class StepDeferred(_Event, frozen=True, kw_only=True, tag="step_deferred"):
    """The next service is closed or full; the visit keeps the step, for a later day as well."""

    ticket: str
    step: int
    reason: str
    next_ms: int | None = None
    """When tickets for it are given again, if known."""
    credit_until: str = ""
    """Last day, ISO date, on which a new ticket may claim it; empty: none may."""


class RatedService(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False
):
    """The service that was rated, as it was then: lists of ratings need not look for its ticket."""

    number: str
    day: str
    """Business day of the ticket, ISO date."""
    service: str
    channel: Channel
    """How the ticket was taken."""
    issued_ms: int
    done_ms: int
    item: str = ""
    window: str = ""
    clerk: str = ""
    cls: TicketClass = "ordinary"
    by_phone: bool = False
    """Rated on a phone rather than at the window."""


class TicketRated(_Event, frozen=True, kw_only=True, tag="ticket_rated"):
    """What somebody thought of one completed service."""

    ticket: str
    step: int
    level: int
    reasons: tuple[str, ...] = ()
    text: str = ""
    about: RatedService | None = None
    """None: of a time that did not record it."""


class Undone(_Event, frozen=True, kw_only=True, tag="undone"):
    """A window's last act was taken back; its announcement is withdrawn."""

    window: str
    ticket: str
    act: str
