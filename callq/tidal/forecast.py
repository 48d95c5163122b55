"""How many people are still to come: the hall file's profile, corrected as the day shows itself.

A day is expected minute by minute and service by service. What has come so far corrects it by a
factor for the hall and one for each service; both start at 1 and learn slowly, as if 40 (20)
people had come and been expected before the doors opened. Bookings are known and are not part of it.
"""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

DAY_PRIOR: Final = 40.0
"""Arrivals that the factor of the day is held back by."""

GROUP_PRIOR: Final = 20.0
"""Arrivals that the factor of each service is held back by."""


class Slot(NamedTuple):
    """A time of the day with an even rate."""

    first_min: float
    """Minutes from the beginning of the business day."""
    last_min: float
    rate: float
    """Relative to other slots."""


class DayForecast:
    """Arrivals that a hall expects of one business day, by service.

    Args:
      profile: slots, in any order and disjoint; the day outside them expects nobody.
      volumes: expected tickets a day by service, in the hall's order.
      open_min: for each service the spans, in minutes of the day, in which tickets are given; the whole
        volume comes within them. None: all day.
      minutes: length of the day.
    """

    __slots__ = ("minutes", "rates", "so_far")

    def __init__(
        self,
        profile: Sequence[Slot],
        volumes: Sequence[float],
        open_min: Sequence[Sequence[tuple[float, float]] | None],
        minutes: int = 24 * 60,
    ) -> None:
        self.minutes = minutes
        self.rates: tuple[tuple[float, ...], ...] = tuple(
            _spread(profile, volume, spans, minutes) for volume, spans in zip(volumes, open_min, strict=True)
        )
        """Arrivals expected in each minute of the day, by service."""
        self.so_far: tuple[tuple[float, ...], ...] = tuple((0.0, *accumulate(rates)) for rates in self.rates)
        """Arrivals expected before each minute of the day, by service."""

    def until(self, service: int, minute: float) -> float:
        """Arrivals of a service that were expected before a moment of the day."""
        if minute <= 0.0:
            return 0.0
        whole = min(int(minute), self.minutes - 1)
        part = min(minute, self.minutes) - whole
        return self.so_far[service][whole] + part * self.rates[service][whole]

    def ahead(self, service: int, minute: float, minutes: int) -> list[float]:
        """Arrivals of a service expected in each of the next so many minutes after a moment of the day."""
        bounds = [self.until(service, minute + step) for step in range(minutes + 1)]
        return [after - before for before, after in pairwise(bounds)]

    def behind(self, service: int, minute: float, steps: int, step: int = 1) -> list[float]:
        """Arrivals of a service expected in each of the last steps of some minutes, the latest first."""
        bounds = [self.until(service, minute - step * index) for index in range(steps + 1)]
        return [before - after for before, after in pairwise(bounds)]


def _spread(
    profile: Sequence[Slot],
    volume: float,
    spans: Sequence[tuple[float, float]] | None,
    minutes: int,
) -> tuple[float, ...]:
    """A volume over the minutes of the day as the profile has it, within the spans."""
    rates = [0.0] * minutes
    for slot in profile:
        for first, last in spans if spans is not None else ((0.0, float(minutes)),):
            begin, end = max(slot.first_min, first, 0.0), min(slot.last_min, last, float(minutes))
            for minute in range(int(begin), min(minutes, int(end) + 1)):
                covered = min(end, minute + 1.0) - max(begin, float(minute))
                rates[minute] += slot.rate * max(0.0, covered)
    total = sum(rates)
    if total <= 0.0:
        return tuple(rates)
    return tuple(rate * volume / total for rate in rates)


class Factors(NamedTuple):
    """How the day differs from its forecast."""

    day: float
    services: tuple[float, ...]
    """That of the day included."""


def day_factors(arrived: Sequence[int], expected: Sequence[float]) -> Factors:
    """Factors by which the rest of the day is expected to differ from its forecast.

    Args:
      arrived: tickets so far by service, those of bookings not counted.
      expected: what was forecast until now, likewise.
    """
    day = (DAY_PRIOR + sum(arrived)) / (DAY_PRIOR + sum(expected))
    services = tuple(
        day * (GROUP_PRIOR + came) / (GROUP_PRIOR + day * hoped)
        for came, hoped in zip(arrived, expected, strict=True)
    )
    return Factors(day, services)
