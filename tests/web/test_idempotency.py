"""A key acts once: the same again gives the same, another body is a conflict, a refusal is decided afresh."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from callq.journal.memory import MemoryJournal
from tests.web.conftest import serving

if TYPE_CHECKING:
    from tests.web.conftest import Door

KEY = {"Idempotency-Key": "press-1"}
GENERAL = {"service": "general"}


async def test_the_same_key_and_body_give_the_same_ticket(door: Door) -> None:
    first = await door.post("tickets", GENERAL, **KEY)
    await door.issue("social")
    again = await door.post("tickets", GENERAL, **KEY)
    assert again["ticket"]["id"] == first["ticket"]["id"]
    assert again["revision"] == first["revision"]
    assert len((await door.get("tickets?service=general"))["tickets"]) == 1


async def test_the_same_content_in_another_order_is_the_same_body(door: Door) -> None:
    one = b'{"service":"general","class":"priority"}'
    two = b' { "class" : "priority",\n"service":"general"} '
    first = await door.post("tickets", one, **KEY)
    assert (await door.post("tickets", two, **KEY))["ticket"]["id"] == first["ticket"]["id"]


async def test_the_repeated_answer_shows_the_ticket_as_it_now_stands(door: Door) -> None:
    await door.staff()
    first = await door.post("tickets", GENERAL, **KEY)
    await door.window("call_next")
    again = await door.post("tickets", GENERAL, **KEY)
    assert again["ticket"]["state"] == "called"
    assert again["revision"] == first["revision"]
    assert again["ticket"]["links"] == first["ticket"]["links"]


async def test_another_body_or_address_under_the_same_key_is_a_conflict(door: Door) -> None:
    ticket = (await door.post("tickets", GENERAL, **KEY))["ticket"]
    before = await door.canonical()
    cancel = f"tickets/{ticket['id']}/commands"
    for path, body in (("tickets", {"service": "social"}), (cancel, {"command": "cancel"})):
        answer = await door.ask("POST", path, body, **KEY)
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_conflict")
    assert await door.canonical() == before


async def test_keys_of_two_tokens_have_nothing_to_do_with_each_other(door: Door) -> None:
    kiosk = await door.token("kiosk")
    first = await door.post("tickets", GENERAL, **KEY)
    second = await door.post("tickets", GENERAL, token=kiosk, **KEY)
    assert first["ticket"]["id"] != second["ticket"]["id"]


async def test_a_refusal_is_decided_afresh(door: Door) -> None:
    body = {"command": "call_next"}
    assert (await door.ask("POST", "windows/w1/commands", body, **KEY)).json()["code"] == "window_closed"
    await door.staff()
    assert (await door.post("windows/w1/commands", body, **KEY))["ticket"] is None
    ticket = await door.issue()
    assert (await door.post("windows/w1/commands", body, **KEY))["ticket"]["id"] == ticket["id"]
    assert (await door.post("windows/w1/commands", body, **KEY))["ticket"]["id"] == ticket["id"]


async def test_a_key_outlives_the_server() -> None:
    journal = MemoryJournal()
    async with serving(journal) as door:
        first = await door.post("tickets", GENERAL, **KEY)
    async with serving(journal) as door:
        again = await door.post("tickets", GENERAL, **KEY)
    assert again["ticket"]["id"] == first["ticket"]["id"]
    assert again["revision"] == first["revision"]


async def test_over_the_feed_a_key_means_what_it_means_over_http(door: Door) -> None:
    await door.staff()
    await door.issue()
    await door.issue()
    async with door.feed() as feed:
        first = await feed.do(1, "call_next", key="press-1")
        again = await door.post("windows/w1/commands", {"command": "call_next"}, **KEY)
        assert again["ticket"]["id"] == first["ticket"]["id"]
        assert again["revision"] == first["revision"]
        conflict = await feed.do(2, "start", key="press-1")
        assert conflict["problem"]["code"] == "idempotency_conflict"


@pytest.mark.parametrize("key", ["~minted", "!mark", "x" * 200, "{}\\\"'"])
async def test_any_visible_ascii_is_a_key(door: Door, key: str) -> None:
    first: Any = await door.post("tickets", GENERAL, **{"Idempotency-Key": key})
    again: Any = await door.post("tickets", GENERAL, **{"Idempotency-Key": key})
    assert first["ticket"]["id"] == again["ticket"]["id"]


@pytest.mark.parametrize("key", ["", "two words", "x" * 201, "\u00e9"])
async def test_anything_else_is_not(door: Door, key: str) -> None:
    before = await door.canonical()
    headers = {"Authorization": "Bearer the-first-administrator", "Idempotency-Key": key}
    answer = await door.http.post(
        "/v1/halls/test/tickets",
        json=GENERAL,
        headers={name: value.encode("latin-1") for name, value in headers.items()},  # type: ignore[arg-type]
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert await door.canonical() == before


async def test_a_token_is_made_once_for_a_key(door: Door) -> None:
    body = {"role": "screen", "hall": "test"}
    first = await door.post("/v1/tokens", body, **KEY)
    assert await door.post("/v1/tokens", body, **KEY) == first
    answer = await door.ask("POST", "/v1/tokens", {"role": "admin"}, **KEY)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_conflict")
    other = await door.post("/v1/tokens", body, **{"Idempotency-Key": "press-2"})
    assert other["token"] != first["token"]
    assert (await door.post("/v1/tokens", body))["token"] != (await door.post("/v1/tokens", body))["token"]
