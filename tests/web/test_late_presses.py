"""A press that is sent again after a break, when another device has gone on at the window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.web.conftest import Door

LATE: list[tuple[str, dict[str, Any]]] = [
    ("complete", {}),
    ("hold", {"kind": "waiting"}),
    ("abandon", {"reason": "人已离开"}),
    ("transfer", {"to": {"service": "social"}}),
]


@pytest.mark.parametrize(("command", "more"), LATE, ids=[command for command, _ in LATE])
async def test_what_was_meant_for_one_ticket_is_not_done_to_the_next(
    door: Door, command: str, more: dict[str, Any]
) -> None:
    await door.staff()
    first, second = await door.issue(), await door.issue()
    for act in ("call_next", "start", "complete", "call_next", "start"):
        await door.window(act)
    late = {"command": command, "ticket": first["id"], **more}
    answer = await door.ask("POST", "windows/w1/commands", late)
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state")
    window = (await door.get("windows/w1"))["window"]
    assert (window["state"], window["ticket"]) == ("serving", second["id"])
    assert (await door.window(command, ticket=second["id"], **more))["window"]["state"] == "idle"


async def test_a_call_that_went_on_is_neither_repeated_started_nor_missed(door: Door) -> None:
    await door.staff()
    first, second = await door.issue(), await door.issue()
    for act in ("call_next", "start", "complete", "call_next"):
        await door.window(act)
    for command in ("recall", "start", "miss"):
        answer = await door.ask("POST", "windows/w1/commands", {"command": command, "ticket": first["id"]})
        assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state")
    assert (await door.window("start", ticket=second["id"]))["window"]["state"] == "serving"


async def test_a_late_call_of_the_next_one_completes_nobody(door: Door) -> None:
    hall = (await door.get("config"))["config"]
    rules = {**hall.get("rules", {}), "next_while_serving": "complete"}
    await door.post("commands", {"command": "configure", "config": {**hall, "rules": rules}})
    await door.staff()
    first, second, third = [await door.issue() for _ in range(3)]
    for act in ("call_next", "start"):
        await door.window(act)
    for seen in (None, second["id"]):
        answer = await door.ask("POST", "windows/w1/commands", {"command": "call_next", "ticket": seen})
        assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state")
    assert (await door.get("windows/w1"))["window"]["ticket"] == first["id"]
    assert (await door.window("call_next", ticket=first["id"]))["ticket"]["id"] == second["id"]
    await door.window("start")
    assert (await door.window("call_next"))["ticket"]["id"] == third["id"]
    await door.window("start")
    await door.window("complete")
    fourth = await door.issue()
    assert (await door.window("call_next", ticket=None))["ticket"]["id"] == fourth["id"]


async def test_a_late_undo_takes_back_nothing_else(door: Door) -> None:
    await door.staff()
    first, second = await door.issue(), await door.issue()
    for act in ("call_next", "start", "complete", "call_next"):
        await door.window(act)
    for meant in (
        {"ticket": first["id"], "act": "complete"},
        {"ticket": second["id"], "act": "miss"},
        {"ticket": first["id"]},
        {"act": "complete"},
    ):
        answer = await door.ask("POST", "windows/w1/commands", {"command": "undo", **meant})
        assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state")
    assert (await door.get("windows/w1"))["window"]["ticket"] == second["id"]
    undone = await door.window("undo", ticket=second["id"], act="call")
    assert undone["window"]["state"] == "idle"


async def test_a_press_that_was_done_is_answered_alike_when_nobody_is_there_any_more(door: Door) -> None:
    await door.staff()
    ticket = await door.issue()
    await door.window("call_next")
    await door.window("start")
    body, headers = {"command": "complete", "ticket": ticket["id"]}, {"Idempotency-Key": "once-1"}
    answers = [await door.ask("POST", "windows/w1/commands", body, **headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json()["revision"] == answers[1].json()["revision"]


AT_THE_WINDOW: list[tuple[str, dict[str, Any]]] = [
    ("sign_out", {}),
    ("pause", {"reason": "用餐休息"}),
    ("close", {}),
    ("unpause", {}),
    ("open", {}),
    ("hand_over", {"clerk": "c3"}),
    ("request_rating", {}),
    ("call_next", {"ticket": None}),
    ("help", {}),
]


@pytest.mark.parametrize(("command", "more"), AT_THE_WINDOW, ids=[command for command, _ in AT_THE_WINDOW])
async def test_what_one_clerk_pressed_is_not_done_to_the_clerk_who_took_over(
    door: Door, command: str, more: dict[str, Any]
) -> None:
    await door.staff()
    await door.issue()
    await door.window("take_over", clerk="c2")
    before = (await door.get("windows/w1"))["window"]
    late = {"command": command, "seen_clerk": "c1", **more}
    answer = await door.ask("POST", "windows/w1/commands", late)
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state"), answer.text
    nobody = await door.ask("POST", "windows/w1/commands", late | {"seen_clerk": None})
    assert (nobody.status_code, nobody.json()["code"]) == (409, "wrong_state")
    assert (await door.get("windows/w1"))["window"] == before


async def test_a_press_that_says_who_sits_there_counts_and_repeats_alike_when_nobody_does(door: Door) -> None:
    await door.staff()
    body, headers = {"command": "sign_out", "seen_clerk": "c1"}, {"Idempotency-Key": "once-2"}
    answers = [await door.ask("POST", "windows/w1/commands", body, **headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert (await door.get("windows/w1"))["window"]["clerk"] is None
    assert (await door.window("close", seen_clerk=None))["window"]["state"] == "closed"
