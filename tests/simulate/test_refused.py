"""What cannot be simulated is told before any day is, in one process or in several."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import pytest

from callq.cli import main
from callq.domain.errors import Code, Rejected
from callq.simulate.halls import NotSimulated
from callq.simulate.runs import Run, refuse, simulate
from callq.simulate.scenario import load, names
from tests.simulate.small import SMALL, with_

if TYPE_CHECKING:
    from pathlib import Path

NOTHING_MOVES = [
    ["tides", "--hall", "county", "--days", "2", "--jobs", "2"],
    ["--tidal", "default", "--hall", "county", "--days", "2", "--jobs", "2"],
    ["--tidal", "threshold", "--hall", "county", "--days", "2", "--jobs", "2"],
    ["--tidal", "clock", "--policy", "pooled", "--days", "2", "--jobs", "2"],
]


@pytest.mark.parametrize("options", NOTHING_MOVES, ids=" ".join)
def test_tides_need_a_window_to_open_and_close(
    options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["simulate", *options]) == 1
    err = capsys.readouterr().err
    assert "no window that tides could open and close" in err
    assert "hint: " in err
    assert "Traceback" not in err


@pytest.mark.parametrize("scenario", names())
def test_tides_run_in_every_kind_of_day(scenario: str) -> None:
    loaded = load(scenario)
    refuse(Run(loaded, loaded.day.volume, 1, 1, tidal="default"))


def test_recorded_queues_have_no_tides(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "queues.csv"
    columns = "office,date,time,queue_id,queue_name,open_counters,waiting,now_serving,service_estimate_min"
    rows = [f"A,2026-11-23,{9 + n // 60:02}:{n % 60:02},1,One,1,1,{n + 1},5" for n in range(60)]
    path.write_text("\n".join([columns, *rows]) + "\n")
    assert main(["simulate", "compare", "default", "default+default", "--replay", str(path)]) == 1
    assert "no window that tides could open and close" in capsys.readouterr().err


@pytest.mark.parametrize("tidal", ["default", "threshold"])
def test_several_processes_refuse_as_one_does(tidal: str) -> None:
    with pytest.raises(NotSimulated, match="small has no window") as caught:
        simulate(Run(SMALL, 150, 4, 1, tidal=tidal), jobs=2)
    assert caught.value.hint
    moves = with_(layout={"base": 1}, day={"volume": 40.0})
    assert simulate(Run(moves, 40, 2, 1, tidal=tidal), jobs=2).summary.served


def test_a_refusal_comes_back_whole_from_another_process() -> None:
    refusal = Rejected(Code.WINDOW_CLOSED, "it is closed", "open it", state="closed", window="w1")
    refusal.having(retry_ms=50).revision = 7
    again = pickle.loads(pickle.dumps(refusal))
    assert str(again) == str(refusal)
    assert vars(again) == vars(refusal)
