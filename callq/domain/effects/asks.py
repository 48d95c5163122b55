"""Effects of what is asked at windows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callq.domain.asks import HelpAsked, RatingAsked

if TYPE_CHECKING:
    from callq.domain import events as ev
    from callq.domain.effects.tools import Moment
    from callq.domain.state import HallState
    from callq.domain.undo import Undo


def help_requested(state: HallState, event: ev.HelpRequested, at: Moment, undo: Undo) -> None:
    """Help is on its way."""
    asked = HelpAsked(clerk=event.clerk, since_ms=at.now_ms, reason=event.reason)
    undo.put(state.help_asked, event.window, asked)


def help_ended(state: HallState, event: ev.HelpEnded, at: Moment, undo: Undo) -> None:
    """It came."""
    undo.drop(state.help_asked, event.window)


def rating_requested(state: HallState, event: ev.RatingRequested, at: Moment, undo: Undo) -> None:
    """The window's rating device asks."""
    asked = RatingAsked(ticket=event.ticket, step=event.step, at_ms=at.now_ms)
    undo.put(state.ratings_asked, event.window, asked)


def day_begins(state: HallState, undo: Undo) -> None:
    """What yesterday asked is nobody's matter today."""
    undo.set(state, "help_asked", {})
    undo.set(state, "ratings_asked", {})


def configured(state: HallState, undo: Undo) -> None:
    """Of windows that are no more nothing is asked."""
    for window in [gone for gone in state.help_asked if gone not in state.index.windows]:
        undo.drop(state.help_asked, window)
    for window in [gone for gone in state.ratings_asked if gone not in state.index.windows]:
        undo.drop(state.ratings_asked, window)
