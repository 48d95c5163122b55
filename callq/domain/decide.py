"""What a command does: events, or a refusal that changes nothing.

`decide` only reads. It uses no clock (`now_ms` comes with the command and never runs backwards
within a hall), no randomness and no I/O, so deciding again on the same state gives the same answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from callq.domain import commands as cmd
from callq.domain import events as ev
from callq.domain.calendar import business_day
from callq.domain.check import problems
from callq.domain.errors import Code, Rejected
from callq.domain.hall import digest
from callq.domain.numbers import ticket_number
from callq.domain.routing import choose_lane
from callq.domain.state import HallState, person_key
from callq.domain.ticket import AT_WINDOW, FINAL, Ticket, TicketAct, TicketState, allowed
from callq.domain.window import Window, WindowAct, WindowState
from callq.domain.window import allowed as window_allows

if TYPE_CHECKING:
    from collections.abc import Callable


class Decision(NamedTuple):
    """What an accepted command does, and whom its answer is about.

    No events means that nothing was to be done (an empty "next", a tick with nothing due): nothing
    is written and the next time is decided afresh.
    """

    events: tuple[ev.Event, ...]
    ticket: str | None = None
    window: str | None = None


def decide(state: HallState, command: cmd.AnyCommand, now_ms: int) -> Decision:
    """Decide a command.

    Args:
      state: the hall; unchanged.
      command: what is wanted.
      now_ms: time of the command, at least ``state.now_ms``.

    Raises:
      Rejected: a rule refuses it.
    """
    if not state.created and not isinstance(command, cmd.Configure):
        raise Rejected(Code.UNKNOWN_HALL, f"hall {state.hall} has no configuration", "load a hall file first")
    return _DECIDE[type(command)](state, command, now_ms)


def next_deadline_ms(state: HallState) -> int | None:
    """When time alone makes something due; None for a hall that does not exist yet."""
    return state.day_ends_ms if state.created else None


def _configure(state: HallState, command: cmd.Configure, now_ms: int) -> Decision:
    config = command.config
    if config.id != state.hall:
        raise Rejected(
            Code.INVALID,
            f"this is the configuration of {config.id}",
            f"send it to hall {config.id}",
            hall=state.hall,
        )
    found = problems(config)
    if found:
        raise Rejected(Code.INVALID, f"{found[0].path}: {found[0].message}", found[0].hint, hall=state.hall)
    fingerprint = digest(config)
    if fingerprint == state.digest:
        return Decision(())
    windows = {w.id for w in config.windows}
    services = {s.code for s in config.services}
    for window in state.windows.values():
        if window.id not in windows and (window.ticket or window.clerk):
            raise _conflict(
                Code.WINDOW_BUSY, window, "it cannot be removed while in use", "close it and sign out first"
            )
    for ticket in state.tickets.values():
        if ticket.service not in services and ticket.state not in FINAL:
            raise Rejected(
                Code.WRONG_STATE,
                f"service {ticket.service} has live tickets",
                "serve or cancel them before removing the service",
                state=ticket.state,
                ticket=ticket.id,
                service=ticket.service,
            )
    for clerk, window_id in state.clerk_at.items():
        if all(c.id != clerk for c in config.clerks):
            raise Rejected(
                Code.CLERK_BUSY,
                f"clerk {clerk} is signed in",
                "sign the clerk out first",
                clerk=clerk,
                window=window_id,
            )
    events: list[ev.Event] = [ev.HallConfigured(config=config, digest=fingerprint)]
    if not state.created:
        events.append(ev.DayOpened(day=business_day(now_ms, config.timezone, config.day_starts)))
    return Decision(tuple(events))


def _open_epoch(state: HallState, command: cmd.OpenEpoch, now_ms: int) -> Decision:
    if command.epoch == state.epoch:
        return Decision(())
    return Decision((ev.EpochOpened(epoch=command.epoch),))


def _tick(state: HallState, command: cmd.Tick, now_ms: int) -> Decision:
    if now_ms < state.day_ends_ms:
        return Decision(())
    expired = [
        ev.TicketExpired(ticket=t.id, reason="day_closed")
        for t in sorted(state.tickets.values(), key=lambda t: t.seq)
        if allowed(t.state, TicketAct.CLOSE_DAY)
    ]
    rest = [
        event
        for w in state.windows.values()
        if w.ticket and w.ticket.state == TicketState.CALLED
        for event in _after_ticket(w)
    ]
    day = business_day(now_ms, state.config.timezone, state.config.day_starts)
    return Decision((*expired, *rest, ev.DayOpened(day=day)))


def _issue(state: HallState, command: cmd.Issue, now_ms: int) -> Decision:
    service = state.index.services.get(command.service)
    if service is None:
        known = ", ".join(state.index.services)
        raise Rejected(
            Code.UNKNOWN_SERVICE,
            f"no service {command.service!r}",
            f"one of: {known}",
            service=command.service,
        )
    if command.ticket in state.tickets:
        raise Rejected(Code.INVALID, "the ticket id is taken", "mint another one", ticket=command.ticket)
    known_person = person_key(command.person)
    if known_person and service.one_per_person:
        held = state.live.get((known_person, service.code))
        if held is not None:
            ticket = state.tickets[held]
            raise Rejected(
                Code.DUPLICATE_TICKET,
                f"{ticket.number} of this person is {ticket.state}",
                "use that ticket or cancel it first",
                state=ticket.state,
                ticket=held,
                service=service.code,
            )
    counter = state.counters.get(service.prefix, 0) + 1
    issued = ev.TicketIssued(
        ticket=command.ticket,
        number=ticket_number(service.prefix, counter),
        counter=counter,
        prefix=service.prefix,
        service=service.code,
        cls=command.cls,
        zone=service.zone or _only_zone(state, service.code),
        channel=command.channel,
        person=command.person,
        traits=command.traits,
    )
    return Decision((issued,), ticket=command.ticket)


def _only_zone(state: HallState, service: str) -> str:
    """Where to wait when the service names no zone: that of the first window equipped for it."""
    for window in state.config.windows:
        if not window.services or service in window.services:
            return window.zone
    return state.config.zones[0].code


def _cancel(state: HallState, command: cmd.Cancel, now_ms: int) -> Decision:
    ticket = state.tickets.get(command.ticket)
    if ticket is None:
        raise Rejected(
            Code.UNKNOWN_TICKET,
            f"no ticket {command.ticket!r} today",
            "look it up by its number",
            ticket=command.ticket,
        )
    _require(ticket, TicketAct.CANCEL)
    events: list[ev.Event] = [ev.TicketCancelled(ticket=ticket.id, reason=command.reason)]
    if ticket.state in AT_WINDOW and ticket.window is not None:
        events += _after_ticket(state.windows[ticket.window])
    return Decision(tuple(events), ticket=ticket.id, window=ticket.window)


def _window(state: HallState, window: str) -> Window:
    found = state.windows.get(window)
    if found is None:
        known = ", ".join(state.windows)
        raise Rejected(Code.UNKNOWN_WINDOW, f"no window {window!r}", f"one of: {known}", window=window)
    return found


def _conflict(code: Code, window: Window, detail: str, hint: str) -> Rejected:
    ids = {"window": window.id}
    if window.ticket:
        ids["ticket"] = window.ticket.id
    return Rejected(code, f"window {window.id}: {detail}", hint, state=window.state, **ids)


def _require(ticket: Ticket, act: TicketAct) -> None:
    if not allowed(ticket.state, act):
        raise Rejected(
            Code.WRONG_STATE,
            f"{ticket.number} is {ticket.state}; {act} is not possible",
            "look at its present state and go on from there",
            state=ticket.state,
            ticket=ticket.id,
        )


def _require_window(window: Window, act: WindowAct) -> None:
    if not window_allows(window.state, act):
        if window.ticket is not None:
            raise _conflict(
                Code.WINDOW_BUSY if act in (WindowAct.SIGN_IN, WindowAct.SIGN_OUT) else Code.WRONG_STATE,
                window,
                f"it is {window.state} {window.ticket.number}; {act} is not possible",
                "finish or miss the ticket first"
                if window.state == WindowState.CALLING
                else "complete it first",
            )
        raise _conflict(
            Code.WRONG_STATE,
            window,
            f"it is {window.state}; {act} is not possible",
            "look at its present state",
        )


def _sign_in(state: HallState, command: cmd.SignIn, now_ms: int) -> Decision:
    window = _window(state, command.window)
    if command.clerk not in state.index.clerks:
        raise Rejected(
            Code.UNKNOWN_CLERK,
            f"no clerk {command.clerk!r}",
            "check the clerk's number",
            clerk=command.clerk,
            window=window.id,
        )
    if window.clerk == command.clerk:
        raise _conflict(Code.WRONG_STATE, window, "this clerk is signed in already", "go on working")
    if window.clerk is not None:
        raise _conflict(
            Code.WINDOW_OCCUPIED,
            window,
            f"{window.clerk} is signed in",
            "let that clerk sign out, or use another window",
        )
    elsewhere = state.clerk_at.get(command.clerk)
    if elsewhere is not None:
        raise Rejected(
            Code.CLERK_BUSY,
            f"{command.clerk} is signed in at window {elsewhere}",
            "sign out there first",
            state=state.windows[elsewhere].state,
            clerk=command.clerk,
            window=elsewhere,
        )
    _require_window(window, WindowAct.SIGN_IN)
    if not state.index.serving[window.id, command.clerk]:
        raise Rejected(
            Code.NOT_ELIGIBLE,
            f"{command.clerk} has no skill that window {window.id} can serve",
            "use a window for this clerk's services",
            state=window.state,
            clerk=command.clerk,
            window=window.id,
        )
    return Decision((ev.ClerkSignedIn(window=window.id, clerk=command.clerk),), window=window.id)


def _staffed(window: Window) -> str:
    if window.clerk is None:
        raise _conflict(Code.WINDOW_UNSTAFFED, window, "nobody is signed in", "sign in first")
    return window.clerk


def _sign_out(state: HallState, command: cmd.SignOut, now_ms: int) -> Decision:
    window = _window(state, command.window)
    clerk = _staffed(window)
    _require_window(window, WindowAct.SIGN_OUT)
    return Decision((ev.ClerkSignedOut(window=window.id, clerk=clerk),), window=window.id)


def _open(state: HallState, command: cmd.Open, now_ms: int) -> Decision:
    window = _window(state, command.window)
    _require_window(window, WindowAct.OPEN)
    if window.open and not window.draining:
        raise _conflict(Code.WRONG_STATE, window, "it is open already", "go on working")
    return Decision((ev.WindowOpened(window=window.id),), window=window.id)


def _close(state: HallState, command: cmd.Close, now_ms: int) -> Decision:
    window = _window(state, command.window)
    _require_window(window, WindowAct.CLOSE)
    if window.ticket is None:
        return Decision((ev.WindowClosed(window=window.id),), window=window.id)
    if window.draining:
        raise _conflict(
            Code.WRONG_STATE, window, "it closes after this ticket already", "open takes that back"
        )
    return Decision((ev.WindowDraining(window=window.id),), window=window.id)


def _pause(state: HallState, command: cmd.Pause, now_ms: int) -> Decision:
    window = _window(state, command.window)
    _require_window(window, WindowAct.PAUSE)
    if window.ticket is None:
        return Decision((ev.WindowPaused(window=window.id, reason=command.reason),), window=window.id)
    if window.pause_after:
        raise _conflict(
            Code.WRONG_STATE, window, "it pauses after this ticket already", "unpause takes that back"
        )
    return Decision((ev.PauseRequested(window=window.id, reason=command.reason),), window=window.id)


def _unpause(state: HallState, command: cmd.Unpause, now_ms: int) -> Decision:
    window = _window(state, command.window)
    _require_window(window, WindowAct.UNPAUSE)
    if not window.paused and not window.pause_after:
        raise _conflict(Code.WRONG_STATE, window, "no pause is to come", "go on working")
    return Decision((ev.WindowUnpaused(window=window.id),), window=window.id)


def _after_ticket(window: Window) -> list[ev.Event]:
    """What the flags make of a window whose ticket has just left."""
    if window.draining:
        return [ev.WindowClosed(window=window.id)]
    if window.pause_after:
        return [ev.WindowPaused(window=window.id, reason=window.pause_reason or "")]
    return []


def _call_next(state: HallState, command: cmd.CallNext, now_ms: int) -> Decision:
    window = _window(state, command.window)
    if window.state == WindowState.CLOSED:
        raise _conflict(Code.WINDOW_CLOSED, window, "it is closed", "open it first")
    clerk = _staffed(window)
    if window.ticket is not None:
        raise _conflict(
            Code.WINDOW_BUSY,
            window,
            f"it is {window.state} {window.ticket.number}",
            "start or miss it first" if window.state == WindowState.CALLING else "complete it first",
        )
    if window.paused:
        raise _conflict(Code.WINDOW_PAUSED, window, "it is paused", "unpause it first")
    _require_window(window, WindowAct.CALL_NEXT)
    choice = choose_lane(state, window)
    if choice is None:
        return Decision((), window=window.id)
    called = ev.TicketCalled(ticket=choice.ticket.id, window=window.id, clerk=clerk, why=choice.why)
    return Decision((called,), ticket=choice.ticket.id, window=window.id)


def _present(window: Window, act: TicketAct) -> Ticket:
    """The ticket at the window, in a state where `act` is possible."""
    if window.ticket is None:
        raise _conflict(Code.WRONG_STATE, window, f"no ticket is there to {act}", "call the next one")
    ticket = window.ticket
    if not allowed(ticket.state, act):
        raise _conflict(
            Code.WRONG_STATE,
            window,
            f"{ticket.number} is {ticket.state}; {act} is not possible",
            "look at its present state and go on from there",
        )
    return ticket


def _recall(state: HallState, command: cmd.Recall, now_ms: int) -> Decision:
    window = _window(state, command.window)
    ticket = _present(window, TicketAct.RECALL)
    rules = state.config.rules
    if ticket.calls >= rules.max_calls:
        raise _conflict(
            Code.LIMIT_REACHED,
            window,
            f"{ticket.number} was called {ticket.calls} times",
            "mark it as missed",
        )
    retry_ms = (ticket.last_call_ms or 0) + rules.recall_gap_s * 1000 - now_ms
    if retry_ms > 0:
        raise _conflict(
            Code.TOO_SOON, window, f"{ticket.number} was called just now", "wait and call again"
        ).having(retry_ms=retry_ms)
    return Decision((ev.TicketRecalled(ticket=ticket.id),), ticket=ticket.id, window=window.id)


def _start(state: HallState, command: cmd.Start, now_ms: int) -> Decision:
    window = _window(state, command.window)
    ticket = _present(window, TicketAct.START)
    return Decision((ev.TicketStarted(ticket=ticket.id),), ticket=ticket.id, window=window.id)


def _complete(state: HallState, command: cmd.Complete, now_ms: int) -> Decision:
    window = _window(state, command.window)
    ticket = _present(window, TicketAct.COMPLETE)
    events = (ev.TicketCompleted(ticket=ticket.id), *_after_ticket(window))
    return Decision(events, ticket=ticket.id, window=window.id)


def _miss(state: HallState, command: cmd.Miss, now_ms: int) -> Decision:
    window = _window(state, command.window)
    ticket = _present(window, TicketAct.MISS)
    least = state.config.rules.min_calls_before_miss
    if ticket.calls < least:
        gap_ms = (ticket.last_call_ms or 0) + state.config.rules.recall_gap_s * 1000 - now_ms
        raise _conflict(
            Code.TOO_SOON,
            window,
            f"{ticket.number} was called {ticket.calls} of {least} times",
            "recall it before marking it as missed",
        ).having(retry_ms=max(0, gap_ms))
    events = (ev.TicketMissed(ticket=ticket.id), *_after_ticket(window))
    return Decision(events, ticket=ticket.id, window=window.id)


_DECIDE: Final[dict[type, Callable[[HallState, Any, int], Decision]]] = {
    cmd.Configure: _configure,
    cmd.OpenEpoch: _open_epoch,
    cmd.Tick: _tick,
    cmd.Issue: _issue,
    cmd.Cancel: _cancel,
    cmd.SignIn: _sign_in,
    cmd.SignOut: _sign_out,
    cmd.Open: _open,
    cmd.Close: _close,
    cmd.Pause: _pause,
    cmd.Unpause: _unpause,
    cmd.CallNext: _call_next,
    cmd.Recall: _recall,
    cmd.Start: _start,
    cmd.Complete: _complete,
    cmd.Miss: _miss,
}
