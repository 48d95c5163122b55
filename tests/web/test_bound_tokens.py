"""What a token that is bound to a window or clerk reaches, and what the record says about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from callq.web.roles import Role
from callq.web.tokens import TokenRecord, token_digest
from tests.web.test_going_on import serve, to

if TYPE_CHECKING:
    from tests.web.conftest import Door


@pytest.mark.parametrize("bound", [{"window": "w1"}, {"clerk": "c1"}])
@pytest.mark.parametrize(
    "body", [{"command": "transfer", "to": {"service": "social"}}, {"command": "abandon"}]
)
async def test_a_ticket_at_another_window_is_that_windows_matter(
    door: Door, bound: dict[str, str], body: dict[str, Any]
) -> None:
    await door.staff("w1", "c1")
    await door.staff("w2", "c2")
    there = await door.issue()
    await serve(door, "w2")
    here = await door.issue()
    await serve(door, "w1")
    token = await door.token("clerk", hall="test", **bound)
    answer = await door.ask("POST", f"tickets/{there['id']}/commands", body, token=token)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert (await door.ask("POST", f"tickets/{here['id']}/commands", body, token=token)).status_code == 200
    waits = await door.issue("estate")
    cancelled = await door.ask("POST", f"tickets/{waits['id']}/commands", {"command": "cancel"}, token=token)
    assert cancelled.status_code == 200, "what stands at no window is everyone's"


async def test_a_tablet_rates_the_step_that_was_done_at_its_window(door: Door) -> None:
    await door.staff("w1", "c1")
    await door.staff("w2", "c2")
    visit = await door.issue("social", services=["general"])
    await serve(door, "w1")
    await door.window("complete", "w1")
    await serve(door, "w2")
    here, there = [await door.token("rating", hall="test", window=w) for w in ("w1", "w2")]
    path, body = f"tickets/{visit['id']}/commands", {"command": "rate", "level": 1}
    assert (await door.ask("POST", path, body, token=there)).json()["code"] == "forbidden"
    assert (await door.post(path, body, token=here))["ticket"]["ratings"][0]["step"] == 0
    await door.window("complete", "w2")
    assert (await door.ask("POST", path, body | {"step": 1}, token=here)).json()["code"] == "forbidden"
    assert (await door.post(path, body, token=there))["ticket"]["ratings"][1]["step"] == 1


async def test_a_tablet_of_no_window_is_not_made_and_rates_nothing(door: Door) -> None:
    await door.staff("w1", "c1")
    ticket = await door.issue()
    await serve(door, "w1")
    await door.window("complete", "w1")
    for bound in ({}, {"hall": "test"}):
        answer = await door.ask("POST", "/v1/tokens", {"role": "rating", **bound})
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    # One that was made while there was no such rule.
    record = TokenRecord(id="tk_old", role=Role.RATING, created_ms=1, hall="test")
    token = "cq_" + "a" * 43
    await door.node.keyring.put_token(token_digest(token), msgspec.msgpack.encode(record))
    body = {"command": "rate", "level": 5}
    answer = await door.ask("POST", f"tickets/{ticket['id']}/commands", body, token=token)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_who_takes_a_number_as_a_clerk_does_not_get_its_key(door: Door) -> None:
    body = {"service": "general"}
    for role in ("clerk", "helper", "kiosk"):
        token = await door.token(role)
        links = (await door.post("tickets", body, token=token))["ticket"]["links"]
        assert ("#token=" not in str(links)) is (role == "clerk"), role
        key = {"Idempotency-Key": f"once-{role}"}
        for _ in range(2):
            answer = await door.ask("POST", "tickets", body, token=token, **key)
            assert ("#token=" not in answer.text) is (role == "clerk"), role


async def test_each_change_says_from_where_by_which_rule_and_past_whom(door: Door) -> None:
    await door.staff("w1", "c1")
    kiosk = await door.token("kiosk", name="门口取号机")
    desk = await door.token("helper", name="张敏")
    clerk = await door.token("clerk", hall="test", window="w1", name="李敏")
    first = (await door.post("tickets", {"service": "general"}, token=kiosk))["ticket"]
    ticket = (await door.post("tickets", {"service": "general"}, token=desk))["ticket"]
    call = {"command": "call_ticket", "ticket": ticket["id"]}
    assert (await door.post("windows/w1/commands", call, token=clerk))["ticket"]["state"] == "called"
    inspector = await door.token("inspector")
    one, two, called = (await door.get("events?limit=100", token=inspector))["events"][-3:]
    assert one["who"]["device"] == "门口取号机"
    assert two["who"]["device"] == two["who"]["id"], "a name of staff may be a person's"
    assert called["who"]["device"] == "window w1"
    why = called["data"]["why"]
    assert (why["rule"], why["reason"]) == ("called_by_name", "unspecified")
    assert [lane[2] for lane in why["lanes"]] == [first["id"]]


async def test_papers_that_come_back_say_past_whom(door: Door) -> None:
    await door.staff()
    ticket = await door.issue()
    await serve(door)
    await door.window("hold", kind="with_papers")
    waits = await door.issue()
    await to(door, ticket, "returned")
    called = (await door.get("events?limit=100"))["events"][-1]["data"]["why"]
    assert (called["rule"], [lane[2] for lane in called["lanes"]]) == ("papers_back", [waits["id"]])


async def test_a_come_back_that_is_not_owed_is_refused(door: Door) -> None:
    answer = await door.ask("POST", "tickets", {"service": "general", "come_back": "nonsense"})
    assert (answer.status_code, answer.json()["code"]) == (409, "expired")
    assert answer.json()["hint"]
