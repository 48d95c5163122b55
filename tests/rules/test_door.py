"""Rules about who may: the door holds them, before anything is decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.rules.scene import rule

if TYPE_CHECKING:
    from tests.web.conftest import Door

STAFF = ("admin", "supervisor", "clerk", "helper")
OTHERS = ("kiosk", "guide", "screen", "device", "rating", "inspector")


@rule("K-staff-only")
async def test_only_staff_gives_priority(door: Door) -> None:
    ticket = await door.issue()
    grant = {"command": "grant_class", "class": "priority", "reason": "拄拐"}
    before = await door.canonical()
    for role in OTHERS:
        token = await door.token(role)
        for path, body in (
            ("tickets", {"service": "general", "class": "priority"}),
            (f"tickets/{ticket['id']}/commands", grant),
        ):
            answer = await door.ask("POST", path, body, token=token)
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), role
    assert await door.canonical() == before
    for role in STAFF:
        own = (await door.post("tickets", {"service": "general"}, token=await door.token(role)))["ticket"]
        granted = await door.post(
            f"tickets/{own['id']}/commands", grant, token=await door.token(role, name="服务台")
        )
        assert granted["ticket"]["class"] == "priority"


@rule("K-staff-only")
async def test_nor_does_a_citizen(door: Door) -> None:
    answer = await door.post("tickets", {"service": "general"}, token=await door.token("kiosk"))
    key = answer["ticket"]["links"]["citizen"].partition("#token=")[2]
    path = f"tickets/{answer['ticket']['id']}/commands"
    grant = {"command": "grant_class", "class": "priority", "reason": "拄拐"}
    refused = await door.ask("POST", path, grant, token=key)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


@rule("K-granted-by")
async def test_the_token_that_granted_it_is_kept_with_the_change(door: Door) -> None:
    ticket = await door.issue()
    helper = await door.token("helper")
    grant = {"command": "grant_class", "class": "priority", "reason": "拄拐"}
    await door.post(f"tickets/{ticket['id']}/commands", grant, token=helper)
    event = (await door.get("events?since=0"))["events"][-1]
    assert (event["kind"], event["who"]["role"], event["data"]["reason"]) == (
        "class_granted",
        "helper",
        "拄拐",
    )


@rule("R-never-a-clerk", "R-unseen")
async def test_a_clerk_neither_rates_nor_reads_what_somebody_thought(door: Door) -> None:
    ticket = await door.issue()
    key = ticket["links"]["citizen"].partition("#token=")[2]
    await door.staff()
    for command in ("call_next", "start", "complete"):
        await door.window(command)
    path = f"tickets/{ticket['id']}"
    clerk = await door.token("clerk")
    rate = {"command": "rate", "level": 1, "text": "态度差"}
    refused = await door.ask("POST", f"{path}/commands", rate, token=clerk)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    rated = await door.post(f"{path}/commands", rate, token=key)
    assert rated["ticket"]["ratings"][0]["level"] == 1
    seen = await door.ask("GET", path, token=clerk)
    assert seen.status_code == 200
    assert "态度差" not in seen.text
    assert "ratings" not in seen.json()["ticket"]


@rule("W-take-over")
@pytest.mark.parametrize("role", ["clerk", "supervisor"])
async def test_a_seat_is_taken_over_by_a_supervisor_alone(door: Door, role: str) -> None:
    await door.staff()
    take_over = {"command": "take_over", "clerk": "c2", "reason": "晕倒"}
    answer = await door.ask("POST", "windows/w1/commands", take_over, token=await door.token(role))
    assert answer.status_code == (403 if role == "clerk" else 200)


@rule("I-key-once")
async def test_a_key_gives_the_same_answer_once_and_refuses_another_body(door: Door) -> None:
    key = {"Idempotency-Key": "press-1"}
    first = await door.post("tickets", {"service": "general"}, **key)
    again = await door.post("tickets", {"service": "general"}, **key)
    assert (again["ticket"]["id"], again["revision"]) == (first["ticket"]["id"], first["revision"])
    before = await door.canonical()
    other = await door.ask("POST", "tickets", {"service": "social"}, **key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_conflict")
    assert await door.canonical() == before


@rule("I-refusal-explains")
async def test_a_refusal_says_at_which_revision(door: Door) -> None:
    await door.staff()
    await door.issue()
    called = await door.window("call_next")
    answer = await door.ask("POST", "windows/w1/commands", {"command": "call_next"})
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["state"]) == (409, "window_busy", "calling")
    assert problem["revision"] == called["revision"]
    assert (problem["window"], bool(problem["hint"])) == ("w1", True)
