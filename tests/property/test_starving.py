"""Nobody starves: a search for arrivals that let an ordinary ticket wait far longer than by the longest wait.

`python -m tests.property.test_starving FIRST LAST` searches longer and prints the worst pattern it finds.
"""

from __future__ import annotations

import sys

import pytest

from tests.property.starving import (
    GUARD,
    SERVICES,
    TARGET_MIN,
    Arrival,
    Pattern,
    bound,
    excess,
    few_privileged,
    long_services,
    one_alone,
    passed_at_the_guard,
    searched,
)

SERVICE_S = 600
"""Ten minutes each: what serving takes on average."""

WANTED_MIN = 20.0
"""What was hoped for: it holds against those with priority, not among ordinary tickets of other services."""

PRESSURE = 0.5
"""What weighs the queues in a hall of 42 windows, where it weighs most: in a small one it finds more."""

STEPS = 40

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
@pytest.mark.parametrize("pressure", [None, PRESSURE])
@pytest.mark.parametrize("takes_s", [SERVICE_S, None])
@pytest.mark.parametrize("seed", range(5))
def test_no_ordinary_ticket_waits_longer_than_by_the_longest_wait_and_the_bound(
    seed: int, takes_s: int | None, pressure: float | None
) -> None:
    """And while the search tries, nobody beyond twice their target is passed but in the guard's order."""
    found, pattern = searched(seed, STEPS, takes_s, pressure)
    assert found <= 0, pattern


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(10))
def test_without_pressure_it_is_twenty_minutes_at_most(seed: int) -> None:
    found, pattern = searched(seed, STEPS, SERVICE_S, pressure=0.0)
    assert found + bound(pattern) <= WANTED_MIN, pattern


def test_the_bound_of_twenty_minutes_is_too_low_for_the_pressure() -> None:
    assert few_privileged(WORST)
    assert excess(WORST) == pytest.approx(30)
    assert excess(WORST, 0.0) == pytest.approx(0)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("windows", [7, 8, 12, 42])
def test_the_bound_is_reached_in_larger_halls(windows: int) -> None:
    """Called at once by the longest wait, and by the guard after fifty minutes: forty and a service."""
    pattern = one_alone(windows, SERVICE_S)
    assert excess(pattern) == pytest.approx(bound(pattern)) == pytest.approx(50)
    assert excess(pattern, 0.0) == pytest.approx(0)


@pytest.mark.timeout(300)
def test_long_services_are_waited_for_as_well() -> None:
    """Of 39 minutes each: 78 at 42 windows, of a bound of 79."""
    pattern = long_services(windows=42, more=10)
    assert excess(pattern) == pytest.approx(77.93, abs=0.01)
    assert bound(pattern) == pytest.approx(78.97, abs=0.01)


@pytest.mark.timeout(300)
def test_a_burst_with_priority_adds_its_own_rounds() -> None:
    """44 min were guard and one service; five with priority at two windows are three rounds of 4 min."""
    pattern = passed_at_the_guard()
    found = excess(pattern, PRESSURE)
    assert found is not None
    assert 44 < found <= bound(pattern) == pytest.approx(56)


@pytest.mark.timeout(300)
def test_the_search_would_find_a_policy_that_starves() -> None:
    """The same search without a guard, where a long queue goes before whoever is alone."""
    found = (searched(seed, STEPS, SERVICE_S, pressure=2.0, guard=0.0) for seed in range(8))
    assert max(beyond + bound(pattern) for beyond, pattern in found) > GUARD * TARGET_MIN + SERVICE_S / 60


def search(first: int, last: int) -> None:
    """Look for the worst patterns, with services of ten minutes and with any, as in halls of 42 windows."""
    for takes_s in (SERVICE_S, None):
        found = (searched(seed, 300, takes_s, PRESSURE) for seed in range(first, last))
        worst, pattern = max(found)
        limit = bound(pattern)
        services = takes_s or "any length"
        print(f"{worst + limit:.1f} min longer, of {limit:.1f}, services of {services}: {pattern}")


if __name__ == "__main__":
    search(*(int(argument) for argument in sys.argv[1:3]))
