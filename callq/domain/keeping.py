"""What keeps a window open that a plan would close: who waits for it by name, minima, what it alone serves.

Asked when a plan is made, and again of each window on the very state in which it would close.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from callq.domain.calendar import hours_of_day, local_ms, minutes_of, parse_hours
from callq.domain.hours import sessions_on
from callq.domain.tides import opening_ms

if TYPE_CHECKING:
    from collections.abc import Collection

    from callq.domain.hall import HallConfig
    from callq.domain.state import HallState
    from callq.domain.window import Window

PAUSE_COUNTS_MIN: Final = 10
"""A window that has been paused for longer is not reckoned with: a short break ends before it matters."""

_MIN_MS: Final = 60_000
COMES_BACK: Final = ("with_papers", "waiting")
"""Holds that end at the window that put the ticket aside."""


class Keeps(NamedTuple):
    """Why a window may not close."""

    code: Literal["waited_for", "minimum", "last"]
    """Somebody waits for it or its clerk; a service has no more windows than it must; it alone serves one
    that somebody waits for."""
    service: str = ""
    needed: int = 0
    """Windows that must serve the service."""
    there: int = 0
    """Windows that do, this one included."""


class MinimumNow(NamedTuple):
    """Windows that a service must have."""

    service: str
    least: int
    from_ms: int
    """Since when, or from when on; Unix ms."""


def span_ms(config: HallConfig, day: str, hours: str) -> tuple[int, int]:
    """Local hours of a business day, Unix ms."""
    parsed = parse_hours(hours)
    assert parsed, f"{hours!r}: not checked before it came into force"
    begin, end = hours_of_day(parsed, minutes_of(config.day_starts))
    return local_ms(day, begin, config.timezone), local_ms(day, end, config.timezone)


def minima_at(state: HallState, now_ms: int) -> list[MinimumNow]:
    """Minima that hold by the time a window could be open, of services that are served then."""
    opening = state.config.tides.opening_min * _MIN_MS
    sessions = sessions_on(state.today, state.day)
    found = []
    for one in state.config.tides.minima:
        from_ms, to_ms = span_ms(state.today, state.day, one.hours)
        served = any(s.serves_at(now_ms + opening) and one.service in s.services for s in sessions)
        if served and from_ms - opening <= now_ms < to_ms:
            found.append(MinimumNow(one.service, one.least, from_ms))
    return found


def promised(state: HallState) -> frozenset[str]:
    """Windows that somebody waits for by name, or to which a ticket put aside comes back.

    Who waits for a clerk (一号位 too) waits for the window where that clerk sits.
    """
    found = set()
    for key, lane in state.lanes.items():
        if lane and key.to:
            kind, _, whom = key.to.partition(":")
            found.add(whom if kind == "w" else state.clerk_at.get(whom))
    for held in state.held:
        ticket = state.tickets[held]
        if ticket.hold_kind in COMES_BACK:
            there = state.windows.get(ticket.window or "")
            found.add(there.id if there and there.open else state.clerk_at.get(ticket.clerk or ""))
    return frozenset(window for window in found if window is not None)


def keeps_open(
    state: HallState,
    window: Window,
    now_ms: int,
    without: Collection[str] = (),
    names: frozenset[str] | None = None,
    then: str = "",
) -> Keeps | None:
    """What keeps a window open, and None where it may close.

    Args:
      state: as it is before the window closes.
      window: open; it may be about to close after its ticket.
      now_ms: Unix ms.
      without: windows that close before it.
      names: of `promised`, where that is known.
      then: service that somebody is about to wait for at any window; empty: nobody.
    """
    if window.id in (promised(state) if names is None else names):
        return Keeps("waited_for")
    served = state.services_at(window)
    counted: dict[tuple[str, int], int] = {}

    def others(service: str, by_ms: int) -> int:
        at = (service, by_ms)
        if at not in counted:
            counted[at] = sum(
                other.id != window.id
                and other.id not in without
                and _there(state, other, now_ms, by_ms)
                and service in state.services_at(other)
                for other in state.windows.values()
            )
        return counted[at]

    for one in minima_at(state, now_ms):
        if one.service in served and (rest := others(one.service, max(now_ms, one.from_ms))) < one.least:
            return Keeps("minimum", one.service, one.least, rest + 1)
    for service in served:
        waited_for = service == then or any(not key.to for key, _ in state.lanes_of(service))
        if waited_for and not others(service, now_ms):
            return Keeps("last", service, 1, 1)
    return None


def _there(state: HallState, window: Window, now_ms: int, by_ms: int) -> bool:
    """Whether a window is open to stay, or will be by then."""
    if not window.open:
        opens_ms = opening_ms(state, window.id)
        return opens_ms is not None and opens_ms <= by_ms
    away = window.paused and now_ms - window.since_ms > PAUSE_COUNTS_MIN * _MIN_MS
    return not window.draining and not away
