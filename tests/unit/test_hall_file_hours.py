"""Slips in sessions, holidays, quotas, resources, bookings and skill levels are explained at their line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from callq.config import check, load_hall, read_source
from callq.domain.check import problems
from callq.domain.check_values import RANGES
from callq.domain.hall import Rules

if TYPE_CHECKING:
    from pathlib import Path

BASE = (
    read_source("county")
    .replace('name = "综合受理"', 'name = "综合受理"\nquota = 300\nsessions = ["am", "pm"]', 1)
    .replace(
        'name = "不动产登记"',
        'name = "不动产登记"\nmin_level = 3\nresource = "net"\nranges = [\n'
        '  { channel = "web", first = 501, last = 700 },\n'
        '  { channel = "phone", first = 701, last = 999 },\n'
        "]\nbooking = { slot_min = 30, capacity = 2 }",
        1,
    )
    .replace("estate = 3 }", 'estate = { level = 3, until = "2027-06-30" } }', 1)
    .replace('name = "周晓燕"', 'name = "周晓燕"\nmentor = "c05"', 1)
    + """
[[resources]]
code = "net"
name = "专网账号"
capacity = 2

[[sessions]]
code = "am"
name = "上午"
ticketing = "08:30-11:30"
serving = "08:30-12:00"

[[sessions]]
code = "noon"
name = "中午延时"
kind = "noon"
ticketing = "12:00-13:30"
serving = "12:00-14:00"
services = ["social", "medical"]

[[sessions]]
code = "pm"
name = "下午"
kind = "afternoon"
ticketing = "14:00-16:30"
serving = "14:00-17:30"

[[sessions]]
code = "sun"
name = "周日预约"
kind = "booked_only"
ticketing = "09:00-10:45"
serving = "09:00-11:00"
days = ["sun"]
services = ["estate"]

[[holidays]]
first = "2026-10-01"
last = "2026-10-07"
name = "国庆节"

