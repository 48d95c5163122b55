"""What if: questions that a manager has about the own hall, answered on the same simulated days.

How many skills a clerk needs, what one window more or less does, what the slider of the tides costs, what it
does that people ask the guide. Each answer is a row for every possibility, with the difference to what is
there today by day and its 95% interval.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from callq.domain.state import Index
from callq.simulate.engine import DATE
from callq.simulate.halls import NotSimulated, busiest, means_min, peak_load
from callq.simulate.results import Interval, paired
from callq.simulate.runs import hall_for, refuse, simulate
from callq.simulate.textbook import servers_for

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from callq.domain.hall import HallConfig
    from callq.simulate.halls import SimulatedHall
    from callq.simulate.results import Result
    from callq.simulate.runs import Run
    from callq.simulate.scenario import Scenario

BETAS: Final = (-1.0, -0.4, 0.0, 0.5, 1.0, 2.0)
SHARES: Final = (0.0, 0.1, 0.25, 0.5, 1.0)
WINDOWS: Final = (-3, -2, -1, 0, 1, 2, 3)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One possibility.

    Attributes:
      what: it is, e.g. ``6 skills``.
      mean_wait_min: of all people.
      p90_wait_min: of all people.
      worst_group_min: largest mean of a group.
      staff_hours: a day.
      difference_min: of the mean wait to what is there today, by day.
      not_served: share of people who came and were not served to the end.
      guided: share of people whom the guide sent elsewhere.
      is_today: whether it is how the hall is now.
    """

    what: str
    mean_wait_min: float
    p90_wait_min: float
    worst_group_min: float
    staff_hours: float
    difference_min: Interval
    not_served: float
    guided: float
    is_today: bool


class Possibility(NamedTuple):
    """What is tried: a name, and the run."""

    what: str
    run: Run
    is_today: bool


def answers(
    tried: Sequence[Possibility], *, jobs: int = 0, progress: Callable[[int], None] = lambda done: None
) -> list[Answer]:
    """Simulate every possibility; differences are to what is there today, or to the first.

    Args:
      tried: at least one, of the same days.
      jobs: processes; 0: as many as there are cores.
      progress: called with the number of days that are done, of all possibilities together.

    Raises:
      NotSimulated: one of them cannot be simulated; none has been.
    """
    for each in tried:
        refuse(each.run)
    found: list[tuple[Possibility, Result]] = []
    for each in tried:
        before = sum(len(result.days) for _, result in found)
        done = partial(_further, progress, before)
        found.append((each, simulate(each.run, jobs=jobs, progress=done)))
    base = next((result for each, result in found if each.is_today), found[0][1])
    return [_answer(each, result, base) for each, result in found]


def _further(progress: Callable[[int], None], before: int, done: int) -> None:
    progress(before + done)


def _answer(each: Possibility, result: Result, base: Result) -> Answer:
    summary = result.summary
    difference = next(row.difference for row in paired(base, result) if row.figure == "mean_wait_min")
    return Answer(
        what=each.what,
        mean_wait_min=summary.mean_wait_min,
        p90_wait_min=summary.p90_wait_min,
        worst_group_min=summary.worst_group_min,
        staff_hours=summary.staff_hours,
        difference_min=difference,
        not_served=1 - (summary.served + summary.guided) / max(1, summary.people),
        guided=summary.guided / max(1, summary.people),
        is_today=each.is_today,
    )


# Skills ---------------------------------------------------------------------------------------------


def skills(run: Run) -> list[Possibility]:
    """The cross-training curve: clerks of flexible windows with 2, 3, 4, 6, 8, ... skills each, up to all.

    Skills are shared out as a chain: each clerk begins one further than the one before, so that every service
    keeps about as many clerks and those of one can help those of all others, step by step.

    Source: W. C. Jordan, S. C. Graves: Principles on the benefits of manufacturing process flexibility,
    Management Science 41 (1995).
    """
    most = _most_skills(run)
    counts = [count for count in (2, 3, 4, 6, 8, 12, 16, 24) if count < most] + [most]
    return [Possibility(f"{n} skills", run._replace(adapt=_Skills(n)), n == most) for n in counts]


def _most_skills(run: Run) -> int:
    return max(len(clerk.skills) for clerk in hall_for(run).config.clerks)


