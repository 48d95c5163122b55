"""Configurations over HTTP: proposed, checked, put in force by one of two managers, and taken back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import trio
from msgspec.structs import replace

from callq.cli import main
from callq.config import export_hall, load_hall, read_source
from callq.config.fields import tables
from callq.config.labels import FIELDS
from callq.domain.hall import HallConfig, Session, digest, plain
from callq.journal.memory import MemoryJournal
from tests.harness import small_hall
from tests.web.conftest import serving

if TYPE_CHECKING:
    from pathlib import Path

    from tests.web.conftest import Door


async def proposed(door: Door, config: HallConfig) -> Any:
    return await door.post("config/check", {"config": plain(config)})


async def configure(door: Door, config: HallConfig, **more: Any) -> Any:
    return await door.ask(
        "POST", "commands", {"command": "configure", "config": msgspec.to_builtins(config), **more}
    )


def with_skill(level: int) -> HallConfig:
    first, *others = small_hall().clerks
    return small_hall(clerks=(replace(first, skills={**first.skills, "social": level}), *others))


async def test_what_is_in_force_comes_as_data_and_as_a_file(door: Door) -> None:
    found = await door.get("config")
    assert found["toml"] == export_hall(small_hall())
    assert digest(msgspec.convert(found["config"], HallConfig)) == found["digest"]
    again = await door.post("config/check", {"toml": found["toml"]})
    assert (again["ok"], again["digest"], again["changes"]) == (True, found["digest"], [])


@pytest.mark.parametrize("sample", ["county", "dongyuan", "taizhou"])
async def test_a_file_goes_through_data_and_back_unchanged(sample: str) -> None:
    config = load_hall(sample)
    async with serving(MemoryJournal(), config) as door:
        at = f"/v1/halls/{sample}/config"
        by_text = await door.post(f"{at}/check", {"toml": read_source(sample)})
        assert (by_text["errors"], by_text["digest"], by_text["changes"]) == ([], digest(config), [])
        by_data = await door.post(f"{at}/check", {"config": by_text["config"]})
        assert by_data["digest"] == digest(config)
        assert (await door.post(f"{at}/check", {"toml": by_data["toml"]}))["digest"] == digest(config)


WRONG = """id = "test"
name = "测试大厅"
nmae_en = "x"

[rules]
max_calls = 99

[[zones]]
code = "hall"
name = "大厅"

[[services]]
code = "general"
name = "综合"
prefix = "I"
zone = "hal"

[[windows]]
id = "w1"
label = "1"
zone = "hall"

