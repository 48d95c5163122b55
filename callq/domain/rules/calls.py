"""Calling and serving: what a clerk does with the ticket at the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callq.domain import events as ev
from callq.domain.errors import Code
from callq.domain.keeping import COMES_BACK
from callq.domain.routing import choose_lane, lanes_seen
from callq.domain.rules.binding import home_of
from callq.domain.rules.decision import Decision
from callq.domain.rules.guards import (
    able_to_call,
    busy,
    clock_back,
    conflict,
    in_its_day,
    may_recall_ms,
    present,
    reasoned,
    require,
    require_window,
    running,
    staffed,
    ticket_of,
    window_of,
    wrong_state,
)
from callq.domain.rules.tides import after_flags, after_ticket
from callq.domain.rules.visits import after_completion, one_live_ticket, service_begun
from callq.domain.seats import not_there
from callq.domain.ticket import TicketAct, TicketState
from callq.domain.window import WindowAct, WindowState

if TYPE_CHECKING:
    from callq.domain import commands as cmd
    from callq.domain.state import HallState
    from callq.domain.ticket import Ticket
    from callq.domain.window import Acted, Window


def call_next(state: HallState, command: cmd.CallNext, now_ms: int, who: cmd.Actor) -> Decision:
    """Call the ticket that the policy chooses; no events when nothing eligible waits.

    Where the hall allows it, "next" first ends what the window is at: completes a service, misses a
    call.
    """
    window = window_of(state, command.window)
    before = _end_present(state, window, now_ms) if window.ticket is not None else ()
    if before:
        running(state)
        clerk = staffed(window)
        if any(isinstance(event, ev.WindowClosed | ev.WindowPaused) for event in before):
            return Decision(before, ticket=window.ticket.id if window.ticket else None, window=window.id)
    else:
        clerk = able_to_call(state, window)
        require_window(window, WindowAct.CALL_NEXT)
    choice = choose_lane(state, window, now_ms, coming=_next_step(state, before))
    if choice is None:
        return Decision(before, window=window.id)
    called = ev.TicketCalled(ticket=choice.ticket.id, window=window.id, clerk=clerk, why=choice.why)
    return Decision((*before, called), ticket=choice.ticket.id, window=window.id)


def _next_step(state: HallState, events: tuple[ev.Event, ...]) -> tuple[Ticket, str] | None:
    """The ticket that these let wait for the next step of its visit, and the service of that."""
    for event in events:
        if isinstance(event, ev.StepBegun):
            ticket = state.tickets[event.ticket]
            return ticket, ticket.steps[event.step].service
    return None


def _end_present(state: HallState, window: Window, now_ms: int) -> tuple[ev.Event, ...]:
    rules = state.config.rules
    ticket = window.ticket
    assert ticket is not None
    if window.state == WindowState.SERVING and rules.next_while_serving == "complete":
        return _completed(state, window, ticket, now_ms)
    if window.state == WindowState.CALLING and rules.next_while_called == "miss":
        return _missed(state, window, ticket, now_ms)
    raise busy(window)


def _completed(state: HallState, window: Window, ticket: Ticket, now_ms: int) -> tuple[ev.Event, ...]:
    """The service ends; flags of the window take effect, and a visit goes on to its next step."""
    done = ev.TicketCompleted(ticket=ticket.id)
    goes_on = after_completion(state, ticket, now_ms)
    left = after_ticket(state, window, now_ms, then=service_begun(ticket, goes_on))
    return (done, *left, *goes_on)


def _missed(state: HallState, window: Window, ticket: Ticket, now_ms: int) -> tuple[ev.Event, ...]:
    """The call ends after enough of them; flags of the window take effect."""
    least = state.config.rules.min_calls_before_miss
    if ticket.calls < least:
        raise conflict(
            Code.TOO_SOON,
            window,
            f"{ticket.number} was called {ticket.calls} of {least} times",
            "recall it before marking it as missed",
        ).having(retry_ms=max(0, may_recall_ms(state, ticket) - now_ms))
    return (ev.TicketMissed(ticket=ticket.id), *after_ticket(state, window, now_ms))


def call_ticket(state: HallState, command: cmd.CallTicket, now_ms: int, who: cmd.Actor) -> Decision:
    """指呼: this one, out of turn, for a reason that is kept."""
    window = window_of(state, command.window)
    clerk = able_to_call(state, window)
    require_window(window, WindowAct.CALL_THIS)
    ticket = ticket_of(state, command.ticket)
    require(ticket, TicketAct.CALL_THIS)
    home = home_of(state, ticket) if ticket.hold_kind == "waiting" else None
    if home is not None:
        raise wrong_state(ticket, "it is held at its window", f"resume it at window {home.id}")
    if ticket.state == TicketState.MISSED:
        one_live_ticket(state, state.index.services[ticket.service], ticket.person, but=ticket)
    _served_here(state, ticket, window, state.services_at(window))
    reasoned(window, command.reason, "a call out of turn")
    called = ev.TicketCalled(
        ticket=ticket.id,
        window=window.id,
        clerk=clerk,
        why=ev.Why(
            rule="called_by_name",
            reason=command.reason,
            lanes=lanes_seen(state, window),
            target_min=state.index.target_min(ticket.service, ticket.cls),
        ),
        clock_ms=clock_back(state, ticket, now_ms),
    )
    return Decision((called,), ticket=ticket.id, window=window.id)


def _served_here(state: HallState, ticket: Ticket, window: Window, services: tuple[str, ...]) -> None:
    """Refuse a ticket that the window's clerk cannot serve there, or not now."""
    if ticket.service not in services:
        raise conflict(
            Code.NOT_ELIGIBLE,
            window,
            f"{window.clerk} does not serve {ticket.service} here",
            "let a window call it that does, or transfer it",
        )
    _resource_free(state, ticket.service, window)


