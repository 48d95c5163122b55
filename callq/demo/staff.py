"""Who sits where in a demo: every window but one, which is the visitor's."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from callq.domain.hall import Clerk, HallConfig, WindowConfig


class Seat(NamedTuple):
    """A simulated clerk at a window."""

    window: str
    clerk: str


class Seating(NamedTuple):
    """The visitor's window, the clerk kept free for it, and everybody else's place."""

    visitor_window: str
    visitor_clerk: str
    seats: tuple[Seat, ...]


def seat_clerks(hall: HallConfig) -> Seating:
    """Seat clerks so that windows with a list of services get someone who masters the most of it.

    The first window and the first clerk are left for the visitor; with more windows than clerks some
    windows stay closed.
    """
    visitor, *windows = hall.windows
    free = list(hall.clerks[1:])
    seats = {}
    # Equipped windows first: what they need is rare, while anybody can do something at the others.
    for window in sorted(windows, key=lambda each: len(each.services) or len(hall.services)):
        able = [clerk for clerk in free if _useful(hall, window, clerk)]
        if able:
            clerk = max(able, key=lambda each: (_useful(hall, window, each), -len(each.skills)))
            free.remove(clerk)
            seats[window.id] = clerk.id
    ordered = tuple(Seat(window.id, seats[window.id]) for window in windows if window.id in seats)
    return Seating(visitor.id, hall.clerks[0].id, ordered)


def _useful(hall: HallConfig, window: WindowConfig, clerk: Clerk) -> int:
    """How many of the window's services the clerk masters."""
    return sum(
        service.needs in clerk.skills
        for service in hall.services
        if not window.services or service.code in window.services
    )
