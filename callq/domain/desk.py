"""The desk and its helpers: pre-checks, who goes along with a ticket, and the share of priority.

A pre-check (预审) walks the list that the hall file gives a service or a matter, before a number is taken
or while its holder waits. What is kept of it are the hall's own words for what was missing, never anything
of the person. Who accompanies a ticket is known until it is over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from callq.domain.hall import Check
from callq.domain.ticket import FINAL

if TYPE_CHECKING:
    from callq.domain.commands import Actor
    from callq.domain.state import HallState
    from callq.domain.ticket import Ticket

LEVEL: Final = 4
"""Schema of the events: a hall whose batches may not use it knows neither pre-checks nor companions."""

_ABOVE: Final = frozenset({"supervisor", "admin", "system"})
"""Roles that the share does not bind where the hall file leaves more to a supervisor."""

CHECKING: Final = frozenset({"helper", "supervisor", "admin", "system"})
"""Roles that look at papers before a window does."""


class Companion(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Who goes along with the holder of a ticket."""

    by: str
    """The principal."""
    helper: str
    """Name of its token; may be empty."""
    since_ms: int


class Precheck(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The last pre-check of a ticket for one service."""

    by: str
    helper: str
    at_ms: int
    missing: tuple[str, ...] = ()
    """What its holder did not have, in the hall file's words; empty: passed."""
    service: str
    """Whose list was looked through."""
    item: str = ""
    """The matter whose list was as well; empty: none."""


class PrecheckCount(NamedTuple):
    """Pre-checks of one service on this business day."""

    passed: int = 0
    lacking: int = 0


class Share(NamedTuple):
    """How much of the day's tickets is priority that staff granted."""

    granted: int
    issued: int
    most: int | None
    """How many of those may have it; None: no limit."""
    most_next: int | None
    """How many may once the next ticket is issued, which counts itself."""


def checks_of(state: HallState, service: str, item: str = "") -> tuple[Check, ...]:
    """What is looked at before a number for a service, and for a matter if it is one of that service.

    In the hall file's order, each once.
    """
    found = state.index.services[service].precheck
    matter = state.index.items.get(item)
    own = matter is not None and matter.service == service
    listed = (*found, *(matter.precheck if matter is not None and own else ()))
    plain = (Check(text=one) if isinstance(one, str) else one for one in listed)
    return tuple({one.text: one for one in plain}.values())


def precheck_of(state: HallState, ticket: Ticket) -> Precheck | None:
    """The last pre-check for what a ticket is for now: none for what it was for before.

    One that was passed with a matter's papers holds for the service without the matter, too.
    """
    found = _precheck_for(state, ticket, ticket.service)
    if found is None or (found.item != ticket.matter and (ticket.matter or found.missing)):
        return None
    return found


def passed_for(state: HallState, ticket: Ticket, service: str) -> bool:
    """Whether a pre-check of a ticket for a service was passed."""
    found = _precheck_for(state, ticket, service)
    return found is not None and not found.missing


def _precheck_for(state: HallState, ticket: Ticket, service: str) -> Precheck | None:
    return next((one for one in state.prechecks.get(ticket.id, ()) if one.service == service), None)


def companion_of(state: HallState, ticket: Ticket) -> Companion | None:
    """Who goes along with a ticket; nobody when it is over."""
    return state.companions.get(ticket.id) if ticket.state not in FINAL else None


def share_of(state: HallState) -> Share:
    """The day's share of priority so far, and how far it goes: for the rule and for whoever is told of it.

    Cost: one look at each ticket in memory.
    """
    granted = issued = 0
    for ticket in state.tickets.values():
        if ticket.day == state.day:
            issued += 1
            granted += ticket.cls == "priority" and ticket.granted_by != ""
    desk = state.config.desk
    if not desk.priority_share:
        return Share(granted, issued, None, None)
    most, most_next = (
        max(desk.priority_free, of * desk.priority_share // 100) for of in (issued, issued + 1)
    )
    return Share(granted, issued, most, most_next)


def above_share(state: HallState, who: Actor) -> bool:
    """Whether somebody may grant priority beyond the day's share."""
    if who.role == "system":
        return True
    return state.config.desk.over_share == "supervisor" and who.role in _ABOVE
