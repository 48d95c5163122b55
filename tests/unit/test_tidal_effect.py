"""What a plan does to the tickets that it is about."""

from __future__ import annotations

import pytest

from callq.tidal.effect import Outcome, effect
from callq.tidal.laws import Moments, excess
from callq.tidal.staffing import Load

MEANS = (10.0, 10.0, 10.0)


def load(*means: float, lead: int = 6, variance: float = 0.0) -> Load:
    """A load that is certain, unless told otherwise."""
    return Load(lead, tuple(Moments(mean, variance) for mean in means))


def test_windows_that_cannot_serve_a_ticket_take_nothing_off_its_wait() -> None:
    idle = [(1,)] * 6
    found = effect([load(4.0, 1.0, 0.0)], MEANS, [0], [(0,), (0,), *idle], [(0,), (0,), (0,), *idle])
    assert found.before == Outcome(2.0, 10.0), "two wait at two windows of ten minutes each"
    assert found.after.short == 1.0
    assert found.after.wait_min == pytest.approx(10 / 3)


def test_windows_with_one_service_take_their_load_and_the_others_what_they_leave_over() -> None:
    """Six come for four windows of their own, three for one: four are left over for two that serve both."""
    windows = [(0,)] * 4 + [(1,)] + [(0, 1)] * 2
    found = effect([load(6.0, 3.0, 0.0)], MEANS, [0, 1], windows, [*windows, (0, 1)])
    assert (found.before.short, found.after.short) == (2.0, 1.0)
    assert found.before.wait_min == pytest.approx(10 * 2 / 7)


def test_a_service_has_its_share_of_what_all_that_share_its_windows_lack() -> None:
    """By itself it would find both windows free; another takes most of them."""
    windows = [(0, 1)] * 2
    found = effect([load(1.0, 9.0, 0.0)], MEANS, [0], windows, [(0, 1)] * 4)
    assert found.before.short == pytest.approx(0.8)
    assert found.before.wait_min == pytest.approx(10 * 8 / 2)
    assert found.after.short == pytest.approx(0.6)


def test_it_is_not_known_what_people_wait_whom_nobody_serves() -> None:
    found = effect([load(3.0, 0.0, 0.0)], MEANS, [0], [(1, 2)], [(1, 2), (0,)])
    assert found.before == Outcome(3.0, None)
    assert found.after == Outcome(2.0, 20.0)


def test_nobody_waits_where_nobody_comes() -> None:
    found = effect([load(0.0, 0.0, 0.0)], MEANS, [0, 1], [(0, 1)] * 2, [(0, 1)])
    assert found.before == found.after == Outcome(0.0, 0.0)


def test_it_is_of_the_moment_that_is_the_worst_with_the_plan_or_without_it() -> None:
    soon, later = load(1.0, 0.0, 0.0), load(3.0, 0.0, 0.0, lead=31)
    closes = effect([soon, later], MEANS, [0], [(0,)] * 3, [(0,)])
    assert (closes.before.short, closes.after.short) == (0.0, 2.0)


def test_chance_makes_people_wait_where_there_are_windows_enough_on_average() -> None:
    found = effect([load(3.0, 0.0, 0.0, variance=3.0)], MEANS, [0], [(0, 1)] * 3, [(0, 1)] * 4)
    assert found.before.short > found.after.short > 0
    own = excess(Moments(3.0, 3.0), 0)
    others = excess(Moments(0.0, 3.0), 0)
    pooled = excess(Moments(own.mean + others.mean, own.variance + others.variance), 3).mean
    assert found.before.short >= pooled * own.mean / (own.mean + others.mean) - 1e-9


def test_long_services_make_waits_longer() -> None:
    short = effect([load(4.0, 0.0, 0.0)], (5.0, 5.0, 5.0), [0], [(0,)] * 2, [(0,)] * 3)
    long = effect([load(4.0, 0.0, 0.0)], (20.0, 5.0, 5.0), [0], [(0,)] * 2, [(0,)] * 3)
    assert short.before.wait_min is not None
    assert long.before.wait_min == pytest.approx(4 * short.before.wait_min)
