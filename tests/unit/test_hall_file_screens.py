"""What a hall file says of its screens and notices, and slips in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from callq.config import check, load_hall
from callq.config.export import export_hall
from callq.domain import colours
from callq.domain.events import HallConfigured
from callq.domain.hall import HallNotice, Screens, digest
from callq.domain.levels import required_level
from tests.unit.test_hall_file import COUNTY

if TYPE_CHECKING:
    from pathlib import Path

MORE = """
[screens]
blocks = ["recent", "missed", "media"]
recent = 8
accent = "#5B1A1A"
logo = "政务"
media = ["防火 (1).jpg", "guide.mp4"]
picture_s = 20

[[screens.zones]]
zone = "hall"
blocks = ["waiting"]
accent = "#0B4D2C"
"""
NOTICES = 'notices = ["今日照常", { text = "二楼检修", text_en = "Works on floor 2", zones = ["hall"] }]\n'
FULL = re.sub(r"notices = \[.*?\]\n", NOTICES, COUNTY, count=1, flags=re.DOTALL) + MORE


def test_it_is_read_written_and_read_again(tmp_path: Path) -> None:
    path = tmp_path / "hall.toml"
    path.write_text(FULL)
    hall = load_hall(path)
    assert hall.notices == (
        "今日照常",
        HallNotice(text="二楼检修", text_en="Works on floor 2", zones=("hall",)),
    )
    own = hall.screens.of_zone("hall")
    assert (own.blocks, own.accent, own.recent, own.logo) == (("waiting",), "#0B4D2C", 8, "政务")
    assert hall.screens.of_zone(None).blocks == ("recent", "missed", "media")
    path.write_text(export_hall(hall))
    assert digest(load_hall(path)) == digest(hall)
    assert required_level([HallConfigured(config=hall, digest="")]) == 4


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("recent = 8", "recent = 9", "9 is out of range"),
        ('accent = "#5B1A1A"', 'accent = "red"', "'red' is not a colour"),
        ('accent = "#5B1A1A"', 'accent = "#B03030"', "contrast of 4.7:1, and need 7:1"),
        ('accent = "#5B1A1A"', 'accent = "#4A3A00"', "this is your step now"),
        ('logo = "政务"', 'logo = "东源县政务服务中心"', "9 characters are too long"),
        ('"guide.mp4"', '"../guide.mp4"', "not the name of a file"),
        ('"guide.mp4"', '"guide.svg"', "no picture or video"),
        ('"guide.mp4"', '"防火 (1).jpg"', "used twice"),
        ('"recent", "missed", "media"', '"recent", "waiting", "media"', "do not fit"),
        ('"recent", "missed", "media"', '"recent", "missed", "missed"', "used twice"),
        ('media = ["防火 (1).jpg", "guide.mp4"]\n', "", "no files for it"),
        ("picture_s = 20", "picture_s = 1", "1 is out of range"),
        ('zone = "hall"\nblocks', 'zone = "hal"\nblocks', "no zone 'hal'"),
        ('zones = ["hall"]', 'zones = ["hal"]', "no zone 'hal'"),
        ('text_en = "Works on floor 2"', f'text_en = "{"x" * 121}"', "121 characters"),
    ],
)
def test_a_slip_is_told_with_its_line(right: str, wrong: str, told: str) -> None:
    assert right in FULL
    text = FULL.replace(right, wrong, 1)

    found = check(text)

    assert told in found[0].message
    assert found[0].hint
    assert found[0].line > 1


def test_the_shade_that_is_proposed_can_be_read() -> None:
    for red in range(0, 256, 51):
        for green in range(0, 256, 51):
            for blue in range(0, 256, 51):
                shade = colours.parse(colours.darker(colours.Colour(red, green, blue)))
                assert shade is not None
                assert min(colours.contrast(shade, words) for words in colours.ON_ACCENT) >= colours.LEAST


def test_contrast_is_that_of_the_visual_language() -> None:
    white, navy, sky = (colours.known(text) for text in ("#FFFFFF", "#0B2C4D", "#CFE0F0"))
    assert round(colours.contrast(white, navy), 1) == 14.2
    assert round(colours.contrast(sky, navy), 1) == 10.5


def test_a_zone_without_a_layout_of_its_own_has_the_halls() -> None:
    screens = Screens(recent=6)
    assert screens.of_zone("hall") == screens
