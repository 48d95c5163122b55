"""One simulated day of `county-84` on one core: how long the rules take for 2,600 people.

What the days come to is `days`.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from callq.simulate.runs import Run, one_day
from callq.simulate.scenario import load
from loadtests.figures import Bound, Figure, Report, report

if TYPE_CHECKING:
    import argparse

    from rich.progress import Progress

SEED: Final = 2026
VOLUME: Final = 2600
DAY_S: Final = 1.0


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Nothing beyond what every benchmark takes."""


def run(args: argparse.Namespace, progress: Progress) -> Report:
    """Simulate days one after another, each on this thread."""
    scenario = load("county-84")
    run = Run(scenario, VOLUME, args.runs, SEED)
    took, computed = [], []
    for day in progress.track(range(args.runs), description="days"):
        began, cpu = time.perf_counter(), time.process_time()
        one_day(run, day)
        took.append(time.perf_counter() - began)
        computed.append(time.process_time() - cpu)
    bound = Bound(of="value", at="most", limit=DAY_S)
    figures = [
        Figure(what="one day of 2,600 people", unit="s", values=tuple(took), bound=bound),
        Figure(what="the same, processor time", unit="s", values=tuple(computed)),
    ]
    return report("day", figures, f"Days 1 to {args.runs} of seed {SEED}, one after another on one core.")
