"""The hall of a scenario, and the structures that it is compared with.

A policy of the domain runs in the hall as it is. The others are ways to organise a hall: departments or
groups with windows of their own, lines that are chosen at the kiosk, or everything pooled. They change
the hall and which service a person is given, not the people.
"""

from __future__ import annotations

import math
from string import ascii_uppercase
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from callq.domain.errors import CallqError
from callq.domain.hall import (
    Booking,
    Clerk,
    HallConfig,
    Item,
    Routing,
    Rules,
    Service,
    Skill,
    WindowConfig,
    Zone,
)
from callq.simulate.check import ZONE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal

    from callq.domain.hall import ProfileSlot
    from callq.simulate.scenario import Group, Scenario

DOMAIN_POLICIES: Final = ("index", "longest_wait", "fixed_queue_ratio", "strict_priority")
STRUCTURES: Final = ("kiosk_shorter_line", "kiosk_fixed_line", "group_lines", "department_lines", "pooled")
DEFAULT: Final = "default"
POLICIES: Final = (DEFAULT, *DOMAIN_POLICIES, *STRUCTURES)
"""What can be simulated; `default` is what the scenario or hall names, which is `index` as it ships."""

DEPARTMENTS: Final = 27

_LETTERS: Final = [letter for letter in ascii_uppercase if letter not in "IOQ"]
_PREFIXES: Final = [*_LETTERS, *(one + two for one in _LETTERS for two in _LETTERS)]


class NotSimulated(CallqError):
    """A hall that cannot be simulated as asked.

    Attributes:
      hint: what to change.
    """

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint

    def __reduce__(self) -> tuple[type[NotSimulated], tuple[str, str]]:
        # An exception of two arguments does not come back from another process by itself.
        return NotSimulated, (str(self), self.hint)


class Line(NamedTuple):
    """Where a group may wait: a service, and how much of the group's capacity it has."""

    service: str
    weight: float
    windows: int


class SimulatedHall(NamedTuple):
    """What a day runs in.

    Attributes:
      config: the hall.
      lines: services that people of each group may be given, in the scenario's order of groups.
      choice: how a person gets one of several: by the weights, or the shorter.
      closed: windows that are closed until the tides open them.
      seats: window and clerk, of windows that are staffed.
      in_use: skills that are in use at windows where clerks master more.
      serving: of windows that do not serve all day, the spans in which they do, ms since midnight.
    """

    config: HallConfig
    lines: tuple[tuple[Line, ...], ...]
    choice: Literal["fixed", "shorter"]
    closed: frozenset[str]
    seats: tuple[tuple[str, str], ...]
    in_use: tuple[tuple[str, tuple[str, ...]], ...] = ()
    serving: tuple[tuple[str, tuple[tuple[int, int], ...]], ...] = ()


def means_min(scenario: Scenario) -> list[float]:
    """Mean handling of each group, minutes."""
    groups = scenario.groups
    total = sum(group.share for group in groups)
    scale = scenario.handling.mean_min / sum(g.share / total * g.service_min for g in groups)
    return [group.service_min * scale for group in groups]


def allotted(windows: int, weights: Sequence[float]) -> list[int]:
    """Windows by largest remainder, at least one for each."""
    spare = windows - len(weights)
    exact = [max(0.0, windows * weight / sum(weights) - 1) for weight in weights]
    exact = [spare * each / (sum(exact) or 1) for each in exact]
    found = [int(each) for each in exact]
    by_rest = sorted(range(len(weights)), key=lambda i: (found[i] - exact[i], i))
    for i in by_rest[: spare - sum(found)]:
        found[i] += 1
    return [each + 1 for each in found]


def with_policy(routing: Routing, policy: str) -> Routing:
    """The same numbers with another policy; `default` leaves it as it is."""
    if policy == DEFAULT:
        return routing
    return msgspec.structs.replace(routing, policy=policy)


def peak_load(scenario: Scenario, volume: float) -> list[float]:
    """Offered load of each group at the fullest time of the day, in windows."""
    loads = zip(scenario.groups, _loads(scenario, volume), strict=True)
    return [load * _highest(group.profile or scenario.profile) for group, load in loads]


def busiest(scenario: Scenario) -> float:
    """Arrivals a minute at the fullest time, as a share of the day's."""
    if not any(group.profile for group in scenario.groups):
        return _highest(scenario.profile)
    total = sum(group.share for group in scenario.groups)
    profiles = [(g.share / total, g.profile or scenario.profile) for g in scenario.groups]
    return max(
        sum(share * _rate_at(slot.hours[:5], profile) for share, profile in profiles)
        for _, slots in profiles
        for slot in slots
    )


