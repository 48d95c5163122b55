"""A scenario from a hall file: the hall's own windows, clerks, services, hours and load."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from callq.domain.calendar import day_bounds
from callq.domain.hall import ProfileSlot, Routing
from callq.domain.hours import sessions_on
from callq.domain.state import Index
from callq.simulate.engine import DATE
from callq.simulate.halls import DEFAULT, DOMAIN_POLICIES, Line, NotSimulated, SimulatedHall, with_policy
from callq.simulate.scenario import Classes, Day, Group, Handling, Scenario

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callq.domain.hall import HallConfig

_MIN_MS = 60_000
_OPEN_ALL_DAY = ("09:00", "17:00")
"""Hours that are simulated of a hall without sessions."""

CLASSES = Classes(ordinary=0.8, appointment=0.15, priority=0.05)
"""What a hall file does not say."""


def scenario_of(config: HallConfig) -> Scenario:
    """What a working day of a hall is like, as far as its file says; a Monday.

    Raises:
      NotSimulated: no service says how many tickets it expects, or the hall is closed on a Monday.
    """
    services = [service for service in config.services if service.daily]
    if not services:
        raise NotSimulated(
            f"{config.name} does not say how many people come",
            "add daily (tickets a day), and service_min, to its services",
        )
    volume = sum(service.daily for service in services)
    mean = sum(service.daily * service.service_min for service in services) / volume
    hours = _hours(config)
    return Scenario(
        name=config.id,
        day=Day(volume=volume, volume_cv=0.1, mix_cv=0.2, opens=hours[0][:5], closes=hours[-1][6:]),
        groups=tuple(
            Group(code=s.code, share=s.daily, service_min=s.service_min, cv=s.service_cv) for s in services
        ),
        profile=config.tides.profile or tuple(ProfileSlot(hours=text, rate=1.0) for text in hours),
        classes=CLASSES,
        handling=Handling(mean_min=mean),
        routing=config.routing or Routing(policy="longest_wait"),
        tides=config.tides,
    )


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


def _hours(config: HallConfig) -> list[str]:
    """When tickets are given on the simulated day, in order, as spans that do not touch."""
    if not config.sessions:
        return ["-".join(_OPEN_ALL_DAY)]
    begins_ms = day_bounds(DATE, config.timezone, "00:00")[0]
    found = sorted((s.ticketing_from_ms, s.ticketing_to_ms) for s in sessions_on(config, DATE))
    if not found:
        raise NotSimulated(f"{config.name} is closed on {DATE}, a Monday", "give a session that day")
    merged: list[tuple[int, int]] = []
    for begin, end in found:
        if merged and begin <= merged[-1][1]:
            begin, end = merged[-1][0], max(end, merged.pop()[1])
        merged.append((begin, end))
    return [f"{_clock(begin - begins_ms)}-{_clock(end - begins_ms)}" for begin, end in merged]


def _clock(ms: int) -> str:
    minutes = min(ms // _MIN_MS, 24 * 60)
    return f"{minutes // 60:02}:{minutes % 60:02}"


def hall_of(config: HallConfig, policy: str, groups: Sequence[str], *, tidal: bool) -> SimulatedHall:
    """The hall itself with a policy, its clerks at windows that suit them.

    Args:
      config: the hall.
      policy: one of the domain's, or `default` for its own.
      groups: services of the groups that come, in the scenario's order.
      tidal: whether tidal windows are closed at first.

    Raises:
      NotSimulated: the policy is a structure, which a hall file cannot have.
    """
    if policy not in (DEFAULT, *DOMAIN_POLICIES):
        raise NotSimulated(
            f"{policy} is another way to build a hall, not a policy of {config.name}",
            f"one of: {', '.join((DEFAULT, *DOMAIN_POLICIES))}",
        )
    changes: dict[str, Any] = {}
    if policy != DEFAULT:
        changes["routing"] = with_policy(config.routing or Routing(policy="index"), policy)
    config = msgspec.structs.replace(config, **changes)
    lines = tuple((Line(code, 1.0, len(config.windows)),) for code in groups)
    controlled = config.tides.windows or tuple(w.id for w in config.windows if w.kind == "tidal")
    return SimulatedHall(
        config, lines, "fixed", frozenset(controlled if tidal else ()), tuple(_seats(config))
    )


def _seats(config: HallConfig) -> list[tuple[str, str]]:
    """Who sits where: windows with few services first, each with the clerk who can do most there."""
    index = Index(config)
    free = [clerk.id for clerk in config.clerks if not clerk.mentor]
    found = []
    for window in sorted(config.windows, key=lambda w: len(index.equipped(w.id))):
        able = {clerk: index.serving(window.id, clerk, DATE) for clerk in free}
        best = max(free, key=lambda c: (len(able[c]), -len(index.mastered(c, DATE))), default=None)
        if best is not None and able[best]:
            found.append((window.id, best))
            free.remove(best)
    return found
