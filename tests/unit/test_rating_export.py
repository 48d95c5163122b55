"""Ratings in a province's fields: what a mapping makes of them, and what is said of one that is wrong."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import msgspec
import pytest

from callq.config.export import toml_value
from callq.export.mapping import MOMENTS, SOURCES, check, load_mapping, mappings
from callq.export.rows import CannotExport, mapped, written
from callq.wire import messages as m

ROW: dict[str, Any] = {
    **{"hall": "county", "hall_name": "县政务服务中心", "revision": 9, "ticket": "01abc", "step": 0},
    **{"level": 2, "text": "=1+1，等了两小时", "rated_ms": 1_795_312_695_000, "rated_at": "phone"},
    "reasons": [{"code": "slow", "name": "办理慢", "name_en": ""}, {"code": "x", "name": "别的"}],
    **{"number": "A012", "day": "2026-11-23", "service": "general", "service_name": "综合受理"},
    **{"item": None, "item_name": None, "window": "w3", "window_label": "3", "clerk": "c1"},
    **{"clerk_name": "王小芳", "class": "ordinary", "channel": "kiosk"},
    **{"issued_ms": 1_795_309_095_000, "done_ms": 1_795_312_635_000},
}
"""As `GET …/ratings` has it, with the hall added."""

SET = {"regionCode": "441625", "serviceDepartment": "示例县政务服务中心"}
REPORTED = (
    *("projNo", "projName", "serviceName", "serviceCode", "serviceDepartment", "applyTime", "regionCode"),
    *("evaluateChannel", "transactionTime", "evaluatedPersonInfo"),
)
"""Fields of the provincial set that a public report names."""


def made(text: str, settings: dict[str, str] | None = None, **row: Any) -> dict[str, str]:
    mapping, problems = check(text)
    assert mapping is not None, problems
    (found,) = mapped(mapping, [ROW | row], settings or {}, "Asia/Shanghai")
    return found


def field(**keys: Any) -> str:
    lines = [f"{key} = {toml_value(value)}" for key, value in keys.items()]
    return "\n".join(['name = "示例"', "[[fields]]", 'name = "f"', *lines])


def test_the_provincial_set_that_comes_with_callq() -> None:
    assert mappings() == ["province-a"]
    mapping = load_mapping("province-a")
    assert [one.name for one in mapping.fields][: len(REPORTED)] == list(REPORTED)
    (row,) = mapped(mapping, [ROW], SET, "Asia/Shanghai")
    assert row["projNo"] == "county-2026-11-23-A012-0"
    assert (row["projName"], row["serviceCode"]) == ("综合受理", "general")
    assert (row["applyTime"], row["transactionTime"]) == ("2026-11-22 08:58:15", "2026-11-22 09:57:15")
    assert (row["evaluateChannel"], row["satisfaction"]) == ("3", "2")
    assert row["evaluatedPersonInfo"] == "王**"
    assert row["regionCode"] == "441625"
    with pytest.raises(CannotExport, match="regionCode"):
        list(mapped(mapping, [ROW], {"serviceDepartment": "x"}, "Asia/Shanghai"))


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"source": ["item_name", "service_name"]}, "综合受理"),
        ({"source": ["item"]}, ""),
        ({"template": "{day}/{number}"}, "2026-11-23/A012"),
        ({"template": "{item}-{number}"}, ""),
        ({"constant": "1"}, "1"),
        ({}, ""),
        ({"source": ["level"], "values": {"2": "差"}, "otherwise": "好"}, "差"),
        ({"source": ["channel"], "values": {"web": "网"}, "otherwise": "现场"}, "现场"),
        ({"source": ["rated_ms"], "time": "ms"}, "1795312695000"),
        ({"source": ["rated_ms"], "time": "s"}, "1795312695"),
        ({"source": ["clerk_name"], "mask": "name"}, "王**"),
        ({"source": ["service_name"], "mask": "last_4"}, "****"),
        ({"source": ["hall_name"], "mask": "last_4"}, "***服务中心"),
        ({"source": ["text"], "max_chars": 4}, "=1+1"),
        ({"source": ["reasons"]}, "slow；x"),
        ({"source": ["reason_names"]}, "办理慢；别的"),
    ],
)
def test_what_a_field_says(keys: dict[str, Any], expected: str) -> None:
    assert made(field(**keys))["f"] == expected


def test_times_are_of_the_hall_or_of_the_mapping_and_settings_go_first() -> None:
    at = {"source": ["done_ms"], "time": "%H:%M"}
    assert made(field(**at))["f"] == "09:57"
    assert made('timezone = "UTC"\n' + field(**at))["f"] == "01:57"
    assert made(field(constant="a"), {"f": "b"})["f"] == "b"


def test_every_source_is_in_what_the_api_answers() -> None:
    answered = {one.encode_name for one in msgspec.structs.fields(m.RatingRow)}
    assert set(SOURCES) - {"hall", "hall_name", "reason_names"} <= answered
    assert set(SOURCES) >= MOMENTS


@pytest.mark.parametrize(
    ("text", "line", "key", "words"),
    [
        (field(source=["serviceName"]), 4, "fields[0].source[0]", "service_name"),
        (field(source=["level"], constant="1"), 5, "fields[0].constant", "leave"),
        (field(source=["done_ms"]), 4, "fields[0].source", "time ="),
        (field(source=["level"], time="%H"), 5, "fields[0].time", "done_ms"),
        (field(source=["done_ms"], time="%Q"), 5, "fields[0].time", "%Y"),
        (field(template="{done_ms}"), 4, "fields[0].template", "time"),
        (field(template="{nummer}"), 4, "fields[0].template", "number"),
        (field(source=["level"], values={"5": "a"}), 5, "fields[0].values", "otherwise"),
        (field(source=["rated_at"], values={"windw": "1"}), 5, "fields[0].values.windw", "window"),
        (field(constant="1", otherwise="2"), 5, "fields[0].otherwise", "values"),
        (field(constant="1", maks="name"), 5, "fields[0].maks", "mask"),
        (field(constant="1") + '\n[[fields]]\nname = "f"', 6, "fields[1].name", "fields[0].name"),
        ('name = "x"\ntimezone = "Mars"\n[[fields]]\nname = "f"', 2, "timezone", "Asia/Shanghai"),
        ('name = "x"\nfields = []', 2, "fields", "[[fields]]"),
    ],
)
def test_a_wrong_mapping_is_explained_by_line_and_key(text: str, line: int, key: str, words: str) -> None:
    mapping, problems = check(text)
    assert mapping is None
    found = {(one.line, one.key): one.hint for one in problems}
    assert words in found[line, key], found


def test_how_rows_are_written() -> None:
    mapping = load_mapping("province-a")
    rows = list(mapped(mapping, [ROW, ROW | {"text": 'say "a",\nb'}], SET, "Asia/Shanghai"))
    names = [one.name for one in mapping.fields]
    table = list(csv.DictReader(io.StringIO("".join(written(rows, names, "csv")))))
    assert [one["evaluateContent"] for one in table] == ["'=1+1，等了两小时", 'say "a",\nb']
    assert list(table[0]) == names
    assert json.loads("".join(written(rows, names, "json"))) == rows
    assert [json.loads(line) for line in "".join(written(rows, names, "jsonl")).splitlines()] == rows
    assert json.loads("".join(written([], names, "json"))) == []
