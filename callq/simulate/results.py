"""From days to figures: waits, fairness and cost, with confidence intervals over the days.

Percentiles are of all people of all days; intervals are of the days' means, since people of one day are not
independent. Two policies are compared by the differences on the same days.
"""

from __future__ import annotations

import math
from operator import attrgetter
from statistics import NormalDist, fmean, stdev
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from callq.simulate.record import BIN_MIN, BIN_MS, SAFETY, parts_of
from callq.simulate.recovery import Recovery, recovery

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from callq.simulate.record import DayRecord, Outcome

MIN_MS: Final = 60_000
CLASSES: Final = ("ordinary", "appointment", "priority")


class Waits(msgspec.Struct, frozen=True, kw_only=True):
    """Waits of some people, minutes."""

    people: int
    mean_wait_min: float
    p50_wait_min: float
    p90_wait_min: float
    p99_wait_min: float
    max_wait_min: float


class Interval(msgspec.Struct, frozen=True, kw_only=True):
    """A mean over days and its 95% confidence interval."""

    mean: float
    low: float
    high: float


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """All days together."""

    days: int
    people: int
    served: int
    left: int
    """Lost patience."""
    no_shows: int
    turned_away: int
    """No ticket was given: outside the hours, or the quota was used up."""
    unserved: int
    """Still waiting, held or missed when the day ended."""
    guided: int
    """Sent elsewhere, or to another day, by the guide before they came."""
    mean_wait_min: float
    mean_wait_ci_min: Interval
    p50_wait_min: float
    p90_wait_min: float
    p99_wait_min: float
    max_wait_min: float
    staff_hours: float
    """A day."""
    openings: float
    """Windows opened after the doors were, a day."""
    most_reopened: int
    """Openings of one window on one day, the most."""
    worst_group_min: float
    """Largest mean wait of a group."""
    max_to_min_group: float | None
    """Largest mean wait of a group against the smallest; None where somebody never waited."""


class DayFigures(msgspec.Struct, frozen=True, kw_only=True):
    """One day in short; what paired differences are made of."""

    people: int
    mean_wait_min: float
    p90_wait_min: float
    p99_wait_min: float
    priority_p99_min: float
    staff_hours: float
    openings: int
    given_up: float = 0.0
    """Share of people who left, were not there or were not served, of those who took a ticket."""


