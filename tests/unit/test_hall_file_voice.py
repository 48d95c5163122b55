"""What a hall file says of announcements, and slips in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from callq.config import check, load_hall
from callq.config.export import export_hall
from callq.domain.events import HallConfigured
from callq.domain.hall import digest
from callq.domain.levels import required_level
from tests.unit.test_hall_file import COUNTY

if TYPE_CHECKING:
    from pathlib import Path

MORE = """
[voice]
one = "yi"
repeat = 2
stale_s = 45
volume = 90
rooms = [["hall", "enterprise"]]

[[voice.hours]]
hours = "12:00-14:00"
volume = 30

[[voice.hours]]
hours = "18:00-24:00"
volume = 0

[[voice.languages]]
code = "zh"
call = "有请{number}号到{window}号窗口"
again = "再次呼叫"

[[voice.languages]]
code = "yue"
engine = "yue"
call = "請{number}號到{window}號窗"
digits = ["零", "一", "二", "三", "四", "五", "六", "七", "八", "九"]
"""
ZONES = [line.split('"')[1] for line in COUNTY.splitlines() if line.startswith("code = ")][:2]
FULL = COUNTY + MORE.replace('"hall", "enterprise"', ", ".join(f'"{zone}"' for zone in ZONES))


def test_it_is_read_written_and_read_again(tmp_path: Path) -> None:
    path = tmp_path / "hall.toml"
    path.write_text(FULL)
    hall = load_hall(path)
    assert hall.voice.rooms == (tuple(ZONES),)
    assert [language.code for language in hall.voice.languages] == ["zh", "yue"]
    assert (hall.voice.hours[1].volume, hall.voice.volume, hall.voice.chime) == (0, 90, True)
    path.write_text(export_hall(hall))
    assert digest(load_hall(path)) == digest(hall)
    assert required_level([HallConfigured(config=hall, digest="")]) == 4


@pytest.mark.parametrize(
    ("old", "new", "key", "message"),
    [
        ("repeat = 2", "repeat = 4", "voice.repeat", "4 is out"),
        ("stale_s = 45", "stale_s = 5", "voice.stale_s", "5 is out"),
        ("volume = 90", "volume = 101", "voice.volume", "101 is out"),
        ("volume = 30", "volume = -1", "voice.hours[0].volume", "-1 is out"),
        ('"12:00-14:00"', '"14:00-12:00"', "voice.hours[0].hours", "no hours"),
        ('"18:00-24:00"', '"13:59-24:00"', "voice.hours[1].hours", "overlaps"),
        (f'rooms = [["{ZONES[0]}"', 'rooms = [["hal"', "voice.rooms[0][0]", "no zone 'hal'"),
        (f'rooms = [["{ZONES[0]}"', f'rooms = [["{ZONES[1]}"', "voice.rooms[0][1]", "in a room already"),
        ('one = "yi"', 'one = "one"', "voice.one", "not possible"),
        ('code = "yue"', 'code = "zh"', "voice.languages[1].code", "used twice"),
        ('engine = "yue"\n', "", "voice.languages[1].engine", "nothing is built in for 'yue'"),
        ('engine = "yue"', 'engine = "-f x"', "voice.languages[1].engine", "is no voice"),
        ("有请{number}号", "有请", "voice.languages[0].call", "does not say {number}"),
        ("有请{number}号", "有请{number}{number}", "voice.languages[0].call", "says twice {number}"),
        ("有请{number}号", "有请{number}{name}", "voice.languages[0].call", "no blank '{name}'"),
        ("到{window}号窗口", "到{zone}{window}号窗口", "voice.languages[0].call", "no blank '{zone}'"),
        ('["零", "一", ', "[", "voice.languages[1].digits", "8 digits"),
        ('["零",', '["",', "voice.languages[1].digits[0]", "empty"),
    ],
)
def test_a_slip_is_explained_at_its_key(old: str, new: str, key: str, message: str) -> None:
    assert FULL.count(old) == 1
    [problem] = [problem for problem in check(FULL.replace(old, new)) if problem.key == key]
    assert message in problem.message
