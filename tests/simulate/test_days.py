"""The long benchmark of simulated days goes on where it was stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from rich.progress import Progress

from callq.simulate.runs import Run, simulate
from loadtests import days
from tests.simulate.small import SMALL

if TYPE_CHECKING:
    from pathlib import Path

    from callq.simulate.results import Result


def test_a_run_that_is_done_is_found_again(tmp_path: Path) -> None:
    run = Run(SMALL, 150, 2, 1)
    result = simulate(run, jobs=1)
    days.Finished(tmp_path, "one").put(run, result)
    assert days.Finished(tmp_path, "one").get(run) == result
    assert days.Finished(tmp_path, "another").get(run) is None
    for other in (run._replace(days=1), run._replace(policy="longest_wait"), run._replace(beta=1.0)):
        assert days.Finished(tmp_path, "one").get(other) is None


def test_what_was_written_halfway_is_not_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(SMALL, 150, 2, 1)
    finished = days.Finished(tmp_path, "one")
    with monkeypatch.context() as killed:
        killed.setattr("pathlib.Path.replace", _stopped)
        with pytest.raises(KeyboardInterrupt):
            finished.put(run, simulate(run, jobs=1))
    assert finished.get(run) is None


def test_only_what_is_missing_is_simulated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Run] = []

    def counted(run: Run, **_: object) -> Result:
        asked.append(run)
        return simulate(run, jobs=1)

    monkeypatch.setattr(days, "simulate", counted)
    with Progress(disable=True) as progress:
        runner = days.Runner(1, 1, progress, days.Finished(tmp_path, "one"))
        first = runner.run("default", "none", 2600)
        assert runner.fewer(20).run("default", "none", 2600) == first
        assert len(asked) == 1
        runner.run("default", "none", 2900)
    assert len(asked) == 2


def _stopped(*_: object) -> None:
    raise KeyboardInterrupt
