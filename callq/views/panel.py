"""What a clerk's panel shows: the ticket at the window, who would be next and why, and the queues."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callq.domain.asks import done_last, rating_asked
from callq.domain.grounds import call_of
from callq.domain.routing import choose_lane
from callq.domain.rules.guards import may_recall_ms, window_of
from callq.domain.ticket import TicketState
from callq.views.held import held_at, held_row, undoable
from callq.views.left import left_by
from callq.views.queues import Memo, english_names_of, names_of, service_queues
from callq.views.strip import services_shown
from callq.views.ticket import companion_out, precheck_out, rejoin_of, ticket_out, window_out
from callq.views.ticketing import suspended_of
from callq.views.why import why_out, would_call
from callq.wire import messages as m

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callq.domain import events as ev
    from callq.domain.grounds import Call
    from callq.domain.state import HallState
    from callq.domain.ticket import Step, Ticket
    from callq.domain.window import Window


def project_panel(state: HallState, window: str, now_ms: int, memo: Memo) -> dict[str, object]:
    """Data of the view ``panel``.

    Waiting times inside (`waited_s` of `next`, the expected wait) are as of the last change; a client
    goes on counting from the `*_ms` beside them.

    Args:
      state: the hall.
      window: id.
      now_ms: Unix milliseconds.
      memo: shared by the projections of this state.

    Raises:
      Rejected: `UNKNOWN_WINDOW`.
    """
    found = window_of(state, window)
    services = services_shown(state, found)
    rules = state.config.rules
    return {
        "window": window_out(state, found),
        "window_name": names_of(state, services),
        "window_name_en": english_names_of(state, services),
        "hall": {
            "id": state.hall,
            "name": state.config.name,
            "name_en": state.config.name_en,
            "timezone": state.today.timezone,
            "practice": state.config.practice,
        },
        "clerk": _person(state, found.clerk),
        "current": _current(state, found, now_ms),
        "next": _next(state, found, now_ms),
        "left_to": left_by(state, found, now_ms) if found.ticket is None else (),
        "queues": tuple(row for code in services for row in service_queues(state, code, memo)),
        "last": _last(state, found),
        "held": tuple(held_row(state, ticket, found) for ticket in held_at(state, found)),
        "undo": undoable(state, found),
        "trainee": _person(state, state.trainees.get(found.id)),
        "suspended": suspended_of(state),
        "today": _today(state, found),
        "learners": _learners(state, found),
        "help": _help(state, found),
        "rating": _rating(state, found),
        "clerks": clerk_options(state, found) if found.clerk is None else (),
        "rules": {
            "recall_gap_s": rules.recall_gap_s,
            "max_calls": rules.max_calls,
            "min_calls_before_miss": rules.min_calls_before_miss,
            "next_while_serving": rules.next_while_serving,
            "next_while_called": rules.next_while_called,
            "rejoin": rejoin_of(state),
        },
    }


def _person(state: HallState, clerk: str | None) -> dict[str, str] | None:
    found = state.index.clerks.get(clerk or "")
    return {"id": found.id, "name": found.name} if found else None


def _learners(state: HallState, window: Window) -> tuple[dict[str, str], ...]:
    """Trainees whose mentor is signed in, and who are nowhere else."""
    return tuple(
        {"id": clerk.id, "name": clerk.name}
        for clerk in state.config.clerks
        if window.clerk is not None and clerk.mentor == window.clerk and clerk.id not in state.clerk_at
    )


def _help(state: HallState, window: Window) -> dict[str, object] | None:
    asked = state.help_asked.get(window.id)
    return {"since_ms": asked.since_ms, "reason": asked.reason} if asked else None


def _rating(state: HallState, window: Window) -> dict[str, object] | None:
    found = rating_asked(state, window)
    return {"number": found[0].number, "asked_ms": found[1].at_ms} if found else None


def _current(state: HallState, window: Window, now_ms: int) -> m.PanelTicket | None:
    ticket = window.ticket
    return panel_ticket(state, ticket, ticket.why, call_of(state, ticket), now_ms) if ticket else None


def _next(state: HallState, window: Window, now_ms: int) -> m.PanelTicket | None:
    """Who would be called now; also on a paused or closed window, where it helps to decide to go on."""
    if window.ticket is not None or window.clerk is None:
        return None
    choice = choose_lane(state, window, now_ms)
    if choice is None:
        return None
    call = would_call(state, choice.ticket, window.id, window.clerk, now_ms)
    return panel_ticket(state, choice.ticket, choice.why, call, now_ms)


def panel_ticket(
    state: HallState, ticket: Ticket, why: ev.Why | None, call: Call | None, now_ms: int
) -> m.PanelTicket:
    """A ticket with what its clerk needs to know; `why` and `call`: of the present call, or that would be."""
    service = state.index.services[ticket.service]
    rules = state.config.rules
    item = state.index.items.get(ticket.matter) if ticket.matter else None
    called = ticket.state is TicketState.CALLED
    recallable = called and ticket.calls < rules.max_calls
    return m.PanelTicket(
        ticket=ticket_out(state, ticket, now_ms, offers=False),
        service_name=service.name,
        service_name_en=service.name_en,
        item_name=item.name if item else "",
        item_name_en=item.name_en if item else "",
        target_s=(why.target_min if why and why.target_min else service.target_min(ticket.cls)) * 60,
        waited_s=_seconds(call.began_ms, call.clock_ms) if call else 0,
        why=why_out(state, ticket, why, call) if why and call else None,
        history=tuple(sorted(_history(ticket), key=lambda step: step.at_ms)),
        may_recall_ms=may_recall_ms(state, ticket) if recallable else None,
        calls_left=max(0, rules.max_calls - ticket.calls),
        calls_before_miss=max(0, rules.min_calls_before_miss - ticket.calls),
        companion=companion_out(state, ticket),
        precheck=precheck_out(state, ticket),
    )


def _history(ticket: Ticket) -> Iterator[m.Step]:
    yield m.Step(at_ms=ticket.issued_ms, what="issued", channel=ticket.channel)
    if ticket.called_ms is not None:
        yield m.Step(at_ms=ticket.called_ms, what="called", window=ticket.window, clerk=ticket.clerk)
    if ticket.calls > 1 and ticket.last_call_ms is not None:
        yield m.Step(at_ms=ticket.last_call_ms, what="recalled", window=ticket.window, clerk=ticket.clerk)
    if ticket.started_ms is not None:
        yield m.Step(at_ms=ticket.started_ms, what="started", window=ticket.window, clerk=ticket.clerk)
    if ticket.missed_ms is not None:
        yield m.Step(at_ms=ticket.missed_ms, what="missed", window=ticket.window, clerk=ticket.clerk)
    if ticket.held_ms is not None:
        yield m.Step(at_ms=ticket.held_ms, what="held", window=ticket.window, clerk=ticket.clerk)
    if ticket.origin is not None:
        came = ticket.origin
        yield m.Step(
            at_ms=came.at_ms, what="transferred", window=came.window or None, clerk=came.clerk or None
        )
    if ticket.done_ms is not None:
        match ticket.state:
            case TicketState.DONE:
                yield m.Step(at_ms=ticket.done_ms, what="completed", window=ticket.window, clerk=ticket.clerk)
            case TicketState.ABANDONED:
                yield m.Step(at_ms=ticket.done_ms, what="abandoned", window=ticket.window)
            case TicketState.CANCELLED:
                yield m.Step(at_ms=ticket.done_ms, what="cancelled")
            case TicketState.EXPIRED:
                yield m.Step(at_ms=ticket.done_ms, what="expired")


def _last(state: HallState, window: Window) -> m.LastTicket | None:
    ticket = state.tickets.get(window.last) if window.last else None
    if ticket is None:
        return None
    step = _step_done_here(ticket, window)
    code = step.service if step else ticket.service
    service = state.index.services.get(code)
    served = ticket.state is TicketState.DONE and ticket.started_ms is not None
    handled_ms = step.handled_ms if step else ticket.handled_ms if served else None
    return m.LastTicket(
        number=ticket.number,
        service_name=service.name if service else code,
        service_name_en=service.name_en if service else "",
        state="done" if step else ticket.state.value,
        at_ms=(step.done_ms or 0) if step else _left_ms(ticket),
        handling_s=handled_ms // 1000 if handled_ms is not None else None,
        completed_here=done_last(state, window) is not None,
    )


def _step_done_here(ticket: Ticket, window: Window) -> Step | None:
    """The step that a window did last of a visit that went on, if it has not left there otherwise since."""
    done = [
        step
        for index, step in enumerate(ticket.steps)
        if step.state == "done" and step.window == window.id and index != ticket.step
    ]
    if not done:
        return None
    last = max(done, key=lambda step: step.done_ms or 0)
    given_up = ticket.done_ms is not None and ticket.called_ms is None  # while it waited: nowhere
    left = ticket.window == window.id and not given_up and _left_ms(ticket) > (last.done_ms or 0)
    return None if left else last


def _left_ms(ticket: Ticket) -> int:
    """When it left the window, as far as it has ended there: done, missed, put aside or sent on."""
    if ticket.done_ms is not None:
        return ticket.done_ms
    sent_ms = ticket.origin.at_ms if ticket.origin else 0
    return max(ticket.missed_ms or 0, ticket.held_ms or 0, sent_ms)


def _today(state: HallState, window: Window) -> m.ClerkDay | None:
    day = state.clerk_days.get(window.clerk) if window.clerk else None
    if day is None:
        return None
    return m.ClerkDay(
        since_ms=day.since_ms,
        done=day.done,
        missed=day.missed,
        mean_s=round(day.done_ms / day.done / 1000) if day.done else None,
    )


def clerk_options(state: HallState, window: Window | None = None) -> tuple[m.Option, ...]:
    """Clerks to choose from, in the hall's order: those who can serve something at `window`, or all."""
    return tuple(
        m.Option(
            id=clerk.id,
            name=clerk.name,
            busy_at=state.index.windows[at].label if (at := state.clerk_at.get(clerk.id)) else None,
        )
        for clerk in state.config.clerks
        if window is None or state.index.serving(window.id, clerk.id, state.day)
    )


def _seconds(from_ms: int, to_ms: int) -> int:
    return max(0, to_ms - from_ms) // 1000
