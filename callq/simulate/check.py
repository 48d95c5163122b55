"""Checks of a scenario: every number in its range, hours that fit, windows and ways that there are."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final

import msgspec

from callq.domain import check_load
from callq.domain import check_values as values
from callq.domain.calendar import parse_hours
from callq.domain.check_values import ConfigProblem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from callq.simulate.scenario import Scenario

RANGES: Final[dict[str, tuple[float, float]]] = {
    "share": (0, 1e6),
    "service_min": (0.01, 480),
    "ordinary": (0, 1e6),
    "appointment": (0, 1e6),
    "priority": (0, 1e6),
    "mean_min": (0.1, 480),
    "cv": (0, 5),
    "shortest_min": (0, 60),
    "longest_min": (1, 480),
    "walk_s": (0, 600),
    "domain": (0, 2000),
    "comprehensive": (0, 2000),
    "base": (0, 2000),
    "safety": (0, 10),
    "skills": (1, 500),
    "in_use": (1, 500),
    "level_one": (0, 1),
    "volume": (1, 100_000),
    "volume_cv": (0, 2),
    "mix_cv": (0, 2),
    "no_show": (0, 0.9),
    "back_min": (0, 120),
    "patience_min": (1, 10_000),
    "tells": (0, 1),
    "hold": (0, 0.9),
    "hold_min": (0, 110),
    "transfer": (0, 0.9),
    "booked": (0, 1),
    "guided": (0, 1),
    "speed_cv": (0, 2),
    "lunch_min": (0, 120),
    "react_s": (0, 600),
    "people": (1, 10_000),
    "within_min": (0.1, 480),
    "windows": (1, 2000),
    "rate": (0, 1000),
    "forecast_error": (-0.9, 5),
}
"""Inclusive ranges of numbers by key."""

_ALL_RANGES: Final[Mapping[str, tuple[float, float]]] = {**values.RANGES, **RANGES}
"""With those of the hall file, whose tables of routing and tides a scenario has."""

ZONE: Final = "hall"
"""The one zone of a hall that is made for a scenario."""

EARLIEST: Final = "05:00"
"""Doors do not open before: clerks are there half an hour earlier, and a business day begins at 04:00."""

MOST_GROUPS: Final = 250


def problems(scenario: Scenario) -> Iterator[ConfigProblem]:
    """What is wrong with the tables of a scenario, in file order."""
    yield from _numbers("", scenario)
    yield from _hours(scenario)
    codes = {group.code: group.code for group in scenario.groups}
    if scenario.groups and not any(group.share for group in scenario.groups):
        yield ConfigProblem("groups[0].share", "all shares are 0: nobody comes", "write how many come")
    if not any(msgspec.structs.astuple(scenario.classes)):
        yield ConfigProblem("classes.ordinary", "all shares are 0", "write how many are of each class")
    handling = scenario.handling
    if handling.shortest_min > handling.longest_min:
        yield ConfigProblem(
            "handling.longest_min",
            f"{handling.longest_min:g} minutes are less than shortest_min",
            f"write {handling.shortest_min:g} or more",
        )
    if len(scenario.groups) > MOST_GROUPS:
        yield ConfigProblem("groups", f"{len(scenario.groups)} groups", f"keep to {MOST_GROUPS} at most")
    if not scenario.groups:
        yield ConfigProblem("groups", "nobody comes", "add [[groups]] tables with code and share")
    for index, group in enumerate(scenario.groups):
        yield from values.code(f"groups[{index}].code", group.code)
    yield from values.duplicates("groups[{}].code", [group.code for group in scenario.groups])
    for index, burst in enumerate(scenario.bursts):
        if burst.group:
            yield from values.reference(
                f"bursts[{index}].group", "group", burst.group, codes, "unknown_service"
            )
    yield from _channels(scenario)
    yield from _layout(scenario)


def _numbers(path: str, part: msgspec.Struct) -> Iterator[ConfigProblem]:
    for name in part.__struct_fields__:
        value, at = getattr(part, name), f"{path}.{name}" if path else name
        if isinstance(value, msgspec.Struct):
            yield from _numbers(at, value)
        elif isinstance(value, tuple) and name != "outlets":
            for index, each in enumerate(value):
                if isinstance(each, msgspec.Struct):
                    yield from _numbers(f"{at}[{index}]", each)
        elif name in _ALL_RANGES and value is not None:
            low, high = _ALL_RANGES[name]
            if not low <= value <= high:
                hint = f"write a number from {low:g} to {high:g}"
                yield ConfigProblem(at, f"{value:g} is out of range", hint)


def _hours(scenario: Scenario) -> Iterator[ConfigProblem]:
    day, clerks = scenario.day, scenario.clerks
    times = {
        "day.opens": day.opens,
        "day.closes": day.closes,
        "clerks.lunch_from": clerks.lunch_from,
        "clerks.lunch_to": clerks.lunch_to,
        **{f"bursts[{i}].at": each.at for i, each in enumerate(scenario.bursts)},
    }
    wrong = {path for path, text in times.items() if not _is_time(text)}
    for path, text in times.items():
        if path in wrong:
            yield ConfigProblem(path, f"{text!r} is no time of the day", 'write it as HH:MM, e.g. "09:00"')
    for begins, ends in (("day.opens", "day.closes"), ("clerks.lunch_from", "clerks.lunch_to")):
        if not wrong & {begins, ends} and times[begins] >= times[ends]:
            message = f"{times[ends]} is not after {times[begins]}"
            yield ConfigProblem(ends, message, f"write a time after {times[begins]}")
    spans = {
        **{f"profile[{i}].hours": slot.hours for i, slot in enumerate(scenario.profile)},
        **{f"absences[{i}].hours": each.hours for i, each in enumerate(scenario.absences)},
    }
    for path, text in spans.items():
        if parse_hours(text) is None or text[:5] >= text[6:]:
            hint = 'write them as HH:MM-HH:MM, e.g. "09:00-11:30"'
            yield ConfigProblem(path, f"{text!r} are no hours of one day", hint)
    if "day.opens" not in wrong and day.opens < EARLIEST:
        yield ConfigProblem(
            "day.opens", f"{day.opens} is before the day begins", f"open at {EARLIEST} or later"
        )
    for (_, one), (index, other) in combinations(enumerate(slot.hours for slot in scenario.profile), 2):
        if one[:5] < other[6:] and other[:5] < one[6:]:
            yield ConfigProblem(
                f"profile[{index}].hours", f"{other} overlaps {one}", "let it begin where the other ends"
            )
    if not any(slot.rate for slot in scenario.profile):
        yield ConfigProblem("profile", "nobody comes at any time", "add [[profile]] with hours and rate")


def _is_time(text: str) -> bool:
    return parse_hours(f"{text}-24:00") is not None


def _channels(scenario: Scenario) -> Iterator[ConfigProblem]:
    yield from check_load.outlets(scenario.outlets, {ZONE: ZONE})
    there = {"window", "appointment", *(outlet.channel for outlet in scenario.outlets)}
    named = [(f"groups[{i}].channels", group.channels) for i, group in enumerate(scenario.groups)]
    for path, channels in (*named, ("people.accepts", scenario.people.accepts)):
        for position, channel in enumerate(channels):
            if channel not in there:
                hint = f'add [[outlets]] with channel = "{channel}", or leave it out'
                if channel == "remote":
                    hint = "leave it out: there are no windows that serve by video"
                yield ConfigProblem(f"{path}[{position}]", f"there is no outlet {channel!r}", hint)
        yield from values.duplicates(f"{path}[{{}}]", channels)
    for path, channels in named:
        if not channels:
            yield ConfigProblem(path, "no channels: nobody could have it done", '["window"]')


def _layout(scenario: Scenario) -> Iterator[ConfigProblem]:
    layout, groups = scenario.layout, len(scenario.groups)
    if layout is None:
        yield ConfigProblem("layout", "the table is missing", "add [layout] with domain and comprehensive")
        return
    if layout.domain and layout.domain < groups:
        yield ConfigProblem(
            "layout.domain",
            f"{layout.domain} domain windows for {groups} groups",
            "give each group at least one, or write 0",
        )
    if not layout.domain and not layout.comprehensive:
        yield ConfigProblem("layout.comprehensive", "there is no window", "write how many there are")
    for index, absence in enumerate(scenario.absences):
        if absence.windows >= layout.domain + layout.comprehensive:
            yield ConfigProblem(
                f"absences[{index}].windows",
                f"{absence.windows} of {layout.domain + layout.comprehensive} windows: nobody would be left",
                "write fewer than there are",
            )
    if layout.base is not None and layout.base > layout.comprehensive:
        yield ConfigProblem(
            "layout.base",
            f"{layout.base} open windows of {layout.comprehensive}",
            f"write {layout.comprehensive} at most",
        )
    able = groups if layout.skills is None else min(layout.skills, groups)
    if layout.in_use is not None and layout.in_use > able:
        yield ConfigProblem("layout.in_use", f"clerks serve only {able} groups", f"write {able} at most")
    if layout.skills is not None and layout.skills > groups:
        yield ConfigProblem("layout.skills", f"there are only {groups} groups", f"write {groups} at most")
