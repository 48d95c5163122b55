"""What the plan sees of a hall: its state, the hall file and the calendar, as numbers and plain names.

Looking is quick and copies; what is reckoned from it may take its time elsewhere while the hall goes on.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Final, NamedTuple

from callq.domain.calendar import day_bounds
from callq.domain.hours import sessions_on
from callq.domain.keeping import PAUSE_COUNTS_MIN, minima_at, promised, span_ms
from callq.domain.tides import LEVEL, Tide, beta_of, controlled, left_alone, mode_of, opening_clock
from callq.domain.window import WindowState
from callq.tidal.forecast import DayForecast, Slot, day_factors
from callq.tidal.laws import Law, law_of
from callq.tidal.plan import Least, Seat, Settings, minima
from callq.tidal.staffing import Group, Load, leads, load_forecast

if TYPE_CHECKING:
    from callq.domain.hall import HallConfig, Tides
    from callq.domain.hours import OpenSession
    from callq.domain.state import HallState
    from callq.domain.window import Window

_MIN_MS: Final = 60_000

SLOT_MIN: Final = 30
"""Length of the parts of the day for which the whole of it is forecast."""

SLOT_STEP_MIN: Final = 5
"""How fine that is reckoned."""


class Spare(NamedTuple):
    """A window whose clerk masters more than is in use there."""

    window: str
    active: tuple[str, ...]
    """Skills in use."""
    mastered: tuple[int, ...]
    """Services that the clerk could serve there."""


class Day(NamedTuple):
    """A business day of one configuration: what it expects, and its hours in its own minutes."""

    begins_ms: int
    forecast: DayForecast
    sessions: tuple[OpenSession, ...]
    slots: tuple[tuple[int, Load], ...]
    """Parts of the day while people are served: when each begins, Unix ms, and its load as forecast."""


class Sight(NamedTuple):
    """One look at a hall: services in the hall's order, windows by how long they have been as they are."""

    minute_ms: int
    clock_ms: int
    """The hall's own time."""
    config: str
    """Digest of the configuration."""
    tides: Tides
    state: Tide
    """What the hall remembers."""
    services: tuple[str, ...]
    skills: tuple[str, ...]
    """Skill that each service needs."""
    laws: tuple[Law, ...]
    means_min: tuple[float, ...]
    day: Day
    minute: float
    """Minutes since the day began."""
    factors: tuple[float, ...]
    """By which the forecast of the rest of the day is corrected, by service."""
    groups: tuple[Group, ...]
    anybody: tuple[int, ...]
    """Tickets by service that wait for any window, not for one or a clerk by name."""
    seats: tuple[Seat, ...]
    spares: tuple[Spare, ...]
    least: tuple[Least, ...]
    served: tuple[bool, ...]
    """Whether each service is still served when a window could be open."""
    resources: tuple[tuple[tuple[int, ...], int], ...]
    settings: Settings

    @property
    def leads(self) -> tuple[int, ...]:
        """Minutes ahead that are looked at."""
        return leads(self.tides.opening_min)


class Days:
    """The forecasts of one hall: worked out once for a configuration and a business day."""

    def __init__(self) -> None:
        self._of: tuple[str, str, str] | None = None
        self._day: Day

    def today(self, state: HallState) -> Day:
        """The business day in force."""
        of = (state.digest, state.day, state.day_clock.timezone)
        if self._of != of:
            self._of, self._day = of, _day(state.today, state.day)
        return self._day


def _day(config: HallConfig, day: str) -> Day:
    begins_ms, _ = day_bounds(day, config.timezone, config.day_starts)
    sessions = sessions_on(config, day)
    forecast = expected(config, day)
    minutes = forecast.minutes
    laws = [law_of(service.service_min, service.service_cv) for service in config.services]
    slots = []
    for minute in range(0, minutes, SLOT_MIN):
        from_ms = begins_ms + minute * _MIN_MS
        if any(
            s.serving_from_ms < from_ms + SLOT_MIN * _MIN_MS and from_ms < s.serving_to_ms for s in sessions
        ):
            middle = minute + SLOT_MIN / 2
            slots.append((from_ms, load_forecast(laws, forecast, middle, 0, SLOT_STEP_MIN)))
    return Day(begins_ms, forecast, sessions, tuple(slots))


