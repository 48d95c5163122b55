"""好差评: what is asked of citizens, what they said, and the cases that follow."""

from __future__ import annotations

from typing import Literal

import msgspec

from callq.wire.messages.base import _Wire

CaseStateName = Literal["open", "called_back", "closed"]


class RatingReason(_Wire, frozen=True, kw_only=True):
    """Why somebody was not satisfied, to choose from."""

    code: str
    name: str
    name_en: str


class RatingCall(_Wire, frozen=True, kw_only=True):
    """Somebody who can rate at a window now; drop it at `until_ms`."""

    ticket: str
    """Id that the rating is given to."""
    number: str
    step: int
    """Which step of the visit."""
    before: int
    """Ratings of completions of the step that were taken back: the next one is asked for anew."""
    service_name: str
    service_name_en: str
    asked_ms: int
    """When the service was completed, or when its clerk asked once more."""
    until_ms: int
    """When it is too late at the window."""
    phone_h: int
    """How long it can be rated on the phone."""
    bad: int
    """Levels up to this are asked for reasons."""
    reasons: tuple[RatingReason, ...]


class RateableStep(_Wire, frozen=True, kw_only=True):
    """A completed service that is not rated; drop it at `until_ms`."""

    step: int
    before: int
    """As in `RatingCall`."""
    service_name: str
    service_name_en: str
    until_ms: int


class TicketRating(_Wire, frozen=True, kw_only=True):
    """What the holder of a ticket can rate on the phone."""

    steps: tuple[RateableStep, ...]
    rated: int
    """Ratings that were given."""
    bad: int
    """Levels up to this are asked for reasons."""
    reasons: tuple[RatingReason, ...]


class RatingsNow(_Wire, frozen=True, kw_only=True):
    """Ratings of this business day's tickets."""

    done: int
    """Services completed."""
    rated: int
    levels: tuple[int, ...] | None
    """How many of each level, 1 first; null where so few would tell who said what."""


class CasesNow(_Wire, frozen=True, kw_only=True):
    """Cases that are not closed."""

    open: int
    called_back: int
    due_ms: tuple[int, ...]
    """When each of them is due, the first first."""


class CaseAct(_Wire, frozen=True, kw_only=True):
    """Something that was done about a case."""

    kind: Literal["reached", "not_reached", "closed", "reopened"]
    at_ms: int
    by: str
    """Id of the token."""
    by_name: str
    """What the token is called; empty: nothing."""
    text: str


class CaseTaken(_Wire, frozen=True, kw_only=True):
    """Somebody is calling back; drop it at `until_ms`."""

    by: str
    """Id of the token."""
    by_name: str
    """What the token is called; empty: nothing."""
    at_ms: int
    until_ms: int


class Case(_Wire, frozen=True, kw_only=True):
    """A bad rating that somebody looks after; nothing in it is about the person."""

    id: str
    number: str
    day: str
    """Business day of the ticket, ISO date."""
    step: int
    service: str
    service_name: str
    service_name_en: str
    window: str
    window_label: str
    clerk: str
    clerk_name: str
    level: int
    reasons: tuple[RatingReason, ...]
    text: str
    rated_at: Literal["window", "phone"]
    opened_ms: int
    due_ms: int
    """Overdue from then on, unless it is closed."""
    state: CaseStateName
    tried: int
    """How often somebody tried to call back since it was opened or reopened."""
    acts: tuple[CaseAct, ...]
    """Oldest first."""
    taken: CaseTaken | None
    """Nobody else calls back meanwhile."""
    undone_ms: int | None
    """When the completion that was rated was taken back; null: it stands."""


class CaseRules(_Wire, frozen=True, kw_only=True):
    """What the hall asks of those who look after cases."""

    attempts: int
    """So many tries to reach somebody, and a case may be closed without."""
    keep_days: int
    """How long closed ones are listed."""
    acts: int
    """So many acts are recorded of a case: then it can only be closed, without further tries."""


class CasePage(_Wire, frozen=True, kw_only=True):
    """Cases, oldest first."""

    cases: tuple[Case, ...]
    next: str | None
    revision: int


class RatingRow(_Wire, frozen=True, kw_only=True):
    """A rating and the service it was given to; null is what the record of its time does not tell."""

    revision: int
    """At which it was recorded."""
    ticket: str
    step: int
    level: int
    reasons: tuple[RatingReason, ...]
    text: str
    rated_ms: int
    rated_at: Literal["window", "phone"] | None
    number: str | None
    day: str | None
    """Business day of the ticket, ISO date."""
    service: str | None
    service_name: str | None
    item: str | None
    item_name: str | None
    window: str | None
    window_label: str | None
    clerk: str | None
    clerk_name: str | None
    class_: str | None = msgspec.field(name="class")
    channel: str | None
    """How the ticket was taken."""
    issued_ms: int | None
    done_ms: int | None


class RatingPage(_Wire, frozen=True, kw_only=True):
    """Ratings in the order in which they were given."""

    ratings: tuple[RatingRow, ...]
    next: str | None
    days: tuple[str, ...]
    """Days asked for that this server has a record of, as far as the page goes."""
    hall: str
    hall_name: str
    timezone: str
