"""What a configuration must satisfy before it may come into force, file or wire.

The structs of `hall` settle which keys exist and of what type they are; here is what the values mean
together: references, duplicates, ranges, and whether every queue can be served at all. Everything
wrong is reported at once, because a clerk who edits a hall file wants one list, not a guessing game.
"""

from __future__ import annotations

import re
import zoneinfo
from itertools import islice
from typing import TYPE_CHECKING, Final

import msgspec

from callq.domain import (
    check_desk,
    check_devices,
    check_hours,
    check_load,
    check_printers,
    check_ratings,
    check_screens,
    check_services,
    check_voice,
    check_warnings,
)
from callq.domain import check_values as values
from callq.domain.check_values import ConfigProblem, nearest
from callq.domain.hall import Clerk, HallConfig, Rules, Skill

if TYPE_CHECKING:
    from collections.abc import Iterator

_HH_MM: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_MEANS_BEIJING_TIME: Final = re.compile(r"beijing|peking|china|北京|上海|\+0?8")


MOST_TOLD: Final = 100
"""Nobody reads more at once, and each takes time: looking for a near name in a large hall costs 0.1 ms."""


def problems(config: HallConfig) -> list[ConfigProblem]:
    """What keeps `config` from coming into force, in file order, at most `MOST_TOLD`; empty when it may."""
    return list(islice(_all(config), MOST_TOLD))


def _all(config: HallConfig) -> Iterator[ConfigProblem]:
    yield from _hall(config)
    yield from _zones(config)
    yield from check_services.problems(config)
    yield from _windows(config)
    yield from _clerks(config)
    yield from check_hours.problems(config)
    yield from check_load.problems(config)
    yield from check_voice.problems(config)
    yield from check_devices.problems(config)
    yield from check_screens.problems(config)
    yield from check_warnings.problems(config)
    yield from check_printers.problems(config)
    yield from check_desk.problems(config)
    yield from check_ratings.problems(config)
    yield from _coverage(config)


def _hall(config: HallConfig) -> Iterator[ConfigProblem]:
    yield from values.code("id", config.id)
    yield from values.texts("", {"name": config.name, "name_en": config.name_en})
    yield from values.texts("contact.", {"phone": config.contact.phone, "address": config.contact.address})
    yield from _timezone(config.timezone)
    if not _HH_MM.fullmatch(config.day_starts):
        yield ConfigProblem(
            "day_starts",
            f"{config.day_starts!r} is not a time of day",
            'write it as HH:MM with 24 hours, e.g. "04:00"',
        )
    yield from _rules(config.rules)
    for kind in ("zones", "services", "windows", "clerks"):
        if not getattr(config, kind):
            yield ConfigProblem(
                kind, f"the hall has no {kind}", f"add at least one [[{kind}]] table", "unservable"
            )


def _rules(rules: Rules) -> Iterator[ConfigProblem]:
    for key, number in msgspec.structs.asdict(rules).items():
        if key in values.RANGES:
            yield from values.number(f"rules.{key}", key, number)
    low, high = values.RANGES["max_calls"]
    if low <= rules.max_calls < rules.min_calls_before_miss <= high:
        yield ConfigProblem(
            "rules.min_calls_before_miss",
            f"{rules.min_calls_before_miss} calls before a miss, but max_calls allows only {rules.max_calls}",
            "a ticket could never be missed: set it to at most max_calls",
            "beyond_calls",
        )


def _timezone(name: str) -> Iterator[ConfigProblem]:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        # OSError: a folder of the zone database such as "Asia" is no zone either.
        guess = nearest(name, zoneinfo.available_timezones())
        if guess is None or _MEANS_BEIJING_TIME.search(name.lower()):
            guess = "Asia/Shanghai"
        yield ConfigProblem("timezone", f"{name!r} is not a time zone", f"did you mean {guess!r}?")


def _zones(config: HallConfig) -> Iterator[ConfigProblem]:
    for index, zone in enumerate(config.zones):
        at = f"zones[{index}]."
        yield from values.code(f"{at}code", zone.code)
        yield from values.texts(
            at,
            {"name": zone.name, "name_en": zone.name_en, "place": zone.place, "place_en": zone.place_en},
        )
    yield from values.duplicates("zones[{}].code", [zone.code for zone in config.zones])


