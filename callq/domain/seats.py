"""Who is there to call a ticket: what rules and effects ask alike of windows and their clerks."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from callq.domain.state import HallState


def window_serves(state: HallState, window: str | None, service: str) -> bool:
    """Whether a window is open to stay, and its clerk serves a service there now."""
    seat = state.windows.get(window or "")
    return seat is not None and seat.open and not seat.draining and service in state.services_at(seat)


def window_masters(state: HallState, window: str | None, service: str) -> bool:
    """The same, if only with skills that are not in use: what was begun there goes on there."""
    seat = state.windows.get(window or "")
    return seat is not None and seat.open and not seat.draining and service in state.mastered_at(seat)


def not_there(state: HallState, bound: str, service: str) -> bool:
    """Whether a binding is to somebody who could not call a ticket of the service now."""
    kind, _, whom = bound.partition(":")
    return bool(kind) and not window_serves(state, whom if kind == "w" else state.clerk_at.get(whom), service)
