"""A hall: its configuration as people see it, whether it is open, and its events."""

from __future__ import annotations

from typing import Literal

import msgspec

from callq.wire.messages.base import _Wire


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
    name_en: str
    prefix: str
    working: int
    """Windows that are at work and do it now."""
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
    reason_en: str
    """Empty where nobody gave one."""


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
    token: str
    """Id of the token that asks."""
    role: str
    """Its role."""
    may: tuple[str, ...]
    """What that role is permitted, by name."""


class HallName(_Wire, frozen=True, kw_only=True):
    """A hall in the list."""

    id: str
    name: str
    name_en: str


class HallList(_Wire, frozen=True, kw_only=True):
    """The halls this token may see."""

    halls: tuple[HallName, ...]


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
