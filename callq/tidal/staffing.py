"""How many windows a hall needs some minutes from now.

Offered load, service by service: who is being served now and will be yet, half of who waits, and
who is still to come and will not be done by then. Windows with one service take their own load;
what they leave over is for the windows that serve several.

Source: infinite-server staffing ahead of a delay (Green, Kolesar and Whitt's modified offered load),
with what is known of the present instead of a steady past.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from callq.tidal.laws import Law, Moments, cumulative, excess, survivals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callq.tidal.forecast import DayForecast

STEP_MIN: Final = 5
"""Minutes between two looks ahead."""

LOOKS: Final = 6
"""How often it is looked ahead."""

SOON: Final = 2
"""How many of these looks tell whether to open at once."""

PAST_MIN: Final = 180
"""How far back arrivals matter to a load that is reckoned from the forecast alone."""


def leads(opening_min: int) -> tuple[int, ...]:
    """Minutes ahead that are looked at: a minute after a window could be open, and five more times."""
    return tuple(opening_min + 1 + STEP_MIN * look for look in range(LOOKS))


class Group(NamedTuple):
    """One service now, in minutes."""

    law: Law
    waiting: int
    ages: tuple[float, ...]
    """How long each ticket at a window has been handled; 0 for one that is only called."""
    coming: tuple[float, ...]
    """Arrivals expected in each of the next minutes, as many as the longest lead, bookings not counted."""
    booked: tuple[float, ...] = ()
    """In how many minutes each booking will arrive."""


class Load(NamedTuple):
    """What a hall has to serve at a moment, by service."""

    lead_min: int
    services: tuple[Moments, ...]


def load_at(groups: Sequence[Group], lead: int) -> Load:
    """The load in `lead` minutes, from the live state."""
    return Load(lead, tuple(_load(group, lead) for group in groups))


def _load(group: Group, lead: int) -> Moments:
    law = group.law
    chances = [law.goes_on(age, lead) for age in group.ages]
    chances += [law.survival(lead - due) for due in group.booked if due < lead]
    rest = survivals(law, lead)
    fresh = sum(came * rest[lead - 1 - minute] for minute, came in enumerate(group.coming[:lead]))
    half = group.waiting / 2
    mean = sum(chances) + half + fresh
    # Each of the waiting is as likely there as not: a coin for each, as for those who are served.
    return Moments(mean, sum(p * (1.0 - p) for p in chances) + half / 2 + fresh)


def load_forecast(laws: Sequence[Law], day: DayForecast, minute: float, lead: int, step: int = 1) -> Load:
    """The load in `lead` minutes as the forecast alone has it: nothing of it is seen.

    Args:
      laws: of the services' handling times.
      day: what is expected of it.
      minute: of the day.
      lead: minutes from then.
      step: minutes that arrivals are taken together for; coarser is quicker.
    """
    services = []
    steps = PAST_MIN // step
    for service, law in enumerate(laws):
        rest = survivals(law, steps, step)
        behind = day.behind(service, minute + lead, steps, step)
        mean = sum(came * stays for came, stays in zip(behind, rest, strict=True))
        services.append(Moments(mean, mean))
    return Load(lead, tuple(services))


def scarce(load: Load, resources: Sequence[tuple[Sequence[int], int]]) -> Load:
    """A load without what no window could serve: services share a resource of so many places.

    Args:
      load: as offered.
      resources: services, by place in the load, and the capacity that they share.
    """
    services = list(load.services)
    for sharing, capacity in resources:
        mean = sum(services[s].mean for s in sharing)
        if mean > capacity:
            part = capacity / mean
            for s in sharing:
                services[s] = Moments(services[s].mean * part, services[s].variance * part)
    return load._replace(services=tuple(services))


class Need(NamedTuple):
    """Windows that a load takes beside those with one service each."""

    lead_min: int
    flexible: float
    """Windows that serve several services."""
    services: tuple[float, ...]
    """Of those, windows that must serve each service."""
    over: Moments
    """What the windows with one service leave over."""
    all: Moments
    """The whole load, less those windows."""

    def chance(self, windows: float) -> float:
        """Probability that more than so many flexible windows are needed, 0 to 1."""
        return max(_above(self.over, windows), _above(self.all, windows))


def _above(load: Moments, windows: float) -> float:
    if load.variance <= 0.0:
        return 1.0 if load.mean > windows else 0.0
    return cumulative((load.mean - windows) / math.sqrt(load.variance))


def need(load: Load, dedicated: Sequence[int], beta: float) -> Need:
    """Windows needed beside the dedicated ones.

    Args:
      load: of one moment.
      dedicated: open windows that serve one service only, by service.
      beta: standard deviations kept above the mean: 0 the mean, 1 comfort, -1 thrift.
    """
    left = [excess(moments, windows) for moments, windows in zip(load.services, dedicated, strict=True)]
    over = Moments(sum(e.mean for e in left), sum(e.variance for e in left))
    total = Moments(
        sum(moments.mean for moments in load.services) - sum(dedicated),
        sum(moments.variance for moments in load.services),
    )
    flexible = max(_at(over, beta), _at(total, beta), 0.0)
    return Need(load.lead_min, flexible, tuple(max(0.0, _at(e, beta)) for e in left), over, total)


def _at(load: Moments, beta: float) -> float:
    return load.mean + beta * math.sqrt(load.variance)
