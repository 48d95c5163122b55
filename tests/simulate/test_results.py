"""Arithmetic of the figures, by hand where that is possible."""

from __future__ import annotations

import math

import msgspec
import pytest
from msgspec.structs import astuple

from callq.simulate.record import DayRecord, Outcome
from callq.simulate.results import Result, gathered, interval, paired, pooled_ratio, student, waits
from callq.simulate.runs import Run, one_day, simulate
from tests.simulate.small import SMALL, with_

MIN = 60_000


def outcome(group: int, cls: str, arrived: float, wait: float | None) -> Outcome:
    found = Outcome(group, cls, int(arrived * MIN))
    if wait is not None:
        found.called_ms = found.arrived_ms + int(wait * MIN)
        found.done_ms = found.called_ms + 5 * MIN
        found.end = "done"
    return found


def result(*days: list[Outcome], **more: object) -> Result:
    records = []
    for day in days:
        record = DayRecord(2, 540 * MIN, 1020 * MIN)
        record.opened("w1", 540 * MIN)
        for each in day:
            record.add(each)
        record.end(1020 * MIN)
        records.append(record)
    fields = {"scenario": "s", "policy": "p", "tidal": "none", "volume": 3.0, "seed": 1, **more}
    return gathered(["a", "b"], records, **fields)  # type: ignore[arg-type]


def test_percentiles_are_the_smallest_that_so_many_do_not_exceed() -> None:
    found = waits([outcome(0, "ordinary", 600, wait) for wait in range(1, 101)])
    assert (found.people, found.mean_wait_min) == (100, 50.5)
    assert (found.p50_wait_min, found.p90_wait_min, found.p99_wait_min) == (50, 90, 99)
    assert found.max_wait_min == 100
    assert waits([]).people == 0


def test_a_summary_is_over_people_and_its_interval_over_days() -> None:
    one = [outcome(0, "ordinary", 600, 2), outcome(1, "priority", 601, 4)]
    two = [outcome(0, "ordinary", 600, 9)]
    found = result(one, two)
    summary = found.summary
    assert (summary.days, summary.people, summary.served) == (2, 3, 3)
    assert summary.mean_wait_min == 5
    assert summary.mean_wait_ci_min.mean == (3 + 9) / 2
    assert summary.staff_hours == 8
    assert (summary.worst_group_min, summary.max_to_min_group) == (5.5, 5.5 / 4)
    assert found.classes["priority"].mean_wait_min == 4
    assert found.groups["a"].people == 2
    assert [day.mean_wait_min for day in found.days] == [3, 9]
    assert found.histogram[2] == found.histogram[4] == found.histogram[9] == 1
    assert sum(found.histogram) == 3


def test_every_quarter_of_an_hour_is_told_from_the_opening_to_the_closing() -> None:
    found = result([outcome(0, "ordinary", 600, 2), outcome(0, "ordinary", 601, None)]).by_time
    assert [part.from_min for part in found] == list(range(540, 1020, 15))
    assert {part.windows_open for part in found} == {1}
    at_ten = next(part for part in found if part.from_min == 600)
    assert (at_ten.people, at_ten.mean_wait_min) == (2, 2), "who was not called came, too"
    assert sum(part.people for part in found) == 2


def test_without_a_plan_windows_needed_are_the_offered_load_and_safety() -> None:
    record = DayRecord(1, 540 * MIN, 1020 * MIN)
    for _ in range(4):
        record.asks_for(600 * MIN, 15 * MIN)
    record.asks_for(610 * MIN, 10 * MIN)
    record.asks_for(1010 * MIN, 40 * MIN)
    record.end(1050 * MIN)
    assert record.needed(40, 0) == pytest.approx(4 + 5 / 15)
    assert record.needed(41, 0) == pytest.approx(5 / 15)
    assert record.needed(40, 1) == pytest.approx(4 + 5 / 15 + math.sqrt(4 + 5 / 15))
    assert record.needed(42, 1) == 0
    assert record.needed(67, 0) == pytest.approx(10 / 15)
    assert record.needed(68, 0) == 0, "the hall has closed"
    found = gathered(
        ["a"], [record], scenario="s", policy="p", tidal="none", volume=5, seed=1, safety=0
    ).by_time
    assert next(p for p in found if p.from_min == 600).windows_needed == pytest.approx(4 + 5 / 15)


