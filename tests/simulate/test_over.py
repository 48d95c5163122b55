"""A scenario over a hall file: what goes wrong, and what people are like, in one's own hall."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec
import pytest

from callq.cli import main
from callq.config import load_hall
from callq.domain.hall import ProfileSlot
from callq.simulate.halls import DATE
from callq.simulate.of_hall import scenario_of
from callq.simulate.over import laid_over
from callq.simulate.runs import Run, hall_for, one_day
from callq.simulate.scenario import ScenarioError, load, names

if TYPE_CHECKING:
    from pathlib import Path

    from callq.domain.hall import HallConfig
    from callq.simulate.scenario import Scenario

MISHAPS = """
name = "mishaps"

[people]
no_show = 0.2
hold = 0.1
transfer = 0.1
patience_min = 60

[clerks]
lunch_min = 30
speed_cv = 0.2

[handling]
walk_s = 20
cv = 1.2

[[bursts]]
at = "10:00"
people = 40
group = "estate"

[[absences]]
hours = "14:00-15:00"
windows = 1
"""


@pytest.fixture
def county() -> HallConfig:
    config = load_hall("county")
    # Calls, starts and recalls that a simulated clerk must get along with.
    rules = msgspec.structs.replace(config.rules, auto_call_s=5, auto_start_s=5, recall_gap_s=40)
    return msgspec.structs.replace(config, rules=rules)


def over(config: HallConfig, text: str, path: Path) -> tuple[Scenario, tuple[str, ...]]:
    path.write_text(text, encoding="utf-8")
    return laid_over(str(path), scenario_of(config), config, DATE)


def test_mishaps_happen_in_ones_own_hall(county: HallConfig, tmp_path: Path) -> None:
    own = scenario_of(county)
    scenario, unused = over(county, MISHAPS, tmp_path / "mishaps.toml")
    assert unused == ()
    assert scenario.name == "county with mishaps"
    assert (scenario.day, scenario.profile, scenario.classes) == (own.day, own.profile, own.classes)
    assert (scenario.routing, scenario.tides) == (own.routing, own.tides)
    assert [g.code for g in scenario.groups] == [g.code for g in own.groups]
    assert {g.cv for g in scenario.groups} == {None}
    assert scenario.handling == msgspec.structs.replace(own.handling, walk_s=20, cv=1.2)
    run = Run(scenario, scenario.day.volume, 1, 1, hall=county)
    assert {w.id for w in hall_for(run).config.windows} == {w.id for w in county.windows}
    record = one_day(run, 0)
    ends = Counter(outcome.end for outcome in record.outcomes)
    assert ends["done"] > 0.7 * len(record.outcomes)
    assert ends["no_show"]
    assert record.recovered is not None
    calm = one_day(Run(own, own.day.volume, 1, 1, hall=county), 0)
    assert len(record.outcomes) == len(calm.outcomes) + 40
    assert record.staff_hours < calm.staff_hours


def test_a_hall_that_is_open_all_night_ends_its_day_at_midnight(county: HallConfig, tmp_path: Path) -> None:
    """Without sessions its business day is the calendar day: nothing is put aside in the next one."""
    text = MISHAPS.replace("hold = 0.1", "hold = 0.9").replace('"10:00"', '"23:58"')
    tides = msgspec.structs.replace(county.tides, profile=(ProfileSlot(hours="00:00-24:00", rate=1.0),))
    config = msgspec.structs.replace(county, tides=tides, sessions=())
    scenario, _ = over(config, text, tmp_path / "mine.toml")
    record = one_day(Run(scenario, scenario.day.volume, 1, 1, hall=config), 0)
    late = [outcome for outcome in record.outcomes if outcome.arrived_ms > 23.96 * 3_600_000]
    assert {outcome.end for outcome in late} >= {"done", "waiting"}
    assert all(o.end == "waiting" for o in late if o.called_ms is None)


@pytest.mark.parametrize("name", names())
def test_whatever_comes_with_callq_can_be_laid_over_a_hall(name: str, county: HallConfig) -> None:
    own = scenario_of(county)
    scenario, unused = laid_over(name, own, county, DATE)
    assert scenario.people == load(name).people
    assert scenario.clerks == load(name).clerks
    # What takes how long is the hall's, unless that is what the scenario is about.
    handling = own.handling
    if name in ("county-84-steady", "county-84-wild"):
        handling = msgspec.structs.replace(handling, cv=load(name).handling.cv)
    assert scenario.handling == handling
    layouts = {"county-84", "county-84-skills-6", "county-84-spare", "county-84-spare-widening"}
    assert ("layout" in unused) == (name in layouts)


@pytest.mark.parametrize(
    ("text", "line", "key", "message"),
    [
        ("[clerks]\nspeed_cv = 9\n", 2, "clerks.speed_cv", "9 is out of range"),
        ("[clerks]\nlunch_to = '12:00'\nlunch_min = 40\n", 3, "clerks.lunch_min", "does not fit"),
        ("[[bursts]]\nat = '10:00'\npeople = 9\ngroup = 'g01'\n", 4, "bursts[0].group", "g01"),
        (
            "[[absences]]\nhours = '10:00-11:00'\nwindows = 6\n",
            3,
            "absences[0].windows",
            "nobody would be left",
        ),
        ("handling = 5\n", 1, "handling", ""),
        ("[people]\nno_shows = 0.1\n", 2, "people.no_shows", ""),
        ("[peeple]\nno_show = 0.1\n", 1, "peeple", ""),
        ("[people]\naccepts = ['doorstep']\n", 2, "people.accepts[0]", "no outlet 'doorstep'"),
        ("like = 'county-48'\n", 1, "like", "no scenario 'county-48'"),
    ],
)
def test_a_slip_is_told_with_its_line(
    text: str, line: int, key: str, message: str, county: HallConfig, tmp_path: Path
) -> None:
    with pytest.raises(ScenarioError) as caught:
        over(county, text, tmp_path / "mine.toml")
    (problem,) = caught.value.problems
    assert (problem.line, problem.key) == (line, key)
    assert message in problem.message
    assert problem.hint


def test_what_the_hall_has_of_its_own_is_told_once(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    short = ["--days", "1", "--jobs", "1", "--volume", "40"]
    path = tmp_path / "mine.toml"
    path.write_text('name = "mine"\nlike = "county-84-lunch"\n[day]\nvolume = 9\n', encoding="utf-8")
    command = ["simulate", "compare", "longest_wait", "default", "--hall", "county", "--scenario", str(path)]
    assert main([*command, *short]) == 0
    err = capsys.readouterr().err
    assert err.count(f"has its own day: those of {path} are not used") == 1


def test_a_saturday_has_its_own_people_hours_and_seats() -> None:
    config = load_hall("dongyuan")
    monday, other = (scenario_of(config, date) for date in (DATE, "2026-11-28"))
    assert 0 < other.day.volume < monday.day.volume
    assert len(other.groups) < len(monday.groups)
    hall = hall_for(Run(other, 10, 1, 1, hall=config, date="2026-11-28"))
    assert hall.date == "2026-11-28"
    assert 0 < len(hall.seats) < len(hall_for(Run(monday, 10, 1, 1, hall=config)).seats)
    record = one_day(Run(other, 60, 1, 1, hall=config, date="2026-11-28"), 0)
    assert {outcome.end for outcome in record.outcomes} == {"done"}