def _rate_at(time: str, profile: Sequence[ProfileSlot]) -> float:
    """Arrivals a minute at a time (HH:MM), as a share of the day's."""
    now = next((slot.rate for slot in profile if slot.hours[:5] <= time < slot.hours[6:]), 0.0)
    return now / _area(profile)


def _highest(profile: Sequence[ProfileSlot]) -> float:
    return max(slot.rate for slot in profile) / _area(profile)


def _area(profile: Sequence[ProfileSlot]) -> float:
    return sum(slot.rate * minutes(slot.hours) for slot in profile)


def minutes(hours: str) -> int:
    """Length of a span of hours."""
    return minute_of(hours[6:]) - minute_of(hours[:5])


def minute_of(text: str) -> int:
    """Minutes since midnight."""
    return int(text[:2]) * 60 + int(text[3:])


def _loads(scenario: Scenario, volume: float) -> list[float]:
    total = sum(group.share for group in scenario.groups)
    return [
        volume * group.share / total * mean
        for group, mean in zip(scenario.groups, means_min(scenario), strict=True)
    ]


def made(scenario: Scenario, policy: str, volume: float, *, tidal: bool = False) -> SimulatedHall:
    """The hall in which a policy runs.

    Args:
      scenario: whose layout it has.
      policy: one of `POLICIES`.
      volume: people expected a day; windows are shared out by their load.
      tidal: whether windows beyond the base are closed at first.

    Raises:
      NotSimulated: there are fewer windows than lines that each need one of their own.
    """
    return _Maker(scenario, policy, volume, tidal).made()


