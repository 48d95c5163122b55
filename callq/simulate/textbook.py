"""Waits that formulas give: what a simulation is held against, and a quick answer without one.

All are of a steady state, which a hall's day is not: arrivals at random at one rate, servers that are all
alike, one line, first come, first served.
"""

from __future__ import annotations

import math
from typing import NamedTuple


class Steady(NamedTuple):
    """A line that everybody is served from.

    Attributes:
      servers: how many, at least 1.
      rate: arrivals a minute.
      mean_min: mean handling, minutes.
      cv: coefficient of variation of the handling; 1 for exponential handling.
    """

    servers: int
    rate: float
    mean_min: float
    cv: float = 1.0

    @property
    def load(self) -> float:
        """Servers that are busy on average, if they suffice."""
        return self.rate * self.mean_min

    @property
    def is_stable(self) -> bool:
        """Whether the servers can cope; otherwise the line grows without end."""
        return self.load < self.servers

    @property
    def waiting_share(self) -> float:
        """Share of people who wait; 1 where the servers cannot cope. Exact for exponential handling."""
        return erlang_c(self.servers, self.load)

    @property
    def mean_wait_min(self) -> float:
        """Mean wait of everybody, minutes; infinite where the servers cannot cope.

        Exact for exponential handling (Erlang) and for one server (Pollaczek and Khinchine); otherwise the
        approximation of Allen and Cunneen.
        """
        if not self.is_stable:
            return math.inf
        return self.waiting_share * self._served_min * (1 + self.cv**2) / 2

    @property
    def _served_min(self) -> float:
        """Mean wait of those who wait, with exponential handling."""
        return self.mean_min / (self.servers - self.load)

    def wait_percentile_min(self, part: float) -> float:
        """The wait that so many do not exceed, minutes.

        Exact for exponential handling; otherwise an exponential tail of the right mean.

        Args:
          part: 0 to 1, without 1.
        """
        if not self.is_stable:
            return math.inf
        if part <= 1 - self.waiting_share:
            return 0.0
        tail_min = self._served_min * (1 + self.cv**2) / 2
        return tail_min * math.log(self.waiting_share / (1 - part))


def erlang_b(servers: int, load: float) -> float:
    """Share of calls that find all servers busy and are lost.

    Args:
      servers: how many, 0 or more.
      load: rate of arrivals times mean service, in servers.

    Source: Erlang's loss formula, by its recursion over the servers, which neither overflows nor cancels.
    """
    lost = 1.0
    for number in range(1, servers + 1):
        lost = load * lost / (number + load * lost)
    return lost


def erlang_c(servers: int, load: float) -> float:
    """Share of people who find all servers busy and wait; 1 where the servers cannot cope.

    Args:
      servers: how many, at least 1.
      load: rate of arrivals times mean service, in servers.

    Source: Erlang's delay formula, from the loss formula.
    """
    if load >= servers:
        return 1.0
    lost = erlang_b(servers, load)
    return lost / (1 - load / servers * (1 - lost))


def servers_for(rate: float, mean_min: float, wait_min: float, cv: float = 1.0) -> int:
    """The fewest servers with which the mean wait is at most so long.

    Args:
      rate: arrivals a minute.
      mean_min: mean handling, minutes.
      wait_min: above 0.
      cv: of the handling.
    """
    servers = int(rate * mean_min) + 1
    while Steady(servers, rate, mean_min, cv).mean_wait_min > wait_min:
        servers += 1
    return servers
