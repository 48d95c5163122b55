"""`callq simulate` as somebody types it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from callq.cli import main
from callq.config import read_source

if TYPE_CHECKING:
    from pathlib import Path

SHORT = ["--days", "2", "--jobs", "1", "--volume", "300"]


def test_a_run_is_told_and_kept(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    kept = tmp_path / "run.json"
    assert main(["simulate", *SHORT, "--policy", "longest_wait", "--json", str(kept)]) == 0
    out = capsys.readouterr().out
    assert "mean wait, min" in out
    assert "Waits are of people who were called" in out
    assert "gave up / not there / not served" in out
    assert "turned away / guided elsewhere" in out
    quarters = [line for line in out.splitlines() if re.match(r"│ \d\d:\d\d", line)]
    found = json.loads(kept.read_text())
    assert {"mean_wait_min", "p90_wait_min", "p99_wait_min", "staff_hours"} <= set(found["summary"])
    assert set(found["classes"]) == {"ordinary", "appointment", "priority"}
    assert len(found["groups"]) == 12
    assert found["summary"]["staff_hours"] == 672.0
    assert [part["from_min"] for part in found["by_time"]] == list(range(540, 1020, 15))
    assert len(quarters) == len(found["by_time"])
    assert all(part["windows_needed"] < part["windows_open"] == 84 for part in found["by_time"])


def test_the_same_seed_is_the_same_days(tmp_path: Path) -> None:
    def run(name: str, *more: str) -> Any:
        path = tmp_path / name
        assert main(["simulate", *SHORT, "--json", str(path), *more]) == 0
        return json.loads(path.read_text())

    assert run("a") == run("b")
    assert run("c", "--seed", "2")["days"] != run("d")["days"]
    assert run("e", "--jobs", "2") == run("f"), "on several cores it is the same"


def test_two_are_held_side_by_side(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    kept = tmp_path / "both.json"
    one = tmp_path / "one.json"
    assert main(["simulate", *SHORT, "--policy", "longest_wait", "--json", str(one)]) == 0
    assert main(["simulate", "compare", str(one), "default", "group_lines", *SHORT, "--json", str(kept)]) == 0
    out = capsys.readouterr().out
    assert "mean_wait_min by day" in out
    assert list(json.loads(kept.read_text())) == [str(one), "default", "group_lines"]


def test_a_hall_file_runs_with_its_own_windows(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    text = read_source("county")
    busy, quiet = tmp_path / "busy.toml", tmp_path / "quiet.toml"
    busy.write_text(text)
    quiet.write_text(re.sub(r"(?m)^(daily = )\d+", r"\g<1>10", text))
    short = ["--days", "2", "--jobs", "1"]
    assert main(["simulate", "--hall", str(busy), *short]) == 0
    assert "county" in capsys.readouterr().out
    assert main(["simulate", "compare", str(busy), str(quiet), *short, "--volume", "50"]) == 0


def test_what_goes_through_the_runtime_ends_alike() -> None:
    short = ["--days", "1", "--jobs", "1", "--volume", "60"]
    assert main(["simulate", *short, "--through", "runtime"]) == 0


SLIPS = [
    (["--policy", "longest"], "no policy 'longest'", "longest_wait"),
    (["--tidal", "clok"], "no tides 'clok'", "'clock'"),
    (["--days", "0"], "--days 0 is out of range", "1 to"),
    (["--volume", "0"], "--volume 0 is out of range", "1 to"),
    (["--scenario", "county-48"], "cannot be simulated", "mend"),
    (["--hall", "county", "--policy", "pooled"], "pooled is another way", "one of: default"),
    (["skills", "--hall", "county", "--policy", "pooled"], "pooled is another way", "one of: default"),
    (["guide", "--scenario", "county-84"], "has only the windows", "[[outlets]]"),
    (["--date", "2026-11-23"], "--date is a day of a hall's calendar", "--hall"),
    (["--hall", "county", "--date", "23.11."], "'23.11.' is no date", "YYYY-MM-DD"),
    (["--hall", "dongyuan", "--date", "2026-11-22"], "on 2026-11-22, a Sunday", "another day"),
]


@pytest.mark.parametrize(("options", "told", "hint"), SLIPS, ids=[" ".join(slip[0]) for slip in SLIPS])
def test_a_slip_is_explained(
    options: list[str], told: str, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["simulate", *options]) != 0
    err = capsys.readouterr().err
    assert told in err
    assert hint in err
    assert "Traceback" not in err


def test_a_scenario_with_mistakes_is_told_by_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('name = "x"\n[day]\nvolume = -1\n')
    assert main(["simulate", "--scenario", str(path)]) == 1
    err = capsys.readouterr().err
    assert f"{path}:3: day.volume" in err
    assert "write a number from 1 to 100000" in err


def test_comparing_needs_two_and_the_same_days(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["simulate", "compare", "default"]) == 2
    one = tmp_path / "one.json"
    assert main(["simulate", *SHORT, "--json", str(one)]) == 0
    assert main(["simulate", "compare", str(one), "default", *SHORT, "--seed", "3"]) == 1
    assert "not the same days" in capsys.readouterr().err
    one.write_text("{}")
    assert main(["simulate", "compare", str(one), "default", *SHORT]) == 1


def test_hall_files_meet_the_people_of_the_first(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    text = read_source("county")
    one, other, smaller = (tmp_path / f"{name}.toml" for name in ("one", "other", "smaller"))
    one.write_text(text)
    other.write_text(re.sub(r'(?m)^id = "county"', 'id = "elsewhere"', text))
    smaller.write_text(re.sub(r"(?m)^(daily = )\d+", r"\g<1>10", text))
    short = ["--days", "2", "--jobs", "1"]
    assert main(["simulate", "compare", str(one), str(other), str(smaller), *short]) == 0
    people = next(line for line in capsys.readouterr().out.splitlines() if "people a day" in line)
    assert len(set(re.findall(r"\d+", people))) == 1


def test_a_result_that_cannot_be_written_is_told_before_the_run(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["simulate", "--json", str(tmp_path / "none" / "x.json")]) == 2
    assert "is no folder" in capsys.readouterr().err
    written = tmp_path / "written"
    written.write_text("")
    for command in (["simulate"], ["simulate", "compare", "default", "longest_wait"]):
        for option, path, told in (
            ("--json", tmp_path, "is a folder"),
            ("--plots", written, "is a file"),
            ("--plots", written / "plots", "is a file"),
        ):
            assert main([*command, option, str(path)]) == 2
            err = capsys.readouterr().err
            assert told in err
            assert "hint: name a" in err
    assert main(["simulate", "windows", "--json", str(tmp_path)]) == 2


@pytest.mark.parametrize("option", [["--days", "2"], ["--volume", "9"], ["--scenario", "county-84-lunch"]])
def test_what_a_recording_leaves_no_room_for_is_refused(
    option: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["simulate", "--replay", str(tmp_path / "x.csv"), *option]) == 2
    err = capsys.readouterr().err
    assert f"{option[0]} says nothing beside --replay" in err
    assert "hint: leave it out" in err


def test_what_was_found_is_drawn(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = tmp_path / "plots"
    assert main(["simulate", "compare", "longest_wait", "default", *SHORT, "--plots", str(folder)]) == 0
    drawn = sorted(path.name for path in folder.iterdir())
    assert len(drawn) == 6, "a page for each and one for both, PNG and SVG"
    told = capsys.readouterr().out
    assert all(str(folder / name) in told for name in drawn)


def test_one_day_has_no_interval(capsys: pytest.CaptureFixture[str]) -> None:
    one = ["--days", "1", "--jobs", "1", "--volume", "200"]
    assert main(["simulate", "compare", "longest_wait", "default", *one]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "(-)" in told
    assert re.search(r"mean of the days' means, min │ [\d.]+ \(-\)", told)
    assert not re.search(r"\d to -?\d", told)


def test_samples_are_compared_by_name(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(read_source("county"))
    assert main(["simulate", "compare", "county", str(path), "--days", "2", "--jobs", "1"]) == 0
    told = capsys.readouterr().out
    assert "against county" in told
    assert "1.000 (1.000 to 1.000)" in told


def test_a_hall_file_is_compared_with_itself_under_its_tides(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    kept = tmp_path / "kept.json"
    short = ["--days", "1", "--jobs", "1", "--volume", "200"]
    assert main(["simulate", "compare", "dongyuan", "dongyuan+default", *short, "--json", str(kept)]) == 0
    found = json.loads(kept.read_text())
    assert [(what, result["tidal"]) for what, result in found.items()] == [
        ("dongyuan", "none"),
        ("dongyuan+default", "default"),
    ]
    hours = [result["summary"]["staff_hours"] for result in found.values()]
    assert hours[1] < hours[0]
    capsys.readouterr()
    assert main(["simulate", "compare", "dongyuan", "dongyuan+defalt", *short]) == 2
    assert "did you mean 'default'?" in capsys.readouterr().err
