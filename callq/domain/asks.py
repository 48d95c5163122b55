"""What was asked at a window and is not answered yet: help for its clerk, a rating of its last citizen."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

if TYPE_CHECKING:
    from callq.domain.state import HallState
    from callq.domain.ticket import Ticket
    from callq.domain.window import Window


class HelpAsked(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A clerk asked for help."""

    clerk: str
    since_ms: int
    reason: str = ""


class RatingAsked(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Whoever was served last was asked what they think of it."""

    ticket: str
    step: int
    at_ms: int


class RatingNow(NamedTuple):
    """Somebody who can rate at a window now."""

    ticket: Ticket
    step: int
    asked_ms: int
    """When it was completed, or when its clerk asked once more."""
    until_ms: int
    """When it is too late, Unix ms."""


def done_last(state: HallState, window: Window) -> tuple[Ticket, int] | None:
    """The ticket that left a window last and the step that was completed there, if it was."""
    ticket = state.tickets.get(window.last) if window.last else None
    if ticket is None:
        return None
    here = [
        index
        for index, step in enumerate(ticket.steps)
        if step.state == "done"
        and step.window == window.id
        and not (ticket.unconfirmed and index == ticket.step)
    ]
    return (ticket, max(here)) if here else None


def rateable(state: HallState, window: Window) -> tuple[Ticket, int] | None:
    """The same, as long as it is not rated; when it is too late for that is not said."""
    done = done_last(state, window)
    return None if done is None or done[0].is_rated(done[1]) else done


def rating_now(state: HallState, window: Window) -> RatingNow | None:
    """Who can rate at a window: from the completion until somebody else is called there.

    That the time runs out is the reader's to see, by `until_ms`.
    """
    waits = rateable(state, window)
    if waits is None or window.ticket is not None:
        return None
    ticket, step = waits
    done_ms = ticket.steps[step].done_ms or 0
    asked = state.ratings_asked.get(window.id)
    again = asked is not None and (asked.ticket, asked.step) == (ticket.id, step)
    return RatingNow(
        ticket,
        step,
        asked.at_ms if asked is not None and again else done_ms,
        done_ms + state.config.rules.rate_window_min * 60_000,
    )


def rating_asked(state: HallState, window: Window) -> tuple[Ticket, RatingAsked] | None:
    """Of whom a clerk asked a rating at a window, until the next one is called there.

    Whether it was given is not told: this is what the clerk sees.
    """
    asked = state.ratings_asked.get(window.id)
    done = done_last(state, window)
    if asked is None or done is None or window.ticket is not None:
        return None
    ticket, step = done
    return (ticket, asked) if (ticket.id, step) == (asked.ticket, asked.step) else None
