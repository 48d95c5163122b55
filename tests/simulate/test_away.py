"""Clerks who are away for two reasons, and scenarios in which nobody would be left."""

from __future__ import annotations

import msgspec
import pytest

from callq.simulate.draws import MIN_MS
from callq.simulate.halls import minute_of
from callq.simulate.record import HOUR_MS
from callq.simulate.runs import Run, one_day, prepared
from callq.simulate.scenario import Absence, Classes, Clerks, Handling, load, problems
from tests.simulate.small import with_


def test_who_is_ill_is_not_back_from_lunch() -> None:
    scenario = msgspec.structs.replace(
        load("county-84"),
        clerks=Clerks(lunch_min=30, lunch_from="11:30", lunch_to="13:30"),
        absences=(Absence(hours="11:00-15:00", windows=80),),
    )
    record = one_day(Run(scenario, 300, 1, 1), 0)
    noon_ms = 13 * HOUR_MS
    there = {window for window, begun, to in record.spans if begun <= noon_ms < to}
    assert len(there) <= 4
    back_ms = 15 * HOUR_MS + 60_000
    assert len({window for window, begun, to in record.spans if begun <= back_ms < to}) == 84


@pytest.mark.parametrize("hours", ["08:00-12:00", "08:45-12:00", "09:00-12:00"])
def test_who_is_ill_before_the_doors_open_is_missed_from_then_on(hours: str) -> None:
    scenario = with_(
        load("county-84-spare"), absences=(Absence(hours=hours, windows=20),), day={"volume": 300.0}
    )
    day = prepared(Run(scenario, 300, 1, 1), 0)
    record = day.run()
    staffed = [{w for w, begun, to in record.spans if begun <= at * HOUR_MS < to} for at in (10, 12)]
    assert [len(windows) for windows in staffed] == [64, 84]
    assert record.openings == 0
    narrowed = {window: skills for window, skills in day.hall.in_use}
    for window in staffed[1] - staffed[0]:
        assert day.state.windows[window].active == narrowed.get(window)


@pytest.mark.parametrize("tidal", ["default", "clock", "threshold"])
def test_nothing_opens_while_its_clerk_is_at_lunch(tidal: str) -> None:
    scenario = with_(load("county-84-lunch"), layout={"base": 8}, clerks={"lunch_from": "09:00"})
    day = prepared(Run(scenario, 2600, 1, 1, tidal=tidal), 0)
    record = day.run()
    clerks = scenario.clerks
    turns = int((minute_of(clerks.lunch_to) - minute_of(clerks.lunch_from)) // clerks.lunch_min)
    opened = set()
    for number, (window, _) in enumerate(day.hall.seats):
        begins_ms = int((minute_of(clerks.lunch_from) + number % turns * clerks.lunch_min) * MIN_MS)
        ends_ms = begins_ms + int(clerks.lunch_min * MIN_MS)
        for of, begun, _ in record.spans:
            if of == window and window in day.hall.closed:
                opened.add(window)
                assert not begins_ms < begun < ends_ms, window
    assert len(opened) > 10
    assert {outcome.end for outcome in record.outcomes} == {"done"}


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"absences": (Absence(hours="11:00-15:00", windows=84),)}, "absences[0].windows"),
        ({"classes": Classes(ordinary=0)}, "classes.ordinary"),
        ({"handling": Handling(shortest_min=60, longest_min=1)}, "handling.longest_min"),
    ],
)
def test_a_day_that_cannot_be_is_refused(changes: dict[str, object], path: str) -> None:
    found = list(problems(msgspec.structs.replace(load("county-84"), **changes)))
    assert [problem.path for problem in found] == [path]


def test_somebody_has_to_come() -> None:
    county = load("county-84")
    groups = tuple(msgspec.structs.replace(group, share=0) for group in county.groups)
    assert [p.path for p in problems(msgspec.structs.replace(county, groups=groups))] == ["groups[0].share"]
