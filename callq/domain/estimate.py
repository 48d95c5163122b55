"""Waiting-time estimates that are honest about what they do not know.

Head of line: the one at the front of the queue has waited W so far, so someone with k of its n
tickets ahead may expect about W * k / n more. The range is wide on purpose (0.6 to 1.6 of the
median, uncalibrated): a single number would promise what nobody can keep. Unknown is None, never 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from callq.domain.lanes import CLASSES, LaneKey

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


def ahead(state: HallState, ticket: Ticket) -> int:
    """Waiting tickets of the same service that sort before this one, bound ones included."""
    return sum(lane.before(ticket.place) for _, lane in state.lanes_of(ticket.service))


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
