"""Taking tickets, and visits that go on to another service."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from callq.domain import events as ev
from callq.domain import opening
from callq.domain.calendar import day_after
from callq.domain.errors import Code, Rejected
from callq.domain.numbers import ticket_number
from callq.domain.rules.binding import first_contact
from callq.domain.rules.decision import Decision
from callq.domain.rules.desk import passed_with, within_share
from callq.domain.rules.guards import (
    clerk_of,
    in_its_day,
    item_of,
    running,
    service_of,
    unused,
    wrong_state,
    zone_for,
)
from callq.domain.rules.printing import first_print
from callq.domain.state import same_person

if TYPE_CHECKING:
    from collections.abc import Iterable

    from callq.domain import commands as cmd
    from callq.domain.hall import Service
    from callq.domain.state import HallState
    from callq.domain.ticket import Ticket


class Number(NamedTuple):
    """A number that is free, and the counter it comes from."""

    text: str
    prefix: str
    series: str
    counter: int


def issue(state: HallState, command: cmd.Issue, now_ms: int, who: cmd.Actor) -> Decision:
    """Take a number in the queue of a service, or of the first service of a visit."""
    running(state)
    item = item_of(state, command.item) if command.item else None
    service = service_of(state, command.service or (item.service if item else ""))
    for code in command.services:
        service_of(state, code)
    if item is not None and item.service != service.code:
        raise Rejected(
            Code.INVALID,
            f"{command.item!r} is no matter of {service.name}",
            f"take a ticket for {item.service}",
            item=command.item,
            service=service.code,
        )
    if command.prefer_clerk:
        clerk_of(state, command.prefer_clerk)
    if command.party < 1 or command.cases < 1:
        raise Rejected(Code.INVALID, "party and cases count from 1", "send 1 or more", service=service.code)
    unused(state, command.ticket)
    if command.cls == "appointment":
        raise Rejected(
            Code.INVALID, "an appointment is a booking that was checked in", "check the booking in"
        )
    credit = _claim(state, service, command)
    # On its own day a step needs a place, as it does where its own ticket takes it up.
    counts = not credit or state.credits[credit].of_today(state)
    require_open(state, service, now_ms, counts=counts)
    one_live_ticket(state, service, command.person)
    steps = [code for code, _ in groupby((service.code, *command.services))]
    checked = passed_with(state, command, steps, who, owed=bool(credit))
    if command.cls == "priority":
        within_share(state, who, issued=True)
    issued = new_ticket(
        state,
        service,
        command,
        cls=command.cls,
        person=command.person,
        party=command.party,
        cases=command.cases,
        prefer_clerk=command.prefer_clerk,
        steps=tuple(steps) if len(steps) > 1 else (),
        credit=credit,
        item=command.item,
        bound=first_contact(state, command.prefer_clerk, service.code),
        class_reason=command.class_reason if command.cls == "priority" else "",
    )
    printed = first_print(state, command.ticket, command.printer)
    return Decision((issued, *checked, *printed), ticket=command.ticket)


def new_ticket(
    state: HallState,
    service: Service,
    command: cmd.Issue | cmd.CheckIn,
    **more: Any,  # noqa: ANN401 - the event's own fields
) -> ev.TicketIssued:
    """The ticket that a command asks for, with the next number of its channel.

    Raises:
      Rejected: `quota_exhausted`, the channel has no number left.
    """
    number = next_number(state, service, command.channel)
    return ev.TicketIssued(
        ticket=command.ticket,
        number=number.text,
        counter=number.counter,
        prefix=number.prefix,
        series=number.series if number.series != number.prefix else "",
        service=service.code,
        zone=zone_for(state, service.code),
        channel=command.channel,
        traits=command.traits,
        **more,
    )


def require_open(
    state: HallState, service: Service, now_ms: int, *, booked: bool = False, counts: bool = True
) -> None:
    """Refuse where the service gives no tickets now.

    Args:
      state: the hall.
      service: of it.
      now_ms: Unix ms.
      booked: whether a booked-only session will do.
      counts: whether it needs a place of the quota; what was booked or is owed has one already.

    Raises:
      Rejected: `service_closed` (stopped by staff), `outside_session` (with ``next_ms``, if known),
        `quota_exhausted`.
    """
    if service.code in state.stopped:
        raise Rejected(
            Code.SERVICE_CLOSED,
            f"{service.name}: {state.stopped[service.code]}",
            "ask at the desk",
            state="stopped",
            service=service.code,
        )
    closed = state.day_closed or opening.ticketing(state, service.code, now_ms, booked=booked) is None
    if closed:
        refusal = Rejected(
            Code.OUTSIDE_SESSION,
            f"{service.name} gives no tickets now",
            "come when it does, or book",
            state="closed",
            service=service.code,
        )
        following = next_open_ms(state, service.code, now_ms)
        raise refusal.having(next_ms=following) if following is not None else refusal
    if service.quota is not None and counts and state.issued.get(service.code, 0) >= service.quota:
        raise Rejected(
            Code.QUOTA_EXHAUSTED,
            f"all {service.quota} tickets of the day for {service.name} are given",
            "come tomorrow, or book",
            state="full",
            service=service.code,
        )


def next_open_ms(state: HallState, service: str, now_ms: int) -> int | None:
    """When tickets for a service are given again, Unix ms; None: not known."""
    after_ms = state.day_ends_ms if state.day_closed else now_ms
    return opening.next_ticketing(state, service, after_ms)


def one_live_ticket(
    state: HallState, service: Service, person: cmd.Person | None, but: Ticket | None = None
) -> None:
    """Refuse a person who holds a live ticket for the service already, with `duplicate_ticket`."""
    ticket = state.live_ticket(person, service.code, but) if service.one_per_person else None
    if ticket is not None:
        raise Rejected(
            Code.DUPLICATE_TICKET,
            f"{ticket.number} of this person is {ticket.state}",
            "use that ticket or cancel it first",
            state=ticket.state,
            ticket=ticket.id,
            service=service.code,
        )


def next_number(state: HallState, service: Service, channel: str) -> Number:
    """The next free number of a channel, with the prefix and ranges that the day began with.

    Raises:
      Rejected: `quota_exhausted`, when its range is used up.
    """
    prefix, ranges = state.numbering[service.code]
    own = next((r for r in ranges if r.channel == channel), None)
    if own is not None:
        series, counter = (
            f"{prefix}{own.first}",
            state.counters.get(f"{prefix}{own.first}", own.first - 1) + 1,
        )
        last: int | None = own.last
    else:
        series, counter = prefix, state.counters.get(prefix, 0) + 1
        last = min(r.first for r in ranges) - 1 if ranges else None
    if last is not None and counter > last:
        raise Rejected(
            Code.QUOTA_EXHAUSTED,
            f"the numbers of channel {channel} for {service.name} are used up",
            "take a ticket another way",
            state="full",
            service=service.code,
        )
    return Number(ticket_number(prefix, counter), prefix, series, counter)


def _claim(state: HallState, service: Service, command: cmd.Issue) -> str:
    """Key of the come-back that the person is owed, or that the command names; empty for none.

    Raises:
      Rejected: the command names one, and `expired` (nothing is owed) or `not_eligible` (for another
        service).
    """
    if not command.come_back and command.person is None:
        return ""
    owed = {key: credit for key, credit in state.credits.items() if credit.claimable(state)}
    if command.come_back:
        owed = {key: credit for key, credit in owed.items() if credit.ticket == command.come_back}
        if not owed:
            raise Rejected(
                Code.EXPIRED,
                f"nothing is owed to ticket {command.come_back!r} today",
                "leave `come_back` out; the same day, `returned` takes up a deferred step",
                state="not_owed",
                ticket=command.come_back,
            )
    for key, credit in owed.items():
        own = bool(command.come_back) or same_person(credit.person, command.person)
        if own and credit.service == service.code:
            return key
    if command.come_back:
        services = ", ".join(sorted({credit.service for credit in owed.values()}))
        raise Rejected(
            Code.NOT_ELIGIBLE,
            f"ticket {command.come_back!r} comes back for another service",
            f"take a ticket for {services}",
            state="owed",
            ticket=command.come_back,
            service=service.code,
        )
    return ""


def after_completion(state: HallState, ticket: Ticket, now_ms: int) -> tuple[ev.Event, ...]:
    """What a visit does when a step is done: the first that can begin does, those before are deferred."""
    events: list[ev.Event] = []
    for index, step in enumerate(ticket.steps):
        if index != ticket.step and step.state == "todo":
            events.append(_step(state, ticket, index, now_ms))
            if isinstance(events[-1], ev.StepBegun):
                break
    return tuple(events)


def service_begun(ticket: Ticket, events: Iterable[ev.Event]) -> str:
    """Service of the step that these let begin; empty: none does."""
    return next((ticket.steps[e.step].service for e in events if isinstance(e, ev.StepBegun)), "")


def _step(state: HallState, ticket: Ticket, step: int, now_ms: int) -> ev.Event:
    service = state.index.services[ticket.steps[step].service]
    try:
        return _begun(state, ticket, step, now_ms)
    except Rejected as refusal:
        days = state.config.rules.come_back_days
        return ev.StepDeferred(
            ticket=ticket.id,
            step=step,
            reason=refusal.code,
            next_ms=_next_chance(state, service.code, refusal.code, now_ms),
            credit_until=day_after(ticket.day, days) if days else "",
        )


def _begun(state: HallState, ticket: Ticket, step: int, now_ms: int) -> ev.StepBegun:
    """The step waits for its service; also while the hall stands still, where nobody is called."""
    service = state.index.services[ticket.steps[step].service]
    in_its_day(state, ticket)
    require_open(state, service, now_ms)
    one_live_ticket(state, service, ticket.person)
    return ev.StepBegun(ticket=ticket.id, step=step, zone=zone_for(state, service.code))


def _next_chance(state: HallState, service: str, code: Code, now_ms: int) -> int | None:
    """When a step refused with `code` may be tried again, Unix ms; None: not known."""
    if code == Code.QUOTA_EXHAUSTED:
        return opening.next_ticketing(state, service, state.day_ends_ms)
    if code in (Code.OUTSIDE_SESSION, Code.EXPIRED):
        return next_open_ms(state, service, now_ms)
    return None


def take_up(state: HallState, ticket: Ticket, now_ms: int) -> Decision:
    """Go on with a deferred step of a visit whose last step is done."""
    running(state)
    step = ticket.deferred
    if step is None:
        raise wrong_state(ticket, "no step of the visit is left", "take a new number")
    return Decision((_begun(state, ticket, step, now_ms),), ticket=ticket.id)
