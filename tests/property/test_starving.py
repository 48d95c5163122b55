"""Nobody starves: a search for arrivals that let an ordinary ticket wait far longer than by the longest wait.

`python -m tests.property.test_starving FIRST LAST` searches longer and prints the worst pattern it finds.
"""

from __future__ import annotations

import sys

import pytest

from tests.property.starving import SERVICES, Arrival, Pattern, excess, few_privileged, searched

SERVICE_S = 600
"""Ten minutes each: what serving takes on average."""

WANTED_MIN = 20.0
"""What was hoped for: it holds against those with priority, not among ordinary tickets of other services."""

BOUND_MIN = 30.0
"""What holds, as far as the search has found, with services of ten minutes."""

LONG_MIN = 60.0
"""The same with services of up to forty."""

STEPS = 60

WORST = Pattern(
    (SERVICES, ("b", "c")),
    (
        Arrival(0, "a", "ordinary", 600),
        Arrival(0, "b", "ordinary", 600),
        Arrival(0, "b", "ordinary", 600),
        Arrival(0, "c", "ordinary", 600),
        Arrival(0, "c", "ordinary", 600),
        Arrival(35, "c", "ordinary", 600),
        Arrival(868, "c", "ordinary", 600),
        Arrival(1158, "c", "ordinary", 600),
    ),
)
"""Nobody has priority: whoever is alone for a service is passed by three who came at once, or soon after."""


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(10))
def test_no_ordinary_ticket_waits_far_longer_than_by_the_longest_wait(seed: int) -> None:
    """And while the search tries, nobody beyond twice their target is passed but in the guard's order."""
    found, pattern = searched(seed, STEPS, SERVICE_S)
    assert found <= BOUND_MIN, pattern


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(10))
def test_without_pressure_it_is_twenty_minutes_at_most(seed: int) -> None:
    found, pattern = searched(seed, STEPS, SERVICE_S, pressure=0.0)
    assert found <= WANTED_MIN, pattern


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(100, 106))
def test_nor_where_services_are_long(seed: int) -> None:
    found, pattern = searched(seed, STEPS)
    assert found <= LONG_MIN, pattern


def test_the_bound_of_twenty_minutes_is_too_low_for_the_pressure() -> None:
    assert few_privileged(WORST)
    assert excess(WORST) == pytest.approx(30)
    assert excess(WORST, 0.0) == pytest.approx(0)


@pytest.mark.timeout(300)
def test_the_search_would_find_a_policy_that_starves() -> None:
    """The same search, with a pressure that lets a long queue go before whoever is alone."""
    assert max(searched(seed, STEPS, SERVICE_S, pressure=2.0)[0] for seed in range(8)) > BOUND_MIN


def search(first: int, last: int) -> None:
    """Look for the worst patterns, with services of ten minutes and with any."""
    for takes_s in (SERVICE_S, None):
        worst, pattern = max(searched(seed, 300, takes_s) for seed in range(first, last))
        print(f"{worst:.1f} min longer, services of {takes_s or 'any length'}: {pattern}")


if __name__ == "__main__":
    search(*(int(argument) for argument in sys.argv[1:3]))