class _Maker:
    def __init__(self, scenario: Scenario, policy: str, volume: float, tidal: bool) -> None:
        assert scenario.layout is not None, "a scenario of a hall file has its own windows"
        self.scenario, self.policy, self.volume = scenario, policy, volume
        self.layout = scenario.layout
        self.services: list[Service] = []
        self.items: list[Item] = []
        self.windows: list[WindowConfig] = []
        self.clerks: list[Clerk] = []
        self.tidal = tidal
        self.in_use: list[tuple[str, tuple[str, ...]]] = []

    def made(self) -> SimulatedHall:
        makers = {
            "pooled": self._pooled,
            "group_lines": self._group_lines,
            "department_lines": self._department_lines,
            "kiosk_fixed_line": self._two_lines,
            "kiosk_shorter_line": self._two_lines,
        }
        lines = makers.get(self.policy, self._as_it_is)()
        closed = self._closed() if self.tidal else frozenset()
        of_domain = self.policy in (DEFAULT, *DOMAIN_POLICIES)
        routing = (
            with_policy(self.scenario.routing, self.policy) if of_domain else Routing(policy="longest_wait")
        )
        config = HallConfig(
            id="simulated",
            name=self.scenario.name,
            zones=(Zone(code=ZONE, name="大厅"),),
            services=tuple(self.services),
            windows=tuple(self.windows),
            clerks=tuple(self.clerks),
            items=tuple(self.items),
            outlets=self.scenario.outlets,
            routing=routing,
            tides=self.scenario.tides,
            rules=Rules(no_show_limit=0),
        )
        choice: Literal["fixed", "shorter"] = "shorter" if self.policy == "kiosk_shorter_line" else "fixed"
        seats = tuple((w.id, c.id) for w, c in zip(self.windows, self.clerks, strict=True))
        return SimulatedHall(config, lines, choice, closed, seats, tuple(self.in_use))

    def _closed(self) -> frozenset[str]:
        base = self.layout.base
        flexible = [window.id for window in self.windows if window.kind != "domain"]
        return frozenset(flexible[base:] if base is not None else ())

    def _service(self, code: str, group: Group, mean: float, share: float) -> str:
        self.services.append(
            Service(
                code=code,
                name=code,
                prefix=_PREFIXES[len(self.services)],
                one_per_person=False,
                daily=self.volume * share,
                service_min=mean,
                service_cv=self.scenario.handling.cv,
                booking=Booking(slot_min=15, capacity=1000, early_min=30),
            )
        )
        self._item(code, group, code)
        return code

    def _item(self, code: str, group: Group, service: str) -> None:
        """What the guide knows of a group's business."""
        self.items.append(Item(code=code, name=group.code, service=service, channels=group.channels))

    def _window(self, services: Sequence[str], *, tidal: bool = False, level: int = 2) -> None:
        number = len(self.windows) + 1
        kind = "domain" if len(services) == 1 else "tidal" if tidal else "comprehensive"
        self.windows.append(
            WindowConfig(
                id=f"w{number}",
                label=str(number),
                zone=ZONE,
                kind=kind,  # type: ignore[arg-type]
                services=tuple(services),
            )
        )
        skills: dict[str, int | Skill] = {code: level if i % 2 else 2 for i, code in enumerate(services)}
        self.clerks.append(Clerk(id=f"c{number}", name=f"c{number}", skills=skills))

    def _parts(self) -> list[tuple[Group, float, float]]:
        """Groups with their mean handling and share."""
        total = sum(group.share for group in self.scenario.groups)
        means = means_min(self.scenario)
        return [(g, mean, g.share / total) for g, mean in zip(self.scenario.groups, means, strict=True)]

    def _need(self, loads: list[float]) -> list[float]:
        """Offered load at the fullest time, and safety."""
        return [load + self.layout.safety * math.sqrt(load) for load in loads]

    def _as_it_is(self) -> tuple[tuple[Line, ...], ...]:
        parts = self._parts()
        codes = [self._service(group.code, group, mean, share) for group, mean, share in parts]
        layout = self.layout
        self._domain_windows(codes)
        for number in range(layout.comprehensive):
            # A chain: each clerk begins one further, so that neighbours share all but one and every service
            # is tied to every other. Blocks side by side would leave as many halls as there are blocks.
            chained = [codes[(number + i) % len(codes)] for i in range(layout.skills or len(codes))]
            able = sorted(chained)
            beyond_base = layout.base is not None and number >= layout.base
            level = 1 if number < layout.level_one * layout.comprehensive else 2
            self._window(able, tidal=beyond_base, level=level)
            if layout.in_use is not None and layout.in_use < len(able):
                self.in_use.append((self.windows[-1].id, tuple(sorted(chained[: layout.in_use]))))
        return tuple((Line(code, 1.0, len(self.windows)),) for code in codes)

    def _domain_windows(self, codes: list[str]) -> list[int]:
        domain = self.layout.domain
        if not domain:
            return [0] * len(codes)
        found = allotted(domain, self._need(peak_load(self.scenario, self.volume)))
        for code, count in zip(codes, found, strict=True):
            for _ in range(count):
                self._window([code])
        return found

    def _pooled(self) -> tuple[tuple[Line, ...], ...]:
        first, *_ = groups = self.scenario.groups
        self._service("all", first, self.scenario.handling.mean_min, 1.0)
        self.items.clear()
        for group in groups:
            self._item(group.code, group, "all")
        for _ in range(self.layout.domain + self.layout.comprehensive):
            self._window(["all"])
        return tuple((Line("all", 1.0, len(self.windows)),) for _ in self.scenario.groups)

    def _group_lines(self) -> tuple[tuple[Line, ...], ...]:
        parts = self._parts()
        found = allotted(self._one_for_each(), self._need(peak_load(self.scenario, self.volume)))
        lines = []
        for (group, mean, share), count in zip(parts, found, strict=True):
            code = self._service(group.code, group, mean, share)
            for _ in range(count):
                self._window([code])
            lines.append((Line(code, 1.0, count),))
        return tuple(lines)

    def _department_lines(self) -> tuple[tuple[Line, ...], ...]:
        """Groups cut into departments of about equal size, each with windows of its own by load alone."""
        parts = self._parts()
        windows = self._one_for_each()
        cut = allotted(max(len(parts), min(DEPARTMENTS, windows)), [share for _, _, share in parts])
        loads = [
            load / count
            for load, count in zip(peak_load(self.scenario, self.volume), cut, strict=True)
            for _ in range(count)
        ]
        found = iter(allotted(windows, loads))
        lines = []
        for (group, mean, share), count in zip(parts, cut, strict=True):
            of_group = []
            for number in range(count):
                code = self._service(f"{group.code}-{number + 1}", group, mean, share / count)
                own = next(found)
                for _ in range(own):
                    self._window([code])
                of_group.append(Line(code, 1.0 / count, own))
            lines.append(tuple(of_group))
        return tuple(lines)

    def _one_for_each(self) -> int:
        """All windows, if each group can have one."""
        windows, groups = self.layout.domain + self.layout.comprehensive, len(self.scenario.groups)
        if windows < groups:
            raise NotSimulated(
                f"{self.policy} needs a window for each group, and there are {windows} for {groups}",
                "add windows, or choose a policy whose windows serve several groups",
            )
        return windows

    def _two_lines(self) -> tuple[tuple[Line, ...], ...]:
        """A line for the domain windows of a group and one for the comprehensive windows of all."""
        parts = self._parts()
        layout = self.layout
        codes = [self._service(group.code, group, mean, share) for group, mean, share in parts]
        other = [self._service(f"{group.code}-all", group, mean, share) for group, mean, share in parts]
        counts = self._domain_windows(codes)
        for _ in range(layout.comprehensive):
            self._window(other)
        # As many people in each group as there are domain windows among all: a kiosk knows no more.
        own = layout.domain / (layout.domain + layout.comprehensive)
        lines = []
        for code, rest, count in zip(codes, other, counts, strict=True):
            lines.append((Line(code, own, count), Line(rest, 1 - own, layout.comprehensive)))
        return tuple(lines)
