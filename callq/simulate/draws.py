"""Who comes on one day: all chance of a day is drawn here, before anything is decided.

A day is drawn from (seed, day) alone, with a stream of random numbers for each purpose. So the same
people come, with the same business and the same patience, whatever policy runs: common random numbers,
which let policies be compared on the same days.
"""

from __future__ import annotations

import math
from bisect import bisect
from itertools import accumulate
from operator import attrgetter
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from callq.simulate.halls import cv_of, means_min, minute_of, minutes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callq.domain.hall import ProfileSlot
    from callq.simulate.scenario import Scenario

MIN_MS = 60_000


class Person(NamedTuple):
    """Somebody who comes.

    Times are ms since midnight, durations ms.
    """

    number: int
    """In order of arrival, from 0."""
    at_ms: int
    group: int
    cls: str
    booked: bool
    """Whether the appointment is known beforehand."""
    service_ms: int
    line: float
    """Uniform in 0 to 1: which of several lines, where the kiosk decides by chance."""
    patience_ms: int | None
    tells: bool
    """Whether the ticket is cancelled by who loses patience."""
    is_away: bool
    """Not there at the first call."""
    back_ms: int | None
    """After which who was away comes back; None: never."""
    hold_at: float | None
    """Part of the service after which something has to be fetched; None: nothing."""
    held_ms: int
    then: int | None
    """Group to which the person is sent on afterwards."""
    then_ms: int
    """Handling there."""
    is_guided: bool


class Came(NamedTuple):
    """Somebody who came on a recorded day: at some time between two, ms since midnight."""

    from_ms: int
    to_ms: int
    group: int
    cls: str = ""
    """Empty: not known, as the scenario shares them out."""


class DayDraws(NamedTuple):
    """One day.

    Attributes:
      people: in order of arrival.
      pace: chance from which each clerk's own pace is drawn, in the order of the windows.
    """

    people: tuple[Person, ...]
    pace: Random


def drawn(
    scenario: Scenario,
    volume: float,
    seed: int,
    day: int,
    came: Sequence[Came] | None = None,
) -> DayDraws:
    """The people of a day.

    Args:
      scenario: what kind of day.
      volume: people expected.
      seed: of the whole run.
      day: number of the day, from 0.
      came: who came on a recorded day; None: by chance.
    """
    of = _Streams(seed, day)
    means = means_min(scenario)
    # Drawn before they are put in order: so a burst adds people, and changes nobody else's business.
    arrivals = _arrivals(scenario, volume, of) if came is None else _spread(came, of["arrival"])
    people = [_person(scenario, means, of, *arrival) for arrival in arrivals]
    people.sort(key=attrgetter("at_ms"))
    return DayDraws(tuple(one._replace(number=number) for number, one in enumerate(people)), of["pace"])


def _spread(came: Sequence[Came], when: Random) -> list[tuple[int, int, str]]:
    return [
        (int(one.from_ms + when.random() * (one.to_ms - one.from_ms)), one.group, one.cls) for one in came
    ]


class _Streams(dict[str, Random]):
    """Independent random numbers by purpose."""

    def __init__(self, seed: int, day: int) -> None:
        super().__init__()
        self._seed, self._day = seed, day

    def __missing__(self, purpose: str) -> Random:
        found = self[purpose] = Random(f"{self._seed}/{self._day}/{purpose}")
        return found


