"""The plan in a simulated hall: fewer staff-hours than all windows open all day, and nothing flutters."""

from __future__ import annotations

from functools import cache
from statistics import mean
from typing import TYPE_CHECKING

import msgspec
import pytest

from callq.simulate.runs import Run, one_day
from callq.simulate.scenario import Burst, Scenario, load

if TYPE_CHECKING:
    from callq.simulate.record import DayRecord

DAYS = (0, 1)


def small_county() -> Scenario:
    """The reference scenario at a quarter of its size, so that a day takes a blink."""
    county = load("county-84")
    assert county.layout is not None
    layout = msgspec.structs.replace(county.layout, domain=12, comprehensive=10, base=3)
    day = msgspec.structs.replace(county.day, volume=650)
    tides = msgspec.structs.replace(county.tides, close_margin=2)
    return msgspec.structs.replace(county, layout=layout, day=day, tides=tides)


@cache
def lived(tidal: str, scenario: Scenario | None = None) -> list[DayRecord]:
    return [one_day(Run(scenario or small_county(), 650, 2, 3, tidal=tidal), day) for day in DAYS]


def wait_min(record: DayRecord) -> float:
    return mean((outcome.wait_ms or 0) / 60_000 for outcome in record.outcomes)


@pytest.mark.parametrize("variant", ["default", "forecast", "newsvendor"])
def test_the_plan_saves_hours_and_serves_everybody(variant: str) -> None:
    for planned, full in zip(lived(variant), lived("none"), strict=True):
        assert planned.staff_hours < 0.95 * full.staff_hours
        assert all(outcome.end == "done" for outcome in planned.outcomes)
        assert planned.most_reopened() <= 4
        assert len(planned.outcomes) == len(full.outcomes)


def test_the_live_state_is_worth_more_than_the_forecast() -> None:
    live = sum(wait_min(record) for record in lived("default"))
    assert live < sum(wait_min(record) for record in lived("forecast"))


@pytest.mark.parametrize("error", [-0.2, 0.2])
def test_a_forecast_that_errs_is_corrected_through_the_day(error: float) -> None:
    right = sum(record.staff_hours for record in lived("default"))
    wrong = lived("default", msgspec.structs.replace(small_county(), forecast_error=error))
    assert sum(record.staff_hours for record in wrong) == pytest.approx(right, rel=0.03)


def test_a_bus_that_nobody_forecast_opens_windows() -> None:
    bus = msgspec.structs.replace(small_county(), bursts=(Burst(at="12:30", people=60),))
    for with_bus, without in zip(lived("default", bus), lived("default"), strict=True):
        assert with_bus.staff_hours > without.staff_hours
        assert with_bus.most_reopened() <= 4
