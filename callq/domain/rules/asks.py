"""Asking at a window: for help, and for a rating."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callq.domain import events as ev
from callq.domain.asks import done_last
from callq.domain.errors import Code
from callq.domain.rules.decision import Decision
from callq.domain.rules.guards import conflict, staffed, window_of

if TYPE_CHECKING:
    from callq.domain import commands as cmd
    from callq.domain.state import HallState


def help(state: HallState, command: cmd.Help, now_ms: int, who: cmd.Actor) -> Decision:
    """求助: whoever runs the hall is told until somebody ends it; whatever the hall is at."""
    window = window_of(state, command.window)
    clerk = staffed(window)
    if window.id in state.help_asked:
        raise conflict(Code.WRONG_STATE, window, "help was asked for already", "somebody is told; or end it")
    asked = ev.HelpRequested(window=window.id, clerk=clerk, reason=command.reason)
    return Decision((asked,), window=window.id)


def help_done(state: HallState, command: cmd.HelpDone, now_ms: int, who: cmd.Actor) -> Decision:
    """It came, or is needed no more."""
    window = window_of(state, command.window)
    if window.id not in state.help_asked:
        raise conflict(Code.WRONG_STATE, window, "nobody asked for help", "go on working")
    return Decision((ev.HelpEnded(window=window.id),), window=window.id)


def request_rating(state: HallState, command: cmd.RequestRating, now_ms: int, who: cmd.Actor) -> Decision:
    """请评价: ask whoever was completed last here, in the time for rating at the window.

    The answer is the same whether or not they have rated: a clerk does not learn it.
    """
    window = window_of(state, command.window)
    staffed(window)
    if window.ticket is not None:
        raise conflict(
            Code.WRONG_STATE, window, f"{window.ticket.number} is there", "ask before the next one is called"
        )
    done = done_last(state, window)
    if done is None:
        raise conflict(
            Code.WRONG_STATE, window, "nobody was completed here last", "complete the service first"
        )
    ticket, step = done
    within_min = state.config.rules.rate_window_min
    if now_ms - (ticket.steps[step].done_ms or 0) > within_min * 60_000:
        raise conflict(
            Code.EXPIRED,
            window,
            f"{ticket.number} was done more than {within_min} min ago",
            "ask sooner the next time",
        )
    asked = ev.RatingRequested(window=window.id, ticket=ticket.id, step=step)
    return Decision((asked,), ticket=ticket.id, window=window.id)
