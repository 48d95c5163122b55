"""A manager edits a hall file, and callq explains every slip by line and key."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callq.config import HallFileError, check, load_hall, read_source, samples
from callq.domain.check import MOST_TOLD, problems
from callq.domain.hall import HallConfig, digest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COUNTY = read_source("county")


def changed(old: str, new: str) -> tuple[str, int]:
    """The sample with the first `old` replaced, and the line of the change."""
    assert old in COUNTY
    return COUNTY.replace(old, new, 1), COUNTY[: COUNTY.index(old)].count("\n") + 1


@pytest.fixture
def load_text(tmp_path: Path) -> Callable[[str], HallConfig]:
    def load(text: str) -> HallConfig:
        path = tmp_path / "hall.toml"
        path.write_text(text, encoding="utf-8")
        return load_hall(path)

    return load


def test_every_sample_is_good() -> None:
    assert "county" in samples()
    for name in samples():
        assert check(read_source(name)) == []


def test_the_county_hall_has_the_promised_shape() -> None:
    hall = load_hall("county")
    assert [(window.id, window.label, window.zone) for window in hall.windows] == [
        *((f"w{n}", str(n), "hall") for n in (1, 2, 3, 4)),
        *((f"w{n}", str(n), "floor2") for n in (5, 6)),
    ]
    assert {service.code: service.prefix for service in hall.services} == {
        "general": "A",
        "social": "E",
        "medical": "F",
        "estate": "G",
    }
    assert [clerk.id for clerk in hall.clerks] == [f"c0{n}" for n in range(1, 7)]
    assert hall.clerks[0].name == "李敏"


SLIPS = [
    # what was written, what was typed instead, key, message, hint
    ('label = "3"', 'lable = "3"', "windows[2].lable", "unknown key", "did you mean 'label'?"),
    ('label = "3"', "label = 3", "windows[2].label", "expected a text, found a whole number", "quotes"),
    ('label = "3"', 'label = ""', "windows[2].label", "empty", "what people"),
    ('label = "3"', 'label = "  "', "windows[2].label", "empty", "what people"),
    ('label = "3"', 'label = "2"', "windows[2].label", "'2' is used twice in this zone", "windows[1].label"),
    ('label = "3"', 'label = "综合服务第三号"', "windows[2].label", None, None),
    ('label = "3"', 'label = "综合服务第三号窗口"', "windows[2].label", "9 characters", "8"),
    ('label = "3"', "label = 三号", "windows[2].label", "not TOML", '"三号"'),
    ('label = "3"', "label = “3”", "windows[2].label", "not TOML", "full-width"),
    ('label = "3"', 'label = "3', "windows[2].label", "not TOML", "quote"),
    ('label = "3"', 'label = "3"\nlabel = "3"', "", "cannot overwrite", "twice"),
    ('label = "3"', 'label "3"', "", "not TOML", "key = value"),
    ('id = "w3"', 'id = "W3"', "windows[2].id", "'W3' is not a code", "a-z"),
    ('id = "w3"', 'id = "w2"', "windows[2].id", "used twice", "windows[1].id"),
    ('id = "w3"\n', "", "windows[2].id", "missing", "add id"),
    ('kind = "domain"', 'kind = "domian"', "windows[4].kind", "'domian'", "'domain'"),
    ('kind = "domain"', 'kind = "x"', "windows[4].kind", "'x'", "comprehensive, dedicated"),
    ('services = ["estate"]', 'services = ["estat"]', "windows[4].services[0]", "no service", "'estate'"),
    (
        'services = ["estate"]',
        'services = ["不动产登记"]',
        "windows[4].services[0]",
        "no service",
        "'estate'",
    ),
    ('services = ["estate"]', 'services = "estate"', "windows[4].services", "a list, found a text", "["),
    ('["estate", "medical"]', '["estate", "estate"]', "windows[5].services[1]", "used twice", "[0]"),
    ('zone = "floor2"\nkind', 'zone = "floor"\nkind', "windows[4].zone", "no zone 'floor'", "'floor2'"),
    ('zone = "floor2"\nex', 'zone = "3rd"\nex', "services[3].zone", "no zone", "known: hall, floor2"),
    ('prefix = "G"', 'prefix = "Q"', "services[3].prefix", "'Q'", "I, O and Q read as digits"),
    ('prefix = "G"', 'prefix = "g"', "services[3].prefix", "'g'", "capital"),
    ('prefix = "G"', 'prefix = "A"', "services[3].prefix", "'A' is used twice", "services[0].prefix"),
    ('code = "social"', 'code = "general"', "services[1].code", "used twice", "services[0].code"),
    ('code = "floor2"', 'code = "hall"', "zones[1].code", "used twice", "zones[0].code"),
    ("target_wait_min = 30", "target_wait_min = 0", "services[3].target_wait_min", "0 is out", "1 to 480"),
    ("target_wait_min = 30", "target_wait_min = 1.5", "services[3].target_wait_min", "point", "digits"),
    ("target_wait_min = 30", "target_wait_min = true", "services[3].target_wait_min", "true or", "digits"),
    ('"房屋买卖过户", ', '"房屋\\u200b买卖", ', "services[3].examples[0]", "U+200B", "type the text again"),
    ('id = "c04"', 'id = "c01"', "clerks[3].id", "used twice", "clerks[0].id"),
    ("social = 2, estate", "socail = 2, estate", "clerks[3].skills.socail", "no skill", "'social'"),
    ("estate = 3 }", "estate = 4 }", "clerks[4].skills.estate", "level 4", "3 (expert)"),
    ("estate = 3 }", 'estate = "3" }', "clerks[4].skills.estate", "found a text", "digits"),
    ('timezone = "Asia/Shanghai"', 'timezone = "Asia/Shangai"', "timezone", "time zone", "'Asia/Shanghai'"),
    ('timezone = "Asia/Shanghai"', 'timezone = "Beijing"', "timezone", "time zone", "Shanghai"),
    ('timezone = "Asia/Shanghai"', 'timezone = "Asia"', "timezone", "time zone", ""),
    ('day_starts = "04:00"', 'day_starts = "4:00"', "day_starts", "'4:00'", "HH:MM"),
    ('day_starts = "04:00"', 'day_starts = "24:00"', "day_starts", "'24:00'", "HH:MM"),
    ('day_starts = "04:00"', "day_starts = 04:00:00", "day_starts", "found a date or time", "quotes"),
    ("recall_gap_s = 10", "recall_gap_s = 1000", "rules.recall_gap_s", "1000", "0 to 300"),
    ("recall_gap_s = 10", "recall_gap_ms = 10", "rules.recall_gap_ms", "unknown key", "'recall_gap_s'"),
    ("max_calls = 3 ", "max_calls = 1 ", "rules.min_calls_before_miss", "only 1", "max_calls"),
    ('phone = "12345"', 'fone = "12345"', "contact.fone", "unknown key", "'phone'"),
    ("[contact]", "[contacts]", "contacts", "unknown key", "'contact'"),
    ("[contact]", "[[contact]]", "contact", "expected a table, found a list", "[table]"),
    ("[[windows]", "[window]", "", "not TOML", "[["),
    ('policy = "index"', 'policy = "fifo"', "routing.policy", "'fifo'", "index"),
]


@pytest.mark.parametrize(("old", "new", "key", "message", "hint"), SLIPS, ids=[slip[1] for slip in SLIPS])
def test_a_slip_is_explained_at_its_line(old: str, new: str, key: str, message: str, hint: str) -> None:
    text, line = changed(old, new)
    problems = check(text)
    if message is None:
        assert problems == []
        return
    if key == "rules.min_calls_before_miss":
        line += 1  # the two numbers contradict each other; the later one is named
    if not new:
        line -= 1  # a missing key is told at its table
    if new.startswith("label") and "\n" in new:
        line += 1  # the second of two equal keys is the slip
    [problem] = [item for item in problems if not key or item.key == key]
    assert (problem.line, problem.key if key else "") == (line, key)
    assert message in problem.message
    assert hint in problem.hint
    assert problems == [problem], "one slip, one problem: no consequences are listed"


def test_all_slips_of_a_file_are_told_at_once_in_the_order_of_lines() -> None:
    text = COUNTY
    for old, new in [
        ('timezone = "Asia/Shanghai"', 'timezone = "Mars/Base"'),
        ('prefix = "F"', "prefix = F"),
        ('label = "2"', 'lable = "2"'),
        ('zone = "hall"\ndirections = "进门右转，第二排"', 'zone = "halle"\ndirections = "进门右转，第二排"'),
        ("skills = { estate = 3 }", "skills = { estate = 9 }"),
    ]:
        assert old in text
        text = text.replace(old, new, 1)
    problems = check(text)
    assert [item.key for item in problems] == [
        "timezone",
        "services[2].prefix",
        "windows[1].lable",
        "windows[2].zone",
        "clerks[4].skills.estate",
    ]
    lines = text.split("\n")
    for problem in problems:
        assert re.split(r"[.\[]", problem.key)[-1] in lines[problem.line - 1]


def test_a_service_that_nobody_masters_is_found() -> None:
    text = COUNTY.replace("estate = ", "medical = ").replace("medical = 2, medical = 1", "medical = 1")
    assert ("services[3].code", "nobody has the skill 'estate'") in [
        (item.key, item.message.split(": ")[-1]) for item in check(text)
    ]
    assert "windows[4].services" in [item.key for item in check(text)], "its window could never call"


def test_a_service_that_no_window_serves_is_found() -> None:
    text = re.sub(r'(directions = "进门.*")', r'\1\nservices = ["general", "social"]', COUNTY)
    text = text.replace('services = ["estate", "medical"]', 'services = ["estate"]')
    [problem] = check(text)
    assert (problem.key, problem.message) == ("services[2].code", "no window serves '医疗保障'")


def test_an_empty_file_names_what_every_hall_needs() -> None:
    assert [item.key for item in check("")] == ["id", "name", "zones", "services", "windows", "clerks"]
    assert {item.line for item in check("")} == {1}


@given(st.text(max_size=200))
@settings(max_examples=60, deadline=None)
def test_whatever_the_text_there_is_an_answer(text: str) -> None:
    assert check(text), "no random text is a hall"


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_whatever_is_struck_out_there_is_an_answer(data: Any) -> None:
    start = data.draw(st.integers(0, len(COUNTY)))
    cut = data.draw(st.integers(1, 30))
    lines = COUNTY.count("\n") + 1
    assert all(0 < item.line <= lines for item in check(COUNTY[:start] + COUNTY[start + cut :]))


def test_windows_line_ends_and_byte_order_mark_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "hall.toml"
    path.write_bytes(b"\xef\xbb\xbf" + COUNTY.replace("\n", "\r\n").encode())
    assert digest(load_hall(path)) == digest(load_hall("county"))


def test_a_file_in_gbk_is_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "hall.toml"
    path.write_bytes(COUNTY.replace("–", "-").replace("─", "-").encode("gb18030"))
    with pytest.raises(HallFileError) as caught:
        load_hall(path)
    assert caught.value.problems[0].line == 1
    assert "UTF-8" in caught.value.problems[0].hint


def test_a_missing_file_names_the_nearest_sample(tmp_path: Path) -> None:
    with pytest.raises(HallFileError) as caught:
        load_hall("countty")
    assert caught.value.problems[0].hint == "did you mean the sample 'county'?"
    with pytest.raises(HallFileError, match="cannot be read"):
        load_hall(tmp_path)


def test_spelling_a_default_out_changes_nothing(load_text: Any) -> None:
    plain = COUNTY.replace("recall_gap_s = 10", "").replace("[contact]", "[contact] # who to ask")
    assert digest(load_text(plain)) == digest(load_hall("county"))
    no_rules = re.sub(r"(?m)^(recall_gap_s|max_calls|min_calls_before_miss|missed_shown_min).*$", "", COUNTY)
    assert digest(load_text(no_rules)) == digest(load_hall("county"))


def test_a_configuration_from_the_wire_meets_the_same_rules() -> None:
    hall = load_hall("county")
    assert problems(hall) == []
    services = (*hall.services[:2], msgspec.structs.replace(hall.services[2], zone="hal"), hall.services[3])
    [problem] = problems(msgspec.structs.replace(hall, services=services))
    assert (problem.path, problem.topic) == ("services[2].zone", "unknown_zone")
    assert problem.hint == "did you mean 'hall'?"


def test_no_more_is_told_than_anybody_reads() -> None:
    config = load_hall("county")
    clerk = msgspec.structs.replace(config.clerks[0], skills={"generl": 9})
    many = msgspec.structs.replace(config, clerks=(clerk,) * 1_000)
    assert len(problems(many)) == MOST_TOLD
