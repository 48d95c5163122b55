"""The node's clock, and when not to believe it.

A hall's time never runs backwards, so one wrong reading of the wall clock would stay in it for good.
Two witnesses stand beside the wall: the machine's own count of elapsed time, and the clock of a store
that runs elsewhere.

- A wall that jumps against elapsed time by more than a minute (two seconds where the store is a
  witness: it says within a second who is right) is not followed for ten minutes: the node goes on by elapsed
  time, ends no business day, and says so. If the wall still stands by its new time then, it was the
  old time that was wrong; where the store is a witness, only its agreement says so.
- A node whose clock is more than two seconds off the store's stops deciding until it is not.

Elapsed time counts sleep (CLOCK_BOOTTIME), so that a laptop that is opened again has not jumped.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import structlog

from callq import metrics
from callq.domain.errors import StoreUnavailable
from callq.runtime.ids import wall_ms

if TYPE_CHECKING:
    from collections.abc import Callable

JUMP_MS: Final = 60_000
"""A smaller step of the wall is followed at once where there is no witness."""

DOUBT_S: Final = 600.0
"""How long a jump is doubted."""

OFF_MS: Final = 2_000
"""Farther than this from the store's clock a node must not decide; nor is a larger step followed unasked."""


def elapsed_s() -> float:
    """Seconds since some moment in the past, sleep included; never set."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class NodeClock:
    """Unix milliseconds, guarded.

    Args:
      wall: the wall clock, Unix ms.
      elapsed: seconds that only go forward.
      witness: whether the store runs on a clock of its own; an embedded one does not.
    """

    def __init__(
        self,
        wall: Callable[[], int] = wall_ms,
        elapsed: Callable[[], float] = elapsed_s,
        *,
        witness: bool = False,
    ) -> None:
        self._wall = wall
        self._witness = witness
        self.elapsed = elapsed
        self._start_ms = wall() - elapsed() * 1000
        """Unix ms at elapsed time zero, as believed."""
        self._jumped_at: float | None = None
        self._jump_ms = 0.0
        """By how much, the last time."""
        self.off_ms = 0
        """How far the store's clock is ahead of this one, where that is too far; else 0."""
        self._log = structlog.get_logger()

    def __call__(self) -> int:
        """Now, as believed."""
        wall, elapsed = self._wall(), self.elapsed()
        jump_ms = wall - (self._start_ms + elapsed * 1000)
        # Where the store will say who is right within a second, it is asked first.
        if abs(jump_ms) <= (OFF_MS if self._witness else JUMP_MS):
            self._believe(wall, elapsed)
        elif self._jumped_at is None or abs(jump_ms - self._jump_ms) > OFF_MS:
            self._jumped_at, self._jump_ms = elapsed, jump_ms
            metrics.clock_doubted(True)
            self._log.error("wall_clock_doubted", jump_ms=round(jump_ms))
        elif elapsed - self._jumped_at >= DOUBT_S and not self._witness:
            self._log.warning("wall_clock_followed", jump_ms=round(jump_ms), because="lasting")
            self._believe(wall, elapsed)
        return round(self._start_ms + elapsed * 1000)

    def _believe(self, wall: int, elapsed: float) -> None:
        self._start_ms = wall - elapsed * 1000
        if self._jumped_at is not None:
            self._jumped_at = None
            metrics.clock_doubted(False)

    @property
    def doubtful(self) -> bool:
        """The wall has jumped: no business day ends by this clock now."""
        return self._jumped_at is not None

    def heard(self, store_ms: int, sent_s: float) -> None:
        """Compare with the store's clock, read at some moment between `sent_s` (elapsed time) and now."""
        if not self._witness:
            return
        now_ms, now_s = self(), self.elapsed()
        off_ms = _outside(store_ms, now_ms - (now_s - sent_s) * 1000, now_ms)
        if abs(off_ms) > OFF_MS and self.doubtful:
            wall = self._wall()
            if abs(_outside(store_ms, wall - (now_s - sent_s) * 1000, wall)) <= OFF_MS:
                self._log.warning("wall_clock_followed", jump_ms=round(self._jump_ms), because="store")
                self._believe(wall, now_s)
                off_ms = 0
        if abs(off_ms) <= OFF_MS:
            off_ms = 0
        if bool(off_ms) != bool(self.off_ms):
            if off_ms:
                self._log.error("clock_off_store", off_ms=round(off_ms))
            else:
                self._log.info("clock_right_again")
            metrics.clock_off(bool(off_ms))
        self.off_ms = round(off_ms)

    def refusal(self) -> StoreUnavailable | None:
        """Why nothing may be decided by this clock; None: it may."""
        if not self.off_ms:
            return None
        return StoreUnavailable(
            f"this node's clock is {abs(self.off_ms) / 1000:.1f} s off the store's: "
            "set both by NTP (`timedatectl set-ntp true`)"
        )

    def check(self) -> None:
        """Refuse to decide by a wrong clock.

        Raises:
          StoreUnavailable: the clock is too far off the store's.
        """
        if (refusal := self.refusal()) is not None:
            raise refusal


def _outside(moment: float, first: float, last: float) -> float:
    """How far a moment lies outside an interval; negative before it."""
    return moment - min(max(moment, first), last)
