"""Checks of how calls are announced: sentences, hours, rooms."""

from __future__ import annotations

import re
from itertools import combinations
from typing import TYPE_CHECKING, Final

from callq.domain import check_values as values
from callq.domain.calendar import parse_hours
from callq.domain.check_values import ConfigProblem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callq.domain.hall import HallConfig, Language, VolumeHours

BUILT_IN: Final = ("zh", "en")
"""Languages that need no more than their code."""

_BLANK: Final = re.compile(r"{[^{}]*}|[{}]")
_ENGINE: Final = re.compile(r"[a-z][a-z0-9+-]*", re.IGNORECASE)
_CALL: Final = frozenset({"{number}", "{window}"})


def problems(config: HallConfig) -> Iterator[ConfigProblem]:
    """What is wrong with the announcements."""
    voice = config.voice
    for key in ("repeat", "stale_s", "volume"):
        yield from values.number(f"voice.{key}", key, getattr(voice, key))
    yield from _hours(voice.hours)
    zones = {zone.code: zone.name for zone in config.zones}
    for index, room in enumerate(voice.rooms):
        for position, code in enumerate(room):
            path = f"voice.rooms[{index}][{position}]"
            yield from values.reference(path, "zone", code, zones, "unknown_zone")
    yield from _one_room(voice.rooms)
    for index, language in enumerate(voice.languages):
        yield from _language(f"voice.languages[{index}].", language)
    yield from values.duplicates("voice.languages[{}].code", [one.code for one in voice.languages])


def _hours(rows: tuple[VolumeHours, ...]) -> Iterator[ConfigProblem]:
    for index, row in enumerate(rows):
        if parse_hours(row.hours) is None or row.hours[:5] >= row.hours[6:]:
            yield ConfigProblem(
                f"voice.hours[{index}].hours",
                f"{row.hours!r} are no hours of one day",
                'write both ends as HH:MM, e.g. "12:00-14:00"',
            )
        yield from values.number(f"voice.hours[{index}].volume", "volume", row.volume)
    for (_, one), (index, other) in combinations(enumerate(row.hours for row in rows), 2):
        if parse_hours(one) and parse_hours(other) and one[:5] < other[6:] and other[:5] < one[6:]:
            yield ConfigProblem(
                f"voice.hours[{index}].hours",
                f"{other} overlaps {one}",
                "each minute has one volume: let it begin where the other ends",
                "duplicate",
            )


def _one_room(rooms: tuple[tuple[str, ...], ...]) -> Iterator[ConfigProblem]:
    first: dict[str, str] = {}
    for index, room in enumerate(rooms):
        for position, code in enumerate(room):
            path = f"voice.rooms[{index}][{position}]"
            if code in first:
                yield ConfigProblem(
                    path, f"{code!r} is in a room already", f"it is at {first[code]}", "duplicate"
                )
            first.setdefault(code, path)


def _language(at: str, language: Language) -> Iterator[ConfigProblem]:
    yield from values.code(f"{at}code", language.code)
    for key in ("engine", "call", "elsewhere", "again"):
        yield from values.text(f"{at}{key}", key, getattr(language, key))
    if language.engine and not _ENGINE.fullmatch(language.engine):
        yield ConfigProblem(
            f"{at}engine", f"{language.engine!r} is no voice", "`espeak-ng --voices` lists them"
        )
    for key, allowed in (("call", _CALL), ("elsewhere", _CALL | {"{zone}"})):
        text: str = getattr(language, key)
        if text:
            yield from _sentence(f"{at}{key}", text, allowed)
    if language.code not in BUILT_IN:
        for key in ("engine", "call"):
            if not getattr(language, key):
                yield ConfigProblem(
                    f"{at}{key}",
                    f"nothing is built in for {language.code!r}",
                    f"write its {key}; built in are: {', '.join(BUILT_IN)}",
                )
    if language.digits and len(language.digits) != 10:
        yield ConfigProblem(
            f"{at}digits", f"{len(language.digits)} digits", "write ten words, from 0 to 9, or none"
        )
    for position, word in enumerate(language.digits):
        yield from values.text(f"{at}digits[{position}]", "digits", word)


def _sentence(path: str, text: str, allowed: frozenset[str]) -> Iterator[ConfigProblem]:
    """A sentence says both which number and where to, and has no other blanks."""
    found = _BLANK.findall(text)
    unknown = next((blank for blank in found if blank not in allowed), None)
    if unknown is not None:
        yield ConfigProblem(
            path, f"there is no blank {unknown!r}", f"blanks are: {', '.join(sorted(allowed))}"
        )
        return
    for blank in sorted(_CALL):
        if found.count(blank) != 1:
            told = "does not say" if blank not in found else "says twice"
            yield ConfigProblem(path, f"the sentence {told} {blank}", "write each of the two once")
