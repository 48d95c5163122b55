"""Effects on tickets that wait, come back, or go."""

from __future__ import annotations

from sys import intern
from typing import TYPE_CHECKING, Final

from callq.domain.effects.desk import visit_goes_on
from callq.domain.effects.tools import (
    Moment,
    begin_timer,
    call_over,
    drop_credit,
    drop_timer,
    enter_lane,
    forget_person,
    know_person,
    leave_lane,
    move,
    next_order,
    set_step,
    set_timer,
    settled,
    stop_handling,
)
from callq.domain.sharing import first_steps, shared_person
from callq.domain.state import Credit, step_key
from callq.domain.ticket import AT_WINDOW, Origin, Ticket, TicketAct, TicketState

if TYPE_CHECKING:
    from callq.domain import events as ev
    from callq.domain.state import HallState
    from callq.domain.undo import Undo


OWN_PLACES: Final = 3
"""Level from which what was booked or is owed uses up no place of the quota."""


def _takes_place(state: HallState, event: ev.TicketIssued) -> bool:
    """Whether a new ticket takes a place of its service's quota."""
    return state.level < OWN_PLACES or not (event.booking or event.credit)


def issued(state: HallState, event: ev.TicketIssued, at: Moment, undo: Undo) -> None:
    """A new ticket waits."""
    undo.set(state, "seq", state.seq + 1)
    undo.put(state.counters, event.series or event.prefix, event.counter)
    takes_place = _takes_place(state, event)
    if takes_place:
        undo.put(state.issued, event.service, state.issued.get(event.service, 0) + 1)
    clock_ms = state.clock(at.now_ms) if event.clock_ms is None else event.clock_ms
    credit = state.credits[event.credit] if event.credit else None
    held = credit is not None and credit.step is None
    service = intern(event.service)
    ticket = Ticket(
        id=event.ticket,
        number=event.number,
        seq=state.seq,
        day=state.day,
        service=service,
        quota_of=service if takes_place else "",
        cls=event.cls,
        zone=intern(event.zone),
        channel=event.channel,
        issued_ms=at.now_ms,
        first_arrival_ms=at.now_ms,
        clock_ms=clock_ms,
        first_clock_ms=clock_ms,
        order=next_order(state, undo),
        steps=first_steps(service, event.steps[1:]),
        person=shared_person(event.person),
        traits=event.traits,
        party=event.party,
        cases=event.cases,
        prefer_clerk=event.prefer_clerk,
        rank=0 if held else 1,
        bound=event.bound,
        item=event.item,
        returned="hold" if held else None,
        granted_by=at.who if event.cls == "priority" else "",
        issued_as=event.cls,
        booking=event.booking,
        touched=state.revision + 1,
    )
    if credit is not None:
        undo.drop(state.credits, event.credit)
        visit = state.tickets.get(credit.ticket)
        if credit.step is not None and visit is not None:
            set_step(visit, credit.step, undo, state="moved")
            undo.set(visit, "touched", state.revision + 1)
    undo.put(state.tickets, ticket.id, ticket)
    enter_lane(state, ticket, undo)
    begin_timer(state, ticket, at, undo)
    know_person(state, ticket, undo)


def _wait(
    state: HallState,
    ticket: Ticket,
    act: TicketAct,
    at: Moment,
    undo: Undo,
    *,
    returned: str | None,
    bound: str = "",
    rank: int = 1,
    clock_ms: int | None = None,
) -> None:
    """Let a ticket wait again, as it came back: what its last call left behind is over."""
    call_over(state, ticket, at, undo)
    for name in ("called_ms", "last_call_ms", "started_ms", "hold_kind", "why", "call"):
        undo.set(ticket, name, None)
    undo.set(ticket, "calls", 0)
    undo.set(ticket, "start_source", "")
    undo.set(ticket, "returned", returned)
    undo.set(ticket, "bound", bound)
    undo.set(ticket, "rank", rank)
    if clock_ms is not None:
        undo.set(ticket, "clock_ms", clock_ms)
    undo.set(ticket, "order", next_order(state, undo))
    move(state, ticket, act, at, undo, TicketState.WAITING)
    enter_lane(state, ticket, undo)


