"""Run seeds from a shell: one with its whole trace, or many with progress."""

from __future__ import annotations

import argparse
import gc
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

from tests.simulation.profiles import PROFILES
from tests.simulation.run import BrokenRun, Report, simulate

SHOWN = 2
"""Broken runs of a profile that are told in full."""


class Failure(NamedTuple):
    """A run that broke a promise."""

    seed: int
    kinds: list[str]
    text: str


def tried(seed: int, profile: str) -> Report | Failure:
    """A report, or how a run failed."""
    try:
        return simulate(seed, profile)
    except BrokenRun as broken:
        return Failure(seed, sorted(broken.kinds), str(broken))


def main() -> int:
    """Run what the command line asks for; 1 if a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--profile", choices=PROFILES, action="append", help="all of them if not given")
    parser.add_argument("--seed", type=int, help="run this one and print its trace")
    parser.add_argument("--seeds", type=int, default=100, help="how many to run")
    parser.add_argument("--start", type=int, default=0, help="the first of them")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    args = parser.parse_args()
    profiles = args.profile or list(PROFILES)
    if args.seed is not None:
        return max(_whole(args.seed, profile) for profile in profiles)
    # What is loaded stays: nobody need look at it for garbage.
    gc.freeze()
    seeds = range(args.start, args.start + args.seeds)
    with ProcessPoolExecutor(args.jobs) as pool:
        return max(_many(pool, profile, seeds, args.jobs) for profile in profiles)


def _whole(seed: int, profile: str) -> int:
    try:
        report = simulate(seed, profile, shown=None)
    except BrokenRun as broken:
        print(broken)
        return 1
    print("\n".join([*report.trace, str(report._replace(trace=[]))]))
    return 0


def _many(pool: ProcessPoolExecutor, profile: str, seeds: range, jobs: int) -> int:
    began = time.monotonic()
    facts = 0
    failures: list[Failure] = []
    kinds: dict[str, list[int]] = {}
    for done, result in enumerate(pool.map(tried, seeds, [profile] * len(seeds), chunksize=10), 1):
        if isinstance(result, Failure):
            failures.append(result)
            for kind in result.kinds:
                kinds.setdefault(kind, []).append(result.seed)
        else:
            facts += result.told
        if done % 500 == 0 and done < len(seeds):
            print(f"{profile}: {done} of {len(seeds)}, {len(failures)} broken", flush=True)
    each_ms = 1000 * (time.monotonic() - began) * jobs / len(seeds)
    print(
        f"{profile}: {len(seeds)} runs, {facts} facts, {each_ms:.0f} ms each, {len(failures)} broken",
        flush=True,
    )
    for kind, where in kinds.items():
        print(f"    {kind}: {len(where)}, seeds {' '.join(map(str, where[:12]))}")
    for failure in failures[:SHOWN]:
        print(failure.text, flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
