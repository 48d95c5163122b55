"""Running many days, on several cores, with progress."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from callq.simulate.draws import drawn
from callq.simulate.engine import SimulatedDay
from callq.simulate.halls import made
from callq.simulate.plan import VARIANTS, Plan, planned
from callq.simulate.results import Result, gathered
from callq.simulate.tides import RULES

if TYPE_CHECKING:
    from collections.abc import Callable

    from callq.simulate.engine import Controller
    from callq.simulate.record import DayRecord
    from callq.simulate.scenario import Scenario

TIDES: Final = ("none", *VARIANTS, *RULES)
"""What may open and close windows."""


class Run(NamedTuple):
    """What is to be simulated.

    Attributes:
      scenario: kind of day, and the hall.
      volume: people expected a day.
      days: how many.
      seed: of all chance.
      policy: one of `callq.simulate.halls.POLICIES`.
      tidal: one of `TIDES`.
      beta: slider of the tides, between cost and comfort.
    """

    scenario: Scenario
    volume: float
    days: int
    seed: int
    policy: str = "default"
    tidal: str = "none"
    beta: float = 0.0


def one_day(run: Run, day: int) -> DayRecord:
    """Simulate one day of a run, from its number."""
    scenario = run.scenario
    if run.beta != scenario.tides.beta:
        tides = msgspec.structs.replace(scenario.tides, beta=run.beta)
        scenario = msgspec.structs.replace(scenario, tides=tides)
    tidal = run.tidal != "none"
    hall = made(scenario, run.policy, run.volume, tidal=tidal)
    controller: Controller | None = None
    if run.tidal in VARIANTS:
        hall, controller = planned(hall, scenario), Plan(run.tidal)
    elif tidal:
        controller = RULES[run.tidal]()
    return SimulatedDay(scenario, hall, drawn(scenario, run.volume, run.seed, day), controller).run()


def simulate(run: Run, *, jobs: int = 0, progress: Callable[[int], None] = lambda done: None) -> Result:
    """Simulate all days of a run.

    Args:
      run: what.
      jobs: processes; 0: as many as there are cores.
      progress: called with the number of days that are done.
    """
    records: list[DayRecord] = []
    workers = min(jobs or os.cpu_count() or 1, run.days)
    if workers == 1:
        for day in range(run.days):
            records.append(one_day(run, day))
            progress(len(records))
    else:
        with ProcessPoolExecutor(workers) as pool:
            for record in pool.map(one_day, [run] * run.days, range(run.days), chunksize=2):
                records.append(record)
                progress(len(records))
    return gathered(
        [group.code for group in run.scenario.groups],
        records,
        scenario=run.scenario.name,
        policy=run.policy,
        tidal=run.tidal,
        volume=run.volume,
        seed=run.seed,
        beta=run.beta,
    )
