"""Which ticket a freed window takes: the longest wait among its eligible lanes.

Late binding: a ticket names a service, never a window (unless papers, a transfer or a rejoin bind
it); the choice is made when a window asks. Ties: the lower order. No randomness. Cost: O(eligible
lanes), whatever the queue's length.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from callq.domain.events import LaneSeen, Why
from callq.domain.lanes import CLASSES, Lane, LaneKey, Place

if TYPE_CHECKING:
    from callq.domain.state import HallState
    from callq.domain.ticket import Ticket
    from callq.domain.window import Window


class LaneChoice(NamedTuple):
    """A ticket to call and why."""

    ticket: Ticket
    why: Why


def targets_of(window: Window) -> tuple[str, ...]:
    """For whom a ticket may be bound that this window may call; the last is: for anyone."""
    return (f"w:{window.id}", f"c:{window.clerk}", "")


def eligible_lanes(state: HallState, window: Window) -> list[tuple[LaneKey, Lane]]:
    """Non-empty lanes that the window can serve now, in the hall's order of services.

    Papers that are at the window are served there with skills not in use as well.
    """
    found = []
    serving = state.services_at(window)
    for service in state.mastered_at(window):
        if not state.resource_free(service, window):
            continue
        in_use = service in serving
        for to in targets_of(window) if in_use else (f"w:{window.id}",):
            for cls in CLASSES:
                key = LaneKey(service, cls, to)
                lane = state.lanes.get(key)
                if lane and (in_use or (lane.head is not None and lane.head.rank == 0)):
                    found.append((key, lane))
    return found


def lanes_seen(state: HallState, window: Window) -> tuple[LaneSeen, ...]:
    """What the window could have called next: who is passed over where somebody is called out of turn."""
    return tuple(_seen(key, lane) for key, lane in eligible_lanes(state, window))


def _seen(key: LaneKey, lane: Lane) -> LaneSeen:
    assert lane.head is not None
    return LaneSeen(key.service, key.cls, lane.head.ticket, lane.oldest_ms, len(lane))


def choose_lane(
    state: HallState, window: Window, now_ms: int, coming: tuple[Ticket, str] | None = None
) -> LaneChoice | None:
    """Pick the ticket a freed window serves next; None when nothing eligible waits.

    Args:
      state: the hall; only read.
      window: staffed; the skills of its clerk, its equipment and free resources bound the choice.
      now_ms: Unix ms; a booking that came before its slot is taken only if nothing else waits.
      coming: a ticket that will wait for a service as of now, by the same decision.

    Returns:
      The head of the lane with somebody who brings papers back to this very window, else of the one
      whose oldest has the earliest lateness clock; with every lane that was looked at.
    """
    clock = state.clock(now_ms)
    best: Place | None = None
    best_key: tuple[bool, bool, int, int] | None = None
    seen = []
    lanes = eligible_lanes(state, window)
    if coming is not None:
        ticket, service = coming
        if service in state.services_at(window) and state.resource_free(service, window):
            place = Place(1, clock, state.order + 1, ticket.id)
            lanes.append((LaneKey(service, ticket.cls), Lane([place])))
    for key, lane in lanes:
        seen.append(_seen(key, lane))
        head, oldest_ms = lane.head, seen[-1].clock_ms
        assert head is not None
        papers_back = bool(key.to) and head.rank == 0
        order = (not papers_back, oldest_ms > clock, oldest_ms, head.order)
        if best_key is None or order < best_key:
            best, best_key = head, order
    if best is None:
        return None
    return LaneChoice(state.tickets[best.ticket], Why(rule=state.config.policy, lanes=tuple(seen)))
