"""People who ask the guide first: they do what it advises, of the hall as it is when they ask."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from callq.cli import main
from callq.domain.hall import Outlet
from callq.simulate.guided import Guide
from callq.simulate.halls import made
from callq.simulate.of_hall import hall_of, scenario_of
from callq.simulate.results import paired
from callq.simulate.runs import Run, one_day, prepared, simulate
from tests.simulate.small import SMALL, simulated, with_

if TYPE_CHECKING:
    from pathlib import Path

    from callq.simulate.draws import Person
    from callq.wire.messages.guide import RouteOption

MIN_MS = 60_000


def asking(share: float = 1.0, *channels: str, volume: float = 240.0, **people: object) -> Any:
    """Full days on which people ask, and may go to self-service."""
    ways = channels or ("window", "self_service")
    return with_(
        day={"volume": volume, "volume_cv": 0.0},
        people={"guided": share, **people},
        groups=tuple(msgspec.structs.replace(group, channels=ways) for group in SMALL.groups),
        outlets=(Outlet(channel="self_service", name="自助", hours="09:00-17:00", wait_min=2.0),),
    )


@pytest.fixture
def advice(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, RouteOption | None, int]]:
    """Who asked, what the guide advised, and how many waited for the service then."""
    found: list[tuple[int, RouteOption | None, int]] = []
    way = Guide.way

    def listened(self: Guide, person: Person, service: str, now_ms: int) -> RouteOption | None:
        option = way(self, person, service, now_ms)
        waiting = sum(len(lane) for _, lane in self._state.lanes_of(service))
        found.append((person.number, option, waiting))
        return option

    monkeypatch.setattr(Guide, "way", listened)
    return found


def test_each_does_what_was_advised_first(advice: list[tuple[int, RouteOption | None, int]]) -> None:
    day, record = simulated(asking(), "index")
    elsewhere = [(option, waiting) for _, option, waiting in advice if option and option.outlet]
    assert sum(outcome.end == "guided" for outcome in record.outcomes) == len(elsewhere) > 20
    assert all(waiting for _, waiting in elsewhere), "nobody is sent away from a window that is free"
    tickets = 0
    for number, option, _ in advice:
        ticket = day.state.tickets.get(f"t{number}")
        assert option is not None
        assert (ticket is None) == (option.outlet is not None)
        if ticket is not None:
            assert (ticket.service, ticket.item, ticket.channel) == (option.service, option.item, "guide")
            tickets += 1
    assert tickets > 100
    booked_elsewhere = {t.id for t in day.state.tickets.values() if t.cls == "appointment"}
    assert booked_elsewhere.isdisjoint(f"t{number}" for number, _, _ in advice)


def test_only_what_people_accept_is_done(advice: list[tuple[int, RouteOption | None, int]]) -> None:
    _, record = simulated(asking(accepts=("window",)), "index")
    assert {option.channel for _, option, _ in advice if option} == {"window"}
    assert {outcome.end for outcome in record.outcomes} == {"done"}
    advice.clear()
    _, record = simulated(asking(accepts=("self_service",)), "index")
    assert len(advice) == sum(outcome.end == "guided" for outcome in record.outcomes) > 100


def test_who_is_given_a_slot_comes_then(advice: list[tuple[int, RouteOption | None, int]]) -> None:
    day, record = simulated(
        asking(1.0, "window", "appointment", accepts=("appointment",), volume=100.0), "index"
    )
    given = {f"t{number}": option for number, option, _ in advice if option and option.commit == "booking"}
    assert len(given) > 50
    came = {f"{o.arrived_ms}" for o in record.outcomes if o.cls == "appointment"}
    for ticket, option in given.items():
        assert day.state.tickets[ticket].cls == "appointment"
        assert str((option.arrive_ms or 0) - day.midnight_ms) in came
    assert {o.end for o in record.outcomes} <= {"done", "guided", "turned_away"}


def test_who_comes_while_a_service_is_closed_comes_when_it_opens() -> None:
    """At noon some services of this hall give no tickets; who asks is told until when."""
    from callq.config import load_hall

    config = load_hall("dongyuan")
    scenario = scenario_of(config)
    # They do not know the hours: everybody comes as the profile says, whatever for.
    groups = tuple(msgspec.structs.replace(group, profile=()) for group in scenario.groups)
    scenario = msgspec.structs.replace(scenario, groups=groups)
    accepting = msgspec.structs.replace(scenario.people, accepts=("window",))
    ended: list[dict[str, int]] = []
    for share in (0.0, 1.0):
        people = msgspec.structs.replace(accepting, guided=share)
        run = Run(msgspec.structs.replace(scenario, people=people), 1200, 1, 1, hall=config)
        summary = simulate(run, jobs=1).summary
        ended.append({"turned_away": summary.turned_away, "served": summary.served})
    assert ended[0]["turned_away"] > 20
    assert ended[1]["turned_away"] < ended[0]["turned_away"] / 4
    assert ended[1]["served"] > ended[0]["served"]


def test_guided_and_unguided_days_are_of_the_same_people() -> None:
    """The effect of the guide is a paired difference; who was on the way is the same."""
    runs = [Run(asking(share), 240, 4, 3, "index") for share in (0.0, 1.0)]
    base, guided = (simulate(run, jobs=1) for run in runs)
    assert [day.people for day in base.days] == [day.people for day in guided.days]
    mean = next(row.difference for row in paired(base, guided) if row.figure == "mean_wait_min")
    gains = [one.mean_wait_min - two.mean_wait_min for one, two in zip(base.days, guided.days, strict=True)]
    assert min(gains) > 0, "whoever goes elsewhere shortens the line"
    assert mean.mean == pytest.approx(-sum(gains) / 4)
    assert base.summary.guided == 0 < guided.summary.guided
    came = [{(o.arrived_ms, o.group) for o in one_day(run, 0).outcomes} for run in runs]
    assert came[0] == came[1]


def test_a_guided_day_goes_through_the_runtime_alike() -> None:
    one_day(Run(asking(0.5, volume=80.0), 80, 1, 2, "index", through="runtime"), 0)


def test_where_one_line_is_for_everything_each_asks_about_their_own() -> None:
    scenario = asking()
    groups = (msgspec.structs.replace(scenario.groups[0], channels=("window",)), *scenario.groups[1:])
    hall = made(msgspec.structs.replace(scenario, groups=groups), "pooled", 240)
    assert {item.code: item.channels for item in hall.config.items}["estate"] == ("window",)
    _, record = simulated(msgspec.structs.replace(scenario, groups=groups), "pooled")
    guided = {outcome.group for outcome in record.outcomes if outcome.end == "guided"}
    assert guided == {1, 2}


def test_a_service_without_matters_is_queued_for() -> None:
    from callq.config import load_hall

    config = msgspec.structs.replace(load_hall("county"), items=())
    scenario = scenario_of(config)
    people = msgspec.structs.replace(scenario.people, guided=1.0)
    run = Run(msgspec.structs.replace(scenario, people=people), 60, 1, 1, hall=config)
    assert hall_of(config, "default", [], tidal=False).config.items == ()
    day = prepared(run, 0)
    day.run()
    assert {ticket.channel for ticket in day.state.tickets.values()} <= {"kiosk", "counter"}


def test_the_question_is_answered_with_paired_differences(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    kept = tmp_path / "guide.json"
    short = ["--days", "2", "--jobs", "1", "--hall", "county", "--volume", "200"]
    assert main(["simulate", "guide", *short, "--json", str(kept)]) == 0
    out = capsys.readouterr().out
    assert "0% ask (today)" in out
    assert "not served / elsewhere" in " ".join(out.split()) or "elsewhere" in out
    found = json.loads(kept.read_text())
    assert [row["what"] for row in found] == ["0% ask", "10% ask", "25% ask", "50% ask", "100% ask"]
    shares = [row["guided"] for row in found]
    assert shares == sorted(shares)
    assert shares[0] == 0 < shares[-1]
