"""How soon a hall is itself again after a bus has come or clerks have fallen ill.

The day with the disturbance is held against its target waits, and against the same day without it: the
same people with the same business, and the same rules.
"""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from callq.simulate.draws import MIN_MS
from callq.simulate.halls import minute_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from callq.simulate.record import DayRecord
    from callq.simulate.scenario import Scenario

HOLDS_MIN: Final = 10
"""A hall has recovered when it is so for as many minutes on end."""

CLOSE_MIN: Final = 1.0
"""A head that has waited so much longer than on the day without is still as low."""


FELT_WITHIN_MIN: Final = 60
"""What is felt for the first time this long after a disturbance has ended is not its doing."""


class Recovered(NamedTuple):
    """Minutes from the beginning of a disturbance, of one day; 0: it was never felt."""

    under_target: int
    """Until nobody's wait was over the target of their class."""
    as_without: int
    """Until the longest wait of those waiting was as low as on the day without it."""
    above_target_min: int
    """How many minutes somebody's wait was over its target, to the end of the day."""
    above_target_without_min: int
    """The same on the day without it, from the same moment on."""


class Recovery(msgspec.Struct, frozen=True, kw_only=True):
    """Over the days: minutes from the beginning of the disturbance."""

    under_target_min: float
    """Until nobody's wait was over the target of their class, on average."""
    under_target_most_min: int
    as_without_min: float
    """Until the head of the queue had waited no longer than on the same day without it, on average."""
    as_without_most_min: int
    above_target_min: float
    """Minutes in which somebody's wait was over its target, a day."""
    above_target_without_min: float
    """The same without the disturbance."""


def calm(scenario: Scenario) -> Scenario:
    """The same kind of day without what goes wrong."""
    return msgspec.structs.replace(scenario, bursts=(), absences=())


def spans_min(scenario: Scenario) -> list[tuple[int, int]]:
    """When something goes wrong, minutes since midnight; a bus is felt from its coming on."""
    bursts = [(minute_of(b.at), minute_of(b.at) + int(b.within_min)) for b in scenario.bursts]
    absences = [(minute_of(a.hours[:5]), minute_of(a.hours[6:])) for a in scenario.absences]
    return sorted(bursts + absences)


def recovered(
    scenario: Scenario, targets_min: Mapping[str, float], day: DayRecord, without: DayRecord
) -> Recovered:
    """What one day's first disturbance left behind.

    Args:
      scenario: with at least one.
      targets_min: target wait by class.
      day: as it was.
      without: the same without it.
    """
    (begins, ends), *_ = spans_min(scenario)
    waits = heads(day, lambda cls: 1.0)
    calm_waits = heads(without, lambda cls: 1.0)
    length = max(len(waits), len(calm_waits))
    waits, calm_waits = ([*found, *[0.0] * (length - len(found))] for found in (waits, calm_waits))
    over = [part > 1 for part in heads(day, targets_min.__getitem__)]
    over_without = [part > 1 for part in heads(without, targets_min.__getitem__)]
    higher = [a > b + CLOSE_MIN for a, b in zip(waits, calm_waits, strict=True)]
    return Recovered(
        _until_over(over, begins, ends),
        _until_over(higher, begins, ends),
        sum(over[begins:]),
        sum(over_without[begins:]),
    )


def heads(day: DayRecord, target_min: Callable[[str], float]) -> list[float]:
    """The longest wait at each minute since midnight of those who wait, in targets of their class.

    Whoever is never called is not part of it: when they went is not known.
    """
    waiting = [
        (o.arrived_ms, o.called_ms, target_min(o.cls) * MIN_MS)
        for o in day.outcomes
        if o.called_ms is not None
    ]
    last = max((called for _, called, _ in waiting), default=0) // MIN_MS
    found = [0.0] * (last + 2)
    for arrived, called, target in waiting:
        for minute in range(-(-arrived // MIN_MS), -(-called // MIN_MS)):
            found[minute] = max(found[minute], (minute * MIN_MS - arrived) / target)
    return found


def _until_over(bad: Sequence[bool], begins: int, ends: int) -> int:
    """Minutes from a beginning until what begins by the end, or within an hour after it, is over."""
    first = next((m for m in range(begins, min(len(bad), ends + FELT_WITHIN_MIN)) if bad[m]), None)
    if first is None:
        return 0
    over = first
    for minute in range(first, len(bad)):
        if bad[minute]:
            over = minute + 1
        elif minute + 1 - over == HOLDS_MIN:
            break
    return over - begins


def recovery(days: Sequence[Recovered]) -> Recovery | None:
    """Over the days; None: nothing went wrong on them."""
    if not days:
        return None
    return Recovery(
        under_target_min=fmean(day.under_target for day in days),
        under_target_most_min=max(day.under_target for day in days),
        as_without_min=fmean(day.as_without for day in days),
        as_without_most_min=max(day.as_without for day in days),
        above_target_min=fmean(day.above_target_min for day in days),
        above_target_without_min=fmean(day.above_target_without_min for day in days),
    )
