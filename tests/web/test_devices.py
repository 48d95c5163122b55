"""The door of devices: who may report for which, what the floor shows, and how orders come and end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from callq.domain.hall import Device
from callq.journal.memory import MemoryJournal
from tests.harness import small_hall
from tests.web.conftest import serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.web.conftest import Door


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    devices = (
        Device(id="tv-1", kind="screen", name="大厅东屏", zone="hall"),
        Device(id="bar-1", kind="led", name="一号窗条屏", window="w1"),
    )
    async with serving(MemoryJournal(), small_hall(devices=devices)) as door:
        yield door


async def health(door: Door, token: str, device: str = "tv-1", **body: Any) -> Any:
    answer = await door.ask("POST", f"devices/{device}/health", body, token=token)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def floor(door: Door, device: str = "tv-1") -> Any:
    data = (await door.get("floor"))["data"]
    return next(row for row in data["devices"] if row["id"] == device)


async def test_a_report_is_on_the_floor_at_once(door: Door) -> None:
    token = await door.token("screen")
    assert (await floor(door))["state"] == "unknown"
    first = await health(door, token, version="0.1+aa", audio_blocked=True, faults=["video_failed"])
    assert (first["beat_s"], first["order"], first["device"]["state"]) == (30, None, "fault")
    row = await floor(door)
    assert (row["state"], row["version"], row["audio_blocked"]) == ("fault", "0.1+aa", True)
    assert [fault["code"] for fault in row["faults"]] == ["video_failed", "audio_blocked"]
    assert row["text"] == "视频或图片播放失败；不能播放声音"
    door.clock.later(30)
    again = await health(
        door, token, version="0.1+aa", faults=[{"code": "jam", "detail": "卡纸 110101199001011234"}]
    )
    assert again["revision"] == first["revision"] + 1
    door.clock.later(30)
    quiet = await health(door, token, version="0.1+aa", faults=["jam"])
    assert quiet["revision"] == again["revision"], "what is as before is no event"
    row = await floor(door)
    assert row["last_seen_ms"] == door.clock.now_ms
    assert row["faults"][0]["text"].startswith("卡纸")
    assert "110101199001011234" not in str(row)
    counts = (await door.get("floor"))["data"]["device_counts"]
    assert counts == {"ok": 0, "fault": 1, "silent": 0, "unknown": 1}
    metrics = (await door.ask("GET", "/metrics", token=None)).text
    assert 'callq_devices{hall="test",state="unknown"} 1.0' in metrics


async def test_a_token_reports_for_what_it_is_bound_to(door: Door) -> None:
    own = await door.token("device", hall="test", device="tv-1")
    assert (await health(door, own))["device"]["name"] == "大厅东屏"
    at_window = await door.token("clerk", hall="test", window="w1")
    await health(door, at_window, "bar-1")
    await health(door, at_window, "callbox-1", kind="call_box")
    for token, device in ((own, "bar-1"), (at_window, "tv-1"), (await door.token("guide"), "tv-1")):
        answer = await door.ask("POST", f"devices/{device}/health", {}, token=token)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    body = {"role": "device", "hall": "test", "device": "nobody"}
    assert (await door.ask("POST", "/v1/tokens", body)).json()["code"] == "unknown_device"
    for wrong in ({"faults": ["Bad Code"]}, {"audio": True}, {"faults": ["x"] * 17}):
        assert (await door.ask("POST", "devices/tv-1/health", wrong, token=own)).status_code == 400
    bad = await door.ask("POST", "devices/TV%201/health", {}, token=await door.token("screen"))
    assert bad.json()["code"] == "invalid"


async def test_an_order_comes_over_the_feed_and_with_the_answer_and_its_end_is_told(door: Door) -> None:
    token = await door.token("screen")
    await health(door, token)
    async with door.feed(token) as feed:
        assert (await feed.subscribe("orders"))["data"]["orders"] == []
        supervisor = await door.token("supervisor")
        order = {"command": "order_device", "device": "tv-1", "order": "restart"}
        answer = await door.ask("POST", "commands", order, token=supervisor)
        assert answer.status_code == 200
        change = await feed.hear(type="change")
        (told,) = change["data"]["orders"]
        assert (told["device"], told["order"]) == ("tv-1", "restart")
        given = (await health(door, token))["order"]
        assert given == told
        ended = await health(door, token, done=told["id"])
        assert (ended["order"], ended["device"]["order"]["state"]) == (None, "done")
        assert (await feed.hear(type="change"))["data"]["orders"] == []
    for role, body, code in (
        ("screen", order, "forbidden"),
        ("inspector", order, "forbidden"),
        ("supervisor", {**order, "device": "nobody"}, "unknown_device"),
        ("supervisor", {**order, "order": "explode"}, "invalid"),
    ):
        refused = await door.ask("POST", "commands", body, token=await door.token(role))
        assert refused.json()["code"] == code
    events = [e for e in (await door.get("events"))["events"] if e["kind"].startswith("device_")]
    assert [event["kind"] for event in events] == ["device_heard", "device_ordered", "device_order_ended"]
    assert (events[1]["who"]["role"], events[1]["data"]["by"]) == ("supervisor", "supervisor")
