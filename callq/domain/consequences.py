"""What a configuration would do to a hall that runs, told before it comes into force."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from callq.domain import events as ev
from callq.domain.hours import forget, next_ticketing, slots_on, ticketing
from callq.domain.rules.configure import hindrances, let_go_by
from callq.domain.state import Index

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callq.domain.errors import Rejected
    from callq.domain.hall import HallConfig
    from callq.domain.state import HallState

MOST_TOLD: Final = 50
"""Of what keeps it from coming into force, of effects, and of ticket numbers in one of them."""

EffectCode = Literal[
    "let_go",
    "unserved",
    "ticketing_ends",
    "ticketing_begins",
    "quota_full",
    "bookings_outside",
    "seconded_back",
    "prefix",
    "ranges",
    "clock",
    "practice",
]


class Effect(NamedTuple):
    """Something that would happen.

    Attributes:
      code: ``let_go`` (tickets go back to their queue), ``unserved`` (people wait and no open window could
        call them any more), ``ticketing_ends``, ``ticketing_begins``, ``quota_full``, ``bookings_outside``
        (of slots that would not be offered), ``seconded_back``; and what waits: ``prefix``, ``ranges``,
        ``clock`` (time zone or begin of the day) for the next business day, ``practice`` for the next start.
      service, clerk: which.
      how_many: tickets or bookings.
      numbers: of the tickets, at most `MOST_TOLD`.
      at_ms: when tickets are given again.
      before, after: the prefix.
    """

    code: EffectCode
    service: str = ""
    clerk: str = ""
    how_many: int = 0
    numbers: tuple[str, ...] = ()
    at_ms: int | None = None
    before: str = ""
    after: str = ""


class Consequences(NamedTuple):
    """What would happen.

    Attributes:
      refused: everything that keeps it from coming into force now, at most `MOST_TOLD`.
      at_once: what happens as soon as it is in force.
      later: what waits for the next business day, or the next start.
    """

    refused: tuple[Rejected, ...]
    at_once: tuple[Effect, ...]
    later: tuple[Effect, ...]


def consequences(state: HallState, config: HallConfig, now_ms: int) -> Consequences:
    """What would happen if a configuration came into force now.

    Args:
      state: the hall; it is not changed.
      config: without problems, of this hall.
      now_ms: Unix ms.
    """
    refused = tuple(islice(hindrances(state, config), MOST_TOLD))
    index, today = Index(config), state.day_clock.today(config)
    try:
        at_once = [*_services(state, today, index, now_ms)]
    finally:
        if today is not state.today:
            forget(today)
    if not refused:
        at_once = [*_let_go(state, index), *at_once]
    at_once += [Effect("seconded_back", clerk=clerk) for clerk in state.seconded if clerk not in index.clerks]
    return Consequences(refused, tuple(at_once[:MOST_TOLD]), tuple(_later(state, config))[:MOST_TOLD])


def _let_go(state: HallState, index: Index) -> Iterator[Effect]:
    numbers: dict[str, list[str]] = {}
    for event in let_go_by(state, index):
        assert isinstance(event, ev.TicketUnbound)
        ticket = state.tickets[event.ticket]
        numbers.setdefault(ticket.service, []).append(ticket.number)
    for service, found in numbers.items():
        yield Effect("let_go", service=service, how_many=len(found), numbers=tuple(found[:MOST_TOLD]))


def _services(state: HallState, today: HallConfig, index: Index, now_ms: int) -> Iterator[Effect]:
    before = {code for window in state.windows.values() if window.open for code in state.services_at(window)}
    served = _served(state, index)
    outside = _outside(state, today)
    for code, service in index.services.items():
        if code not in state.index.services:
            continue
        waiting = state.waiting.of(code)
        if waiting and code in before - served:
            yield Effect("unserved", service=code, how_many=waiting)
        was = ticketing(state.today, code, now_ms, booked=False) is not None
        will = ticketing(today, code, now_ms, booked=False) is not None
        if was and not will:
            again_ms = next_ticketing(today, code, now_ms)
            yield Effect("ticketing_ends", service=code, at_ms=again_ms, how_many=waiting)
        elif will and not was:
            yield Effect("ticketing_begins", service=code)
        issued, quota = state.issued.get(code, 0), state.index.services[code].quota
        if service.quota is not None and service.quota <= issued and (quota is None or quota > issued):
            yield Effect("quota_full", service=code, how_many=issued)
        if outside[code]:
            yield Effect("bookings_outside", service=code, how_many=outside[code])


def _outside(state: HallState, today: HallConfig) -> Counter[str]:
    """Bookings by service whose slot is offered now and would not be any more."""
    starts: dict[tuple[str, str], set[int]] = {}
    found: Counter[str] = Counter()
    for booking in state.bookings.values():
        at = (booking.service, booking.day)
        if at not in starts:
            offered = ({slot.start_ms for slot in slots_on(each, *at)} for each in (state.today, today))
            old, new = offered
            starts[at] = old - new
        found[booking.service] += booking.state == "booked" and booking.slot_ms in starts[at]
    return found


def _served(state: HallState, index: Index) -> set[str]:
    """Services that the windows which are open now would take."""
    return {
        service
        for window in state.windows.values()
        if window.open and window.id in index.windows and window.clerk in index.clerks
        for service in index.in_use(window.id, window.clerk or "", window.active, state.day)
    }


def _later(state: HallState, config: HallConfig) -> Iterator[Effect]:
    for service in config.services:
        today = state.numbering.get(service.code)
        if today is None:
            continue
        if today.prefix != service.prefix:
            yield Effect("prefix", service=service.code, before=today.prefix, after=service.prefix)
        elif today.ranges != service.ranges:
            yield Effect("ranges", service=service.code)
    if (config.timezone, config.day_starts) != (state.day_clock.timezone, state.day_clock.day_starts):
        yield Effect("clock")
    if config.practice != state.config.practice:
        yield Effect("practice")
