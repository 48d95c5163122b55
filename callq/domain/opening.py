"""When a hall is open, as it stands: the present day by the clock it began with, later ones as configured.

Another `timezone` or `day_starts` begins with the next business day, as other prefixes do. Until then the
hours of the present day stay what the people in the hall were told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from callq.domain import hours
from callq.domain.calendar import business_day, day_after

if TYPE_CHECKING:
    from callq.domain.state import HallState


def day_of(state: HallState, at_ms: int) -> str:
    """The business day (ISO date) of an instant that is not in the past."""
    if at_ms < state.day_ends_ms:
        return state.day
    config = state.config
    return max(business_day(at_ms, config.timezone, config.day_starts), day_after(state.day))


def ticketing(state: HallState, service: str, now_ms: int, *, booked: bool) -> hours.OpenSession | None:
    """The session in which a ticket can be given now, as `hours.ticketing`."""
    return hours.ticketing(state.today, service, now_ms, booked=booked)


def over(state: HallState, service: str, now_ms: int) -> bool:
    """Whether a service is neither ticketed nor served any more on the present day."""
    return hours.over(state.today, service, now_ms)


def next_ticketing(state: HallState, service: str, after_ms: int) -> int | None:
    """When tickets are given again, Unix ms, as `hours.next_ticketing`."""
    if state.today is not state.config and after_ms < state.day_ends_ms:
        today_ms = hours.next_ticketing(state.today, service, after_ms, within_days=0)
        if today_ms is not None:
            return today_ms
        after_ms = state.day_ends_ms
    return hours.next_ticketing(state.config, service, after_ms)


def slots_on(state: HallState, service: str, day: str) -> list[hours.Slot]:
    """The slots of a service on the present business day or a later one (ISO date)."""
    if day == state.day:
        return list(hours.slots_on(state.today, service, day))
    # Another clock may put the first of them into what is left of the present day.
    slots = hours.slots_on(state.config, service, day)
    return [slot for slot in slots if slot.start_ms >= state.day_ends_ms]
