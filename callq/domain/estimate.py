"""Waiting-time estimates that are honest about what they do not know.

Head of line: the one at the front of the queue has waited W so far, so someone with k of its n
tickets ahead may expect about W * k / n more. Where many have come in a short time W tells nothing yet:
where counting those ahead gives far more, the count is told, or nothing where no window serves them. The
range is wide on purpose (0.6 to 1.6 of the median, uncalibrated): a single number would promise what
nobody can keep. Unknown is None, never 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple, Protocol

from callq.domain.lanes import CLASSES, LaneKey, Place
from callq.domain.routing.staffing import staffing_of

if TYPE_CHECKING:
    from callq.domain.commands import TicketClass
    from callq.domain.lanes import Lane
    from callq.domain.state import HallState

LOW: Final = 0.6
HIGH: Final = 1.6

FAR: Final = 2.0
"""The count is believed where it is more than so many times the high end of what the head of line says."""

Method = Literal["head_of_line", "count"]


class WaitRange(NamedTuple):
    """Seconds from now, and what they were reckoned from."""

    p50_s: int
    low_s: int
    high_s: int
    method: Method = "head_of_line"


class Standing(Protocol):
    """Somebody in a queue: a waiting ticket, or a newcomer."""

    @property
    def lane(self) -> LaneKey:
        """Which lane."""
        ...

    @property
    def place(self) -> Place:
        """Where in it."""
        ...


class Newcomer(NamedTuple):
    """Who would take a ticket now: stands where that ticket is going to."""

    lane: LaneKey
    place: Place


def newcomer(state: HallState, service: str, cls: TicketClass, now_ms: int) -> Newcomer:
    """Who would take a ticket of a service and class now, for any window."""
    return Newcomer(LaneKey(service, cls), Place(1, state.clock(now_ms), state.order + 1, _NOBODY))


_NOBODY: Final = ""
"""Ticket of a newcomer."""


def ahead(state: HallState, one: Standing, now_ms: int) -> int:
    """How many of those who wait for the same service the policy is estimated to call before somebody.

    As if all were called now: in each lane of the service, whoever has an older clock than the one with
    which the lane would tie with theirs. Within a service the lengths of queues do not matter, so
    for the policies there are this is their own order; it changes where somebody with a shorter target
    overtakes later. Those who wait for one window or clerk alone
    count as well. Who waits for another service does not count: other windows serve most of them
    meanwhile. Cost: O(lanes of the service), O(log n) each.

    Args:
      state: the hall.
      one: waiting, or a newcomer.
      now_ms: Unix ms.
    """
    return sum(_before(state, one, key, lane, now_ms) for key, lane in _of_service(state, one.lane.service))


def _before(state: HallState, one: Standing, key: LaneKey, lane: Lane, now_ms: int) -> int:
    """How many of a lane of the same service the policy is estimated to call before somebody."""
    own, place, policy = one.lane, one.place, state.config.policy_name
    if key == own or not place.rank:
        return lane.before(place)
    if policy == "strict_priority" and key.cls != own.cls:
        return len(lane) if CLASSES.index(key.cls) < CLASSES.index(own.cls) else 0
    if policy == "index":
        waited_ms = max(0, state.clock(now_ms) - place.clock_ms)
        target_ms = state.index.target_ms
        alike_ms = waited_ms * target_ms(key.service, key.cls) / target_ms(own.service, own.cls)
        tie_ms = state.clock(now_ms) - round(alike_ms)
        return lane.before(Place(1, tie_ms, place.order, place.ticket))
    return lane.before(place)


def _of_service(state: HallState, service: str) -> list[tuple[LaneKey, Lane]]:
    """Non-empty lanes of a service, those for one window or clerk included."""
    if state.bound.total:
        return state.lanes_of(service)
    return [(key, lane) for key, lane in state.index.open_lanes((service,), state.lanes) if lane.size]


def expected_wait(state: HallState, one: Standing, now_ms: int) -> WaitRange | None:
    """Expected further wait of somebody; None when nobody ahead tells anything.

    Looks at the lanes of the service that are called to the same windows. Source: head-of-line delay
    announcement (Ibrahim and Whitt), scaled by the place in the queue, which is the policy's as in `ahead`.
    The count takes the service's minutes for each of those ahead, shared among the windows that serve it now.
    """
    own = one.lane
    keys = [LaneKey(own.service, cls, to) for cls in CLASSES for to in {"", own.to}]
    lanes = [(key, lane) for key in keys if (lane := state.lanes.get(key))]
    before = [(key, _before(state, one, key, lane, now_ms)) for key, lane in lanes]
    position = sum(count for _, count in before)
    if position == 0:
        return None
    oldest = min(lane.oldest_ms for _, lane in lanes)
    others = max(position, sum(len(lane) for _, lane in lanes) - (one.place.ticket != _NOBODY))
    seconds = (state.clock(now_ms) - oldest) / 1000 * position / others
    windows = len(staffing_of(state).serving.get(own.service, ()))
    turns = sum(count if key.to else count / max(1, windows) for key, count in before)
    counted = turns * state.index.services[own.service].service_min * 60
    if counted > FAR * HIGH * seconds:
        return spread(counted, "count") if windows and counted >= 1 else None
    return spread(seconds) if seconds >= 1 else None


def spread(seconds: float, method: Method = "head_of_line") -> WaitRange:
    """A wait with its range."""
    return WaitRange(round(seconds), round(seconds * LOW), round(seconds * HIGH), method)