def _resource_free(state: HallState, service: str, window: Window) -> None:
    if not state.resource_free(service, window):
        resource = state.index.services[service].resource
        raise conflict(
            Code.RESOURCE_BUSY,
            window,
            f"all of {state.index.resources[resource].name} are in use",
            "wait until a window that uses one is done",
        )


def recall(state: HallState, command: cmd.Recall, now_ms: int, who: cmd.Actor) -> Decision:
    """Announce the ticket again, not before the gap has passed and not more often than the limit."""
    running(state)
    window = window_of(state, command.window)
    ticket = present(window, TicketAct.RECALL)
    rules = state.config.rules
    if ticket.calls >= rules.max_calls:
        raise conflict(
            Code.LIMIT_REACHED,
            window,
            f"{ticket.number} was called {ticket.calls} times",
            "mark it as missed",
        )
    retry_ms = may_recall_ms(state, ticket) - now_ms
    if retry_ms > 0:
        raise conflict(
            Code.TOO_SOON, window, f"{ticket.number} was called just now", "wait and call again"
        ).having(retry_ms=retry_ms)
    return Decision((ev.TicketRecalled(ticket=ticket.id),), ticket=ticket.id, window=window.id)


def start(state: HallState, command: cmd.Start, now_ms: int, who: cmd.Actor) -> Decision:
    """Begin serving the called ticket."""
    window = window_of(state, command.window)
    ticket = present(window, TicketAct.START)
    return Decision((ev.TicketStarted(ticket=ticket.id),), ticket=ticket.id, window=window.id)


def complete(state: HallState, command: cmd.Complete, now_ms: int, who: cmd.Actor) -> Decision:
    """End the service."""
    window = window_of(state, command.window)
    ticket = present(window, TicketAct.COMPLETE)
    return Decision(_completed(state, window, ticket, now_ms), ticket=ticket.id, window=window.id)


def miss(state: HallState, command: cmd.Miss, now_ms: int, who: cmd.Actor) -> Decision:
    """Give the call up after enough calls; not while the hall stands still, where nobody can come."""
    running(state)
    window = window_of(state, command.window)
    ticket = present(window, TicketAct.MISS)
    return Decision(_missed(state, window, ticket, now_ms), ticket=ticket.id, window=window.id)


def abandon(state: HallState, command: cmd.Abandon, now_ms: int, who: cmd.Actor) -> Decision:
    """弃号 of the ticket at the window."""
    window = window_of(state, command.window)
    ticket = present(window, TicketAct.ABANDON)
    left = after_ticket(state, window, now_ms)
    events = (ev.TicketAbandoned(ticket=ticket.id, reason=command.reason), *left)
    return Decision(events, ticket=ticket.id, window=window.id)