def rejoined(state: HallState, event: ev.TicketRejoined, at: Moment, undo: Undo) -> None:
    """A missed ticket waits again."""
    ticket = state.tickets[event.ticket]
    _wait(
        state,
        ticket,
        TicketAct.REJOIN,
        at,
        undo,
        returned="missed",
        bound=event.bound,
        clock_ms=event.clock_ms,
    )
    undo.set(ticket, "rejoined", ticket.rejoined + 1)
    undo.set(state, "missed", tuple(t for t in state.missed if t != ticket.id))


def returned(state: HallState, event: ev.TicketReturned, at: Moment, undo: Undo) -> None:
    """A held ticket waits again, before everyone in its lane."""
    ticket = state.tickets[event.ticket]
    _wait(
        state,
        ticket,
        TicketAct.RETURN,
        at,
        undo,
        returned="hold",
        bound=event.bound,
        rank=0,
        clock_ms=event.clock_ms,
    )


def transferred(state: HallState, event: ev.TicketTransferred, at: Moment, undo: Undo) -> None:
    """A ticket is sent on, with the clock that its step began with."""
    ticket = state.tickets[event.ticket]
    stop_handling(state, ticket, at, undo)
    origin = Origin(ticket.service, ticket.window or "", ticket.clerk or "", at.now_ms)
    if ticket.state in AT_WINDOW and ticket.window is not None:
        settled(state, state.windows[ticket.window], undo)
    before = ticket.service
    forget_person(state, ticket, undo)
    _set_service(state, ticket, event.service, event.zone, undo)
    know_person(state, ticket, undo)
    _wait(
        state,
        ticket,
        TicketAct.TRANSFER,
        at,
        undo,
        returned="transfer",
        bound=event.bound,
        clock_ms=event.clock_ms,
    )
    undo.set(ticket, "origin", origin)
    if before != event.service:
        undo.set(ticket, "handled_ms", 0)


def _set_service(state: HallState, ticket: Ticket, service: str, zone: str, undo: Undo) -> None:
    undo.set(ticket, "zone", zone)
    if service == ticket.service:
        return
    if ticket.state in AT_WINDOW:
        undo.remove(state.at_windows, ticket.service)
        undo.add(state.at_windows, service)
    undo.set(ticket, "service", service)
    set_step(ticket, ticket.step, undo, service=service)
    matter = state.index.items.get(ticket.matter)
    if ticket.matter and (matter is None or matter.service != service):
        undo.set(ticket, "item", "")
    # A later step of the same service is the one that is done now.
    for index, step in enumerate(ticket.steps):
        if step.service == service and step.state in ("todo", "deferred"):
            set_step(ticket, index, undo, state="moved")
            drop_credit(state, ticket, index, undo)


def unbound(state: HallState, event: ev.TicketUnbound, at: Moment, undo: Undo) -> None:
    """Anyone may call the ticket now, or the window where its papers are; its place in time stays."""
    ticket = state.tickets[event.ticket]
    leave_lane(state, ticket, undo)
    undo.set(ticket, "bound", event.bound)
    undo.set(ticket, "touched", state.revision + 1)
    enter_lane(state, ticket, undo)
    drop_timer(state, "unbind", ticket.id, undo)


def reassigned(state: HallState, event: ev.TicketReassigned, at: Moment, undo: Undo) -> None:
    """Another service; the credit is kept, and the number unless the hall renumbers."""
    ticket = state.tickets[event.ticket]
    leave_lane(state, ticket, undo)
    forget_person(state, ticket, undo)
    _set_service(state, ticket, event.service, event.zone, undo)
    undo.set(ticket, "bound", event.bound)
    drop_timer(state, "unbind", ticket.id, undo)
    if event.bound:
        within_ms = state.config.rules.transfer_wait_min * 60_000
        set_timer(state, "unbind", ticket.id, state.clock(at.now_ms) + within_ms, undo)
    undo.set(ticket, "touched", state.revision + 1)
    if event.number:
        undo.put(state.counters, event.series, event.counter)
        undo.set(ticket, "number", event.number)
    know_person(state, ticket, undo)
    enter_lane(state, ticket, undo)


