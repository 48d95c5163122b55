"""The HTTP door itself: addresses, methods, bodies that do not come whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from tests.web.conftest import ADMIN

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.web.conftest import Door


async def test_head_answers_as_get_does_without_the_content(door: Door) -> None:
    shown = await door.ask("GET", "board")
    head = await door.ask("HEAD", "board")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == shown.headers["content-length"]
    assert (await door.ask("HEAD", "commands")).headers["allow"] == "POST"


@pytest.mark.parametrize(
    "path",
    ["/v1/halls/", "/v1/halls/test/", "/v1//halls", "/v1/halls//board", "/v1/halls/test/nothing", "/v1"],
)
async def test_addresses_that_are_nearly_right_are_not_found(door: Door, path: str) -> None:
    answer = await door.ask("GET", path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_names_in_an_address_may_be_escaped(door: Door) -> None:
    assert (await door.get("/v1/halls/t%65st/windows/%77%31"))["window"]["id"] == "w1"
    answer = await door.ask("GET", "/v1/halls/%E5%8E%85")
    assert (answer.status_code, answer.json()["hall"]) == (404, "厅")


async def test_values_in_a_query_may_be_escaped(door: Door) -> None:
    ticket = await door.issue()
    assert (await door.get("tickets?n%75mber=%41001"))["tickets"][0]["id"] == ticket["id"]
    answer = await door.ask("GET", "board?zone=a&zone=b")
    assert (answer.status_code, answer.json()["detail"]) == (400, "`zone` is given twice")


async def test_a_body_that_does_not_come_whole_does_nothing(door: Door) -> None:
    before = (await door.get(""))["revision"]
    client = await trio.open_tcp_stream("127.0.0.1", door.port)
    lines = ["POST /v1/halls/test/tickets HTTP/1.1", "Host: test", f"Authorization: Bearer {ADMIN}"]
    head = "\r\n".join([*lines, "Content-Length: 100", "", ""])
    # What has come is a whole document, and still not the whole body.
    await client.send_all(head.encode() + b'{"service":"general"}')
    await wait_all_tasks_blocked(0.01)
    await client.aclose()
    await wait_all_tasks_blocked(0.01)
    assert (await door.get(""))["revision"] == before


async def test_a_body_that_comes_in_pieces_is_put_together(door: Door) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for piece in (b'{"serv', b'ice":"gen', b'eral"}'):
            yield piece

    answer = await door.http.post(
        "/v1/halls/test/tickets", content=pieces(), headers={"Authorization": f"Bearer {ADMIN}"}
    )
    assert (answer.status_code, answer.json()["ticket"]["number"]) == (201, "A001")


@pytest.mark.parametrize("name", ["Authorization", "Idempotency-Key"])
async def test_a_header_that_counts_is_given_once(door: Door, name: str) -> None:
    headers = [("Authorization", f"Bearer {ADMIN}"), ("Idempotency-Key", "first-of-two")]
    twice = [*headers, *((known, value) for known, value in headers if known == name)]
    answer = await door.http.post("/v1/halls/test/tickets", content=b'{"service":"general"}', headers=twice)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert name.lower() in answer.json()["detail"]
    answer = await door.http.post("/v1/halls/test/tickets", content=b'{"service":"general"}', headers=headers)
    assert answer.json()["ticket"]["number"] == "A001"


async def test_requests_one_after_another_on_one_connection(door: Door) -> None:
    request = f"GET /v1/halls HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {ADMIN}\r\n\r\n".encode()
    client = await trio.open_tcp_stream("127.0.0.1", door.port)
    await client.send_all(request * 3)
    heard = b""
    with trio.fail_after(5):
        while heard.count(b"HTTP/1.1 200") < 3 or not heard.endswith(b"}"):
            heard += await client.receive_some(65536)
    await client.aclose()
