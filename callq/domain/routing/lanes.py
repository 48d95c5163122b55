"""Which lanes a window can serve now: the same in every hall, whatever its policy.

Cost: O(lanes of the window's services), whatever the number of windows or of tickets that wait. What a lane
has to say is kept with it until somebody joins or leaves it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from callq.domain.events import LaneSeen
from callq.domain.lanes import CLASSES, Lane, LaneKey, Place

if TYPE_CHECKING:
    from callq.domain.state import HallState
    from callq.domain.window import Window


class Candidate(msgspec.Struct, frozen=True, gc=False):
    """The first ticket of a lane that a window can serve, with what policies go by."""

    key: LaneKey
    service: str
    """That of the key."""
    head: Place
    seen: LaneSeen
    """The lane as it goes on record."""
    clock_ms: int
    """The clock that the lane is compared by: its first's, or an older one behind who came back."""
    target_min: int
    """How long nobody of the lane's class should wait for its service."""
    target_ms: float
    past_ms: int
    """When it will have waited longer than that."""


def targets_of(window: Window) -> tuple[str, ...]:
    """For whom a ticket may be bound that this window may call; the last is: for anyone."""
    return (f"w:{window.id}", f"c:{window.clerk}", "")


def eligible_lanes(
    state: HallState, window: Window, serving: tuple[str, ...] | None = None
) -> list[Candidate]:
    """Non-empty lanes that the window can serve now, those for it alone first; in the hall's order.

    Papers that are at the window are served there with skills not in use as well.

    Args:
      state: the hall; what its lanes keep aside, only read.
      window: which.
      serving: what it serves now, where that is known already.
    """
    if serving is None:
        serving = state.services_at(window)
    found = _bound_to(state, window, serving) if state.bound.total else []
    if state.index.resources:
        serving = tuple([code for code in serving if state.resource_free(code, window)])
    rows = state.index.open_lanes(serving, state.lanes)
    found += [lane.asked or of_lane(key, lane, state) for key, lane in rows if lane.size]
    return found


def _bound_to(state: HallState, window: Window, serving: tuple[str, ...]) -> list[Candidate]:
    """Lanes of tickets that wait for this window or its clerk alone."""
    found = []
    for to in targets_of(window)[:2]:
        if not state.bound.of(to):
            continue
        papers = to == f"w:{window.id}"
        for service in state.mastered_at(window) if papers else serving:
            if not state.resource_free(service, window):
                continue
            for cls in CLASSES:
                key = LaneKey(service, cls, to)
                lane = state.lanes.get(key)
                if lane and lane.head is not None and (service in serving or lane.head.rank == 0):
                    found.append(lane.asked or of_lane(key, lane, state))
    return found


def of_lane(key: LaneKey, lane: Lane, state: HallState) -> Candidate:
    """The candidate of a lane that is not empty, which keeps it."""
    head = lane.head
    assert head is not None
    clock_ms = head.clock_ms if head.rank else lane.oldest_ms
    service, cls, _ = key
    target_min = state.index.target_min(service, cls)
    seen = LaneSeen(service, cls, head.ticket, clock_ms, lane.size)
    past_ms = clock_ms + target_min * 60_000 + 1
    found = Candidate(key, service, head, seen, clock_ms, target_min, target_min * 60_000.0, past_ms)
    lane.asked = found
    return found


def lanes_seen(state: HallState, window: Window) -> tuple[LaneSeen, ...]:
    """What the window could have called next: who is passed over where somebody is called out of turn."""
    return tuple(one.seen for one in eligible_lanes(state, window))
