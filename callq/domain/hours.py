"""Sessions: when tickets are given, when they are served, and which slots can be booked.

A session belongs to the business day of its date. Whether a day has sessions follows, in this order,
from the moved workdays (调休), the holidays and the weekday. Every span is half-open: at 11:30 a
session that tickets until 11:30 gives none. A hall without sessions is open all day, every day.

Days are worked out once per configuration and kept: a question at the peak costs a look-up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from callq.domain.calendar import (
    business_day,
    day_after,
    day_bounds,
    hours_of_day,
    local_ms,
    minutes_of,
    parse_hours,
    weekday_like,
)
from callq.domain.hall import SessionKind

if TYPE_CHECKING:
    from callq.domain.hall import HallConfig, Session

OpenKind = SessionKind | Literal["all_day"]

_MIN_MS: Final = 60_000
_DAYS_KEPT: Final = 64
_CONFIGS_KEPT: Final = 1024


class OpenSession(NamedTuple):
    """One session of one business day, in Unix ms; where its hours are empty that day, to equals from."""

    code: str
    """Empty for the whole day of a hall without sessions."""
    kind: OpenKind
    name: str
    ticketing_from_ms: int
    ticketing_to_ms: int
    serving_from_ms: int
    serving_to_ms: int
    services: tuple[str, ...]
    """Codes of the services that it tickets and serves, in the hall's order."""

    def tickets_at(self, now_ms: int) -> bool:
        """Whether tickets are given now."""
        return self.ticketing_from_ms <= now_ms < self.ticketing_to_ms

    def serves_at(self, now_ms: int) -> bool:
        """Whether tickets are served now."""
        return self.serving_from_ms <= now_ms < self.serving_to_ms


class Slot(NamedTuple):
    """A bookable span, Unix ms."""

    start_ms: int
    end_ms: int


def sessions_on(config: HallConfig, day: str) -> tuple[OpenSession, ...]:
    """The sessions of a business day (ISO date), earliest ticketing first.

    Returns:
      Those whose hours are not empty, `booked_only` ones included; for a hall without sessions one of
      kind `all_day`.
    """
    return _hours(config).on(day).sessions


def ticketing(config: HallConfig, service: str, now_ms: int, *, booked: bool) -> OpenSession | None:
    """The session in which a ticket can be given now; None outside ticketing hours.

    Args:
      config: a configuration without problems.
      service: code; of an unknown one no ticket can be given.
      now_ms: Unix ms.
      booked: whether a booking asks for the ticket. Only then `booked_only` sessions answer, and only
        where no other session does.
    """
    for session in _hours(config).at(now_ms).of(service):
        if session.tickets_at(now_ms) and (booked or session.kind != "booked_only"):
            return session
    return None


def over(config: HallConfig, service: str, now_ms: int) -> bool:
    """Whether the service is neither ticketed nor served any more on this business day."""
    last = (max(s.ticketing_to_ms, s.serving_to_ms) for s in _hours(config).at(now_ms).of(service))
    return now_ms >= max(last, default=0)


def next_ticketing(
    config: HallConfig, service: str, now_ms: int, within_days: int = 14, *, booked: bool = False
) -> int | None:
    """When tickets are given again, Unix ms, for "14:30 再取号"; `now_ms` itself while they are.

    Args:
      config: a configuration without problems.
      service: code.
      now_ms: Unix ms.
      within_days: business days to look ahead; 0 looks at the present one only.
      booked: whether a booking asks: then `booked_only` sessions count.

    Returns:
      None when none are given on any of these days.
    """
    hours = _hours(config)
    day = hours.at(now_ms).day
    for ahead in range(within_days + 1):
        times = [
            max(session.ticketing_from_ms, now_ms)
            for session in hours.on(day_after(day, ahead)).of(service)
            if max(session.ticketing_from_ms, now_ms) < session.ticketing_to_ms
            and (booked or session.kind != "booked_only")
        ]
        if times:
            return min(times)
    return None


def slots_on(config: HallConfig, service: str, day: str) -> tuple[Slot, ...]:
    """The slots of a service on a business day, ascending and disjoint; empty when it takes no bookings.

    Each lies within the serving hours of one session, `booked_only` ones included, and begins within
    its ticketing hours: who comes on time must still get a ticket.
    """
    return _hours(config).on(day).slots(service)


