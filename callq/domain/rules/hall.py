"""The hall: its days, standing still, and what time makes due."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Final

from callq.domain import events as ev
from callq.domain.calendar import business_day, day_after, day_bounds
from callq.domain.errors import Code, Rejected
from callq.domain.notices import first_end_ms
from callq.domain.printing import TIMER
from callq.domain.routing import calls_from_ms, choose_lane, idle_windows, targets_of
from callq.domain.rules.binding import let_go
from callq.domain.rules.decision import Decision
from callq.domain.rules.guards import clerk_of, flags_after, service_of, whereabouts
from callq.domain.rules.notices import over
from callq.domain.rules.printing import print_due
from callq.domain.rules.store import left_out_today
from callq.domain.rules.tides import after_ticket, opening_due
from callq.domain.rules.visits import after_completion, service_begun
from callq.domain.ticket import TicketAct, TicketState, allowed
from callq.domain.tides import OPENING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from callq.domain import commands as cmd
    from callq.domain.hall import HallConfig
    from callq.domain.routing import LaneChoice
    from callq.domain.state import HallState
    from callq.domain.ticket import Ticket
    from callq.domain.window import Window


def tick(state: HallState, command: cmd.Tick, now_ms: int, who: cmd.Actor) -> Decision:
    """What time alone makes due: the next business day, timers of tickets, automatic calls.

    A day that ends does so alone; the next tick looks at the rest.
    """
    if now_ms >= state.day_ends_ms:
        # Other hours take effect here, and must not open a day that has been: its numbers would repeat.
        config = state.config
        day = max(business_day(now_ms, config.timezone, config.day_starts), day_after(state.day))
        left_out = left_out_today(state, now_ms, config)
        opened = day_opened(day, config, own_counts=True, skipped=left_out)
        return Decision((*_day_end(state, now_ms), opened))
    events = over(state, now_ms)
    if state.suspended_since is not None:
        return Decision(tuple(events))
    for due in state.agenda.until(state.clock(now_ms)):
        if due.kind == OPENING:
            events += opening_due(state, state.windows[due.entity], now_ms)
        else:
            events += _DUE[due.kind](state, state.tickets[due.entity], now_ms)
    if events:
        return Decision(tuple(events))
    return Decision(tuple(_auto_calls(state, now_ms)))


def day_opened(
    day: str, config: HallConfig, *, own_counts: bool = False, skipped: tuple[ev.Skipped, ...] = ()
) -> ev.DayOpened:
    """The opening of a business day, with its end worked out: a replay needs no calendar."""
    ends_ms = day_bounds(day, config.timezone, config.day_starts)[1]
    return ev.DayOpened(day=day, ends_ms=ends_ms, own_counts=own_counts, skipped=skipped)


def _day_end(state: HallState, now_ms: int) -> list[ev.Event]:
    """Expire what the day leaves behind, close or pause windows that were about to, note no-shows.

    Bookings whose slot still lies ahead, or in which people could not check in, are cancelled: their
    people did not stay away.
    """
    events: list[ev.Event] = [
        ev.TicketExpired(ticket=t.id, reason="day_closed", credit_until=_credit_until(state, t))
        for t in sorted(state.tickets.values(), key=lambda t: t.seq)
        if allowed(t.state, TicketAct.CLOSE_DAY)
    ]
    for window in state.windows.values():
        if window.ticket and window.ticket.state == TicketState.CALLED:
            events += flags_after(window)
    events += [
        ev.NoShow(booking=b.id)
        if b.slot_end_ms <= now_ms and state.could_come(b, now_ms)
        else ev.BookingCancelled(booking=b.id)
        for b in state.bookings.values()
        if b.state == "booked" and b.day <= state.day
    ]
    return events


def _credit_until(state: HallState, ticket: Ticket) -> str:
    days = state.config.rules.come_back_days
    owed = ticket.state == TicketState.HELD and ticket.hold_kind == "without_papers" and days
    return day_after(state.day, days) if owed else ""


def _auto_start(state: HallState, ticket: Ticket, now_ms: int) -> list[ev.Event]:
    return [ev.TicketStarted(ticket=ticket.id, auto=True)]


def _end_unconfirmed(state: HallState, ticket: Ticket, now_ms: int) -> list[ev.Event]:
    assert ticket.window is not None
    ended = ev.TicketCompleted(ticket=ticket.id, unconfirmed=True)
    goes_on = after_completion(state, ticket, now_ms)
    window = state.windows[ticket.window]
    return [ended, *after_ticket(state, window, now_ms, then=service_begun(ticket, goes_on)), *goes_on]


def _abandon(state: HallState, ticket: Ticket, now_ms: int) -> list[ev.Event]:
    return [ev.TicketAbandoned(ticket=ticket.id, reason="did_not_come_back")]


def _unbind(state: HallState, ticket: Ticket, now_ms: int) -> list[ev.Event]:
    return [ev.TicketUnbound(ticket=ticket.id, reason="waited_long_enough")]


_DUE: Final[dict[str, Callable[[HallState, Ticket, int], list[ev.Event]]]] = {
    "auto_start": _auto_start,
    "serving_end": _end_unconfirmed,
    "missed": _abandon,
    "held": _abandon,
    "unbind": _unbind,
    TIMER: print_due,
}


def _auto_calls(state: HallState, now_ms: int) -> list[ev.Event]:
    """Call for a window that has been ready long enough: whichever the ticket should go to.

    One at a time, since each call changes what the next may choose.
    """
    after_ms = state.config.rules.auto_call_s * 1000
    if not after_ms:
        return []
    ready = [w for w in _ready(state) if state.clock(now_ms) - w.ready_clock >= after_ms]
    for window in ready:
        choice = choose_lane(state, window, now_ms, judged_ms=_judged_ms(state, window))
        if choice is not None:
            at, choice = _better_placed(state, window, choice, ready, now_ms)
            assert at.clerk is not None
            return [ev.TicketCalled(ticket=choice.ticket.id, window=at.id, clerk=at.clerk, why=choice.why)]
    return []


def _better_placed(
    state: HallState, window: Window, choice: LaneChoice, ready: Sequence[Window], now_ms: int
) -> tuple[Window, LaneChoice]:
    """Which of the windows that are ready calls first, since one of them would call a ticket, and whom."""
    ticket = choice.ticket
    if not ticket.bound:
        for other in idle_windows(state, ticket.service, ticket.cls):
            if other is window:
                break
            if other not in ready:
                continue
            instead = choose_lane(state, other, now_ms, judged_ms=_judged_ms(state, other))
            if instead is not None:
                return other, instead
    return window, choice


def _judged_ms(state: HallState, window: Window) -> int:
    """When it is judged what a window leaves to better clerks, in the hall's own time.

    At the first moment at which it could call as things are, however late the tick comes: else a deadline
    could pass without anything to do.
    """
    after_ms = state.config.rules.auto_call_s * 1000
    return max(window.ready_clock + after_ms, state.clock(state.now_ms))


def _ready(state: HallState) -> Iterator[Window]:
    """Windows that could call somebody who waits now, as far as resources let them; ready longest first."""
    waited: dict[str, set[str]] = {}
    for key, lane in state.lanes.items():
        if lane:
            waited.setdefault(key.to, set()).add(key.service)
    if not waited:
        return
    idle = [w for w in state.windows.values() if w.clerk and w.ticket is None and w.open and not w.paused]
    for window in sorted(idle, key=attrgetter("ready_clock", "id")):
        services = state.mastered_at(window)
        if any(to in waited and not waited[to].isdisjoint(services) for to in targets_of(window)):
            yield window


def next_deadline_ms(state: HallState) -> int | None:
    """When time alone makes something due, Unix ms; None for a hall that does not exist yet.

    May lie in the past: then a tick is due now.
    """
    if not state.created:
        return None
    ends_ms = first_end_ms(state)
    deadline = state.day_ends_ms if ends_ms is None else min(state.day_ends_ms, ends_ms)
    if state.suspended_since is not None:
        return deadline
    first = state.agenda.first
    if first is not None:
        deadline = min(deadline, first.at_ms + state.frozen_ms)
    after_ms = state.config.rules.auto_call_s * 1000
    if after_ms:
        for window in _ready(state):
            due_ms = window.ready_clock + state.frozen_ms + after_ms
            if due_ms >= deadline:
                break
            judged_ms = _judged_ms(state, window)
            calls_ms = calls_from_ms(state, window, judged_ms)
            if calls_ms is None:
                continue
            if calls_ms == judged_ms:
                return min(deadline, due_ms)
            deadline = min(deadline, calls_ms + state.frozen_ms)
    return deadline


def suspend(state: HallState, command: cmd.Suspend, now_ms: int, who: cmd.Actor) -> Decision:
    """Let clocks and calls stand still."""
    if state.suspended_since is not None:
        raise Rejected(Code.WRONG_STATE, "the hall is suspended already", "go on with it", state="suspended")
    return Decision((ev.HallSuspended(reason=command.reason, reason_en=command.reason_en),))


def resume_hall(state: HallState, command: cmd.ResumeHall, now_ms: int, who: cmd.Actor) -> Decision:
    """Let clocks and calls go on."""
    if state.suspended_since is None:
        raise Rejected(Code.WRONG_STATE, "the hall is not suspended", "go on working", state="running")
    return Decision((ev.HallResumed(slots_kept=True),))


def stop_issuing(state: HallState, command: cmd.StopIssuing, now_ms: int, who: cmd.Actor) -> Decision:
    """No tickets for a service; the reason is told to its queue."""
    service = service_of(state, command.service)
    if not command.reason.strip():
        raise Rejected(Code.INVALID, "a reason is needed", "say what to tell the queue", service=service.code)
    told = state.stopped.get(service.code), state.stopped_en.get(service.code, "")
    if told == (command.reason, command.reason_en):
        return Decision(())
    stopped = ev.IssuingStopped(service=service.code, reason=command.reason, reason_en=command.reason_en)
    return Decision((stopped,))


def start_issuing(state: HallState, command: cmd.StartIssuing, now_ms: int, who: cmd.Actor) -> Decision:
    """Tickets for the service again."""
    service = service_of(state, command.service)
    if service.code not in state.stopped:
        raise Rejected(
            Code.WRONG_STATE, f"{service.name} is not stopped", "go on", state="open", service=service.code
        )
    return Decision((ev.IssuingStarted(service=service.code),))


def close_day(state: HallState, command: cmd.CloseDay, now_ms: int, who: cmd.Actor) -> Decision:
    """日结 before its time: what waits expires, and no tickets are given until the next day."""
    if state.day_closed:
        raise Rejected(Code.WRONG_STATE, "the day is closed already", "wait for the next", state="closed")
    return Decision((*_day_end(state, now_ms), ev.DayClosed(reason=command.reason)))


def second(state: HallState, command: cmd.Second, now_ms: int, who: cmd.Actor) -> Decision:
    """Record that a clerk serves another hall."""
    clerk = clerk_of(state, command.clerk)
    at = state.clerk_at.get(clerk)
    if at is not None or clerk in state.seconded:
        where = f"signed in at window {at}" if at else f"with hall {state.seconded[clerk]}"
        raise Rejected(
            Code.CLERK_BUSY,
            f"{clerk} is {where}",
            "end that first",
            state=whereabouts(state, clerk),
            clerk=clerk,
        )
    if command.hall == state.hall:
        raise Rejected(Code.INVALID, "that is this hall", "name the other one", clerk=clerk)
    freed = let_go(state, "clerk_left", {f"c:{clerk}": ()})
    return Decision((ev.ClerkSeconded(clerk=clerk, hall=command.hall), *freed))


def unsecond(state: HallState, command: cmd.Unsecond, now_ms: int, who: cmd.Actor) -> Decision:
    """The clerk is back."""
    clerk = clerk_of(state, command.clerk)
    if clerk not in state.seconded:
        raise Rejected(
            Code.WRONG_STATE,
            f"{clerk} is not with another hall",
            "go on",
            state=whereabouts(state, clerk),
            clerk=clerk,
        )
    return Decision((ev.ClerkReturned(clerk=clerk),))