[[clerks]]
id = "c1"
name = "某"
skills = { general = 7 }
"""


async def test_mistakes_are_those_of_hall_check(door: Door, tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "hall.toml"
    path.write_text(WRONG, encoding="utf-8")
    assert await trio.to_thread.run_sync(main, ["hall", "check", str(path)]) == 1
    printed = capsys.readouterr().out
    told = await door.post("config/check", {"toml": WRONG})
    assert not told["ok"]
    assert len(told["errors"]) == 5
    for one in told["errors"]:
        line = f"{path}:{one['line']}: {one['key']}: {one['message']}\n    hint: {one['hint']}"
        assert line in printed
    assert printed.count("hint:") == len(told["errors"])


async def test_data_is_judged_like_a_file_and_its_mistakes_have_lines(door: Door) -> None:
    config = plain(small_hall())
    config["services"][0]["prefix"] = "I"
    config["windows"][1]["zone"] = "moon"
    config["clerks"][0]["skills"] = {"general": "two", "odd key": 1}
    config["rules"] = {"max_calls": None, "recall_gap_s": 10.5}
    told = await door.post("config/check", {"config": config})
    lines = told["toml"].splitlines()
    by_key = {one["key"]: one for one in told["errors"]}
    assert set(by_key) == {
        "services[0].prefix",
        "windows[1].zone",
        "clerks[0].skills.general",
        "clerks[0].skills.odd key",
        "rules.recall_gap_s",
    } - ({"clerks[0].skills.odd key"} - set(by_key))
    assert 'prefix = "I"' in lines[by_key["services[0].prefix"]["line"] - 1]
    assert told["config"] is None, "it has not the shape of a hall file"


async def test_what_changes_is_told_in_words(door: Door) -> None:
    told = await proposed(door, with_skill(3))
    [change] = told["changes"]
    assert (change["section"], change["id"], change["kind"]) == ("clerks", "c1", "changed")
    assert change["keys"][0]["path"] == "skills.social"
    assert "技能 社会保险" in change["text"]
    assert change["text"].endswith("→ 3")
    windows = small_hall().windows
    told = await proposed(door, small_hall(windows=(*windows[1:], replace(windows[0], id="w9"))))
    assert [(c["kind"], c["id"]) for c in told["changes"]] == [("removed", "w1"), ("added", "w9")]
    turned = await proposed(door, small_hall(windows=(windows[1], windows[0], *windows[2:])))
    assert [c["kind"] for c in turned["changes"]] == ["moved"]


async def test_what_it_would_do_to_the_hall_is_told_before(door: Door) -> None:
    await door.staff("w1", "c1")
    number = (await door.issue("social"))["number"]
    services = small_hall().services
    evening = Session(code="late", name="晚", ticketing="20:00-21:00", serving="20:00-22:00")
    config = small_hall(
        sessions=(evening,),
        clerks=(replace(small_hall().clerks[0], skills={"general": 3}), *small_hall().clerks[1:]),
        services=(replace(services[0], prefix="B"), *services[1:]),
    )
    before = await door.canonical()
    told = await proposed(door, config)
    assert told["ok"], "nothing is in the way"
    at_once = {(one["code"], one["service"]) for one in told["at_once"]}
    assert {("unserved", "social"), ("ticketing_ends", "general")} <= at_once
    assert [(one["code"], one["service"]) for one in told["later"]] == [("prefix", "general")]
    assert "20:00" in next(one["text"] for one in told["at_once"] if one["code"] == "ticketing_ends")
    windows, clerks = small_hall().windows[1:], small_hall().clerks[1:]
    gone = small_hall(
        services=(services[0], services[2]),
        windows=tuple(replace(w, services=tuple(s for s in w.services if s != "social")) for w in windows),
        clerks=tuple(
            replace(c, skills={s: level for s, level in c.skills.items() if s != "social"}) for c in clerks
        ),
    )
    told = await proposed(door, gone)
    assert told["errors"] == []
    assert not told["ok"]
    assert {one["code"] for one in told["refused"]} == {"window_occupied", "clerk_busy", "wrong_state"}
    assert any(number in one["text"] for one in told["refused"])
    assert await door.canonical() == before
    answer = await configure(door, gone)
    assert answer.status_code == 409
    assert answer.json()["code"] in {one["code"] for one in told["refused"]}
    assert await door.canonical() == before, "refused, and nothing half done"
    number = (await door.issue("estate"))["number"]
    one_floor = small_hall(
        zones=small_hall().zones[:1],
        services=(*services[:2], replace(services[2], zone="hall")),
        windows=tuple(replace(window, zone="hall") for window in small_hall().windows),
    )
    [hindrance] = (await proposed(door, one_floor))["refused"]
    assert (hindrance["code"], hindrance["zone"]) == ("wrong_state", "upstairs")
    assert f"二楼有 {number} 等号票在等" in hindrance["text"]


async def test_of_two_managers_the_second_is_told_of_the_first(door: Door) -> None:
    one, other = await door.token("supervisor"), await door.token("supervisor")
    seen = (await door.get("config", token=one))["digest"]
    first = {"command": "configure", "config": msgspec.to_builtins(with_skill(3)), "if_digest": seen}
    assert (await door.ask("POST", "commands", first, token=one)).status_code == 200
    before = await door.canonical()
    late = {**first, "config": msgspec.to_builtins(small_hall(name="别名"))}
    answer = await door.ask("POST", "commands", late, token=other)
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["state"]) == (409, "wrong_state", "changed")
    assert problem["digest"] == digest(with_skill(3))
    assert await door.canonical() == before
    again = await door.ask("POST", "commands", {**late, "if_digest": problem["digest"]}, token=other)
    assert again.status_code == 200


async def test_an_earlier_version_is_found_looked_at_and_put_in_force_again(door: Door) -> None:
    manager = await door.token("supervisor", name="王主任的令牌")
    start = await door.get("config")
    body = {"command": "configure", "config": msgspec.to_builtins(with_skill(3)), "reason": " 李敏转岗 "}
    await door.post("commands", body, token=manager)
    await door.post("commands", {**body, "config": msgspec.to_builtins(small_hall(name="别名"))})
    inspector = await door.token("inspector")
    found = (await door.get("config/history", token=inspector))["versions"]
    assert [one["in_force"] for one in found] == [True, False, False]
    assert [one["first"] for one in found] == [False, False, True]
    skilled = found[1]
    assert (skilled["reason"], skilled["role"], skilled["name"]) == ("李敏转岗", "supervisor", "王主任的令牌")
    assert "技能 社会保险" in skilled["text"]
    whole = await door.get(f"config/history/{found[2]['revision']}", token=inspector)
    assert digest(msgspec.convert(whole["config"], HallConfig)) == start["digest"]
    assert whole["toml"] == start["toml"]
    assert [one["section"] for one in whole["changes"]] == ["name"], "what restoring it would change now"
    undo = {"command": "configure", "config": whole["config"], "if_digest": whole["in_force"]}
    await door.post("commands", undo)
    assert (await door.get("config"))["digest"] == start["digest"]
    newest = (await door.get("config/history"))["versions"][0]
    assert newest["same_as"] == found[2]["revision"]


@pytest.mark.parametrize("revision", ["99", "x", "1e3", "-1"])
async def test_a_version_that_is_not_kept_is_not_found(door: Door, revision: str) -> None:
    answer = await door.ask("GET", f"config/history/{revision}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_a_restart_keeps_the_history() -> None:
    journal = MemoryJournal()
    async with serving(journal) as door:
        await configure(door, with_skill(3), reason="转岗")
        before = await door.get("config/history")
    async with serving(journal) as door:
        found = (await door.get("config/history"))["versions"]
    assert found == before["versions"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"toml": "", "config": {}},
        {"config": []},
        {"toml": 5},
        {"toml": "x = 1", "if_digest": "x"},
    ],
    ids=str,
)
async def test_a_body_that_proposes_nothing_is_refused(door: Door, body: Any) -> None:
    answer = await door.ask("POST", "config/check", body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\x00",
        "[[[[",
        "a = " + "[" * 5_000,
        "a = " + "{ b = " * 3_000,
        "x = " + "9" * 5_000,
        "a." * 400_000 + "b = 1",
        "\n".join(f"k{n} = [" for n in range(3_000)),
        "\n".join(f"k{n} = 1" for n in range(20_000)),
        'name = "\\u0000 unreadable"',
        "[[services]]\n" * 20_000,
    ],
    ids=lambda text: f"{len(text)} {text[:12]!r}",
)
async def test_no_text_is_too_strange_to_be_told_what_is_wrong(door: Door, text: str) -> None:
    with trio.fail_after(30):
        told = await door.post("config/check", {"toml": text})
    assert not told["ok"]
    assert 0 < len(told["errors"]) <= 200


async def test_deep_and_odd_data_is_told_what_is_wrong(door: Door) -> None:
    deep: Any = 1
    for _ in range(100):
        deep = {"a": [deep]}
    for body in (
        {"name": deep},
        {"rules": 5, "services": [1, {"code": None}], "": {"": []}},
        {"zones": {"code": "hall"}, 'a"b\n': "\ud7ff\u202e"},
        {**plain(small_hall()), "name": "\x00 unreadable"},
    ):
        told = await door.post("config/check", {"config": body})
        assert told["errors"]
        assert told["digest"] is None


async def test_another_halls_configuration_is_no_proposal(door: Door) -> None:
    told = await proposed(door, small_hall(id="other"))
    assert [one["key"] for one in told["errors"]] == ["id"]


async def test_who_may_look_may_not_change(door: Door) -> None:
    inspector = await door.token("inspector")
    for path in ("config", "config/fields", "config/history"):
        assert (await door.ask("GET", path, token=inspector)).status_code == 200
        assert (await door.ask("GET", path, token=await door.token("clerk"))).status_code == 403
    body = {"config": plain(with_skill(3))}
    assert (await door.ask("POST", "config/check", body, token=inspector)).status_code == 403
    body = {"command": "configure", "config": msgspec.to_builtins(with_skill(3))}
    assert (await door.ask("POST", "commands", body, token=inspector)).status_code == 403


async def test_every_key_of_a_hall_file_has_a_field_with_words(door: Door) -> None:
    told = await door.get("config/fields")
    assert told == json.loads(msgspec.json.encode({"root": "HallConfig", "tables": tables()}))
    known = {(table.name, field.key) for table in tables() for field in table.fields}
    assert known == {(name, key) for name, keys in FIELDS.items() for key in keys}
    for table in tables():
        for field in table.fields:
            assert field.label, field.key
            assert field.label_en, field.key
            assert not any("\u4e00" <= char <= "\u9fff" for char in field.label_en)
            for choice in field.choices:
                assert isinstance(choice.value, int) or choice.label != choice.value, choice
