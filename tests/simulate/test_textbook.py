"""The engine against what is known: formulas where there are any, and another simulation."""

from __future__ import annotations

import math
from functools import cache
from itertools import pairwise
from statistics import fmean, linear_regression
from typing import TYPE_CHECKING, NamedTuple

import ciw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callq.domain.hall import ProfileSlot, Routing
from callq.simulate.draws import drawn
from callq.simulate.results import Interval, student
from callq.simulate.runs import Run, one_day
from callq.simulate.scenario import Day, Group, Handling, Layout, Scenario
from callq.simulate.textbook import Steady, erlang_b, erlang_c, servers_for

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from callq.simulate.record import DayRecord

FROM, UNTIL = 5, 23
"""Hours between which people come."""
WARM_H = 3
"""Hours until the start no longer matters: many times what a line of these loads remembers."""
DAYS = 20
SEED = 11
TIGHT = 0.33
"""Half an interval of 99% against the mean, at most: a wider one would agree with anything."""


def steady(line: Steady, distribution: str) -> Scenario:
    hours = f"{FROM:02}:00-{UNTIL:02}:00"
    return Scenario(
        name="steady",
        day=Day(volume=line.rate * 60 * (UNTIL - FROM), opens=hours[:5], closes=hours[6:]),
        groups=(Group(code="a", share=1.0),),
        profile=(ProfileSlot(hours=hours, rate=1.0),),
        handling=Handling(
            distribution=distribution,  # type: ignore[arg-type]
            mean_min=line.mean_min,
            cv=line.cv,
            shortest_min=0,
            longest_min=480,
        ),
        layout=Layout(domain=line.servers, comprehensive=0),
        routing=Routing(policy="longest_wait"),
    )


class Warm(NamedTuple):
    """Of one day, people who came when the line was warm."""

    waits_min: list[float]
    work_min: float
    """Handling that they brought."""


@cache
def ours(line: Steady, distribution: str) -> list[Warm]:
    scenario = steady(line, distribution)
    run = Run(scenario, scenario.day.volume, DAYS, SEED)
    return [_warm(one_day(run, day)) for day in range(DAYS)]


def _warm(record: DayRecord) -> Warm:
    assert all(outcome.end == "done" for outcome in record.outcomes)
    late = [o for o in record.outcomes if o.arrived_ms >= (FROM + WARM_H) * 3_600_000]
    waits = [(o.wait_ms or 0) / 60_000 for o in late]
    return Warm(waits, sum((o.done_ms or 0) - (o.called_ms or 0) for o in late) / 60_000)


def theirs(line: Steady, distribution: str) -> list[Warm]:
    """The same by ciw."""
    spread = math.log(1 + line.cv**2)
    service = {
        "exponential": ciw.dists.Exponential(rate=1 / line.mean_min),
        "lognormal": ciw.dists.Lognormal(math.log(line.mean_min) - spread / 2, math.sqrt(spread)),
    }[distribution]
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(rate=line.rate)],
        service_distributions=[service],
        number_of_servers=[line.servers],
    )
    days = []
    for day in range(DAYS):
        ciw.seed(SEED + day)
        simulation = ciw.Simulation(network)
        simulation.simulate_until_max_time(60 * (UNTIL - FROM))
        late = [r for r in simulation.get_all_records() if r.arrival_date >= 60 * WARM_H]
        days.append(Warm([r.waiting_time for r in late], sum(r.service_time for r in late)))
    return days


def estimate(line: Steady, days: Sequence[Warm], figure: Callable[[list[float]], float]) -> Interval:
    """A figure's mean over days with its 99% interval.

    Days differ mostly by how much work came, of which the mean is known: a line through the days says what
    an average day had. (A control variate; it costs one degree of freedom.)
    """
    work = [day.work_min / (60 * (UNTIL - FROM - WARM_H)) - line.load for day in days]
    found = [figure(day.waits_min) for day in days]
    slope, at_mean = linear_regression(work, found)
    rest = [y - slope * x for x, y in zip(work, found, strict=True)]
    spread = math.sqrt(sum((y - at_mean) ** 2 for y in rest) / (len(days) - 2))
    squares = sum((x - fmean(work)) ** 2 for x in work)
    half = student(0.995, len(days) - 2) * spread * math.sqrt(1 / len(days) + fmean(work) ** 2 / squares)
    return Interval(mean=at_mean, low=at_mean - half, high=at_mean + half)


def half(interval: Interval) -> float:
    return interval.mean - interval.low


