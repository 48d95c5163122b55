"""Nobody starves: a search for arrivals that let an ordinary ticket wait far longer than by the longest wait.

`python -m tests.property.test_starving FIRST LAST` searches longer and prints the worst pattern it finds.
"""

from __future__ import annotations

import sys

import pytest

from tests.property.starving import SERVICES, Arrival, Pattern, excess, few_privileged, searched

SERVICE_S = 600
"""What serving takes where twenty minutes are promised: ten minutes each."""

BOUND_MIN = 20.0

STEPS = 60


def longest_min(pattern: Pattern) -> float:
    return max(one.takes_s for one in pattern.arrivals) / 60


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(10))
def test_no_ordinary_ticket_waits_far_longer_than_by_the_longest_wait(seed: int) -> None:
    """And while the search tries, nobody beyond twice their target is passed but in the guard's order."""
    found, pattern = searched(seed, STEPS, SERVICE_S)
    assert found <= BOUND_MIN, pattern


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(100, 106))
def test_where_services_are_long_it_is_one_of_them_at_most(seed: int) -> None:
    found, pattern = searched(seed, STEPS)
    assert found <= max(BOUND_MIN, longest_min(pattern)), pattern


def test_one_long_service_breaks_the_bound_of_twenty_minutes() -> None:
    """At one window any rule that lets somebody pass costs who is passed a service: here forty minutes."""
    crowd = [Arrival(60 + n, "a", "ordinary", 60) for n in range(4)]
    passed = Arrival(30, "b", "ordinary", 60)
    urgent = Arrival(120, "c", "priority", 2400)
    pattern = Pattern((SERVICES,), (Arrival(0, "a", "ordinary", 240), passed, *crowd, urgent))
    assert few_privileged(pattern)
    found = excess(pattern)
    assert found is not None
    assert BOUND_MIN < found <= longest_min(pattern)


@pytest.mark.timeout(300)
def test_the_search_would_find_a_policy_that_starves() -> None:
    """The same search, with a pressure that lets a long queue go before whoever is alone."""
    assert max(searched(seed, STEPS, SERVICE_S, pressure=2.0)[0] for seed in range(6)) > BOUND_MIN


def search(first: int, last: int) -> None:
    """Look for the worst patterns, with services of ten minutes and with any."""
    for takes_s in (SERVICE_S, None):
        worst, pattern = max(searched(seed, 300, takes_s) for seed in range(first, last))
        print(f"{worst:.1f} min longer, services of {takes_s or 'any length'}: {pattern}")


if __name__ == "__main__":
    search(*(int(argument) for argument in sys.argv[1:3]))
