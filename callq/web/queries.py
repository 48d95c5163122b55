"""What may be asked for in the query of an address. Unknown parameters are errors."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from callq.web.bodies import Short
from callq.wire.messages import BookingStateName, TicketStateName

Day = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$(?!\n)")]


def _about(text: str) -> msgspec.Meta:
    """A description for the OpenAPI document, where a query's fields are parameters."""
    return msgspec.Meta(description=text)


class _Query(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of queries."""


class NoQuery(_Query, frozen=True, kw_only=True):
    """Nothing may be asked for."""


class BoardQuery(_Query, frozen=True, kw_only=True):
    """Which board."""

    zone: Annotated[Short, _about("Left out: the whole hall")] | None = None


class AnnouncementQuery(_Query, frozen=True, kw_only=True):
    """Where it is spoken."""

    zone: Annotated[Short, _about("Left out: in the whole hall")] | None = None


class TicketsQuery(_Query, frozen=True, kw_only=True):
    """Which tickets; conditions are combined."""

    number: Annotated[Short, _about("As printed, e.g. A012")] | None = None
    state: (
        Annotated[
            TicketStateName,
            _about("Present state"),
        ]
        | None
    ) = None
    service: Annotated[Short, _about("Code of the service")] | None = None
    after: Annotated[int, msgspec.Meta(ge=0, lt=2**53), _about("`next` of the page before")] | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=500), _about("Most tickets in the answer")] = 100


class EventsQuery(_Query, frozen=True, kw_only=True):
    """Which events."""

    since: Annotated[int, msgspec.Meta(ge=0, lt=2**53), _about("Revision after which to begin")] = 0
    limit: Annotated[
        int,
        msgspec.Meta(ge=1, le=1000),
        _about("Most revisions in the answer; one may have several events"),
    ] = 100


class SlotsQuery(_Query, frozen=True, kw_only=True):
    """Which slots."""

    service: Annotated[Short, _about("Code of the service")]
    day: Annotated[Day, _about("Business day, ISO date; left out: the present one")] | None = None


class BookingsQuery(_Query, frozen=True, kw_only=True):
    """Which bookings; conditions are combined."""

    day: Annotated[Day, _about("Business day of the slot, ISO date")] | None = None
    service: Annotated[Short, _about("Code of the service")] | None = None
    state: Annotated[BookingStateName, _about("Present state")] | None = None
    after: Annotated[Short, _about("`next` of the page before")] | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=500), _about("Most bookings in the answer")] = 100


class CasesQuery(_Query, frozen=True, kw_only=True):
    """Which cases."""

    state: (
        Annotated[
            Literal["open", "called_back", "closed", "overdue"],
            _about("Present state, or `overdue` (not closed in time); left out: all"),
        ]
        | None
    ) = None
    after: Annotated[int, msgspec.Meta(ge=0, lt=2**53), _about("`next` of the page before")] | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=500), _about("Most cases in the answer")] = 100


class RatingsQuery(_Query, frozen=True, kw_only=True):
    """Which ratings."""

    from_: Annotated[Day, _about("First day on which they were given, ISO date")] = msgspec.field(name="from")
    to: Annotated[Day, _about("Last such day")]
    after: Annotated[int, msgspec.Meta(ge=0, lt=2**53), _about("`next` of the page before")] | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=500), _about("Most ratings in the answer")] = 100


class ItemsQuery(_Query, frozen=True, kw_only=True):
    """Which matters; conditions are combined."""

    q: Annotated[Short, _about("What name, English name or code shall contain")] | None = None
    service: Annotated[Short, _about("Code of the service")] | None = None
    after: Annotated[int, msgspec.Meta(ge=0, lt=2**53), _about("`next` of the page before")] | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=500), _about("Most matters in the answer")] = 100


class SheetQuery(_Query, frozen=True, kw_only=True):
    """In which language."""

    lang: Annotated[Literal["zh", "en"], _about("Of the words")] = "zh"
