"""All chance of a day is drawn before anything is decided, so policies meet the same people."""

from __future__ import annotations

from collections import Counter
from statistics import fmean

import pytest

from callq.simulate.draws import Person, drawn
from callq.simulate.halls import means_min, minute_of
from callq.simulate.scenario import Burst, load
from tests.simulate.small import SMALL, simulated, with_

POLICIES = ("longest_wait", "group_lines", "kiosk_fixed_line", "kiosk_shorter_line", "pooled")


def test_a_day_is_drawn_from_seed_and_number_alone() -> None:
    assert drawn(SMALL, 150, 1, 0).people == drawn(SMALL, 150, 1, 0).people
    assert drawn(SMALL, 150, 1, 0).people != drawn(SMALL, 150, 1, 1).people
    assert drawn(SMALL, 150, 1, 0).people != drawn(SMALL, 150, 2, 0).people


def test_every_policy_meets_the_same_people() -> None:
    def met(policy: str) -> list[tuple[int, str, int]]:
        return [(o.group, o.cls, o.arrived_ms) for o in simulated(policy=policy)[1].outcomes]

    assert len({tuple(met(policy)) for policy in POLICIES}) == 1


def test_a_service_takes_as_long_whoever_calls_it() -> None:
    def handled(policy: str) -> list[int]:
        return [(o.done_ms or 0) - (o.called_ms or 0) for o in simulated(policy=policy)[1].outcomes]

    assert handled("longest_wait") == handled("pooled") == handled("kiosk_shorter_line")


@pytest.mark.parametrize(
    ("part", "own"),
    [
        ({"no_show": 0.3}, {"is_away"}),
        ({"patience_min": 20.0}, {"patience_ms"}),
        ({"hold": 0.3}, {"hold_at"}),
        ({"transfer": 0.3}, {"then"}),
        ({"booked": 1.0}, {"booked"}),
        ({"guided": 0.5}, {"is_guided"}),
    ],
)
def test_what_people_do_besides_changes_nothing_else_about_them(
    part: dict[str, float], own: set[str]
) -> None:
    before = drawn(SMALL, 150, 1, 0).people
    after = drawn(with_(people=part), 150, 1, 0).people
    changed = {
        name
        for one, other in zip(before, after, strict=True)
        for name in Person._fields
        if getattr(one, name) != getattr(other, name)
    }
    assert changed == own


def test_a_burst_adds_people_and_leaves_the_others_as_they_are() -> None:
    before = drawn(SMALL, 150, 1, 0).people
    burst = Burst(at="10:00", people=40, group="tax")
    after = drawn(with_(bursts=(burst,)), 150, 1, 0).people
    more = Counter(one._replace(number=0) for one in after) - Counter(
        one._replace(number=0) for one in before
    )
    assert len(after) == len(before) + 40
    assert sum(more.values()) == 40
    assert {one.group for one in more} == {2}
    assert all(600 <= one.at_ms / 60_000 <= 605 for one in more)
    assert [one.number for one in after] == list(range(len(after)))


def test_the_reference_scenario_is_what_it_says() -> None:
    county = load("county-84")
    days = [drawn(county, 2600, 7, day).people for day in range(30)]
    people = [one for day in days for one in day]
    classes = Counter(one.cls for one in people)
    assert fmean(len(day) for day in days) == pytest.approx(2600, rel=0.06)
    assert classes["ordinary"] / len(people) == pytest.approx(0.8, abs=0.01)
    assert classes["appointment"] / len(people) == pytest.approx(0.15, abs=0.01)
    services = [one.service_ms / 60_000 for one in people]
    assert (min(services), max(services)) == (0.7, 90)
    assert fmean(services) == pytest.approx(10, rel=0.03)
    assert fmean(one.group == 0 for one in people) == pytest.approx(0.16, abs=0.02)
    peak = sum(570 * 60_000 <= one.at_ms < 660 * 60_000 for one in people) / len(people)
    assert peak == pytest.approx(1.45 * 90 / 460.5, abs=0.01)
    assert max(one.at_ms for one in people) < minute_of("16:45") * 60_000


def test_means_of_the_groups_are_scaled_to_the_mean_of_all() -> None:
    county = load("county-84")
    shares = [group.share for group in county.groups]
    mean = sum(s * m for s, m in zip(shares, means_min(county), strict=True)) / sum(shares)
    assert mean == pytest.approx(10)
    assert means_min(county)[11] / means_min(county)[9] == pytest.approx(15 / 7)
