"""The laws that the tides are reckoned by, against sampling, integration and closed forms."""

from __future__ import annotations

import math
import random

import pytest

from callq.tidal.laws import Moments, cumulative, excess, law_of, survivals


def samples(mean_min: float, cv: float, count: int = 40_000) -> list[float]:
    """Handling times drawn from the law as the standard library has it."""
    law = law_of(mean_min, cv)
    rng = random.Random(6)
    return [rng.lognormvariate(law.location, law.scale) for _ in range(count)]


@pytest.mark.parametrize(("mean_min", "cv"), [(10.0, 0.9), (4.0, 0.3), (25.0, 1.6)])
def test_a_law_has_the_mean_and_the_spread_it_was_asked_for(mean_min: float, cv: float) -> None:
    law = law_of(mean_min, cv)
    mean = math.exp(law.location + law.scale**2 / 2)
    assert mean == pytest.approx(mean_min)
    assert math.sqrt(math.expm1(law.scale**2)) == pytest.approx(cv)


@pytest.mark.parametrize("minutes", [0.5, 3.0, 9.0, 20.0, 60.0])
def test_survival_is_the_share_of_samples_that_take_longer(minutes: float) -> None:
    drawn = samples(10.0, 0.9)
    share = sum(s > minutes for s in drawn) / len(drawn)
    assert law_of(10.0, 0.9).survival(minutes) == pytest.approx(share, abs=0.01)


@pytest.mark.parametrize("age", [0.0, 2.0, 10.0, 30.0])
def test_what_has_begun_goes_on_as_the_samples_that_lasted_so_long_do(age: float) -> None:
    lived = [s for s in samples(10.0, 0.9) if s > age]
    law = law_of(10.0, 0.9)
    assert law.goes_on(age, 6.0) == pytest.approx(sum(s > age + 6.0 for s in lived) / len(lived), abs=0.02)
    assert law.rest_min(age) == pytest.approx(sum(lived) / len(lived) - age, rel=0.05)


def test_handling_that_always_takes_the_same_time_ends_then() -> None:
    law = law_of(10.0, 0.0)
    assert law.survival(9.9) == 1.0
    assert law.survival(10.1) == 0.0
    assert law.goes_on(4.0, 5.0) == 1.0
    assert law.goes_on(4.0, 7.0) == 0.0
    assert law.rest_min(4.0) == pytest.approx(6.0)
    assert law.rest_min(14.0) == 0.0


def test_what_has_outlived_its_law_goes_on() -> None:
    assert law_of(0.1, 0.1).goes_on(480.0, 6.0) == 1.0
    assert law_of(10.0, 0.0).goes_on(11.0, 1.0) == 1.0


def test_nothing_is_over_before_it_began() -> None:
    assert law_of(10.0, 0.9).survival(0.0) == 1.0
    assert law_of(10.0, 0.9).survival(-3.0) == 1.0


def test_minutes_are_looked_at_in_their_middle() -> None:
    law = law_of(8.0, 0.9)
    assert survivals(law, 3) == (law.survival(0.5), law.survival(1.5), law.survival(2.5))


@pytest.mark.parametrize("x", [-3.0, -1.0, 0.0, 0.7, 2.5])
def test_the_normal_law_and_its_mirror_make_one(x: float) -> None:
    assert cumulative(x) + cumulative(-x) == pytest.approx(1.0)
    step = 0.001
    area = sum(math.exp(-0.5 * (x - k * step) ** 2) * step / math.sqrt(2 * math.pi) for k in range(12_000))
    assert cumulative(x) == pytest.approx(area, abs=0.001)


@pytest.mark.parametrize("windows", [0.0, 4.0, 7.0, 9.0, 14.0])
def test_what_windows_leave_over_is_that_of_sampled_loads(windows: float) -> None:
    rng = random.Random(7)
    over = [max(0.0, rng.gauss(7.0, 2.5) - windows) for _ in range(60_000)]
    mean = sum(over) / len(over)
    variance = sum((x - mean) ** 2 for x in over) / len(over)
    left = excess(Moments(7.0, 6.25), windows)
    assert left.mean == pytest.approx(mean, abs=0.04)
    assert left.variance == pytest.approx(variance, abs=0.12)


def test_a_load_that_is_certain_leaves_the_difference_over() -> None:
    assert excess(Moments(7.0, 0.0), 4) == Moments(3.0, 0.0)
    assert excess(Moments(3.0, 0.0), 4) == Moments(0.0, 0.0)
