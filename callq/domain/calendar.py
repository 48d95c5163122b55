"""Business days: in the hall's own time zone, never UTC's.

A business day runs from `day_starts` (default 04:00) of a local date to that of the next, so that a
hall open past midnight keeps its numbers. Days across a clock change are 23 or 25 hours long.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def business_day(now_ms: int, timezone: str, day_starts: str) -> str:
    """ISO date of the business day that `now_ms` falls in."""
    zone = _zone(timezone)
    local = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(zone)
    day = local.date()
    return (day if now_ms >= _start_ms(day, zone, day_starts) else day - timedelta(days=1)).isoformat()


def next_day_ms(now_ms: int, timezone: str, day_starts: str) -> int:
    """When the business day after the present one begins, Unix ms; always later than `now_ms`."""
    today = date.fromisoformat(business_day(now_ms, timezone, day_starts))
    return _start_ms(today + timedelta(days=1), _zone(timezone), day_starts)


def day_end_ms(day: str, timezone: str, day_starts: str) -> int:
    """When a business day ends and the next begins, Unix ms."""
    return _start_ms(date.fromisoformat(day) + timedelta(days=1), _zone(timezone), day_starts)


def day_after(day: str) -> str:
    """ISO date of the next day."""
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


def _start_ms(day: date, zone: ZoneInfo, day_starts: str) -> int:
    start = datetime.combine(day, time.fromisoformat(day_starts), zone)
    return round(start.timestamp() * 1000)
