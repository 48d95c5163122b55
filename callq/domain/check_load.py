"""Checks of what routes people and windows: items and outlets, the routing policy, the tides."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import msgspec

from callq.domain import check_values as values
from callq.domain.calendar import parse_hours
from callq.domain.check_values import ConfigProblem
from callq.domain.hall import remote_only

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from callq.domain.hall import HallConfig, Outlet, Service, Tides


def problems(config: HallConfig) -> Iterator[ConfigProblem]:
    """What is wrong with these parts of a configuration."""
    yield from _routing(config)
    yield from _tides(config)
    yield from _items(config)
    yield from outlets(config.outlets, {zone.code: zone.name for zone in config.zones})


def load(at: str, service: Service) -> Iterator[ConfigProblem]:
    """What a service expects of the day, and what people may expect of it."""
    for key in ("target_appointment_min", "target_priority_min", "daily", "service_min", "service_cv"):
        yield from values.number(f"{at}{key}", key, getattr(service, key))


def _routing(config: HallConfig) -> Iterator[ConfigProblem]:
    if config.routing is not None:
        for key, number in msgspec.structs.asdict(config.routing).items():
            if key in values.RANGES and number is not None:
                yield from values.number(f"routing.{key}", key, number)


def _tides(config: HallConfig) -> Iterator[ConfigProblem]:
    tides = config.tides
    for key, number in msgspec.structs.asdict(tides).items():
        if key in values.RANGES:
            yield from values.number(f"tides.{key}", key, number)
    for index, slot in enumerate(tides.profile):
        yield from values.number(f"tides.profile[{index}].rate", "rate", slot.rate)
    for index, least in enumerate(tides.minima):
        yield from values.number(f"tides.minima[{index}].least", "least", least.least)
    windows = {window.id: window.label for window in config.windows}
    services = {service.code: service.name for service in config.services}
    yield from tides_name(tides, windows, services)
    yield from tides_know(
        tides,
        daily=any(service.daily for service in config.services),
        movable=any(window.kind == "tidal" for window in config.windows),
    )


def tides_name(tides: Tides, windows: dict[str, str], services: dict[str, str]) -> Iterator[ConfigProblem]:
    """Windows, services and hours of the tides that there are not.

    Args:
      tides: of a hall.
      windows: that there are, label by id.
      services: that there are, name by code.
    """
    for position, window in enumerate(tides.windows):
        yield from values.reference(f"tides.windows[{position}]", "window", window, windows, "unknown_window")
    yield from values.duplicates("tides.windows[{}]", tides.windows)
    for index, slot in enumerate(tides.profile):
        yield from _hours(f"tides.profile[{index}].hours", slot.hours)
    yield from _apart([slot.hours for slot in tides.profile])
    for index, least in enumerate(tides.minima):
        at = f"tides.minima[{index}]."
        yield from _hours(f"{at}hours", least.hours)
        yield from values.reference(f"{at}service", "service", least.service, services, "unknown_service")


def tides_know(tides: Tides, *, daily: bool, movable: bool) -> Iterator[ConfigProblem]:
    """Tides that are on, but know nothing of the day or have nothing to move.

    Args:
      tides: of a hall.
      daily: whether any service says how many tickets it expects.
      movable: whether there are windows of kind ``tidal``.
    """
    if tides.mode == "off":
        return
    if not tides.profile:
        yield ConfigProblem(
            "tides.mode",
            "the tides have no profile: they would not know when people come",
            "add [[tides.profile]] tables with hours and rate, or set mode to off",
        )
    if not daily:
        yield ConfigProblem(
            "tides.mode",
            "no service says how many tickets a day it expects",
            "add daily to the services, or set mode to off",
        )
    if not tides.windows and not movable:
        yield ConfigProblem(
            "tides.mode",
            "there is no window to open and close",
            'give some windows kind = "tidal", or list them in tides.windows',
        )


def _items(config: HallConfig) -> Iterator[ConfigProblem]:
    services = {service.code: service.name for service in config.services}
    outlets = {outlet.channel for outlet in config.outlets}
    bookable = {service.code for service in config.services if service.booking}
    by_video = remote_only(config)
    has_remote = any(window.kind == "remote" for window in config.windows)
    for index, item in enumerate(config.items):
        at = f"items[{index}]."
        yield from values.code(f"{at}code", item.code)
        yield from values.texts(at, {"name": item.name, "name_en": item.name_en})
        yield from values.reference(f"{at}service", "service", item.service, services, "unknown_service")
        if not item.channels:
            yield ConfigProblem(f"{at}channels", "no channels: nobody could have it done", '["window"]')
        for position, channel in enumerate(item.channels):
            path = f"{at}channels[{position}]"
            if channel == "appointment" and item.service in services and item.service not in bookable:
                yield ConfigProblem(
                    path,
                    f"service {item.service!r} takes no bookings",
                    "add booking = {} to the service, or leave appointment out",
                )
            elif channel == "remote" and not has_remote:
                yield ConfigProblem(
                    path,
                    "the hall has no remote window",
                    'give a window kind = "remote", or leave remote out',
                )
            elif channel == "remote" and not by_video:
                yield ConfigProblem(
                    path,
                    "no service is for remote windows alone: others would call its tickets too",
                    "name a service in remote windows that no other window serves (others need services)",
                )
            elif channel not in outlets | {"window", "appointment", "remote"}:
                yield ConfigProblem(
                    path,
                    f"the hall has no outlet {channel!r}",
                    f'add [[outlets]] with channel = "{channel}", or leave it out',
                )
        yield from values.duplicates(f"{at}channels[{{}}]", item.channels)
    yield from values.duplicates("items[{}].code", [item.code for item in config.items])


def outlets(found: Sequence[Outlet], zones: dict[str, str]) -> Iterator[ConfigProblem]:
    """What is wrong with the outlets of a hall.

    Args:
      found: the outlets, from `outlets[0]` on.
      zones: that there are, name by code.
    """
    for index, outlet in enumerate(found):
        at = f"outlets[{index}]."
        yield from values.texts(at, {"name": outlet.name, "name_en": outlet.name_en})
        if outlet.place:
            yield from values.text(f"{at}place", "directions", outlet.place)
        if outlet.zone:
            yield from values.reference(f"{at}zone", "zone", outlet.zone, zones, "unknown_zone")
        yield from _hours(f"{at}hours", outlet.hours)
        if outlet.wait_min is not None:
            yield from values.number(f"{at}wait_min", "wait_min", outlet.wait_min)
    yield from values.duplicates("outlets[{}].channel", [outlet.channel for outlet in found])


def _hours(path: str, text: str) -> Iterator[ConfigProblem]:
    if parse_hours(text) is None or text[:5] >= text[6:]:
        yield ConfigProblem(
            path, f"{text!r} are no hours of one day", 'write both ends as HH:MM, e.g. "09:00-09:30"'
        )


def _apart(spans: list[str]) -> Iterator[ConfigProblem]:
    """Slots of the profile that overlap; texts of times compare as the times do."""
    for (_, one), (index, other) in combinations(enumerate(spans), 2):
        if parse_hours(one) and parse_hours(other) and one[:5] < other[6:] and other[:5] < one[6:]:
            yield ConfigProblem(
                f"tides.profile[{index}].hours",
                f"{other} overlaps {one}",
                "each minute has one rate: let it begin where the other ends",
                "duplicate",
            )
