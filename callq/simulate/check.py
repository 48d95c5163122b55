"""Checks of a scenario: every number in its range, hours that fit, windows and ways that there are."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final

import msgspec

from callq.domain import check_load
from callq.domain import check_values as values
from callq.domain.calendar import parse_hours
from callq.domain.check_values import ConfigProblem
from callq.simulate.halls import ZONE, minutes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

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
    "longest_min": (1, 24 * 60),
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

EARLIEST: Final = "05:00"
"""Doors do not open before: clerks are there half an hour earlier, and a business day begins at 04:00."""

MOST_GROUPS: Final = 250


def problems(scenario: Scenario) -> Iterator[ConfigProblem]:
    """What is wrong with the tables of a scenario, in file order."""
    yield from values.texts("", {"name": scenario.name})
    yield from _numbers("", scenario)
    yield from _hours(scenario)
    if scenario.groups and not any(group.share for group in scenario.groups):
        yield ConfigProblem("groups[0].share", "all shares are 0: nobody comes", "write how many come")
    yield from _kinds(scenario)
    if len(scenario.groups) > MOST_GROUPS:
        yield ConfigProblem("groups", f"{len(scenario.groups)} groups", f"keep to {MOST_GROUPS} at most")
    if not scenario.groups:
        yield ConfigProblem("groups", "nobody comes", "add [[groups]] tables with code and share")
    for index, group in enumerate(scenario.groups):
        yield from values.code(f"groups[{index}].code", group.code)
    yield from values.duplicates("groups[{}].code", [group.code for group in scenario.groups])
    yield from _clerks(scenario)
    yield from _bursts(scenario)
    yield from _absences(scenario)
    yield from check_load.outlets(scenario.outlets, {ZONE: ZONE})
    outlets = {outlet.channel for outlet in scenario.outlets}
    for index, group in enumerate(scenario.groups):
        path = f"groups[{index}].channels"
        yield from _channels(path, group.channels, outlets)
        if not group.channels:
            yield ConfigProblem(path, "no channels: nobody could have it done", '["window"]')
    yield from _channels("people.accepts", scenario.people.accepts, outlets)
    yield from _layout(scenario)
    yield from _tides(scenario)


def problems_over(
    scenario: Scenario, tables: Collection[str], windows: int, outlets: Collection[str]
) -> Iterator[ConfigProblem]:
    """What is wrong with the tables of a scenario that is laid over a hall file.

    Args:
      scenario: as it is then, with the hall's own groups and hours.
      tables: of it that come from the scenario.
      windows: of the hall that have a clerk.
      outlets: channels of the hall besides windows and appointments.
    """
    yield from _numbers("", scenario, tables)
    yield from _kinds(scenario)
    yield from _clerks(scenario)
    yield from _bursts(scenario)
    yield from _absences(scenario)
    yield from _few_left(scenario, windows)
    yield from _channels("people.accepts", scenario.people.accepts, outlets)


def _kinds(scenario: Scenario) -> Iterator[ConfigProblem]:
    if not any(msgspec.structs.astuple(scenario.classes)):
        yield ConfigProblem("classes.ordinary", "all shares are 0", "write how many are of each class")
    handling = scenario.handling
    if handling.shortest_min > handling.longest_min:
        yield ConfigProblem(
            "handling.longest_min",
            f"{handling.longest_min:g} minutes are less than shortest_min",
            f"write {handling.shortest_min:g} or more",
        )


def _numbers(
    path: str, part: msgspec.Struct, tables: Collection[str] | None = None
) -> Iterator[ConfigProblem]:
    """Numbers that are out of range; of these tables alone, if some are named."""
    for name in part.__struct_fields__:
        if tables is not None and name not in tables:
            continue
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
    """When the doors are open, and when people come: within that."""
    day = scenario.day
    yield from _from_to("day", "opens", "closes", day)
    if _is_time(day.opens) and day.opens < EARLIEST:
        yield ConfigProblem(
            "day.opens", f"{day.opens} is before the day begins", f"open at {EARLIEST} or later"
        )
    own = [(f"groups[{i}].profile", group.profile) for i, group in enumerate(scenario.groups)]
    profiles = [("profile", scenario.profile), *own]
    for path, profile in profiles:
        for index, slot in enumerate(profile):
            yield from _span(f"{path}[{index}].hours", slot.hours)
            if _is_span(slot.hours):
                yield from _indoors(f"{path}[{index}].hours", slot.hours[:5], slot.hours[6:], scenario)
        for (_, one), (index, other) in combinations(enumerate(slot.hours for slot in profile), 2):
            if one[:5] < other[6:] and other[:5] < one[6:]:
                message = f"{other} overlaps {one}"
                yield ConfigProblem(f"{path}[{index}].hours", message, "let it begin where the other ends")
        if not any(slot.rate for slot in profile) and (profile or path == "profile"):
            yield ConfigProblem(path, "nobody comes at any time", "add [[profile]] with hours and rate")


def _indoors(path: str, begins: str, ends: str, scenario: Scenario) -> Iterator[ConfigProblem]:
    """People come while the doors are open; those who came earlier or later would not be let in."""
    day = scenario.day
    if not (_is_time(day.opens) and _is_time(day.closes) and day.opens < day.closes):
        return
    if begins < day.opens:
        message = f"people come at {begins}, and the doors open at {day.opens}"
        yield ConfigProblem(path, message, f"begin at {day.opens}, or let day.opens be {begins}")
    if ends > day.closes:
        message = f"people come until {ends}, and the doors close at {day.closes}"
        yield ConfigProblem(path, message, f"end at {day.closes}, or let day.closes be {ends}")


def _from_to(table: str, one: str, other: str, part: msgspec.Struct) -> Iterator[ConfigProblem]:
    """Two times of the day, the second after the first."""
    begins, ends = getattr(part, one), getattr(part, other)
    wrong = [*_time(f"{table}.{one}", begins), *_time(f"{table}.{other}", ends)]
    yield from wrong
    if not wrong and begins >= ends:
        yield ConfigProblem(
            f"{table}.{other}", f"{ends} is not after {begins}", f"write a time after {begins}"
        )


def _time(path: str, text: str) -> Iterator[ConfigProblem]:
    if not _is_time(text):
        yield ConfigProblem(path, f"{text!r} is no time of the day", 'write it as HH:MM, e.g. "09:00"')


def _span(path: str, text: str) -> Iterator[ConfigProblem]:
    if not _is_span(text):
        hint = 'write them as HH:MM-HH:MM, e.g. "09:00-11:30"'
        yield ConfigProblem(path, f"{text!r} are no hours of one day", hint)


def _is_span(text: str) -> bool:
    return parse_hours(text) is not None and text[:5] < text[6:]


def _is_time(text: str) -> bool:
    return parse_hours(f"{text}-24:00") is not None


def _clerks(scenario: Scenario) -> Iterator[ConfigProblem]:
    """Breaks that fit into the hours of lunch."""
    clerks = scenario.clerks
    wrong = list(_from_to("clerks", "lunch_from", "lunch_to", clerks))
    yield from wrong
    if wrong:
        return
    there = minutes(f"{clerks.lunch_from}-{clerks.lunch_to}")
    if clerks.lunch_min > there:
        yield ConfigProblem(
            "clerks.lunch_min",
            f"a break of {clerks.lunch_min:g} minutes does not fit between {clerks.lunch_from} and "
            f"{clerks.lunch_to}: all would leave at once, and come back later",
            f"write {there} at most, or a later lunch_to",
        )


def _bursts(scenario: Scenario) -> Iterator[ConfigProblem]:
    codes = {group.code: group.code for group in scenario.groups}
    for index, burst in enumerate(scenario.bursts):
        path = f"bursts[{index}].at"
        yield from _time(path, burst.at)
        if _is_time(burst.at):
            yield from _indoors(path, burst.at, burst.at, scenario)
        if burst.group:
            yield from values.reference(
                f"bursts[{index}].group", "group", burst.group, codes, "unknown_service"
            )


def _absences(scenario: Scenario) -> Iterator[ConfigProblem]:
    for index, absence in enumerate(scenario.absences):
        yield from _span(f"absences[{index}].hours", absence.hours)


def _few_left(scenario: Scenario, windows: int) -> Iterator[ConfigProblem]:
    for index, absence in enumerate(scenario.absences):
        if absence.windows >= windows:
            yield ConfigProblem(
                f"absences[{index}].windows",
                f"{absence.windows} of {windows} windows: nobody would be left",
                "write fewer than there are",
            )


def _channels(path: str, channels: Sequence[str], outlets: Collection[str]) -> Iterator[ConfigProblem]:
    for position, channel in enumerate(channels):
        if channel not in {"window", "appointment", *outlets}:
            hint = f'add [[outlets]] with channel = "{channel}", or leave it out'
            if channel == "remote":
                hint = "leave it out: there are no windows that serve by video"
            yield ConfigProblem(f"{path}[{position}]", f"there is no outlet {channel!r}", hint)
    yield from values.duplicates(f"{path}[{{}}]", channels)


def _tides(scenario: Scenario) -> Iterator[ConfigProblem]:
    """What the tides name has to be in the hall that is made."""
    tides, layout = scenario.tides, scenario.layout
    if layout is None:
        return
    groups = {group.code: group.code for group in scenario.groups}
    windows = {f"w{n}": str(n) for n in range(1, layout.domain + layout.comprehensive + 1)}
    yield from check_load.tides_name(tides, windows, groups)
    profile = tides.profile or scenario.profile
    movable = layout.base is not None and layout.base < layout.comprehensive
    yield from check_load.tides_know(
        msgspec.structs.replace(tides, profile=profile), daily=True, movable=movable
    )


def _layout(scenario: Scenario) -> Iterator[ConfigProblem]:
    layout, groups = scenario.layout, len(scenario.groups)
    if layout is None:
        hint = "add [layout] with domain and comprehensive, or lay the scenario over a hall by --hall"
        yield ConfigProblem("layout", "the table is missing", hint)
        return
    if layout.domain and layout.domain < groups:
        yield ConfigProblem(
            "layout.domain",
            f"{layout.domain} domain windows for {groups} groups",
            "give each group at least one, or write 0",
        )
    if not layout.domain and not layout.comprehensive:
        yield ConfigProblem("layout.comprehensive", "there is no window", "write how many there are")
    yield from _few_left(scenario, layout.domain + layout.comprehensive)
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
