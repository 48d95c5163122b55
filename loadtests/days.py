"""Simulated days: what ships beside the longest wait and beside all windows open, on the same days.

The rules run as in a server, people are drawn by chance (`docs/simulate.md`). 200 days take twenty minutes on
two idle cores; `--days` makes it shorter, and `--resume` goes on where the same command was stopped.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

import callq
from callq.simulate.results import Result, paired, pooled_ratio
from callq.simulate.runs import Run, simulate
from callq.simulate.scenario import load
from loadtests.figures import Bound, Figure, Report, report

if TYPE_CHECKING:
    import argparse

    from rich.progress import Progress

    from callq.simulate.results import Interval, Summary

SEED: Final = 2026
VOLUMES: Final = (2600, 2900)

VARIANTS: Final = (
    "booked",
    "lunch",
    "no-shows",
    "holds",
    "transfers",
    "speeds",
    "steady",
    "wild",
    "skills-6",
)
"""Kinds of day that the goals say nothing of: the policies and the tides are compared on each."""

DISTURBED: Final = ("forecast-low", "forecast-high", "burst", "ill")
"""What goes wrong: the tides are looked at."""

FELT: Final = ("burst", "ill")
"""Of that, what has a beginning: it is looked at how soon the hall is itself again."""

OTHERS: Final = (
    "fixed_queue_ratio",
    "strict_priority",
    "kiosk_shorter_line",
    "kiosk_fixed_line",
    "group_lines",
    "department_lines",
    "pooled",
)
OTHER_TIDES: Final = ("clock", "threshold", "forecast", "newsvendor")


class _Goals(NamedTuple):
    mean: float
    p90: float
    p99: float
    green_p99: float
    staff: float
    tidal_mean: float


GOALS: Final = {
    2600: _Goals(0.935, 0.90, 1.07, 0.40, 0.85, 1.14),
    2900: _Goals(0.96, 0.965, 1.14, 0.36, 0.885, 1.05),
}
GROUPS_APART: Final = 1.5
GREEN_P99_MIN: Final = 14.0
OPENINGS: Final = 55.0
OF_ONE_WINDOW: Final = 4.0
"""Openings of one window on one day, however the day goes."""
OF_ONE: Final = "openings of one window on one day, the most"
LATER_MIN: Final = 5
"""By which windows open later than usual, to see what a delay costs."""
FEWER: Final = 20
"""Days of what has no goal."""
FEWEST: Final = 12
"""Days of spare skills, whose difference is large."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How many days, and on how many cores."""
    parser.add_argument("--days", type=int, default=200, metavar="N", help="default 200")
    parser.add_argument("--jobs", type=int, default=0, metavar="N", help="processes (default: all cores)")
    parser.add_argument("--goals", action="store_true", help="only the routing's and the tides' own goals")
    parser.add_argument(
        "--resume",
        type=Path,
        metavar="DIR",
        help="keep every finished run there, and simulate none that the same program has kept",
    )


class Finished:
    """Runs that are done, a file each, so that a long command that is stopped can go on.

    Args:
      directory: where; made when it is missing.
      of: what simulated them, see `program`; runs of another one are not found.
    """

    def __init__(self, directory: Path, of: str) -> None:
        self._directory, self._of = directory, of
        directory.mkdir(parents=True, exist_ok=True)

    def get(self, run: Run) -> Result | None:
        """What a run found, if it is done."""
        path = self._path(run)
        return msgspec.json.decode(path.read_bytes(), type=Result) if path.exists() else None

    def put(self, run: Run, result: Result) -> None:
        """Keep what a run found: whole, or not at all."""
        path = self._path(run)
        unfinished = path.with_suffix(".unfinished")
        unfinished.write_bytes(msgspec.json.encode(result))
        unfinished.replace(path)

    def _path(self, run: Run) -> Path:
        key = msgspec.json.encode(
            (self._of, run.scenario, run.volume, run.days, run.seed, run.policy, run.tidal, run.beta)
        )
        return self._directory / f"{hashlib.blake2b(key, digest_size=12).hexdigest()}.json"


