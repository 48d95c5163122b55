"""Scenarios: who comes, what for and when; who serves; what goes wrong. TOML files, checked whole."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from callq.config import HallFileError, Problem, examine
from callq.config.syntax import NOT_TOML
from callq.domain.check_values import ConfigProblem, nearest
from callq.domain.hall import ItemChannel, Outlet, ProfileSlot, Routing, Tides
from callq.simulate import check

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence


DAY_MIN: Final = 24 * 60.0
"""Nobody is served for longer."""


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
    profile: tuple[ProfileSlot, ...] = ()
    """When they come; none: as the scenario's profile."""
    channels: tuple[ItemChannel, ...] = ("window",)
    """How the guide may let it be dealt with, the hall's favourite first."""


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


def handling_of(groups: Sequence[Group]) -> Handling:
    """Of groups whose minutes are meant as they are: cut so little that their means stay what is said.

    Args:
      groups: with the shares of those who come.
    """
    usual = Handling()
    mean = sum(group.share * group.service_min for group in groups) / sum(group.share for group in groups)
    shortest = min(group.service_min for group in groups) * usual.shortest_min / usual.mean_min
    return Handling(mean_min=mean, shortest_min=min(usual.shortest_min, shortest), longest_min=DAY_MIN)


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
    """Share of people without an appointment who ask the guide first, and do what it advises."""
    accepts: tuple[ItemChannel, ...] = ()
    """Channels that they accept; none: all that their group has."""


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
    outlets: tuple[Outlet, ...] = ()
    """Where the guide may send people instead of a queue; their own wait is taken as given."""
    forecast_error: float = 0.0
    """By how much the forecast of the tides is too high (0.2) or too low (-0.2)."""


class ScenarioError(HallFileError):
    """A scenario cannot be used; every reason is listed with its line."""


NOT_UTF8: Final = "save it as UTF-8 (not GBK or ANSI)"
"""What to do with a text of another encoding."""

_MISSING: Final = ("this key is missing", "the table is missing")

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
    return examined_as(source, text_of(source), problems, _laid_over)


def text_of(source: str) -> str:
    """The text of a scenario that comes with callq, or of a file.

    Raises:
      ScenarioError: it cannot be read, or is empty.
    """
    if source in names():
        return (_SCENARIOS / f"{source}.toml").read_text(encoding="utf-8")
    try:
        raw = Path(source).read_bytes()
        text = raw.decode("utf-8-sig")
    except FileNotFoundError as error:
        guess = nearest(source, names())
        hint = f"did you mean {guess!r}?" if guess else f"scenarios: {', '.join(names())}"
        problem = Problem(0, None, "", "there is no such file or scenario", hint)
        raise ScenarioError(source, [problem]) from error
    except OSError as error:
        problem = Problem(0, None, "", f"cannot be read: {error.strerror}", "give the path of a text file")
        raise ScenarioError(source, [problem]) from error
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        problem = Problem(line, None, "", "the file is not UTF-8 text", NOT_UTF8)
        raise ScenarioError(source, [problem]) from error
    if not text.strip():
        hint = 'copy callq/simulate/scenarios/county-84.toml, or say like = "county-84"'
        raise ScenarioError(source, [Problem(0, None, "", "the file is empty", hint)])
    return text


def examined_as(
    source: str,
    text: str,
    judge: Callable[[Scenario], Iterable[ConfigProblem]],
    under: Callable[[dict[str, Any]], dict[str, Any]],
) -> Scenario:
    """A text as a scenario.

    Args:
      source: what the text is called.
      text: TOML.
      judge: what is wrong with the values.
      under: the document with what it is laid over.

    Raises:
      ScenarioError: something in it is wrong.
    """
    scenario, found = examine(text, Scenario, judge, under)
    if scenario is None:
        found = _in_itself(found)
    if {"services", "windows"} <= {problem.key for problem in found}:
        problem = Problem(0, None, "", "this is a hall file, not a scenario", f"write --hall {source}")
        raise ScenarioError(source, [problem])
    if scenario is None:
        raise ScenarioError(source, found)
    return scenario


def _in_itself(found: list[Problem]) -> list[Problem]:
    """What is wrong without what only follows: a file that is not TOML, or like nothing, misses no tables."""
    broken = {problem.line for problem in found if problem.message.startswith(NOT_TOML)}
    if not broken and all(problem.key != "like" for problem in found):
        return found
    return [
        problem
        for problem in found
        if problem.message.startswith(NOT_TOML)
        or (problem.line not in broken and (problem.message not in _MISSING or "." in problem.key))
        or problem.key == "like"
    ]


def _laid_over(document: dict[str, Any]) -> dict[str, Any]:
    """A document with what it is like beneath it; lists are taken as a whole."""
    laid: dict[str, Any] = {}
    for each in below(document):
        laid = over(laid, each)
    return laid


def below(document: dict[str, Any]) -> list[dict[str, Any]]:
    """What a document is like, from the lowest to the document itself."""
    like = document.get("like")
    if like not in names():
        return [document]
    return [*below(tomllib.loads((_SCENARIOS / f"{like}.toml").read_text(encoding="utf-8"))), document]


def over(lower: dict[str, Any], upper: dict[str, Any]) -> dict[str, Any]:
    """A document over another: of a table that both have, the keys of both; lists are taken as a whole."""
    laid = lower | upper
    for key, table in lower.items():
        if isinstance(table, dict) and isinstance(upper.get(key), dict):
            laid[key] = table | upper[key]
    return laid


def problems(scenario: Scenario) -> Iterator[ConfigProblem]:
    """What is wrong with a scenario."""
    yield from likeness(scenario)
    yield from check.problems(scenario)


def likeness(scenario: Scenario) -> Iterator[ConfigProblem]:
    """A scenario is like one that comes with callq, or like none."""
    if scenario.like and scenario.like not in names():
        guess = nearest(scenario.like, names())
        hint = f"did you mean {guess!r}?" if guess else f"one of: {', '.join(names())}"
        yield ConfigProblem("like", f"there is no scenario {scenario.like!r}", hint)
