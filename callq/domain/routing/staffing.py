"""What the open windows and their skills mean for the routing: worked out once, until they change.

A flexible window that goes by waits alone sees a queue only when its first has waited; by then those
behind have too. So the index adds kappa * (Q_g - p_g Q), where Q_g wait for service g and Q in all, and
p_g is the share that g's queue should have:

    p_g = sqrt(s_g (n_g + 1/2)) / sum_h sqrt(s_h (n_h + 1/2))

s_g is the service's long-run share of the tickets, n_g how many open windows serve nothing but g. Source:
a queue-ratio rule after Gurvich and Whitt (2009), whose weights were found by simulation; see
docs/decisions.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from callq.domain.hall import Service
    from callq.domain.state import HallState

PER_WINDOW: Final = 21.0
"""kappa times the open windows, in a large hall that does not say: one person weighs as much wait as fewer
windows need to see to more of them."""

LARGE: Final = 84.0
"""In small halls kappa is the open windows by this, if that is less: there a queue tells little, and the
pressure would let an ordinary ticket wait far longer than by the longest wait. Both meet at 42 windows."""


class Staffing(NamedTuple):
    """What follows from who sits where with which skills."""

    shares: dict[str, float]
    """p_g by service; their sum is 1."""
    weight: float
    """kappa: targets of waiting that one person more than the due share is worth."""
    beginners: dict[str, frozenset[str]]
    """Services that a window's clerk masters at level 1, by window; windows without any are left out."""
    better: dict[str, frozenset[str]]
    """Services that an open window serves at a higher level, by window."""
    serving: dict[str, tuple[str, ...]]
    """Ids of those that serve it and are not paused, nor about to be or to close, likewise."""


def staffing_of(state: HallState) -> Staffing:
    """The windows as they are now.

    Looks at all of them once after any has changed; effects that change a window, its clerk or the skills
    in use forget what was found (`seats_changed`), through the undo log.
    """
    if state.staffing is None:
        state.staffing = _worked_out(state)
    return state.staffing


def _worked_out(state: HallState) -> Staffing:
    dedicated: dict[str, int] = {}
    beginners: dict[str, frozenset[str]] = {}
    better: dict[str, frozenset[str]] = {}
    serving: dict[str, tuple[str, ...]] = {}
    open_now = 0
    for window in state.windows.values():
        if not window.open or window.clerk is None:
            continue
        open_now += 1
        services, clerk = state.services_at(window), state.index.clerks[window.clerk]
        if len(services) == 1:
            dedicated[services[0]] = dedicated.get(services[0], 0) + 1
        levels = {code: clerk.level(state.index.services[code].needs, state.day) for code in services}
        if lowest := frozenset(code for code, level in levels.items() if level == 1):
            beginners[window.id] = lowest
        better[window.id] = frozenset(services) - lowest
        stays = not (window.paused or window.draining or window.pause_after)
        for code in services:
            if stays:
                serving[code] = (*serving.get(code, ()), window.id)
    share = daily_shares(state.config.services)
    roots = {code: sqrt(share[code] * (dedicated.get(code, 0) + 0.5)) for code in share}
    whole = sum(roots.values())
    routing = state.config.routing
    given = routing.pressure if routing is not None else None
    weight = given if given is not None else weight_for(open_now)
    shared = {code: root / whole for code, root in roots.items()}
    return Staffing(shared, weight, beginners, better, serving)


def weight_for(windows: int) -> float:
    """Kappa of a hall that does not say, by how many windows are open."""
    return min(PER_WINDOW / windows, windows / LARGE) if windows else 0.0


def daily_shares(services: Iterable[Service]) -> dict[str, float]:
    """Each service's share of the day's tickets: equal where none says how many it expects.

    A service that does not say while others do counts as the smallest of those.
    """
    services = tuple(services)
    least = min((service.daily for service in services if service.daily), default=1.0)
    expected = {service.code: service.daily or least for service in services}
    whole = sum(expected.values())
    return {code: daily / whole for code, daily in expected.items()}