def _windows(config: HallConfig) -> Iterator[ConfigProblem]:
    zones = {zone.code: zone.name for zone in config.zones}
    services = {service.code: service.name for service in config.services}
    for index, window in enumerate(config.windows):
        at = f"windows[{index}]."
        yield from values.code(f"{at}id", window.id)
        yield from values.texts(
            at,
            {
                "label": window.label,
                "directions": window.directions,
                "directions_en": window.directions_en,
            },
        )
        yield from values.reference(f"{at}zone", "zone", window.zone, zones, "unknown_zone")
        for position, code in enumerate(window.services):
            yield from values.reference(
                f"{at}services[{position}]", "service", code, services, "unknown_service"
            )
        yield from values.duplicates(f"{at}services[{{}}]", window.services)
    yield from values.duplicates("windows[{}].id", [window.id for window in config.windows])
    yield from values.duplicates(
        "windows[{}].label",
        [(window.zone, window.label) for window in config.windows],
        shown=[window.label for window in config.windows],
        where=" in this zone",
    )


def _clerks(config: HallConfig) -> Iterator[ConfigProblem]:
    skills = {service.needs: service.name for service in config.services}
    names = {clerk.id: clerk.name for clerk in config.clerks}
    for index, clerk in enumerate(config.clerks):
        at = f"clerks[{index}]."
        yield from values.code(f"{at}id", clerk.id)
        yield from values.texts(at, {"name": clerk.name})
        yield from _skills(f"{at}skills.", clerk, skills)
        if clerk.mentor == clerk.id:
            yield ConfigProblem(f"{at}mentor", "is the same clerk", "name another clerk, or leave it out")
        elif clerk.mentor:
            yield from values.reference(f"{at}mentor", "clerk", clerk.mentor, names, "unknown_clerk")
    yield from values.duplicates("clerks[{}].id", [clerk.id for clerk in config.clerks])


def _skills(at: str, clerk: Clerk, known: dict[str, str]) -> Iterator[ConfigProblem]:
    for code, skill in clerk.skills.items():
        path = f"{at}{code}"
        yield from values.reference(path, "skill", code, known, "unknown_skill")
        level = _level(skill)
        if not values.LEVELS[0] <= level <= values.LEVELS[1]:
            yield ConfigProblem(
                f"{path}.level" if isinstance(skill, Skill) else path,
                f"level {level} is out of range",
                "write 1 (beginner), 2 (skilled) or 3 (expert); leave the skill out for none",
            )
        if isinstance(skill, Skill) and skill.until:
            yield from values.iso_date(f"{path}.until", skill.until)


def _level(skill: int | Skill) -> int:
    return skill.level if isinstance(skill, Skill) else skill


def _coverage(config: HallConfig) -> Iterator[ConfigProblem]:
    """Queues that would only grow, and windows that could never call."""
    mastered: dict[str, int] = {}
    for clerk in config.clerks:
        for skill, held in clerk.skills.items():
            mastered[skill] = max(mastered.get(skill, values.LEVELS[0]), _level(held))
    equipped = {code for window in config.windows for code in window.services}
    serves_all = any(not window.services for window in config.windows)
    for index, service in enumerate(config.services):
        at = f"services[{index}]."
        if config.clerks and service.needs not in mastered:
            guess = nearest(service.needs, mastered)
            yield ConfigProblem(
                f"{at}skill" if service.skill else f"{at}code",
                f"no clerk can serve {service.name!r}: nobody has the skill {service.needs!r}",
                f"clerks have {guess!r}: is that the skill?" if guess else "add it to a clerk's skills",
                "unservable",
            )
        elif config.clerks and mastered[service.needs] < service.min_level <= values.LEVELS[1]:
            yield ConfigProblem(
                f"{at}min_level",
                f"no clerk can serve {service.name!r}: nobody reaches level {service.min_level}",
                f"the best in {service.needs!r} has level {mastered[service.needs]}",
                "unservable",
            )
        if config.windows and not serves_all and service.code not in equipped:
            yield ConfigProblem(
                f"{at}code",
                f"no window serves {service.name!r}",
                "add it to a window's services, or give one window no list: it then serves all",
                "unservable",
            )
    needs = {service.code: service.needs for service in config.services}
    for index, window in enumerate(config.windows):
        known = [code for code in window.services if code in needs]
        if known and config.clerks and not any(needs[code] in mastered for code in known):
            yield ConfigProblem(
                f"windows[{index}].services",
                f"window {window.label} has no service that a clerk can serve",
                "add a service that a clerk masters, or leave the list out",
                "unservable",
            )
