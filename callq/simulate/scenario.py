"""Scenarios: who comes, what for and when; who serves; what goes wrong. TOML files, checked whole."""

from __future__ import annotations

import tomllib
from importlib import resources
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from callq.config import HallFileError, Problem, examine
from callq.domain import check_values as values
from callq.domain.calendar import parse_hours
from callq.domain.check_values import ConfigProblem, nearest
from callq.domain.hall import ProfileSlot, Routing, Tides

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of a scenario's tables."""


class Group(_Part, frozen=True, kw_only=True):
    """People with one kind of business."""

    code: str
    share: float
    """Of all people, against the other groups."""
    service_min: float = 10.0
    """Mean handling against the other groups; scaled so that the mean of all is `Handling.mean_min`."""
    cv: float | None = None
    """Of the handling; None: as `Handling`."""


class Classes(_Part, frozen=True, kw_only=True):
    """Shares of the classes."""

    ordinary: float = 1.0
    appointment: float = 0.0
    priority: float = 0.0


class Handling(_Part, frozen=True, kw_only=True):
    """How long it takes, cut at both ends."""

    distribution: Literal["lognormal", "exponential"] = "lognormal"
    """Exponential handling has a `cv` of 1, whatever is written."""
    mean_min: float = 10.0
    cv: float = 0.9
    shortest_min: float = 0.7
    longest_min: float = 90.0
    walk_s: float = 0.0
    """From the call until the person stands at the window."""


class Layout(_Part, frozen=True, kw_only=True):
    """Windows of a hall that is made for the scenario."""

    domain: int
    """Windows for one group each, by need: offered load and `safety` times its root; at least one a group."""
    comprehensive: int
    """Windows for all groups."""
    base: int | None = None
    """Of those, how many are open without tides; the others are tidal windows. None: all."""
    safety: float = 1.0
    skills: int | None = None
    """Groups that each comprehensive clerk serves, in turn; None: all."""
    in_use: int | None = None
    """Of those, how many are in use when the doors open, the others being spare; None: all."""
    level_one: float = 0.0
    """Share of comprehensive clerks with level 1 in half of their skills."""


class Day(_Part, frozen=True, kw_only=True):
    """How many people come, and how days differ."""

    volume: float
    volume_cv: float = 0.0
    """Of the day's expected number, gamma distributed; the number itself is Poisson."""
    mix_cv: float = 0.0
    """Standard deviation of the logarithm by which each group's share differs from day to day."""
    opens: str = "09:00"
    closes: str = "17:00"
    """Windows close; who waits is still served."""


class People(_Part, frozen=True, kw_only=True):
    """What people do besides waiting and being served."""

    no_show: float = 0.0
    """Share of people who are not there when they are called; half of them come back within `back_min`."""
    back_min: float = 10.0
    patience_min: float | None = None
    """Mean patience, exponential; who loses it goes. None: nobody does."""
    tells: float = 0.5
    """Share of those who cancel their ticket when they go; the others are called in vain."""
    hold: float = 0.0
    """Share of people who have to fetch something in the middle of their service."""
    hold_min: float = 15.0
    transfer: float = 0.0
    """Share of people who are sent on to another group afterwards."""
    booked: float = 0.0
    """Share of people with an appointment whose time the forecast knows."""
    guided: float = 0.0
    """Share of people who asked the guide before they came, and went elsewhere where the wait was long."""
    guided_max_min: float = 30.0
    """Wait from which the guide sends people to self-service."""


class Clerks(_Part, frozen=True, kw_only=True):
    """What clerks are like."""

    speed_cv: float = 0.0
    """Standard deviation of the logarithm of each clerk's own pace, the same all day."""
    lunch_min: float = 0.0
    """Break that each clerk takes between `lunch_from` and `lunch_to`, in turns of equal size."""
    lunch_from: str = "11:30"
    lunch_to: str = "13:30"
    react_s: float = 0.0
    """From the end of a service to the next call."""


class Burst(_Part, frozen=True, kw_only=True):
    """A bus arrives."""

    at: str
    people: int
    within_min: float = 5.0
    group: str = ""
    """Empty: as the others."""


class Absence(_Part, frozen=True, kw_only=True):
    """Clerks fall ill: flexible windows first, in their order."""

    hours: str
    windows: int


