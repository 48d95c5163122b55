"""Tickets: giving up, coming back, going elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from callq.domain import events as ev
from callq.domain import opening
from callq.domain.errors import Code, Rejected
from callq.domain.lanes import LaneKey
from callq.domain.routing import lanes_seen
from callq.domain.rules.binding import first_contact, home_of
from callq.domain.rules.decision import Decision
from callq.domain.rules.desk import may_move, within_share
from callq.domain.rules.guards import (
    clerk_of,
    clock_back,
    conflict,
    in_its_day,
    require,
    running,
    service_of,
    ticket_of,
    whereabouts,
    window_of,
    wrong_state,
    zone_for,
)
from callq.domain.rules.tides import after_ticket
from callq.domain.rules.visits import next_number, one_live_ticket, take_up
from callq.domain.seats import window_serves
from callq.domain.ticket import AT_WINDOW, FINAL, TicketAct, TicketState
from callq.domain.window import WindowState

if TYPE_CHECKING:
    from callq.domain import commands as cmd
    from callq.domain.state import HallState
    from callq.domain.ticket import Ticket
    from callq.domain.window import Window


def _freed(
    state: HallState, ticket: Ticket, now_ms: int, *, then: str = "", bound: str = ""
) -> list[ev.Event]:
    """What becomes of the window that a ticket leaves.

    Args:
      state: the hall, with the ticket still there.
      ticket: at the window; of another nothing follows.
      now_ms: Unix ms.
      then: service that it waits for next; empty: none.
      bound: for whom it waits then; empty: for any window.
    """
    if ticket.state not in AT_WINDOW or ticket.window is None:
        return []
    window = state.windows[ticket.window]
    comes_back = bound in (f"w:{window.id}", f"c:{window.clerk}")
    return after_ticket(state, window, now_ms, comes_back=comes_back, then="" if bound else then)


def cancel(state: HallState, command: cmd.Cancel, now_ms: int, who: cmd.Actor) -> Decision:
    """Give a ticket up; a window that had called it is free."""
    ticket = ticket_of(state, command.ticket)
    require(ticket, TicketAct.CANCEL)
    events = (ev.TicketCancelled(ticket=ticket.id, reason=command.reason), *_freed(state, ticket, now_ms))
    return Decision(events, ticket=ticket.id, window=ticket.window)


def abandon(state: HallState, command: cmd.AbandonTicket, now_ms: int, who: cmd.Actor) -> Decision:
    """弃号: give a ticket up that nobody answers for."""
    ticket = ticket_of(state, command.ticket)
    require(ticket, TicketAct.ABANDON)
    events = (ev.TicketAbandoned(ticket=ticket.id, reason=command.reason), *_freed(state, ticket, now_ms))
    return Decision(events, ticket=ticket.id, window=ticket.window)


def rejoin(state: HallState, command: cmd.Rejoin, now_ms: int, who: cmd.Actor) -> Decision:
    """过号重排: void, a second call at the window that missed it, or k places back."""
    running(state)
    ticket = ticket_of(state, command.ticket)
    require(ticket, TicketAct.REJOIN)
    rules = state.config.rules
    if rules.rejoin == "void":
        raise wrong_state(ticket, "a missed number is void in this hall", "take a new number")
    if not state.may_rejoin(ticket):
        raise Rejected(
            Code.LIMIT_REACHED,
            f"{ticket.number} has come back {ticket.rejoined_in_step} times",
            "take a new number",
            state=ticket.state,
            ticket=ticket.id,
        )
    one_live_ticket(state, state.index.services[ticket.service], ticket.person, but=ticket)
    clock_ms, bound = state.clock(now_ms), ""
    if rules.rejoin == "second_call":
        clock_ms, bound = ticket.clock_ms, f"w:{ticket.window}"
        if not window_serves(state, ticket.window, ticket.service):
            bound = ""
    else:
        lane = state.lanes[LaneKey(ticket.service, ticket.cls)]
        kth = lane.nth(rules.rejoin_k - 1)
        if kth is not None:
            # Who came back from a hold is before everyone, whatever the clock.
            clock_ms = kth.clock_ms if kth.rank else min(kth.clock_ms, ticket.clock_ms)
    event = ev.TicketRejoined(ticket=ticket.id, clock_ms=clock_ms, bound=bound)
    return Decision((event,), ticket=ticket.id)


def returned(state: HallState, command: cmd.Returned, now_ms: int, who: cmd.Actor) -> Decision:
    """回来: a held ticket waits again before everyone; with papers at the window that has them."""
    ticket = ticket_of(state, command.ticket)
    if ticket.state == TicketState.DONE:
        return take_up(state, ticket, now_ms)
    running(state)
    if ticket.state in FINAL and any(c.ticket == ticket.id for c in state.credits.values()):
        raise wrong_state(ticket, "it is over", "take a new number with `come_back`")
    require(ticket, TicketAct.RETURN)
    home = home_of(state, ticket) if ticket.hold_kind != "without_papers" else None
    if ticket.hold_kind == "waiting" and home is not None:
        raise wrong_state(ticket, "it is held at its window", f"resume it at window {home.id}")
    clock_ms, bound = clock_back(state, ticket, now_ms), ""
    if home is not None:
        if home.state == WindowState.IDLE and home.clerk and state.resource_free(ticket.service, home):
            called = ev.TicketCalled(
                ticket=ticket.id,
                window=home.id,
                clerk=home.clerk,
                why=ev.Why(
                    rule="papers_back",
                    lanes=lanes_seen(state, home),
                    target_min=state.index.target_min(ticket.service, ticket.cls),
                ),
                clock_ms=clock_ms,
            )
            return Decision((called,), ticket=ticket.id, window=home.id)
        bound = f"w:{home.id}"
    elif ticket.hold_kind == "without_papers":
        bound = first_contact(state, ticket.clerk or "", ticket.service)
    back = ev.TicketReturned(ticket=ticket.id, bound=bound, clock_ms=clock_ms)
    return Decision((back,), ticket=ticket.id)


def transfer(state: HallState, command: cmd.Transfer, now_ms: int, who: cmd.Actor) -> Decision:
    """转移: to a service, a window or a clerk, with the clock its step began with and no quota.

    Into a service that needs a pre-check once it was begun: until then nobody at the window has seen the
    papers, see `may_move`.
    """
    running(state)
    if command.window:
        seat = window_of(state, command.window)
        if seat.ticket is None:
            raise conflict(Code.WRONG_STATE, seat, "no ticket is there to transfer", "call the next one")
        ticket = seat.ticket
    else:
        ticket = ticket_of(state, command.ticket)
    require(ticket, TicketAct.TRANSFER)
    in_its_day(state, ticket)
    targets = [t for t in (command.to_service, command.to_window, command.to_clerk) if t]
    if len(targets) != 1:
        raise Rejected(Code.INVALID, "give one target", "a service, a window or a clerk", ticket=ticket.id)
    service, bound = ticket.service, ""
    if command.to_service:
        service = _to_service(state, ticket, command.to_service, now_ms)
        if ticket.state is TicketState.CALLED:
            may_move(state, ticket, state.index.services[service], who)
        one_live_ticket(state, state.index.services[service], ticket.person)
        if ticket.origin is not None and ticket.origin.service == service:
            bound = first_contact(state, ticket.origin.clerk, service)
    elif command.to_window:
        bound = _to_window(state, ticket, command.to_window, wait=command.wait)
    else:
        bound = _to_clerk(state, ticket, command.to_clerk, wait=command.wait)
    event = ev.TicketTransferred(
        ticket=ticket.id,
        service=service,
        zone=zone_for(state, service) if service != ticket.service else ticket.zone,
        clock_ms=ticket.step_clock_ms,
        bound=bound,
    )
    left = _freed(state, ticket, now_ms, then=service, bound=bound)
    return Decision((event, *left), ticket=ticket.id, window=ticket.window)


def _to_service(state: HallState, ticket: Ticket, code: str, now_ms: int) -> str:
    service = service_of(state, code)
    if service.code == ticket.service:
        raise wrong_state(ticket, "it is in that service already", "name another one")
    if service.code in state.stopped or opening.over(state, service.code, now_ms):
        reason = state.stopped.get(service.code, "it is closed for today")
        raise Rejected(
            Code.SERVICE_CLOSED,
            f"{service.name}: {reason}",
            "name another service",
            state="stopped" if service.code in state.stopped else "closed",
            service=service.code,
        )
    return service.code


def _to_window(state: HallState, ticket: Ticket, window_id: str, *, wait: bool) -> str:
    window = window_of(state, window_id)
    if window.id == ticket.window:
        raise _there_already(ticket, "at that window")
    return _bound_to(state, ticket.service, window, wait=wait)


def _bound_to(state: HallState, service: str, window: Window, *, wait: bool) -> str:
    """The binding to a window, if it could call a ticket of the service."""
    if service not in state.index.equipped(window.id):
        raise conflict(Code.NOT_ELIGIBLE, window, f"it is not equipped for {service}", "name another window")
    _could_call(state, service, window, wait=wait)
    return f"w:{window.id}"


def _there_already(ticket: Ticket, where: str) -> Rejected:
    """A transfer to where a ticket stands or is held."""
    back = {"waiting": "resume it there"}.get(ticket.hold_kind or "", "let it come back with `returned`")
    held = ticket.state == TicketState.HELD
    return wrong_state(
        ticket, f"it is {where} already", f"{back}, or name another" if held else "name another one"
    )


def _to_clerk(state: HallState, ticket: Ticket, clerk: str, *, wait: bool) -> str:
    clerk_of(state, clerk)
    if clerk == ticket.clerk and state.clerk_at.get(clerk) == ticket.window:
        raise _there_already(ticket, "with that clerk")
    if clerk in state.seconded:
        raise Rejected(
            Code.CLERK_BUSY,
            f"{clerk} serves hall {state.seconded[clerk]}",
            "name another, or end the secondment first",
            state=whereabouts(state, clerk),
            clerk=clerk,
        )
    if ticket.service not in state.index.mastered(clerk, state.day):
        raise Rejected(
            Code.NOT_ELIGIBLE,
            f"{clerk} does not serve {ticket.service}",
            "name another clerk",
            state=whereabouts(state, clerk),
            clerk=clerk,
        )
    seat = state.windows.get(state.clerk_at.get(clerk, ""))
    if seat is not None and seat.clerk == clerk:
        _could_call(state, ticket.service, seat, wait=wait)
    elif not wait:  # Also for a trainee beside the mentor, who calls nobody.
        raise Rejected(
            Code.WINDOW_UNSTAFFED,
            f"{clerk} is not signed in",
            _MAY_WAIT,
            state=whereabouts(state, clerk),
            clerk=clerk,
        )
    return f"c:{clerk}"


_MAY_WAIT: Final = "send `wait: true` or name another"


def _could_call(state: HallState, service: str, seat: Window, *, wait: bool) -> None:
    """Refuse a seat that could not call for a service; one that is not open or staffed yet may wait."""
    if seat.clerk is not None and service not in state.services_at(seat):
        what = f"{seat.clerk} does not serve {service} there"
        raise conflict(Code.NOT_ELIGIBLE, seat, what, "name another")
    if seat.draining:
        raise conflict(Code.WINDOW_CLOSED, seat, "it is closing", "name another")
    if not wait and not seat.open:
        raise conflict(Code.WINDOW_CLOSED, seat, "it is closed", _MAY_WAIT)
    if not wait and seat.clerk is None:
        raise conflict(Code.WINDOW_UNSTAFFED, seat, "nobody is signed in", _MAY_WAIT)


def reassign(state: HallState, command: cmd.Reassign, now_ms: int, who: cmd.Actor) -> Decision:
    """改号: the wrong service was chosen, or one window shall call it; its place in time is kept.

    Into a service that needs a pre-check, which is no way around it: see `may_move`.
    Who shall wait for one window waits for it as after a transfer, for `transfer_wait_min` at most.
    """
    running(state)
    ticket = ticket_of(state, command.ticket)
    require(ticket, TicketAct.REASSIGN)
    if not (command.service or command.window):
        raise Rejected(Code.INVALID, "give a service or a window", "or both of them", ticket=ticket.id)
    code = ticket.service
    if command.service:
        code = _to_service(state, ticket, command.service, now_ms)
    service = state.index.services[code]
    moves = code != ticket.service
    bound = ""
    if command.window:
        bound = _bound_to(state, code, window_of(state, command.window), wait=command.wait)
        if not moves and bound == ticket.bound:
            raise wrong_state(ticket, f"it waits for window {command.window} already", "name another one")
    if moves:
        may_move(state, ticket, service, who)
        one_live_ticket(state, service, ticket.person)
    zone = zone_for(state, code) if moves else ticket.zone
    event = ev.TicketReassigned(ticket=ticket.id, service=code, zone=zone, bound=bound)
    if moves and state.config.rules.renumber_on_reassign:
        number = next_number(state, service, ticket.channel)
        event = ev.TicketReassigned(
            ticket=ticket.id,
            service=code,
            zone=zone,
            bound=bound,
            number=number.text,
            series=number.series,
            counter=number.counter,
        )
    return Decision((event,), ticket=ticket.id)


def grant_class(state: HallState, command: cmd.GrantClass, now_ms: int, who: cmd.Actor) -> Decision:
    """Grant a class to a waiting ticket, or take it back; who did is recorded."""
    ticket = ticket_of(state, command.ticket)
    require(ticket, TicketAct.GRANT_CLASS)
    if command.cls == "appointment":
        raise Rejected(Code.INVALID, "an appointment is a booking", "priority or ordinary", ticket=ticket.id)
    back = command.cls == "ordinary" and ticket.issued_as == "appointment"
    cls: cmd.TicketClass = "appointment" if back else command.cls
    if cls == ticket.cls:
        raise wrong_state(ticket, f"it is {ticket.cls} already", "go on")
    if cls == "priority":
        within_share(state, who, issued=False, ticket=ticket.id)
    event = ev.ClassGranted(ticket=ticket.id, cls=cls, by=who.id, reason=command.reason)
    return Decision((event,), ticket=ticket.id)
