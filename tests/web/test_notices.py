"""通知 by command: who may, who is told, and how it looks on the feed and on record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.web.conftest import Door

WORDS = "电梯停运，请走东侧楼梯"


async def test_a_notice_reaches_the_screens_of_its_zone_and_leaves_them(door: Door) -> None:
    supervisor, screen = await door.token("supervisor"), await door.token("screen")
    async with door.feed(screen) as feed:
        await feed.subscribe("board", zone="upstairs")
        end_ms = door.clock.now_ms + 600_000
        body = {"command": "notice", "text": WORDS, "text_en": "No lift", "kind": "urgent"}
        await door.post("commands", {**body, "zones": ["upstairs"], "until_ms": end_ms}, token=supervisor)
        [told] = (await feed.next())["data"]["notices"]
        assert told | {"id": ""} == {
            "id": "",
            "text": WORDS,
            "text_en": "No lift",
            "kind": "urgent",
            "zones": ["upstairs"],
            "since_ms": door.clock.now_ms,
            "until_ms": end_ms,
        }
        assert (await door.get("board?zone=hall"))["data"]["notices"] == []
        assert (await door.get("floor"))["data"]["notices"] == [told]

        await door.post("commands", {"command": "withdraw_notice", "notice": told["id"]}, token=supervisor)

        assert (await feed.next())["data"]["notices"] == []
    types = [e["kind"] for e in (await door.get("events?since=0"))["events"]]
    assert types[-2:] == ["notice_posted", "notice_withdrawn"]


async def test_a_notice_is_over_when_its_time_is(door: Door) -> None:
    end_ms = door.clock.now_ms + 1_000
    await door.post("commands", {"command": "notice", "text": WORDS, "until_ms": end_ms})
    assert len((await door.get("board"))["data"]["notices"]) == 1

    door.clock.later(1)
    await door.issue()

    assert (await door.get("board"))["data"]["notices"] == []


@pytest.mark.parametrize("role", ["clerk", "helper", "screen", "kiosk", "inspector"])
async def test_only_who_runs_the_hall_posts(door: Door, role: str) -> None:
    body: dict[str, Any] = {"command": "notice", "text": WORDS}
    answer = await door.ask("POST", "commands", body, token=await door.token(role))
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": ""},
        {"text": "字" * 121},
        {"text": "a\nb"},
        {"text": WORDS, "kind": "loud"},
        {"text": WORDS, "zones": ["nowhere"]},
        {"text": WORDS, "until_ms": 1},
        {"text": WORDS, "minutes": 5},
    ],
)
async def test_what_cannot_be_told_is_refused(door: Door, wrong: dict[str, Any]) -> None:
    before = await door.canonical()
    answer = await door.ask("POST", "commands", {"command": "notice", **wrong})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert answer.json()["hint"]
    assert await door.canonical() == before