def test_with_tides_windows_needed_are_what_the_plan_asks_for() -> None:
    run = Run(with_(layout={"base": 0}, day={"volume": 180.0}), 180, 1, 1, "index", "default")
    [day] = [one_day(run, 0)]
    assert len(day.planned) > 30
    asked = [windows for minutes in day.planned.values() for windows in minutes]
    assert len(asked) >= 8 * 60
    assert min(asked) >= 3, "windows of one service are there anyway"
    assert max(asked) > 3
    found = simulate(run, jobs=1).by_time
    busy = next(part for part in found if part.from_min == 600)
    assert busy.windows_needed == pytest.approx(sum(day.planned[40]) / 15)


def test_who_was_never_called_does_not_count_as_a_wait() -> None:
    found = result([outcome(0, "ordinary", 600, 2), outcome(0, "ordinary", 600, None)])
    assert (found.summary.people, found.summary.mean_wait_min) == (2, 2)


@pytest.mark.parametrize(
    ("freedom", "expected"),
    [(1, 12.706), (2, 4.303), (3, 3.182), (4, 2.776), (9, 2.262), (29, 2.045), (199, 1.972)],
)
def test_students_quantiles_are_those_of_the_tables(freedom: int, expected: float) -> None:
    assert student(0.975, freedom) == pytest.approx(expected, rel=0.003)


def test_an_interval_is_of_students_t() -> None:
    found = interval([1.0, 2.0, 3.0, 4.0, 5.0])
    half = 2.776 * math.sqrt(2.5 / 5)
    assert found.mean == 3
    assert [found.low, found.high] == pytest.approx([3 - half, 3 + half], abs=0.01)
    assert interval([7.0]).low == 7


def test_two_policies_are_compared_day_by_day() -> None:
    base = result([outcome(0, "ordinary", 600, 4)], [outcome(0, "ordinary", 600, 10)])
    other = result([outcome(0, "ordinary", 600, 3)], [outcome(0, "ordinary", 600, 9)], policy="q")
    mean = next(each for each in paired(base, other) if each.figure == "mean_wait_min")
    # The days differ widely, the differences not at all: that is what pairing is for.
    assert mean.difference == interval([-1, -1])
    assert mean.difference.low == mean.difference.high == -1
    assert mean.ratio.mean == pytest.approx(6 / 7)


def test_other_days_cannot_be_compared() -> None:
    base = result([outcome(0, "ordinary", 600, 4)])
    with pytest.raises(ValueError, match="not the same days"):
        paired(base, result([outcome(0, "ordinary", 600, 4)], drawn="of others"))


def test_days_are_the_same_on_one_core_and_on_two() -> None:
    run = Run(SMALL, 150, 3, 5, "longest_wait")
    counts: list[int] = []
    one = simulate(run, jobs=1, progress=counts.append)
    assert counts == [1, 2, 3]
    assert simulate(run, jobs=2) == one
    assert msgspec.json.decode(msgspec.json.encode(one), type=Result) == one


def test_people_who_wait_for_nobody_cost_nothing() -> None:
    quiet = simulate(Run(with_(day={"volume": 3.0}), 3, 2, 1, "longest_wait"), jobs=1)
    assert quiet.summary.mean_wait_min == 0
    assert quiet.summary.staff_hours == 40


def test_the_ratio_of_the_pooled_means_weighs_days_by_their_people() -> None:
    def days(*waited: float) -> Result:
        full = [outcome(0, "ordinary", 600 + n, waited[0]) for n in range(9)]
        return result(full, *([outcome(0, "ordinary", 600, wait)] for wait in waited[1:]))

    base, other = days(10, 4, 5), days(12, 8, 4)
    ratio = pooled_ratio(base, other)
    assert other.summary.mean_wait_min / base.summary.mean_wait_min == pytest.approx(120 / 99)
    # By hand: 120/99 of all; 12/9, 112/95 and 116/94 without each day.
    values = [3 * 120 / 99 - 2 * without for without in (12 / 9, 112 / 95, 116 / 94)]
    assert astuple(ratio) == pytest.approx(astuple(interval(values)))
    assert astuple(pooled_ratio(days(10), days(12))) == pytest.approx((1.2, 1.2, 1.2))
    simulated = [simulate(Run(SMALL, 150, 8, 1, policy), jobs=1) for policy in ("longest_wait", "default")]
    found = pooled_ratio(*simulated)
    assert found.low < simulated[1].summary.mean_wait_min / simulated[0].summary.mean_wait_min < found.high
    with pytest.raises(ValueError, match="not the same days"):
        pooled_ratio(base, result([outcome(0, "ordinary", 600, 4)], drawn="of others"))
