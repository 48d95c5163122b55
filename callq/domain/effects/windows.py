"""Effects on windows: who sits there, whether they are open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callq.domain.effects import tides
from callq.domain.effects.tools import (
    WHOLE_UNDO,
    Moment,
    count,
    ready,
    seats_changed,
    settled,
    since,
    turn_changed,
)
from callq.domain.state import ClerkDay

if TYPE_CHECKING:
    from callq.domain import events as ev
    from callq.domain.state import HallState
    from callq.domain.undo import Undo
    from callq.domain.window import Window


def _other_clerk(state: HallState, window: str, at: Moment, undo: Undo) -> Window:
    """A window whose clerk changes: nobody takes back what was done before, nor is called for at once."""
    found = state.windows[window]
    settled(state, found, undo)
    tides.clerk_changed(state, window, undo)
    ready(state, found, at, undo)
    seats_changed(state, undo)
    return found


def _flagged(state: HallState, window: str, undo: Undo) -> Window:
    """A window of which something was asked; in old journals that ended what could be taken back."""
    found = state.windows[window]
    seats_changed(state, undo)
    if state.level < WHOLE_UNDO:
        settled(state, found, undo)
    return found


def _seat(state: HallState, clerk: str, window: str, at: Moment, undo: Undo) -> None:
    undo.put(state.clerk_at, clerk, window)
    if clerk not in state.clerk_days:
        undo.put(state.clerk_days, clerk, ClerkDay(at.now_ms))


def signed_in(state: HallState, event: ev.ClerkSignedIn, at: Moment, undo: Undo) -> None:
    """A clerk takes a seat."""
    undo.set(_other_clerk(state, event.window, at, undo), "clerk", event.clerk)
    _seat(state, event.clerk, event.window, at, undo)


def signed_out(state: HallState, event: ev.ClerkSignedOut, at: Moment, undo: Undo) -> None:
    """A clerk leaves; skills that were narrowed are forgotten."""
    window = _other_clerk(state, event.window, at, undo)
    undo.set(window, "clerk", None)
    undo.set(window, "active", None)
    undo.drop(state.clerk_at, event.clerk)


def trainee_seated(state: HallState, event: ev.TraineeSeated, at: Moment, undo: Undo) -> None:
    """A trainee sits beside the mentor."""
    undo.put(state.trainees, event.window, event.clerk)
    _seat(state, event.clerk, event.window, at, undo)


def trainee_left(state: HallState, event: ev.TraineeLeft, at: Moment, undo: Undo) -> None:
    """The trainee leaves."""
    undo.drop(state.trainees, event.window)
    undo.drop(state.clerk_at, event.clerk)


def handed_over(state: HallState, event: ev.WindowHandedOver, at: Moment, undo: Undo) -> None:
    """Another clerk has the window and its ticket; each is credited with the time of their own."""
    window = _other_clerk(state, event.window, at, undo)
    ticket = window.ticket
    undo.drop(state.clerk_at, event.before)
    undo.set(window, "clerk", event.clerk)
    undo.set(window, "active", None)
    _seat(state, event.clerk, event.window, at, undo)
    if ticket is None:
        return
    if ticket.started_clock is not None:
        clock = state.clock(at.now_ms)
        stretch = clock - ticket.started_clock
        count(state, ticket, event.before, undo, handling_ms=stretch)
        undo.set(ticket, "handled_ms", ticket.handled_ms + stretch)
        undo.set(ticket, "started_clock", clock)
        turn_changed(state, window, undo)
    undo.set(ticket, "clerk", event.clerk)
    undo.set(ticket, "touched", state.revision + 1)


def skills_set(state: HallState, event: ev.SkillsSet, at: Moment, undo: Undo) -> None:
    """Other skills in use."""
    undo.set(state.windows[event.window], "active", event.skills)
    seats_changed(state, undo)


def opened(state: HallState, event: ev.WindowOpened, at: Moment, undo: Undo) -> None:
    """The window may call; a close that was to come is forgotten."""
    window = _flagged(state, event.window, undo)
    if not window.open:
        undo.set(window, "open", True)
        since(state, window, at, undo)
        tides.window_opened(state, window, at, undo)
    undo.set(window, "draining", False)
    tides.not_draining(state, window.id, undo)


def draining(state: HallState, event: ev.WindowDraining, at: Moment, undo: Undo) -> None:
    """It closes after its ticket."""
    undo.set(_flagged(state, event.window, undo), "draining", True)


def closed(state: HallState, event: ev.WindowClosed, at: Moment, undo: Undo) -> None:
    """Closed, with every flag down."""
    window = _flagged(state, event.window, undo)
    for flag in ("open", "draining", "paused", "pause_after"):
        undo.set(window, flag, False)
    undo.set(window, "pause_reason", None)
    since(state, window, at, undo)
    tides.window_closed(state, window, undo)


def pause_requested(state: HallState, event: ev.PauseRequested, at: Moment, undo: Undo) -> None:
    """It pauses after its ticket."""
    window = _flagged(state, event.window, undo)
    undo.set(window, "pause_after", True)
    undo.set(window, "pause_reason", event.reason or None)


def paused(state: HallState, event: ev.WindowPaused, at: Moment, undo: Undo) -> None:
    """Paused."""
    window = _flagged(state, event.window, undo)
    undo.set(window, "paused", True)
    undo.set(window, "pause_after", False)
    undo.set(window, "pause_reason", event.reason or None)
    since(state, window, at, undo)


def unpaused(state: HallState, event: ev.WindowUnpaused, at: Moment, undo: Undo) -> None:
    """It goes on, or a pause that was to come is forgotten."""
    window = _flagged(state, event.window, undo)
    if window.paused:
        since(state, window, at, undo)
    undo.set(window, "paused", False)
    undo.set(window, "pause_after", False)
    undo.set(window, "pause_reason", None)


def seconded(state: HallState, event: ev.ClerkSeconded, at: Moment, undo: Undo) -> None:
    """The clerk serves another hall."""
    undo.put(state.seconded, event.clerk, event.hall)


def clerk_returned(state: HallState, event: ev.ClerkReturned, at: Moment, undo: Undo) -> None:
    """The clerk is back."""
    undo.drop(state.seconded, event.clerk)
