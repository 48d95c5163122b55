"""Running many days, on several cores, with progress."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import msgspec

from callq.domain import commands as cmd
from callq.domain.check import problems
from callq.domain.state import Index
from callq.simulate.draws import drawn
from callq.simulate.engine import SimulatedDay
from callq.simulate.halls import DATE, NotSimulated, made
from callq.simulate.live import lived
from callq.simulate.of_hall import hall_of
from callq.simulate.plan import VARIANTS, Plan, planned
from callq.simulate.record import SAFETY
from callq.simulate.recovery import calm, recovered
from callq.simulate.results import CLASSES, Result, gathered
from callq.simulate.tides import RULES

if TYPE_CHECKING:
    from collections.abc import Callable

    from callq.domain.hall import HallConfig
    from callq.simulate.draws import Came
    from callq.simulate.engine import Controller
    from callq.simulate.halls import SimulatedHall
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
      through: `runtime`: every command goes through actor and journal as well, under a virtual clock.
      hall: whose own windows and clerks run; None: those of the scenario's layout.
      came: who came on recorded days instead of people drawn by chance; as many as `days`.
      adapt: what is changed of the hall before it opens; None: nothing.
      date: of the simulated days, ISO; only a hall file has a calendar.
    """

    scenario: Scenario
    volume: float
    days: int
    seed: int
    policy: str = "default"
    tidal: str = "none"
    beta: float = 0.0
    hall: HallConfig | None = None
    through: Literal["domain", "runtime"] = "domain"
    came: tuple[tuple[Came, ...], ...] | None = None
    adapt: Callable[[SimulatedHall], SimulatedHall] | None = None
    date: str = DATE


def one_day(run: Run, day: int) -> DayRecord:
    """Simulate one day of a run, from its number; where something goes wrong on it, without that as well.

    Raises:
      Disagreement: it was to go through the runtime as well, which came to another end.
    """
    simulated = prepared(run, day)
    record = simulated.run()
    if run.scenario.bursts or run.scenario.absences:
        without = prepared(run._replace(scenario=calm(run.scenario)), day).run()
        terms = simulated.hall.config.services[0]
        targets = {cls: float(terms.target_min(cls)) for cls in CLASSES}
        record.recovered = recovered(run.scenario, targets, record, without)
    if run.through == "runtime":
        lived(simulated)
    return record


def drawn_from(run: Run) -> str:
    """Digest of all that the people of a run are drawn from, whatever hall they meet.

    Whether they ask the guide is not part of it: the same people come, and some go elsewhere.
    """
    scenario = run.scenario
    unguided = msgspec.structs.replace(scenario.people, guided=0.0, accepts=())
    parts = (
        run.seed,
        run.days,
        run.volume,
        scenario.day,
        [(group.code, group.share, group.service_min, group.cv, *group.profile) for group in scenario.groups],
        scenario.profile,
        scenario.classes,
        scenario.handling,
        unguided,
        scenario.bursts,
        run.came,
    )
    return hashlib.blake2b(msgspec.json.encode(parts), digest_size=8).hexdigest()


def hall_for(run: Run) -> SimulatedHall:
    """The hall that a run is in.

    Raises:
      NotSimulated: the policy cannot run in it.
    """
    tidal = run.tidal != "none"
    if run.hall is not None:
        groups = [group.code for group in run.scenario.groups]
        hall = hall_of(run.hall, run.policy, groups, tidal=tidal, date=run.date)
    else:
        hall = made(run.scenario, run.policy, run.volume, tidal=tidal)
    return hall if run.adapt is None else run.adapt(hall)


def refuse(run: Run) -> None:
    """Look at the hall and the plan of a run before its days.

    Raises:
      NotSimulated: the policy cannot run in the hall, nothing can be opened and closed, or no server would
        take the hall.
    """
    scenario, hall = _set_up(run)
    staffed = {window for window, _ in hall.seats}
    if not staffed:
        raise NotSimulated(
            f"{scenario.name} has no window with a clerk who serves something there",
            "add windows and clerks with skills",
        )
    listed = hall.config.tides.windows if run.tidal in VARIANTS else ()
    if run.tidal != "none" and not staffed & hall.closed.union(listed):
        raise NotSimulated(
            f"{scenario.name} has no window that tides could open and close: {run.policy}+{run.tidal}",
            'give some windows kind = "tidal" or list them in tides.windows, and give them clerks; '
            "of a scenario, let layout.base be less than comprehensive and keep the policy that has them",
        )
    for problem in problems(hall.config):
        raise NotSimulated(f"{scenario.name}: {problem.path}: {problem.message}", problem.hint)


def unstaffed(run: Run) -> tuple[str, ...]:
    """Groups of a run with a service that no clerk serves at any window.

    Raises:
      NotSimulated: the policy cannot run in the hall.
    """
    hall = hall_for(run)
    index = Index(hall.config)
    served = {code for window, clerk in hall.seats for code in index.serving(window, clerk, run.date)}
    lines = zip(run.scenario.groups, hall.lines, strict=True)
    return tuple(group.code for group, own in lines if not served.issuperset(line.service for line in own))


def _set_up(run: Run) -> tuple[Scenario, SimulatedHall]:
    """The scenario and the hall, with the slider and the tides of the run."""
    scenario = run.scenario
    if run.beta != scenario.tides.beta:
        tides = msgspec.structs.replace(scenario.tides, beta=run.beta)
        scenario = msgspec.structs.replace(scenario, tides=tides)
    hall = hall_for(run)
    return scenario, planned(hall, scenario) if run.tidal in VARIANTS else hall


def prepared(run: Run, day: int) -> SimulatedDay:
    """A day of a run, before it begins."""
    scenario, hall = _set_up(run)
    controller: Controller | None = None
    if run.tidal in VARIANTS:
        controller = Plan(run.tidal)
    elif run.tidal != "none":
        controller = RULES[run.tidal]()
    came = run.came[day] if run.came is not None else None
    draws = drawn(scenario, run.volume, run.seed, day, came)
    simulated = SimulatedDay(scenario, hall, draws, controller, keep=run.through == "runtime")
    for window, skills in hall.in_use:
        simulated.plan(simulated.setup_ms, _narrow, simulated, cmd.SetSkills(window=window, skills=skills))
    return simulated


def _narrow(day: SimulatedDay, command: cmd.SetSkills) -> None:
    """A supervisor leaves some of a clerk's skills out, before the doors open."""
    day.do(command)


def simulate(run: Run, *, jobs: int = 0, progress: Callable[[int], None] = lambda done: None) -> Result:
    """Simulate all days of a run.

    Args:
      run: what.
      jobs: processes; 0: as many as there are cores.
      progress: called with the number of days that are done.

    Raises:
      NotSimulated: see `refuse`.
    """
    refuse(run)
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
    layout = run.scenario.layout
    return gathered(
        [group.code for group in run.scenario.groups],
        records,
        scenario=run.scenario.name,
        policy=run.policy,
        tidal=run.tidal,
        volume=run.volume,
        seed=run.seed,
        beta=run.beta,
        drawn=drawn_from(run),
        safety=SAFETY if layout is None else layout.safety,
        unstaffed=unstaffed(run),
    )
