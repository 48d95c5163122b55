"""Texts and structs that many tickets have in common, held once for all of them.

A hall at its peak holds tens of thousands of tickets, and most of what one of them says is what a thousand
others say: the service, the day, the steps to come, the last digits of a number. None of it is ever changed
in place, so all of them may point at the same.
"""

from __future__ import annotations

from functools import lru_cache
from sys import intern

from callq.domain.commands import Person
from callq.domain.ticket import Step, Ticket


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


def shared_text(text: str | None) -> str | None:
    """The same text, or None."""
    return None if text is None else intern(text)


def held_once(ticket: Ticket) -> Ticket:
    """The same ticket, just read, with what others have as well in place of its own."""
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
    return ticket
