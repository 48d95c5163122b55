"""Checks of services: their codes and texts, numbers, resources and bookings."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import msgspec

from callq.domain import check_desk, check_load
from callq.domain import check_values as values
from callq.domain.check_values import ConfigProblem
from callq.domain.commands import Channel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callq.domain.hall import Booking, HallConfig, Service


def problems(config: HallConfig) -> Iterator[ConfigProblem]:
    """What is wrong with the services and with the resources they take up."""
    yield from _services(config)
    yield from _resources(config)


def _services(config: HallConfig) -> Iterator[ConfigProblem]:
    zones = {zone.code: zone.name for zone in config.zones}
    resources = {resource.code: resource.name for resource in config.resources}
    for index, service in enumerate(config.services):
        at = f"services[{index}]."
        yield from values.code(f"{at}code", service.code)
        yield from values.texts(at, {"name": service.name, "name_en": service.name_en})
        yield from values.texts(
            at, {"theme": service.theme, "theme_en": service.theme_en, "everyday": service.everyday}
        )
        yield from values.prefix(f"{at}prefix", service.prefix)
        if service.skill:
            yield from values.code(f"{at}skill", service.skill)
        if service.zone:
            yield from values.reference(f"{at}zone", "zone", service.zone, zones, "unknown_zone")
        for position, example in enumerate(service.examples):
            yield from values.text(f"{at}examples[{position}]", "examples", example)
        yield from values.number(f"{at}target_wait_min", "target_wait_min", service.target_wait_min)
        yield from check_load.load(at, service)
        yield from values.number(f"{at}min_level", "min_level", service.min_level)
        if service.quota is not None:
            yield from values.number(f"{at}quota", "quota", service.quota)
        if service.resource:
            yield from values.reference(
                f"{at}resource", "resource", service.resource, resources, "unknown_resource"
            )
        yield from _ranges(f"{at}ranges", service)
        if service.booking is not None:
            yield from _booking(f"{at}booking.", service.booking)
        yield from check_desk.prechecks(at, service.precheck)
        if service.needs_precheck and not service.precheck:
            yield ConfigProblem(
                f"{at}needs_precheck",
                "there is nothing to look at before a number",
                "list it in `precheck`, or leave `needs_precheck` out",
            )
    yield from values.duplicates("services[{}].code", [service.code for service in config.services])
    yield from values.duplicates("services[{}].prefix", [service.prefix for service in config.services])


def _ranges(path: str, service: Service) -> Iterator[ConfigProblem]:
    """Channels that would give the same number twice, or none at all."""
    ranges = service.ranges
    found: list[ConfigProblem] = []
    for index, each in enumerate(ranges):
        at = f"{path}[{index}]"
        found += values.number(f"{at}.first", "first", each.first)
        found += values.number(f"{at}.last", "last", each.last)
        if not found and each.last < each.first:
            hint = f"write {each.first} or more"
            found.append(
                ConfigProblem(f"{at}.last", f"the range ends before it begins at {each.first}", hint)
            )
        for earlier, other in enumerate(ranges[:index] if not found else ()):
            if each.first <= other.last and other.first <= each.last:
                found.append(
                    ConfigProblem(
                        f"{at}.first",
                        f"numbers {each.first} to {each.last} overlap {other.first} to {other.last}",
                        f"those are of {path}[{earlier}]: a number is given once",
                        "duplicate",
                    )
                )
    found += values.duplicates(f"{path}[{{}}].channel", [each.channel for each in ranges])
    yield from found
    if not found and ranges and len(ranges) < len(get_args(Channel)):
        index, lowest = min(enumerate(ranges), key=lambda item: item[1].first)
        if lowest.first == 1:
            yield ConfigProblem(
                f"{path}[{index}].first",
                "no numbers are left for channels without a range",
                "they draw from below the first range: begin it later, e.g. at 501",
            )


def _booking(at: str, booking: Booking) -> Iterator[ConfigProblem]:
    for key, number in msgspec.structs.asdict(booking).items():
        if key in values.RANGES:
            yield from values.number(f"{at}{key}", key, number)


def _resources(config: HallConfig) -> Iterator[ConfigProblem]:
    for index, resource in enumerate(config.resources):
        at = f"resources[{index}]."
        yield from values.code(f"{at}code", resource.code)
        yield from values.texts(at, {"name": resource.name})
        yield from values.number(f"{at}capacity", "capacity", resource.capacity)
    yield from values.duplicates("resources[{}].code", [resource.code for resource in config.resources])