def program() -> str:
    """Digest of the server's own files, which decide what a simulated day brings."""
    package = Path(callq.__file__).parent
    digest = hashlib.blake2b(digest_size=12)
    for path in sorted(package.rglob("*")):
        if path.suffix in {".py", ".toml"}:
            digest.update(f"{path.relative_to(package)}\n".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


class Runner:
    """Simulates so many days of one thing after another.

    Args:
      days: how many.
      jobs: processes; 0: as many as there are cores.
      progress: where each thing is shown while it runs.
      finished: where runs are kept and found again; None: nowhere.
    """

    def __init__(self, days: int, jobs: int, progress: Progress, finished: Finished | None) -> None:
        self.days, self.jobs, self.progress, self.finished = days, jobs, progress, finished

    def fewer(self, days: int) -> Runner:
        """The same for what needs no more than so many days."""
        return Runner(min(self.days, days), self.jobs, self.progress, self.finished)

    def run(
        self,
        policy: str,
        tidal: str,
        volume: float,
        scenario: str = "county-84",
        beta: float = 0.0,
        *,
        later_min: int = 0,
    ) -> Result:
        """What a policy and tides do on these days; windows open so many minutes later than usual."""
        kind = load(scenario)
        if later_min:
            tides = msgspec.structs.replace(kind.tides, opening_min=kind.tides.opening_min + later_min)
            kind = msgspec.structs.replace(kind, tides=tides)
        run = Run(kind, volume, self.days, SEED, policy, tidal, beta)
        if self.finished is not None and (found := self.finished.get(run)) is not None:
            return found
        task = self.progress.add_task(f"{scenario} {policy} {tidal} {volume:.0f}", total=self.days)
        result = simulate(
            run, jobs=self.jobs, progress=lambda done: self.progress.update(task, completed=done)
        )
        self.progress.remove_task(task)
        if self.finished is not None:
            self.finished.put(run, result)
        return result


def run(args: argparse.Namespace, progress: Progress) -> Report:
    """Simulate everything, and hold it against the goals."""
    finished = None if args.resume is None else Finished(args.resume, program())
    runner = Runner(args.days, args.jobs, progress, finished)
    fewer = runner.fewer(FEWER)
    figures: list[Figure] = []
    intervals: list[str] = []
    for volume in VOLUMES:
        goals = GOALS[volume]
        longest = runner.run("longest_wait", "none", volume)
        default = runner.run("default", "none", volume)
        tidal = runner.run("default", "default", volume)
        figures += _routing(volume, goals, default, longest)
        figures += _tides(volume, goals, tidal, default)
        intervals.append(_paired(f"{volume}, beside the longest wait", longest, default))
        intervals.append(_paired(f"{volume}, with tides beside all open", default, tidal))
        if not args.goals:
            others, told = _others(fewer, volume)
            figures += others
            intervals += told
    over = runner.run("default", "none", 3200)
    figures.append(
        _one(
            "3,200 people: priority, p99",
            "min",
            over.classes["priority"].p99_wait_min,
            most=GREEN_P99_MIN,
        )
    )
    if not args.goals:
        figures += _variants(fewer)
    skills = min(fewer.days, FEWEST)
    which = f"of what has no goal {fewer.days}, of spare skills {skills}"
    setting = f"{args.days} days of `county-84`, {which}; seed {SEED}."
    return report("days", figures, setting, *intervals)


def _one(what: str, unit: str, value: float, *, most: float | None = None) -> Figure:
    bound = None if most is None else Bound(of="value", at="most", limit=most)
    return Figure(what=what, unit=unit, values=(value,), bound=bound)


def _beside(
    what: str, unit: str, value: float, baseline: str, base: float, most: float | None = None
) -> Figure:
    bound = None if most is None else Bound(of="ratio", at="most", limit=most)
    return Figure(what=what, unit=unit, values=(value,), baseline=baseline, baselines=(base,), bound=bound)


def _routing(volume: int, goals: _Goals, default: Result, longest: Result) -> list[Figure]:
    ours, base = default.summary, longest.summary
    green, green_base = default.classes["priority"], longest.classes["priority"]
    beside = "longest wait"
    return [
        _beside(f"{volume:,}: mean wait", "min", ours.mean_wait_min, beside, base.mean_wait_min, goals.mean),
        _beside(f"{volume:,}: p90", "min", ours.p90_wait_min, beside, base.p90_wait_min, goals.p90),
        _beside(f"{volume:,}: p99", "min", ours.p99_wait_min, beside, base.p99_wait_min, goals.p99),
        _beside(
            f"{volume:,}: priority, p99",
            "min",
            green.p99_wait_min,
            beside,
            green_base.p99_wait_min,
            goals.green_p99,
        ),
        _one(
            f"{volume:,}: largest mean of a group, against the smallest",
            "times",
            ours.max_to_min_group or 1.0,
            most=GROUPS_APART,
        ),
    ]


def _tides(volume: int, goals: _Goals, tidal: Result, open_all_day: Result) -> list[Figure]:
    ours, base = tidal.summary, open_all_day.summary
    beside = "all windows open"
    return [
        _beside(
            f"{volume:,}, tides: staff-hours", "h", ours.staff_hours, beside, base.staff_hours, goals.staff
        ),
        _beside(
            f"{volume:,}, tides: mean wait",
            "min",
            ours.mean_wait_min,
            beside,
            base.mean_wait_min,
            goals.tidal_mean,
        ),
        _beside(f"{volume:,}, tides: p90", "min", ours.p90_wait_min, beside, base.p90_wait_min),
        _one(f"{volume:,}, tides: openings a day", "", ours.openings, most=OPENINGS),
        _one(f"{volume:,}, tides: {OF_ONE}", "", ours.most_reopened),
    ]


def _paired(what: str, base: Result, other: Result) -> str:
    """How one run differs from another on the same days, a sentence with every interval that there is."""
    found = {row.figure: row.ratio for row in paired(base, other)}
    by_day = {
        "mean wait": "mean_wait_min",
        "p90": "p90_wait_min",
        "p99": "p99_wait_min",
        "priority's p99": "priority_p99_min",
        "staff-hours": "staff_hours",
    }
    told = ", ".join(f"{name} {_ranged(found[figure])}" for name, figure in by_day.items())
    groups = [result.summary.max_to_min_group for result in (other, base)]
    apart = " beside ".join("-" if ratio is None else f"{ratio:.2f}" for ratio in groups)
    return (
        f"{what}: mean wait of all people {_ranged(pooled_ratio(base, other))} times; by day {told}; "
        f"largest mean of a group against the smallest, of all days {apart}."
    )


def _ranged(ratio: Interval) -> str:
    return f"{ratio.mean:.3f} ({ratio.low:.3f} to {ratio.high:.3f})"


def _others(runner: Runner, volume: int) -> tuple[list[Figure], list[str]]:
    """The other ways to build the hall and to open its windows, and how they differ on the same days."""
    found, told = [], []
    longest = runner.run("longest_wait", "none", volume)
    base = longest.summary.mean_wait_min
    default = runner.run("default", "none", volume)
    for policy in OTHERS:
        result = runner.run(policy, "none", volume)
        mean = result.summary.mean_wait_min
        found.append(_beside(f"{volume:,}, {policy}: mean wait", "min", mean, "longest wait", base))
        told.append(_paired(f"{volume}, {policy} beside the longest wait", longest, result))
    for tidal, beta in (*((name, 0.0) for name in OTHER_TIDES), ("default", -0.4), ("default", 1.0)):
        result = runner.run("default", tidal, volume, beta=beta)
        name = f"{tidal}, beta {beta:g}" if beta else tidal
        mean, hours = result.summary.mean_wait_min, result.summary.staff_hours
        what = f"{volume:,}, tides {name}: mean wait, at {hours:.0f} staff-hours"
        found.append(_beside(what, "min", mean, "all windows open", default.summary.mean_wait_min))
        told.append(_paired(f"{volume}, tides {name} beside all open", default, result))
    sooner = runner.run("default", "default", volume)
    later = runner.run("default", "default", volume, later_min=LATER_MIN)
    more = later.summary.staff_hours - sooner.summary.staff_hours
    what = f"{volume:,}, tides, windows open {LATER_MIN} min later: mean wait, at {more:+.1f} staff-hours"
    usual = "as soon as usual"
    found.append(_beside(what, "min", later.summary.mean_wait_min, usual, sooner.summary.mean_wait_min))
    told.append(_paired(f"{volume}, {LATER_MIN} min later beside {usual}", sooner, later))
    return found, told


def _variants(runner: Runner) -> list[Figure]:
    found = []
    for variant in VARIANTS:
        scenario = f"county-84-{variant}"
        volume = load(scenario).day.volume
        longest = runner.run("longest_wait", "none", volume, scenario).summary
        default = runner.run("default", "none", volume, scenario).summary
        tidal = runner.run("default", "default", volume, scenario).summary
        found.append(
            _beside(
                f"{variant}: mean wait", "min", default.mean_wait_min, "longest wait", longest.mean_wait_min
            )
        )
        what = f"{variant}, tides: mean wait, at {tidal.staff_hours / default.staff_hours:.2f} of the hours"
        found.append(_beside(what, "min", tidal.mean_wait_min, "all windows open", default.mean_wait_min))
        found += _openings(variant, tidal)
        if variant == "booked":
            found.append(_known(runner, tidal))
    undisturbed = runner.run("default", "default", 2600).summary
    what = f"undisturbed, tides: mean wait, at {undisturbed.staff_hours:.0f} staff-hours"
    found.append(_one(what, "min", undisturbed.mean_wait_min))
    found += _openings("undisturbed", undisturbed)
    for variant in DISTURBED:
        result = runner.run("default", "default", 2600, f"county-84-{variant}")
        tidal = result.summary
        what = f"{variant}, tides: mean wait, at {tidal.staff_hours:.0f} staff-hours"
        found.append(_one(what, "min", tidal.mean_wait_min))
        found += _openings(variant, tidal, most=OF_ONE_WINDOW)
        if variant in FELT:
            found += _recovery(variant, result, runner.run("default", "none", 2600, f"county-84-{variant}"))
    return found + _spare_skills(runner.fewer(FEWEST))


def _openings(variant: str, tidal: Summary, most: float | None = None) -> list[Figure]:
    """How restless the tides are."""
    return [
        _one(f"{variant}, tides: openings a day", "", tidal.openings),
        _one(f"{variant}, tides: {OF_ONE}", "", tidal.most_reopened, most=most),
    ]


def _known(runner: Runner, known: Summary) -> Figure:
    """The same people, whose appointments the forecast knows or does not."""
    unknown = runner.run("default", "default", 2600).summary
    hours = known.staff_hours - unknown.staff_hours
    what = f"appointments known to the forecast, tides: mean wait, at {hours:+.1f} staff-hours"
    return _beside(what, "min", known.mean_wait_min, "not known to it", unknown.mean_wait_min)


def _recovery(variant: str, tidal: Result, open_all_day: Result) -> list[Figure]:
    """Minutes from the beginning of what went wrong."""
    ours, base = tidal.recovery, open_all_day.recovery
    assert ours is not None
    assert base is not None
    beside = "all windows open"
    told = {
        "until no wait is over its target": (ours.under_target_min, base.under_target_min),
        "the same, on the worst day": (ours.under_target_most_min, base.under_target_most_min),
        "until the head waits no longer than on the same day without": (
            ours.as_without_min,
            base.as_without_min,
        ),
        "minutes of the day with a wait over its target": (ours.above_target_min, base.above_target_min),
    }
    return [
        _beside(f"{variant}, tides: {what}", "min", one, beside, two) for what, (one, two) in told.items()
    ]


def _spare_skills(runner: Runner) -> list[Figure]:
    """Flexible clerks with six skills, two of them in use: the tides, widening, and both."""
    beside = "all windows open, two skills in use"
    base = runner.run("default", "none", 2600, "county-84-spare").summary
    found = []
    for what, scenario in (
        ("tides alone", "county-84-spare"),
        ("widening alone", "county-84-spare-widening"),
        ("tides and widening", "county-84-spare-both"),
    ):
        result = runner.run("default", "default", 2600, scenario).summary
        told = f"spare skills, {what}: mean wait, at {result.staff_hours / base.staff_hours:.2f} of the hours"
        found.append(_beside(told, "min", result.mean_wait_min, beside, base.mean_wait_min))
        told = f"spare skills, {what}: worst group"
        found.append(_beside(told, "min", result.worst_group_min, beside, base.worst_group_min))
        if what != "widening alone":
            found += _openings(f"spare skills, {what}", result)
    return found
