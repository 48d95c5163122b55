"""What a configuration must satisfy before it may come into force, file or wire.

The structs of `hall` settle which keys exist and of what type they are; here is what the values mean
together: references, duplicates, ranges, and whether every queue can be served at all. Everything
wrong is reported at once, because a clerk who edits a hall file wants one list, not a guessing game.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
import zoneinfo
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from callq.domain.hall import CODE_RE, PREFIX_RE, HallConfig, Rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Topic = Literal[
    "value", "duplicate", "unknown_zone", "unknown_service", "unknown_skill", "unservable", "beyond_calls"
]


class ConfigProblem(NamedTuple):
    """One mistake in a configuration.

    Attributes:
      path: where, e.g. ``services[2].zone``; indexes count from 0.
      message: what is wrong.
      hint: what to write instead.
      topic: kind of mistake, for readers that treat kinds differently.
    """

    path: str
    message: str
    hint: str
    topic: Topic = "value"


MAX_CHARS: Final = {
    "name": 40,
    "name_en": 80,
    "place": 40,
    "label": 8,
    "directions": 60,
    "examples": 40,
    "notices": 120,
    "phone": 40,
    "address": 80,
}
"""Longest text by key, in characters: what the screens can show without cutting."""

REQUIRED_TEXT: Final = frozenset({"name", "label", "examples", "notices"})
"""Texts that may not be empty where they are given."""

RANGES: Final = {
    "recall_gap_s": (0, 300),
    "max_calls": (1, 10),
    "min_calls_before_miss": (1, 10),
    "missed_shown_min": (0, 480),
    "target_wait_min": (1, 480),
}
"""Inclusive ranges of numbers by key; beyond them a value is a slip, not a policy."""

LEVELS: Final = (1, 3)
"""Range of a clerk's skill level."""

