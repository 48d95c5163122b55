"""What a hall expects of a day, and how the day corrects it."""

from __future__ import annotations

import pytest

from callq.tidal.forecast import DayForecast, Slot, day_factors

NINE, TWELVE, FIVE = 540.0, 720.0, 1020.0
PROFILE = (Slot(NINE, TWELVE, 2.0), Slot(TWELVE, FIVE, 1.0))


def test_the_volume_of_a_day_is_spread_as_the_profile_says() -> None:
    day = DayForecast(PROFILE, (660.0, 66.0), (None, None))
    assert day.until(0, 24 * 60.0) == pytest.approx(660.0)
    assert day.until(0, TWELVE) == pytest.approx(660.0 * 360 / 660)
    assert day.until(1, TWELVE) == pytest.approx(36.0)
    assert day.rates[0][545] == pytest.approx(2 * day.rates[0][725])


def test_nobody_is_expected_before_the_day_nor_after_it() -> None:
    day = DayForecast(PROFILE, (660.0,), (None,))
    assert day.until(0, -5.0) == 0.0
    assert day.until(0, NINE) == 0.0
    assert day.until(0, 9_999.0) == pytest.approx(660.0)
    assert day.ahead(0, FIVE, 31) == [0.0] * 31


def test_moments_within_a_minute_are_told_apart() -> None:
    day = DayForecast((Slot(NINE, NINE + 10, 1.0),), (10.0,), (None,))
    assert day.until(0, NINE + 2.25) == pytest.approx(2.25)
    assert day.ahead(0, NINE + 9.5, 2) == [pytest.approx(0.5), 0.0]
    assert day.behind(0, NINE + 0.5, 2) == [pytest.approx(0.5), 0.0]


def test_slots_need_not_begin_with_a_minute() -> None:
    day = DayForecast((Slot(NINE + 0.5, NINE + 2.0, 1.0),), (3.0,), (None,))
    assert day.rates[0][540] == pytest.approx(1.0)
    assert day.rates[0][541] == pytest.approx(2.0)


def test_a_service_expects_its_volume_while_it_is_ticketed() -> None:
    day = DayForecast(PROFILE, (120.0, 120.0), (None, ((NINE, NINE + 60),)))
    assert day.until(1, NINE + 30) == pytest.approx(60.0)
    assert day.until(1, NINE + 60) == pytest.approx(120.0)


def test_a_service_that_is_never_ticketed_expects_nobody() -> None:
    day = DayForecast(PROFILE, (120.0,), ((),))
    assert day.until(0, FIVE) == 0.0


def test_a_day_as_expected_changes_nothing() -> None:
    factors = day_factors((50, 30), (50.0, 30.0))
    assert factors.day == 1.0
    assert factors.services == (1.0, 1.0)


def test_a_busy_day_is_believed_slowly() -> None:
    factors = day_factors((120, 40), (60.0, 40.0))
    assert factors.day == pytest.approx(200 / 140)
    assert factors.services[0] == pytest.approx(200 / 140 * 140 / (20 + 200 / 140 * 60))
    assert factors.services[0] > factors.day > factors.services[1]


def test_before_anybody_could_come_nothing_is_learned() -> None:
    assert day_factors((0, 0), (0.0, 0.0)) == (1.0, (1.0, 1.0))