class TimeOfDay(msgspec.Struct, frozen=True, kw_only=True):
    """A quarter of an hour, over all days; people by when they came."""

    from_min: int
    """Minutes since midnight."""
    people: float
    """Who came to the hall, a day."""
    mean_wait_min: float
    """Of those who were called; 0 where there were none."""
    p90_wait_min: float
    windows_open: float
    """On average."""
    windows_needed: float
    """On average: what the plan of the tides reckoned; without one, the windows that would be busy if nobody
    had to wait, and safety."""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that one run found."""

    scenario: str
    policy: str
    tidal: str
    volume: float
    seed: int
    summary: Summary
    classes: dict[str, Waits]
    groups: dict[str, Waits]
    by_time: tuple[TimeOfDay, ...]
    """Without gaps, from the opening or the first arrival to the closing or the last window."""
    histogram: tuple[int, ...]
    """People by whole minutes of their wait; the last bin has all longer ones."""
    days: tuple[DayFigures, ...]
    beta: float = 0.0
    drawn: str = ""
    """Digest of what the people were drawn from: results of equal ones are of the same days."""
    unstaffed: tuple[str, ...] = ()
    """Groups whose service no clerk serves at any window."""
    recovery: Recovery | None = None
    """How soon the hall was itself again, where something went wrong."""


HISTOGRAM_MIN: Final = 120


def gathered(
    names: Sequence[str],
    records: Sequence[DayRecord],
    *,
    scenario: str,
    policy: str,
    tidal: str,
    volume: float,
    seed: int,
    beta: float = 0.0,
    drawn: str = "",
    safety: float = SAFETY,
    unstaffed: Sequence[str] = (),
) -> Result:
    """Figures of some days.

    Args:
      names: of the groups.
      records: of the days, in order.
      scenario: its name.
      policy: that ran.
      tidal: what opened and closed windows.
      volume: people expected a day.
      seed: of the run.
      beta: the slider of the tides.
      drawn: digest of what the people were drawn from.
      safety: windows needed beyond the offered load, in roots of it.
      unstaffed: groups whose service nobody serves.
    """
    outcomes = [outcome for record in records for outcome in record.outcomes]
    called = [outcome for outcome in outcomes if outcome.called_ms is not None]
    every = waits(called)
    groups = {name: waits([o for o in called if o.group == number]) for number, name in enumerate(names)}
    means = [group.mean_wait_min for group in groups.values() if group.people]
    days = tuple(_day(record) for record in records)
    return Result(
        scenario=scenario,
        policy=policy,
        tidal=tidal,
        volume=volume,
        seed=seed,
        beta=beta,
        drawn=drawn,
        unstaffed=tuple(unstaffed),
        summary=Summary(
            days=len(records),
            people=len(outcomes),
            served=_ended(outcomes, "done"),
            left=_ended(outcomes, "left"),
            no_shows=_ended(outcomes, "no_show"),
            turned_away=_ended(outcomes, "turned_away"),
            unserved=_ended(outcomes, "waiting"),
            guided=_ended(outcomes, "guided"),
            mean_wait_min=every.mean_wait_min,
            mean_wait_ci_min=interval([day.mean_wait_min for day in days]),
            p50_wait_min=every.p50_wait_min,
            p90_wait_min=every.p90_wait_min,
            p99_wait_min=every.p99_wait_min,
            max_wait_min=every.max_wait_min,
            staff_hours=fmean(day.staff_hours for day in days),
            openings=fmean(day.openings for day in days),
            most_reopened=max(record.most_reopened() for record in records),
            worst_group_min=max(means, default=0.0),
            max_to_min_group=max(means) / min(means) if means and min(means) > 0 else None,
        ),
        classes={cls: waits([o for o in called if o.cls == cls]) for cls in CLASSES},
        groups=groups,
        by_time=_by_time(records, safety),
        histogram=_histogram(called),
        days=days,
        recovery=recovery([record.recovered for record in records if record.recovered is not None]),
    )


def _ended(outcomes: Iterable[Outcome], end: str) -> int:
    return sum(1 for outcome in outcomes if outcome.end == end)


def waits(called: Iterable[Outcome]) -> Waits:
    """Figures of the waits of people who were called."""
    found = sorted((o.called_ms or 0) - o.arrived_ms for o in called)
    return Waits(
        people=len(found),
        mean_wait_min=fmean(found) / MIN_MS if found else 0.0,
        p50_wait_min=_percentile(found, 0.5),
        p90_wait_min=_percentile(found, 0.9),
        p99_wait_min=_percentile(found, 0.99),
        max_wait_min=found[-1] / MIN_MS if found else 0.0,
    )


def _percentile(ordered: Sequence[int], part: float) -> float:
    """Of sorted ms, in minutes; the smallest that so many do not exceed."""
    return ordered[max(0, math.ceil(part * len(ordered)) - 1)] / MIN_MS if ordered else 0.0


def interval(found: Sequence[float]) -> Interval:
    """Mean and 95% interval by Student's t."""
    mean = fmean(found)
    if len(found) < 2:
        return Interval(mean=mean, low=mean, high=mean)
    half = student(0.975, len(found) - 1) * stdev(found) / math.sqrt(len(found))
    return Interval(mean=mean, low=mean - half, high=mean + half)


def student(probability: float, freedom: int) -> float:
    """Quantile of Student's t distribution.

    Source: Abramowitz and Stegun 26.7.5, an expansion around the normal quantile; off by less than 0.2% from
    three degrees of freedom on.
    """
    z = NormalDist().inv_cdf(probability)
    if freedom == 1:
        return math.tan(math.pi * (probability - 0.5))
    if freedom == 2:
        a = 4 * probability * (1 - probability)
        return 2 * (probability - 0.5) * math.sqrt(2 / a)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    found: float = z + sum(term / freedom**power for power, term in enumerate(terms, 1))
    return found


def _day(record: DayRecord) -> DayFigures:
    called = [o for o in record.outcomes if o.called_ms is not None]
    every, priority = waits(called), waits(o for o in called if o.cls == "priority")
    return DayFigures(
        people=len(record.outcomes),
        mean_wait_min=every.mean_wait_min,
        p90_wait_min=every.p90_wait_min,
        p99_wait_min=every.p99_wait_min,
        priority_p99_min=priority.p99_wait_min,
        staff_hours=record.staff_hours,
        openings=record.openings,
        given_up=_given_up(record.outcomes),
    )


