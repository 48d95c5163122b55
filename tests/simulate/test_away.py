"""Clerks who are away for two reasons, and scenarios in which nobody would be left."""

from __future__ import annotations

import msgspec
import pytest

from callq.simulate.record import HOUR_MS
from callq.simulate.runs import Run, one_day
from callq.simulate.scenario import Absence, Classes, Clerks, Handling, load, problems


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
