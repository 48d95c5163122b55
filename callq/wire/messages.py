"""Answers of the HTTP API and data of the feed's views, version 1.

Times are Unix milliseconds (``*_ms``), unknown is null. Readers ignore unknown fields; fields are
added, never renamed. No field here can carry an identity number.
"""

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


class Wait(_Wire, frozen=True, kw_only=True):
    """Expected wait from now, seconds; null where nothing honest can be said."""

    p50_s: int | None = None
    low_s: int | None = None
    high_s: int | None = None
    method: Literal["head_of_line"] = "head_of_line"


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
    links: dict[str, str] = {}


class Window(_Wire, frozen=True, kw_only=True):
    """A counter now."""

    id: str
    label: str
    kind: str
    zone: str
    state: WindowStateName
    open: bool
    draining: bool
    pause_after: bool
    active_skills: tuple[str, ...]
    pause_reason: str | None = None
    clerk: str | None = None
    trainee: str | None = None
    """Who sits beside the clerk."""
    ticket: str | None = None
    since_ms: int | None = None
    """When the present state began."""


class TicketAnswer(_Wire, frozen=True, kw_only=True):
    """Answer of ticket requests."""

    ticket: Ticket
    revision: int


class WindowAnswer(_Wire, frozen=True, kw_only=True):
    """Answer of window requests; `ticket` is the one the command was about."""

    window: Window
    ticket: Ticket | None
    revision: int


class RevisionAnswer(_Wire, frozen=True, kw_only=True):
    """Answer of hall commands."""

    revision: int


class TicketPage(_Wire, frozen=True, kw_only=True):
    """Tickets of a hall, oldest first."""

    tickets: tuple[Ticket, ...]
    next: str | None
    """Give as `after` for the next page; null at the end."""
    revision: int


class Booking(_Wire, frozen=True, kw_only=True):
    """A reserved place in a slot; nothing in it tells who the person is."""

    id: str
    """What the person shows as a QR code or types."""
    hall: str
    service: str
    service_name: str
    slot_ms: int
    slot_end_ms: int
    day: str
    """Business day of the slot, ISO date."""
    state: BookingStateName
    channel: str
    check_in_from_ms: int | None
    on_time_until_ms: int | None
    """Checked in by then it is an appointment, later an ordinary ticket."""
    change_until_ms: int | None
    """Until then it can be cancelled and moved; staff can at any time."""
    ticket: str | None = None
    """After the check-in."""
    links: dict[str, str] = {}


class BookingAnswer(_Wire, frozen=True, kw_only=True):
    """Answer of booking requests; `ticket` after a check-in."""

    booking: Booking
    ticket: Ticket | None
    revision: int


class BookingPage(_Wire, frozen=True, kw_only=True):
    """Bookings of a hall, earliest slot first."""

    bookings: tuple[Booking, ...]
    next: str | None
    """Give as `after` for the next page; null at the end."""
    revision: int


class Slot(_Wire, frozen=True, kw_only=True):
    """A span that can be booked."""

    slot_ms: int
    slot_end_ms: int
    capacity: int
    free: int
    """Places left."""


class Slots(_Wire, frozen=True, kw_only=True):
    """Slots of one service on one business day that lie ahead."""

    service: str
    day: str
    last_day: str
    """Last day that can be booked now, ISO date."""
    slots: tuple[Slot, ...]
    revision: int


class Ticketing(_Wire, frozen=True, kw_only=True):
    """Whether a service gives tickets, as of when this was made; a client ages it by the clock."""

    open: bool
    until_ms: int | None = None
    """When it ends by the clock, if it is open."""
    closed: Literal["hall_suspended", "service_closed", "outside_session", "quota_exhausted"] | None = None
    """As a request would be refused."""
    reason: str = ""
    """What staff said who stopped it."""
    next_ms: int | None = None
    """When it is open again, if it is closed and that is known."""


class SessionInfo(_Wire, frozen=True, kw_only=True):
    """Hours of a hall."""

    code: str
    name: str
    kind: str
    ticketing: str
    """Local hours, e.g. 08:30-16:30."""
    serving: str
    days: tuple[str, ...]
    services: tuple[str, ...]
    """Codes; empty: all that do not name their sessions."""


class ServiceNow(_Wire, frozen=True, kw_only=True):
    """A service on the floor page."""

    code: str
    name: str
    ticketing: Ticketing


class WindowInfo(_Wire, frozen=True, kw_only=True):
    """What is fixed about a window."""

    id: str
    label: str
    kind: str
    zone: str
    directions: str


class ServiceInfo(_Wire, frozen=True, kw_only=True):
    """What is fixed about a service."""

    code: str
    name: str
    name_en: str
    prefix: str
    zone: str
    examples: tuple[str, ...]
    target_wait_min: int
    bookable: bool
    ticketing: Ticketing


class ZoneInfo(_Wire, frozen=True, kw_only=True):
    """What is fixed about a zone."""

    code: str
    name: str
    name_en: str
    place: str


class ClerkInfo(_Wire, frozen=True, kw_only=True):
    """Staff only."""

    id: str
    name: str
    skills: dict[str, int]


class ContactInfo(_Wire, frozen=True, kw_only=True):
    """Where people ask."""

    phone: str
    address: str


class Suspended(_Wire, frozen=True, kw_only=True):
    """The hall stands still."""

    reason: str
    since_ms: int


class Rejoin(_Wire, frozen=True, kw_only=True):
    """What becomes of a missed number."""

    policy: Literal["void", "second_call", "k_back"]
    k: int
    """Places it goes back, with `k_back`."""
    minutes: int
    """For how long it may come back."""
    max: int
    """How often."""


