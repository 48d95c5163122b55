"""What the hours of a hall come to, told from its sessions: when it serves, and when anything changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callq.domain.calendar import business_day
from callq.domain.hours import sessions_on

if TYPE_CHECKING:
    from callq.domain.hall import HallConfig


def serving(config: HallConfig, service: str, now_ms: int) -> bool:
    """Whether a service is within serving hours, those of `booked_only` sessions included."""
    day = business_day(now_ms, config.timezone, config.day_starts)
    return any(s.serves_at(now_ms) for s in sessions_on(config, day) if service in s.services)


def edges(config: HallConfig, day: str) -> tuple[int, ...]:
    """Instants of a business day at which a session begins or ends ticketing or serving, ascending."""
    found: set[int] = set()
    for session in sessions_on(config, day) if config.sessions else ():
        for begin, end in (
            (session.ticketing_from_ms, session.ticketing_to_ms),
            (session.serving_from_ms, session.serving_to_ms),
        ):
            found |= {begin, end} if end > begin else set()
    return tuple(sorted(found))
