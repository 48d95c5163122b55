"""Answers to a guide: ways to have matters dealt with, best first."""

from __future__ import annotations

from typing import Literal

from callq.domain.hall import ItemChannel
from callq.wire.messages.base import _Wire
from callq.wire.messages.bookings import Booking
from callq.wire.messages.desk import Check
from callq.wire.messages.tickets import Ticket

ClosedCode = Literal[
    "hall_suspended", "service_closed", "outside_session", "quota_exhausted", "precheck_needed"
]
"""Why a service gives no tickets, as a request for one would be refused."""

UnavailableCode = ClosedCode | Literal["not_accepted", "no_way", "not_shown", "less_likely", "nothing_meant"]
"""The same, or why a matter has no option: none of its channels is accepted, none of those accepted is open
within a week or has a place left, there are more ways than are shown, others are far more probable, no
matter is probable and there is no desk for that."""


class RouteWait(_Wire, frozen=True, kw_only=True, gc=False):
    """Expected wait after coming, seconds; null where nothing honest can be said."""

    p50_s: int | None = None
    low_s: int | None = None
    high_s: int | None = None


class Reason(_Wire, frozen=True, kw_only=True, gc=False):
    """Why an option is there, or where it is."""

    code: str
    """For programs, e.g. `shortest_wait`."""
    zh: str
    """For people."""
    en: str
    minutes: float = 0.0
    """What it counts in the order, beside the wait; negative: it brings the option forward."""


class Unavailable(_Wire, frozen=True, kw_only=True):
    """A service that gives no ticket at the time asked about, or a matter without an option, and why."""

    service: str | None
    """Null: none is meant."""
    items: tuple[str, ...]
    """The matters asked about that it concerns."""
    code: UnavailableCode
    zh: str
    en: str
    next_ms: int | None
    """When tickets are given again; null: not known."""
    instead: tuple[ItemChannel, ...]
    """Channels that were not accepted and would do, the best first."""


class RouteOutlet(_Wire, frozen=True, kw_only=True):
    """What is no queue of the hall: self-service, online, by telephone and so on."""

    name: str
    name_en: str
    place: str
    """How to find it: directions, an address on the web, a telephone number."""


class RouteOption(_Wire, frozen=True, kw_only=True):
    """One way to go."""

    rank: int
    """From 1, the best."""
    channel: ItemChannel
    service: str
    """The service that it belongs to; of a visit the first one."""
    services: tuple[str, ...]
    """Further services of the visit, in order."""
    items: tuple[str, ...]
    """The matters asked about that it settles."""
    item: str | None
    """The matter that a ticket would be taken for; null where it is not certain."""
    zone: str | None
    """Where to go or to wait; null: not in the hall."""
    windows: tuple[str, ...]
    """Windows that serve it now, the most fitting first."""
    wait: RouteWait
    ahead: int | None
    """Waiting tickets of the service that are estimated to be called before; null where there is no queue."""
    arrive_ms: int | None
    """When to come: the time asked about, the slot, or when it opens; null: now."""
    commit: Literal["ticket", "booking"] | None
    """What a commit of this option issues; null: nothing is to be issued."""
    outlet: RouteOutlet | None
    why: tuple[Reason, ...]
    """What speaks for it, what one has to know, and all that counts in the order beside the wait."""


class RouteDecision(_Wire, frozen=True, kw_only=True, tag_field="kind", tag="decision"):
    """Where somebody can go."""

    decision: str
    """Opaque; any node of this installation commits it until `valid_until_ms`."""
    options: tuple[RouteOption, ...]
    """Best first; where it is empty, `unavailable` says why."""
    unavailable: tuple[Unavailable, ...]
    revision: int
    """Of the hall: it is at least as new as this."""
    valid_until_ms: int
    committed: int | None = None
    """Rank of what was committed at once, if it is among the options."""
    ticket: Ticket | None = None
    """With `commit`; its link `citizen` holds the ticket's key."""
    booking: Booking | None = None


class RouteCommit(_Wire, frozen=True, kw_only=True):
    """What an option was turned into."""

    decision: str
    option: int
    ticket: Ticket | None
    """Its link `citizen` holds the ticket's key."""
    booking: Booking | None
    revision: int


class ItemInfo(_Wire, frozen=True, kw_only=True):
    """事项: one matter of the hall."""

    code: str
    name: str
    name_en: str
    service: str
    channels: tuple[ItemChannel, ...]
    """How it can be dealt with, the hall's favourite first."""
    checks: tuple[Check, ...]
    """What is looked at before a number for it, those of its service first."""


class ItemPage(_Wire, frozen=True, kw_only=True):
    """Matters of a hall, in the order of its file."""

    items: tuple[ItemInfo, ...]
    next: str | None
    """Give as `after` for the next page; null at the end."""
    revision: int
