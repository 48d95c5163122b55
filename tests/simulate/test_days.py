"""The long benchmark of simulated days goes on where it was stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from rich.progress import Progress

from callq.simulate.recovery import Recovery
from callq.simulate.runs import Run, simulate
from loadtests import days
from tests.simulate.small import SMALL, with_

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


class _Told(days.Runner):
    """Finds the same of every run, and keeps what was asked."""

    def __init__(self, result: Result) -> None:
        super().__init__(20, 1, Progress(disable=True), None)
        self.result = result
        self.asked: list[tuple[str, str, str, int]] = []

    def fewer(self, days: int) -> _Told:
        return self

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
        self.asked.append((policy, tidal, scenario, later_min))
        return self.result


@pytest.fixture(scope="module")
def told() -> _Told:
    felt = Recovery(
        under_target_min=1.0,
        under_target_most_min=1,
        as_without_min=1.0,
        as_without_most_min=1,
        above_target_min=1.0,
        above_target_without_min=1.0,
    )
    run = Run(with_(layout={"base": 1}), 150, 3, 1, tidal="default")
    return _Told(msgspec.structs.replace(simulate(run, jobs=1), recovery=felt))


def test_every_kind_of_day_with_tides_says_how_restless_they_are(told: _Told) -> None:
    named = {figure.what: figure for figure in days._variants(told)}
    for kind in (*days.VARIANTS, *days.DISTURBED, "undisturbed", "spare skills, tides and widening"):
        assert named[f"{kind}, tides: openings a day"].value == told.result.summary.openings
        most = named[f"{kind}, tides: {days.OF_ONE}"]
        assert most.value == told.result.summary.most_reopened
        assert (most.bound is not None) == (kind in days.DISTURBED)
    assert ("default", "default", "county-84", 0) in told.asked
    (row,) = (figure for what, figure in named.items() if what.startswith("undisturbed, tides: mean wait"))
    assert row.value == told.result.summary.mean_wait_min


def test_every_reference_row_has_its_intervals(told: _Told) -> None:
    figures, intervals = days._others(told, 2600)
    assert len(figures) == len(intervals)
    for name in (*days.OTHERS, *days.OTHER_TIDES, "beta -0.4", "5 min later"):
        assert any(name in sentence for sentence in intervals)
    for part in ("p90 1.000 (1.000 to 1.000)", "p99 1.000", "staff-hours 1.000", "of all days"):
        assert all(part in sentence for sentence in intervals)
    assert ("default", "default", "county-84", 5) in told.asked


def test_windows_that_open_later_are_another_run(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Run] = []
    monkeypatch.setattr(days, "simulate", lambda run, **_: asked.append(run))
    with Progress(disable=True) as progress:
        runner = days.Runner(1, 1, progress, None)
        runner.run("default", "default", 2600)
        runner.run("default", "default", 2600, later_min=5)
    assert [run.scenario.tides.opening_min for run in asked] == [5, 10]


def _stopped(*_: object) -> None:
    raise KeyboardInterrupt
