"""Which ticket a freed window takes: the head of one of its eligible lanes.

Late binding: a ticket names a service, never a window (unless papers, a transfer or a rejoin bind
it); the choice is made when a window asks. Which lanes are eligible, that papers which are back go
first, and that a booking before its slot goes last are rules of every hall; among what is left the
hall's policy chooses. No randomness. Cost: O(eligible lanes), whatever the queue's length.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

from callq.domain.events import LaneSeen, Why
from callq.domain.lanes import CLASSES, Lane, LaneKey, Place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callq.domain.state import HallState
    from callq.domain.ticket import Ticket
    from callq.domain.window import Window


class LaneChoice(NamedTuple):
    """A ticket to call and why."""

    ticket: Ticket
    why: Why


class Candidate(NamedTuple):
    """The first ticket of a lane, and its lane as it goes on record."""

    head: Place
    seen: LaneSeen


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
      Who brings papers back to this very window, else whom the policy chooses; with every lane that was
      looked at.
    """
    clock = state.clock(now_ms)
    lanes = eligible_lanes(state, window)
    if coming is not None:
        ticket, service = coming
        if service in state.services_at(window) and state.resource_free(service, window):
            place = Place(1, clock, state.order + 1, ticket.id)
            lanes.append((LaneKey(service, ticket.cls), Lane([place])))
    asked: list[Candidate] = []
    back: list[Candidate] = []
    due: list[Candidate] = []
    for key, lane in lanes:
        assert lane.head is not None
        one = Candidate(lane.head, _seen(key, lane))
        asked.append(one)
        if key.to and one.head.rank == 0:
            back.append(one)
        if one.seen.clock_ms <= clock:
            due.append(one)
    if not asked:
        return None
    policy = state.config.policy_name
    chosen = POLICIES[policy](state, window, back or due or asked, clock)
    why = Why(rule=policy, lanes=tuple(one.seen for one in asked))
    return LaneChoice(state.tickets[chosen.head.ticket], why)


# Policies -------------------------------------------------------------------------------------------


def _longest_wait(
    state: HallState, window: Window, candidates: Sequence[Candidate], clock_ms: int
) -> Candidate:
    """The lane whose oldest has the earliest lateness clock; ties: the lower order."""
    return min(candidates, key=lambda one: (one.seen.clock_ms, one.head.order))


Policy = Callable[["HallState", "Window", "Sequence[Candidate]", int], Candidate]
"""Chooses one of some candidates, at least one, at a moment of the hall's own time (ms); only reads."""

POLICIES: Final[dict[str, Policy]] = {"longest_wait": _longest_wait}
"""By the name in a hall's configuration, which is on record with each call."""
