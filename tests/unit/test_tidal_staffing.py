"""The load to come, against a hall of endless windows that is simulated with the same numbers."""

from __future__ import annotations

import random

import pytest

from callq.tidal.forecast import DayForecast, Slot
from callq.tidal.laws import Law, Moments, law_of
from callq.tidal.staffing import Group, Load, leads, load_at, load_forecast, need, scarce

LAW = law_of(10.0, 0.9)
LEAD = 11
RUNS = 4_000


def rest_of(rng: random.Random, law: Law, age: float) -> float:
    """A handling time that has lasted so long already, less that."""
    while True:
        drawn = rng.lognormvariate(law.location, law.scale)
        if drawn > age:
            return drawn - age


def simulated(group: Group, lead: int) -> Moments:
    """How many of those here, booked and to come are served at the lead where nobody ever waits."""
    rng = random.Random(8)
    seen = []
    for _ in range(RUNS):
        count = sum(rest_of(rng, LAW, age) > lead for age in group.ages)
        count += sum(rest_of(rng, LAW, 0.0) > lead - due for due in group.booked if due < lead)
        count += sum(rng.random() < 0.5 for _ in range(group.waiting))
        for minute, rate in enumerate(group.coming[:lead]):
            at = rng.expovariate(rate) if rate else 2.0
            while at < 1.0:
                count += rest_of(rng, LAW, 0.0) > lead - minute - at
                at += rng.expovariate(rate)
        seen.append(count)
    mean = sum(seen) / RUNS
    return Moments(mean, sum((x - mean) ** 2 for x in seen) / RUNS)


@pytest.mark.parametrize(
    "group",
    [
        Group(LAW, 0, (0.0, 2.0, 9.0, 25.0, 60.0), (0.0,) * LEAD),
        Group(LAW, 0, (), (1.5,) * LEAD),
        Group(LAW, 8, (3.0,), (0.4, 0.0, 2.0) * 4, booked=(0.0, 4.5, 10.0, 30.0)),
    ],
    ids=["served", "coming", "all"],
)
def test_the_load_is_that_of_endless_windows(group: Group) -> None:
    (load,) = load_at([group], LEAD).services
    seen = simulated(group, LEAD)
    assert load.mean == pytest.approx(seen.mean, rel=0.04)
    assert load.variance == pytest.approx(seen.variance, rel=0.1)


def test_a_booking_beyond_the_lead_is_no_load_yet() -> None:
    group = Group(LAW, 0, (), (0.0,) * LEAD, booked=(11.0, 40.0))
    assert load_at([group], LEAD).services == (Moments(0.0, 0.0),)


def test_it_is_looked_ahead_for_half_an_hour_beyond_the_opening() -> None:
    assert leads(5) == (6, 11, 16, 21, 26, 31)
    assert leads(0) == (1, 6, 11, 16, 21, 26)


def test_a_steady_forecast_is_a_load_of_rate_times_mean() -> None:
    day = DayForecast((Slot(0.0, 1440.0, 1.0),), (2_880.0,), (None,))
    (load,) = load_forecast([LAW], day, 720.0, 6).services
    assert load.mean == pytest.approx(20.0, rel=0.01)
    assert load.variance == load.mean


def test_what_no_window_may_serve_is_no_load() -> None:
    load = Load(6, (Moments(4.0, 2.0), Moments(2.0, 2.0), Moments(5.0, 5.0)))
    bounded = scarce(load, [((0, 1), 3), ((2,), 9)])
    assert bounded.services == (Moments(2.0, 1.0), Moments(1.0, 1.0), Moments(5.0, 5.0))


def test_what_dedicated_windows_leave_over_and_the_whole_both_bind() -> None:
    uneven = Load(6, (Moments(10.0, 4.0), Moments(1.0, 1.0)))
    assert need(uneven, (4, 8), 0.0).flexible == pytest.approx(6.0, abs=0.1)
    even = Load(6, (Moments(10.0, 4.0), Moments(10.0, 4.0)))
    assert need(even, (4, 4), 0.0).flexible == pytest.approx(12.0, abs=0.1)


@pytest.mark.parametrize("dedicated", [(0, 0), (5, 7), (8, 8)])
def test_the_mean_and_spread_of_what_is_left_over_are_those_of_sampled_loads(
    dedicated: tuple[int, int],
) -> None:
    rng = random.Random(9)
    load = Load(6, (Moments(7.0, 6.25), Moments(6.0, 4.0)))
    left = [
        sum(
            max(0.0, rng.gauss(m.mean, m.variance**0.5) - n)
            for m, n in zip(load.services, dedicated, strict=True)
        )
        for _ in range(RUNS * 5)
    ]
    mean = sum(left) / len(left)
    found = need(load, dedicated, 0.0)
    assert found.over.mean == pytest.approx(mean, rel=0.05)
    assert found.over.variance == pytest.approx(sum((x - mean) ** 2 for x in left) / len(left), rel=0.08)


def test_comfort_costs_windows() -> None:
    load = Load(6, (Moments(10.0, 9.0),))
    thrifty, plain, comfortable = (need(load, (4,), beta).flexible for beta in (-1.0, 0.0, 1.0))
    assert thrifty < plain < comfortable
    assert comfortable - plain == pytest.approx(3.0, rel=0.01)


def test_a_need_is_never_negative() -> None:
    assert need(Load(6, (Moments(1.0, 1.0),)), (9,), -3.0).flexible == 0.0


def test_the_chance_that_more_are_needed_falls_with_the_windows() -> None:
    found = need(Load(6, (Moments(10.0, 9.0),)), (4,), 0.0)
    chances = [found.chance(windows + 0.5) for windows in range(20)]
    assert chances == sorted(chances, reverse=True)
    assert chances[0] > 0.95
    assert chances[19] < 0.01
    certain = need(Load(6, (Moments(10.0, 0.0),)), (4,), 0.0)
    assert [certain.chance(5.5), certain.chance(6.5)] == [1.0, 0.0]
