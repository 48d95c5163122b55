"""Preferences on top of the policy: what a window leaves to a better clerk, whom a green one takes first.

Whoever has waited longer than their target is left to nobody, and the guard of the policy comes before
both, so that a preference never makes anybody wait without end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from callq.domain.routing.staffing import staffing_of
from callq.domain.window import WindowState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callq.domain.routing.lanes import Candidate
    from callq.domain.state import HallState
    from callq.domain.window import Window

_FOREVER: Final = 1 << 62


def left_to_better(
    state: HallState, window: Window, candidates: Sequence[Candidate], clock_ms: int
) -> dict[int, int]:
    """Candidates that a clerk of level 1 leaves to a better one who is free now or soon.

    Soon is judged by what a service takes on average, from `better_soon_s` before its expected end until as
    long after it: a service that outlasts that ends nobody knows when.

    Args:
      state: the hall; only read.
      window: whose clerk would call.
      candidates: what it could call.
      clock_ms: when it is judged, in the hall's own time.

    Returns:
      By position among `candidates`: until when it is left, in the hall's own time, if nothing else
      happens; at the latest when it has waited longer than its target.
    """
    routing = state.config.routing
    if routing is None or not routing.better_soon_s:
        return {}
    beginner = staffing_of(state).beginners.get(window.id)
    if not beginner:
        return {}
    found: dict[int, int] = {}
    free: dict[str, int] = {}
    for at, one in enumerate(candidates):
        service, past_ms = one.key.service, one.clock_ms + int(one.target_ms) + 1
        if service not in beginner or one.key.to or past_ms <= clock_ms:
            continue
        if service not in free:
            free[service] = _better_free_until(state, service, routing.better_soon_s * 1000, clock_ms)
        if free[service] > clock_ms:
            found[at] = min(free[service], past_ms)
    return found


def _better_free_until(state: HallState, service: str, soon_ms: int, clock_ms: int) -> int:
    """Until when a better clerk counts as free soon for a service, if nothing else happens; 0: none does."""
    until_ms = 0
    for other in staffing_of(state).better.get(service, ()):
        window = state.windows[other]
        if window.draining or window.pause_after:
            continue
        if window.state is WindowState.IDLE:
            return _FOREVER
        ticket = window.ticket
        if window.state is WindowState.SERVING and ticket is not None and ticket.started_clock is not None:
            mean_ms = round(state.index.services[ticket.service].service_min * 60_000)
            ends_ms = ticket.started_clock - ticket.handled_ms + mean_ms
            if ends_ms - soon_ms <= clock_ms < ends_ms + soon_ms:
                until_ms = max(until_ms, ends_ms + soon_ms)
    return until_ms


def green_first(
    state: HallState, window: Window, candidates: Sequence[Candidate], among: Sequence[int]
) -> Sequence[int]:
    """At a green window those of class ``priority``, if there are any; else all."""
    if state.index.windows[window.id].kind != "green":
        return among
    return [at for at in among if candidates[at].key.cls == "priority"] or among
