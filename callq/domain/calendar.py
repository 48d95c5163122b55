"""Business days and local hours: in the hall's own time zone, never UTC's.

A business day runs from `day_starts` (default 04:00) of a local date to that of the next, so that a
hall open past midnight keeps its numbers. Days across a clock change are 23 or 25 hours long. What is
open when within a day is in `callq.domain.hours`.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from callq.domain.hall import HallConfig, Weekday

DAY_MIN: Final = 24 * 60

WEEKDAYS: Final[tuple[Weekday, ...]] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""In the order of `date.weekday`."""

_HOURS: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-4]):([0-5][0-9])")


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def business_day(now_ms: int, timezone: str, day_starts: str) -> str:
    """ISO date of the business day that `now_ms` falls in."""
    zone = _zone(timezone)
    local = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(zone)
    day = local.date()
    return (day if now_ms >= _start_ms(day, zone, day_starts) else day - timedelta(days=1)).isoformat()


def day_bounds(day: str, timezone: str, day_starts: str) -> tuple[int, int]:
    """When a business day (ISO date) begins and ends, Unix ms; the end belongs to the next day."""
    begins, zone = date.fromisoformat(day), _zone(timezone)
    return _start_ms(begins, zone, day_starts), _start_ms(begins + timedelta(days=1), zone, day_starts)


def day_after(day: str, days: int = 1) -> str:
    """ISO date so many days after `day`."""
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def wall_clock(at_ms: int, timezone: str) -> str:
    """What the local clock shows, ``HH:MM``; the next minute if it has begun to run."""
    at = datetime.fromtimestamp(-(-at_ms // 60_000) * 60, UTC).astimezone(_zone(timezone))
    return f"{at:%H:%M}"


def local_ms(day: str, minutes: int, timezone: str) -> int:
    """The instant at which the local clock shows a time, Unix ms.

    Args:
      day: ISO date from whose midnight to count.
      minutes: of the clock, not of elapsed time; `DAY_MIN` and more is the next date.
      timezone: name of the zone. A time that the clock shows twice means the first, one that it skips
        is as long after the change as it would have been after midnight without it.
    """
    days, minutes = divmod(minutes, DAY_MIN)
    at = time(*divmod(minutes, 60))
    zone = _zone(timezone)
    return _ms(datetime.combine(date.fromisoformat(day) + timedelta(days=days), at, zone))


def weekday_like(config: HallConfig, day: str) -> Weekday | None:
    """The weekday whose sessions a business day (ISO date) has; None on holidays."""
    for moved in config.moved_workdays:
        if moved.date == day:
            return moved.like
    if any(holiday.first <= day <= holiday.last for holiday in config.holidays):
        return None
    return WEEKDAYS[date.fromisoformat(day).weekday()]


def minutes_of(hh_mm: str) -> int:
    """Minutes since midnight of a local time ``HH:MM``."""
    return int(hh_mm[:2]) * 60 + int(hh_mm[3:])


def parse_hours(text: str) -> tuple[int, int] | None:
    """Hours such as ``08:30-16:30`` in minutes since midnight; None when they are not such hours.

    Returns:
      Begin (below `DAY_MIN`) and end; an end at or before the begin is one of the next date, thus up to
      `DAY_MIN` larger. ``24:00`` is the end of the date.
    """
    found = _HOURS.fullmatch(text)
    if found is None:
        return None
    begin_h, begin_min, end_h, end_min = map(int, found.groups())
    begin, end = begin_h * 60 + begin_min, end_h * 60 + end_min
    if end > DAY_MIN:
        return None
    return begin, end if end > begin else end + DAY_MIN


def hours_of_day(hours: tuple[int, int], starts_min: int) -> tuple[int, int]:
    """Hours as minutes since midnight of the business day's own date.

    A time before `day_starts` is one of the date after: at a hall whose days start at 04:00, Friday's
    ``01:00-03:00`` is the night from Friday to Saturday. ``00:00-24:00`` is the whole business day.

    Args:
      hours: as `parse_hours` gives them.
      starts_min: `day_starts` in minutes.
    """
    if hours == (0, DAY_MIN):
        return starts_min, starts_min + DAY_MIN
    shift = DAY_MIN if hours[0] < starts_min else 0
    return hours[0] + shift, hours[1] + shift


def _start_ms(day: date, zone: ZoneInfo, day_starts: str) -> int:
    return _ms(datetime.combine(day, time.fromisoformat(day_starts), zone))


def _ms(local: datetime) -> int:
    return round(local.timestamp() * 1000)
