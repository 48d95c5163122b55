"""Whom a beginner's window leaves to a better clerk: said, so that "nobody" is never a riddle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callq.domain.calendar import wall_clock
from callq.domain.routing import left_lanes
from callq.domain.window import WindowState
from callq.wire import messages as m

if TYPE_CHECKING:
    from callq.domain.routing import Candidate, Left
    from callq.domain.state import HallState
    from callq.domain.ticket import Ticket
    from callq.domain.window import Window


def left_by(state: HallState, window: Window, now_ms: int) -> tuple[m.LeftTo, ...]:
    """Whom a window could call now but leaves to better clerks, in the hall's order.

    Args:
      state: the hall.
      window: free; without a clerk it leaves nobody.
      now_ms: Unix milliseconds.
    """
    if window.clerk is None:
        return ()
    return tuple(_row(state, window, one, to) for one, to in left_lanes(state, window, state.clock(now_ms)))


def left_of(state: HallState, ticket: Ticket, now_ms: int) -> m.LeftTo | None:
    """To whom an idle window leaves a ticket that waits, if one does; of several the first that may call."""
    found = [
        (to.until_ms, window.id, _row(state, window, one, to))
        for window in state.windows.values()
        if window.state is WindowState.IDLE and window.clerk and ticket.service in state.services_at(window)
        for one, to in left_lanes(state, window, state.clock(now_ms))
        if one.head.ticket == ticket.id
    ]
    return min(found)[2] if found else None


def _row(state: HallState, window: Window, one: Candidate, to: Left) -> m.LeftTo:
    number = state.tickets[one.head.ticket].number
    own, other = state.index.windows[window.id].label, state.index.windows[to.window].label
    clerk = state.windows[to.window].clerk
    assert clerk is not None
    stands_still = state.suspended_since is not None
    until_ms = None if stands_still else to.until_ms + state.frozen_ms
    until = until_en = ""
    if until_ms is not None:
        clock = wall_clock(until_ms, state.today.timezone)
        until, until_en = f"，最迟到 {clock}", f", until {clock} at the latest"
    service = one.key.service
    return m.LeftTo(
        service=service,
        class_=one.key.cls,
        number=number,
        by=window.id,
        window=to.window,
        label=other,
        level=state.index.clerks[clerk].level(state.index.services[service].needs, state.day),
        until_ms=until_ms,
        text=f"{number} 由 {own} 号窗口留给更熟练的 {other} 号窗口{until}。",
        text_en=f"{number} is left by window {own} to a more experienced clerk at window {other}{until_en}.",
    )
