"""What a plan does to the tickets that it is about: how many find no window, and what they wait.

Reckoned for a pool: some services, what their windows with one service leave over, and the windows with
several services that serve any of them. Where these windows serve others as well, all that hangs together
counts, and each service has its share of what is short.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from callq.tidal.laws import Moments, excess

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from callq.tidal.staffing import Load


class Outcome(NamedTuple):
    """What a pool comes to at a moment."""

    short: float
    """People who find no window free, on average."""
    wait_min: float | None
    """What they wait, minutes; None: no window serves them."""


class Effect(NamedTuple):
    """A pool without a plan and with it, at the moment that is the worst without it."""

    before: Outcome
    after: Outcome


def effect(
    loads: Sequence[Load],
    means_min: Sequence[float],
    services: Collection[int],
    before: Sequence[tuple[int, ...]],
    after: Sequence[tuple[int, ...]],
) -> Effect:
    """What a plan does to the tickets of some services.

    Args:
      loads: of the looks ahead, at least one.
      means_min: mean handling of each service, minutes.
      services: whose tickets, by place in the hall's order; at least one.
      before: services of each window that is open without the plan.
      after: and with it.
    """
    worst = max(
        loads, key=lambda load: max(_pool(load, means_min, services, w).short for w in (before, after))
    )
    return Effect(_pool(worst, means_min, services, before), _pool(worst, means_min, services, after))


def _pool(
    load: Load, means_min: Sequence[float], services: Collection[int], windows: Sequence[tuple[int, ...]]
) -> Outcome:
    """The services by themselves, and as a part of all that hangs together with them: what is worse."""
    alone = _outcome(load, means_min, frozenset(services), windows)
    together = _connected(frozenset(services), windows)
    if together == frozenset(services):
        return alone
    whole = _outcome(load, means_min, together, windows)
    part = _over(load, frozenset(services), windows).mean / (_over(load, together, windows).mean or 1.0)
    short = max(alone.short, whole.short * part)
    if alone.wait_min is None or whole.wait_min is None:
        return Outcome(short, alone.wait_min)
    return Outcome(short, max(alone.wait_min, whole.wait_min))


def _connected(services: frozenset[int], windows: Sequence[tuple[int, ...]]) -> frozenset[int]:
    """All services that are linked to these by windows which serve several."""
    found, grows = set(services), True
    while grows:
        more = {s for window in windows if len(window) > 1 and found & set(window) for s in window}
        grows = not more <= found
        found |= more
    return frozenset(found)


def _over(load: Load, services: frozenset[int], windows: Sequence[tuple[int, ...]]) -> Moments:
    """What the windows with one service leave over of some services."""
    left = [excess(load.services[s], sum(window == (s,) for window in windows)) for s in services]
    return Moments(sum(e.mean for e in left), sum(e.variance for e in left))


def _outcome(
    load: Load, means_min: Sequence[float], services: frozenset[int], windows: Sequence[tuple[int, ...]]
) -> Outcome:
    """Some services by themselves.

    Source of the wait: Little's law. Of so many who are short as many go on in a mean handling time as
    there are windows, or people for them where these are fewer.
    """
    flexible = sum(len(window) > 1 and not services.isdisjoint(window) for window in windows)
    serving = flexible + sum(len(window) == 1 and window[0] in services for window in windows)
    short = excess(_over(load, services, windows), flexible).mean
    offered = sum(load.services[s].mean for s in services)
    if not serving:
        return Outcome(short, None)
    if not offered:
        return Outcome(short, 0.0)
    # Mean handling of those who come: the load of a service is its arrivals times its mean.
    come = sum(load.services[s].mean / means_min[s] for s in services)
    return Outcome(short, short * (offered / come) / min(offered, serving))