def _given_up(outcomes: Sequence[Outcome]) -> float:
    took = [o for o in outcomes if o.end not in ("guided", "turned_away")]
    return sum(1 for o in took if o.end != "done") / len(took) if took else 0.0


def _by_time(records: Sequence[DayRecord], safety: float) -> tuple[TimeOfDay, ...]:
    came: dict[int, list[Outcome]] = {}
    staffed: dict[int, float] = {}
    for record in records:
        for outcome in record.outcomes:
            if outcome.end != "guided":
                came.setdefault(outcome.arrived_ms // BIN_MS, []).append(outcome)
        for _, begun, to in record.spans:
            for index, part in parts_of(begun, to):
                staffed[index] = staffed.get(index, 0.0) + part
    first = min(record.opens_ms for record in records) // BIN_MS
    last = -(-max(record.closes_ms for record in records) // BIN_MS) - 1
    touched = {first, last, *came, *staffed}
    days, found = len(records), []
    for index in range(min(touched), max(touched) + 1):
        people = came.get(index, [])
        waited = waits(o for o in people if o.called_ms is not None)
        found.append(
            TimeOfDay(
                from_min=index * BIN_MIN,
                people=len(people) / days,
                mean_wait_min=waited.mean_wait_min,
                p90_wait_min=waited.p90_wait_min,
                windows_open=staffed.get(index, 0.0) / days,
                windows_needed=fmean(record.needed(index, safety) for record in records),
            )
        )
    return tuple(found)


def _histogram(called: Iterable[Outcome]) -> tuple[int, ...]:
    found = [0] * (HISTOGRAM_MIN + 1)
    for wait_ms in map(attrgetter("wait_ms"), called):
        found[min(wait_ms // MIN_MS, HISTOGRAM_MIN)] += 1
    return tuple(found)


class Paired(NamedTuple):
    """How one run differs from another on the same days.

    Attributes:
      figure: name of a field of `DayFigures`.
      difference: of the days' figures, with its 95% interval.
      ratio: of their sums over the days, with the interval of the difference against the base.
    """

    figure: str
    difference: Interval
    ratio: Interval


PAIRED: Final = (
    "mean_wait_min",
    "p90_wait_min",
    "p99_wait_min",
    "priority_p99_min",
    "staff_hours",
    "given_up",
)


def pooled_ratio(base: Result, other: Result) -> Interval:
    """Mean wait of all people of all days together, other by base, with its 95% interval by the jackknife.

    A day counts by its people: what the means of two summaries differ by, and how sure that is.

    Raises:
      ValueError: they are not of the same days.
    """
    if base.drawn != other.drawn:
        raise ValueError("not the same days")
    pairs = [
        (one.people * one.mean_wait_min, two.people * two.mean_wait_min)
        for one, two in zip(base.days, other.days, strict=True)
    ]
    days = len(pairs)
    below, above = (sum(side) for side in zip(*pairs, strict=True))
    ratio = above / below
    if days == 1:
        return Interval(mean=ratio, low=ratio, high=ratio)
    # What each day would make of it, were all like that day beside the others.
    return interval([days * ratio - (days - 1) * (above - b) / (below - a) for a, b in pairs])


def paired(base: Result, other: Result) -> list[Paired]:
    """Compare two runs day by day.

    Raises:
      ValueError: they are not of the same days.
    """
    if base.drawn != other.drawn:
        told = [
            f"{r.scenario}, {r.volume:,.0f} people, seed {r.seed}, {len(r.days)} days" for r in (base, other)
        ]
        raise ValueError(f"not the same days: {told[0]}; and {told[1]}")
    found = []
    for figure in PAIRED:
        one = [float(getattr(day, figure)) for day in base.days]
        two = [float(getattr(day, figure)) for day in other.days]
        difference = interval([b - a for a, b in zip(one, two, strict=True)])
        mean = fmean(one) or math.nan
        ratio = Interval(
            mean=1 + difference.mean / mean, low=1 + difference.low / mean, high=1 + difference.high / mean
        )
        found.append(Paired(figure, difference, ratio))
    return found
