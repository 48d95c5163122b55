"""A ticket and a window as everyone may see them, and the view of one ticket on a phone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from callq.domain.desk import companion_of, precheck_of
from callq.domain.estimate import ahead, expected_wait
from callq.domain.rules.bookings import first_free
from callq.domain.rules.guards import ticket_of
from callq.domain.state import step_key
from callq.domain.ticket import AT_WINDOW, FINAL, TicketState
from callq.domain.tides import opening_ms
from callq.views.queues import place_of
from callq.views.ratings import ticket_rating
from callq.views.ticketing import suspended_of
from callq.wire import messages as m

if TYPE_CHECKING:
    from collections.abc import Mapping

    from callq.domain.estimate import Standing
    from callq.domain.state import HallState
    from callq.domain.ticket import Ticket
    from callq.domain.window import Window


def links_of(hall: str, ticket: str) -> dict[str, str]:
    """Where a ticket is found over HTTP."""
    return {"self": f"/v1/halls/{hall}/tickets/{ticket}"}


def ticket_out(
    state: HallState,
    ticket: Ticket,
    now_ms: int,
    links: Mapping[str, str] | None = None,
    *,
    ratings: bool = False,
    offers: bool = True,
) -> m.Ticket:
    """A ticket as everyone may see it: nothing in it tells who the person is.

    Args:
      state: the hall that it belongs to.
      ticket: of this hall.
      now_ms: for the expected wait, Unix milliseconds.
      links: further links beside its own address.
      ratings: whether to tell what was thought of it, which is nothing for its clerk.
      offers: whether to look for a slot that could be booked for a deferred step.
    """
    waiting = ticket.state is TicketState.WAITING
    credit = state.credits.get(ticket.id)
    checked = precheck_of(state, ticket)
    companion = companion_of(state, ticket)
    return m.Ticket(
        id=ticket.id,
        number=ticket.number,
        hall=state.hall,
        zone=ticket.zone,
        service=ticket.service,
        class_=ticket.cls,
        item=ticket.matter or None,
        channel=ticket.channel,
        state=ticket.state.value,
        issued_ms=ticket.issued_ms,
        first_arrival_ms=ticket.first_arrival_ms,
        returned=ticket.returned,
        hold_kind=ticket.hold_kind,
        party=ticket.party,
        cases=ticket.cases,
        prefer_clerk=ticket.prefer_clerk or None,
        booking=ticket.booking or None,
        calls=ticket.calls,
        called_ms=ticket.called_ms,
        started_ms=ticket.started_ms,
        done_ms=ticket.done_ms,
        missed_ms=ticket.missed_ms,
        held_ms=ticket.held_ms,
        held_until_ms=held_until_ms(state, ticket),
        window=ticket.window,
        clerk=ticket.clerk,
        bound=_bound(ticket) if waiting else None,
        from_=_origin(ticket),
        visit=_visit(state, ticket, now_ms, offers=offers),
        unconfirmed=ticket.unconfirmed,
        come_back_until=credit.until if credit else None,
        ahead=ahead(state, ticket, now_ms) if waiting else None,
        wait=wait_out(state, ticket, now_ms) if waiting else None,
        traits=ticket.traits,
        ratings=_ratings(ticket) if ratings else msgspec.UNSET,
        links={**links_of(state.hall, ticket.id), **(links or {})},
        print=print_out(state, ticket),
        prechecked_ms=checked.at_ms if checked is not None and not checked.missing else None,
        accompanied_ms=companion.since_ms if companion is not None else None,
    )


def companion_out(state: HallState, ticket: Ticket) -> m.Companion | None:
    """Who goes along with a ticket, as staff may know it."""
    found = companion_of(state, ticket)
    return m.Companion(by=found.by, helper=found.helper, since_ms=found.since_ms) if found else None


def precheck_out(state: HallState, ticket: Ticket) -> m.Precheck | None:
    """The last pre-check of a ticket for what it is for now, as staff may know it."""
    found = precheck_of(state, ticket)
    if found is None:
        return None
    return m.Precheck(by=found.by, helper=found.helper, at_ms=found.at_ms, missing=found.missing)


def print_out(state: HallState, ticket: Ticket) -> m.Print | None:
    """The last print of a ticket."""
    found = state.prints.get(ticket.id)
    if found is None:
        return None
    return m.Print(
        printer=found.printer, copy=found.copy, state=found.state, fault=found.fault, at_ms=found.at_ms
    )


def held_until_ms(state: HallState, ticket: Ticket) -> int | None:
    """When a held ticket is given up, Unix ms; None: it is not, or nobody knows while all stands still."""
    due_clock = state.due.get(("held", ticket.id))
    if due_clock is None or state.suspended_since is not None:
        return None
    return due_clock + state.frozen_ms


def _bound(ticket: Ticket) -> dict[str, str] | None:
    kind, _, whom = ticket.bound.partition(":")
    return {"w": {"window": whom}, "c": {"clerk": whom}}.get(kind)


def _ratings(ticket: Ticket) -> tuple[m.Rating, ...]:
    return (
        *(m.Rating(**rating._asdict(), taken_back=False) for rating in ticket.ratings),
        *(m.Rating(**rating._asdict(), taken_back=True) for rating in ticket.ratings_taken_back),
    )


def _origin(ticket: Ticket) -> m.Origin | None:
    origin = ticket.origin
    if origin is None:
        return None
    return m.Origin(
        service=origin.service,
        window=origin.window or None,
        clerk=origin.clerk or None,
        at_ms=origin.at_ms,
    )


def _visit(state: HallState, ticket: Ticket, now_ms: int, *, offers: bool) -> m.Visit | None:
    if len(ticket.steps) == 1:
        return None
    return m.Visit(
        steps=tuple(m.VisitStep(service=step.service, state=step.state) for step in ticket.steps),
        current=ticket.step,
        deferred=_deferred(state, ticket, now_ms, offers=offers),
    )


def _deferred(state: HallState, ticket: Ticket, now_ms: int, *, offers: bool) -> m.Deferred | None:
    """The first step that could not begin, and what is offered for it."""
    index = ticket.deferred
    if index is None:
        return None
    step = ticket.steps[index]
    service = state.index.services.get(step.service)
    slot = first_free(state, service, now_ms) if service and offers else None
    credit = state.credits.get(step_key(ticket, index))
    return m.Deferred(
        service=step.service,
        reason=step.reason,
        next_ms=step.next_ms,
        slot_ms=slot.start_ms if slot else None,
        come_back_until=credit.until if credit else None,
    )


def wait_out(state: HallState, one: Standing, now_ms: int) -> m.Wait:
    """The expected wait of somebody in a queue, all null where nothing honest can be said."""
    expected = expected_wait(state, one, now_ms)
    return m.Wait(**expected._asdict()) if expected else m.Wait()


def window_out(state: HallState, window: Window) -> m.Window:
    """A window as it stands."""
    config = state.index.windows[window.id]
    services = state.index.services
    skills = dict.fromkeys(services[code].needs for code in state.services_at(window))
    return m.Window(
        id=window.id,
        label=config.label,
        kind=config.kind,
        zone=config.zone,
        state=window.state.value,
        open=window.open,
        draining=window.draining,
        pause_after=window.pause_after,
        active_skills=tuple(skills),
        pause_reason=window.pause_reason,
        clerk=window.clerk,
        trainee=state.trainees.get(window.id),
        ticket=window.ticket.id if window.ticket else None,
        since_ms=window.since_ms or None,
        opens_ms=opening_ms(state, window.id),
    )


def project_ticket(state: HallState, ticket: str, now_ms: int) -> dict[str, object]:
    """Data of the view ``ticket``: what its holder needs to know now.

    Raises:
      Rejected: `UNKNOWN_TICKET`, also when a new business day has forgotten it.
    """
    found = ticket_of(state, ticket)
    service = state.index.services.get(found.service)
    window = state.index.windows.get(found.window) if found.window else None
    zone = window.zone if window and found.state in AT_WINDOW else found.zone
    contact = state.config.contact
    return {
        "ticket": ticket_out(state, found, now_ms),
        "service_name": service.name if service else found.service,
        "service_name_en": service.name_en if service else "",
        "place": place_of(state, zone if zone in state.index.zones else None),
        "contact": m.ContactInfo(phone=contact.phone, address=contact.address),
        "window_label": window.label if window else None,
        "directions": window.directions if window else "",
        "directions_en": window.directions_en if window else "",
        "state": found.state.value,
        "rejoin": rejoin_of(state),
        "suspended": suspended_of(state),
        "stopped": None if found.state in FINAL else state.stopped.get(found.service),
        "stopped_en": "" if found.state in FINAL else state.stopped_en.get(found.service, ""),
        "rating": ticket_rating(state, found),
    }


def rejoin_of(state: HallState) -> m.Rejoin:
    """What becomes of a missed number in this hall."""
    rules = state.config.rules
    return m.Rejoin(
        policy=rules.rejoin, k=rules.rejoin_k, minutes=rules.missed_abandon_min, max=rules.rejoin_max
    )
