"""Effects of what is done at the desk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callq.domain.desk import Companion, Precheck, PrecheckCount

if TYPE_CHECKING:
    from callq.domain import events as ev
    from callq.domain.effects.tools import Moment
    from callq.domain.state import HallState
    from callq.domain.ticket import Ticket
    from callq.domain.undo import Undo


def helper_joined(state: HallState, event: ev.HelperJoined, at: Moment, undo: Undo) -> None:
    """Somebody goes along."""
    companion = Companion(by=at.who, helper=event.helper, since_ms=at.now_ms)
    undo.put(state.companions, state.tickets[event.ticket].id, companion)


def helper_left(state: HallState, event: ev.HelperLeft, at: Moment, undo: Undo) -> None:
    """Nobody does any more."""
    undo.drop(state.companions, event.ticket)


def prechecked(state: HallState, event: ev.TicketPrechecked, at: Moment, undo: Undo) -> None:
    """What the pre-check of a ticket for a service came to, instead of the one before."""
    ticket = state.tickets[event.ticket]
    found = Precheck(
        by=at.who,
        helper=event.helper,
        at_ms=at.now_ms,
        missing=event.missing,
        service=event.service,
        item=ticket.matter if ticket.service == event.service else "",
    )
    others = (one for one in state.prechecks.get(ticket.id, ()) if one.service != event.service)
    undo.put(state.prechecks, ticket.id, (*others, found))
    _count(state, event.service, undo, passed=not event.missing)


def sent_home(state: HallState, event: ev.SentHome, at: Moment, undo: Undo) -> None:
    """One more who took no number."""
    _count(state, event.service, undo, passed=False)


def _count(state: HallState, service: str, undo: Undo, *, passed: bool) -> None:
    before = state.precheck_counts.get(service, PrecheckCount())
    after = PrecheckCount(before.passed + passed, before.lacking + (not passed))
    undo.put(state.precheck_counts, service, after)


def visit_goes_on(state: HallState, ticket: Ticket, undo: Undo) -> None:
    """A visit that was over begins its next step: whoever went along before has gone."""
    if ticket.touched != state.revision + 1 and ticket.id in state.companions:
        undo.drop(state.companions, ticket.id)


def day_begins(state: HallState, undo: Undo) -> None:
    """The counts begin again."""
    undo.set(state, "precheck_counts", {})


def forget(state: HallState, ticket: str, undo: Undo) -> None:
    """Let go of what is known of a ticket that is forgotten."""
    if ticket in state.companions:
        undo.drop(state.companions, ticket)
    if ticket in state.prechecks:
        undo.drop(state.prechecks, ticket)
