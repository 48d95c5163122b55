"""Thousands of bad days, each drawn from a seed, in which no promise may be broken.

A failing test prints the command that replays its seed with the whole trace.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.simulation.breakers import BREAKERS, Breaker
from tests.simulation.profiles import PROFILES
from tests.simulation.run import BrokenRun, simulate

SEEDS = 400
"""Of each profile."""

CHUNK = 50

TRIES = 1000
"""Seeds within which a rule that is broken on purpose must show."""


@pytest.mark.parametrize("start", range(0, SEEDS, CHUNK))
@pytest.mark.parametrize("profile", PROFILES)
def test_no_promise_is_broken(profile: str, start: int) -> None:
    facts = sum(simulate(seed, profile).told for seed in range(start, start + CHUNK))
    assert facts > CHUNK, "hardly anybody was told anything: the runs prove nothing"


@pytest.mark.parametrize("profile", PROFILES)
def test_a_seed_is_the_whole_run(profile: str) -> None:
    for seed in range(1000, 1005):
        assert simulate(seed, profile).digest == simulate(seed, profile).digest
    assert simulate(1000, profile).digest != simulate(1001, profile).digest


def test_a_seed_is_the_same_run_in_another_process() -> None:
    """Nothing may hang on the order of sets, which differs from process to process."""
    command = [sys.executable, "-m", "tests.simulation", "--seed", "3"]
    traces = {
        subprocess.run(
            command, env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, check=True, text=True
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(traces) == 1
    assert all(f"profile='{profile}'" in trace for profile in PROFILES for trace in traces)


@pytest.mark.parametrize("breaker", BREAKERS, ids=lambda breaker: breaker.breaks.__name__)
def test_a_broken_rule_shows(breaker: Breaker) -> None:
    found: set[str] = set()
    with breaker.breaks():
        for seed in range(TRIES):
            try:
                simulate(seed, breaker.profile)
            except BrokenRun as broken:
                found |= broken.kinds
                if found & breaker.shows_as:
                    return
    pytest.fail(f"not one of {TRIES} runs notices; found instead: {sorted(found)}")