[[moved_workdays]]
date = "2026-10-10"
like = "wed"
"""
)

WHOLE = '"00:00-24:00"'


def test_the_base_is_good() -> None:
    assert check(BASE) == []


SLIPS = [
    # what was written, what was typed instead, key, message, hint
    ("quota = 300", "quota = 0", "services[0].quota", "0 is out", "1 to 99999"),
    ("quota = 300", 'quota = "300"', "services[0].quota", "a whole number, found a text", "quotes"),
    ("quota = 300", "qouta = 300", "services[0].qouta", "unknown key", "'quota'"),
    ('["am", "pm"]', '["am", "pn"]', "services[0].sessions[1]", "no session 'pn'", "known: am, noon, pm"),
    ('["am", "pm"]', '["am", "下午"]', "services[0].sessions[1]", "no session", "'pm'"),
    ('["am", "pm"]', '["am", "am"]', "services[0].sessions[1]", "used twice", "[0]"),
    ('["am", "pm"]', '["am", "noon"]', "services[0].sessions[1]", "not this one", "add 'general'"),
    ("min_level = 3", "min_level = 4", "services[3].min_level", "4 is out", "1 to 3"),
    ("level = 3, until", "level = 2, until", "services[3].min_level", "nobody reaches", "has level 2"),
    ('resource = "net"', 'resource = "nett"', "services[3].resource", "no resource", "'net'"),
    ("first = 701", "first = 700", "services[3].ranges[1].first", "overlap 501 to 700", "given once"),
    ("first = 701", "first = 0", "services[3].ranges[1].first", "0 is out", "1 to"),
    ("last = 700", "last = 7", "services[3].ranges[0].last", "before it begins at 501", "501 or more"),
    ("first = 501", "first = 1", "services[3].ranges[0].first", "no numbers are left", "501"),
    ('"phone", first', '"web", first', "services[3].ranges[1].channel", "twice", "ranges[0]"),
    ('"phone", first', '"fax", first', "services[3].ranges[1].channel", "'fax'", "kiosk"),
    ("slot_min = 30", "slot_min = 45", "services[3].booking.slot_min", "45", "15, 20, 30, 60"),
    ("slot_min = 30", 'slot_min = "30"', "services[3].booking.slot_min", "'30'", "one of: 15"),
    ("slot_min = 30", "slot_min = true", "services[3].booking.slot_min", "True", "one of: 15"),
    ("capacity = 2 }", "capacity = 0 }", "services[3].booking.capacity", "0 is out", "1 to 1000"),
    ("capacity = 2 }", "days_ahead = -1 }", "services[3].booking.days_ahead", "-1", "0 to 90"),
    ("capacity = 2 }", "capcity = 2 }", "services[3].booking.capcity", "unknown key", "'capacity'"),
    ("level = 3, until", "level = 5, until", "clerks[4].skills.estate.level", "level 5", "3 (expert)"),
    ('"2027-06-30"', '"2027-06-31"', "clerks[4].skills.estate.until", "not a date", "2026-10-01"),
    ('"2027-06-30"', '"30.6.2027"', "clerks[4].skills.estate.until", "not a date", "2026-10-01"),
    ('"2027-06-30"', "2027-06-30", "clerks[4].skills.estate.until", "a date or time", "quotes"),
    ("level = 3, until", "until", "clerks[4].skills.estate.level", "missing", "add level = 1"),
    ('mentor = "c05"', 'mentor = "c06"', "clerks[5].mentor", "same clerk", "another"),
    ('mentor = "c05"', 'mentor = "c055"', "clerks[5].mentor", "no clerk 'c055'", "'c05'"),
    ('mentor = "c05"', 'mentor = "赵国强"', "clerks[5].mentor", "no clerk", "'c05'"),
    ("\ncapacity = 2\n", "\ncapacity = 0\n", "resources[0].capacity", "0 is out", "1 to 1000"),
    ('name = "专网账号"', 'name = ""', "resources[0].name", "empty", "people"),
    ('code = "noon"', 'code = "Noon"', "sessions[1].code", "'Noon' is not a code", "a-z"),
    ('code = "noon"', 'code = "am"', "sessions[1].code", "used twice", "sessions[0].code"),
    ('kind = "noon"', 'kind = "lunch"', "sessions[1].kind", "'lunch'", "booked_only"),
    ('"08:30-11:30"', '"8:30-11:30"', "sessions[0].ticketing", "no hours", "HH:MM"),
    ('"08:30-11:30"', '"08:30–11:30"', "sessions[0].ticketing", "no hours", "HH:MM"),
    ('"08:30-11:30"', '"08:30-08:30"', "sessions[0].ticketing", "when it begins", WHOLE),
    ('"08:30-11:30"', '"08:30-12:30"', "sessions[0].serving", "before ticketing does at 12:30", "later"),
    ('"08:30-12:00"', '"08:30-05:00"', "sessions[0].serving", "runs past 04:00", "day_starts"),
    ('"08:30-12:00"', '"03:30-12:00"', "sessions[0].serving", "runs past 04:00", "day_starts"),
    ('"08:30-12:00"', '"08:30-24:01"', "sessions[0].serving", "no hours", "24:00"),
    (
        '"social", "medical"]',
        '"social", "medica"]',
        "sessions[1].services[1]",
        "no service 'medica'",
        "'medical'",
    ),
    ('"social", "medical"]', '"social", "social"]', "sessions[1].services[1]", "used twice", "[0]"),
    (
        '"social", "medical"]',
        '"social", "general"]',
        "sessions[1].services[1]",
        "names its sessions",
        "add 'noon'",
    ),
    ('["estate"]\n\n[[hol', '["medical"]\n\n[[hol', "sessions[3].services[0]", "no bookings", "booking"),
    ('["sun"]', '["Sun"]', "sessions[3].days[0]", "'Sun'", "'sun'"),
    ('["sun"]', "[]", "sessions[3].days", "never open", "mon"),
    ('["sun"]', '["sun", "sun"]', "sessions[3].days[1]", "used twice", "[0]"),
    ('"2026-10-01"', '"2026-02-30"', "holidays[0].first", "not a date", "2026-10-01"),
    ('"2026-10-07"', '"2027-10-07"', "holidays[0].last", "372 days are too long", "year"),
    ('"2026-10-07"', '"2026-09-30"', "holidays[0].last", "before it begins", "both dates"),
    ('"2026-10-10"', '"2026-10-14"', "moved_workdays[0].date", "is a wed already", "weekend"),
    ('"2026-10-10"', '"20261010"', "moved_workdays[0].date", "not a date", "2026-10-01"),
    (
        '10-10"\nlike = "wed"',
        '10-11"\nlike = "sat"',
        "moved_workdays[0].like",
        "opens on sat",
        "mon, tue, wed, thu, fri, sun",
    ),
]


@pytest.mark.parametrize(("old", "new", "key", "message", "hint"), SLIPS, ids=[slip[1] for slip in SLIPS])
def test_a_slip_is_explained_at_its_line(old: str, new: str, key: str, message: str, hint: str) -> None:
    assert BASE.count(old) >= 1
    text = BASE.replace(old, new, 1)
    found = check(text)
    assert [item.key for item in found] == [key], found
    [problem] = found
    assert message in problem.message
    assert hint in problem.hint
    last = key.rpartition(".")[2].partition("[")[0]
    told = text.split("\n")[problem.line - 1]
    assert problem.line > 1
    assert last in told or "missing" in message or told.strip().startswith('"') or "skills" in told


def test_a_service_without_any_session_is_found() -> None:
    text = BASE.replace('services = ["social", "medical"]', 'services = ["social"]')
    for code in ("am", "pm"):
        text = text.replace(f'code = "{code}"', f'code = "{code}"\nservices = ["general", "estate"]')
    [problem] = check(text)
    assert (problem.key, problem.message) == ("services[2].code", "no session ever tickets '医疗保障'")


def test_a_slot_longer_than_every_session_is_found() -> None:
    text = BASE[: BASE.index('[[sessions]]\ncode = "am"')] + BASE[BASE.index('[[sessions]]\ncode = "sun"') :]
    text = text.replace('sessions = ["am", "pm"]\n', "").replace('services = ["estate"]\n\n[[h', "\n[[h")
    text = text.replace('kind = "booked_only"\n', "").replace('"09:00-10:45"', '"09:00-09:20"')
    text = text.replace('"09:00-11:00"', '"09:00-09:25"').replace('like = "wed"', 'like = "sun"')
    [problem] = check(text)
    assert problem.key == "services[3].booking.slot_min"
    assert "slot of 30 minutes" in problem.message


def test_holidays_need_sessions_to_close() -> None:
    county = read_source("county")
    [problem] = check(county + '\n[[holidays]]\nfirst = "2026-10-01"\nlast = "2026-10-07"\n')
    assert problem.key == "holidays"
    assert "open on holidays too" in problem.message


def test_every_number_of_the_rules_has_a_range_that_its_default_meets() -> None:
    for key, value in msgspec.structs.asdict(Rules()).items():
        if isinstance(value, int) and not isinstance(value, bool):
            low, high = RANGES[key]
            assert low <= value <= high, key


@pytest.mark.parametrize(
    ("rule", "value"), [("rejoin_k", 0), ("rejoin_k", 21), ("hold_max_min", 0), ("serving_end_h", 24)]
)
def test_rules_out_of_their_range_are_told(rule: Any, value: object) -> None:
    text = BASE.replace("[rules]", f"[rules]\n{rule} = {value}", 1)
    [problem] = check(text)
    assert (problem.key, problem.message) == (f"rules.{rule}", f"{value} is out of range")


def test_a_configuration_from_the_wire_meets_the_same_rules(tmp_path: Path) -> None:
    path = tmp_path / "hall.toml"
    path.write_text(BASE, encoding="utf-8")
    hall = load_hall(path)
    assert problems(hall) == []
    broken = msgspec.structs.replace(hall.sessions[0], serving="")
    [problem] = problems(msgspec.structs.replace(hall, sessions=(broken, *hall.sessions[1:])))
    assert problem.path == "sessions[0].serving"
