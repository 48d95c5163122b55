"""What a hall file states is what is simulated: its load, its hours, and a seat for every service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from callq.cli import main
from callq.config import load_hall
from callq.config.export import export_hall
from callq.domain.hall import ProfileSlot, Session
from callq.domain.state import Index
from callq.simulate.draws import MIN_MS, drawn
from callq.simulate.halls import DATE
from callq.simulate.of_hall import hall_of, scenario_of
from callq.simulate.runs import Run, one_day, simulate, unstaffed
from callq.simulate.scenario import load
from tests.simulate.small import SMALL, with_

if TYPE_CHECKING:
    from pathlib import Path

    from callq.domain.hall import HallConfig
    from callq.simulate.record import DayRecord

HOUR_MS = 3_600_000


def county(hours: str | None, *sessions: str, **changes: Any) -> HallConfig:
    config = load_hall("county")
    profile = () if hours is None else (ProfileSlot(hours=hours, rate=1.0),)
    return msgspec.structs.replace(
        config,
        tides=msgspec.structs.replace(config.tides, profile=profile),
        sessions=tuple(
            Session(code=f"s{i}", name=f"s{i}", ticketing=each, serving=each)
            for i, each in enumerate(sessions)
        ),
        **changes,
    )


def lived(config: HallConfig) -> DayRecord:
    scenario = scenario_of(config)
    return one_day(Run(scenario, scenario.day.volume, 1, 1, hall=config), 0)


def came(record: DayRecord) -> tuple[float, float]:
    """Hours of the first and the last arrival."""
    hours = [outcome.arrived_ms / HOUR_MS for outcome in record.outcomes]
    return min(hours), max(hours)


def test_people_come_in_the_sessions_and_windows_are_staffed_in_them() -> None:
    record = lived(county("08:00-18:00", "09:00-11:30", "13:30-16:30"))
    assert {outcome.end for outcome in record.outcomes} == {"done"}
    assert not [o for o in record.outcomes if 11.5 <= o.arrived_ms / HOUR_MS < 13.5]
    assert 9 <= came(record)[0] < 9.5
    assert 16 < came(record)[1] < 16.5
    assert (record.opens_ms, record.closes_ms) == (9 * HOUR_MS, 16.5 * HOUR_MS)
    windows = len({window for window, _, _ in record.spans})
    assert 5.5 * windows <= record.staff_hours < 6.5 * windows
    # By a quarter past one whoever came before lunch is served.
    assert not [1 for _, begun, to in record.spans if begun < 13.25 * HOUR_MS < to]


@pytest.mark.parametrize(
    ("hours", "opens", "closes"),
    [("00:00-24:00", 0, 24), ("08:00-18:00", 8, 18), (None, 9, 17)],
)
def test_without_sessions_the_profile_is_the_hours(hours: str | None, opens: int, closes: int) -> None:
    record = lived(county(hours))
    assert (record.opens_ms / HOUR_MS, record.closes_ms / HOUR_MS) == (opens, closes)
    first, last = came(record)
    assert opens <= first < opens + 1
    assert closes - 1 < last < closes
    assert not [o for o in record.outcomes if o.end == "turned_away"]


def test_each_service_has_its_own_hours_in_a_hall_of_many() -> None:
    config = load_hall("dongyuan")
    scenario = scenario_of(config)
    expected = {service.code: service.daily for service in config.services if service.daily}
    assert {group.code: group.share for group in scenario.groups} == pytest.approx(expected)
    run = Run(scenario, scenario.day.volume, 1, 1, hall=config)
    assert simulate(run, jobs=1).summary.turned_away == 0
    noon = {o.group for o in one_day(run, 0).outcomes if 12 <= o.arrived_ms / HOUR_MS < 13.5}
    assert {scenario.groups[n].code for n in noon} <= {"general", "household", "social", "medical"}
    assert len(noon) == 4


@pytest.mark.parametrize("service_min", [0.5, 8.0, 120.0])
def test_services_take_as_long_as_the_file_says(service_min: float) -> None:
    config = county("09:00-17:00")
    services = tuple(msgspec.structs.replace(s, service_min=service_min) for s in config.services)
    scenario = scenario_of(msgspec.structs.replace(config, services=services))
    took = [p.service_ms for day in range(60) for p in drawn(scenario, 170, 1, day).people]
    assert sum(took) / len(took) / MIN_MS == pytest.approx(service_min, rel=0.03)


@pytest.mark.parametrize("name", ["county", "dongyuan", "taizhou"])
def test_every_service_of_a_sample_has_a_seat(name: str) -> None:
    config = load_hall(name)
    scenario = scenario_of(config)
    run = Run(scenario, scenario.day.volume, 1, 1, hall=config)
    assert unstaffed(run) == ()
    hall = hall_of(config, "default", [group.code for group in scenario.groups], tidal=False)
    assert (
        len({clerk for _, clerk in hall.seats})
        == len({window for window, _ in hall.seats})
        == len(hall.seats)
    )


def test_what_only_some_windows_can_do_gets_them_all_where_it_needs_them() -> None:
    """Three times as many for the taxes as the hall expects."""
    sample = load_hall("dongyuan")
    services = tuple(
        msgspec.structs.replace(service, daily=3 * service.daily) if service.code == "tax" else service
        for service in sample.services
    )
    config = msgspec.structs.replace(sample, services=services)
    index = Index(config)
    seats = hall_of(config, "default", [], tidal=False).seats
    served = [index.serving(window, clerk, DATE) for window, clerk in seats]
    able = [window for window in config.windows if "tax" in index.equipped(window.id)]
    assert sum("tax" in codes for codes in served) == len(able) == 5


def test_a_service_of_which_no_load_is_known_gets_a_seat_before_others_get_more() -> None:
    config = load_hall("county")
    estate, many = (next(c for c in config.clerks if len(c.skills) == count) for count in (1, 3))
    second = msgspec.structs.replace(estate, id="second")
    hall = msgspec.structs.replace(
        config,
        services=tuple(
            msgspec.structs.replace(service, daily=100 if service.needs in estate.skills else 0)
            for service in config.services
        ),
        windows=tuple(msgspec.structs.replace(window, services=()) for window in config.windows[:2]),
        clerks=(estate, second, many),
    )
    seated = {clerk for _, clerk in hall_of(hall, "default", [], tidal=False).seats}
    assert many.id in seated
    assert len(seated) == 2


def test_a_service_that_nobody_serves_is_warned_of(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    config = load_hall("county")
    able = [next(clerk for clerk in config.clerks if len(clerk.skills) == 1)]
    for service in config.services:
        if not any(service.needs in clerk.skills for clerk in able):
            able.append(next(clerk for clerk in config.clerks if service.needs in clerk.skills))
    only = msgspec.structs.replace(config.windows[0], services=())
    lonely = msgspec.structs.replace(config, windows=(only,), clerks=tuple(able))
    scenario = scenario_of(lonely)
    result = simulate(Run(scenario, 20, 1, 1, hall=lonely), jobs=1)
    nobody = result.unstaffed
    assert nobody
    assert all(result.groups[code].people == 0 for code in nobody)
    path = tmp_path / "lonely.toml"
    path.write_text(export_hall(lonely))
    assert main(["simulate", "--hall", str(path), "--days", "1", "--jobs", "1", "--volume", "40"]) == 0
    told = capsys.readouterr()
    assert f"warning: nobody serves {', '.join(nobody)}" in told.err
    assert f"{nobody[-1]}: -)" in told.out


def test_a_group_may_come_when_the_others_do_not() -> None:
    early = msgspec.structs.replace(SMALL.groups[0], profile=(ProfileSlot(hours="09:00-10:00", rate=2.0),))
    scenario = with_(groups=(early, *SMALL.groups[1:]))
    record = one_day(Run(scenario, 150, 1, 1), 0)
    assert max(o.arrived_ms for o in record.outcomes if o.group == 0) < 10 * HOUR_MS
    assert max(o.arrived_ms for o in record.outcomes if o.group == 1) > 12 * HOUR_MS
    assert load("county-84").groups[0].profile == ()
