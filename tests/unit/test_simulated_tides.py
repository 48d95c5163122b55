"""The plan in a simulated hall: fewer staff-hours than all windows open all day, and nothing flutters."""

from __future__ import annotations

from functools import cache
from statistics import mean
from typing import TYPE_CHECKING

import msgspec
import pytest

from callq.domain import commands as cmd
from callq.domain import events as ev
from callq.domain.tides import TidePlan, unexplained
from callq.simulate.runs import Run, one_day, prepared
from callq.simulate.scenario import Absence, Burst, Scenario, load

if TYPE_CHECKING:
    from callq.domain.decide import Decision
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


def test_a_clerk_who_falls_ill_at_the_peak_makes_no_window_flutter() -> None:
    ill = msgspec.structs.replace(small_county(), absences=(Absence(hours="10:00-12:00", windows=1),))
    for record in lived("default", ill):
        assert record.most_reopened() <= 4
        assert record.recovered is not None


@pytest.mark.parametrize("variant", ["default", "forecast", "newsvendor"])
@pytest.mark.parametrize("widening", [False, True])
def test_every_plan_of_a_wild_day_says_why_and_what_becomes_of_it(variant: str, widening: bool) -> None:
    county = small_county()
    assert county.layout is not None
    wild = msgspec.structs.replace(
        county,
        bursts=(Burst(at="10:00", people=40), Burst(at="15:00", people=40)),
        absences=(Absence(hours="09:30-11:00", windows=2),),
        layout=msgspec.structs.replace(county.layout, skills=6, in_use=2 if widening else None),
        tides=msgspec.structs.replace(county.tides, widening=widening),
    )
    day = prepared(Run(wild, 650, 1, 3, tidal=variant), 0)
    plans: list[TidePlan] = []
    do = day.do

    def watched(command: cmd.AnyCommand) -> Decision:
        decision = do(command)
        plans.extend(event.plan for event in decision.events if isinstance(event, ev.TidesApplied))
        return decision

    day.do = watched  # type: ignore[method-assign]
    day.run()
    assert len(plans) > 10
    reckoned = [plan for plan in plans if not plan.only_keeps]
    for plan in plans:
        assert plan.reasons
        assert unexplained(plan) == []
    for plan in reckoned:
        assert plan.serves
        assert plan.short_before is not None
        assert plan.short_after is not None
        assert (plan.short_after <= plan.short_before) if plan.more > 0 else plan.cost_h <= 0
        if plan.more > 0 and not plan.skills:
            assert plan.cost_h >= plan.more * 25 / 60 - 0.01
        if plan.more < 0 and not plan.skills:
            assert plan.short_after >= plan.short_before
    widened = {reason.code for plan in plans for reason in plan.reasons} & {"long_queue", "short_queue"}
    assert bool(widened) is widening