def _arrivals(scenario: Scenario, volume: float, of: _Streams) -> list[tuple[int, int, str]]:
    """When, of which group, and an empty class: that is drawn with the person."""
    day = scenario.day
    size = of["volume"]
    if day.volume_cv:
        shape = 1 / day.volume_cv**2
        volume *= size.gammavariate(shape, 1 / shape)
    shares = [
        group.share * math.exp(of["mix"].gauss(0, day.mix_cv) if day.mix_cv else 0.0)
        for group in scenario.groups
    ]
    profiles = [_Profile(group.profile or scenario.profile) for group in scenario.groups]
    by_group = list(accumulate(shares))
    when, what = of["arrival"], of["group"]
    found = []
    for _ in range(_poisson(volume, size)):
        group = _chosen(by_group, what)
        found.append((profiles[group].drawn_ms(when), group, ""))
    for burst in scenario.bursts:
        codes = [group.code for group in scenario.groups]
        for _ in range(burst.people):
            at = int((minute_of(burst.at) + of["burst"].random() * burst.within_min) * MIN_MS)
            group = codes.index(burst.group) if burst.group else _chosen(by_group, of["burst"])
            found.append((at, group, ""))
    return found


class _Profile:
    """When people come, to draw from."""

    def __init__(self, slots: Sequence[ProfileSlot]) -> None:
        self._spans = [(minute_of(slot.hours[:5]), minutes(slot.hours)) for slot in slots]
        self._areas = list(accumulate(slot.rate * minutes(slot.hours) for slot in slots))

    def drawn_ms(self, when: Random) -> int:
        """A time of arrival, ms since midnight."""
        begin, length = self._spans[_chosen(self._areas, when)]
        return int((begin + when.random() * length) * MIN_MS)


def _chosen(cumulated: Sequence[float], rng: Random) -> int:
    return min(bisect(cumulated, rng.random() * cumulated[-1]), len(cumulated) - 1)


def _poisson(mean: float, rng: Random) -> int:
    """A Poisson number; of a large mean by the normal approximation, which is off by less than 0.1%."""
    if mean > 500:
        return max(0, round(rng.gauss(mean, math.sqrt(mean))))
    limit, product, count = math.exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count


def _person(
    scenario: Scenario, means: Sequence[float], of: _Streams, at_ms: int, group: int, recorded_cls: str
) -> Person:
    people, classes = scenario.people, scenario.classes
    shares = (classes.ordinary, classes.appointment, classes.priority)
    by_chance = ("ordinary", "appointment", "priority")[_chosen(list(accumulate(shares)), of["class"])]
    cls = recorded_cls or by_chance
    patience = of["patience"].expovariate(1.0)
    away, back = of["away"].random() < people.no_show, of["back"].random()
    holds, part, held = of["hold"].random(), of["hold"].random(), of["hold"].expovariate(1.0)
    sent, to = of["transfer"].random(), of["transfer"].randrange(max(1, len(means) - 1))
    to += to >= group
    after_ms = _handling_ms(scenario, means, to % len(means), of["after"])
    booked, guided = of["booked"].random(), of["guided"].random()
    return Person(
        number=0,
        at_ms=at_ms,
        group=group,
        cls=cls,
        booked=cls == "appointment" and booked < people.booked,
        service_ms=_handling_ms(scenario, means, group, of["service"]),
        line=of["line"].random(),
        patience_ms=None if people.patience_min is None else int(patience * people.patience_min * MIN_MS),
        tells=of["tells"].random() < people.tells,
        is_away=away,
        back_ms=int(2 * back * people.back_min * MIN_MS) if back < 0.5 else None,
        hold_at=part if holds < people.hold else None,
        held_ms=int(held * people.hold_min * MIN_MS),
        then=to if sent < people.transfer and len(means) > 1 else None,
        then_ms=after_ms,
        is_guided=guided < people.guided,
    )


def _handling_ms(scenario: Scenario, means: Sequence[float], group: int, rng: Random) -> int:
    handling = scenario.handling
    if handling.distribution == "exponential":
        found = means[group] * rng.expovariate(1.0)
    else:
        spread = math.log(1 + cv_of(scenario, scenario.groups[group]) ** 2)
        found = means[group] * math.exp(math.sqrt(spread) * rng.gauss(0, 1) - spread / 2)
    return int(min(handling.longest_min, max(handling.shortest_min, found)) * MIN_MS)
