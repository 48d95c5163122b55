"""Tickets that go on, come back, are sent elsewhere and rated, through the doors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from callq.web.tokens import Tokens

if TYPE_CHECKING:
    from tests.web.conftest import Door


async def to(door: Door, ticket: Any, command: str, **more: object) -> Any:
    """A command to a ticket as the administrator."""
    return await door.post(f"tickets/{ticket['id']}/commands", {"command": command, **more})


async def serve(door: Door, window: str = "w1") -> Any:
    await door.window("call_next", window)
    return (await door.window("start", window))["ticket"]


async def citizen(door: Door, ticket: Any) -> str:
    return Tokens(door.node.keyring, await door.node.keyring.secret()).citizen_key("test", ticket["id"])


async def test_a_ticket_says_who_comes_with_what(door: Door) -> None:
    ticket = await door.issue(party=3, cases=12, prefer_clerk="c2")
    assert (ticket["party"], ticket["cases"], ticket["prefer_clerk"]) == (3, 12, "c2")
    assert ticket["visit"] is None


async def test_a_visit_goes_from_service_to_service_with_one_number(door: Door) -> None:
    await door.staff()
    ticket = await door.issue(services=["social"])
    await serve(door)
    after = (await door.window("complete"))["ticket"]
    assert (after["number"], after["service"], after["state"]) == (ticket["number"], "social", "waiting")
    assert after["visit"] == {
        "steps": [{"service": "general", "state": "done"}, {"service": "social", "state": "current"}],
        "current": 1,
        "deferred": None,
    }


async def test_a_step_that_cannot_begin_is_kept_and_taken_up(door: Door) -> None:
    await door.staff()
    ticket = await door.issue(services=["social"])
    stop = {"command": "stop_issuing", "service": "social", "reason": "系统故障"}
    await door.post("commands", stop)
    await serve(door)
    after = (await door.window("complete"))["ticket"]
    assert after["state"] == "done"
    assert after["visit"]["deferred"]["service"] == "social"
    await door.post("commands", {"command": "start_issuing", "service": "social"})
    assert (await to(door, ticket, "returned"))["ticket"]["state"] == "waiting"


async def test_a_transfer_tells_where_it_came_from_and_whom_it_waits_for(door: Door) -> None:
    await door.staff("w1", "c1")
    await door.staff("w2", "c3")
    await door.issue("social")
    await serve(door)
    sent = (await door.window("transfer", to={"window": "w2"}))["ticket"]
    assert sent["from"] == {
        "service": "social",
        "window": "w1",
        "clerk": "c1",
        "at_ms": door.clock.now_ms,
    }
    assert (sent["returned"], sent["bound"]) == ("transfer", {"window": "w2"})
    floor = (await door.get("floor"))["data"]
    row = next(q for q in floor["queues"] if q["service"] == "social")
    assert (row["count"], row["bound"], floor["totals"]["waiting"]) == (1, 1, 1)
    board = (await door.get("board"))["data"]["waiting"]
    assert next(w for w in board if w["service"] == "social")["count"] == 1
    assert (await door.window("call_next", "w1"))["ticket"] is None
    assert (await door.window("call_next", "w2"))["ticket"]["number"] == sent["number"]


async def test_a_held_ticket_is_on_the_panel_until_it_is_back(door: Door) -> None:
    await door.staff()
    ticket = await door.issue()
    async with door.feed() as feed:
        await serve(door)
        held = (await door.window("hold", kind="without_papers"))["ticket"]
        assert (held["state"], held["hold_kind"]) == ("held", "without_papers")
        panel = (await feed.subscribe("panel", window="w1"))["data"]
        due_ms = door.clock.now_ms + 120 * 60_000
        assert [(h["number"], h["kind"], h["due_ms"], h["mine"]) for h in panel["held"]] == [
            ("A001", "without_papers", due_ms, True)
        ]
        back = (await to(door, ticket, "returned"))["ticket"]
        assert (back["state"], back["returned"], back["ahead"]) == ("waiting", "hold", 0)
        change = await feed.hear(type="change")
        while change["data"].get("held") != []:
            change = await feed.hear(type="change")


async def test_commands_that_name_a_ticket_come_through_the_feed(door: Door) -> None:
    await door.staff()
    await door.issue()
    second = await door.issue()
    async with door.feed() as feed:
        called = await feed.do(1, "call_ticket", window="w1", ticket=second["id"], reason="行动不便")
        assert called["ticket"]["number"] == "A002"
        await feed.do(2, "start")
        await feed.do(3, "hold", kind="waiting")
        resumed = await feed.do(4, "resume", window="w1", ticket=second["id"])
        assert resumed["ticket"]["state"] == "serving"
        moved = await feed.do(5, "transfer", ticket=second["id"], to={"service": "social"})
        assert moved["ticket"]["service"] == "social"


async def test_a_wrong_choice_is_mended_and_priority_granted(door: Door) -> None:
    ticket = await door.issue()
    helper = await door.token("helper", name="导办台")
    path = f"tickets/{ticket['id']}/commands"
    granted = await door.post(
        path, {"command": "grant_class", "class": "priority", "reason": "孕妇"}, token=helper
    )
    assert granted["ticket"]["class"] == "priority"
    moved = (await door.post(path, {"command": "reassign", "service": "social"}, token=helper))["ticket"]
    assert (moved["service"], moved["number"]) == ("social", ticket["number"])
    event = (await door.get("events?since=3&limit=10"))["events"][1]
    assert (event["kind"], event["data"]["by"], event["data"]["reason"]) == (
        "class_granted",
        event["who"]["id"],
        "孕妇",
    )
    inspector = await door.token("inspector")
    # Which token it was, for whoever looks after the hall.
    assert "导办台" in (await door.ask("GET", "events?since=2", token=inspector)).text


async def test_an_undo_is_offered_and_takes_the_call_back(door: Door) -> None:
    await door.staff()
    ticket = await door.issue()
    async with door.feed() as feed:
        await door.window("call_next")
        panel = (await feed.subscribe("panel", window="w1"))["data"]
        assert panel["undo"] == {
            "act": "call",
            "ticket": ticket["id"],
            "number": "A001",
            "until_ms": door.clock.now_ms + 15_000,
        }
        undone = await door.window("undo")
        assert (undone["window"]["state"], undone["ticket"]["state"]) == ("idle", "waiting")
        assert (await feed.hear(type="change"))["data"]["undo"] is None


async def test_a_rating_is_the_citizens_and_no_clerk_sees_it(door: Door) -> None:
    await door.staff()
    ticket = await door.issue()
    await serve(door)
    await door.window("complete")
    key = await citizen(door, ticket)
    path = f"tickets/{ticket['id']}"
    body = {"command": "rate", "level": 2, "reasons": ["等太久"], "text": "请打13812345678找我"}
    rated = (await door.post(f"{path}/commands", body, token=key))["ticket"]
    assert [(r["step"], r["level"], r["text"]) for r in rated["ratings"]] == [(0, 2, "请打…找我")]
    for role in ("clerk", "helper"):
        token = await door.token(role)
        assert "ratings" not in (await door.get(path, token=token))["ticket"]
        assert "等太久" not in (await door.ask("GET", "tickets", token=token)).text
    supervisor = await door.token("supervisor")
    assert (await door.get(path, token=supervisor))["ticket"]["ratings"][0]["level"] == 2
    async with door.feed() as feed:
        for view, about in (("panel", {"window": "w1"}), ("ticket", {"ticket": ticket["id"]})):
            assert "等太久" not in str(await feed.subscribe(view, **about))
    journal = b"".join(entry.payload for entry in door.journal._halls["test"])
    assert b"13812345678" not in journal


async def test_a_rating_device_rates_what_was_done_at_its_window(door: Door) -> None:
    await door.staff()
    ticket = await door.issue()
    await serve(door)
    await door.window("complete")
    other = await door.token("rating", hall="test", window="w2")
    own = await door.token("rating", hall="test", window="w1")
    path, body = f"tickets/{ticket['id']}/commands", {"command": "rate", "level": 5}
    assert (await door.ask("POST", path, body, token=other)).json()["code"] == "forbidden"
    door.clock.later(600)
    assert (await door.post(path, body, token=own))["ticket"]["ratings"][0]["level"] == 5


@pytest.mark.parametrize("command", ["hand_over", "take_over"])
async def test_window_and_ticket_go_to_another_clerk(door: Door, command: str) -> None:
    await door.staff()
    ticket = await door.issue()
    async with door.feed() as feed:
        await serve(door)
        await feed.subscribe("ticket", ticket=ticket["id"])
        after = await door.window(command, clerk="c2")
        assert (after["window"]["clerk"], after["ticket"]["clerk"]) == ("c2", "c2")
        assert (await feed.hear(type="change"))["data"]["ticket"]["clerk"] == "c2"
    [handed] = [e for e in (await door.get("events"))["events"] if e["kind"] == "window_handed_over"]
    assert handed["data"].get("reason") == {"hand_over": None, "take_over": "unspecified"}[command]


async def test_a_day_that_is_closed_leaves_a_come_back(door: Door) -> None:
    await door.staff()
    ticket = await door.issue()
    await serve(door)
    await door.window("hold", kind="without_papers")
    await door.post("commands", {"command": "close_day", "reason": "停电"})
    expired = (await door.get(f"tickets/{ticket['id']}"))["ticket"]
    assert (expired["state"], expired["come_back_until"]) == ("expired", "2026-11-26")
    door.clock.later(86_400)
    first = await door.issue()
    back = await door.issue(come_back=ticket["id"])
    assert (first["ahead"], back["ahead"]) == (0, 0), "before everyone"


async def test_the_queue_of_a_stopped_service_is_told_on_the_phone(door: Door) -> None:
    ticket = await door.issue()
    async with door.feed() as feed:
        assert (await feed.subscribe("ticket", ticket=ticket["id"]))["data"]["stopped"] is None
        stop = {"command": "stop_issuing", "service": "general", "reason": "上级系统故障"}
        await door.post("commands", stop)
        assert (await feed.hear(type="change"))["data"]["stopped"] == "上级系统故障"
        await door.post("commands", {"command": "start_issuing", "service": "general"})
        assert (await feed.hear(type="change"))["data"]["stopped"] is None


async def test_a_suspended_hall_says_so_everywhere(door: Door) -> None:
    await door.staff()
    said = {"reason": "消防演练", "reason_en": "Fire drill, please go out by gate 2"}
    await door.post("commands", {"command": "suspend", **said})
    why = {**said, "since_ms": door.clock.now_ms}
    board = (await door.get("board"))["data"]
    assert board["suspended"] == why
    assert {w["ticketing"]["closed"] for w in board["waiting"]} == {"hall_suspended"}
    assert board["rejoin"] == {"policy": "k_back", "k": 3, "minutes": 30, "max": 1}
    assert (await door.get("floor"))["data"]["suspended"] == why
    async with door.feed() as feed:
        assert (await feed.subscribe("panel", window="w1"))["data"]["suspended"] == why
        strip = (await feed.subscribe("strip", window="w1"))["data"]
        assert (strip["line1"], strip["line2"]) == ("大厅暂停服务", "消防演练")
        assert strip["line2_en"] == said["reason_en"]
        await door.post("commands", {"command": "resume"})
        await door.post("commands", {"command": "suspend", "reason": "停电"})
        board = (await door.get("board"))["data"]
        assert (board["suspended"]["reason"], board["suspended"]["reason_en"]) == ("停电", "")
        await door.post("commands", {"command": "resume"})
    assert (await door.get("board"))["data"]["suspended"] is None