def class_granted(state: HallState, event: ev.ClassGranted, at: Moment, undo: Undo) -> None:
    """Another class; the clock stays."""
    ticket = state.tickets[event.ticket]
    leave_lane(state, ticket, undo)
    undo.set(ticket, "cls", event.cls)
    undo.set(ticket, "granted_by", event.by)
    undo.set(ticket, "touched", state.revision + 1)
    enter_lane(state, ticket, undo)


def _leaves(state: HallState, ticket: Ticket, act: TicketAct, at: Moment, undo: Undo) -> None:
    if ticket.state in AT_WINDOW and ticket.window is not None:
        settled(state, state.windows[ticket.window], undo)
    stop_handling(state, ticket, at, undo)
    undo.set(state, "missed", tuple(t for t in state.missed if t != ticket.id))
    move(state, ticket, act, at, undo)


def abandoned(state: HallState, event: ev.TicketAbandoned, at: Moment, undo: Undo) -> None:
    """Given up, without a rating."""
    _leaves(state, state.tickets[event.ticket], TicketAct.ABANDON, at, undo)


def cancelled(state: HallState, event: ev.TicketCancelled, at: Moment, undo: Undo) -> None:
    """Given up by the citizen or by staff."""
    ticket = state.tickets[event.ticket]
    _leaves(state, ticket, TicketAct.CANCEL, at, undo)
    if state.config.rules.quota_returns_on_cancel and ticket.quota_of:
        undo.put(state.issued, ticket.quota_of, state.issued.get(ticket.quota_of, 1) - 1)


def expired(state: HallState, event: ev.TicketExpired, at: Moment, undo: Undo) -> None:
    """The day closed over it; a come-back may be owed."""
    ticket = state.tickets[event.ticket]
    _leaves(state, ticket, TicketAct.CLOSE_DAY, at, undo)
    if event.credit_until:
        credit = Credit(ticket.service, ticket.person, event.credit_until, ticket.id)
        undo.put(state.credits, ticket.id, credit)


def step_begun(state: HallState, event: ev.StepBegun, at: Moment, undo: Undo) -> None:
    """The visit's next service: the same ticket waits again, as one who arrives now."""
    ticket = state.tickets[event.ticket]
    visit_goes_on(state, ticket, undo)
    set_step(ticket, ticket.step, undo, handled_ms=ticket.handled_ms)
    clock_ms = state.clock(at.now_ms)
    begins = {"state": "current", "reason": "", "next_ms": None}
    set_step(ticket, event.step, undo, **begins, rejoined=ticket.rejoined, clock_ms=clock_ms)
    drop_credit(state, ticket, event.step, undo)
    undo.set(ticket, "step", event.step)
    undo.set(ticket, "service", ticket.steps[event.step].service)
    undo.set(ticket, "zone", event.zone)
    undo.set(ticket, "handled_ms", 0)
    _wait(
        state,
        ticket,
        TicketAct.NEXT_STEP,
        at,
        undo,
        returned=None,
        clock_ms=clock_ms,
    )
    undo.set(ticket, "done_ms", None)
    know_person(state, ticket, undo)


def step_deferred(state: HallState, event: ev.StepDeferred, at: Moment, undo: Undo) -> None:
    """The visit keeps a step for later."""
    ticket = state.tickets[event.ticket]
    set_step(ticket, event.step, undo, state="deferred", reason=event.reason, next_ms=event.next_ms)
    if event.credit_until:
        service = ticket.steps[event.step].service
        credit = Credit(service, ticket.person, event.credit_until, ticket.id, event.step)
        undo.put(state.credits, step_key(ticket, event.step), credit)
    undo.set(ticket, "touched", state.revision + 1)
