"""A scenario from a hall file: the hall's own windows, clerks, services, hours and load."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

import msgspec

from callq.domain.calendar import day_bounds, local_ms
from callq.domain.hall import ProfileSlot, Routing
from callq.domain.hours import sessions_on
from callq.domain.state import Index
from callq.simulate.halls import (
    DATE,
    DEFAULT,
    DOMAIN_POLICIES,
    Line,
    NotSimulated,
    SimulatedHall,
    minute_of,
    with_policy,
)
from callq.simulate.scenario import Classes, Day, Group, Scenario, handling_of
from callq.tidal.sight import expected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callq.domain.hall import HallConfig
    from callq.domain.hours import OpenSession

_MIN_MS: Final = 60_000
_DAY_MIN: Final = 24 * 60
_WITHOUT_HOURS: Final = "09:00-17:00"
"""When people come to a hall without sessions and without a profile."""

CLASSES = Classes(ordinary=0.8, appointment=0.15, priority=0.05)
"""What a hall file does not say."""


def scenario_of(config: HallConfig, date: str = DATE) -> Scenario:
    """What a day of a hall is like, as far as its file says.

    People come to each service as the forecast of the tides has it: within its sessions, as the profile says.
    The day ends at midnight; who would come later does not.

    Args:
      config: the hall.
      date: of the day, ISO.

    Raises:
      NotSimulated: no service says how many tickets it expects, or nobody comes on that day.
    """
    if not any(service.daily for service in config.services):
        raise NotSimulated(
            f"{config.name} does not say how many people come",
            "add daily (tickets a day), and service_min, to its services",
        )
    config = _in_one_day(config)
    forecast = expected(config, date)
    begins_ms, _ = day_bounds(date, config.timezone, config.day_starts)
    before = [0.0] * ((begins_ms - local_ms(date, 0, config.timezone)) // _MIN_MS)
    groups, total = [], [0.0] * _DAY_MIN
    for service, rates in zip(config.services, forecast.rates, strict=True):
        by_minute = [*before, *rates][:_DAY_MIN]
        share = round(sum(by_minute), 6)
        if share:
            total = [all_ + own for all_, own in zip(total, by_minute, strict=True)]
            groups.append(
                Group(
                    code=service.code,
                    share=share,
                    service_min=service.service_min,
                    cv=service.service_cv,
                    profile=_slots(by_minute),
                )
            )
    if not groups:
        raise NotSimulated(
            f"nobody comes to {config.name} on {date}, a {datetime.fromisoformat(date):%A}",
            "choose another day by --date, or give a session that day within the profile of the tides",
        )
    volume = sum(group.share for group in groups)
    profile = _slots(total)
    opens, closes = _hours(config, profile, date)
    return Scenario(
        name=config.id,
        day=Day(volume=volume, volume_cv=0.1, mix_cv=0.2, opens=_clock(opens), closes=_clock(closes)),
        groups=tuple(groups),
        profile=profile,
        classes=CLASSES,
        handling=handling_of(groups),
        routing=config.routing or Routing(policy="longest_wait"),
        tides=config.tides,
    )


def _in_one_day(config: HallConfig) -> HallConfig:
    """The hall with a profile; without sessions its business day is the calendar day."""
    hours = "00:00-24:00" if config.sessions else _WITHOUT_HOURS
    profile = config.tides.profile or (ProfileSlot(hours=hours, rate=1.0),)
    return msgspec.structs.replace(
        config,
        tides=msgspec.structs.replace(config.tides, profile=profile),
        day_starts=config.day_starts if config.sessions else "00:00",
    )


def _slots(by_minute: Sequence[float]) -> tuple[ProfileSlot, ...]:
    """Arrivals by minute of the day as slots of an even rate; minutes in which nobody comes are left out."""
    found, minute = [], 0
    for rate, same in groupby(by_minute, key=lambda each: round(each, 9)):
        length = len(list(same))
        if rate:
            found.append(ProfileSlot(hours=f"{_clock(minute)}-{_clock(minute + length)}", rate=rate))
        minute += length
    return tuple(found)


def with_people_of(scenario: Scenario, other: Scenario) -> Scenario:
    """The people of another hall's scenario, with what is its own of rules and tides.

    Raises:
      NotSimulated: the other's people want a service that is not there.
    """
    here = {group.code for group in scenario.groups}
    missing = [group.code for group in other.groups if group.code not in here]
    if missing:
        raise NotSimulated(
            f"{scenario.name} has no load for the service {missing[0]!r} of {other.name}",
            "compare halls with the same services, each with daily",
        )
    return msgspec.structs.replace(other, name=scenario.name, routing=scenario.routing, tides=scenario.tides)


def _hours(config: HallConfig, profile: Sequence[ProfileSlot], date: str) -> tuple[int, int]:
    """When the hall opens and closes, minutes of the day: by its sessions, else by when people come."""
    if not config.sessions:
        return minute_of(profile[0].hours[:5]), minute_of(profile[-1].hours[6:])
    sessions = _sessions(config, date)
    midnight_ms = local_ms(date, 0, config.timezone)
    opens_ms = min(min(s.ticketing_from_ms, s.serving_from_ms) for s in sessions) - midnight_ms
    closes_ms = max(s.serving_to_ms for s in sessions) - midnight_ms
    return opens_ms // _MIN_MS, min(closes_ms // _MIN_MS, _DAY_MIN)


def _sessions(config: HallConfig, date: str) -> list[OpenSession]:
    """Sessions of the simulated day to which people come without a booking."""
    return [session for session in sessions_on(config, date) if session.kind != "booked_only"]


def _serving(
    config: HallConfig, seats: Sequence[tuple[str, str]], date: str
) -> tuple[tuple[str, tuple[tuple[int, int], ...]], ...]:
    """When each staffed window serves, ms since midnight: in the sessions of what its clerk does there."""
    if not config.sessions:
        return ()
    index, sessions = Index(config), _sessions(config, date)
    midnight_ms = local_ms(date, 0, config.timezone)
    found = []
    for window, clerk in seats:
        able = set(index.serving(window, clerk, date))
        spans: list[tuple[int, int]] = []
        for session in sorted(sessions, key=lambda s: s.serving_from_ms):
            begin = session.serving_from_ms - midnight_ms
            end = min(session.serving_to_ms - midnight_ms, _DAY_MIN * _MIN_MS)
            if able.isdisjoint(session.services) or begin >= end:
                continue
            if spans and begin <= spans[-1][1]:
                begin, end = spans[-1][0], max(end, spans.pop()[1])
            spans.append((begin, end))
        if spans:
            found.append((window, tuple(spans)))
    return tuple(found)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def hall_of(
    config: HallConfig, policy: str, groups: Sequence[str], *, tidal: bool, date: str = DATE
) -> SimulatedHall:
    """The hall itself with a policy, its clerks at windows that suit them.

    Args:
      config: the hall.
      policy: one of the domain's, or `default` for its own.
      groups: services of the groups that come, in the scenario's order.
      tidal: whether tidal windows are closed at first.
      date: of the day, ISO.

    Raises:
      NotSimulated: the policy is a structure, which a hall file cannot have.
    """
    if policy not in (DEFAULT, *DOMAIN_POLICIES):
        raise NotSimulated(
            f"{policy} is another way to build a hall, not a policy of {config.name}",
            f"one of: {', '.join((DEFAULT, *DOMAIN_POLICIES))}",
        )
    # Simulated clerks call and start by themselves, as soon as they can.
    by_hand = msgspec.structs.replace(config.rules, auto_call_s=0, auto_start_s=0)
    changes: dict[str, Any] = {"rules": by_hand}
    if policy != DEFAULT:
        changes["routing"] = with_policy(config.routing or Routing(policy="index"), policy)
    config = msgspec.structs.replace(_in_one_day(config), **changes)
    lines = tuple((Line(code, 1.0, len(config.windows)),) for code in groups)
    seats = tuple(_seats(config, date))
    serving = _serving(config, seats, date)
    if config.sessions:
        # Nobody sits where nothing is served on this day.
        seats = tuple(seat for seat in seats if seat[0] in dict(serving))
    controlled = config.tides.windows or tuple(w.id for w in config.windows if w.kind == "tidal")
    closed = frozenset(window for window, _ in seats if tidal and window in controlled)
    return SimulatedHall(config, lines, "fixed", closed, seats, serving=serving, date=date)


def _seats(config: HallConfig, date: str) -> list[tuple[str, str]]:
    """Who sits where, in the order of the file: a seat for every service first, then where the load is.

    A service gets a window with few services, and the clerk who is missed least elsewhere and does most
    there; those that the fewest clerks master come first. What a seat serves is taken to be shared out by
    load.
    """
    index = Index(config)
    clerks = [clerk.id for clerk in config.clerks if not clerk.mentor]
    mastered = {clerk: index.mastered(clerk, date) for clerk in clerks}
    windows = sorted((window.id for window in config.windows), key=lambda w: len(index.equipped(w)))
    able = {w: {c: set(index.serving(w, c, date)) for c in clerks} for w in windows}
    load = {s.code: max(s.daily * s.service_min, _LITTLE) for s in config.services}
    given = dict.fromkeys(load, 0.0)
    seats: dict[str, str] = {}

    scarce = {
        code: each / (sum(code in held for held in mastered.values()) or 1) for code, each in load.items()
    }

    def missed(window: str, clerk: str) -> float:
        """Load for each clerk of the scarcest service that this one could serve elsewhere only."""
        return max((scarce[code] for code in mastered[clerk] if code not in able[window][clerk]), default=0.0)

    def seat(service: str) -> bool:
        for window in windows:
            fit = [clerk for clerk in clerks if service in able[window][clerk]]
            if fit:
                best = max(fit, key=lambda c: (-missed(window, c), len(able[window][c]), -len(mastered[c])))
                served = able[window][best]
                for code in served:
                    given[code] += load[code] / sum(load[each] for each in served)
                seats[window] = best
                windows.remove(window)
                clerks.remove(best)
                return True
        return False

    for service in sorted(load, key=lambda code: sum(code in held for held in mastered.values())):
        if not given[service]:
            seat(service)
    wanting = set(load)
    while wanting:
        service = max(sorted(wanting), key=lambda code: load[code] / (given[code] or _LITTLE))
        if not seat(service):
            wanting.discard(service)
    return [(window.id, seats[window.id]) for window in config.windows if window.id in seats]


_LITTLE: Final = 1e-6
"""Of a service without load, so that it is seated last."""
