"""What opens and closes windows in a simulation: simple rules to compare the plan with.

The tides that ship are in `callq.tidal`; these are what halls do without them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from callq.domain import commands as cmd
from callq.simulate.draws import MIN_MS
from callq.simulate.halls import minute_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from callq.simulate.engine import SimulatedDay


class _Rule:
    """Opens windows some minutes after it was decided, and closes them when they are free."""

    def __init__(self) -> None:
        self._coming: set[str] = set()
        self._since: dict[str, int] = {}
        """When a window was decided to be opened, ms since midnight."""

    def begin(self, day: SimulatedDay) -> None:
        """Nothing is open beyond the base."""

    def tick(self, day: SimulatedDay) -> None:
        """Look at the hall and act."""
        raise NotImplementedError

    def controlled(self, day: SimulatedDay) -> list[str]:
        """Windows that may be opened and closed, in their order."""
        return [window.id for window in day.hall.config.windows if window.id in day.hall.closed]

    def open(self, day: SimulatedDay, window: str) -> None:
        """Decide to open a window whose clerk is there; the clerk is paid from now on."""
        found = day.state.windows[window]
        if window in self._coming or found.open or found.clerk is None:
            return
        self._coming.add(window)
        self._since[window] = day.now_ms
        day.record.opened(window, day.now_ms)
        delay_ms = day.scenario.tides.opening_min * MIN_MS
        day.plan(day.now_ms + delay_ms, self._opens, day, window)

    def _opens(self, day: SimulatedDay, window: str) -> None:
        self._coming.discard(window)
        found = day.state.windows[window]
        if not found.open and found.clerk is not None:
            day.do(cmd.Open(window=window))

    def close(self, day: SimulatedDay, window: str) -> None:
        """Close a window, after its ticket if it has one."""
        found = day.state.windows[window]
        if found.open and not found.draining:
            day.do(cmd.Close(window=window))


class Clock(_Rule):
    """All tidal windows open at the peaks of the profile, and at no other time."""

    def tick(self, day: SimulatedDay) -> None:
        """Open for the peaks, close after them."""
        minute = day.now_ms // MIN_MS
        peak = max(slot.rate for slot in day.scenario.profile)
        lead = day.scenario.tides.opening_min
        wanted = any(
            minute_of(slot.hours[:5]) - lead <= minute < minute_of(slot.hours[6:])
            for slot in day.scenario.profile
            if slot.rate > PEAK * peak
        )
        for window in self.controlled(day):
            (self.open if wanted else self.close)(day, window)


PEAK: Final = 0.9
"""A slot of the profile is a peak from this part of the highest rate."""

OPEN_MIN: Final = 5.0
CLOSE_MIN: Final = 1.0


class Threshold(_Rule):
    """Open a window while the expected wait is above 5 minutes, close one while it is below 1."""

    def tick(self, day: SimulatedDay) -> None:
        """Look at the longest wait of those who wait."""
        state = day.state
        clock = state.clock(day.midnight_ms + day.now_ms)
        waits = [clock - lane.oldest_ms for lane in state.lanes.values() if lane]
        waited_min = max(waits, default=0) / MIN_MS
        windows = self.controlled(day)
        closed = [
            w
            for w in windows
            if (found := state.windows[w]).clerk and not found.open and w not in self._coming
        ]
        serving = [w for w in windows if state.windows[w].open and not state.windows[w].draining]
        if waited_min > OPEN_MIN and closed and day.now_ms < day.closes_ms:
            self.open(day, closed[0])
        elif waited_min < CLOSE_MIN and serving:
            least = day.scenario.tides.min_open_min * MIN_MS
            old = [w for w in serving if day.now_ms - self._since.get(w, 0) >= least]
            idle = [w for w in old if state.windows[w].ticket is None]
            if old:
                self.close(day, (idle or old)[0])


RULES: Final[dict[str, Callable[[], _Rule]]] = {"clock": Clock, "threshold": Threshold}
"""By the name on the command line."""
