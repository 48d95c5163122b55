"""Structures change the hall and which line a person is given; how many windows there are stays."""

from __future__ import annotations

from collections import Counter

import msgspec
import pytest

from callq.domain.check import problems
from callq.domain.hall import Minimum, Tides
from callq.simulate.draws import MIN_MS
from callq.simulate.halls import (
    DEPARTMENTS,
    POLICIES,
    STRUCTURES,
    NotSimulated,
    SimulatedHall,
    allotted,
    handling_cv,
    made,
)
from callq.simulate.runs import Run, prepared, simulate
from callq.simulate.scenario import load
from tests.simulate.small import SMALL, simulated, with_

COUNTY = load("county-84")


def hall(policy: str, *, tidal: bool = False) -> SimulatedHall:
    return made(COUNTY, policy, 2600, tidal=tidal)


@pytest.mark.parametrize("policy", POLICIES)
def test_every_policy_has_all_windows_and_a_line_for_everybody(policy: str) -> None:
    found = hall(policy)
    assert len(found.config.windows) == 84
    assert len(found.lines) == 12
    codes = {service.code for service in found.config.services}
    for lines in found.lines:
        assert {line.service for line in lines} <= codes
        assert sum(line.weight for line in lines) == pytest.approx(1)


@pytest.mark.parametrize("policy", POLICIES)
def test_the_halls_are_halls_that_could_be_loaded(policy: str) -> None:
    assert list(problems(hall(policy).config)) == []


def test_the_hall_as_it_is_has_domain_and_comprehensive_windows() -> None:
    found = hall("longest_wait")
    skills = Counter(len(window.services) for window in found.config.windows)
    assert skills == {1: 49, 12: 35}
    assert found.config.policy_name == "longest_wait"
    assert hall("default").config.policy_name == "index"


def test_departments_share_groups_and_windows() -> None:
    found = hall("department_lines")
    assert len(found.config.services) == DEPARTMENTS
    assert all(len(window.services) == 1 for window in found.config.windows)
    assert sum(len(lines) for lines in found.lines) == DEPARTMENTS


def test_a_kiosk_has_two_lines_for_each_group() -> None:
    for policy, choice in (("kiosk_fixed_line", "fixed"), ("kiosk_shorter_line", "shorter")):
        found = hall(policy)
        assert found.choice == choice
        assert {len(lines) for lines in found.lines} == {2}
        own = {w.services for w in found.config.windows if len(w.services) == 1}
        every = {w.services for w in found.config.windows if len(w.services) > 1}
        assert own == {(lines[0].service,) for lines in found.lines}
        assert every == {tuple(lines[1].service for lines in found.lines)}


def test_a_fixed_line_is_given_in_proportion_to_its_windows() -> None:
    found = hall("kiosk_fixed_line")
    owned = sum(
        lines[0].weight * group.share for lines, group in zip(found.lines, COUNTY.groups, strict=True)
    )
    assert owned == pytest.approx(49 / 84, abs=0.03)


def test_tides_close_what_is_beyond_the_base() -> None:
    found = hall("default", tidal=True)
    assert len(found.closed) == 27
    kinds = Counter(w.kind for w in found.config.windows if w.id in found.closed)
    assert kinds == {"tidal": 27}
    assert hall("default").closed == frozenset()


@pytest.mark.parametrize(
    ("windows", "weights", "expected"),
    [
        (4, [1, 1, 1, 1], [1, 1, 1, 1]),
        (5, [10, 0.1], [4, 1]),
        (7, [4, 2, 1], [4, 2, 1]),
        (10, [5, 3, 2], [5, 3, 2]),
    ],
)
def test_windows_are_shared_out_by_largest_remainder(
    windows: int, weights: list[float], expected: list[int]
) -> None:
    assert allotted(windows, weights) == expected


