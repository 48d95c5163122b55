"""A scenario file is checked whole; each slip is told with its line and what to write instead."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

import msgspec
import pytest

from callq.config import read_source
from callq.simulate.check import RANGES
from callq.simulate.scenario import ScenarioError, load, names
from tests.simulate.small import SMALL

if TYPE_CHECKING:
    from pathlib import Path

COUNTY = (resources.files("callq.simulate") / "scenarios" / "county-84.toml").read_text(encoding="utf-8")


def slip(tmp_path: Path, old: str, new: str) -> tuple[int, list[tuple[int, str, str, str]]]:
    """The line of a change to the reference scenario, and what is told about it."""
    assert old in COUNTY
    path = tmp_path / "mine.toml"
    path.write_text(COUNTY.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load(str(path))
    told = [(p.line, p.key, p.message, p.hint) for p in caught.value.problems]
    return COUNTY[: COUNTY.index(old)].count("\n") + 1, told


@pytest.mark.parametrize("name", names())
def test_what_comes_with_callq_is_good(name: str) -> None:
    assert load(name).name == name


def test_the_reference_scenario_comes_with_callq() -> None:
    county = load("county-84")
    assert "county-84" in names()
    assert (county.day.volume, len(county.groups), len(county.profile)) == (2600, 12, 7)
    layout = county.layout
    assert layout is not None
    assert (layout.domain, layout.comprehensive, layout.base) == (49, 35, 8)


def test_a_scenario_may_be_like_one_that_is_like_another() -> None:
    both = load("county-84-spare-both")
    assert both.layout == load("county-84-spare").layout
    assert both.layout is not None
    assert (both.layout.domain, both.layout.in_use, both.tides.widening) == (49, 2, True)


@pytest.mark.parametrize(
    ("old", "new", "key", "message", "hint"),
    [
        ("cv = 0.9\n", "cv = 9\n", "handling.cv", "9 is out of range", "write a number from 0 to 5"),
        ("volume_cv", "volume_sd", "day.volume_sd", "", "volume_cv"),
        ("volume = 2600", 'volume = "many"', "day.volume", "", ""),
        ('"12:00-13:30"', '"11:30-13:30"', "profile[3].hours", "overlaps", "begin where the other ends"),
        ('closes = "17:00"', 'closes = "25:00"', "day.closes", "'25:00' is no time", "HH:MM"),
        ('opens = "09:00"', 'opens = "9 Uhr"', "day.opens", "'9 Uhr' is no time", "HH:MM"),
        ('opens = "09:00"', "opens = 09:00:00", "day.opens", "expected a text", "quotes"),
        ('closes = "17:00"', 'closes = "08:00"', "day.closes", "08:00 is not after 09:00", "after 09:00"),
        ("volume = 2600", "volume = nan", "day.volume", "found nan", "digits"),
        ("rate = 1.45", "rate = -1.45", "profile[1].rate", "-1.45 is out of range", "from 0"),
        ('code = "g01"', 'code = "g01"\nchannels = []', "groups[0].channels", "no channels", "window"),
        (
            'code = "g01"',
            'code = "g01"\nchannels = ["window", "online"]',
            "groups[0].channels[1]",
            "there is no outlet 'online'",
            "[[outlets]]",
        ),
        (
            'code = "g01"',
            'code = "g01"\nchannels = ["remote"]',
            "groups[0].channels[0]",
            "there is no outlet 'remote'",
            "by video",
        ),
        (
            "[handling]",
            '[people]\naccepts = ["phone"]\n\n[handling]',
            "people.accepts[0]",
            "there is no outlet 'phone'",
            "[[outlets]]",
        ),
        (
            "[handling]",
            '[[outlets]]\nchannel = "online"\nname = "网办"\nhours = "8-9"\n\n[handling]',
            "outlets[0].hours",
            "are no hours",
            "HH:MM",
        ),
        ('opens = "09:00"', 'opens = "04:00"', "day.opens", "before the day begins", "05:00"),
        ("domain = 49", "domain = 5", "layout.domain", "5 domain windows for 12 groups", "at least one"),
        ("base = 8", "base = 80", "layout.base", "80 open windows of 35", "write 35 at most"),
        ("safety = 1.0", "skills = 13", "layout.skills", "only 12 groups", "write 12 at most"),
        ("safety = 1.0", "skills = 2\nin_use = 3", "layout.in_use", "only 2 groups", "write 2 at most"),
        ('code = "g02"', 'code = "g01"', "groups[1].code", "", ""),
        ('policy = "index"', 'policy = "indx"', "routing.policy", "", "index"),
        ('policy = "index"', 'policy = "index"\nguard = -1', "routing.guard", "-1 is out of range", "write"),
        (
            "[[profile]]",
            '[[bursts]]\nat = "10:00"\npeople = 60\ngroup = "g21"\n\n[[profile]]',
            "bursts[0].group",
            "g21",
            "",
        ),
        (
            "[routing]",
            '[[tides.minima]]\nhours = "12:00-13:30"\nservice = "g21"\nleast = 1\n\n[routing]',
            "tides.minima[0].service",
            "g21",
            "",
        ),
        (
            "[routing]",
            '[[tides.minima]]\nhours = "noon"\nservice = "g01"\nleast = 1\n\n[routing]',
            "tides.minima[0].hours",
            "'noon' are no hours",
            "HH:MM",
        ),
        (
            "[routing]",
            '[tides]\nprofile = [{ hours = "09:00-11:00", rate = 1 },\n'
            '{ hours = "10:00-12:00", rate = 1 }]\n\n[routing]',
            "tides.profile[1].hours",
            "overlaps",
            "begin where the other ends",
        ),
        ("[routing]", '[tides]\nwindows = ["w84", "w85"]\n\n[routing]', "tides.windows[1]", "w85", ""),
        ("[layout]\n", '[tides]\nmode = "off"\nbeta = 9\n\n[layout]\n', "tides.beta", "9 is out", "-3 to 3"),
        (
            "base = 8\nsafety = 1.0\n",
            '\n[tides]\nmode = "automatic"\n',
            "tides.mode",
            "no window to open and close",
            "tides.windows",
        ),
        (
            "[layout]",
            '[clerks]\nlunch_min = 60\nlunch_from = "12:00"\nlunch_to = "12:30"\n\n[layout]',
            "clerks.lunch_min",
            "does not fit between 12:00 and 12:30",
            "write 30 at most",
        ),
        ('"09:00-09:30"', '"08:30-09:30"', "profile[0].hours", "people come at 08:30", "begin at 09:00"),
        ('"16:00-16:45"', '"16:00-17:30"', "profile[6].hours", "people come until 17:30", "end at 17:00"),
        (
            "[layout]",
            '[[bursts]]\nat = "17:30"\npeople = 60\n\n[layout]',
            "bursts[0].at",
            "people come until 17:30",
            "end at 17:00",
        ),
        ('"county-84"', f'"{"x" * 41}"', "name", "41", ""),
    ],
)
def test_a_slip_is_told_with_its_line(
    tmp_path: Path, old: str, new: str, key: str, message: str, hint: str
) -> None:
    line, told = slip(tmp_path, old, new)
    assert [each[1] for each in told] == [key]
    assert line <= told[0][0] <= line + 3
    assert message in told[0][2]
    assert hint in told[0][3]
    assert told[0][3]


def test_several_slips_are_told_at_once_in_the_order_of_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(COUNTY.replace("mix_cv = 0.20", "mix_cv = 7").replace("base = 8", "base = 99"))
    with pytest.raises(ScenarioError) as caught:
        load(str(path))
    assert [p.key for p in caught.value.problems] == ["day.mix_cv", "layout.base"]


def test_a_scenario_without_windows_or_people_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('name = "x"\ngroups = []\nprofile = []\n[day]\nvolume = 10\n', encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load(str(path))
    assert {p.key for p in caught.value.problems} == {"groups", "profile", "layout"}


def test_a_name_that_is_nearly_right_is_guessed(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="no such file or scenario") as caught:
        load("county84")
    assert caught.value.problems[0].hint == "did you mean 'county-84'?"
    broken = tmp_path / "gbk.toml"
    broken.write_bytes("name = '大厅'".encode("gbk"))
    with pytest.raises(ScenarioError, match="is not UTF-8") as caught:
        load(str(broken))
    assert "GBK" in caught.value.problems[0].hint


def test_what_is_no_scenario_at_all_is_told_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(" \n")
    with pytest.raises(ScenarioError, match="the file is empty"):
        load(str(path))
    path.write_text(read_source("county"), encoding="utf-8")
    with pytest.raises(ScenarioError, match="this is a hall file") as caught:
        load(str(path))
    assert caught.value.problems[0].hint == f"write --hall {path}"
    with pytest.raises(ScenarioError, match="cannot be read: Is a directory"):
        load(str(tmp_path))


def test_every_number_of_a_scenario_has_a_range() -> None:
    """So that no number can be anything."""
    tables = [SMALL, SMALL.day, SMALL.classes, SMALL.handling, SMALL.layout, SMALL.people, SMALL.clerks]
    numbers = {
        field.name
        for table in tables
        if table is not None
        for field in msgspec.structs.fields(table)
        if field.type in (int, float, int | None, float | None)
    }
    assert numbers <= set(RANGES)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("this is not toml\n", [(1, "not TOML")]),
        ('like = "count-84"\nname = "x"\n', [(1, "there is no scenario 'count-84'")]),
        ('like = "county-84"\nname = "x"\n[day]\nvolume = -1\nthis\n', [(4, "-1 is out"), (5, "not TOML")]),
        ('name = "x"\n', [(1, "this key is missing")] * 3 + [(1, "the table is missing")]),
    ],
)
def test_only_what_is_wrong_in_itself_is_told(text: str, told: list[tuple[int, str]], tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(ScenarioError) as caught:
        load(str(path))
    found = caught.value.problems
    assert [problem.line for problem in found] == [line for line, _ in told]
    assert all(p.message.startswith(text) for p, (_, text) in zip(found, told, strict=True))


def test_a_groups_own_profile_is_looked_at_like_the_others(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    slots = ("09:00-11:00", "10:00-12:00", "nine")
    profile = ", ".join(f'{{ hours = "{hours}", rate = 0 }}' for hours in slots)
    path.write_text(
        f'like = "county-84"\nname = "x"\n[[groups]]\ncode = "g01"\nshare = 1\nprofile = [{profile}]\n'
    )
    with pytest.raises(ScenarioError) as caught:
        load(str(path))
    messages = [problem.message for problem in caught.value.problems]
    assert "10:00-12:00 overlaps 09:00-11:00" in messages
    assert "'nine' are no hours of one day" in messages
    assert "nobody comes at any time" in messages
