"""Preferences on top of the policy: what a window leaves to a better clerk, whom a green one takes first.

Whoever has waited longer than their target is left to nobody, and the guard of the policy comes before
both, so that a preference never makes anybody wait without end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from callq.domain.routing.staffing import staffing_of
from callq.domain.window import WindowState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callq.domain.routing.lanes import Candidate
    from callq.domain.state import HallState
    from callq.domain.window import Window


class Left(NamedTuple):
    """To whom somebody is left."""

    until_ms: int
    """Until when if nothing else happens, in the hall's own time."""
    window: str
    """Id of the window that should be free first: one that is, or the next whose service should end."""


def left_to_better(
    state: HallState, window: Window, candidates: Sequence[Candidate], clock_ms: int
) -> dict[int, Left]:
    """Candidates that a clerk of level 1 leaves to a better one who is free now or soon.

    Free now counts for `better_soon_s` from when that window became ready: whoever calls nobody for longer
    may not be there. Soon is judged by what a service takes on average, from `better_soon_s` before its
    expected end until as long after it: a service that outlasts that ends nobody knows when.

    Args:
      state: the hall; only read.
      window: whose clerk would call.
      candidates: what it could call.
      clock_ms: when it is judged, in the hall's own time.

    Returns:
      By position among `candidates`: to whom it is left and until when, at the latest when it has waited
      longer than its target.
    """
    routing = state.config.routing
    if routing is None or not routing.better_soon_s:
        return {}
    beginner = staffing_of(state).beginners.get(window.id)
    if not beginner:
        return {}
    found: dict[int, Left] = {}
    free: dict[str, Left | None] = {}
    for at, one in enumerate(candidates):
        service, past_ms = one.key.service, one.clock_ms + int(one.target_ms) + 1
        if service not in beginner or one.key.to or past_ms <= clock_ms:
            continue
        if service not in free:
            free[service] = _better_free(state, service, routing.better_soon_s * 1000, clock_ms)
        to = free[service]
        if to is not None:
            found[at] = to._replace(until_ms=min(to.until_ms, past_ms))
    return found


def _better_free(state: HallState, service: str, soon_ms: int, clock_ms: int) -> Left | None:
    """Who serves it better and counts as free now or soon; until the last of them does no longer."""
    until_ms = 0
    first: tuple[int, str] | None = None
    for other in staffing_of(state).better.get(service, ()):
        window = state.windows[other]
        if window.draining or window.pause_after:
            continue
        ticket = window.ticket
        if window.state is WindowState.IDLE:
            free_ms = begins_ms = window.ready_clock
        elif window.state is WindowState.SERVING and ticket is not None and ticket.started_clock is not None:
            mean_ms = round(state.index.services[ticket.service].service_min * 60_000)
            free_ms = ticket.started_clock - ticket.handled_ms + mean_ms
            begins_ms = free_ms - soon_ms
        else:
            continue
        if begins_ms <= clock_ms < free_ms + soon_ms:
            until_ms = max(until_ms, free_ms + soon_ms)
            first = min(first or (free_ms, other), (free_ms, other))
    return Left(until_ms, first[1]) if first else None


def green_first(
    state: HallState, window: Window, candidates: Sequence[Candidate], among: Sequence[int]
) -> Sequence[int]:
    """At a green window those of class ``priority``, if there are any; else all."""
    if state.index.windows[window.id].kind != "green":
        return among
    return [at for at in among if candidates[at].key.cls == "priority"] or among