class _Day:
    """One business day of one hall."""

    __slots__ = ("_by_service", "_config", "_slots", "begins_ms", "day", "ends_ms", "sessions")

    def __init__(self, config: HallConfig, day: str) -> None:
        self._config = config
        self.day = day
        self.begins_ms, self.ends_ms = day_bounds(day, config.timezone, config.day_starts)
        self.sessions = self._sessions()
        self._by_service: dict[str, list[OpenSession]] = {}
        # Whoever holds a booking takes part in ordinary ticketing first.
        for session in sorted(self.sessions, key=lambda session: session.kind == "booked_only"):
            for service in session.services:
                self._by_service.setdefault(service, []).append(session)
        self._slots: dict[str, tuple[Slot, ...]] = {}

    def of(self, service: str) -> list[OpenSession]:
        return self._by_service.get(service, [])

    def slots(self, service: str) -> tuple[Slot, ...]:
        if service not in self._slots:
            self._slots[service] = self._cut(service)
        return self._slots[service]

    def _sessions(self) -> tuple[OpenSession, ...]:
        config = self._config
        if not config.sessions:
            span = (self.begins_ms, self.ends_ms) * 2
            return (OpenSession("", "all_day", "", *span, services_in(config, None)),)
        weekday = weekday_like(config, self.day)
        opened = [self._open(session) for session in config.sessions if weekday in session.days]
        return tuple(
            sorted(
                (item for item in opened if item.ticketing_to_ms > item.ticketing_from_ms or _serves(item)),
                key=lambda item: (item.ticketing_from_ms, item.serving_from_ms),
            )
        )

    def _open(self, session: Session) -> OpenSession:
        tickets, serves = self._span(session.ticketing), self._span(session.serving)
        services = services_in(self._config, session)
        return OpenSession(session.code, session.kind, session.name, *tickets, *serves, services)

    def _span(self, text: str) -> tuple[int, int]:
        hours = parse_hours(text)
        assert hours, f"{text!r}: not checked before it came into force"
        zone = self._config.timezone
        begin, end = hours_of_day(hours, minutes_of(self._config.day_starts))
        # A clock change can move one end of short hours past the other, or past the day's.
        first = min(max(local_ms(self.day, begin, zone), self.begins_ms), self.ends_ms)
        return first, min(max(local_ms(self.day, end, zone), first), self.ends_ms)

    def _cut(self, service: str) -> tuple[Slot, ...]:
        booking = next((s.booking for s in self._config.services if s.code == service), None)
        if booking is None:
            return ()
        found: list[Slot] = []
        length, free_ms = booking.slot_min * _MIN_MS, 0
        for session in sorted(self.of(service), key=lambda session: session.serving_from_ms):
            # Where sessions overlap, the time is sold once.
            at = max(session.serving_from_ms, session.ticketing_from_ms, free_ms)
            while at + length <= session.serving_to_ms and at < session.ticketing_to_ms:
                found.append(Slot(at, at + length))
                at = free_ms = at + length
        return tuple(found)


def services_in(config: HallConfig, session: Session | None) -> tuple[str, ...]:
    """Codes of the services of a session, in the hall's order; None: of a hall without sessions.

    A service is in a session that either of the two names to the other. Where a session names no
    services and a service no sessions, they belong together.
    """
    return tuple(
        service.code
        for service in config.services
        if session is None
        or service.code in session.services
        or session.code in service.sessions
        or not (session.services or service.sessions)
    )


def _serves(session: OpenSession) -> bool:
    return session.serving_to_ms > session.serving_from_ms


class _Hours:
    """All days asked for of one configuration."""

    __slots__ = ("_config", "_days", "_last")

    def __init__(self, config: HallConfig) -> None:
        self._config = config
        self._days: dict[str, _Day] = {}
        self._last: _Day | None = None

    def at(self, now_ms: int) -> _Day:
        """The day of an instant; at no cost while it is the one asked for last."""
        last = self._last
        if last is None or not last.begins_ms <= now_ms < last.ends_ms:
            last = self.on(business_day(now_ms, self._config.timezone, self._config.day_starts))
            self._last = last
        return last

    def on(self, day: str) -> _Day:
        found = self._days.get(day)
        if found is None:
            if len(self._days) >= _DAYS_KEPT:
                del self._days[next(iter(self._days))]
            found = self._days[day] = _Day(self._config, day)
        return found


_known: dict[int, _Hours] = {}
"""By identity: comparing content would cost more than what is kept. Each holds its configuration."""


def _hours(config: HallConfig) -> _Hours:
    found = _known.get(id(config))
    if found is None:
        if len(_known) >= _CONFIGS_KEPT:
            del _known[next(iter(_known))]
        found = _known[id(config)] = _Hours(config)
    return found


def forget(config: HallConfig) -> None:
    """Keep nothing of a configuration that was only looked at."""
    _known.pop(id(config), None)