def hold(state: HallState, command: cmd.Hold, now_ms: int, who: cmd.Actor) -> Decision:
    """Put the ticket aside; the window serves others meanwhile."""
    window = window_of(state, command.window)
    ticket = present(window, TicketAct.HOLD)
    in_its_day(state, ticket)
    left = after_ticket(state, window, now_ms, comes_back=command.kind in COMES_BACK)
    events = (ev.TicketHeld(ticket=ticket.id, kind=command.kind), *left)
    return Decision(events, ticket=ticket.id, window=window.id)


def resume(state: HallState, command: cmd.Resume, now_ms: int, who: cmd.Actor) -> Decision:
    """Go on with a ticket held as `waiting`, at the window that held it or where its clerk sits now."""
    window = window_of(state, command.window)
    clerk = able_to_call(state, window)
    require_window(window, WindowAct.RESUME)
    ticket = ticket_of(state, command.ticket)
    require(ticket, TicketAct.RESUME)
    if ticket.hold_kind != "waiting":
        raise wrong_state(ticket, f"it is held {ticket.hold_kind}", "let it come back with `returned`")
    if ticket.window != window.id and ticket.clerk != clerk:
        raise wrong_state(ticket, f"it is held at window {ticket.window}", "resume it there")
    _served_here(state, ticket, window, state.index.serving(window.id, clerk, state.day))
    resumed = ev.TicketResumed(ticket=ticket.id, window=window.id, clerk=clerk)
    return Decision((resumed,), ticket=ticket.id, window=window.id)


def undo(state: HallState, command: cmd.Undo, now_ms: int, who: cmd.Actor) -> Decision:
    """Take back what the window's own last key press did: a call, a miss, a completion, or two of them."""
    window = window_of(state, command.window)
    last = window.acted
    if last is None:
        raise conflict(
            Code.WRONG_STATE,
            window,
            "there is nothing to take back",
            "go on from here; another act, clerk or day ends what could be taken back",
        )
    rules = state.config.rules
    if now_ms - last.at_ms > rules.undo_s * 1000:
        raise conflict(
            Code.EXPIRED, window, f"the {last.act} was more than {rules.undo_s} s ago", "go on from here"
        )
    if last.who != who.id:
        raise conflict(Code.FORBIDDEN, window, f"somebody else did the {last.act}", "let them take it back")
    for act in last.all:
        if (ticket := ticket_of(state, act.ticket)).touched != act.revision:
            raise wrong_state(ticket, f"it has gone on since the {act.act}", "go on from here")
    first = last.all[-1]
    if first.act == "miss":
        running(state)
    if first.act != "call":
        if last.act != "call" and window.ticket is not None:
            raise busy(window)
        staffed(window)
        _still_free(state, window, state.tickets[first.ticket], str(dict(first.before)["service"]))
    require_window(window, WindowAct.UNDO)
    events: list[ev.Event] = []
    for act in last.all:
        events.append(ev.Undone(window=window.id, ticket=act.ticket, act=act.act))
        events += _rating_of(state, act)
    if first.act == "call":
        events += _called_no_more(state, window, first, now_ms)
    return Decision(tuple(events), ticket=first.ticket, window=window.id)


def _rating_of(state: HallState, act: Acted) -> list[ev.Event]:
    """What was given for a completion that is taken back."""
    step = int(str(dict(act.before)["step"]))
    if act.act != "complete" or not state.tickets[act.ticket].is_rated(step):
        return []
    return [ev.RatingTakenBack(ticket=act.ticket, step=step)]


def _called_no_more(state: HallState, window: Window, call: Acted, now_ms: int) -> list[ev.Event]:
    """What follows where an undone call leaves a window free: flags, and bindings to who has left since."""
    before = dict(call.before)
    bound, service = str(before["bound"]), str(before["service"])
    waits = before["state"] == TicketState.WAITING
    named = waits and bound in (f"w:{window.id}", f"c:{window.clerk}")
    then = service if waits and not bound else ""
    events = after_flags(state, window, now_ms, comes_back=named, then=then)
    stays = named and any(isinstance(event, ev.WindowOpened) for event in events)
    if waits and not call.absent and not stays and not_there(state, bound, service):
        events.append(ev.TicketUnbound(ticket=call.ticket, reason="not_served"))
    return events


def _still_free(state: HallState, window: Window, ticket: Ticket, service: str) -> None:
    """Refuse where somebody else has got what the ticket would need at the window again."""
    if state.live_ticket(ticket.person, service, but=ticket) and state.index.services[service].one_per_person:
        raise wrong_state(ticket, "its person has taken another ticket since", "go on with that one")
    _resource_free(state, service, window)
