"""Slips in what a hall file says of policy, tides, matters and outlets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from callq.config import HallFileError, check, load_hall
from callq.config.export import export_hall
from callq.domain.hall import digest
from callq.domain.levels import required_level
from tests.unit.test_hall_file import COUNTY

if TYPE_CHECKING:
    from pathlib import Path

MORE = """
[routing]
policy = "index"
pressure = 0.25

[tides]
mode = "advise"
windows = ["w1", "w2"]

[[tides.profile]]
hours = "09:00-12:00"
rate = 1.5

[[tides.profile]]
hours = "12:00-17:00"
rate = 1

[[tides.minima]]
hours = "12:00-14:00"
service = "general"
least = 1

[[outlets]]
channel = "self_service"
name = "自助服务区"
zone = "hall"
place = "正门北侧"
hours = "08:00-22:00"
wait_min = 2.5

[[items]]
code = "birth"
name = "出生登记"
service = "general"
channels = ["self_service", "window"]
"""
BARE = COUNTY.partition("\n[[outlets]]")[0] + "\n"
NEWER = r"(?m)^(daily|service_min|theme|theme_en|everyday|place_en|directions_en) = .*\n"
NOTICE = r'\{ text = ("[^"]*"), text_en = "[^"]*" \}'
WITHOUT = re.sub(r"(?ms)^\[routing\]\n.*?\n\n", "", re.sub(NEWER, "", re.sub(NOTICE, r"\1", BARE)))
"""The sample as it would be without what is written here in another way."""

FULL = WITHOUT.replace('prefix = "A"', 'prefix = "A"\ndaily = 120\nservice_min = 12.5', 1) + MORE


def test_the_parts_are_read_written_and_read_again(tmp_path: Path) -> None:
    path = tmp_path / "hall.toml"
    path.write_text(FULL)
    hall = load_hall(path)
    assert hall.routing is not None
    assert (hall.policy_name, hall.routing.pressure, hall.services[0].service_min) == ("index", 0.25, 12.5)
    assert [slot.rate for slot in hall.tides.profile] == [1.5, 1.0]
    path.write_text(export_hall(hall))
    assert digest(load_hall(path)) == digest(hall)


SLIPS: list[tuple[str, str, str, str, str]] = [
    ('policy = "index"\n', 'policy = "indx"\n', "routing.policy", "'indx'", "'index'"),
    ('policy = "index"\n', "", "routing.policy", "missing", "add policy"),
    ("pressure = 0.25", 'pressure = "0.25"', "routing.pressure", "found a text", "without quotes"),
    ("pressure = 0.25", "pressure = -1", "routing.pressure", "-1.0 is out", "0 to 100"),
    ("pressure = 0.25", "pressure = nan", "routing.pressure", "expected a number", "digits"),
    ('windows = ["w1", "w2"]', 'windows = ["w1", "x2"]', "tides.windows[1]", "no window 'x2'", ""),
    ('windows = ["w1", "w2"]', 'windows = ["w1", "w1"]', "tides.windows[1]", "used twice", "[0]"),
    ('windows = ["w1", "w2"]', "", "tides.mode", "no window to open", "tidal"),
    ("daily = 120\n", "", "tides.mode", "no service says", "daily"),
    ("daily = 120\n", "daily = -1\n", "services[0].daily", "-1.0 is out", "0 to 100000"),
    ('hours = "12:00-17:00"', 'hours = "11:59-17:00"', "tides.profile[1].hours", "overlaps", "other ends"),
    ('hours = "12:00-17:00"', 'hours = "17:00-12:00"', "tides.profile[1].hours", "no hours", "HH:MM"),
    ("least = 1", "least = 0", "tides.minima[0].least", "0 is out", "1 to 1000"),
    (
        'service = "general"\nleast',
        'service = "genral"\nleast',
        "tides.minima[0].service",
        "no s",
        "'general'",
    ),
    ('service = "general"\nchannels', 'service = "x"\nchannels', "items[0].service", "no service", ""),
    (
        '["self_service", "window"]',
        '["self_servic"]',
        "items[0].channels[0]",
        "not possible",
        "'self_service'",
    ),
    ('["self_service", "window"]', '["online"]', "items[0].channels[0]", "no outlet 'online'", "[[outlets]]"),
    ('["self_service", "window"]', '["remote"]', "items[0].channels[0]", "no remote window", "remote"),
    ('["self_service", "window"]', '["appointment"]', "items[0].channels[0]", "no bookings", "booking = {}"),
    ('["self_service", "window"]', "[]", "items[0].channels", "no channels", "window"),
    ('zone = "hall"\nplace', 'zone = "hal"\nplace', "outlets[0].zone", "no zone 'hal'", "'hall'"),
    ('channel = "self_service"', 'channel = "selfservice"', "outlets[0].channel", "not possible", "'self_s"),
    ("wait_min = 2.5", "wait_min = 9999", "outlets[0].wait_min", "9999.0 is out", "0 to 480"),
]


@pytest.mark.parametrize(("old", "new", "key", "message", "hint"), SLIPS, ids=[s[1] or s[3] for s in SLIPS])
def test_a_slip_is_explained_at_its_key(old: str, new: str, key: str, message: str, hint: str) -> None:
    assert FULL.count(old) == 1
    problems = check(FULL.replace(old, new))
    [problem] = [problem for problem in problems if problem.key == key]
    assert message in problem.message
    assert hint in problem.hint


def test_tides_without_a_profile_would_not_know_when_people_come() -> None:
    text = FULL.replace('[[tides.profile]]\nhours = "09:00-12:00"\nrate = 1.5\n', "")
    text = text.replace('[[tides.profile]]\nhours = "12:00-17:00"\nrate = 1\n', "")
    [problem] = check(text)
    assert (problem.key, "no profile" in problem.message) == ("tides.mode", True)


def test_what_older_nodes_cannot_read_asks_for_the_level(tmp_path: Path) -> None:
    from callq.domain.events import HallConfigured

    def level(text: str) -> int:
        path = tmp_path / "hall.toml"
        path.write_text(text)
        return required_level([HallConfigured(config=load_hall(path), digest="")])

    assert (level(WITHOUT), level(COUNTY), level(FULL)) == (1, 4, 4)


def test_a_slip_does_not_load(tmp_path: Path) -> None:
    path: Any = tmp_path / "hall.toml"
    path.write_text(FULL.replace("least = 1", "least = 0"))
    with pytest.raises(HallFileError):
        load_hall(path)
