"""What benchmarks report, and that the page of figures is the one that was written from what is kept."""

from __future__ import annotations

import subprocess
from argparse import ArgumentParser
from typing import TYPE_CHECKING, Any, Literal

import msgspec
import pytest
import trio
from rich.progress import Progress

from loadtests import engine
from loadtests.__main__ import DOCUMENT, RESULTS, SCENARIOS, with_tables
from loadtests.figures import Bound, Figure, Report, in_turns, percentile, report, shown, singly, source

if TYPE_CHECKING:
    from pathlib import Path

    from trio.testing import MockClock


def figure(**more: Any) -> Figure:
    return Figure(what="tickets", unit="/s", values=(90.0, 110.0, 100.0), **more)


def test_a_figure_is_the_median_and_its_ratio_is_of_pairs() -> None:
    found = figure(baseline="nothing", baselines=(100.0, 50.0, 100.0))
    assert found.value == 100
    assert found.base == 100
    # 0.9, 2.2 and 1.0: pairs that met the same neighbours.
    assert found.ratio == 1.0


@pytest.mark.parametrize(
    ("of", "at", "limit", "reached"),
    [
        ("value", "least", 100, True),
        ("value", "least", 101, False),
        ("value", "most", 100, True),
        ("value", "most", 99, False),
        ("ratio", "least", 2.0, True),
        ("ratio", "least", 2.1, False),
        ("ratio", "most", 2.0, True),
        ("ratio", "most", 1.9, False),
    ],
)
def test_a_limit_counts_as_reached(
    of: Literal["value", "ratio"], at: Literal["least", "most"], limit: float, reached: bool
) -> None:
    bound = Bound(of=of, at=at, limit=limit)
    found = figure(baseline="half", baselines=(45.0, 55.0, 50.0), bound=bound)
    assert found.reached is reached
    assert ("missed" in found.cells()[-1]) is not reached
    assert report("x", [found]).missed == ([] if reached else ["tickets"])


def test_a_figure_without_bound_is_recorded() -> None:
    assert figure().reached is None
    assert figure().cells() == ("tickets", "100 /s", "", "", "recorded")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (123456.7, "123,457"),
        (99.94, "99.9"),
        (1.2345, "1.23"),
        (0.00123, "0.00123"),
        (None, ""),
        (0.5, "0.5"),
    ],
)
def test_figures_have_three_digits_that_mean_something(value: float | None, text: str) -> None:
    assert shown(value) == text


def test_two_things_are_measured_in_turns() -> None:
    order = []

    def one() -> float:
        order.append("ours")
        return 2.0

    def other() -> float:
        order.append("beside")
        return 1.0

    assert in_turns(3, one, other) == ((2.0, 2.0, 2.0), (1.0, 1.0, 1.0))
    assert order == ["beside", "ours", "ours", "beside", "beside", "ours"]


async def test_two_things_are_done_singly_by_turns_from_rest(autojump_clock: MockClock) -> None:
    done: list[tuple[str, int, float]] = []

    async def ours(each: int) -> None:
        done.append(("ours", each, round(trio.current_time() - began, 3)))

    async def beside(each: int) -> None:
        done.append(("beside", each, round(trio.current_time() - began, 3)))

    began = trio.current_time()
    times = await singly(3, ours, beside, rest_s=1)
    assert done == [
        ("beside", 0, 1),
        ("ours", 0, 2),
        ("ours", 1, 3),
        ("beside", 1, 4),
        ("beside", 2, 5),
        ("ours", 2, 6),
    ]
    assert [len(each) for each in times] == [3, 3]


def test_percentiles_are_of_the_nearest_rank() -> None:
    values = [float(n) for n in range(100, 0, -1)]
    assert percentile(values, 0.5) == 51
    assert percentile(values, 0.99) == 100
    assert percentile([7.0], 0.99) == 7


def test_every_scenario_says_what_it_is_and_has_its_figures_on_record() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    for name, module in SCENARIOS.items():
        assert module.__doc__
        kept = msgspec.json.decode((RESULTS / f"{name}.json").read_bytes(), type=Report)
        assert kept.name == name
        assert kept.figures
        assert f"python -m loadtests {name}" in text
        assert f"<!-- figures of {name} -->" in text


def test_the_tables_of_the_page_are_those_of_the_figures_kept() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert with_tables(text) == text
    broken = text.replace("| what | measured |", "| what | guessed |")
    assert broken != text
    assert with_tables(broken) == text


def test_the_engine_tells_its_rate_beside_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_rate", lambda halls, commands: 14_000.0 / halls)
    monkeypatch.setattr(engine, "_scripts", lambda commands: 20_000.0)
    parser = ArgumentParser()
    parser.add_argument("--runs", default=1)
    engine.add_arguments(parser)
    told = []
    for only in ("hall", "many halls"):
        found = engine.run(parser.parse_args(["--only", only]), Progress())
        told.append(msgspec.json.decode(msgspec.json.encode(found)))
    assert told[0]["commands_per_s"] == 14_000
    assert "commands_per_s" not in told[1]


def git(place: Path, *arguments: str) -> str:
    who = ("-c", "user.name=t", "-c", "user.email=t@example.invalid")
    done = subprocess.run(["git", *who, *arguments], cwd=place, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_a_report_says_which_commit_was_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "loadtests"
    (place / "results").mkdir(parents=True)
    monkeypatch.setattr("loadtests.figures.__file__", str(place / "figures.py"))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert source() == ""
    assert "not recorded" in report("x", [figure()]).told()
    git(tmp_path, "init", "-q")
    (tmp_path / "code.py").write_text("one", encoding="utf-8")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "one")
    commit = f"commit {git(tmp_path, 'rev-parse', 'HEAD')[:12]}"
    assert source() == commit
    (place / "results" / "x.json").write_text("kept", encoding="utf-8")
    assert source() == commit, "what a benchmark keeps is no change"
    (tmp_path / "code.py").write_text("two", encoding="utf-8")
    assert source() == f"{commit} with changes"
    assert commit in msgspec.structs.replace(report("x", [figure()]), source=source()).told()
