"""Preferences on top of the policy: what a window leaves to a better clerk, whom a green one takes first.

Whoever has waited longer than their target is left to nobody, and the guard of the policy comes before
both, so that a preference never makes anybody wait without end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from callq.domain.routing.staffing import staffing_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from collections.abc import Set as AbstractSet

    from callq.domain.routing.lanes import Candidate
    from callq.domain.state import HallState
    from callq.domain.turns import Turn
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
    may = [
        (at, one)
        for at, one in enumerate(candidates)
        if one.past_ms > clock_ms and one.service in beginner and not one.key.to
    ]
    if not may:
        return {}
    better = _better_free(state, {one.service for _, one in may}, routing.better_soon_s * 1000, clock_ms)
    return {
        at: to if to.until_ms <= one.past_ms else Left(one.past_ms, to.window)
        for at, one in may
        if (to := better.get(one.service)) is not None
    }


def _better_free(
    state: HallState, services: AbstractSet[str], soon_ms: int, clock_ms: int
) -> dict[str, Left]:
    """Who serves each better and counts as free now or soon: the first, until the last counts no longer.

    Cost: O(windows that are free within `soon_ms` of now), of which it looks at the first and the last until
    there is one for every service.
    """
    turns = state.turns.within(clock_ms - soon_ms, clock_ms + soon_ms)
    first = _first_of(state, services, turns, clock_ms)
    if not first:
        return {}
    last = _first_of(state, first.keys(), reversed(turns), clock_ms)
    return {code: Left(last[code].free_ms + soon_ms, turn.window) for code, turn in first.items()}


def _first_of(
    state: HallState, services: AbstractSet[str], turns: Iterable[Turn], clock_ms: int
) -> dict[str, Turn]:
    """The first of some turns at which each service would be in better hands; not of those without."""
    better = staffing_of(state).better
    found: dict[str, Turn] = {}
    missing = set(services)
    for turn in turns:
        served = missing & better.get(turn.window, _NOTHING)
        if served and _counts(state.windows[turn.window], turn, clock_ms):
            for code in served:
                found[code] = turn
            missing -= served
            if not missing:
                break
    return found


_NOTHING: Final[frozenset[str]] = frozenset()


def _counts(window: Window, turn: Turn, clock_ms: int) -> bool:
    """Whether an open window calls when it is free, and if it is idle, was ready by then."""
    if window.draining or window.pause_after:
        return False
    return window.ticket is not None or (not window.paused and turn.free_ms <= clock_ms)


def green_first(
    state: HallState, window: Window, candidates: Sequence[Candidate], among: Sequence[int]
) -> Sequence[int]:
    """At a green window those of class ``priority``, if there are any; else all."""
    if state.index.windows[window.id].kind != "green":
        return among
    return [at for at in among if candidates[at].key.cls == "priority"] or among