@dataclass(frozen=True, slots=True)
class _Skills:
    """Each clerk keeps so many skills, one further for each clerk; those in use before spare ones."""

    kept: int

    def __call__(self, hall: SimulatedHall) -> SimulatedHall:
        in_use = dict(hall.in_use)
        used_by = {clerk: in_use.get(window, ()) for window, clerk in hall.seats}
        clerks, turn = [], 0
        for clerk in hall.config.clerks:
            if len(clerk.skills) > self.kept:
                used = [code for code in clerk.skills if code in used_by.get(clerk.id, ())]
                others = [code for code in clerk.skills if code not in used]
                of_used = min(len(used), self.kept)
                held_on = {used[(turn + i) % len(used)] for i in range(of_used)}
                held_on |= {others[(turn + i) % len(others)] for i in range(self.kept - of_used)}
                turn += 1
                held = {code: level for code, level in clerk.skills.items() if code in held_on}
                clerk = msgspec.structs.replace(clerk, skills=held)
            clerks.append(clerk)
        return hall._replace(
            config=msgspec.structs.replace(hall.config, clerks=tuple(clerks)),
            # Who has no more than were in use uses all.
            in_use=tuple((window, used) for window, used in hall.in_use if len(used) < self.kept),
        )


def bound(run: Run, wait_min: float) -> int:
    """Windows that the fullest time needs for a mean wait, if each serves everybody: no rule does better.

    Args:
      run: the hall and its people.
      wait_min: mean wait, above 0.

    Source: Erlang's delay formula, corrected for the spread of the handling; see `textbook`.
    """
    scenario = run.scenario
    return servers_for(
        run.volume * busiest(scenario), scenario.handling.mean_min, wait_min, handling_cv(scenario)
    )


def handling_cv(scenario: Scenario) -> float:
    """Coefficient of variation of the handling of everybody: within the groups, and between them."""
    handling, groups = scenario.handling, scenario.groups
    total = sum(group.share for group in groups)
    square = 0.0
    for group, mean in zip(groups, means_min(scenario), strict=True):
        cv = handling.cv if group.cv is None else group.cv
        if handling.distribution == "exponential":
            cv = 1.0
        square += group.share / total * mean**2 * (1 + cv**2)
    return math.sqrt(max(0.0, square / handling.mean_min**2 - 1))


# Windows --------------------------------------------------------------------------------------------


def windows(run: Run) -> list[Possibility]:
    """Three windows less to three more: flexible ones, or where there are none, by the load of a service.

    A window that is added is like the last flexible one, or else of the service that is shortest of windows;
    one that is taken away is the last flexible one, or else of the service that misses it least. The last
    window of a service stays: fewer are taken away where too few are left.

    Raises:
      NotSimulated: no window can be added or taken away.
    """
    tried = []
    for more in WINDOWS:
        changes = _changes(run, more)
        if len(changes) == abs(more):
            what = f"{more:+d} windows: {_places(run, changes)}" if more else "as today"
            tried.append(Possibility(what, run._replace(adapt=_Windows(changes, more > 0)), more == 0))
    if len(tried) == 1:
        raise NotSimulated(
            f"{run.scenario.name} has no window to add to or to take away",
            "add windows and clerks that serve the same services",
        )
    return tried


def _places(run: Run, changes: Sequence[str]) -> str:
    """What the changed windows serve, e.g. ``2 estate, 1 several``."""
    hall = hall_for(run)
    served = _served(hall)
    names = ["several" if len(served[window]) > 1 else served[window][0] for window in changes]
    return ", ".join(f"{count} {name}" for name, count in sorted(Counter(names).items()))


def _changes(run: Run, more: int) -> tuple[str, ...]:
    """Windows to take away, or whose like to add, in turn."""
    hall = hall_for(run)
    served = _served(hall)
    flexible = [window for window in served if len(served[window]) > 1]
    if more > 0 and flexible:
        return (flexible[-1],) * more
    last_first = flexible[::-1]
    loads = Counter(_load_of(run, hall))
    found: list[str] = []
    for _ in range(abs(more)):
        count = Counter(code for window in served for code in served[window])
        if more > 0:
            own = {served[window][0]: window for window in served}
            if not own:
                break
            # What was added before counts as well.
            count.update(served[window][0] for window in found)
            found.append(own[min(own, key=lambda code: _slack(loads[code], count[code]))])
            continue
        spare = [w for w in last_first if w in served and all(count[code] > 1 for code in served[w])]
        if not spare:
            single = [w for w in served if len(served[w]) == 1 and count[served[w][0]] > 1]
            spare = sorted(single, key=lambda w: -_slack(loads[served[w][0]], count[served[w][0]] - 1))
        if not spare:
            break
        found.append(spare[0])
        del served[spare[0]]
    return tuple(found)


