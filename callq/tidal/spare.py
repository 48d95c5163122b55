"""Widening: a spare skill comes into use when its queue is long, and goes again when it is short.

Helps where clerks use few of their skills; where they use all there is nothing to widen.
"""

from __future__ import annotations

from typing import Final, NamedTuple

WIDEN_MIN: Final = 6.0
"""A queue longer than this, in minutes of work for each window of its service, asks for spare skills."""

RELEASE_MIN: Final = 2.0
"""One shorter than this gives them back."""

WIDEN_TICKS: Final = 2
RELEASE_TICKS: Final = 3


class Streak(NamedTuple):
    """Since when a queue has been long or short; minutes of any one clock."""

    long_since: float | None = None
    short_since: float | None = None


class Widen(NamedTuple):
    """What a service asks of spare skills."""

    streak: Streak
    widen: bool
    release: bool


def pressure_min(waiting: int, service_min: float, windows: int) -> float:
    """Minutes of work that wait for each window: those of one service, and half a window more."""
    return waiting * service_min / (windows + 0.5)


def widen(streak: Streak, pressure: float, now_min: float) -> Widen:
    """What one minute's pressure makes of a service's streak.

    Args:
      streak: what the last minute left.
      pressure: of `pressure_min`; infinite asks for spare skills, too.
      now_min: the time, in whole minutes of the streak's clock.
    """
    long_since = _since(streak.long_since, now_min) if pressure > WIDEN_MIN else None
    short_since = _since(streak.short_since, now_min) if pressure < RELEASE_MIN else None
    return Widen(
        Streak(long_since, short_since),
        long_since is not None and now_min - long_since >= WIDEN_TICKS - 1,
        short_since is not None and now_min - short_since >= RELEASE_TICKS - 1,
    )


def _since(since: float | None, now_min: float) -> float:
    return now_min if since is None else since
