"""Texts and structs that many tickets have in common, held once for all of them.

A hall at its peak holds tens of thousands of tickets, and most of what one of them says is what a thousand
others say: the service, the day, the steps to come, the last digits of a number. None of it is ever changed
in place, so all of them may point at the same.
"""

from __future__ import annotations

from functools import lru_cache
from sys import intern
from typing import TYPE_CHECKING

from msgspec.structs import replace

from callq.domain.commands import Person
from callq.domain.events import LaneSeen, Why
from callq.domain.grounds import Call, PastCall
from callq.domain.ticket import Step, Ticket

if TYPE_CHECKING:
    from collections.abc import Mapping


@lru_cache(maxsize=4096)
def first_steps(service: str, later: tuple[str, ...]) -> tuple[Step, ...]:
    """Steps of a new visit."""
    return (Step(service, "current"), *(Step(code, "todo") for code in later))


@lru_cache(maxsize=4096)
def _steps(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    return steps


@lru_cache(maxsize=4096)
def _traits(traits: tuple[str, ...]) -> tuple[str, ...]:
    return traits


def shared_person(person: Person | None) -> Person | None:
    """The same person; hashes are one's own, short texts are not."""
    if person is None:
        return None
    return Person(
        id_hash=person.id_hash,
        id_last4=intern(person.id_last4),
        phone_hash=person.phone_hash,
        phone_last4=intern(person.phone_last4),
        name=intern(person.name),
    )


def shared_why(why: Why, tickets: Mapping[str, Ticket]) -> Why:
    """The same record of a call; its lanes point at texts and clocks that tickets have already.

    Args:
      why: just read.
      tickets: of the hall by id, as far as they are there.
    """
    lanes = []
    for lane in why.lanes:
        ticket, clock_ms = lane.head, lane.clock_ms
        head = tickets.get(ticket)
        if head is not None:
            ticket = head.id
            clock_ms = head.clock_ms if head.clock_ms == clock_ms else clock_ms
        lanes.append(LaneSeen(intern(lane.service), intern(lane.cls), ticket, clock_ms, lane.count))
    return Why(
        rule=intern(why.rule),
        lanes=tuple(lanes),
        reason=why.reason,
        terms=why.terms,
        by=intern(why.by),
        target_min=why.target_min,
    )


def _call(call: Call) -> Call:
    window, clerk, service = intern(call.window), intern(call.clerk), intern(call.service)
    return Call(window, clerk, service, call.clock_ms, call.began_ms, call.revision)


def _past(past: PastCall) -> PastCall:
    window, clerk, service = intern(past.window), intern(past.clerk), intern(past.service)
    grounds = replace(past.grounds, rule=intern(past.grounds.rule), by=intern(past.grounds.by))
    return replace(past, window=window, clerk=clerk, service=service, grounds=grounds)


def shared_text(text: str | None) -> str | None:
    """The same text, or None."""
    return None if text is None else intern(text)


def held_once(ticket: Ticket, tickets: Mapping[str, Ticket]) -> Ticket:
    """The same ticket, just read, with what others have as well in place of its own.

    Args:
      ticket: changed in place.
      tickets: it and those that were read before it, by id.
    """
    ticket.day = intern(ticket.day)
    ticket.service = intern(ticket.service)
    ticket.quota_of = intern(ticket.quota_of)
    ticket.zone = intern(ticket.zone)
    ticket.prefer_clerk = intern(ticket.prefer_clerk)
    ticket.bound = intern(ticket.bound)
    ticket.granted_by = intern(ticket.granted_by)
    ticket.item = intern(ticket.item)
    ticket.window = shared_text(ticket.window)
    ticket.clerk = shared_text(ticket.clerk)
    ticket.steps = _steps(ticket.steps)
    ticket.traits = _traits(ticket.traits)
    ticket.person = shared_person(ticket.person)
    issued_ms = ticket.issued_ms
    if ticket.first_arrival_ms == issued_ms:
        ticket.first_arrival_ms = issued_ms
    if ticket.clock_ms == issued_ms:
        ticket.clock_ms = issued_ms
    if ticket.first_clock_ms == ticket.clock_ms:
        ticket.first_clock_ms = ticket.clock_ms
    if ticket.why is not None:
        ticket.why = shared_why(ticket.why, tickets)
    if ticket.call is not None:
        ticket.call = _call(ticket.call)
    ticket.past = tuple(map(_past, ticket.past))
    return ticket
