"""What was asked at a window and is not answered yet: help for its clerk, a rating of its last citizen."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    if done is None or any(rating.step == done[1] for rating in done[0].ratings):
        return None
    return done


def rating_asked(state: HallState, window: Window) -> tuple[Ticket, RatingAsked] | None:
    """Of whom a rating was asked at a window and is not given yet."""
    asked = state.ratings_asked.get(window.id)
    waits = rateable(state, window)
    if asked is None or waits is None or (waits[0].id, waits[1]) != (asked.ticket, asked.step):
        return None
    return waits[0], asked
