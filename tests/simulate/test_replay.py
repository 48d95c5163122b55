"""Recorded days: snapshots of offices, archived days of callq, and what is wrong with such files."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import msgspec
import pytest

from callq.cli import main
from callq.config import load_hall
from callq.config.export import export_hall
from callq.domain import commands as cmd
from callq.journal.port import GENESIS, chained
from callq.journal.records import header, packed
from callq.simulate.of_hall import scenario_of
from callq.simulate.replay import COLUMNS, Snapshot, archived, came, date_of, recorded
from callq.simulate.runs import Run, one_day
from callq.simulate.scenario import ScenarioError
from tests.harness import MONDAY_9H, Hall

if TYPE_CHECKING:
    from pathlib import Path

HEAD = ",".join(COLUMNS)


def rows(*moments: tuple[str, int, str], date: str = "2026-01-05", queue: str = "7") -> list[str]:
    return [
        f"Hall,{date},{time},{queue},Passports,2,{waiting},{number},12" for time, waiting, number in moments
    ]


@pytest.fixture
def office(tmp_path: Path) -> Path:
    """Two days of one queue with twelve people each, and one queue that hardly anybody uses."""
    lines = [HEAD]
    for date in ("2026-01-05", "2026-01-06"):
        lines += rows(("09:00", 0, "A100"), ("09:05", 4, "A102"), ("09:10", 2, "A110"), date=date)
        lines += rows(("09:00", 0, ""), ("09:05", 0, "B001"), date=date, queue="9")
    path = tmp_path / "queues.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_who_came_is_the_change_of_the_queue_and_the_numbers_called() -> None:
    def at(minute: int, waiting: int, number: int | None) -> Snapshot:
        return Snapshot(minute, waiting, number, 10.0)

    assert came(at(0, 3, 10), at(5, 5, 14)) == 6
    assert came(at(0, 3, 10), at(5, 1, 11)) == 0, "somebody gave up: nobody came"
    assert came(at(0, 0, None), at(5, 2, 1)) == 3
    assert came(at(0, 3, 99), at(5, 4, 1)) == 1, "numbers began again"
    assert came(at(0, 0, 1), at(5, 0, 500)) == 0, "a slip of the recording"


def test_days_of_an_office_are_its_people_between_their_moments(office: Path) -> None:
    found = recorded(office, "Hall")
    assert found.dates == ("2026-01-05", "2026-01-06")
    assert [group.code for group in found.scenario.groups] == ["q7"]
    assert [len(day) for day in found.days] == [12, 12]
    run = Run(found.scenario, 12, 2, 1, "longest_wait", came=found.days)
    for day in range(2):
        arrived = sorted(outcome.arrived_ms for outcome in one_day(run, day).outcomes)
        assert len(arrived) == 12
        assert all(9 * 3_600_000 <= at_ms <= 9 * 3_600_000 + 600_000 for at_ms in arrived)


def test_policies_meet_the_recorded_people(office: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = ["simulate", "compare", "group_lines", "default", "--replay", str(office), "--office", "Hall"]
    assert main([*told, "--jobs", "1"]) == 0
    assert "people a day" in capsys.readouterr().out


def test_rows_may_be_in_any_order_and_begin_with_a_mark(office: Path) -> None:
    found = recorded(office, "Hall")
    head, *lines = office.read_text().splitlines()
    office.write_text("\r\n".join([head, *lines[::-1]]), encoding="utf-8-sig")
    assert recorded(office, "Hall").days == found.days


def test_the_only_office_need_not_be_named(office: Path) -> None:
    assert recorded(office, "").dates == ("2026-01-05", "2026-01-06")
    office.write_text(office.read_text() + rows(("09:00", 0, ""))[0].replace("Hall", "Other") + "\n")
    with pytest.raises(ScenarioError, match="has 2 offices") as caught:
        recorded(office, "")
    assert "Hall, Other" in caught.value.problems[0].hint


def test_queues_whose_id_is_no_code_are_numbered(office: Path) -> None:
    office.write_text(office.read_text().replace(",7,", ",护照 1,"), encoding="utf-8")
    run = recorded(office, "Hall")
    assert [group.code for group in run.scenario.groups] == ["queue-1"]
    one_day(Run(run.scenario, 12, 1, 1, came=run.days), 0)


BROKEN = [
    (b"", "the file is empty", "first line"),
    (HEAD.encode(), "has no rows", "a row for each"),
    (HEAD.replace(",", ";").encode(), "divided by semicolons", "commas"),
    (HEAD.replace(",", "\t").encode(), "divided by tabs", "commas"),
    (HEAD.upper().encode(), "no column 'office'", "'OFFICE'"),
    ((HEAD + "\n护照").encode("gbk"), "not UTF-8", "GBK"),
    ((HEAD + '\n"' + "x" * 200_000).encode(), "is no CSV", "quote"),
]


@pytest.mark.parametrize(("raw", "message", "hint"), BROKEN, ids=[each[1] for each in BROKEN])
def test_a_file_that_is_no_such_csv_is_told(tmp_path: Path, raw: bytes, message: str, hint: str) -> None:
    path = tmp_path / "queues.csv"
    path.write_bytes(raw)
    with pytest.raises(ScenarioError) as caught:
        recorded(path, "Hall")
    [problem] = caught.value.problems
    assert message in problem.message
    assert hint in problem.hint


def test_an_archive_without_its_hall_is_told(tmp_path: Path) -> None:
    path = tmp_path / "2026-11-23.gz"
    path.write_bytes(gzip.compress(bytes(range(256))))
    with pytest.raises(ScenarioError, match="is no CSV file") as caught:
        recorded(path, "Hall")
    assert "--hall" in caught.value.problems[0].hint


SLIPS = [
    (HEAD, HEAD.replace("waiting", "wait"), 1, "no column 'waiting'"),
    (",2,4,A102,12", ",2,four,A102,12", 3, "'four' is no number"),
    (",2,4,A102,12", ",2,-4,A102,12", 3, "'-4' is no number"),
    (",2,4,A102,12", f",2,{'9' * 5000},A102,12", 3, "is no number of people"),
    (",2,4,A102,12", ",2,4,A102,9000", 3, "'9000' is out of range"),
    (",2,4,A102,12", ",2,4,A102,nan", 3, "'nan' is out of range"),
    (",2,4,A102,12", ",2,4,A102,soon", 3, "'soon' is no number"),
    (",2,4,A102,12", ",2,4,A102", 3, "another number of columns"),
    ("2026-01-05,09:05,7", "5.1.2026,09:05,7", 3, "is no date"),
    ("2026-01-05,09:05,7", "2026-02-30,09:05,7", 3, "'2026-02-30' is no date"),
    ("2026-01-05,09:05,7", "2026-01-05,9:5,7", 3, "is no time"),
    ("2026-01-05,09:05,7", "2026-01-05,24:05,7", 3, "is no time"),
]


@pytest.mark.parametrize(("old", "new", "line", "message"), SLIPS, ids=[slip[3] for slip in SLIPS])
def test_a_slip_is_told_with_its_line(office: Path, old: str, new: str, line: int, message: str) -> None:
    office.write_text(office.read_text().replace(old, new, 1))
    with pytest.raises(ScenarioError) as caught:
        recorded(office, "Hall")
    [problem] = caught.value.problems
    assert (problem.line, message in problem.message) == (line, True)
    assert problem.hint


def test_offices_that_are_there_are_named(office: Path, tmp_path: Path) -> None:
    with pytest.raises(ScenarioError) as caught:
        recorded(office, "Hal")
    assert caught.value.problems[0].hint == "did you mean 'Hall'?"
    with pytest.raises(ScenarioError, match="cannot be read"):
        recorded(tmp_path / "none.csv", "Hall")


def test_an_archived_day_comes_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = load_hall("county")
    hall = Hall(config)
    first, second, third, *_ = (service.code for service in config.services)
    config = msgspec.structs.replace(
        config,
        services=tuple(
            msgspec.structs.replace(s, daily=0.0) if s.code == third else s for s in config.services
        ),
    )
    for number in range(5):
        hall.later(60)
        hall.do(cmd.Issue(ticket=f"t{number}", service=(first, second)[number % 2]))
    hall.do(cmd.Issue(ticket="other", service=third))
    hall.do(cmd.GrantClass(ticket="t1", cls="priority", reason="高龄"))
    hall.do(cmd.Reassign(ticket="t2", service=second))
    hall.do(cmd.Issue(ticket="wrong", service=first))
    hall.do(cmd.Reassign(ticket="wrong", service=third))
    seats = [(w, c) for w in hall.state.windows for c in hall.state.index.clerks]
    window, clerk = next(s for s in seats if second in hall.state.index.serving(*s, hall.state.day))
    hall.do(cmd.SignIn(window=window, clerk=clerk))
    hall.do(cmd.Open(window=window))
    hall.do(cmd.CallTicket(window=window, ticket="t3", reason="急"))
    hall.do(cmd.Transfer(window=window, to_service=first))
    entries, tip = [], GENESIS
    for payload in hall.payloads:
        entries.append(chained(tip, payload))
        tip = entries[-1].id
    path = tmp_path / "2026-11-23.gz"
    path.write_bytes(gzip.compress(header(GENESIS) + packed(entries)))
    scenario = scenario_of(config)
    found = archived(path, config, scenario)
    nine_ms = 9 * 3_600_000
    assert [one.from_ms for one in found.came] == [nine_ms + 60_000 * n for n in range(1, 6)]
    codes = [scenario.groups[one.group].code for one in found.came]
    assert codes == [first, second, second, second, first]
    assert (found.left_out, found.further) == ({third: 2}, 1)
    lived = one_day(Run(scenario, 5, 1, 1, hall=config, came=(found.came,)), 0)
    ordinary, priority = "ordinary", "priority"
    assert [o.cls for o in lived.outcomes] == [ordinary, priority, ordinary, ordinary, ordinary]
    assert hall.now_ms - 300_000 == MONDAY_9H
    file = tmp_path / "hall.toml"
    file.write_text(export_hall(config), encoding="utf-8")
    again = ["default", "longest_wait", "--hall", str(file), "--replay", str(path), "--jobs", "1"]
    assert main(["simulate", "compare", *again]) == 0
    told = capsys.readouterr().err
    assert told.count(f"no load in {config.name}: 2 for {third}") == 1
    assert told.count("1 times somebody went on") == 1
    path.write_bytes(b"no archive")
    with pytest.raises(ScenarioError, match="no archived day"):
        archived(path, config, scenario_of(config))


def test_an_archived_day_is_of_its_own_date(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = load_hall("county")
    hall = Hall(config)
    hall.later(86_400)
    hall.do(cmd.Issue(ticket="t0", service=config.services[0].code))
    entries, tip = [], GENESIS
    for payload in hall.payloads:
        entries.append(chained(tip, payload))
        tip = entries[-1].id
    path = tmp_path / "day.gz"
    path.write_bytes(gzip.compress(header(GENESIS) + packed(entries)))
    assert date_of(path, config) == "2026-11-24"
    again = ["--hall", "county", "--replay", str(path), "--jobs", "1", "--json", str(tmp_path / "found.json")]
    assert main(["simulate", *again]) == 0
    [found] = archived(path, config, scenario_of(config, "2026-11-24")).came
    assert 9 * 3_600_000 <= found.from_ms < 10 * 3_600_000
    assert "Traceback" not in capsys.readouterr().err