LINES = {
    "one window": (Steady(1, 0.6, 1.0), "exponential"),
    "four windows": (Steady(4, 1.4, 2.0), "exponential"),
    "eight windows": (Steady(8, 2.6, 2.0), "exponential"),
    "one window, lognormal": (Steady(1, 1.0, 0.5, 0.9), "lognormal"),
}
"""Those whose mean wait is known."""


@pytest.mark.parametrize(("line", "distribution"), LINES.values(), ids=LINES)
def test_the_mean_wait_is_that_of_the_formula(line: Steady, distribution: str) -> None:
    found = estimate(line, ours(line, distribution), fmean)
    assert half(found) < TIGHT * line.mean_wait_min
    assert found.low < line.mean_wait_min < found.high


def test_so_many_wait_and_so_long_as_erlang_says() -> None:
    line, distribution = LINES["four windows"]
    days = ours(line, distribution)
    for part in (1 - line.waiting_share, 0.9):
        limit = line.wait_percentile_min(part)
        longer = estimate(line, days, lambda waits: sum(w > limit for w in waits) / len(waits))  # noqa: B023
        assert half(longer) < TIGHT * (1 - part)
        assert longer.low < 1 - part < longer.high


TWINS = {
    "exponential": LINES["four windows"],
    "lognormal": (Steady(4, 1.4, 2.0, 0.9), "lognormal"),
    "very uneven": (Steady(4, 1.3, 2.0, 1.3), "lognormal"),
}


def test_another_simulation_finds_the_same() -> None:
    line, distribution = TWINS["lognormal"]
    one = estimate(line, ours(line, distribution), fmean)
    two = estimate(line, theirs(line, distribution), fmean)
    apart = math.hypot(half(one), half(two))
    assert apart < TIGHT * two.mean
    assert abs(one.mean - two.mean) < apart


@pytest.mark.parametrize(("line", "distribution"), TWINS.values(), ids=TWINS)
def test_another_simulation_gives_the_same_people_the_same_waits(line: Steady, distribution: str) -> None:
    """No confidence needed: arrivals and handling times are handed over."""
    scenario = steady(line, distribution)
    people = drawn(scenario, 2000, SEED, 0).people
    record = one_day(Run(scenario, 2000, 1, SEED), 0)
    arrivals = [0, *(person.at_ms for person in people)]
    gaps = [float(after - before) for before, after in pairwise(arrivals)]
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Sequential([*gaps, math.inf])],
        service_distributions=[ciw.dists.Sequential([float(person.service_ms) for person in people])],
        number_of_servers=[line.servers],
    )
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_customers(len(people))
    found = sorted(simulation.get_all_records(), key=lambda r: int(r.id_number))
    assert [round(r.waiting_time) for r in found] == [o.wait_ms for o in record.outcomes]
    assert max(r.waiting_time for r in found) > 60_000


def test_the_share_that_waits_in_tables() -> None:
    assert erlang_c(1, 0.7) == pytest.approx(0.7)
    assert erlang_b(5, 3.0) == pytest.approx(0.11005, abs=1e-5)
    assert erlang_c(5, 3.0) == pytest.approx(0.23615, abs=1e-5)
    assert erlang_c(5, 5.0) == 1.0
    assert Steady(5, 1.0, 5.0).mean_wait_min == math.inf
    assert Steady(5, 1.0, 5.0).wait_percentile_min(0.9) == math.inf
    assert Steady(1, 0.5, 1.0).mean_wait_min == pytest.approx(1.0)
    assert Steady(100, 0.5, 1.0).wait_percentile_min(0.9) == 0.0


@given(servers=st.integers(1, 200), busy=st.floats(0.01, 0.99), cv=st.floats(0, 2))
def test_another_window_never_makes_the_wait_longer(servers: int, busy: float, cv: float) -> None:
    line = Steady(servers, servers * busy, 1.0, cv)
    more = line._replace(servers=servers + 1)
    assert 0 <= more.mean_wait_min <= line.mean_wait_min < math.inf
    assert more.wait_percentile_min(0.95) <= line.wait_percentile_min(0.95)


@given(rate=st.floats(0.01, 20), mean_min=st.floats(0.5, 30), wait_min=st.floats(0.1, 30))
def test_no_fewer_windows_would_do(rate: float, mean_min: float, wait_min: float) -> None:
    found = servers_for(rate, mean_min, wait_min)
    assert Steady(found, rate, mean_min).mean_wait_min <= wait_min
    if found > 1:
        assert Steady(found - 1, rate, mean_min).mean_wait_min > wait_min
