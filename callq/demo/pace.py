"""How fast a demo hall lives: arrivals, service times and whims, all from one seed.

The figures are a hall's morning compressed about twelve times, so that a visitor sees something happen
every few seconds. `speed` multiplies on top. Delays that the hall's rules set (the gap between two
calls) are the server's and are not compressed.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from callq.domain.hall import HallConfig, Service

CYCLE_S: Final = 480.0
"""A compressed day: a high morning, a quiet noon, a lower afternoon."""

STARTS_AT_S: Final = 0.13 * CYCLE_S
"""A demo begins while the morning's wave rises: nobody starts one to see an empty hall."""

LONGEST_LULL_S: Final = 8.0
"""With hardly anybody waiting, the next person comes at least this soon."""

SERVICE_MEAN_S: Final = 34.0
"""Mean service time of a service whose target wait is 20 minutes."""

SERVICE_SIGMA: Final = 0.55
"""Of the lognormal service times; real counters lie between 0.4 and 0.8."""

NO_SHOW: Final = 0.08
SECOND_CALL: Final = 0.10
PRIORITY: Final = 0.08
GIVES_UP: Final = 0.04
PAUSES: Final = 0.03

EACH_WINDOW_S: Final = 48.0
"""How long one window needs for one ticket on average, walking and no-shows included."""

SOFT_PER_WINDOW: Final = 1.2
"""Waiting tickets for each staffed window up to which people arrive as they like."""

HARD_PER_WINDOW: Final = 3.0
"""Waiting tickets for each staffed window beyond which nobody arrives, however long the demo runs."""

REASONS: Final = ("打印机换纸", "喝口水", "整理档案", "系统重新登录")
"""Why a simulated clerk pauses; a pause for another reason is the visitor's, and is left alone."""

PRIORITY_TRAITS: Final = ("elderly", "disabled", "pregnant", "military")

Fate = Literal["comes", "comes_late", "no_show"]


class Arrival(NamedTuple):
    """What a person who has just come in wants."""

    service: str
    cls: Literal["ordinary", "priority"]
    traits: tuple[str, ...]
    channel: Literal["kiosk", "counter"]
    gives_up_after_s: float | None


def tide(at_s: float) -> float:
    """Arrival rate relative to the mean, `at_s` seconds into a compressed day; from 0.5 to 1.6."""
    phase = (at_s % CYCLE_S) / CYCLE_S
    morning = math.exp(-(((phase - 0.22) / 0.13) ** 2))
    afternoon = math.exp(-(((phase - 0.72) / 0.13) ** 2))
    return 0.5 + 1.1 * morning + 0.75 * afternoon


def throttle(waiting: int, windows: int) -> float:
    """Share of the arrivals that is let in: 1.6 in an empty hall, 1 normally, down to 0 at the hard limit."""
    soft, hard = SOFT_PER_WINDOW * windows, HARD_PER_WINDOW * windows
    if waiting < soft / 2:
        return 1.6
    return max(0.0, min(1.0, (hard - waiting) / (hard - soft)))


@dataclass(frozen=True, slots=True)
class Pace:
    """A demo hall's dice and clock.

    Attributes:
      seed: of everything random.
      speed: how many times faster than normal.
      windows: how many simulated clerks serve.
    """

    seed: int
    speed: float
    windows: int

    def dice(self, *what: object) -> random.Random:
        """Random numbers of their own for one ticket, clerk or purpose.

        Seeded by name and not drawn in turn, so that what one person does depends on nobody else's timing.
        """
        return random.Random(f"{self.seed}:" + ":".join(map(str, what)))

    def scaled(self, seconds: float) -> float:
        """A time at speed 1 as it is at this demo's speed."""
        return seconds / self.speed

    def arrival_gap_s(self, dice: random.Random, at_s: float, waiting: int) -> float | None:
        """Seconds to the next arrival; None while the hall is full.

        Args:
          dice: of the arrivals.
          at_s: seconds into the demo, at speed 1.
          waiting: people waiting now.
        """
        rate = tide(STARTS_AT_S + at_s) * throttle(waiting, self.windows) * self.windows / EACH_WINDOW_S
        if rate <= 0:
            return None
        gap_s = dice.expovariate(rate)
        if waiting < SOFT_PER_WINDOW * self.windows / 2:
            gap_s = min(gap_s, LONGEST_LULL_S)
        return self.scaled(gap_s)

    def arrival(self, dice: random.Random, hall: HallConfig) -> Arrival:
        """Somebody comes in."""
        service = dice.choices(hall.services, [_demand(hall, each) for each in hall.services])[0]
        priority = dice.random() < PRIORITY
        return Arrival(
            service.code,
            "priority" if priority else "ordinary",
            (dice.choice(PRIORITY_TRAITS),) if priority else (),
            "counter" if priority else "kiosk",
            self.scaled(dice.uniform(15, 90)) if dice.random() < GIVES_UP else None,
        )

    def fate(self, ticket: str) -> Fate:
        """What the person with this ticket does when called."""
        roll = self.dice("fate", ticket).random()
        if roll < NO_SHOW:
            return "no_show"
        return "comes_late" if roll < NO_SHOW + SECOND_CALL else "comes"

    def walk_s(self, ticket: str) -> float:
        """How long the person walks to the window."""
        return self.scaled(self.dice("walk", ticket).uniform(2.5, 8.0))

    def service_s(self, ticket: str, target_s: float) -> float:
        """How long the matter takes: lognormal, longer for services with a longer target wait."""
        mean = SERVICE_MEAN_S * min(1.6, max(0.6, (target_s / 1200) ** 0.5))
        mu = math.log(mean) - SERVICE_SIGMA**2 / 2
        drawn = self.dice("service", ticket).lognormvariate(mu, SERVICE_SIGMA)
        return self.scaled(min(max(drawn, 6.0), 150.0))


def _demand(hall: HallConfig, service: Service) -> float:
    """Share of a service: what many clerks master, many people want."""
    return 0.5 + sum(service.needs in clerk.skills for clerk in hall.clerks)
