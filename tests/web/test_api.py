"""A day over HTTP: what each request answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from callq.domain.hall import Rules
from tests.harness import MONDAY_9H, small_hall
from tests.web.conftest import ADMIN

if TYPE_CHECKING:
    from tests.web.conftest import Door


async def test_a_visit_from_ticket_to_done(door: Door) -> None:
    ticket = await door.issue()
    assert ticket["number"] == "A001"
    assert ticket["state"] == "waiting"
    assert ticket["class"] == "ordinary"
    assert ticket["channel"] == "counter"
    assert ticket["ahead"] == 0
    assert ticket["wait"]["p50_s"] is None, "nobody ahead tells anything: unknown is null"
    assert ticket["issued_ms"] == MONDAY_9H

    await door.staff()
    called = await door.window("call_next")
    assert called["ticket"]["id"] == ticket["id"]
    assert called["ticket"]["window"] == "w1"
    assert called["ticket"]["ahead"] is None
    assert called["window"]["state"] == "calling"
    door.clock.later(12)
    assert (await door.window("recall"))["ticket"]["calls"] == 2
    assert (await door.window("start"))["window"]["state"] == "serving"
    done = await door.window("complete")
    assert done["window"]["state"] == "idle"
    assert done["ticket"]["state"] == "done"
    assert (await door.get(f"tickets/{ticket['id']}"))["ticket"]["state"] == "done"


async def test_a_missed_number_and_a_cancelled_one(door: Door) -> None:
    await door.staff()
    first, second = await door.issue(), await door.issue()
    await door.window("call_next")
    door.clock.later(12)
    await door.window("recall")
    missed = await door.window("miss")
    assert missed["ticket"]["state"] == "missed"
    cancelled = await door.post(f"tickets/{second['id']}/commands", {"command": "cancel", "reason": "left"})
    assert cancelled["ticket"]["state"] == "cancelled"
    board = await door.get("board?zone=hall")
    assert [row["number"] for row in board["data"]["missed"]] == [first["number"]]
    assert board["data"]["calls"] == []


async def test_pause_and_close_of_a_window(door: Door) -> None:
    await door.staff()
    assert (await door.window("pause", reason="lunch"))["window"]["pause_reason"] == "lunch"
    assert (await door.window("unpause"))["window"]["state"] == "idle"
    assert (await door.window("close"))["window"]["state"] == "closed"
    assert (await door.window("sign_out"))["window"]["clerk"] is None


async def test_next_with_nothing_waiting_answers_no_ticket_and_moves_nothing(door: Door) -> None:
    await door.staff()
    before = await door.canonical()
    answer = await door.window("call_next")
    assert answer["ticket"] is None
    assert await door.canonical() == before


async def test_the_window_shows_its_ticket(door: Door) -> None:
    assert (await door.get("windows/w1"))["ticket"] is None
    await door.staff()
    ticket = await door.issue()
    await door.window("call_next")
    answer = await door.get("windows/w1")
    assert answer["ticket"]["id"] == ticket["id"]
    assert answer["window"]["active_skills"] == ["general", "social", "estate"]


async def test_halls_and_their_configuration(door: Door) -> None:
    assert await door.get("/v1/halls") == {"halls": [{"id": "test", "name": "测试大厅", "name_en": ""}]}
    hall = await door.get("")
    assert [w["id"] for w in hall["windows"]] == ["w1", "w2", "w3"]
    assert hall["clerks"][0] == {
        "id": "c1",
        "name": "李敏",
        "skills": {"general": 3, "social": 2, "estate": 1},
    }
    assert hall["epoch"]
    screen = await door.token("screen")
    assert "clerks" not in await door.get("", token=screen)


async def test_a_token_bound_to_a_hall_sees_no_other(door: Door) -> None:
    token = await door.token("clerk", hall="elsewhere")
    assert await door.get("/v1/halls", token=token) == {"halls": []}


async def test_tickets_are_listed_in_pages_and_filtered(door: Door) -> None:
    numbers = [(await door.issue())["number"] for _ in range(5)]
    social = await door.issue("social")
    found, after = [], ""
    while after is not None:
        page = await door.get(f"tickets?service=general&limit=2{after and f'&after={after}'}")
        found += [t["number"] for t in page["tickets"]]
        after = page["next"]
    assert found == numbers
    by_number = await door.get(f"tickets?number={social['number']}")
    assert [t["id"] for t in by_number["tickets"]] == [social["id"]]
    assert (await door.get("tickets?state=done"))["tickets"] == []


async def test_an_empty_condition_is_none(door: Door) -> None:
    await door.issue()
    assert len((await door.get("tickets?number=&state=&service="))["tickets"]) == 1
    assert (await door.get("board?zone="))["data"]["place"]["zone"] is None


async def test_the_floor_has_every_window_and_queue(door: Door) -> None:
    await door.staff()
    await door.issue()
    await door.issue("estate")
    floor = await door.get("floor")
    assert [w["state"] for w in floor["data"]["windows"]] == ["idle", "closed", "closed"]
    assert floor["data"]["totals"] == {
        **{"waiting": 2, "late": 0, "mean_since_ms": MONDAY_9H, "serving": 0},
        **{"issued": 2, "priority": 0, "done": 0, "missed": 0},
    }
    assert floor["data"]["clerks"][0] == {"id": "c1", "name": "李敏", "busy_at": "1"}
    assert floor["data"]["server_ms"] == MONDAY_9H


async def test_priority_is_granted_by_staff_and_recorded(door: Door) -> None:
    helper = await door.token("helper", name="导办台")
    answer = await door.post("tickets", {"service": "general", "class": "priority"}, token=helper)
    assert answer["ticket"]["class"] == "priority"
    events = await door.get("events?since=3")
    assert events["events"][0]["who"]["role"] == "helper"


async def test_a_kiosk_and_the_guide_say_how_a_ticket_was_taken(door: Door) -> None:
    for role in ("kiosk", "guide"):
        token = await door.token(role)
        assert (await door.post("tickets", {"service": "general"}, token=token))["ticket"]["channel"] == role


async def test_events_are_paged_and_name_what_happened(door: Door) -> None:
    await door.staff()
    ticket = await door.issue()
    await door.window("call_next")
    kinds, since = [], 0
    while True:
        page = await door.get(f"events?since={since}&limit=2")
        if not page["events"]:
            break
        kinds += [event["kind"] for event in page["events"]]
        since = page["next"]
    assert kinds == [
        "hall_configured",
        "day_opened",
        "epoch_opened",
        "feature_level_raised",
        "clerk_signed_in",
        "window_opened",
        "ticket_issued",
        "ticket_called",
    ]
    last = (await door.get(f"events?since={since - 1}"))["events"][0]
    assert last["revision"] == since
    assert last["data"]["ticket"] == ticket["id"]
    assert last["data"]["why"]["rule"] == "longest_wait"


async def test_configure_puts_a_configuration_in_force(door: Door) -> None:
    before = await door.get("")
    config = small_hall(name="新名字", rules=Rules(max_calls=5))
    await door.post("commands", {"command": "configure", "config": msgspec.to_builtins(config)})
    after = await door.get("")
    assert after["name"] == "新名字"
    assert after["config_digest"] != before["config_digest"]
    assert after["revision"] == before["revision"] + 1


async def test_a_configuration_is_told_everything_that_is_wrong_with_it(door: Door) -> None:
    config = msgspec.json.decode(msgspec.json.encode(small_hall()))
    config["services"][0]["prefix"] = "I"
    config["windows"][1]["zone"] = "moon"
    config["clerks"][2]["mentor"] = "13800000000"
    answer = await door.ask("POST", "commands", {"command": "configure", "config": config})
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (400, "invalid")
    told = [mistake["path"] for mistake in problem["problems"]]
    assert told == ["services[0].prefix", "windows[1].zone", "clerks[2].mentor"]
    assert all(mistake["message"] and mistake["hint"] for mistake in problem["problems"])
    assert problem["detail"].startswith("services[0].prefix: ")
    assert "13800000000" not in answer.text


async def test_a_large_configuration_is_taken(door: Door) -> None:
    config = msgspec.json.decode(msgspec.json.encode(small_hall()))
    for index in range(1200):
        config["clerks"].append({"id": f"x{index}", "name": "某某某", "skills": {"general": 1, "social": 2}})
    answer = await door.ask("POST", "commands", {"command": "configure", "config": config})
    assert answer.status_code == 200, answer.text


async def test_a_created_token_works_at_once(door: Door) -> None:
    made = await door.post("/v1/tokens", {"role": "screen", "hall": "test", "name": "大屏"})
    assert made["token"].startswith("cq_")
    assert made["role"] == "screen"
    assert (await door.ask("GET", "board", token=made["token"])).status_code == 200
    assert (await door.ask("GET", "floor", token=made["token"])).status_code == 403


async def test_what_needs_no_token(door: Door) -> None:
    healthy = {"status": "ok", "node": "memory", "nodes": ["memory"], "clock": "ok", "alarms": []}
    assert await door.get("/healthz", token=None) == healthy
    assert await door.get("/readyz", token=None) == {"ready": True, "halls": {"test": "running"}}


async def test_metrics_tell_of_commands_queues_and_feeds(door: Door) -> None:
    await door.issue()
    await door.ask("POST", "tickets", {"service": "nothing"})
    async with door.feed() as feed:
        await feed.subscribe("board")
        text = (await door.ask("GET", "/metrics", token=None)).text
    lines = dict(line.rsplit(" ", 1) for line in text.splitlines() if line and line[0] != "#")
    assert float(lines['callq_commands_total{command="issue",hall="test",outcome="ok"}']) >= 1
    assert float(lines['callq_commands_total{command="issue",hall="test",outcome="unknown_service"}']) >= 1
    assert float(lines['callq_waiting_tickets{hall="test",service="general"}']) == 1
    assert float(lines['callq_feed_connections{hall="test"}']) == 1
    assert float(lines['callq_hall_status{hall="test",status="running"}']) == 1
    assert float(lines["callq_store_up"]) == 1
    assert any(line.startswith("callq_commit_duration_seconds_bucket") for line in lines)
    assert any(line.startswith("callq_group_batches_bucket") for line in lines)
    assert any(line.startswith("callq_http_request_duration_seconds_count") for line in lines)
    assert all(line.startswith("callq_") for line in lines)


async def test_the_administrator_of_the_environment_is_one(door: Door) -> None:
    assert (await door.ask("GET", "/v1/halls", token=ADMIN)).status_code == 200
    assert (await door.ask("GET", "/v1/halls", token=ADMIN + "x")).status_code == 401
