"""How soon a hall is itself again, by hand and on simulated days."""

from __future__ import annotations

import pytest

from callq.simulate.record import DayRecord, Outcome
from callq.simulate.recovery import Recovered, calm, heads, recovered, recovery
from callq.simulate.runs import Run, one_day, simulate
from callq.simulate.scenario import Absence, Burst
from callq.simulate.tables import table_of
from tests.simulate.small import SMALL, with_
from tests.simulate.test_results import MIN, outcome

TARGETS = {"ordinary": 20.0, "appointment": 8.0, "priority": 5.0}
BURST = with_(SMALL, bursts=(Burst(at="10:00", people=40, within_min=5),))


def day(*outcomes: Outcome) -> DayRecord:
    """A record of some people."""
    found = DayRecord(1, 540 * MIN, 1020 * MIN)
    for one in outcomes:
        found.add(one)
    found.end(1020 * MIN)
    return found


def test_the_head_is_whoever_of_those_waiting_has_waited_longest() -> None:
    found = heads(day(outcome(0, "ordinary", 600, 10), outcome(0, "ordinary", 605, 8)), lambda cls: 1.0)
    assert found[600:614] == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 5, 6, 7, 0]
    assert heads(day(outcome(0, "ordinary", 600, None)), lambda cls: 1.0) == [0, 0], "never called"


def test_a_wait_is_held_against_the_target_of_its_class() -> None:
    found = heads(day(outcome(0, "ordinary", 600, 10), outcome(0, "priority", 600, 10)), TARGETS.__getitem__)
    assert found[605] == 1.0
    assert found[609] == pytest.approx(9 / 5)


def test_it_is_over_when_it_has_held_for_ten_minutes() -> None:
    late = [outcome(0, "ordinary", 600, 30), outcome(0, "ordinary", 612, 26), outcome(0, "ordinary", 700, 40)]
    calm_day = day(
        outcome(0, "ordinary", 600, 3), outcome(0, "ordinary", 612, 3), outcome(0, "ordinary", 700, 40)
    )
    found = recovered(BURST, TARGETS, day(*late), calm_day)
    # Over 20 minutes from 621 to 629 and from 633 to 637: nine minutes between are no recovery.
    assert found.under_target == 38
    assert found.as_without == 38
    assert found.above_target_min == 9 + 5 + 19
    assert found.above_target_without_min == 19


def test_what_is_not_felt_within_an_hour_is_not_its_doing() -> None:
    nothing = [outcome(0, "ordinary", 600, 3)]
    later = outcome(0, "ordinary", 700, 40)
    assert recovered(BURST, TARGETS, day(*nothing, later), day(*nothing))[:2] == (0, 0)


def test_what_is_never_over_lasts_to_the_end_of_the_day() -> None:
    found = recovered(BURST, TARGETS, day(outcome(0, "ordinary", 610, 300)), day())
    assert found.under_target == 610 + 300 - 600


def test_an_absence_is_felt_from_its_beginning() -> None:
    ill = with_(SMALL, absences=(Absence(hours="09:30-12:00", windows=1),))
    found = recovered(ill, TARGETS, day(outcome(0, "ordinary", 600, 25)), day())
    assert found.under_target == 600 + 25 - 570


def test_days_are_gathered() -> None:
    found = recovery([Recovered(10, 20, 5, 0), Recovered(0, 40, 0, 2)])
    assert found is not None
    assert (found.under_target_min, found.under_target_most_min) == (5, 10)
    assert (found.as_without_min, found.as_without_most_min) == (30, 40)
    assert (found.above_target_min, found.above_target_without_min) == (2.5, 1)
    assert recovery([]) is None


def test_a_day_is_lived_once_more_without_what_goes_wrong() -> None:
    run = Run(BURST, 150, 2, 1)
    record = one_day(run, 0)
    without = one_day(run._replace(scenario=calm(BURST)), 0)
    assert without.recovered is None
    assert record.recovered is not None
    assert record.recovered.as_without > 0
    theirs = {(o.arrived_ms, o.group, o.cls) for o in without.outcomes}
    assert theirs < {(o.arrived_ms, o.group, o.cls) for o in record.outcomes}, "the same people, and more"


def test_what_was_found_is_in_the_results_and_their_table() -> None:
    found = simulate(Run(BURST, 150, 2, 1), jobs=1)
    assert found.recovery is not None
    assert found.recovery.as_without_most_min >= found.recovery.as_without_min > 0
    assert table_of(found).row_count == table_of(simulate(Run(SMALL, 150, 2, 1), jobs=1)).row_count + 3
