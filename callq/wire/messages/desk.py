"""Rows of the desk, and the list of the queue for paper."""

from __future__ import annotations

from typing import Literal

import msgspec

from callq.wire.messages.base import TicketStateName, WindowStateName, _Wire
from callq.wire.messages.screens import EntranceService
from callq.wire.messages.tickets import Ticket


class Check(_Wire, frozen=True, kw_only=True):
    """Something that is looked at before a number."""

    text: str
    """Also what is sent where it is missing."""
    text_en: str
    hint: str
    """Where to get it, or what to do without it; may be empty."""
    hint_en: str


class DeskService(EntranceService, frozen=True, kw_only=True):
    """A service as the entrance has it, with what is looked at before its number."""

    checks: tuple[Check, ...]


class DeskWindow(_Wire, frozen=True, kw_only=True):
    """A window to which a ticket could be given."""

    id: str
    label: str
    zone: str
    state: WindowStateName
    staffed: bool
    services: tuple[str, ...]
    """Codes of what it takes now; of one without a clerk, what it is equipped for."""


class PriorityShare(_Wire, frozen=True, kw_only=True):
    """How much of the day's tickets is priority that staff granted."""

    granted: int
    issued: int
    limit_percent: int | None
    """Of the hall file; null: no limit."""
    most: int | None
    """How many of those may have it; null: no limit."""
    most_next: int | None
    """How many may once the next ticket is issued, which counts itself; null: no limit."""
    over: Literal["supervisor", "refuse"]
    """What is beyond it: a supervisor's to grant, or nobody's."""


class PrecheckCount(_Wire, frozen=True, kw_only=True):
    """Pre-checks of one service."""

    service: str
    passed: int
    lacking: int
    """Of people to whom something was missing."""


class Prechecks(_Wire, frozen=True, kw_only=True):
    """Pre-checks of this business day."""

    passed: int
    lacking: int
    services: tuple[PrecheckCount, ...]
    """Those with any, in the hall's order."""


class Companion(_Wire, frozen=True, kw_only=True):
    """The helper who goes along with a ticket."""

    by: str
    """Id of the token."""
    helper: str
    """Its name; may be empty."""
    since_ms: int


class Precheck(_Wire, frozen=True, kw_only=True):
    """The last pre-check of a ticket, for the service and matter that it is for now."""

    by: str
    helper: str
    at_ms: int
    missing: tuple[str, ...]
    """In the hall file's words; empty: passed."""


class Accompanied(_Wire, frozen=True, kw_only=True):
    """A ticket that a helper goes along with."""

    ticket: str
    number: str
    service: str
    state: TicketStateName
    window: str | None
    """Where it is called or served; null: nowhere."""
    by: str
    helper: str
    since_ms: int


class FoundPerson(_Wire, frozen=True, kw_only=True):
    """What is kept of a ticket's person, to ask them for the rest."""

    name: str
    """Masked."""
    id_last4: str
    phone_last4: str


class FoundTicket(_Wire, frozen=True, kw_only=True):
    """A ticket as the desk sees it."""

    ticket: Ticket
    person: FoundPerson | None
    """Null: nothing is known."""
    companion: Companion | None
    precheck: Precheck | None
    checks: tuple[Check, ...]
    """What is looked at for its service and its matter; only this can be missing."""
    granted: bool
    """Whether staff granted its class."""


class FoundTickets(_Wire, frozen=True, kw_only=True):
    """What a search found, the likeliest first."""

    tickets: tuple[FoundTicket, ...]
    more: bool
    """Whether there are others: say more of it."""
    revision: int


class SentHomeAnswer(_Wire, frozen=True, kw_only=True):
    """What somebody has to bring who took no number."""

    service: str
    item: str | None
    missing: tuple[Check, ...]
    revision: int


class QueueRow(_Wire, frozen=True, kw_only=True):
    """One ticket of the printed list."""

    number: str
    class_: Literal["ordinary", "appointment", "priority"] = msgspec.field(name="class")
    state: Literal["waiting", "called", "serving", "held", "missed"]
    issued_ms: int
    place: int | None
    """Its place in the order of calls, from 1; null: it does not wait."""
    window: str
    """Label of the window where it is or was missed, or that alone may call it; may be empty."""
    returned: Literal["missed", "transfer", "hold"] | None
    party: int
    traits: tuple[str, ...]
    accompanied: bool


class QueueService(_Wire, frozen=True, kw_only=True):
    """The tickets of one service in one zone: at windows, in the order of calls, held, missed."""

    service: str
    name: str
    name_en: str
    prefix: str
    rows: tuple[QueueRow, ...]


class QueueZone(_Wire, frozen=True, kw_only=True):
    """Where they wait."""

    code: str
    """Empty, of the last one: they wait in no zone that the hall still has."""
    name: str
    name_en: str
    place: str
    services: tuple[QueueService, ...]


class QueueList(_Wire, frozen=True, kw_only=True):
    """Everybody who is still to be served or may come back after a miss: for paper, when the power fails."""

    hall: str
    name: str
    name_en: str
    timezone: str
    day: str
    """Business day, ISO date."""
    at_ms: int
    revision: int
    waiting: int
    zones: tuple[QueueZone, ...]