class Scenario(_Part, frozen=True, kw_only=True):
    """One kind of day in one hall."""

    name: str
    like: str = ""
    """Scenario that comes with callq whose tables hold where this one has none, or not all keys of one."""
    day: Day
    groups: tuple[Group, ...]
    profile: tuple[ProfileSlot, ...]
    """Relative arrivals a minute."""
    layout: Layout | None = None
    """None: the windows are those of a hall file."""
    classes: Classes = Classes()
    handling: Handling = Handling()
    people: People = People()
    clerks: Clerks = Clerks()
    routing: Routing = Routing(policy="index")
    tides: Tides = Tides()
    bursts: tuple[Burst, ...] = ()
    absences: tuple[Absence, ...] = ()
    forecast_error: float = 0.0
    """By how much the forecast of the tides is too high (0.2) or too low (-0.2)."""


class ScenarioError(HallFileError):
    """A scenario cannot be used; every reason is listed with its line."""


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
    "guided_max_min": (0, 480),
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

_SCENARIOS: Final = resources.files("callq.simulate") / "scenarios"


def names() -> list[str]:
    """Scenarios that come with callq."""
    found = (item.name for item in _SCENARIOS.iterdir())
    return sorted(name.removesuffix(".toml") for name in found if name.endswith(".toml"))


def load(source: str) -> Scenario:
    """Read a scenario: the name of one that comes with callq, or a file.

    Raises:
      ScenarioError: it cannot be read, or something in it is wrong.
    """
    if source in names():
        text = (_SCENARIOS / f"{source}.toml").read_text(encoding="utf-8")
    else:
        try:
            text = Path(source).read_bytes().decode("utf-8-sig")
        except FileNotFoundError as error:
            guess = nearest(source, names())
            hint = f"did you mean {guess!r}?" if guess else f"scenarios: {', '.join(names())}"
            problem = Problem(0, None, "", "there is no such file or scenario", hint)
            raise ScenarioError(source, [problem]) from error
        except (OSError, UnicodeDecodeError) as error:
            problem = Problem(0, None, "", f"cannot be read: {error}", "give the path of a UTF-8 text file")
            raise ScenarioError(source, [problem]) from error
    scenario, found = examine(text, Scenario, problems, _laid_over)
    if scenario is None:
        raise ScenarioError(source, found)
    return scenario


def _laid_over(document: dict[str, Any]) -> dict[str, Any]:
    """A document with what it is like beneath it; lists are taken as a whole."""
    like = document.get("like")
    if like not in names():
        return document
    below = _laid_over(tomllib.loads((_SCENARIOS / f"{like}.toml").read_text(encoding="utf-8")))
    laid = below | document
    for key, table in below.items():
        if isinstance(table, dict) and isinstance(document.get(key), dict):
            laid[key] = table | document[key]
    return laid


def problems(scenario: Scenario) -> Iterator[ConfigProblem]:
    """What is wrong with a scenario, in file order."""
    if scenario.like and scenario.like not in names():
        guess = nearest(scenario.like, names())
        hint = f"did you mean {guess!r}?" if guess else f"one of: {', '.join(names())}"
        yield ConfigProblem("like", f"there is no scenario {scenario.like!r}", hint)
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
    yield from _layout(scenario)


def _numbers(path: str, part: msgspec.Struct) -> Iterator[ConfigProblem]:
    for name in part.__struct_fields__:
        value, at = getattr(part, name), f"{path}.{name}" if path else name
        if isinstance(value, _Part | Routing | Tides):
            yield from _numbers(at, value)
        elif isinstance(value, tuple):
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
    spans = {
        "day.closes": f"{day.opens}-{day.closes}",
        "clerks.lunch_to": f"{clerks.lunch_from}-{clerks.lunch_to}",
        **{f"profile[{i}].hours": slot.hours for i, slot in enumerate(scenario.profile)},
        **{f"absences[{i}].hours": each.hours for i, each in enumerate(scenario.absences)},
        **{f"bursts[{i}].at": f"{each.at}-24:00" for i, each in enumerate(scenario.bursts)},
    }
    for path, text in spans.items():
        if parse_hours(text) is None or text[:5] >= text[6:]:
            yield ConfigProblem(path, f"{text!r} are no hours of one day", "write them as HH:MM-HH:MM")
    if parse_hours(f"{day.opens}-24:00") is not None and day.opens < EARLIEST:
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
