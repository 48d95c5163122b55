"""Rows of the views for clerks and the floor."""

from __future__ import annotations

from typing import Literal

import msgspec

from callq.wire.messages.base import TicketStateName, _Wire
from callq.wire.messages.desk import Companion, Precheck
from callq.wire.messages.tickets import Ticket


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
    index: float | None = None
    """What the hall's policy made of it: the largest goes first; null: it reckons with waits alone."""
    late: float | None = None
    """The wait of its first in targets of its service and class."""
    pressure: float | None = None
    """What the lengths of the queues add to the index."""
    note: str = ""
    """Why it was left out of the choice: `better_clerk`; empty: it was not."""
    target_min: int | None = None
    """How long its first should wait at most, as it was then; null: not on record."""


class Why(_Wire, frozen=True, kw_only=True):
    """Why a ticket was called."""

    rule: str
    """The hall's policy, `called_by_name` or `papers_back`."""
    lanes: tuple[LaneWhy, ...]
    by: str = ""
    """What settled it: `guard`, `green`, `papers`, `named`, `before_slot`, `pressure`; empty: waits alone."""
    reason: str = ""
    """What was given for calling it out of turn."""
    text: str = ""
    """One sentence for its holder and the next in line, in Chinese."""
    text_en: str = ""


CallEnd = Literal["missed", "held", "transferred", "completed", "undone", "abandoned", "cancelled", "expired"]


class PastCall(_Wire, frozen=True, kw_only=True):
    """One call of a ticket, and what became of it."""

    at_ms: int
    revision: int | None
    """Of the event that has the whole record; null: not known."""
    window: str
    label: str
    """Shown number of the window; empty: there is none any more."""
    clerk: str | None
    """Who called it; null where the token may not see it."""
    service: str
    rule: str
    by: str
    reason: str
    text: str
    """Why it was called, in one sentence, in Chinese."""
    text_en: str
    ended: CallEnd | None
    """How it ended; null: it has not."""
    ended_ms: int | None


class LeftTo(_Wire, frozen=True, kw_only=True):
    """Somebody whom a beginner's window could call, but leaves to a better clerk who is free now or soon."""

    service: str
    class_: str = msgspec.field(name="class")
    number: str
    """Of the first in that lane."""
    by: str
    """Id of the window that leaves it."""
    window: str
    """Id of the window that should be free first."""
    label: str
    level: int
    """Of the clerk there, in that service."""
    until_ms: int | None
    """From then on the window may call it, if nothing else happens; null: while the hall is suspended."""
    text: str
    """One sentence, in Chinese."""
    text_en: str


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
    item_name: str
    """Of its matter; empty: it names none."""
    item_name_en: str
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
    companion: Companion | None = None
    """The helper who comes along; null: none does."""
    precheck: Precheck | None = None
    """What was found when its papers were looked at; null: they were not."""


class LastTicket(_Wire, frozen=True, kw_only=True):
    """What this window did last."""

    number: str
    service_name: str
    service_name_en: str
    state: TicketStateName
    at_ms: int
    handling_s: int | None
    completed_here: bool
    """It was completed here: its holder can be asked, in time. Whether it was rated is not told."""


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


class HelpCall(_Wire, frozen=True, kw_only=True):
    """A clerk who waits for help."""

    window: str
    label: str
    zone: str
    clerk: str
    reason: str
    since_ms: int


class Option(_Wire, frozen=True, kw_only=True):
    """A clerk who may sign in, or a service, for choosing."""

    id: str
    name: str
    busy_at: str | None = None
    """Label of the window where the clerk is signed in."""
