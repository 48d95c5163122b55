"""What came of a simulated day: everybody's wait, and how long windows were open."""

from __future__ import annotations

import math
from statistics import fmean
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callq.simulate.recovery import Recovered

End = Literal["waiting", "done", "left", "no_show", "guided", "turned_away"]

HOUR_MS: Final = 3_600_000
BIN_MIN: Final = 15
"""Width of the parts that a day is told in."""

BIN_MS: Final = BIN_MIN * 60_000

SAFETY: Final = 1.0
"""Windows beyond the offered load that are taken to be needed, in roots of it."""


class Outcome:
    """What came of one person; times in ms since midnight."""

    __slots__ = ("arrived_ms", "by", "called_ms", "cls", "done_ms", "end", "group", "missed")

    def __init__(self, group: int, cls: str, arrived_ms: int) -> None:
        self.group = group
        self.cls = cls
        self.arrived_ms = arrived_ms
        self.called_ms: int | None = None
        """First call."""
        self.done_ms: int | None = None
        self.end: End = "waiting"
        self.missed = False
        self.by = ""
        """What settled the first call other than the policy's index."""

    @property
    def wait_ms(self) -> int | None:
        """From arrival to the first call; None: never called."""
        return None if self.called_ms is None else self.called_ms - self.arrived_ms


class DayRecord:
    """One day.

    Args:
      groups: how many there are.
      opens_ms: since midnight.
      closes_ms: since midnight.
    """

    def __init__(self, groups: int, opens_ms: int, closes_ms: int) -> None:
        self.groups = groups
        self.opens_ms = opens_ms
        self.closes_ms = closes_ms
        self.outcomes: list[Outcome] = []
        self.reopened: dict[str, int] = {}
        """How often each window was opened after the doors were."""
        self.spans: list[tuple[str, int, int]] = []
        """Window, from and to, ms since midnight, in which it was open."""
        self.asked_for: dict[int, float] = {}
        """Offered load by part of the day: windows that would be busy if nobody had to wait, on average."""
        self.planned: dict[int, list[int]] = {}
        """Windows that the plan of the tides reckoned to be needed, by part of the day."""
        self.until_ms = closes_ms
        """When it was over: the hall closed, or the last service began, whichever was later."""
        self.recovered: Recovered | None = None
        """What came of it when something went wrong."""
        self._open: dict[str, int] = {}
        self._last_start_ms = 0

    def add(self, outcome: Outcome) -> None:
        """Somebody came."""
        self.outcomes.append(outcome)

    def started(self, now_ms: int) -> None:
        """A service began."""
        self._last_start_ms = now_ms

    def opened(self, window: str, now_ms: int) -> None:
        """A window is staffed from now on, unless it was already."""
        if window not in self._open:
            self._open[window] = now_ms
            if now_ms > self.opens_ms:
                self.reopened[window] = self.reopened.get(window, 0) + 1

    def resumed(self, window: str, now_ms: int) -> None:
        """A pause is over: no opening."""
        self._open.setdefault(window, now_ms)

    def closed(self, window: str, now_ms: int) -> None:
        """It no longer is."""
        begun_ms = self._open.pop(window, None)
        if begun_ms is not None:
            self.spans.append((window, begun_ms, now_ms))

    def asks_for(self, from_ms: int, for_ms: int) -> None:
        """Somebody wants to be served from now on for so long."""
        for index, part in parts_of(from_ms, from_ms + for_ms):
            self.asked_for[index] = self.asked_for.get(index, 0.0) + part

    def plans(self, at_ms: int, windows: int) -> None:
        """The plan of the tides reckons that so many windows are needed at a time."""
        self.planned.setdefault(at_ms // BIN_MS, []).append(windows)

    def needed(self, index: int, safety: float = SAFETY) -> float:
        """Windows needed in a part of the day: as the plan reckoned, else the offered load and safety.

        Args:
          index: of the part, from midnight.
          safety: roots of the offered load that are kept beyond it.

        Returns:
          0 when the day is over: who is served then is served by whom they have.
        """
        if index * BIN_MS >= self.until_ms:
            return 0.0
        if self.planned:
            reckoned = self.planned.get(index)
            return fmean(reckoned) if reckoned else 0.0
        load = self.asked_for.get(index, 0.0)
        return load + safety * math.sqrt(load)

    def end(self, now_ms: int) -> None:
        """The day is over: windows that are still open count until it closes, or the last service begins."""
        self.until_ms = max(self.closes_ms, self._last_start_ms)
        for window in list(self._open):
            self.closed(window, max(self.until_ms, self._open[window]))

    @property
    def staff_hours(self) -> float:
        """Hours of open windows, from the decision to open until closed."""
        return sum(to - begun for _, begun, to in self.spans) / HOUR_MS

    @property
    def openings(self) -> int:
        """Times that a window was opened after the doors were."""
        return sum(self.reopened.values())

    def most_reopened(self) -> int:
        """How often the window was opened that was opened most often."""
        return max(self.reopened.values(), default=0)


def parts_of(from_ms: int, to_ms: int) -> Iterator[tuple[int, float]]:
    """The parts of a day that a span touches: index from midnight, and how much of each it covers, 0 to 1."""
    for index in range(from_ms // BIN_MS, -(-to_ms // BIN_MS)):
        yield index, (min(to_ms, (index + 1) * BIN_MS) - max(from_ms, index * BIN_MS)) / BIN_MS