class HallInfo(_Wire, frozen=True, kw_only=True):
    """A hall's configuration in force."""

    id: str
    name: str
    name_en: str
    timezone: str
    revision: int
    epoch: str
    config_digest: str
    windows: tuple[WindowInfo, ...]
    services: tuple[ServiceInfo, ...]
    zones: tuple[ZoneInfo, ...]
    sessions: tuple[SessionInfo, ...]
    suspended: Suspended | None
    contact: ContactInfo
    clerks: tuple[ClerkInfo, ...] | msgspec.UnsetType = msgspec.UNSET


class HallName(_Wire, frozen=True, kw_only=True):
    """A hall in the list."""

    id: str
    name: str
    name_en: str


class HallList(_Wire, frozen=True, kw_only=True):
    """The halls this token may see."""

    halls: tuple[HallName, ...]


class BoardCall(_Wire, frozen=True, kw_only=True):
    """A call on the screens, newest first; `calls` > 1 means it was repeated."""

    number: str
    window: str
    label: str
    at_ms: int
    calls: int
    state: TicketStateName
    service: str
    service_name: str
    service_name_en: str
    directions: str
    zone: str
    zone_name: str
    zone_name_en: str
    zone_place: str
    """Of the window's zone: which floor, which side."""


class BoardWaiting(_Wire, frozen=True, kw_only=True):
    """How many wait for a service."""

    service: str
    name: str
    name_en: str
    prefix: str
    count: int
    ticketing: Ticketing


class BoardMissed(_Wire, frozen=True, kw_only=True):
    """A number called in vain in the last minutes."""

    number: str
    service: str
    at_ms: int


class BoardWindow(_Wire, frozen=True, kw_only=True):
    """A window's state; citizens see an unstaffed one as not open."""

    id: str
    label: str
    state: WindowStateName
    staffed: bool
    number: str | None


class Place(_Wire, frozen=True, kw_only=True):
    """Header of a screen."""

    hall: str
    name: str
    name_en: str
    timezone: str
    zone: str | None
    zone_name: str
    zone_name_en: str
    zone_place: str
    windows: str
    """Which windows, e.g. 1–6."""


class Strip(_Wire, frozen=True, kw_only=True):
    """A window bar, always whole."""

    window: str
    label: str
    line1: str
    line2: str
    number: str | None
    state: WindowStateName


class Queue(_Wire, frozen=True, kw_only=True):
    """One lane as a clerk sees it."""

    service: str
    name: str
    name_en: str
    prefix: str
    class_: str = msgspec.field(name="class")
    count: int
    """Those for one window or clerk included."""
    bound: int
    """How many of them are."""
    head: str | None
    """Number of the first in the lane."""
    head_since_ms: int | None
    """Its lateness clock: it has waited since then."""
    target_s: int


class LaneWhy(_Wire, frozen=True, kw_only=True):
    """A lane that was looked at for a call."""

    service: str
    class_: str = msgspec.field(name="class")
    head: str
    waited_s: int
    count: int


class Why(_Wire, frozen=True, kw_only=True):
    """Why a ticket was called."""

    rule: str
    lanes: tuple[LaneWhy, ...]


class Step(_Wire, frozen=True, kw_only=True):
    """One line of a ticket's history."""

    at_ms: int
    what: Literal[
        "issued",
        "called",
        "recalled",
        "started",
        "held",
        "transferred",
        "completed",
        "missed",
        "abandoned",
        "cancelled",
        "expired",
    ]
    window: str | None = None
    clerk: str | None = None
    channel: str | None = None


class PanelTicket(_Wire, frozen=True, kw_only=True):
    """The ticket at a window, with what its clerk needs to know."""

    ticket: Ticket
    service_name: str
    service_name_en: str
    target_s: int
    waited_s: int
    """From the lateness clock to the call (to now while it still waits)."""
    why: Why | None
    history: tuple[Step, ...]
    may_recall_ms: int | None
    """From when recall is accepted; null when the limit is reached or it is not called."""
    calls_left: int
    calls_before_miss: int
    """Calls still needed before a miss is accepted."""


class LastTicket(_Wire, frozen=True, kw_only=True):
    """What this window did last."""

    number: str
    service_name: str
    service_name_en: str
    state: TicketStateName
    at_ms: int
    handling_s: int | None


class HeldTicket(_Wire, frozen=True, kw_only=True):
    """A ticket put aside that somebody at the window can go on with."""

    id: str
    number: str
    service: str
    service_name: str
    kind: Literal["without_papers", "with_papers", "waiting"]
    since_ms: int
    window: str | None
    """Where it was held."""
    clerk: str | None
    due_ms: int | None
    """When it is given up; for `waiting`, when to look after it."""
    mine: bool
    """Held at this window, or by its clerk."""


class Undoable(_Wire, frozen=True, kw_only=True):
    """What whoever did it can take back."""

    act: Literal["call", "miss", "complete"]
    ticket: str
    number: str
    until_ms: int


class ClerkDay(_Wire, frozen=True, kw_only=True):
    """A clerk's own day."""

    since_ms: int | None
    done: int
    missed: int
    mean_s: int | None
    """Mean handling of what was completed."""


class Option(_Wire, frozen=True, kw_only=True):
    """A clerk who may sign in, or a service, for choosing."""

    id: str
    name: str
    busy_at: str | None = None
    """Label of the window where the clerk is signed in."""


class Event(_Wire, frozen=True, kw_only=True):
    """One recorded change."""

    revision: int
    index: int
    at_ms: int
    kind: str
    who: dict[str, str]
    data: dict[str, object]


class EventPage(_Wire, frozen=True, kw_only=True):
    """Recorded changes, oldest first."""

    events: tuple[Event, ...]
    next: int
    """Give as `since` for the next page."""
    epoch: str