_HH_MM: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_MEANS_BEIJING_TIME: Final = re.compile(r"beijing|peking|china|北京|上海|\+0?8")
_BAD_CATEGORIES: Final = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})
# Zero-width space and byte-order mark make equal-looking texts differ; direction overrides turn a
# whole screen line around. Other format characters are needed to write Mongolian and Uyghur.
_BAD_CHARS: Final = frozenset("\u200b\ufeff\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known name that `word` was probably meant to be; None when nothing is close."""
    by_lower = {name.lower(): name for name in known}
    found = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


def problems(config: HallConfig) -> list[ConfigProblem]:
    """Everything that keeps `config` from coming into force, in file order; empty when it may."""
    return [
        *_hall(config),
        *_zones(config),
        *_services(config),
        *_windows(config),
        *_clerks(config),
        *_coverage(config),
    ]


def _hall(config: HallConfig) -> Iterator[ConfigProblem]:
    yield from _code("id", config.id)
    yield from _texts("", {"name": config.name, "name_en": config.name_en})
    yield from _texts("contact.", {"phone": config.contact.phone, "address": config.contact.address})
    for index, notice in enumerate(config.notices):
        yield from _text(f"notices[{index}]", "notices", notice)
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
    for key in ("recall_gap_s", "max_calls", "min_calls_before_miss", "missed_shown_min"):
        yield from _number(f"rules.{key}", key, getattr(rules, key))
    if RANGES["max_calls"][0] <= rules.max_calls < rules.min_calls_before_miss <= RANGES["max_calls"][1]:
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
        yield from _code(f"{at}code", zone.code)
        yield from _texts(at, {"name": zone.name, "name_en": zone.name_en, "place": zone.place})
    yield from _duplicates("zones[{}].code", [zone.code for zone in config.zones])


def _services(config: HallConfig) -> Iterator[ConfigProblem]:
    zones = {zone.code: zone.name for zone in config.zones}
    for index, service in enumerate(config.services):
        at = f"services[{index}]."
        yield from _code(f"{at}code", service.code)
        yield from _texts(at, {"name": service.name, "name_en": service.name_en})
        yield from _prefix(f"{at}prefix", service.prefix)
        if service.skill:
            yield from _code(f"{at}skill", service.skill)
        if service.zone:
            yield from _reference(f"{at}zone", "zone", service.zone, zones, "unknown_zone")
        for position, example in enumerate(service.examples):
            yield from _text(f"{at}examples[{position}]", "examples", example)
        yield from _number(f"{at}target_wait_min", "target_wait_min", service.target_wait_min)
    yield from _duplicates("services[{}].code", [service.code for service in config.services])
    yield from _duplicates("services[{}].prefix", [service.prefix for service in config.services])


def _windows(config: HallConfig) -> Iterator[ConfigProblem]:
    zones = {zone.code: zone.name for zone in config.zones}
    services = {service.code: service.name for service in config.services}
    for index, window in enumerate(config.windows):
        at = f"windows[{index}]."
        yield from _code(f"{at}id", window.id)
        yield from _texts(at, {"label": window.label, "directions": window.directions})
        yield from _reference(f"{at}zone", "zone", window.zone, zones, "unknown_zone")
        for position, code in enumerate(window.services):
            yield from _reference(f"{at}services[{position}]", "service", code, services, "unknown_service")
        yield from _duplicates(f"{at}services[{{}}]", window.services)
    yield from _duplicates("windows[{}].id", [window.id for window in config.windows])
    yield from _duplicates(
        "windows[{}].label",
        [(window.zone, window.label) for window in config.windows],
        shown=[window.label for window in config.windows],
        where=" in this zone",
    )


def _clerks(config: HallConfig) -> Iterator[ConfigProblem]:
    skills = {service.needs: service.name for service in config.services}
    for index, clerk in enumerate(config.clerks):
        at = f"clerks[{index}]."
        yield from _code(f"{at}id", clerk.id)
        yield from _texts(at, {"name": clerk.name})
        for skill, level in clerk.skills.items():
            path = f"{at}skills.{skill}"
            yield from _reference(path, "skill", skill, skills, "unknown_skill")
            if not LEVELS[0] <= level <= LEVELS[1]:
                yield ConfigProblem(
                    path,
                    f"level {level} is out of range",
                    "write 1 (beginner), 2 (skilled) or 3 (expert); leave the skill out for none",
                )
    yield from _duplicates("clerks[{}].id", [clerk.id for clerk in config.clerks])


def _coverage(config: HallConfig) -> Iterator[ConfigProblem]:
    """Queues that would only grow, and windows that could never call."""
    mastered = {skill for clerk in config.clerks for skill in clerk.skills}
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


def _code(path: str, value: str) -> Iterator[ConfigProblem]:
    if not CODE_RE.fullmatch(value):
        yield ConfigProblem(
            path,
            f"{value!r} is not a code" if value else "the code is empty",
            "use 1 to 32 of a-z 0-9 - _, beginning with a letter or digit; names go into `name`",
        )


def _prefix(path: str, value: str) -> Iterator[ConfigProblem]:
    if PREFIX_RE.fullmatch(value):
        return
    taken = "I, O and Q read as digits" if set(value.upper()) & set("IOQ") else "one or two capital letters"
    yield ConfigProblem(path, f"{value!r} is not a ticket prefix", f"{taken}: use A-Z without I, O, Q")


def _number(path: str, key: str, value: int) -> Iterator[ConfigProblem]:
    low, high = RANGES[key]
    if not low <= value <= high:
        yield ConfigProblem(path, f"{value} is out of range", f"write a number from {low} to {high}")


def _texts(at: str, texts: Mapping[str, str]) -> Iterator[ConfigProblem]:
    for key, value in texts.items():
        yield from _text(f"{at}{key}", key, value)


def _text(path: str, key: str, value: str) -> Iterator[ConfigProblem]:
    if not value.strip():
        if value or key in REQUIRED_TEXT:
            yield ConfigProblem(path, "the text is empty", "write what people shall read")
        return
    bad = next((char for char in value if _unprintable(char)), None)
    if bad is not None:
        yield ConfigProblem(
            path,
            f"the text holds an invisible or control character (U+{ord(bad):04X})",
            "type the text again instead of pasting it; line breaks are not possible",
        )
    if value != value.strip():
        yield ConfigProblem(path, "the text begins or ends with a space", "remove the space")
    if len(value) > MAX_CHARS[key]:
        yield ConfigProblem(
            path,
            f"{len(value)} characters are too long for a screen",
            f"shorten it to {MAX_CHARS[key]} characters",
        )


def _unprintable(char: str) -> bool:
    return char in _BAD_CHARS or unicodedata.category(char) in _BAD_CATEGORIES


def _reference(
    path: str, kind: str, value: str, known: Mapping[str, str], topic: Topic
) -> Iterator[ConfigProblem]:
    if value in known:
        return
    # People write the shown name where the code is wanted: both lead to the code.
    by_name = {name: code for code, name in known.items()}
    guess = by_name.get(value) or nearest(value, known) or by_name.get(nearest(value, by_name) or "")
    hint = f"did you mean {guess!r}?" if guess else f"known: {', '.join(known) or 'none'}"
    yield ConfigProblem(path, f"there is no {kind} {value!r}", hint, topic)


def _duplicates(
    path: str, values: Iterable[object], *, shown: list[str] | None = None, where: str = ""
) -> Iterator[ConfigProblem]:
    first: dict[object, int] = {}
    for index, value in enumerate(values):
        if value in first:
            yield ConfigProblem(
                path.format(index),
                f"{shown[index] if shown else value!r} is used twice{where}",
                f"it is already at {path.format(first[value])}",
                "duplicate",
            )
        first.setdefault(value, index)
