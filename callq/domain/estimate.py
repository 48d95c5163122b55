"""Waiting-time estimates that are honest about what they do not know.

Head of line: the one at the front of the queue has waited W so far, so someone with k of its n
tickets ahead may expect about W * k / n more. The range is wide on purpose (0.6 to 1.6 of the
median, uncalibrated): a single number would promise what nobody can keep. Unknown is None, never 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from callq.domain.lanes import CLASSES, LaneKey, Place

if TYPE_CHECKING:
    from callq.domain.lanes import Lane
    from callq.domain.state import HallState
    from callq.domain.ticket import Ticket

LOW: Final = 0.6
HIGH: Final = 1.6


class WaitRange(NamedTuple):
    """Seconds from now."""

    p50_s: int
    low_s: int
    high_s: int


def _lanes(state: HallState, ticket: Ticket) -> list[Lane]:
    """Lanes of the same service that are called to the same windows."""
    keys = [LaneKey(ticket.service, cls, to) for cls in CLASSES for to in {"", ticket.bound}]
    return [lane for key in keys if (lane := state.lanes.get(key))]


def ahead(state: HallState, ticket: Ticket, now_ms: int) -> int:
    """How many of those who wait for the same service the policy is estimated to call before a ticket.

    As if all were called now: in each lane of the service, whoever has an older clock than the one with
    which the lane would tie with this ticket. Within a service the lengths of queues do not matter, so
    for the policies there are this is their own order; it changes where somebody with a shorter target
    overtakes later. Those who wait for one window or clerk alone
    count as well. Who waits for another service does not count: other windows serve most of them
    meanwhile. Cost: O(lanes of the service), O(log n) each.

    Args:
      state: the hall.
      ticket: waiting.
      now_ms: Unix ms.
    """
    policy, place = state.config.policy_name, ticket.place
    waited_ms = max(0, state.clock(now_ms) - place.clock_ms)
    own = (CLASSES.index(ticket.cls), state.index.target_ms(ticket.service, ticket.cls))
    before = 0
    for key, lane in _of_service(state, ticket.service):
        if key == ticket.lane or not place.rank:
            before += lane.before(place)
            continue
        other = (CLASSES.index(key.cls), state.index.target_ms(ticket.service, key.cls))
        if policy == "strict_priority" and other[0] != own[0]:
            before += len(lane) if other[0] < own[0] else 0
        elif policy == "index":
            tie_ms = state.clock(now_ms) - round(waited_ms * other[1] / own[1])
            before += lane.before(Place(1, tie_ms, place.order, place.ticket))
        else:
            before += lane.before(place)
    return before


def _of_service(state: HallState, service: str) -> list[tuple[LaneKey, Lane]]:
    """Non-empty lanes of a service, those for one window or clerk included."""
    if state.bound.total:
        return state.lanes_of(service)
    lanes = state.lanes
    return [(key, lanes[key]) for key, *_ in state.index.open_lanes((service,)) if lanes[key].size]


def head_of_line(state: HallState, ticket: Ticket, now_ms: int) -> WaitRange | None:
    """Expected further wait of a waiting ticket; None when nobody ahead tells anything.

    Source: head-of-line delay announcement (Ibrahim and Whitt), scaled by the place in the queue.
    """
    lanes = _lanes(state, ticket)
    position = sum(lane.before(ticket.place) for lane in lanes)
    if position == 0:
        return None
    oldest = min(lane.oldest_ms for lane in lanes)
    others = max(position, sum(len(lane) for lane in lanes) - 1)
    seconds = (state.clock(now_ms) - oldest) / 1000 * position / others
    if seconds < 1:
        return None
    return WaitRange(round(seconds), round(seconds * LOW), round(seconds * HIGH))