def expected(config: HallConfig, day: str) -> DayForecast:
    """What a hall's file expects of a business day (ISO date), in minutes from its beginning."""
    begins_ms, ends_ms = day_bounds(day, config.timezone, config.day_starts)
    minutes = max(1, (ends_ms - begins_ms) // _MIN_MS)
    sessions = sessions_on(config, day)
    profile = [Slot(*_span(config, day, begins_ms, slot.hours), slot.rate) for slot in config.tides.profile]
    spans = [
        [
            ((s.ticketing_from_ms - begins_ms) / _MIN_MS, (s.ticketing_to_ms - begins_ms) / _MIN_MS)
            for s in sessions
            if service.code in s.services and s.kind != "booked_only"
        ]
        for service in config.services
    ]
    return DayForecast(profile, [service.daily for service in config.services], spans, minutes)


def _span(config: HallConfig, day: str, begins_ms: int, text: str) -> tuple[float, float]:
    """Local hours in minutes of the business day."""
    first_ms, last_ms = span_ms(config, day, text)
    return (first_ms - begins_ms) / _MIN_MS, (last_ms - begins_ms) / _MIN_MS


def awake(state: HallState, now_ms: int) -> bool:
    """Whether the tides of a hall are to be reckoned now.

    From a little before people are served until that is over, and longer while windows that the plan
    may move are open.
    """
    if not state.created or state.level < LEVEL or mode_of(state) == "off":
        return False
    if state.suspended_since is not None or state.day_closed:
        return False
    may = controlled(state.config)
    if any(state.windows[w].open or opening_clock(state, w) is not None for w in may if w in state.windows):
        return True
    early_ms = state.config.tides.opening_min * _MIN_MS
    return any(
        session.serving_from_ms - early_ms <= now_ms < session.serving_to_ms
        for session in sessions_on(state.today, state.day)
    )


def look(state: HallState, days: Days, now_ms: int) -> Sight:
    """See what the plan needs to know of a hall; nothing of it is shared with the state.

    Args:
      state: created; only read.
      days: of this hall.
      now_ms: Unix ms; the minute that is reckoned is the one that has begun.
    """
    config, clock = state.config, state.clock(now_ms)
    codes = tuple(state.index.services)
    place = {code: index for index, code in enumerate(codes)}
    day = days.today(state)
    minute = (now_ms - day.begins_ms) / _MIN_MS
    arrived, booked, walk = _arrivals(state, place, now_ms)
    expected = [walk[s] * day.forecast.until(s, minute) for s in range(len(codes))]
    factors = day_factors(arrived, expected).services
    laws = tuple(law_of(service.service_min, service.service_cv) for service in config.services)
    tides = config.tides
    horizon = leads(tides.opening_min)[-1]
    ages: list[list[float]] = [[] for _ in codes]
    for window in state.windows.values():
        ticket = window.ticket
        if ticket is not None and ticket.service in place:
            handled = ticket.handled_ms
            if ticket.started_clock is not None:
                handled += clock - ticket.started_clock
            ages[place[ticket.service]].append(handled / _MIN_MS)
    waiting = [0] * len(codes)
    anybody = [0] * len(codes)
    for key, lane in state.lanes.items():
        waiting[place[key.service]] += len(lane)
        if not key.to:
            anybody[place[key.service]] += len(lane)
    groups = tuple(
        Group(
            laws[s],
            waiting[s],
            tuple(ages[s]),
            _coming(state, day.forecast, s, code, minute, horizon, factors[s] * walk[s]),
            tuple(booked[s]),
        )
        for s, code in enumerate(codes)
    )
    may = controlled(config)
    opens_ms = now_ms + tides.opening_min * _MIN_MS
    served = tuple(any(s.serves_at(opens_ms) for s in day.sessions if code in s.services) for code in codes)
    names = promised(state)
    seats = tuple(
        _seat(state, window, place, now_ms, window.id in may, window.id in names)
        # Longest closed opens first, longest idle closes first.
        for window in sorted(state.windows.values(), key=attrgetter("since_ms"))
        if state.services_at(window)
    )
    return Sight(
        now_ms - now_ms % _MIN_MS,
        clock,
        state.digest,
        tides,
        state.tides,
        codes,
        tuple(service.needs for service in config.services),
        laws,
        tuple(service.service_min for service in config.services),
        day,
        minute,
        tuple(f * w for f, w in zip(factors, walk, strict=True)),
        groups,
        tuple(anybody),
        seats,
        _spares(state, place, now_ms) if tides.widening else (),
        minima(Least(place[one.service], one.least) for one in minima_at(state, now_ms)),
        served,
        _resources(config, place),
        Settings(beta_of(state), tides.min_open_min, tides.close_after_min, tides.close_margin),
    )


def _arrivals(
    state: HallState, place: dict[str, int], now_ms: int
) -> tuple[list[int], list[list[float]], list[float]]:
    """Who has come today without a booking, when bookings will come, and the share that comes without."""
    arrived = [0] * len(place)
    for ticket in state.tickets.values():
        if ticket.day == state.day and not ticket.booking:
            service = ticket.quota_of or ticket.service
            if service in place:
                arrived[place[service]] += 1
    booked: list[list[float]] = [[] for _ in place]
    reserved = [0] * len(place)
    for booking in state.bookings.values():
        if booking.day != state.day or booking.service not in place or booking.state == "cancelled":
            continue
        s = place[booking.service]
        reserved[s] += 1
        if booking.state == "booked":
            terms = state.index.services[booking.service].booking
            grace_ms = terms.grace_min * _MIN_MS if terms else 0
            if now_ms < booking.slot_ms + grace_ms:
                booked[s].append(max(0.0, (booking.slot_ms - now_ms) / _MIN_MS))
    walk = [
        max(0.0, 1.0 - reserved[s] / service.daily) if service.daily else 0.0
        for s, service in enumerate(state.config.services)
    ]
    return arrived, booked, walk


def _coming(
    state: HallState, forecast: DayForecast, s: int, code: str, minute: float, horizon: int, factor: float
) -> tuple[float, ...]:
    """Arrivals in each of the next minutes; none where no tickets are given for now."""
    if code in state.stopped or factor == 0.0:
        return (0.0,) * horizon
    return tuple(factor * came for came in forecast.ahead(s, minute, horizon))


def _seat(
    state: HallState, window: Window, place: dict[str, int], now_ms: int, may: bool, named: bool
) -> Seat:
    clock = state.clock(now_ms)
    opening = opening_clock(state, window.id) is not None
    away = window.paused and now_ms - window.since_ms > PAUSE_COUNTS_MIN * _MIN_MS
    opened = window.opened_clock if window.open else None
    movable = (
        may
        and not left_alone(state, window.id, now_ms)
        and not opening
        and not window.paused
        and not (named and window.open and not window.draining)
    )
    there = window.open and not window.draining and not away
    return Seat(
        window.id,
        tuple(place[code] for code in state.services_at(window)),
        there or opening,
        movable,
        window.draining,
        window.state is WindowState.IDLE,
        (clock - opened) / _MIN_MS if opened is not None else (0.0 if opening else float("inf")),
    )


def _spares(state: HallState, place: dict[str, int], now_ms: int) -> tuple[Spare, ...]:
    """Staffed windows whose clerks could do more, and those where the plan has let them."""
    found = []
    for window in state.windows.values():
        if window.clerk is None or window.active is None or left_alone(state, window.id, now_ms):
            continue
        mastered = tuple(place[code] for code in state.mastered_at(window))
        found.append(Spare(window.id, window.active, mastered))
    return tuple(found)


def _resources(config: HallConfig, place: dict[str, int]) -> tuple[tuple[tuple[int, ...], int], ...]:
    return tuple(
        (tuple(place[s.code] for s in config.services if s.resource == resource.code), resource.capacity)
        for resource in config.resources
    )