def test_late_binding_beats_lines_of_ones_own() -> None:
    """On the same days; the order that the reference figures have as well."""

    def mean(policy: str) -> float:
        scenario = with_(day={"volume": 190.0})
        waits = [o.wait_ms or 0 for d in range(6) for o in simulated(scenario, policy, day=d)[1].outcomes]
        return sum(waits) / len(waits)

    assert mean("pooled") < mean("longest_wait") < mean("kiosk_fixed_line")
    assert mean("longest_wait") < mean("group_lines")


def test_structures_go_by_the_longest_wait() -> None:
    assert {hall(policy).config.policy_name for policy in STRUCTURES} == {"longest_wait"}
    assert made(SMALL, "pooled", 150).config.services[0].service_min == 10


@pytest.mark.parametrize("policy", ["group_lines", "department_lines"])
def test_lines_with_windows_of_their_own_need_a_window_each(policy: str) -> None:
    few = with_(layout={"domain": 0, "comprehensive": 2})
    with pytest.raises(NotSimulated, match="2 for 3") as caught:
        simulate(Run(few, 150, 2, 1, policy), jobs=2)
    assert caught.value.hint
    just = with_(layout={"domain": 0, "comprehensive": 3}, day={"volume": 60.0})
    assert {o.end for o in simulated(just, policy)[1].outcomes} == {"done"}


def test_departments_are_no_more_than_windows() -> None:
    assert len(made(SMALL, "department_lines", 150).config.services) == 5


def test_skills_in_use_are_some_of_those_that_a_clerk_has_in_turn() -> None:
    scenario = load("county-84-spare")
    hall = made(scenario, "default", 2600)
    clerks = {clerk.id: clerk for clerk in hall.config.clerks}
    seats = dict(hall.seats)
    assert len(hall.in_use) == 35
    assert all(len(skills) == 2 and set(skills) <= set(clerks[seats[w]].skills) for w, skills in hall.in_use)
    served = Counter(skill for _, skills in hall.in_use for skill in skills)
    assert set(served) == {group.code for group in scenario.groups}
    assert max(served.values()) - min(served.values()) <= 3
    assert made(load("county-84"), "default", 2600).in_use == ()


def skills_in_use(name: str) -> tuple[int, int]:
    """Most skills in use at one flexible window as the doors opened, and at any time of a day."""
    day = prepared(Run(load(name), 2600, 1, 1, "default", "default"), 0)
    found: list[int] = []

    def look() -> None:
        found.append(max(len(window.active or ()) for window in day.state.windows.values()))

    for minute in range(0, 480, 10):
        day.plan(day.opens_ms + minute * MIN_MS, look)
    day.run()
    return found[0], max(found)


def test_the_forecast_knows_how_each_groups_handling_varies() -> None:
    estate, *others = SMALL.groups
    groups = (msgspec.structs.replace(estate, cv=0.4), *others)
    own = made(with_(groups=groups), "default", 150)
    assert [service.service_cv for service in own.config.services] == [0.4, 0.9, 0.9]
    exponential = made(with_(groups=groups, handling={"distribution": "exponential"}), "default", 150)
    assert [service.service_cv for service in exponential.config.services] == [1, 1, 1]
    (pooled,) = made(with_(groups=groups), "pooled", 150).config.services
    assert pooled.service_cv == handling_cv(with_(groups=groups)) != 0.9


def test_structures_have_the_minima_of_their_own_services_and_tides_that_can_move_something() -> None:
    minima = (Minimum(hours="12:00-13:30", service="estate", least=1),)
    scenario = with_(tides=Tides(mode="automatic", minima=minima), layout={"base": 1})
    default, pooled = (made(scenario, policy, 150) for policy in ("default", "pooled"))
    assert default.config.tides.minima == minima
    assert default.config.tides.mode == "automatic"
    assert pooled.config.tides.minima == ()
    assert pooled.config.tides.mode == "off"
    assert not problems(default.config)
    assert not problems(pooled.config)


def test_spare_skills_come_into_use_with_the_queue_where_the_scenario_says_so() -> None:
    assert skills_in_use("county-84-spare") == (2, 2)
    first, most = skills_in_use("county-84-spare-both")
    assert first == 2
    assert most > 2
