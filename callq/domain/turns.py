"""When windows are free: what a beginner's window asks before it leaves somebody to a better clerk.

Kept as windows come and go, so that a decision looks only at those that are free about now.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import TYPE_CHECKING, NamedTuple

from callq.domain.ticket import TicketState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from callq.domain.state import HallState
    from callq.domain.window import Window


class Turn(NamedTuple):
    """When a window can call; sorts by that."""

    free_ms: int
    """Since when it has no ticket, or when its service should end by what one takes on average; in the hall's
    own time."""
    window: str


class Turns:
    """Turns of a hall's windows, the earliest first: O(log n) to find, one for each window at most."""

    __slots__ = ("_of", "_turns")

    def __init__(self, turns: Iterable[Turn] = ()) -> None:
        self._turns = sorted(turns)
        self._of = {turn.window: turn for turn in self._turns}

    def __repr__(self) -> str:
        return f"Turns({self._turns})"

    def of(self, window: str) -> Turn | None:
        """That of a window; None while it calls somebody."""
        return self._of.get(window)

    def add(self, turn: Turn) -> None:
        """Note one; there is none of the window."""
        insort(self._turns, turn)
        self._of[turn.window] = turn

    def remove(self, turn: Turn) -> None:
        """Strike one that is there."""
        del self._turns[bisect_left(self._turns, turn)]
        del self._of[turn.window]

    def within(self, after_ms: int, until_ms: int) -> list[Turn]:
        """Those that come later than a time, and no later than another; in order."""
        return self._turns[
            bisect_left(self._turns, (after_ms + 1,)) : bisect_left(self._turns, (until_ms + 1,))
        ]


def turn_of(state: HallState, window: Window) -> Turn | None:
    """When a window is free, whether it is open or not; None while it calls somebody."""
    ticket = window.ticket
    if ticket is None:
        return Turn(window.ready_clock, window.id)
    if ticket.state != TicketState.SERVING or ticket.started_clock is None:
        return None
    mean_ms = round(state.index.services[ticket.service].service_min * 60_000)
    return Turn(ticket.started_clock - ticket.handled_ms + mean_ms, window.id)


def turns_of(state: HallState) -> Turns:
    """All of them, worked out anew; none where nobody asks."""
    if not state.index.beginners:
        return Turns()
    return Turns(turn for window in state.windows.values() if (turn := turn_of(state, window)) is not None)
