"""Which ticket a freed window takes: the longest wait among its eligible lanes.

Late binding: a ticket names a service, never a window; the choice is made when a window asks.
Ties: the lower issue sequence. No randomness. Cost: O(eligible lanes), whatever the queue's length.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from callq.domain.events import LaneSeen, Why
from callq.domain.lanes import Lane, LaneKey, Place

if TYPE_CHECKING:
    from callq.domain.state import HallState
    from callq.domain.ticket import Ticket
    from callq.domain.window import Window

CLASSES: Final = ("priority", "appointment", "ordinary")


class LaneChoice(NamedTuple):
    """A ticket to call and why."""

    ticket: Ticket
    why: Why


def eligible_lanes(state: HallState, window: Window) -> list[tuple[LaneKey, Lane]]:
    """Non-empty lanes that the window can serve now, in the hall's order of services."""
    found = []
    for service in state.services_at(window):
        for cls in CLASSES:
            key = LaneKey(service, cls)
            lane = state.lanes[key]
            if lane:
                found.append((key, lane))
    return found


def choose_lane(state: HallState, window: Window) -> LaneChoice | None:
    """Pick the ticket a freed window serves next; None when nothing eligible waits.

    Args:
      state: the hall; only read.
      window: staffed; the skills of its clerk and its equipment bound the choice.

    Returns:
      The head with the oldest lateness clock, with every lane that was looked at.
    """
    best: Place | None = None
    seen = []
    for key, lane in eligible_lanes(state, window):
        head = lane.head
        assert head is not None
        seen.append(LaneSeen(key.service, key.cls, head[2], head[0], len(lane)))
        if best is None or head < best:
            best = head
    if best is None:
        return None
    return LaneChoice(state.tickets[best[2]], Why(rule=state.config.policy, lanes=tuple(seen)))
