"""Laws of probability that the tides are reckoned by: lognormal handling times, normal loads.

Only `math`: a server reckons a hall of 84 windows every minute between two commands.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final, NamedTuple

_SQRT2: Final = math.sqrt(2.0)
_PHI0: Final = 1.0 / math.sqrt(2.0 * math.pi)


class Moments(NamedTuple):
    """Mean and variance of a number of people or windows."""

    mean: float
    variance: float


class Law(NamedTuple):
    """A lognormal handling time, as mean and standard deviation of its logarithm (of minutes)."""

    location: float
    scale: float
    """0: it always takes the same time."""

    def survival(self, minutes: float) -> float:
        """Probability that handling takes longer than so many minutes, 0 to 1."""
        if minutes <= 0.0:
            return 1.0
        distance = math.log(minutes) - self.location
        if self.scale == 0.0:
            return 1.0 if distance < 0.0 else 0.0
        return 0.5 * math.erfc(distance / (self.scale * _SQRT2))

    def goes_on(self, age: float, lead: float) -> float:
        """Probability that what has taken `age` minutes so far goes on for `lead` minutes more.

        Handling that has outlived the law itself is taken to go on.
        """
        lived = self.survival(age)
        return self.survival(age + lead) / lived if lived > 0.0 else 1.0

    def rest_min(self, age: float) -> float:
        """Minutes that what has taken `age` minutes goes on yet, on average.

        Source: E(S | S > a) - a, the partial expectation of a lognormal law in closed form.
        """
        lived = self.survival(age)
        mean = math.exp(self.location + self.scale * self.scale / 2.0)
        if age <= 0.0 or lived <= 0.0 or self.scale == 0.0:
            return max(0.0, mean - max(0.0, age))
        beyond = 0.5 * math.erfc(((math.log(age) - self.location) / self.scale - self.scale) / _SQRT2)
        return max(0.0, mean * beyond / lived - age)


@lru_cache(maxsize=4096)
def law_of(mean_min: float, cv: float) -> Law:
    """The lognormal law with a mean (minutes, above 0) and a coefficient of variation (0 or more)."""
    spread = math.log1p(cv * cv)
    return Law(math.log(mean_min) - spread / 2.0, math.sqrt(spread))


@lru_cache(maxsize=4096)
def survivals(law: Law, steps: int, step: int = 1) -> tuple[float, ...]:
    """Survival of a law in the middle of each of the first steps of some minutes: at 0.5, 1.5, ... of one."""
    return tuple(law.survival((index + 0.5) * step) for index in range(steps))


def cumulative(x: float) -> float:
    """Standard normal distribution function."""
    return 0.5 * math.erfc(-x / _SQRT2)


def excess(load: Moments, windows: float) -> Moments:
    """Mean and variance of (X - windows)+ for a normal load X: what so many windows leave over."""
    over = load.mean - windows
    if load.variance <= 0.0:
        return Moments(max(0.0, over), 0.0)
    spread = math.sqrt(load.variance)
    z = over / spread
    density = _PHI0 * math.exp(-0.5 * z * z)
    above = cumulative(z)
    mean = over * above + spread * density
    square = (over * over + load.variance) * above + over * spread * density
    return Moments(mean, max(0.0, square - mean * mean))