def _slack(load: float, windows: int) -> float:
    """Windows beyond the offered load, in roots of it: the fewer, the longer people wait."""
    return (windows - load) / math.sqrt(load) if load else math.inf


def _served(hall: SimulatedHall) -> dict[str, tuple[str, ...]]:
    """What each window that stays open serves, in order."""
    index = Index(hall.config)
    found = {window: index.serving(window, clerk, DATE) for window, clerk in hall.seats}
    return {window: codes for window, codes in found.items() if codes and window not in hall.closed}


def _load_of(run: Run, hall: SimulatedHall) -> dict[str, float]:
    """Offered load of each service at its fullest time, in windows."""
    found: dict[str, float] = {}
    for lines, load in zip(hall.lines, peak_load(run.scenario, run.volume), strict=True):
        for line in lines:
            found[line.service] = found.get(line.service, 0.0) + load * line.weight
    return found


@dataclass(frozen=True, slots=True)
class _Windows:
    """Some windows less, or more that are like them."""

    changed: tuple[str, ...]
    added: bool

    def __call__(self, hall: SimulatedHall) -> SimulatedHall:
        served = _served(hall)
        config, staffed, serving = hall.config, list(hall.seats), dict(hall.serving)
        in_use = dict(hall.in_use)
        if self.added:
            for number, like in enumerate(self.changed):
                config, seat = _one_more(config, dict(staffed), like, number)
                staffed.append(seat)
                if like in serving:
                    serving[seat[0]] = serving[like]
                if like in in_use:
                    in_use[seat[0]] = in_use[like]
        else:
            staffed = [seat for seat in staffed if seat[0] not in self.changed]
        sign = 1 if self.added else -1
        count = Counter(code for window in self.changed for code in served[window])
        lines = tuple(
            tuple(line._replace(windows=line.windows + sign * count[line.service]) for line in group)
            for group in hall.lines
        )
        staffed_at = {window for window, _ in staffed}
        return hall._replace(
            config=config,
            seats=tuple(staffed),
            lines=lines,
            serving=tuple(serving.items()),
            in_use=tuple((window, skills) for window, skills in in_use.items() if window in staffed_at),
        )


def _one_more(
    config: HallConfig, seats: dict[str, str], like: str, number: int
) -> tuple[HallConfig, tuple[str, str]]:
    window = next(w for w in config.windows if w.id == like)
    clerk = next(c for c in config.clerks if c.id == seats[like])
    new = msgspec.structs.replace(window, id=f"more-{number}", label=f"+{number + 1}")
    person = msgspec.structs.replace(clerk, id=f"more-{number}", name=f"+{number + 1}", mentor="")
    changed = msgspec.structs.replace(config, windows=(*config.windows, new), clerks=(*config.clerks, person))
    return changed, (new.id, person.id)


# Tides ----------------------------------------------------------------------------------------------


def tides(run: Run) -> list[Possibility]:
    """The slider of the tides, from saving windows to saving waiting, beside all windows open.

    Where the hall runs no tides, and none are asked about, all windows open is what there is today.
    """
    runs_them = run.scenario.tides.mode != "off" or run.tidal != "none"
    opened = Possibility("all windows open", run._replace(tidal="none"), is_today=not runs_them)
    return [
        opened,
        *(
            Possibility(
                f"beta {beta:g}", run._replace(tidal="default", beta=beta), runs_them and beta == run.beta
            )
            for beta in sorted({*BETAS, run.beta})
        ),
    ]


# The guide ------------------------------------------------------------------------------------------


def guide(run: Run) -> list[Possibility]:
    """More and more people ask the guide before they take a ticket; the same people come.

    Raises:
      NotSimulated: the guide has nowhere else to send them.
    """
    if all(item.channels == ("window",) for item in hall_for(run).config.items):
        raise NotSimulated(
            f"the guide of {run.scenario.name} has only the windows to send people to",
            "give groups (or the items of a hall file) channels, and add [[outlets]]",
        )
    today = run.scenario.people.guided
    shares = sorted({*SHARES, today})
    return [Possibility(f"{share:.0%} ask", _guided(run, share), share == today) for share in shares]


def _guided(run: Run, share: float) -> Run:
    people = msgspec.structs.replace(run.scenario.people, guided=share)
    return run._replace(scenario=msgspec.structs.replace(run.scenario, people=people))


QUESTIONS: Final[dict[str, Callable[[Run], list[Possibility]]]] = {
    "skills": skills,
    "windows": windows,
    "tides": tides,
    "guide": guide,
}
"""By the name on the command line."""
