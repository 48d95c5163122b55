"""What a plan does to the tickets that it is about: how many find no window, and what they wait.

Reckoned for a pool: some services, what their windows with one service leave over, and the windows with
several services that serve any of them. Where these windows serve others as well, all that hangs together
counts, and each service has its share of what is short.
"""

from __future__ import annotations

from collections import Counter
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
    pools = [_pool(frozenset(services), windows) for windows in (before, after)]
    worst = max(loads, key=lambda load: max(pool.outcome(load, means_min).short for pool in pools))
    without, with_it = (pool.outcome(worst, means_min) for pool in pools)
    return Effect(without, with_it)


class _Part(NamedTuple):
    """Some services and the windows that serve any of them."""

    services: tuple[int, ...]
    own: tuple[int, ...]
    """Windows with one service, by service."""
    flexible: int
    """Windows with several."""

    def over(self, load: Load) -> Moments:
        """What the windows with one service leave over."""
        left = [excess(load.services[s], own) for s, own in zip(self.services, self.own, strict=True)]
        return Moments(sum(e.mean for e in left), sum(e.variance for e in left))

    def outcome(self, load: Load, over: Moments, means_min: Sequence[float]) -> Outcome:
        """The services by themselves.

        Source of the wait: Little's law. Of so many who are short as many go on in a mean handling time as
        there are windows, or people for them where these are fewer.
        """
        serving = self.flexible + sum(self.own)
        short = excess(over, self.flexible).mean
        offered = sum(load.services[s].mean for s in self.services)
        if not serving:
            return Outcome(short, None)
        if not offered:
            return Outcome(short, 0.0)
        # Mean handling of those who come: the load of a service is its arrivals times its mean.
        come = sum(load.services[s].mean / means_min[s] for s in self.services)
        return Outcome(short, short * (offered / come) / min(offered, serving))


class _Pool(NamedTuple):
    """Some services by themselves, and all that hang together with them."""

    alone: _Part
    together: _Part

    def outcome(self, load: Load, means_min: Sequence[float]) -> Outcome:
        """What is worse: by themselves, or as a part of all."""
        over = self.alone.over(load)
        alone = self.alone.outcome(load, over, means_min)
        if self.together == self.alone:
            return alone
        all_over = self.together.over(load)
        whole = self.together.outcome(load, all_over, means_min)
        short = max(alone.short, whole.short * over.mean / (all_over.mean or 1.0))
        if alone.wait_min is None or whole.wait_min is None:
            return Outcome(short, alone.wait_min)
        return Outcome(short, max(alone.wait_min, whole.wait_min))


def _pool(services: frozenset[int], windows: Sequence[tuple[int, ...]]) -> _Pool:
    count = Counter(windows)
    own = {window[0]: number for window, number in count.items() if len(window) == 1}
    several = {window: number for window, number in count.items() if len(window) > 1}

    def part(of: frozenset[int]) -> _Part:
        places = tuple(sorted(of))
        flexible = sum(number for window, number in several.items() if not of.isdisjoint(window))
        return _Part(places, tuple(own.get(s, 0) for s in places), flexible)

    together, grows = set(services), True
    while grows:
        more = {s for window in several if not together.isdisjoint(window) for s in window}
        grows = not more <= together
        together |= more
    return _Pool(part(services), part(frozenset(together)))
