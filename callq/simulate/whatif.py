"""What if: questions that a manager has about the own hall, answered on the same simulated days.

How many skills a clerk needs, what one window more or less does, what the slider of the tides costs, what it
does that people ask the guide. Each answer is a row for every possibility, with the difference to what is
there today by day and its 95% interval.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from callq.simulate.halls import Line, NotSimulated, busiest
from callq.simulate.results import Interval, paired
from callq.simulate.runs import hall_for, simulate
from callq.simulate.textbook import servers_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from callq.domain.hall import HallConfig
    from callq.simulate.halls import SimulatedHall
    from callq.simulate.results import Result
    from callq.simulate.runs import Run

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
    """
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

    Skills are shared out in turn, so that every service keeps about as many clerks.
    """
    most = _most_skills(run)
    counts = [count for count in (2, 3, 4, 6, 8, 12, 16, 24) if count < most] + [most]
    return [Possibility(f"{n} skills", run._replace(adapt=_Skills(n)), n == most) for n in counts]


def _most_skills(run: Run) -> int:
    return max(len(clerk.skills) for clerk in hall_for(run).config.clerks)


@dataclass(frozen=True, slots=True)
class _Skills:
    """Each clerk keeps so many skills, beginning one further for each clerk."""

    kept: int

    def __call__(self, hall: SimulatedHall) -> SimulatedHall:
        clerks, turn = [], 0
        for clerk in hall.config.clerks:
            codes = list(clerk.skills)
            if len(codes) > self.kept:
                held_on = {codes[(turn + i) % len(codes)] for i in range(self.kept)}
                turn += self.kept
                held = {code: level for code, level in clerk.skills.items() if code in held_on}
                clerk = msgspec.structs.replace(clerk, skills=held)
            clerks.append(clerk)
        return hall._replace(config=msgspec.structs.replace(hall.config, clerks=tuple(clerks)))


def bound(run: Run, wait_min: float) -> int:
    """Windows that the fullest time needs for a mean wait, if each serves everybody: no rule does better.

    Args:
      run: the hall and its people.
      wait_min: mean wait, above 0.

    Source: Erlang's delay formula, corrected for the spread of the handling; see `textbook`.
    """
    scenario = run.scenario
    return servers_for(
        run.volume * busiest(scenario), scenario.handling.mean_min, wait_min, scenario.handling.cv
    )


# Windows --------------------------------------------------------------------------------------------


def windows(run: Run) -> list[Possibility]:
    """Three flexible windows less to three more, staffed like the last one there is."""
    return [
        Possibility(f"{n:+d} windows" if n else "as today", run._replace(adapt=_Windows(n)), n == 0)
        for n in WINDOWS
    ]


@dataclass(frozen=True, slots=True)
class _Windows:
    """So many flexible windows more, or less."""

    more: int

    def __call__(self, hall: SimulatedHall) -> SimulatedHall:
        if self.more < 0:
            gone = set(list(_flexible(hall))[self.more :])
            seats = tuple(seat for seat in hall.seats if seat[0] not in gone)
            return hall._replace(seats=seats)
        config, staffed = hall.config, list(hall.seats)
        like = next(reversed(list(_flexible(hall))), None)
        for number in range(self.more if like is not None else 0):
            config, seat = _one_more(config, dict(staffed), like or "", number)
            staffed.append(seat)
        lines = tuple(
            tuple(Line(line.service, line.weight, line.windows + self.more) for line in group)
            for group in hall.lines
        )
        return hall._replace(config=config, seats=tuple(staffed), lines=lines)


def _flexible(hall: SimulatedHall) -> Iterator[str]:
    """Windows that stay open and whose clerks have several skills, in order."""
    clerks = {clerk.id: clerk for clerk in hall.config.clerks}
    kinds = {window.id: window for window in hall.config.windows}
    for window, clerk in hall.seats:
        several = len(clerks[clerk].skills) > 1 and len(kinds[window].services) != 1
        if several and window not in hall.closed:
            yield window


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
    """The slider of the tides, from saving windows to saving waiting, beside all windows open."""
    opened = Possibility("all windows open", run._replace(tidal="none"), is_today=False)
    return [
        opened,
        *(
            Possibility(f"beta {beta:g}", run._replace(tidal="default", beta=beta), beta == run.beta)
            for beta in BETAS
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
