"""Arithmetic of the figures, by hand where that is possible."""

from __future__ import annotations

import math

import msgspec
import pytest

from callq.simulate.record import DayRecord, Outcome
from callq.simulate.results import Result, gathered, interval, paired, student, waits
from callq.simulate.runs import Run, simulate
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
    assert [slot.from_min for slot in found.by_time] == [600]
    assert found.by_time[0].windows_open == 1


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
